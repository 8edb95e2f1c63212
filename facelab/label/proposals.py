"""Proposed people: passages grouped by their faces and by time, and how sure each membership is.

Average linkage on the similarity of templates (`scipy.cluster.hierarchy`): groups join while the mean similarity of
their members is at least `cut`, that of a pair that is one person with a probability of `JOINS_AT`
(`facelab.label.links`; a merge is the most alike of many, so half would be too little). Two tracks that one camera saw
at once are two people: a branch of the tree that holds such a pair is cut further down.

Two groups whose mean similarity reaches the cut have a pair that does. So the groups of the whole footage are those of
the connected parts of the graph of such pairs, each by itself: nothing of the size of all pairs is ever held. A part of
more than `LARGEST_PART` passages is taken apart at a higher cut, which `notes` says.

How sure a membership is: of the merges that made the group, each asks whether its two sides are one person, with
P(same | their mean similarity); a passage is as sure as the least sure merge at which it stood on the smaller side (on
either, where they are equal). So two people in one group show as members that are not sure. For a passage that stands
alone it is the probability that it belongs to no other group. The `rival` is the most similar group of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.label.links import LinkModel, link_model, sampled_similarities
from facelab.types import Checked, Floats, Ints, Strings, shaped

if TYPE_CHECKING:
    from facelab.label.material import Material

LARGEST_PART = 4_000
MOST = 250_000
BLOCK = 2**22
STEP = 0.04
JOINS_AT = 0.95


@dataclass(frozen=True, eq=False)
class Groups(Checked):
    """The proposed people.

    Shapes: sample_id (n,); group (n,) int, from 0, larger groups first; certainty (n,) in [0, 1], NaN without a
    template; rival (n,) int, -1 where there is none; rival_similarity (n,).

    Parameters
    ----------
    link : LinkModel
        What similarities mean here.
    cut : float
        The mean similarity from which on groups were joined.
    notes : tuple of str
        What the reader must know, a line each.
    """

    sample_id: Strings
    group: Ints
    certainty: Floats
    rival: Ints
    rival_similarity: Floats
    link: LinkModel
    cut: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.sample_id)
        self._set(group=shaped("group", self.group, np.int64, (n,)), rival=shaped("rival", self.rival, np.int64, (n,)))

    def __len__(self) -> int:
        return int(self.group.max()) + 1 if len(self.group) else 0

    @cached_property
    def sizes(self) -> Ints:
        """(g,) how many passages each group has."""
        return np.bincount(self.group, minlength=len(self))

    def members(self, group: int) -> Ints:
        """Rows of the passages of `group`, the surest first."""
        return self._order[self._starts[group] : self._starts[group + 1]]

    @cached_property
    def _order(self) -> Ints:
        return np.lexsort((-np.nan_to_num(self.certainty), self.group))

    @cached_property
    def _starts(self) -> Ints:
        return np.searchsorted(self.group[self._order], np.arange(len(self) + 1))

    def summary(self) -> str:
        """One sentence."""
        several = int((self.sizes > 1).sum())
        unsure = int((np.nan_to_num(self.certainty) < 0.9).sum())
        return (
            f"{len(self.sample_id):,} passages are proposed as {len(self):,} people, {several:,} of them seen "
            f"more than once; {unsure:,} memberships are less than 90 % sure (cut at mean similarity {self.cut:.3f})"
        )


def proposed_groups(
    material: Material, rng: np.random.Generator, *, cut: float | None = None, link: LinkModel | None = None
) -> Groups:
    """The people whom the passages of `material` are proposed to be.

    Parameters
    ----------
    material : Material
        The passages.
    rng : numpy.random.Generator
        Draws the pairs that similarities are learnt from, where there are more than `facelab.label.links.PAIRS`.
    cut : float, optional
        The mean similarity from which on groups are joined; where P(same) is `JOINS_AT`, unless given.
    link : LinkModel, optional
        What similarities mean; learnt from these passages unless given.

    Raises
    ------
    BadInput
        There is no passage, or there are more than `MOST`.
    """
    n = len(material)
    if not n:
        raise BadInput("there is no passage to group", place="proposed_groups")
    if n > MOST:
        raise BadInput(f"{n:,} passages are more than {MOST:,}: label the footage a day at a time", place="passages")
    link = link_model(sampled_similarities(material.embedding, rng)) if link is None else link
    cut = link.at(JOINS_AT) if cut is None else cut
    group, held, notes = _grouped(material, cut)
    if link.assumed:
        notes.append("there are too few passages to learn how strangers score: the usual similarities are assumed")
    group = _by_size(group)
    rival, best = _rivals(material, group)
    alone = np.bincount(group)[group] == 1
    certainty = np.where(alone, 1 - link(np.nan_to_num(best, nan=-1.0)), link(held))
    certainty[~material.usable] = np.nan
    return Groups(material.sample_id, group, certainty, rival, best, link, cut, tuple(notes))


def _grouped(material: Material, cut: float) -> tuple[Ints, Floats, list[str]]:
    """(n,) a number for each group, (n,) the mean similarity of the weakest merge that holds a passage, and notes."""
    usable = np.flatnonzero(material.usable)
    group, held = np.arange(len(material)), np.ones(len(material))
    notes: list[str] = []
    for part in _parts(material.embedding, usable, cut):
        waiting = [(part, cut)]
        while waiting:
            rows, at = waiting.pop()
            if len(rows) > LARGEST_PART:
                higher = at + STEP
                notes.append(f"{len(rows):,} passages hang together: they were taken apart at {higher:.2f}")
                # beyond any similarity what still hangs together is cut in the order of time
                pieces = (
                    _parts(material.embedding, rows, higher)
                    if higher < 1
                    else np.array_split(rows, -(-len(rows) // LARGEST_PART))
                )
                waiting += [(piece, higher) for piece in pieces]
            else:
                _assign(material, rows, at, (group, held))
    return group, held, notes


def _parts(embedding: Floats, rows: Ints, cut: float) -> list[Ints]:
    """The connected parts of the graph of pairs of `rows` at least as similar as `cut`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, label = len(rows), np.arange(len(rows))
    own = embedding[rows]
    step = max(1, BLOCK // max(1, n))
    for begin in range(0, n, step):
        a, b = np.nonzero(own[begin : begin + step] @ own[begin:].T >= cut)
        a, b = label[a + begin], label[b + begin]
        graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
        label = connected_components(graph, directed=False)[1].astype(np.int64)[label]
    order = np.argsort(label, kind="stable")
    return [rows[part] for part in np.split(order, np.flatnonzero(np.diff(label[order])) + 1)] if n else []


def _assign(material: Material, rows: Ints, cut: float, found: tuple[Ints, Floats]) -> None:
    """Number the groups of `rows` by the row of one of their members, and note the weakest merges, in `found`."""
    if len(rows) == 1:
        return
    from scipy.cluster.hierarchy import linkage, to_tree
    from scipy.spatial.distance import squareform

    own = material.embedding[rows].astype(np.float64)
    distance = np.clip(1 - own @ own.T, 0.0, 2.0)
    np.fill_diagonal(distance, 0.0)
    waiting = [to_tree(linkage(squareform(distance, checks=False), "average"))]
    while waiting:
        node = waiting.pop()
        members = rows[np.array(node.pre_order())]
        if node.dist <= 1 - cut and not material.any_together(members):
            found[0][members] = members[0]
            _hold(node, rows, found[1])
        elif not node.is_leaf():
            waiting += [node.get_left(), node.get_right()]


def _hold(node: Any, rows: Ints, held: Floats) -> None:
    """Note in `held` the mean similarity of the weakest merge at which each passage stood on the smaller side."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.is_leaf():
            continue
        sides = [here.get_left(), here.get_right()]
        least = min(side.count for side in sides)
        for side in sides:
            if side.count == least:
                members = rows[np.array(side.pre_order())]
                held[members] = np.minimum(held[members], 1 - here.dist)
        waiting += sides


def _by_size(group: Ints) -> Ints:
    """The same groups, numbered from 0, larger ones first."""
    _, first, label, size = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -size))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[label])


def _rivals(material: Material, group: Ints) -> tuple[Ints, Floats]:
    """(n,) the most similar other group of each passage (-1: none), and the mean similarity to it."""
    n, g = len(group), int(group.max()) + 1
    known = np.flatnonzero(material.usable)
    total = np.zeros((g, material.embedding.shape[1]))
    np.add.at(total, group[known], material.embedding[known].astype(np.float64))
    count = np.bincount(group[known], minlength=g)
    rival, best = np.full(n, -1), np.full(n, np.nan)
    if g > 1:
        mean = (total / np.maximum(count, 1)[:, None]).astype(np.float32)
        step = max(1, BLOCK // g)
        for begin in range(0, len(known), step):
            rows = known[begin : begin + step]
            near = material.embedding[rows] @ mean.T
            near[:, count == 0] = -2.0
            near[np.arange(len(rows)), group[rows]] = -2.0
            rival[rows], best[rows] = near.argmax(axis=1), near.max(axis=1)
        none = best < -1.5
        rival[none], best[none] = -1, np.nan
    return rival, best

"""Which references do not fit their names: duplicates, mislabelled samples, references like people who are not alike.

Let E(s) be how many pairs of different names would be at or above s by chance (`facelab.stats.extremes`).

- A pair of different names that is unusual (E(s) at most a twentieth of the pairs at or above s) is *proven*: one
  person, or relatives.
- A pair of one name is proven where P(S >= s) <= 1/1000: of a thousand exchanged samples one would be overlooked. Where
  the samples of a name fall into groups that no proven pair joins, the largest is taken for the person and the others
  are *mislabelled*; of equal groups nobody can say which, and all are to be looked at. A sample that is proven to be
  somebody else's says whose.
- A reference that is proven with two or more names, most of which are not proven with each other, is a *hub*: a
  template of several people, or of nobody.
- What is left of the proven pairs of different names are *duplicates*, or, where 99 % of the gallery's right pairs of
  one name are more alike, *neighbours*; so are pairs with E(s) <= .25, of which one gallery in four
  has one by chance.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.gallery_audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from facelab.gallery.audit.pairs import PairScores
    from facelab.stats.extremes import HighestPairs
    from facelab.types import Bools, Floats, Templates

FEW_OWN_PAIRS = 20
SAME_PICTURE = 0.99
CLOSE = 0.25
OVERLOOKED = 1e-3


@dataclass
class _Names:
    """The references of a gallery, and who was found to be whom."""

    templates: Templates
    scores: PairScores
    tail: HighestPairs
    proven: Bools
    odd: dict[int, tuple[int, ...]] = field(default_factory=dict)
    hubs: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.edges: list[tuple[int, int, float]] = [
            (int(i), int(j), float(s))
            for i, j, s in zip(
                self.scores.first[self.proven], self.scores.second[self.proven], self.scores.score[self.proven]
            )
        ]
        self.partners: dict[int, dict[int, float]] = defaultdict(dict)
        for i, j, s in self.edges:
            self.partners[i][j] = self.partners[j][i] = s

    def sample(self, row: int) -> str:
        return str(self.templates.sample_id[row])

    def subject(self, row: int) -> str:
        return str(self.templates.subject_id[row])


def name_findings(templates: Templates, scores: PairScores, tail: HighestPairs, proven: Bools) -> list[Finding]:
    """Duplicates, mislabelled samples, hubs and neighbours.

    Parameters
    ----------
    templates : Templates
        Of the gallery.
    scores, tail : PairScores, HighestPairs
        What they score with each other, and what strangers would.
    proven : (k,) bool array
        Which of the highest pairs of different names are unusual (`unusual_pairs`).
    """
    names = _Names(templates, scores, tail, proven)
    own = tail.chance(scores.own_score)
    groups = _groups_of_names(names, own)
    found = _mislabelled(names, groups, own)
    found += _hubs(names)
    return found + _of_two_names(names, own)


def _components(nodes: Iterable[Hashable], edges: Iterable[tuple[Hashable, Hashable]]) -> list[list[Hashable]]:
    """Groups of nodes that edges join, largest first, each in the order of the nodes."""
    parent = {node: node for node in nodes}

    def root(node: Hashable) -> Hashable:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in edges:
        parent[root(a)] = root(b)
    groups: dict[Hashable, list[Hashable]] = defaultdict(list)
    for node in parent:
        groups[root(node)].append(node)
    return sorted(groups.values(), key=len, reverse=True)


def _groups_of_names(names: _Names, own: Floats) -> dict[str, list[list[int]]]:
    """The samples of each name that fall into several groups."""
    s = names.scores
    nodes: dict[str, dict[int, None]] = defaultdict(dict)
    edges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, j, expected in zip(s.own_first.tolist(), s.own_second.tolist(), own.tolist()):
        subject = names.subject(i)
        nodes[subject] |= {i: None, j: None}
        if expected <= OVERLOOKED:
            edges[subject].append((i, j))
    groups = {subject: _components(rows, edges[subject]) for subject, rows in nodes.items()}
    return {subject: parts for subject, parts in groups.items() if len(parts) > 1}  # type: ignore[misc]  # rows are int


def _mislabelled(names: _Names, groups: dict[str, list[list[int]]], own: Floats) -> list[Finding]:
    s = names.scores
    best: dict[str, tuple[float, float]] = {}
    group_of = {row: k for parts in groups.values() for k, part in enumerate(parts) for row in part}
    for i, j, score, expected in zip(s.own_first.tolist(), s.own_second.tolist(), s.own_score, own):
        subject = names.subject(i)
        if subject in groups and group_of[i] != group_of[j]:
            best[subject] = max(best.get(subject, (-2.0, np.inf)), (float(score), float(expected)))
    return [_of_one_name(names, subject, parts, best[subject]) for subject, parts in groups.items()]


def _of_one_name(names: _Names, subject: str, parts: list[list[int]], best: tuple[float, float]) -> Finding:
    """The finding of a name whose samples fall into `parts`, the largest first."""
    tie = len(parts[1]) == len(parts[0])
    doubtful = [row for part in (parts if tie else parts[1:]) for row in part]
    whose = {row: names.subject(max(names.partners[row].items(), key=lambda p: p[1])[0])
             for row in doubtful if row in names.partners}  # fmt: skip
    odd = [row for row in doubtful if row in whose] if tie and 0 < len(whose) < len(doubtful) else doubtful
    names.odd |= dict.fromkeys(doubtful, tuple(odd))
    owners = sorted(set(whose.values()))
    swapped = tie and len(whose) == len(doubtful)
    into = owners[0] if len(owners) == 1 and set(odd) <= set(whose) and not swapped else ""
    why = f"{len(doubtful)} of {sum(map(len, parts))} samples of {subject} are no more alike than strangers"
    why += f", and alike to {' and '.join(owners)}" if owners else ""
    why += "; were they exchanged?" if swapped else "; which is right cannot be told" if tie and not into else ""
    look_at = doubtful if tie else [*odd, parts[0][0]]
    return Finding(
        kind="mislabelled",
        samples=tuple(names.sample(row) for row in look_at),
        subjects=(subject, *owners),
        measure="best score with the others",
        score=best[0],
        expected=best[1],
        why=why,
        action="move" if into else "re-photograph" if tie else "remove",
        into=into,
        drop=tuple(names.sample(row) for row in odd),
    )


def _hubs(names: _Names) -> list[Finding]:
    """References that are proven with several names, most of which are not proven with each other."""
    found = []
    for row, partners in names.partners.items():
        by_name: dict[str, list[int]] = defaultdict(list)
        for other in partners:
            by_name[names.subject(other)].append(other)
        if len(by_name) < 2 or row in names.odd:
            continue
        pairs = [(a, b) for a in by_name for b in by_name if a < b]
        joined = sum(any(y in names.partners[x] for x in by_name[a] for y in by_name[b]) for a, b in pairs)
        if 2 * joined >= len(pairs):
            continue
        names.hubs.add(row)
        top = max(partners.values())
        found.append(
            Finding(
                "hub",
                (names.sample(row), *(names.sample(other) for other in partners)),
                (names.subject(row), *by_name),
                "names it is alike to",
                float(len(by_name)),
                float(names.tail.expected(top)),
                f"{names.sample(row)} is alike to {len(by_name)} people who are not alike",
                "re-photograph",
                "",
                (names.sample(row),),
            )
        )
    return found


def _of_two_names(names: _Names, own: Floats) -> list[Finding]:
    """Duplicates, and neighbours."""
    left = [(i, j, s) for i, j, s in names.edges if not {i, j} & names.hubs and not {i, j} & set(names.odd)]
    subjects = dict.fromkeys(name for i, j, _ in left for name in (names.subject(i), names.subject(j)))
    right = names.scores.own_score[own <= OVERLOOKED]
    alike = float(np.quantile(right, 0.01)) if len(right) >= FEW_OWN_PAIRS else -np.inf
    count = dict(zip(*(side.tolist() for side in np.unique(names.templates.subject_id, return_counts=True))))
    found = []
    for group in _components(subjects, [(names.subject(i), names.subject(j)) for i, j, _ in left]):
        edges = [edge for edge in left if names.subject(edge[0]) in group]
        score = max(s for _, _, s in edges)
        rows = dict.fromkeys(row for i, j, _ in sorted(edges, key=lambda e: -e[2]) for row in (i, j))
        people = tuple(sorted((str(name) for name in group), key=lambda name: (-count[name], name)))
        duplicate = score >= alike
        found.append(
            Finding(
                "duplicate" if duplicate else "neighbours",
                tuple(names.sample(row) for row in rows),
                people,
                "score",
                score,
                float(names.tail.expected(score)),
                f"{' and '.join(people)} are " + _how_alike(score, alike),
                "merge" if duplicate else "keep",
                people[0] if duplicate else "",
            )
        )
    return found + _closest(names)


def _how_alike(score: float, alike: float) -> str:
    if score >= SAME_PICTURE:
        return "alike as one photograph is to itself"
    return "alike as one person is" if score >= alike else "more alike than strangers, and less than one person is"


def _closest(names: _Names) -> list[Finding]:
    """The closest pairs of a gallery that are not proven."""
    expected = names.tail.expected(names.scores.score)
    found = []
    for k in np.flatnonzero((expected <= CLOSE) & ~names.proven):
        i, j = int(names.scores.first[k]), int(names.scores.second[k])
        if {i, j} & names.hubs or {i, j} & set(names.odd):
            continue
        people = (names.subject(i), names.subject(j))
        why = f"{people[0]} and {people[1]} are closer than the closest two of most galleries of this size"
        samples, score = (names.sample(i), names.sample(j)), float(names.scores.score[k])
        found.append(Finding("neighbours", samples, people, "score", score, float(expected[k]), why, "keep"))
    return found

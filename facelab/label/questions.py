"""What is asked, and in which order: where an answer changes the rates most, first.

==============  ============================================================================================
``alert``       a passage against an enrolled person: the highest non-mated scores (is this really someone else?),
                and passages that the grouping puts with a passage already known to be that person
``miss``        a passage against the enrolled person whom an older truth says it is: the lowest mated scores first
``mixed``       one track along its way: does it hold two people?
``broken``      two tracks of one camera shortly after each other: one passage in two?
``group``       a sheet of a proposed person: is everybody on it the same one?
``doubt``       a passage against the surest of another group, where the similarity leaves both open
==============  ============================================================================================

The priority is the expected change of both rates (`facelab.label.effects`); questions that change no rate (most groups)
come after all that do, those first whose answer is most in doubt. A group one of whose passages is known to be an
enrolled person is asked for with the changes of all its members together: one sheet in place of many pairs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from facelab.label.anchors import person_item
from facelab.label.effects import Counts, Scores, counts_at
from facelab.label.labels import PERSON, Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from facelab.label.labelfile import Question
    from facelab.label.material import Material
    from facelab.label.proposals import Groups
    from facelab.types import Bools, Floats, Ints

Kind: TypeAlias = Literal["alert", "miss", "mixed", "broken", "group", "doubt"]
FOLLOWS_S = 3.0
SHEET = 20
"""At most so many passages stand on one sheet; a larger group comes as several, its surest passage on each of them."""
MOST_OF_A_KIND = 200
LEAST_P = 0.01
"""What is less likely is not asked."""
_ASKS: dict[Kind, Question] = {"mixed": "track", "group": "group"}


@dataclass(frozen=True)
class Asked:
    """One question.

    Parameters
    ----------
    kind : {"alert", "miss", "mixed", "broken", "group", "doubt"}
        Why it is asked.
    rows : tuple of int
        The passages concerned (rows of the material).
    subject : str
        The enrolled person concerned; empty where there is none.
    probability : float
        That the answer contradicts what is believed now.
    priority : float
        The expected change of both rates.
    doubt : float
        Orders questions of the same priority.
    reason : str
        Why it is asked, for the reviewer.
    """

    kind: Kind
    rows: tuple[int, ...]
    subject: str
    probability: float
    priority: float
    doubt: float
    reason: str

    @property
    def question(self) -> Question:
        """What stands in the label file: ``pair``, ``group`` or ``track``."""
        return _ASKS.get(self.kind, "pair")

    def items(self, material: Material) -> tuple[str, ...]:
        """The passages and the enrolled person as a label file names them."""
        passages = tuple(str(material.anchor[row]) for row in self.rows)
        return (*passages, person_item(self.subject)) if self.subject else passages

    def key(self, material: Material) -> tuple[str, frozenset[str]]:
        """The question as `facelab.label.labels.Labels.answered` has it."""
        names = [str(material.sample_id[row]) for row in self.rows]
        return self.question, frozenset([*names, PERSON + self.subject] if self.subject else names)


@dataclass(frozen=True, eq=False)
class Grounds:
    """What questions are made from; only the answers change while a reviewer works.

    Parameters
    ----------
    material : Material
        The passages.
    groups : Groups
        The proposed people.
    scores : Scores or None
        The passages against the watchlist; None where there is none: then no rate can change.
    seam : (n,) array
        The weakest similarity along each track; NaN where it is not known.
    threshold : float or None
        The operating threshold; chosen from the scores where it is not given.
    """

    material: Material
    groups: Groups
    scores: Scores | None
    seam: Floats
    threshold: float | None = None


def open_questions(grounds: Grounds, labels: Labels, most: int = 200) -> tuple[Asked, ...]:
    """The first `most` of the questions that the answers so far leave open, the most telling first."""
    state = _State(grounds, labels)
    kinds = (state.alerts, state.misses, state.mixed, state.broken, state.sheets, state.doubts)
    asked = [one for kind in kinds for one in kind() if one.key(grounds.material) not in labels.answered]
    asked.sort(key=lambda one: (-one.priority, -one.doubt, one.rows))
    return tuple(asked[:most])


class _State:
    """What is believed after the answers so far."""

    def __init__(self, grounds: Grounds, labels: Labels) -> None:
        self.g, self.labels, self.m = grounds, labels, grounds.material
        names = self.m.sample_id.tolist()
        self.claimed = np.array([labels.person.get(name, old) for name, old in zip(names, self.m.subject_id.tolist())])
        self.claimed = self.claimed.astype(np.str_)
        self.answered = np.array([name in labels.person for name in names], np.bool_)
        nobody = labels.mixed | labels.unsure | labels.disputed
        self.aside = np.array([name in nobody for name in names], np.bool_)
        self.expected = np.zeros(len(self.m))
        scores = grounds.scores
        if scores is None:
            return
        self.mated = np.isin(self.claimed, np.array(sorted(scores.enrolled), np.str_))
        self.mate = np.full(len(self.m), np.nan)
        rows = np.flatnonzero(self.mated)
        self.mate[rows] = scores.mate(rows, self.claimed[rows])
        self.best = scores.top_score[:, 0]
        self.threshold = scores.threshold(self.claimed) if grounds.threshold is None else grounds.threshold
        kept = ~self.aside
        self.counts: Counts = counts_at(self.threshold, self.mated[kept], self.mate[kept], self.best[kept])

    def alerts(self) -> Iterator[Asked]:
        """Passages that may be an enrolled person and are not known to be."""
        scores = self.g.scores
        if scores is None:
            return
        subject, score = self._candidates(scores)
        p = np.nan_to_num(scores.link(score))
        known = self._known_groups()
        for row, (name, certainty) in known.items():
            # what the grouping says, where the photograph alone says less
            ruled_out = self.labels.are_apart(str(self.claimed[row]), name)
            if not ruled_out and certainty > (p[row] if subject[row] == name else 0.0):
                subject[row], p[row] = name, certainty
                score[row] = scores.mate(np.array([row]), np.array([name]))[0]
        open_ = ~self.mated & ~self.aside & (subject != "") & (p >= LEAST_P)
        above = np.nan_to_num(score, nan=-np.inf) >= self.threshold
        alerting = np.nan_to_num(self.best, nan=-np.inf) >= self.threshold
        change = self.counts.change(-1.0 * alerting, -1.0, 1.0 * ~above, 1.0)
        self.expected = np.where(open_, p * change, 0.0)
        for row in self._highest(self.expected, open_):
            reason = f"score {score[row]:.3f} against {subject[row]}, threshold {self.threshold:.3f}"
            reason += "; grouped with a passage of theirs" if row in known and known[row][0] == subject[row] else ""
            yield Asked("alert", (row,), str(subject[row]), p[row], self.expected[row], _doubt(p[row]), reason)

    def misses(self) -> Iterator[Asked]:
        """Passages that an older truth gives to an enrolled person, not yet confirmed."""
        scores = self.g.scores
        if scores is None or not self.mated.any():
            return
        p = 1 - np.nan_to_num(scores.link.among(np.where(self.mated, self.mate, np.nan), start=0.95), nan=1.0)
        open_ = self.mated & ~self.answered & ~self.aside & (p >= LEAST_P)
        missed = np.nan_to_num(self.mate, nan=-np.inf) < self.threshold
        alerting = np.nan_to_num(self.best, nan=-np.inf) >= self.threshold
        expected = p * self.counts.change(1.0 * alerting, 1.0, -1.0 * missed, -1.0)
        for row in self._highest(expected, open_):
            reason = f"said to be {self.claimed[row]}, score {self.mate[row]:.3f}, threshold {self.threshold:.3f}"
            yield Asked("miss", (row,), str(self.claimed[row]), p[row], expected[row], _doubt(p[row]), reason)

    def mixed(self) -> Iterator[Asked]:
        """Tracks whose face changes along the way."""
        p = 1 - np.nan_to_num(self.g.groups.link.among(self.g.seam, start=0.95), nan=1.0)
        open_ = ~np.isnan(self.g.seam) & ~self.aside & (p >= LEAST_P)
        expected = np.where(open_, p * self._without(), 0.0)
        for row in self._highest(expected + 1e-12 * p, open_):
            reason = f"the face changes along the track: similarity {self.g.seam[row]:.3f} at the weakest place"
            yield Asked("mixed", (row,), "", p[row], expected[row], _doubt(p[row]), reason)

    def broken(self) -> Iterator[Asked]:
        """Tracks of one camera shortly after each other that may be one passage."""
        pairs = self.m.follows(FOLLOWS_S)
        if not pairs:
            return
        a, b = np.array(pairs).T
        similarity = np.einsum("kd,kd->k", self.m.embedding[a], self.m.embedding[b])
        p = np.nan_to_num(self.g.groups.link.among(similarity, start=0.1))
        one = (self.claimed[a] == self.claimed[b]) & (self.claimed[a] != "")
        open_ = ~one & ~self.aside[a] & ~self.aside[b] & (p >= LEAST_P)
        expected = p * np.minimum(self._without()[a], self._without()[b])
        for k in self._highest(np.where(open_, expected + 1e-12 * p, 0.0), open_):
            if self.labels.are_apart(str(self.claimed[a[k]]), str(self.claimed[b[k]])):
                continue
            gap = self.m.start_s[b[k]] - self.m.end_s[a[k]]
            reason = f"{gap:.1f} s apart at one camera, similarity {similarity[k]:.3f}: one passage in two?"
            yield Asked("broken", (int(a[k]), int(b[k])), "", p[k], expected[k], _doubt(p[k]), reason)

    def sheets(self) -> Iterator[Asked]:
        """Groups of which not everybody is joined yet; of one that is no single person, its passages one by one."""
        groups = self.g.groups
        for group in np.flatnonzero(groups.sizes > 1).tolist():
            members = groups.members(group)
            members = members[~self.aside[members]]
            if len(members) < 2 or self._joined(members):
                continue
            refused = False
            for rows in _in_sheets(members):
                asked = self._sheet(rows)
                refused |= asked.key(self.m) in self.labels.answered
                yield asked
            if refused:
                yield from self._one_by_one(members)

    def _sheet(self, rows: Ints) -> Asked:
        wrong = 1 - np.nan_to_num(self.g.groups.certainty[rows])
        doubt = float(wrong.sum())
        priority = float(self.expected[rows].sum()) if self._knows_enrolled(rows) else 0.0
        reason = f"{len(rows)} passages proposed as one person, the least sure {min(1 - wrong.max(), 0.999):.1%}"
        if self._knows_enrolled(rows):
            reason += f"; one of them is known to be {self.claimed[rows][self.answered[rows] & self.mated[rows]][0]}"
        p = float(1 - np.prod(1 - np.clip(wrong, 0.0, 1.0)))
        return Asked("group", tuple(int(row) for row in rows), "", p, priority, doubt, reason)

    def _one_by_one(self, members: Ints) -> Iterator[Asked]:
        first = int(members[0])
        for row in members[1:].tolist():
            if self._open_pair(first, row):
                p = float(np.nan_to_num(self.g.groups.certainty[row]))
                reason = "the sheet was said to hold several people: is this the same as its surest passage?"
                yield Asked("doubt", (first, row), "", p, 0.0, 1.0 + _doubt(p), reason)

    def doubts(self) -> Iterator[Asked]:
        """Of each group the passage that most resembles another group, where both are possible."""
        groups = self.g.groups
        p = np.nan_to_num(groups.link(groups.rival_similarity))
        seen: set[frozenset[int]] = set()
        for row in np.argsort(-p, kind="stable").tolist():
            pair = frozenset((int(groups.group[row]), int(groups.rival[row])))
            if p[row] < 0.05:
                return
            if len(pair) < 2 or pair in seen or self.aside[row]:
                continue
            seen.add(pair)
            other = int(groups.members(int(groups.rival[row]))[0])
            if self._open_pair(row, other):
                reason = (
                    f"two proposed people with a mean similarity of {groups.rival_similarity[row]:.3f}: one after all?"
                )
                yield Asked("doubt", (row, other), "", p[row], 0.0, _doubt(p[row]), reason)

    def _open_pair(self, a: int, b: int) -> bool:
        one, other = str(self.claimed[a]), str(self.claimed[b])
        settled = (one == other and one != "") or self.labels.are_apart(one, other)
        return not (settled or self.aside[a] or self.aside[b] or self.m.together(a, b))

    def _candidates(self, scores: Scores) -> tuple[NDArray[Any], Floats]:
        """The best enrolled person of each passage whom no answer rules out, and the score."""
        subject, score = scores.top_subject[:, 0].astype(object), scores.top_score[:, 0].copy()
        for row in np.flatnonzero(self.answered).tolist():
            me = str(self.claimed[row])
            left = [k for k, name in enumerate(scores.top_subject[row].tolist()) if not self.labels.are_apart(me, name)]
            at = left[0] if left else None
            subject[row] = "" if at is None else str(scores.top_subject[row, at])
            score[row] = np.nan if at is None else scores.top_score[row, at]
        return subject, score

    def _known_groups(self) -> dict[int, tuple[str, float]]:
        """For passages in a group one of whose members an answer gives to an enrolled person: who, and how sure."""
        groups, found = self.g.groups, {}
        for row in np.flatnonzero(self.answered & self.mated).tolist():
            for other in groups.members(int(groups.group[row])).tolist():
                if not self.mated[other]:
                    found[other] = (str(self.claimed[row]), float(np.nan_to_num(groups.certainty[other])))
        return found

    def _knows_enrolled(self, rows: Ints) -> bool:
        return self.g.scores is not None and bool((self.answered[rows] & self.mated[rows]).any())

    def _joined(self, rows: Ints) -> bool:
        return bool(self.answered[rows].all()) and len(set(self.claimed[rows].tolist())) == 1

    def _without(self) -> Floats:
        """(n,) the change of the rates if a search were left out."""
        if self.g.scores is None:
            return np.zeros(len(self.m))
        alerting = ~self.mated & (np.nan_to_num(self.best, nan=-np.inf) >= self.threshold)
        missed = self.mated & (np.nan_to_num(self.mate, nan=-np.inf) < self.threshold)
        return self.counts.change(-1.0 * alerting, -1.0 * ~self.mated, -1.0 * missed, -1.0 * self.mated)

    def _highest(self, value: Floats, open_: Bools) -> list[int]:
        """Positions of the highest `value`, more of them than were answered by now."""
        rows, most = np.flatnonzero(open_), MOST_OF_A_KIND + len(self.labels.answered)
        return [int(row) for row in rows[np.argsort(-value[rows], kind="stable")][:most]]


def _in_sheets(members: Ints) -> Iterator[Ints]:
    """`members` in sheets of at most `SHEET`, the first member on each."""
    if len(members) <= SHEET:
        yield members
        return
    for begin in range(1, len(members), SHEET - 1):
        yield np.concatenate([members[:1], members[begin : begin + SHEET - 1]])


def _doubt(p: float) -> float:
    """How much in doubt an answer is: 1 where both are as likely."""
    return float(4 * p * (1 - p))


def by_kind(asked: tuple[Asked, ...]) -> dict[str, int]:
    """How many questions of each kind there are."""
    found: defaultdict[str, int] = defaultdict(int)
    for one in asked:
        found[one.kind] += 1
    return dict(found)

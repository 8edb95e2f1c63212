"""From answers to labels: who is one person with whom, what contradicts what, and what no longer exists.

*Same* joins, for pairs and for groups that are one person; *different* keeps apart; a track said to be *different*
along the way is mixed, and is nobody's; *unsure* says nothing, but a passage that nobody can tell from an enrolled
person is set aside. A contradiction is: two standing answers to one question (of two reviewers) that differ; a
*different* between two who are joined by other answers; two enrolled people joined; two tracks joined that one camera
saw at once.
Answers that differ on one question both count for nothing; every other contradiction disputes all passages that hang
together through it. Each is listed with the lines that it comes from.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.label.anchors import Anchors, anchor_of, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.label.labelfile import Answer
    from facelab.label.material import Material

PERSON = "\0person "
"""Marks an enrolled person among the names of tracks; no track's name begins with a NUL."""


@dataclass(frozen=True)
class Contradiction:
    """Answers that cannot all be true.

    Parameters
    ----------
    rule : str
        What they break, in words.
    items : tuple of str
        The tracks and enrolled people concerned.
    places : tuple of str
        File and line of each answer.
    """

    rule: str
    items: tuple[str, ...]
    places: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        return f"{self.rule}: {', '.join(self.items)} ({'; '.join(self.places)})"


@dataclass(frozen=True)
class Labels:
    """What the answers say of the passages that are there now; every name is a track's (``camera/track``).

    Parameters
    ----------
    person : dict of str to str
        The person of each passage that an answer joins or keeps apart from anybody: the subject id of an enrolled
        person, or a made-up name.
    apart : frozenset of frozenset of str
        Pairs of people (names as in `person`, or subject ids) who are two, by answer.
    mixed, unsure, disputed : frozenset of str
        Tracks that hold two people; that nobody can tell from an enrolled person; that contradictions concern.
    contradictions : tuple of Contradiction
        All of them.
    lost : tuple of str
        A line for each standing answer of this footage one of whose passages no longer exists.
    elsewhere : int
        Standing answers of other footage.
    answered : frozenset of (str, frozenset of str)
        The questions (kind, tracks and enrolled people) that have a standing answer.
    """

    person: dict[str, str] = field(default_factory=dict)
    apart: frozenset[frozenset[str]] = frozenset()
    mixed: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    disputed: frozenset[str] = frozenset()
    contradictions: tuple[Contradiction, ...] = ()
    lost: tuple[str, ...] = ()
    elsewhere: int = 0
    answered: frozenset[tuple[str, frozenset[str]]] = frozenset()

    def are_apart(self, one: str, other: str) -> bool:
        """Whether an answer says that two people (names or subject ids) are two."""
        return frozenset((one, other)) in self.apart

    def require_one_mind(self) -> None:
        """Raise `BadInput` where answers contradict each other."""
        if self.contradictions:
            first, more = self.contradictions[0], len(self.contradictions) - 1
            also = f"; {more:,} contradictions more" if more else ""
            raise BadInput(f"answers contradict each other: {first}{also}", place="labels")


@dataclass(frozen=True)
class Placed:
    """A standing answer whose items are tracks of the present footage, or enrolled people."""

    answer: Answer
    names: tuple[str, ...]

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """The question."""
        return self.answer.question, frozenset(self.names)


@dataclass(frozen=True)
class Resolved:
    """The standing answers as far as their passages are there."""

    placed: tuple[Placed, ...]
    lost: tuple[str, ...]
    elsewhere: int


def placed_answers(answers: Sequence[Answer], anchors: Anchors) -> Resolved:
    """The standing `answers` with the tracks that their anchors now stand for."""
    placed, lost, elsewhere = [], [], 0
    for answer in answers:
        passages = [anchor_of(item) for item in answer.items if subject_of(item) is None]
        if not anchors.known(passages):
            elsewhere += 1
            continue
        names = []
        for item in answer.items:
            subject = subject_of(item)
            track = anchors.track_at(anchor_of(item)) if subject is None else PERSON + str(subject)
            if track is None:
                lost.append(f"{answer.place or answer.id}: no passage stands at {item} any more")
            else:
                names.append(track)
        least = 1 if answer.question == "track" else 2
        if len(names) == len(answer.items) or (answer.question == "group" and len(set(names)) >= least):
            placed.append(Placed(answer, tuple(dict.fromkeys(names))))
    return Resolved(tuple(placed), tuple(lost), elsewhere)


def labels_of(answers: Sequence[Answer], anchors: Anchors, material: Material) -> Labels:
    """The labels that the standing `answers` (of one or several files) give to the passages of `material`.

    Raises
    ------
    BadInput
        Not one answer is of this footage, though there are answers.
    """
    found = placed_answers(answers, anchors)
    if answers and not found.placed and not found.lost:
        raise BadInput(
            f"none of the {len(answers):,} answers is of this footage: its clips have other contents than those that "
            "were labelled (moving or renaming them changes nothing)",
            place="labels",
        )
    return labels_of_placed(found, material)


def labels_of_placed(found: Resolved, material: Material) -> Labels:
    """The labels that answers with known tracks give."""
    agreed, clashes = _agreed(found.placed)
    web = _Web(agreed)
    contradictions = [*clashes, *web.contradictions(material)]
    broken = {web.root(name) for c in contradictions if c not in clashes for name in c.items_raw}
    disputed = {name for name in web.names if web.root(name) in broken and not name.startswith(PERSON)}
    disputed |= {name for c in clashes for name in c.items_raw if not name.startswith(PERSON)}
    by_answer: defaultdict[str, set[str]] = defaultdict(set)
    for one in agreed:
        if one.answer.answer == "different" and (one.answer.question == "track" or len(one.names) == 1):
            by_answer["mixed"].update(one.names)  # two anchors on one track that are two people: it holds both
        if one.answer.answer == "unsure" and (one.answer.question == "track" or _of_enrolled(one.names)):
            by_answer["unsure"].update(name for name in one.names if not name.startswith(PERSON))
    person = {name: web.person(name, material) for name in web.names if not name.startswith(PERSON)}
    apart = frozenset(
        frozenset(web.person(name, material) for name in one.names) for one in agreed if _keeps_apart(one)
    )
    mixed = frozenset(by_answer["mixed"])
    return Labels(
        person={name: who for name, who in person.items() if name not in disputed | mixed},
        apart=frozenset(pair for pair in apart if len(pair) == 2),
        mixed=mixed,
        unsure=frozenset(by_answer["unsure"] - {n for n, who in person.items() if web.enrolled(n)}),
        disputed=frozenset(disputed),
        contradictions=tuple(Contradiction(c.rule, tuple(map(_shown, c.items_raw)), c.places) for c in contradictions),
        lost=found.lost,
        elsewhere=found.elsewhere,
        answered=frozenset(one.key for one in found.placed),
    )


@dataclass(frozen=True)
class _Clash:
    """A contradiction before its names are made readable."""

    rule: str
    items_raw: tuple[str, ...]
    places: tuple[str, ...]


def _agreed(placed: Sequence[Placed]) -> tuple[list[Placed], list[_Clash]]:
    """The answers to questions on which all who answered agree, and a clash for every other question."""
    by_question: defaultdict[tuple[str, frozenset[str]], list[Placed]] = defaultdict(list)
    for one in placed:
        by_question[one.key].append(one)
    agreed: list[Placed] = []
    clashes: list[_Clash] = []
    for said in by_question.values():
        # tracks may have been joined since, so that two anchors of one reviewer are one question now: the last counts
        last = {one.answer.who: one for one in said}
        if len({one.answer.answer for one in last.values()}) == 1:
            agreed.append(said[-1])
        elif {one.answer.answer for one in last.values()} >= {"same", "different"}:
            words = " and ".join(f"{one.answer.who}: {one.answer.answer}" for one in last.values())
            places = tuple(_place(one) for one in last.values())
            clashes.append(_Clash(f"two answers to one question ({words})", said[0].names, places))
        else:  # one is sure and another is not: the sure one counts
            agreed.append(next(one for one in last.values() if one.answer.answer != "unsure"))
    return agreed, clashes


class _Web:
    """Passages and enrolled people, joined by the answers that say *same*."""

    def __init__(self, agreed: Sequence[Placed]) -> None:
        self._parent: dict[str, str] = {}
        self._joined: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._apart = [one for one in agreed if _keeps_apart(one)]
        for one in agreed:
            if one.answer.question != "track" and one.answer.answer == "same":
                for a, b in zip(one.names, one.names[1:]):
                    self._join(a, b, _place(one))
        for one in self._apart:
            for name in one.names:
                self._parent.setdefault(name, name)

    @property
    def names(self) -> list[str]:
        """Everybody whom an answer joins or keeps apart."""
        return list(self._parent)

    def root(self, name: str) -> str:
        """The one that stands for all who are joined with `name`."""
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def _join(self, a: str, b: str, place: str) -> None:
        one, other = sorted((self.root(a), self.root(b)))
        self._parent[other] = one  # a NUL sorts first: an enrolled person stands for those joined with them
        self._joined[a].append((b, place))
        self._joined[b].append((a, place))

    def enrolled(self, name: str) -> bool:
        """Whether `name` is joined with an enrolled person."""
        return self.root(name).startswith(PERSON)

    def person(self, name: str, material: Material) -> str:
        """The subject id of the enrolled person whom `name` is joined with, else a name made of an anchor."""
        root = self.root(name)
        if root.startswith(PERSON):
            return root[len(PERSON) :]
        return made_up_name(str(material.anchor[material.row_of[root]]))

    def contradictions(self, material: Material) -> list[_Clash]:
        """What cannot all be true."""
        found = []
        for one in self._apart:
            a, b = one.names[0], one.names[-1]
            if self.root(a) == self.root(b):
                rule = "said to be different, and the same by other answers"
                found.append(_Clash(rule, (a, b), (_place(one), *self._path(a, b))))
        members: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._parent:
            members[self.root(name)].append(name)
        for names in members.values():
            people = sorted(name for name in names if name.startswith(PERSON))
            if len(people) > 1:
                found.append(_Clash("two enrolled people are one", tuple(people[:2]), self._path(*people[:2])))
            found += self._seen_at_once([name for name in names if not name.startswith(PERSON)], material)
        return found

    def _seen_at_once(self, names: list[str], material: Material) -> list[_Clash]:
        rows = np.array(sorted(material.row_of[name] for name in names), np.int64)
        if not material.any_together(rows):
            return []
        pairs = ((int(a), int(b)) for k, a in enumerate(rows) for b in rows[k + 1 :])
        a, b = next(pair for pair in pairs if material.together(*pair))
        one, other = str(material.sample_id[a]), str(material.sample_id[b])
        rule = "said to be one person, and seen at once by one camera"
        return [_Clash(rule, (one, other), self._path(one, other))]

    def _path(self, a: str, b: str) -> tuple[str, ...]:
        """The places of the answers that join two, by the fewest of them."""
        before: dict[str, tuple[str, str]] = {a: ("", "")}
        waiting = deque([a])
        while waiting and b not in before:
            here = waiting.popleft()
            for other, place in self._joined[here]:
                if other not in before:
                    before[other] = (here, place)
                    waiting.append(other)
        places, here = [], b
        while here in before and before[here][0]:
            here, place = before[here]
            places.append(place)
        return tuple(dict.fromkeys(reversed(places)))


def made_up_name(anchor: str) -> str:
    """The name of a person who is on no list: the same for the same anchor, and nobody's own."""
    return "p-" + hashlib.sha256(anchor.encode()).hexdigest()[:10]


def _keeps_apart(one: Placed) -> bool:
    return one.answer.question == "pair" and one.answer.answer == "different" and len(one.names) > 1


def _of_enrolled(names: Sequence[str]) -> bool:
    return any(name.startswith(PERSON) for name in names)


def _shown(name: str) -> str:
    return f"enrolled {name[len(PERSON) :]}" if name.startswith(PERSON) else name


def _place(one: Placed) -> str:
    return one.answer.place or f"answer {one.answer.id}"

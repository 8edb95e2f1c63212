"""Labels as a truth that the chain evaluates: every track's boxes, whose they are, and what was left out.

The boxes are the tracks' own, so the truth says nothing of faces that were never detected: FNIR counts the people whom
a track saw and the match missed, not those who walked by unseen (docs/labelling.md). Tracks of one confirmed person at
one camera that follow each other within `facelab.label.questions.FOLLOWS_S` are one passage; tracks of two people,
that nobody could tell, or whose answers contradict each other, are left out and counted.

A passage that no answer concerns is a stranger's. ``unreviewed`` says whose: ``"proposed"``: the person whom the
grouping proposes, so that intervals know of people; ``"strangers"``: each a person of their own; ``"left out"``:
nobody's, and no search. An older truth's names stand where no answer says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from facelab.data.truth import Truth
from facelab.errors import BadInput, NotMeasured
from facelab.label.labels import made_up_name
from facelab.label.questions import FOLLOWS_S

if TYPE_CHECKING:
    from facelab.label.labels import Labels
    from facelab.label.material import Material
    from facelab.label.proposals import Groups
    from facelab.types import Strings, Tracks

Unreviewed: TypeAlias = Literal["proposed", "strangers", "left out"]
Disputed: TypeAlias = Literal["refuse", "leave out"]


@dataclass(frozen=True)
class NamedCounts:
    """What became of the tracks: counts.

    Parameters
    ----------
    tracks, passages : int
        Tracks in the truth, and the passages that they make.
    enrolled, others : int
        Tracks that an answer or an older truth gives to an enrolled person, and to somebody else.
    unreviewed : int
        Tracks that no answer concerns.
    mixed, unsure, disputed, left_out : int
        Tracks that hold two people, that nobody could tell, whose answers contradict each other, and unreviewed ones
        that were left out: none of them is in the truth.
    """

    tracks: int
    passages: int
    enrolled: int
    others: int
    unreviewed: int
    mixed: int
    unsure: int
    disputed: int
    left_out: int

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{self.tracks:,} tracks make {self.passages:,} passages: {self.enrolled:,} of enrolled people, "
            f"{self.others:,} of others by name, {self.unreviewed - self.left_out:,} unreviewed; "
            f"left out {self.mixed:,} mixed, {self.unsure:,} unsure, {self.disputed:,} disputed, "
            f"{self.left_out:,} unreviewed"
        )


def named_truth(
    material: Material,
    tracks: Tracks,
    labels: Labels,
    groups: Groups,
    *,
    enrolled: frozenset[str] = frozenset(),
    unreviewed: Unreviewed = "proposed",
    disputed: Disputed = "refuse",
) -> tuple[Truth, NamedCounts]:
    """The truth that `labels` give, and what became of every track.

    Parameters
    ----------
    material, tracks : Material, Tracks
        The passages, and their observations.
    labels : Labels
        What the answers say.
    groups : Groups
        The proposed people.
    enrolled : frozenset of str
        Subject ids of the watchlist: for the counts.
    unreviewed : {"proposed", "strangers", "left out"}
        Whose the passages are that no answer concerns.
    disputed : {"refuse", "leave out"}
        What becomes of answers that contradict each other.

    Raises
    ------
    BadInput
        Answers contradict each other and are to be refused, or an option is none.
    NotMeasured
        Nothing is left.
    """
    if unreviewed not in get_args(Unreviewed) or disputed not in get_args(Disputed):
        raise BadInput(f"unreviewed={unreviewed!r} or disputed={disputed!r} is no choice", place="named_truth")
    if disputed == "refuse":
        labels.require_one_mind()
    names = material.sample_id.tolist()
    out = labels.mixed | labels.unsure | labels.disputed
    subject = _subjects(material, labels, groups, unreviewed)
    fresh = np.array([n not in labels.person and n not in out and not s for n, s in zip(names, material.subject_id)])
    kept = np.array([name not in out for name in names]) & ~(fresh & (unreviewed == "left out"))
    if not kept.any():
        raise NotMeasured("no passage is left: nothing was answered yet, and the unreviewed ones are left out")
    passage = _passages(material, subject, np.flatnonzero(kept), set(labels.person))
    row = np.array([material.row_of[name] for name in tracks.passage_id.tolist()])
    seen = kept[row]
    truth = Truth(
        tracks.camera[seen], tracks.frame[seen], passage[row][seen], subject[row][seen], _with_area(tracks.box[seen])
    )
    known = kept & ~fresh
    mated = np.isin(subject, list(enrolled)) if enrolled else np.zeros(len(names), np.bool_)
    counts = NamedCounts(
        tracks=int(kept.sum()),
        passages=len(set(passage[kept].tolist())),
        enrolled=int((known & mated).sum()),
        others=int((known & ~mated).sum()),
        unreviewed=int(fresh.sum()),
        mixed=len(labels.mixed),
        unsure=len(labels.unsure - labels.mixed),
        disputed=len(labels.disputed - labels.mixed - labels.unsure),
        left_out=int((fresh & ~kept).sum()),
    )
    return truth, counts


def _subjects(material: Material, labels: Labels, groups: Groups, unreviewed: Unreviewed) -> Strings:
    """(n,) whose each track is."""
    proposed: dict[int, str] = {}
    found = []
    for row, (name, old) in enumerate(zip(material.sample_id.tolist(), material.subject_id.tolist())):
        who = labels.person.get(name, old)
        if not who and unreviewed == "proposed":
            group = int(groups.group[row])
            first = int(groups.members(group)[0])
            who = proposed.setdefault(group, "g" + made_up_name(str(material.anchor[first]))[1:])
        found.append(who)
    return np.array(found, np.str_)


def _passages(material: Material, subject: Strings, kept: Any, confirmed: set[str]) -> Strings:
    """(n,) the passage of each track: its own, or the one that it goes on with."""
    found = material.sample_id.astype(object)
    last: dict[tuple[int, str], int] = {}
    for row in kept[np.argsort(material.start_s[kept], kind="stable")].tolist():
        key = int(material.clip[row]), str(subject[row])
        before = last.get(key)
        joins = before is not None and key[1] and str(material.sample_id[row]) in confirmed
        if joins and _goes_on(material, before, row):
            found[row] = found[before]
        last[key] = row
    return found.astype(np.str_)


def _goes_on(material: Material, before: int | None, row: int) -> bool:
    assert before is not None
    gap = material.start_s[row] - material.end_s[before]
    return bool(0 <= gap <= FOLLOWS_S) and not material.together(before, row)


def _with_area(box: Any) -> Any:
    """Boxes at least a pixel wide and high, as a truth's are."""
    made = np.array(box, np.float32)
    made[:, 2:] = np.maximum(made[:, 2:], made[:, :2] + 1)
    return made

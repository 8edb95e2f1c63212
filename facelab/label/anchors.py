"""Where a passage stands in the footage, so that a label finds it again: an *anchor*, one face in one frame of a clip.

Track numbers change with the settings and files move, so a label names neither. It names the clip by the SHA-256 of its
content, the frame by its number in that clip, and the face by its box:
``gate@1234:100,50,160,120#9f86d081884c7d65``. A passage of a later tracking is the one whose box of that frame overlaps
the anchor's most, with an intersection over union of at least .5. Enrolled people stand beside passages as
``person=<subject id>``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.data.footage import Footage
    from facelab.types import Ints, Tracks

DIGITS = 16
"""So many hexadecimal digits of a clip's digest stand in an anchor."""
LEAST_IOU = 0.5
PERSON = "person="
_ANCHOR = re.compile(r"([^@|#\s]+)@(\d+):(-?\d+),(-?\d+),(-?\d+),(-?\d+)#([0-9a-f]{16})")


@dataclass(frozen=True)
class Anchor:
    """One face in one frame.

    Parameters
    ----------
    camera : str
        The camera's name, for the reader; the clip's content is what counts.
    frame : int
        The frame's number in its clip.
    box : (int, int, int, int)
        x1, y1, x2, y2 in pixels.
    clip : str
        The first digits of the SHA-256 of the clip's content.

    Examples
    --------
    >>> str(Anchor("gate", 12, (1, 2, 30, 40), "9f86d081884c7d65"))
    'gate@12:1,2,30,40#9f86d081884c7d65'
    >>> anchor_of("gate@12:1,2,30,40#9f86d081884c7d65").frame
    12
    """

    camera: str
    frame: int
    box: tuple[int, int, int, int]
    clip: str

    def __str__(self) -> str:
        """The anchor as a label file holds it."""
        corners = ",".join(str(value) for value in self.box)
        return f"{quote(self.camera, safe='')}@{self.frame}:{corners}#{self.clip}"


def anchor_of(text: str) -> Anchor:
    """The anchor that `text` names.

    Raises
    ------
    BadInput
        It is none.
    """
    found = _ANCHOR.fullmatch(text)
    if found is None:
        raise BadInput(f"a passage stands as camera@frame:x1,y1,x2,y2#clip, this is {text!r}", place="items")
    camera, frame, x1, y1, x2, y2, clip = found.groups()
    return Anchor(unquote(camera), int(frame), (int(x1), int(y1), int(x2), int(y2)), clip)


def person_item(subject_id: str) -> str:
    """How an enrolled person stands in a label file."""
    return PERSON + quote(subject_id, safe="")


def subject_of(item: str) -> str | None:
    """The subject id of an item that is an enrolled person; None where it is a passage."""
    return unquote(item[len(PERSON) :]) if item.startswith(PERSON) else None


class Anchors:
    """The anchors of the tracks of a footage, and the tracks of anchors.

    Parameters
    ----------
    footage : Footage
        Its clips, known by content.
    tracks : Tracks
        Of that footage.

    Raises
    ------
    BadInput
        A clip is live: nobody can look at it again.
    """

    def __init__(self, footage: Footage, tracks: Tracks) -> None:
        self.footage, self.tracks = footage, tracks
        digests = [clip.source.digest for clip in footage.clips]
        for clip, digest in zip(footage.clips, digests):
            if digest is None:
                raise BadInput(
                    "a live camera cannot be labelled: record it, then label the recording", place=clip.camera
                )
        self.clips: tuple[str, ...] = tuple(str(digest)[:DIGITS] for digest in digests)

    @cached_property
    def clip(self) -> Ints:
        """(n,) the clip (its position in the footage) of each observation."""
        found = np.zeros(len(self.tracks), np.int64)
        for camera in self.footage.cameras:
            numbers = np.array([k for k, c in enumerate(self.footage.clips) if c.camera == camera])
            firsts = np.array([self.footage.clips[k].first_frame for k in numbers])
            order = np.argsort(firsts)
            rows = np.flatnonzero(self.tracks.camera == camera)
            place = np.searchsorted(firsts[order], self.tracks.frame[rows], side="right") - 1
            found[rows] = numbers[order][np.maximum(place, 0)]
        return found

    def of_row(self, row: int) -> Anchor:
        """The anchor at one observation."""
        clip = int(self.clip[row])
        frame = int(self.tracks.frame[row]) - self.footage.clips[clip].first_frame
        x1, y1, x2, y2 = (round(float(value)) for value in self.tracks.box[row])
        return Anchor(str(self.tracks.camera[row]), frame, (x1, y1, x2, y2), self.clips[clip])

    @cached_property
    def _rows(self) -> dict[tuple[str, int], list[int]]:
        """The observations of each frame of each clip."""
        rows: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        first = [clip.first_frame for clip in self.footage.clips]
        for row, (clip, frame) in enumerate(zip(self.clip.tolist(), self.tracks.frame.tolist())):
            rows[self.clips[clip], frame - first[clip]].append(row)
        return dict(rows)

    def rows_of(self, track: str) -> Ints:
        """The observations of a track, in the order of time."""
        return self._rows_of[track]

    @cached_property
    def _rows_of(self) -> dict[str, Ints]:
        names, inverse = np.unique(self._track, return_inverse=True)
        order = np.lexsort((self.tracks.frame, inverse))
        starts = np.searchsorted(inverse[order], np.arange(len(names) + 1))
        return {name: order[a:b] for name, a, b in zip(names.tolist(), starts, starts[1:])}

    @cached_property
    def _track(self) -> list[str]:
        return [str(name) for name in self.tracks.passage_id.tolist()]

    def track_at(self, anchor: Anchor) -> str | None:
        """The track (``camera/track``) whose box is the anchor's; None where none is."""
        from facelab.pipeline.truthjoin import iou

        rows = self._rows.get((anchor.clip, anchor.frame))
        if not rows:
            return None
        overlap = iou(np.array([anchor.box], np.float64), self.tracks.box[rows])[0]
        best = int(np.argmax(overlap))
        return self._track[rows[best]] if overlap[best] >= LEAST_IOU else None

    def known(self, anchors: Sequence[Anchor]) -> bool:
        """Whether any of `anchors` lies in a clip of this footage."""
        return any(anchor.clip in self.clips for anchor in anchors)

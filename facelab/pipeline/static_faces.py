"""Faces that never move: posters, screens, statues. They are reported, and set aside where the settings say so.

A track is *static* where it stays in its place for `StaticFaces.after_s`: nine tenths of its boxes are centred within a
tenth of the face's width of their median. Somebody who stands still sways by more than that, 1.5 cm, within half a
minute; but a sleeper, or a clerk far away, may not, so that nothing is set aside unless it was asked for. A shorter
track of the same stillness in the same place, seen whenever nobody stood before it, is the same poster.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from facelab.pipeline.clip import ClipPassages
    from facelab.types import Floats, Ints

STILL = 0.1
"""Share of the face's width."""
MOST = 0.9
SAME_PLACE = 0.7
"""Intersection over union of two boxes in one place."""


def static_tracks(found: ClipPassages, after_s: float) -> Ints:
    """(k,) the numbers of the tracks of a clip that never move; none where `after_s` is 0."""
    if after_s <= 0 or not found.tracks:
        return np.zeros(0, np.int64)
    order = np.argsort(found.track, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(found.track[order])) + 1)
    boxes = [found.box[r].astype(np.float64) for r in rows]
    places = np.array([np.median(box, axis=0) for box in boxes])
    still = np.array([_is_still(box, place) for box, place in zip(boxes, places)])
    long = np.array([found.time_s[r].max() - found.time_s[r].min() >= after_s for r in rows])
    posters = places[still & long]
    return np.array([k for k in np.flatnonzero(still) if (_overlap(places[k], posters) >= SAME_PLACE).any()], np.int64)


def without_tracks(found: ClipPassages, numbers: Ints) -> ClipPassages:
    """The clip without the tracks `numbers`; the others are numbered anew, in their order."""
    if not len(numbers):
        return found
    stays = ~np.isin(found.track, numbers)
    face_stays = stays[found.face_row]
    kept = np.setdiff1d(np.arange(found.tracks), numbers)
    return replace(
        found,
        **{name: getattr(found, name)[stays] for name in _BY_ROW},
        track=np.searchsorted(kept, found.track[stays]),
        face_row=(np.cumsum(stays) - 1)[found.face_row[face_stays]],
        embedding=found.embedding[face_stays],
    )


def named(found: ClipPassages, number: int) -> str:
    """Where and when the static track `number` was seen, on the clip's own clock."""
    rows = found.track == number
    x1, y1, x2, y2 = np.median(found.box[rows], axis=0)
    start_s, end_s = found.time_s[rows].min(), found.time_s[rows].max()
    return (
        f"a face of {x2 - x1:.0f} px at x {(x1 + x2) / 2:.0f}, y {(y1 + y2) / 2:.0f} does not move from {start_s:.1f} "
        f"to {end_s:.1f} s: a poster or a screen?"
    )


_BY_ROW = ("frame", "time_s", "box", "score", "quality", "landmarks")


def _is_still(box: Floats, place: Floats) -> bool:
    centre, middle = (box[:, :2] + box[:, 2:]) / 2, (place[:2] + place[2:]) / 2
    away = np.linalg.norm(centre - middle, axis=1)
    return bool(np.quantile(away, MOST) <= STILL * (place[2] - place[0]))


def _overlap(box: Floats, others: Floats) -> Floats:
    """(k,) intersection over union of `box` (4,) with each of `others` (k, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    area = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(both / np.maximum(area - both, 1e-9))

"""Which passage of the truth a track belongs to, and whether it holds two people.

An observation shows the passage whose truth box of the same camera and frame overlaps it most, with an intersection
over union of at least .5. A track joins the passage that more than half of all its observations show. A track is
*mixed* when a second person's share of the observations that show anybody is at least a tenth.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.data.truth import Truth
    from facelab.types import Floats, Strings, Tracks

LEAST_IOU = 0.5
MIXED_SHARE = 0.1


@dataclass(frozen=True)
class Joined:
    """What the truth says of one track: its passage and subject (None: no passage), and whether it is mixed."""

    passage: str | None
    subject: str
    mixed: bool


def iou(a: Floats, b: Floats) -> NDArray[np.float64]:
    """(n, m) intersection over union of boxes `a` (n, 4) and `b` (m, 4), xyxy.

    Examples
    --------
    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[0, 1, 2, 3], [5, 5, 6, 6]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    a, b = np.asarray(a, np.float64)[:, None], np.asarray(b, np.float64)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.clip(sides, 0.0, None).prod(axis=-1)
    area_a, area_b = (a[..., 2:] - a[..., :2]).prod(axis=-1), (b[..., 2:] - b[..., :2]).prod(axis=-1)
    return np.asarray(common / np.maximum(area_a + area_b - common, 1e-12))


def shown_passage(tracks: Tracks, truth: Truth) -> Strings:
    """(n,) the passage that each observation shows; empty where the truth has no box there."""
    known: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, at in enumerate(zip(truth.camera.tolist(), truth.frame.tolist())):
        known[at].append(row)
    seen: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, at in enumerate(zip(tracks.camera.tolist(), tracks.frame.tolist())):
        if at in known:
            seen[at].append(row)
    shown = np.full(len(tracks), "", truth.passage_id.dtype if len(truth) else np.dtype("<U1"))
    for at, rows in seen.items():
        overlap = iou(tracks.box[rows], truth.box[known[at]])
        best = overlap.argmax(axis=1)
        for row, column, value in zip(rows, best, overlap[np.arange(len(rows)), best]):
            if value >= LEAST_IOU:
                shown[row] = truth.passage_id[known[at][int(column)]]
    return shown


def joined_tracks(tracks: Tracks, truth: Truth) -> dict[str, Joined]:
    """What the truth says of each track, by ``camera/track``."""
    subject = dict(zip(truth.passage_id.tolist(), truth.subject_id.tolist()))
    views: dict[str, Counter[str]] = defaultdict(Counter)
    for track, passage in zip(tracks.passage_id.tolist(), shown_passage(tracks, truth).tolist()):
        views[track][passage] += 1
    return {track: _joined(view, subject) for track, view in views.items()}


def _joined(view: Counter[str], subject: dict[str, str]) -> Joined:
    observations = view.total()
    people: Counter[str] = Counter()
    for passage, count in view.items():
        if passage:
            # an unlabelled person is a person of their own
            people[subject[passage] or f"\0{passage}"] += count
    ranked = people.most_common()
    mixed = len(ranked) > 1 and sum(c for _, c in ranked[1:2]) >= MIXED_SHARE * people.total()
    passage, count = max(((p, c) for p, c in view.items() if p), key=lambda pc: pc[1], default=("", 0))
    if 2 * count <= observations:
        return Joined(None, "", mixed)
    return Joined(passage, subject[passage], mixed)

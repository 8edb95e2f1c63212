"""Tracks that may hold two people: where along a track the face changes most.

The *seam* of a track is the lowest similarity between its (up to four) faces before a moment and the (up to four) after
it, each side pooled: what `facelab.pipeline.splitting` cuts at, below the threshold at which it cuts. It is read from
what the clips' models left in the cache; where a clip is not kept there is nothing to read, and the track has no seam.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from facelab.pipeline.fragments import template
from facelab.pipeline.splitting import WINDOW

if TYPE_CHECKING:
    from facelab.config import PipelineSettings
    from facelab.data.footage import Footage
    from facelab.label.material import Material
    from facelab.pipeline.clip import ClipPassages
    from facelab.pipeline.packs import Pack
    from facelab.types import Floats, Ints


def seams(material: Material, footage: Footage, pack: Pack, settings: PipelineSettings) -> Floats:
    """(n,) the weakest similarity along each track of `material`; NaN where there are too few faces, or none kept."""
    from facelab.pipeline.clip_work import ClipWork
    from facelab.pipeline.mending import mended

    found = np.full(len(material), np.nan)
    for number, clip in enumerate(footage.clips):
        kept = ClipWork(clip.source, pack, settings).stored()
        if kept is None:
            continue
        shown = mended(kept, settings)
        track_of = _by_span(shown, clip.first_frame)
        face_track = shown.track[shown.face_row]
        for row in np.flatnonzero(material.clip == number).tolist():
            track = track_of.get((int(material.first_frame[row]), int(material.last_frame[row])))
            if track is not None:
                found[row] = weakest_seam(shown, np.flatnonzero(face_track == track))
    return found


def weakest_seam(found: ClipPassages, faces: Ints) -> float:
    """The lowest similarity between the faces before and after a moment; NaN with fewer than two faces."""
    scores = [
        float(template(found, faces[max(0, k - WINDOW) : k]) @ template(found, faces[k : k + WINDOW]))
        for k in range(1, len(faces))
        if len(faces) < 4 or 2 <= k <= len(faces) - 2  # one face alone on a side may be a bad picture
    ]
    return min(scores, default=float("nan"))


def _by_span(shown: ClipPassages, first_frame: int) -> dict[tuple[int, int], int]:
    """The track with each first and last frame; those that share both are left out."""
    first = np.full(shown.tracks, np.iinfo(np.int64).max)
    last = np.full(shown.tracks, -1)
    np.minimum.at(first, shown.track, shown.frame + first_frame)
    np.maximum.at(last, shown.track, shown.frame + first_frame)
    spans = list(zip(first.tolist(), last.tolist()))
    count = Counter(spans)
    return {span: track for track, span in enumerate(spans) if count[span] == 1}

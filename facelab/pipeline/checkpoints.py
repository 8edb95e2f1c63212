"""The faces found in a clip are kept a segment at a time, so that a long clip is not begun anew when a run is killed.

Finding faces is nearly all of the work of a long clip. What was found in each `SEGMENT` of frames that were looked at
is kept on its own (`facelab.pipeline.cache`), by the pictures, the pack and the settings of detection. A run that goes
on where another was killed decodes the clip from its start, aligns, tracks and embeds again, and finds no face twice
but those of the segment that was under way; all of it follows from the same numbers, so it ends with the same bytes.
Since nothing after detection is part of the key, another tracker or another pooling detects nothing again either.

Boxes, scores and landmarks are kept, 64 bytes a face, not the pictures of faces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.pipeline import cache
from facelab.types import LANDMARKS, Faces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from facelab.config import Detection
    from facelab.data.footage import Source
    from facelab.pipeline.packs import Pack

KIND = "detections"
SEGMENT = 1000
"""Looks a segment: at 10 ms each, a kill costs each worker ten seconds at most."""


class Checkpoints:
    """The faces of one clip, look by look: those kept before, and those found now.

    `known` is asked and `add` is told of every look, each in the order of the frames.

    Parameters
    ----------
    about : mapping
        What the faces follow from: content, pack and settings of detection.
    title : str
        What a listing of the cache calls it.
    intact : callable
        Whether the footage is still what its digest says; where it is not, nothing more is kept.
    """

    def __init__(self, about: Mapping[str, Any], title: str, intact: Callable[[], bool] = lambda: True) -> None:
        self._about, self._title, self._intact = dict(about), title, intact
        self._asked = 0
        self._loaded: list[Faces] = []
        self._was_known: dict[int, int] = {}
        self._new: list[Faces] = []
        self._added = 0

    def known(self) -> Faces | None:
        """The faces of the next look, where they were kept before."""
        segment, position = divmod(self._asked, SEGMENT)
        if position == 0:
            self._loaded = self._kept(segment)
            self._was_known[segment] = len(self._loaded)
        self._asked += 1
        return self._loaded[position] if position < len(self._loaded) else None

    def add(self, faces: Faces) -> None:
        """Take in what the next look has found; a segment that is whole is kept at once."""
        self._new.append(faces)
        self._added += 1
        if len(self._new) == SEGMENT:
            self._keep()

    def finish(self) -> None:
        """Keep what is left; the clip has ended."""
        if self._new:
            self._keep()

    def _keep(self) -> None:
        segment = (self._added - 1) // SEGMENT
        faces, self._new = self._new, []
        if self._was_known.pop(segment, 0) >= len(faces) or not self._intact():
            return
        arrays = {
            "count": np.array([len(found) for found in faces], np.int64),
            "box": np.concatenate([found.box for found in faces]),
            "score": np.concatenate([found.score for found in faces]),
            "landmarks": np.concatenate([found.landmarks for found in faces]).reshape(-1, 2 * LANDMARKS),
        }
        cache.store(KIND, self._key(segment), arrays, {}, title=f"{self._title}, part {segment + 1}")

    def _kept(self, segment: int) -> list[Faces]:
        kept = cache.load(KIND, self._key(segment))
        if kept is None:
            return []
        values, _ = kept
        ends = np.cumsum(values["count"])[:-1]
        parts = (np.split(values[name], ends) for name in ("box", "score", "landmarks"))
        return [Faces(box, score, points.reshape(-1, LANDMARKS, 2)) for box, score, points in zip(*parts)]

    def _key(self, segment: int) -> dict[str, Any]:
        return self._about | {"segment": segment, "looks": SEGMENT}


def checkpoints(digest: str | None, source: Source, pack: Pack, settings: Detection) -> Checkpoints | None:
    """The checkpoints of the clip `source`, whose pictures have `digest`; None where they are live: never kept."""
    if digest is None:
        return None
    about = {"content": digest, "pack": pack.fingerprint, "detection": settings.model_dump(mode="json")}
    return Checkpoints(about, f"{source.camera}, {pack.name}", lambda: not getattr(source, "changed", False))

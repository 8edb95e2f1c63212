"""Embeddings of chosen observations: the footage is read once more, and only the faces asked for are embedded."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.losses import Losses
from facelab.errors import BadInput
from facelab.pipeline import cache
from facelab.pipeline.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.footage import Clip, Footage
    from facelab.pipeline.packs import Pack
    from facelab.types import Floats, Frame, Ints, Tracks

KIND = "observations"


def observation_embeddings(
    footage: Footage, tracks: Tracks, rows: Ints, pack: Pack, *, progress: bool = True
) -> Floats:
    """(m, d) the embeddings of the observations `rows` (m,) of `tracks`; NaN where a face gives none.

    What was computed is kept by the footage's pictures, the pack and the places of the faces.
    """
    rows = np.asarray(rows, np.int64)
    pictures = footage.pictures_digest
    places = hashlib.sha256()
    for column in (tracks.frame[rows], tracks.landmarks[rows]):
        places.update(np.ascontiguousarray(column).tobytes())
    places.update("\n".join(tracks.camera[rows].tolist()).encode())
    about = {"content": pictures, "pack": pack.fingerprint, "faces": places.hexdigest()}
    kept = None if pictures is None else cache.load(KIND, about)
    if kept is not None:
        return kept[0]["embedding"]
    found = _embedded(footage, tracks, rows, pack, progress)
    if pictures is not None:
        cache.store(KIND, about, {"embedding": found}, {}, title=f"{footage.name}, {pack.name}")
    return found


def _embedded(footage: Footage, tracks: Tracks, rows: Ints, pack: Pack, progress: bool) -> Floats:
    wanted: dict[tuple[str, int], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        wanted[str(tracks.camera[row]), int(tracks.frame[row])].append(position)
    found = np.full((len(rows), pack.dimension), np.nan, np.float32)
    with progress_bar(f"{footage.name}: embedding", footage.frames_expected, "frame", wanted=progress) as bar:
        for clip in footage.clips:
            for frame in _frames(clip):
                bar.update(1)
                positions = wanted.get((frame.camera, frame.index))
                if positions:
                    found[positions] = pack.embed(frame.image, tracks.landmarks[rows[positions]])
    return found


def _frames(clip: Clip) -> Iterator[Frame]:
    """The frames of `clip`; none of one that cannot be read, which has no observation either."""
    with contextlib.suppress(BadInput):
        yield from clip.frames(Losses())

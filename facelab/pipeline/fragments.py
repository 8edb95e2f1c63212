"""The tracks of a clip as lists of rows, and a clip told anew with other tracks: what splitting and re-joining share.

A track is the list of its observations and of its embedded faces, both rows of the clip's own arrays, in the order of
time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.pipeline.templates import pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facelab.pipeline.clip import ClipPassages
    from facelab.types import Ints


@dataclass(frozen=True, eq=False)
class Fragment:
    """Some observations of one person, or what is taken for one: rows of the clip, and of its embedded faces.

    Shapes: seen (n,) rows of the clip's observations, n at least 1; faces (m,) rows of its embeddings; in the order of
    time.
    """

    seen: Ints
    faces: Ints


def fragments_of(found: ClipPassages) -> list[Fragment]:
    """The tracks of a clip, in the order of their numbers."""
    face_track = found.track[found.face_row]
    return [Fragment(np.flatnonzero(found.track == k), np.flatnonzero(face_track == k)) for k in range(found.tracks)]


def with_fragments(found: ClipPassages, fragments: Sequence[Fragment], *, least: int = 1) -> ClipPassages:
    """The clip with `fragments` as its tracks, numbered in the order in which they begin.

    Parameters
    ----------
    found : ClipPassages
        What the fragments are rows of; what is in none of them is left out.
    fragments : list of Fragment
        No row is in two of them.
    least : int
        Fragments with fewer observations are dropped, and counted among the short tracks.
    """
    kept = sorted((f for f in fragments if len(f.seen) >= least), key=lambda f: int(f.seen[0]))
    short = [len(f.seen) for f in fragments if len(f.seen) < least]
    track = np.full(len(found.track), -1, np.int64)
    for k, fragment in enumerate(kept):
        track[fragment.seen] = k
    rows = np.flatnonzero(track >= 0)
    faces = np.flatnonzero(track[found.face_row] >= 0)
    columns = ("frame", "time_s", "box", "score", "quality", "landmarks")
    return replace(
        found,
        **{name: getattr(found, name)[rows] for name in columns},
        track=track[rows],
        face_row=np.searchsorted(rows, found.face_row[faces]),
        embedding=found.embedding[faces],
        short_tracks=found.short_tracks + len(short),
        short_faces=found.short_faces + sum(short),
    )


def template(found: ClipPassages, faces: Ints) -> NDArray[np.float64]:
    """(d,) what `faces` (rows of the embeddings, at least one) look like together, however templates are pooled."""
    embedding, _ = pooled(found.embedding[faces], found.quality[found.face_row[faces]], "quality_weighted")
    return embedding.astype(np.float64)


def moves(found: ClipPassages, seen: Ints) -> NDArray[np.float64]:
    """(n - 1,) how far a track moves from each observation to the next, in widths of the smaller of the two boxes."""
    box = found.box[seen].astype(np.float64)
    middle, width = (box[:, :2] + box[:, 2:]) / 2, np.maximum(box[:, 2] - box[:, 0], 1.0)
    return np.asarray(np.hypot(*np.diff(middle, axis=0).T) / np.minimum(width[1:], width[:-1]))

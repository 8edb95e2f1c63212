"""Clips as the tracker leaves them, written down by hand: boxes, times and embeddings of a few people."""

from __future__ import annotations

import numpy as np

from facelab.data.losses import Losses
from facelab.pipeline.clip import ClipPassages

DIMENSION = 4
STEP_S = 0.1
NAMES = "abcd"


def face(name, noise=0.0):
    """The unit embedding of a person, a little off where `noise` is given (towards nobody)."""
    vector = np.eye(DIMENSION)[NAMES.index(name)] + noise * np.ones(DIMENSION) / 2
    return vector / np.linalg.norm(vector)


def clip_of(*tracks):
    """A clip of `tracks`, each a list of (frame, who, x, width); a name in capitals is not embedded."""
    rows = sorted((frame, t, who, x, width) for t, track in enumerate(tracks) for frame, who, x, width in track)
    frame = np.array([row[0] for row in rows], np.int64)
    x = np.array([row[3] for row in rows], float)
    width = np.array([row[4] for row in rows], float)
    face_row = np.flatnonzero([row[2].islower() for row in rows])
    embedding = [face(rows[k][2]) for k in face_row]
    n = len(rows)
    return ClipPassages(
        frame=frame,
        time_s=frame * STEP_S,
        track=np.array([row[1] for row in rows], np.int64),
        box=np.column_stack([x, np.zeros(n), x + width, width]).astype(np.float32),
        score=np.full(n, 0.9, np.float32),
        quality=np.full(n, 0.5, np.float32),
        landmarks=np.zeros((n, 5, 2), np.float32),
        face_row=face_row,
        embedding=np.array(embedding, np.float32).reshape(-1, DIMENSION),
        faces=n,
        untracked=0,
        short_tracks=0,
        short_faces=0,
        losses=Losses(),
    )


def track(who, first, n, *, x=0.0, step=2.0, width=40.0, growth=0.0):
    """A track of `n` observations from frame `first` on, moving to the right."""
    return [(first + i, who, x + step * i, width + growth * i) for i in range(n)]


def tracks_of(found):
    """The frames of each track, in their order."""
    return [found.frame[found.track == k].tolist() for k in range(found.tracks)]

"""The score of two templates: the cosine of their unit embeddings, s = <a, b>; higher is more alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.types import Floats

BLOCK = 4096


def cosine(a: Floats, b: Floats) -> NDArray[np.float32]:
    """(p, r) float32 cosines of unit rows `a` (p, d) and `b` (r, d), a block at a time; NaN where a row is NaN."""
    a, b = np.asarray(a, np.float32), np.ascontiguousarray(b, np.float32)
    if a.shape[1] != b.shape[1] and len(a) and len(b):
        raise BadInput(f"embeddings have {a.shape[1]} and {b.shape[1]} dimensions; do they come from one pack?")
    score = np.full((len(a), len(b)), np.nan, np.float32)
    good_a, good_b = np.asarray(~np.isnan(a).any(axis=1)), np.asarray(~np.isnan(b).any(axis=1))
    columns, right = np.flatnonzero(good_b), b[good_b].T
    for start in range(0, len(a), BLOCK):
        rows = start + np.flatnonzero(good_a[start : start + BLOCK])
        score[np.ix_(rows, columns)] = a[rows] @ right
    return score

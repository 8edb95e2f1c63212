"""The faces of one passage become one template.

With unit embeddings e_i of quality q_i, i = 1..n, and u(x) = x / |x|:

===================  ==========================================================================
quality_weighted     u(sum_i q_i e_i); all weights equal where every quality is 0
mean                 u(sum_i e_i)
best                 e_i of the highest q_i
medoid               e_i with the highest sum_j <e_i, e_j>: the one most like the others
===================  ==========================================================================

Of equals the first counts. Where faces cancel each other (a sum of length 0) the best one stands for the passage. The
quality of a template is the mean quality of the faces in it, weighted as they are (that of the one face for `best` and
`medoid`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.types import Floats

PoolingMethod: TypeAlias = Literal["quality_weighted", "mean", "best", "medoid"]
SHORTEST = 1e-6


def pooled(embedding: Floats, quality: Floats, method: PoolingMethod) -> tuple[NDArray[np.float32], float]:
    """One unit embedding (d,) and its quality, of the faces of one passage.

    Parameters
    ----------
    embedding : (n, d) array
        Unit embeddings, n at least 1.
    quality : (n,) array
        In [0, 1].
    method : {"quality_weighted", "mean", "best", "medoid"}
        See the table above.

    Raises
    ------
    BadInput
        There is no face to pool.

    Examples
    --------
    >>> import numpy as np
    >>> embedding, quality = pooled(np.eye(2), np.array([0.8, 0.6]), "quality_weighted")
    >>> [round(float(value), 3) for value in embedding], round(quality, 3)
    ([0.8, 0.6], 0.714)
    """
    e, q = np.asarray(embedding, np.float64), np.asarray(quality, np.float64)
    if not len(e):
        raise BadInput("a template needs at least one face, there is none", place="pooled")
    if method == "medoid":
        return _one(e, q, int(np.argmax((e @ e.T).sum(axis=1))))
    best = int(np.argmax(q))
    if method == "best":
        return _one(e, q, best)
    w = q if method == "quality_weighted" and q.sum() > 0 else np.ones_like(q)
    total = w @ e
    length = float(np.linalg.norm(total))
    if length < SHORTEST * w.sum():
        return _one(e, q, best)
    return (total / length).astype(np.float32), float(w @ q / w.sum())


def _one(e: NDArray[np.float64], q: NDArray[np.float64], i: int) -> tuple[NDArray[np.float32], float]:
    return (e[i] / np.linalg.norm(e[i])).astype(np.float32), float(q[i])

"""The score of a confirmation rule: up to which threshold m of the last n faces of a track would confirm somebody.

Of the k faces of a track in the order in which they are known, the scores of one subject are s_1 … s_k (NaN: no
template, which takes its place among the n). The rule raises that subject at T where m of some n faces in a row are at
or above T; the highest such T is

    max over i of the m-th highest of s_(i-n+1) … s_i

so that a whole error curve, a smaller gallery and a larger one are read off one table, as with the template of a
passage. `WatchRule` (`facelab.stats.alarms`) asks one thing more: on each of these faces the subject must be the best
of the gallery. Where two subjects are both at or above T on one face it may keep silent, or wait; here both count. So
false alarms are never fewer here than there, and at thresholds at which a site can run they hardly differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.stats._given import FloatArray
    from facelab.types import Floats


def confirmed_scores(scores: Floats, m: int, n: int) -> FloatArray:
    """(s,) the highest threshold at which m of the last n faces confirm each of s subjects; NaN where none does.

    Parameters
    ----------
    scores : (k, s) array
        Of k faces in the order in which they are known against s subjects; NaN: no score.
    m, n : int
        1 <= m <= n. A track of fewer than n faces is one window.

    Raises
    ------
    BadInput
        Another m or n, or scores of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> confirmed_scores(np.array([[.5, .1], [.2, .6], [.4, .1], [.3, .7]]), 2, 3).tolist()
    [0.4, 0.6]
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise BadInput(f"must have shape (faces, subjects), it has {table.shape}", place="scores")
    if not 1 <= m <= n:
        raise BadInput(f"m of n faces wants 1 <= m <= n, not {m} of {n}", place="m")
    k, s = table.shape
    if k < m:
        return np.full(s, np.nan)
    filled = np.where(np.isnan(table), -np.inf, table)
    ends = range(min(n, k), k + 1)
    windows = np.stack([np.sort(filled[max(end - n, 0) : end], axis=0)[-m] for end in ends])
    best = windows.max(axis=0)
    return np.where(np.isneginf(best), np.nan, best)

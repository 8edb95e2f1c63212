"""Which points no other point beats: the Pareto front of errors and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def non_dominated(values: ArrayLike) -> NDArray[np.bool_]:
    """Which rows of `values` no other row dominates.

    Row a dominates row b where a is at most b everywhere and below it somewhere. Equal rows stand or fall together.

    Parameters
    ----------
    values : (n, d) array
        Of each point what is to be small: errors, costs. A row with a NaN is never on the front.

    Returns
    -------
    (n,) bool array

    Examples
    --------
    >>> non_dominated([[1, 3], [2, 2], [3, 3], [1, 3]]).tolist()
    [True, True, False, True]
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2:
        raise BadInput(f"the values are a table (n, d), this has {table.ndim} dimensions", place="values")
    whole: NDArray[np.bool_] = ~np.isnan(table).any(axis=1)
    front = whole.copy()
    for k in np.flatnonzero(whole):
        beaten_by = (table[whole] <= table[k]).all(axis=1) & (table[whole] < table[k]).any(axis=1)
        front[k] = not beaten_by.any()
    return front


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """What the points of a sweep cost and how they err, with the front among them.

    Parameters
    ----------
    label : tuple of str
        What each point is called.
    fpir, fnir : (n,) array
        Shares, at the threshold of each point.
    cost : (n,) array
        Of each point.
    unit : str
        What `cost` counts, such as ``embeddings a frame``.
    best : int or None
        The point that the sweep's objective chose.
    finding : str
        One sentence.
    """

    label: tuple[str, ...]
    fpir: NDArray[np.float64]
    fnir: NDArray[np.float64]
    cost: NDArray[np.float64]
    unit: str
    best: int | None = None
    finding: str = ""

    @property
    def front(self) -> NDArray[np.bool_]:
        """(n,) which points no other beats in FPIR, FNIR and cost together."""
        return non_dominated(np.column_stack([self.fpir, self.fnir, self.cost]))

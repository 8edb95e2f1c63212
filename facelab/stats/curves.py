"""What curves are drawn from: bands of intervals over thresholds, and the cumulative match characteristic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.rates import Rate

if TYPE_CHECKING:
    import pandas as pd

    from facelab.types import Floats, Ints

GRID = 512
"""At most so many thresholds in a band that was not asked for at certain ones."""


@dataclass(frozen=True, eq=False)
class Band:
    """A rate and its interval at k thresholds; each interval holds by itself, not all at once.

    Shapes: thresholds, rate, low, high (k,).
    """

    measure: str
    thresholds: Floats
    rate: Floats
    low: Floats
    high: Floats
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a threshold."""
        import pandas as pd

        columns = {"threshold": self.thresholds, "rate": self.rate, "low": self.low, "high": self.high}
        return pd.DataFrame(columns).assign(measure=self.measure, confidence=self.confidence)


def band_grid(thresholds: Floats, size: int = GRID) -> Floats:
    """At most `size` of the (rising) thresholds: evenly many between, the first and the last kept.

    Half are spread over all, half over the upper tenth, where the low false-match rates are.
    """
    if len(thresholds) <= size:
        return thresholds
    tail = len(thresholds) - 1 - np.unique(np.geomspace(1, len(thresholds) / 10, size // 2).astype(np.int64))
    spread = np.linspace(0, len(thresholds) - 1, size - len(tail) - 1).round().astype(np.int64)
    return np.asarray(thresholds[np.unique(np.concatenate([spread, tail]))])


@dataclass(frozen=True, eq=False)
class Cmc:
    """The cumulative match characteristic: the share of mated searches whose mate is within rank R, no threshold.

    Shapes: ranks, hits (r,).
    """

    ranks: Ints
    hits: Ints
    mated: int

    @property
    def value(self) -> Floats:
        """(r,) hits over mated searches; NaN without one."""
        return self.hits / self.mated if self.mated else np.full(len(self.hits), np.nan)

    def rate(self, rank: int) -> Rate:
        """The identification rate within `rank` (a share of hits, independent trials)."""
        if not 1 <= rank <= len(self.ranks):
            raise BadInput(f"ranks go from 1 to {len(self.ranks)}, not {rank}", place="rank")
        return Rate(int(self.hits[rank - 1]), self.mated, f"CMC({rank})")

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a rank."""
        import pandas as pd

        return pd.DataFrame({"rank": self.ranks, "hits": self.hits, "mated": self.mated, "rate": self.value})

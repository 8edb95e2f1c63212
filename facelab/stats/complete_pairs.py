"""Pairs of a complete design: every sample of every person compared once with every sample of every other person.

With k_i samples of person i and K in all, person i takes part in k_i (K - k_i) comparisons and persons i and j have
k_i k_j. So the sums of the person-level variance (`facelab.stats.dyadic`) need only the errors, however many trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.stats.dyadic import PairTrials, carriers_of, residuals
from facelab.stats.rates import Clustering

if TYPE_CHECKING:
    from facelab.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class CompletePairs(PairTrials):
    """All pairs of samples of different people, of which only some are listed.

    Parameters
    ----------
    first, second : (l,) int arrays
        The two people of each listed comparison.
    unit : str
        What they are called in an interval's method.
    samples : (n people,) int array
        k, the samples of each person.
    """

    samples: Ints = None  # type: ignore[assignment]  # a field without a default cannot follow the parent's

    def __len__(self) -> int:
        return int((self.samples.sum() ** 2 - np.square(self.samples).sum()) // 2)

    @cached_property
    def sizes(self) -> Floats:
        """(n people,) comparisons in which each person takes part."""
        return np.asarray(self.samples * (self.samples.sum() - self.samples), dtype=np.float64)

    @cached_property
    def sides(self) -> tuple[int, int] | None:
        """None: everybody is on both sides."""
        return None

    @property
    def person_pairs(self) -> int:
        """Distinct pairs of people."""
        return self.people * (self.people - 1) // 2

    def trials_of(self, keys: Ints) -> Floats:
        """How many comparisons the pairs of people with these `keys` have."""
        length = len(self.samples)
        return (self.samples[keys // length] * self.samples[keys % length]).astype(np.float64)

    @cached_property
    def squared_trials(self) -> float:
        """Sum over pairs of people of their comparisons squared."""
        k = self.samples.astype(np.float64)
        return float((np.square(k).sum() ** 2 - (k**4).sum()) / 2)

    def clustering_of_sums(self, errors: int, ends: Floats, squares: float, products: float) -> Clustering:
        """What the interval needs, from e_i (`ends`), sum e_ij^2 (`squares`) and sum e_ij k_i k_j (`products`)."""
        if not 0 < errors < len(self):
            return Clustering(self.people, self.unit, 0.0, self.least(alike=True), unseen=self.unseen(alike=True))
        p = errors / len(self)
        residual = residuals(ends, p, self.sizes)
        variance = self.variance(p, np.square(residual).sum(), np.asarray(squares), np.asarray(products))
        carriers, least = carriers_of(residual), self.least(alike=False)
        unseen = self.unseen(alike=False)
        return Clustering(self.people, self.unit, float(variance), least, carriers, unseen)

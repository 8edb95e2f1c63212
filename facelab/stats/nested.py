"""Rates along a threshold: as it moves, trials become errors one after the other and never turn back.

With the trials in the order in which they become errors, the state of a curve at a threshold is one number, k: the
first k are errors. So the rates, the intervals and the one-sided bounds of a whole curve are running sums over that
order, exact at every threshold, and cost as much as one sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.intervals import Method, binomial_interval, checked_confidence, upper_bound
from facelab.stats.rates import Clustering, Rate, effective_trials
from facelab.stats.unseen import widened

if TYPE_CHECKING:
    from facelab.stats.dyadic import Growing, Trials
    from facelab.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class NestedErrors:
    """A rate of which the first k trials of `order` are the errors.

    Parameters
    ----------
    name : str
        What the rate is called.
    trials : int
        All trials, M.
    order : (l,) int array, l <= M
        Trials in the order in which they become errors; the rest never does in the range looked at.
    design : Trials or None
        The people behind the trials; None: independent trials.
    """

    name: str
    trials: int
    order: Ints
    design: Trials | None = None

    @cached_property
    def _growing(self) -> Growing | None:
        return None if self.design is None else self.design.growing(self.order)

    def rate(self, k: int) -> Rate:
        """The rate with the first `k` trials of the order as its errors."""
        if not 0 <= k <= len(self.order):
            raise BadInput(f"the first {k} of {len(self.order)} ordered trials are asked for", place=self.name)
        if self.design is None:
            return Rate(k, self.trials, self.name)
        if self._growing is None or k in (0, self.trials):
            return Rate(k, self.trials, self.name, self._clustering(self.design, 0.0, np.inf, alike=True))
        variance, carriers = float(self._growing.variance[k - 1]), float(self._growing.carriers[k - 1])
        return Rate(k, self.trials, self.name, self._clustering(self.design, variance, carriers, alike=False))

    def _clustering(self, design: Trials, variance: float, carriers: float, *, alike: bool) -> Clustering:
        least, unseen = design.least(alike=alike), design.unseen(alike=alike)
        return Clustering(design.people, design.unit, variance, least, carriers, unseen)

    def effective_trials(self, k: Ints, tail: float) -> Floats:
        """The independent trials that these are worth with k errors, `tail` left out on one side."""
        if self.design is None or self._growing is None:
            return np.full(np.shape(k), float(self.trials))
        alike = (k == 0) | (k == self.trials)
        at = np.clip(k - 1, 0, max(len(self.order) - 1, 0))
        padded = self._growing if len(self.order) else None
        variance = np.zeros(np.shape(k)) if padded is None else padded.variance[at]
        carriers = np.full(np.shape(k), np.inf) if padded is None else padded.carriers[at]
        least = np.where(alike, self.design.least(alike=True), self.design.least(alike=False))
        return effective_trials(k, self.trials, np.where(alike, 0.0, variance), least, carriers, tail=tail)

    def band(self, k: Ints, confidence: float = 0.95, method: Method = "auto") -> tuple[Floats, Floats]:
        """The intervals' ends with the first k trials as errors, for an array of k; NaN without a trial."""
        if not self.trials:
            return np.full(np.shape(k), np.nan), np.full(np.shape(k), np.nan)
        tail = (1 - checked_confidence(confidence)) / 2
        n = self.effective_trials(k, tail)
        return self._widened(k, binomial_interval(k / self.trials * n, n, confidence, method), n, tail)

    def upper(self, k: Ints, confidence: float = 0.95) -> Floats:
        """The one-sided upper bounds with the first k trials as errors, for an array of k."""
        tail = 1 - checked_confidence(confidence)
        n = self.effective_trials(k, tail)
        bound = upper_bound(k / max(self.trials, 1) * n, n, confidence)
        return self._widened(k, (bound, bound), n, tail)[1]

    def _widened(self, k: Ints, ends: tuple[Floats, Floats], n: Floats, tail: float) -> tuple[Floats, Floats]:
        """The intervals' ends moved apart for people who may be missing (`facelab.stats.unseen`)."""
        if self.design is None or not self.trials:
            return ends
        low, high = widened(k / self.trials, ends, n, self.design.unseen(alike=False), tail=tail)
        alike = (k == 0) | (k == self.trials)  # there the base interval allows for everybody already
        return np.where(alike, ends[0], low), np.where(alike, ends[1], high)

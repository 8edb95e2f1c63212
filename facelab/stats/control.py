"""A rate watched day after day: control limits, and how soon a change would show.

**Limits.** From the first, quiet days: the pooled rate p and how much more the days vary than independent trials would,
Laney's sigma_z (Quality Engineering 14, 2002),

    z_t = (p_t - p) / sqrt(p (1 - p) / n_t),        sigma_z = mean |z_t - z_(t-1)| / 1.128,

at least 1. A day's n trials are then worth n / sigma_z^2, and its limits are the binomial quantiles of so many: exact
for small rates, where p +- 3 sigma goes below zero. People who share their days' trials make sigma_z greater, so
nothing has to be known of them.

**Delay.** With b_1, b_2, … the chances that each day's check fires, independent from day to day, the day T of the first
one has P(T > d) = prod_{t <= d} (1 - b_t), and E[T] = sum_{d >= 0} P(T > d).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import FloatArray, IntArray, numbers, plain, within

FALSE_ALARM = 0.0027
"""Chance that a quiet day lies outside of its limits: that of three sigma."""

MOVING_RANGE = 1.128
"""Mean moving range of two normal values, in standard deviations."""


@dataclass(frozen=True, eq=False)
class ControlChart:
    """Daily rates with their limits; arrays of shape (d,).

    Parameters
    ----------
    name : str
        The rate's.
    errors, trials : arrays of int
        Of each day.
    baseline : int
        How many of the first days the limits come from.
    centre : float
        p.
    sigma_z : float
        How much more the days vary than independent trials, at least 1.
    low, high : arrays
        The limits of each day; NaN on a day without a trial.
    """

    name: str
    errors: IntArray
    trials: IntArray
    baseline: int
    centre: float
    sigma_z: float
    low: FloatArray
    high: FloatArray

    @property
    def rate(self) -> FloatArray:
        """(d,) each day's rate; NaN without a trial."""
        return _shares(self.errors, self.trials)

    @property
    def outside(self) -> IntArray:
        """The days (from 0) whose rate lies above or below its limits."""
        rate = self.rate
        return np.flatnonzero((rate > self.high) | (rate < self.low))

    def first_above(self, *, since: int = 0) -> int | None:
        """The first day from `since` on that lies above its limit; None where none does."""
        above = np.flatnonzero((self.rate > self.high) & (np.arange(len(self.errors)) >= since))
        return int(above[0]) if above.size else None

    def __repr__(self) -> str:
        return (
            f"{self.name} on {len(self.errors)} days: {self.centre:.3g} on the first {self.baseline}, "
            f"{len(self.outside)} days outside of the limits"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("name", "errors", "trials", "rate", "low", "high", "centre", "sigma_z", "baseline", "outside")
        return {name: plain(getattr(self, name)) for name in names}


def control_chart(
    name: str, errors: Any, trials: Any, *, baseline: int, false_alarm: float = FALSE_ALARM
) -> ControlChart:
    """The control chart of a daily rate.

    Parameters
    ----------
    name : str
        The rate's.
    errors, trials : (d,) arrays of int
        Of each day.
    baseline : int
        The first days, known or hoped to be quiet, at least 2.
    false_alarm : float
        Chance that a quiet day lies outside.

    Raises
    ------
    BadInput
        Errors that are more than the trials; fewer than 2 baseline days.
    NotMeasured
        No trial in the baseline.
    """
    x, n = (numbers(what, part).astype(np.int64) for what, part in (("errors", errors), ("trials", trials)))
    if len(x) != len(n) or (x > n).any() or (x < 0).any():
        raise BadInput("each day has errors, and as many trials or more", place=name)
    if not 2 <= baseline <= len(x):
        raise BadInput(f"the baseline is 2 to {len(x)} days, not {baseline}", place="baseline")
    head = slice(0, baseline)
    if not n[head].sum():
        raise NotMeasured(f"{name}: no trial in the first {baseline} days, so there is nothing to compare with")
    p = float(x[head].sum() / n[head].sum())
    sigma = _excess(_shares(x[head], n[head]), n[head], p)
    low, high = _quantiles(p, n / sigma**2, within("false_alarm", false_alarm, 0.0, 1.0))
    return ControlChart(name, x, n, baseline, p, sigma, low, high)


def _shares(errors: IntArray, trials: IntArray) -> FloatArray:
    return np.asarray(np.divide(errors, trials, out=np.full(len(errors), np.nan), where=trials > 0))


def _excess(rate: FloatArray, trials: IntArray, p: float) -> float:
    """Laney's sigma_z, at least 1."""
    there = trials > 0
    if not 0 < p < 1 or there.sum() < 2:
        return 1.0
    z = (rate[there] - p) / np.sqrt(p * (1 - p) / trials[there])
    return max(1.0, float(np.abs(np.diff(z)).mean() / MOVING_RANGE))


def _quantiles(p: float, n: FloatArray, false_alarm: float) -> tuple[FloatArray, FloatArray]:
    """The shares that so few quiet days lie below and above, of n (real) binomial trials."""
    from scipy.special import betainc

    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    for day in np.flatnonzero(n > 0):
        size = float(n[day])
        k = np.arange(int(np.ceil(size)) + 1)
        at_most = np.where(k < size, 1 - betainc(k + 1.0, np.maximum(size - k, 1e-12), p), 1.0)
        low[day] = k[np.argmax(at_most >= false_alarm / 2)] / size
        high[day] = min(1.0, k[np.argmax(at_most >= 1 - false_alarm / 2)] / size)
    return low, high


def expected_delay(chances: Any) -> float:
    """E[T]: the mean day (1: the first) of the first alarm, given each day's chance of one.

    Parameters
    ----------
    chances : (d,) array
        b_1 … b_d; after the last day its chance stays. Infinite where that is 0 and an alarm is not sure before.

    Examples
    --------
    >>> expected_delay([0.5]), expected_delay([0.0, 1.0])
    (2.0, 2.0)
    """
    b = _chances(chances)
    surviving = np.concatenate([[1.0], np.cumprod(1 - b)])
    if surviving[-1] <= 0:
        return float(surviving[:-1].sum())
    rest = surviving[-1] / b[-1] if b[-1] > 0 else np.inf
    return float(surviving[:-1].sum() + rest)


def delay_quantile(chances: Any, share: float = 0.95) -> int | None:
    """The first day by which an alarm has come with a probability of `share`; None where no day given reaches it."""
    reached = 1 - np.cumprod(1 - _chances(chances)) >= within("share", share, 0.0, 1.0)
    return int(np.argmax(reached)) + 1 if reached.any() else None


def _chances(value: Any) -> FloatArray:
    b = numbers("chances", value)
    if not b.size or (b < 0).any() or (b > 1).any():
        raise BadInput("chances are one or more numbers between 0 and 1", place="chances")
    return b

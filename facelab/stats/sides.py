"""The two sides of a verification: mated and non-mated scores, each with its counts and the people behind them.

Conventions: accept when score >= T. A failed comparison has no score; it is counted apart, outside FMR and FNMR, inside
GFAR and GFRR. Scores are kept sorted, so that a count is a look-up; who is behind them is looked at only where a rate
with its interval is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from facelab.stats.dyadic import PairTrials, PeopleTrials, rate_of
from facelab.stats.nested import NestedErrors
from facelab.stats.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.types import Bools, Floats, Ints

RUNNING = 2_000_000
"""At most so many errors are run over one by one when a threshold is certified."""


class NonMated(Protocol):
    """Non-mated scores, stored or streamed."""

    @property
    def completed(self) -> int:
        """Comparisons with a score."""

    @property
    def failed(self) -> int:
        """Comparisons without one."""

    @property
    def people(self) -> int | None:
        """People who take part; None where unknown."""

    @property
    def person_pairs(self) -> int | None:
        """Distinct pairs of people; None where unknown."""

    @property
    def highest(self) -> float:
        """The largest score."""

    @property
    def lowest(self) -> float:
        """The smallest score, or a bound below it."""

    def above(self, threshold: Floats | float) -> Ints:
        """How many scores are at or above each threshold."""

    def ranked(self, k: int) -> float:
        """The score that exactly k others precede from above; -inf where there are no more than k."""

    def after(self, score: float) -> float:
        """The smallest score above `score`; +inf where there is none."""

    def before(self, score: float) -> float:
        """The largest score below `score`; -inf where there is none."""

    def crossing(self, turned: Callable[[float, int], bool]) -> float:
        """The smallest score T at which ``turned(T, above(T))`` holds; it holds from there on. +inf: nowhere."""

    def distinct(self) -> Floats:
        """Rising scores at which counts are known without another pass."""

    def rate(self, threshold: float, *, with_failed: bool) -> Rate:
        """FMR, or GFAR over all comparisons, with the people behind it."""

    def nested(self, errors: int) -> NestedErrors:
        """FMR along the threshold, up to `errors` false matches."""

    def attained(self, errors: int) -> Ints:
        """Every number of false matches up to `errors` that some threshold has, rising from 0."""


@dataclass(frozen=True, eq=False)
class _Held:
    """Scores that are held in memory, failed comparisons among them."""

    score: Floats

    @cached_property
    def ordered(self) -> Floats:
        """(c,) the completed scores, rising."""
        return _sorted_scores(self.score)

    @cached_property
    def _completed(self) -> Bools:
        return np.asarray(~np.isnan(self.score))

    @property
    def completed(self) -> int:
        """Comparisons with a score."""
        return len(self.ordered)

    @property
    def failed(self) -> int:
        """Comparisons without one."""
        return len(self.score) - len(self.ordered)


@dataclass(frozen=True, eq=False)
class MatedScores(_Held):
    """Mated comparisons.

    Parameters
    ----------
    score : (m,) float array
        Similarities; NaN where the comparison failed.
    person : (m,) int array or None
        Whose they are, numbered from 0 without gaps; None where unknown.
    """

    person: Ints | None = None

    @property
    def people(self) -> int | None:
        """People, those included whose comparisons all failed; None where unknown."""
        return None if self.person is None else len(np.unique(self.person))

    @property
    def largest_share(self) -> float | None:
        """The largest share of the comparisons that one person holds; None where people are unknown."""
        if self.person is None or not len(self.person):
            return None
        return float(np.bincount(self.person).max() / len(self.person))

    def below(self, threshold: Floats | float) -> Ints:
        """How many completed scores are below each threshold: false non-matches."""
        return ranks_below(self.ordered, threshold)

    def after(self, score: float) -> float:
        """The smallest score above `score`; +inf where there is none."""
        at = ranks_up_to(self.ordered, score)
        return float(self.ordered[at]) if at < len(self.ordered) else np.inf

    def before(self, score: float) -> float:
        """The largest score below `score`; -inf where there is none."""
        at = int(ranks_below(self.ordered, score))
        return float(self.ordered[at - 1]) if at else -np.inf

    def _design(self, kept: Bools) -> PeopleTrials | None:
        if self.person is None:
            return None
        return PeopleTrials(np.asarray(np.unique(self.person[kept], return_inverse=True)[1]), "subjects")

    def rate(self, threshold: float, *, with_failed: bool) -> Rate:
        """FNMR, or GFRR, in which a failed comparison is an error, over all comparisons."""
        name = "GFRR" if with_failed else "FNMR"
        kept = np.ones(len(self.score), dtype=bool) if with_failed else self._completed
        error = ~(self.score[kept] >= bound_in(self.score.dtype, threshold))
        design = self._design(kept)
        return Rate(int(error.sum()), len(error), name) if design is None else rate_of(design, error, name)

    def nested(self) -> NestedErrors:
        """FNMR along the rising threshold."""
        order = np.argsort(self.score[self._completed], kind="stable")
        return NestedErrors("FNMR", len(order), order, self._design(self._completed))


@dataclass(frozen=True, eq=False)
class StoredScores(_Held):
    """Non-mated comparisons, all in memory; see `NonMated` for what each name answers.

    Parameters
    ----------
    score : (n,) float array
        Similarities; NaN where the comparison failed.
    first, second : (n,) int arrays or None
        The two people of each, in one numbering; None where unknown.
    """

    first: Ints | None = None
    second: Ints | None = None

    @cached_property
    def _design(self) -> PairTrials | None:
        if self.first is None or self.second is None:
            return None
        return PairTrials(self.first[self._completed], self.second[self._completed])

    @property
    def people(self) -> int | None:
        """People who take part, those included whose comparisons all failed."""
        if self.first is None or self.second is None:
            return None
        return len(np.union1d(self.first, self.second))

    @property
    def person_pairs(self) -> int | None:
        """Distinct pairs of people with a score."""
        return None if self._design is None else self._design.person_pairs

    @property
    def highest(self) -> float:
        """The largest score; -inf without one."""
        return float(self.ordered[-1]) if self.completed else -np.inf

    @property
    def lowest(self) -> float:
        """The smallest score; +inf without one."""
        return float(self.ordered[0]) if self.completed else np.inf

    def above(self, threshold: Floats | float) -> Ints:
        """How many scores are at or above each threshold."""
        return np.asarray(self.completed - ranks_below(self.ordered, threshold))

    def ranked(self, k: int) -> float:
        """The score that exactly k others precede from above; -inf where there are no more than k."""
        return float(self.ordered[-1 - k]) if k < self.completed else -np.inf

    def after(self, score: float) -> float:
        """The smallest score above `score`; +inf where there is none."""
        at = ranks_up_to(self.ordered, score)
        return float(self.ordered[at]) if at < self.completed else np.inf

    def before(self, score: float) -> float:
        """The largest score below `score`; -inf where there is none."""
        at = int(ranks_below(self.ordered, score))
        return float(self.ordered[at - 1]) if at else -np.inf

    def crossing(self, turned: Callable[[float, int], bool]) -> float:
        """The smallest score at which ``turned`` holds."""
        return first_turned(self.ordered, lambda score: turned(score, int(self.above(score))))

    def distinct(self) -> Floats:
        """The distinct scores, rising."""
        return np.unique(self.ordered)

    def rate(self, threshold: float, *, with_failed: bool) -> Rate:
        """FMR, or GFAR, in whose denominator the failed comparisons stay."""
        name = "GFAR" if with_failed else "FMR"
        if self.first is None or self.second is None:
            trials = len(self.score) if with_failed else self.completed
            return Rate(int(self.above(threshold)), trials, name)
        bound = bound_in(self.score.dtype, threshold)
        if with_failed and self.failed:
            return rate_of(PairTrials(self.first, self.second), self.score >= bound, name)
        assert self._design is not None
        return rate_of(self._design, self.score[self._completed] >= bound, name)

    def nested(self, errors: int) -> NestedErrors:
        """FMR along the falling threshold, up to `errors` false matches (ties beyond them left out)."""
        if self._design is None:
            return NestedErrors("FMR", self.completed, np.arange(min(errors, self.completed)))
        score = self.score[self._completed]
        reached = np.flatnonzero(score > self.ranked(errors))
        order = reached[np.argsort(-score[reached], kind="stable")]
        return NestedErrors("FMR", self.completed, order, self._design)

    def attained(self, errors: int) -> Ints:
        """Every number of false matches up to `errors` that some threshold has, rising from 0."""
        return attained_counts(self.ordered, errors)


def bound_in(dtype: Any, threshold: Floats | float) -> Any:
    """The smallest number of the scores' own `dtype` that is at or above each threshold: comparing with it is exact.

    Comparing float32 scores with a float64 threshold would round the threshold, or copy the scores.

    Examples
    --------
    >>> bool(bound_in(np.dtype(np.float32), 0.1) >= 0.1)
    True
    """
    wide = np.asarray(threshold, dtype=np.float64)
    narrow = wide.astype(dtype)
    return np.where(narrow < wide, np.nextafter(narrow, np.asarray(np.inf, dtype=dtype)), narrow).astype(dtype)


def ranks_below(ordered: Floats, threshold: Floats | float) -> Ints:
    """How many of the rising scores are below each threshold."""
    return np.asarray(np.searchsorted(ordered, bound_in(ordered.dtype, threshold), side="left"))


def ranks_up_to(ordered: Floats, score: float) -> int:
    """How many of the rising scores are at or below `score`."""
    return int(np.searchsorted(ordered, _last_in(ordered.dtype, score), side="right"))


def _last_in(dtype: Any, score: float) -> Any:
    """The largest number of `dtype` that is at or below `score`."""
    return -bound_in(dtype, -score)


def _sorted_scores(score: Floats) -> Floats:
    """The scores that are there, rising: NaN sorts last."""
    ordered = np.sort(score)
    return ordered[: int(np.searchsorted(ordered, np.inf, side="right"))]


def attained_counts(ordered: Floats, errors: int) -> Ints:
    """The numbers of the rising scores, up to `errors`, that are at or above some threshold, rising from 0."""
    tail = ordered[max(0, len(ordered) - errors - 1) :]
    starts = np.flatnonzero(np.r_[True, tail[1:] != tail[:-1]][: len(tail)])
    counts = len(tail) - starts[::-1]
    return np.append(0, counts[counts <= errors])


def first_turned(ordered: Floats, turned: Callable[[float], bool]) -> float:
    """The smallest of the rising scores at which `turned` holds (it holds from there on); +inf: nowhere."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(float(ordered[middle])) else (middle + 1, high)
    return float(ordered[low]) if low < len(ordered) else np.inf

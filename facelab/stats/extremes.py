"""How unusual a value is for the set it comes from: the highest of many pairs, and outliers among many references.

**Pairs.** Of n non-mated comparisons E(s) are expected at or above s. Pairs are *unusual* down to the lowest score with
E(s) <= .05 x (pairs at or above s): of those named at most one in twenty is expected by chance (the step-up procedure
of Benjamini and Hochberg, p = E / n). Where nothing is wrong the first needs E(s) <= .05, and, whatever depends on
what, at most one set in twenty has such a pair (Markov's inequality). E falls with the score and grows with n, so a
score that is unusual among 100 people need not be among 100,000. With m the median of the scores
and u the k-th highest, k = 500 or 5 % of n where that is less, the scores above u follow the tail of a normal
distribution around m,

    E(s) = k S((s - m) / w) / S((u - m) / w),   S(z) = 1 - Phi(z),

whose width w is fitted to them by maximum likelihood. Errors that are looked for are themselves among the highest, so
the highest tenth of the k is *censored* at its lowest value c (the likelihood has their number m' and not their scores:
m' ln S((c - m) / w)), and what was found unusual is taken out and w fitted again until nothing more is found. With
fewer than 100 comparisons m is at least 0 and w is 1.1 times the larger of their spread and .075 (`USUAL`). Below u, E
is a share of the sample times n.

Why a normal tail and not a generalised Pareto one (`facelab.stats.tail`): cosines in hundreds of dimensions are nearly
normal, one parameter is learnt from few exceedances, and a shape learnt from a censored tail was too short. On random
parts of real and of generated watchlists without errors, 20 to 500 people, some pair was called unusual in 0 to 11 % of
the parts, in 9 to 65 % with a generalised Pareto tail, and never with an exponential one, which misses more
(docs/gallery_audit.md).

**References.** Of r values that are normal but for a few, one is an outlier where r (1 - Phi(z)) <= level,
z = (x - median) / (1.4826 MAD): at most so many are expected among r good ones (Davies and Gather, JASA 88, 1993: the
outlier region of r observations with Hampel's identifier). Counts (of how many pairs a reference is among the highest)
are negative binomial, by moments of those that are not outliers, instead.

Sources: Davies and Gather (1993); Benjamini and Hochberg, JRSS B 57 (1995); Cohen, Technometrics 1 (1959) for normal
samples that are truncated and censored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, IntArray, numbers, within

if TYPE_CHECKING:
    from facelab.stats._given import BoolArray

LEVEL = 0.05
MOST = 500
LARGEST_SHARE = 0.05
CENSORED = 0.1
ENOUGH = 100
USUAL = (0.0, 0.075)
WIDER = 1.1
ROUNDS = 20


@dataclass(frozen=True, eq=False, repr=False)
class HighestPairs:
    """The upper tail of n non-mated comparisons, most of which are right.

    Parameters
    ----------
    comparisons : int
        n.
    start, exceedances : float, int
        u and k: the tail speaks of scores above u, the sample of those below; -inf and n where the tail is all.
    middle, width : float
        m and w.
    sample : (m,) array
        An even sample of the scores, rising.
    edge : float
        The score from which a pair is unusual; NaN before it was sought (`unusual_pairs`).
    """

    comparisons: int
    start: float
    exceedances: int
    middle: float
    width: float
    sample: FloatArray
    edge: float = float("nan")

    def expected(self, score: FloatArray | float) -> FloatArray:
        """E(s), how many of the n comparisons would be at or above each score by chance; scores of any shape."""
        s = np.asarray(score, dtype=np.float64)
        above = self.exceedances * np.exp(
            self._log_survival(np.maximum(s, self.start)) - self._log_survival(self.start)
        )
        below = self.comparisons * (1.0 - np.searchsorted(self.sample, s, side="left") / max(len(self.sample), 1))
        return np.asarray(np.where(s >= self.start, above, np.maximum(below, self.exceedances)))

    def chance(self, score: FloatArray | float) -> FloatArray:
        """P(S >= s) of one non-mated comparison."""
        return np.asarray(self.expected(score) / max(self.comparisons, 1))

    def score_at(self, expected: float) -> float:
        """The score that `expected` of the n comparisons are at or above, by tail or sample; NaN without any."""
        wanted = within("expected", expected, 0.0, float("inf"))
        if not self.comparisons:
            return float("nan")
        if wanted > self.exceedances:
            return float(np.quantile(self.sample, max(1.0 - wanted / self.comparisons, 0.0)))
        log_share = np.log(wanted / max(self.exceedances, 1)) + self._log_survival(self.start)
        return float(self.middle - self.width * ndtri_exp(min(float(log_share), -1e-12)))

    def _log_survival(self, score: FloatArray | float) -> FloatArray:
        """Ln S((s - m) / w)."""
        return np.asarray(log_ndtr(-(np.asarray(score) - self.middle) / self.width))

    def __repr__(self) -> str:
        return f"{self.comparisons:,} non-mated pairs: from {self.score_at(LEVEL):.3f} on fewer than {LEVEL:g} expected"


def highest_pairs(highest: FloatArray, comparisons: int, sample: FloatArray) -> HighestPairs:
    """The upper tail of non-mated comparisons.

    Parameters
    ----------
    highest : (k,) array
        The highest scores, highest first; 501 at least where there are as many.
    comparisons : int
        n, all of them.
    sample : (m,) array
        An even sample of all, in any order; all of them where they are few.

    Raises
    ------
    BadInput
        More scores than comparisons, or scores that do not fall.

    Examples
    --------
    >>> score = np.sort(np.random.default_rng(1).normal(0, .07, 100_000))
    >>> found = highest_pairs(score[::-1][:1000], len(score), score)
    >>> round(found.width, 2), bool(found.expected(.4) < .01)
    (0.07, True)
    """
    top, spread = numbers("highest", highest), np.sort(numbers("sample", sample))
    if len(top) > comparisons:
        raise BadInput(f"{len(top)} scores of {comparisons} comparisons", place="highest")
    if (np.diff(top) > 0).any():
        raise BadInput("the highest scores must come highest first", place="highest")
    middle = float(np.median(spread)) if len(spread) else USUAL[0]
    usual = max(1.4826 * float(np.median(np.abs(spread - middle))), 1e-3) if len(spread) else USUAL[1]
    if len(spread) < ENOUGH:
        middle, usual = max(middle, USUAL[0]), max(usual, USUAL[1])
    k = min(MOST, int(LARGEST_SHARE * comparisons), len(top) - 1) if len(spread) >= ENOUGH else 0
    if k < 1 or top[k] <= middle:
        return HighestPairs(comparisons, -np.inf, comparisons, middle, WIDER * usual, spread)
    censored = round(CENSORED * k)
    width = censored_width(top[censored:k] - middle, censored, (float(top[k]) - middle, float(top[censored]) - middle))
    return HighestPairs(comparisons, float(top[k]), k, middle, width, spread)


def censored_width(y: FloatArray, censored: int, ends: tuple[float, float]) -> float:
    """The width w of a normal distribution around 0 from its upper tail, by maximum likelihood.

    Parameters
    ----------
    y : (k,) array
        Values above `ends[0]`.
    censored : int
        Values at or above `ends[1]` that are not among them.
    ends : (float, float)
        Where the tail starts, above 0, and where it is censored.

    Raises
    ------
    BadInput
        There is no value, or the tail does not start above 0.
    """
    start, at = ends
    if not len(y) or not start > 0:
        raise BadInput("a tail starts above the middle and has a value", place="y")
    second, count = float(np.square(y).sum()), len(y)

    def likelihood(log_width: float) -> float:
        w = np.exp(log_width)
        beyond = censored * float(log_ndtr(-at / w)) - (count + censored) * float(log_ndtr(-start / w))
        return float(-count * log_width - second / (2 * w**2) + beyond)

    low, high = np.log(start / 12.0), np.log(start * 4.0)
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if likelihood(left) > likelihood(right) else (left, high)
    return float(np.exp((low + high) / 2))


def unusual_pairs(
    score: FloatArray, comparisons: int, sample: FloatArray, *, level: float = LEVEL
) -> tuple[BoolArray, HighestPairs]:
    """Which of the highest pairs are unusual, E(s) <= `level` x (pairs at or above s), and the tail without them.

    Parameters
    ----------
    score : (k,) array
        The highest scores, highest first.
    comparisons, sample : int, (m,) array
        As `highest_pairs`.
    level : float
        The share of those named that may be expected by chance, in (0, 1).
    """
    level = within("level", level, 0.0, 1.0)
    top = numbers("score", score)
    count = np.arange(1, len(top) + 1)
    unusual = np.zeros(len(top), dtype=np.bool_)
    for _ in range(ROUNDS):
        tail = highest_pairs(top[~unusual], comparisons - int(unusual.sum()), sample)
        passing = np.flatnonzero(tail.expected(top) <= level * count)
        now = unusual | (count <= (passing[-1] + 1 if passing.size else 0))
        if (now == unusual).all():
            break
        unusual = now
    edge = float(top[unusual].min()) if unusual.any() else tail.score_at(level)
    return unusual, replace(tail, edge=edge)


def expected_outliers(value: FloatArray) -> FloatArray:
    """(r,) how many of r values would lie as high or higher than each by chance: r (1 - Phi(z)); NaN where it is NaN.

    Examples
    --------
    >>> x = np.append(np.random.default_rng(3).normal(size=200), 9.0)
    >>> bool(expected_outliers(x)[-1] < 1e-10), bool((expected_outliers(x)[:-1] > .05).all())
    (True, True)
    """
    from scipy.special import ndtr

    x = numbers("value", value, missing=True)
    known = x[~np.isnan(x)]
    if len(known) < 3:
        return np.where(np.isnan(x), np.nan, float(len(known)))
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    if spread <= 0:  # more than half are one value: whoever lies above them is not like them
        return np.where(np.isnan(x), np.nan, np.where(x > middle, 0.0, float(len(known))))
    return np.asarray(len(known) * ndtr(-(x - middle) / spread))


def expected_counts(count: IntArray, *, level: float = LEVEL) -> FloatArray:
    """(r,) how many of r references would be in as many pairs as each, or more, by chance: r P(C >= c).

    C is negative binomial, Poisson where the counts vary no more than such, its moments those of the references with
    r P(C >= c) > `level`, found again until they stay.
    """
    from scipy.special import betainc, gammainc

    c = np.asarray(count, dtype=np.float64)
    expected = np.full(len(c), float(len(c)))
    for _ in range(ROUNDS):
        usual = c[expected > level]
        mean, variance = float(usual.mean()) if len(usual) else 0.0, float(usual.var()) if len(usual) else 0.0
        if not mean > 0:
            return np.where(c > 0, 0.0, float(len(c)))
        if variance > mean * (1 + 1e-9):
            size = mean**2 / (variance - mean)
            tail = betainc(np.maximum(c, 1e-9), size, mean / (mean + size))
        else:
            tail = gammainc(np.maximum(c, 1e-9), mean)
        now = len(c) * np.where(c > 0, tail, 1.0)
        if ((now > level) == (expected > level)).all():
            return np.asarray(now)
        expected = now
    return expected

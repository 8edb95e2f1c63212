"""Beyond the data: the FMR of high thresholds from a generalised Pareto tail of the non-mated scores.

P(S > t) = p_u (1 + xi (t - u) / sigma)^(-1/xi) for t above the tail's start u, which k of n non-mated comparisons
exceed, p_u = k / n (peaks over threshold; 1:1 FMR is the subject of ISO/IEC 5152:2024, which leaves out FPIR). It is a
model: every number that it gives below what the data resolve is marked as extrapolation, and where the tail does not
look generalised Pareto the fit is refused.

Choice of u: of the k = 500, 250, 125 highest scores (at most 1.25 % of all), the largest k whose fit an
Anderson-Darling test does not reject at 10 %. Comparisons share people: A^2 is divided by the mean design effect of
the tail's deciles (first-order correction of Rao and Scott, 1984).

Interval: the profile-likelihood region of (p_u, xi, sigma), its likelihood discounted by the design effect of ln P
(ratio of the dyadic person-level variance of arXiv:2306.01198 to the independent one), its quantile taken from
Student's t with as many degrees of freedom as people carry the variance. A likelihood region, not a symmetric one: it
stays honest near the end point. The tail of real scores only approaches a generalised Pareto one: `ALLOWANCE` widens
the region by as much as simulated normal and cosine scores needed (docs/statistics.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import lambertw, ndtri, stdtrit

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats import pareto
from facelab.stats._given import FloatArray, IntArray, pair_codes, plain, some_numbers, within
from facelab.stats.intervals import Interval
from facelab.stats.planning import trials_to_resolve
from facelab.stats.unseen import Ends, Unseen, allowing, ends_with_unseen, lacking

CANDIDATES = (500, 250, 125)
LARGEST_SHARE = 0.0125
REJECTED_BELOW = 0.1
LEAST_CARRIERS = 5.0
REACH = 10.0
ALLOWANCE = 1.5
HUBS_FROM = 2.0
"""From this design effect on the interval says that hubs may be missing (at the strongest it held in 84 %)."""

_NULL_COUNT = 500


@dataclass(frozen=True, eq=False)
class Tail:
    """A generalised Pareto tail of non-mated scores.

    Parameters
    ----------
    start : float
        u, where the tail begins; `fmr` speaks of thresholds above it only.
    shape, scale : float
        xi and sigma (units of score).
    exceedances, comparisons : int
        k and n.
    people : int or None
        People of the comparisons; None where unknown (then the interval takes comparisons as independent, and says so).
    fit_statistic, fit_p : float
        A^2 after the correction for shared people, and its p-value; small: a bad fit.
    """

    start: float
    shape: float
    scale: float
    exceedances: int
    comparisons: int
    people: int | None
    fit_statistic: float
    fit_p: float
    _excess: FloatArray
    _pairs: tuple[IntArray, IntArray] | None
    _sizes: FloatArray | None
    _region: tuple[FloatArray, FloatArray, FloatArray]

    def __repr__(self) -> str:
        behind = "independent comparisons" if self.people is None else f"{self.people:,} people"
        return (
            f"generalised Pareto tail above {self.start:.4f}: shape {self.shape:.3f}, scale {self.scale:.4g}, "
            f"{self.exceedances}/{self.comparisons} comparisons, {behind}, fit p = {self.fit_p:.2f}"
        )

    @property
    def share(self) -> float:
        """p_u = k / n."""
        return self.exceedances / self.comparisons

    @property
    def end_point(self) -> float:
        """The score that the tail never exceeds, u - sigma/xi where xi < 0; else infinite."""
        return self.start - self.scale / self.shape if self.shape < 0 else float("inf")

    def fmr(self, threshold: float) -> float:
        """FMR at a threshold at or above `start`: p_u S(t - u)."""
        return self.share * float(pareto.survival(self._above(threshold), self.shape, self.scale))

    def extrapolated(self, fmr: float) -> bool:
        """Whether an FMR lies below what the data support (3 / n): then it is a model's number, not a measurement."""
        return fmr * self.comparisons < 3.0

    def interval(self, threshold: float, confidence: float = 0.95) -> Interval:
        """Two-sided interval of the FMR at a threshold at or above `start`."""
        tail = (1 - within("confidence", confidence, 0.0, 1.0)) / 2
        ends, effect = self._ends(threshold, tail)
        unit = "independent comparisons" if self.people is None else "people of pairs"
        notes = ["extrapolation by a model"] if self.extrapolated(self.fmr(threshold)) else []
        if effect >= HUBS_FROM:
            notes.append("a few people make much of the tail: others like them may be missing among these people")
        if ends.rarest is not None:
            notes.append(f"few people: {lacking(ends.rarest, ends.guaranteed[1])}")
        if ends.widened:
            notes.append(f"conservative: {allowing(ends)}")
        return Interval(
            ends.low,
            ends.high,
            confidence,
            f"profile likelihood of the tail, {unit}",
            self.people,
            effect,
            "; ".join(notes),
            seen=ends.seen if ends.widened else None,
            guaranteed=None if self.people is None else ends.guaranteed,
            rarest=ends.rarest,
        )

    def upper(self, threshold: float, confidence: float = 0.95) -> float:
        """One-sided upper bound of the FMR at a threshold at or above `start`."""
        return self._ends(threshold, 1 - within("confidence", confidence, 0.0, 1.0))[0].high

    def threshold(self, target: float, *, confidence: float = 0.95, reach: float = REACH) -> TailThreshold:
        """The threshold whose modelled FMR is `target`, and the certified one: the upper bound is `target`.

        Parameters
        ----------
        target : float
            FMR, below p_u (above it, measure instead).
        confidence : float
            Of the certified threshold's one-sided bound.
        reach : float
            How many times below 1/n the model may be asked.

        Raises
        ------
        UnattainableTarget
            target < 1 / (reach n).
        BadInput
            A target at or above p_u, or outside (0, 1).
        """
        goal = within("target", target, 0.0, 1.0)
        if goal >= self.share:
            raise BadInput(
                f"FMR {goal:g} lies in the data (the tail holds {self.share:.3g}): measure it", place="target"
            )
        needed = trials_to_resolve(min(goal * reach, 0.5))
        if self.comparisons < needed:
            raise UnattainableTarget(
                f"FMR (by a tail, {reach:g}-fold reach)", goal, have=self.comparisons, needed=needed
            )
        plain_threshold = self.start + float(pareto.excess_at(goal / self.share, self.shape, self.scale))
        certified = self._certified(goal, confidence)
        factor = 1 / (goal * self.comparisons)
        condition = "" if certified is None else self.interval(certified).condition
        return TailThreshold(goal, plain_threshold, certified, confidence, self.extrapolated(goal), factor, condition)

    def _certified(self, goal: float, confidence: float) -> float | None:
        """The smallest threshold whose one-sided upper bound is at most `goal`; None where there is none in reach."""
        low, width = self.start, float(self._excess.max())
        high = self.start + width
        for _ in range(20):
            if self.upper(high, confidence) <= goal:
                break
            high, width = high + 2 * width, 2 * width
        else:
            return None
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self.upper(middle, confidence) <= goal else (middle, high)
        return high

    def _above(self, threshold: float) -> FloatArray:
        if not threshold >= self.start:
            raise BadInput(
                f"{threshold:g} lies below the tail's start {self.start:g}: measure there", place="threshold"
            )
        return np.asarray(threshold - self.start, dtype=np.float64)

    def _ends(self, threshold: float, tail: float) -> tuple[Ends, float]:
        """Lowest and highest P(S > t) in the likelihood region that leaves out `tail` on a side; the design effect."""
        y = self._above(threshold)
        effect, carriers = self._design_effect(float(y))
        quantile = float(stdtrit(max(carriers, 1.0), 1 - tail)) if np.isfinite(carriers) else float(ndtri(1 - tail))
        shape, scale, deficit = self._region
        budget = ALLOWANCE * quantile**2 * effect / 2 - deficit
        inside = budget >= 0
        argument = -np.exp(-(1.0 + budget[inside] / self.exceedances))
        lower, upper = -lambertw(argument, 0).real, -lambertw(argument, -1).real
        s = pareto.survival(y, shape[inside], scale[inside]) * self.share
        base = float((s * lower).min()), min(1.0, float((s * upper).max()))
        parts = [] if self.people is None else [Unseen(self.people, self.people / 2, self.people / 2)]
        return ends_with_unseen(self.fmr(threshold), base, math.inf, parts, tail=tail), effect

    def _design_effect(self, y: float) -> tuple[float, float]:
        """Design effect of ln P(S > u + y) and how many people carry its variance."""
        if self._pairs is None or self._sizes is None:
            return 1.0, np.inf
        log_scale = float(np.log(self.scale))
        psi, information = pareto.scores_and_information(self._excess, self.shape, log_scale)
        step = 1e-4
        y = min(y, 0.98 * (self.end_point - self.start))

        def log_survival(xi: float, log_sigma: float) -> float:
            return float(np.log(max(float(pareto.survival(np.asarray(y), xi, np.exp(log_sigma))), 1e-300)))

        gradient = np.array(
            [
                log_survival(self.shape + step, log_scale) - log_survival(self.shape - step, log_scale),
                log_survival(self.shape, log_scale + step) - log_survival(self.shape, log_scale - step),
            ]
        ) / (2 * step)
        influence = 1.0 / self.exceedances + psi @ np.linalg.solve(information, gradient)
        naive = float((influence**2).sum())
        variance, carriers = _dyadic(influence, self._pairs, self._sizes)
        return max(variance / naive, 1.0), carriers

    def to_dict(self, targets: Any = (), confidence: float = 0.95) -> dict[str, Any]:
        """The tail, and thresholds at `targets`, for JSON; a target out of reach has a reason and no threshold."""
        names = ("start", "shape", "scale", "end_point", "exceedances", "comparisons", "people")
        fit = {"fit_statistic": self.fit_statistic, "fit_p": self.fit_p}
        table = []
        for target in targets:
            try:
                table.append(self.threshold(float(target), confidence=confidence).to_dict())
            except (UnattainableTarget, BadInput) as error:
                table.append({"target": float(target), "threshold": None, "reason": str(error)})
        return {name: plain(getattr(self, name)) for name in names} | fit | {"model": True, "thresholds": table}


@dataclass(frozen=True)
class TailThreshold:
    """Thresholds for a target FMR by the tail.

    Parameters
    ----------
    target : float
        FMR.
    threshold : float
        Where the modelled FMR is the target.
    certified : float or None
        Where its one-sided upper bound is; None where there is none.
    confidence : float
        Of that bound.
    extrapolated : bool
        True below 3 / n.
    factor : float
        1 / (target n): above 1, how many times more comparisons would be the least to measure the target.
    note : str
        Under which condition the certified threshold's bound holds; empty where under none.
    """

    target: float
    threshold: float
    certified: float | None
    confidence: float
    extrapolated: bool
    factor: float
    note: str = ""

    def __repr__(self) -> str:
        kind = f"extrapolated by a model, 1 / ({self.factor:.2g} n)" if self.extrapolated else "within the data"
        sure = "none" if self.certified is None else f"{self.certified:.4f}"
        note = f"; {self.note}" if self.note else ""
        return f"threshold {self.threshold:.4f}, certified {sure}, for FMR {self.target:g} ({kind}){note}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("target", "threshold", "certified", "confidence", "extrapolated", "factor", "note")
        return {name: plain(getattr(self, name)) for name in names}


def _dyadic(value: FloatArray, pairs: tuple[IntArray, IntArray], sizes: FloatArray) -> tuple[float, float]:
    """Variance of a sum over comparisons that share people, sum_i R_i^2 - sum_{i<j} D_ij^2, and its carriers.

    R_i is person i's part of the sum less their share of all comparisons (`sizes`, summing to 2) times the whole.
    """
    i, j = pairs
    people = len(sizes)
    residual = np.bincount(i, weights=value, minlength=people) + np.bincount(j, weights=value, minlength=people)
    residual -= value.sum() * sizes
    key = np.minimum(i, j) * np.int64(people) + np.maximum(i, j)
    together = np.bincount(np.unique(key, return_inverse=True)[1], weights=value)
    second, fourth = float((residual**2).sum()), float((residual**4).sum())
    taking_part = int((sizes > 0).sum())
    correction = taking_part * (taking_part - 1) / max((taking_part - 2) * (taking_part - 3), 1)
    variance = max((second - float((together**2).sum())) * correction, 0.0)
    return variance, second**2 / fourth if fourth > 0 else np.inf


def tail_of(
    score: Any, first: Any = None, second: Any = None, *, exceedances: int | None = None, rng: np.random.Generator
) -> Tail:
    """The generalised Pareto tail of non-mated scores.

    Parameters
    ----------
    score : (n,) array
        All non-mated scores (higher is more alike), without failures.
    first, second : (n,) arrays of str or int, optional
        The two people of each comparison: without them the interval takes comparisons as independent.
    exceedances : int, optional
        k, the number of highest scores to use; by default chosen as the module says.
    rng : numpy.random.Generator
        Of the parametric bootstrap.

    Raises
    ------
    NotMeasured
        Too few comparisons, a tail that is not generalised Pareto, or one made by a handful of people.
    BadInput
        Text, NaN, infinities, wrong lengths, only one of `first` and `second`.
    """
    s = some_numbers("score", score)
    people = _people(first, second, len(s))
    counts = [exceedances] if exceedances is not None else [k for k in CANDIDATES if k <= LARGEST_SHARE * len(s)]
    if not counts:
        needed = int(np.ceil(CANDIDATES[-1] / LARGEST_SHARE))
        raise NotMeasured(f"a tail needs at least {needed:,} non-mated comparisons, there are {len(s):,}")
    if not CANDIDATES[-1] <= counts[0] < len(s):
        raise BadInput(
            f"must lie from {CANDIDATES[-1]} to below the {len(s)} scores, it is {counts[0]}", place="exceedances"
        )
    top = np.argpartition(-s, counts[0])[: counts[0] + 1]
    top = top[np.argsort(-s[top], kind="stable")]
    tried = []
    for k in counts:
        tail = _fitted_tail(s, top, k, people, rng)
        if tail is not None and tail.fit_p >= REJECTED_BELOW:
            return tail
        tried.append(f"k = {k}: " + ("no spread" if tail is None else f"p = {tail.fit_p:.3f}"))
    raise NotMeasured(
        "the highest non-mated scores are not generalised Pareto "
        f"({'; '.join(tried)}); are they rounded, or made of two kinds of comparisons?"
    )


def _people(first: Any, second: Any, length: int) -> tuple[IntArray, IntArray, FloatArray] | None:
    """Numbers of the two people of each comparison and each person's share of them all (summing to 2)."""
    if first is None and second is None:
        return None
    if first is None or second is None:
        raise BadInput("give the people of both sides, or of neither", place="first" if first is None else "second")
    i, j = pair_codes(("first", "second"), (first, second), length)
    if (i == j).any():
        raise BadInput(
            f"comparison {int(np.argmax(i == j))} is of one person with themselves, thus mated", place="first"
        )
    people = max(int(i.max()), int(j.max())) + 1
    return i, j, (np.bincount(i, minlength=people) + np.bincount(j, minlength=people)) / length


def _fitted_tail(
    s: FloatArray, top: IntArray, k: int, people: tuple[IntArray, IntArray, FloatArray] | None, rng: np.random.Generator
) -> Tail | None:
    """The tail of the `k` highest scores (`top`: positions, highest first); None where they have no spread."""
    start = float(s[top[k]])
    rows = top[:k][s[top[:k]] > start]
    y = s[rows] - start
    if len(y) < CANDIDATES[-1] // 2 or np.ptp(y) <= 0:
        return None
    shape, scale = (float(v[0]) for v in pareto.fitted(y[None, :]))
    pairs = None if people is None else (people[0][rows], people[1][rows])
    sizes = None if people is None else people[2]
    effect = _decile_design_effect(pareto.survival(y, shape, scale), pairs, sizes)
    statistic = float(pareto.anderson_darling(y[None, :], np.array([shape]), np.array([scale]))[0]) / effect
    null = pareto.null_statistics(max(shape, pareto.LEAST_SHAPE), min(len(y), _NULL_COUNT), 199, rng)
    p_value = float((1 + (null >= statistic).sum()) / (1 + len(null)))
    count = None if people is None else int((people[2] > 0).sum())
    region = pareto.likelihood_region(y, shape, scale, effect)
    return Tail(start, shape, scale, len(y), len(s), count, statistic, p_value, y, pairs, sizes, region)


def _decile_design_effect(
    survived: FloatArray, pairs: tuple[IntArray, IntArray] | None, sizes: FloatArray | None
) -> float:
    """Mean design effect, at least 1, of the shares of the tail beyond its deciles."""
    if pairs is None or sizes is None:
        return 1.0
    effects = []
    k = len(survived)
    carriers = np.bincount(np.concatenate(pairs), minlength=len(sizes)).astype(np.float64)
    if carriers.sum() ** 2 / (carriers**2).sum() < LEAST_CARRIERS:
        raise NotMeasured(
            f"the tail of {k} comparisons is made by fewer than {LEAST_CARRIERS:g} people: too few to fit"
        )
    for q in np.arange(1, 10) / 10:
        value = (survived < q) - q
        effects.append(_dyadic(value / k, pairs, sizes)[0] / (q * (1 - q) / k))
    return max(float(np.mean(effects)), 1.0)

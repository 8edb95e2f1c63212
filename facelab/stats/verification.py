"""1:1 verification: the exact error curve, its equal error rate, and thresholds at targets.

Conventions (ISO/IEC 19795-1:2021): accept when score >= T;

- FMR(T) = non-mated comparisons with s >= T / completed non-mated comparisons;
- FNMR(T) = mated comparisons with s < T / completed mated comparisons;
- GFAR(T) = false matches / all non-mated comparisons, failed ones included;
- GFRR(T) = (false non-matches + failed mated comparisons) / all mated comparisons.

The curve is exact: counts at the distinct scores and the next float above the largest, ties handled as one, nothing is
interpolated. Where other tools do otherwise, their convention is available by its name (`Convention`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats.curves import Band, band_grid
from facelab.stats.planning import allowed_errors, checked_target
from facelab.stats.sides import RUNNING, first_turned
from facelab.stats.thresholds import Support, certified_errors, next_threshold, target_support
from facelab.stats.verification_points import EqualErrorRate, VerificationPoint

if TYPE_CHECKING:
    import pandas as pd

    from facelab.stats.sides import MatedScores, NonMated
    from facelab.types import Floats, Ints

Convention: TypeAlias = Literal["exact", "nearest", "linear"]
"""How a number between two thresholds is settled.

``exact``: at a threshold that exists; a target is met or undercut. ``nearest``: at the threshold whose FMR is nearest
to the target, above it or below (pyeer 0.5.6; of an EER's two thresholds the one with the smaller sum). ``linear``: on
the straight line between the two neighbouring thresholds.
"""


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Counts of false matches and false non-matches at every distinct threshold.

    Parameters
    ----------
    mated : MatedScores
        The mated comparisons.
    non_mated : NonMated
        The non-mated comparisons, stored (`StoredScores`) or streamed (`facelab.stats.all_pairs`).
    """

    mated: MatedScores
    non_mated: NonMated

    @cached_property
    def highest(self) -> float:
        """The next float above the largest score: nothing is accepted there."""
        ends = self.non_mated.highest, float(self.mated.ordered[-1]) if self.mated.completed else -np.inf
        return next_threshold(max(ends))

    @cached_property
    def lowest(self) -> float:
        """The smallest score: everything is accepted there."""
        return min(self.non_mated.lowest, float(self.mated.ordered[0]) if self.mated.completed else np.inf)

    @cached_property
    def thresholds(self) -> Floats:
        """(t,) the distinct scores, mated and non-mated, rising, and the next float above the largest.

        Of streamed scores below their tail: the edges of the histogram, where counts are exact too.
        """
        both = np.concatenate([np.unique(self.mated.ordered), self.non_mated.distinct()])
        return np.append(np.unique(both).astype(np.float64), self.highest)

    @cached_property
    def false_matches(self) -> Ints:
        """(t,) non-mated comparisons at or above each threshold."""
        return self.non_mated.above(self.thresholds)

    @cached_property
    def false_non_matches(self) -> Ints:
        """(t,) completed mated comparisons below each threshold."""
        return self.mated.below(self.thresholds)

    @property
    def fmr(self) -> Floats:
        """(t,) FMR at each threshold."""
        return self.false_matches / max(self.non_mated.completed, 1)

    @property
    def fnmr(self) -> Floats:
        """(t,) FNMR at each threshold."""
        return self.false_non_matches / max(self.mated.completed, 1)

    def at(self, threshold: float) -> VerificationPoint:
        """Every rate at a given threshold, with its interval.

        Raises
        ------
        BadInput
            Where the threshold is not a finite number.
        """
        if not np.isfinite(threshold):
            raise BadInput(f"a threshold is a finite number, not {threshold}", place="threshold")
        return VerificationPoint(
            threshold=float(threshold),
            fmr=self.non_mated.rate(threshold, with_failed=False),
            fnmr=self.mated.rate(threshold, with_failed=False),
            gfar=self.non_mated.rate(threshold, with_failed=True),
            gfrr=self.mated.rate(threshold, with_failed=True),
        )

    def support(self, measure: str, target: float) -> Support:
        """Whether this data supports a target; `UnattainableTarget` where it cannot resolve it."""
        if measure == "FMR":
            groups = self.non_mated.person_pairs, "pairs of people"
            return target_support(measure, target, self.non_mated.completed, groups)
        return target_support(measure, target, self.mated.completed, (self.mated.people, "subjects"))

    def threshold_at_fmr(self, target: float) -> VerificationPoint:
        """The smallest threshold whose FMR is at most `target`, with the certified one beside it.

        Raises
        ------
        UnattainableTarget
            With fewer than 1/target completed non-mated comparisons.
        BadInput
            Where the target is not in (0, 1).
        """
        support = self.support("FMR", target)
        point = self._chosen(self._smallest_with(self._allowed(target)), "FMR", target, support)
        try:
            return replace(point, certified=self.certified_threshold_at_fmr(target))
        except UnattainableTarget as error:
            return replace(point, uncertified=str(error))

    def certified_threshold_at_fmr(self, target: float, confidence: float = 0.95) -> VerificationPoint:
        """The smallest threshold whose one-sided upper bound on the FMR is at most `target`.

        Raises
        ------
        UnattainableTarget
            Where there are too few people for any threshold.
        BadInput
            Where the target or the confidence is not in (0, 1).
        """
        checked_target(target, "target FMR")
        allowed = self._allowed(target)
        nested = self.non_mated.nested(min(allowed, RUNNING))
        attained = self.non_mated.attained(min(allowed, RUNNING))
        errors, refusal = -1, None
        try:
            errors = certified_errors(nested, attained, target, confidence)
        except UnattainableTarget as error:
            refusal = error
        if allowed > attained[-1]:
            errors = self._certified_beyond(errors, allowed + 1, target, confidence)
        if errors < 0 and refusal is not None:
            raise refusal
        return self._chosen(self._smallest_with(errors), "FMR", target, Support())

    def _certified_beyond(self, low: int, high: int, target: float, confidence: float) -> int:
        """By halving, the most false matches from `low` to below `high` whose upper bound is at most `target`.

        Where millions of errors are there, the bound rises with them; it is found to half a per cent of their number,
        on the safe side, since each step counts everybody's errors anew.
        """
        while high - low > max(1, low // 200):
            middle = (low + high) // 2
            threshold = self._smallest_with(middle)
            holds = self.non_mated.rate(threshold, with_failed=False).upper(confidence) <= target
            low, high = (middle, high) if holds else (low, middle)
        return low

    def threshold_at_fnmr(self, target: float) -> VerificationPoint:
        """The largest threshold whose FNMR is at most `target`.

        Raises
        ------
        UnattainableTarget
            With fewer than 1/target completed mated comparisons.
        BadInput
            Where the target is not in (0, 1).
        """
        support = self.support("FNMR", target)
        allowed = allowed_errors(target, self.mated.completed)
        return self._chosen(float(self.mated.ordered[allowed]), "FNMR", target, support)

    def _allowed(self, target: float) -> int:
        return allowed_errors(target, self.non_mated.completed)

    def _smallest_with(self, errors: int) -> float:
        """The smallest candidate with at most so many false matches."""
        score = self.non_mated.ranked(errors)
        return min(self.non_mated.after(score), self.mated.after(score), self.highest)

    def _before(self, threshold: float) -> float:
        """The candidate below `threshold`; -inf where there is none."""
        return max(self.non_mated.before(threshold), self.mated.before(threshold))

    def _chosen(self, threshold: float, measure: str, target: float, support: Support) -> VerificationPoint:
        return replace(
            self.at(threshold),
            measure=measure,
            target=target,
            supported=support.supported,
            reason=support.reason,
            in_sample=True,
        )

    def _rates(self, threshold: float) -> tuple[float, float]:
        """FMR and FNMR at a threshold."""
        matches = int(self.non_mated.above(threshold))
        return matches / self.non_mated.completed, int(self.mated.below(threshold)) / self.mated.completed

    def eer(self, convention: Convention = "exact") -> EqualErrorRate:
        """The equal error rate.

        Parameters
        ----------
        convention : {"exact", "nearest", "linear"}
            ``exact``: at the candidate where |FMR - FNMR| is smallest, the lowest such, the mean of the two.
            ``nearest``: of the two candidates around the crossing the one of smaller FMR + FNMR, the mean (pyeer).
            ``linear``: where the straight line between those two crosses FMR = FNMR; its threshold lies between.
        """
        _known(convention)
        n, m = self.non_mated.completed, self.mated.completed

        def crossed(threshold: float, matches: int) -> bool:
            """Whether the FNMR is at or above the FMR."""
            return int(self.mated.below(threshold)) * n >= matches * m

        def crossed_at_mated(threshold: float) -> bool:
            """The same, the false matches counted."""
            return crossed(threshold, int(self.non_mated.above(threshold)))

        of_non_mated = self.non_mated.crossing(crossed)
        below = self.non_mated.before(min(of_non_mated, self.highest))
        between = self.mated.ordered[(self.mated.ordered > below) & (self.mated.ordered < of_non_mated)]
        second = min(of_non_mated, first_turned(between, crossed_at_mated), self.highest)
        first = self._before(second)
        if not np.isfinite(first):
            return self._equal_at(second, convention)
        before, after = self._scaled_rates(first), self._scaled_rates(second)
        if convention == "linear":
            return _crossing((first, *self._rates(first)), (second, *self._rates(second)))
        if convention == "nearest":
            take_first = after[0] != after[1] and sum(before) <= sum(after)
        else:
            take_first = abs(before[0] - before[1]) <= abs(after[0] - after[1])
        return self._equal_at(first if take_first else second, convention)

    def _scaled_rates(self, threshold: float) -> tuple[int, int]:
        """FMR and FNMR times both numbers of comparisons: whole numbers, so that a tie is one."""
        n, m = self.non_mated.completed, self.mated.completed
        return int(self.non_mated.above(threshold)) * m, int(self.mated.below(threshold)) * n

    def _equal_at(self, threshold: float, convention: Convention) -> EqualErrorRate:
        point = self.at(threshold)
        return EqualErrorRate((point.fmr.value + point.fnmr.value) / 2, threshold, point.fmr, point.fnmr, convention)

    def fnmr_at_fmr(self, target: float, convention: Convention = "exact") -> float:
        """The FNMR at a target FMR: 1/100 gives FMR100, 1/1000 FMR1000, 1/10000 FMR10000.

        Parameters
        ----------
        target : float
            In (0, 1).
        convention : {"exact", "nearest", "linear"}
            See `Convention`.

        Raises
        ------
        UnattainableTarget
            With fewer than 1/target completed non-mated comparisons.
        """
        _known(convention)
        self.support("FMR", target)
        upper = self._smallest_with(self._allowed(target))
        fmr, fnmr = self._rates(upper)
        lower = self._before(upper)
        if convention == "exact" or not np.isfinite(lower):
            return fnmr
        lower_fmr, lower_fnmr = self._rates(lower)
        if convention == "linear":
            return float(np.interp(target, [fmr, lower_fmr], [fnmr, lower_fnmr]))
        if abs(lower_fmr - target) > abs(fmr - target):
            return fnmr
        return self._rates(self._smallest_with(int(self.non_mated.above(lower))))[1]

    def auc(self) -> float:
        """The probability that a mated score is above a non-mated one, a tie counting half (Mann and Whitney 1947).

        Of streamed scores: within the width of a bin of their histogram.
        """
        n, scores = self.non_mated.completed, self.mated.ordered
        higher = self.non_mated.above(np.nextafter(scores, np.inf, dtype=scores.dtype))
        at_or_above = self.non_mated.above(scores)
        return float(np.mean(1 - (higher + at_or_above) / (2 * n)))

    def band(self, measure: Literal["FMR", "FNMR"], thresholds: Floats | None = None, confidence: float = 0.95) -> Band:
        """A rate with its interval at many thresholds at once: what a figure shades.

        Parameters
        ----------
        measure : {"FMR", "FNMR"}
        thresholds : (k,) float array, optional
            By default at most 512 of the curve's own.
        confidence : float
            Of each interval by itself, not of the whole band at once.
        """
        grid = self._grid() if thresholds is None else np.asarray(thresholds, dtype=np.float64)
        if measure == "FNMR":
            nested, counts = self.mated.nested(), self.mated.below(grid)
        else:
            counts = np.array([int(self.non_mated.above(float(threshold))) for threshold in grid], dtype=np.int64)
            nested = self.non_mated.nested(RUNNING)
        within = (counts <= len(nested.order)) | (nested.design is None)
        low, high = np.empty(len(grid)), np.empty(len(grid))
        low[within], high[within] = nested.band(counts[within], confidence)
        for i in np.flatnonzero(~within):
            interval = self.non_mated.rate(float(grid[i]), with_failed=False).interval(confidence)
            low[i], high[i] = interval.low, interval.high
        return Band(measure, grid, counts / nested.trials, low, high, confidence)

    def _grid(self) -> Floats:
        """At most 512 thresholds, of those with more than `RUNNING` false matches no more than eight.

        There each interval counts everybody's errors anew.
        """
        many = int(np.searchsorted(-self.false_matches, -RUNNING))
        few = band_grid(self.thresholds[many:])
        return np.concatenate([self.thresholds[np.unique(np.linspace(0, many - 1, 8).astype(int))][:many], few])

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a threshold: counts and rates (the points of a DET curve)."""
        import pandas as pd

        columns = ("false_matches", "false_non_matches", "fmr", "fnmr")
        return pd.DataFrame({"threshold": self.thresholds} | {name: getattr(self, name) for name in columns})

    def __repr__(self) -> str:
        mated, non_mated = self.mated, self.non_mated
        return (
            f"error curve: {mated.completed:,} mated ({mated.failed:,} failed) and {non_mated.completed:,} non-mated"
            f" ({non_mated.failed:,} failed) comparisons"
        )


def generalised_rates(fmr: float, fnmr: float, fta: float, fte: float) -> tuple[float, float]:
    """GFAR and GFRR where failure to acquire and to enrol are known apart (ISO/IEC 19795-1:2021).

    GFAR = FMR (1-FTA)(1-FTE), GFRR = FTE + (1-FTE) FTA + (1-FTE)(1-FTA) FNMR.

    Parameters
    ----------
    fmr, fnmr, fta, fte : float
        Rates in [0, 1].

    Returns
    -------
    gfar, gfrr : float

    Examples
    --------
    >>> gfar, gfrr = generalised_rates(0.001, 0.02, 0.05, 0.01)
    >>> print(f"{gfar:.6f} {gfrr:.5f}")
    0.000941 0.07831
    """
    for name, rate in (("FMR", fmr), ("FNMR", fnmr), ("FTA", fta), ("FTE", fte)):
        if not 0 <= rate <= 1:
            raise BadInput(f"a rate lies between 0 and 1, this one is {rate:g}", place=name)
    acquired = (1 - fta) * (1 - fte)
    return fmr * acquired, fte + (1 - fte) * fta + acquired * fnmr


def _known(convention: str) -> None:
    if convention not in ("exact", "nearest", "linear"):
        raise BadInput(f"the convention is exact, nearest or linear, not {convention!r}", place="convention")


def _crossing(before: tuple[float, float, float], after: tuple[float, float, float]) -> EqualErrorRate:
    """Where the line between two points (threshold, FMR, FNMR) crosses FMR = FNMR."""
    gaps = before[1] - before[2], after[1] - after[2]
    share = gaps[0] / (gaps[0] - gaps[1]) if gaps[0] != gaps[1] else 1.0
    rate = before[1] + share * (after[1] - before[1])
    return EqualErrorRate(rate, before[0] + share * (after[0] - before[0]), None, None, "linear")

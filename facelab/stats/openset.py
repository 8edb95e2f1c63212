"""Open-set identification: FPIR and FNIR at every threshold, thresholds at targets, selectivity, CMC.

Conventions (ISO/IEC 19795-1:2021; NIST IR 8271): with N enrolled subjects, rank R and threshold T,

- FPIR(N,T) = non-mated searches with a candidate at or above T / non-mated searches;
- FNIR(N,R,T) = mated searches whose right subject is not both within rank R and at or above T / mated searches;
- misidentification: mated searches whose best candidate at or above T is another enrolled person / mated searches;
- selectivity(N,T) = candidates (subjects) at or above T in non-mated searches / non-mated searches;
- CMC(R) = 1 - FNIR(N,R,-inf), investigation mode.

A failed acquisition is a miss (mated) or no candidate (non-mated); both stay in the denominators.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats.curves import Band, Cmc, band_grid
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.gallery_jackknife import gallery_fnir, gallery_fpir
from facelab.stats.nested import NestedErrors
from facelab.stats.planning import allowed_errors, checked_target
from facelab.stats.points import OperatingPoint
from facelab.stats.searches import Searches, searches
from facelab.stats.sides import bound_in
from facelab.stats.thresholds import (
    Support,
    UnreachableTarget,
    candidate_thresholds,
    certified_errors,
    target_support,
)

if TYPE_CHECKING:
    import pandas as pd

    from facelab.types import Comparisons, Floats, Ints

UNIT = "probe people"


@dataclass(frozen=True, eq=False)
class OpenSetCurve:
    """Counts of open-set errors at every distinct threshold.

    Parameters
    ----------
    searches : Searches
        What each probe found.
    rank : int
        R, at least 1.

    Examples
    --------
    >>> from facelab.stats.searches import searches_from_candidates
    >>> rows = [("p1", "ann", "ann", 0.9), ("p2", "", "ann", 0.2), ("p3", "", "bob", 0.4), ("p4", "bob", "bob", 0.3)]
    >>> curve = OpenSetCurve(searches_from_candidates(*zip(*rows)))
    >>> curve.at(0.35).fpir
    FPIR 1/2 = 0.5 [0.013, 0.99] (95 %, 2 people, design effect 2)
    """

    searches: Searches
    rank: int = 1

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise BadInput(f"a rank is 1 or more, not {self.rank}", place="rank")

    @cached_property
    def _probe_people(self) -> tuple[PeopleTrials, PeopleTrials]:
        """The people behind the non-mated and the mated searches."""
        s = self.searches
        return _people(s.person[~s.mated]), _people(s.person[s.mated])

    @cached_property
    def _strangers(self) -> NestedErrors:
        """FPIR, non-mated searches in the order of their falling best score."""
        best = self.searches.other_score[~self.searches.mated]
        order = np.argsort(-best, kind="stable")[: int((~np.isnan(best)).sum())]
        return NestedErrors("FPIR", len(best), order, self._probe_people[0])

    @cached_property
    def _misses(self) -> NestedErrors:
        """FNIR, mated searches in the order of their rising mate score; no mate within the rank comes first."""
        order = np.argsort(self._hit_scores, kind="stable")
        return NestedErrors("FNIR", len(order), order, self._probe_people[1])

    @cached_property
    def _hit_scores(self) -> Floats:
        """(mated,) the threshold up to which each mated search is a hit; -inf where it never is."""
        s = self.searches
        hit = (s.rank > 0) & (s.rank <= self.rank)
        return np.where(hit, s.mate_score, -np.inf)[s.mated]

    @cached_property
    def _sorted(self) -> tuple[Floats, Floats, Floats]:
        """Rising: best scores of non-mated searches, hit scores, wrong best scores of mated searches."""
        s = self.searches
        best = s.other_score[~s.mated]
        wrong = s.other_score[s.misidentified]
        return np.sort(best[~np.isnan(best)]), np.sort(self._hit_scores), np.sort(wrong)

    @cached_property
    def thresholds(self) -> Floats:
        """(t,) the distinct observed scores that change a count, rising, and the next float above the largest."""
        best, _, wrong = self._sorted
        return candidate_thresholds(best, self.searches.mate_score, wrong)

    def _false_positives(self, threshold: Floats | float) -> Ints:
        best = self._sorted[0]
        return np.asarray(len(best) - np.searchsorted(best, threshold, side="left"))

    def _missed(self, threshold: Floats | float) -> Ints:
        hits = self._sorted[1]
        never = np.searchsorted(hits, -np.inf, side="right")
        return np.maximum(np.searchsorted(hits, threshold, side="left"), never)

    @cached_property
    def false_positives(self) -> Ints:
        """(t,) non-mated searches with a candidate at or above each threshold."""
        return self._false_positives(self.thresholds)

    @cached_property
    def misses(self) -> Ints:
        """(t,) mated searches that miss at each threshold."""
        return self._missed(self.thresholds)

    @cached_property
    def misidentifications(self) -> Ints:
        """(t,) mated searches whose best candidate at or above each threshold is somebody else."""
        wrong = self._sorted[2]
        return np.asarray(len(wrong) - np.searchsorted(wrong, self.thresholds, side="left"))

    @property
    def non_mated(self) -> int:
        """Non-mated searches, failed ones included."""
        return self._strangers.trials

    @property
    def mated(self) -> int:
        """Mated searches, failed ones included."""
        return self._misses.trials

    @property
    def fpir(self) -> Floats:
        """(t,) FPIR at each threshold; NaN without a non-mated search."""
        return _shares(self.false_positives, self.non_mated)

    @property
    def fnir(self) -> Floats:
        """(t,) FNIR at each threshold; NaN without a mated search."""
        return _shares(self.misses, self.mated)

    def selectivity(self, threshold: float) -> float:
        """Mean number of candidates (subjects) at or above `threshold` in a non-mated search; NaN without one."""
        scores = self.searches.candidate_score
        count = int(np.count_nonzero(scores >= bound_in(scores.dtype, threshold)))
        return count / self.non_mated if self.non_mated else float("nan")

    def at(self, threshold: float) -> OperatingPoint:
        """Every rate at a given threshold; -inf is investigation mode.

        Raises
        ------
        BadInput
            Where the threshold is not a number or is +inf.
        """
        if not threshold < np.inf:
            raise BadInput(f"a threshold is a number (or -inf: no threshold), not {threshold}", place="threshold")
        s = self.searches
        strangers = s.other_score[~s.mated] >= threshold
        missed = ~(self._hit_scores >= threshold) | np.isneginf(self._hit_scores)
        wrong = (s.misidentified & (s.other_score >= threshold))[s.mated]
        fpir = rate_of(self._probe_people[0], strangers, "FPIR")
        fnir = rate_of(self._probe_people[1], missed, "FNIR")
        return OperatingPoint(
            threshold=float(threshold),
            rank=self.rank,
            fpir=fpir,
            fnir=fnir,
            misidentification=rate_of(self._probe_people[1], wrong, "misidentification"),
            fpir_another_gallery=gallery_fpir(fpir, s, threshold),
            fnir_another_gallery=gallery_fnir(fnir, s, threshold, self.rank),
            selectivity=self.selectivity(threshold),
            subjects=s.subjects,
            samples=s.samples,
        )

    def support(self, measure: str, target: float) -> Support:
        """Whether these searches support a target; `UnattainableTarget` where they cannot resolve it."""
        nested = self._strangers if measure == "FPIR" else self._misses
        people = self._probe_people[0 if measure == "FPIR" else 1].people
        return target_support(measure, target, nested.trials, (people, UNIT))

    def threshold_at_fpir(self, target: float) -> OperatingPoint:
        """The smallest threshold whose FPIR is at most `target`, with the certified one beside it.

        Raises
        ------
        UnattainableTarget
            With fewer than 1/target non-mated searches.
        BadInput
            Where the target is not in (0, 1).
        """
        support = self.support("FPIR", target)
        allowed = allowed_errors(target, self.non_mated)
        first = int(np.argmax(self.false_positives <= allowed))
        point = self._chosen(float(self.thresholds[first]), "FPIR", target, support)
        try:
            return replace(point, certified=self.certified_threshold_at_fpir(target))
        except UnattainableTarget as error:
            return replace(point, uncertified=str(error))

    def certified_threshold_at_fpir(self, target: float, confidence: float = 0.95) -> OperatingPoint:
        """The smallest threshold whose one-sided upper bound on the FPIR is at most `target`.

        Raises
        ------
        UnattainableTarget
            Where there are too few people for any threshold; its message says how many it takes.
        BadInput
            Where the target or the confidence is not in (0, 1).
        """
        checked_target(target, "target FPIR")
        errors = certified_errors(self._strangers, np.unique(self.false_positives), target, confidence)
        first = int(np.argmax(self.false_positives <= errors))
        return self._chosen(float(self.thresholds[first]), "FPIR", target, Support())

    def threshold_at_fnir(self, target: float) -> OperatingPoint:
        """The largest threshold whose FNIR is at most `target`.

        Raises
        ------
        UnattainableTarget
            With fewer than 1/target mated searches, or where the FNIR is above the target at every threshold.
        BadInput
            Where the target is not in (0, 1).
        """
        support = self.support("FNIR", target)
        within = np.flatnonzero(self.misses <= allowed_errors(target, self.mated))
        if not within.size:
            raise UnreachableTarget("FNIR", target, float(self.fnir[0]), trials=self.mated)
        return self._chosen(float(self.thresholds[within[-1]]), "FNIR", target, support)

    def _chosen(self, threshold: float, measure: str, target: float, support: Support) -> OperatingPoint:
        return replace(
            self.at(threshold),
            measure=measure,
            target=target,
            supported=support.supported,
            reason=support.reason,
            in_sample=True,
        )

    def band(
        self, measure: Literal["FPIR", "FNIR"], thresholds: Floats | None = None, confidence: float = 0.95
    ) -> Band:
        """A rate with its interval at many thresholds at once: what a figure shades.

        Parameters
        ----------
        measure : {"FPIR", "FNIR"}
        thresholds : (k,) float array, optional
            By default at most 512 of the curve's own.
        confidence : float
            Of each interval by itself, not of the whole band at once.
        """
        grid = band_grid(self.thresholds) if thresholds is None else np.asarray(thresholds, dtype=np.float64)
        nested = self._strangers if measure == "FPIR" else self._misses
        counts = self._false_positives(grid) if measure == "FPIR" else self._missed(grid)
        low, high = nested.band(counts, confidence)
        return Band(measure, grid, _shares(counts, nested.trials), low, high, confidence)

    def cmc(self, ranks: int = 50) -> Cmc:
        """The cumulative match characteristic up to rank `ranks` (at most N), investigation mode."""
        rank = self.searches.rank[self.searches.mated]
        last = max(1, min(ranks, self.searches.subjects))
        hits = np.cumsum(np.bincount(rank[(rank > 0) & (rank <= last)], minlength=last + 1)[1 : last + 1])
        return Cmc(np.arange(1, last + 1), hits, self.mated)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a threshold: counts and rates."""
        import pandas as pd

        columns = ("false_positives", "misses", "misidentifications", "fpir", "fnir")
        frame = pd.DataFrame({"threshold": self.thresholds} | {name: getattr(self, name) for name in columns})
        return frame.assign(non_mated=self.non_mated, mated=self.mated)

    def __repr__(self) -> str:
        return (
            f"open-set curve: N = {self.searches.subjects:,}, rank {self.rank}, {self.mated:,} mated and"
            f" {self.non_mated:,} non-mated searches, {len(self.thresholds):,} thresholds"
        )


def open_set_curve(comparisons: Comparisons, rank: int = 1) -> OpenSetCurve:
    """The open-set error curve of a dense table of comparisons.

    Parameters
    ----------
    comparisons : Comparisons
        Every probe against every reference.
    rank : int
        R, at least 1.

    Returns
    -------
    OpenSetCurve
    """
    return OpenSetCurve(searches(comparisons), rank)


def open_set_curve_of_searches(found: Searches, rank: int = 1) -> OpenSetCurve:
    """The open-set error curve of searches, such as `searches_from_candidates` makes them."""
    return OpenSetCurve(found, rank)


def _people(person: Ints) -> PeopleTrials:
    """Searches clustered by the probe's person, renumbered without gaps."""
    return PeopleTrials(np.asarray(np.unique(person, return_inverse=True)[1], dtype=np.int64), UNIT)


def _shares(counts: Ints, trials: int) -> Floats:
    """Counts over trials; NaN without a trial."""
    return counts / trials if trials else np.full(np.shape(counts), np.nan)

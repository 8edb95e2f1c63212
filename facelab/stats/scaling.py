"""FPIR against gallery size: measured by leaving subjects out, and carried on to the operational size.

Within the gallery nothing is modelled. If m_i of the N subjects reach the threshold T in non-mated search i, the chance
that a random gallery of n of them alarms is 1 - C(N - m_i, n) / C(N, n) (hypergeometric), and the mean over the
searches is FPIR(n, T) *averaged over every subset of n subjects*: exact, no sampling.

Beyond N everything is extrapolation, and marked so. Four curves stand side by side:

- independence, 1 - (1 - FMR)^n: every comparison by itself. People who look like many (on either side) make it wrong
  in either direction;
- mixture, 1 - E (1 - p)^n with p ~ Beta over the searches, through the two measured points FMR and FPIR(N): searches
  differ in how much they look like others. Where searches differ *less* than by chance, 1 - (1 - FPIR(N))^(n/N);
- floor FPIR(N) and ceiling min(1, (n/N) FPIR(N)): FPIR(n) rises with n and is concave, for any way in which people
  resemble each other, as long as the operational gallery is drawn from the same population. The ceiling bounds the
  *mean over such galleries*: where a few enrolled people match many, it depends on whether the test had one of them,
  and the interval beyond N carries that (delete-one-subject jackknife).

Symbols: N subjects enrolled, n another gallery's size, T threshold (accept at or above). Sources: NIST SP 800-63A-4
3.11 (the gallery tested holds at least 90 % of the operational one); Wayman, "Error-rate equations for the general
biometric system", IEEE Robotics & Automation 6 (1999) for independence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln, gammaln

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, IntArray, plain, within
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.gallery_jackknife import gallery_fpir
from facelab.stats.intervals import Interval, binomial_interval
from facelab.stats.rates import Rate, effective_trials
from facelab.stats.unseen import Unseen, widened

if TYPE_CHECKING:
    import pandas as pd

    from facelab.stats.searches import Searches


FEW_CARRIERS = 10.0
"""Where fewer people than this carry the variance, the interval beyond N is not to be relied on."""


def fpir_if_independent(fmr: float, size: float) -> float:
    """FPIR = 1 - (1 - FMR)^N for N independent comparisons.

    Examples
    --------
    >>> round(fpir_if_independent(1e-6, 10_000), 6)
    0.00995
    """
    return float(-np.expm1(size * np.log1p(-within("fmr", fmr, 0.0, 1.0, ends=True)))) if fmr < 1 else 1.0


def fmr_if_independent(fpir: float, size: float) -> float:
    """FMR = 1 - (1 - FPIR)^(1/N): what each of N independent comparisons may err for a given FPIR.

    Examples
    --------
    >>> f"{fmr_if_independent(0.001, 1000):.3e}"
    '1.000e-06'
    """
    return float(-np.expm1(np.log1p(-within("fpir", fpir, 0.0, 1.0, ends=True)) / size)) if fpir < 1 else 1.0


def alarm_probability(hits: IntArray, subjects: int, size: int) -> FloatArray:
    """(s,) chance that a random `size` of the `subjects` holds one of each search's `hits`.

    1 - C(N - m, n) / C(N, n), by log-gamma.
    """
    m = np.asarray(hits, dtype=np.float64)
    left = subjects - m
    possible = np.maximum(left - size, 0.0)
    none = gammaln(left + 1) - gammaln(possible + 1) - gammaln(subjects + 1) + gammaln(subjects - size + 1)
    chance = np.where(left < size, 1.0, -np.expm1(np.minimum(none, 0.0)))
    return np.asarray(np.where(m == 0, 0.0, chance))


@dataclass(frozen=True, eq=False)
class NonMated:
    """The candidates of the non-mated searches, best first."""

    score: FloatArray
    search: IntArray
    person: IntArray
    searches: int
    subjects: int

    def hits(self, threshold: float) -> IntArray:
        """(s,) subjects at or above `threshold` in each search."""
        return np.bincount(self.search[: self._reached(threshold)], minlength=self.searches)

    def _reached(self, threshold: float) -> int:
        return int(np.searchsorted(-self.score, -threshold, side="right"))

    def fmr(self, threshold: float) -> float:
        """Candidates at or above `threshold` per search and subject."""
        return self._reached(threshold) / (self.searches * self.subjects)

    def fpir(self, threshold: float, size: int) -> float:
        """FPIR of a gallery of `size` subjects; beyond N by the mixture."""
        hits = self.hits(threshold)
        if size <= self.subjects:
            return float(alarm_probability(hits, self.subjects, size).mean())
        return mixture_fpir(self.fmr(threshold), float((hits > 0).mean()), self.subjects, size)

    def smallest_threshold(self, allowed: Any) -> float:
        """The smallest candidate threshold for which the falling rate meets `allowed` (a function of T to bool)."""
        candidates = np.unique(self.score)
        low, high = 0, len(candidates)  # candidates[high:] meet it; the next float above the largest always does
        while low < high:
            middle = (low + high) // 2
            if allowed(float(candidates[middle])):
                high = middle
            else:
                low = middle + 1
        if low < len(candidates):
            return float(candidates[low])
        return float(np.nextafter(candidates[-1], np.inf)) if len(candidates) else -np.inf


def non_mated_side(searches: Searches) -> NonMated:
    """The non-mated side of `searches`."""
    rows = np.flatnonzero(~searches.mated)
    if not rows.size:
        raise NotMeasured("there is no non-mated search, so there is no FPIR")
    if searches.subjects < 1:
        raise NotMeasured("nobody is enrolled, so there is no FPIR")
    new = np.full(len(searches), -1)
    new[rows] = np.arange(rows.size)
    search = new[searches.candidate_search]
    order = np.argsort(-searches.candidate_score, kind="stable")
    person = np.unique(searches.person[rows], return_inverse=True)[1]
    score = np.asarray(searches.candidate_score, dtype=np.float64)[order]
    return NonMated(score, search[order], person, rows.size, searches.subjects)


def mixture_fpir(fmr: float, fpir: float, subjects: int, size: float) -> float:
    """FPIR of `size` subjects by the mixture through the measured `fmr` and the `fpir` of `subjects` subjects.

    1 - B(a, b + n) / B(a, b) with a / (a + b) = FMR and the same expression at N equal to FPIR(N); where no such a, b
    exists (searches differ less than by chance), 1 - (1 - FPIR(N))^(n/N).
    """
    if fpir <= 0 or fpir >= 1:
        return float(fpir)
    if fpir >= fpir_if_independent(fmr, subjects) * (1 - 1e-9):
        return fpir_if_independent(fpir, size / subjects)

    def alarm(log_concentration: float, n: float) -> float:
        total = np.exp(log_concentration)
        a, b = fmr * total, (1 - fmr) * total
        return float(-np.expm1(betaln(a, b + n) - betaln(a, b)))

    ends = (-12.0, 30.0)
    if alarm(ends[0], subjects) >= fpir or alarm(ends[1], subjects) <= fpir:
        return fpir_if_independent(fpir, size / subjects)
    concentration = brentq(lambda c: alarm(c, subjects) - fpir, *ends, xtol=1e-10)
    return float(np.clip(alarm(concentration, size), fpir, min(1.0, fpir * size / subjects)))


@dataclass(frozen=True, eq=False)
class GalleryScale:
    """FPIR against gallery size at one threshold.

    Parameters
    ----------
    threshold : float
        T.
    subjects, searches, people : int
        N measured, non-mated searches, and people behind them.
    fmr : float
        Candidates at or above T per search and subject.
    size : (k,) int array
        Gallery sizes n, rising.
    extrapolated : (k,) bool array
        Where n > N: there nothing was measured.
    fpir : (k,) array
        Up to N measured; beyond by the mixture.
    low, high : (k,) arrays
        Up to N the interval by probe person; beyond N the lower end of FPIR(N) and n/N times its upper end, by probe
        and gallery people (a hub may be missing among the tested subjects).
    independent : (k,) array
        1 - (1 - FMR)^n.
    floor, ceiling : (k,) arrays
        Bounds beyond N (equal to `fpir` up to N).
    confidence : float
        Of `low` and `high`.
    note : str
        What the reader of the intervals must know; empty where there is nothing.
    reliable : bool
        False where the interval of some size is not to be relied on: the note says why.
    """

    threshold: float
    subjects: int
    searches: int
    people: int
    fmr: float
    size: IntArray
    extrapolated: BoolArray
    fpir: FloatArray
    low: FloatArray
    high: FloatArray
    independent: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    confidence: float
    note: str = ""
    reliable: bool = True

    def __repr__(self) -> str:
        last = f"FPIR {self.fpir[-1]:.2g} [{self.low[-1]:.2g}, {self.high[-1]:.2g}] at N = {int(self.size[-1]):,}"
        if not self.reliable:
            last += ", an interval not to be relied on"
        kind = f"extrapolated from N = {self.subjects:,}" if self.extrapolated[-1] else "measured"
        behind = f"{self.searches} non-mated searches of {self.people} people, threshold {self.threshold:.4g}"
        return f"{last} ({kind}; independence would say {self.independent[-1]:.2g}; {behind})"

    def _columns(self) -> dict[str, Any]:
        names = ("size", "extrapolated", "fpir", "low", "high", "independent", "floor", "ceiling")
        return {name: getattr(self, name) for name in names}

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a gallery size."""
        import pandas as pd

        return pd.DataFrame(self._columns())

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        head = {"threshold": plain(self.threshold), "subjects": self.subjects, "searches": self.searches}
        rest = {"people": self.people, "fmr": self.fmr, "confidence": self.confidence, "note": self.note}
        rest["reliable"] = self.reliable
        return head | rest | {name: plain(column) for name, column in self._columns().items()}


def fpir_by_gallery_size(
    searches: Searches, threshold: float, sizes: Any = None, *, confidence: float = 0.95
) -> GalleryScale:
    """FPIR at `threshold` for galleries of the given `sizes`.

    Parameters
    ----------
    searches : Searches
        Only its non-mated searches are used. From candidate lists, T must not lie below what the lists report.
    threshold : float
        T.
    sizes : sequence of int, optional
        Gallery sizes; by default eight up to N, in equal ratios.
    confidence : float
        Two-sided.

    Raises
    ------
    NotMeasured
        No non-mated search, or nobody enrolled.
    BadInput
        Sizes below 1.
    """
    found = non_mated_side(searches)
    n = found.subjects
    wanted = np.unique(np.round(np.geomspace(1, n, 8)) if sizes is None else np.asarray(sizes, dtype=np.float64))
    if not wanted.size or wanted[0] < 1 or (wanted != np.round(wanted)).any():
        raise BadInput("gallery sizes must be whole numbers from 1", place="sizes")
    size = wanted.astype(np.int64)
    hits, fmr = found.hits(threshold), found.fmr(threshold)
    at_n = float((hits > 0).mean())
    beyond = size > n
    chance = np.stack([alarm_probability(hits, n, int(min(k, n))) for k in size])  # (k, s)
    low, high = clustered_interval(chance, found.person, within("confidence", confidence, 0.0, 1.0))
    factor = np.maximum(size / n, 1.0)
    within_n = fpir_as_tested(searches, threshold).interval(confidence) if (~beyond).any() else None
    note, reliable = ("", True) if within_n is None else (within_n.note, within_n.reliable)
    if beyond.any():
        wide = fpir_of_such_galleries(searches, threshold)
        ends = wide.interval(confidence)
        low, high = np.where(beyond, ends.low, low), np.where(beyond, ends.high, high)
        lacks = _lack_of_gallery(wide, ends, n) if (high * factor)[beyond].min() < 1 else ""
        note = "; ".join(filter(None, (note, EXTRAPOLATED, lacks)))
        reliable = reliable and not lacks
    fpir = np.array([mixture_fpir(fmr, at_n, n, int(k)) if k > n else c.mean() for k, c in zip(size, chance)])
    return GalleryScale(
        float(threshold),
        n,
        found.searches,
        int(found.person.max()) + 1,
        fmr,
        size,
        beyond,
        fpir,
        low,
        np.minimum(high * factor, 1.0),
        np.array([fpir_if_independent(fmr, int(k)) for k in size]),
        np.where(beyond, at_n, fpir),
        np.where(beyond, np.minimum(at_n * factor, 1.0), fpir),
        confidence,
        note,
        reliable,
    )


EXTRAPOLATED = "conservative beyond N: from FPIR(N) to n/N times the upper end, if other subjects are like these"


def _lack_of_gallery(rate: Rate, ends: Interval, subjects: int) -> str:
    """Why the interval beyond N is not to be relied on, or nothing."""
    carriers = np.inf if rate.clustering is None else rate.clustering.carriers
    if ends.reliable and carriers >= FEW_CARRIERS:
        return ""
    return (
        f"not to be relied on beyond N: with {subjects:,} enrolled people tested, or few who carry the false positives,"
        " a larger gallery may hold hubs that this one lacks"
    )


def clustered_interval(value: FloatArray, person: IntArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Interval of the mean over searches of each row of `value` (k, s) in [0, 1], by probe person."""
    s = value.shape[1]
    mean = value.mean(axis=1)
    size = np.bincount(person).astype(np.float64)
    groups = len(size)
    residual = np.stack([np.bincount(person, weights=row - row.mean(), minlength=groups) for row in value])
    squares = (residual**2).sum(axis=1)
    variance = (
        squares / s**2 * (groups / (groups - 1) if groups > 1 else np.inf) if groups > 1 else np.full(len(mean), np.inf)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        carriers = np.where(squares > 0, squares**2 / (residual**4).sum(axis=1), np.inf)
    variance = np.where(squares > 0, variance, 0.0)
    tail, worth = (1 - confidence) / 2, float(s**2 / (size**2).sum())
    trials = effective_trials(mean * s, np.full(len(mean), float(s)), variance, worth, carriers, tail=tail)
    ends = binomial_interval(mean * trials, trials, confidence)
    return widened(mean, ends, trials, [Unseen(groups, worth, worth)], tail=tail)


def fpir_of_such_galleries(searches: Searches, threshold: float) -> Rate:
    """FPIR at N, with an interval that holds for other galleries of N such people (jackknife, at most N trials)."""
    wide = gallery_fpir(fpir_as_tested(searches, threshold), searches, threshold)
    if wide.clustering is None:
        return wide
    return replace(
        wide, clustering=replace(wide.clustering, least=min(wide.clustering.least, float(searches.subjects)))
    )


def fpir_as_tested(searches: Searches, threshold: float) -> Rate:
    """FPIR at N as a `Rate` of probe people, beside which the extrapolations stand."""
    found = non_mated_side(searches)
    return rate_of(PeopleTrials(found.person, "probe people"), found.hits(threshold) > 0, "FPIR")

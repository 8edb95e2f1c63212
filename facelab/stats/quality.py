"""Does a quality score foresee errors? The error-versus-discard characteristic (EDC) and its partial area.

Mated comparisons are discarded from the lowest quality up; the FNMR of those that remain, at an unchanged threshold,
is drawn against the discarded fraction. A comparison's quality is the lower of its two samples' qualities. Comparisons
of equal quality go together, so the curve is a step function that holds its value until the next group can be
discarded; nothing is interpolated. The ideal curve discards every error first: with E errors in M comparisons it is
max(E - d, 0) / (M - d) after d discards.

Conventions: higher quality is better; accept when score >= threshold; failed acquisitions (NaN scores) are outside FNMR
and counted apart. Sources: ISO/IEC 29794-1; Grother and Tabassi, IEEE TPAMI 29 (2007); Schlett et al.,
arXiv:2303.13294 (partial area, steps, ties).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, IntArray, labels, numbers, plain, within
from facelab.stats.discard_areas import ideal_area
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.rates import Rate


@dataclass(frozen=True, eq=False)
class DiscardCurve:
    """An error-versus-discard characteristic.

    Parameters
    ----------
    quality : (k,) array
        The distinct qualities, rising: step i keeps the comparisons of at least this quality.
    discarded : (k,) int array
        Comparisons below quality i.
    errors : (k,) int array
        False non-matches among the comparisons kept.
    comparisons, failed : int
        Mated comparisons with a score, and those without (outside).
    threshold : float
        The threshold that was kept.
    """

    quality: FloatArray
    discarded: IntArray
    errors: IntArray
    comparisons: int
    failed: int
    threshold: float
    _order: IntArray
    _error: BoolArray
    _person: IntArray | None

    def __repr__(self) -> str:
        start = f"{self.errors[0]}/{self.comparisons} = {self.fnmr[0]:.2g}"
        area = self.partial_area(0.2)
        return f"EDC from FNMR {start} at threshold {self.threshold:g}; partial area above ideal to 20 %: {area:.2g}"

    @property
    def fraction(self) -> FloatArray:
        """(k,) discarded share of the comparisons, from 0."""
        return self.discarded / self.comparisons

    @property
    def fnmr(self) -> FloatArray:
        """(k,) FNMR of the comparisons kept."""
        return self.errors / (self.comparisons - self.discarded)

    def at(self, fraction: float) -> Rate:
        """FNMR, with its interval, after at most `fraction` of the comparisons are discarded."""
        step = int(np.searchsorted(self.fraction, within("fraction", fraction, 0.0, 1.0, ends=True), side="right")) - 1
        kept = self._order[int(self.discarded[step]) :]
        error = self._error[kept]
        if self._person is None:
            return Rate(int(error.sum()), len(kept), "FNMR")
        return rate_of(PeopleTrials(_dense(self._person[kept]), "subjects"), error, "FNMR")

    def errors_in_order(self) -> BoolArray:
        """(comparisons,) whether each comparison with a score is an error, from the lowest quality up."""
        return self._error[self._order]

    def people_in_order(self) -> IntArray | None:
        """(comparisons,) a number for the person of each, from the lowest quality up; None where unknown."""
        return None if self._person is None else _dense(self._person[self._order])

    def area(self, limit: float = 1.0) -> float:
        """Integral of FNMR over the discarded fraction from 0 to `limit` (steps; no interpolation)."""
        return _step_area(self.fraction, self.fnmr, within("limit", limit, 0.0, 1.0, ends=True))

    def ideal_area(self, limit: float = 1.0) -> float:
        """The same of a quality that discards every error first, one comparison at a time."""
        return ideal_area(int(self.errors[0]), self.comparisons, within("limit", limit, 0.0, 1.0, ends=True))

    def partial_area(self, limit: float = 0.2) -> float:
        """Area between the curve and the ideal one up to `limit`: 0 is ideal (arXiv:2303.13294)."""
        return self.area(limit) - self.ideal_area(limit)

    def gain(self, limit: float = 0.2) -> float:
        """Share of what discarding could win that it wins: 1 ideal, 0 like chance, below 0 worse than chance.

        (A_chance - A) / (A_chance - A_ideal), A_chance = FNMR(0) * limit; NaN where there is nothing to win.
        """
        chance = float(self.fnmr[0]) * limit
        possible = chance - self.ideal_area(limit)
        return (chance - self.area(limit)) / possible if possible > 0 else float("nan")

    def to_dict(self, limit: float = 0.2) -> dict[str, Any]:
        """Curve and areas for JSON."""
        areas = {"partial_area": self.partial_area(limit), "limit": limit, "gain": plain(self.gain(limit))}
        head = {"threshold": self.threshold, "comparisons": self.comparisons, "failed": self.failed}
        steps = {"quality": self.quality, "fraction": self.fraction, "errors": self.errors, "fnmr": self.fnmr}
        return head | areas | {key: plain(column) for key, column in steps.items()}


def _dense(code: IntArray) -> IntArray:
    """`code` renumbered without gaps."""
    return np.asarray(np.unique(code, return_inverse=True)[1], dtype=np.int64)


def _step_area(x: FloatArray, y: FloatArray, limit: float) -> float:
    """Integral from 0 to `limit` of the step function that is y[i] from x[i] to x[i+1]."""
    ends = np.minimum(np.append(x[1:], 1.0), limit)
    return float((y * np.maximum(ends - x, 0.0)).sum())


def discard_curve(
    score: Any, probe_quality: Any, reference_quality: Any, threshold: float, subject: Any = None
) -> DiscardCurve:
    """The error-versus-discard characteristic of mated comparisons.

    Parameters
    ----------
    score : (m,) array
        Similarities of mated comparisons; NaN where acquisition failed (outside FNMR, counted).
    probe_quality, reference_quality : (m,) arrays
        Quality of the two samples, higher is better; the lower one is the comparison's.
    threshold : float
        Accept when score >= threshold.
    subject : (m,) array of str, optional
        Whose comparison each is: the unit of the intervals.

    Raises
    ------
    NotMeasured
        No comparison has a score.
    BadInput
        Text, infinities, wrong lengths, or a comparison with a score and without a quality.

    Examples
    --------
    >>> curve = discard_curve([0.9, 0.1, 0.8, 0.2], [4, 1, 3, 2], [9, 9, 9, 9], threshold=0.5)
    >>> curve.fnmr.tolist()
    [0.5, 0.3333333333333333, 0.0, 0.0]
    """
    s = numbers("score", score, missing=True)
    quality = np.minimum(
        _quality("probe_quality", probe_quality, s), _quality("reference_quality", reference_quality, s)
    )
    usable = ~np.isnan(s)
    if not usable.any():
        raise NotMeasured("no mated comparison has a score: there is no FNMR to draw")
    if not np.isfinite(threshold):
        raise BadInput(f"must be finite, it is {threshold}", place="threshold")
    person = None if subject is None else person_codes(labels("subject", subject, len(s)))[usable]
    quality, error = quality[usable], s[usable] < threshold
    order = np.argsort(quality, kind="stable")
    levels, first = np.unique(quality[order], return_index=True)
    after = np.cumsum(error[order][::-1].astype(np.int64))[::-1]
    return DiscardCurve(
        levels,
        first.astype(np.int64),
        after[first],
        len(order),
        int((~usable).sum()),
        float(threshold),
        order,
        error,
        person,
    )


def _quality(name: str, value: Any, score: FloatArray) -> FloatArray:
    """`value` as the quality of each comparison that has a score."""
    quality = numbers(name, value, missing=True)
    if quality.shape != score.shape:
        raise BadInput(f"has {len(quality)} entries, there are {len(score)} scores", place=name)
    bare = np.isnan(quality) & ~np.isnan(score)
    if bare.any():
        raise BadInput(f"comparison {int(np.argmax(bare))} has a score and no quality (NaN)", place=name)
    return quality

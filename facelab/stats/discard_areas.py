"""How sure are the areas of an error-versus-discard curve? A bootstrap whose unit is the person.

Each replicate draws as many people as there are, with replacement, and with a person all of their comparisons; the
curve of what was drawn gives its own partial area and gain (`facelab.stats.quality`), with the ideal curve of as many
errors among as many comparisons. Intervals are percentiles of the replicates, expanded for as few people as err
(Student's t). Where people are unknown comparisons are drawn instead, and the interval says so.

Sources: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13; Hesterberg,
The American Statistician 69 (2015) (expanded percentiles).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, stdtrit

from facelab.errors import NotMeasured
from facelab.stats._given import FloatArray, plain, within
from facelab.stats.bootstrap import subject_weights
from facelab.stats.intervals import Interval

if TYPE_CHECKING:
    from facelab.stats.quality import DiscardCurve

LEAST_PEOPLE = 10
"""Fewer erring people than this: the replicates repeat the same few, and the interval says so."""

_CELLS = 10_000_000


@dataclass(frozen=True, eq=False)
class DiscardAreas:
    """Partial area and gain of an error-versus-discard curve, with their bootstrap replicates.

    Parameters
    ----------
    limit : float
        The largest discarded fraction.
    value, gain : float
        Area above the ideal curve up to `limit`, and the share of what discarding could win that it wins.
    areas, gains : (B,) arrays
        The same in each replicate; a replicate without an error has area 0 and no gain (NaN).
    people, erring : int
        What was drawn, and how many of them have an error.
    unit : str
        "subjects", or "independent comparisons" where people are unknown.
    """

    limit: float
    value: float
    gain: float
    areas: FloatArray
    gains: FloatArray
    people: int
    erring: int
    unit: str

    def interval(self, confidence: float = 0.95) -> Interval:
        """Of the partial area."""
        return self._interval(self.areas, confidence)

    def gain_interval(self, confidence: float = 0.95) -> Interval:
        """Of the gain; NaN where no replicate has one."""
        return self._interval(self.gains, confidence)

    def _interval(self, replicates: FloatArray, confidence: float) -> Interval:
        tail = self._tail((1 - within("confidence", confidence, 0.0, 1.0)) / 2)
        known = replicates[~np.isnan(replicates)]
        low, high = np.quantile(known, [tail, 1 - tail]) if known.size else (np.nan, np.nan)
        few = self.erring < LEAST_PEOPLE
        note = f"only {self.erring} {self.unit} err: it may be too narrow" if few else ""
        method = f"bootstrap, expanded percentile, {self.unit}"
        return Interval(float(low), float(high), confidence, method, self.people, None, note)

    def _tail(self, nominal: float) -> float:
        """The expanded tail: Phi(sqrt(n / (n - 1)) t), t Student's of n - 1 degrees, n the erring people."""
        n = max(self.erring, 2)
        return float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, nominal)))

    def __repr__(self) -> str:
        area, gain = self.interval(), self.gain_interval()
        return (
            f"partial area above ideal to {100 * self.limit:g} % discarded {self.value:.2g} "
            f"[{area.low:.2g}, {area.high:.2g}], gain {self.gain:.2g} [{gain.low:.2g}, {gain.high:.2g}] "
            f"(95 %, {self.people} {self.unit})"
        )

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        found = {}
        for name, value, ends in (
            ("partial_area", self.value, self.interval(confidence)),
            ("gain", self.gain, self.gain_interval(confidence)),
        ):
            found[name] = {
                "value": plain(value),
                "low": plain(ends.low),
                "high": plain(ends.high),
                "confidence": confidence,
                "method": ends.method,
                "note": ends.note,
            }
        return {"limit": self.limit, "people": self.people, "erring": self.erring} | found


def discard_areas(
    curve: DiscardCurve, limit: float = 0.2, *, replicates: int = 1000, rng: np.random.Generator
) -> DiscardAreas:
    """Partial area and gain of `curve` up to `limit`, with person-level bootstrap replicates.

    Parameters
    ----------
    curve : DiscardCurve
        Made with subjects, or its comparisons are taken as independent.
    limit : float
        The largest discarded fraction, in (0, 1].
    replicates : int
        B.
    rng : numpy.random.Generator
        Of the draws.

    Raises
    ------
    NotMeasured
        No error, or a single person (or comparison), of whom nothing can be drawn.
    """
    reach = within("limit", limit, 0.0, 1.0, ends=True)
    person, error = curve.people_in_order(), curve.errors_in_order()
    unit = "subjects" if person is not None else "independent comparisons"
    code = np.arange(len(error)) if person is None else person
    people = int(code.max()) + 1
    if not error.any():
        raise NotMeasured("no mated comparison is an error at this threshold: there is nothing that a quality foresees")
    if people < 2:
        raise NotMeasured("one person gives no interval of an area: another could not be drawn")
    weights = subject_weights(people, replicates, rng)
    areas, gains = np.empty(replicates), np.empty(replicates)
    step = max(1, _CELLS // len(error))
    for start in range(0, replicates, step):
        block = slice(start, start + step)
        areas[block], gains[block] = _areas(weights[block][:, code], error, curve.discarded, reach)
    erring = len(np.unique(code[error]))
    return DiscardAreas(reach, curve.partial_area(reach), curve.gain(reach), areas, gains, people, erring, unit)


def _areas(weight: Any, error: Any, first: Any, limit: float) -> tuple[FloatArray, FloatArray]:
    """Partial area and gain (b,) of comparisons in order of quality that count `weight` (b, m) times."""
    total = weight.sum(axis=1, dtype=np.float64)
    before = np.concatenate([np.zeros((len(weight), 1)), np.cumsum(weight, axis=1, dtype=np.float64)], axis=1)
    wrong = np.concatenate([np.zeros((len(weight), 1)), np.cumsum(weight * error, axis=1, dtype=np.float64)], axis=1)
    discarded, errors = before[:, first], wrong[:, -1:] - wrong[:, first]
    left = total[:, None] - discarded
    fnmr = np.divide(errors, left, out=np.zeros_like(left), where=left > 0)
    x = discarded / total[:, None]
    ends = np.minimum(np.concatenate([x[:, 1:], np.ones((len(x), 1))], axis=1), limit)
    area = (fnmr * np.maximum(ends - x, 0.0)).sum(axis=1)
    ideal = np.array([ideal_area(int(e), int(m), limit) for e, m in zip(wrong[:, -1], total)])
    chance = wrong[:, -1] / total * limit
    possible = chance - ideal
    gain = np.divide(chance - area, possible, out=np.full(len(area), np.nan), where=possible > 0)
    return area - ideal, gain


def ideal_area(errors: int, comparisons: int, limit: float) -> float:
    """Area up to `limit` below max(E - d, 0) / (M - d), d = 0, 1, … discards of M comparisons with E errors.

    Examples
    --------
    >>> ideal_area(1, 2, 1.0)
    0.25
    """
    d = np.arange(min(errors, comparisons))
    width = np.clip(limit * comparisons - d, 0.0, 1.0) / comparisons
    return float((width * (errors - d) / (comparisons - d)).sum())

"""An enrolled passenger taken for another one, against the size of tonight's roster.

A mated search i has h_i *other* subjects at or above max(T, its mate's score): with any of them on the roster the gate
opens for the wrong name. If the passenger is on the roster of n and the other n - 1 are drawn from the N - 1 others
tested, the chance is 1 - C(N - 1 - h_i, n - 1) / C(N - 1, n - 1), averaged over searches: exact, no sampling, no model.

Beyond N everything is extrapolated and marked: the mean over galleries grows at most in proportion, so the rate lies
between what was measured at N and (n - 1) / (N - 1) times it (concave in n, as FPIR is: `facelab.stats.scaling`).
Without a misidentification in the test the proportion is that of the upper bound, which soon says nothing.

A misidentification takes somebody else above T, so its rate is at most that of somebody being there at all; where
enrolled people look like others as strangers do, FPIR bounds it, and usually many times over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, IntArray, plain, within
from facelab.stats.scaling import alarm_probability, clustered_interval

if TYPE_CHECKING:
    from facelab.types import Comparisons


@dataclass(frozen=True, eq=False)
class RosterScale:
    """Misidentification against roster size at one threshold.

    Parameters
    ----------
    threshold : float
        T.
    subjects, searches, people : int
        N tested, mated searches, and people behind them.
    size : (k,) int array
        Roster sizes, rising.
    extrapolated : (k,) bool array
        Where the size is beyond N.
    rate, low, high : (k,) arrays
        Up to N measured, with its interval by person; beyond N the ceiling, from the lower end at N to the ceiling of
        the upper end.
    """

    threshold: float
    subjects: int
    searches: int
    people: int
    size: IntArray
    extrapolated: BoolArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray

    def __repr__(self) -> str:
        kind = "at most, extrapolated" if self.extrapolated[-1] else "measured"
        last = f"{self.rate[-1]:.2g} [{self.low[-1]:.2g}, {self.high[-1]:.2g}] at a roster of {int(self.size[-1]):,}"
        return f"misidentification {last} ({kind}; {self.searches} searches of {self.people} people)"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: plain(value) for name, value in vars(self).items()}


def misidentification_by_roster(
    comparisons: Comparisons, threshold: float, sizes: Any, *, confidence: float = 0.95
) -> RosterScale:
    """How often an enrolled passenger is taken for another at rosters of `sizes`.

    Parameters
    ----------
    comparisons : Comparisons
        Every probe against every reference; only the mated ones are used.
    threshold : float
        T.
    sizes : sequence of int
        Roster sizes from 1, the passenger included.
    confidence : float
        Two-sided.

    Raises
    ------
    NotMeasured
        No mated search, or nobody else enrolled.
    BadInput
        Sizes below 1.
    """
    size = np.unique(np.asarray(sizes, dtype=np.int64))
    if not size.size or size[0] < 1:
        raise BadInput("roster sizes must be whole numbers from 1", place="sizes")
    rows = np.flatnonzero(comparisons.mated)
    n = len(comparisons.enrolled)
    if not rows.size or n < 2:
        raise NotMeasured("no enrolled passenger came, or nobody else is enrolled: nobody can be taken for another")
    hits = others_above(comparisons, threshold)
    person = np.unique(comparisons.probe_subject[rows], return_inverse=True)[1]
    beyond = size > n
    chance = np.stack([alarm_probability(hits, n - 1, int(min(k, n)) - 1) for k in size])
    low, high = clustered_interval(chance, person, within("confidence", confidence, 0.0, 1.0))
    factor = np.maximum((size - 1) / (n - 1), 1.0)
    return RosterScale(
        float(threshold),
        n,
        int(rows.size),
        int(person.max()) + 1,
        size,
        beyond,
        np.minimum(chance.mean(axis=1) * factor, 1.0),
        low,
        np.minimum(high * factor, 1.0),
    )


def others_above(comparisons: Comparisons, threshold: float) -> IntArray:
    """(m,) in each mated search, the other subjects at or above both the threshold and the mate's best score."""
    rows = np.flatnonzero(comparisons.mated)
    names, column = np.unique(comparisons.reference_subject, return_inverse=True)
    found = np.zeros(len(rows), dtype=np.int64)
    for i, row in enumerate(rows.tolist()):
        best = np.full(len(names), -np.inf)
        score = comparisons.score[row]
        usable = ~np.isnan(score)
        np.maximum.at(best, column[usable], score[usable])
        own = names == comparisons.probe_subject[row]
        mate = float(best[own].max(initial=-np.inf))
        found[i] = int((best[~own] >= max(threshold, mate)).sum())
    return found

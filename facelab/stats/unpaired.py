"""Two sets of searches of different people: how much more does the second miss, and how sure is that?

Where champion and challenger were measured on different people or on different days, nothing can be paired: each side
has a variance of its own and the two add. People who are in both make the true variance smaller than that, so the
intervals are then too wide, never too narrow. Differences are *second minus first*.

At one FPIR each side chooses a threshold of its own, and chooses it anew in every subject-bootstrap replicate; the
sides are drawn independently. A bootstrap of few misses is too narrow (without a miss it has no width at all), so its
interval is joined with the one of Newcombe's method 10 (Statistics in Medicine 17, 1998) on the person-level intervals
of the two rates at their thresholds (exact ones, on the effective size): the wider end counts on each side. Accept
when score >= T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.stats._given import FloatArray, plain, within
from facelab.stats.bootstrap import subject_weights
from facelab.stats.intervals import Interval
from facelab.stats.openset import OpenSetCurve
from facelab.stats.paired_targets import threshold_index

if TYPE_CHECKING:
    from facelab.stats.rates import Rate
    from facelab.stats.searches import Searches

BLOCK = 4_000_000
"""Weights worked on at a time."""


@dataclass(frozen=True, eq=False)
class UnpairedDifference:
    """The difference of two error rates of different people: second minus first.

    Parameters
    ----------
    first, second : Rate
        Each side's own, at its threshold.
    thresholds : (float, float)
        Of the two.
    at : str
        How they were set.
    replicates : (B,) array or None
        The difference in independent subject-bootstrap replicates; None at given thresholds.
    """

    first: Rate
    second: Rate
    thresholds: tuple[float, float]
    at: str
    replicates: FloatArray | None = None

    @property
    def value(self) -> float:
        """Second minus first."""
        return self.second.value - self.first.value

    @property
    def method(self) -> str:
        """How its interval is made."""
        joined = "" if self.replicates is None else "independent subject bootstraps, joined with "
        return f"unpaired: {joined}Newcombe's method 10 on person-level intervals"

    def ends(self, tail: float) -> tuple[float, float]:
        """The interval that leaves out `tail` on each side."""
        a, b = (rate.interval(1 - 2 * tail, "clopper-pearson") for rate in (self.first, self.second))
        low = self.value - float(np.hypot(self.second.value - b.low, a.high - self.first.value))
        high = self.value + float(np.hypot(b.high - self.second.value, self.first.value - a.low))
        if self.replicates is not None and not np.isnan(self.replicates).all():
            drawn = np.nanquantile(self.replicates, [tail, 1 - tail])
            low, high = min(low, float(drawn[0])), max(high, float(drawn[1]))
        return low, high

    def interval(self, confidence: float = 0.95) -> Interval:
        """The two-sided interval."""
        low, high = self.ends((1 - within("confidence", confidence, 0.0, 1.0)) / 2)
        people = [rate.people for rate in (self.first, self.second) if rate.people is not None]
        return Interval(low, high, confidence, self.method, min(people, default=None))

    def __repr__(self) -> str:
        ends = self.interval()
        return (
            f"{self.second.name} at {self.at}, different people: {self.first.value:.2g} and {self.second.value:.2g}, "
            f"difference {self.value:+.2g} [{ends.low:+.2g}, {ends.high:+.2g}] (95 %)"
        )

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        ends = self.interval(confidence)
        head = {"name": self.second.name, "at": self.at, "thresholds": plain(self.thresholds), "paired": False}
        rates = {"first": self.first.to_dict(confidence), "second": self.second.to_dict(confidence)}
        span = {"difference": plain(self.value), "low": plain(ends.low), "high": plain(ends.high)}
        return head | rates | span | {"confidence": confidence, "method": ends.method}


def unpaired_at_thresholds(
    first: Searches, second: Searches, thresholds: tuple[float, float], *, rank: int = 1
) -> dict[str, UnpairedDifference]:
    """FPIR and FNIR of the second searches minus the first's, each at its own given threshold.

    Returns
    -------
    dict
        "fpir" and "fnir", those of which both sides have trials.

    Raises
    ------
    NotMeasured
        Neither can be compared.
    """
    points = [OpenSetCurve(s, rank).at(t) for s, t in zip((first, second), thresholds)]
    at = f"given thresholds {thresholds[0]:g} and {thresholds[1]:g}"
    pairs = {"fpir": (points[0].fpir, points[1].fpir), "fnir": (points[0].fnir, points[1].fnir)}
    found = {name: UnpairedDifference(a, b, thresholds, at) for name, (a, b) in pairs.items() if a.trials and b.trials}
    if not found:
        raise NotMeasured("the two runs have no kind of search in common to compare them on")
    return found


def unpaired_at_fpir(
    first: Searches, second: Searches, target: float, *, rank: int = 1, replicates: int = 1000, rng: np.random.Generator
) -> UnpairedDifference:
    """FNIR of the second searches minus the first's, each at the threshold that meets the same FPIR on its own people.

    Parameters
    ----------
    first, second : Searches
        Of different people, or of the same on another day.
    target : float
        FPIR, in (0, 1).
    rank : int
        R of the FNIR.
    replicates, rng
        Of the two bootstraps.

    Raises
    ------
    UnattainableTarget
        A side has fewer than 1/target non-mated searches.
    NotMeasured
        A side has no mated search.
    """
    goal = within("target", target, 0.0, 1.0)
    sides = [Side.of(s, rank) for s in (first, second)]
    for side in sides:
        strangers = len(side.nonmated)
        if strangers * goal < 1 - 1e-9:
            raise UnattainableTarget("FPIR", goal, have=strangers, needed=int(np.ceil(1 / goal)))
        if not len(side.mated):
            raise NotMeasured("there is no mated search on one side, so there is no FNIR to compare")
    drawn = [side.replicates(goal, replicates, rng) for side in sides]
    thresholds = sides[0].threshold(goal), sides[1].threshold(goal)
    rates = [OpenSetCurve(s, rank).at(t).fnir for s, t in zip((first, second), thresholds)]
    return UnpairedDifference(rates[0], rates[1], thresholds, f"FPIR {goal:g}, rank {rank}", drawn[1] - drawn[0])


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison, ready for replicates: scores in order, and whose they are.

    Parameters
    ----------
    nonmated, nonmated_person : (n,) arrays
        Falling best scores of strangers, -inf where there is none, and the people's numbers.
    mated, mated_person : (m,) arrays
        Rising scores up to which each mated search is a hit, -inf where it never is.
    people : int
        Of both kinds.
    """

    nonmated: FloatArray
    nonmated_person: Any
    mated: FloatArray
    mated_person: Any
    people: int

    @classmethod
    def of(cls, searches: Searches, rank: int) -> Side:
        """The side that `searches` are, hits within `rank`."""
        mated = searches.mated
        non = np.nan_to_num(searches.other_score[~mated], nan=-np.inf).astype(np.float64)
        hit = (searches.rank >= 1) & (searches.rank <= rank)
        own = np.where(hit, np.nan_to_num(searches.mate_score, nan=-np.inf), -np.inf)[mated].astype(np.float64)
        down, up = np.argsort(-non, kind="stable"), np.argsort(own, kind="stable")
        person = searches.person
        count = int(person.max(initial=-1)) + 1
        return cls(non[down], person[~mated][down], own[up], person[mated][up], count)

    def threshold(self, target: float) -> float:
        """The smallest threshold whose FPIR is at most `target` on all of the strangers."""
        weight = np.ones((1, len(self.nonmated)))
        at = int(threshold_index(self.nonmated, weight, np.array([target * len(self.nonmated)]))[0])
        barrier = float(np.append(self.nonmated, -np.inf)[at])
        return float(np.nextafter(barrier, np.inf)) if np.isfinite(barrier) else -np.inf

    def replicates(self, target: float, count: int, rng: np.random.Generator) -> FloatArray:
        """(count,) the FNIR at the threshold that meets `target`, both anew in each replicate of the people."""
        if self.people < 2:
            return np.full(count, np.nan)
        missed = np.empty(count)
        step = max(1, BLOCK // (len(self.nonmated) + len(self.mated)))
        for start in range(0, count, step):
            w = subject_weights(self.people, min(step, count - start), rng).astype(np.float64)
            strangers, enrolled = w[:, self.nonmated_person], w[:, self.mated_person]
            at = threshold_index(self.nonmated, strangers, target * strangers.sum(axis=1))
            barrier = np.append(self.nonmated, -np.inf)[at]
            below = np.searchsorted(self.mated, barrier, side="right")
            summed = np.concatenate([np.zeros((len(w), 1)), np.cumsum(enrolled, axis=1)], axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                missed[start : start + len(w)] = summed[np.arange(len(w)), below] / summed[:, -1]
        return missed

"""Whether a distribution has moved: the chance that a new value lies below an old one, with a person-level interval.

    theta = P(new < old) + P(new = old) / 2

is 1/2 where nothing moved, whatever the scale (Mann and Whitney 1947). With F0, F1 the empirical distributions of n0
old and n1 new values, ties half, the placements are a_j = 1 - F0(new_j) and b_i = F1(old_i), both with mean theta.
People give several values, and the same person may be in both samples, so the variance is that of people's sums
(Obuchowski, Biometrics 53, 1997):

    r_g = sum_{j of g} (a_j - theta) / n1 + sum_{i of g} (b_i - theta) / n0,      V = G/(G-1) sum_g r_g^2

and the interval is that of a proportion with n = theta (1 - theta) / V trials (`facelab.stats.rates`), at least the
people of the smaller sample, at most n0 + n1. The population stability index and the Kolmogorov-Smirnov distance are
given as information: neither has an interval here and neither decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats._given import FloatArray, IntArray, labels, numbers, plain
from facelab.stats.dyadic import carriers_of, person_codes
from facelab.stats.intervals import Interval, binomial_interval, checked_confidence
from facelab.stats.rates import effective_trials

if TYPE_CHECKING:
    from facelab.types import Strings

BINS = 10
"""Classes of the population stability index: tenths of the old sample."""


@dataclass(frozen=True)
class Shift:
    """How far a distribution has moved down.

    Parameters
    ----------
    name : str
        Of what, such as "mated scores".
    value : float
        theta: 1/2 where nothing moved, 1 where every new value lies below every old one.
    variance : float
        V.
    values, people : (int, int)
        Values, and the people who gave them, of the old and of the new sample.
    carriers : float
        How many people carry the variance.
    psi, ks : float
        Population stability index and Kolmogorov-Smirnov distance: information only.
    """

    name: str
    value: float
    variance: float
    values: tuple[int, int]
    people: tuple[int, int]
    carriers: float
    psi: float
    ks: float

    def ends(self, tail: float) -> tuple[float, float]:
        """The interval that leaves out `tail` on each side."""
        n = float(
            effective_trials(
                self.value * sum(self.values), sum(self.values), self.variance, min(self.people), self.carriers,
                tail=tail,
            )
        )  # fmt: skip
        low, high = binomial_interval(self.value * n, n, 1 - 2 * tail, "auto")
        return float(low), float(high)

    def interval(self, confidence: float = 0.95) -> Interval:
        """The two-sided interval of theta."""
        low, high = self.ends((1 - checked_confidence(confidence)) / 2)
        return Interval(low, high, confidence, "placements, summed by person, effective size", min(self.people))

    def reversed(self) -> Shift:
        """The chance that a new value lies *above* an old one: 1 - theta."""
        return Shift(
            self.name, 1 - self.value, self.variance, self.values, self.people, self.carriers, self.psi, self.ks
        )

    def __repr__(self) -> str:
        ends = self.interval()
        return (
            f"{self.name}: a new one lies below an old one with probability {self.value:.2g} "
            f"[{ends.low:.2g}, {ends.high:.2g}] (95 %, {self.people[0]} and {self.people[1]} people)"
        )

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        ends = self.interval(confidence)
        head = {"name": self.name, "below": self.value, "low": ends.low, "high": ends.high, "confidence": confidence}
        rest = {"values": list(self.values), "people": list(self.people), "psi": self.psi, "ks": self.ks}
        return plain(head | rest)  # type: ignore[no-any-return]  # a mapping stays one


def shift(name: str, old: Any, new: Any, old_person: Strings | IntArray | None = None, new_person: Any = None) -> Shift:
    """How far values have moved down between two samples; a NaN (nothing was acquired) is left out.

    Parameters
    ----------
    name : str
        Of what.
    old, new : (n0,), (n1,) arrays
        The samples.
    old_person, new_person : (n0,), (n1,) arrays of str, optional
        Who gave each value; empty: an unknown person of their own. Somebody who is in both counts as one person.
        Without them every value is a person's own.

    Raises
    ------
    NotMeasured
        A sample is empty.

    Examples
    --------
    >>> shift("scores", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).value
    0.5
    """
    before, after = (numbers(name, part, missing=True) for part in (old, new))
    one, two = (
        np.full(len(part), "") if who is None else labels("person", who, len(part))
        for part, who in ((before, old_person), (after, new_person))
    )
    keep, kept = ~np.isnan(before), ~np.isnan(after)
    x, y = before[keep], after[kept]
    if not x.size or not y.size:
        raise NotMeasured(f"{name}: one of the two samples is empty, so whether it moved cannot be seen")
    code = person_codes(np.concatenate([one[keep], two[kept]]))
    a, b = 1 - _placement(x, y), _placement(y, x)
    theta = float(a.mean())
    parts = np.concatenate([(b - theta) / len(x), (a - theta) / len(y)])
    r: FloatArray = np.bincount(code, weights=parts).astype(np.float64)
    groups = int((np.bincount(code) > 0).sum())
    variance = float(np.square(r).sum()) * groups / (groups - 1) if groups > 1 else 0.0
    people = len(np.unique(code[: len(x)])), len(np.unique(code[len(x) :]))
    psi, ks = stability_index(x, y), _distance(x, y)
    return Shift(name, theta, variance, (len(x), len(y)), people, carriers_of(r), psi, ks)


def _placement(sample: FloatArray, at: FloatArray) -> FloatArray:
    """(n,) the share of `sample` below each of `at`, ties half."""
    ordered = np.sort(sample)
    both = np.searchsorted(ordered, at, "left") + np.searchsorted(ordered, at, "right")
    return np.asarray(both / (2 * len(sample)))


def stability_index(old: Any, new: Any, bins: int = BINS) -> float:
    """The population stability index, sum over classes of (q - p) ln(q / p); classes are tenths of the old sample.

    An empty class counts as half a value. It grows with few values by itself, about (bins - 1) (1/n0 + 1/n1): a number
    to look at, not one to decide by.
    """
    x, y = numbers("old", old), numbers("new", new)
    edges = np.unique(np.quantile(x, np.arange(1, bins) / bins))
    p, q = (
        np.maximum(np.bincount(np.searchsorted(edges, part, "right"), minlength=len(edges) + 1), 0.5) / len(part)
        for part in (x, y)
    )
    return float(((q - p) * np.log(q / p)).sum())


def _distance(x: FloatArray, y: FloatArray) -> float:
    """The largest distance of the two empirical distribution functions."""
    at = np.concatenate([x, y])
    one, two = (np.searchsorted(np.sort(part), at, "right") / len(part) for part in (x, y))
    return float(np.abs(one - two).max())

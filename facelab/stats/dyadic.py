"""Person-level variance of a rate: trials that share a person are not independent.

Two designs. `PeopleTrials`: each trial belongs to one person (a search to its probe's person, a mated comparison to
its subject). `PairTrials`: each trial belongs to two (a non-mated comparison). With e and m the errors and trials of a
person or a pair, p = sum e / M and M the number of trials,

- people:  V = G/(G-1) sum_i r_i^2 / M^2,  r_i = e_i - p m_i, over G people (the cluster, or sandwich, variance);
- pairs:   V = c (sum_i R_i^2 - sum_{i<j} D_ij^2) / M^2,  D_ij = e_ij - p m_ij, R_i = sum_j D_ij, which counts every
  pair of comparisons that share a person once (Fogliato, Patil and Perona, arXiv:2306.01198).
  In a complete design of n people V comes out low by (n-2)(n-3)/(n(n-1)), and c is the inverse of that; where probe and
  reference people are different sets of a and b people, c is the larger of a/(a-1) and b/(b-1). With errors there V is
  at least p(1-p)/M.

The least that trials can be worth (`Clustering.least`): every trial of a person may come out alike, and one of the two
people of a pair may match everybody; by Hoeffding's inequality for U-statistics no design of pairs of n people has a
variance above that of n/2 independent trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from facelab.errors import BadInput
from facelab.stats.rates import Clustering, Rate
from facelab.stats.unseen import Unseen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from facelab.types import Bools, Floats, Ints


def person_codes(subjects: ArrayLike) -> Ints:
    """(n,) a number from 0 for each distinct person; an empty subject is an unknown person of their own.

    Examples
    --------
    >>> person_codes(["ann", "", "bob", "", "ann"])
    array([0, 2, 1, 3, 0])
    """
    labels = np.asarray(subjects, dtype=np.str_)
    _, codes = np.unique(labels, return_inverse=True)
    unknown = np.flatnonzero(labels == "")
    if unknown.size:
        codes = codes - 1
        codes[unknown] = codes.max(initial=-1) + 1 + np.arange(unknown.size)
    return np.asarray(codes, dtype=np.int64)


class Trials(Protocol):
    """Trials labelled with the people behind them."""

    @property
    def unit(self) -> str:
        """What the people are called in an interval's method."""

    def __len__(self) -> int:
        """How many trials there are."""

    @property
    def people(self) -> int:
        """Distinct people behind them."""

    def clustering(self, error: Bools) -> Clustering:
        """What the person-level interval needs where the trials marked in `error` (n,) are errors."""

    def growing(self, order: Ints) -> Growing:
        """The same where first the trial order[0] becomes an error, then order[1], …"""

    def least(self, *, alike: bool) -> float:
        """The fewest independent trials these can be worth; `alike`: all came out alike."""

    def unseen(self, *, alike: bool) -> tuple[Unseen, ...]:
        """Among whom a kind of people may be missing; `alike` as in `least`."""


@dataclass(frozen=True, eq=False)
class Growing:
    """Variance and carriers after each of k errors: `variance[i]` is that of i + 1 errors."""

    variance: Floats
    carriers: Floats


@dataclass(frozen=True, eq=False)
class PeopleTrials:
    """Trials of which each belongs to one person.

    Parameters
    ----------
    person : (n,) int array
        The person of each trial, numbered from 0 without gaps (`person_codes`).
    unit : str
        What the people are called in an interval's method.
    """

    person: Ints
    unit: str = "people"

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def sizes(self) -> Floats:
        """(G,) trials of each person."""
        return np.bincount(self.person).astype(np.float64)

    @property
    def people(self) -> int:
        """Distinct people, G."""
        return len(self.sizes)

    def least(self, *, alike: bool) -> float:
        """G where all came out alike, else (sum m)^2 / sum m^2: people, weighted by their trials."""
        if alike or not len(self):
            return float(self.people)
        return float(len(self) ** 2 / np.square(self.sizes).sum())

    def unseen(self, *, alike: bool) -> tuple[Unseen, ...]:
        """Among the people."""
        worth = self.least(alike=alike)
        return (Unseen(self.people, worth, worth),)

    @property
    def _correction(self) -> float:
        return self.people / (self.people - 1) if self.people > 1 else np.inf

    def clustering(self, error: Bools) -> Clustering:
        """Variance, people and carriers where the trials marked in `error` (n,) are errors."""
        errors = np.bincount(self.person[error], minlength=self.people)
        residual = residuals(errors, errors.sum() / max(len(self), 1), self.sizes)
        alike = not 0 < errors.sum() < len(self)
        variance = 0.0 if alike else float(_scaled(np.square(residual).sum(), self._correction)) / len(self) ** 2
        return Clustering(self.people, self.unit, variance, self.least(alike=alike), carriers_of(residual))

    def growing(self, order: Ints) -> Growing:
        """Variance and carriers as the trials of `order` become errors one after the other."""
        sums = _PowerSums(self.person[order], self.sizes)
        p = np.arange(1, len(order) + 1) / len(self)
        second, fourth = sums.residuals(p)
        return Growing(_scaled(second, self._correction) / max(len(self), 1) ** 2, _ratio(second, fourth))


@dataclass(frozen=True, eq=False)
class PairTrials:
    """Trials of which each belongs to two different people.

    Parameters
    ----------
    first, second : (n,) int arrays
        The two people of each trial, numbered from 0 in one numbering for both (`person_codes` of both together).
    unit : str
        What they are called in an interval's method.
    """

    first: Ints
    second: Ints
    unit: str = "people of pairs"

    def __post_init__(self) -> None:
        if (self.first == self.second).any():
            raise BadInput("a non-mated comparison has two different people, one has the same person twice")

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def sizes(self) -> Floats:
        """(n people,) trials in which each person takes part."""
        length = int(max(self.first.max(initial=-1), self.second.max(initial=-1))) + 1
        return (np.bincount(self.first, minlength=length) + np.bincount(self.second, minlength=length)).astype(float)

    @cached_property
    def people(self) -> int:
        """Distinct people who take part in a trial."""
        return int((self.sizes > 0).sum())

    @cached_property
    def sides(self) -> tuple[int, int] | None:
        """People on the first and on the second side where nobody is on both, else None."""
        first = np.bincount(self.first, minlength=len(self.sizes)) > 0
        second = np.bincount(self.second, minlength=len(self.sizes)) > 0
        return None if (first & second).any() else (int(first.sum()), int(second.sum()))

    @cached_property
    def _pairs(self) -> tuple[Ints, Floats]:
        """The distinct pairs' keys, sorted, and their trials."""
        keys, counts = np.unique(self.keys(slice(None)), return_counts=True)
        return keys, counts.astype(np.float64)

    @property
    def person_pairs(self) -> int:
        """Distinct pairs of people."""
        return len(self._pairs[0])

    def trials_of(self, keys: Ints) -> Floats:
        """How many trials the pairs of people with these `keys` have."""
        known, trials = self._pairs
        return trials[np.searchsorted(known, keys)]

    @cached_property
    def squared_trials(self) -> float:
        """Sum over pairs of people of their trials squared, sum m_ij^2."""
        return float(np.square(self._pairs[1]).sum())

    def keys(self, index: Ints | Bools | slice) -> Ints:
        """A number for the unordered pair of people of each trial at `index`."""
        a, b = self.first[index], self.second[index]
        return np.minimum(a, b) * np.int64(len(self.sizes)) + np.maximum(a, b)

    def least(self, *, alike: bool) -> float:
        """floor(n/2) where all came out alike, else half the people, weighted by trials; of two sides the fewer."""
        if not len(self):
            return 0.0
        weighted = float(self.people) if alike else float(self.sizes.sum() ** 2 / np.square(self.sizes).sum())
        if self.sides is not None:
            return min(weighted, float(min(self.sides)))
        return float(max(weighted // 2 if alike else weighted / 2, 1.0))

    def unseen(self, *, alike: bool) -> tuple[Unseen, ...]:
        """Among the people of whom one of each pair may be a hub, or those of either side; without a trial nobody."""
        if not len(self):
            return ()
        worth = self.least(alike=alike)
        sides = (self.people,) if self.sides is None else self.sides
        worths = (worth,) if self.sides is None else tuple(worth * side / min(sides) for side in sides)
        return tuple(Unseen(side, one, one) for side, one in zip(sides, worths))

    @cached_property
    def _correction(self) -> float:
        n = self.people
        if self.sides is not None:
            a = min(self.sides)
            return a / (a - 1) if a > 1 else np.inf
        return n * (n - 1) / ((n - 2) * (n - 3)) if n > 3 else np.inf

    def clustering(self, error: Bools) -> Clustering:
        """Variance, people and carriers where the trials marked in `error` (n,) are errors."""
        errors = int(error.sum())
        if not 0 < errors < len(self):
            return Clustering(self.people, self.unit, 0.0, self.least(alike=True), unseen=self.unseen(alike=True))
        p, length = errors / len(self), len(self.sizes)
        ends = np.bincount(self.first[error], minlength=length) + np.bincount(self.second[error], minlength=length)
        residual = residuals(ends, p, self.sizes)
        found, counts = np.unique(self.keys(error), return_counts=True)
        squares, products = np.square(counts).sum(), counts @ self.trials_of(found)
        variance = self.variance(p, np.square(residual).sum(), squares, products)
        carriers, least = carriers_of(residual), self.least(alike=False)
        unseen = self.unseen(alike=False)
        return Clustering(self.people, self.unit, float(variance), least, carriers, unseen)

    def growing(self, order: Ints) -> Growing:
        """Variance and carriers as the trials of `order` become errors one after the other."""
        ends = np.stack([self.first[order], self.second[order]], axis=1).ravel()
        p = np.arange(1, len(order) + 1) / max(len(self), 1)
        second, fourth = _PowerSums(ends, self.sizes, every=2).residuals(p)
        keys = self.keys(order)
        squares, products = np.cumsum(2.0 * cumulative_count(keys) + 1), np.cumsum(self.trials_of(keys))
        return Growing(self.variance(p, second, squares, products), _ratio(second, fourth))

    def variance(self, p: Floats | float, people: Floats, squares: Floats, products: Floats) -> Floats:
        """V from p, sum R_i^2 (`people`), sum e_ij^2 (`squares`) and sum e_ij m_ij (`products`)."""
        pairs = squares - 2 * p * products + np.square(p) * self.squared_trials
        raw = _scaled(np.maximum(people - pairs, 0.0), self._correction) / len(self) ** 2
        return np.asarray(np.maximum(raw, p * (1 - p) / len(self)))


def rate_of(trials: Trials, error: Bools, name: str) -> Rate:
    """The rate of the labelled `trials` of which those marked in `error` (n,) are errors.

    Examples
    --------
    >>> trials = PeopleTrials(person_codes(["ann", "ann", "bob", "cid"]))
    >>> rate_of(trials, np.array([True, True, False, False]), "FNMR").people
    3
    """
    error = np.asarray(error, dtype=bool)
    if error.shape != (len(trials),):
        raise BadInput(f"errors and trials must be as many, not {error.shape} and {len(trials)}", place=name)
    return Rate(int(error.sum()), len(trials), name, trials.clustering(error))


def cumulative_count(codes: Ints) -> Ints:
    """(n,) how often each code stood before: 0 at its first occurrence, 1 at its second, …

    Examples
    --------
    >>> cumulative_count(np.array([5, 7, 5, 5, 7]))
    array([0, 0, 1, 2, 1])
    """
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    position = np.arange(len(codes))
    starts = np.maximum.accumulate(np.where(np.r_[True, ordered[1:] != ordered[:-1]], position, 0)[: len(codes)])
    counts = np.empty(len(codes), dtype=np.int64)
    counts[order] = position - starts
    return counts


class _PowerSums:
    """sum_i e_i^k m_i^j over people after each error of a stream, `every` entries of which belong to one error."""

    def __init__(self, people: Ints, sizes: Floats, every: int = 1) -> None:
        before = cumulative_count(people).astype(np.float64)
        size = sizes[people]
        self._people = max(int((sizes > 0).sum()), 1)
        self._total = {j: float((sizes**j).sum()) for j in (2, 4)}
        self._after = {
            (k, j): np.cumsum(((before + 1) ** k - before**k) * size**j)[every - 1 :: every]
            for k, j in ((2, 0), (1, 1), (4, 0), (3, 1), (2, 2), (1, 3))
        }

    def residuals(self, p: Floats) -> tuple[Floats, Floats]:
        """Sums of r^2 and of r^4, r = e - p m; both 0 where the errors fall to the people exactly by their trials.

        The second is at least (sum r^2)^2 over the people: rounding must not make more carriers than there are people.
        """
        s, m = self._after, self._total
        second = s[2, 0] - 2 * p * s[1, 1] + p**2 * m[2]
        fourth = s[4, 0] - 4 * p * s[3, 1] + 6 * p**2 * s[2, 2] - 4 * p**3 * s[1, 3] + p**4 * m[4]
        second = np.where(second > 1e-12 * s[2, 0], second, 0.0)
        return second, np.where(second > 0, np.maximum(fourth, second**2 / self._people), 0.0)


def _scaled(sums: Floats, correction: float) -> Floats:
    """`sums` times `correction`; infinite where there are too few people to correct for."""
    return np.asarray(sums * correction if np.isfinite(correction) else np.full(np.shape(sums), np.inf))


def _ratio(second: Floats, fourth: Floats) -> Floats:
    """(sum r^2)^2 / sum r^4, infinite where nothing varies."""
    return np.divide(second**2, fourth, out=np.full_like(second, np.inf), where=fourth > 0)


def residuals(errors: Ints | Floats, p: float, sizes: Floats) -> Floats:
    """What each person errs beyond their share, r = e - p m; 0 where it is so but for rounding."""
    residual = errors - p * sizes
    return np.where(np.abs(residual) > 1e-14 * sizes.max(initial=0.0), residual, 0.0)


def carriers_of(residual: Floats) -> float:
    """(sum r^2)^2 / sum r^4 of the people's residuals."""
    return float(_ratio(np.array([np.square(residual).sum()]), np.array([(residual**4).sum()]))[0])

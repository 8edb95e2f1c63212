"""Thresholds at targets, what data supports them, and the split of people into those who choose and those who report.

The rule: the threshold at a target is the *smallest* candidate whose measured rate is at most the target (for FNMR and
FNIR, which rise with the threshold, the largest). Candidates: the distinct observed scores and the next float above the
largest. Two levels: fewer than 1/target trials cannot resolve the target (`UnattainableTarget`); fewer than 3/target
trials, or people, resolve and do not support it (the threshold is given, and said to be unsupported).

A plain threshold exceeds its target on fresh people about half of the time. The *certified* one is the smallest whose
one-sided upper bound is at most the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.dyadic import person_codes
from facelab.stats.planning import allowed_errors, checked_target, trials_to_resolve, trials_to_support
from facelab.stats.unseen import NONE_FROM

if TYPE_CHECKING:
    from facelab.stats.nested import NestedErrors
    from facelab.types import Bools, Floats, Ints, Strings


CHUNK = 1024
"""Bounds computed at a time, from the most errors downwards, until one meets the target."""


class UncertifiableTarget(UnattainableTarget):
    """No threshold's one-sided upper bound is at most the target: there are too few people."""

    def __init__(self, measure: str, target: float, best: float, *, people: tuple[int, int]) -> None:
        super().__init__(measure, target, have=people[0], needed=people[1], people=people)
        rests = f"; from {NONE_FROM} on the bound rests on those seen" if people[0] < NONE_FROM < people[1] else ""
        self.args = (
            f"{measure} {target:g} cannot be certified: the lowest upper bound is {best:.3g} with {people[0]:,} people;"
            f" without a single error it takes {people[1]:,}{rests}",
        )


class UnreachableTarget(UnattainableTarget):
    """No threshold's measured rate is at most the target: even the lowest threshold makes more errors."""

    def __init__(self, measure: str, target: float, lowest: float, *, trials: int) -> None:
        super().__init__(measure, target, have=trials, needed=trials_to_resolve(target))
        self.args = (f"{measure} {target:g} cannot be reached: at the lowest threshold it is {lowest:.3g} already",)


@dataclass(frozen=True)
class Support:
    """Whether data supports a target, and why not.

    Parameters
    ----------
    supported : bool
        False where there are fewer than 3/target trials or people.
    reason : str
        Why not; empty where it is.
    """

    supported: bool = True
    reason: str = ""

    def __and__(self, other: Support) -> Support:
        """Supported by both."""
        reasons = [s.reason for s in (self, other) if s.reason]
        return Support(self.supported and other.supported, "; ".join(dict.fromkeys(reasons)))


def target_support(measure: str, target: float, trials: int, groups: tuple[int | None, str]) -> Support:
    """Whether `trials` of so many people support a target rate.

    Parameters
    ----------
    measure : str
        Such as ``"FPIR"``; for the message.
    target : float
        In (0, 1).
    trials : int
        Trials there are.
    groups : (int or None, str)
        How many independent groups stand behind them (people, or pairs of people), and what they are called; None:
        unknown, and only the trials are judged.

    Raises
    ------
    UnattainableTarget
        Where there are fewer than 1/target trials.
    BadInput
        Where the target is no rate.
    """
    checked_target(target, f"target {measure}")
    count, unit = groups
    enough = trials_to_support(target)
    if trials < trials_to_resolve(target):
        people = None if count is None else (count, enough)
        needed = trials_to_resolve(target)
        raise UnattainableTarget(measure, target, have=trials, needed=needed, people=people, unit=unit)
    if trials < enough:
        return Support(False, f"{measure} {target:g} wants {enough:,} trials, there are {trials:,}")
    if count is not None and count < enough:
        return Support(False, f"{measure} {target:g} wants {enough:,} {unit}, there are {count:,}")
    return Support()


def next_threshold(largest: float) -> float:
    """The next float above `largest`: in float32 where that holds it exactly, so that float32 scores stay below it.

    Examples
    --------
    >>> bool(np.float32(0.5) >= next_threshold(0.5))
    False
    """
    narrow = np.float32(largest)
    if float(narrow) == largest:
        return float(np.nextafter(narrow, np.float32(np.inf)))
    return float(np.nextafter(largest, np.inf))


def candidate_thresholds(*scores: Floats) -> Floats:
    """The distinct finite scores, rising, and the next float above the largest.

    Raises
    ------
    NotMeasured
        Where there is no score at all.
    """
    values = np.concatenate([np.asarray(s, dtype=np.float64).ravel() for s in scores])
    distinct = np.unique(values[np.isfinite(values)])
    if not distinct.size:
        raise NotMeasured("there is no score: every acquisition failed, or nothing was compared")
    return np.append(distinct, next_threshold(float(distinct[-1])))


def certified_errors(nested: NestedErrors, counts: Ints, target: float, confidence: float) -> int:
    """The most errors among the attainable `counts` whose one-sided upper bound is at most `target`.

    Parameters
    ----------
    nested : NestedErrors
        The rate along the threshold.
    counts : (c,) int array
        The errors at the candidate thresholds, distinct and rising.
    target, confidence : float
        In (0, 1).

    Raises
    ------
    UncertifiableTarget
        Where there is none.
    """
    from facelab.stats.planning import people_needed

    checked_target(target, f"target {nested.name}")
    allowed = counts[counts <= allowed_errors(target, nested.trials)]
    best = 1.0
    for end in range(len(allowed), 0, -CHUNK):
        part = allowed[max(0, end - CHUNK) : end]
        upper = nested.upper(part, confidence)
        holds = np.flatnonzero(upper <= target)
        if holds.size:
            return int(part[holds[-1]])
        best = min(best, float(upper.min()))
    people = nested.trials if nested.design is None else nested.design.people
    needed = people_needed(target, 0, confidence) * (2 if nested.name in ("FMR", "GFAR") else 1)
    raise UncertifiableTarget(nested.name, target, best, people=(people, needed))


def check_given_threshold(threshold: float, low: float, high: float) -> float:
    """A threshold that a user gave, where it lies near the observed scores `low` to `high`.

    Raises
    ------
    BadInput
        Where it is not finite, or farther from them than a quarter of their range or size: another scale is the
        likely cause.
    """
    margin = max(high - low, abs(low), abs(high)) / 4
    if not low - margin <= threshold <= high + margin:
        raise BadInput(
            f"{threshold:g} lies outside the scores, which go from {low:.4g} to {high:.4g};"
            " is it on another scale, a percentage or a distance?",
            place="threshold",
        )
    return float(threshold)


class Probes(Protocol):
    """Whatever has one row a probe: `Comparisons` and `Searches`."""

    @property
    def probe_subject(self) -> Strings:
        """(p,) who each probe is; empty where unknown."""

    @property
    def mated(self) -> Bools:
        """(p,) true where the probe's subject is enrolled."""

    def take(self, index: Bools) -> Self:
        """The probes marked in `index`."""


P = TypeVar("P", bound=Probes)


def split_probes(probes: P, share: float, rng: np.random.Generator) -> tuple[P, P]:
    """Probe *people* in two parts, to choose thresholds on one and to report on the other; the gallery whole in both.

    Mated and non-mated people are split apart, so that both parts have both; an unlabelled probe is its own person.

    Parameters
    ----------
    probes : Comparisons or Searches
        One row a probe.
    share : float
        Share of the people who choose, in (0, 1); each part gets at least one person of each kind.
    rng : np.random.Generator
        The same seed gives the same parts.

    Returns
    -------
    select, report
        Of the type of `probes`, rows in their order.

    Raises
    ------
    NotMeasured
        Where there is exactly one mated or one non-mated person, who cannot be in both parts.
    """
    checked_target(share, "share")
    person, mated = person_codes(probes.probe_subject), np.asarray(probes.mated)
    chosen = np.zeros(person.max(initial=-1) + 1, dtype=bool)
    for kind, name in ((mated, "mated"), (~mated, "non-mated")):
        people = np.unique(person[kind])
        if len(people) == 1:
            raise NotMeasured(f"one {name} person cannot both choose a threshold and report on it; two are the least")
        if len(people):
            count = min(max(round(share * len(people)), 1), len(people) - 1)
            chosen[rng.permutation(people)[:count]] = True
    return probes.take(chosen[person]), probes.take(~chosen[person])

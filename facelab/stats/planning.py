"""How much data a claim needs: rule of three, rule of thirty, and exact numbers of people.

Conventions: "people" are independent trials, one a person; several trials of one person do not replace people. A claim
"the rate is at most p" holds at a confidence c where the one-sided upper bound (Clopper and Pearson 1934) is at most p.
Sources: Hanley and Lippman-Hand 1983 (three); Doddington et al. 2000 (thirty); ISO/IEC 19795-1:2021.
"""

from __future__ import annotations

import math

from facelab.errors import BadInput
from facelab.stats.intervals import checked_confidence, upper_bound


def checked_target(target: float, name: str = "target") -> float:
    """`target` itself, where it is a rate strictly between 0 and 1.

    Raises
    ------
    BadInput
        Where it is not: a percentage is the likely cause.
    """
    if not 0 < target < 1:
        hint = "; was a percentage meant?" if 1 <= target <= 100 else ""
        raise BadInput(f"a target rate lies strictly between 0 and 1, this one is {target:g}{hint}", place=name)
    return float(target)


def allowed_errors(target: float, trials: int) -> int:
    """The largest k with k / trials <= target, free of rounding errors.

    Examples
    --------
    >>> allowed_errors(0.29, 100), allowed_errors(0.001, 999)
    (29, 0)
    """
    k = int(target * trials)
    while k < trials and (k + 1) / trials <= target:
        k += 1
    while k > 0 and k / trials > target:
        k -= 1
    return k


def trials_to_resolve(target: float) -> int:
    """The fewest trials that can show a rate of `target`, 1/target: with fewer, no single error meets it.

    Examples
    --------
    >>> trials_to_resolve(1 / 6000), trials_to_resolve(1e-6 * 10)
    (6000, 100000)
    """
    return _rounded_up(1 / checked_target(target))


def trials_to_support(target: float) -> int:
    """The trials, and people, that support `target`: 3/target, which without an error bound it at 95 %."""
    return _rounded_up(3 / checked_target(target))


def _rounded_up(trials: float) -> int:
    """`trials` rounded up, where it is not a whole number but for the rounding of floating point."""
    return math.ceil(trials * (1 - 1e-12))


def rule_of_three(trials: int) -> float:
    """The 95 % upper bound on a rate after no error in `trials` independent trials, 3/n, roughly.

    The exact one is ``upper_bound(0, trials)``.

    Examples
    --------
    >>> rule_of_three(300)
    0.01
    """
    if trials < 1:
        raise BadInput(f"the rule of three needs a trial, there are {trials}", place="trials")
    return min(1.0, 3 / trials)


def rule_of_thirty(rate: float) -> int:
    """The independent trials in which 30 errors are expected at `rate`: they give it to +-30 % at 90 % confidence.

    Examples
    --------
    >>> rule_of_thirty(0.001)
    30000
    """
    return _rounded_up(30 / checked_target(rate, "rate"))


def people_needed(target: float, errors: int = 0, confidence: float = 0.95, *, sides: int = 1) -> int:
    """The fewest independent people with whom `errors` errors still bound the rate by `target`.

    The smallest n with B(1 - a; errors + 1, n - errors) <= target, a = (1 - confidence) / sides; for no error n is
    log(a) / log(1 - target), rounded up.

    Parameters
    ----------
    target : float
        The rate claimed as the largest, in (0, 1).
    errors : int
        Errors that may be seen.
    confidence : float
        In (0, 1).
    sides : {1, 2}
        1: a one-sided bound, which is the right one for a claim of "at most"; 2: the upper end of a two-sided interval.

    Returns
    -------
    int

    Examples
    --------
    >>> people_needed(1 / 6000), people_needed(1 / 6000, sides=2)
    (17973, 22132)
    """
    checked_target(target)
    if errors < 0 or sides not in (1, 2):
        raise BadInput(f"errors are 0 or more and sides 1 or 2, not {errors} and {sides}", place="people_needed")
    level = 1 - (1 - checked_confidence(confidence)) / sides
    low, high = errors, max(errors + 1, 2)
    while upper_bound(errors, high, level) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper_bound(errors, middle, level) > target else (low, middle)
    return high


def pairs_needed(target: float, confidence: float = 0.95) -> int:
    """The fewest people whose pairs, without an error, bound an FMR by `target`: one of each two may be a hub.

    The smallest n with 1 - a^(1 / floor(n/2)) <= target: twice `people_needed`.
    """
    return 2 * people_needed(target, 0, confidence)

"""Confidence intervals of a binomial proportion, for true independent trials and for an *effective* number of them.

Conventions: `errors` and `trials` may be real numbers, because a rate whose trials share people is read as a rate of
fewer, independent trials: its effective size n = p (1 - p) / V, V the person-level variance of the rate (Korn and
Graubard 1998; Fogliato, Patil and Perona, arXiv:2306.01198). Everything works on arrays, so that a band around a whole
curve costs one call. Intervals are two-sided; `upper_bound` is one-sided, and another number.

Sources: Clopper and Pearson 1934; Wilson 1927; Brown, Cai and DasGupta 2001 (Jeffreys, and how each of them covers);
Berry and Armitage 1995 (mid-P).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from facelab.types import Floats

Method: TypeAlias = Literal["auto", "clopper-pearson", "wilson", "jeffreys", "mid-p"]

FEW_ERRORS = 10.0
"""Below so many effective errors (or non-errors), "auto" takes Clopper and Pearson: Wilson's lower end covers 84 %."""


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval of a rate, and how it was made.

    Parameters
    ----------
    low, high : float
        Its ends, in [0, 1]; NaN where there was no trial.
    confidence : float
        The nominal coverage, such as 0.95.
    method : str
        How it was made, such as ``"wilson, effective size, probe people"``.
    people : int or None
        People behind the trials; None where they are not known.
    design_effect : float or None
        How many times the variance of independent trials this rate's variance is; None where it cannot be known (no
        error, only errors, or people unknown).
    note : str
        What a reader must know, such as ``"conservative: few errors"``; empty where there is nothing.
    seen : (float, float) or None
        Where people who may be missing are allowed for: the narrower ends that hold if nobody of another kind is.
    guaranteed : (float, float) or None
        The ends that hold whoever is missing; None where people are not known.
    rarest : int or None
        Where the interval is not to be relied on: it holds as long as no kind of people rarer than 1 in so many makes
        the errors.
    """

    low: float
    high: float
    confidence: float
    method: str
    people: int | None = None
    design_effect: float | None = None
    note: str = ""
    seen: tuple[float, float] | None = None
    guaranteed: tuple[float, float] | None = None
    rarest: int | None = None

    @property
    def reliable(self) -> bool:
        """Whether it holds also for kinds of people as rare as 1 in 100 (`facelab.stats.unseen`)."""
        return self.rarest is None

    @property
    def condition(self) -> str:
        """What a sentence adds: under which condition it holds, or what it allows for; empty where neither."""
        if self.rarest is not None:
            most = "" if self.guaranteed is None else f", then at most {self.guaranteed[1]:.2g}"
            return f"holds unless people rarer than 1 in {self.rarest} make the errors{most}"
        if self.seen is not None:
            return f"allows for unseen people, without them [{self.seen[0]:.2g}, {self.seen[1]:.2g}]"
        return ""

    def __contains__(self, value: float) -> bool:
        """Whether `value` lies in the interval, ends included."""
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low

    def __repr__(self) -> str:
        details = [f"{100 * self.confidence:g} %", self.method, *([self.note] if self.note else [])]
        return f"[{self.low:.3g}, {self.high:.3g}] ({'; '.join(details)})"


def checked_confidence(confidence: float) -> float:
    """`confidence` itself, where it lies in (0, 1).

    Raises
    ------
    BadInput
        Where it does not; 95 instead of 0.95 is the likely cause.
    """
    if not 0 < confidence < 1:
        hint = "; was a percentage meant?" if 1 < confidence <= 100 else ""
        raise BadInput(f"a confidence lies between 0 and 1, this one is {confidence:g}{hint}", place="confidence")
    return float(confidence)


def few_errors(errors: ArrayLike, trials: ArrayLike) -> Any:
    """Where the errors or the non-errors are fewer than `FEW_ERRORS`: there "auto" takes Clopper and Pearson."""
    x, n = np.asarray(errors, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    return np.minimum(x, n - x) < FEW_ERRORS


def clopper_pearson(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The interval that never covers less than its nominal confidence (Clopper and Pearson 1934).

    low = B(a/2; x, n-x+1), high = B(1-a/2; x+1, n-x), B the quantile of the beta distribution, a = 1 - confidence.

    Parameters
    ----------
    errors, trials : array_like
        x and n, real numbers, 0 <= x <= n.
    confidence : float
        Two-sided.

    Returns
    -------
    low, high : arrays of the broadcast shape; 0 and 1 where n is 0.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0000 0.0362
    """
    from scipy.special import betaincinv

    x, n, tail = _checked(errors, trials, confidence)
    inside = np.clip(x, 1e-12, None), np.clip(n - x, 1e-12, None)
    low = np.where(x > 0, betaincinv(inside[0], n - x + 1, tail), 0.0)
    high = np.where(x < n, betaincinv(x + 1, inside[1], 1 - tail), 1.0)
    return low, high


def wilson(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The score interval (Wilson 1927): all p with |p - x/n| <= z sqrt(p (1-p) / n).

    Close to nominal where errors are not few; for one or two errors its lower end is too high (it covers 84 % at
    worst). Parameters and returns as `clopper_pearson`.

    Examples
    --------
    >>> low, high = wilson(20, 100)
    >>> print(f"{low:.4f} {high:.4f}")
    0.1334 0.2888
    """
    from scipy.special import ndtri

    x, n, tail = _checked(errors, trials, confidence)
    z2 = float(ndtri(1 - tail)) ** 2
    safe = np.maximum(n, 1e-9)
    p = np.minimum(x / safe, 1.0)
    centre = (p + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (p * (1 - p) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    low = np.where((n > 0) & (x > 0), np.clip(centre - half, 0.0, None), 0.0)
    high = np.where((n > 0) & (x < n), np.clip(centre + half, None, 1.0), 1.0)
    return low, high


def jeffreys(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The equal-tailed interval of the posterior under Jeffreys' prior, Beta(x + 1/2, n - x + 1/2).

    Its ends are 0 at no error and 1 at only errors (Brown, Cai and DasGupta 2001). Parameters and returns as
    `clopper_pearson`.
    """
    from scipy.special import betaincinv

    x, n, tail = _checked(errors, trials, confidence)
    low = np.where(x > 0, betaincinv(x + 0.5, n - x + 0.5, tail), 0.0)
    high = np.where(x < n, betaincinv(x + 0.5, n - x + 0.5, 1 - tail), 1.0)
    return low, high


def mid_p(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The interval from the mid-P test: half of the observed outcome's probability counts as "as extreme".

    It solves (I_p(x, n-x+1) + I_p(x+1, n-x)) / 2 = a/2 and 1 - a/2 for p, I the regularised incomplete beta function,
    by bisection. On average nominal, now and then a little below. Parameters and returns as `clopper_pearson`.
    """
    from scipy.special import betainc

    x, n, tail = _checked(errors, trials, confidence)

    def tail_probability(p: Floats) -> Any:
        """Of more errors than seen, and half of as many, at rate p."""
        at_least = np.where(x > 0, betainc(np.clip(x, 1e-12, None), n - x + 1, p), 1.0)
        more = np.where(x < n, betainc(x + 1, np.clip(n - x, 1e-12, None), p), 0.0)
        return (at_least + more) / 2

    low = np.where(x > 0, _bisected(tail_probability, tail, x.shape), 0.0)
    high = np.where(x < n, _bisected(tail_probability, 1 - tail, x.shape), 1.0)
    return low, high


def binomial_interval(
    errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95, method: Method = "auto"
) -> tuple[Floats, Floats]:
    """The interval by its name; "auto": Clopper and Pearson where errors are few (`few_errors`), else Wilson.

    Raises
    ------
    BadInput
        An unknown method, a confidence outside (0, 1), or errors outside 0..trials.
    """
    if method not in get_args(Method):
        raise BadInput(f"the method is one of {', '.join(get_args(Method))}, not {method!r}", place="method")
    if method == "auto":
        exact, score = clopper_pearson(errors, trials, confidence), wilson(errors, trials, confidence)
        few = few_errors(errors, trials)
        return np.where(few, exact[0], score[0]), np.where(few, exact[1], score[1])
    named = {"clopper-pearson": clopper_pearson, "wilson": wilson, "jeffreys": jeffreys, "mid-p": mid_p}
    return named[method](errors, trials, confidence)


def upper_bound(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> Floats:
    """The exact one-sided upper bound, B(confidence; x+1, n-x); without an error in n trials it is 1 - a^(1/n).

    Parameters
    ----------
    errors, trials : array_like
        x and n, real numbers, 0 <= x <= n.
    confidence : float
        One-sided, such as 0.95.

    Returns
    -------
    array of the broadcast shape; 1 where n is 0.

    Examples
    --------
    >>> print(f"{upper_bound(0, 17_973):.3g} {1 / 6000:.3g}")
    0.000167 0.000167
    """
    from scipy.special import betaincinv

    x, n, _ = _checked(errors, trials, confidence)
    inside = np.clip(n - x, 1e-12, None)
    return np.asarray(np.where(x < n, betaincinv(x + 1, inside, confidence), 1.0))


def lower_bound(errors: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> Floats:
    """The exact one-sided lower bound, B(1 - confidence; x, n-x+1); 0 where there is no error."""
    x, n, _ = _checked(errors, trials, confidence)
    return 1.0 - upper_bound(n - x, n, confidence)


def _checked(errors: ArrayLike, trials: ArrayLike, confidence: float) -> tuple[Floats, Floats, float]:
    """Errors and trials as float arrays of one shape, and half of 1 - confidence."""
    tail = (1 - checked_confidence(confidence)) / 2
    x, n = np.broadcast_arrays(np.asarray(errors, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    outside = ~((x >= 0) & (x <= n))
    if outside.any():
        bad = int(np.flatnonzero(outside.ravel())[0])
        raise BadInput(f"errors lie between 0 and the trials, not {x.ravel()[bad]:g} of {n.ravel()[bad]:g}")
    return x, n, tail


def _bisected(function: Any, level: float, shape: tuple[int, ...]) -> Floats:
    """The p in [0, 1] at which the increasing `function` takes the value `level`."""
    low, high = np.zeros(shape), np.ones(shape)
    for _ in range(60):
        middle = (low + high) / 2
        below = function(middle) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2

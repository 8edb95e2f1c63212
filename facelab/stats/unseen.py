"""People who are not in the sample: what an interval must allow for, whoever they are.

A sample of n people lacks every kind of people rarer than about 3 in n once in twenty times or more. Such a kind (a hub
who matches everybody, a goat whom no camera knows) may carry most of a rate, and no variance computed from the sample
can know of it. So an interval has a second, distribution-free part: at most a share d of the population is like nobody
in the sample, (1-d)^n = a, and errs in every trial (for the lower end: in none). In the scale L = -ln(1 - rate), in
which a missing share adds up,

    L_high = L_p + sqrt((L_base - L_p)^2 + sum_k f_k^2 ln(1/a)^2 (1/w_k^2 - 1/n_eff^2)),

w_k what the people are worth as independent trials when each person's come out alike (people; half of them for pairs,
of which one may be the hub; 1 where another gallery is meant, because its chance to hold a hub has no bound), a the
probability left out on that side, n_eff the effective size of which the base interval allows for ln(1/a)/n_eff already.
Two independent uncertainties are joined as squares (Zou and Donner 2008); with f = 1 and all-or-nothing people the ends
are close to Clopper and Pearson's of so many people, and without an error they are exactly 1 - a^(1/w), the rule of
three over people. Gaffke's bound of a mean (2005; Learned-Miller and Thomas, arXiv:1905.06208) has the same form: the
people seen, drawn again, and one more at the end of the range.

f fades the allowance: all of it (`ALL_BELOW`), none from `NONE_FROM` people on, linear between. There the interval
rests on the people seen; up to `RELIED_FROM` people it says so where a kind of 1 in 100 (`RARE`) could break it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from facelab.types import Floats

ALL_BELOW = 60
"""Up to so many people an interval allows for every kind that may be missing: of a kind of 3 in 100, 16 % of such
samples hold nobody."""

NONE_FROM = 120
"""From so many people on it rests on those seen: a kind of 3 in 100 is missing in fewer than 1 sample in 40."""

RARE = 0.01
"""The kind of people (1 in 100) up to which an interval is judged to be reliable, or says that it is not."""

RELIED_FROM = 300
"""From so many people on it needs no such word: a kind of 1 in 100 is missing in fewer than 1 sample in 20."""

NOTABLE = 1.03
"""An end that moves by less than this factor is not worth a word."""


@dataclass(frozen=True)
class Unseen:
    """People among whom a kind of people may be missing.

    Parameters
    ----------
    people : int
        Of how many people the kind would have to be one to be seen.
    above : float
        w for the upper end: independent trials the people are worth where those of a missing kind err in every trial.
    below : float
        w for the lower end, where they err in none.
    """

    people: int
    above: float
    below: float

    @property
    def fading(self) -> float:
        """f: 1 up to `ALL_BELOW` people, 0 from `NONE_FROM` on."""
        return min(max((NONE_FROM - self.people) / (NONE_FROM - ALL_BELOW), 0.0), 1.0)


def widened(
    value: ArrayLike,
    ends: tuple[ArrayLike, ArrayLike],
    effective: ArrayLike,
    parts: Sequence[Unseen],
    *,
    tail: float,
    whole: bool = False,
) -> tuple[Floats, Floats]:
    """The `ends` of an interval of the rate `value`, moved apart for people who may be missing.

    Parameters
    ----------
    value : array_like
        p.
    ends : pair of array_like
        The base interval.
    effective : array_like
        n_eff, with which the base interval was made.
    parts : sequence of Unseen
        Where people may be missing; independent of each other.
    tail : float
        a, the probability left out on one side.
    whole : bool
        Allow for all of them, however many people there are: what is guaranteed.

    Returns
    -------
    low, high : arrays of the broadcast shape.
    """
    p, low, high, n = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (value, *ends, effective)))
    shares = [1.0 if whole else part.fading for part in parts]
    if not any(shares):
        return low, high
    most = math.log(1 / tail)
    known = most / np.maximum(n, 1e-9)
    above = _joined([(f * most / part.above, f * known) for part, f in zip(parts, shares)])
    below = _joined([(f * most / part.below, f * known) for part, f in zip(parts, shares)])
    return _lowered(p, low, below), 1 - _lowered(1 - p, 1 - high, above)


@dataclass(frozen=True)
class Ends:
    """An interval with what people who may be missing can change.

    Parameters
    ----------
    low, high : float
        The interval.
    seen : (float, float)
        The base interval, which rests on the people seen alone.
    guaranteed : (float, float)
        The ends that hold whoever is missing.
    rarest : int or None
        Where the interval is not to be relied on: it holds as long as no kind of people rarer than 1 in so many makes
        the errors.
    """

    low: float
    high: float
    seen: tuple[float, float]
    guaranteed: tuple[float, float]
    rarest: int | None = None

    @property
    def widened(self) -> bool:
        """Whether the interval is notably wider than that of the people seen."""
        return self.high > NOTABLE * self.seen[1] or 1 - self.low > NOTABLE * (1 - self.seen[0])


def ends_with_unseen(
    value: float, ends: tuple[float, float], effective: float, parts: Sequence[Unseen], *, tail: float
) -> Ends:
    """The base interval `ends` of one rate, widened, guaranteed, and whether it may be relied on; as `widened`.

    It may from `RELIED_FROM` people on, and where it is no narrower than if a missing kind of 1 in 100 (`RARE`) were
    allowed for.
    """
    if not parts:
        return Ends(*ends, ends, ends)
    low, high = (float(end) for end in widened(value, ends, effective, parts, tail=tail))
    least, most = (float(end) for end in widened(value, ends, effective, parts, tail=tail, whole=True))
    few = [part for part in parts if part.people < RELIED_FROM]
    rarest = None
    if few:
        wanted = _with_rare(value, ends, effective, few, tail=tail)
        if wanted[1] > NOTABLE * high or 1 - wanted[0] > NOTABLE * (1 - low):
            rarest = max(round(min(part.people for part in few) / 3), 1)
    return Ends(low, high, ends, (least, most), rarest)


def _with_rare(
    value: float, ends: tuple[float, float], effective: float, parts: Sequence[Unseen], *, tail: float
) -> tuple[float, float]:
    """The ends that allow for a missing kind of 1 in 100 people."""
    most, known = math.log(1 / tail), np.asarray(math.log(1 / tail) / max(effective, 1e-9))
    rare = [min(-math.log1p(-RARE) * part.people, most) for part in parts]
    above = _joined([(one / part.above, known) for one, part in zip(rare, parts)])
    below = _joined([(one / part.below, known) for one, part in zip(rare, parts)])
    p, low, high = (np.asarray(a) for a in (value, *ends))
    return float(_lowered(p, low, below)), 1 - float(_lowered(1 - p, 1 - high, above))


def lacking(rarest: int, most: float) -> str:
    """The words of an interval that is not to be relied on."""
    return f"not to be relied on where people rarer than 1 in {rarest} make the errors, then at most {most:.2g}"


def allowing(ends: Ends) -> str:
    """The words of an interval that allows for people who are missing."""
    return f"people like none of these are allowed for, without any [{ends.seen[0]:.2g}, {ends.seen[1]:.2g}]"


def _joined(parts: Sequence[tuple[float, Floats]]) -> Floats:
    """Sum over parts of the squares of what is allowed for, less what the base interval has already."""
    return np.asarray(sum((np.maximum(allowed**2 - known**2, 0.0) for allowed, known in parts), np.asarray(0.0)))


def _lowered(value: Floats, low: Floats, added: Floats) -> Floats:
    """The lower end `low` of `value`, its distance in the logarithm joined with another, given squared."""
    inside = (value > 0) & (low > 0)
    distance = np.log(np.where(inside, value, 1.0)) - np.log(np.where(inside, low, 1.0))
    return np.where(inside, np.where(inside, value, 0.0) * np.exp(-np.sqrt(distance**2 + added)), 0.0)

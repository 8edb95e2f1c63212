"""`Rate`: counts of errors and trials that know which people stand behind them.

Conventions: a rate is stored as counts and derived from them; the unit of independence is the **person**, because
comparisons and searches share people. What the person-level interval needs is kept in `Clustering`; the functions of
`facelab.stats.dyadic` make it from labelled trials. A rate without it is taken for independent trials, and says so.

The interval: p = x/M is read as the rate of n independent trials,

    n = p (1-p) / V (z/t)^2,  at least `least`, at most M,

V the person-level variance, t the quantile of Student's t with `carriers` degrees of freedom and z the normal one:
where few people carry the variance, V itself is badly known (Korn and Graubard 1998). Below ten effective errors the
interval is Clopper and Pearson's with x = p n, above it Wilson's. Without an error the bound is that of `least` people.
With few people both ends then allow for those who may be missing (`facelab.stats.unseen`), or the rate says that they
do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.intervals import Interval, Method, binomial_interval, checked_confidence, few_errors, upper_bound
from facelab.stats.unseen import Ends, Unseen, allowing, ends_with_unseen, lacking

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from facelab.types import Floats


@dataclass(frozen=True)
class Clustering:
    """What is known of the people behind a rate's trials.

    Parameters
    ----------
    people : int
        Distinct people behind the trials.
    unit : str
        What was taken as independent, such as ``"probe people"``, ``"people of pairs"``, ``"subjects"``.
    variance : float
        V, the person-level variance of the rate, small-sample correction included; 0 where every trial came out alike.
    least : float
        The smallest number of independent trials these can be worth: the people where each person's trials may all come
        out alike; floor(people / 2) for pairs of people, where one of the two may be a hub.
    carriers : float
        How many people carry the variance, (sum r^2)^2 / sum r^4 over the people's residuals r: its degrees of freedom.
    unseen : tuple of Unseen or None
        Among whom a kind of people may be missing; None: among the people, worth `least` trials.
    """

    people: int
    unit: str
    variance: float
    least: float
    carriers: float = math.inf
    unseen: tuple[Unseen, ...] | None = None

    @property
    def missing(self) -> tuple[Unseen, ...]:
        """`unseen`, or the people themselves."""
        return (Unseen(self.people, self.least, self.least),) if self.unseen is None else self.unseen


def effective_trials(
    errors: ArrayLike, trials: ArrayLike, variance: ArrayLike, least: ArrayLike, carriers: ArrayLike, *, tail: float
) -> Floats:
    """The number of independent trials that the clustered ones are worth for an interval.

    n = p (1-p) / V (z/t)^2, at least `least`, at most `trials`; `least` where no trial, or every trial, was an error.

    Parameters
    ----------
    errors, trials : array_like
        x and M; p = x / M.
    variance, least, carriers : array_like
        As in `Clustering`.
    tail : float
        The probability left out on one side: (1 - confidence) / 2, or 1 - confidence for a one-sided bound.

    Returns
    -------
    array of the broadcast shape.
    """
    from scipy.special import ndtri, stdtrit

    x, m, v, floor, df = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (errors, trials, variance, least, carriers))
    )
    p = np.divide(x, m, out=np.zeros_like(x), where=m > 0)
    spread = p * (1 - p)
    known = (spread > 0) & (v > 1e-200)
    n = np.divide(spread, v, out=floor.astype(np.float64), where=known)
    finite = np.isfinite(df)
    t = np.where(finite, stdtrit(np.where(finite, np.maximum(df, 1.0), 1.0), 1 - tail), ndtri(1 - tail))
    n = np.where(known, n * (ndtri(1 - tail) / t) ** 2, n)
    return np.asarray(np.clip(n, np.minimum(floor, m), m))


@dataclass(frozen=True, repr=False)
class Rate:
    """So many errors in so many trials, with an interval whose unit is the person wherever people are known.

    Parameters
    ----------
    errors, trials : int
        Counts, 0 <= errors <= trials.
    name : str
        What the rate is called in a sentence, such as ``"FMR"``.
    clustering : Clustering or None
        The people behind the trials; None: the trials are taken as independent.

    Examples
    --------
    >>> Rate(0, 100, "FPIR")
    FPIR 0/100 = 0 [0, 0.036] (95 %, independent trials)
    """

    errors: int
    trials: int
    name: str = "rate"
    clustering: Clustering | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.trials:
            raise BadInput(f"errors lie between 0 and the trials, not {self.errors} of {self.trials}", place=self.name)
        object.__setattr__(self, "errors", int(self.errors))
        object.__setattr__(self, "trials", int(self.trials))

    @property
    def value(self) -> float:
        """The share of errors, errors / trials; NaN without a trial."""
        return self.errors / self.trials if self.trials else math.nan

    @property
    def people(self) -> int | None:
        """People behind the trials; None where they are not known."""
        return None if self.clustering is None else self.clustering.people

    @property
    def design_effect(self) -> float | None:
        """V M / (p (1-p)): how many times the variance of independent trials; None where nothing varies or is known."""
        if self.clustering is None or not 0 < self.errors < self.trials:
            return None
        return self.clustering.variance * self.trials / (self.value * (1 - self.value))

    @property
    def standard_error(self) -> float:
        """The person-level standard error (of independent trials where people are unknown); NaN without a trial."""
        if not self.trials:
            return math.nan
        if self.clustering is not None:
            return math.sqrt(self.clustering.variance)
        return math.sqrt(self.value * (1 - self.value) / self.trials)

    def independent(self) -> Rate:
        """The same counts as if the trials were independent: the naive rate, for comparison."""
        return replace(self, clustering=None)

    def effective_trials(self, tail: float) -> float:
        """The independent trials that these are worth, with `tail` left out on one side (`effective_trials`)."""
        c = self.clustering
        if c is None:
            return float(self.trials)
        return float(effective_trials(self.errors, self.trials, c.variance, c.least, c.carriers, tail=tail))

    def interval(self, confidence: float = 0.95, method: Method = "auto") -> Interval:
        """The two-sided confidence interval.

        Parameters
        ----------
        confidence : float
            In (0, 1).
        method : {"auto", "clopper-pearson", "wilson", "jeffreys", "mid-p"}
            The formula into which the effective size goes; "auto": Clopper and Pearson's below ten effective errors,
            Wilson's above.

        Returns
        -------
        Interval
            Its `method` names the formula and the unit; `note` says where it is conservative or rests on few people.
        """
        tail = (1 - checked_confidence(confidence)) / 2
        if not self.trials:
            return Interval(math.nan, math.nan, confidence, "none", self.people, None, "no trial")
        n = self.effective_trials(tail)
        x = self.value * n
        low, high = binomial_interval(x, n, confidence, method)
        ends = self._around(float(low), float(high), n, tail)
        few = bool(few_errors(x, n))
        formula = ("clopper-pearson" if few else "wilson") if method == "auto" else method
        unit = "independent trials" if self.clustering is None else f"effective size, {self.clustering.unit}"
        return Interval(
            ends.low,
            ends.high,
            confidence,
            f"{formula}, {unit}{', unseen people' if ends.widened else ''}",
            self.people,
            self.design_effect,
            self._note(ends, few and method == "auto"),
            seen=ends.seen if ends.widened else None,
            guaranteed=None if self.clustering is None else ends.guaranteed,
            rarest=ends.rarest,
        )

    def upper(self, confidence: float = 0.95) -> float:
        """The one-sided upper bound, exact on the effective size, widened as the interval is; 1 without a trial."""
        return self._bounded(confidence).high

    def guaranteed_upper(self, confidence: float = 0.95) -> float:
        """The one-sided upper bound that allows for every kind of people whom the sample may lack, however many it has.

        Where people are unknown it is `upper`, of independent trials.
        """
        return self._bounded(confidence).guaranteed[1]

    def _bounded(self, confidence: float) -> Ends:
        tail = 1 - checked_confidence(confidence)
        n = self.effective_trials(tail)
        x = self.value * n if self.trials else 0.0
        bound = float(upper_bound(x, n, confidence))
        return self._around(min(float(self.value), bound) if self.trials else 0.0, bound, n, tail)

    def _around(self, low: float, high: float, n: float, tail: float) -> Ends:
        """The base interval with what people who may be missing can change (`facelab.stats.unseen`)."""
        parts = () if self.clustering is None or not self.trials else self.clustering.missing
        return ends_with_unseen(self.value, (low, high), n, parts, tail=tail)

    def _note(self, ends: Ends, few: bool) -> str:
        """What the reader of an interval must know."""
        notes = []
        if self.clustering is None:
            notes.append("independent trials: subjects unknown")
        elif self.clustering.people < FEW_PEOPLE:
            notes.append(f"few people: {self.clustering.people}")
        if ends.rarest is not None:
            notes.append(f"few people: {lacking(ends.rarest, ends.guaranteed[1])}")
        if few:
            notes.append(f"conservative: few {'errors' if self.errors <= self.trials / 2 else 'non-errors'}")
        elif self.clustering is not None and self.clustering.carriers < FEW_CARRIERS:
            notes.append("conservative: few people carry the variance")
        if ends.widened:
            notes.append(f"conservative: {allowing(ends)}")
        return "; ".join(notes)

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """The rate for JSON: rate, errors, trials, low, high, confidence, method, and what stands behind them.

        A number that is not finite becomes None.
        """
        interval = self.interval(confidence)
        return {
            "rate": finite(self.value),
            "errors": self.errors,
            "trials": self.trials,
            "low": finite(interval.low),
            "high": finite(interval.high),
            "confidence": confidence,
            "method": interval.method,
            "people": self.people,
            "design_effect": finite(self.design_effect),
            "upper_95_one_sided": finite(self.upper(0.95)) if self.trials else None,
            "note": interval.note,
            "reliable": interval.reliable,
            "rarest": interval.rarest,
            "seen_people_only": _both(interval.seen),
            "guaranteed": _both(interval.guaranteed),
        }

    def sentence(self, confidence: float = 0.95) -> str:
        """``FMR 312/87307 = 0.0036 [0.0021, 0.0061] (95 %, 420 people, design effect 14)``."""
        if not self.trials:
            return f"{self.name} 0/0: no trial"
        interval = self.interval(confidence)
        behind = "independent trials" if self.people is None else f"{self.people:,} people"
        effect = "" if interval.design_effect is None else f", design effect {interval.design_effect:.2g}"
        counts = f"{self.name} {self.errors}/{self.trials} = {short(self.value)}"
        said = f"; {interval.condition}" if interval.condition else ""
        ends = f"[{short(interval.low)}, {short(interval.high)}]"
        return f"{counts} {ends} ({100 * confidence:g} %, {behind}{effect}{said})"

    def __repr__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        interval = self.interval()
        cells = (self.name, f"{self.errors:,} / {self.trials:,}", f"{self.value:.3g}")
        ends = f"[{interval.low:.3g}, {interval.high:.3g}]"
        row = "".join(f"<td>{cell}</td>" for cell in (*cells, ends, interval.method, interval.note))
        heads = ("rate", "errors / trials", "value", "95 % interval", "method", "note")
        head = "".join(f"<th>{cell}</th>" for cell in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"


FEW_PEOPLE = 20
"""Fewer people than this: the interval says so; its variance rests on too few of them to be trusted."""

FEW_CARRIERS = 25.0
"""With fewer carriers Student's t takes a tenth of the effective size or more, and the interval covers up to 98 %."""


def short(share: float) -> str:
    """A share with two significant digits, of its complement where that is the small one.

    Examples
    --------
    >>> short(0.00357), short(0.9958), short(1.0)
    ('0.0036', '0.9958', '1')
    """
    if not 0.99 < share < 1:
        return f"{share:.2g}"
    return f"{share:.{min(15, 1 - math.floor(math.log10(1 - share)))}f}"


def _both(ends: tuple[float, float] | None) -> list[float | None] | None:
    """The two ends for JSON."""
    return None if ends is None else [finite(end) for end in ends]


def finite(value: float | None) -> float | None:
    """`value`, or None where it is missing, infinite or not a number: what JSON can hold."""
    return None if value is None or not math.isfinite(value) else float(value)

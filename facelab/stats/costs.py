"""Detection cost, and the threshold that minimises a user's own.

DCF(T) = C_miss pi FNR(T) + C_fa (1 - pi) FPR(T), pi the prevalence; normalised by min(C_miss pi, C_fa (1 - pi)), the
cost of deciding without looking (NIST speaker recognition evaluations). FPR, FNR are FMR, FNMR or FPIR, FNIR. Of
several thresholds with the same least cost the lowest is taken. A threshold chosen on the data that it is reported on
is optimistic: choose on one set of people, report on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, numbers, plain, within

if TYPE_CHECKING:
    from facelab.stats.workload import Site


def detection_cost(
    false_positive: Any, false_negative: Any, prevalence: float, *, cost_miss: float = 1.0, cost_false: float = 1.0
) -> FloatArray:
    """DCF of each pair of rates, in the unit of the costs, a trial.

    Examples
    --------
    >>> float(detection_cost(0.01, 0.1, 0.5, cost_miss=10.0))
    0.505
    """
    pi = within("prevalence", prevalence, 0.0, 1.0)
    miss, false = _cost("cost_miss", cost_miss), _cost("cost_false", cost_false)
    fpr, fnr = np.asarray(false_positive, dtype=np.float64), np.asarray(false_negative, dtype=np.float64)
    return np.asarray(miss * pi * fnr + false * (1 - pi) * fpr)


def normalised_detection_cost(
    false_positive: Any, false_negative: Any, prevalence: float, *, cost_miss: float = 1.0, cost_false: float = 1.0
) -> FloatArray:
    """DCF / min(C_miss pi, C_fa (1 - pi)): 1 is worth no more than deciding without looking."""
    cost = detection_cost(false_positive, false_negative, prevalence, cost_miss=cost_miss, cost_false=cost_false)
    return np.asarray(cost / min(cost_miss * prevalence, cost_false * (1 - prevalence)))


@dataclass(frozen=True, eq=False)
class CostCurve:
    """A cost at every threshold and where it is least.

    Parameters
    ----------
    threshold, cost : (k,) arrays
        Rising thresholds, and the cost at each.
    unit : str
        What the cost is, such as "normalised DCF" or "a day".
    """

    threshold: FloatArray
    cost: FloatArray
    unit: str

    @property
    def best(self) -> int:
        """Position of the least cost (the lowest threshold of several)."""
        return int(np.nanargmin(self.cost))

    @property
    def least(self) -> float:
        """The least cost."""
        return float(self.cost[self.best])

    @property
    def cheapest_threshold(self) -> float:
        """Where it is."""
        return float(self.threshold[self.best])

    def __repr__(self) -> str:
        return f"least cost {self.least:.4g} ({self.unit}) at threshold {self.cheapest_threshold:.4f}, in-sample"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        head = {"unit": self.unit, "least": self.least, "threshold": plain(self.cheapest_threshold), "in_sample": True}
        return head | {"thresholds": plain(self.threshold), "cost": plain(self.cost)}


def detection_cost_curve(
    threshold: Any,
    false_positive: Any,
    false_negative: Any,
    prevalence: float,
    *,
    cost_miss: float = 1.0,
    cost_false: float = 1.0,
) -> CostCurve:
    """Normalised DCF at every threshold; its `least` is minDCF.

    Parameters
    ----------
    threshold : (k,) array
        Rising.
    false_positive, false_negative : (k,) arrays
        Rates at each.
    prevalence, cost_miss, cost_false : float
        pi in (0, 1), and costs above 0.
    """
    t, fpr, fnr = _curve(threshold, false_positive, false_negative)
    cost = normalised_detection_cost(fpr, fnr, prevalence, cost_miss=cost_miss, cost_false=cost_false)
    return CostCurve(t, cost, "normalised DCF")


@dataclass(frozen=True)
class Costs:
    """A user's own costs, in one currency: a missed passage, a false alert's consequences, a review of any alert."""

    miss: float
    false_alert: float
    review: float = 0.0

    def __post_init__(self) -> None:
        for name in ("miss", "false_alert", "review"):
            if not 0 <= getattr(self, name) < np.inf:
                raise BadInput(f"must be at least 0, it is {getattr(self, name)}", place=name)


def daily_cost_curve(site: Site, costs: Costs, threshold: Any, fpir: Any, fnir: Any) -> CostCurve:
    """What a day costs at every threshold.

    P [(1 - pi) FPIR (false_alert + review) + pi (FNIR miss + (1 - FNIR) review)], P passages a day.
    """
    t, fpr, fnr = _curve(threshold, fpir, fnir)
    P, pi = site.passages_a_day, site.prevalence
    strangers = (1 - pi) * fpr * (costs.false_alert + costs.review)
    enrolled = pi * (fnr * costs.miss + (1 - fnr) * costs.review)
    return CostCurve(t, P * (strangers + enrolled), "a day")


def _cost(name: str, value: float) -> float:
    if not 0 < value < np.inf:
        raise BadInput(f"must be above 0, it is {value}", place=name)
    return float(value)


def _curve(threshold: Any, fpr: Any, fnr: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Thresholds and rates of one length; rates in [0, 1]."""
    t, a, b = numbers("threshold", threshold), numbers("false_positive", fpr), numbers("false_negative", fnr)
    if not len(t) or len(a) != len(t) or len(b) != len(t):
        raise BadInput(f"thresholds and rates must be as many, not {len(t)}, {len(a)}, {len(b)}", place="threshold")
    if min(a.min(), b.min()) < 0 or max(a.max(), b.max()) > 1:
        raise BadInput("rates must lie in [0, 1]; were percentages given?", place="false_positive")
    return t, a, b

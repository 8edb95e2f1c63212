"""A quantile of durations with an interval whose unit is the person: the 95th percentile of transaction times.

The quantile is an order statistic: the smallest duration that at least a share q of the transactions do not exceed.
Its interval is Woodruff's: the share of transactions that last longer is a `Rate`, whose person-level interval [a, b]
is read back through the sorted durations, at 1 - b and 1 - a. A transaction without an end (a wait that was given up)
is an infinite duration, and where the interval reaches beyond the longest duration its end is infinite: the data cannot
say how long it may be.

Source: Woodruff, Journal of the American Statistical Association 47 (1952).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import FloatArray, labels, within
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.workload import Estimate


def quantile_by_person(seconds: Any, person: Any, share: float = 0.95, confidence: float = 0.95) -> Estimate:
    """The `share` quantile of durations, with its interval by person.

    Parameters
    ----------
    seconds : (n,) array
        Durations; infinite where one has no end.
    person : (n,) array of str
        Whose; empty: a person of their own.
    share : float
        q, in (0, 1).
    confidence : float
        Of the interval.

    Raises
    ------
    NotMeasured
        Without a duration.
    BadInput
        NaN, negative durations, wrong lengths.

    Examples
    --------
    >>> quantile_by_person(range(1, 101), [str(i) for i in range(100)]).value
    95.0
    """
    value = np.asarray(seconds, dtype=np.float64)
    if value.ndim != 1 or np.isnan(value).any() or (value < 0).any():
        raise BadInput("durations are numbers from 0 s (infinite where one has no end)", place="seconds")
    who = labels("person", person, len(value))
    if not len(value):
        raise NotMeasured("there is no transaction, so there is no transaction time")
    ordered = np.sort(value)
    q = within("share", share, 0.0, 1.0)
    at = order_statistic(ordered, q)
    longer = rate_of(PeopleTrials(person_codes(who), "people"), value > at, "longer").interval(confidence)
    # P(X > at) may be below 1 - q where several durations are equal: the interval is that of the quantile's own share
    moved = max((1 - q) - float((value > at).mean()), 0.0)
    low = order_statistic(ordered, max(1 - min(longer.high + moved, 1.0), 0.0))
    most = 1 - longer.low
    high = order_statistic(ordered, most) if longer.low > 0 else float("inf")
    return Estimate(at, min(low, at), max(high, at))


def order_statistic(ordered: FloatArray, share: float) -> float:
    """The smallest of the rising `ordered` that at least a `share` of them do not exceed.

    Examples
    --------
    >>> order_statistic(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    2.0
    """
    rank = int(np.ceil(share * len(ordered) - 1e-9)) - 1
    return float(ordered[min(max(rank, 0), len(ordered) - 1)])

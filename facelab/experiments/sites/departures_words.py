"""Counts and shares in the words of the one page: for a reader who is no statistician."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.stats.operators import AlarmQueue
    from facelab.stats.paired import PairedDifference
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Estimate


def whole(value: float) -> str:
    """A count of people: 1,234; below ten with one digit after the point where it is no whole number."""
    if not math.isfinite(value):
        return "any number"
    if value >= 100:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.0f}" if value >= 9.5 or value == round(value) else f"{value:.1g}"


def of_hundred(rate: Rate, confidence: float = 0.95) -> str:
    """``about 14 (between 7 and 28 would fit this data)``."""
    ends = rate.interval(confidence)
    return f"about {whole(100 * rate.value)} ({_between(100 * ends.low, 100 * ends.high)})"


def a_shift(estimate: Estimate) -> str:
    """``about 83 (between 2 and 460 would fit this data)``; ``none was seen`` where none was."""
    seen = f"about {whole(estimate.value)}" if estimate.value else "none was seen"
    return f"{seen} ({_between(estimate.low, estimate.high)})"


def _between(low: float, high: float) -> str:
    return f"between {whole(low if low >= 0.05 else 0.0)} and {whole(high)} would fit this data"


def one_in(share: float) -> str:
    """A share as one in so many: ``1 in 1,100``, ``9 in 10``, ``nearly all``."""
    if not share > 0 or not math.isfinite(share):
        return "none"
    if share >= 0.95:
        return "nearly all"
    if share > 0.5:
        return f"{whole(10 * share)} in 10"
    return f"1 in {whole(1 / share)}"


def operators(queues: tuple[AlarmQueue, AlarmQueue, AlarmQueue]) -> str:
    """``3 operators as planned (between 1 and 8 would fit this data)``."""
    planned, low, high = (queue.operators for queue in queues)
    people = "operator" if planned == 1 else "operators"
    fit = f"{low:,}" if low == high else f"between {low:,} and {high:,}"
    return f"{planned:,} {people} as planned ({fit} would fit this data)"


def points(found: PairedDifference, confidence: float = 0.95) -> str:
    """A difference a hundred people, with its interval: ``12 more of 100 (between 3 and 24 more)``."""
    ends = found.interval(confidence)
    value, low, high = (100 * part for part in (found.value, ends.low, ends.high))
    return f"{_signed(value)} of 100 (between {_signed(low)} and {_signed(high)})"


def _signed(value: float) -> str:
    if abs(value) < 0.05:
        return "0"
    return f"{whole(abs(value))} {'more' if value > 0 else 'fewer'}"


def shown(found: PairedDifference) -> bool:
    """True where the interval lies on one side of 0."""
    ends = found.interval()
    return bool(ends.low > 0 or ends.high < 0)


def seconds(value: float) -> str:
    """``3.2 s``; ``never`` where there is none."""
    return f"{value:.1f} s" if math.isfinite(value) else "never"

"""Rates and figures of a gate as words: counts before percentages, and what else would fit the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Estimate

BASES = (100, 1_000, 10_000, 100_000, 1_000_000)


def of_so_many(value: float, low: float, high: float, what: str) -> str:
    """A share as people out of a round number of them, with the counts that would fit.

    Examples
    --------
    >>> of_so_many(0.14, 0.07, 0.28, "passengers")
    'of 100 passengers about 14 (between 7 and 28 would fit this data)'
    >>> of_so_many(0.0, 0.0, 0.048, "passengers")
    'of 100 passengers none seen (up to 5 would fit this data)'
    """
    if math.isnan(value):
        return f"of {what} nothing is known"
    least = value if value > 0 else high
    base = next((base for base in BASES if least * base >= 0.995), BASES[-1])
    if value == 0:
        return f"of {base:,} {what} none seen (up to {_count(high * base, up=True)} would fit this data)"
    ends = f"between {_count(low * base)} and {_count(high * base, up=True)} would fit this data"
    return f"of {base:,} {what} about {_count(value * base)} ({ends})"


def of_rate(rate: Rate, what: str, confidence: float = 0.95) -> str:
    """The same of a measured rate."""
    ends = rate.interval(confidence)
    return of_so_many(rate.value, ends.low, ends.high, what)


def _count(value: float, *, up: bool = False) -> str:
    """A count of people in words; the upper end of an interval is rounded up."""
    whole = math.ceil(value - 1e-9) if up and value >= 1 else round(value)
    return f"{whole:,}"


def hundredths(share: float) -> str:
    """A share as a number out of a hundred, two digits.

    Examples
    --------
    >>> hundredths(0.0375), hundredths(0.9999), hundredths(1.0), hundredths(3e-6)
    ('3.8', '100', '100', '0')
    """
    percent = 100 * share
    if math.isnan(percent):
        return "unknown"
    return "0" if percent < 5e-4 else f"{percent:.2g}" if percent < 99.5 else f"{percent:.0f}"


def cell(rate: Rate, confidence: float = 0.95) -> str:
    """A rate in a table: share, counts and interval."""
    if not rate.trials:
        return "no trial"
    ends = rate.interval(confidence)
    marked = "" if ends.reliable else " *"
    share = f"{hundredths(rate.value)} % ({rate.errors:,}/{rate.trials:,})"
    return f"{share} [{hundredths(ends.low)}, {hundredths(ends.high)}]{marked}"


def share_cell(value: float, low: float, high: float) -> str:
    """A share with its interval in a table."""
    return f"{hundredths(value)} % [{hundredths(low)}, {hundredths(high)}]"


def seconds(found: Estimate) -> str:
    """A time with its interval; an end that the data cannot give is said."""
    high = f"{found.high:.1f}" if math.isfinite(found.high) else "any time"
    value = f"{found.value:.1f} s" if math.isfinite(found.value) else "never"
    return f"{value} (between {found.low:.1f} and {high} would fit this data)"


def figure(found: Estimate, digits: int = 0) -> str:
    """A figure with its interval."""
    return f"{found.value:,.{digits}f} [{found.low:,.{digits}f}, {found.high:,.{digits}f}]"

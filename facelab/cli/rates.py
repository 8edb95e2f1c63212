"""Rates and figures as a person reads them in a table, and shares as a person writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import typer


def rate_cell(rate: Mapping[str, Any] | None) -> str:
    """``3/120 = 0.025 [0.0085, 0.071]``, marked where the interval is not to be relied on (`report.conditions`)."""
    from facelab.report.conditions import mark

    if rate is None:
        return "–"
    if rate["rate"] is None:
        return f"{rate['errors']}/{rate['trials']}"
    return f"{rate['errors']}/{rate['trials']} = {rate['rate']:.3g} {ends(rate)}{mark(rate)}"


def tell_conditions(rates: Iterable[tuple[str, Mapping[str, Any] | None]]) -> None:
    """Print what the marks mean that `rate_cell` put to these rates, each with its name."""
    from facelab.report.conditions import legend

    for line in legend(rates):
        print(line)


def ends(said: Mapping[str, Any], low: str = "low", high: str = "high") -> str:
    """``[0.0085, 0.071]``; empty where there is no interval."""
    if said.get(low) is None and said.get(high) is None:
        return ""
    return f"[{number(said.get(low))}, {number(said.get(high))}]"


def estimate_cell(said: Mapping[str, Any] | None, factor: float = 1.0) -> str:
    """``3.2 [1.1, 9]`` of a value with low and high."""
    if said is None:
        return "not measured"
    scaled = {name: None if said[name] is None else said[name] * factor for name in ("value", "low", "high")}
    return f"{number(scaled['value'])} {ends(scaled)}".strip()


def number(value: float | None) -> str:
    """A number with three digits, ``–`` where there is none (JSON's null)."""
    return "–" if value is None else f"{value:.3g}"


def share(text: str | float) -> float:
    """A share such as ``0.01``, ``1e-4`` or ``1/6000``.

    >>> share("1/4"), share("1e-4")
    (0.25, 0.0001)
    """
    try:
        return float(Fraction(str(text).strip())) if "/" in str(text) else float(text)
    except (ValueError, ZeroDivisionError) as error:
        raise typer.BadParameter(f"{text!r} is no share such as 0.01, 1e-4 or 1/6000") from error

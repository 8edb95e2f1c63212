"""Where an interval is not to be relied on, said wherever its rate is shown: a mark at the rate, and what it means.

Conventions: rates are mappings as JSON has them (`facelab.stats.rates.Rate.to_dict`). An interval with ``reliable``
false rests on the people seen alone: a kind of people rarer than 1 in ``rarest`` may be missing, and ``guaranteed``
holds whoever is missing (`facelab.stats.unseen`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARK = "*"
"""Stands after an interval that is not to be relied on."""


def mark(rate: Mapping[str, Any] | None) -> str:
    """`MARK` where the rate's interval is not to be relied on, else nothing.

    Examples
    --------
    >>> mark({"reliable": False}), mark({"reliable": True}), mark(None)
    ('*', '', '')
    """
    return MARK if rate is not None and rate.get("reliable", True) is False else ""


def condition(rate: Mapping[str, Any] | None) -> str:
    """Under which condition a marked interval holds, as the end of a sentence; empty where it is not marked.

    Examples
    --------
    >>> condition({"reliable": False, "rarest": 40, "guaranteed": [0.0, 0.3125]})
    'holds unless people rarer than 1 in 40 make the errors, then at most 0.31'
    """
    if rate is None or not mark(rate):
        return ""
    rarest, ends = rate.get("rarest"), rate.get("guaranteed")
    who = "people of a kind that is not among these" if rarest is None else f"people rarer than 1 in {rarest}"
    most = "" if not ends or ends[1] is None else f", then at most {ends[1]:.2g}"
    return f"holds unless {who} make the errors{most}"


def legend(rates: Iterable[tuple[str, Mapping[str, Any] | None]]) -> tuple[str, ...]:
    """What the marks in a table mean: a line for each condition; none where nothing is marked.

    Parameters
    ----------
    rates : iterable of (str, mapping or None)
        What each rate is called, and the rate; of rates that share a name the largest bound is said.
    """
    found: dict[Any, dict[str, float | None]] = {}
    for name, rate in rates:
        if rate is None or not mark(rate):
            continue
        most = (rate.get("guaranteed") or (None, None))[1]
        known = found.setdefault(rate.get("rarest"), {})
        known[name] = most if known.get(name) is None else max(known[name] or 0.0, most or 0.0)
    return tuple(_line(rarest, bounds) for rarest, bounds in found.items())


def _line(rarest: int | None, bounds: dict[str, float | None]) -> str:
    """The line of one condition."""
    who = "people of a kind that is not among these" if rarest is None else f"people rarer than 1 in {rarest}"
    most = ", ".join(f"{bound:.2g} ({name})" for name, bound in bounds.items() if bound is not None)
    then = f", then at most {most}" if most else ""
    return f"{MARK} rests on the people seen: it holds unless {who} make the errors{then}"

"""Results as small HTML tables, for Jupyter."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.stats.rates import Rate


def html_table(rates: Iterable[Rate], caption: str, confidence: float = 0.95) -> str:
    """Rates as a table: errors, trials, value, interval, how it was made."""
    heads = ("rate", "errors / trials", "value", f"{100 * confidence:g} % interval", "method", "note")
    rows = []
    for rate in rates:
        interval = rate.interval(confidence)
        counts, ends = f"{rate.errors:,} / {rate.trials:,}", f"[{interval.low:.3g}, {interval.high:.3g}]"
        cells = (rate.name, counts, f"{rate.value:.3g}", ends, interval.method, interval.note)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

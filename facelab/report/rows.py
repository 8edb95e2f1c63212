"""The table of an evaluation: one row a threshold, each rate with its errors, trials and interval.

A row is made from the JSON of an operating point (`facelab.stats.points.OperatingPoint.to_dict`). The plain threshold
of a target is followed by its certified one; a target that the data cannot resolve is a row that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.report.conditions import legend, mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLUMNS = ("target", "threshold", "supported", "FPIR", "FNIR", "misidentified", "note")
EMPTY = "–"


@dataclass(frozen=True)
class ThresholdRow:
    """One threshold and what was measured at it.

    Parameters
    ----------
    origin : str
        ``target``, ``certified``, ``site`` or ``unattainable``.
    target : float or None
        The FPIR that was asked for.
    threshold : float or None
        None where there is none.
    supported : bool
        Whether the data supports the target.
    fpir, fnir, misidentification : mapping or None
        Rates as JSON has them.
    note : str
        What a reader must know.
    counts_only : bool
        True where there are too few people for rates.
    """

    origin: str
    target: float | None
    threshold: float | None
    supported: bool
    fpir: Mapping[str, Any] | None
    fnir: Mapping[str, Any] | None
    misidentification: Mapping[str, Any] | None
    note: str = ""
    counts_only: bool = False

    @property
    def name(self) -> str:
        """What the row is called: ``FPIR 5 %``, ``FPIR 5 % certified``, ``site today``."""
        if self.target is None:
            return "site today"
        return f"FPIR {percent(self.target)}" + (" certified" if self.origin == "certified" else "")

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of `COLUMNS`."""
        threshold = EMPTY if self.threshold is None else f"{self.threshold:.4f}"
        yes = EMPTY if self.target is None else "yes" if self.supported else "no"
        rates = (rate_text(r, counts_only=self.counts_only) for r in (self.fpir, self.fnir, self.misidentification))
        return (self.name, threshold, yes, *rates, self.note)

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        names = ("origin", "target", "threshold", "supported", "fpir", "fnir", "misidentification", "note")
        return {name: getattr(self, name) for name in names}


def threshold_rows(points: Iterable[Mapping[str, Any]], *, counts_only: bool = False) -> tuple[ThresholdRow, ...]:
    """The rows of operating points as JSON has them."""
    rows = []
    for point in points:
        rows.append(_row(point, counts_only))
        certified = point.get("certified")
        if certified and certified.get("threshold") is not None:
            said = {**certified, "target_fpir": point["target_fpir"], "supported": point["supported"]}
            rows.append(_row({**said, "reason": "", "certified": None}, counts_only, origin="certified"))
    return tuple(rows)


def _row(point: Mapping[str, Any], counts_only: bool, origin: str = "") -> ThresholdRow:
    target = point.get("target_fpir")
    kind = origin or ("site" if target is None else "unattainable" if point["threshold"] is None else "target")
    rates = {name: point.get(name) for name in ("fpir", "fnir", "misidentification")}
    note = str(point.get("reason") or "")
    if point.get("in_sample"):
        note = f"{note}; chosen and reported on the same searches".lstrip("; ")
    if origin == "certified":
        note = "its upper bound, not its estimate, met the target"
    return ThresholdRow(
        kind, target, point["threshold"], bool(point["supported"]), note=note, counts_only=counts_only, **rates
    )


def percent(share: float) -> str:
    """A share as a percentage with two digits.

    >>> percent(0.05), percent(0.00833), percent(1.0)
    ('5 %', '0.83 %', '100 %')
    """
    value = 100 * share
    return f"{value:.3g} %" if value >= 99.5 else f"{value:.2g} %"


def rate_text(rate: Mapping[str, Any] | None, *, counts_only: bool = False) -> str:
    """A rate in one cell: ``5.8 % (7/120) [2.4, 12]``, or ``7 of 120`` where only counts are to be shown.

    An interval that is not to be relied on is followed by a mark (`facelab.report.conditions`).
    """
    if rate is None:
        return EMPTY
    if not rate["trials"]:
        return "no trial"
    if counts_only or rate["rate"] is None:
        return f"{rate['errors']} of {rate['trials']}"
    ends = ", ".join(percent(end).removesuffix(" %") for end in interval_ends(rate))
    return f"{percent(rate['rate'])} ({rate['errors']}/{rate['trials']}) [{ends}]{mark(rate)}"


def interval_ends(rate: Mapping[str, Any]) -> tuple[float, float]:
    """The ends of a rate's interval as they are shown: a lower end below a hundredth of one trial is shown as 0."""
    low, high = float(rate["low"]), float(rate["high"])
    return (0.0 if low * rate["trials"] < 0.01 else low), high


def row_legend(rows: Iterable[ThresholdRow]) -> tuple[str, ...]:
    """What the marks in the rows mean, a line for each condition."""
    shown = [row for row in rows if not row.counts_only]
    names = ("FPIR", "fpir"), ("FNIR", "fnir"), ("misidentified", "misidentification")
    return legend((name, getattr(row, field)) for row in shown for name, field in names)


def html_rows(rows: Sequence[ThresholdRow], caption: str = "") -> str:
    """The rows as an HTML table; below it what its marks mean."""
    from html import escape

    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in COLUMNS)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells) + "</tr>" for row in rows)
    said = "<br>".join(escape(line) for line in row_legend(rows))
    foot = f"<tfoot><tr><td colspan='{len(COLUMNS)}'>{said}</td></tr></tfoot>" if said else ""
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}"
    return f"<table><caption>{escape(caption)}</caption>{table}</table>"

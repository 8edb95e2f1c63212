"""What a comparison of two runs found, in sentences and in a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from facelab.report.rows import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from facelab.experiments.comparing_runs import PairedRow, RunComparison

COLUMNS = ("rate", "of", "at", "first", "second", "second minus first", "test")
LEVEL = 0.05


def comparison_cells(row: PairedRow, confidence: float = 0.95) -> tuple[str, ...]:
    """A row as texts, in the order of `COLUMNS`."""
    ends = row.found.interval(confidence)
    sides = (f"{percent(r.value)} ({r.errors}/{r.trials})" for r in (row.found.first, row.found.second))
    difference = f"{points(row.found.value)} [{points(ends.low)}, {points(ends.high)}]"
    test = "chosen on the data" if row.test is None else f"p = {row.test.p_value:.2g} ({row.test.name.split(',')[0]})"
    return (row.rate, row.of, row.at, *sides, difference, test)


def points(share: float) -> str:
    """A difference of rates in percentage points: ``+1.2``."""
    return f"{100 * share:+.2g}" if share else "0"


def comparison_answer(found: RunComparison) -> tuple[str, ...]:
    """Which run misses less at one FPIR, what differs at one threshold, where, and on how many passages."""
    sentences = [_at_fpir(found), *_at_threshold(found), _groups(found.group_rows), _disagree(found), *found.notes]
    return tuple(sentence for sentence in sentences if sentence)


def _at_fpir(found: RunComparison) -> str:
    rows = [row for row in found.rows if row.at.startswith("the same FPIR")]
    if not rows:
        return ""
    pair, ends = rows[0].found, rows[0].found.interval(found.confidence)
    verdict = "misses fewer" if ends.high < 0 else "misses more" if ends.low > 0 else "is not shown to differ"
    level = f"{100 * found.confidence:g} %"
    return (
        f"At the same FPIR of {percent(found.target)} the second run {verdict}: FNIR {percent(pair.first.value)} and "
        f"{percent(pair.second.value)}, a difference of {points(pair.value)} points [{points(ends.low)}, "
        f"{points(ends.high)}] ({level}, {pair.people:,} people)."
    )


def _at_threshold(found: RunComparison) -> list[str]:
    said = []
    for row in found.rows:
        if row.at.startswith("the same threshold") and row.test is not None:
            verdict = "differ" if row.test.p_value < LEVEL else "are not shown to differ"
            sides = f"{percent(row.found.first.value)} and {percent(row.found.second.value)}"
            test = f"{row.test.name}, p = {row.test.p_value:.2g}"
            said.append(f"At {row.at} {row.rate} is {sides}; they {verdict} ({test}).")
    return said


def _groups(rows: Sequence[PairedRow]) -> str:
    tested = [row for row in rows if row.test is not None]
    if not tested:
        return ""
    level = LEVEL / len(tested)
    found = [row for row in tested if row.test is not None and row.test.p_value < level]
    tests = f"{len(tested)} tests together at 5 % (Bonferroni)"
    if not found:
        return f"In no camera or group a difference could be shown, {tests}."
    listed = "; ".join(f"{row.rate} of {row.of} {points(row.found.value)} points" for row in found)
    return f"By camera and group these differ, {tests}: {listed}."


def _disagree(found: RunComparison) -> str:
    count, of = len(found.disagreements), len(found.searches[0])
    first = sum(row["only_in"] == "first" for row in found.disagreements)
    return (
        f"At the same threshold they disagree on {count:,} of {of:,} passages: the first run errs alone on {first:,}, "
        f"the second on {count - first:,}."
    )


def html_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    """Rows as a table that Jupyter shows."""
    from IPython.display import HTML

    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return HTML(table)  # type: ignore[no-untyped-call]  # IPython

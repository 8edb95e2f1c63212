"""The error curve as a table: at each threshold both rates, their errors, and their intervals."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from facelab.errors import BadInput
from facelab.experiments.workspace import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.stats.openset import OpenSetCurve

COLUMNS = (
    "threshold",
    *(f"{rate}{part}" for rate in ("fpir", "fnir") for part in ("", "_low", "_high", "_errors", "_trials")),
)


def write_curve(path: Path, curve: OpenSetCurve, confidence: float = 0.95) -> None:
    """Write `curve` to `path` as CSV, at no more than some five hundred thresholds."""
    bands = [curve.band(measure, confidence=confidence) for measure in ("FPIR", "FNIR")]
    trials = (curve.non_mated, curve.mated)
    with written_whole(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for k, threshold in enumerate(bands[0].thresholds):
            row: list[float | int | str] = [float(threshold)]
            for band, n in zip(bands, trials):
                ends = (band.rate[k], band.low[k], band.high[k])
                row += [*(float(end) if n else "" for end in ends), round(float(band.rate[k]) * n) if n else 0, n]
            writer.writerow(row)


def read_curve(path: Path) -> list[dict[str, float | None]]:
    """The rows of a curve's table; an empty cell (a rate without a trial) is None.

    Raises
    ------
    BadInput
        The file is missing, or holds something else.
    """
    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadInput("the columns are not those of a curve", place=str(path))
        try:
            return [{name: float(text) if text else None for name, text in row.items()} for row in reader]
        except (TypeError, ValueError):
            raise BadInput("a cell is no number; was the file cut short?", place=str(path)) from None

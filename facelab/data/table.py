"""Rows of a CSV file, checked as they are read: an error names the file, the line and the column."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LARGEST_CSV = 512 * 1024**2


@dataclass(frozen=True)
class Row:
    """One line of a CSV file: where it stands (``file, line n``) and its values by column, without blanks around."""

    place: str
    values: Mapping[str, str]

    def _bad(self, column: str, rule: str) -> BadInput:
        value = self.values.get(column, "")
        what = "it is empty" if value == "" else f"it is {value!r}"
        return BadInput(f"column {column!r} {rule}, {what}", place=self.place)

    def text(self, column: str, *, empty: bool = False) -> str:
        """The text in `column`; an empty one only where `empty` allows it."""
        value = self.values.get(column, "")
        if value == "" and not empty:
            raise self._bad(column, "must not be empty")
        return value

    def number(self, column: str) -> float:
        """The finite number in `column`."""
        try:
            value = float(self.values.get(column, ""))
        except ValueError:
            raise self._bad(column, "must be a number") from None
        if not math.isfinite(value):
            raise self._bad(column, "must be a finite number")
        return value

    def integer(self, column: str) -> int:
        """The whole number in `column`; ``12.0`` counts as one."""
        value = self.number(column)
        if value != int(value):
            raise self._bad(column, "must be a whole number")
        return int(value)


def read_rows(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """The lines of the CSV file at `path`, blank ones left out; the header may have its columns in any order.

    Raises
    ------
    BadInput
        The file is missing, not text, empty, or has no header with the `required` columns; a column is neither required
        nor `optional`, or stands twice; a line has more or fewer values than the header.
    """
    lines = list(csv.reader(_text(path).splitlines()))
    if not lines:
        raise BadInput("the file is empty: its first line must name the columns", place=str(path))
    header = [name.strip() for name in lines[0]]
    _check_header(path, header, required=required, optional=optional)
    rows = []
    for number, values in enumerate(lines[1:], start=2):
        if not any(value.strip() for value in values):
            continue
        place = f"{path}, line {number}"
        if len(values) != len(header):
            raise BadInput(f"the line has {len(values)} values, the header {len(header)} columns", place=place)
        rows.append(Row(place, {name: value.strip() for name, value in zip(header, values)}))
    return rows


def _text(path: Path) -> str:
    if not path.exists():
        raise BadInput("there is no such file", place=str(path))
    if not path.is_file():
        raise BadInput("a CSV file is needed, this is a folder", place=str(path))
    if path.stat().st_size > LARGEST_CSV:
        raise BadInput(f"a CSV file of more than {LARGEST_CSV // 1024**2} MiB is not read", place=str(path))
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8 text; was it saved as a spreadsheet?", place=str(path)) from None


def _check_header(path: Path, header: list[str], *, required: Sequence[str], optional: Sequence[str]) -> None:
    place = f"{path}, line 1"
    missing = [name for name in required if name not in header]
    if missing:
        found = ", ".join(header)
        raise BadInput(f"column {missing[0]!r} is missing; found: {found}", place=place)
    for name in header:
        if header.count(name) > 1:
            raise BadInput(f"column {name!r} stands twice", place=place)
        if name not in required and name not in optional:
            known = ", ".join([*required, *optional])
            raise BadInput(f"column {name!r} is unknown; known: {known}", place=place)

"""Columns of a CSV or parquet file, read strictly: what cannot be read is refused with its file and line.

CSV is UTF-8 with a header and commas; parquet is told by the suffix ``.parquet``. Columns that nobody asked for are
ignored. Empty text and null are the same: a missing value. A number that is "nan" or infinite is an error, since a
missing one is empty.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from facelab.types import Floats, Strings

FAILED = ("a failed comparison has an empty score", "an empty score is a failed comparison")
MISSING = ("a missing one is empty", "a missing one is empty")


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a file (pyarrow arrays), and how to find a row in it again.

    Parameters
    ----------
    path : Path
        Where they come from.
    columns : dict of str to pyarrow array
        The columns that were asked for and are there, by name.
    """

    path: Path
    columns: dict[str, Any]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def at(self, row: int) -> str:
        """``file:line`` of a row of a CSV, ``file, row`` of a parquet file; rows count from 0."""
        if self.path.suffix == ".parquet":
            return f"{self.path}, row {row + 1}"
        with self.path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.reader(file)
            seen = -2
            for fields in reader:
                seen += bool(fields)
                if seen == row:
                    return f"{self.path}:{reader.line_num}"
        return str(self.path)

    def strings(self, name: str) -> Strings:
        """(n,) a column of text; null is empty."""
        return np.asarray(self.columns[name].fill_null("").to_numpy(zero_copy_only=False), dtype=np.str_)

    def text(self, name: str, row: int) -> str:
        """One cell."""
        return str(self.columns[name][row].as_py())

    def numbers(self, name: str, *, filled: bool = False) -> Floats:
        """(n,) a column of numbers; an empty cell is NaN, or refused with `filled`.

        Raises
        ------
        BadInput
            "nan" or an infinity, with its line.
        """
        column = self.columns[name]
        missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
        value = np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)
        if filled and missing.any():
            raise BadInput(f"the {name} is empty, and a number is needed", place=self.at(int(np.argmax(missing))))
        bad = np.flatnonzero(~np.isfinite(value) & ~missing)
        if bad.size:
            row = int(bad[0])
            hint = "must be finite" if filled else (FAILED if name == "score" else MISSING)[0]
            raise BadInput(f"the {name} is {value[row]}; {hint}", place=self.at(row))
        return value

    def seconds(self, name: str) -> Floats:
        """(n,) a column of text as seconds: numbers, or ISO 8601 times (read as UTC where they name no zone).

        Raises
        ------
        BadInput
            A cell that is neither, with its line.
        """
        value = np.empty(len(self), dtype=np.float64)
        for row, text in enumerate(self.strings(name).tolist()):
            try:
                value[row] = seconds_of(text)
            except ValueError:
                raise BadInput(f"{name} {text!r} is neither seconds nor an ISO 8601 time", place=self.at(row)) from None
        return value


def seconds_of(text: str) -> float:
    """The seconds that `text` says: a finite number, or an ISO 8601 time since 1970 (UTC where it names no zone).

    Raises
    ------
    ValueError
        It is neither.

    Examples
    --------
    >>> seconds_of("12.5"), seconds_of("1970-01-01T00:01:00")
    (12.5, 60.0)
    """
    try:
        value = float(text)
    except ValueError:
        when = datetime.fromisoformat(text.strip())
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()
    if not np.isfinite(value):
        raise ValueError(text)
    return value


def read_columns(
    path: Path,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    *,
    numeric: Sequence[str] = ("score",),
    may_be_empty: bool = False,
) -> Columns:
    """The named columns of a CSV or parquet file.

    Parameters
    ----------
    path : Path
        The file.
    needed, optional : sequences of str
        Columns that must be there, and columns that are read where they are.
    numeric : sequence of str
        Those of them that hold numbers; the rest is text.
    may_be_empty : bool
        Whether a file without a row below its header is an answer.

    Raises
    ------
    BadInput
        No such file, none of its kind, a column that is missing or stands twice, no row, a number that is none.
    """
    import pyarrow as pa

    if not path.is_file():
        raise BadInput("there is no such file" if not path.exists() else "it is no file", place=str(path))
    wanted = _wanted(path, needed, optional)
    types = {name: pa.float64() if name in numeric else pa.string() for name in wanted}
    table = _parquet(path, types) if path.suffix == ".parquet" else _csv(path, types)
    if not table.num_rows and not may_be_empty:
        raise BadInput("there is no row below its header", place=str(path))
    return Columns(path, {name: table.column(name).combine_chunks() for name in wanted})


def _wanted(path: Path, needed: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The columns to read; refused where one that is needed is missing, or stands twice."""
    names = column_names(path)
    missing = [name for name in needed if name not in names]
    if missing:
        there = ", ".join(names) or "none"
        raise BadInput(
            f"column {missing[0]!r} is missing, there are {there}{_hint(missing[0], names)}", place=str(path)
        )
    wanted = [name for name in dict.fromkeys((*needed, *optional)) if name in names]
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise BadInput(f"column {twice[0]!r} stands twice", place=str(path))
    return wanted


def _hint(missing: str, names: list[str]) -> str:
    """Why a column may be missing from a header."""
    if len(names) == 1 and any(sign in names[0] for sign in ";\t"):
        return "; are its columns separated by semicolons or tabs?"
    near = [name for name in names if name.strip().lower() == missing]
    if near:
        return f"; is it {near[0]!r}? names are in small letters and without spaces around them"
    if names and all(_is_number(name) for name in names if name):
        return "; is its header missing?"
    return ""


def column_names(path: Path) -> list[str]:
    """The column names of a CSV or parquet file.

    Raises
    ------
    BadInput
        A file that is not there, cannot be read, or is empty.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if not path.is_file():
        raise BadInput("there is no such file" if not path.exists() else "it is no file", place=str(path))
    try:
        if path.suffix == ".parquet":
            return list(parquet.read_schema(path).names)
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = next((fields for fields in csv.reader(file) if fields), None)
    except (OSError, pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        kind = "parquet file" if path.suffix == ".parquet" else "CSV in UTF-8"
        raise BadInput(f"it cannot be read as a {kind}: {str(error).splitlines()[0]}", place=str(path)) from error
    if first is None:
        raise BadInput("the file is empty", place=str(path))
    return first


def _parquet(path: Path, types: dict[str, Any]) -> Any:
    """Columns of a parquet file, cast to `types`."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, columns=list(types))
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"it cannot be read: {str(error).splitlines()[0]}", place=str(path)) from error
    columns = []
    for name, kind in types.items():
        column = table.column(name)
        numeric = pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)
        if kind == pa.float64() and not numeric:
            raise BadInput(f"column {name!r} holds {column.type}, not numbers", place=str(path))
        if name == "mated" and pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        columns.append(column.cast(kind))
    return pa.table(columns, names=list(types))


def _csv(path: Path, types: dict[str, Any]) -> Any:
    """Columns of a CSV file, as `types`."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    convert = arrow_csv.ConvertOptions(
        column_types=types, include_columns=list(types), null_values=[""], strings_can_be_null=False
    )
    parse = arrow_csv.ParseOptions(newlines_in_values=False)
    try:
        return arrow_csv.read_csv(path, convert_options=convert, parse_options=parse)
    except pa.ArrowException as error:
        raise _culprit(path, error, [name for name, kind in types.items() if kind == pa.float64()]) from error


def _culprit(path: Path, error: Exception, numeric: list[str]) -> BadInput:
    """What made a CSV unreadable: its first row of another length, or its first number that is none."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file)
        header: list[str] = next((fields for fields in reader if fields), [])
        where = [(name, header.index(name)) for name in numeric if name in header]
        for fields in reader:
            place = f"{path}:{reader.line_num}"
            if fields and len(fields) != len(header):
                return BadInput(f"it has {len(fields)} fields, the header has {len(header)}", place=place)
            for name, column in where if fields else ():
                if not _is_number(fields[column]):
                    hint = _number_hint(name, fields[column])
                    return BadInput(f"the {name} {fields[column]!r} is no number; {hint}", place=place)
    return BadInput(f"it cannot be read as CSV: {str(error).splitlines()[0]}", place=str(path))


def _number_hint(name: str, text: str) -> str:
    """Why a cell may be no number."""
    if text.count(",") == 1 and _is_number(text.replace(",", ".")):
        return "the decimal sign is a point, not a comma"
    return (FAILED if name == "score" else MISSING)[1]


def _is_number(text: str) -> bool:
    """Whether a cell is empty or a number."""
    if text == "":
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text

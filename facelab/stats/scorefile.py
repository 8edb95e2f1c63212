"""Score files: what a user with nothing but another matcher's scores can give.

Three kinds, as CSV (comma, header, UTF-8) or parquet (by the suffix ``.parquet``); other columns are ignored:

- scores: ``score, mated`` (1 or 0) and, where known, ``probe_subject, reference_subject``;
- candidates: ``probe_id, probe_subject, reference_subject, score``, one row a candidate;
- pairs: ``sample_a, sample_b``.

An empty score (null in parquet) is a failed comparison, counted; "nan" and "inf" are errors. An empty subject is
unknown. Everything that cannot be read is refused with its file and line.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.comparing import verification_curve
from facelab.stats.searches import Searches, searches_from_candidates

if TYPE_CHECKING:
    from facelab.stats.verification import ErrorCurve
    from facelab.types import Bools, Floats, Ints, Strings

SCORES = ("score", "mated")
SUBJECTS = ("probe_subject", "reference_subject")
CANDIDATES = ("probe_id", "probe_subject", "reference_subject", "score")
PAIRS = ("sample_a", "sample_b")


@dataclass(frozen=True, eq=False)
class ScoreFile:
    """Labelled scores as read from a file.

    Parameters
    ----------
    path : Path
        Where they come from.
    score : (n,) float array
        Similarities; NaN where the comparison failed.
    mated : (n,) bool array
        Whether both samples are of one person.
    probe, reference : (n,) int arrays or None
        The two people of each comparison in one numbering; None where any of them is unknown.
    """

    path: Path
    score: Floats
    mated: Bools
    probe: Ints | None
    reference: Ints | None

    def __len__(self) -> int:
        return len(self.score)

    def curve(self) -> ErrorCurve:
        """The exact error curve of the file's scores.

        Raises
        ------
        BadInput
            Where one class has no score.
        """
        try:
            return verification_curve(
                self.score, self.mated, probe_subject=self.probe, reference_subject=self.reference
            )
        except BadInput as error:
            raise BadInput(str(error), place=str(self.path)) from error


def read_scores(path: Path) -> ScoreFile:
    """The scores of a file with the columns ``score, mated`` and, where known, ``probe_subject, reference_subject``.

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, a score or label that is none, or a label that contradicts
        the subjects; with file and line.
    """
    table = _read(Path(path), SCORES, SUBJECTS)
    score, mated = _scores(table), _labels(table)
    people = None
    if all(name in table.columns for name in SUBJECTS):
        people = _codes(table, SUBJECTS)
    if people is not None:
        wrong = np.flatnonzero((people[0] == people[1]) != mated)
        if wrong.size:
            row = int(wrong[0])
            says = "mated is 1 and the subjects differ" if mated[row] else "mated is 0 and the subjects are the same"
            raise BadInput(
                f"{says}: {table.text('probe_subject', row)!r}, {table.text('reference_subject', row)!r}",
                place=table.at(row),
            )
    return ScoreFile(table.path, score, mated, *(people or (None, None)))


def read_candidates(path: Path, enrolled: Strings | None = None) -> Searches:
    """The searches of a file with the columns ``probe_id, probe_subject, reference_subject, score``.

    Parameters
    ----------
    path : Path
        The file.
    enrolled : (m,) array of str, optional
        Every enrolled subject (`read_enrolled`); without it, the reference subjects seen.

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, a score that is none, a probe with two subjects or
        without an id, a candidate who is not enrolled.
    """
    table = _read(Path(path), CANDIDATES, ())
    score = _scores(table)
    probe, subject, reference = (table.strings(name) for name in CANDIDATES[:3])
    nameless = np.flatnonzero(probe == "")
    if nameless.size:
        raise BadInput("the probe_id is empty", place=table.at(int(nameless[0])))
    try:
        return searches_from_candidates(probe, subject, reference, score, enrolled=enrolled)
    except BadInput as error:
        row = error.place.removeprefix("row ") if error.place and error.place.startswith("row ") else None
        where = str(table.path) if row is None else table.at(int(row) - 1)
        raise BadInput(str(error).removeprefix(f"{error.place}: "), place=where) from error


def read_pairs(path: Path) -> tuple[Strings, Strings]:
    """The pairs of a file with the columns ``sample_a, sample_b``.

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, an empty sample.
    """
    table = _read(Path(path), PAIRS, ())
    both = table.strings("sample_a"), table.strings("sample_b")
    for name, side in zip(PAIRS, both):
        empty = np.flatnonzero(side == "")
        if empty.size:
            raise BadInput(f"{name} is empty", place=table.at(int(empty[0])))
    return both


def read_enrolled(path: Path) -> Strings:
    """The enrolled subjects of a text file, one a line; a first line ``subject`` or ``subject_id`` is a header.

    Raises
    ------
    BadInput
        A file that cannot be read, or that names nobody.
    """
    file = Path(path)
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the list of the enrolled cannot be read: {error}", place=str(file)) from error
    names = [line for line in lines if line]
    if names and names[0] in ("subject", "subject_id"):
        names = names[1:]
    if not names:
        raise BadInput("it names no enrolled subject; one a line is expected", place=str(file))
    return np.unique(np.asarray(names, dtype=np.str_))


@dataclass(frozen=True, eq=False)
class _Table:
    """Columns of a file, and how to find a row in it again."""

    path: Path
    columns: dict[str, Any]

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
        """A column of text; null is empty."""
        return np.asarray(self.columns[name].fill_null("").to_numpy(zero_copy_only=False), dtype=np.str_)

    def text(self, name: str, row: int) -> str:
        """One cell."""
        return str(self.columns[name][row].as_py())


def _read(path: Path, needed: tuple[str, ...], optional: tuple[str, ...]) -> _Table:
    """The named columns of a CSV or parquet file, those of scores as numbers and the rest as text."""
    import pyarrow as pa

    if not path.is_file():
        raise BadInput("there is no such file" if not path.exists() else "it is no file", place=str(path))
    wanted = _wanted(path, needed, optional)
    types = {name: pa.float64() if name == "score" else pa.string() for name in wanted}
    table = _parquet(path, types) if path.suffix == ".parquet" else _csv(path, types)
    if not table.num_rows:
        raise BadInput("there is no row below its header", place=str(path))
    return _Table(path, {name: table.column(name).combine_chunks() for name in wanted})


def _wanted(path: Path, needed: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    """The columns to read; refused where one that is needed is missing, or stands twice."""
    names = _header(path)
    missing = [name for name in needed if name not in names]
    if missing:
        joined = len(names) == 1 and any(sign in names[0] for sign in ";\t")
        hint = "; are its columns separated by semicolons or tabs?" if joined else ""
        there = ", ".join(names) or "none"
        raise BadInput(f"column {missing[0]!r} is missing, there are {there}{hint}", place=str(path))
    wanted = [name for name in (*needed, *optional) if name in names]
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise BadInput(f"column {twice[0]!r} stands twice", place=str(path))
    return wanted


def _header(path: Path) -> list[str]:
    """The column names of a file."""
    import pyarrow as pa
    from pyarrow import parquet

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
        if name == "score" and not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            raise BadInput(f"column 'score' holds {column.type}, not numbers", place=str(path))
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
        raise _culprit(path, error) from error


def _culprit(path: Path, error: Exception) -> BadInput:
    """What made a CSV unreadable: its first row of another length, or its first score that is no number."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file)
        header: list[str] = next((fields for fields in reader if fields), [])
        for fields in reader:
            place = f"{path}:{reader.line_num}"
            if fields and len(fields) != len(header):
                return BadInput(f"it has {len(fields)} fields, the header has {len(header)}", place=place)
            if fields and "score" in header and not _is_number(fields[header.index("score")]):
                score = fields[header.index("score")]
                return BadInput(f"the score {score!r} is no number; an empty score is a failed comparison", place=place)
    return BadInput(f"it cannot be read as CSV: {str(error).splitlines()[0]}", place=str(path))


def _is_number(text: str) -> bool:
    if text == "":
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _scores(table: _Table) -> Floats:
    """The score column: null is NaN; a NaN or an infinity that stands there is refused."""
    column = table.columns["score"]
    failed = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    score = np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(score) & ~failed)
    if bad.size:
        row = int(bad[0])
        raise BadInput(f"the score is {score[row]}; a failed comparison has an empty score", place=table.at(row))
    return score


def _labels(table: _Table) -> Bools:
    """The mated column, 1 or 0 (true or false)."""
    encoded = table.columns["mated"].dictionary_encode()
    known = {"1": True, "0": False, "true": True, "false": False, "True": True, "False": False}
    words = encoded.dictionary.to_pylist()
    wrong = [i for i, word in enumerate(words) if word not in known]
    codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
    bad = np.flatnonzero(np.isin(codes, [-1, *wrong]))
    if bad.size:
        row = int(bad[0])
        raise BadInput(f"mated is 1 or 0, not {table.text('mated', row)!r}", place=table.at(row))
    return np.asarray(np.array([known[word] for word in words], dtype=bool)[codes])


def _codes(table: _Table, names: tuple[str, str]) -> tuple[Ints, Ints] | None:
    """Two columns of subjects in one numbering; None where any is empty."""
    encoded = [table.columns[name].dictionary_encode() for name in names]
    words = [np.asarray(side.dictionary.to_pylist() or [""], dtype=np.str_) for side in encoded]
    if any(side.indices.null_count or (text == "").any() for side, text in zip(encoded, words)):
        return None
    merged = np.unique(np.concatenate(words))
    first, second = (
        np.searchsorted(merged, text)[side.indices.to_numpy(zero_copy_only=False)] for side, text in zip(encoded, words)
    )
    return first, second

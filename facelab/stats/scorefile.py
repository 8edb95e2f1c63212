"""Score files: what a user with nothing but another matcher's scores can give.

Three kinds, as CSV (comma, header, UTF-8) or parquet (by the suffix ``.parquet``); other columns are ignored:

- scores: ``score, mated`` (1 or 0) and, where known, ``probe_subject, reference_subject``;
- candidates: ``probe_id, probe_subject, reference_subject, score``, one row a candidate;
- pairs: ``sample_a, sample_b``.

An empty score (null in parquet) is a failed comparison, counted; "nan" and "inf" are errors. An empty subject is
unknown. Everything that cannot be read is refused with its file and line (`facelab.stats.columns`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.columns import Columns, column_names, read_columns
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
    without_people : str
        Why the people are unknown; empty where they are known.
    """

    path: Path
    score: Floats
    mated: Bools
    probe: Ints | None
    reference: Ints | None
    without_people: str = ""

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
    _refuse_other_kind(Path(path), "mated", "probe_id", "a list of candidates, as `facelab identification` reads it")
    table = read_columns(Path(path), SCORES, SUBJECTS)
    score, mated = table.numbers("score"), _labels(table)
    people, why = _people(table)
    if people is not None:
        wrong = np.flatnonzero((people[0] == people[1]) != mated)
        if wrong.size:
            row = int(wrong[0])
            says = "mated is 1 and the subjects differ" if mated[row] else "mated is 0 and the subjects are the same"
            raise BadInput(
                f"{says}: {table.text('probe_subject', row)!r}, {table.text('reference_subject', row)!r}",
                place=table.at(row),
            )
    probe, reference = (None, None) if people is None else people
    return ScoreFile(table.path, score, mated, probe, reference, why)


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
    _refuse_other_kind(Path(path), "probe_id", "mated", "a file of scores, as `facelab verification` reads it")
    table = read_columns(Path(path), CANDIDATES)
    score = table.numbers("score")
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
    table = read_columns(Path(path), PAIRS)
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


def _refuse_other_kind(path: Path, wanted: str, telling: str, kind: str) -> None:
    """Refuses a file that lacks the column `wanted` and whose column `telling` shows what else it is."""
    names = column_names(path)
    if wanted not in names and telling in names:
        raise BadInput(f"column {wanted!r} is missing; with a column {telling!r} it is {kind}", place=str(path))


def _labels(table: Columns) -> Bools:
    """The mated column, 1 or 0 (true or false)."""
    encoded = table.columns["mated"].dictionary_encode()
    known = {"1": True, "0": False, "1.0": True, "0.0": False, "true": True, "false": False}
    words = [word.strip().lower() for word in encoded.dictionary.to_pylist()]
    wrong = [i for i, word in enumerate(words) if word not in known]
    codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
    bad = np.flatnonzero(np.isin(codes, [-1, *wrong]))
    if bad.size:
        row = int(bad[0])
        raise BadInput(f"mated is 1 or 0, not {table.text('mated', row)!r}", place=table.at(row))
    return np.asarray(np.array([known[word] for word in words], dtype=bool)[codes])


def _people(table: Columns) -> tuple[tuple[Ints, Ints] | None, str]:
    """The two columns of subjects in one numbering; None where any is missing or empty, and which."""
    missing = [name for name in SUBJECTS if name not in table]
    if missing:
        return None, f"{table.path} has no column {' and no column '.join(repr(name) for name in missing)}"
    encoded = [table.columns[name].dictionary_encode() for name in SUBJECTS]
    words = [np.asarray(side.dictionary.to_pylist() or [""], dtype=np.str_) for side in encoded]
    for name, side, text in zip(SUBJECTS, encoded, words):
        if side.indices.null_count or (text == "").any():
            row = int(np.argmax(table.strings(name) == ""))
            return None, f"{table.at(row)} has no {name}"
    merged = np.unique(np.concatenate(words))
    first, second = (
        np.searchsorted(merged, text)[side.indices.to_numpy(zero_copy_only=False)] for side, text in zip(encoded, words)
    )
    return (first, second), ""

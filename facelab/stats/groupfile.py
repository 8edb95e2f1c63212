"""Score files with a column of groups, as `facelab groups` reads them: who errs more, by any column.

A file of *candidates* (``probe_id, probe_subject, reference_subject, score``) is grouped by a column of the probe, the
same in every row of a probe, by one of the enrolled subject, the same in every row of that subject, or by both. A
file of *scores* (``score, mated, probe_subject, reference_subject``) is grouped by a column of the probe, of the
reference, or for FMR of both. An empty group is unknown, and shown as a group of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.columns import column_names, read_columns
from facelab.stats.group_report import (
    GroupReport,
    comparison_group_report,
    reference_group_report,
    search_group_report,
)
from facelab.stats.scorefile import CANDIDATES, SCORES, SUBJECTS, read_candidates, read_scores
from facelab.stats.suspect import near_the_scores

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.stats.groups import Side
    from facelab.stats.searches import Searches
    from facelab.types import Floats, Strings


def is_candidate_file(path: Path) -> bool:
    """Whether the columns of `path` are those of candidates (else it is taken for a file of scores)."""
    return "probe_id" in column_names(path)


def read_grouped_candidates(path: Path, column: str, enrolled: Strings | None = None) -> tuple[Searches, Strings]:
    """The searches of a file of candidates, and the group (p,) of each.

    Parameters
    ----------
    path : Path
        As `read_candidates` takes it, with one more column.
    column : str
        The column that holds the group of the probe.
    enrolled : (m,) array of str, optional
        Every enrolled subject.

    Raises
    ------
    BadInput
        As `read_candidates`; the column is missing, or a probe is in two groups.
    """
    found = read_candidates(path, enrolled)
    table = read_columns(path, ("probe_id", column))
    probe, group = table.strings("probe_id"), table.strings(column)
    names, first, row = np.unique(probe, return_index=True, return_inverse=True)
    wrong = np.flatnonzero(group != group[first][row])
    if wrong.size:
        k = int(wrong[0])
        both = f"{str(group[first][row[k]])!r} and {str(group[k])!r}"
        raise BadInput(f"probe {str(probe[k])!r} has two values of {column!r}, {both}", place=table.at(k))
    return found, group[first[np.searchsorted(names, found.probe_id)]]


def read_grouped_scores(
    path: Path, columns: tuple[str, str]
) -> tuple[Floats, tuple[Strings, Strings], tuple[Strings, Strings]]:
    """Scores (n,), the two people and the two groups of each comparison of a file of scores.

    Parameters
    ----------
    path : Path
        As `read_scores` takes it; the subjects are needed here.
    columns : (str, str)
        The columns of the probe's and of the reference's group; the same twice where there is one.

    Raises
    ------
    BadInput
        As `read_scores`; a column is missing.
    """
    read_scores(path)  # refuses labels that contradict the subjects, with their line
    table = read_columns(path, (*SCORES, *SUBJECTS, *columns))
    people = table.strings("probe_subject"), table.strings("reference_subject")
    return table.numbers("score"), people, (table.strings(columns[0]), table.strings(columns[1]))


def file_group_report(
    path: Path,
    by: str | None,
    threshold: float,
    *,
    reference_by: str | None = None,
    enrolled: Strings | None = None,
    rank: int = 1,
    rng: np.random.Generator | None = None,
) -> GroupReport:
    """Both error rates of a file of candidates or of scores in groups, at one threshold.

    Parameters
    ----------
    path : Path
        Candidates where it has a column ``probe_id``, else scores.
    by : str or None
        The column that holds the group of the probe.
    threshold : float
        T.
    reference_by : str, optional
        The column of the reference's group. With `by` the groups of FPIR and FMR are of both.
    enrolled, rank
        Candidates only: every enrolled subject, and R.
    rng : numpy.random.Generator, optional
        Of the permutation tests; without it none is made.

    Raises
    ------
    BadInput
        As the readers; a column is missing, none is named, or an enrolled subject is in two groups.
    """
    if by is None and reference_by is None:
        raise BadInput("name a column of the probe's group, of the reference's, or both", place="by")
    for column in (by, reference_by):
        if column in CANDIDATES[3:] or column in SCORES:
            raise BadInput(f"{column!r} is no group", place="by" if column == by else "reference_by")
    if not is_candidate_file(path):
        score, people, groups = read_grouped_scores(path, (by or str(reference_by), reference_by or str(by)))
        near_the_scores(threshold, score)
        side: Side = "probe" if reference_by is None else ("reference" if by is None else "both")
        return comparison_group_report(score, people, groups, threshold, side=side, rng=rng)
    if reference_by is not None:
        return _reference_report(path, by, reference_by, threshold, enrolled=enrolled, rank=rank, rng=rng)
    found, group = read_grouped_candidates(path, str(by), enrolled)
    near_the_scores(threshold, found.mate_score, found.other_scores)
    return search_group_report(found, group, threshold, rank=rank, rng=rng)


def _reference_report(
    path: Path,
    by: str | None,
    reference_by: str,
    threshold: float,
    *,
    enrolled: Strings | None,
    rank: int,
    rng: np.random.Generator | None,
) -> GroupReport:
    """FPIR and FNIR of a file of candidates by a column of the reference, alone or crossed with one of the probe."""
    found, probe_group = (
        (read_candidates(path, enrolled), None) if by is None else read_grouped_candidates(path, by, enrolled)
    )
    near_the_scores(threshold, found.mate_score, found.other_scores)
    table = read_columns(path, ("probe_id", "reference_subject", "score", reference_by))
    reference, group = table.strings("reference_subject"), table.strings(reference_by)
    named = np.flatnonzero(reference != "")
    names, first, row = np.unique(reference[named], return_index=True, return_inverse=True)
    wrong = np.flatnonzero(group[named] != group[named][first][row])
    if wrong.size:
        k = int(named[wrong[0]])
        both = f"{str(group[named][first][row[wrong[0]]])!r} and {str(group[k])!r}"
        raise BadInput(f"{str(reference[k])!r} has two values of {reference_by!r}, {both}", place=table.at(k))
    known = dict(zip(names.tolist(), group[named][first].tolist()))
    listed = names if enrolled is None else np.unique(enrolled)
    label = np.array([known.get(name, "") for name in listed.tolist()], dtype=np.str_)
    scored = named[table.numbers("score")[named] >= threshold]  # NaN is below everything
    order = np.argsort(found.probe_id)
    search = order[np.searchsorted(found.probe_id, table.strings("probe_id")[scored], sorter=order)]
    accepted = search, np.searchsorted(listed, reference[scored])
    mate = np.array([known.get(name, "") for name in found.probe_subject.tolist()], dtype=np.str_)
    return reference_group_report(
        found, accepted, (label, mate), threshold, probe_group=probe_group, rank=rank, rng=rng
    )

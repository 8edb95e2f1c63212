"""Score files with a column of groups, as `facelab groups` reads them: who errs more, by any column.

A file of *candidates* (``probe_id, probe_subject, reference_subject, score``) is grouped by a column of the probe, the
same in every row of a probe. A file of *scores* (``score, mated, probe_subject, reference_subject``) is grouped by a
column of the comparison's probe, and for FMR by a second one of its reference where that is named. An empty group is
unknown, and shown as a group of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.columns import column_names, read_columns
from facelab.stats.group_report import GroupReport, comparison_group_report, search_group_report
from facelab.stats.scorefile import CANDIDATES, SCORES, SUBJECTS, read_candidates, read_scores

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
    by: str,
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
    by : str
        The column that holds the group (of the probe).
    threshold : float
        T.
    reference_by : str, optional
        Scores only: the column of the reference's group; FMR is then of pairs of groups.
    enrolled, rank
        Candidates only: every enrolled subject, and R.
    rng : numpy.random.Generator, optional
        Of the permutation tests; without it none is made.

    Raises
    ------
    BadInput
        As the readers; a column is missing.
    """
    if by in CANDIDATES[3:] or by in SCORES:
        raise BadInput(f"{by!r} is no group", place="by")
    if is_candidate_file(path):
        if reference_by is not None:
            raise BadInput("candidates are grouped by their probe only", place="reference_by")
        found, group = read_grouped_candidates(path, by, enrolled)
        return search_group_report(found, group, threshold, rank=rank, rng=rng)
    score, people, groups = read_grouped_scores(path, (by, by if reference_by is None else reference_by))
    side: Side = "probe" if reference_by is None else "both"
    return comparison_group_report(score, people, groups, threshold, side=side, rng=rng)

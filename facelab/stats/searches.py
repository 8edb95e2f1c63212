"""Open-set searches: what each probe found in the gallery, one row a search.

Conventions: a subject's score is the best over its samples; the rank of the mate is 1 + the number of *other* subjects
with the same or a higher score (ties count against the mate, or a matcher that answers one constant would be perfect);
a probe is mated when its subject is enrolled, also where that enrolment failed; an unlabelled probe is an unknown
person of their own. A failed acquisition stays: its search has no candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.stats.dyadic import person_codes
from facelab.stats.suspect import warn_of_distances_in_searches

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from facelab.types import Bools, Comparisons, Floats, Ints, Strings

DEPTH = 8
"""How many of the best *other* subjects are kept of each search."""

BLOCK = 4_000_000
"""Scores worked on at a time, so that memory does not grow with the gallery."""


@dataclass(frozen=True, eq=False, repr=False)
class Searches:
    """p searches of one gallery.

    Parameters
    ----------
    probe_id, probe_subject : (p,) arrays of str
        The probes, and who they are; empty: an unknown person of their own.
    mated : (p,) bool array
        True where the probe's subject is enrolled.
    mate_score : (p,) float array
        Best score over the mate's samples; NaN where there is none.
    rank : (p,) int array
        1 + other subjects with a score at or above `mate_score`; 0 where there is no mate score. It is known at any
        threshold: whoever outranks a mate that is accepted is accepted too.
    other_scores : (p, d) float array
        The d best scores of other subjects, falling; NaN where there are fewer.
    other_subjects : (p, d) int array
        Whose they are, a number for each reference subject; -1 where there is none.
    failed : (p,) bool array
        True where acquisition of the probe failed (no score at all though there are references).
    candidate_search, candidate_score : (c,) arrays
        Every score of a subject in the non-mated searches, and the search it belongs to; for the selectivity.
    subjects : int
        N, the enrolled subjects.
    samples : int or None
        Reference samples; None where only candidate lists are known.
    synthetic : bool
        True where any of the evidence was generated.
    """

    probe_id: Strings
    probe_subject: Strings
    mated: Bools
    mate_score: Floats
    rank: Ints
    other_scores: Floats
    other_subjects: Ints
    failed: Bools
    candidate_search: Ints
    candidate_score: Floats
    subjects: int
    samples: int | None = None
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.probe_id)

    def __repr__(self) -> str:
        mated = int(self.mated.sum())
        return f"{mated:,} mated and {len(self) - mated:,} non-mated searches of {self.subjects:,} subjects"

    @property
    def other_score(self) -> Floats:
        """(p,) the best score of another subject; NaN where there is none."""
        return self.other_scores[:, 0]

    @cached_property
    def person(self) -> Ints:
        """(p,) a number for the person of each probe; every unlabelled probe has its own."""
        return person_codes(self.probe_subject)

    @cached_property
    def misidentified(self) -> Bools:
        """(p,) true where the best candidate of a mated search is another person (a tie counts as one)."""
        mate = np.where(np.isnan(self.mate_score), -np.inf, self.mate_score)
        return np.asarray(
            self.mated & (np.nan_to_num(self.other_score, nan=-np.inf) >= mate) & ~self._without_candidate
        )

    @property
    def _without_candidate(self) -> Bools:
        return np.asarray(np.isnan(self.other_score))

    def take(self, index: Ints | Bools) -> Searches:
        """The searches at `index` (positions or a mask) of the same gallery."""
        positions = np.arange(len(self))[index]
        new = np.full(len(self), -1)
        new[positions] = np.arange(len(positions))
        kept = new[self.candidate_search] >= 0
        return Searches(
            self.probe_id[positions],
            self.probe_subject[positions],
            self.mated[positions],
            self.mate_score[positions],
            self.rank[positions],
            self.other_scores[positions],
            self.other_subjects[positions],
            self.failed[positions],
            new[self.candidate_search[kept]],
            self.candidate_score[kept],
            self.subjects,
            self.samples,
            self.synthetic,
        )

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a search."""
        import pandas as pd

        names = ("probe_id", "probe_subject", "mated", "mate_score", "rank", "other_score", "failed")
        return pd.DataFrame({name: getattr(self, name) for name in names})


def searches(comparisons: Comparisons, depth: int = DEPTH) -> Searches:
    """What each probe of a dense table of comparisons found.

    Parameters
    ----------
    comparisons : Comparisons
        Every probe against every reference.
    depth : int
        How many of the best other subjects are kept of each search.

    Returns
    -------
    Searches
        One row a probe, in the same order.
    """
    names, column = np.unique(comparisons.reference_subject, return_inverse=True)
    order = np.argsort(column, kind="stable")
    starts = np.searchsorted(column[order], np.arange(len(names)))
    mate_at = np.searchsorted(names, comparisons.probe_subject)
    mate_at = np.where(np.isin(comparisons.probe_subject, names), mate_at, -1)
    mated = comparisons.mated
    step = max(1, BLOCK // max(1, len(order)))
    parts = []
    for begin in range(0, len(comparisons), step):
        rows = slice(begin, begin + step)
        filled = comparisons.score[rows][:, order]
        filled = np.where(np.isnan(filled), -np.inf, filled)
        best = np.maximum.reduceat(filled, starts, axis=1) if len(names) else filled
        parts.append(_found(best, mate_at[rows], mated[rows], depth, begin))
    mate, rank, scores, subjects, which, candidate = (np.concatenate(part) for part in zip(*parts or [_nothing(depth)]))
    failed = np.isnan(comparisons.score).all(axis=1) & (comparisons.score.shape[1] > 0)
    return Searches(
        comparisons.probe_id,
        comparisons.probe_subject,
        mated,
        mate,
        rank,
        scores,
        subjects,
        np.asarray(failed),
        which,
        candidate,
        len(comparisons.enrolled),
        len(comparisons.reference_id),
        comparisons.synthetic,
    )


def _nothing(depth: int) -> tuple[Floats, Ints, Floats, Ints, Ints, Floats]:
    """`_found` of no probe."""
    return _found(np.zeros((0, 0)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool), depth, 0)


def _found(
    best: Floats, mate_at: Ints, mated: Bools, depth: int, begin: int
) -> tuple[Floats, Ints, Floats, Ints, Ints, Floats]:
    """Mate score, rank, best others with their subjects, and the candidates of the non-mated, of a block of searches.

    `best` (b, n) holds each subject's best score, -inf where none; it is written to.
    """
    rows = np.flatnonzero(mate_at >= 0)
    mate = np.full(len(best), -np.inf)
    mate[rows] = best[rows, mate_at[rows]]
    best[rows, mate_at[rows]] = -np.inf
    rank = np.where(np.isneginf(mate), 0, 1 + (best >= mate[:, None]).sum(axis=1))
    width = min(depth, best.shape[1])
    top = np.argpartition(-best, max(width - 1, 0), axis=1)[:, :width] if width else np.zeros((len(best), 0), dtype=int)
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(best, top, axis=1), axis=1, kind="stable"), axis=1)
    scores, subjects = np.full((len(best), depth), np.nan), np.full((len(best), depth), -1)
    found = np.take_along_axis(best, top, axis=1).astype(np.float64)
    scores[:, :width] = np.where(np.isneginf(found), np.nan, found)
    subjects[:, :width] = np.where(np.isneginf(found), -1, top)
    search, at = np.nonzero((best > -np.inf) & ~mated[:, None])
    mate = np.where(np.isneginf(mate), np.nan, mate)
    return mate, rank, scores, subjects, (search + begin).astype(np.int32), best[search, at]


def searches_from_candidates(
    probe_id: ArrayLike,
    probe_subject: ArrayLike,
    reference_subject: ArrayLike,
    score: ArrayLike,
    *,
    enrolled: ArrayLike | None = None,
    depth: int = DEPTH,
) -> Searches:
    """What each probe found, from candidate lists: one row a candidate, as a vendor's matcher gives them.

    Parameters
    ----------
    probe_id, probe_subject, reference_subject : (n,) arrays of str
        The probe, who it is (empty: unknown), and the candidate; several rows of one candidate are its samples.
    score : (n,) float array
        Similarities; NaN: a probe without a template (a row of its own, its candidate empty), or a failed comparison.
    enrolled : (m,) array of str, optional
        Every enrolled subject. Without it: the reference subjects seen, and then N and who counts as mated are those of
        the lists, not of the gallery.
    depth : int
        How many of the best other subjects are kept of each search.

    Returns
    -------
    Searches
        One row a probe, in the order of first appearance. Below the lowest score that a list reports, the rates are
        those of the list and not of the matcher.

    Raises
    ------
    BadInput
        No row; arrays of different lengths; an infinite score; a probe with two subjects; a candidate who is not
        enrolled; a scored row without a candidate.

    Warns
    -----
    SuspectScores
        Where mates' scores are lower than the best of strangers: distances, not similarities?
    """
    probe, subject, reference = (np.asarray(a, dtype=np.str_) for a in (probe_id, probe_subject, reference_subject))
    value = np.asarray(score, dtype=np.float64)
    _check_candidates(probe, subject, reference, value)
    ids, first, search = np.unique(probe, return_index=True, return_inverse=True)
    order = np.argsort(first)
    search = np.argsort(order)[search]
    ids, subjects_of = ids[order], subject[first[order]]
    other = np.flatnonzero(subject != subjects_of[search])
    if other.size:
        i = int(other[0])
        both = f"{str(subjects_of[search[i]])!r} and {str(subject[i])!r}"
        raise BadInput(f"probe {str(probe[i])!r} has two subjects, {both}", place=f"row {i + 1}")
    scored = ~np.isnan(value)
    seen = np.unique(reference[reference != ""])
    names = seen if enrolled is None else np.unique(np.asarray(enrolled, dtype=np.str_))
    names = names[names != ""]
    missing = np.setdiff1d(seen, names)
    if missing.size:
        raise BadInput(
            f"candidate {str(missing[0])!r} is not among the enrolled; is the list of the enrolled complete?"
        )
    rows = search[scored], np.searchsorted(names, reference[scored]), value[scored]
    found = _from_rows(ids, subjects_of, names, rows, depth)
    warn_of_distances_in_searches(found.mate_score[found.mated], found.other_score[~found.mated])
    return found


def _check_candidates(probe: Strings, subject: Strings, reference: Strings, value: Floats) -> None:
    """Refuses candidate rows that cannot be searches."""
    if not len(probe):
        raise BadInput("there is no row: a candidate list has one row a candidate")
    if not len(probe) == len(subject) == len(reference) == len(value):
        raise BadInput(f"the columns differ in length: {len(probe)}, {len(subject)}, {len(reference)}, {len(value)}")
    if np.isinf(value).any():
        i = int(np.flatnonzero(np.isinf(value))[0])
        raise BadInput(
            "scores must be finite, or empty where acquisition failed; one is infinite", place=f"row {i + 1}"
        )
    nameless = np.flatnonzero(~np.isnan(value) & (reference == ""))
    if nameless.size:
        raise BadInput(f"score {value[nameless[0]]:g} has no reference_subject", place=f"row {int(nameless[0]) + 1}")


def _from_rows(
    ids: Strings, subjects_of: Strings, names: Strings, rows: tuple[Ints, Ints, Floats], depth: int
) -> Searches:
    """Searches from scored rows (search, candidate, value), several rows of one candidate being its samples."""
    search, candidate, value = rows
    order = np.lexsort((candidate, -value, search))
    search, candidate, value = search[order], candidate[order], value[order]
    _, best = np.unique(search * np.int64(len(names) + 1) + candidate, return_index=True)
    best.sort()
    search, candidate, value = search[best], candidate[best], value[best]
    mate_code = np.searchsorted(names, subjects_of)
    mated = np.isin(subjects_of, names)
    is_mate = mated[search] & (candidate == mate_code[search])
    mate = np.full(len(ids), np.nan)
    mate[search[is_mate]] = value[is_mate]
    others = search[~is_mate], candidate[~is_mate], value[~is_mate]
    rank = np.where(np.isnan(mate), 0, 1 + np.bincount(others[0][others[2] >= mate[others[0]]], minlength=len(ids)))
    place = np.arange(len(others[0])) - np.searchsorted(others[0], others[0])
    scores, subjects = np.full((len(ids), depth), np.nan), np.full((len(ids), depth), -1)
    top = place < depth
    scores[others[0][top], place[top]] = others[2][top]
    subjects[others[0][top], place[top]] = others[1][top]
    listed = ~mated[search]
    failed = np.bincount(search, minlength=len(ids)) == 0
    return Searches(
        ids, subjects_of, mated, mate, rank, scores, subjects, failed, search[listed], value[listed], len(names)
    )

"""Error curves from what a user has: arrays of scores, a dense table of comparisons, or templates and a list of pairs.

Conventions: a comparison is mated when both samples are of one known subject; a sample without a subject is an unknown
person of its own. A failed comparison is a NaN, counted. A sample is never compared with itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.dyadic import person_codes
from facelab.stats.sides import MatedScores, StoredScores
from facelab.stats.suspect import warn_of_distances
from facelab.stats.verification import ErrorCurve

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from facelab.types import Bools, Comparisons, Floats, Ints, Templates


def verification_curve(
    score: ArrayLike,
    mated: ArrayLike,
    *,
    probe_subject: ArrayLike | None = None,
    reference_subject: ArrayLike | None = None,
) -> ErrorCurve:
    """The exact error curve of labelled scores.

    Parameters
    ----------
    score : (n,) array of numbers
        Similarities; NaN where the comparison failed.
    mated : (n,) array of bool, or of 0 and 1
        Whether both samples are of one person.
    probe_subject, reference_subject : (n,) arrays of str or int, optional
        The two people of each comparison; where both are given and none is empty, intervals are over people, else over
        independent trials, and say so.

    Returns
    -------
    ErrorCurve

    Raises
    ------
    BadInput
        No comparison, text or infinity among the scores, one class only, lengths that differ, labels that contradict
        the subjects.

    Warns
    -----
    SuspectScores
        Where mated scores are lower than non-mated ones: distances, not similarities?
    """
    value, label = _checked_scores(score), np.asarray(mated)
    if label.shape != value.shape or not (label.dtype == bool or np.isin(label, (0, 1)).all()):
        raise BadInput(f"mated holds one 0 or 1 for each of the {len(value)} scores", place="mated")
    label = label.astype(bool)
    people = _people(probe_subject, reference_subject, label)
    if people is None:
        return _curve(MatedScores(value[label]), StoredScores(value[~label]))
    first, second = people
    owner = np.unique(first[label], return_inverse=True)[1]
    return _curve(MatedScores(value[label], owner), StoredScores(value[~label], first[~label], second[~label]))


def verification_curve_of_comparisons(comparisons: Comparisons) -> ErrorCurve:
    """The exact 1:1 error curve of every probe against every reference sample of a dense table."""
    p = len(comparisons)
    codes = person_codes(np.concatenate([comparisons.probe_subject, comparisons.reference_subject])).astype(np.int32)
    shape = comparisons.score.shape
    first = np.broadcast_to(codes[:p, None], shape).ravel()
    second = np.broadcast_to(codes[None, p:], shape).ravel()
    value = comparisons.score.ravel()
    label = first == second
    owner = np.unique(first[label], return_inverse=True)[1]
    return _curve(MatedScores(value[label], owner), StoredScores(value[~label], first[~label], second[~label]))


def verification_curve_of_pairs(templates: Templates, sample_a: ArrayLike, sample_b: ArrayLike) -> ErrorCurve:
    """The exact error curve of listed pairs of templates (cosine similarity).

    Parameters
    ----------
    templates : Templates
        Where the samples are looked up.
    sample_a, sample_b : (n,) arrays of str
        The sample ids of each pair.

    Raises
    ------
    BadInput
        A sample that is not among the templates, or that is paired with itself; one class of pairs only.
    """
    order = np.argsort(templates.sample_id)
    both = [np.asarray(side, dtype=np.str_) for side in (sample_a, sample_b)]
    rows = []
    for name, side in zip(("sample_a", "sample_b"), both):
        at = np.searchsorted(templates.sample_id, side, sorter=order)
        found = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(side), dtype=np.int64)
        unknown = np.flatnonzero(templates.sample_id[found] != side) if len(order) else np.arange(len(side))
        if unknown.size:
            i = int(unknown[0])
            raise BadInput(f"{name} {str(side[i])!r} is not among the templates", place=f"pair {i + 1}")
        rows.append(found)
    itself = np.flatnonzero(rows[0] == rows[1])
    if itself.size:
        i = int(itself[0])
        raise BadInput(f"sample {str(both[0][i])!r} is paired with itself", place=f"pair {i + 1}")
    value = np.einsum("ij,ij->i", templates.embedding[rows[0]], templates.embedding[rows[1]])
    codes = person_codes(templates.subject_id)
    first, second = codes[rows[0]], codes[rows[1]]
    return verification_curve(value, first == second, probe_subject=first, reference_subject=second)


def _checked_scores(score: ArrayLike) -> Floats:
    """Scores as a one-dimensional float array, single precision kept."""
    value: Any = np.asarray(score)
    if value.dtype.kind not in "fiub":
        example = value.ravel()[0] if value.size else value.dtype
        raise BadInput(f"scores must be numbers, one is {str(example)!r}", place="score")
    value = value if value.dtype in (np.float32, np.float64) else value.astype(np.float64)
    if value.ndim != 1 or not len(value):
        raise BadInput(f"there must be a row of scores, their shape is {value.shape}", place="score")
    if not np.isfinite(value.sum()) and np.isinf(value).any():
        at = int(np.flatnonzero(np.isinf(value))[0])
        raise BadInput(
            f"scores must be finite, or NaN where a comparison failed; number {at + 1} is {value[at]}", place="score"
        )
    return np.asarray(value)


def _people(probe: ArrayLike | None, reference: ArrayLike | None, mated: Bools) -> tuple[Ints, Ints] | None:
    """Both people of each comparison in one numbering; None where they are not all known."""
    if probe is None or reference is None:
        return None
    sides = [np.asarray(side) for side in (probe, reference)]
    if any(side.shape != mated.shape for side in sides):
        raise BadInput(
            f"there must be a subject for each of the {len(mated)} scores", place="probe_subject, reference_subject"
        )
    people = _numbered(sides[0], sides[1])
    if people is None:
        return None
    wrong = np.flatnonzero((people[0] == people[1]) != mated)
    if wrong.size:
        i = int(wrong[0])
        says, are = ("mated", "differ") if mated[i] else ("non-mated", "are the same")
        both = f"{sides[0][i]} and {sides[1][i]}"
        raise BadInput(f"it is called {says} and its subjects {are}: {both}", place=f"comparison {i + 1}")
    return people


def _numbered(first: NDArray[Any], second: NDArray[Any]) -> tuple[Ints, Ints] | None:
    """Two columns of people in one numbering; None where a name is empty."""
    if first.dtype.kind in "iu" and second.dtype.kind in "iu":
        return first.astype(np.int64), second.astype(np.int64)
    names = np.concatenate([first.astype(np.str_), second.astype(np.str_)])
    if (names == "").any():
        return None
    codes = np.unique(names, return_inverse=True)[1]
    return codes[: len(first)], codes[len(first) :]


def _curve(mated: MatedScores, non_mated: StoredScores) -> ErrorCurve:
    """The curve of both classes; refused where one of them has no score, and warned where they look like distances."""
    for name, side in (("mated", mated), ("non-mated", non_mated)):
        if not side.completed:
            failed = f" ({side.failed} failed)" if side.failed else ""
            raise BadInput(f"there is no {name} score{failed}: error rates need mated and non-mated comparisons")
    warn_of_distances(mated.ordered, non_mated.ordered)
    return ErrorCurve(mated, non_mated)

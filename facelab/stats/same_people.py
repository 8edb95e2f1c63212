"""Two systems' score files on the same people, as `facelab compare-scores` reads them.

Candidates (1:N) are joined by ``probe_id``, whatever the order of the rows; scores (1:1) are joined by their rows,
which must be of the same people in the same order. Second minus first: below 0 the second system errs less.

A failed comparison (an empty score) is never accepted: differences of 1:1 are therefore of GFRR and GFAR, which are
FNMR and FMR where nothing failed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.columns import read_columns
from facelab.stats.groupfile import is_candidate_file, read_grouped_scores
from facelab.stats.paired import paired_difference
from facelab.stats.paired_fmr import fmr_difference
from facelab.stats.paired_targets import compare_searches, difference_at_fmr
from facelab.stats.scorefile import read_candidates
from facelab.stats.suspect import near_the_scores

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.stats.paired import PairedDifference
    from facelab.stats.searches import Searches
    from facelab.types import Floats, Strings


def joined_searches(first: Path, second: Path, enrolled: Strings | None = None) -> tuple[Searches, Searches]:
    """The searches of two files of candidates, in the order of the first's probes.

    Parameters
    ----------
    first, second : Path
        Files of candidates.
    enrolled : (m,) array of str, optional
        Every enrolled subject of both; by default the reference subjects of either file.

    Raises
    ------
    BadInput
        A file cannot be read, or a probe is missing from one of them.
    """
    if enrolled is None:
        enrolled = np.union1d(_references(first), _references(second))
    one, two = (read_candidates(path, enrolled) for path in (first, second))
    for left, right, path in ((one, two, second), (two, one, first)):
        missing = np.setdiff1d(left.probe_id, right.probe_id)
        if missing.size:
            raise BadInput(
                f"probe {str(missing[0])!r} is missing; both systems must have searched with the same probes",
                place=str(path),
            )
    order = np.argsort(two.probe_id)
    return one, two.take(order[np.searchsorted(two.probe_id, one.probe_id, sorter=order)])


def _references(path: Path) -> Strings:
    """The reference subjects that a file of candidates names."""
    names = np.unique(read_columns(path, ("probe_id", "reference_subject")).strings("reference_subject"))
    return np.asarray(names[names != ""])


def joined_scores(first: Path, second: Path) -> tuple[tuple[Floats, Floats], tuple[Strings, Strings]]:
    """Both systems' scores (n,), and the two people of each comparison; NaN: failed.

    Raises
    ------
    BadInput
        A file cannot be read, or the files are not of the same comparisons in the same order.
    """
    subjects = ("probe_subject", "reference_subject")
    (one, people, _), (two, others, _) = (read_grouped_scores(path, subjects) for path in (first, second))
    if len(one) != len(two):
        raise BadInput(f"it has {len(two):,} comparisons, the other {len(one):,}", place=str(second))
    wrong = np.flatnonzero((people[0] != others[0]) | (people[1] != others[1]))
    if wrong.size:
        raise BadInput(
            f"comparison {int(wrong[0]) + 1} is of other people than in {first}; the rows must be the same",
            place=str(second),
        )
    return (one, two), people


def _never_accepted(score: Floats) -> Floats:
    """Scores with the failed ones below all others."""
    done = score[~np.isnan(score)]
    return np.where(np.isnan(score), (float(done.min()) if len(done) else 0.0) - 1.0, score)


def compare_files(
    first: Path,
    second: Path,
    *,
    target: float | None = None,
    thresholds: tuple[float, float] | None = None,
    enrolled: Strings | None = None,
    rank: int = 1,
    margin: float | None = None,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Everything that `facelab compare-scores` says of two files, ready for JSON.

    Parameters
    ----------
    first, second : Path
        Two files of candidates, or two of scores with subjects.
    target : float, optional
        The FPIR (candidates) or FMR (scores) at which misses are compared, each system at a threshold of its own.
    thresholds : (float, float), optional
        Given thresholds of the two, at which both error rates are compared and tested.
    enrolled, rank
        Candidates only.
    margin : float, optional
        The largest acceptable increase of misses: non-inferiority is judged.
    confidence : float
        Of the intervals.
    rng : numpy.random.Generator
        Of the bootstrap.

    Raises
    ------
    BadInput
        The files do not match, or neither a target nor thresholds are given.
    """
    kinds = is_candidate_file(first), is_candidate_file(second)
    if kinds[0] != kinds[1]:
        raise BadInput("one file holds candidates and the other scores", place=str(second))
    if target is None and thresholds is None:
        raise BadInput("give a target, thresholds, or both", place="target")
    if kinds[0]:
        one, two = joined_searches(first, second, enrolled)
        for found, at in zip((one, two), thresholds or ()):
            near_the_scores(at, found.mate_score, found.other_scores)
        answer = compare_searches(
            one, two, target=target, thresholds=thresholds, rank=rank, margin=margin, confidence=confidence, rng=rng
        )
        return {"kind": "identification"} | answer
    scores, people = joined_scores(first, second)
    for score, at in zip(scores, thresholds or ()):
        near_the_scores(at, score)
    filled = _never_accepted(scores[0]), _never_accepted(scores[1])
    mated = people[0] == people[1]
    answer = {"kind": "verification", "comparisons": len(mated), "mated": int(mated.sum())}
    answer["failed"] = [int(np.isnan(score).sum()) for score in scores]
    if target is not None:
        same = difference_at_fmr(filled, *people, target, rng=rng)
        answer["at_fmr"] = {"target": target, "fnmr": same.to_dict(confidence, margin), "sentence": repr(same)}
    if thresholds is not None:
        both = _differences(filled, people, thresholds, rng)
        answer["at_thresholds"] = {
            name: part.to_dict(confidence, margin if name == "fnmr" else None) | {"sentence": repr(part)}
            for name, part in both.items()
        }
    return answer


def _differences(
    scores: tuple[Floats, Floats],
    people: tuple[Strings, Strings],
    thresholds: tuple[float, float],
    rng: np.random.Generator,
) -> dict[str, PairedDifference]:
    """FMR and FNMR of both systems at given thresholds, those of which there are comparisons."""
    mated = people[0] == people[1]
    accepted = [score >= at for score, at in zip(scores, thresholds)]
    found = {}
    if not mated.all():
        others = people[0][~mated], people[1][~mated]
        found["fmr"] = fmr_difference(accepted[0][~mated], accepted[1][~mated], others, thresholds=thresholds, rng=rng)
    if mated.any():
        missed = ~accepted[0][mated], ~accepted[1][mated]
        part = paired_difference("FNMR", *missed, people[0][mated], rng=rng)
        found["fnmr"] = replace(
            part, thresholds=thresholds, at=f"given thresholds {thresholds[0]:g} and {thresholds[1]:g}"
        )
    return found

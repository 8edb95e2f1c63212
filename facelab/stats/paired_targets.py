"""Two systems at the same false-positive rate: both thresholds are chosen on the data, and anew in each replicate.

At one FPIR (or FMR) each system has a threshold of its own, found from the same strangers. How well that threshold is
known is part of the difference's uncertainty, so every subject-bootstrap replicate chooses both thresholds again and
then counts the misses. Rule: the smallest threshold whose (weighted) rate is at most the target; accept when
score >= T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats._given import BoolArray, FloatArray, IntArray, numbers, pair_codes, within
from facelab.stats.bootstrap import Float32, pair_weight_sums, subject_weights
from facelab.stats.dyadic import person_codes
from facelab.stats.paired import PairedDifference, described, paired_difference
from facelab.stats.planning import trials_to_resolve

if TYPE_CHECKING:
    from facelab.stats.searches import Searches

_CELLS = 20_000_000
_TOP = 2000


def threshold_index(score: FloatArray, weight: FloatArray, allowed: FloatArray) -> IntArray:
    """(b,) position in the falling `score` (k,) of the highest one that the threshold must lie above.

    Parameters
    ----------
    score : (k,) array
        Falling.
    weight : (b, k) array
        What each score counts in each replicate.
    allowed : (b,) array
        The weight that may be accepted.

    Returns
    -------
    (b,) int array
        The first score (the last of its ties) up to which the weight exceeds what is allowed; k where none does.
    """
    ends = np.flatnonzero(np.append(score[1:] < score[:-1], True)) if len(score) else np.zeros(0, dtype=np.int64)
    reached = np.cumsum(weight, axis=1)[:, ends] > allowed[:, None] * (1 + 1e-12)
    first = np.append(reached, np.ones((len(reached), 1), dtype=np.bool_), axis=1).argmax(axis=1)
    return np.asarray(np.append(ends, len(score))[first])


@dataclass(frozen=True, eq=False)
class _Side:
    """One system: falling non-mated scores, rising mated scores, and the order in which trials stand in them."""

    nonmated: FloatArray
    nonmated_order: IntArray
    mated: FloatArray
    mated_order: IntArray

    @classmethod
    def of(cls, nonmated: FloatArray, mated: FloatArray) -> _Side:
        """From scores, -inf where there is none."""
        down, up = np.argsort(-nonmated, kind="stable"), np.argsort(mated, kind="stable")
        return cls(nonmated[down], down, mated[up], up)

    def missed(self, strangers: FloatArray, allowed: FloatArray, enrolled: FloatArray) -> FloatArray:
        """(b,) weighted miss rate at the thresholds that meet `allowed`."""
        at = threshold_index(self.nonmated, strangers[:, self.nonmated_order], allowed)
        barrier = np.append(self.nonmated, -np.inf)[at]  # the threshold is the next float above it
        below = np.searchsorted(self.mated, barrier, side="right")
        summed = np.cumsum(enrolled[:, self.mated_order], axis=1)
        misses = np.where(below > 0, np.take_along_axis(summed, np.maximum(below - 1, 0)[:, None], axis=1)[:, 0], 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(misses / summed[:, -1])

    def threshold(self, target: float, count: int) -> float:
        """The threshold that the whole data set chooses."""
        at = int(threshold_index(self.nonmated, np.ones((1, len(self.nonmated))), np.array([target * count]))[0])
        barrier = float(np.append(self.nonmated, -np.inf)[at])
        return float(np.nextafter(barrier, np.inf)) if np.isfinite(barrier) else -np.inf


def _aligned(first: Searches, second: Searches) -> None:
    """Refuses searches that are not of the same probes and the same enrolled people."""
    if len(first) != len(second) or (first.probe_id != second.probe_id).any():
        raise BadInput("both systems must have searched with the same probes, in the same order", place="second")
    if (first.mated != second.mated).any() or (first.probe_subject != second.probe_subject).any():
        raise BadInput("both systems must have the same people enrolled", place="second")
    if first.subjects != second.subjects:
        raise BadInput(f"galleries differ in size, {first.subjects} and {second.subjects} subjects", place="second")


def _hit_score(searches: Searches, rank: int) -> FloatArray:
    """(p,) the mate's score where it is within `rank`, else -inf."""
    within_rank = (searches.rank >= 1) & (searches.rank <= rank)
    return np.where(within_rank, np.nan_to_num(searches.mate_score, nan=-np.inf), -np.inf).astype(np.float64)


def _missed(searches: Searches, rank: int, threshold: float) -> BoolArray:
    """(p,) true where the mate is not both within `rank` and at or above `threshold`."""
    hit = _hit_score(searches, rank)
    return np.asarray(np.isneginf(hit) | (hit < threshold))


def difference_at_fpir(
    first: Searches, second: Searches, target: float, *, rank: int = 1, replicates: int = 2000, rng: np.random.Generator
) -> PairedDifference:
    """FNIR of the second system minus the first's, both at the same FPIR.

    Parameters
    ----------
    first, second : Searches
        The same probes against the same enrolled people, in the same order.
    target : float
        FPIR, in (0, 1).
    rank : int
        R of the FNIR.
    replicates : int
        Of the subject bootstrap; people are the probe people.
    rng : numpy.random.Generator
        Of the bootstrap.

    Raises
    ------
    UnattainableTarget
        Fewer than 1/target non-mated searches.
    NotMeasured
        No mated search.
    """
    _aligned(first, second)
    goal = within("target", target, 0.0, 1.0)
    mated = first.mated
    strangers = int((~mated).sum())
    if strangers < trials_to_resolve(goal):
        raise UnattainableTarget("FPIR", goal, have=strangers, needed=trials_to_resolve(goal))
    if not mated.any():
        raise NotMeasured("there is no mated search, so there is no FNIR to compare")
    sides = [
        _Side.of(np.nan_to_num(s.other_score[~mated], nan=-np.inf).astype(np.float64), _hit_score(s, rank)[mated])
        for s in (first, second)
    ]
    person = first.person
    w = subject_weights(int(person.max()) + 1, replicates, rng)
    difference = np.empty(replicates)
    step = max(1, _CELLS // len(first))
    for start in range(0, replicates, step):
        block = w[start : start + step]
        non, mat = block[:, person[~mated]].astype(np.float64), block[:, person[mated]].astype(np.float64)
        one, two = (side.missed(non, goal * non.sum(axis=1), mat) for side in sides)
        difference[start : start + step] = two - one
    thresholds = sides[0].threshold(goal, strangers), sides[1].threshold(goal, strangers)
    errors = [_missed(s, rank, t)[mated] for s, t in zip((first, second), thresholds)]
    who = np.unique(person[mated], return_inverse=True)[1]
    return described(
        "FNIR", (errors[0], errors[1]), who, None, difference, thresholds=thresholds, at=f"FPIR {goal:g}, rank {rank}"
    )


def differences_at_thresholds(
    first: Searches,
    second: Searches,
    thresholds: tuple[float, float],
    *,
    rank: int = 1,
    replicates: int = 2000,
    rng: np.random.Generator,
) -> dict[str, PairedDifference]:
    """FPIR and FNIR of the second system minus the first's, each at its own given threshold.

    Returns
    -------
    dict
        "fpir" and "fnir", those of which there are trials.
    """
    _aligned(first, second)
    mated = first.mated
    found = {}
    both = tuple(zip((first, second), thresholds))
    alarms = [np.nan_to_num(s.other_score, nan=-np.inf) >= t for s, t in both]
    misses = [_missed(s, rank, t) for s, t in both]
    for name, rows, errors in (("FPIR", ~mated, alarms), ("FNIR", mated, misses)):
        if rows.any():
            who = first.probe_subject[rows]
            one, two = (e[rows] for e in errors)
            plain = paired_difference(name, one, two, who, replicates=replicates, rng=rng)
            at = f"given thresholds {thresholds[0]:g} and {thresholds[1]:g}"
            found[name.lower()] = described(
                name, (one, two), person_codes(who), plain.test, plain.replicates, thresholds=thresholds, at=at
            )
    if not found:
        raise NotMeasured("there is no search to compare the systems on")
    return found


def difference_at_fmr(
    scores: tuple[Any, Any],
    first: Any,
    second: Any,
    target: float,
    *,
    replicates: int = 2000,
    rng: np.random.Generator,
) -> PairedDifference:
    """FNMR of the second system minus the first's, both at the same FMR.

    Parameters
    ----------
    scores : two (n,) arrays
        Both systems' scores of the same comparisons, without failures.
    first, second : (n,) arrays of str
        The two people of each comparison; mated where they are the same.
    target : float
        FMR, in (0, 1).
    replicates, rng
        As in `difference_at_fpir`; every person of either side is drawn (vertex bootstrap, conservative without hubs).

    Raises
    ------
    UnattainableTarget
        Fewer than 1/target non-mated comparisons.
    """
    goal = within("target", target, 0.0, 1.0)
    s = [numbers(name, part) for name, part in zip(("scores[0]", "scores[1]"), scores)]
    if len(s[0]) != len(s[1]):
        raise BadInput(f"the systems have {len(s[0])} and {len(s[1])} scores of the same comparisons", place="scores")
    n = len(s[0])
    i, j = pair_codes(("first", "second"), (first, second), n)
    mated = i == j
    strangers = int((~mated).sum())
    if strangers < trials_to_resolve(goal):
        raise UnattainableTarget("FMR", goal, have=strangers, needed=trials_to_resolve(goal))
    if not mated.any():
        raise NotMeasured("there is no mated comparison, so there is no FNMR to compare")
    w = subject_weights(max(int(i.max()), int(j.max())) + 1, replicates, rng)
    allowed = goal * pair_weight_sums(w, i[~mated], j[~mated])
    missed = [_missed_at_fmr(part, (i, j), mated, w, allowed) for part in s]
    thresholds = [_Side.of(part[~mated], part[mated]).threshold(goal, strangers) for part in s]
    errors = [part[mated] < t for part, t in zip(s, thresholds)]
    who = np.unique(i[mated], return_inverse=True)[1]
    pair = thresholds[0], thresholds[1]
    return described(
        "FNMR", (errors[0], errors[1]), who, None, missed[1] - missed[0], thresholds=pair, at=f"FMR {goal:g}"
    )


def _missed_at_fmr(
    score: FloatArray, people: tuple[IntArray, IntArray], mated: BoolArray, w: Float32, allowed: FloatArray
) -> FloatArray:
    """(b,) weighted FNMR at thresholds that meet `allowed`, looking at only as many top scores as that needs."""
    i, j = people
    non, rows = score[~mated], np.flatnonzero(~mated)
    side = _Side.of(np.zeros(0), score[mated])
    enrolled = w[:, i[mated]].astype(np.float64)
    top = min(_TOP, len(non))
    while True:
        best = np.argpartition(-non, top - 1)[:top]
        best = best[np.argsort(-non[best], kind="stable")]
        if top < len(non):
            best = best[non[best] > non[best[-1]]]  # whole ties only
        missed = np.empty(len(w))
        enough = True
        a, b = i[rows[best]], j[rows[best]]
        step = max(1, _CELLS // max(len(best), 1))
        for start in range(0, len(w), step):
            block = slice(start, start + step)
            weight = w[block][:, a].astype(np.float64) * w[block][:, b]
            enough = enough and bool((weight.sum(axis=1) > allowed[block]).all())
            part = _Side(non[best], np.arange(len(best)), side.mated, side.mated_order)
            missed[block] = part.missed(weight, allowed[block], enrolled[block])
        if enough or top == len(non):
            return missed
        top = min(4 * top, len(non))


def compare_searches(
    first: Searches,
    second: Searches,
    *,
    target: float | None = None,
    thresholds: tuple[float, float] | None = None,
    rank: int = 1,
    margin: float | None = None,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Everything that `facelab compare-scores` prints of two sets of searches, ready for JSON.

    Parameters
    ----------
    first, second : Searches
        The same probes and enrolled people.
    target : float, optional
        The FPIR at which FNIR is compared.
    thresholds : (float, float), optional
        Given thresholds at which FPIR and FNIR are compared, with tests.
    rank, margin, confidence, rng
        R; the non-inferiority margin of FNIR; of the intervals; of the bootstrap.

    Raises
    ------
    BadInput
        Neither a target nor thresholds.
    """
    if target is None and thresholds is None:
        raise BadInput("give a target FPIR, thresholds, or both", place="target")
    found: dict[str, Any] = {"subjects": first.subjects, "probes": len(first), "rank": rank}
    if target is not None:
        at_target = difference_at_fpir(first, second, target, rank=rank, rng=rng)
        found["at_fpir"] = {
            "target": target,
            "fnir": at_target.to_dict(confidence, margin),
            "sentence": repr(at_target),
        }
    if thresholds is not None:
        each = differences_at_thresholds(first, second, thresholds, rank=rank, rng=rng)
        found["at_thresholds"] = {
            name: part.to_dict(confidence, margin if name == "fnir" else None) | {"sentence": repr(part)}
            for name, part in each.items()
        }
    return found

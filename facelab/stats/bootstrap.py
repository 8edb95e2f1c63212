"""Subject bootstrap of whole error curves: people are drawn again, with all that they are part of.

A replicate draws as many people as there are, with replacement; person i then counts w_i times. Rows are never copied:
a person's weight multiplies, so that a replicate of a curve is a product of the weights with tables of counts,

    FNMR(T) = sum_i w_i e_i(T) / sum_i w_i m_i              one person a trial (FPIR and FNIR alike)
    FMR(T)  = sum_{i<j} w_i w_j E_ij(T) / sum_{i<j} w_i w_j M_ij      two people a trial

with e, m errors and trials of a person and E, M those of a pair of people. A person who was drawn twice is not compared
with themselves. The pair form is the vertex bootstrap (Snijders and Borgatti 1999; Fogliato, Patil, Perona,
arXiv:2306.01198): **conservative where there are no hubs** (up to three times the variance), a companion of the closed
form of `Rate.interval` and no check of it. Without an error every replicate is without one: the band then has no width
and says nothing; `CurveReplicates.band` gives NaN there.

Accept when score >= T. Thresholds rise. Products run in float32, exact for the integers that occur (sums below 2^24;
checked), and are summed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, IntArray, labels, numbers, plain, within
from facelab.stats.dyadic import person_codes

Float32 = NDArray[np.float32]

_EXACT = 2**24
_DENSE_FROM = 0.01
_CHUNK = 500


@dataclass(frozen=True, eq=False)
class CurveReplicates:
    """A rate at K thresholds: measured, and in B bootstrap replicates.

    Parameters
    ----------
    threshold : (K,) array
        Rising.
    errors, trials : (K,) int array, int
        What was measured.
    replicates : (B, K) array
        The rate in each replicate; NaN where a replicate had no trial.
    people : int
        People who were drawn.
    name : str
        Such as "FMR".
    """

    threshold: FloatArray
    errors: IntArray
    trials: int
    replicates: FloatArray
    people: int
    name: str

    @property
    def value(self) -> FloatArray:
        """(K,) the measured rate."""
        return self.errors / self.trials if self.trials else np.full(len(self.errors), np.nan)

    def __repr__(self) -> str:
        count = len(self.replicates)
        what = f"{count} subject-bootstrap replicates of {self.people} people"
        return f"{self.name} at {len(self.threshold)} thresholds, {what}"

    def band(self, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Pointwise percentile band: low (K,) and high (K,); NaN where no error, or only errors, were seen."""
        tail = (1 - within("confidence", confidence, 0.0, 1.0)) / 2
        low, high = np.nanquantile(self.replicates, [tail, 1 - tail], axis=0)
        blind = (self.errors == 0) | (self.errors == self.trials)
        return np.where(blind, np.nan, low), np.where(blind, np.nan, high)

    def standard_error(self) -> FloatArray:
        """(K,) standard deviation over the replicates (ddof 1)."""
        return np.asarray(np.nanstd(self.replicates, axis=0, ddof=1))

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """Curve and band for JSON."""
        low, high = self.band(confidence)
        head = {"name": self.name, "people": self.people, "replicates": len(self.replicates), "trials": self.trials}
        table = {"threshold": self.threshold, "errors": self.errors, "rate": self.value, "low": low, "high": high}
        return head | {"confidence": confidence} | {key: plain(column) for key, column in table.items()}


def subject_weights(count: int, replicates: int, rng: np.random.Generator) -> Float32:
    """(replicates, count) how often each of `count` people was drawn: multinomial, rows sum to `count`.

    Parameters
    ----------
    count, replicates : int
        People, at least 2; replicates, at least 1.
    rng : numpy.random.Generator
        The same seed gives the same weights.
    """
    if count < 2:
        raise BadInput(f"a bootstrap of people needs at least 2 of them, there is {count}", place="people")
    if replicates < 1:
        raise BadInput(f"must be at least 1, it is {replicates}", place="replicates")
    drawn = rng.integers(0, count, size=(replicates, count)) + np.arange(replicates)[:, None] * count
    return np.bincount(drawn.ravel(), minlength=replicates * count).reshape(replicates, count).astype(np.float32)


def _binned(score: FloatArray, threshold: FloatArray) -> IntArray:
    """How many of the rising thresholds each score reaches, 0 to K; NaN (failed) reaches none."""
    reached = np.searchsorted(threshold, score, side="right")
    return np.where(np.isnan(score), 0, reached).astype(np.int64)


def _thresholds(value: Any) -> FloatArray:
    threshold = numbers("threshold", value)
    if not threshold.size or (np.diff(threshold) < 0).any():
        raise BadInput("must be one or more thresholds in rising order", place="threshold")
    return threshold


def person_curve_replicates(
    score: Any,
    person: Any,
    threshold: Any,
    weights: Float32 | None = None,
    *,
    name: str,
    rng: np.random.Generator | None = None,
) -> CurveReplicates:
    """Replicates of a rate with one person a trial, by the share of scores that are accepted or missed.

    FNMR and FNIR (names that start with "FN") count scores below T as errors, all others scores at or above T. A NaN
    is a failed acquisition: never accepted, and in the denominator (drop it beforehand where failures are outside).

    Parameters
    ----------
    score : (n,) array
        The score that decides each trial (1:1 score, best non-mated candidate, right subject within rank R).
    person : (n,) array of str
        Who stands behind it; empty: an unknown person of their own.
    threshold : (K,) array
        Rising.
    weights : (B, g) array, optional
        From `subject_weights` for the g distinct people in sorted order; given so that two curves share their draws.
    name : str
        "FNMR", "FPIR" or "FNIR".
    rng : numpy.random.Generator, optional
        Used where no weights are given (1,000 replicates).
    """
    s, t = numbers("score", score, missing=True), _thresholds(threshold)
    who = person_codes(labels("person", person, len(s)))
    return _person_curve(s, who, t, _weights_or_draw(weights, int(who.max(initial=-1)) + 1, rng), name=name)


def _person_curve(s: FloatArray, who: IntArray, t: FloatArray, w: Float32, *, name: str) -> CurveReplicates:
    """`person_curve_replicates` of people who are numbered already; the columns of `w` are all people."""
    count, k = w.shape[1], len(t)
    reached = _binned(s, t)
    table = np.bincount(who * (k + 1) + reached, minlength=count * (k + 1)).reshape(count, k + 1)
    at_or_above = table[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    trials = table.sum(axis=1)
    errors = trials[:, None] - at_or_above if name.startswith("FN") else at_or_above
    with np.errstate(invalid="ignore", divide="ignore"):
        replicated = (w @ errors.astype(np.float64)) / (w @ trials.astype(np.float64))[:, None]
    return CurveReplicates(t, errors.sum(axis=0), int(trials.sum()), replicated, int((trials > 0).sum()), name)


def _weights_or_draw(weights: Float32 | None, count: int, rng: np.random.Generator | None) -> Float32:
    if weights is None:
        if rng is None:
            raise BadInput("give either weights or a random generator", place="rng")
        return subject_weights(count, 1000, rng)
    if weights.ndim != 2 or weights.shape[1] != count:
        raise BadInput(f"must have a column a person, {count}; the shape is {weights.shape}", place="weights")
    return weights


def pair_curve_replicates(
    score: Any,
    first: Any,
    second: Any,
    threshold: Any,
    weights: Float32 | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> CurveReplicates:
    """Replicates of FMR(T) over non-mated comparisons of two people each (vertex bootstrap).

    Parameters
    ----------
    score : (n,) array
        Scores of non-mated comparisons, without failures.
    first, second : (n,) arrays of str
        The two people of each; never the same, never empty (an unknown person can't be drawn twice consistently).
    threshold : (K,) array
        Rising.
    weights : (B, g) array, optional
        From `subject_weights` for the g people of `first` and `second` together, in sorted order.
    rng : numpy.random.Generator, optional
        Used where no weights are given (1,000 replicates).
    """
    s = numbers("score", score)
    i, j, count = _two_people(first, second, len(s))
    if (i == j).any():
        raise BadInput(
            f"comparison {int(np.argmax(i == j))} is of one person with themselves, thus mated", place="first"
        )
    return _pair_curve(s, (i, j), _thresholds(threshold), _weights_or_draw(weights, count, rng))


def _two_people(first: Any, second: Any, length: int) -> tuple[IntArray, IntArray, int]:
    """A number for the person on each side of each comparison, in sorted order of all, and how many there are."""
    a, b = labels("first", first, length, filled=True), labels("second", second, length, filled=True)
    names, code = np.unique(np.concatenate([a, b]), return_inverse=True)
    return code[:length], code[length:], len(names)


def _pair_curve(s: FloatArray, pair: tuple[IntArray, IntArray], t: FloatArray, w: Float32) -> CurveReplicates:
    """`pair_curve_replicates` of people who are numbered already; the columns of `w` are all people."""
    i, j = pair
    count = w.shape[1]
    fullest = np.bincount(np.minimum(i, j) * count + np.maximum(i, j)).max(initial=0)
    if count * fullest > _EXACT:
        raise BadInput("so many comparisons of one pair of people that float32 sums would round", place="score")
    trials = pair_weight_sums(w, i, j)
    reached = _binned(s, t)
    order = np.argsort(reached, kind="stable")
    ends = np.searchsorted(reached[order], np.arange(len(t) + 2))
    errors = np.zeros((len(w), len(t)))
    for k in range(len(t)):  # comparisons that reach threshold k and not the next one
        bucket = order[ends[k + 1] : ends[k + 2]]
        errors[:, k] = pair_weight_sums(w, i[bucket], j[bucket])
    errors = errors[:, ::-1].cumsum(axis=1)[:, ::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        replicated = errors / trials[:, None]
    counts = np.bincount(reached, minlength=len(t) + 1)[::-1].cumsum()[::-1][1:]
    return CurveReplicates(t, counts, len(s), replicated, len(np.unique(np.concatenate(pair))), "FMR")


def pair_weight_sums(weights: Float32, i: IntArray, j: IntArray) -> FloatArray:
    """(B,) sum over the comparisons of w_i w_j, in each replicate.

    Few comparisons: a sparse table of counts; many: a dense one. Either way the product with all weights at once.
    """
    count = weights.shape[1]
    if not len(i):
        return np.zeros(len(weights))
    table = sparse.csr_array((np.ones(len(i), dtype=np.float32), (i, j)), shape=(count, count))
    table.sum_duplicates()
    if table.nnz < _DENSE_FROM * count * count:
        rows, columns = table.nonzero()
        return _few_pair_sums(weights, rows, columns, table.data)
    dense = table.toarray()
    total = np.empty(len(weights))
    for start in range(0, len(weights), _CHUNK):
        block = weights[start : start + _CHUNK]
        total[start : start + _CHUNK] = np.einsum("bi,bi->b", block @ dense, block, dtype=np.float64)
    return total


def _few_pair_sums(weights: Float32, rows: IntArray, columns: IntArray, count: Float32) -> FloatArray:
    """The same for a short list of pairs, as a sparse product over the people that occur in it."""
    used, position = np.unique(rows, return_inverse=True)
    block = sparse.csr_array((count, (position, columns)), shape=(len(used), weights.shape[1]))
    sums = (block @ weights.T).T  # (B, used)
    return np.asarray(np.einsum("bi,bi->b", sums, weights[:, used], dtype=np.float64))


@dataclass(frozen=True, eq=False)
class DetReplicates:
    """FMR and FNMR at the same thresholds in the same subject-bootstrap replicates."""

    fmr: CurveReplicates
    fnmr: CurveReplicates

    def __repr__(self) -> str:
        return f"DET: {self.fmr!r}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """Both curves for JSON."""
        return {"fmr": self.fmr.to_dict(confidence), "fnmr": self.fnmr.to_dict(confidence)}


def det_replicates(
    score: Any, first: Any, second: Any, threshold: Any, *, replicates: int = 2000, rng: np.random.Generator
) -> DetReplicates:
    """Subject-bootstrap replicates of a DET: a comparison is mated where its two people are the same.

    Parameters
    ----------
    score : (n,) array
        Scores of all comparisons, without failures.
    first, second : (n,) arrays of str
        The person of each side, none empty.
    threshold : (K,) array
        Rising.
    replicates : int
        B.
    rng : numpy.random.Generator
        Source of the draws.

    Raises
    ------
    BadInput
        Wrong shapes, NaN, no mated or no non-mated comparison, fewer than two people.
    """
    s, t = numbers("score", score), _thresholds(threshold)
    i, j, count = _two_people(first, second, len(s))
    mated = i == j
    if not mated.any() or mated.all():
        raise BadInput("both mated and non-mated comparisons are needed", place="score")
    w = subject_weights(count, replicates, rng)
    fmr = _pair_curve(s[~mated], (i[~mated], j[~mated]), t, w)
    return DetReplicates(fmr, _person_curve(s[mated], i[mated], t, w, name="FNMR"))

"""Two systems' FMR on the same comparisons, each at its own threshold: a difference whose unit is the person.

A non-mated comparison has two people, so a person's difference R_i is that of all the comparisons they take part in,
and every comparison stands in two of them. Test: the sum of the differences D = sum d_k = sum R_i / 2 is held against
sum +-R_i, all signs alike. Where a few people carry the difference (a hub of one system) its variance is theirs; where
nobody does it is twice that of D, so the test is then conservative. Interval: the vertex bootstrap, in which a
comparison counts w_i w_j, and Newcombe's method 10 on dyadic intervals where fewer than ten people tell the systems
apart (`facelab.stats.paired`).

Differences are *second minus first*. Sources: Good, Permutation Tests (2000); Fogliato, Patil and Perona,
arXiv:2306.01198 (vertex bootstrap, dyadic variance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, IntArray, outcomes, pair_codes
from facelab.stats.bootstrap import pair_weight_sums, subject_weights
from facelab.stats.dyadic import PairTrials, rate_of
from facelab.stats.paired import PairedDifference, PairedTest, chance_of_signs

if TYPE_CHECKING:
    from facelab.stats._given import FloatArray

TEST = "sign flips by person, each comparison counted for both of its people"


def _differences(one: BoolArray, two: BoolArray, i: IntArray, j: IntArray, people: int) -> IntArray:
    """(people,) second minus first, over all comparisons of each person."""
    d = two.astype(np.float64) - one
    each = np.bincount(i, weights=d, minlength=people) + np.bincount(j, weights=d, minlength=people)
    return each.astype(np.int64)


def pair_sign_flip_test(first_error: Any, second_error: Any, people: tuple[Any, Any]) -> PairedTest:
    """The sign-flip test of two systems' false matches, by person.

    p = P(|sum +-R_i| >= |D|), R_i the whole-number difference over the comparisons of person i, D that over all.

    Parameters
    ----------
    first_error, second_error : (n,) bool arrays
        Whether each system errs on each non-mated comparison.
    people : two (n,) arrays of str or int
        The two people of each.

    Raises
    ------
    NotMeasured
        No comparison.
    BadInput
        Lengths that differ, or a comparison of one person with themselves.

    Examples
    --------
    >>> pair_sign_flip_test([1, 1], [0, 0], (["a", "c"], ["b", "d"])).p_value
    0.625
    """
    one, two, i, j = _trials(first_error, second_error, people)
    each = _differences(one, two, i, j, max(int(i.max()), int(j.max())) + 1)
    p = chance_of_signs(each, abs(int(two.sum()) - int(one.sum())))
    return PairedTest(TEST, int((each < 0).sum()), int((each > 0).sum()), p)


def fmr_difference(
    first_error: Any,
    second_error: Any,
    people: tuple[Any, Any],
    *,
    thresholds: tuple[float, float] | None = None,
    replicates: int = 2000,
    rng: np.random.Generator,
) -> PairedDifference:
    """FMR of the second system minus the first's on the same non-mated comparisons.

    Parameters
    ----------
    first_error, second_error : (n,) bool arrays
        Whether each system accepts each comparison.
    people : two (n,) arrays of str or int
        The two people of each.
    thresholds : (float, float), optional
        Each system's, where they are known.
    replicates : int
        Of the bootstrap.
    rng : numpy.random.Generator
        Of the bootstrap.

    Returns
    -------
    PairedDifference
        Its `people` take part in a comparison; `discordant` are those of comparisons on which the systems differ.

    Raises
    ------
    NotMeasured
        No comparison.
    BadInput
        Lengths that differ, or a comparison of one person with themselves.
    """
    one, two, i, j = _trials(first_error, second_error, people)
    design = PairTrials(i, j)
    length = len(design.sizes)
    first, second = (rate_of(design, error, "FMR") for error in (one, two))
    differ = one != two
    discordant = len(np.union1d(i[differ], j[differ]))
    a, b = (_residual(error, i, j, design) for error in (one, two))
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    correlation = float((a * b).sum() / spread) if spread > 0 else 0.0
    w = subject_weights(length, replicates, rng)
    gained, lost, drawn = (pair_weight_sums(w, i[rows], j[rows]) for rows in (two & ~one, one & ~two, slice(None)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn_difference = (gained - lost) / drawn  # NaN where no drawn people meet
    at = "given errors" if thresholds is None else f"given thresholds {thresholds[0]:g} and {thresholds[1]:g}"
    test = pair_sign_flip_test(one, two, (i, j))
    return PairedDifference(
        first, second, thresholds, at, design.people, discordant, test, drawn_difference, correlation
    )


def _residual(error: BoolArray, i: IntArray, j: IntArray, design: PairTrials) -> FloatArray:
    """(people,) each person's errors less the rate times their comparisons."""
    length = len(design.sizes)
    ends = np.bincount(i[error], minlength=length) + np.bincount(j[error], minlength=length)
    return np.asarray(ends - error.mean() * design.sizes)


def _trials(
    first_error: Any, second_error: Any, people: tuple[Any, Any]
) -> tuple[BoolArray, BoolArray, IntArray, IntArray]:
    """Both systems' errors and both people of each comparison, checked."""
    one = outcomes("first_error", first_error)
    if not one.size:
        raise NotMeasured("no non-mated comparison: there is no FMR to compare the systems on")
    two = outcomes("second_error", second_error, len(one))
    i, j = pair_codes(("people[0]", "people[1]"), people, len(one))
    if (i == j).any():
        raise BadInput(f"comparison {int(np.argmax(i == j)) + 1} is of one person, thus mated", place="people")
    return one, two, i, j

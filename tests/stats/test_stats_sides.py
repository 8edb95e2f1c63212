"""Both sides of a verification count what a person counts by hand, with ties, failures and float32 scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.stats.sides import MatedScores, StoredScores, attained_counts, bound_in, first_turned, ranks_up_to

STORED = StoredScores(np.array([0.1, 0.4, 0.4, np.nan, 0.9]), np.array([0, 0, 1, 2, 1]), np.array([1, 2, 2, 3, 3]))
MATED = MatedScores(np.array([0.2, 0.5, np.nan, 0.5, 0.8]), np.array([0, 0, 1, 1, 2]))
scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, np.nan]), min_size=1, max_size=30).map(np.array)


def test_non_mated_counts_by_hand():
    assert (STORED.completed, STORED.failed, STORED.people, STORED.person_pairs) == (4, 1, 4, 4)
    assert (STORED.lowest, STORED.highest) == (0.1, 0.9)
    assert STORED.above(np.array([0.05, 0.4, 0.41, 0.9, 0.91])).tolist() == [4, 3, 1, 1, 0]
    assert [STORED.ranked(k) for k in (0, 1, 2, 3, 4)] == [0.9, 0.4, 0.4, 0.1, -np.inf]
    assert [STORED.after(s) for s in (0.0, 0.1, 0.4, 0.9)] == [0.1, 0.4, 0.9, np.inf]
    assert [STORED.before(s) for s in (0.1, 0.4, 0.5, 1.0)] == [-np.inf, 0.1, 0.4, 0.9]
    assert STORED.distinct().tolist() == [0.1, 0.4, 0.9]
    assert STORED.crossing(lambda _, errors: errors <= 1) == 0.9
    assert STORED.crossing(lambda _, errors: errors <= 3) == 0.4
    assert STORED.crossing(lambda _, errors: errors < 1) == np.inf


def test_a_failed_comparison_is_in_the_denominator_of_gfar_and_an_error_of_gfrr():
    fmr, gfar = STORED.rate(0.4, with_failed=False), STORED.rate(0.4, with_failed=True)
    assert (fmr.name, fmr.errors, fmr.trials, fmr.people) == ("FMR", 3, 4, 4)
    assert (gfar.name, gfar.errors, gfar.trials) == ("GFAR", 3, 5)
    fnmr, gfrr = MATED.rate(0.5, with_failed=False), MATED.rate(0.5, with_failed=True)
    assert (fnmr.name, fnmr.errors, fnmr.trials, fnmr.people) == ("FNMR", 1, 4, 3)
    assert (gfrr.name, gfrr.errors, gfrr.trials, gfrr.people) == ("GFRR", 2, 5, 3)


def test_mated_counts_by_hand():
    assert (MATED.completed, MATED.failed, MATED.people, MATED.largest_share) == (4, 1, 3, 0.4)
    assert MATED.below(np.array([0.2, 0.5, 0.6, 0.9])).tolist() == [0, 1, 3, 4]
    assert [MATED.after(0.5), MATED.before(0.5), MATED.before(0.2)] == [0.8, 0.2, -np.inf]
    assert MATED.nested().order.tolist() == [0, 1, 2, 3]


def test_without_subjects_rates_are_of_independent_trials():
    stored, mated = StoredScores(STORED.score), MatedScores(MATED.score)
    assert stored.people is stored.person_pairs is mated.people is mated.largest_share is None
    for rate in (stored.rate(0.4, with_failed=True), mated.rate(0.5, with_failed=True)):
        assert rate.clustering is None
        assert rate.trials == 5
    assert stored.nested(9).rate(2).clustering is None


def test_no_threshold_has_a_number_of_errors_inside_a_tie():
    assert STORED.attained(4).tolist() == [0, 1, 3, 4]
    assert STORED.attained(2).tolist() == [0, 1]
    assert STORED.attained(0).tolist() == [0]
    assert STORED.nested(3).order.tolist() == [3, 1, 2]
    assert STORED.nested(2).order.tolist() == [3]


def test_without_a_score_everything_is_empty():
    none = StoredScores(np.array([np.nan]), np.array([0]), np.array([1]))
    assert (none.completed, none.failed, none.highest, none.lowest) == (0, 1, -np.inf, np.inf)
    assert none.ranked(0) == -np.inf
    assert none.attained(5).tolist() == [0]
    assert none.crossing(lambda *_: True) == np.inf
    assert none.rate(0.0, with_failed=False).trials == 0


@given(scores, st.floats(-0.5, 1.5))
def test_counts_are_those_of_a_plain_comparison(score, threshold):
    stored, mated = StoredScores(score), MatedScores(score)
    assert int(stored.above(threshold)) == sum(s >= threshold for s in score)
    assert int(mated.below(threshold)) == sum(s < threshold for s in score)
    assert int(stored.above(threshold)) + int(mated.below(threshold)) == stored.completed
    higher = [s for s in score if s > threshold]
    assert stored.after(threshold) == mated.after(threshold) == min(higher, default=np.inf)
    lower = [s for s in score if s < threshold]
    assert stored.before(threshold) == mated.before(threshold) == max(lower, default=-np.inf)


@given(scores, st.integers(0, 40))
def test_the_attained_numbers_are_those_of_all_thresholds(score, errors):
    ordered = np.sort(score[~np.isnan(score)])
    every = {0} | {int((ordered >= t).sum()) for t in ordered}
    assert attained_counts(ordered, errors).tolist() == sorted(k for k in every if k <= errors)


@given(st.floats(-2, 2), st.floats(-2, 2, width=32))
def test_float32_scores_are_compared_exactly_with_a_float64_threshold(threshold, score):
    """The comparison in float32 decides as the exact one of the two numbers does."""
    narrow = np.float32(score)
    assert bool(narrow >= bound_in(np.dtype(np.float32), threshold)) == (float(narrow) >= threshold)
    assert ranks_up_to(np.array([narrow]), threshold) == int(float(narrow) <= threshold)


@pytest.mark.parametrize(("value", "accepted"), [(0.1, 1), (0.7, 0)])
def test_a_float32_score_is_what_it_is_not_what_it_was_written_as(value, accepted):
    """float32(0.1) lies above 0.1, float32(0.7) below 0.7."""
    assert int(StoredScores(np.array([value], dtype=np.float32)).above(value)) == accepted


@given(st.lists(st.floats(0, 1), max_size=20).map(sorted), st.floats(0, 1))
def test_the_first_score_that_turned_is_found_by_halves(ordered, level):
    assert first_turned(np.array(ordered), lambda s: s >= level) == min(
        (s for s in ordered if s >= level), default=np.inf
    )

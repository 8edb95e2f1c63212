"""Error versus discard: a worked case, a loop as the oracle, laws."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.quality import discard_curve

comparisons = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


def curve_of(rows, threshold=2):
    score, probe, reference = np.array(rows, dtype=float).T
    return discard_curve(score, probe, reference, threshold)


def test_worked_case_with_its_areas():
    """Errors at qualities 1 and 2 of 1..4: FNMR 1/2, 1/3, 0, 0, which is the ideal."""
    curve = discard_curve([0.9, 0.1, 0.8, 0.2], [4, 1, 3, 2], [9, 9, 9, 9], threshold=0.5)
    assert curve.fraction.tolist() == [0, 0.25, 0.5, 0.75]
    assert curve.area() == pytest.approx(0.25 * (1 / 2 + 1 / 3))
    assert curve.partial_area(1.0) == pytest.approx(0)
    assert curve.partial_area(0.1) == pytest.approx(0)
    assert curve.gain(0.5) == pytest.approx(1)


def test_the_worst_quality_is_worse_than_chance():
    curve = discard_curve([0.9, 0.1, 0.8, 0.2], [1, 4, 2, 3], [9, 9, 9, 9], threshold=0.5)
    assert curve.fnmr.tolist() == pytest.approx([1 / 2, 2 / 3, 1, 1])
    assert curve.gain(0.5) < 0


@given(comparisons)
def test_each_step_is_the_fnmr_of_the_comparisons_kept(rows):
    curve = curve_of(rows)
    score, probe, reference = np.array(rows, dtype=float).T
    quality = np.minimum(probe, reference)
    for level, fnmr, fraction in zip(curve.quality, curve.fnmr, curve.fraction):
        kept = quality >= level
        assert fnmr == pytest.approx(np.mean(score[kept] < 2))
        assert fraction == pytest.approx(np.mean(~kept))


@given(comparisons, st.floats(0, 1))
def test_no_quality_beats_the_ideal_one(rows, limit):
    assert curve_of(rows).partial_area(limit) >= -1e-12


@given(comparisons)
def test_a_strictly_increasing_map_of_quality_and_the_order_of_rows_change_nothing(rows):
    mapped = [(s, np.expm1(p), np.expm1(r)) for s, p, r in rows[::-1]]
    assert curve_of(mapped).fnmr.tolist() == curve_of(rows).fnmr.tolist()


def test_one_quality_for_all_leaves_nothing_to_discard():
    curve = discard_curve([0.1, 0.9], [1, 1], [1, 1], threshold=0.5)
    assert curve.fnmr.tolist() == [0.5]
    assert np.isnan(curve.gain(0.5))
    assert curve.gain(1.0) == pytest.approx(0)
    assert curve.at(1.0).trials == 2


def test_without_an_error_there_is_nothing_to_win():
    curve = discard_curve([0.9, 0.9], [1, 2], [1, 2], threshold=0.5)
    assert np.isnan(curve.gain())
    assert json.loads(json.dumps(curve.to_dict()))["gain"] is None


def test_rate_at_a_fraction_carries_people():
    curve = discard_curve([0.1, 0.9, 0.9, 0.2], [1, 2, 3, 4], [9, 9, 9, 9], 0.5, subject=["a", "a", "b", "c"])
    assert (curve.at(0.0).errors, curve.at(0.0).people) == (2, 3)
    assert (curve.at(0.3).errors, curve.at(0.3).trials) == (1, 3)
    assert curve.at(0.6).people == 2
    assert "EDC from FNMR 2/4" in repr(curve)


def test_failures_are_outside_and_counted():
    curve = discard_curve([0.1, np.nan, 0.9], [1, np.nan, 2], [1, 1, 2], threshold=0.5)
    assert (curve.comparisons, curve.failed) == (2, 1)


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda: discard_curve([], [], [], 0.5), "no mated", NotMeasured),
        (lambda: discard_curve([np.nan], [1], [1], 0.5), "no mated", NotMeasured),
        (lambda: discard_curve([0.1], [np.nan], [1], 0.5), "no quality", BadInput),
        (lambda: discard_curve([0.1], [1, 2], [1], 0.5), "2 entries", BadInput),
        (lambda: discard_curve([0.1], ["good"], [1], 0.5), "numbers", BadInput),
        (lambda: discard_curve([0.1], [1], [1], np.nan), "finite", BadInput),
        (lambda: discard_curve([0.1], [1], [1], 0.5).area(20), "percentage", BadInput),
    ],
)
def test_bad_input_is_named(call, words, error):
    with pytest.raises(error, match=words):
        call()

"""Calibration: worked cases, scikit-learn as the oracle, laws."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from facelab.errors import BadInput, NotMeasured
from facelab.stats.calibration import (
    calibration_cost,
    cllr,
    empirical_cross_entropy,
    expected_calibration_error,
    logistic_calibration,
    min_cllr,
    pav_calibration,
)

some_scores = st.lists(st.integers(-6, 6), min_size=1, max_size=25)


@pytest.fixture
def scores():
    rng = np.random.default_rng(5)
    return rng.normal(1.5, 1, 200), rng.normal(0, 1, 800)


def test_cllr_worked_by_hand():
    expected = (math.log2(1 + math.exp(-1)) + (math.log2(1 + math.exp(-2)) + math.log2(1 + math.exp(0.5))) / 2) / 2
    assert cllr([1.0], [-2.0, 0.5]) == pytest.approx(expected)


def test_cllr_of_no_information_is_one_bit_and_of_certainty_is_none():
    assert cllr([0.0, 0.0], [0.0]) == 1.0
    assert cllr([np.inf], [-np.inf]) == 0.0
    assert cllr([-np.inf], [0.0]) == math.inf


def test_cross_entropy_without_information_is_the_entropy_of_the_prior():
    pi = 0.1
    entropy = -pi * math.log2(pi) - (1 - pi) * math.log2(1 - pi)
    assert empirical_cross_entropy([0.0], [0.0], pi) == pytest.approx(entropy)


def test_pav_agrees_with_scikit_learn(scores):
    mated, nonmated = (np.round(s, 1) for s in scores)
    s, y = np.concatenate([mated, nonmated]), np.r_[np.ones(200), np.zeros(800)]
    oracle = IsotonicRegression(y_min=0, y_max=1).fit(s, y).predict(s)
    prior_log_odds = math.log(200 / 800)
    posterior = 1 / (1 + np.exp(-(pav_calibration(mated, nonmated)(s) + prior_log_odds)))
    np.testing.assert_allclose(posterior, oracle, atol=1e-9)


def test_logistic_agrees_with_scikit_learn(scores):
    mated, nonmated = scores
    s, y = np.concatenate(scores)[:, None], np.r_[np.ones(200), np.zeros(800)]
    weight = np.r_[np.full(200, 0.5 / 200), np.full(800, 0.5 / 800)] * 1000
    oracle = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(s, y, sample_weight=weight)
    fit = logistic_calibration(mated, nonmated)
    assert fit.slope == pytest.approx(oracle.coef_[0, 0], rel=1e-5)
    assert fit.offset == pytest.approx(oracle.intercept_[0], rel=1e-4)


def test_logistic_finds_the_true_ratio_of_two_normals():
    """Unit-variance normals d apart have L = d s - d^2 / 2, whatever the sizes of the classes."""
    rng = np.random.default_rng(0)
    fit = logistic_calibration(rng.normal(2, 1, 20_000), rng.normal(0, 1, 80_000))
    assert fit.slope == pytest.approx(2, abs=0.05)
    assert fit.offset == pytest.approx(-2, abs=0.05)
    assert fit.threshold(0.5) == pytest.approx(1, abs=0.03)
    assert fit.threshold(0.01, cost_miss=99) == pytest.approx(fit.threshold(0.5))


def test_logistic_minimises_cllr_among_straight_lines(scores):
    mated, nonmated = scores
    fit = logistic_calibration(mated, nonmated)
    best = cllr(fit(mated), fit(nonmated))
    for da, db in [(0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)]:
        assert cllr((fit.slope + da) * mated + fit.offset + db, (fit.slope + da) * nonmated + fit.offset + db) > best


@given(some_scores, some_scores)
def test_pav_never_falls_and_min_cllr_lies_between_zero_and_one(mated, nonmated):
    pav = pav_calibration(mated, nonmated)
    with np.errstate(invalid="ignore"):
        assert not (np.diff(pav.llr) < 0).any()
    assert -1e-12 <= min_cllr(mated, nonmated) <= 1 + 1e-12


@given(some_scores, some_scores)
def test_min_cllr_is_invariant_under_a_strictly_increasing_map(mated, nonmated):
    def cube(x):
        return np.asarray(x, dtype=float) ** 3 + 7

    assert min_cllr(cube(mated), cube(nonmated)) == pytest.approx(min_cllr(mated, nonmated), abs=1e-12)


@given(some_scores, some_scores)
def test_no_monotone_calibration_beats_pav(mated, nonmated):
    m, n = np.asarray(mated, dtype=float), np.asarray(nonmated, dtype=float)
    for slope in (0.3, 1.0, 3.0):
        assert cllr(slope * m, slope * n) >= min_cllr(m, n) - 1e-12


def test_split_of_the_cost_adds_up(scores):
    cost = calibration_cost(*scores)
    assert cost.cllr == pytest.approx(cost.min_cllr + cost.calibration_loss)
    assert cost.calibration_loss > 0
    assert "discrimination" in repr(cost)
    assert json.loads(json.dumps(cost.to_dict()))["mated"] == 200


def test_expected_calibration_error_worked_by_hand():
    # bins of 0.5: {0.2, 0.4} with one mated of two, {0.9, 0.7} with one of two
    value = expected_calibration_error([0.2, 0.4, 0.9, 0.7], [0, 1, 1, 0], bins=2)
    assert value == pytest.approx((2 * abs(0.5 - 0.3) + 2 * abs(0.5 - 0.8)) / 4)
    assert expected_calibration_error([0.0, 1.0], [0, 1]) == 0.0
    assert expected_calibration_error([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], bins=2, equal_mass=True) == pytest.approx(
        0.15
    )


def test_separated_classes_are_refused_or_penalised():
    with pytest.raises(NotMeasured, match="overlap"):
        logistic_calibration([2.0, 3.0], [0.0, 1.0])
    fit = logistic_calibration([2.0, 3.0], [0.0, 1.0], ridge=0.1)
    assert 0 < fit.slope < 50
    assert min_cllr([2.0, 3.0], [0.0, 1.0]) == 0.0


def test_all_scores_tied_are_worth_nothing():
    assert min_cllr([1.0, 1.0], [1.0]) == pytest.approx(1.0)
    assert pav_calibration([1.0, 1.0], [1.0]).llr.tolist() == pytest.approx([0.0])


def test_results_read_as_a_sentence_and_go_to_json():
    pav = pav_calibration([2.0, 3.0], [1.0, 2.0])
    assert "2 mated and 2 non-mated" in repr(pav)
    assert json.loads(json.dumps(pav.to_dict()))["llr"] == [None, 0.0, None]
    assert "nats" in repr(logistic_calibration([0, 2, 3], [1, 0, -1]))
    assert pav([0.0, 2.5, 9.0]).tolist() == [-math.inf, 0.0, math.inf]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pav_calibration([], [1.0]), "empty"),
        (lambda: pav_calibration([np.nan], [1.0]), "finite"),
        (lambda: min_cllr(["x"], [1.0]), "numbers"),
        (lambda: logistic_calibration([0.0, 0.1], [1.0, 0.05]), "distances"),
        (lambda: logistic_calibration([0, 2], [1, 0], prior=1.0), "prior"),
        (lambda: cllr([], [0.0]), "non-empty"),
        (lambda: cllr([np.nan], [0.0]), "NaN"),
        (lambda: expected_calibration_error([1.2], [1]), "scores"),
        (lambda: expected_calibration_error([0.2], [1, 0]), "2 entries"),
        (lambda: expected_calibration_error([0.2], [2]), "true and false"),
        (lambda: expected_calibration_error([0.2], [1], bins=0), "at least 1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

"""Subject bootstrap by weights: resampled rows as the oracle, the speed target at a small size, laws."""

import json
import time

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.stats.bootstrap import det_replicates, pair_curve_replicates, person_curve_replicates, subject_weights


@pytest.fixture
def pairs():
    rng = np.random.default_rng(2)
    who = np.repeat([f"p{i:02d}" for i in range(12)], 2)
    i, j = np.triu_indices(24, 1)
    return rng.normal(size=len(i)) + 2.0 * (who[i] == who[j]), who[i], who[j]


def test_weighted_products_equal_rates_of_resampled_rows(pairs):
    """The oracle copies each comparison w_i w_j (mated: w_i) times and counts."""
    score, first, second = pairs
    threshold = np.array([-1.0, 0.3, 1.0, 2.5, 9.0])
    det = det_replicates(score, first, second, threshold, replicates=20, rng=np.random.default_rng(7))
    names = np.unique(first)
    weights = subject_weights(12, 20, np.random.default_rng(7))
    number = {name: k for k, name in enumerate(names)}
    i = np.array([number[f] for f in first])
    j = np.array([number[f] for f in second])
    mated = i == j
    for b, w in enumerate(weights.astype(int)):
        copies = np.where(mated, w[i], w[i] * w[j])
        non, mat = np.repeat(score[~mated], copies[~mated]), np.repeat(score[mated], copies[mated])
        for k, t in enumerate(threshold):
            assert det.fmr.replicates[b, k] == pytest.approx(np.mean(non >= t))
            assert det.fnmr.replicates[b, k] == pytest.approx(np.mean(mat < t))


def test_measured_counts_are_those_of_the_data(pairs):
    score, first, second = pairs
    det = det_replicates(score, first, second, [0.0, 1.0], replicates=5, rng=np.random.default_rng(0))
    mated = first == second
    assert det.fmr.errors.tolist() == [(score[~mated] >= 0).sum(), (score[~mated] >= 1).sum()]
    assert det.fnmr.errors.tolist() == [(score[mated] < 0).sum(), (score[mated] < 1).sum()]
    assert (det.fmr.people, det.fnmr.people) == (12, 12)
    assert (det.fmr.trials, det.fnmr.trials) == ((~mated).sum(), mated.sum())


def test_sparse_and_dense_products_agree():
    """300 people, few comparisons at high thresholds (sparse) and many at low ones (dense)."""
    rng = np.random.default_rng(4)
    i, j = np.triu_indices(300, 1)
    score, first, second = rng.normal(size=len(i)), np.char.add("p", i.astype(str)), np.char.add("p", j.astype(str))
    _, code = np.unique(np.r_[first, second], return_inverse=True)
    drawn = subject_weights(300, 100, np.random.default_rng(0))
    one = pair_curve_replicates(score, first, second, [-5.0, 3.2], drawn)
    w = drawn.astype(np.float64)
    i, j = code[: len(score)], code[len(score) :]
    high = score >= 3.2
    expected = (w[:, i[high]] * w[:, j[high]]).sum(axis=1) / (w[:, i] * w[:, j]).sum(axis=1)
    np.testing.assert_allclose(one.replicates[:, 1], expected, rtol=1e-12)
    assert (one.replicates[:, 0] == 1.0).all()


def test_each_replicate_falls_with_the_threshold_and_fnmr_rises(pairs):
    det = det_replicates(*pairs, np.linspace(-2, 4, 20), replicates=50, rng=np.random.default_rng(1))
    assert (np.diff(det.fmr.replicates, axis=1) <= 0).all()
    assert (np.diff(det.fnmr.replicates, axis=1) >= 0).all()


def test_one_trial_a_person_gives_the_binomial_standard_error():
    rng = np.random.default_rng(0)
    score = (np.arange(400) < 80).astype(float)
    person = np.arange(400).astype(str)
    curve = person_curve_replicates(score, person, [0.5], subject_weights(400, 4000, rng), name="FPIR")
    assert curve.standard_error()[0] == pytest.approx(np.sqrt(0.2 * 0.8 / 400), rel=0.05)
    low, high = curve.band()
    assert low[0] < 0.2 < high[0]


def test_failures_are_misses_for_fnir_and_no_alert_for_fpir():
    args = ([np.nan, 1.0], ["a", "b"], [0.5], np.ones((1, 2), dtype=np.float32))
    assert person_curve_replicates(*args, name="FNIR").value.tolist() == [0.5]
    assert person_curve_replicates(*args, name="FPIR").value.tolist() == [0.5]
    assert person_curve_replicates(*args, name="FPIR").errors.tolist() == [1]


def test_a_threshold_without_an_error_has_no_band():
    rng = np.random.default_rng(0)
    curve = person_curve_replicates([0.1, 0.2, 0.3], ["a", "b", "c"], [0.0, 0.15, 5.0], name="FPIR", rng=rng)
    low, high = curve.band()
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True]
    assert json.loads(json.dumps(curve.to_dict()))["low"][0] is None
    assert "3 people" in repr(curve)


def test_the_same_seed_gives_the_same_bytes():
    one, two = (subject_weights(50, 30, np.random.default_rng(9)) for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert (one.sum(axis=1) == 50).all()


@pytest.mark.slow
def test_an_eighth_of_the_replicates_stays_quick():
    """benchmarks/bootstrap_det.py measures all of them; here a wide bound holds on a busy machine too."""
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(1000), 2)
    i, j = np.triu_indices(2000, 1)
    first, second = who[i].astype("U4"), who[j].astype("U4")
    score = rng.normal(size=len(i))
    start = time.perf_counter()
    det_replicates(score, first, second, np.quantile(score, np.linspace(0, 1, 64)), replicates=250, rng=rng)
    assert time.perf_counter() - start < 60.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: det_replicates([1.0], ["a"], ["a"], [0], rng=r), "both mated"),
        (lambda r: det_replicates([1.0, np.nan], ["a", "a"], ["a", "b"], [0], rng=r), "finite"),
        (lambda r: det_replicates([1.0, 0.0], ["a", ""], ["a", "b"], [0], rng=r), "empty"),
        (lambda r: det_replicates([1.0, 0.0], ["a", "a"], ["a", "b"], [1, 0], rng=r), "rising"),
        (lambda r: pair_curve_replicates([1.0], ["a"], ["a"], [0], rng=r), "themselves"),
        (lambda r: subject_weights(1, 5, r), "at least 2"),
        (lambda r: subject_weights(5, 0, r), "at least 1"),
        (lambda r: person_curve_replicates([1.0], ["a"], [0], name="FPIR"), "generator"),
        (
            lambda r: person_curve_replicates([1.0], ["a"], [0], np.ones((2, 3), dtype=np.float32), name="FPIR"),
            "column",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call(np.random.default_rng(0))

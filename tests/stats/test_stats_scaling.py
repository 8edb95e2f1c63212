"""Gallery size: exact subsets by enumeration, simulated galleries, bounds that must hold."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.gallery_threshold import threshold_for_gallery
from facelab.stats.scaling import (
    alarm_probability,
    fmr_if_independent,
    fpir_as_tested,
    fpir_by_gallery_size,
    fpir_if_independent,
    mixture_fpir,
)
from facelab.stats.searches import searches
from facelab.types import Comparisons


def nonmated(score, person=None):
    """Searches of strangers: score (p, N)."""
    p, n = np.shape(score)
    subjects = np.array([f"g{j:04d}" for j in range(n)])
    who = np.array([""] * p) if person is None else np.asarray(person)
    return searches(Comparisons(score, np.arange(p).astype(str), who, subjects, subjects, subjects))


def hubby(rng, probes, subjects, spread=1.0):
    """Scores with effects of the probe and of the gallery subject (hubs on both sides)."""
    effects = rng.normal(size=(probes, 1)) * spread + rng.normal(size=(1, subjects)) * spread
    return effects + rng.normal(size=(probes, subjects))


def test_subsets_are_averaged_exactly():
    rng = np.random.default_rng(0)
    score = rng.normal(size=(4, 6))
    scale = fpir_by_gallery_size(nonmated(score), 0.4, [1, 2, 3, 4, 5, 6])
    for size, fpir in zip(scale.size, scale.fpir):
        subsets = [np.mean((score[:, list(s)] >= 0.4).any(axis=1)) for s in itertools.combinations(range(6), size)]
        assert fpir == pytest.approx(np.mean(subsets))


def test_one_subject_is_the_fmr_and_all_are_the_fpir():
    score = np.random.default_rng(1).normal(size=(30, 12))
    found = nonmated(score)
    scale = fpir_by_gallery_size(found, 1.0, [1, 12])
    assert scale.fpir[0] == pytest.approx(np.mean(score >= 1.0)) == pytest.approx(scale.fmr)
    rate = fpir_as_tested(found, 1.0)
    assert scale.fpir[1] == pytest.approx(rate.value)
    assert (scale.low[1], scale.high[1]) == pytest.approx((rate.interval().low, rate.interval().high))


def test_the_interval_s_unit_is_the_probe_person():
    score = np.repeat(np.random.default_rng(1).normal(size=(20, 12)), 5, axis=0)
    alone = fpir_by_gallery_size(nonmated(score), 1.5, [6])
    together = fpir_by_gallery_size(nonmated(score, np.repeat(np.arange(20).astype(str), 5)), 1.5, [6])
    assert together.people == 20
    assert together.high[0] - together.low[0] > 1.8 * (alone.high[0] - alone.low[0])


@given(st.integers(1, 12), st.data())
def test_the_chance_of_an_alarm_is_one_minus_the_hypergeometric_share(subjects, data):

    size = data.draw(st.integers(1, subjects))
    hits = np.arange(subjects + 1)
    np.testing.assert_allclose(
        alarm_probability(hits, subjects, size), hypergeom(subjects, hits, size).sf(0), atol=1e-10
    )


@given(st.integers(0, 10_000), st.floats(-1, 2))
def test_fpir_rises_with_size_and_falls_with_the_threshold_and_stays_below_the_ceiling(seed, threshold):
    found = nonmated(hubby(np.random.default_rng(seed), 12, 9))
    scale = fpir_by_gallery_size(found, threshold, [1, 3, 9, 20, 90])
    assert (np.diff(scale.fpir) >= -1e-12).all()
    assert (scale.floor - 1e-12 <= scale.fpir).all()
    assert (scale.fpir <= scale.ceiling + 1e-12).all()
    assert (fpir_by_gallery_size(found, threshold + 0.3, [1, 3, 9]).fpir <= scale.fpir[:3] + 1e-12).all()
    assert scale.extrapolated.tolist() == [False, False, False, True, True]


def test_extrapolation_from_a_tenth_holds_the_truth_between_floor_and_ceiling_and_the_mixture_beats_independence():
    """2,000 strangers, hubs on both sides; 100 of 1,000 subjects tested, asked for 1,000."""
    rng = np.random.default_rng(4)
    score = hubby(rng, 2000, 1000)
    truth, mixture, independent = [], [], []
    for threshold in (4.0, 5.0, 6.0):
        full = np.mean((score >= threshold).any(axis=1))
        part = fpir_by_gallery_size(nonmated(score[:, :100]), threshold, [1000])
        assert part.floor[0] <= full <= part.ceiling[0]
        assert part.low[0] <= full <= part.high[0]
        truth.append(full), mixture.append(part.fpir[0]), independent.append(part.independent[0])
    error = [np.abs(np.log(np.array(x) / truth)).mean() for x in (mixture, independent)]
    assert error[0] < error[1]


def test_independent_comparisons_follow_the_formula_and_the_mixture_agrees():
    rng = np.random.default_rng(5)
    score = rng.random((3000, 200))
    part = fpir_by_gallery_size(nonmated(score[:, :50]), 0.999, [200])
    full = np.mean((score >= 0.999).any(axis=1))
    assert part.independent[0] == pytest.approx(full, rel=0.15)
    assert part.fpir[0] == pytest.approx(full, rel=0.2)


def test_formulas_are_each_other_s_inverse_and_the_mixture_goes_through_its_points():
    assert fmr_if_independent(fpir_if_independent(1e-7, 12_000), 12_000) == pytest.approx(1e-7)
    assert fpir_if_independent(1.0, 5) == 1.0
    assert mixture_fpir(0.01, 0.3, 50, 50) == pytest.approx(0.3)
    assert mixture_fpir(0.02, 1.0, 50, 500) == 1.0
    assert mixture_fpir(0.0, 0.0, 50, 500) == 0.0


def test_searches_that_differ_less_than_by_chance_are_carried_on_from_the_measured_fpir():
    """Every search has exactly one of ten: FPIR 1 at N = 10 and, with half of them none, above independence."""
    assert mixture_fpir(0.05, 0.5, 10, 20) == pytest.approx(1 - 0.5**2)


def test_thresholds_for_the_operational_gallery():
    rng = np.random.default_rng(6)
    score = hubby(rng, 600, 80)
    found = nonmated(score)
    now = threshold_for_gallery(found, 0.05, 80)
    assert not now.extrapolated
    assert np.mean((score >= now.threshold).any(axis=1)) <= 0.05
    below = np.max(score[score < now.threshold])
    assert np.mean((score >= below).any(axis=1)) > 0.05
    more = threshold_for_gallery(found, 0.05, 800)
    assert more.extrapolated
    assert more.at_tested_size == now.threshold
    assert more.threshold >= more.mixture >= now.threshold
    assert json.loads(json.dumps(more.to_dict()))["tested_share_suffices"] is False
    assert "extrapolated from N = 80" in repr(more)
    assert now.certified > now.threshold
    assert more.certified is None or more.certified > more.threshold
    smaller = threshold_for_gallery(found, 0.05, 40)
    assert smaller.certified <= now.certified
    assert smaller.threshold <= now.threshold


def test_a_target_that_cannot_be_resolved_at_the_tested_size_is_refused():
    found = nonmated(np.random.default_rng(0).normal(size=(100, 10)))
    with pytest.raises(UnattainableTarget, match="FPIR at N = 10") as error:
        threshold_for_gallery(found, 0.05, 100)
    assert error.value.needed == 200


def test_results_read_as_a_sentence_and_go_to_json():
    scale = fpir_by_gallery_size(nonmated(np.random.default_rng(0).normal(size=(100, 10))), 2.0, [10, 100])
    assert "extrapolated from N = 10" in repr(scale)
    assert json.loads(json.dumps(scale.to_dict()))["extrapolated"] == [False, True]
    assert scale.high[1] == 1, "ten enrolled people cannot bound what a hundred would do"
    assert "conservative beyond N" in scale.note
    assert len(scale.to_frame()) == 2
    assert fpir_by_gallery_size(nonmated(np.zeros((2, 5))), 2.0).size[-1] == 5


def test_no_alarm_has_an_upper_bound_only():
    scale = fpir_by_gallery_size(nonmated(np.zeros((100, 10))), 1.0, [5, 10])
    assert scale.fpir.tolist() == [0, 0]
    assert scale.high[1] == pytest.approx(1 - 0.025 ** (1 / 100))


def test_one_person_is_not_enough_for_an_interval():
    scale = fpir_by_gallery_size(nonmated(np.random.default_rng(0).normal(size=(5, 10)), ["x"] * 5), 1.5, [10])
    assert scale.high[0] - scale.low[0] > 0.9


def test_bad_input_is_named():
    found = nonmated(np.zeros((3, 4)))
    with pytest.raises(BadInput, match="whole numbers"):
        fpir_by_gallery_size(found, 0.5, [0, 3])
    with pytest.raises(BadInput, match="whole numbers"):
        fpir_by_gallery_size(found, 0.5, [1.5])
    with pytest.raises(BadInput, match="operational"):
        threshold_for_gallery(found, 0.5, 0)
    with pytest.raises(BadInput, match="target"):
        threshold_for_gallery(found, 1.5, 10)
    with pytest.raises(NotMeasured, match="no non-mated"):
        fpir_by_gallery_size(nonmated(np.zeros((0, 4))), 0.5)


def test_a_hub_that_the_test_missed_is_in_the_interval_beyond_it():
    """Enrolled hubs: 20 galleries of 100 tested for 1,000; the interval holds the truth in at least 18."""
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        score = rng.normal(size=(400, 1000)) + rng.normal(size=(1, 1000))
        threshold = float(np.quantile(score.max(axis=1), 0.9))
        part = fpir_by_gallery_size(nonmated(score[:, :100]), threshold, [1000])
        held += part.low[0] <= np.mean((score >= threshold).any(axis=1)) <= part.high[0]
    assert held >= 18

"""Workload: a worked airport, a simulation as the oracle of the PPV's interval, laws."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from facelab.errors import BadInput
from facelab.stats.rates import Rate
from facelab.stats.workload import Estimate, Site, alerts_a_day, estimate, positive_predictive_value, workload

SITE = Site(40_000, 1e-4, cameras=3, minutes_a_review=2, shifts_a_day=3, days_a_year=365)


def test_worked_airport():
    """120,000 passages, 12 of enrolled people: FPIR 1/1000 gives 119.988 false alerts, TPIR .9 gives 10.8 true ones."""
    result = workload(SITE, 0.001, 0.1, misidentification=0.01, journey_miss=0.04)
    assert result.false_alerts_a_day.value == pytest.approx(119.988 + 0.12)
    assert result.true_alerts_a_day.value == pytest.approx(10.8)
    assert result.alerts_a_shift.value == pytest.approx((120.108 + 10.8) / 3)
    assert result.review_hours_a_day.value == pytest.approx((120.108 + 10.8) * 2 / 60)
    assert result.ppv.value == pytest.approx(10.8 / (10.8 + 120.108))
    assert result.missed_a_year.value == pytest.approx(4 * 365 * 0.04)
    assert result.busy_day == poisson.ppf(0.95, 130.908)


def test_the_rates_uncertainty_reaches_every_figure():
    result = workload(SITE, Rate(6, 6000, "FPIR"), Rate(5, 50, "FNIR"), misidentification=Rate(0, 50, "MIDR"))
    fpir = Rate(6, 6000).interval()
    assert result.false_alerts_a_day.low < 120_000 * fpir.low * 1.01
    assert result.false_alerts_a_day.high >= 120_000 * fpir.high * 0.999
    for name in ("true_alerts_a_day", "alerts_a_day", "ppv", "review_hours_a_day"):
        figure = getattr(result, name)
        assert figure.low < figure.value < figure.high


def test_without_a_measured_journey_no_missed_people_are_invented():
    result = workload(SITE, 0.001, 0.1)
    assert result.missed_a_year is None
    assert any("whole journey" in note for note in result.notes)
    alone = workload(Site(1000, 0.01), Rate(1, 100), Rate(10, 100))
    assert alone.missed_a_year.value == pytest.approx(1000 * 0.01 * 365 * 0.1)


def test_the_ppv_s_interval_holds_the_truth():
    """Simulated tests of 2,000 strangers and 100 enrolled people: nominal 95 %, at least 93 % hold the true PPV."""
    rng = np.random.default_rng(0)
    pi, f, t = 0.01, 0.01, 0.85
    truth = pi * t / (pi * t + (1 - pi) * f)
    held = 0
    for _ in range(300):
        fpir = estimate(Rate(int(rng.binomial(2000, f)), 2000))
        tpir = estimate(Rate(int(rng.binomial(100, t)), 100))
        ppv = positive_predictive_value(fpir, tpir, pi)
        held += ppv.low <= truth <= ppv.high
    assert held >= 0.93 * 300


def test_no_false_alert_seen_leaves_a_bound():
    ppv = positive_predictive_value(estimate(Rate(0, 1000)), estimate(Rate(90, 100)), 0.001)
    assert ppv.value == 1.0
    assert 0 < ppv.low < 0.5
    assert ppv.high == 1.0


def test_no_enrolled_person_or_no_hit_gives_no_right_alert():
    assert positive_predictive_value(Estimate(0.1, 0.1, 0.1), Estimate(0.9, 0.8, 1), 0.0).value == 0.0
    assert math.isnan(positive_predictive_value(Estimate(0, 0, 0), Estimate(0, 0, 0), 0.5).value)


@given(st.integers(1, 40), st.integers(20, 90), st.floats(0.001, 0.9))
def test_ppv_rises_with_prevalence_and_lies_in_its_interval(errors, hits, prevalence):
    fpir, tpir = estimate(Rate(errors, 1000)), estimate(Rate(hits, 100))
    ppv = positive_predictive_value(fpir, tpir, prevalence)
    assert 0 <= ppv.low <= ppv.value <= ppv.high <= 1
    assert positive_predictive_value(fpir, tpir, min(prevalence * 1.1, 1.0)).value >= ppv.value


def test_mover_of_one_figure_is_its_own_interval():
    some = Estimate(0.2, 0.1, 0.4)
    assert some.plus(Estimate(0, 0, 0)) == some
    ratio = some.over(Estimate(2.0, 2.0, 2.0))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.1, 0.05, 0.2))
    even = some.over(Estimate(0.5, 0.3, 1.0))  # 2 b - b' = 0 in the lower end
    assert even.low == pytest.approx(some.over(Estimate(0.5, 0.3, 1.0 - 1e-9)).low, rel=1e-4)
    assert Estimate(0.2, 0.1, 0.4).over(Estimate(0.5, 0.0, 1.0)).high == math.inf
    assert math.isinf(some.over(Estimate(0.0, 0.0, 0.1)).value)


def test_curves_scale_with_the_passages():
    false, true = alerts_a_day(SITE, [0.001, 0.01], [0.1, 0.05])
    assert false.tolist() == pytest.approx([119.988, 1199.88])
    assert true.tolist() == pytest.approx([10.8, 11.4])


def test_result_reads_as_a_sentence_and_goes_to_json():
    result = workload(SITE, 0.001, Rate(5, 50))
    assert "people missed a year: not measured" in repr(result)
    out = json.loads(json.dumps(result.to_dict()))
    assert out["false_alerts_a_day"]["low"] is None
    assert out["ppv"]["low"] is out["ppv"]["high"] is None
    assert out["site"]["cameras"] == 3
    assert len(out["notes"]) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Site(0, 0.1), "passengers_a_day"),
        (lambda: Site(10, 1.5), "percentage"),
        (lambda: Site(10, 0.1, minutes_a_review=-1), "minutes"),
        (lambda: workload(SITE, 1.2, 0.1), "percentage"),
        (lambda: workload(SITE, 0.1, 0.1, confidence=95), "confidence"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

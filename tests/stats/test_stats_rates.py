"""Rates: counts first, the person as the unit of the interval, and a sentence."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.intervals import wilson
from facelab.stats.rates import Clustering, Rate, effective_trials, short
from facelab.stats.unseen import Unseen

LACKING = "not to be relied on where people rarer than 1 in {} make the errors, then at most {}"
ALLOWED = "people like none of these are allowed for, "
WITHOUT = "without any [0.0024, 0.0054]"


def clustering(**changed):
    return Clustering(**({"people": 420, "unit": "people of pairs", "variance": 5.7e-7, "least": 210.0} | changed))


def test_a_rate_reads_as_a_sentence_with_people_and_design_effect():
    rate = Rate(312, 87307, "FMR", clustering())
    assert repr(rate) == "FMR 312/87307 = 0.0036 [0.0024, 0.0054] (95 %, 420 people, design effect 14)"


def test_the_interval_is_wilsons_at_the_effective_size():
    rate = Rate(312, 87307, "FMR", clustering())
    n = rate.value * (1 - rate.value) / 5.7e-7
    low, high = wilson(rate.value * n, n)
    interval = rate.interval()
    assert (interval.low, interval.high) == pytest.approx((float(low), float(high)))
    assert interval.method == "wilson, effective size, people of pairs"
    assert interval.design_effect == pytest.approx(87307 / n)


def test_people_unknown_gives_the_independent_interval_and_says_so():
    interval = Rate(20, 400).interval()
    assert interval.method == "wilson, independent trials"
    assert "subjects unknown" in interval.note
    assert (
        Rate(312, 87307, "FMR", clustering()).independent().interval().width
        < 0.5 * Rate(312, 87307, "FMR", clustering()).interval().width
    )


def test_no_error_is_bounded_by_people_and_not_by_trials():
    rate = Rate(0, 3000, "FPIR", clustering(people=100, unit="probe people", variance=0.0, least=100.0))
    assert rate.upper() == pytest.approx(1 - 0.05 ** (1 / 100))
    assert rate.interval().high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert rate.interval().note == "conservative: few errors"
    assert rate.design_effect is None


def test_only_errors_mirror_no_errors():
    rate = Rate(3000, 3000, "FNIR", clustering(people=100, variance=0.0, least=100.0))
    assert rate.interval().low == pytest.approx(0.025 ** (1 / 100))
    assert rate.interval().high == rate.upper() == 1


def test_few_carriers_of_the_variance_widen_the_interval():
    many = Rate(100, 10_000, "FPIR", clustering(variance=4e-6, carriers=math.inf)).interval()
    few = Rate(100, 10_000, "FPIR", clustering(variance=4e-6, carriers=4.0)).interval()
    assert few.low < many.low
    assert few.high > many.high


def test_few_people_are_named_in_the_note():
    assert "few people: 7" in Rate(3, 30, "FNIR", clustering(people=7, variance=0.01, least=7.0)).interval().note


def test_without_a_trial_nothing_is_claimed():
    rate = Rate(0, 0, "FPIR")
    assert math.isnan(rate.value)
    assert math.isnan(rate.interval().low)
    assert rate.upper() == 1
    assert repr(rate) == "FPIR 0/0: no trial"
    assert rate.to_dict()["rate"] is None


def test_the_dictionary_is_json_with_null_for_what_is_no_number():
    for rate in (Rate(0, 0), Rate(0, 9), Rate(3, 9, "FPIR", clustering(people=5, least=5.0)), Rate(9, 9)):
        document = json.loads(json.dumps(rate.to_dict(0.9), allow_nan=False))
        assert {"rate", "errors", "trials", "low", "high", "confidence", "method"} <= set(document)
        assert document["confidence"] == 0.9


def test_html_shows_counts_and_interval():
    assert "312 / 87,307" in Rate(312, 87307, "FMR", clustering())._repr_html_()


@pytest.mark.parametrize(("errors", "trials"), [(2, 1), (-1, 3)])
def test_more_errors_than_trials_are_refused(errors, trials):
    with pytest.raises(BadInput, match="between 0 and the trials"):
        Rate(errors, trials)


@given(
    st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1), st.floats(1, 100), st.floats(1, 50), st.floats(0.001, 0.2)
)
def test_the_effective_size_lies_between_people_and_trials(trials, share, variance, least, carriers, tail):
    n = float(effective_trials(round(share * trials), trials, variance, least, carriers, tail=tail))
    assert min(least, trials) <= n <= trials


def test_effective_sizes_of_a_curve_are_those_of_its_rates():
    errors, variance = np.array([0, 5, 50, 1000]), np.array([0.0, 1e-5, 1e-4, 0.0])
    together = effective_trials(errors, 1000, variance, 90.0, 12.0, tail=0.025)
    single = [
        Rate(int(e), 1000, "r", clustering(variance=v, least=90.0, carriers=12.0)).effective_trials(0.025)
        for e, v in zip(errors, variance)
    ]
    assert together == pytest.approx(single)


def test_numbers_near_one_keep_their_distance_from_it():
    assert (short(0.99958), short(0.5), short(0.0), short(1.0)) == ("0.99958", "0.5", "0", "1")


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"people": 420}, ""),
        ({"people": 120, "least": 60.0}, f"few people: {LACKING.format(40, 0.063)}"),
        ({"people": 200, "least": 100.0}, f"few people: {LACKING.format(67, 0.04)}"),
        ({"people": 299, "least": 149.5}, f"few people: {LACKING.format(100, 0.028)}"),
        ({"people": 80, "least": 40.0}, "conservative: " + ALLOWED + WITHOUT),
        ({"people": 420, "unseen": (Unseen(40, 40.0, 40.0),)}, "conservative: " + ALLOWED + WITHOUT),
        ({"carriers": 9.0}, "conservative: few people carry the variance"),
    ],
)
def test_the_note_says_what_the_interval_cannot_know(changed, note):
    assert Rate(312, 87307, "FMR", clustering(**changed)).interval().note == note

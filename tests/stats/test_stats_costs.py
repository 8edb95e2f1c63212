"""Detection cost: worked values, a loop as the oracle, laws."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.costs import (
    Costs,
    daily_cost_curve,
    detection_cost,
    detection_cost_curve,
    normalised_detection_cost,
)
from facelab.stats.workload import Site

rates = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=15)


def test_worked_values():
    assert detection_cost(0.02, 0.3, 0.01, cost_miss=10) == pytest.approx(10 * 0.01 * 0.3 + 0.99 * 0.02)
    assert normalised_detection_cost(0.02, 0.3, 0.01, cost_miss=10) == pytest.approx((0.03 + 0.0198) / 0.1)


@given(rates, st.floats(0.01, 0.99), st.floats(0.1, 100))
def test_min_dcf_is_the_least_of_all_and_never_above_the_blind_decisions(pairs, prevalence, cost_miss):
    fpr, fnr = (np.array([1.0, *column, 0.0]) for column in zip(*pairs))
    fnr[0], fnr[-1] = 0.0, 1.0
    curve = detection_cost_curve(np.arange(len(fpr)), fpr, fnr, prevalence, cost_miss=cost_miss)
    each = [float(normalised_detection_cost(a, b, prevalence, cost_miss=cost_miss)) for a, b in zip(fpr, fnr)]
    assert curve.least == pytest.approx(min(each))
    assert curve.cheapest_threshold == int(np.argmin(curve.cost))
    assert curve.least <= 1 + 1e-9


@given(rates, st.floats(0.1, 50))
def test_costs_in_another_currency_choose_the_same_threshold(pairs, factor):
    fpr, fnr = zip(*pairs)
    t = np.arange(len(fpr))
    one = detection_cost_curve(t, fpr, fnr, 0.2, cost_miss=3, cost_false=2)
    two = detection_cost_curve(t, fpr, fnr, 0.2, cost_miss=3 * factor, cost_false=2 * factor)
    assert one.least == pytest.approx(two.least)


def test_a_day_s_cost_worked_by_hand():
    """10,000 passages, 100 enrolled: 1 % false alerts of 5 each, a tenth missed at 1,000, reviews of 2 each."""
    curve = daily_cost_curve(Site(10_000, 0.01), Costs(miss=1000, false_alert=5, review=2), [0.4], [0.01], [0.1])
    assert curve.least == pytest.approx(99 * (5 + 2) + 10 * 1000 + 90 * 2)


def test_of_equal_costs_the_lowest_threshold_is_taken():
    assert detection_cost_curve([0.1, 0.2], [0.5, 0.5], [0.5, 0.5], 0.5).cheapest_threshold == 0.1


def test_result_reads_as_a_sentence_and_goes_to_json():
    curve = detection_cost_curve([0.1, 0.2], [0.5, 0.1], [0.1, 0.2], 0.5)
    assert "at threshold 0.2000, in-sample" in repr(curve)
    assert json.loads(json.dumps(curve.to_dict()))["least"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: detection_cost(0.1, 0.1, 0.0), "prevalence"),
        (lambda: detection_cost(0.1, 0.1, 0.5, cost_miss=0), "cost_miss"),
        (lambda: detection_cost_curve([], [], [], 0.5), "as many"),
        (lambda: detection_cost_curve([0.1], [0.1, 0.2], [0.1], 0.5), "as many"),
        (lambda: detection_cost_curve([0.1], [10.0], [0.1], 0.5), "percentages"),
        (lambda: Costs(miss=-1, false_alert=1), "miss"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

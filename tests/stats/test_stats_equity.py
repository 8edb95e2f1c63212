"""Measures of inequality: worked values, laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.equity import (
    fairness_discrepancy_rate,
    garbe,
    gini,
    inequity_rate,
    max_geometric_mean_ratio,
    max_min_ratio,
)

rates = st.lists(st.floats(1e-6, 1), min_size=2, max_size=8)


def test_worked_values():
    fmr, fnmr = [0.01, 0.02, 0.04], [0.1, 0.1, 0.2]
    assert max_min_ratio(fmr) == pytest.approx(4)
    assert max_geometric_mean_ratio(fmr) == pytest.approx(2)
    # |differences| over ordered pairs: 2 (0.01 + 0.03 + 0.02) = 0.12; mean 0.07 / 3
    assert gini(fmr) == pytest.approx(3 / 2 * 0.12 / (2 * 9 * 0.07 / 3))
    assert gini(fnmr) == pytest.approx(3 / 2 * 0.4 / (2 * 9 * 0.4 / 3))
    assert garbe(fmr, fnmr) == pytest.approx((gini(fmr) + gini(fnmr)) / 2)
    assert garbe(fmr, fnmr, weight=1) == pytest.approx(gini(fmr))
    assert fairness_discrepancy_rate(fmr, fnmr) == pytest.approx(1 - (0.03 + 0.1) / 2)
    assert inequity_rate(fmr, fnmr) == pytest.approx(math.sqrt(4 * 2))


@given(rates)
def test_gini_lies_between_equal_and_all_in_one(x):
    assert -1e-12 <= gini(x) <= 1 + 1e-12
    assert gini([x[0]] * len(x)) == pytest.approx(0, abs=1e-12)
    assert gini([0.0] * (len(x) - 1) + [x[0]]) == pytest.approx(1)


@given(rates, st.floats(0.01, 1), st.randoms())
def test_ratios_and_gini_ignore_the_unit_and_the_order(x, factor, random):
    y = [v * factor for v in x]
    random.shuffle(y)
    for measure in (gini, max_min_ratio, max_geometric_mean_ratio):
        assert measure(y) == pytest.approx(measure(x), rel=1e-6, abs=1e-9)


@given(rates)
def test_the_ratio_to_the_geometric_mean_never_exceeds_the_ratio_to_the_least(x):
    assert 1 - 1e-12 <= max_geometric_mean_ratio(x) <= max_min_ratio(x) * (1 + 1e-12)


def test_a_group_without_an_error_has_no_ratio():
    assert math.isnan(max_min_ratio([0.0, 0.1]))
    assert math.isnan(max_geometric_mean_ratio([0.0, 0.1]))
    assert math.isnan(inequity_rate([0.0, 0.1], [0.1, 0.1]))
    assert math.isnan(gini([0.0, 0.0]))
    assert math.isnan(max_min_ratio([0.1]))
    assert math.isnan(gini([0.1]))
    assert math.isnan(max_min_ratio([np.nan, 0.1]))


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="percentages"):
        gini([2.0, 3.0])
    with pytest.raises(BadInput, match="one or more"):
        max_min_ratio([])
    with pytest.raises(BadInput, match="weight"):
        garbe([0.1, 0.2], [0.1, 0.2], weight=2)

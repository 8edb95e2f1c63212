"""How much data a claim needs: exact numbers against scipy, whole-number arithmetic around the limits, laws."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from facelab.errors import BadInput
from facelab.stats import planning
from facelab.stats.sizing import size_of_test

targets = st.floats(1e-6, 0.9)


def test_people_for_one_in_six_thousand_by_hand():
    """ln .05 / ln(1 - 1/6000) = 17,972.9 people one-sided, ln .025 / ln(1 - 1/6000) = 22,131.4 two-sided."""
    assert (planning.people_needed(1 / 6000), planning.people_needed(1 / 6000, sides=2)) == (17_973, 22_132)
    assert (1 - 1 / 6000) ** 17_973 <= 0.05 < (1 - 1 / 6000) ** 17_972
    assert (1 - 1 / 6000) ** 22_132 <= 0.025 < (1 - 1 / 6000) ** 22_131


@given(targets, st.integers(0, 3))
def test_people_needed_are_the_fewest_whose_binomial_tail_is_small_enough(target, errors):
    n = planning.people_needed(target, errors)
    assert binom.cdf(errors, n, target) <= 0.05 * (1 + 1e-9)
    assert n - 1 <= errors or binom.cdf(errors, n - 1, target) > 0.05 * (1 - 1e-9)


@pytest.mark.parametrize(("errors", "target"), [(0, 0.01), (1, 0.01), (5, 0.03)])
def test_people_needed_agree_with_scipys_exact_bound(errors, target):
    n = planning.people_needed(target, errors)
    upper = [binomtest(errors, m, alternative="less").proportion_ci(0.95, "exact").high for m in (n, n - 1)]
    assert upper[0] <= target < upper[1]


@given(targets)
def test_the_trials_that_resolve_are_the_fewest_in_which_one_error_meets_the_target(target):
    n = planning.trials_to_resolve(target)
    assert 1 / n <= target * (1 + 1e-9)
    assert n == 1 or 1 / (n - 1) > target * (1 - 1e-9)
    assert n <= planning.trials_to_support(target) <= planning.rule_of_thirty(target)


@pytest.mark.parametrize("power", range(1, 9))
def test_powers_of_ten_are_whole_however_they_were_computed(power):
    for target in (10.0**-power, 10.0 ** -(power + 1) * 10, 1 / 10.0**power):
        assert planning.trials_to_resolve(target) == 10**power
        assert planning.trials_to_support(target) == 3 * 10**power


@given(st.fractions(Fraction(1, 500), Fraction(499, 500), max_denominator=500), st.integers(1, 5000))
def test_allowed_errors_are_those_of_exact_arithmetic(target, trials):
    k = planning.allowed_errors(float(target), trials)
    assert k / trials <= float(target)
    assert k == trials or (k + 1) / trials > float(target)


@given(targets)
def test_pairs_take_twice_the_people_and_more_errors_take_more_people(target):
    assert planning.pairs_needed(target) == 2 * planning.people_needed(target)
    assert planning.people_needed(target, 1) > planning.people_needed(target)
    assert planning.people_needed(target, sides=2) >= planning.people_needed(target)


def test_a_test_of_a_target_says_all_of_it():
    size = size_of_test("FPIR", 1 / 6000, gallery=1001)
    assert (size.resolve, size.support, size.measure_well, size.least) == (6_000, 18_000, 180_000, 17_973)
    assert size.enrol == 901  # 90 % of 1,001 is 900.9
    assert [*size.people.values()] == sorted(size.people.values())
    said = size.to_dict()
    assert said["people"][0] == {"errors": 0, "people": 17_973}
    json.dumps(said, allow_nan=False)
    of_pairs = size_of_test("FMR", 1e-3)
    assert of_pairs.people == {0: planning.pairs_needed(1e-3)}
    assert "people and no error" in repr(of_pairs)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: planning.people_needed(0.0), "strictly between 0 and 1"),
        (lambda: planning.people_needed(5), "was a percentage meant"),
        (lambda: planning.people_needed(0.1, -1), "errors are 0 or more"),
        (lambda: planning.people_needed(0.1, sides=3), "sides 1 or 2"),
        (lambda: planning.people_needed(0.1, confidence=95), "was a percentage meant"),
        (lambda: planning.rule_of_three(0), "needs a trial"),
        (lambda: planning.trials_to_resolve(float("nan")), "is nan"),
        (lambda: size_of_test("FAR", 0.1), "one of FPIR, FNIR, FMR, FNMR, not 'FAR'"),
        (lambda: size_of_test("FPIR", 0.1, gallery=0), "1 subject or more"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

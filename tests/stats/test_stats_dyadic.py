"""Person-level variance against the double sum it abbreviates, by hand, and along a threshold."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.dyadic import PairTrials, PeopleTrials, cumulative_count, person_codes, rate_of
from facelab.stats.nested import NestedErrors


def dyadic_variance_by_double_sum(first, second, error, correction):
    """The covariance of every two comparisons that share a person, summed one by one."""
    p, m = error.mean(), len(error)
    residual = error - p
    total = 0.0
    for k, other in itertools.product(range(m), repeat=2):
        if {first[k], second[k]} & {first[other], second[other]}:
            total += residual[k] * residual[other]
    return max(correction * max(total, 0) / m**2, p * (1 - p) / m)


def cluster_variance_by_double_sum(person, error):
    p, m, g = error.mean(), len(error), len(set(person.tolist()))
    residual = error - p
    same = person[:, None] == person[None, :]
    return g / (g - 1) * (np.outer(residual, residual) * same).sum() / m**2


def test_three_people_by_hand():
    """Ann errs in both of her two trials, Bob in none of two: r = +1, -1, V = 2/1 * (1+1)/16."""
    rate = rate_of(PeopleTrials(person_codes(["ann", "ann", "bob", "bob"])), np.array([1, 1, 0, 0], bool), "FNMR")
    assert rate.clustering.variance == pytest.approx(2 * 2 / 16)
    assert rate.design_effect == pytest.approx(0.25 * 4 / 0.25)
    assert rate.people == 2


def test_one_hub_among_five_people_by_hand():
    """Person 0 errs in its four pairs of ten, p = .4, R_0 = 4(.6), R_i = .6 - 3(.4); D = .6 four, -.4 six times."""
    first, second = np.array(list(itertools.combinations(range(5), 2))).T
    clustering = PairTrials(first, second).clustering(first == 0)
    people = 2.4**2 + 4 * 0.6**2
    pairs = 4 * 0.6**2 + 6 * 0.4**2
    assert clustering.variance == pytest.approx(5 * 4 / (3 * 2) * (people - pairs) / 100)
    assert clustering.carriers == pytest.approx(people**2 / (2.4**4 + 4 * 0.6**4))


def test_no_error_is_worth_the_people_or_half_of_those_in_pairs():
    assert PeopleTrials(person_codes(list("aabbc"))).clustering(np.zeros(5, bool)).least == 3
    first, second = np.array(list(itertools.combinations(range(7), 2))).T
    assert PairTrials(first, second).clustering(np.zeros(21, bool)).least == 3
    two_sides = PairTrials(np.repeat([0, 1, 2], 2), np.tile([3, 4], 3))
    assert two_sides.sides == (3, 2)
    assert two_sides.clustering(np.zeros(6, bool)).least == 2


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_closed_forms_equal_their_double_sums(data):
    people = data.draw(st.integers(5, 8))
    number = data.draw(st.integers(8, 25))
    any_pair = st.sampled_from(list(itertools.combinations(range(people), 2)))
    any_pair = st.sampled_from(list(itertools.combinations(range(people), 2)))
    pairs = data.draw(st.lists(any_pair, min_size=number, max_size=number))
    error = np.array(data.draw(st.lists(st.booleans(), min_size=number, max_size=number)))
    first, second = np.array(pairs).T
    trials = PairTrials(first, second)
    if 0 < error.sum() < number:
        seen, sides = trials.people, trials.sides
        correction = seen * (seen - 1) / ((seen - 2) * (seen - 3)) if seen > 3 else math.inf
        if sides is not None:
            correction = min(sides) / (min(sides) - 1) if min(sides) > 1 else math.inf
        if math.isfinite(correction):
            expected = dyadic_variance_by_double_sum(first, second, error, correction)
            assert trials.clustering(error).variance == pytest.approx(expected)
        person = person_codes([str(i) for i in first])
        if len(set(person.tolist())) > 1:
            expected = cluster_variance_by_double_sum(person, error)
            assert PeopleTrials(person).clustering(error).variance == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=15, deadline=None)
def test_along_a_threshold_every_state_is_that_of_its_own_errors(seed, in_pairs):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 60))
    first = rng.integers(0, 5, n)
    design = PairTrials(first, first + rng.integers(1, 5, n)) if in_pairs else PeopleTrials(person_codes(first))
    order = rng.permutation(n)
    nested = NestedErrors("FMR", n, order, design)
    for k in range(n + 1):
        error = np.zeros(n, dtype=bool)
        error[order[:k]] = True
        alone, along = rate_of(design, error, "FMR"), nested.rate(k)
        assert along.clustering.variance == pytest.approx(alone.clustering.variance, abs=1e-12)
        assert along.clustering.least == alone.clustering.least
        if 0 < k < n:
            assert along.clustering.carriers == pytest.approx(alone.clustering.carriers, rel=1e-6)
        low, high = nested.band(np.array([k]))
        interval = alone.interval()
        assert (low[0], high[0]) == pytest.approx((interval.low, interval.high), abs=1e-9)
        assert nested.upper(np.array([k]))[0] == pytest.approx(alone.upper(), abs=1e-9)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_order_of_trials_and_the_names_of_people_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    first, second = np.array(list(itertools.combinations(range(9), 2))).T
    error = rng.random(len(first)) < 0.2
    order, names = rng.permutation(len(first)), rng.permutation(9)
    a = rate_of(PairTrials(first, second), error, "FMR")
    b = rate_of(PairTrials(names[second[order]], names[first[order]]), error[order], "FMR")
    assert a.errors == b.errors
    assert a.clustering.variance == pytest.approx(b.clustering.variance)


def test_one_trial_a_person_is_a_binomial_rate_with_the_n_minus_one_correction():
    rate = rate_of(PeopleTrials(np.arange(50)), np.arange(50) < 20, "FPIR")
    assert rate.design_effect == pytest.approx(50 / 49)


def test_the_variance_is_never_below_that_of_independent_trials():
    first, second = np.array(list(itertools.combinations(range(6), 2))).T
    error = np.isin(first * 10 + second, [1, 23, 45])  # a perfect matching: every person errs exactly once
    rate = rate_of(PairTrials(first, second), error, "FMR")
    assert rate.clustering.variance == pytest.approx(rate.value * (1 - rate.value) / 15)


def test_one_person_or_three_in_pairs_are_worth_the_least_and_nothing_divides_by_zero():
    one = rate_of(PeopleTrials(np.zeros(4, int)), np.array([1, 0, 0, 0], bool), "FNMR")
    assert one.effective_trials(0.025) == 1
    three = rate_of(PairTrials(np.array([0, 0, 1]), np.array([1, 2, 2])), np.array([1, 0, 0], bool), "FMR")
    assert three.interval().high > 0.9


def test_unlabelled_people_are_each_their_own():
    assert len(set(person_codes(["", "ann", "", "ann"]).tolist())) == 3
    assert person_codes([]).shape == (0,)


def test_counts_of_what_stood_before():
    codes = np.random.default_rng(0).integers(0, 4, 50)
    expected = [(codes[:i] == code).sum() for i, code in enumerate(codes)]
    assert cumulative_count(codes).tolist() == expected
    assert cumulative_count(np.zeros(0, int)).shape == (0,)


def test_a_person_against_themselves_is_no_non_mated_comparison():
    with pytest.raises(BadInput, match="same person twice"):
        PairTrials(np.array([1, 2]), np.array([1, 3]))


def test_errors_and_trials_must_be_as_many():
    with pytest.raises(BadInput, match="as many"):
        rate_of(PeopleTrials(np.arange(3)), np.zeros(2, bool), "FPIR")


def test_more_errors_than_were_ordered_are_refused():
    with pytest.raises(BadInput, match="first 4 of 3"):
        NestedErrors("FPIR", 10, np.arange(3)).rate(4)


def test_without_people_the_nested_rate_is_of_independent_trials():
    nested = NestedErrors("FPIR", 10, np.arange(3))
    assert nested.rate(2).clustering is None
    assert nested.upper(np.array([0]))[0] == pytest.approx(1 - 0.05**0.1)

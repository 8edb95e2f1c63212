"""Intervals of a binomial proportion against scipy, against their definitions, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from facelab.errors import BadInput
from facelab.stats.intervals import (
    Interval,
    binomial_interval,
    clopper_pearson,
    jeffreys,
    lower_bound,
    mid_p,
    upper_bound,
    wilson,
)

METHODS = ("auto", "clopper-pearson", "wilson", "jeffreys", "mid-p")


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 1000), (250, 1000)])
@pytest.mark.parametrize(("ours", "name"), [(clopper_pearson, "exact"), (wilson, "wilson")])
def test_clopper_pearson_and_wilson_equal_scipy(ours, name, errors, trials):
    theirs = reference.binomtest(errors, trials).proportion_ci(0.95, method=name)
    low, high = ours(errors, trials)
    assert (float(low), float(high)) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_jeffreys_is_the_posterior_under_its_prior():
    posterior = reference.beta(3.5, 97.5)
    assert [float(end) for end in jeffreys(3, 100)] == pytest.approx([posterior.ppf(0.025), posterior.ppf(0.975)])


def test_mid_p_solves_its_own_equation_for_integers():
    low, high = (float(end) for end in mid_p(3, 50))
    for p, level in ((low, 0.025), (high, 0.975)):
        at_least = reference.binom.sf(2, 50, p), reference.binom.sf(3, 50, p)
        assert sum(at_least) / 2 == pytest.approx(level, abs=1e-9)


def test_no_error_in_n_gives_the_closed_form():
    assert float(upper_bound(0, 299)) == pytest.approx(1 - 0.05 ** (1 / 299), rel=1e-12)
    assert float(clopper_pearson(0, 299)[1]) == pytest.approx(1 - 0.025 ** (1 / 299), rel=1e-12)
    assert float(upper_bound(0, 299)) < 0.01 < float(upper_bound(0, 298))


def test_one_sided_bound_is_the_end_of_the_interval_at_twice_the_risk():
    assert float(upper_bound(4, 80, 0.95)) == pytest.approx(float(clopper_pearson(4, 80, 0.90)[1]))
    assert float(lower_bound(4, 80, 0.95)) == pytest.approx(float(clopper_pearson(4, 80, 0.90)[0]))


def test_auto_takes_the_exact_interval_where_errors_are_few_and_wilson_elsewhere():
    assert binomial_interval(9, 1000) == clopper_pearson(9, 1000)
    assert binomial_interval(995, 1000) == clopper_pearson(995, 1000)
    assert binomial_interval(10, 1000) == wilson(10, 1000)


@pytest.mark.parametrize("method", METHODS)
def test_ends_are_closed_at_no_error_and_at_only_errors_and_open_without_a_trial(method):
    low, high = binomial_interval([0, 7, 0], [7, 7, 0], method=method)
    assert low[0] == 0
    assert high[1] == 1
    assert (low[2], high[2]) == (0, 1)


@given(st.integers(1, 500), st.floats(0, 1), st.sampled_from(METHODS))
def test_the_interval_holds_the_estimate_and_widens_with_confidence(trials, share, method):
    errors = round(share * trials)
    narrow, wide = binomial_interval(errors, trials, 0.9, method), binomial_interval(errors, trials, 0.99, method)
    assert wide[0] <= narrow[0] <= errors / trials + 1e-12
    assert errors / trials - 1e-12 <= narrow[1] <= wide[1]


@given(st.just(0.0) | st.floats(0.01, 50), st.just(0.0) | st.floats(0.01, 200), st.sampled_from(METHODS))
def test_errors_and_non_errors_mirror_each_other_also_for_fractions(errors, rest, method):
    trials = errors + rest
    low, high = binomial_interval(errors, trials, 0.95, method)
    other_low, other_high = binomial_interval(trials - errors, trials, 0.95, method)
    assert float(low) == pytest.approx(1 - float(other_high), abs=1e-6)
    assert float(high) == pytest.approx(1 - float(other_low), abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3, 2), "errors lie between 0 and the trials, not 3 of 2"),
        ((-1, 2), "not -1 of 2"),
        ((float("nan"), 2), "not nan of 2"),
        ((1, 2, 95), "was a percentage meant"),
        ((1, 2, 0), "between 0 and 1"),
        ((1, 2, 0.95, "wald"), "not 'wald'"),
    ],
)
def test_what_is_no_proportion_is_refused_in_one_line(arguments, words):
    with pytest.raises(BadInput, match=words):
        binomial_interval(*arguments)


def test_an_interval_knows_what_lies_in_it_and_says_how_it_was_made():
    interval = Interval(0.1, 0.3, 0.95, "wilson, effective size, probe people", 40, 1.5, "few people: 4")
    assert 0.1 in interval
    assert 0.31 not in interval
    assert interval.width == pytest.approx(0.2)
    assert repr(interval) == "[0.1, 0.3] (95 %; wilson, effective size, probe people; few people: 4)"


def test_clopper_pearson_never_covers_less_than_it_says():
    n = 40
    low, high = clopper_pearson(np.arange(n + 1), n)
    for p in np.linspace(0.001, 0.999, 300):
        held = (low <= p) & (p <= high)
        assert reference.binom.pmf(np.arange(n + 1), n, p)[held].sum() >= 0.95 - 1e-12

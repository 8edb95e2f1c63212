"""Rates along a threshold are, at every number of errors, the rates that are made for it alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.dyadic import PairTrials, PeopleTrials, rate_of
from facelab.stats.nested import NestedErrors
from facelab.stats.rates import Rate


def designs(people: int, seed: int) -> list[PeopleTrials | PairTrials]:
    """Searches of these people, all pairs of them, and two sides of them."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(people, 1)
    left, right = (axis.ravel() for axis in np.meshgrid(np.arange(people), people + np.arange(people)))
    every = np.concatenate([np.arange(people), rng.integers(0, people, 2 * people)])
    return [PeopleTrials(every), PairTrials(first, second), PairTrials(left, right)]


def test_variance_and_carriers_by_hand():
    """ann errs once in two trials, bob never: p = 1/4, r = +-1/2, V = 2 (1/4 + 1/4) / 16, carriers (1/2)^2 / (1/8)."""
    nested = NestedErrors("FNMR", 4, np.array([0, 1]), PeopleTrials(np.array([0, 0, 1, 1])))
    clustering = nested.rate(1).clustering
    assert clustering is not None
    assert clustering.variance == pytest.approx(1 / 16)
    assert clustering.carriers == pytest.approx(2)
    assert (clustering.people, clustering.least) == (2, 2)


@given(st.integers(4, 12), st.integers(0, 9))
def test_every_state_is_the_rate_of_its_errors(people, seed):
    for design in designs(people, seed):
        order = np.random.default_rng(seed).permutation(len(design))
        nested = NestedErrors("rate", len(design), order, design)
        states = np.unique(np.linspace(0, len(design), 7).astype(int))
        low, high = nested.band(states)
        upper = nested.upper(states)
        for at, k in enumerate(states):
            alone = rate_of(design, np.isin(np.arange(len(design)), order[:k]), "rate")
            assert (nested.rate(int(k)).errors, nested.rate(int(k)).trials) == (k, len(design))
            for rate in (alone, nested.rate(int(k))):
                interval = rate.interval()
                assert (low[at], high[at]) == pytest.approx((interval.low, interval.high), abs=1e-9)
                assert upper[at] == pytest.approx(rate.upper(), abs=1e-9)


@given(st.integers(4, 12), st.integers(0, 9))
def test_a_bound_is_never_below_its_rate_and_a_higher_confidence_widens(people, seed):
    for design in designs(people, seed):
        nested = NestedErrors("rate", len(design), np.random.default_rng(seed).permutation(len(design)), design)
        k = np.arange(len(design) + 1)
        (low, high), (lower, higher) = nested.band(k, 0.9), nested.band(k, 0.99)
        share = k / len(design)
        assert (low <= share + 1e-12).all()
        assert (share <= high + 1e-12).all()
        assert (lower <= low + 1e-12).all()
        assert (high <= higher + 1e-12).all()
        assert (nested.upper(k) >= share - 1e-12).all()
        assert (nested.upper(k, 0.99) >= nested.upper(k) - 1e-12).all()


def test_people_unknown_are_independent_trials():
    nested, k = NestedErrors("FMR", 50, np.arange(50)), np.array([0, 3, 50])
    low, high = nested.band(k)
    for at, errors in enumerate(k):
        interval = Rate(int(errors), 50, "FMR").interval()
        assert (low[at], high[at]) == pytest.approx((interval.low, interval.high))
        assert nested.upper(k)[at] == pytest.approx(Rate(int(errors), 50).upper())


def test_without_a_trial_there_is_no_interval():
    low, high = NestedErrors("FMR", 0, np.array([], dtype=int)).band(np.array([0]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_an_order_that_stops_early_gives_the_states_up_to_there_and_refuses_the_rest():
    design = PairTrials(*np.triu_indices(6, 1))
    nested = NestedErrors("FMR", 15, np.array([4, 9]), design)
    assert nested.rate(2).value == 2 / 15
    assert nested.rate(0).interval() == rate_of(design, np.zeros(15, dtype=bool), "FMR").interval()
    for k in (-1, 3):
        with pytest.raises(BadInput, match="of 2 ordered trials"):
            nested.rate(k)


def test_no_error_at_all_has_the_bound_of_so_many_people():
    """1 - a^(1/w) with w half the people of pairs."""
    nested = NestedErrors("FMR", 190, np.array([], dtype=int), PairTrials(*np.triu_indices(20, 1)))
    assert nested.upper(np.array([0]))[0] == pytest.approx(1 - 0.05 ** (1 / 10))

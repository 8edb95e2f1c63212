"""Intervals that allow for kinds of people whom the sample lacks, or say that they do not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.stats.dyadic import PairTrials, PeopleTrials, rate_of
from facelab.stats.intervals import clopper_pearson
from facelab.stats.rates import Clustering, Rate
from facelab.stats.unseen import ALL_BELOW, NONE_FROM, RELIED_FROM, Unseen, ends_with_unseen, widened

TAIL = 0.025


def bounded_mean(values: np.ndarray, worst: float, rng: np.random.Generator) -> float:
    """Gaffke's bound, by simulation: the people drawn again with Dirichlet weights, and one more at the worst value."""
    weights = rng.dirichlet(np.ones(len(values) + 1), 40_000)
    return float(np.quantile(weights @ np.append(values, worst), 1 - TAIL if worst else TAIL))


@pytest.mark.parametrize("people", [10, 30, 60])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
def test_the_ends_come_close_to_gaffkes_bounds_of_a_mean(people, rate):
    """Many trials a person, so that the people's own rates are all that is uncertain."""
    rng = np.random.default_rng(people)
    own = np.clip(rng.normal(rate, rate / 2, people), 0, 1)
    trials = PeopleTrials(np.repeat(np.arange(people), 1000))
    error = (np.arange(1000)[None, :] < 1000 * own[:, None]).ravel()
    interval = rate_of(trials, error, "FNMR").interval()
    shares = error.reshape(people, 1000).mean(axis=1)
    high, low = bounded_mean(shares, 1.0, rng), bounded_mean(shares, 0.0, rng)
    assert interval.high == pytest.approx(high, abs=0.12 * (high - rate))
    assert interval.low == pytest.approx(low, abs=0.25 * (rate - low))


@given(st.integers(0, 60), st.integers(1, 60))
def test_people_whose_trials_all_come_out_alike_get_the_exact_binomial_interval(errors, people):
    """Nothing is added: Clopper and Pearson's end allows for one more person who errs already."""
    errors = min(errors, people)
    ends = tuple(float(end) for end in clopper_pearson(errors, people))
    found = ends_with_unseen(errors / people, ends, people, [Unseen(people, people, people)], tail=TAIL)
    assert (found.low, found.high) == pytest.approx(ends)
    assert found.guaranteed == pytest.approx(ends)
    assert not found.widened


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(1, 1e6), st.integers(1, 500), st.floats(0.001, 0.2))
def test_ends_move_apart_and_stay_rates(value, down, up, effective, people, tail):
    ends = value * down, value + (1 - value) * up
    parts = [Unseen(people, people / 2, people / 2)]
    low, high = widened(value, ends, effective, parts, tail=tail)
    least, most = widened(value, ends, effective, parts, tail=tail, whole=True)
    assert 0 <= least <= low + 1e-12
    assert low <= ends[0] + 1e-12
    assert ends[1] - 1e-12 <= high <= most + 1e-12
    assert most <= 1


def test_the_allowance_ends_without_a_jump():
    """One person more changes an end by a few per cent: from all of it up to 60 people to none from 120 on."""
    highs = []
    for people in range(30, 200):
        ends = 0.002, 0.006
        parts = [Unseen(people, people / 2, people / 2)]
        highs.append(ends_with_unseen(0.0036, ends, 5000.0, parts, tail=TAIL).high)
    steps = np.diff(highs)
    assert (steps <= 1e-12).all()
    assert -steps.min() < 0.008
    assert highs[NONE_FROM - 30] == pytest.approx(0.006)
    assert highs[ALL_BELOW - 30] == pytest.approx(1 - TAIL ** (2 / ALL_BELOW), abs=0.006)


def test_no_error_and_one_error_do_not_contradict_each_other():
    """The bound of 50 people's pairs is 0.14 without an error; a single error must not bring it down to 0.005."""
    first, second = np.triu_indices(50, 1)
    trials = PairTrials(first, second)
    bounds = [rate_of(trials, np.arange(len(first)) < errors, "FMR").interval().high for errors in range(4)]
    assert bounds == sorted(bounds)


def test_a_sample_without_its_populations_hubs_still_holds_the_truth():
    """30 people of whom nobody is a hub, from a population where one in twenty matches everybody."""
    first, second = np.triu_indices(30, 1)
    rng = np.random.default_rng(3)
    rate = rate_of(PairTrials(np.tile(first, 9), np.tile(second, 9)), rng.random(9 * len(first)) < 0.01, "FMR")
    truth = 0.95**2 * 0.01 + (1 - 0.95**2)
    interval = rate.interval()
    assert truth in interval
    assert interval.reliable
    assert truth > interval.seen[1] > 0.01
    assert interval.condition == f"allows for unseen people, without them {[float(f'{e:.2g}') for e in interval.seen]}"
    assert interval.condition in repr(rate)
    assert rate.upper() == pytest.approx(rate.guaranteed_upper())


@pytest.mark.parametrize(("people", "reliable"), [(NONE_FROM, False), (RELIED_FROM - 1, False), (RELIED_FROM, True)])
def test_an_interval_that_rests_on_the_people_seen_says_so_and_what_is_guaranteed(people, reliable):
    rate = Rate(40, 40_000, "FMR", Clustering(people, "people of pairs", 1e-7, people / 2))
    interval, said = rate.interval(), rate.to_dict()
    assert interval.reliable is said["reliable"] is reliable
    assert interval.seen is said["seen_people_only"] is None
    assert interval.guaranteed[1] == pytest.approx(0.001 + 1 - TAIL ** (2 / people), rel=0.05)
    assert rate.guaranteed_upper() > 10 * rate.upper()
    assert ("not to be relied on" in interval.note) is not reliable
    assert (f"holds unless people rarer than 1 in {round(people / 3)} make the errors" in repr(rate)) is not reliable
    json.dumps(said, allow_nan=False)


def test_a_rate_far_above_what_unseen_people_could_add_needs_no_word():
    rate = Rate(400, 1600, "FPIR", Clustering(200, "probe people", 9e-4, 200.0))
    assert rate.interval().reliable
    assert rate.interval().condition == ""


def test_without_known_people_nothing_is_allowed_for_or_guaranteed():
    rate = Rate(3, 40)
    assert rate.interval().guaranteed is None
    assert rate.guaranteed_upper() == rate.upper()
    assert rate.to_dict()["guaranteed"] is None
    assert math.isnan(Rate(0, 0, "r", Clustering(0, "people", 0.0, 0.0)).interval().low)


def test_both_sides_of_comparisons_are_allowed_for_apart():
    """Ten references against 200 probes: a hub among the ten is as likely to be missing as with ten people."""
    first, second = (x.ravel() for x in np.meshgrid(np.arange(10), 10 + np.arange(200)))
    trials = PairTrials(first, second)
    assert [(part.people, part.above) for part in trials.unseen(alike=False)] == [(10, 10.0), (200, 200.0)]
    rng = np.random.default_rng(1)
    assert rate_of(trials, rng.random(2000) < 0.02, "FMR").interval().high > 1 - TAIL ** (1 / 10)

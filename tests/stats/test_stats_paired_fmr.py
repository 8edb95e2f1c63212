"""Two systems' FMR on the same comparisons: counts by hand, signs enumerated, a bootstrap against a plain loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats import paired
from facelab.stats.bootstrap import subject_weights
from facelab.stats.paired import chance_of_signs
from facelab.stats.paired_fmr import fmr_difference, pair_sign_flip_test

PAIRS = [(i, j) for i in range(6) for j in range(i + 1, 6)]
outcome = st.lists(st.booleans(), min_size=len(PAIRS), max_size=len(PAIRS))


def sides(pairs=PAIRS):
    return tuple(np.array(pairs).T)


def hubs(seed=0, people=40, hub=0.4):
    """Errors of two systems over all pairs of people; each system has two hubs of its own."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(people, 1)
    rates = [0.02 + hub * (np.isin(i, who) | np.isin(j, who)) for who in ([0, 1], [2, 3])]
    return rng.random(len(i)) < rates[0], rng.random(len(i)) < rates[1], (i, j)


def test_counts_by_hand():
    one, two = [1, 1, 0, 0], [0, 1, 1, 0]
    people = (["ann", "ann", "bob", "cid"], ["bob", "cid", "cid", "dan"])
    found = fmr_difference(one, two, people, thresholds=(0.3, 0.4), rng=np.random.default_rng(1))
    assert (found.first.errors, found.second.errors, found.first.trials) == (2, 2, 4)
    assert found.value == 0
    assert (found.people, found.discordant) == (4, 3)
    assert (found.test.only_first, found.test.only_second) == (1, 1)  # ann, cid; bob's two cancel
    assert found.test.p_value == 1.0
    assert found.at == "given thresholds 0.3 and 0.4"
    assert "people of pairs" in found.first.interval().method


@given(outcome, outcome)
def test_the_test_is_the_enumeration_of_all_signs(one, two):
    test = pair_sign_flip_test(one, two, sides())
    d = np.array(two, dtype=int) - np.array(one, dtype=int)
    each = np.array([sum(d[k] for k, pair in enumerate(PAIRS) if person in pair) for person in range(6)])
    signs = np.array(list(itertools.product([-1, 1], repeat=6)))
    assert test.p_value == pytest.approx((np.abs(signs @ each) >= abs(d.sum())).mean())


@given(outcome, outcome)
def test_swapping_the_systems_turns_the_sign_and_keeps_the_p_value(one, two):
    there, back = (pair_sign_flip_test(*errors, sides()) for errors in ((one, two), (two, one)))
    assert there.p_value == pytest.approx(back.p_value)
    assert (there.only_first, there.only_second) == (back.only_second, back.only_first)


@given(outcome, st.permutations(range(len(PAIRS))))
def test_the_order_of_comparisons_and_of_the_two_people_does_not_matter(errors, order):
    one, two = np.array(errors), np.roll(errors, 3)
    first, second = sides()
    order = np.array(order)
    swapped = np.where(order % 2, second[order], first[order]), np.where(order % 2, first[order], second[order])
    assert pair_sign_flip_test(one, two, (first, second)) == pair_sign_flip_test(one[order], two[order], swapped)


def test_the_bootstrap_weighs_a_comparison_by_both_of_its_people():
    one, two, (i, j) = hubs()
    found = fmr_difference(one, two, (i, j), replicates=50, rng=np.random.default_rng(9))
    w = subject_weights(40, 50, np.random.default_rng(9)).astype(float)
    for b in range(50):
        each = w[b][i] * w[b][j]
        expected = (each[two].sum() - each[one].sum()) / each.sum()
        assert found.replicates[b] == pytest.approx(expected, abs=1e-6)


def test_hubs_of_one_system_do_not_make_a_difference_sure():
    """Each system has two hubs: comparison by comparison McNemar is sure of any imbalance, people are not."""
    one, two, people = hubs(seed=5, hub=0.9)
    two = two & ~np.isin(people[0], [2])  # the second system loses a hub
    found = fmr_difference(one, two, people, rng=np.random.default_rng(1))
    assert found.value < 0
    assert found.interval().low < 0 < found.interval().high
    assert found.test.p_value > 0.05


def test_few_discordant_people_use_newcombe_on_dyadic_intervals():
    one, two = np.zeros(15, dtype=bool), np.zeros(15, dtype=bool)
    two[0] = True
    found = fmr_difference(one, two, sides(), rng=np.random.default_rng(1))
    assert found.discordant == 2
    assert found.interval().method.startswith("Newcombe")
    assert "differ on 2 people only" in found.interval().note
    assert found.interval().low < 0 < found.interval().high


def test_a_system_against_itself_differs_by_nothing():
    one, _, people = hubs()
    found = fmr_difference(one, one, people, rng=np.random.default_rng(1))
    assert (found.value, found.discordant, found.test.p_value) == (0.0, 0, 1.0)


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda: pair_sign_flip_test([], [], ([], [])), "no non-mated comparison", NotMeasured),
        (lambda: pair_sign_flip_test([1], [0], (["a"], ["a"])), "comparison 1 is of one person", BadInput),
        (lambda: pair_sign_flip_test([1], [0], (["a"], [""])), "entry 0 is empty", BadInput),
        (lambda: pair_sign_flip_test([1, 0], [0], (["a"], ["b"])), "1 entries, 2 are needed", BadInput),
        (lambda: pair_sign_flip_test([1], [0], (["a", "b"], ["b", "c"])), "shape", BadInput),
    ],
)
def test_bad_input_is_named(call, words, error):
    with pytest.raises(error, match=words):
        call()


def test_beyond_the_exact_size_the_normal_distribution_takes_over(monkeypatch):
    d = np.random.default_rng(3).integers(20, 30, 1000)
    at = int(2 * np.sqrt((d**2).sum()))
    exact = chance_of_signs(d, at)
    assert d.sum() < paired.EXACT_UP_TO
    monkeypatch.setattr(paired, "EXACT_UP_TO", 100)
    normal = chance_of_signs(d, at)
    assert normal != exact
    assert normal == pytest.approx(exact, rel=0.02)
    assert exact == pytest.approx(0.0455, abs=0.002)

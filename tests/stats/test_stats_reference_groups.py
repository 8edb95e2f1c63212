"""FPIR by an attribute of the enrolled: counts by hand and by a loop, the level of the test, laws."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.reference_groups import reference_group_rates

accepted = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=20, unique=True)
PEOPLE = [f"p{i}" for i in range(8)]
GROUPS = ["a", "a", "a", "b", "b", "c"]


def rates_of(pairs, **options):
    search, subject = np.array(pairs, dtype=int).reshape(-1, 2).T
    return reference_group_rates((search, subject), PEOPLE, GROUPS, **options)


def test_counts_by_hand():
    """Search 0 alerts on two of group a (one false positive of it) and one of b; search 1 on one of b."""
    found = rates_of([(0, 0), (0, 1), (0, 3), (1, 4)])
    assert {name: (rate.errors, rate.trials) for name, rate in found.rates.items()} == {
        "a": (1, 8),
        "b": (2, 8),
        "c": (0, 8),
    }
    assert (found.pooled.errors, found.pooled.trials) == (2, 8)
    assert found.subjects == {"a": 3, "b": 2, "c": 1}
    assert found.per_subject == {"a": 2 / 24, "b": 2 / 16, "c": 0.0}
    assert found.different() == []
    assert "Not tested" in found.verdict()
    json.dumps(found.to_dict(), allow_nan=False)


@given(accepted)
def test_each_group_is_counted_as_a_gallery_of_its_own(pairs):
    found = rates_of(pairs)
    for name, rate in found.rates.items():
        members = {i for i, group in enumerate(GROUPS) if group == name}
        assert rate.errors == len({s for s, c in pairs if c in members})
    assert found.pooled.errors == len({s for s, _ in pairs})
    assert max((r.errors for r in found.rates.values()), default=0) <= found.pooled.errors
    assert found.pooled.errors <= sum(r.errors for r in found.rates.values())


@given(accepted, st.permutations(range(8)))
def test_the_order_of_searches_changes_nothing(pairs, order):
    there = rates_of(pairs)
    place = np.argsort(order)
    moved = np.array(pairs, dtype=int).reshape(-1, 2)
    search, subject = place[moved[:, 0]] if len(moved) else moved[:, 0], moved[:, 1]
    back = reference_group_rates((search, subject), [PEOPLE[i] for i in order], GROUPS)
    assert {k: v.errors for k, v in back.rates.items()} == {k: v.errors for k, v in there.rates.items()}


def test_crossed_with_the_probes_attribute_the_trials_are_those_of_the_probes():
    own = ["x"] * 3 + ["y"] * 5
    found = rates_of([(0, 0), (0, 3), (4, 4), (5, 4)], probe_group=own, rng=np.random.default_rng(1), permutations=19)
    assert {name: (rate.errors, rate.trials) for name, rate in found.rates.items()} == {
        "x x a": (1, 3),
        "x x b": (1, 3),
        "x x c": (0, 3),
        "y x a": (0, 5),
        "y x b": (2, 5),
        "y x c": (0, 5),
    }
    assert found.test.unit == "labels of enrolled subjects and of probe people"


def test_an_attribute_that_changes_within_people_permutes_the_enrolled_only():
    people = ["ann"] * 4 + ["bob"] * 4
    found = reference_group_rates(
        ([0, 1], [0, 1]), people, GROUPS, probe_group=list("xyxyxyxy"), permutations=19, rng=np.random.default_rng(1)
    )
    assert found.test.unit == "labels of enrolled subjects"
    assert "changes within people" in found.note


def test_the_expected_rates_are_the_mean_over_random_labels():
    """One subject of six alerts in every search: a group of three holds them in half of the permutations."""
    found = rates_of([(s, 0) for s in range(8)], permutations=4000, rng=np.random.default_rng(2))
    np.testing.assert_allclose(found.expected, [1 / 2, 1 / 3, 1 / 6], atol=0.03)
    np.testing.assert_allclose(found.spread, np.sqrt([1 / 4, 2 / 9, 5 / 36]), atol=0.03)
    assert found.test.p_value > 0.1  # one person says nothing of a group


def simulated(rng, ratio):
    """60 enrolled of two groups of unequal size, 300 strangers; three hubs; group b matches `ratio` times as often."""
    groups = np.array(["a"] * 40 + ["b"] * 20)
    chance = np.where(groups == "b", ratio, 1.0) * 0.004
    chance = np.where(rng.random(60) < 0.05, 0.08, chance)
    search, subject = np.nonzero(rng.random((300, 60)) < chance)
    found = reference_group_rates((search, subject), [f"p{i}" for i in range(300)], groups, permutations=99, rng=rng)
    return found.test.p_value


def test_the_test_holds_its_level_with_hubs_and_unequal_groups_and_sees_a_difference():
    rng = np.random.default_rng(4)
    assert np.mean([simulated(rng, 1.0) <= 0.05 for _ in range(120)]) <= 0.1
    assert np.mean([simulated(rng, 12.0) <= 0.05 for _ in range(40)]) >= 0.6


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda: reference_group_rates(([], []), [], ["a"]), "no non-mated search", NotMeasured),
        (lambda: reference_group_rates(([], []), ["p"], []), "nobody enrolled", NotMeasured),
        (lambda: reference_group_rates(([3], [0]), ["p"], ["a"]), "search 3 is none of the 1", BadInput),
        (lambda: reference_group_rates(([0], [2]), ["p"], ["a"]), "subject 2 is none of the 1", BadInput),
        (lambda: reference_group_rates(([0, 0], [0]), ["p"], ["a"]), "2 searches for 1 subjects", BadInput),
        (lambda: rates_of([(0, 0)], permutations=0, rng=np.random.default_rng(1)), "at least 1", BadInput),
    ],
)
def test_bad_input_is_named(call, words, error):
    with pytest.raises(error, match=words):
        call()


def test_one_group_and_nobody_alerted():
    found = reference_group_rates(([], []), PEOPLE, [""] * 3, rng=np.random.default_rng(1))
    assert found.verdict() == "One group: nothing to compare."
    assert [*found.rates] == ["(unknown)"]
    two = rates_of([], permutations=19, rng=np.random.default_rng(1))
    assert two.test.p_value == 1.0

"""Permutation tests of labels: against every assignment of the labels, against a plain loop, laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.permutation import pair_label_test, person_label_test, within_person_test


def statistic(errors, trials):
    """X^2 of a row of groups, by the formula."""
    p = errors.sum() / trials.sum()
    spread = p * (1 - p) * trials
    return sum((e - p * n) ** 2 / v for e, n, v in zip(errors, trials, spread) if v > 0)


def every_assignment(label, counted):
    """The exact p-value: the share of distinct orders of the labels whose statistic reaches the observed one."""
    value = statistic(*counted(np.array(label)))
    reached = [statistic(*counted(np.array(order))) >= value - 1e-9 for order in itertools.permutations(label)]
    return float(np.mean(reached))


def by_person(errors, trials, label):
    groups = max(label) + 1
    return np.bincount(label, errors, groups), np.bincount(label, trials, groups)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=6, max_size=6), st.integers(1, 3))
def test_the_p_value_is_that_of_every_assignment_of_the_people(people, ones):
    errors = np.array([e for e, _ in people], dtype=float)
    trials = np.array([e + more + 1 for e, more in people])
    label = np.array([1] * ones + [0] * (6 - ones))
    exact = every_assignment(label.tolist(), lambda drawn: by_person(errors, trials, drawn))
    found = person_label_test(errors, trials, label, 1500, np.random.default_rng(1))
    assert found.p_value == pytest.approx(exact, abs=0.05)
    assert found.statistic == pytest.approx(statistic(*by_person(errors, trials, label)))


def pairs_table(error, people, label):
    """Errors and trials of each pair of groups, without order, by a loop."""
    names = list(itertools.combinations_with_replacement(range(max(label) + 1), 2))
    cells = [tuple(sorted((label[i], label[j]))) for i, j in zip(*people)]
    errors = np.array([sum(bool(e) for e, cell in zip(error, cells) if cell == name) for name in names], dtype=float)
    return errors, np.array([sum(cell == name for cell in cells) for name in names])


def test_pairs_of_groups_against_every_assignment_by_a_loop():
    rng = np.random.default_rng(7)
    first, second = np.triu_indices(6, 1)
    error = rng.random(15) < 0.4
    label = np.array([0, 0, 0, 1, 1, 1])
    exact = every_assignment(label.tolist(), lambda drawn: pairs_table(error, (first, second), drawn))
    found = pair_label_test(error, (first, second), label, 2000, rng)
    assert found.p_value == pytest.approx(exact, abs=0.04)
    assert found.statistic == pytest.approx(statistic(*pairs_table(error, (first, second), label)))


def test_within_people_only_those_with_two_labels_say_anything():
    """Ann errs at the gate and not in the hall, four times each: C(8, 4) = 70 orders, and none of the others is as
    extreme, since the gate has one more error, of a person who has one trial."""
    error = np.array([1, 1, 1, 1, 0, 0, 0, 0, 1, 0], dtype=bool)
    label = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1])
    person = np.array([0] * 8 + [1, 2])
    found = within_person_test(error, label, person, 4000, np.random.default_rng(2))
    assert found.p_value == pytest.approx(1 / 70, abs=0.006)
    alone = within_person_test(error, label, np.arange(10), 50, np.random.default_rng(2))
    assert alone.p_value == 1.0


@pytest.mark.parametrize("errors", [[0, 0, 0, 0], [2, 2, 2, 2]])
def test_no_error_and_only_errors_show_nothing(errors):
    found = person_label_test(np.array(errors), np.full(4, 2), np.array([0, 0, 1, 1]), 50, np.random.default_rng(1))
    assert (found.statistic, found.p_value) == (0.0, 1.0)


def test_the_p_value_is_never_zero_and_the_smallest_is_one_over_the_permutations():
    found = person_label_test(
        np.array([9] * 20 + [0] * 20), np.full(40, 9), np.array([0] * 20 + [1] * 20), 99, np.random.default_rng(1)
    )
    assert found.p_value == 0.01
    assert "99 permutations of labels of people" in repr(found)


def test_no_permutation_is_refused():
    args = (np.array([1, 0]), np.array([1, 1]), np.array([0, 1]), 0, np.random.default_rng(1))
    with pytest.raises(BadInput, match="permutations: must be at least 1"):
        person_label_test(*args)
    with pytest.raises(BadInput, match="at least 1"):
        within_person_test(np.array([True]), np.array([0]), np.array([0]), 0, np.random.default_rng(1))

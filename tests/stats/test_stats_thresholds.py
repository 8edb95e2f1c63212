"""The rule of thresholds, the split of people, and how much data a claim needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.planning import (
    allowed_errors,
    pairs_needed,
    people_needed,
    rule_of_thirty,
    rule_of_three,
    trials_to_resolve,
    trials_to_support,
)
from facelab.stats.thresholds import (
    Support,
    candidate_thresholds,
    check_given_threshold,
    next_threshold,
    split_probes,
    target_support,
)
from facelab.types import Comparisons


def probes(subjects, enrolled=("e0", "e1", "e2", "e3", "e4", "e5")):
    p = len(subjects)
    return Comparisons(np.zeros((p, 0)), [f"p{i}" for i in range(p)], subjects, [], [], enrolled)


def test_how_many_people_a_test_of_one_in_six_thousand_needs():
    assert people_needed(1 / 6000) == 17_973
    assert people_needed(1 / 6000, sides=2) == 22_132
    assert pairs_needed(1 / 6000) == 2 * 17_973


@pytest.mark.parametrize(("target", "errors"), [(0.01, 0), (0.01, 3), (0.2, 1), (0.0005, 10), (0.9, 0)])
def test_the_people_needed_are_the_fewest_by_scipys_exact_bound(target, errors):
    n = people_needed(target, errors)
    assert reference.binomtest(errors, n).proportion_ci(0.90, "exact").high <= target
    if n - 1 > errors:
        assert reference.binomtest(errors, n - 1).proportion_ci(0.90, "exact").high > target


def test_rules_of_thumb():
    assert rule_of_three(3000) == pytest.approx(0.001)
    assert rule_of_three(1) == 1
    assert rule_of_thirty(0.003) == 10_000
    assert (trials_to_resolve(0.01), trials_to_support(0.01)) == (100, 300)
    assert (trials_to_resolve(0.3), trials_to_support(0.3)) == (4, 10)


def test_thirty_errors_give_thirty_per_cent_at_ninety():
    low, high = reference.chi2.ppf(0.05, 60) / 2 / 30, reference.chi2.ppf(0.95, 62) / 2 / 30
    assert low == pytest.approx(0.7, abs=0.03)
    assert high == pytest.approx(1.3, abs=0.08)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_target_that_is_a_count_over_the_trials_allows_that_count(k, n):
    if k < n:
        assert allowed_errors(k / n, n) == k


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rule_of_three(0), "needs a trial"),
        (lambda: people_needed(2), "percentage"),
        (lambda: people_needed(0.1, -1), "errors are 0 or more"),
        (lambda: people_needed(0.1, sides=3), "sides 1 or 2"),
        (lambda: trials_to_resolve(0), "strictly between 0 and 1"),
    ],
)
def test_what_is_no_plan_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_support_has_two_levels_and_names_what_lacks():
    assert target_support("FPIR", 0.1, 300, (30, "probe people")) == Support()
    assert target_support("FPIR", 0.1, 300, (None, "")) == Support()
    assert "wants 30 probe people, there are 29" in target_support("FPIR", 0.1, 300, (29, "probe people")).reason
    assert "wants 30 trials, there are 29" in target_support("FPIR", 0.1, 29, (29, "probe people")).reason
    with pytest.raises(UnattainableTarget):
        target_support("FPIR", 0.1, 9, (9, "probe people"))
    with pytest.raises(BadInput):
        target_support("FPIR", 1.5, 9, (9, "probe people"))
    both = Support(False, "a") & Support(False, "b")
    assert (both.supported, both.reason) == (False, "a; b")
    assert (Support(False, "a") & Support(False, "a")).reason == "a"


def test_candidates_are_the_distinct_scores_and_the_next_float():
    grid = candidate_thresholds(np.array([0.5, 0.25, 0.5]), np.array([np.nan, -np.inf, 0.1]))
    assert grid.tolist() == [0.1, 0.25, 0.5, next_threshold(0.5)]
    with pytest.raises(NotMeasured):
        candidate_thresholds(np.array([np.nan]))


@given(st.floats(-1e6, 1e6))
def test_the_next_threshold_lies_above(largest):
    assert next_threshold(largest) > largest


@given(st.floats(-1e6, 1e6, width=32))
def test_the_next_threshold_lies_above_in_single_precision_too(largest):
    assert np.float32(next_threshold(largest)) > np.float32(largest)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_the_parts_share_no_person_and_both_have_both_kinds(seed, share):
    rng = np.random.default_rng(seed)
    subjects = (
        [f"e{i}" for i in rng.integers(0, 3, 6)] + ["e0", "e1", "", ""] + [f"u{i}" for i in rng.integers(0, 5, 9)]
    )
    both = split_probes(probes(subjects), share, rng)
    people = [set(part.probe_subject.tolist()) - {""} for part in both]
    assert not people[0] & people[1]
    assert sorted(np.concatenate([p.probe_id for p in both]).tolist()) == sorted(f"p{i}" for i in range(len(subjects)))
    for part in both:
        assert part.mated.any()
        assert not part.mated.all()
        assert len(part.enrolled) == 6


def test_the_same_seed_gives_the_same_parts():
    table = probes(["e0", "e1", "e2", "", "", "", "u"])
    first, second = (split_probes(table, 0.5, np.random.default_rng(4))[0].probe_id.tolist() for _ in range(2))
    assert first == second


def test_one_person_of_a_kind_cannot_be_in_both_parts():
    with pytest.raises(NotMeasured, match="one mated person"):
        split_probes(probes(["e0", "e0", "", ""]), 0.5, np.random.default_rng(0))
    with pytest.raises(NotMeasured, match="one non-mated person"):
        split_probes(probes(["e0", "e1", "u", "u"]), 0.5, np.random.default_rng(0))
    with pytest.raises(BadInput, match="share"):
        split_probes(probes(["e0"]), 1.0, np.random.default_rng(0))


def test_a_given_threshold_lies_near_the_scores():
    assert check_given_threshold(0.9, 0.0, 0.8) == 0.9
    for outside in (1.5, -0.5, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="outside the scores"):
            check_given_threshold(outside, 0.0, 0.8)

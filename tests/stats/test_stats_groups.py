"""Groups: worked cases, the test's level and power by simulation, counts that add up."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.group_report import comparison_group_report, search_group_report
from facelab.stats.groups import group_rates, pair_group_rates
from facelab.stats.permutation import person_label_test
from facelab.stats.searches import searches
from facelab.types import Comparisons


def test_worked_case():
    found = group_rates("FNMR", [1, 0, 0, 1, 1, 0], list("AAABBB"), ["p", "p", "q", "r", "s", "t"])
    assert {g: (r.errors, r.trials, r.people) for g, r in found.rates.items()} == {"A": (1, 3, 2), "B": (2, 3, 3)}
    assert (found.pooled.errors, found.pooled.trials, found.pooled.people) == (3, 6, 5)
    assert found.measures()["max_min"] == pytest.approx(2)
    assert found.test is None


def test_the_p_value_is_that_of_all_assignments():
    """Four people with 2, 1, 0, 0 errors in 2 trials each; labels A A B B: 2 of 6 assignments are as uneven."""
    errors, trials = np.array([2, 1, 0, 0]), np.array([2, 2, 2, 2])

    def uneven(a):
        return abs(sum(errors[list(a)]) - 1.5)

    subsets = list(itertools.combinations(range(4), 2))
    exact = np.mean([uneven(a) >= uneven((0, 1)) for a in subsets])
    found = person_label_test(errors, trials, np.array([0, 0, 1, 1]), 6000, np.random.default_rng(0))
    assert found.p_value == pytest.approx(exact, abs=0.02)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ABC"), st.integers(0, 5)), min_size=1, max_size=30))
def test_groups_add_up_to_the_pooled_rate(rows):
    error, group, person = zip(*rows)
    found = group_rates("FNIR", error, group, [f"p{x}" for x in person])
    assert sum(r.errors for r in found.rates.values()) == found.pooled.errors == sum(error)
    assert sum(r.trials for r in found.rates.values()) == found.pooled.trials == len(rows)


def test_the_test_keeps_its_level_where_people_share_errors():
    """Equal groups, five alike trials a person: about 5 % of 200 tests reject at 5 %, where chi-square would 40 %."""
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], 20)
    rejected = 0
    for _ in range(200):
        errors = 5 * (rng.random(40) < 0.2)
        rejected += person_label_test(errors, np.full(40, 5), label, 99, rng).p_value < 0.05
    assert rejected <= 22


def test_a_large_difference_is_found_and_named():
    rng = np.random.default_rng(1)
    group = np.repeat(["A", "B"], 300)
    error = rng.random(600) < np.where(group == "A", 0.02, 0.2)
    found = group_rates("FNMR", error, group, np.arange(600).astype(str), rng=rng)
    assert found.test.p_value < 0.01
    assert found.different() == [("A", "B")]
    assert "The groups differ" in repr(found)


def test_what_the_data_could_not_have_seen_is_said():
    """30 people a group: a true rate several times the pooled one would go unseen; 3,000 a group see far less."""
    rng = np.random.default_rng(2)

    def unseen(people):
        group = np.repeat(["A", "B"], people)
        error = np.arange(2 * people) % 20 == 0
        found = group_rates("FNMR", error, group, np.arange(2 * people).astype(str), rng=rng, permutations=99)
        assert "could have gone unseen" in found.verdict()
        return found.detectable()["A"] / found.pooled.value

    assert unseen(30) > 3
    assert unseen(3000) < 1.5


def test_the_detectable_rate_is_found_four_times_in_five():
    rng = np.random.default_rng(3)
    people = 250
    group = np.repeat(["A", "B"], people)
    base = group_rates("x", np.arange(2 * people) % 20 == 0, group, np.arange(2 * people).astype(str))
    higher = base.detectable(level=0.1)["A"]  # two groups: each at 0.05
    label = np.repeat([0, 1], people)
    found = 0
    for _ in range(150):
        error = rng.random(2 * people) < np.where(label == 0, higher, 0.05)
        found += person_label_test(error.astype(float), np.ones(2 * people, dtype=int), label, 199, rng).p_value <= 0.05
    assert 0.68 * 150 < found < 0.95 * 150


def test_equal_groups_have_a_ratio_above_one_and_the_test_says_how_far():
    rng = np.random.default_rng(4)
    group = np.repeat(list("ABCDE"), 100)
    error = rng.random(500) < 0.1
    found = group_rates("FNMR", error, group, np.arange(500).astype(str), rng=rng)
    assert 1.3 < found.test.equal_ratio < 4


def test_an_attribute_that_changes_within_people_is_permuted_within_them():
    """Cameras: only B has misses. People have no one label to permute; their own trials have."""
    person = np.repeat(np.arange(15).astype(str), 4)
    camera = np.tile(["A", "A", "B", "B"], 15)
    rng = np.random.default_rng(5)
    error = (camera == "B") & (rng.random(60) < 0.6)
    found = group_rates("FNIR", error, camera, person, rng=rng, permutations=499)
    assert found.test.unit == "labels within people"
    assert found.test.p_value < 0.01


def pair_data(rng, people=30, raise_group=0.0):
    i, j = np.triu_indices(people, 1)
    group = np.where(np.arange(people) % 2 == 0, "A", "B")
    error = rng.random(len(i)) < 0.05 + raise_group * ((group[i] == "B") & (group[j] == "B"))
    return error, (i.astype(str), j.astype(str)), (group[i], group[j])


def test_pairs_by_side_and_by_both():
    error, people, groups = pair_data(np.random.default_rng(6))
    both = pair_group_rates(error, people, groups)
    assert list(both.rates) == ["A x A", "A x B", "B x B"]
    assert sum(r.trials for r in both.rates.values()) == len(error)
    assert both.rates["A x A"].trials == 15 * 14 // 2
    probe = pair_group_rates(error, people, groups, side="probe")
    assert probe.rates["A"].errors == error[groups[0] == "A"].sum()
    assert pair_group_rates(error, people, groups, side="reference").rates["B"].trials == (groups[1] == "B").sum()


def test_the_pair_test_counts_as_a_plain_loop_does_and_finds_a_difference():
    rng = np.random.default_rng(7)
    equal, higher = (pair_group_rates(*pair_data(rng, raise_group=r), rng=rng, permutations=199) for r in (0.0, 0.3))
    assert higher.test.p_value <= 0.01
    assert equal.test.p_value > 0.01
    p = equal.pooled.value
    plain = sum((r.errors - p * r.trials) ** 2 / (p * (1 - p) * r.trials) for r in equal.rates.values())
    assert equal.test.statistic == pytest.approx(plain)
    side = pair_group_rates(*pair_data(rng), side="probe", rng=rng, permutations=19)
    assert side.test.unit == "labels of people"


def test_pairs_whose_people_change_groups_have_no_test_and_say_so():
    found = pair_group_rates([1, 0], (["a", "a"], ["b", "c"]), (["X", "Y"], ["X", "X"]), rng=np.random.default_rng(0))
    assert found.test is None
    assert "changes within people" in found.verdict()


def table():
    rng = np.random.default_rng(8)
    score = rng.normal(size=(60, 20))
    subject = np.array([f"g{i}" if i < 20 else "" for i in range(60)])
    score[np.arange(20), np.arange(20)] += 3
    names = np.array([f"g{j}" for j in range(20)])
    return searches(Comparisons(score, np.arange(60).astype(str), subject, names, names, names))


def test_report_of_searches():
    found = table()
    group = np.where(np.arange(60) % 2 == 0, "A", "B")
    report = search_group_report(found, group, 2.0, rng=np.random.default_rng(0))
    assert report.false_positive.pooled.trials == 40
    assert report.false_negative.pooled.trials == 20
    assert set(report.measures()) == {"garbe", "fdr", "ineq"}
    out = json.loads(json.dumps(report.to_dict()))
    assert len(out["false_positive"]["groups"]) == 2
    assert len(report.false_positive.to_frame()) == 2
    assert "FPIR" in repr(report)
    only = search_group_report(found.take(found.mated), group[:20], 2.0)
    assert only.false_positive is None
    assert only.measures() == {}
    with pytest.raises(NotMeasured, match="no search"):
        search_group_report(found.take(np.zeros(60, dtype=bool)), [], 2.0)
    with pytest.raises(BadInput, match="rank"):
        search_group_report(found, group, 2.0, rank=0)


def test_report_of_comparisons():
    rng = np.random.default_rng(9)
    who = np.repeat(np.arange(12), 2)
    i, j = np.triu_indices(24, 1)
    score = rng.normal(size=len(i)) + 2 * (who[i] == who[j])
    score[0] = np.nan
    group = np.where(who % 2 == 0, "A", "B")
    report = comparison_group_report(
        score, (who[i].astype(str), who[j].astype(str)), (group[i], group[j]), 1.0, rng=rng
    )
    assert list(report.false_positive.rates) == ["A x A", "A x B", "B x B"]
    assert report.false_negative.pooled.trials == 11
    assert report.measures()["garbe"] >= 0
    with pytest.raises(NotMeasured, match="no comparison"):
        comparison_group_report([np.nan], (["a"], ["b"]), (["A"], ["A"]), 1.0)


def test_one_group_and_unknown_labels():
    one = group_rates("FNMR", [0, 1], ["A", "A"], ["p", "q"], rng=np.random.default_rng(0))
    assert one.test is None
    assert one.verdict() == "One group: nothing to compare."
    assert np.isnan(one.measures()["max_min"])
    assert list(group_rates("FNMR", [0, 1], ["A", ""], ["p", "q"]).rates) == ["(unknown)", "A"]


def test_no_error_at_all_is_no_difference():
    found = group_rates("FNMR", [0] * 6, list("AAABBB"), list("abcdef"), rng=np.random.default_rng(0), permutations=9)
    assert found.test.p_value == 1.0
    assert np.isnan(found.test.equal_ratio)
    assert found.detectable()["A"] > 0.5


def test_the_same_seed_gives_the_same_p_value():
    data = pair_data(np.random.default_rng(0))
    one, two = (pair_group_rates(*data, rng=np.random.default_rng(3), permutations=99).test for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: group_rates("x", [0, 1], ["A"], ["p", "q"]), "group"),
        (lambda: group_rates("x", [0, 2], ["A", "B"], ["p", "q"]), "true and false"),
        (lambda: pair_group_rates([0], (["a"], [""]), (["A"], ["B"])), "empty"),
        (lambda: pair_group_rates([0], (["a"], ["b"]), (["A"], ["B"]), side="left"), "side"),
        (
            lambda: person_label_test(np.ones(2), np.ones(2), np.array([0, 1]), 0, np.random.default_rng(0)),
            "permutations",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_no_trial_is_not_measured():
    with pytest.raises(NotMeasured, match="no trial"):
        group_rates("x", [], [], [])
    with pytest.raises(NotMeasured, match="no comparison"):
        pair_group_rates([], ([], []), ([], []))


def test_the_other_sides_label_does_not_stand_in_the_way_of_the_test():
    """Of each comparison only the probe's group is known: the reference's person has other labels as a probe."""
    rng = np.random.default_rng(3)
    i, j = np.triu_indices(40, 1)
    swap = rng.random(len(i)) < 0.5
    probe, reference = np.where(swap, j, i).astype(str), np.where(swap, i, j).astype(str)
    group = np.where(probe.astype(int) % 2, "A", "B")
    error = rng.random(len(i)) < np.where(group == "A", 0.5, 0.02)
    found = pair_group_rates(error, (probe, reference), (group, group), side="probe", rng=rng, permutations=99)
    assert found.test.p_value == 0.01
    mirrored = pair_group_rates(error, (reference, probe), (group, group), side="reference", rng=rng, permutations=99)
    assert {k: r.errors for k, r in mirrored.rates.items()} == {k: r.errors for k, r in found.rates.items()}
    assert mirrored.test.p_value == 0.01


def test_people_of_the_other_side_alone_are_not_permuted():
    """Four probes against 30 references: of the labels of four people, two of each, no assignment is rarer than 1/3."""
    probe = np.repeat([f"p{k}" for k in range(4)], 30)
    reference = np.tile([f"r{k}" for k in range(30)], 4)
    group = np.where(np.isin(probe, ["p0", "p1"]), "A", "B")
    found = pair_group_rates(
        group == "A", (probe, reference), (group, group), side="probe", rng=np.random.default_rng(1), permutations=999
    )
    assert found.test.p_value == pytest.approx(1 / 3, abs=0.06)

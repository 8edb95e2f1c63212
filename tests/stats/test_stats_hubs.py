"""Hubs: which references raise the false alerts, by plain loops, exact distributions and simulated galleries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.hubs import FalseAlerts, false_alerts_by_reference, hub_effect, rejected, upper_tail
from facelab.stats.openset import open_set_curve
from facelab.stats.thresholds import split_probes
from facelab.types import Comparisons


def table(score: np.ndarray, people: list[str] | None = None, mated: int = 0) -> Comparisons:
    """Probes against one reference each of r subjects; the first `mated` probes are of subject s0."""
    p, r = score.shape
    who = people or [f"stranger{i}" for i in range(p)]
    who = ["s0"] * mated + who[mated:]
    subjects = [f"s{j}" for j in range(r)]
    return Comparisons(score, [f"p{i}" for i in range(p)], who, [f"s{j}/1" for j in range(r)], subjects, subjects)


def crowd(rng: np.random.Generator, people: int, references: int, hubs: int = 0, lift: float = 0.0) -> Comparisons:
    """Normal scores of two passages a person; the first `hubs` references score `lift` higher with everybody."""
    score = np.repeat(rng.normal(0, 1, (people, references)), 2, axis=0) + rng.normal(0, 0.1, (2 * people, references))
    score[:, :hubs] += lift
    return table(score, [f"x{i // 2}" for i in range(2 * people)])


def test_counts_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(5)
    score = rng.normal(size=(40, 12))
    score[rng.random(score.shape) < 0.05] = np.nan
    people = [f"x{i}" for i in rng.integers(0, 9, 40)]
    comparisons = table(score, people, mated=4)
    found = false_alerts_by_reference(comparisons, 0.8)
    rows = range(4, 40)
    above = {j: [i for i in rows if score[i, j] >= 0.8] for j in range(12)}
    assert found.searches.tolist() == [len(above[j]) for j in range(12)]
    assert found.people.tolist() == [len({people[i] for i in above[j]}) for j in range(12)]
    lonely = [sum(1 for i in above[j] if not any(i in above[k] for k in range(12) if k != j)) for j in range(12)]
    assert found.alone.tolist() == lonely
    assert found.trials == 36
    assert found.saved([3]).errors == found.alone[3]


def test_fpir_is_that_of_the_open_set_curve_with_and_without_references() -> None:
    comparisons = crowd(np.random.default_rng(2), 30, 20)
    found = false_alerts_by_reference(comparisons, 1.9)
    assert found.fpir == open_set_curve(comparisons).at(1.9).fpir
    kept = [j for j in range(20) if j not in (1, 4)]
    rest = Comparisons(
        comparisons.score[:, kept],
        comparisons.probe_id,
        comparisons.probe_subject,
        comparisons.reference_id[kept],
        comparisons.reference_subject[kept],
        comparisons.reference_subject[kept],
    )
    assert found.without([1, 4]) == open_set_curve(rest).at(1.9).fpir
    assert found.without([]) == found.fpir
    assert found.without(range(20)).errors == 0
    assert found.fpir.errors - found.without([1, 4]).errors == found.saved([1, 4]).errors


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_the_upper_tail_is_that_of_all_outcomes(shares: list[float]) -> None:
    chance = np.zeros(len(shares) + 1)
    for outcome in itertools.product((0, 1), repeat=len(shares)):
        chance[sum(outcome)] += np.prod([p if hit else 1 - p for p, hit in zip(shares, outcome, strict=True)])
    expected = chance[::-1].cumsum()[::-1]
    np.testing.assert_allclose(upper_tail(np.array(shares), np.arange(len(shares) + 1)), expected, atol=1e-12)


def test_the_upper_tail_keeps_its_digits_where_it_is_tiny() -> None:
    from scipy.stats import binom

    assert upper_tail(np.full(300, 0.01), np.array([40]))[0] == pytest.approx(binom.sf(39, 300, 0.01), rel=1e-9)


def test_rejected_is_the_step_up_procedure() -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(1).random(200) ** 3
    np.testing.assert_array_equal(rejected(p, 0.1), false_discovery_control(p) <= 0.1)
    assert rejected(np.zeros(0)).shape == (0,)
    assert not rejected(np.ones(5)).any()


def test_without_hubs_few_galleries_have_one_and_planted_hubs_are_found() -> None:
    rng = np.random.default_rng(8)
    none = [len(false_alerts_by_reference(crowd(rng, 100, 80), 2.2).hubs()) for _ in range(60)]
    assert np.mean(np.array(none) > 0) <= 0.12
    found = false_alerts_by_reference(crowd(rng, 100, 80, hubs=3, lift=1.5), 2.2)
    assert set(found.hubs().tolist()) == {0, 1, 2}


def test_the_saving_in_sample_is_optimistic_and_on_other_people_it_is_not() -> None:
    """References picked for their false alerts among equals save more of those than of others' (regression)."""
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(40):
        select, report = split_probes(crowd(rng, 60, 30), 0.5, rng)
        first, other = (false_alerts_by_reference(part, 2.0) for part in (select, report))
        worst = np.argsort(-first.alone)[:3]
        drawn.append((first.saved(worst).value, other.saved(worst).value))
    inside, outside = np.mean(drawn, axis=0)
    assert inside > 1.5 * outside


def test_the_effect_of_hubs_is_measured_on_people_who_did_not_name_them() -> None:
    rng = np.random.default_rng(4)
    select, report = split_probes(crowd(rng, 200, 60, hubs=2, lift=2.0), 0.5, rng)
    effect = hub_effect(select, report, 2.5)
    assert set(effect.named.tolist()) == {"s0/1", "s1/1"}
    assert effect.before.errors == effect.after.errors + effect.saved.errors
    assert effect.saved.people == 100
    assert effect.saved.interval().low > 0
    assert "on the other half" in effect.sentence().lower()
    assert effect.to_dict()["named"] == effect.named.tolist()


def test_a_gallery_without_a_hub_says_so() -> None:
    comparisons = table(np.full((4, 3), 0.1))
    assert "No reference stands out" in hub_effect(comparisons.take([0, 1]), comparisons.take([2, 3]), 0.1).sentence()


def test_the_same_person_on_both_sides_and_different_galleries_are_refused() -> None:
    comparisons = crowd(np.random.default_rng(1), 10, 5)
    with pytest.raises(BadInput, match="names hubs and measures them"):
        hub_effect(comparisons, comparisons, 1.0)
    with pytest.raises(BadInput, match="different galleries"):
        hub_effect(comparisons, crowd(np.random.default_rng(1), 10, 6), 1.0)


def test_nothing_to_measure_is_told_and_a_threshold_on_another_scale_refused() -> None:
    with pytest.raises(NotMeasured, match="no non-mated search"):
        false_alerts_by_reference(table(np.zeros((2, 3)), mated=2), 0.0)
    with pytest.raises(NotMeasured):
        false_alerts_by_reference(table(np.zeros((2, 0))), 0.0)
    with pytest.raises(BadInput, match="another scale"):
        false_alerts_by_reference(table(np.eye(3)), 40.0)


def test_the_frame_has_the_references_that_take_part_most_people_first() -> None:
    found = false_alerts_by_reference(crowd(np.random.default_rng(4), 50, 10, hubs=1, lift=3.0), 2.5)
    frame = found.to_frame()
    assert frame["sample"].iloc[0] == "s0/1"
    assert frame["hub"].iloc[0]
    assert frame["people"].is_monotonic_decreasing
    assert found.to_dict()["references"][0]["sample"] == "s0/1"
    assert isinstance(found, FalseAlerts)

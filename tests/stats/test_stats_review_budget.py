"""Reviews spent best: against every combination of thresholds, and against the bound that no choice can exceed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.openset import open_set_curve_of_searches
from facelab.stats.review_budget import (
    SiteSteps,
    SiteTraffic,
    best_spending,
    common_spending,
    compared_spendings,
    site_steps,
)
from facelab.stats.searches import searches_from_candidates


def random_site(rng: np.random.Generator, steps: int, name: str) -> SiteSteps:
    alerts = np.concatenate([[0.0], np.cumsum(rng.integers(0, 9, steps).astype(float))])
    true = np.concatenate([[0.0], np.cumsum(rng.integers(0, 5, steps).astype(float))])
    return SiteSteps(name, np.concatenate([[np.inf], np.sort(rng.random(steps))[::-1]]), alerts, true)


def brute_force(sites: list[SiteSteps], budget: float) -> float:
    """The oracle: every combination of steps."""
    best = 0.0
    for at in product(*(range(len(site.alerts)) for site in sites)):
        if sum(site.alerts[k] for site, k in zip(sites, at)) <= budget:
            best = max(best, sum(site.true[k] for site, k in zip(sites, at)))
    return float(best)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5), st.floats(0, 60))
def test_what_is_found_lies_between_every_combination_less_the_gap_and_the_bound(
    seed: int, count: int, steps: int, budget: float
) -> None:
    rng = np.random.default_rng(seed)
    sites = [random_site(rng, steps, str(c)) for c in range(count)]
    found, optimum = best_spending(sites, budget), brute_force(sites, budget)
    assert found.alerts <= budget + 1e-9
    assert found.true <= optimum + 1e-9
    assert optimum <= found.bound + 1e-9
    assert optimum - found.true <= found.gap + 1e-9
    at = [int(np.flatnonzero(site.threshold == t)[0]) for site, t in zip(sites, found.threshold)]
    assert sum(site.true[k] for site, k in zip(sites, at)) == pytest.approx(found.true)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, 60))
def test_one_common_threshold_is_the_lowest_within_the_budget_and_never_finds_more_than_the_bound(
    seed: int, budget: float
) -> None:
    rng = np.random.default_rng(seed)
    sites = [random_site(rng, 5, str(c)) for c in range(3)]
    found = common_spending(sites, budget)
    sums = {}
    for t in {float(t) for site in sites for t in site.threshold}:
        at = [int((site.threshold >= t).sum()) - 1 for site in sites]
        sums[t] = (sum(s.alerts[k] for s, k in zip(sites, at)), sum(s.true[k] for s, k in zip(sites, at)))
    lowest = min(t for t, (alerts, _) in sums.items() if alerts <= budget + 1e-9)
    assert found.threshold[0] == lowest
    assert (found.alerts, found.true) == pytest.approx(sums[lowest])
    assert found.true <= found.bound + 1e-9


def test_by_hand_the_steeper_site_is_served_first() -> None:
    """Ten alerts a day: site b finds one in two, site a one in five; all ten go to b, where five are found."""
    a = SiteSteps("a", np.array([np.inf, 0.8, 0.6]), np.array([0.0, 5, 10]), np.array([0.0, 1, 2]))
    b = SiteSteps("b", np.array([np.inf, 0.7, 0.5]), np.array([0.0, 4, 10]), np.array([0.0, 3, 5]))
    found = best_spending([a, b], 10)
    assert found.threshold.tolist() == [np.inf, 0.5]
    assert (found.alerts, found.true, found.gap) == (10, 5, 0)
    common = common_spending([a, b], 10)
    assert common.threshold.tolist() == [0.7, 0.7]
    assert (common.alerts, common.true, common.gap) == (9, 4, 1)


def test_without_a_review_nothing_is_raised_and_what_costs_nothing_is_still_found() -> None:
    a = SiteSteps("a", np.array([np.inf, 0.9, 0.5]), np.array([0.0, 0, 3]), np.array([0.0, 2, 4]))
    assert best_spending([a], 0).true == 2
    assert best_spending([a], 100).true == 4


def curve_of(seed: int, people: int = 60):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(people):
        who = f"w{i}" if i % 3 == 0 else f"s{i}"
        rows += [(f"p{i}", who, f"w{3 * j}", float(rng.normal(0.2, 0.1))) for j in range(5)]
        if i % 3 == 0:
            rows.append((f"p{i}", who, who, float(rng.normal(0.6, 0.15))))
    enrolled = [f"w{3 * j}" for j in range(people // 3 + 1)]
    return open_set_curve_of_searches(searches_from_candidates(*zip(*_unique(rows)), enrolled=enrolled))


def _unique(rows: list) -> list:
    return list({(p, r): (p, w, r, s) for p, w, r, s in rows}.values())


def test_steps_of_a_site_are_its_rates_times_its_traffic() -> None:
    curve = curve_of(1)
    steps = site_steps("x", curve, 1_000, 0.01)
    for threshold in (0.2, 0.35, 0.5):
        point, k = curve.at(threshold), int((steps.threshold >= threshold).sum()) - 1
        at = curve.at(float(steps.threshold[k]))
        assert (at.fpir.errors, at.fnir.errors) == (point.fpir.errors, point.fnir.errors)
        true = 1_000 * 0.01 * (1 - point.fnir.value)
        named = point.misidentification.value
        assert steps.true[k] == pytest.approx(true)
        assert steps.alerts[k] == pytest.approx(1_000 * 0.99 * point.fpir.value + true + 10 * named, rel=1e-6)


def test_on_other_people_the_values_are_those_of_their_rates_and_lie_in_their_intervals() -> None:
    curves = [curve_of(2), curve_of(3)]
    sites = [SiteTraffic(curve.searches, 500, 0.02) for curve in curves]
    own, common = np.array([0.3, 0.5]), np.array([0.4, 0.4])
    found = compared_spendings(sites, own, common, np.random.default_rng(1), replicates=200)
    expected = sum(500 * 0.02 * (1 - curve.at(t).fnir.value) for curve, t in zip(curves, own))
    assert found.own_true.value == pytest.approx(expected)
    assert found.lost.value == pytest.approx(found.own_true.value - found.common_true.value)
    parts = found.own_true, found.own_alerts, found.common_true, found.common_alerts, found.lost
    for part in (*parts, found.lost_at_equal_alerts):
        assert part.low <= part.value <= part.high


def test_alike_thresholds_lose_nothing_with_certainty() -> None:
    sites = [SiteTraffic(curve_of(4).searches, 500, 0.02)]
    lost = compared_spendings(sites, np.array([0.3]), np.array([0.3]), np.random.default_rng(1), replicates=50).lost
    assert (lost.value, lost.low, lost.high) == (0, 0, 0)


def test_at_as_many_alerts_the_common_threshold_is_the_lowest_that_raises_no_more() -> None:
    """Against a walk through every score of the reporting people."""
    curves = [curve_of(6), curve_of(7)]
    sites = [SiteTraffic(curve.searches, 500 * (c + 1), 0.02) for c, curve in enumerate(curves)]
    own = np.array([0.25, 0.55])
    found = compared_spendings(sites, own, np.array([0.4, 0.4]), np.random.default_rng(1), replicates=5)
    best = 0.0
    for threshold in np.unique(np.concatenate([curve.thresholds for curve in curves])):
        steps = [site_steps("", curve, site.passages, 0.02) for curve, site in zip(curves, sites)]
        at = [int((s.threshold >= threshold).sum()) - 1 for s in steps]
        if sum(s.alerts[k] for s, k in zip(steps, at)) <= found.own_alerts.value:
            best = max(best, sum(s.true[k] for s, k in zip(steps, at)))
    equal = found.own_true.value - found.lost_at_equal_alerts.value
    assert best - 500 * 3 * 0.02 / 20 <= equal <= best + 1e-9  # the grid of thresholds is a step or so coarser


def test_a_threshold_that_accepts_nobody_raises_nothing() -> None:
    sites = [SiteTraffic(curve_of(5).searches, 500, 0.02)]
    found = compared_spendings(sites, np.array([np.inf]), np.array([0.3]), np.random.default_rng(1), replicates=20)
    assert (found.own_true.value, found.own_alerts.value) == (0, 0)


def test_what_cannot_be_spent_is_refused() -> None:
    with pytest.raises(BadInput, match="no site"):
        best_spending([], 10)
    with pytest.raises(BadInput, match="at least 0"):
        best_spending([random_site(np.random.default_rng(1), 3, "a")], -1)
    with pytest.raises(BadInput, match="begin with no alert"):
        SiteSteps("a", np.array([0.5]), np.array([1.0]), np.array([0.0]))
    strangers = open_set_curve_of_searches(searches_from_candidates(["p"], [""], ["a"], [0.3]))
    with pytest.raises(NotMeasured, match="one kind is missing"):
        site_steps("x", strangers, 10, 0.1)

"""Label errors: hand-worked corrections, their coverage, and simulation against what it must come to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers

from facelab.errors import BadInput, NotMeasured
from facelab.stats.label_noise import label_noise, threshold_at, without_wrong_errors, without_wrong_labels
from facelab.stats.label_suspects import label_suspects
from facelab.stats.openset import open_set_curve_of_searches
from facelab.stats.rates import Rate
from facelab.stats.searches import Searches, searches_from_candidates

ENROLLED = [f"e{i}" for i in range(20)]


def made(seed: int = 0, mated: int = 200, strangers: int = 400) -> Searches:
    """Each enrolled person searched for several times, strangers once, two candidates each."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(mated):
        who = i % 20
        rows += [(f"m{i}", f"e{who}", f"e{who}", rng.normal(0.6, 0.15))]
        rows += [(f"m{i}", f"e{who}", f"e{(who + 1) % 20}", rng.normal(0.2, 0.1))]
    for i in range(strangers):
        rows += [(f"n{i}", f"s{i}", f"e{rng.integers(20)}", rng.normal(0.25, 0.1))]
    return searches_from_candidates(*zip(*rows), enrolled=ENROLLED)


def test_without_wrong_labels_by_hand() -> None:
    """p* = .06, 10 of 500 labels wrong (alpha .02), of whom .8 alert: (.06 - .016) / .98 = .0449."""
    found = without_wrong_labels(Rate(60, 1000), 10, 500, errs=0.8)
    assert found.value == pytest.approx((0.06 - 0.02 * 0.8) / 0.98)
    assert found.low < found.value < Rate(60, 1000).value < found.high < 0.07
    none = without_wrong_labels(Rate(60, 1000), 0, 10**7, errs=0.8)
    ends = Rate(60, 1000).interval()
    assert (none.value, none.low, none.high) == pytest.approx((0.06, ends.low, ends.high), abs=1e-6)


def test_without_wrong_errors_by_hand() -> None:
    """20 alerts in 1,000, 5 of 10 reviewed were true, and a fifth of such people gave none: 10 in 1000 - 12.5."""
    found = without_wrong_errors(Rate(20, 1000), 5, 10, unseen=0.2)
    assert found.value == pytest.approx(10 / 987.5)
    assert 0 < found.low < found.value < found.high
    whole = without_wrong_errors(Rate(20, 1000), 20, 20)
    assert (whole.value, whole.low) == (0, 0)
    assert whole.high > 0
    assert without_wrong_errors(Rate(20, 1000), 0, 20).value == pytest.approx(0.02)


@pytest.mark.parametrize("design", ["labels", "errors"])
def test_corrected_intervals_hold_the_truth(design: str) -> None:
    """1,500 strangers at a true FPIR of .05, 40 enrolled people labelled strangers, TPIR .85; 300 labels or 40 alerts
    reviewed: 95 % intervals hold the truth in at least 92 of 100, and without the correction they do not."""
    rng, held, naive, repeats = np.random.default_rng(7), 0, 0, 250
    for _ in range(repeats):
        alerts, true = int(rng.binomial(1500, 0.05)), int(rng.binomial(40, 0.85))
        rate = Rate(alerts + true, 1540)
        if design == "labels":
            wrong = int(rng.hypergeometric(40, 1500, 300))
            found = without_wrong_labels(rate, wrong, 300, errs=0.85)
        else:
            wrong = int(rng.hypergeometric(true, alerts, 40))
            found = without_wrong_errors(rate, wrong, 40, unseen=0.15)
        held += found.low <= 0.05 <= found.high
        naive += 0.05 in rate.interval()
    assert held >= 0.92 * repeats
    assert naive < 0.4 * repeats


@given(integers(1, 200), integers(0, 30), integers(30, 60), floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_corrections_stay_rates_and_around_their_value(errors: int, wrong: int, reviewed: int, errs: float) -> None:
    rate = Rate(errors, 400)
    if wrong < reviewed:
        found = without_wrong_labels(rate, wrong, reviewed, errs=errs)
        assert 0 <= found.low <= found.value <= found.high <= 1
    if reviewed <= errors:
        found = without_wrong_errors(rate, wrong, reviewed)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.value <= rate.value + 1e-12


@given(integers(0, 10_000), floats(0.02, 0.5))
@settings(max_examples=25, deadline=None)
def test_the_threshold_is_that_of_the_curve(seed: int, target: float) -> None:
    """Chosen from sorted scores it is what the open-set curve's own search through every threshold gives."""
    found = made(seed, mated=20, strangers=60)
    curve = open_set_curve_of_searches(found)
    assert label_noise(found, 0.4, 0.0, np.random.default_rng(0), target=target, repeats=1).thresholds[0] == (
        curve.threshold_at_fpir(target).threshold
    )


def test_ties_go_together_and_too_few_have_no_threshold() -> None:
    assert threshold_at(np.array([0.1, 0.3, 0.3, 0.3, 0.4]), 0.4) == 0.4
    assert threshold_at(np.array([0.4, 0.4, 0.4]), 0.4) > 0.4
    assert threshold_at(np.array([-np.inf, -np.inf, 0.4]), 0.4) == 0.4
    assert math.isnan(threshold_at(np.array([0.4]), 0.4))


def test_labels_that_are_right_change_nothing() -> None:
    found = made()
    point = open_set_curve_of_searches(found).at(0.42)
    noise = label_noise(found, 0.42, 0.0, np.random.default_rng(1), repeats=3)
    assert set(noise.fpir.tolist()) == {point.fpir.value}
    assert noise.fnir == pytest.approx(point.fnir.value)
    assert noise.before[:2] == pytest.approx((point.fpir.value, point.fnir.value))
    assert math.isnan(noise.ends("thresholds").value)


def test_simulation_comes_to_the_mixture() -> None:
    """Mean FPIR is that of strangers and of the enrolled without a name, weighted; FNIR likewise with misnamed ones."""
    found, share = made(mated=400, strangers=800), 0.1
    point = open_set_curve_of_searches(found).at(0.42)
    best = np.fmax(found.other_score, found.mate_score)
    named = float((best[found.mated] >= 0.42).mean())
    noise = label_noise(found, 0.42, share, np.random.default_rng(2), target=0.05, repeats=400)
    alpha = 400 * share / (400 * share + 800 * (1 - share))
    assert noise.fpir.mean() == pytest.approx((1 - alpha) * point.fpir.value + alpha * named, abs=0.004)
    beta = 800 * share / (800 * share + 400 * (1 - share))
    lucky = point.fpir.value / 20
    assert noise.fnir.mean() == pytest.approx((1 - beta) * point.fnir.value + beta * (1 - lucky), abs=0.006)
    assert noise.ends("thresholds").value > noise.before[2]


def test_suspects_are_the_highest_strangers_with_their_effect_recomputed() -> None:
    """Two enrolled people without a name stand first; what their correction does is what removing them does."""
    found = made(3)
    subject = found.probe_subject.copy()
    planted = np.flatnonzero(found.mated & (found.mate_score > 0.8))[:2]
    rows = []
    for i in range(len(found)):
        who = "" if i in planted else str(subject[i])
        top = found.mate_score[i] if found.mated[i] else found.other_score[i]
        own = str(subject[i]) if found.mated[i] else ENROLLED[int(found.other_subjects[i, 0])]
        rows.append((str(found.probe_id[i]), who, own, float(top)))
    wrong = searches_from_candidates(*zip(*rows), enrolled=ENROLLED)
    suspects = label_suspects(wrong, 0.02, most=5)
    assert {one.probe_id for one in suspects[:2]} == set(found.probe_id[planted].tolist())
    assert suspects[0].typical > 0.8
    for kept in (1, 2):
        gone = {one.probe_id for one in suspects[:kept]}
        rest = wrong.take(np.array([name not in gone for name in wrong.probe_id.tolist()]))
        strangers = np.nan_to_num(rest.other_score[~rest.mated], nan=-np.inf)
        others = wrong.other_score[~wrong.mated | wrong.misidentified]
        everything = np.unique(np.concatenate([others, wrong.mate_score]))
        expected = threshold_at(strangers, 0.02, everything[np.isfinite(everything)])
        assert suspects[kept - 1].threshold == expected
    assert suspects[0].moved <= 0


def test_a_search_that_names_somebody_else_first_is_suspected_and_moves_no_threshold() -> None:
    rows = [("m0", "e0", "e0", 0.3), ("m0", "e0", "e1", 0.9), ("m1", "e1", "e1", 0.8), ("m2", "e2", "e2", 0.7)]
    rows += [(f"n{i}", "", "e1", 0.1 + i / 100) for i in range(20)]
    suspects = label_suspects(searches_from_candidates(*zip(*rows), enrolled=ENROLLED), 0.1, most=3)
    assert (suspects[0].probe_id, suspects[0].kind, suspects[0].labelled) == ("m0", "misnamed", "e0")
    assert suspects[0].moved == 0
    assert suspects[1].kind == "hidden"
    assert suspects[0].to_dict()["typical"] == 1.0


def test_what_cannot_be_answered_is_refused() -> None:
    found = made(mated=20, strangers=30)
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match="share of wrong labels"):
        label_noise(found, 0.4, 1.0, rng)
    with pytest.raises(NotMeasured, match="one kind only"):
        label_noise(found.take(found.mated), 0.4, 0.1, rng)
    with pytest.raises(NotMeasured, match="too few"):
        label_suspects(found, 0.01)
    with pytest.raises(BadInput, match="11 of 10"):
        without_wrong_labels(Rate(5, 100), 11, 10)
    with pytest.raises(BadInput, match="were reviewed, there are 5"):
        without_wrong_errors(Rate(5, 100), 1, 6)
    with pytest.raises(NotMeasured, match="no label that is right"):
        without_wrong_labels(Rate(5, 100), 10, 10)
    with pytest.raises(NotMeasured, match="no rate left"):
        without_wrong_errors(Rate(99, 100), 5, 5, unseen=0.5)

"""Limits are decided by interval ends; passing and condemning both err as rarely as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from facelab.errors import BadInput
from facelab.stats.limits import Check, Ends, Limit, checked, overall
from facelab.stats.rates import Rate


def _limit(low: float, high: float, limit: float, **more: bool) -> Limit:
    return Limit("x", (low + high) / 2, lambda tail: (low, high), limit, **more)


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((0.1, 0.2), "not worse"), ((0.1, 0.3), "not worse"), ((0.1, 0.31), "cannot tell"), ((0.31, 0.4), "worse")],
)
def test_an_end_decides_and_the_estimate_does_not(ends: tuple[float, float], verdict: str) -> None:
    assert checked([_limit(*ends, 0.3)])[0].verdict == verdict


@pytest.mark.parametrize(
    ("ends", "verdict"), [((0.5, 0.9), "not worse"), ((0.4, 0.9), "cannot tell"), ((0.1, 0.4), "worse")]
)
def test_a_floor_is_the_mirror_image(ends: tuple[float, float], verdict: str) -> None:
    assert checked([_limit(*ends, 0.5, floor=True)])[0].verdict == verdict


def test_better_takes_a_difference_below_zero() -> None:
    assert checked([_limit(-0.2, -0.01, 0.05, difference=True)])[0].verdict == "better"
    assert checked([_limit(-0.2, 0.01, 0.05, difference=True)])[0].verdict == "not worse"
    assert checked([_limit(-0.2, -0.01, 0.05)])[0].verdict == "not worse"


def test_what_was_not_measured_cannot_be_told() -> None:
    nothing = Limit("x", float("nan"), lambda tail: (float("nan"), float("nan")), 0.3)
    (found,) = checked([nothing])
    assert found.verdict == "cannot tell"
    assert found.to_dict()["low"] is None
    assert "not measured" in found.sentence()


def test_the_end_that_condemns_is_corrected_for_the_limits_asked_together() -> None:
    """With Clopper and Pearson for the interval, the tails are seen in scipy's own."""
    rate = Rate(12, 100, "FNIR")
    first, *_ = checked([Limit("FNIR", rate.value, _exact(rate), 0.3)] * 5, 0.95)
    assert first.low == pytest.approx(binomtest(12, 100).proportion_ci(0.98, "exact").low)
    assert first.high == pytest.approx(binomtest(12, 100).proportion_ci(0.90, "exact").high)
    assert (first.low_confidence, first.high_confidence) == (pytest.approx(0.99), pytest.approx(0.95))


def test_one_that_is_worse_condemns_and_one_that_cannot_tell_withholds_the_pass() -> None:
    def of(*verdicts: str) -> str:
        return overall([Check("x", 0, 0, 0, 0, v) for v in verdicts])  # type: ignore[arg-type]

    assert of("not worse", "better") == "better"
    assert of("not worse", "not worse") == "not worse"
    assert of("better", "cannot tell") == "cannot tell"
    assert of("cannot tell", "worse", "better") == "worse"
    assert of() == "cannot tell"
    with pytest.raises(BadInput, match="verdict"):
        of("fine")


def _exact(rate: Rate) -> Ends:
    def ends(tail: float) -> tuple[float, float]:
        found = rate.interval(1 - 2 * tail, "clopper-pearson")
        return found.low, found.high

    return ends


def test_a_gate_of_eight_limits_is_wrong_as_rarely_as_it_says() -> None:
    """Eight rates at their limits exactly: condemned in at most 5 % of 800 simulated gates, passed in at most 5 %."""
    rng = np.random.default_rng(3)
    known: dict[int, Limit] = {}
    verdicts = []
    for errors in rng.binomial(200, 0.1, (800, 8)).tolist():
        for e in set(errors) - set(known):
            ends = {tail: _exact(Rate(e, 200))(tail) for tail in (0.05, 0.05 / 8)}
            known[e] = Limit("x", e / 200, lambda tail, ends=ends: ends[min(ends, key=lambda t: abs(t - tail))], 0.1)
        verdicts.append(overall(checked([known[e] for e in errors])))
    assert np.mean([v == "worse" for v in verdicts]) <= 0.05
    assert np.mean([v == "not worse" for v in verdicts]) <= 0.05
    assert "cannot tell" in verdicts


def test_a_confidence_is_no_percentage() -> None:
    with pytest.raises(BadInput):
        checked([_limit(0, 1, 0.5)], 95)

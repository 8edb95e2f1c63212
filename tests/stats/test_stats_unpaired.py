"""Differences between different people: symmetric, honest about few misses, and as sure as they say."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.stats.openset import OpenSetCurve
from facelab.stats.searches import Searches
from facelab.stats.unpaired import Side, unpaired_at_fpir, unpaired_at_thresholds


def _searches(rng: np.random.Generator, mated: int, strangers: int, mean: float, each: int = 1) -> Searches:
    """People with `each` searches; a mate's score is about `mean`, a stranger's best about 0."""
    n, m = mated * each, strangers * each
    effect = np.repeat(np.concatenate([rng.normal(mean, 0.6, mated), rng.normal(0, 0.6, strangers)]), each)
    score = effect + rng.normal(0, 0.8, n + m)
    is_mated = np.arange(n + m) < n
    who = np.repeat([f"{rng.integers(1 << 30)}-{i}" for i in range(mated + strangers)], each)
    others = np.where(is_mated, -9.0, score)[:, None]
    nothing = np.zeros(0, dtype=np.int64)
    return Searches(
        np.array([f"s{i}" for i in range(n + m)]), who, is_mated, np.where(is_mated, score, np.nan),
        is_mated.astype(np.int64), others, np.zeros((n + m, 1), dtype=np.int64), np.zeros(n + m, dtype=bool),
        nothing, nothing.astype(float), 100,
    )  # fmt: skip


def test_the_threshold_is_that_of_the_curve() -> None:
    found = _searches(np.random.default_rng(1), 30, 90, 2.0)
    expected = OpenSetCurve(found).threshold_at_fpir(0.1)
    at = Side.of(found, 1).threshold(0.1)
    assert OpenSetCurve(found).at(at).fpir.errors == expected.fpir.errors
    assert OpenSetCurve(found).at(at).fnir.errors == expected.fnir.errors


def test_swapping_the_sides_swaps_the_sign() -> None:
    rng = np.random.default_rng(2)
    a, b = _searches(rng, 40, 120, 2.0), _searches(rng, 50, 100, 1.2)
    one = unpaired_at_thresholds(a, b, (0.5, 0.5))["fnir"]
    two = unpaired_at_thresholds(b, a, (0.5, 0.5))["fnir"]
    assert one.value == -two.value
    assert one.ends(0.05) == pytest.approx(tuple(-end for end in reversed(two.ends(0.05))))


def test_without_a_miss_there_is_still_a_width() -> None:
    rng = np.random.default_rng(3)
    a, b = _searches(rng, 40, 120, 20.0), _searches(rng, 40, 120, 20.0)
    found = unpaired_at_fpir(a, b, 0.1, rng=rng)
    low, high = found.ends(0.05)
    assert (found.first.errors, found.second.errors) == (0, 0)
    assert low < -0.05 < 0.05 < high


def test_what_cannot_be_resolved_is_refused() -> None:
    rng = np.random.default_rng(4)
    a, b = _searches(rng, 10, 120, 2.0), _searches(rng, 10, 30, 2.0)
    with pytest.raises(UnattainableTarget, match="30"):
        unpaired_at_fpir(a, b, 0.01, rng=rng)
    with pytest.raises(NotMeasured, match="mated"):
        unpaired_at_fpir(a, _searches(rng, 0, 120, 2.0), 0.1, rng=rng)


def test_the_same_seed_gives_the_same_interval() -> None:
    a, b = (_searches(np.random.default_rng(s), 30, 90, 2.0) for s in (5, 6))
    ends = [unpaired_at_fpir(a, b, 0.1, rng=np.random.default_rng(1)).ends(0.05) for _ in range(2)]
    assert ends[0] == ends[1]


def test_the_interval_at_one_fpir_covers_the_truth() -> None:
    """Two searches a person, thresholds chosen on the data: 200 repeats of a nominal 90 % cover 87 to 99 %."""
    from scipy.stats import norm

    rng = np.random.default_rng(7)
    threshold = norm.isf(0.1)  # scores have variance 1
    truth = norm.cdf(threshold - 1.6) - norm.cdf(threshold - 2.0)
    held = 0
    for _ in range(200):
        a, b = _searches(rng, 60, 150, 2.0, each=2), _searches(rng, 40, 100, 1.6, each=2)
        low, high = unpaired_at_fpir(a, b, 0.1, replicates=300, rng=rng).ends(0.05)
        held += low <= truth <= high
    assert 0.87 <= held / 200 <= 0.99

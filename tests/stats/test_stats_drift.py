"""The chance of lying below is Mann and Whitney's; its interval holds the truth when people give several values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp, mannwhitneyu

from facelab.errors import NotMeasured
from facelab.stats.drift import shift, stability_index


def test_theta_is_mann_and_whitneys_with_ties_half() -> None:
    rng = np.random.default_rng(1)
    old, new = rng.integers(0, 8, 60).astype(float), rng.integers(0, 9, 45).astype(float)
    found = shift("x", old, new)
    assert found.value == pytest.approx(mannwhitneyu(old, new).statistic / (60 * 45))
    assert found.ks == pytest.approx(ks_2samp(old, new).statistic)
    assert found.reversed().value == pytest.approx(mannwhitneyu(new, old).statistic / (60 * 45))


def test_the_variance_is_delongs_where_everybody_gives_one_value() -> None:
    rng = np.random.default_rng(2)
    old, new = rng.normal(0, 1, 40), rng.normal(0.3, 1, 55)
    below = (new[None] < old[:, None]).astype(float)
    expected = below.mean(1).var(ddof=1) / 40 + below.mean(0).var(ddof=1) / 55
    assert shift("x", old, new).variance == pytest.approx(expected, rel=0.03)  # G/(G-1) of both together


def test_complete_separation_keeps_an_interval() -> None:
    """Nothing varies, so the people of the smaller sample bound it: 1 - 0.05^(1/10) on one side."""
    found = shift("x", np.arange(30.0), -1 - np.arange(10.0))
    assert found.value == 1
    assert found.ends(0.05)[0] == pytest.approx(0.05 ** (1 / 10))


def test_the_same_people_twice_carry_less_variance_than_others_would() -> None:
    rng = np.random.default_rng(3)
    values, who = rng.normal(size=80), [f"p{i}" for i in range(80)]
    later = values + rng.normal(0, 0.2, 80)
    paired, apart = shift("x", values, later, who, who), shift("x", values, later)
    assert paired.variance < 0.1 * apart.variance
    assert paired.interval().width < apart.interval().width
    assert shift("x", values, values, who, who).value == 0.5


def test_missing_values_are_left_out_and_nothing_at_all_is_told() -> None:
    assert shift("x", [1.0, np.nan, 2.0], [1.5, np.nan]).values == (2, 1)
    with pytest.raises(NotMeasured, match="empty"):
        shift("x", [np.nan], [1.0])


@pytest.mark.parametrize("moved", [0.0, 0.8])
def test_the_interval_covers_with_three_values_a_person(moved: float) -> None:
    """Person effects as large as the noise, 400 repeats: the nominal 95 % interval covers 92 to 98 %."""
    rng = np.random.default_rng(4)
    from scipy.stats import norm

    truth = norm.cdf(-moved / 2)  # each value has variance 2
    held = 0
    for _ in range(400):
        sides = []
        for people, mean in ((50, 0.0), (30, moved)):
            who = np.repeat([f"{mean}{i}" for i in range(people)], 3)
            sides.append((np.repeat(rng.normal(size=people), 3) + rng.normal(size=3 * people) + mean, who))
        (old, a), (new, b) = sides
        held += truth in shift("x", old, new, a, b).interval()
    assert 0.92 <= held / 400 <= 0.985


def test_the_stability_index_is_zero_for_the_same_and_grows() -> None:
    rng = np.random.default_rng(5)
    old = rng.normal(size=2000)
    assert stability_index(old, old) == pytest.approx(0, abs=1e-9)
    assert stability_index(old, rng.normal(0, 1, 2000)) < 0.05 < 0.25 < stability_index(old, rng.normal(1, 1, 2000))

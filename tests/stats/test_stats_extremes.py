"""How unusual pairs and references are: against known distributions, and as often wrong as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom, norm

from facelab.errors import BadInput
from facelab.stats.extremes import (
    LEVEL,
    censored_width,
    expected_counts,
    expected_outliers,
    highest_pairs,
    unusual_pairs,
)


def falling(rng: np.random.Generator, n: int, width: float = 0.07) -> np.ndarray:
    return np.sort(rng.normal(0.01, width, n))[::-1]


def test_the_expected_number_is_that_of_the_distribution_the_scores_come_from() -> None:
    ratio = []
    for seed in range(40):
        s = falling(np.random.default_rng(seed), 40_000)
        ratio.append(float(highest_pairs(s[:600], len(s), s).expected(0.31)) / (40_000 * norm.sf(0.30 / 0.07)))
    assert 0.7 < np.median(ratio) < 1.4


def test_the_width_is_the_maximum_of_the_censored_likelihood() -> None:
    from scipy.optimize import minimize_scalar

    y = np.sort(np.abs(np.random.default_rng(3).normal(0, 2.0, 4000)))[::-1][:300]
    start, at, censored = float(y[-1]), float(y[30]), 30
    rest = y[30:299]

    def loss(w: float) -> float:
        inside = norm.logpdf(rest, scale=w) - norm.logsf(start, scale=w)
        return -float(inside.sum() + censored * (norm.logsf(at, scale=w) - norm.logsf(start, scale=w)))

    best = minimize_scalar(loss, bounds=(0.5, 6.0), method="bounded", options={"xatol": 1e-9}).x
    assert censored_width(rest, censored, (start, at)) == pytest.approx(best, rel=1e-4)


def test_among_right_pairs_an_unusual_one_is_as_rare_as_the_level_says() -> None:
    rng = np.random.default_rng(9)
    wrong = 0
    for _ in range(200):
        s = falling(rng, 5000)
        wrong += int(unusual_pairs(s[:1000], len(s), s)[0].any())
    assert wrong / 200 <= 2.5 * LEVEL


def test_errors_among_the_highest_do_not_hide_each_other() -> None:
    """Sixty duplicates, more than the censored tenth of the tail, are all found; one in twenty named may be wrong."""
    rng = np.random.default_rng(2)
    s = np.sort(np.concatenate([rng.normal(0, 0.07, 50_000), rng.uniform(0.5, 0.8, 60)]))[::-1]
    unusual, tail = unusual_pairs(s[:2000], len(s), s)
    assert unusual[:60].all()
    assert 60 <= unusual.sum() <= 60 / 0.95
    assert tail.comparisons == 50_060 - unusual.sum()
    assert tail.edge == s[:2000][unusual].min()


def test_the_same_score_is_less_unusual_in_a_larger_gallery() -> None:
    rng = np.random.default_rng(4)
    small, large = falling(rng, 2000), falling(rng, 500_000)
    expected = [
        float(highest_pairs(s[:600], len(s), s[:: max(1, len(s) // 2000)]).expected(0.33)) for s in (small, large)
    ]
    assert expected[1] > 20 * expected[0]


def test_expected_falls_with_the_score_and_is_undone_by_score_at() -> None:
    s = falling(np.random.default_rng(6), 20_000)
    found = highest_pairs(s[:600], len(s), s)
    grid = np.linspace(-0.2, 0.6, 300)
    assert (np.diff(found.expected(grid)) <= 1e-9).all()
    for wanted in (0.01, 1.0, 300.0):
        assert float(found.expected(found.score_at(wanted))) == pytest.approx(wanted, rel=1e-6)
    assert found.score_at(5000.0) == pytest.approx(float(np.quantile(s, 0.75)), abs=1e-3)


def test_few_pairs_or_none_have_the_usual_width_and_nothing_divides_by_zero() -> None:
    for n in (0, 1, 3, 99):
        s = falling(np.random.default_rng(n), n)
        unusual, tail = unusual_pairs(s, n, s)
        assert not unusual.any()
        assert tail.width >= 0.0825
        assert np.isfinite(tail.expected(0.9)).all()
    alike = np.full(500, 0.2)
    assert not unusual_pairs(alike, 500, alike)[0].any()


def test_what_cannot_be_highest_scores_is_refused() -> None:
    with pytest.raises(BadInput, match="highest first"):
        highest_pairs(np.array([0.1, 0.2]), 2, np.array([0.1, 0.2]))
    with pytest.raises(BadInput, match="2 scores of 1"):
        highest_pairs(np.array([0.2, 0.1]), 1, np.zeros(0))
    with pytest.raises(BadInput, match="starts above"):
        censored_width(np.zeros(0), 0, (0.1, 0.2))


def test_outliers_are_counted_as_the_normal_distribution_counts_them() -> None:
    x = np.append(np.linspace(-1, 1, 101), np.nan)
    spread = 1.4826 * 0.5
    np.testing.assert_allclose(expected_outliers(x)[:-1], 101 * norm.sf(x[:-1] / spread), rtol=1e-9)
    assert np.isnan(expected_outliers(x)[-1])
    wrong = [np.any(expected_outliers(np.random.default_rng(k).normal(size=500)) <= LEVEL) for k in range(200)]
    assert np.mean(wrong) <= 2.5 * LEVEL
    assert expected_outliers(np.array([1.0, 2.0])).tolist() == [2.0, 2.0]
    assert expected_outliers(np.array([1.0, 1.0, 1.0, 5.0]))[3] == 0.0


def test_counts_are_negative_binomial_and_a_hub_does_not_hide_in_its_own_variance() -> None:
    rng = np.random.default_rng(7)
    c = nbinom.rvs(2.0, 0.5, size=3000, random_state=rng)
    mean, variance = c.mean(), c.var()
    size = mean**2 / (variance - mean)
    expected = 3000 * nbinom.sf(6, size, size / (size + mean))
    assert expected_counts(c)[c == 7][0] == pytest.approx(expected, rel=0.1)
    assert expected_counts(np.append(c, 60))[-1] < 1e-6
    wrong = [np.any(expected_counts(nbinom.rvs(2.0, 0.5, size=500, random_state=k)) <= LEVEL) for k in range(200)]
    assert np.mean(wrong) <= 3 * LEVEL
    assert expected_counts(np.array([0, 0, 3])).tolist()[:2] == [3.0, 3.0]

"""Control limits hold their false alarms on quiet days; the delay is that of the daily chances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from facelab.errors import BadInput, NotMeasured
from facelab.stats.control import control_chart, delay_quantile, expected_delay


def test_limits_without_extra_variance_are_scipys_quantiles() -> None:
    chart = control_chart("FNIR", [10] * 20, [100] * 20, baseline=20)
    assert chart.sigma_z == 1
    assert chart.low[0] == binom.ppf(0.00135, 100, 0.1) / 100
    assert chart.high[0] == binom.ppf(1 - 0.00135, 100, 0.1) / 100
    assert not chart.outside.size


def test_days_that_vary_more_widen_their_limits() -> None:
    rng = np.random.default_rng(1)
    people = rng.binomial(1, 0.1, (40, 60)) * 3  # three alike trials a person
    chart = control_chart("FNIR", people.sum(1), [180] * 40, baseline=40)
    assert 1.3 < chart.sigma_z < 2.2
    assert chart.high[0] > binom.ppf(1 - 0.00135, 180, chart.centre) / 180


def test_quiet_days_are_rarely_outside_and_a_change_is_seen() -> None:
    rng = np.random.default_rng(2)
    outside = []
    for _ in range(200):
        errors = np.concatenate([rng.binomial(90, 0.1, 50), rng.binomial(90, 0.4, 10)])
        chart = control_chart("FNIR", errors, [90] * 60, baseline=30)
        outside.append(len(chart.outside[chart.outside < 50]) / 50)
        assert chart.first_above(since=50) in (50, 51)
    assert np.mean(outside) < 0.01


def test_a_day_without_a_trial_has_no_limit_and_a_baseline_without_one_is_refused() -> None:
    chart = control_chart("FNIR", [1, 2, 0, 1], [10, 10, 0, 10], baseline=2)
    assert np.isnan(chart.high[2])
    assert chart.to_dict()["high"][2] is None
    with pytest.raises(NotMeasured):
        control_chart("FNIR", [0, 0, 1], [0, 0, 9], baseline=2)
    with pytest.raises(BadInput):
        control_chart("FNIR", [3, 1], [2, 2], baseline=2)


def test_a_steady_chance_gives_the_geometric_mean_and_quantile() -> None:
    assert expected_delay([0.25]) == 4
    assert expected_delay([0.25] * 9) == pytest.approx(4)
    assert delay_quantile([0.25] * 20, 0.95) == 11  # 1 - 0.75^11 = 0.958
    assert expected_delay([0.0]) == np.inf
    assert delay_quantile([0.1], 0.95) is None


def test_a_chance_that_grows_is_simulated_alike() -> None:
    rng = np.random.default_rng(3)
    chances = np.linspace(0.02, 0.6, 30)
    days = [1 + int(np.argmax(np.append(rng.random(30) < chances, True))) for _ in range(20000)]
    assert expected_delay(chances) == pytest.approx(np.mean(days), rel=0.02)
    assert delay_quantile(chances) == pytest.approx(np.quantile(days, 0.95), abs=1)

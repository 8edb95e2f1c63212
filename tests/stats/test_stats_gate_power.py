"""The power of the end that condemns is what simulated days show."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.stats.gate_power import normal_power, rate_power
from facelab.stats.rates import Rate


@pytest.mark.parametrize(("rate", "limit", "trials"), [(0.3, 0.15, 60), (0.15, 0.15, 60), (0.06, 0.02, 300)])
def test_the_power_of_a_rate_is_how_often_its_check_condemns(rate: float, limit: float, trials: int) -> None:
    rng, tail = np.random.default_rng(1), 0.05 / 8
    low = [Rate(x, trials).interval(1 - 2 * tail, "clopper-pearson").low for x in range(trials + 1)]
    condemned = np.array(low) > limit
    simulated = condemned[rng.binomial(trials, rate, 40_000)].mean()
    assert rate_power(rate, limit, trials, tail) == pytest.approx(simulated, abs=0.01)


def test_at_its_limit_a_rate_is_condemned_at_most_as_often_as_promised() -> None:
    assert all(rate_power(limit, limit, n, 0.05) <= 0.05 for limit in (0.02, 0.1, 0.5) for n in (10, 75, 400))


def test_a_part_of_the_error_that_stays_every_day_makes_detection_all_or_nothing() -> None:
    """Held by the same interval, a value beyond its reach is found sooner where days vary less, one within it later."""
    near, far = (normal_power(v, 0.1, 0.05, 0.05, varies=0.02) for v in (0.15, 0.25))
    assert near < normal_power(0.15, 0.1, 0.05, 0.05)
    assert far > normal_power(0.25, 0.1, 0.05, 0.05)


def test_simulated_days_against_a_champion_who_errs_alike_every_day() -> None:
    rng = np.random.default_rng(2)
    day, champion, z = 0.04, 0.03, 1.6448536
    error = np.hypot(day, champion)
    seen = rng.normal(0.2, day, 100_000)
    assert normal_power(0.2, 0.1, error, 0.05, varies=day) == pytest.approx(np.mean(seen - z * error > 0.1), abs=0.01)


def test_no_trial_and_no_error_are_refused() -> None:
    with pytest.raises(BadInput, match="trial"):
        rate_power(0.1, 0.2, 0.5, 0.05)
    with pytest.raises(BadInput, match="standard_error"):
        normal_power(0.1, 0.2, 0.0, 0.05)

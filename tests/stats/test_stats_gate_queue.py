"""The simulated queue agrees with what is known in closed form, and with a second by second account of itself."""

import itertools

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.stats.gate_queue import (
    arrivals,
    mean_wait_exponential_s,
    mean_wait_one_gate_s,
    most_an_hour,
    queue_forecast,
    queue_run,
    wait_probability,
)


def long_run(service, an_hour, servers, seed, hours=400):
    rng = np.random.default_rng(seed)
    came = arrivals([(3600.0 * hours, an_hour)], rng)
    return queue_run(came, service(rng, len(came)), servers)


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.7), (2, 0.8), (6, 0.85)])
def test_exponential_services_wait_as_erlang_c_says(servers, rho):
    mean = 10.0
    an_hour = 3600 * rho * servers / mean
    run = long_run(lambda rng, n: rng.exponential(mean, n), an_hour, servers, 5, hours=300)
    assert run.mean_wait_s == pytest.approx(mean_wait_exponential_s(an_hour, mean, servers), rel=0.08)
    assert (run.wait_s > 0).mean() == pytest.approx(wait_probability(rho * servers, servers), rel=0.04)
    assert run.busy == pytest.approx(rho, rel=0.02)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.85])
def test_constant_services_wait_as_pollaczek_and_khinchine_say(rho):
    mean = 6.0
    run = long_run(lambda rng, n: np.full(n, mean), 3600 * rho / mean, 1, 7, hours=200)
    exact = mean_wait_one_gate_s(3600 * rho / mean, [mean])
    assert exact == pytest.approx(rho * mean / (2 * (1 - rho)))
    assert run.mean_wait_s == pytest.approx(exact, rel=0.06)


def test_constant_services_wait_half_as_long_as_exponential_ones():
    assert mean_wait_exponential_s(480, 6.0, 1) == pytest.approx(2 * mean_wait_one_gate_s(480, [6.0]))


def test_erlang_c_by_hand():
    # M/M/2 at one Erlang: B = (1/2) / (1 + 1 + 1/2) = 1/5; C = B / (1 - rho (1 - B)) = 1/3
    assert wait_probability(1.0, 2) == pytest.approx(1 / 3)
    assert mean_wait_exponential_s(360, 10.0, 2) == pytest.approx(10 / 3)
    assert wait_probability(2.0, 2) == 1.0
    assert mean_wait_exponential_s(720, 10.0, 2) == np.inf
    assert mean_wait_one_gate_s(360, [10.0]) == np.inf


@pytest.mark.parametrize("servers", [1, 3])
def test_littles_law_holds_exactly_on_every_run_and_the_length_adds_up(servers):
    rng = np.random.default_rng(3)
    run = queue_run(np.sort(rng.uniform(0, 300, 80)), rng.gamma(2, 4, 80), servers)
    moment, waiting = run.length
    area = float((np.diff(moment) * waiting[:-1]).sum())
    assert waiting[-1] == 0
    assert waiting.min() >= 0
    assert area == pytest.approx(run.wait_s.sum())
    assert run.mean_length() == pytest.approx(len(run) / run.span_s * run.mean_wait_s)


def test_a_run_is_what_a_clock_that_ticks_would_count():
    """Second by second: at no time more people at gates than gates, none idle while somebody waits, and in order."""
    rng = np.random.default_rng(9)
    arrival, service = np.sort(rng.integers(0, 120, 60)), rng.integers(1, 9, 60)
    run = queue_run(arrival, service, 3)
    for second in range(200):
        served = ((run.start_s <= second) & (second < run.end_s)).sum()
        waiting = ((run.arrival_s <= second) & (run.start_s > second)).sum()
        assert served <= 3
        assert served == 3 or waiting == 0
    assert (np.diff(run.start_s) >= 0).all()
    assert run.longest == max(((arrival <= t) & (run.start_s > t)).sum() for t in range(200))


def test_more_gates_never_make_anybody_wait_longer():
    rng = np.random.default_rng(4)
    arrival, service = np.sort(rng.uniform(0, 100, 50)), rng.gamma(2, 4, 50)
    waits = [queue_run(arrival, service, c).wait_s for c in (1, 2, 3, 5)]
    assert all((b <= a + 1e-9).all() for a, b in itertools.pairwise(waits))
    assert (queue_run(arrival, service, 50).wait_s == 0).all()


def test_edges():
    nobody = queue_run([], [], 2)
    assert np.isnan(nobody.mean_wait_s)
    assert np.isnan(nobody.an_hour)
    assert np.isnan(nobody.wait_quantile_s(0.95))
    assert nobody.longest == 0
    one = queue_run([5.0], [3.0], 1)
    assert (one.mean_wait_s, one.longest, one.an_hour, one.busy) == (0.0, 0, 1200.0, 1.0)
    together = queue_run([0, 0, 0], [2, 2, 2], 1)
    assert together.wait_s.tolist() == [0, 2, 4]
    assert together.longest == 2
    assert together.wait_quantile_s(0.5) == 2
    assert "3 passengers at 1 gates" in repr(together)
    assert len(arrivals([], np.random.default_rng(1))) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (([1, 0], [1, 1], 1), "arrival_s: must not fall"),
        (([0, 1], [1, -1], 1), "service_s: a service takes 0 s or more"),
        (([0, 1], [1], 1), "service_s: has 1 entries, there are 2 arrivals"),
        (([0], [1], 0), "servers: there is 1 gate or more"),
        (([0, np.nan], [1, 1], 1), "arrival_s: must be finite"),
    ],
)
def test_what_is_no_queue_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        queue_run(*given)


def test_what_is_no_profile_or_load_is_refused():
    with pytest.raises(BadInput, match="profile"):
        arrivals([(-1, 10)], np.random.default_rng(1))
    with pytest.raises(BadInput, match="load"):
        wait_probability(-1, 2)
    with pytest.raises(BadInput, match="queue_forecast"):
        queue_forecast([(60, 60)], [], [], 1, rng=np.random.default_rng(1))


def test_arrivals_follow_their_profile():
    came = arrivals([(3600, 600), (1800, 2400), (3600, 0)], np.random.default_rng(2))
    assert (np.diff(came) >= 0).all()
    assert (came < 3600).sum() == pytest.approx(600, abs=100)
    assert ((came >= 3600) & (came < 5400)).sum() == pytest.approx(1200, abs=140)
    assert came.max() < 5400


def test_a_forecast_knows_that_few_people_were_measured():
    """Of the same services, those of few people leave the capacity less certain than those of many."""
    rng = np.random.default_rng(8)
    service = rng.gamma(4, 1, 120)
    alone = queue_forecast([(1800, 600)], service, np.arange(120), 1, runs=120, rng=np.random.default_rng(1))
    by_ten = queue_forecast(
        [(1800, 600)], np.sort(service), np.arange(120) // 12, 1, runs=120, rng=np.random.default_rng(1)
    )
    assert by_ten.people == 10
    wide = by_ten.most_an_hour.high - by_ten.most_an_hour.low
    assert wide > 1.5 * (alone.most_an_hour.high - alone.most_an_hour.low)
    assert alone.most_an_hour.low < most_an_hour(service, 1) < alone.most_an_hour.high
    assert alone.to_dict()["most_an_hour"]["value"] == alone.most_an_hour.value
    assert "simulated 120 times" in repr(alone)


def test_a_forecast_is_the_same_for_the_same_seed_and_agrees_with_the_closed_form():
    given = ([(7200, 450)], [6.0], ["a"], 1)
    first = queue_forecast(*given, runs=150, rng=np.random.default_rng(3))
    again = queue_forecast(*given, runs=150, rng=np.random.default_rng(3))
    assert first.to_dict() == again.to_dict()
    assert first.mean_wait_s.value == pytest.approx(mean_wait_one_gate_s(450, [6.0]), rel=0.1)
    nobody = queue_forecast([(60, 0)], [6.0], ["a"], 1, runs=2, rng=np.random.default_rng(3))
    assert nobody.mean_wait_s.value == 0

"""Erlang's C against the stationary distribution of the queue, a simulation, and cases worked by hand."""

from __future__ import annotations

import heapq
import math
from fractions import Fraction

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.stats.operators import AlarmQueue, operators_needed, waiting_probability


def exact_waiting(c: int, a: Fraction) -> Fraction:
    """P(all c are busy) from the birth-death chain's own terms: a^k / k! below c, a geometric series from there on."""
    below = sum((a**k / math.factorial(k) for k in range(c)), Fraction(0))
    from_c = a**c / math.factorial(c) * (1 / (1 - a / c))
    return from_c / (below + from_c)


@pytest.mark.parametrize(("c", "a"), [(1, "1/2"), (2, "1"), (3, "5/2"), (10, "8"), (25, "24")])
def test_erlang_c_is_the_stationary_chance_that_all_are_busy(c: int, a: str) -> None:
    assert waiting_probability(c, float(Fraction(a))) == pytest.approx(float(exact_waiting(c, Fraction(a))), rel=1e-12)


def test_one_operator_is_busy_as_much_as_there_is_load() -> None:
    """M/M/1: C = rho, mean wait = rho tau / (1 - rho)."""
    queue = AlarmQueue(15, 2, 1)
    assert queue.load == queue.busy == waiting_probability(1, 0.5) == 0.5
    assert queue.mean_wait_s == pytest.approx(120)
    assert queue.waits_longer(0) == 0.5
    assert queue.waits_longer(240) == pytest.approx(0.5 * math.exp(-1))


def simulated_waits(alarms: int, an_hour: float, minutes: float, operators: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    came = np.cumsum(rng.exponential(3600 / an_hour, alarms))
    looked = rng.exponential(60 * minutes, alarms)
    free = [0.0] * operators
    waits = np.empty(alarms)
    for i, (at, took) in enumerate(zip(came.tolist(), looked.tolist(), strict=True)):
        begun = max(at, heapq.heappop(free))
        heapq.heappush(free, begun + took)
        waits[i] = begun - at
    return waits[1000:]


def test_waits_are_those_of_a_simulated_queue() -> None:
    waits, queue = simulated_waits(120_000, 100, 2, 5), AlarmQueue(100, 2, 5)
    assert queue.waits_longer(0) == pytest.approx((waits > 0).mean(), abs=0.015)
    assert queue.waits_longer(60) == pytest.approx((waits > 60).mean(), abs=0.015)
    assert queue.mean_wait_s == pytest.approx(waits.mean(), rel=0.08)


def test_the_fewest_operators_are_enough_and_one_less_is_not() -> None:
    for an_hour in (0.5, 10, 60, 900):
        found = operators_needed(an_hour, 2, within_s=30, share=0.9)
        assert found.waits_longer(30) <= 0.1 + 1e-12
        fewer = AlarmQueue(an_hour, 2, found.operators - 1) if found.operators > 1 else None
        assert fewer is None or fewer.waits_longer(30) > 0.1


def test_more_alarms_never_take_fewer_operators() -> None:
    needed = [operators_needed(x, 1.5, within_s=20, share=0.95).operators for x in range(0, 400, 7)]
    assert needed == sorted(needed)
    assert needed[0] == 1


def test_a_queue_that_cannot_keep_up_says_so() -> None:
    queue = AlarmQueue(120, 2, 4)
    assert queue.busy == queue.waits_longer(1e6) == 1.0
    assert queue.mean_wait_s == math.inf
    assert queue.to_dict()["mean_wait_s"] is None


def test_nothing_to_review_is_one_who_is_there_and_never_waits() -> None:
    assert operators_needed(0, 2, within_s=30, share=0.9) == AlarmQueue(0, 2, 1)
    assert AlarmQueue(50, 0, 1).waits_longer(0) == AlarmQueue(50, 0, 1).mean_wait_s == 0


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: operators_needed(-1, 2, within_s=30, share=0.9), "alarms_an_hour"),
        (lambda: operators_needed(math.nan, 2, within_s=30, share=0.9), "alarms_an_hour"),
        (lambda: operators_needed(10, 2, within_s=30, share=90), "share"),
        (lambda: operators_needed(10, 2, within_s=-1, share=0.9), "within_s"),
        (lambda: operators_needed(1e9, 2, within_s=30, share=0.9), "alarms_an_hour"),
        (lambda: waiting_probability(0, 1.0), "operators"),
        (lambda: AlarmQueue(10, 2, 0), "operators"),
    ],
)
def test_bad_input_is_named(call: object, place: str) -> None:
    with pytest.raises(BadInput, match=place):
        call()  # type: ignore[operator]

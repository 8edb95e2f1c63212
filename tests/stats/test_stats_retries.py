"""Retries are measured on the person's own attempts: by hand, against a loop over people, and against independence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.retries import Attempts, RetryPolicy, attempts_alike, best_policy, transactions
from facelab.stats.transaction_times import quantile_by_person

NAN = float("nan")


def attempts_of(rows):
    """Rows of (person, mated, outcome, seconds); outcome: right, wrong or no."""
    person, mated, outcome, seconds = zip(*rows)
    return Attempts(
        np.array(person),
        np.array(mated),
        np.array([o != "no" for o in outcome]),
        np.array([o == "wrong" for o in outcome]),
        np.array(seconds, float),
    )


BY_HAND = attempts_of(
    [
        ("ann", True, "no", 3.0),
        ("bob", True, "right", 1.0),
        ("ann", True, "right", 2.0),
        ("eve", False, "no", 4.0),
        ("bob", True, "wrong", 2.0),
        ("ann", True, "no", 3.0),
        ("eve", False, "wrong", 1.0),
        ("bob", True, "no", 5.0),
        ("eve", False, "no", 4.0),
    ]
)


def test_single_attempts_are_the_rates_of_the_rows():
    once = transactions(BY_HAND, 1)
    assert (once.manual.errors, once.manual.trials, once.manual.people) == (3, 6, 2)
    assert (once.misidentified.errors, once.fnir.errors) == (1, 4)
    assert (once.fpir.errors, once.fpir.trials) == (1, 3)
    assert once.mean_seconds == pytest.approx((3 + 2 + 3 + 1 + 2 + 5) / 6)


def test_two_attempts_by_hand():
    """ann: no,right | right | no,no; bob: right | wrong | no,right; eve: no,wrong | wrong | no,no; a pause of 2 s."""
    twice = transactions(BY_HAND, 2, pause_s=2.0)
    rows = sorted(zip(twice.person.tolist(), twice.used.tolist(), twice.seconds.tolist(), twice.opened.tolist()))
    assert rows == [
        ("ann", 1, 2.0, True),
        ("ann", 2, 7.0, True),
        ("ann", 2, 8.0, False),
        ("bob", 1, 1.0, True),
        ("bob", 1, 2.0, True),
        ("bob", 2, 8.0, True),
        ("eve", 1, 1.0, True),
        ("eve", 2, 7.0, True),
        ("eve", 2, 10.0, False),
    ]
    assert (twice.manual.errors, twice.misidentified.errors, twice.fpir.errors) == (1, 1, 2)
    assert twice.cost_s(60) == pytest.approx((2 + 7 + 8 + 1 + 2 + 8) / 6 + 60 / 6)


def test_after_every_attempt_who_ever_gets_through_gets_through():
    thrice = transactions(BY_HAND, 3)
    assert thrice.manual.errors == 0
    assert thrice.fpir.errors == 3


def random_attempts(seed, people=12, tries=4):
    rng = np.random.default_rng(seed)
    rows = []
    for k in rng.permutation(np.repeat(np.arange(people), tries)):
        mated = bool(k % 3)
        outcome = rng.choice(["no", "right", "wrong"], p=[0.5, 0.35, 0.15]) if mated else rng.choice(["no", "wrong"])
        rows.append((f"p{k}", mated, str(outcome), float(rng.uniform(1, 5))))
    return attempts_of(rows)


def looped(attempts, tries, pause):
    """The same by a loop over people and over the attempts of each."""
    found = []
    for who in np.unique(attempts.person):
        own = np.flatnonzero(attempts.person == who)
        if len(own) < tries:
            continue
        for start in range(len(own)):
            seconds, opened, wrong, used = -pause, False, False, 0
            for step in range(tries):
                row = own[(start + step) % len(own)]
                seconds, used = seconds + pause + attempts.seconds[row], used + 1
                if attempts.opened[row]:
                    opened, wrong = True, bool(attempts.wrong[row])
                    break
            found.append((str(who), opened, wrong, used, round(seconds, 9)))
    return sorted(found)


@pytest.mark.parametrize("tries", [1, 2, 3, 4])
def test_agrees_with_a_loop_over_people(tries):
    attempts = random_attempts(tries)
    found = transactions(attempts, tries, 1.5)
    columns = (found.person, found.opened, found.wrong, found.used, found.seconds.round(9))
    assert sorted(zip(*(column.tolist() for column in columns))) == looped(attempts, tries, 1.5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_more_attempts_never_send_more_to_the_manual_lane_nor_fewer_wrong_ones_through(seed):
    attempts = random_attempts(seed, people=6, tries=3)
    found = [transactions(attempts, k) for k in (1, 2, 3)]
    manual, fpir, wrong = ([getattr(f, n).errors for f in found] for n in ("manual", "fpir", "misidentified"))
    assert manual == sorted(manual, reverse=True)
    assert fpir == sorted(fpir)
    assert wrong == sorted(wrong)


def test_alike_attempts_gain_less_than_independence_says_and_independent_ones_as_much():
    rng = np.random.default_rng(1)
    people, tries = 400, 3
    hard = rng.random(people) < 0.1

    def made(p):
        opened = rng.random((people, tries)) >= p[:, None]
        person = np.repeat([f"p{i}" for i in range(people)], tries)
        flat = opened.ravel()
        return Attempts(person, np.ones_like(flat), flat, np.zeros_like(flat), np.ones(len(flat)))

    alike, loose = made(np.where(hard, 0.9, 0.02)), made(np.full(people, 0.108))
    assert transactions(alike, 2).manual.value > 4 * transactions(alike, 1).manual.value ** 2
    assert transactions(loose, 2).manual.value == pytest.approx(0.108**2, rel=0.5)
    assert attempts_alike(alike).factor > 5
    assert attempts_alike(loose).factor == pytest.approx(1, abs=0.4)
    # a person's transactions are no independent trials
    assert transactions(alike, 1).manual.design_effect > 2


def test_people_with_too_few_attempts_are_left_out_and_counted():
    rows = [("ann", True, "no", 1.0), ("ann", True, "right", 1.0), ("bob", True, "no", 1.0)]
    twice = transactions(attempts_of(rows), 2)
    assert (len(twice), twice.left_out) == (2, 1)
    with pytest.raises(NotMeasured, match="nobody made 3 attempts"):
        transactions(attempts_of(rows), 3)
    with pytest.raises(NotMeasured, match="two attempts"):
        attempts_alike(attempts_of([("eve", False, "no", 1.0), ("eve", False, "no", 1.0)]))


def test_what_is_no_attempt_is_refused():
    one = np.array(["a", "a"])
    yes, no, time = np.array([True, True]), np.array([False, False]), np.array([1.0, 1.0])
    with pytest.raises(BadInput, match="only where the gate opened"):
        Attempts(one, yes, no, yes, time)
    with pytest.raises(BadInput, match="as somebody else"):
        Attempts(one, no, yes, no, time)
    with pytest.raises(BadInput, match="in one attempt and not in another"):
        Attempts(one, np.array([True, False]), no, no, time)
    with pytest.raises(BadInput, match="seconds"):
        Attempts(one, yes, yes, no, -time)
    with pytest.raises(BadInput, match="person"):
        Attempts(np.array(["", "a"]), yes, yes, no, time)
    with pytest.raises(BadInput, match="tries"):
        transactions(Attempts(one, yes, yes, no, time), 0)


def policies():
    """At a low threshold everybody passes and so does eve; at a high one nobody does; between, retries help."""
    low = attempts_of([(w, w != "eve", "wrong" if w == "eve" else "right", 1.0) for w in ("ann", "bob", "eve") * 3])
    outcome = {"ann": ("no", "right", "right"), "bob": ("right",) * 3, "eve": ("no",) * 3}
    middle = attempts_of([(w, w != "eve", outcome[w][k], 1.0) for k in range(3) for w in ("ann", "bob", "eve")])
    high = attempts_of([(w, w != "eve", "no", 1.0) for w in ("ann", "bob", "eve") * 3])
    at = {0.2: low, 0.4: middle, 0.6: high}
    return [RetryPolicy("rule", t, transactions(a, k, 1.0)) for t, a in at.items() for k in (1, 2, 3)]


def test_the_best_policy_bounds_wrong_people_first_and_then_counts_seconds():
    best = best_policy(policies(), wrong_at_most=0.4, manual_s=60)
    assert (best.threshold, best.found.tries) == (0.4, 2)
    # where the manual lane costs nothing a retry is lost time
    assert best_policy(policies(), wrong_at_most=0.4, manual_s=0).found.tries == 1
    assert "threshold 0.4000" in repr(best)


def test_a_bound_that_cannot_be_seen_or_kept_is_refused():
    with pytest.raises(UnattainableTarget, match=r"misidentification 0\.001"):
        best_policy(policies(), 0.001, 60)
    with pytest.raises(NotMeasured, match="every policy"):
        best_policy(policies()[:1], 0.5, 60)
    with pytest.raises(NotMeasured, match="no policy"):
        best_policy([], 0.5, 60)
    strangers = attempts_of([("eve", False, "no", 1.0)] * 3)
    with pytest.raises(NotMeasured, match="nobody who is enrolled"):
        best_policy([RetryPolicy("rule", 0.4, transactions(strangers, 1))], 0.5, 60)


def test_a_quantile_is_an_order_statistic_and_its_interval_is_that_of_its_share():
    people = [str(i) for i in range(1000)]
    found = quantile_by_person(np.arange(1, 1001), people)
    assert found.value == 950
    # of 1,000 independent people 5 % [3.8, 6.5] last longer
    assert 930 < found.low < 940
    assert 958 < found.high < 966


def test_the_interval_of_a_quantile_knows_people_and_says_where_it_has_no_end():
    seconds = np.concatenate([np.full(95, 1.0), np.full(5, 9.0)])
    few = quantile_by_person(seconds, [str(i // 5) for i in range(100)])
    assert few.value == 1.0
    assert few.high >= 9.0
    assert quantile_by_person([1.0, 2.0], ["a", "b"]).high == np.inf
    assert quantile_by_person([1.0, np.inf], ["a", "b"], 0.9).value == np.inf
    with pytest.raises(NotMeasured):
        quantile_by_person([], [])
    with pytest.raises(BadInput):
        quantile_by_person([NAN], ["a"])


def test_the_interval_of_a_quantile_holds_it_as_often_as_it_says():
    """Durations that differ by person: the true 95th percentile lies within in at least 93 of 100 samples."""
    rng = np.random.default_rng(6)
    people, each = 150, 3
    person = np.repeat([str(i) for i in range(people)], each)
    truth = np.quantile(rng.normal(0, 1, 400_000) + 0.5 * rng.normal(0, 1, 400_000) + 10, 0.95)
    held = 0
    for _ in range(200):
        own = np.repeat(rng.normal(0, 1, people), each)
        found = quantile_by_person(own + 0.5 * rng.normal(0, 1, people * each) + 10, person)
        held += found.low <= truth <= found.high
    assert held >= 186

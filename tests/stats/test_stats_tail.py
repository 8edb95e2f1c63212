"""The tail: thresholds beyond the data on known distributions, coverage, refusals."""

import json

import numpy as np
import pytest
from scipy.stats import norm

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats import pareto
from facelab.stats.tail import tail_of


@pytest.fixture(scope="module")
def exponential():
    return tail_of(np.random.default_rng(1).exponential(size=40_000), rng=np.random.default_rng(0))


def pairs_of(people, rng, hub=0.0, repeats=2):
    i, j = (np.concatenate([x] * repeats) for x in np.triu_indices(people, 1))
    effect = rng.normal(size=people)
    score = np.sqrt(hub) * (effect[i] + effect[j]) + np.sqrt(1 - 2 * hub) * rng.normal(size=len(i))
    return score, i.astype(str), j.astype(str)


def test_an_exponential_tail_is_found_and_carried_on(exponential):
    """P(S > t) = e^-t: the threshold at 1e-5 is 11.5."""
    assert exponential.exceedances == 500
    assert exponential.fmr(7.0) == pytest.approx(np.exp(-7.0), rel=0.35)
    found = exponential.threshold(1e-5)
    assert exponential.fmr(found.threshold) == pytest.approx(1e-5)
    assert found.threshold == pytest.approx(-np.log(1e-5), rel=0.15)
    assert 1e-5 in exponential.interval(-np.log(1e-5))
    assert found.extrapolated
    assert exponential.upper(found.certified) == pytest.approx(1e-5, rel=1e-3)
    assert found.certified > found.threshold


def test_within_the_data_the_tail_agrees_with_the_counts():
    s = np.random.default_rng(2).normal(size=50_000)
    tail = tail_of(s, rng=np.random.default_rng(0))
    for t in np.quantile(s, [0.992, 0.996, 0.999]):
        assert tail.fmr(t) == pytest.approx(np.mean(s > t), rel=0.15)


def test_fmr_and_its_bounds_fall_with_the_threshold(exponential):
    t = np.linspace(exponential.start, exponential.start + 12, 30)
    rows = [(exponential.fmr(x), exponential.interval(x).low, exponential.upper(x)) for x in t]
    assert (np.diff(np.array(rows), axis=0) <= 1e-15).all()
    for x in t:
        ends = exponential.interval(x)
        assert ends.low <= exponential.fmr(x) <= exponential.upper(x) <= ends.high


@pytest.mark.slow
def test_the_interval_holds_the_truth_ten_times_beyond_the_data(monkeypatch):
    """Normal scores, FMR 1/(10 n): at least 88 % of 60 (nominal 95 %; the table is in docs/statistics.md)."""
    monkeypatch.setattr(pareto, "null_statistics", lambda *a: np.full(9, np.inf))
    rng = np.random.default_rng(3)
    target = 1 / (10 * 12_500)
    held = sum(target in tail_of(rng.normal(size=12_500), rng=rng).interval(norm.isf(target)) for _ in range(60))
    assert held >= 53


def test_shared_people_widen_the_interval():
    rng = np.random.default_rng(4)
    score, first, second = pairs_of(150, rng, hub=0.3)
    with_people = tail_of(score, first, second, exceedances=250, rng=np.random.default_rng(0))
    without = tail_of(score, exceedances=250, rng=np.random.default_rng(0))
    t = with_people.start + 0.5
    assert with_people.people == 150
    assert with_people.interval(t).design_effect > 2
    assert "may be missing" in with_people.interval(t).note
    assert with_people.interval(t).width > 1.3 * without.interval(t).width
    assert with_people.fmr(t) == pytest.approx(without.fmr(t))


def test_independent_pairs_have_a_design_effect_near_one():
    score, first, second = pairs_of(150, np.random.default_rng(5))
    tail = tail_of(score, first, second, rng=np.random.default_rng(0))
    assert tail.interval(tail.start + 0.3).design_effect < 2


def test_a_change_of_unit_and_origin_moves_thresholds_with_it():
    s = np.random.default_rng(6).exponential(size=20_000)
    one, two = (tail_of(x, rng=np.random.default_rng(0)) for x in (s, 0.01 * s + 0.2))
    assert two.shape == pytest.approx(one.shape, abs=1e-5)
    assert two.threshold(1e-5).threshold == pytest.approx(0.01 * one.threshold(1e-5).threshold + 0.2, rel=1e-4)
    assert two.fit_p == one.fit_p


def test_a_tail_of_two_kinds_of_comparisons_is_refused():
    """A hundred twins far above all others: no generalised Pareto."""
    rng = np.random.default_rng(7)
    s = np.concatenate([rng.normal(size=20_000), rng.normal(8, 0.05, size=100)])
    with pytest.raises(NotMeasured, match="two kinds"):
        tail_of(s, rng=rng)


def test_rounded_scores_are_refused_with_the_likely_cause():
    s = np.round(np.random.default_rng(8).normal(size=20_000), 1)
    with pytest.raises(NotMeasured, match="rounded"):
        tail_of(s, rng=np.random.default_rng(0))


def test_a_tail_made_by_one_person_is_refused():
    rng = np.random.default_rng(9)
    score, first, second = pairs_of(200, rng, repeats=1)
    hub = (first == "3") | (second == "3")
    score[hub] += 5
    with pytest.raises(NotMeasured, match="people"):
        tail_of(score, first, second, exceedances=150, rng=rng)


def test_what_lies_out_of_reach_or_in_the_data_is_refused(exponential):
    with pytest.raises(UnattainableTarget, match="10-fold reach") as error:
        exponential.threshold(1e-7)
    assert error.value.needed == 1_000_000
    with pytest.raises(BadInput, match="measure it"):
        exponential.threshold(0.1)
    with pytest.raises(BadInput, match="below the tail"):
        exponential.fmr(0.0)


def test_result_reads_as_a_sentence_and_goes_to_json(exponential):
    assert "generalised Pareto tail" in repr(exponential)
    assert "extrapolated by a model" in repr(exponential.threshold(1e-5))
    out = json.loads(json.dumps(exponential.to_dict([1e-3, 1e-5, 1e-9])))
    assert [row["threshold"] is None for row in out["thresholds"]] == [False, False, True]
    assert out["model"] is True


def test_the_same_seed_gives_the_same_tail():
    s = np.random.default_rng(1).normal(size=12_000)
    one, two = (tail_of(s, rng=np.random.default_rng(5)).to_dict([1e-5]) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda r: tail_of([], rng=r), "empty", BadInput),
        (lambda r: tail_of(np.arange(100.0), rng=r), "at least 10,000", NotMeasured),
        (lambda r: tail_of(np.arange(200.0), exceedances=300, rng=r), "exceedances", BadInput),
        (lambda r: tail_of(np.zeros(20_000), rng=r), "no spread", NotMeasured),
        (lambda r: tail_of([np.nan], rng=r), "finite", BadInput),
        (lambda r: tail_of([0.1], ["a"], rng=r), "both sides", BadInput),
        (lambda r: tail_of([0.1], ["a"], ["a"], rng=r), "themselves", BadInput),
    ],
)
def test_bad_input_is_named(call, words, error):
    with pytest.raises(error, match=words):
        call(np.random.default_rng(0))


def test_people_may_be_numbers_or_names_and_give_the_same_tail():
    rng = np.random.default_rng(6)
    first = rng.integers(0, 300, 20_000)
    second = (first + rng.integers(1, 300, 20_000)) % 300
    score = rng.normal(size=20_000)
    numbers = tail_of(score, first, second, rng=np.random.default_rng(1))
    names = tail_of(score, first.astype(str), second.astype(str), rng=np.random.default_rng(1))
    assert numbers.people == names.people == 300
    assert numbers.interval(3.0) == names.interval(3.0)


def test_the_comparisons_that_a_target_needs_are_not_one_too_many():
    """1e-6 x 10 is a little less than 1e-5 in floating point; 100,000 comparisons still reach it."""
    tail = tail_of(np.random.default_rng(6).normal(size=20_000), rng=np.random.default_rng(1))
    with pytest.raises(UnattainableTarget) as refused:
        tail.threshold(1e-6)
    assert refused.value.needed == 100_000
    exact = tail_of(np.random.default_rng(6).normal(size=100_000), rng=np.random.default_rng(1))
    assert exact.threshold(1e-6).extrapolated


def test_a_tail_of_few_people_cannot_certify_and_one_of_more_says_what_it_rests_on():
    """Sixty people may lack a kind of one in twenty who match everybody, however good the fit of their tail is."""
    rng = np.random.default_rng(11)
    few, more = (tail_of(*pairs_of(n, rng, repeats=k), exceedances=125, rng=rng) for n, k in ((60, 6), (200, 1)))
    assert few.threshold(1e-4).certified is None
    assert few.interval(norm.isf(1e-4)).high > 1 - 0.025 ** (2 / 60)
    interval, found = more.interval(norm.isf(1e-4)), more.threshold(1e-4)
    assert not interval.reliable
    assert interval.high < 1e-3 < interval.guaranteed[1]
    assert "holds unless people rarer than 1 in 67 make the errors" in repr(found)
    assert found.to_dict()["note"] == found.note

"""Laws that statistics obey whatever the data: order, scale, swaps, sums, and thresholds that only go one way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import NotMeasured
from facelab.stats import pareto
from facelab.stats.all_pairs import all_pairs_curve
from facelab.stats.bootstrap import (
    det_replicates,
    pair_curve_replicates,
    pair_weight_sums,
    person_curve_replicates,
    subject_weights,
)
from facelab.stats.cameras import bootstrap_thresholds, level_test
from facelab.stats.control import control_chart, delay_quantile, expected_delay
from facelab.stats.degradation import DegradedScores, degradation_report, people_for
from facelab.stats.drift import shift, stability_index
from facelab.stats.floor import alert_curve, journey_miss
from facelab.stats.gate_power import normal_power, rate_power
from facelab.stats.limits import VERDICTS, Check, Limit, checked, overall
from facelab.stats.openset import OpenSetCurve
from facelab.stats.paired_targets import difference_at_fmr, difference_at_fpir, differences_at_thresholds
from facelab.stats.searches import Searches
from facelab.stats.tail import tail_of
from facelab.stats.unpaired import Side, unpaired_at_fpir, unpaired_at_thresholds
from facelab.stats.workload import Site
from facelab.types import Comparisons

FEW = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)
targets = st.sampled_from([0.1, 0.2, 0.35, 0.5])


def rising(x):
    """A strictly increasing map that is far from a straight line."""
    return np.exp(np.asarray(x, dtype=np.float64) / 3) - 5


def searches_of(people, score, other, mated):
    """Searches with one other candidate each; a tie counts against the mate."""
    n = len(people)
    nothing = np.zeros(0, dtype=np.int64)
    rank = np.where(mated, 1 + (other >= score), 0)
    return Searches(
        np.array([f"s{i}" for i in range(n)]), np.array(people), mated, np.where(mated, score, np.nan), rank,
        other[:, None], np.zeros((n, 1), dtype=np.int64), np.zeros(n, dtype=bool), nothing, nothing.astype(float), 50,
    )  # fmt: skip


def mapped(found, function):
    """The same searches with other scores."""
    return replace(found, mate_score=function(found.mate_score), other_scores=function(found.other_scores))


@st.composite
def two_systems(draw):
    """Two systems' searches with the same probes; whole scores, so that many of them tie."""
    enrolled = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12))
    strangers = draw(st.lists(st.integers(6, 12), min_size=10, max_size=25))
    n = len(enrolled) + len(strangers)
    scores = st.lists(st.integers(0, 12), min_size=n, max_size=n).map(lambda x: np.array(x, dtype=np.float64))
    people = [f"p{k:02}" for k in enrolled + strangers]
    mated = np.arange(n) < len(enrolled)
    return tuple(searches_of(people, draw(scores), draw(scores), mated) for _ in range(2))


def rng():
    return np.random.default_rng(7)


# ---- the generalised Pareto distribution and the tail


@given(st.floats(-0.45, 1.0), st.floats(0.01, 50), st.floats(1e-6, 0.999), st.floats(0.1, 20), st.floats(0.05, 0.9))
def test_pareto_inverse_scale_and_threshold_stability(shape, scale, survived, factor, share):
    y = pareto.excess_at(survived, shape, scale)
    assert pareto.survival(y, shape, scale) == pytest.approx(survived, rel=1e-6)
    assert pareto.survival(y * factor, shape, scale * factor) == pytest.approx(survived, rel=1e-6)
    assert pareto.survival(y * 1.001, shape, scale) < survived
    start = pareto.excess_at(share, shape, scale)  # beyond any start it is generalised Pareto with the same shape
    beyond = pareto.survival(start + y, shape, scale) / share
    assert beyond == pytest.approx(float(pareto.survival(y, shape, scale + shape * start)), rel=1e-5, abs=1e-12)


@FEW
@given(seeds, st.floats(0.0, 0.5), st.floats(0.01, 100))
def test_pareto_fit_is_scale_equivariant_and_most_likely_and_its_likelihood_adds_up(seed, true_shape, factor):
    draws = np.random.default_rng(seed)
    y = pareto.excess_at(draws.random(80), true_shape, 1.0)
    (shape, scale), (again, wider) = (pareto.fitted(v[None]) for v in (y, factor * draws.permutation(y)))
    assert again == pytest.approx(shape, abs=1e-5)
    assert wider == pytest.approx(factor * scale, rel=1e-5)
    fit = pareto.anderson_darling(y[None], shape, scale)
    assert pareto.anderson_darling(factor * y[None, ::-1], shape, factor * scale) == pytest.approx(fit)
    shapes, scales = draws.uniform(-0.3, 1, 40), scale * draws.uniform(0.5, 2, 40)
    whole = pareto.log_likelihood(y, shapes, scales)
    parts = pareto.log_likelihood(y[:30], shapes, scales) + pareto.log_likelihood(y[30:], shapes, scales)
    np.testing.assert_allclose(whole, parts, rtol=1e-9)
    if shape[0] > -0.3:
        assert whole.max() <= pareto.log_likelihood(y, shape, scale)[0] + 1e-6


@settings(max_examples=6)
@given(seeds, st.floats(0.05, 20), st.floats(-5, 5))
def test_tail_moves_with_the_scores_and_ignores_the_order_and_names_of_people(seed, factor, offset):
    draws = np.random.default_rng(seed)
    i, j = (np.repeat(x, 2) for x in np.triu_indices(45, 1))
    s = draws.normal(size=len(i))
    order, name = draws.permutation(len(i)), draws.permutation(45)

    def tail(*given_):
        try:
            return tail_of(*given_, exceedances=130, rng=rng())
        except NotMeasured:
            return None

    one, two = tail(s, i, j), tail((factor * s + offset)[order], name[j][order], name[i][order])
    if one is None or two is None:
        assert one is two
        return
    assert two.shape == pytest.approx(one.shape, abs=1e-4)
    assert two.scale == pytest.approx(factor * one.scale, rel=1e-4)
    assert two.start == pytest.approx(factor * one.start + offset)
    t = one.start + (s.max() - one.start) * np.array([0.1, 0.5, 1.0])
    assert [two.fmr(factor * x + offset) for x in t] == pytest.approx([one.fmr(x) for x in t], rel=1e-3)
    upper = [one.upper(x) for x in t]
    assert [two.upper(factor * x + offset) for x in t] == pytest.approx(upper, rel=1e-2)
    assert upper == sorted(upper, reverse=True)
    goals = [0.02, 0.004, 0.001]
    at = [one.threshold(goal).threshold for goal in goals]
    assert at == sorted(at)
    assert [one.fmr(x) for x in at] == pytest.approx(goals)


# ---- bootstrap of curves

one_person_trials = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=3, max_size=30)
two_person_trials = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)).filter(lambda x: x[0] != x[1]),
    min_size=3,
    max_size=30,
)


@FEW
@given(one_person_trials, seeds)
def test_replicates_of_one_person_trials(rows, seed):
    who, s = (np.array(x) for x in zip(*rows))
    t = np.arange(-1.0, 11)
    people = len(np.unique(who))
    w = np.random.default_rng(seed).integers(0, 4, (20, people)).astype(np.float32)
    w[0] = 1

    def found(score, person, name, weights=w, at=t):
        return person_curve_replicates(score, person.astype(str), at, weights, name=name)

    missed, accepted = found(s, who, "FNMR"), found(s, who, "FPIR")
    np.testing.assert_array_equal(missed.replicates[0], missed.value)
    np.testing.assert_array_equal(missed.errors + accepted.errors, len(s))
    np.testing.assert_array_equal(accepted.errors, (s[:, None] >= t).sum(axis=0))
    both = missed.replicates + accepted.replicates
    np.testing.assert_allclose(both[w.sum(axis=1) > 0], 1)
    assert np.isnan(both[w.sum(axis=1) == 0]).all()
    drawn = accepted.replicates[~np.isnan(accepted.replicates[:, 0])]
    assert (np.diff(drawn, axis=1) <= 0).all()
    assert (drawn[:, 0] == 1).all()
    assert (drawn[:, -1] == 0).all()
    order = np.random.default_rng(seed).permutation(len(s))
    other = found(rising(s)[order], who[order], "FNMR", at=rising(t))
    np.testing.assert_array_equal(other.replicates, missed.replicates)
    np.testing.assert_allclose(found(s, who, "FNMR", 3 * w).replicates, missed.replicates)


@FEW
@given(two_person_trials, seeds)
def test_replicates_of_two_person_trials(rows, seed):
    i, j, s = (np.array(x) for x in zip(*rows))
    t = np.arange(-1.0, 11)
    people = len(np.unique(np.concatenate([i, j])))
    w = np.random.default_rng(seed).integers(0, 4, (20, people)).astype(np.float32)
    w[0] = 1
    one = pair_curve_replicates(s, i.astype(str), j.astype(str), t, w)
    np.testing.assert_array_equal(one.replicates[0], (s[:, None] >= t).mean(axis=0))
    drawn = one.replicates[~np.isnan(one.replicates[:, 0])]
    assert (np.diff(drawn, axis=1) <= 0).all()
    order = np.random.default_rng(seed).permutation(len(s))
    two = pair_curve_replicates(rising(s)[order], j[order].astype(str), i[order].astype(str), rising(t), w)
    np.testing.assert_array_equal(two.replicates, one.replicates)
    wide = np.ones((5, 6), dtype=np.float32) * np.arange(1, 6, dtype=np.float32)[:, None]
    half = len(s) // 2
    parts = pair_weight_sums(wide, i[:half], j[:half]) + pair_weight_sums(wide, i[half:], j[half:])
    np.testing.assert_array_equal(pair_weight_sums(wide, i, j), parts)
    np.testing.assert_array_equal(parts, len(s) * np.arange(1, 6) ** 2)


@FEW
@given(two_person_trials, one_person_trials, st.integers(2, 9), seeds)
def test_det_replicates_ignore_the_side_of_a_person_and_weights_sum_to_the_people(pairs, own, count, seed):
    i, j, s = (np.array(x) for x in zip(*(pairs + [(p, p, x) for p, x in own])))
    t = np.arange(10.0)
    one, two = (
        det_replicates(s, a.astype(str), b.astype(str), t, replicates=15, rng=np.random.default_rng(seed))
        for a, b in ((i, j), (j, i))
    )
    np.testing.assert_array_equal(one.fmr.replicates, two.fmr.replicates)
    np.testing.assert_array_equal(one.fnmr.replicates, two.fnmr.replicates)
    assert one.fmr.trials + one.fnmr.trials == len(s)
    assert (np.diff(one.fmr.errors) <= 0).all()
    assert (np.diff(one.fnmr.errors) >= 0).all()
    assert (subject_weights(count, 20, np.random.default_rng(seed)).sum(axis=1) == count).all()


# ---- drift

samples = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=2, max_size=20)


@given(samples, samples, seeds)
def test_shift_is_antisymmetric_and_of_ranks_only(old, new, seed):
    (x, a), (y, b) = ([np.array(v) for v in zip(*rows)] for rows in (old, new))
    x, y, a, b = x.astype(float), y.astype(float), a.astype(str), b.astype(str)
    one, swapped = shift("x", x, y, a, b), shift("x", y, x, b, a)
    assert one.value + swapped.value == pytest.approx(1)
    assert swapped.variance == pytest.approx(one.variance, abs=1e-15)
    assert swapped.ks == pytest.approx(one.ks)
    assert swapped.ends(0.05) == pytest.approx(tuple(1 - end for end in reversed(one.ends(0.05))), abs=1e-7)
    order = np.random.default_rng(seed).permutation(len(y))
    other = shift("x", rising(x), rising(y)[order], a, b[order])
    assert (other.value, other.ks) == pytest.approx((one.value, one.ks))
    assert other.variance == pytest.approx(one.variance, abs=1e-15)
    assert shift("x", x, y + 1, a, b).value <= one.value


@given(samples, samples, samples)
def test_shift_of_pooled_values_is_the_mean_of_the_parts_and_stability_is_scale_free(old, new, more):
    x, y, z = (np.array([float(v) for v, _ in rows]) for rows in (old, new, more))
    parts = len(y) * shift("x", x, y).value + len(z) * shift("x", x, z).value
    assert shift("x", x, np.concatenate([y, z])).value == pytest.approx(parts / (len(y) + len(z)))
    index = stability_index(x, y)
    assert index >= 0
    assert stability_index(8 * x, 8 * y) == pytest.approx(index)
    assert stability_index(x, np.random.default_rng(len(x)).permutation(x)) == 0


# ---- control charts and delays

days = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)).map(sorted), min_size=3, max_size=12)


@given(days, st.integers(0, 20))
def test_control_limits_come_from_the_baseline_alone_and_mirror(rows, extra):
    x, n = (np.array(v) for v in zip(*rows))
    n[0] += 1
    baseline = max(2, len(x) // 2)
    one = control_chart("x", x, n, baseline=baseline)
    assert one.centre == pytest.approx(x[:baseline].sum() / n[:baseline].sum())
    longer = control_chart("x", np.append(x, 0), np.append(n, extra), baseline=baseline)
    np.testing.assert_array_equal(longer.high[:-1], one.high)
    assert set(longer.outside) - {len(x)} == set(one.outside)
    wide = control_chart("x", x, n, baseline=baseline, false_alarm=1e-4)
    there = n > 0
    assert (wide.high >= one.high)[there].all()
    assert (wide.low <= one.low)[there].all()
    assert set(wide.outside) <= set(one.outside)
    mirror = control_chart("x", n - x, n, baseline=baseline)
    assert mirror.sigma_z == pytest.approx(one.sigma_z)
    assert mirror.centre == pytest.approx(1 - one.centre)
    if one.sigma_z == mirror.sigma_z == 1:  # else the days are worth a broken number of trials
        np.testing.assert_allclose(mirror.low, 1 - one.high, atol=1e-12)
        np.testing.assert_allclose(mirror.high, 1 - one.low, atol=1e-12)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12), st.floats(0, 1), st.floats(0.05, 0.9))
def test_delay_obeys_its_recursion_and_shortens_with_power(chances, first, share):
    b = np.array(chances)
    rest = expected_delay(b)
    assert expected_delay(np.append(first, b)) == pytest.approx(1 + (1 - first) * rest)
    assert expected_delay(b[:1]) == pytest.approx(1 / b[0])
    stronger = b + (1 - b) / 3
    assert 1 <= expected_delay(stronger) <= rest + 1e-12
    late, sooner = delay_quantile(b, share), delay_quantile(stronger, share)
    if late is not None:
        assert sooner is not None
        assert sooner <= late
        assert delay_quantile(b, share / 2) <= late


# ---- two systems


@FEW
@given(two_systems(), st.integers(0, 12), st.integers(0, 12))
def test_unpaired_differences_swap_and_follow_ranks(pair, low, high):
    a, b = pair
    one = unpaired_at_thresholds(a, b, (low, high))
    two = unpaired_at_thresholds(mapped(b, rising), a, (float(rising(high)), low))
    assert set(one) == {"fpir", "fnir"}
    for name, found in one.items():
        assert two[name].value == -found.value
        assert two[name].ends(0.05) == pytest.approx(tuple(-end for end in reversed(found.ends(0.05))))
        start, end = found.ends(0.05)
        assert start <= found.value <= end
        wider = found.ends(0.01)
        assert wider[0] <= start
        assert end <= wider[1]


@FEW
@given(two_systems(), targets, seeds)
def test_each_unpaired_side_has_the_smallest_threshold_and_replicates_of_ranks(pair, target, seed):
    found = pair[0]
    side = Side.of(found, 2)
    at, others = side.threshold(target), found.other_score[~found.mated]
    allowed = target * len(others) * (1 + 1e-12)
    assert (others >= at).sum() <= allowed
    assert np.isneginf(at) or (others >= np.nextafter(at, -np.inf)).sum() > allowed
    assert side.threshold(target / 2) >= at
    drawn = side.replicates(target, 30, rng())
    order = np.random.default_rng(seed).permutation(len(found))
    other = Side.of(mapped(found, rising).take(order), 2).replicates(target, 30, rng())
    np.testing.assert_array_equal(other, drawn)
    strict = side.replicates(target / 2, 30, rng())
    known = ~np.isnan(drawn)
    assert (strict[known] >= drawn[known]).all()
    difference = unpaired_at_fpir(*pair, target, replicates=20, rng=rng())
    assert unpaired_at_fpir(*reversed(pair), target, replicates=20, rng=rng()).value == -difference.value


@FEW
@given(two_systems(), targets, seeds)
def test_paired_differences_at_one_fpir_swap_and_follow_ranks(pair, target, seed):
    a, b = pair
    one = difference_at_fpir(a, b, target, replicates=40, rng=rng())
    order = np.random.default_rng(seed).permutation(len(a))
    again = difference_at_fpir(mapped(b, rising).take(order), a.take(order), target, replicates=40, rng=rng())
    assert again.value == pytest.approx(-one.value)
    np.testing.assert_allclose(again.replicates, -one.replicates, atol=1e-12)
    same = difference_at_fpir(a, mapped(a, rising), target, replicates=40, rng=rng())
    assert same.value == 0
    assert (np.nan_to_num(same.replicates) == 0).all()


@FEW
@given(two_systems(), st.integers(0, 12), st.integers(0, 12))
def test_paired_differences_at_thresholds_swap_and_go_one_way(pair, low, high):
    a, b = pair
    one = differences_at_thresholds(a, b, (low, high), replicates=20, rng=rng())
    two = differences_at_thresholds(b, mapped(a, rising), (high, float(rising(low))), replicates=20, rng=rng())
    up = differences_at_thresholds(a, b, (low, high + 2), replicates=20, rng=rng())
    for name in ("fpir", "fnir"):
        assert two[name].value == pytest.approx(-one[name].value)
        assert two[name].test.p_value == pytest.approx(one[name].test.p_value)
    assert up["fpir"].value <= one["fpir"].value + 1e-12
    assert up["fnir"].value >= one["fnir"].value - 1e-12


@FEW
@given(seeds, targets, st.integers(3, 7))
def test_paired_differences_at_one_fmr_swap_and_follow_ranks(seed, target, people):
    draws = np.random.default_rng(seed)
    i, j = np.triu_indices(people)
    i, j = np.tile(i, 4), np.tile(j, 4)
    s = draws.integers(0, 15, (2, len(i))) + 4.0 * (i == j)
    one = difference_at_fmr((s[0], s[1]), i.astype(str), j.astype(str), target, replicates=30, rng=rng())
    order = draws.permutation(len(i))
    swapped = rising(s[1])[order], s[0][order]
    sides = j[order].astype(str), i[order].astype(str)
    two = difference_at_fmr(swapped, *sides, target, replicates=30, rng=rng())
    assert two.value == pytest.approx(-one.value)
    np.testing.assert_allclose(two.replicates, -one.replicates, atol=1e-12)


# ---- the floor, cameras, degraded faces


@FEW
@given(two_systems(), st.floats(1, 1000))
def test_journeys_and_alerts_go_one_way_with_the_threshold(pair, factor):
    found = pair[0]
    missed = [journey_miss(found, t, 2) for t in range(14)]
    errors = [rate.errors for rate in missed]
    assert errors == sorted(errors)
    assert (errors[0], errors[-1]) == (0, missed[0].trials)
    assert missed[0].trials == len(np.unique(found.person[found.mated]))
    curve = OpenSetCurve(found, 2)
    for t, rate in enumerate(missed):
        assert rate.errors <= curve.at(t).fnir.errors
        assert rate.errors <= journey_miss(found, t, 1).errors
    small, large = (alert_curve(curve, Site(100 * k, 0.1)) for k in (1, factor))
    for name in ("false", "true"):
        low, value, high = (getattr(small, name + end) for end in ("_low", "", "_high"))
        assert (np.diff(value) <= 1e-9).all()
        assert (low <= value + 1e-9).all()
        assert (value <= high + 1e-9).all()
        np.testing.assert_allclose(getattr(large, name), factor * value)
        np.testing.assert_allclose(getattr(large, name + "_high"), factor * high)


@FEW
@given(two_systems(), targets, seeds)
def test_drawn_camera_thresholds_fall_with_the_target_and_follow_ranks(pair, target, seed):
    found = pair[0]
    drawn = bootstrap_thresholds(OpenSetCurve(found), target, rng(), 40)
    assert (bootstrap_thresholds(OpenSetCurve(found), target / 2, rng(), 40) >= drawn).all()
    order = np.random.default_rng(seed).permutation(len(found))
    inside = drawn <= np.max(found.other_score[~found.mated])
    other = bootstrap_thresholds(OpenSetCurve(mapped(found, rising).take(order)), target, rng(), 40)
    np.testing.assert_array_equal(other[inside], rising(drawn[inside]))


@FEW
@given(seeds, st.integers(2, 4), st.integers(-3, 3))
def test_camera_levels_balance_and_do_not_feel_an_affine_map(seed, cameras, offset):
    draws = np.random.default_rng(seed)
    camera = draws.integers(0, cameras, 30).astype(str)
    score, people = draws.integers(0, 400, (30, 1)) / 1024, draws.integers(0, 9, 30).astype(str)

    def tested(values):
        ids = [f"p{k}" for k in range(30)]
        return level_test(Comparisons(values, ids, people, ["w"], ["w"], ["w"]), camera, rng(), 50)

    one, two = tested(score), tested(2 * score + offset)
    count = {name: (camera == name).sum() for name in one.shift}
    assert sum(count[name] * one.shift[name] for name in count) == pytest.approx(0, abs=1e-6)
    assert two.p_value == pytest.approx(one.p_value)
    assert two.shift == pytest.approx({name: 2 * value for name, value in one.shift.items()}, abs=1e-6)


@FEW
@given(seeds, st.integers(5, 9), st.floats(0.05, 0.4), st.floats(0.01, 0.9), st.floats(0.01, 0.9))
def test_degraded_faces_ignore_the_order_of_people_and_miss_more_at_higher_thresholds(seed, n, fmr, one, two):
    draws = np.random.default_rng(seed)
    score, order = draws.integers(0, 10, (2, n, n)).astype(float), draws.permutation(n)

    def report(values, names, **asked):
        quality, width = np.full((2, n), 0.5), np.full(n, 100.0)
        return degradation_report(DegradedScores(names, ["width"] * 2, [100.0, 50.0], values, quality, width), **asked)

    names = np.array([f"p{k}" for k in range(n)])
    base = report(score, names, fmr=fmr)
    shuffled = report(rising(score)[:, order][:, :, order], names[order], fmr=fmr)
    for a, b in zip(base.results, shuffled.results):
        for kind in ("missed", "fnmr", "fmr"):
            assert (getattr(a, kind).errors, getattr(a, kind).trials) == (
                getattr(b, kind).errors,
                getattr(b, kind).trials,
            )
    assert base.full.fmr.value <= fmr
    assert report(score, names, fmr=fmr + 0.2).threshold <= base.threshold
    errors = [[r.missed.errors for r in report(score, names, threshold=t).results] for t in range(11)]
    assert (np.diff(errors, axis=0) >= 0).all()
    assert people_for(max(one, two)) <= people_for(min(one, two))


# ---- the gate


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 0.9), st.integers(1, 200), st.floats(0.001, 0.2))
def test_the_power_of_a_rate_rises_with_it_and_keeps_its_level_at_the_limit(one, two, limit, n, tail):
    low, high = sorted((one, two))
    power = rate_power(high, limit, n, tail)
    assert rate_power(low, limit, n, tail) <= power + 1e-12
    assert rate_power(high, limit, n, tail / 2) <= power + 1e-12
    assert rate_power(high, min(1.0, limit + 0.05), n, tail) <= power + 1e-12
    assert rate_power(limit, limit, n, tail) <= tail + 1e-9


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 2), st.floats(0.001, 0.4), st.floats(0.1, 10))
def test_the_power_of_a_normal_quantity_moves_and_scales_with_it(value, limit, error, tail, factor):
    power = normal_power(value, limit, error, tail)
    assert normal_power(value + 3, limit + 3, error, tail) == pytest.approx(power, abs=1e-9)
    assert normal_power(factor * value, factor * limit, factor * error, tail) == pytest.approx(power, abs=1e-9)
    assert normal_power(value + 0.1, limit, error, tail) >= power
    assert normal_power(limit, limit, error, tail) == pytest.approx(tail)


def interval(value, width):
    """An interval that widens as its tails thin."""
    return lambda tail: (value + width * np.log(2 * tail), value - width * np.log(2 * tail))


quantities = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(0.001, 0.3), st.floats(-1, 1), st.booleans()), min_size=1, max_size=5
)
severity = ("better", "not worse", "cannot tell", "worse").index


@given(quantities, st.floats(0, 1), st.randoms(use_true_random=False))
def test_limits_mirror_loosen_and_do_not_condemn_more_when_more_are_asked(rows, slack, random):
    def verdicts(sign, loosened, extra=0):
        asked = [
            Limit("x", sign * v, interval(sign * v, w), sign * (limit + loosened), floor=sign < 0)
            for v, w, limit, _ in rows
        ]
        quiet = [Limit("quiet", 0.0, interval(0.0, 0.001), 9.0)] * extra
        return [severity(check.verdict) for check in checked(asked + quiet)][: len(rows)]

    base = verdicts(1, 0.0)
    assert verdicts(-1, 0.0) == base
    assert all(after <= before for after, before in zip(verdicts(1, slack), base))
    assert all(after <= before for after, before in zip(verdicts(1, 0.0, extra=4), base))


@given(st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=6), st.sampled_from(VERDICTS))
def test_the_overall_verdict_ignores_order_and_no_further_limit_lifts_a_doubt(found, more):
    def verdict(names):
        return severity(overall([Check("x", 0.0, 0.0, 0.0, 0.0, name) for name in names]))

    assert verdict(found) == verdict(found[::-1])
    assert verdict([*found, more]) >= severity(more) or more == "not worse"
    if verdict(found) >= severity("cannot tell"):
        assert verdict([*found, more]) >= verdict(found)


# ---- all pairs


@pytest.mark.filterwarnings("ignore::facelab.stats.suspect.SuspectScores")
@settings(max_examples=8)
@given(seeds)
def test_all_pairs_add_up_and_do_not_feel_order_or_a_rotation(seed):
    draws = np.random.default_rng(seed)
    person = np.concatenate([[0, 0, 1, 2], draws.integers(0, 6, 14)])
    at = draws.normal(size=(6, 5))[person] + 0.7 * draws.normal(size=(18, 5))
    at /= np.linalg.norm(at, axis=1, keepdims=True)
    turn, order = np.linalg.qr(draws.normal(size=(5, 5)))[0], draws.permutation(18)
    one = all_pairs_curve(at.astype(np.float32), person)
    two = all_pairs_curve((at @ turn)[order].astype(np.float32), person[order])
    points = [one.at(t) for t in (-0.5001, 0.1002, 0.5003, 0.9004)]
    others = [two.at(t) for t in (-0.5001, 0.1002, 0.5003, 0.9004)]
    for a, b in zip(points, others):
        assert (a.fmr.errors, a.fnmr.errors) == (b.fmr.errors, b.fnmr.errors)
        assert a.fmr.trials + a.fnmr.trials == 18 * 17 // 2
    assert [p.fmr.errors for p in points] == sorted((p.fmr.errors for p in points), reverse=True)
    assert [p.fnmr.errors for p in points] == sorted(p.fnmr.errors for p in points)

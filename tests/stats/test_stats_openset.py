"""Open-set rates against a plain loop, thresholds at targets by their rule, and the laws that a curve obeys."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.openset import open_set_curve, open_set_curve_of_searches
from facelab.stats.points import Unattainable, operating_points
from facelab.stats.searches import searches_from_candidates
from facelab.stats.thresholds import split_probes
from facelab.types import Comparisons


def table(score, probe_subject, reference_subject, enrolled=None):
    score = np.asarray(score)
    p, r = score.shape
    names = np.unique(np.asarray(reference_subject, dtype=str)) if enrolled is None else enrolled
    return Comparisons(
        score,
        np.array([f"p{i}" for i in range(p)], dtype=str),
        np.asarray(probe_subject, dtype=str),
        np.array([f"r{i}" for i in range(r)], dtype=str),
        np.asarray(reference_subject, dtype=str),
        np.asarray(names, dtype=str),
    )


def population(seed=0, mated=40, strangers=150, passages=2, n=30, spread=0.12):
    """Scores of people who differ, two passages a stranger, one failed probe of each kind."""
    rng = np.random.default_rng(seed)
    gallery = rng.normal(size=(n, 24))
    who = np.arange(mated) % n
    probes = np.r_[gallery[who] + 4 * spread * rng.normal(size=(mated, 24)), rng.normal(size=(strangers, 24))]
    probes = probes[np.r_[np.arange(mated), mated + np.arange(strangers).repeat(passages)]]
    probes += 0.1 * rng.normal(size=probes.shape)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    score = (probes @ gallery.T).astype(np.float32)
    score[[0, mated]] = np.nan
    subject = [f"s{i}" for i in who] + [f"u{i // passages}" for i in range(strangers * passages)]
    return table(score, subject, [f"s{i}" for i in range(n)])


def rates_by_loop(comparisons, threshold, rank):
    """FPIR, FNIR and misidentification counts, one search at a time, straight from their definitions."""
    false_positive = miss = wrong = 0
    for i, subject in enumerate(comparisons.probe_subject):
        best = {}
        for j, reference in enumerate(comparisons.reference_subject):
            if comparisons.score[i, j] >= threshold:
                best[reference] = max(best.get(reference, -np.inf), comparisons.score[i, j])
        if subject not in comparisons.enrolled:
            false_positive += bool(best)
            continue
        mate = best.pop(subject, None)
        above = [score for score in best.values() if mate is None or score >= mate]
        miss += mate is None or 1 + len(above) > rank
        wrong += bool(above)
    return false_positive, miss, wrong


def test_rates_by_hand():
    """Two strangers, one found at .4; ann found at .9, bob only behind ann; one failed probe of each kind."""
    curve = open_set_curve(
        table(
            [[0.9, 0.1], [0.6, 0.5], [0.4, 0.3], [0.2, 0.1], [np.nan] * 2, [np.nan] * 2],
            ["ann", "bob", "", "", "ann", ""],
            ["ann", "bob"],
        )
    )
    point = curve.at(0.35)
    assert (point.fpir.errors, point.fpir.trials) == (1, 3)
    assert (point.fnir.errors, point.fnir.trials) == (2, 3)
    assert (point.misidentification.errors, point.misidentification.trials) == (1, 3)
    assert point.selectivity == pytest.approx(1 / 3)
    assert curve.selectivity(0.25) == pytest.approx(2 / 3)
    assert (point.subjects, point.samples, point.mated, point.non_mated) == (2, 2, 3, 3)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_counts_equal_a_loop_over_the_searches_at_every_threshold(seed, rank):
    rng = np.random.default_rng(seed)
    score = np.where(rng.random((12, 6)) < 0.1, np.nan, rng.integers(0, 6, (12, 6)) / 5)
    people = np.array(["s0", "s1", "s2", "gone", "x", ""])[rng.integers(0, 6, 12)]
    references = [f"s{i}" for i in rng.integers(0, 4, 6)]
    comparisons = table(score, people, references, np.unique([*references, "gone"]))
    curve = open_set_curve(comparisons, rank)
    for index, threshold in enumerate(curve.thresholds):
        expected = rates_by_loop(comparisons, threshold, rank)
        point = curve.at(threshold)
        assert (point.fpir.errors, point.fnir.errors, point.misidentification.errors) == expected
        on_curve = curve.false_positives[index], curve.misses[index], curve.misidentifications[index]
        assert tuple(int(n) for n in on_curve) == expected
    assert curve.at(curve.thresholds[-1]).fpir.errors == 0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_laws_of_the_curve(seed):
    """Monotone in T; unchanged by the order of probes and an increasing map of scores; a higher rank misses less."""
    rng = np.random.default_rng(seed)
    comparisons = population(seed % 1000, mated=12, strangers=20)
    curve = open_set_curve(comparisons)
    assert (np.diff(curve.false_positives) <= 0).all()
    assert (np.diff(curve.misses) >= 0).all()
    assert (np.diff(curve.misidentifications) <= 0).all()
    shuffled = open_set_curve(comparisons.take(rng.permutation(len(comparisons))))
    assert np.array_equal(shuffled.false_positives, curve.false_positives)
    mapped = table(np.exp(3 * comparisons.score), comparisons.probe_subject, comparisons.reference_subject)
    assert np.array_equal(open_set_curve(mapped).misses, curve.misses)
    assert (open_set_curve(comparisons, 2).misses <= curve.misses).all()
    assert np.array_equal(curve.cmc(1).value, [1 - curve.at(-np.inf).fnir.value])


def test_pooled_counts_are_the_sum_of_both_parts():
    whole = population()
    parts = split_probes(whole, 0.4, np.random.default_rng(1))
    curve = open_set_curve(whole)
    for threshold in (0.3, 0.5):
        pooled, both = curve.at(threshold), [open_set_curve(part).at(threshold) for part in parts]
        for name in ("fpir", "fnir", "misidentification"):
            assert getattr(pooled, name).errors == sum(getattr(point, name).errors for point in both)
            assert getattr(pooled, name).trials == sum(getattr(point, name).trials for point in both)


def test_threshold_at_a_target_is_the_smallest_that_meets_it():
    curve = open_set_curve(population())
    for target in (0.5, 0.1, 0.05, 0.02):
        point = curve.threshold_at_fpir(target)
        below = curve.thresholds[curve.thresholds < point.threshold]
        assert point.fpir.value <= target
        assert not below.size or curve.at(below[-1]).fpir.value > target
        assert point.in_sample
        assert (point.measure, point.target) == ("FPIR", target)


def test_threshold_at_a_target_fnir_is_the_largest_that_meets_it():
    curve = open_set_curve(population())
    point = curve.threshold_at_fnir(0.2)
    above = curve.thresholds[curve.thresholds > point.threshold]
    assert point.fnir.value <= 0.2 < curve.at(above[0]).fnir.value
    assert point.to_dict()["target_fnir"] == 0.2


def test_a_target_fnir_that_no_threshold_reaches_says_how_far_it_is():
    curve = open_set_curve(table(np.array([[0.1, 0.9], [0.8, 0.2]] * 20), ["a", "a"] * 20, ["a", "b"]))
    with pytest.raises(UnattainableTarget, match=r"FNIR 0.03 cannot be reached: at the lowest threshold it is 0\.5"):
        curve.threshold_at_fnir(0.03)


def test_a_tie_at_the_threshold_is_accepted_or_refused_as_one():
    score = np.r_[np.full((5, 1), 0.5), np.full((15, 1), 0.1)]
    curve = open_set_curve(table(score, [""] * 20, ["a"]))
    assert curve.at(0.5).fpir.errors == 5
    assert curve.threshold_at_fpir(0.2).fpir.errors == 0
    assert curve.threshold_at_fpir(0.25).fpir.errors == 5


def test_the_next_float_above_single_precision_scores_lies_above_them_in_single_precision():
    score = np.array([[0.3], [0.7]] * 10, dtype=np.float32)
    threshold = open_set_curve(table(score, [""] * 20, ["a"])).threshold_at_fpir(0.1).threshold
    assert not (score >= threshold).any()
    assert not (score >= np.float32(threshold)).any()


def test_two_levels_of_targets():
    curve = open_set_curve(population(strangers=50))
    assert curve.threshold_at_fpir(0.1).supported
    by_people = curve.threshold_at_fpir(0.04)
    assert not by_people.supported
    assert by_people.reason == "FPIR 0.04 wants 75 probe people, there are 50"
    assert curve.threshold_at_fpir(0.02).reason == "FPIR 0.02 wants 150 trials, there are 100"
    with pytest.raises(UnattainableTarget) as caught:
        curve.threshold_at_fpir(0.001)
    assert (caught.value.needed, caught.value.have) == (1000, 100)
    assert (caught.value.people_needed, caught.value.people_have) == (3000, 50)


def test_the_certified_threshold_is_the_smallest_whose_bound_meets_the_target():
    curve = open_set_curve(population())
    certified = curve.certified_threshold_at_fpir(0.1)
    assert certified.fpir.upper(0.95) <= 0.1
    lower = curve.thresholds[curve.thresholds < certified.threshold]
    counts = np.unique(curve.false_positives[: len(lower)], return_index=True)[1]
    assert all(curve.at(lower[i]).fpir.upper(0.95) > 0.1 for i in counts)
    plain = curve.threshold_at_fpir(0.1)
    assert plain.threshold < certified.threshold
    assert plain.certified.threshold == certified.threshold


def test_too_few_people_to_certify_are_told_how_many_it_takes():
    curve = open_set_curve(population(strangers=50))
    with pytest.raises(UnattainableTarget, match="without a single error it takes 149") as caught:
        curve.certified_threshold_at_fpir(0.02)
    assert caught.value.people_have == 50
    assert "cannot be certified" in curve.threshold_at_fpir(0.02).uncertified


def test_chosen_on_one_half_and_reported_on_the_other():
    select, report = (open_set_curve(part) for part in split_probes(population(), 0.5, np.random.default_rng(0)))
    points = operating_points(select, report, [0.1, 0.02, 0.001], [0.4])
    assert [p.threshold for p in points[:2]] == [select.threshold_at_fpir(t).threshold for t in (0.1, 0.02)]
    assert not any(p.in_sample for p in (points[0], points[1], points[3]))
    assert points[0].fpir.trials == report.non_mated
    assert isinstance(points[2], Unattainable)
    assert points[3].to_dict()["target_fpir"] is None
    assert operating_points(select, select, [0.1])[0].in_sample


def test_what_the_other_half_is_too_small_to_show_is_unsupported_and_not_withheld():
    select = open_set_curve(population(strangers=100))
    report = open_set_curve(population(1, strangers=20))
    point = operating_points(select, report, [0.01])[0]
    assert point.threshold == select.threshold_at_fpir(0.01).threshold
    assert not point.supported
    assert "there are 40" in point.reason


def test_json_has_the_names_that_scripts_rely_on():
    curve = open_set_curve(population())
    documents = [
        json.loads(json.dumps(p.to_dict(), allow_nan=False)) for p in operating_points(curve, curve, [0.1, 0.001])
    ]
    names = {"target_fpir", "threshold", "rank", "supported", "fpir", "fnir", "misidentification", "selectivity"}
    assert all(names <= set(document) for document in documents)
    assert documents[0]["certified"]["threshold"] > documents[0]["threshold"]
    assert documents[1]["threshold"] is None
    assert documents[1]["unattainable"]["needed"] == 1000
    assert documents[1]["unattainable"]["have"] == 300
    assert documents[1]["fpir"] is None


def test_no_non_mated_and_no_mated_searches_are_said_so():
    mated = open_set_curve(table([[0.9], [0.8]], ["a", "a"], ["a"]))
    assert np.isnan(mated.fpir).all()
    assert repr(mated.at(0.5).fpir) == "FPIR 0/0: no trial"
    with pytest.raises(UnattainableTarget, match="there are 0"):
        mated.threshold_at_fpir(0.1)
    strangers = open_set_curve(table([[0.9], [0.8]], ["", ""], ["a"]))
    assert np.isnan(strangers.at(0.5).fnir.value)
    assert json.dumps(strangers.at(0.5).to_dict(), allow_nan=False)


def test_only_failed_probes_are_misses_and_there_is_no_threshold():
    curve = open_set_curve(table(np.full((4, 1), np.nan), ["a", "a", "", ""], ["a"]))
    point = curve.at(0.5)
    assert (point.fnir.errors, point.fpir.errors) == (2, 0)
    with pytest.raises(NotMeasured, match="there is no score"):
        curve.threshold_at_fpir(0.5)


def test_two_passages_of_one_stranger_are_one_person():
    score = np.repeat(np.linspace(0, 1, 50), 4)[:, None]
    one = open_set_curve(table(score, [f"u{i // 4}" for i in range(200)], ["a"])).at(0.8).fpir
    own = open_set_curve(table(score, [""] * 200, ["a"])).at(0.8).fpir
    assert (one.people, own.people) == (50, 200)
    assert one.design_effect == pytest.approx(4 * 50 / 49)
    assert one.interval().width > 1.8 * own.interval().width


def outcomes_by_loop(comparisons, threshold, rank):
    """(p,) whether each search is an error, one at a time: a false positive, or a miss."""
    rows = [rates_by_loop(comparisons.take(np.array([i])), threshold, rank) for i in range(len(comparisons))]
    return np.array([fp + miss for fp, miss, _ in rows])


@pytest.mark.parametrize("name", ["fpir", "fnir"])
def test_another_gallery_adds_the_jackknife_less_what_the_probe_people_have_already(name):
    """Each subject left out in turn, by a loop; searches for that subject stay as they are."""
    comparisons = population(strangers=60)
    threshold, n = 0.45, len(comparisons.enrolled)
    kind = comparisons.mated if name == "fnir" else ~comparisons.mated
    person = np.unique(comparisons.probe_subject, return_inverse=True)[1]
    before = outcomes_by_loop(comparisons, threshold, 1)
    rates, cells = [], 0.0
    for subject in comparisons.enrolled:
        kept = comparisons.reference_subject != subject
        score, references = comparisons.score[:, kept], comparisons.reference_subject[kept]
        part = table(score, comparisons.probe_subject, references, comparisons.enrolled)
        after = outcomes_by_loop(part, threshold, 1)
        after = np.where(comparisons.probe_subject == subject, before, after)
        rates.append(after[kind].mean())
        changed = np.bincount(person[kind], weights=(before - after)[kind]) / kind.sum()
        cells += np.square(changed).sum()
    jackknife = (n - 1) / n * np.square(rates - np.mean(rates)).sum()
    point = open_set_curve(comparisons).at(threshold)
    here, elsewhere = getattr(point, name), getattr(point, f"{name}_another_gallery")
    added = elsewhere.clustering.variance - here.clustering.variance
    assert added == pytest.approx(max(jackknife - cells, 0), abs=1e-15)
    assert elsewhere.clustering.unseen[-1].people == n == 30
    assert elsewhere.interval().high > 0.97, "30 enrolled people cannot say how often another gallery holds a hub"
    assert "conservative: people like none of these are allowed for" in elsewhere.interval().note


def test_a_band_is_the_interval_at_each_threshold():
    curve = open_set_curve(population())
    for measure, name in (("FPIR", "fpir"), ("FNIR", "fnir")):
        band = curve.band(measure, np.array([0.2, 0.4, 0.6, 0.99]))
        for i, threshold in enumerate(band.thresholds):
            interval = getattr(curve.at(threshold), name).interval()
            assert (band.low[i], band.high[i]) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert len(curve.band("FPIR").thresholds) <= 512
    assert len(curve.band("FPIR").to_frame()) == len(curve.band("FPIR").thresholds)


def test_cmc_counts_mates_within_each_rank():
    score = np.array([[0.9, 0.1, 0.2], [0.5, 0.6, 0.1], [0.3, 0.8, 0.7], [np.nan] * 3])
    cmc = open_set_curve(table(score, ["a", "a", "a", "a"], ["a", "b", "c"])).cmc()
    assert cmc.value.tolist() == [0.25, 0.5, 0.75]
    assert cmc.rate(2).errors == 2
    assert cmc.to_frame().shape == (3, 4)
    with pytest.raises(BadInput, match="ranks go from 1 to 3"):
        cmc.rate(4)


def test_results_show_themselves():
    curve = open_set_curve(population())
    point = curve.threshold_at_fpir(0.1)
    assert "N = 30, rank 1, 40 mated and 300 non-mated" in repr(curve)
    assert repr(point).startswith("N = 30, rank 1, threshold")
    assert "chosen and reported on the same searches" in repr(point)
    assert "<table>" in point._repr_html_()
    assert point.to_frame()["measure"].tolist() == ["FPIR", "FNIR", "misidentification"]
    assert len(curve.to_frame()) == len(curve.thresholds)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_is_a_number(threshold):
    with pytest.raises(BadInput, match="a threshold is a number"):
        open_set_curve(population()).at(threshold)


def test_a_threshold_on_another_scale_is_refused():
    curve = open_set_curve(population())
    with pytest.raises(BadInput, match="60 lies outside the scores"):
        operating_points(curve, curve, thresholds=[60])


@pytest.mark.parametrize(
    ("target", "words"), [(0, "strictly between"), (1, "percentage"), (5, "percentage"), (-0.1, "strictly")]
)
def test_a_target_is_a_rate(target, words):
    with pytest.raises(BadInput, match=words):
        open_set_curve(population()).threshold_at_fpir(target)


def test_a_rank_is_at_least_one():
    with pytest.raises(BadInput, match="rank"):
        open_set_curve(population(), 0)


def test_candidate_lists_and_tables_give_one_curve():
    comparisons = population()
    i, j = np.nonzero(~np.isnan(comparisons.score))
    failed = np.flatnonzero(np.isnan(comparisons.score).all(axis=1))
    found = searches_from_candidates(
        np.r_[comparisons.probe_id[i], comparisons.probe_id[failed]],
        np.r_[comparisons.probe_subject[i], comparisons.probe_subject[failed]],
        np.r_[comparisons.reference_subject[j], np.full(len(failed), "")],
        np.r_[comparisons.score[i, j], np.full(len(failed), np.nan)],
    )
    lists, dense = (
        open_set_curve_of_searches(found).threshold_at_fpir(0.05),
        open_set_curve(comparisons).threshold_at_fpir(0.05),
    )
    for name in ("fpir", "fnir", "misidentification"):
        assert repr(getattr(lists, name)) == repr(getattr(dense, name))
    assert lists.selectivity == dense.selectivity

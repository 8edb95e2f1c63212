"""1:1 error rates against scikit-learn, pyeer's recorded numbers, plain counting, and the laws that a curve obeys."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import det_curve, roc_auc_score

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats.comparing import (
    verification_curve,
    verification_curve_of_comparisons,
    verification_curve_of_pairs,
)
from facelab.stats.points import Unattainable
from facelab.stats.suspect import SuspectScores
from facelab.stats.verification import generalised_rates
from facelab.stats.verification_points import verification_report
from facelab.types import Comparisons, Templates

few_ties = pytest.mark.filterwarnings("ignore::facelab.stats.suspect.SuspectScores")


def normal_scores(mated=400, non_mated=20_000, seed=1):
    """Rounded to three digits, so that scores tie."""
    rng = np.random.default_rng(seed)
    genuine = np.round(rng.normal(0.6, 0.12, mated), 3)
    return genuine, np.round(rng.normal(0.2, 0.12, non_mated), 3)


def curve_of(genuine, impostor, **subjects):
    score = np.concatenate([genuine, impostor])
    return verification_curve(score, np.arange(len(score)) < len(genuine), **subjects)


def labelled(seed=0, people=20, images=3, missing=0.05):
    """All pairs of several images of people, some failed."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(people, 8))
    sample = np.repeat(np.arange(people), images)
    at = middle[sample] + 0.5 * rng.normal(size=(len(sample), 8))
    at /= np.linalg.norm(at, axis=1, keepdims=True)
    i, j = np.array(list(itertools.combinations(range(len(sample)), 2))).T
    score = np.where(rng.random(len(i)) < missing, np.nan, (at[i] * at[j]).sum(axis=1))
    return score, sample[i] == sample[j], sample[i], sample[j]


def test_rates_by_hand():
    """Mated .9 .5 .3, one failed; non-mated .6 .5 .1, two failed; at .5: FMR 2/3, FNMR 1/3, GFAR 2/5, GFRR 2/4."""
    score = [0.9, 0.5, 0.3, np.nan, 0.6, 0.5, 0.1, np.nan, np.nan]
    point = verification_curve(score, [1] * 4 + [0] * 5).at(0.5)
    assert [(r.errors, r.trials) for r in point.rates] == [(2, 3), (1, 3), (2, 5), (2, 4)]
    assert [r.name for r in point.rates] == ["FMR", "FNMR", "GFAR", "GFRR"]


def test_the_curve_equals_scikit_learns_where_that_has_points():
    genuine, impostor = normal_scores()
    curve = curve_of(genuine, impostor)
    fmr, fnmr, thresholds = det_curve(np.r_[np.ones(400), np.zeros(20_000)], np.r_[genuine, impostor])
    at = np.searchsorted(curve.thresholds, thresholds)
    np.testing.assert_allclose(curve.fmr[at], fmr)
    np.testing.assert_allclose(curve.fnmr[at], fnmr)


def test_the_area_is_scikit_learns_with_ties_counting_half():
    genuine, impostor = normal_scores()
    expected = roc_auc_score(np.r_[np.ones(400), np.zeros(20_000)], np.r_[genuine, impostor])
    assert curve_of(genuine, impostor).auc() == pytest.approx(expected, rel=1e-12)


def test_the_convention_nearest_gives_pyeers_numbers():
    """Recorded from pyeer 0.5.6 (get_eer_stats) on the same scores."""
    curve = curve_of(*normal_scores())
    eer = curve.eer("nearest")
    assert (eer.rate, eer.threshold) == (pytest.approx(0.04245), 0.402)
    assert curve.fnmr_at_fmr(1 / 100, "nearest") == pytest.approx(0.1575)
    assert curve.fnmr_at_fmr(1 / 1000, "nearest") == pytest.approx(0.4375)
    assert curve.auc() == pytest.approx(0.9919339375)


def test_the_exact_equal_error_rate_is_at_the_smallest_gap_the_lowest_such():
    curve = curve_of(*normal_scores())
    gap = np.abs(curve.fmr - curve.fnmr)
    at = int(np.argmin(gap))
    eer = curve.eer()
    assert eer.threshold == curve.thresholds[at]
    assert eer.rate == pytest.approx((curve.fmr[at] + curve.fnmr[at]) / 2)
    assert (eer.fmr.errors, eer.fnmr.errors) == (curve.false_matches[at], curve.false_non_matches[at])
    assert repr(eer).startswith("EER 0.0443 at threshold 0.403 (exact): FMR 872/20000")


def test_the_linear_equal_error_rate_lies_on_the_line_between_two_points():
    """Two points (FMR, FNMR): (1/2, 0) at .4 and (0, 1/2) at .5; the line crosses at 1/4, in the middle."""
    curve = curve_of([0.4, 0.9], [0.1, 0.4])
    eer = curve.eer("linear")
    assert (eer.rate, eer.threshold) == (
        pytest.approx(0.25),
        pytest.approx((0.4 + curve.eer().threshold * 0 + 0.9) / 2),
    )
    assert eer.fmr is None
    assert eer.to_dict()["fmr"] is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=80, deadline=None)
@few_ties
def test_equal_error_and_targets_equal_a_search_through_every_threshold(seed, m, n):
    rng = np.random.default_rng(seed)
    genuine, impostor = rng.integers(0, 8, m) / 8 + 0.25, rng.integers(0, 8, n) / 8
    curve = curve_of(genuine, impostor)
    grid = np.unique(np.r_[genuine, impostor])
    grid = np.append(grid, curve.highest)
    assert np.array_equal(curve.thresholds, grid)
    matches = np.array([(impostor >= t).sum() for t in grid])
    misses = np.array([(genuine < t).sum() for t in grid])
    assert np.array_equal(curve.false_matches, matches)
    assert np.array_equal(curve.false_non_matches, misses)
    gap = np.abs(matches * m - misses * n)
    assert curve.eer().threshold == grid[np.argmin(gap)]
    for k in range(1, n):
        assert curve.threshold_at_fmr(k / n).threshold == grid[np.argmax(matches <= k)]
    for k in range(1, m):
        assert curve.threshold_at_fnmr(k / m).threshold == grid[np.flatnonzero(misses <= k)[-1]]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
@few_ties
def test_laws_of_the_curve(seed):
    """Monotone in T; unchanged by the order of comparisons and by an increasing map of the scores."""
    rng = np.random.default_rng(seed)
    score, mated, first, second = labelled(seed % 1000, people=8)
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    assert (np.diff(curve.false_matches) <= 0).all()
    assert (np.diff(curve.false_non_matches) >= 0).all()
    order = rng.permutation(len(score))
    other = verification_curve(
        np.exp(score[order]), mated[order], probe_subject=second[order], reference_subject=first[order]
    )
    assert np.array_equal(curve.false_matches, other.false_matches)
    threshold = float(curve.thresholds[rng.integers(0, len(curve.thresholds))])
    assert repr(curve.at(threshold).fmr) == repr(other.at(float(np.exp(threshold))).fmr)
    assert curve.eer().rate == other.eer().rate


def test_threshold_at_a_target_and_the_certified_one():
    score, mated, first, second = labelled(people=140)
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    point = curve.threshold_at_fmr(0.02)
    below = curve.thresholds[curve.thresholds < point.threshold][-1]
    assert point.fmr.value <= 0.02 < curve.at(below).fmr.value
    certified = curve.certified_threshold_at_fmr(0.02)
    assert point.certified.threshold == certified.threshold > point.threshold
    assert certified.fmr.upper() <= 0.02
    lower = curve.thresholds[(curve.thresholds < certified.threshold) & (curve.thresholds >= point.threshold)]
    assert all(curve.at(t).fmr.upper() > 0.02 for t in np.unique(lower)[-30:])
    assert "(holds unless people rarer than 1 in 47 make the errors, then at most 0.0" in repr(point)
    assert point.to_dict()["certified"]["fmr"]["reliable"] is False


def test_too_few_people_certify_nothing_and_are_told_how_many_would():
    score, mated, first, second = labelled(people=60)
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    point = curve.threshold_at_fmr(0.02)
    assert point.certified is None
    assert "with 60 people; without a single error it takes 298; from 120 on the bound rests on" in point.uncertified
    with pytest.raises(UnattainableTarget, match="cannot be certified"):
        curve.certified_threshold_at_fmr(0.02)


def test_a_certified_threshold_is_found_by_halving_where_errors_are_too_many_to_run_over(monkeypatch):
    genuine, impostor = normal_scores()
    whole = curve_of(genuine, impostor).certified_threshold_at_fmr(0.1).threshold
    monkeypatch.setattr("facelab.stats.verification.RUNNING", 100)
    halved = curve_of(genuine, impostor).certified_threshold_at_fmr(0.1)
    assert halved.fmr.upper() <= 0.1
    assert whole <= halved.threshold <= whole + 0.002


def test_two_levels_of_targets():
    score, mated, first, second = labelled(people=30, images=3, missing=0)
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    assert curve.threshold_at_fmr(0.01).supported
    assert curve.threshold_at_fmr(0.002).reason == "FMR 0.002 wants 1,500 pairs of people, there are 435"
    assert curve.threshold_at_fmr(0.0005).reason == "FMR 0.0005 wants 6,000 trials, there are 3,915"
    with pytest.raises(UnattainableTarget, match="needs at least 100,000 trials, there are 3,915") as caught:
        curve.threshold_at_fmr(1e-5)
    assert str(caught.value).endswith("to support it, 300,000 pairs of people, there are 435")
    said = Unattainable.of(caught.value).to_dict()["unattainable"]
    assert (said["people_have"], said["unit"]) == (435, "pairs of people")
    with pytest.raises(UnattainableTarget, match="3,000 subjects, there are 30"):
        curve.threshold_at_fnmr(1e-3)
    assert curve.threshold_at_fnmr(0.05).reason == "FNMR 0.05 wants 60 subjects, there are 30"
    assert curve.threshold_at_fnmr(0.05).to_dict()["target_fnmr"] == 0.05


def test_intervals_are_over_people_where_they_are_known():
    score, mated, first, second = labelled()
    known = verification_curve(score, mated, probe_subject=first, reference_subject=second).at(0.5)
    unknown = verification_curve(score, mated).at(0.5)
    for with_people, without in zip(known.rates, unknown.rates):
        assert (with_people.errors, with_people.trials) == (without.errors, without.trials)
        assert with_people.people == 20
        assert without.people is None
        assert "subjects unknown" in without.interval().note
        assert with_people.interval().width > without.interval().width
    assert known.fmr.interval().method.endswith("people of pairs, unseen people")
    assert known.gfrr.interval().method.endswith("subjects")


def test_names_and_numbers_of_people_are_the_same_people():
    score, mated, first, second = labelled()
    numbers = verification_curve(score, mated, probe_subject=first, reference_subject=second).at(0.5)
    names = verification_curve(
        score, mated, probe_subject=[f"s{i}" for i in first], reference_subject=[f"s{i}" for i in second]
    ).at(0.5)
    assert repr(numbers.fmr) == repr(names.fmr)


def test_one_unknown_person_gives_the_interval_of_independent_trials():
    curve = verification_curve([0.9, 0.1, 0.2], [1, 0, 0], probe_subject=["a"] * 3, reference_subject=["a", "b", ""])
    assert curve.at(0.5).fmr.people is None


def test_a_band_is_the_interval_at_each_threshold():
    score, mated, first, second = labelled()
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    for measure, name in (("FMR", "fmr"), ("FNMR", "fnmr")):
        band = curve.band(measure, np.array([0.2, 0.5, 0.8]))
        for i, threshold in enumerate(band.thresholds):
            interval = getattr(curve.at(threshold), name).interval()
            assert (band.low[i], band.high[i]) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert len(curve.to_frame()) == len(curve.thresholds)


def test_single_precision_scores_are_not_accepted_at_the_next_float():
    genuine, impostor = np.array([0.9, 0.8], np.float32), np.array([0.95, 0.1], np.float32)
    curve = curve_of(genuine, impostor)
    assert curve.at(curve.highest).fmr.errors == 0
    assert not (impostor >= np.float32(curve.highest)).any()


def test_the_report_has_the_names_that_scripts_rely_on():
    score, mated, first, second = labelled()
    curve = verification_curve(score, mated, probe_subject=first, reference_subject=second)
    report = verification_report(curve, curve, [0.01, 1e-6], [0.5])
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert {"eer", "mated", "non_mated", "in_sample", "operating_points"} <= set(document)
    assert {"rate", "threshold"} <= set(document["eer"])
    assert document["mated"] == {
        "comparisons": 60,
        "failed": int(np.isnan(score[mated]).sum()),
        "subjects": 20,
        "largest_share": pytest.approx(3 / 60),
    }
    assert document["non_mated"]["comparisons"] == 1710
    assert document["in_sample"] is True
    chosen, refused, given_point = document["operating_points"]
    assert {"target_fmr", "threshold", "supported", "fmr", "fnmr", "gfar", "gfrr"} <= set(chosen) & set(refused)
    assert refused["threshold"] is None
    assert refused["unattainable"]["needed"] == 1_000_000
    assert given_point["target_fmr"] is None
    assert given_point["threshold"] == 0.5
    assert isinstance(report.points[1], Unattainable)
    assert repr(report).count("\n") == 4


def test_chosen_on_one_file_and_reported_on_another():
    select, report = (curve_of(*normal_scores(seed=seed)) for seed in (1, 2))
    result = verification_report(select, report, [0.01, 0.0001])
    assert not result.in_sample
    assert not any(point.in_sample for point in result.points)
    assert result.points[0].threshold == select.threshold_at_fmr(0.01).threshold
    assert not result.points[1].supported
    small = curve_of(*normal_scores(50, 500, seed=3))
    point = verification_report(select, small, [0.001]).points[0]
    assert not point.supported
    assert "there are 500" in point.reason


def test_results_show_themselves():
    curve = curve_of(*normal_scores())
    assert repr(curve) == "error curve: 400 mated (0 failed) and 20,000 non-mated (0 failed) comparisons"
    point = curve.threshold_at_fmr(0.001)
    assert repr(point).startswith("threshold 0.582, target FMR 0.001: FMR 19/20000")
    assert "<table>" in point._repr_html_()
    assert point.to_frame()["measure"].tolist() == ["FMR", "FNMR", "GFAR", "GFRR"]


def test_generalised_rates_of_counts_and_of_shares_agree():
    """100 mated attempts: 10 fail, 9 of the rest are missed; FTA .1, FNMR .1, GFRR .19."""
    gfar, gfrr = generalised_rates(0.02, 0.1, 0.1, 0.0)
    assert gfrr == pytest.approx(0.19)
    assert gfar == pytest.approx(0.018)
    with pytest.raises(BadInput, match="FTA"):
        generalised_rates(0.1, 0.1, 1.2, 0)


@pytest.mark.parametrize(
    ("score", "mated", "words"),
    [
        ([], [], "there must be a row of scores"),
        (["a", "b"], [1, 0], "scores must be numbers, one is 'a'"),
        ([0.1, np.inf], [1, 0], "number 2 is inf"),
        ([0.1, 0.2], [1, 2], "one 0 or 1 for each"),
        ([0.1, 0.2], [1], "one 0 or 1 for each"),
        ([0.1, 0.2], [1, 1], "there is no non-mated score"),
        ([np.nan, 0.2], [1, 0], r"there is no mated score \(1 failed\)"),
    ],
)
def test_what_are_no_labelled_scores_is_refused(score, mated, words):
    with pytest.raises(BadInput, match=words):
        verification_curve(score, mated)


def test_labels_that_contradict_the_subjects_are_refused_with_their_place():
    with pytest.raises(BadInput, match="comparison 2: it is called mated and its subjects differ: a and b"):
        verification_curve([0.9, 0.8, 0.1], [1, 1, 0], probe_subject=list("aaa"), reference_subject=list("abb"))
    with pytest.raises(BadInput, match="a subject for each of the 2 scores"):
        verification_curve([0.9, 0.1], [1, 0], probe_subject=["a"], reference_subject=["a", "b"])


def test_distances_are_noticed():
    with pytest.warns(SuspectScores, match="are they distances"):
        curve_of([0.1, 0.2], [0.8, 0.9])


@pytest.mark.parametrize("call", [lambda c: c.eer("interpolated"), lambda c: c.fnmr_at_fmr(0.1, "pyeer")])
def test_a_convention_has_a_name(call):
    with pytest.raises(BadInput, match="exact, nearest or linear"):
        call(curve_of(*normal_scores(20, 20)))


@pytest.mark.parametrize("threshold", [np.nan, np.inf, -np.inf])
def test_a_threshold_is_a_finite_number(threshold):
    with pytest.raises(BadInput, match="finite"):
        curve_of(*normal_scores(20, 20)).at(threshold)


def templates():
    rng = np.random.default_rng(0)
    at = rng.normal(size=(4, 5)).astype(np.float32)
    at /= np.linalg.norm(at, axis=1, keepdims=True)
    at[3] = np.nan
    names = np.array(["a/1", "a/2", "b/1", "b/2"])
    return Templates(names, np.array(["a", "a", "b", "b"]), at, np.ones(4), np.array([1, 1, 1, 0]), "pack")


@few_ties
def test_listed_pairs_are_compared_by_cosine_and_failures_counted():
    samples = templates()
    curve = verification_curve_of_pairs(samples, ["a/1", "a/1", "a/2"], ["a/2", "b/1", "b/2"])
    assert curve.mated.score[0] == pytest.approx(float(samples.embedding[0] @ samples.embedding[1]))
    assert (curve.non_mated.completed, curve.non_mated.failed) == (1, 1)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (["a/1", "zz"], ["a/2", "b/1"], "pair 2: sample_a 'zz' is not among the templates"),
        (["a/1", "a/1"], ["a/2", "a/1"], "pair 2: sample 'a/1' is paired with itself"),
    ],
)
def test_pairs_that_cannot_be_compared_are_refused(a, b, words):
    with pytest.raises(BadInput, match=words):
        verification_curve_of_pairs(templates(), a, b)


@few_ties
def test_a_dense_table_is_every_probe_against_every_sample():
    table = Comparisons(
        np.array([[0.9, 0.1], [0.2, np.nan], [0.3, 0.4]]),
        np.array(["p", "q", "r"]),
        np.array(["a", "b", ""]),
        np.array(["x", "y"]),
        np.array(["a", "b"]),
        np.array(["a", "b"]),
    )
    curve = verification_curve_of_comparisons(table)
    assert (curve.mated.completed, curve.mated.failed) == (1, 1)
    assert curve.non_mated.completed == 4
    assert curve.non_mated.people == 3


@few_ties
@pytest.mark.parametrize("score", [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
def test_one_comparison_of_each_kind_claims_next_to_nothing(score):
    curve = verification_curve(score, [1, 0], probe_subject=["a", "a"], reference_subject=["a", "b"])
    for threshold in (*curve.thresholds, 0.3):
        for rate in curve.at(float(threshold)).rates:
            interval = rate.interval()
            assert interval.width > 0.9
            assert "few people: " in interval.note
    with pytest.raises(UnattainableTarget):
        curve.threshold_at_fmr(0.5)
    assert json.dumps(verification_report(curve, curve, [0.5], [0.4]).to_dict(), allow_nan=False)


def test_one_score_for_everything_cannot_tell_people_apart():
    curve = verification_curve(np.full(200, 0.5), np.arange(200) < 100)
    assert curve.thresholds.tolist() == [0.5, curve.highest]
    assert curve.auc() == 0.5
    assert curve.eer().rate == 0.5
    assert curve.threshold_at_fmr(0.1).fnmr.value == 1

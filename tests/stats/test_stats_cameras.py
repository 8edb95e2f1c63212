"""Journeys and cameras: hand-worked ways of people, cameras that differ or do not, and what splitting costs."""

import json

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.cameras import bootstrap_thresholds, camera_thresholds, level_test
from facelab.stats.journeys import above_own_threshold, journey_comparisons, journeys_of
from facelab.stats.openset import open_set_curve
from facelab.types import Comparisons

CAMERAS = ("entrance", "gate")


def walks(people, rng, *, shift=0.0, cameras=CAMERAS, wanted=4):
    """Each of `people` past each camera; strangers score `shift` higher at the last one."""
    subject = np.array([p for p in people for _ in cameras])
    camera = np.array([c for _ in people for c in cameras])
    start = np.arange(len(subject)) * 10.0
    enrolled = np.array([f"w{i}" for i in range(wanted)])
    score = rng.normal(0.1, 0.05, (len(subject), wanted)) + shift * (camera == cameras[-1])[:, None]
    for row, who in enumerate(subject):
        score[row, enrolled == who] = 0.8
    attributes = {"camera": camera, "start_s": start, "end_s": start + 4}
    ids = [f"{c}/{i}" for i, c in enumerate(camera)]
    return Comparisons(score, ids, subject, enrolled, enrolled, enrolled, attributes)


def halves(shift, seed, strangers=80, cameras=CAMERAS):
    rng = np.random.default_rng(seed)
    names = [f"u{i}" for i in range(strangers)]
    return (
        walks(["w0", "w1", *names[: strangers // 2]], rng, shift=shift, cameras=cameras),
        walks(["w2", "w3", *names[strangers // 2 :]], rng, shift=shift, cameras=cameras),
    )


def small():
    """ann past two cameras and once more an hour later, an unknown twice, and a passage of ann that nobody saw."""
    return Comparisons(
        np.array([[0.2, 0.1], [0.6, np.nan], [0.1, 0.1], [0.3, 0.4], [0.5, 0.2], [np.nan, np.nan]]),
        [f"p{i}" for i in range(6)],
        ["ann", "ann", "ann", "", "", "ann"],
        ["r1", "r2"],
        ["ann", "bob"],
        ["ann", "bob"],
        {
            "camera": np.array(["a", "b", "a", "a", "a", "b"]),
            "start_s": np.array([0.0, 60.0, 4000.0, 5.0, 9.0, np.nan]),
            "end_s": np.array([10.0, 70.0, 4010.0, 8.0, 12.0, np.nan]),
        },
    )


def test_passages_of_one_person_are_one_journey_until_the_gap_is_too_long():
    row, names = journeys_of(small(), 1800)
    assert names[row].tolist() == ["ann/1", "ann/1", "ann/2", "p3", "p4", "ann/1"]
    assert len(set(names[journeys_of(small(), 4000)[0]].tolist())) == 3


def test_a_journey_has_the_best_of_its_passages_and_says_how_many_there_were():
    found = journey_comparisons(small(), 1800)
    first = found.probe_id.tolist().index("ann/1")
    assert found.score[first].tolist() == [0.6, 0.1]
    assert [int(found.probe_attributes[k][first]) for k in ("passages", "cameras")] == [3, 2]
    assert [float(found.probe_attributes[k][first]) for k in ("start_s", "end_s")] == [0.0, 70.0]
    assert found.mated.tolist() == [who == "ann" for who in found.probe_subject]


def test_a_journey_that_nobody_saw_stays_as_a_miss():
    lost = small().take(np.array([5]))
    found = journey_comparisons(lost)
    assert np.isnan(found.score).all()
    assert open_set_curve(journey_comparisons(small())).at(0.3).fnir.trials == 2


def test_a_gap_of_nothing_is_refused():
    with pytest.raises(BadInput, match="above 0"):
        journeys_of(small(), 0)


def test_fnir_a_journey_is_never_above_and_fpir_never_below_that_of_its_passages():
    one, _ = halves(0.05, 3)
    passages, journeys = open_set_curve(one), open_set_curve(journey_comparisons(one))
    for threshold in np.linspace(0, 0.9, 19):
        assert journeys.at(threshold).fnir.value <= passages.at(threshold).fnir.value
        assert journeys.at(threshold).fpir.value >= passages.at(threshold).fpir.value


def test_scores_above_their_own_threshold_decide_as_each_camera_by_itself():
    one, _ = halves(0.05, 4)
    limits = {"entrance": 0.2, "gate": 0.25}
    point = open_set_curve(above_own_threshold(one, limits)).at(0.0)
    apart = [open_set_curve(one.take(one.probe_attributes["camera"] == c)).at(t) for c, t in limits.items()]
    assert point.fpir.errors == sum(p.fpir.errors for p in apart)
    assert point.fnir.errors == sum(p.fnir.errors for p in apart)


def test_a_camera_without_a_threshold_and_passages_without_a_camera_are_refused():
    one, _ = halves(0, 1, strangers=8)
    with pytest.raises(BadInput, match="'gate' has no threshold"):
        above_own_threshold(one, {"entrance": 0.2})
    nameless = Comparisons(one.score, one.probe_id, one.probe_subject, one.reference_id, one.enrolled, one.enrolled)
    with pytest.raises(NotMeasured, match="camera"):
        camera_thresholds(nameless, nameless, 0.1, np.random.default_rng(0))


def test_cameras_that_differ_get_thresholds_of_their_own():
    found = camera_thresholds(*halves(0.15, 5), 0.1, np.random.default_rng(1))
    assert found.differ
    assert found.justified
    assert found.by_camera["gate"] > found.pooled.threshold > found.by_camera["entrance"]
    assert found.level.p_value < 0.01
    assert set(found.journeys) == {"pooled", "own"}
    assert "justified" in found.sentences()[0]
    json.dumps(found.to_dict(), allow_nan=False)


def test_equal_cameras_are_seldom_said_to_differ_and_then_share_a_threshold():
    """At a level of 5 %: of 12 equal pairs of cameras, four said to differ would be a chance of 1 in 450."""
    found = [camera_thresholds(*halves(0.0, 100 + k, 40), 0.1, np.random.default_rng(k)) for k in range(12)]
    assert sum(f.differ for f in found) <= 3
    pooled = [f for f in found if not f.differ]
    assert all(not f.justified and "One threshold for all" in f.sentences()[0] for f in pooled)
    assert all("could have gone unseen" in " ".join(f.sentences()) for f in pooled)


def test_cameras_that_differ_but_lack_people_share_a_threshold_and_say_why():
    three = ("entrance", "hall", "gate")
    found = camera_thresholds(*halves(0.2, 6, 50, three), 0.1, np.random.default_rng(1))
    assert found.differ
    assert set(found.unsupported) == set(three)
    assert not found.justified
    assert "cannot support" in found.sentences()[0]


def test_splitting_costs_certainty():
    found = camera_thresholds(*halves(0.0, 7), 0.1, np.random.default_rng(1))
    widths = [c.high - c.low for c in found.own]
    assert np.mean(widths) > found.pooled.high - found.pooled.low
    assert all(c.low <= c.threshold <= c.high for c in (found.pooled, *found.own))


def test_a_target_out_of_reach_of_all_cameras_is_refused_and_of_one_camera_is_said():
    with pytest.raises(UnattainableTarget):
        camera_thresholds(*halves(0.0, 8), 1e-3, np.random.default_rng(1))
    found = camera_thresholds(*halves(0.0, 8), 0.02, np.random.default_rng(1))
    assert [c.threshold for c in found.own] == [None, None]
    assert found.by_camera == {}
    assert set(found.journeys) == {"pooled"}


def test_a_bootstrap_sample_in_which_everybody_counts_once_gives_the_threshold_itself():
    curve = open_set_curve(halves(0.0, 9)[0])

    class Everybody:
        def multinomial(self, n, p, size):
            return np.ones((size, n), dtype=int)

    drawn = bootstrap_thresholds(curve, 0.1, Everybody(), 3)
    assert drawn.tolist() == [curve.threshold_at_fpir(0.1).threshold] * 3


def test_a_threshold_that_nobody_may_reach_lies_above_the_highest_score():
    curve = open_set_curve(halves(0.0, 10, 20)[0])
    assert (bootstrap_thresholds(curve, 1e-6, np.random.default_rng(0), 5) > curve.searches.other_score.max()).all()


def test_the_level_test_keeps_its_level_where_people_differ_and_cameras_do_not():
    rng = np.random.default_rng(11)
    found = [
        level_test(one := walks([f"u{i}" for i in range(30)], rng), one.probe_attributes["camera"], rng, 99)
        for _ in range(40)
    ]
    assert sum(f.p_value < 0.05 for f in found) <= 7
    alone = walks(["u1", "u2"], rng, cameras=("gate",))
    assert level_test(alone, alone.probe_attributes["camera"], rng) is None

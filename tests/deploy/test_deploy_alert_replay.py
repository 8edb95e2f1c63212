"""Alerts replayed from passages: when a decision could be taken, whose it is, and how long cameras were watched."""

import dataclasses
import types

import numpy as np
import pytest

from facelab.config import AlertRule
from facelab.data.losses import Losses
from facelab.deploy.alert_replay import best_subjects, replay_alerts, watched_hours
from facelab.deploy.walkers import Walkers
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.pipeline.track_faces import TrackFaces
from facelab.stats.alarms import Thresholds
from facelab.types import Gallery, Templates, Tracks

PEOPLE = np.eye(4, dtype=np.float32)


def templates(rows):
    """Rows of (track, subject, person number or None, camera, start, end)."""
    ids, subjects, person, camera, start, end = zip(*rows) if rows else ((),) * 6
    vectors = [np.full(4, np.nan) if p is None else PEOPLE[p] for p in person]
    times = {"start_s": np.array(start, float), "end_s": np.array(end, float)}
    attributes = {"camera": np.array(camera, str), "passage": np.array(ids, str), **times}
    n = len(ids)
    return Templates(
        np.array(ids, str),
        np.array(subjects, str),
        np.array(vectors).reshape(n, 4),
        np.ones(n),
        np.ones(n),
        "pack",
        attributes,
    )


def tracks(rows, camera="gate", step=0.5):
    """Observations every half second, of (track number, first frame, last frame)."""
    frame, number = np.array([(f, t) for t, a, b in rows for f in range(a, b + 1)]).reshape(-1, 2).T
    n = len(frame)
    return Tracks(
        [camera] * n, frame, frame * step, number, np.zeros((n, 4)), np.ones(n), np.ones(n), np.zeros((n, 5, 2))
    )


def passages(rows, unmatched=(), seen=((0, 0, 10), (1, 20, 30))):
    return Passages(
        tracks(seen), templates(rows), templates(unmatched), Losses(), PassageCounts(), "toy", truth_known=True
    )


ROWS = [
    ("gate/0", "ann", 0, "gate", 0.0, 5.0),
    ("gate/1", "", 1, "gate", 10.0, 15.0),
    ("gate/missed/x", "cy", None, "gate", np.nan, np.nan),
]
GALLERY = Gallery(
    Templates(["a", "b"], ["ann", "bob"], PEOPLE[:2], np.ones(2), np.ones(2), "pack"), ["ann", "bob", "cy"]
)


def test_a_passage_is_decided_when_its_track_has_been_out_of_sight_for_long_enough():
    found = replay_alerts(passages(ROWS), GALLERY, AlertRule(), 0.5, lost_s=2.0).log
    assert found.alerts.time_s.tolist() == [7.0, 17.0]
    assert found.latency_s.tolist() == [7.0, 7.0]
    assert found.alerts.alleged.tolist() == ["ann", "bob"]
    assert found.alerts.false.tolist() == [False, True]


def test_a_person_who_comes_back_as_another_track_is_not_told_twice():
    rows = [("gate/0", "ann", 0, "gate", 0.0, 5.0), ("gate/1", "ann", 0, "gate", 10.0, 15.0)]
    apart = replay_alerts(passages(rows), GALLERY, AlertRule(), 0.5).log
    assert (len(apart), apart.suppressed) == (2, 0)
    joined = replay_alerts(passages(rows), GALLERY, AlertRule(), 0.5, joined=Walkers(0.5, 60.0, 1.0)).log
    assert (len(joined), joined.suppressed) == (1, 1)
    again = AlertRule(cooldown_s=5.0)
    both = replay_alerts(passages(rows), GALLERY, again, 0.5, joined=Walkers(0.5, 60.0, 1.0)).log
    assert both.alerts.walker.tolist() == ["gate/0", "gate/0"]
    assert both.tracks.tolist() == ["gate/0", "gate/1"], "which track it was stays known"


def test_a_track_of_nobody_known_raises_an_alert_that_nobody_can_judge():
    stranger = [("gate/2", "", 0, "gate", 3.0, 4.0)]
    found = replay_alerts(passages(ROWS, stranger), GALLERY, AlertRule(), 0.5)
    assert (len(found.log), len(found.unjudged)) == (2, 1)
    assert "nobody known" in repr(found)


def test_each_camera_is_judged_by_its_own_threshold():
    assert len(replay_alerts(passages(ROWS), GALLERY, AlertRule(), Thresholds(0.5, {"gate": 1.5})).log) == 0


def test_single_faces_alert_before_the_person_is_gone_and_hindsight_is_said():
    vectors = np.stack([PEOPLE[2], PEOPLE[0], PEOPLE[0], PEOPLE[1]])
    faces = TrackFaces(np.array([0, 2, 4, 12]), np.array([0.5, 1.5, 2.5, 11.0]), vectors, hindsight=True)
    rule = AlertRule(confirm="frames", m=2, n=3)
    found = replay_alerts(passages(ROWS), GALLERY, rule, 0.5, faces=faces)
    assert found.hindsight
    assert found.log.alerts.time_s.tolist() == [2.5]
    assert found.log.alerts.walker.tolist() == ["gate/0"]


def test_the_rule_of_single_faces_without_them_and_with_those_of_other_tracks_is_refused():
    rule = AlertRule(confirm="frames")
    with pytest.raises(NotMeasured, match="wants single faces"):
        replay_alerts(passages(ROWS), GALLERY, rule, 0.5)
    faces = TrackFaces(np.array([0]), np.array([0.5]), PEOPLE[:1], hindsight=False)
    with pytest.raises(NotMeasured, match="none of these passages"):
        replay_alerts(passages(ROWS[2:]), GALLERY, rule, 0.5, faces=faces)


def test_a_watchlist_of_another_pack_is_refused():
    other = Gallery(dataclasses.replace(GALLERY.templates, pack="other"), ["ann", "bob"])
    with pytest.raises(BadInput, match="different packs"):
        replay_alerts(passages(ROWS), other, AlertRule(), 0.5)


def test_an_empty_watchlist_and_a_failed_template_allege_nobody():
    empty = Gallery(templates([]), ["ann"])
    alleged, score = best_subjects(np.vstack([PEOPLE[:1], np.full((1, 4), np.nan)]), empty)
    assert alleged.tolist() == ["", ""]
    alleged, score = best_subjects(np.vstack([PEOPLE[:1], np.full((1, 4), np.nan)]), GALLERY)
    assert (alleged.tolist(), score[0], np.isnan(score[1])) == (["ann", ""], 1.0, True)


def clip(frames, first, camera="gate"):
    return types.SimpleNamespace(camera=camera, frames_expected=frames, first_frame=first)


def test_hours_are_frames_times_what_a_frame_lasts_clip_by_clip():
    seen = tracks([(0, 0, 10), (1, 20, 30)])
    footage = types.SimpleNamespace(cameras=("gate",), clips=(clip(3600, 0), clip(3600, 100000)))
    assert watched_hours(footage, seen) == {"gate": pytest.approx(1.0)}


def test_a_live_camera_has_no_hours():
    footage = types.SimpleNamespace(cameras=("gate",), clips=(clip(None, 0),))
    with pytest.raises(NotMeasured, match="how long"):
        watched_hours(footage, tracks([(0, 0, 10)]))

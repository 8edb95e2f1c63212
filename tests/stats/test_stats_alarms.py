"""The watch rule: worked cases, a plain loop as the oracle of m of n, the event table's cooldown for repetitions."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from facelab.config import AlertRule
from facelab.errors import BadInput
from facelab.stats import alarms
from facelab.stats.alarms import Sighting, Thresholds, WatchRule, confirmable, replayed

FRAMES = AlertRule(confirm="frames", m=2, n=3, cooldown_s=60)
END = AlertRule(cooldown_s=60)


def seen(time_s, alleged="ann", score=0.5, *, track="gate/1", camera="gate", threshold=0.4, walker=""):
    return Sighting(camera, track, float(time_s), alleged, score, threshold, 0.0, walker)


looks = st.lists(
    st.tuples(
        st.integers(0, 200), st.integers(0, 2), st.integers(0, 2), st.sampled_from([math.nan, 0.3, 0.4, 0.5, 0.6])
    ),
    max_size=40,
)


def sightings(rows, threshold=0.4):
    """Rows of (time, track, alleged, score); a face without a score alleges nobody."""
    return [
        seen(t, "" if math.isnan(s) else f"s{a}", s, track=f"c{w}/{w}", camera=f"c{w}", threshold=threshold)
        for t, w, a, s in sorted(rows, key=lambda row: row[:2])
    ]


def table(alerts):
    return [getattr(alerts, name).tolist() for name in ("camera", "time_s", "alleged", "score", "walker", "subject")]


def test_two_of_the_last_three_faces_confirm_and_the_second_highest_is_the_score():
    machine = WatchRule(FRAMES)
    assert machine.face(seen(1, score=0.7)) is None
    assert machine.face(seen(2, "", math.nan)) is None
    alert = machine.face(seen(3, score=0.45))
    assert (alert.alleged, alert.score, alert.latency_s, alert.walker) == ("ann", 0.45, 3.0, "gate/1")


def test_faces_that_name_different_people_or_stand_too_far_apart_confirm_nobody():
    machine = WatchRule(FRAMES)
    assert [machine.face(seen(t, who)) for t, who in enumerate(("ann", "bob", "cy", "ann", "bob"))] == [None] * 5


def test_at_passage_end_one_template_decides_and_single_faces_never_do():
    machine = WatchRule(END)
    assert machine.face(seen(1, score=0.9)) is None
    assert machine.end(seen(5, score=0.4)).time_s == 5
    assert machine.end(seen(6, score=0.39, track="gate/2")) is None
    assert WatchRule(FRAMES).end(seen(5, score=0.9)) is None


def test_the_default_key_lets_the_real_person_through_after_a_false_alarm():
    both = [seen(1, track="gate/1"), seen(30, track="gate/2")]
    found = replayed([], both, END, {"gate/2": "ann"})
    assert found.alerts.false.tolist() == [True, False]
    alone = replayed([], both, END.model_copy(update={"cooldown_key": "subject"}), {"gate/2": "ann"})
    assert (alone.alerts.false.tolist(), alone.suppressed) == ([True], 1)


def test_tracks_that_are_one_walker_are_one_key_and_a_clock_set_back_silences_nobody():
    machine = WatchRule(END)
    assert machine.end(seen(1000, track="gate/1", walker="w")) is not None
    assert machine.end(seen(1010, track="gate/2", walker="w")) is None
    assert machine.end(seen(100, track="gate/3", walker="w")) is not None


@given(looks, st.integers(1, 3), st.integers(1, 4))
def test_m_of_n_equals_a_plain_loop(rows, m, n):
    rule = AlertRule(confirm="frames", m=min(m, n), n=n, cooldown_s=0)
    faces, expected = sightings(rows), []
    for i, now in enumerate(faces):
        last = [s for s in faces[: i + 1] if s.track == now.track][-n:]
        agree = [s for s in last if s.alleged == now.alleged and s.score >= 0.4]
        if now.score >= 0.4 and len(agree) >= rule.m:
            expected.append((now.time_s, now.alleged))
    machine = WatchRule(rule)
    found = [alert for alert in map(machine.face, faces) if alert]
    assert [(a.time_s, a.alleged) for a in found] == expected
    assert all(a.score >= a.threshold for a in found)


@given(
    looks, st.integers(0, 60), st.sampled_from(["subject", "subject and walker"]), st.sampled_from(["camera", "site"])
)
def test_the_cooldown_is_that_of_the_event_table(rows, cooldown, key, at):
    rule = AlertRule(confirm="frames", m=1, n=1, cooldown_s=cooldown, cooldown_key=key, cooldown_at=at)
    faces = sightings(rows)
    whole = replayed(faces, [], rule.model_copy(update={"cooldown_s": 0.0}), {})
    live = replayed(faces, [], rule, {})
    kept = whole.alerts.deduplicated(cooldown, key=key, anywhere=at == "site")
    assert table(live.alerts) == table(kept)
    assert live.suppressed == len(whole) - len(live)


@given(looks, st.sampled_from([0.3, 0.35, 0.4, 0.5, 0.6, 0.7]), st.integers(1, 3))
def test_a_track_is_alerted_as_somebody_exactly_up_to_its_confirmable_score(rows, threshold, m):
    rule = AlertRule(confirm="frames", m=m, n=3)
    best = confirmable(sightings(rows), [], rule)
    log = replayed(sightings(rows, threshold), [], rule, {}).alerts
    alerted = set(zip(log.walker.tolist(), log.alleged.tolist()))
    assert alerted == {pair for pair, score in best.items() if score >= threshold}


@given(looks, st.randoms())
def test_a_replay_is_the_same_whatever_the_order_it_is_given_in(rows, random):
    rows = list({row[:2]: row for row in rows}.values())
    faces = sightings(rows)
    shuffled = list(faces)
    random.shuffle(shuffled)
    one, other = replayed(faces, faces, FRAMES, {}), replayed(shuffled, shuffled, FRAMES, {})
    assert table(one.alerts) == table(other.alerts)
    assert one.latency_s.tolist() == other.latency_s.tolist()


def test_at_the_end_of_a_passage_the_best_template_of_a_track_is_what_it_could_be_alerted_at():
    ends = [seen(1, score=0.3), seen(2, score=0.6), seen(3, "", math.nan, track="gate/2")]
    assert confirmable([], ends, END) == {("gate/1", "ann"): 0.6}


def test_the_memory_holds_live_tracks_and_running_cooldowns_only(monkeypatch):
    monkeypatch.setattr(alarms, "KEYS_KEPT", 8)
    machine = WatchRule(FRAMES.model_copy(update={"m": 1, "n": 1}))
    for i in range(500):
        assert machine.face(seen(10.0 * i, track=f"gate/{i}")) is not None
        machine.end(seen(10.0 * i + 1, track=f"gate/{i}"))
    assert machine.tracks_alive == 0
    assert len(machine._emitted_s) <= 32


def test_a_camera_without_its_own_threshold_has_the_pooled_one():
    limits = Thresholds(0.4, {"gate": 0.5})
    assert (limits.at("gate"), limits.at("hall")) == (0.5, 0.4)


@pytest.mark.parametrize("bad", [{"time_s": math.nan}, {"threshold": math.inf}])
def test_a_moment_or_a_threshold_that_is_none_is_refused(bad):
    with pytest.raises(BadInput, match="finite"):
        dataclasses.replace(seen(1), **bad)


def test_m_above_n_can_never_be_met_and_is_refused():
    with pytest.raises(ValidationError, match="can never agree"):
        AlertRule(m=4, n=3)


def test_no_sighting_gives_an_empty_table_that_has_every_column():
    log = replayed([], [], END, {})
    assert len(log) == 0
    assert {"camera", "time_s", "alleged", "score", "walker", "subject", "latency_s"} <= set(log.to_frame())
    assert np.asarray(log.latency_s).shape == (0,)

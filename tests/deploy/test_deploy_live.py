"""Live watching on toy footage: the alerts of a replay, as soon as they are due, whatever becomes of a camera."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from toy_pipeline import COLOURS, ToyPack, ToySource, people_of, truth_of, truth_rows, walk

from facelab.config import AlertRule, PipelineSettings, Runtime
from facelab.data.footage import Clip, Footage
from facelab.deploy import TunedConfig
from facelab.deploy.events import Events, expectation
from facelab.deploy.live import CameraWatch, LiveAlert, WatchedSite
from facelab.deploy.records import ExpectedRecord, FigureRecord
from facelab.deploy.replay import kept, replay
from facelab.deploy.watching import QUEUE, watch
from facelab.errors import BadInput, PackError
from facelab.types import Gallery, Templates

PACK = "a" * 64
SEEN = people_of(walk("ann", 0, 30), walk("bob", 5, 20, y=65), walk("cy", 40, 12))
THRESHOLD = 0.99


def watchlist(*names: str, pack: str = PACK) -> Gallery:
    vectors = np.array([np.append(np.array(COLOURS[name]) * 0.75, 40) for name in names], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids, ones = np.array([f"{name}/0" for name in names]), np.ones(len(names))
    return Gallery(Templates(ids, np.array(names), vectors, ones, ones.astype(np.int64), pack), np.array(names))


@pytest.fixture
def tuned(config: TunedConfig) -> TunedConfig:
    point = config.operating_point.model_copy(update={"threshold": THRESHOLD})
    changes = {"threshold": THRESHOLD, "operating_point": point, "pipeline": PipelineSettings()}
    return config.model_copy(update=changes)


def toy(n: int = 70, **source: Any) -> tuple[Footage, ToyPack]:
    clip = Clip(ToySource(SEEN, n, **source))
    return Footage("toy", (clip,), truth_of(truth_rows(SEEN))), ToyPack(SEEN, fingerprint=PACK)


def watched(
    config: TunedConfig, footage: Footage, pack: ToyPack, *names: str, **how: Any
) -> tuple[list[LiveAlert], Any]:
    found: list[LiveAlert] = []
    reports = watch(WatchedSite(config, pack, watchlist(*names)), footage, found.append, **how)
    return found, reports


def test_live_alerts_are_those_of_a_replay(tuned: TunedConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "cache")
    footage, pack = toy()
    live, (report,) = watched(tuned, footage, pack, "ann", "cy")
    again = replay(tuned, footage, watchlist("ann", "cy"), pack, runtime=Runtime(workers=1), progress=False)
    log = again.alerts.log.alerts
    assert [a.alert.alleged for a in live] == log.alleged.tolist() == ["ann", "cy"]
    assert [a.alert.track for a in live] == log.walker.tolist()
    np.testing.assert_allclose([a.alert.score for a in live], log.score, rtol=1e-6)
    assert all(abs(a.alert.time_s - t) <= 0.2 for a, t in zip(live, log.time_s))
    assert (report.frames, report.dropped, report.alerts) == (70, 0, 2)
    assert [a.reference for a in live] == ["ann/0", "cy/0"]


def test_a_rule_of_single_faces_alerts_while_the_person_is_in_view(tuned: TunedConfig) -> None:
    rule = AlertRule(confirm="frames", m=2, n=3, every_s=0.3)
    footage, pack = toy()
    live, _ = watched(tuned.model_copy(update={"alerts": rule}), footage, pack, "ann")
    assert [a.alert.alleged for a in live] == ["ann"]
    assert live[0].alert.time_s < 1.0, "three stretches of .3 s, not the end of the walk at 2.9 s"
    assert live[0].crop.shape == (112, 112, 3)


def test_a_camera_of_its_own_threshold_keeps_to_it(tuned: TunedConfig) -> None:
    footage, pack = toy()
    strict = tuned.model_copy(update={"camera_thresholds": {"gate": 1.0000001}})
    assert watched(strict, footage, pack, "ann")[0] == []


def test_models_or_a_watchlist_of_another_pack_are_refused(tuned: TunedConfig) -> None:
    footage, pack = toy()
    with pytest.raises(PackError, match="not the one that was measured"):
        WatchedSite(tuned, ToyPack(SEEN, fingerprint="b" * 64), watchlist("ann"))  # type: ignore[arg-type]
    with pytest.raises(PackError, match="watchlist's pack"):
        WatchedSite(tuned, pack, watchlist("ann", pack="b" * 64))  # type: ignore[arg-type]
    with pytest.raises(PackError, match="not the one that was measured"):
        replay(tuned, footage, watchlist("ann"), ToyPack(SEEN, fingerprint="b" * 64))  # type: ignore[arg-type]


def test_several_cameras_are_watched_at_once_and_one_that_fails_stops_no_other(tuned: TunedConfig) -> None:
    class Broken(ToySource):
        def frames(self, losses: Any) -> Any:
            yield from list(super().frames(losses))[:2]  # too few to be a track
            raise BadInput("the cable was cut", place="hall")

    good, bad = Clip(ToySource(SEEN, 70)), Clip(Broken(SEEN, 70, camera="hall"))
    footage = Footage("toy", (good, bad))
    told: list[str] = []
    live, reports = watched(tuned, footage, ToyPack(SEEN, fingerprint=PACK), "ann", tell=told.append)
    by_camera = {report.camera: report for report in reports}
    assert [a.alert.camera for a in live] == ["gate"]
    assert "the cable was cut" in by_camera["hall"].failed
    assert by_camera["gate"].failed == ""
    assert "cable" in str(by_camera["hall"])


def test_what_cannot_be_read_is_told(tuned: TunedConfig) -> None:
    footage, pack = toy(fails_at=9)
    told: list[str] = []
    watched(tuned, footage, pack, "ann", tell=told.append)
    assert any("frame 9 is corrupt" in line for line in told)


def test_a_live_camera_that_is_too_fast_drops_frames_and_says_which(tuned: TunedConfig) -> None:
    footage, pack = toy(live=True)
    pack.pause_s = 0.01
    told: list[str] = []
    _, (report,) = watched(tuned, footage, pack, "ann", tell=told.append)
    assert report.dropped > 0
    assert report.frames + report.dropped == 70
    assert report.dropped_at
    assert any("frames are dropped" in line for line in told)
    assert "dropped (" in str(report)


def test_a_file_at_its_own_pace_takes_its_time(tuned: TunedConfig) -> None:
    footage, pack = toy(n=10, fps=20.0)
    begin = time.monotonic()
    _, (report,) = watched(tuned, footage, pack, "ann", realtime=True)
    assert time.monotonic() - begin >= 9 / 20
    assert report.frames == 10


def test_stopping_ends_the_tracks_under_way(tuned: TunedConfig) -> None:
    """Stopped while ann is in view: she was seen, and so she is decided on."""
    footage, pack = toy(n=25, fps=10.0)
    stop = threading.Event()
    threading.Timer(1.2, stop.set).start()
    live, (report,) = watched(tuned, footage, pack, "ann", realtime=True, stop=stop)
    assert 0 < report.frames < 25
    assert [a.alert.alleged for a in live] == ["ann"]


def test_a_crash_of_the_looking_is_raised_where_the_watching_was_asked_for(tuned: TunedConfig) -> None:
    footage, pack = toy()
    pack.embed_aligned = lambda crops: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        watched(tuned, footage, pack, "ann")


def test_the_queue_is_about_a_second() -> None:
    assert 12.5 * 0.9 <= QUEUE <= 12.5 * 1.1


def test_memory_holds_only_tracks_that_are_alive(tuned: TunedConfig) -> None:
    footage, pack = toy(n=200)
    camera = CameraWatch(WatchedSite(tuned, pack, watchlist("ann")), "gate")  # type: ignore[arg-type]
    for frame in footage.clips[0].source.frames(_losses()):
        camera.frame(frame)
    assert camera._tracks == {}
    assert camera._site.rule.tracks_alive == 0


def _losses() -> Any:
    from facelab.data.losses import Losses

    return Losses()


def _alert(config: TunedConfig) -> LiveAlert:
    footage, pack = toy()
    return watched(config, footage, pack, "ann")[0][0]


def test_an_event_names_its_config_and_is_the_same_when_told_twice(tuned: TunedConfig) -> None:
    started = datetime(2026, 11, 1, 8, tzinfo=UTC)
    found = _alert(tuned)
    events = Events(tuned, started)
    event = events.event(found)
    assert event == events.event(found)
    assert event["config"] == events.config_id
    assert event["time"].startswith("2026-11-01T08:00:0")
    assert (event["subject"], event["camera"], event["evidence"]) == ("ann", "gate", "synthetic")
    assert event["score"] >= event["threshold"]
    assert event["expected"] is None
    assert "crop" not in event
    assert Events(tuned, started, with_crop=True).event(found)["crop"].startswith("/9j/")
    assert Events(tuned, datetime(2026, 11, 2, tzinfo=UTC)).event(found)["id"] != event["id"]


def test_what_to_expect_is_said_or_that_nobody_can(tuned: TunedConfig) -> None:
    assert "nobody can say" in expectation(tuned)
    expected = ExpectedRecord(
        passengers_a_day=100, prevalence=0.01, cameras=1,
        false_alerts_a_day=FigureRecord(value=12, low=5, high=30), true_alerts_a_day=FigureRecord(value=1),
        ppv=FigureRecord(value=0.07), confidence=0.95, assumptions=("x",),
    )  # fmt: skip
    with_site = tuned.model_copy(update={"expected": expected})
    assert expectation(with_site) == (
        "expected at this threshold: 12 [5, 30] false alerts a day; an alert is right with probability 0.07"
    )
    event = Events(with_site, datetime(2026, 11, 1, tzinfo=UTC)).event(_alert(with_site))
    assert event["expected"]["ppv"]["value"] == 0.07


def test_a_promise_is_kept_broken_or_open(config: TunedConfig) -> None:
    """Promised 0 of 100 with an upper end of about 3.6 %: 50 of 100 breaks it, 0 of 1000 keeps it, 1 of 60 is open."""
    from facelab.stats.rates import Rate

    promised = config.operating_point.fnir.model_copy(
        update={"errors": 0, "trials": 100, "rate": 0.0, "low": 0.0, "high": 0.036}
    )
    assert kept(Rate(50, 100), promised) == "broken"
    assert kept(Rate(0, 1000), promised) == "kept"
    assert kept(Rate(1, 60), promised) == "cannot tell"
    assert kept(Rate(0, 0), promised) == "cannot tell"

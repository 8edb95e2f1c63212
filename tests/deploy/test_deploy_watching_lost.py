"""Cameras that are lost: told at once, opened again for as long as it takes; who was in view is not forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from toy_pipeline import COLOURS, ToyPack, ToySource, people_of, walk

from facelab.config import AlertRule, PipelineSettings
from facelab.data.footage import Clip, Footage
from facelab.deploy import TunedConfig, watching
from facelab.deploy.camera_report import STRETCHES, CameraReport, ToldLosses, Waits
from facelab.deploy.live import CameraWatch, LiveAlert, WatchedSite
from facelab.errors import BadInput
from facelab.types import Gallery, Templates

PACK = "a" * 64
ANN = people_of(walk("ann", 0, 12))


@dataclass
class Flaky(ToySource):
    """A camera that runs: of each opening in `openings` so many frames, then it is gone, or silent for so long."""

    live: bool = True
    address: str = "rtsp://camera/1"
    openings: list[Any] = field(default_factory=list)

    def frames(self, losses: Any) -> Iterator[Any]:
        given = self.openings.pop(0)
        if isinstance(given, str):
            raise BadInput(given, place="rtsp://camera/1")
        frames, silent_s = given
        for frame in list(super().frames(losses))[:frames]:
            time.sleep(0.01)
            yield frame
        time.sleep(silent_s)


@pytest.fixture
def site(config: TunedConfig, monkeypatch: pytest.MonkeyPatch) -> WatchedSite:
    for name, seconds in (("FIRST_PAUSE_S", 0.02), ("LONGEST_PAUSE_S", 0.05), ("SILENT_S", -0.6)):
        monkeypatch.setattr(watching, name, seconds)
    point = config.operating_point.model_copy(update={"threshold": 0.99})
    changes = {"threshold": 0.99, "operating_point": point, "pipeline": PipelineSettings()}
    vector = np.append(np.array(COLOURS["ann"]) * 0.75, 40).astype(np.float32)
    one = np.ones(1)
    templates = Templates(
        np.array(["ann/0"]), np.array(["ann"]), (vector / np.linalg.norm(vector))[None], one, one.astype(np.int64), PACK
    )
    pack: Any = ToyPack(ANN, fingerprint=PACK)
    return WatchedSite(config.model_copy(update=changes), pack, Gallery(templates, np.array(["ann"])))


def watched(site: WatchedSite, *openings: Any, until: int = 1) -> tuple[list[LiveAlert], CameraReport, list[str]]:
    """Watch one flaky camera until it was lost `until` times; its alerts, report, and what was told."""
    found: list[LiveAlert] = []
    told: list[str] = []
    stop = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if sum("lost (" in one for one in told) >= until:
            stop.set()

    source = Flaky(ANN, 40, openings=list(openings))
    (report,) = watching.watch(site, Footage("live", (Clip(source),)), found.append, stop=stop, tell=tell)
    return found, report, told


def test_a_lost_camera_is_opened_until_it_is_back_and_times_go_on(site: WatchedSite) -> None:
    found, report, told = watched(site, (6, 0), "no answer", "no answer", (6, 0), until=4)
    assert report.frames == 12
    assert report.losses.reconnects == 1
    assert any("gate: lost (it ended); it is opened again" in line for line in told)
    assert sum("no answer" in line for line in told) == 2
    assert any("is back after" in line for line in told)
    assert "lost and back 1 times" in str(report)
    assert [alert.alert.alleged for alert in found] == ["ann"]
    assert report.failed == ""


def test_a_device_that_is_not_there_is_given_up_and_told_at_once(site: WatchedSite) -> None:
    source = Flaky(ANN, 40, address="0", openings=["no such camera on this machine"])
    told: list[str] = []
    (report,) = watching.watch(site, Footage("live", (Clip(source),)), lambda _: None, tell=told.append)
    assert report.failed == "rtsp://camera/1: no such camera on this machine"
    assert told == ["gate: it has ended: rtsp://camera/1: no such camera on this machine"]


def test_a_camera_that_is_down_when_the_watching_begins_is_waited_for(site: WatchedSite) -> None:
    found, report, told = watched(site, "no answer", "no answer", (12, 0), until=1)
    assert [alert.alert.alleged for alert in found] == ["ann"]
    assert report.failed == ""
    assert report.losses.reconnects == 0, "it was never there to be lost"
    assert told[:2] == [
        f"gate: not there yet (rtsp://camera/1: no answer); it is opened again in {pause} s" for pause in (0.02, 0.04)
    ]


def test_a_camera_that_never_came_is_said_at_the_end(site: WatchedSite) -> None:
    stop = threading.Event()
    source = Flaky(ANN, 40, openings=["no answer"])
    (report,) = watching.watch(
        site, Footage("live", (Clip(source),)), lambda _: None, stop=stop, tell=lambda _: stop.set()
    )
    assert report.failed == "it never gave a frame: rtsp://camera/1: no answer"


def test_whoever_was_in_view_when_a_camera_fell_silent_is_decided_on_without_waiting_for_it(site: WatchedSite) -> None:
    """Twelve frames of ann, then .4 s of patience beyond the last; the camera is silent for 2 s."""
    begun = time.monotonic()
    at: list[float] = []
    told: list[str] = []
    stop = threading.Event()
    source = Flaky(ANN, 12, openings=[(12, 2.0)])

    def emit(alert: LiveAlert) -> None:
        at.append(time.monotonic() - begun)
        stop.set()

    watching.watch(site, Footage("live", (Clip(source),)), emit, stop=stop, tell=told.append)
    assert len(at) == 1
    assert at[0] < 1.8, "she is decided on while the camera is silent"
    assert any("no frame for" in line for line in told)


def test_times_of_a_running_camera_are_those_of_the_watching(site: WatchedSite) -> None:
    """The second opening starts its own clock at 0 again; the alert's time is the wall's."""
    begun = datetime.now(UTC)
    found, _, _ = watched(site, (1, 0.3), (12, 0), until=2)
    passed = (datetime.now(UTC) - begun).total_seconds()
    alert = found[0].alert
    assert 0 <= alert.first_seen_s < passed
    assert alert.time_s - alert.first_seen_s > 0.3 + 11 / 10, "the gap counts"
    assert alert.time_s < passed + 12 / 10


def test_a_bug_in_a_reader_stops_the_watching_and_is_raised(site: WatchedSite) -> None:
    with pytest.raises(IndexError):
        watched(site, (3, 0), until=9)


def test_tracks_that_were_too_short_leave_nothing_in_the_rule(site: WatchedSite) -> None:
    rule = AlertRule(confirm="frames", m=1, n=2, every_s=0.1)
    config = site.config.model_copy(update={"alerts": rule})
    short = WatchedSite(config, site.pack, site.gallery)
    camera = CameraWatch(short, "gate")
    for frame in list(ToySource(ANN, 2).frames(CameraReport("gate").losses)):
        camera.frame(frame)
    camera.finish()
    assert short.rule.tracks_alive == 0


def test_waits_are_counted_in_bins_of_five_percent() -> None:
    waits = Waits()
    for k in range(1, 101):
        waits.add(k / 1000)
    assert len(waits) == 100
    assert 0.050 <= waits.quantile(0.5) <= 0.050 * 1.05
    assert 0.095 <= waits.quantile(0.95) <= 0.095 * 1.05
    assert waits.quantile(1.0) == 0.1
    waits.add(1e9)
    assert len(waits.counts) == len(Waits().counts)
    assert "all within" in str(waits)
    assert str(Waits()) == "nothing was timed"


def test_a_report_names_the_first_stretches_of_dropped_frames_and_counts_the_rest() -> None:
    report = CameraReport("gate")
    begins = [report.drop(10.0 * k + step) for k in range(STRETCHES + 50) for step in (0.0, 0.5)]
    assert sum(begins) == report.stretches == STRETCHES + 50
    assert len(report.dropped_at) == STRETCHES
    assert report.dropped_at[1] == (10.0, 10.5)
    assert report.dropped_at[-1] == (10.0 * (STRETCHES - 1), 10.0 * (STRETCHES - 1) + 0.5)
    assert f"{STRETCHES + 45:,} stretches more" in str(report)


def test_losses_are_told_long_after_the_first_twenty_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    clock = [0.0]
    monkeypatch.setattr("facelab.deploy.camera_report.time.monotonic", lambda: clock[0])
    losses = ToldLosses(told.append)
    for k in range(30):
        losses.name(f"case {k}")
    assert len(told) == 20
    clock[0] = 61.0
    losses.name("an hour later")
    assert told[20:] == ["10 more such lines within that minute", "an hour later"]
    assert len(losses.named) == 20

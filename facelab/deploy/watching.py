"""Watching: several cameras at once, each read by one thread and looked at by another, until they end or are stopped.

A camera that runs does not wait. Where the looking falls behind, the oldest frames in its queue are dropped, counted
and named; a file is read as fast as it can be looked at, or, in real time, treated like a camera.

A camera that is lost is told at once, whoever was in view is decided on as if they had left, and it is opened again for
as long as the watching goes on; so is a camera at an address that is down when the watching begins. Only a device of
this machine that is not there is given up. Times of a camera that runs are seconds since the watching began, by this
machine's clock.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facelab.deploy.camera_report import CameraReport, ToldLosses
from facelab.deploy.live import CameraWatch, LiveAlert, WatchedSite
from facelab.errors import FacelabError
from facelab.pipeline.opencv import on_calling_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from facelab.data.footage import Clip, Footage
    from facelab.types import Frame

QUEUE = 12
"""Frames that wait at most: one second at 12.5 frames a second."""
SILENT_S = 2.0
"""A camera that gives no frame for so long beyond the patience of its tracker is silent."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a lost camera is opened again: at first, and at most."""
NEVER_ENDS = ("rtsp", "rtmp", "rtp", "udp", "srt")
"""Addresses of which an end is a loss; an ``http`` stream may end."""


@dataclass(frozen=True, eq=False)
class _Arrived:
    """A frame of clip `clip` that was there at `at_s` (this process's clock)."""

    clip: int
    frame: Frame
    at_s: float


_SILENT, _END = "silent", None


def watch(
    site: WatchedSite,
    footage: Footage,
    emit: Callable[[LiveAlert], None],
    *,
    realtime: bool = False,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[CameraReport, ...]:
    """Watch every camera of `footage` until it ends or `stop` is set.

    Parameters
    ----------
    site : WatchedSite
        Config, models, watchlist.
    footage : Footage
        Its cameras; files, folders or streams.
    emit : callable
        Called with each alert, from one thread at a time.
    realtime : bool
        Files and folders are given at their own pace, and frames are dropped where the looking falls behind.
    stop : Event, optional
        Ends the watching; what is in the queues is looked at, and tracks end.
    tell : callable
        Called with what a person should know: a camera lost and back, frames dropped.

    Returns
    -------
    tuple of CameraReport
        One a camera.
    """
    ended = stop or threading.Event()
    one_at_a_time = threading.Lock()

    def emitted(alert: LiveAlert) -> None:
        with one_at_a_time:
            emit(alert)

    watchers = [_Watcher(site, camera, clips, realtime, ended, tell) for camera, clips in _by_camera(footage).items()]
    threads = [threading.Thread(target=w.look, args=(emitted,), name=f"watch {w.report.camera}") for w in watchers]
    threads += [threading.Thread(target=w.read, name=f"read {w.report.camera}", daemon=True) for w in watchers]
    with on_calling_thread():
        for thread in threads:
            thread.start()
        for thread in threads[: len(watchers)]:
            while thread.is_alive():
                thread.join(0.2)  # so that a signal is heard
    for watcher in watchers:
        if watcher.crash is not None:
            raise watcher.crash
    return tuple(watcher.report for watcher in watchers)


class _Watcher:
    """One camera: the queue between its reader and its looker."""

    def __init__(
        self,
        site: WatchedSite,
        camera: str,
        clips: Sequence[Clip],
        realtime: bool,
        stop: threading.Event,
        tell: Callable[[str], None],
    ) -> None:
        self._site, self._clips, self._realtime, self._stop = site, clips, realtime, stop
        self._tell_person = tell
        self.report = CameraReport(camera, losses=ToldLosses(self._tell))
        self._queue: queue.Queue[_Arrived | None] = queue.Queue(QUEUE)
        self._begun_s, self._live, self._heard = time.monotonic(), False, False
        self._silence_s = site.config.pipeline.tracking.lost_s + SILENT_S
        self.crash: Exception | None = None
        """What ended the reading or looking although it should not have; the other cameras are stopped then."""

    def read(self) -> None:
        """Put frames into the queue; a stream, or a file in real time, drops the oldest where there is no room."""
        self._begun_s = time.monotonic()
        try:
            for number, clip in enumerate(self._clips):
                self._live = clip.source.digest is None
                for frame in self._live_frames(clip) if self._live else self._file_frames(clip):
                    if self._stop.is_set():
                        return
                    self._put(_Arrived(number, frame, time.monotonic()), drop=self._live or self._realtime)
        except (FacelabError, OSError) as error:
            self.report.failed = str(error)
            self._tell(f"it has ended: {error}")
        except Exception as error:  # noqa: BLE001  # it is raised again where the watching was asked for
            self.crash = error
            self._stop.set()
        finally:
            self._put(_END, drop=False)

    def _file_frames(self, clip: Clip) -> Iterator[Frame]:
        """The frames of a file or folder on the common clock, each when it is due where they go at their own pace."""
        for frame in clip.source.frames(self.report.losses):
            due = replace(frame, camera=self.report.camera, time_s=frame.time_s + clip.start_s)
            if self._realtime:
                self._stop.wait(max(0.0, self._begun_s + due.time_s - time.monotonic()))
            yield due

    def _live_frames(self, clip: Clip) -> Iterator[Frame]:
        """The frames of a camera that runs, over as many openings as it takes."""
        pause_s, last_s = FIRST_PAUSE_S, -math.inf
        while True:
            cut, why = self.report.losses.clips_cut, "it ended"
            offset_s: float | None = None
            try:
                for frame in clip.source.frames(self.report.losses):
                    if offset_s is None:
                        offset_s = max(time.monotonic() - self._begun_s, last_s + 1e-3) - frame.time_s
                        pause_s = FIRST_PAUSE_S
                        self._tell_back(last_s, offset_s + frame.time_s)
                    last_s = frame.time_s + offset_s
                    yield replace(frame, camera=self.report.camera, time_s=last_s)
            except FacelabError as error:
                if last_s == -math.inf and not _may_come(clip):
                    raise
                why = str(error)
            if why == "it ended" and self.report.losses.clips_cut == cut and not _never_ends(clip):
                return
            state = "lost" if last_s > -math.inf else "not there yet"
            self._tell(f"{state} ({why}); it is opened again in {pause_s:g} s")
            if self._stop.wait(pause_s):
                self.report.failed = "" if last_s > -math.inf else f"it never gave a frame: {why}"
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _tell(self, line: str) -> None:
        self._tell_person(f"{self.report.camera}: {line}")

    def _tell_back(self, last_s: float, now_s: float) -> None:
        if last_s > -math.inf:
            self.report.losses.reconnects += 1
            self._tell(f"is back after {now_s - last_s:.1f} s")

    def _put(self, item: _Arrived | None, *, drop: bool) -> None:
        while self.crash is None:
            try:
                self._queue.put(item, timeout=0.0 if drop else 0.2, block=not drop)
                return
            except queue.Full:
                if drop:
                    self._drop_oldest()

    def _drop_oldest(self) -> None:
        try:
            oldest = self._queue.get_nowait()
        except queue.Empty:
            return
        if oldest is not _END and self.report.drop(oldest.frame.time_s):
            self._tell(f"falling behind, frames are dropped from {oldest.frame.time_s:.1f} s on")

    def look(self, emit: Callable[[LiveAlert], None]) -> None:
        """Look at what the reader gives, and emit what comes of it."""
        try:
            self._look(emit)
        except Exception as error:  # noqa: BLE001  # it is raised again where the watching was asked for
            self.crash = error
            self._stop.set()

    def _look(self, emit: Callable[[LiveAlert], None]) -> None:
        clip, part, camera = 0, 0, CameraWatch(self._site, self.report.camera)
        while (item := self._next()) is not _END:
            if isinstance(item, str) or item.clip != clip:
                self._finish(camera, emit, silent_s=self._silence_s if isinstance(item, str) else 0.0)
                clip = clip if isinstance(item, str) else item.clip
                part = max(part + 1, clip)
                camera = CameraWatch(self._site, self.report.camera, f"{self.report.camera}/{part}")
            if not isinstance(item, str):
                self._emit(camera.frame(item.frame), emit)
                if self._live or self._realtime:
                    self.report.waits.add(time.monotonic() - item.at_s)
        self._finish(camera, emit)

    def _next(self) -> _Arrived | str | None:
        """What comes next in the queue; None at the end, and where the watching is stopped and nothing waits.

        Once a silence, `_SILENT`: a camera that runs gave nothing for so long that whoever was in view has left.
        """
        waited_since = time.monotonic()
        while True:
            try:
                item = self._queue.get(timeout=0.2)
            except queue.Empty:
                if self._stop.is_set():
                    return _END
            else:
                self._heard = True
                return item
            if self._live and self._heard and time.monotonic() - waited_since > self._silence_s:
                self._heard = False
                self._tell(f"no frame for {self._silence_s:.0f} s")
                return _SILENT

    def _finish(self, camera: CameraWatch, emit: Callable[[LiveAlert], None], *, silent_s: float = 0.0) -> None:
        self._emit(camera.finish(silent_s), emit)
        self.report.frames += camera.frames
        self.report.faces += camera.faces

    def _emit(self, alerts: list[LiveAlert], emit: Callable[[LiveAlert], None]) -> None:
        for alert in alerts:
            self.report.alerts += 1
            emit(alert)


def _never_ends(clip: Clip) -> bool:
    """Whether the end of a camera that runs can only be a loss: a stream of a kind that has none, without a limit."""
    source = clip.source
    address, limit_s = str(getattr(source, "address", "")), getattr(source, "limit_s", None)
    return limit_s is None and address.partition("://")[0] in NEVER_ENDS


def _may_come(clip: Clip) -> bool:
    """Whether a camera that gave no frame may be there later: it has an address, and is no device of this machine."""
    return "://" in str(getattr(clip.source, "address", ""))


def _by_camera(footage: Footage) -> dict[str, list[Clip]]:
    """The clips of each camera, in the order of time."""
    found: dict[str, list[Clip]] = {}
    for clip in sorted(footage.clips, key=lambda clip: clip.start_s):
        found.setdefault(clip.camera, []).append(clip)
    return found

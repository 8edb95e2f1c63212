"""Watching: several cameras at once, each read by one thread and looked at by another, until they end or are stopped.

A camera that runs does not wait. Where the looking falls behind, the oldest frames in its queue are dropped, counted
and named; a file is read as fast as it can be looked at, or, in real time, treated like a camera.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from facelab.data.losses import Losses
from facelab.deploy.live import CameraWatch, LiveAlert, WatchedSite
from facelab.errors import FacelabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from facelab.data.footage import Clip, Footage
    from facelab.types import Frame

QUEUE = 12
"""Frames that wait at most: one second at 12.5 frames a second."""
_END = None


@dataclass
class CameraReport:
    """What became of one camera.

    Parameters
    ----------
    camera : str
        Its name.
    frames, dropped, faces, alerts : int
        Frames looked at and dropped, faces found, alerts raised.
    losses : Losses
        What could not be read.
    dropped_at : list of (float, float)
        From when to when frames were dropped, s on the camera's clock.
    failed : str
        Why it ended before its time; empty where it did not.
    """

    camera: str
    frames: int = 0
    dropped: int = 0
    faces: int = 0
    alerts: int = 0
    losses: Losses = field(default_factory=Losses)
    dropped_at: list[tuple[float, float]] = field(default_factory=list)
    failed: str = ""

    def drop(self, time_s: float) -> bool:
        """One frame is dropped; True where a new stretch of them begins."""
        self.dropped += 1
        if self.dropped_at and time_s - self.dropped_at[-1][1] < 1.0:
            self.dropped_at[-1] = (self.dropped_at[-1][0], time_s)
            return False
        self.dropped_at.append((time_s, time_s))
        return True

    def __str__(self) -> str:
        dropped = "none dropped"
        if self.dropped:
            named = ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in self.dropped_at[:5])
            more = f" and {len(self.dropped_at) - 5} stretches more" if len(self.dropped_at) > 5 else ""
            dropped = f"{self.dropped:,} dropped ({named}{more})"
        end = f"; {self.failed}" if self.failed else ""
        return f"{self.camera}: {self.frames:,} frames, {dropped}, {self.faces:,} faces, {self.alerts:,} alerts{end}"


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
        self.report = CameraReport(camera)
        self._site, self._clips, self._realtime, self._stop, self._tell = site, clips, realtime, stop, tell
        self._queue: queue.Queue[tuple[int, Frame] | None] = queue.Queue(QUEUE)
        self._told = 0
        self.crash: Exception | None = None
        """What ended the looking although it should not have; the other cameras are stopped then."""

    def read(self) -> None:
        """Put frames into the queue; a stream, or a file in real time, drops the oldest where there is no room."""
        begun = time.monotonic()
        try:
            for number, clip in enumerate(self._clips):
                live = clip.source.digest is None
                for frame in self._frames(clip):
                    if self._realtime and not live:
                        self._stop.wait(max(0.0, begun + frame.time_s - time.monotonic()))
                    if self._stop.is_set():
                        return
                    self._put((number, frame), drop=live or self._realtime)
        except FacelabError as error:
            self.report.failed = str(error)
        finally:
            self._put(_END, drop=False)

    def _frames(self, clip: Clip) -> Iterator[Frame]:
        from dataclasses import replace

        for frame in clip.source.frames(self.report.losses):
            yield replace(frame, camera=self.report.camera, time_s=frame.time_s + clip.start_s)

    def _put(self, item: tuple[int, Frame] | None, *, drop: bool) -> None:
        while True:
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
        if oldest is _END:
            return
        _, frame = oldest
        if self.report.drop(frame.time_s):
            self._tell(f"{self.report.camera}: falling behind, frames are dropped from {frame.time_s:.1f} s on")

    def look(self, emit: Callable[[LiveAlert], None]) -> None:
        """Look at what the reader gives, and emit what comes of it."""
        try:
            self._look(emit)
        except Exception as error:  # noqa: BLE001  # it is raised again where the watching was asked for
            self.crash = error
            self._stop.set()

    def _look(self, emit: Callable[[LiveAlert], None]) -> None:
        clip, camera = -1, CameraWatch(self._site, self.report.camera)
        while (item := self._next()) is not _END:
            number, frame = item
            if number != clip:
                self._finish(camera, emit)
                prefix = f"{self.report.camera}/{number}" if number else self.report.camera
                clip, camera = number, CameraWatch(self._site, self.report.camera, prefix)
            self._emit(camera.frame(frame), emit)
            self._tell_losses()
        self._finish(camera, emit)
        self._tell_losses()

    def _next(self) -> tuple[int, Frame] | None:
        """What comes next in the queue; None at the end, and where the watching is stopped and nothing waits."""
        while True:
            try:
                return self._queue.get(timeout=0.2)
            except queue.Empty:
                if self._stop.is_set():
                    return _END

    def _finish(self, camera: CameraWatch, emit: Callable[[LiveAlert], None]) -> None:
        self._emit(camera.finish(), emit)
        self.report.frames += camera.frames
        self.report.faces += camera.faces

    def _emit(self, alerts: list[LiveAlert], emit: Callable[[LiveAlert], None]) -> None:
        for alert in alerts:
            self.report.alerts += 1
            emit(alert)

    def _tell_losses(self) -> None:
        named = self.report.losses.named
        for line in named[self._told :]:
            self._tell(f"{self.report.camera}: {line}")
        self._told = len(named)


def _by_camera(footage: Footage) -> dict[str, list[Clip]]:
    """The clips of each camera, in the order of time."""
    found: dict[str, list[Clip]] = {}
    for clip in sorted(footage.clips, key=lambda clip: clip.start_s):
        found.setdefault(clip.camera, []).append(clip)
    return found

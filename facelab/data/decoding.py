"""Video to frames through PyAV (FFmpeg's libraries): index, real time and BGR picture of each, losses counted.

A frame's time is its presentation timestamp, from the stream's start; a variable frame rate stays as it is. A frame's
index counts positions: one that is lost to damage still counts, so that the frames after it keep the index under which
a truth file knows them. After damage decoders drop frames without a word; these are found by the timestamps that went
in and never came out. Pictures are turned upright as the file says (phones record that way).
"""

from __future__ import annotations

import heapq
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from facelab.data.losses import Losses
    from facelab.types import Image

USUAL_FPS = 25.0
"""Frames a second, where a stream has neither timestamps nor a rate."""
JUMP_S = 1.0
"""A timestamp that lies further back than this is a clock that began anew, s."""


NO_PICTURE: Image = np.zeros((0, 0, 3), np.uint8)
"""Stands for the picture of a frame that nobody wants to look at."""


@cache
def _quiet_libav() -> None:
    """FFmpeg's own log lines kept off the terminal, unless somebody has set a level: losses say it in one line."""
    if av.logging.get_level() is None:
        av.logging.set_level(av.logging.PANIC)


@contextmanager
def opened(
    address: str, *, place: str, options: Mapping[str, str], timeout_s: float | None = None, threads: int = 1
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container at `address` and its first video stream, closed afterwards.

    Parameters
    ----------
    address : str
        A file or an address that FFmpeg knows.
    place : str
        What errors call it.
    options : mapping of str to str
        FFmpeg's options of the container.
    timeout_s : float, optional
        A wait for data that is longer is an error, s.
    threads : int
        Decoding threads.

    Raises
    ------
    BadInput
        It cannot be opened, or has no video in it.
    """
    _quiet_libav()
    try:
        container = av.open(address, options=dict(options), timeout=timeout_s)
    except (FFmpegError, OSError, ValueError) as error:
        raise BadInput(f"no video can be read from it: {_reason(error)}", place=place) from None
    with container:
        if not container.streams.video:
            found = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
            raise BadInput(f"there is no video in it, only {found}", place=place)
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        if threads > 1:
            stream.thread_type = "AUTO"
        yield container, stream


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if "Invalid data" in text:
        return "it is damaged, cut off (a video's index often stands at its end) or no video"
    return str(text)


def length_s(container: InputContainer, stream: VideoStream) -> float | None:
    """The length of the video that the file's header promises, s; None where it promises none."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def frames_promised(container: InputContainer, stream: VideoStream) -> int | None:
    """How many frames the file's header lets one expect; None where it says nothing."""
    length, rate = length_s(container, stream), stream.average_rate
    by_time = None if length is None or not rate else round(length * float(rate))
    return min((count for count in (stream.frames, by_time) if count), default=None)


def decoded(
    container: InputContainer,
    stream: VideoStream,
    *,
    place: str,
    losses: Losses,
    wanted: Callable[[float], bool] | None = None,
) -> Iterator[tuple[int, float, Image]]:
    """Index, time (s, from the stream's start) and picture (H, W, 3) BGR of each frame, in the order of time.

    A packet that cannot be decoded and a frame that the decoder marks as damaged are counted in `losses`; the rest
    goes on. Where `wanted` says no to a frame's time, the frame is decoded (others rest on it) but not converted to
    pixels: its picture is `NO_PICTURE`.
    """
    convert, order, clock = VideoReformatter(), _Order(), _Clock(stream, place, losses)
    for frame, damaged in _frames(container, stream, order=order, place=place, losses=losses):
        skipped, index = order.index_of(frame.pts)
        losses.frames_lost += skipped + damaged
        time_s = clock.time_s(frame, index)
        if damaged:
            losses.name(f"{place}, frame {index} at {time_s:.2f} s: damaged")
            continue
        if wanted is not None and not wanted(time_s):
            yield index, time_s, NO_PICTURE
            continue
        picture = convert.reformat(frame, format="bgr24").to_ndarray()
        turns = round(frame.rotation / 90) % 4
        yield index, time_s, np.ascontiguousarray(np.rot90(picture, turns)) if turns else cast("Image", picture)
    losses.frames_lost += order.left_over


def _frames(
    container: InputContainer, stream: VideoStream, *, order: _Order, place: str, losses: Losses
) -> Iterator[tuple[VideoFrame, bool]]:
    """Each decoded frame and whether it is damaged; ends where the file ends or can be read no further."""
    for packet in _packets(container, stream, place=place, losses=losses):
        order.put(packet)
        try:
            frames = packet.decode()
        except FFmpegError:
            losses.frames_lost += not order.damage(packet)
            when = "" if packet.pts is None else f" at {float(packet.pts * packet.time_base):.2f} s"
            losses.name(f"{place}: a packet{when} cannot be decoded")
            continue
        for frame in frames:
            yield frame, bool(frame.is_corrupt)


def _packets(
    container: InputContainer, stream: VideoStream, *, place: str, losses: Losses
) -> Iterator[Packet[VideoStream]]:
    """The packets, and at the end, however it came, the empty one that makes the decoder give what it still holds."""
    try:
        yield from container.demux(stream)
    except FFmpegError as error:
        losses.clips_cut += 1
        losses.name(f"{place}: it can be read no further: {_reason(error)}")
        last = cast("Packet[VideoStream]", av.Packet())
        last.stream = stream
        if stream.time_base is not None:
            last.time_base = stream.time_base
        yield last


class _Order:
    """Positions of frames by the timestamps of the packets that went in.

    Timestamps that went in and did not come out are lost frames, once damage was met; before that they are packets that
    give no frame of their own (a second field, a hidden frame).
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._next = 0
        self._until: int | None = None  # after damage: the latest timestamp that it is known to have hit

    def put(self, packet: Packet[Any]) -> None:
        """Note a packet that goes into the decoder."""
        if packet.pts is not None and packet.size and not packet.is_discard:
            heapq.heappush(self._waiting, packet.pts)

    def damage(self, packet: Packet[Any]) -> bool:
        """Note that a packet could not be decoded; true where its timestamp will tell of the frame that it lost."""
        if packet.pts is None:
            self._next += 1
            return False
        self._until = packet.pts if self._until is None else max(self._until, packet.pts)
        return True

    def index_of(self, pts: int | None) -> tuple[int, int]:
        """How many frames were lost just before the frame at `pts`, and that frame's index."""
        lost = 0
        while pts is not None and self._waiting and self._waiting[0] <= pts:
            lost += heapq.heappop(self._waiting) < pts
        if self._until is None:
            lost = 0
        elif lost == 0 and pts is not None and pts > self._until:
            self._until = None
        index = self._next + lost
        self._next = index + 1
        return lost, index

    @property
    def left_over(self) -> int:
        """Frames lost at the end."""
        return len(self._waiting) if self._until is not None else 0


class _Clock:
    """Times of frames: their timestamps from the stream's start, made to go on where they do not.

    A missing timestamp, or one a little early, is a step after the frame before. After a jump back of more than
    `JUMP_S` (a camera that began anew) the clock goes on from there; where it jumps forth again within a
    second, as if nothing had been, so does this one. Frames whose time did not go on are counted.
    """

    def __init__(self, stream: VideoStream, place: str, losses: Losses) -> None:
        base, start = stream.time_base, stream.start_time
        self._start = None if base is None or start is None else float(start * base)
        self._step = 1 / float(stream.average_rate or stream.guessed_rate or USUAL_FPS)
        self._last: float | None = None
        self._offset = self._offset_before = self._jumped_s = 0.0
        self._place, self._losses = place, losses
        self._named = False

    def time_s(self, frame: VideoFrame, index: int) -> float:
        """The time of `frame`, s: always later than that of the frame before."""
        stamp = frame.time
        if self._start is None and stamp is not None:
            self._start = stamp
        if stamp is None:
            now = 0.0 if self._last is None else self._last + self._step
        else:
            now = self._going_on(stamp - (self._start or 0.0), index)
        self._last = now
        return now

    def _going_on(self, stamp: float, index: int) -> float:
        last, now = self._last, stamp + self._offset
        if last is None:
            return now
        if last - self._jumped_s > JUMP_S:
            self._offset_before = self._offset
        if last < stamp + self._offset_before <= last + JUMP_S:
            self._offset, self._named = self._offset_before, False
            return stamp + self._offset
        if now > last:
            self._named = False
            return now
        self._losses.frames_back += 1
        if not self._named:
            self._losses.name(f"{self._place}, frame {index}: its time goes back, from {last:.2f} to {now:.2f} s")
            self._named = True
        if now < last - JUMP_S:
            self._offset_before, self._offset, self._jumped_s = self._offset, last + self._step - stamp, last
        return last + self._step

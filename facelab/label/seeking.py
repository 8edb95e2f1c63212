"""Single frames out of a long video, without decoding what lies before them.

A frame is known by its time in the video. The decoder goes to the last point before it at which a video can be entered
and on from there, so a frame of an hour costs as much as one of the first second. A time at which there is no frame to
within a millisecond (a clock that began anew, a damaged file) is left out: the caller decodes from the beginning, as
the pipeline did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from facelab.data.sources import VideoFile
    from facelab.types import Image

EXACT_S = 1e-3
NEAR_S = 1.0
"""A frame so soon after the one before is reached by decoding on."""
MOST_DECODED = 1_000
"""A video that cannot be entered within so many frames is not sought in."""


def sought_frames(source: VideoFile, times_s: Iterable[float]) -> dict[float, Image]:
    """The pictures (H, W, 3) BGR of the frames at `times_s` (from the video's start); those not found are left out."""
    from av.error import FFmpegError

    from facelab.data.decoding import opened

    found: dict[float, Image] = {}
    place = str(source.path)
    try:
        with opened(f"file:{place}", place=place, options={"protocol_whitelist": "file"}) as (container, stream):
            for time_s, frame in _frames(container, stream, sorted(set(times_s))):
                found[time_s] = _upright(frame)
    except (BadInput, FFmpegError):
        return found
    return found


def _frames(container: InputContainer, stream: VideoStream, times_s: list[float]) -> Iterator[tuple[float, VideoFrame]]:
    if stream.time_base is None or stream.start_time is None:
        return
    base = float(stream.time_base)
    start_s = float(stream.start_time) * base
    here = -np.inf
    frames: Iterator[VideoFrame] = iter(())
    for time_s in times_s:
        stamp = time_s + start_s
        if not here < stamp <= here + NEAR_S:
            container.seek(max(0, int(stamp / base)), stream=stream, backward=True)
            frames = container.decode(stream)
        for count, frame in enumerate(frames):
            if frame.time is None or count > MOST_DECODED:
                return
            here = frame.time
            if here >= stamp - EXACT_S:
                if here <= stamp + EXACT_S:
                    yield time_s, frame
                break


def _upright(frame: VideoFrame) -> Image:
    picture: Image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture

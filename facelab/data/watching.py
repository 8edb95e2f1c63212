"""What is wrong with the frames of a source although they can be decoded: seen as they pass, counted, and named.

Nothing is left out or changed here. A frame may have another size than the first; show bit for bit what the one before
shows (a second of that is a frozen camera); be black; come after a hole in time; or come at another rate than those
before. What lasts is named once, with the frames at which it began and ended. A frame that nobody wants to look at
(`facelab.data.decoding.NO_PICTURE`) is counted and its time seen; the rest is looked for among the others.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.losses import Losses
    from facelab.types import Image

FROZEN_S = 1.0
"""Pictures that are the same bit for bit for so long are a frozen camera, s."""
BLACK_LEVEL = 20
"""A frame is black where nearly nothing (`BLACK_SHARE`) is brighter than this grey level."""
BLACK_SHARE = 0.005
GAP_S = 1.0
"""No frame for so long, and for five times the usual step, is a hole, s."""
GAP_STEPS = 5
RATE_STEPS = 25
"""So many steps in a row tell a frame rate; it has become another where it differs by more than `RATE_RATIO`."""
RATE_RATIO = 1.5
EVEN = 1.25
"""Steps are even where four fifths of them differ from their median by no more than this ratio."""
SPARSE = 16
"""Every so many pixels across and down are looked at before all of them are."""


@dataclass
class _Stretch:
    """Frames in a row of which the same is true."""

    frames: int = 0
    first: tuple[int, float] = (0, 0.0)
    last: tuple[int, float] = (0, 0.0)

    def add(self, index: int, time_s: float) -> None:
        """One more frame."""
        self.first = self.first if self.frames else (index, time_s)
        self.last = (index, time_s)
        self.frames += 1

    def __str__(self) -> str:
        (first, start_s), (last, end_s) = self.first, self.last
        return f"frames {first} to {last} ({start_s:.2f} to {end_s:.2f} s)"


class Watch:
    """Sees the frames of one source in their order.

    Parameters
    ----------
    place : str
        What named cases begin with: the file and the camera.
    losses : Losses
        What is counted into.
    """

    def __init__(self, place: str, losses: Losses) -> None:
        self._place, self._losses = place, losses
        self._first_size: tuple[int, ...] | None = None
        self._before: Image | None = None
        self._frozen, self._black = _Stretch(), _Stretch()
        self._frozen_from_s = 0.0
        self._last_s: float | None = None
        self._before_s = 0.0
        self._steps: deque[float] = deque(maxlen=RATE_STEPS)
        self._usual_s: float | None = None

    def see(self, index: int, time_s: float, picture: Image) -> None:
        """One more frame: its index, its time in s, its picture (H, W, 3)."""
        self._losses.frames_read += 1
        if picture.size:
            self._see_size(index, picture)
        self._see_time(index, time_s)
        self._last_s = time_s
        if not picture.size:
            return
        self._see_repeats(index, time_s, picture)
        if _is_black(picture):
            self._losses.frames_black += 1
            self._black.add(index, time_s)
        else:
            self._end_black()
        self._before, self._before_s = picture, time_s

    def end(self) -> None:
        """There are no more frames: name what was under way."""
        self._end_frozen()
        self._end_black()
        self._before = None

    def _see_size(self, index: int, picture: Image) -> None:
        self._first_size = self._first_size or picture.shape
        if picture.shape == self._first_size:
            return
        self._losses.frames_resized += 1
        if self._before is None or self._before.shape != picture.shape:
            (height, width), (first_height, first_width) = picture.shape[:2], self._first_size[:2]
            self._name(f"frame {index}: {width}x{height}, the first is {first_width}x{first_height}")

    def _see_time(self, index: int, time_s: float) -> None:
        if self._last_s is None:
            return
        step = time_s - self._last_s
        usual = statistics.median(self._steps) if self._steps else step
        if len(self._steps) >= GAP_STEPS and step >= max(GAP_S, GAP_STEPS * usual):
            self._losses.gaps += 1
            self._losses.gap_s += step - usual
            self._name(f"frame {index} at {time_s:.2f} s: no frame for {step:.2f} s before it")
            return
        self._steps.append(step)
        if len(self._steps) == RATE_STEPS and _even(self._steps):
            self._see_rate(index, time_s, statistics.median(self._steps))

    def _see_rate(self, index: int, time_s: float, step: float) -> None:
        usual, self._usual_s = self._usual_s, self._usual_s or step
        if usual is not None and not 1 / RATE_RATIO <= step / usual <= RATE_RATIO:
            self._losses.rate_changes += 1
            self._usual_s = step
            self._name(
                f"frame {index} at {time_s:.2f} s: the frame rate has changed from {1 / usual:.1f} to {1 / step:.1f}"
            )

    def _see_repeats(self, index: int, time_s: float, picture: Image) -> None:
        if self._before is not None and _same(picture, self._before):
            self._losses.frames_repeated += 1
            if not self._frozen.frames:
                self._frozen_from_s = self._before_s
            self._frozen.add(index, time_s)
        else:
            self._end_frozen()

    def _end_frozen(self) -> None:
        stretch, self._frozen = self._frozen, _Stretch()
        if stretch.frames and stretch.last[1] - self._frozen_from_s >= FROZEN_S:
            self._losses.frames_frozen += stretch.frames
            self._name(f"{stretch}: the picture is frozen")

    def _end_black(self) -> None:
        stretch, self._black = self._black, _Stretch()
        if stretch.frames:
            self._name(f"{stretch}: black")

    def _name(self, what: str) -> None:
        self._losses.name(f"{self._place}, {what}")


def watched(pictures: Iterator[tuple[int, float, Image]], camera: str, place: str, losses: Losses) -> Iterator[Frame]:
    """Frames of `pictures`, counted and watched as they are handed out."""
    watch = Watch(place, losses)
    try:
        for index, time_s, picture in pictures:
            watch.see(index, time_s, picture)
            yield Frame(index, time_s, camera, picture)
    finally:
        watch.end()


def _same(a: Image, b: Image) -> bool:
    """Whether two pictures are the same bit for bit."""
    return (
        a.shape == b.shape
        and bool(np.array_equal(a[::SPARSE, ::SPARSE], b[::SPARSE, ::SPARSE]))
        and bool(np.array_equal(a, b))
    )


def _is_black(picture: Image) -> bool:
    spots = picture[::SPARSE, ::SPARSE]
    return bool(np.count_nonzero(spots > BLACK_LEVEL) <= BLACK_SHARE * spots.size)


def _even(steps: deque[float]) -> bool:
    """Whether `steps` tell of one rate."""
    middle = statistics.median(steps)
    return middle > 0 and sum(middle / EVEN <= step <= middle * EVEN for step in steps) >= 0.8 * len(steps)

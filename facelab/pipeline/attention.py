"""Which frames of a clip are looked at: so many a second at most, and not those in which nothing has moved.

Looking at a frame (finding its faces) costs ten times what decoding it costs. Two settings of `Detection` spare it:

- `per_second`: time is cut into slots of 1 / per_second s and the first frame of each slot is looked at; what lies
  between is passed over, and the tracker bridges it by its motion model, which knows the time. It counts in seconds,
  not in frames, so that cameras of 12.5 and of 30 frames a second are treated alike.
- `still`: a frame is compared with the last one that was looked at, both averaged down to 96 spots across. Where no
  spot has changed by more than so many grey levels, the frame shows the same faces in the same places: they are
  repeated, so that who stands still stays tracked. Slow changes add up until they are seen, since the frame compared
  with is always one that was looked at.

Both follow from the clip alone, in the order of its frames: the same frames are looked at whatever the number of
workers.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.slots import Slots

if TYPE_CHECKING:
    from facelab.config import Detection
    from facelab.types import Frame, Image

SPOTS_ACROSS = 96


class Verdict(Enum):
    """What is done with a frame: look at it, repeat what the last look showed, or pass it over."""

    LOOK = "look"
    REPEAT = "repeat"
    PASS = "pass"


class Attention:
    """Decides frame by frame; one object a clip.

    Parameters
    ----------
    settings : Detection
        `per_second` and `still`.
    """

    def __init__(self, settings: Detection) -> None:
        self._still = settings.still
        self._slots = None if settings.per_second is None else Slots(settings.per_second)
        self._spots: Image | None = None

    def verdict(self, frame: Frame) -> Verdict:
        """What is done with `frame`, which comes after those that were asked about before."""
        if self._slots is not None and not self._slots.first(frame.time_s):
            return Verdict.PASS
        if not self._still:
            return Verdict.LOOK
        spots = averaged_spots(frame.image)
        before, self._spots = self._spots, spots
        if before is None or before.shape != spots.shape or int(cv2.absdiff(spots, before).max()) > self._still:
            return Verdict.LOOK
        self._spots = before
        return Verdict.REPEAT


def averaged_spots(image: Image) -> Image:
    """`image` (H, W, 3) averaged down to `SPOTS_ACROSS` spots across, as many down as its shape gives: uint8 BGR."""
    height, width = image.shape[:2]
    down = max(1, round(SPOTS_ACROSS * height / width))
    return np.asarray(cv2.resize(image, (SPOTS_ACROSS, down), interpolation=cv2.INTER_AREA), dtype=np.uint8)

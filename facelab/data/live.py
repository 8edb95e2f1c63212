"""A camera that runs: frames as they come, opened again where it is lost, ended where it does not come back.

Index and time go on over every connection; the seconds in which there was none are in the times. Nothing of a live
camera is ever cached.
"""

from __future__ import annotations

import itertools
import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facelab.data.decoding import decoded, opened
from facelab.data.images import quiet_opencv
from facelab.data.losses import Losses
from facelab.data.watching import watched
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import cv2

    from facelab.types import Frame, Image

SOON_S = 1e-3
"""A camera that is back is back at least so long after its last frame, s."""
HELD_S = 60.0
"""A connection that held for so long was a good one, s of footage."""


@dataclass(frozen=True)
class LiveCamera:
    """A camera that runs: the number of a device, or an address (``rtsp://``, ``http://``, …).

    It is never cached (its digest is None). A name and password in the address are kept out of every message. A stream
    that ends, breaks off or falls silent is opened again; indices go on, and so do times, with the seconds that are
    missing.

    Parameters
    ----------
    address : str
        ``0``, ``1``, … for a device of this machine, else an address.
    camera : str
        The camera's name.
    stall_s : float
        A camera that is silent for longer is lost, s.
    reconnects : int
        How often it is opened again; a camera that is lost once more has ended, counted as a cut clip. A connection
        that held for `HELD_S` begins the count anew.
    pause_s : float
        Before each try, s; twice as long before each further one that fails.
    limit_s : float, optional
        Stop after so many seconds of footage.
    """

    address: str
    camera: str = "camera"
    stall_s: float = 10.0
    reconnects: int = 3
    pause_s: float = 1.0
    limit_s: float | None = None

    @property
    def digest(self) -> None:
        """None: what a live camera will give is not known."""
        return

    @property
    def frames_expected(self) -> None:
        """None: a live camera has no end of its own."""
        return

    @property
    def place(self) -> str:
        """The address, without name and password."""
        return re.sub(r"(?<=://)[^/]*@", "", self.address)

    def check(self) -> None:
        """Nothing can be known before the camera is opened."""

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frames as they come, until the camera ends, falls silent, or `limit_s` is reached.

        Raises
        ------
        BadInput
            The camera cannot be opened, or gives no frame.
        """
        before = losses.frames_read
        pictures = self._of_device(losses) if self.address.isdigit() else self._of_address(losses)
        limit = math.inf if self.limit_s is None else self.limit_s
        until = itertools.takewhile(lambda picture: picture[1] <= limit, pictures)
        yield from watched(until, self.camera, self.place, losses)
        if losses.frames_read == before:
            raise BadInput("the camera gave no frame", place=self.place)

    def _of_address(self, losses: Losses) -> Iterator[tuple[int, float, Image]]:
        """Index, time and picture of each frame, over as many connections as it takes."""
        last_index, last_s, heard_s, failed = -1, 0.0, 0.0, 0
        while True:
            first_index, start_s, lost = last_index + 1, 0.0, Losses()
            try:
                for number, stamp_s, picture in self._of_connection(lost, again=failed > 0):
                    failed = 0 if stamp_s > HELD_S else failed
                    if first_index and last_index < first_index:
                        start_s = last_s + max(time.monotonic() - heard_s, SOON_S) - stamp_s
                        losses.reconnects += 1
                        losses.name(f"{self.place}, frame {first_index + number}: it was lost, and is back")
                    last_index, last_s, heard_s = first_index + number, start_s + stamp_s, time.monotonic()
                    yield last_index, last_s, picture
            finally:
                broken, lost.clips_cut = lost.clips_cut > 0, 0
                losses.add(lost)
            if not broken:
                return
            if failed >= self.reconnects:
                losses.clips_cut += 1
                return
            time.sleep(self.pause_s * 2**failed)
            failed += 1

    def _of_connection(self, losses: Losses, *, again: bool) -> Iterator[tuple[int, float, Image]]:
        """The same of one connection; one that cannot be made `again` counts as cut."""
        options = {"rtsp_transport": "tcp"} if self.address.startswith("rtsp") else {}
        try:
            with opened(self.address, place=self.place, options=options, timeout_s=self.stall_s) as (container, stream):
                yield from decoded(container, stream, place=self.place, losses=losses)
        except BadInput:
            if not again:
                raise
            losses.clips_cut += 1

    def _of_device(self, losses: Losses) -> Iterator[tuple[int, float, Image]]:
        import cv2

        with quiet_opencv():
            capture = cv2.VideoCapture(int(self.address))
        try:
            if not capture.isOpened():
                raise BadInput(
                    "there is no such camera on this machine, or it is in use", place=f"camera {self.address}"
                )
            yield from _captured(capture)
            losses.clips_cut += 1  # a device has no end of its own
            losses.name(f"camera {self.address}: it gives no more frames: unplugged?")
        finally:
            capture.release()


def _captured(capture: cv2.VideoCapture) -> Iterator[tuple[int, float, Image]]:
    """Index, time of arrival (s, from the first) and picture of each frame that `capture` gives."""
    start: float | None = None
    index = 0
    while True:
        there, picture = capture.read()
        if not there:
            return
        now = time.monotonic()
        start = now if start is None else start
        yield index, now - start, cast("Image", picture)
        index += 1

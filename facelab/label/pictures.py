"""Faces out of the footage, read when somebody looks at them, several at a time, and kept in memory only.

Few frames of a long video are sought (`facelab.label.seeking`); else a clip is decoded from its beginning, the faces of
many questions in one pass, up to the last frame that is wanted. At most `KEPT` pictures are held; nothing is written
anywhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.losses import Losses
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.label.anchors import Anchors
    from facelab.label.material import Material
    from facelab.types import Image, Ints

HEIGHT_PX = 150
MARGIN = 0.35
"""So much of the face's width is shown around it."""
KEPT = 2_000
SEEK_WORTH = 60
"""A frame is sought in a video where decoding up to the last of them costs more than so many frames for each."""


class FacePictures:
    """The faces of tracks as JPEG, by observation.

    Parameters
    ----------
    anchors : Anchors
        The footage and its tracks.
    """

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors
        self._held: OrderedDict[int, bytes | None] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, rows: Iterable[int]) -> list[bytes | None]:
        """The face of each observation in `rows`; None where its frame cannot be read."""
        wanted = list(rows)
        self.read(wanted)
        with self._lock:
            return [self._held.get(row) for row in wanted]

    def read(self, rows: Iterable[int]) -> None:
        """Read the faces of `rows` that are not held yet, in one pass over each clip; several threads may."""
        with self._lock:
            missing = [row for row in dict.fromkeys(rows) if row not in self._held]
        by_clip: defaultdict[int, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row in missing:
            by_clip[int(self._anchors.clip[row])][int(self._anchors.tracks.frame[row])].append(row)
        for clip, frames in by_clip.items():
            self._read_clip(clip, frames)
        with self._lock:
            for row in missing:
                self._held.setdefault(row, None)
                self._held.move_to_end(row)
            while len(self._held) > max(KEPT, len(missing)):
                self._held.popitem(last=False)

    def _read_clip(self, clip: int, frames: dict[int, list[int]]) -> None:
        left = self._sought(clip, frames)
        if not left:
            return
        try:
            for frame in self._anchors.footage.clips[clip].frames(Losses()):
                if frame.index in left:
                    self._hold(frame.image, frames[frame.index])
                    left.discard(frame.index)
                    if not left:
                        return
        except BadInput:  # a clip that cannot be read any more has no pictures
            return

    def _sought(self, clip: int, frames: dict[int, list[int]]) -> set[int]:
        """Read what can be sought in a long video; the frames that are left to be decoded from the beginning."""
        from facelab.data.sources import VideoFile

        source, left = self._anchors.footage.clips[clip].source, set(frames)
        first = self._anchors.footage.clips[clip].first_frame
        if not isinstance(source, VideoFile) or max(frames) - first < SEEK_WORTH * len(frames):
            return left
        from facelab.label.seeking import sought_frames

        start_s = self._anchors.footage.clips[clip].start_s
        at = {float(self._anchors.tracks.time_s[rows[0]]) - start_s: index for index, rows in frames.items()}
        for time_s, image in sought_frames(source, at).items():
            self._hold(image, frames[at[time_s]])
            left.discard(at[time_s])
        return left

    def _hold(self, image: Image, rows: list[int]) -> None:
        for row in rows:
            picture = cropped(image, self._anchors.tracks.box[row])
            with self._lock:
                self._held[row] = picture


def cropped(image: Image, box: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    """The face in `box` (x1, y1, x2, y2 px) with a margin, `HEIGHT_PX` high, as JPEG."""
    margin = MARGIN * float(box[2] - box[0])
    height, width = image.shape[:2]
    x1, y1 = (min(max(0, int(value - margin)), side - 1) for value, side in zip(box[:2], (width, height)))
    x2, y2 = min(width, int(box[2] + margin) + 1), min(height, int(box[3] + margin) + 1)
    return jpeg(image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)])


def jpeg(image: Image) -> bytes:
    """`image` as JPEG, `HEIGHT_PX` high."""
    import cv2

    scale = HEIGHT_PX / max(1, image.shape[0])
    size = max(1, round(image.shape[1] * scale)), HEIGHT_PX
    fitting = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return bytes(cv2.imencode(".jpg", fitting, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def telling_rows(material: Material, anchors: Anchors, row: int, n: int) -> Ints:
    """At most `n` observations that show the track of `row`, in the order of time: the best of each stretch of it."""
    if n == 1:
        return np.array([material.best_row[row]])
    own = anchors.rows_of(str(material.sample_id[row]))
    quality = np.nan_to_num(anchors.tracks.quality[own], nan=-1.0)
    parts = np.array_split(np.arange(len(own)), min(n, len(own)))
    return np.asarray(own[np.array([part[np.argmax(quality[part])] for part in parts])])

"""Detections become tracks: SORT, ByteTrack and OC-SORT of the package `trackers`, told the time of every frame.

What is added to the package: a track counts from its first observation (the package gives a number only later), numbers
follow the order in which tracks begin, whatever the method, and the motion models are stepped by the frames' own
times, so that a dropped frame, or 5 frames a second instead of 30, does not change what a second means. With few frames
a second a face moves by more than its own width between two of them, and its boxes no longer overlap: `reach` widens
them for the comparison alone.

Sources: Bewley et al., SORT, arXiv:1602.00763; Zhang et al., ByteTrack, arXiv:2110.06864; Cao et al., OC-SORT,
arXiv:2203.14360; boxes widened: Yang et al., arXiv:2211.14317.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.config import Tracking
    from facelab.types import Faces, Floats, Ints

# The package counts its buffer of lost tracks, and the steps of its motion models, in frames of this rate.
REFERENCE_FPS = 30.0
NO_TRACK = -1
# A face must be this sure to begin a track; a weaker one can only go on with one (as ByteTrack has it).
START_SCORE = 0.6


class FaceTracker:
    """Tracks of one clip, fed frame by frame in the order of time.

    Parameters
    ----------
    settings : Tracking
        The method, how long a track may be out of sight, and `reach`. `min_observations` is not applied here.
    """

    def __init__(self, settings: Tracking) -> None:
        self._tracker = _tracker(settings)
        self._lost_s, self._reach = settings.lost_s, settings.reach
        self._steps: deque[float] = deque(maxlen=31)
        self._number: dict[int, tuple[Any, int]] = {}
        self._begun = 0
        self._last_s = -math.inf

    @property
    def alive(self) -> frozenset[int]:
        """The numbers of the tracks that may still go on; every other one has ended."""
        return frozenset(number for _, number in self._number.values())

    def update(self, faces: Faces, time_s: float) -> Ints:
        """(n,) the track number of each face, from 0 in the order in which tracks begin; `NO_TRACK` where it has none.

        Parameters
        ----------
        faces : Faces
            The n faces of the frame; none is fine, and needed, so that tracks can end.
        time_s : float
            When the frame was taken, s. A time that does not go on counts as the moment after the last one.
        """
        import supervision as sv

        now = self._next_moment(time_s)
        n, box = len(faces), _widened(faces.box, self._reach)
        marked = sv.Detections(
            xyxy=box,
            confidence=np.array(faces.score, np.float32),
            class_id=np.zeros(n, np.int64),
            data={"face": np.arange(n)},
        )
        found = self._tracker.update(marked, timestamp=now)
        return self._numbers(box, found)

    def _next_moment(self, time_s: float) -> float:
        """The frame's time, made to go on; and a track may be away for `lost_s`, or else from one frame to the next."""
        if time_s > self._last_s:
            if math.isfinite(self._last_s):
                self._steps.append(time_s - self._last_s)
            self._last_s = time_s
        else:
            self._last_s = math.nextafter(self._last_s, math.inf)
        step = statistics.median(self._steps) if self._steps else 1.0 / REFERENCE_FPS
        self._tracker.maximum_time_without_update = max(self._lost_s, 1.5 * step)
        return self._last_s

    def _numbers(self, box: Floats, found: Any) -> Ints:
        number = np.full(len(box), NO_TRACK, np.int64)
        for face, tracklet in sorted(self._pairs(box, found), key=lambda pair: pair[0]):
            if id(tracklet) not in self._number:
                self._number[id(tracklet)] = (tracklet, self._begun)
                self._begun += 1
            number[face] = self._number[id(tracklet)][1]
        living = {id(tracklet) for tracklet in self._tracker.tracks}
        self._number = {key: value for key, value in self._number.items() if key in living}
        return number

    def _pairs(self, box: Floats, found: Any) -> list[tuple[int, Any]]:
        """The faces that belong to a track, each with its tracklet: those that went on, and those that began."""
        tracklets = self._tracker.tracks
        owner = {t.tracker_id: t for t in tracklets if t.tracker_id >= 0}
        pairs = [(int(face), owner[int(i)]) for face, i in zip(found.data.get("face", ()), found.tracker_id) if i >= 0]
        taken = {id(tracklet) for _, tracklet in pairs}
        begun = [t for t in tracklets if id(t) not in self._number and id(t) not in taken]
        return pairs + _first_faces(begun, box, {face for face, _ in pairs})


def _widened(box: Floats, reach: float) -> NDArray[np.float32]:
    """(n, 4) a copy of `box`, wider by `reach` times its size on every side."""
    wide = np.array(box, np.float32).reshape(-1, 4)
    more = np.float32(reach) * (wide[:, 2:] - wide[:, :2])
    return np.hstack([wide[:, :2] - more, wide[:, 2:] + more])


def _first_faces(begun: list[Any], box: Floats, taken: set[int]) -> list[tuple[int, Any]]:
    """The face that each tracklet of `begun` began with: of those not `taken`, the one whose box is its own."""
    pairs: list[tuple[int, Any]] = []
    for tracklet in begun:
        free = [face for face in range(len(box)) if face not in taken]
        if not free:
            break
        gap = np.abs(np.asarray(box)[free] - np.asarray(tracklet.get_state_bbox())).max(axis=1)
        face = free[int(np.argmin(gap))]
        taken = taken | {face}
        pairs.append((face, tracklet))
    return pairs


def _tracker(settings: Tracking) -> Any:
    from trackers import ByteTrackTracker, OCSORTTracker, SORTTracker

    common: dict[str, Any] = {
        "lost_track_buffer": math.ceil(settings.lost_s * REFERENCE_FPS),
        "frame_rate": REFERENCE_FPS,
        "minimum_consecutive_frames": 1,
    }
    if settings.method == "sort":
        return SORTTracker(**common, track_activation_threshold=START_SCORE)
    if settings.method == "ocsort":
        return OCSORTTracker(**common, high_conf_det_threshold=START_SCORE)
    return ByteTrackTracker(**common, track_activation_threshold=START_SCORE, high_conf_det_threshold=START_SCORE)

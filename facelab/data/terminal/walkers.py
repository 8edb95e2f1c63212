"""Who walks where, when, and with which face: the choreography of one clip, drawn by seed before a pixel is.

A walk is a smooth path over the floor at a steady pace, with a script of head poses. Walks of one clip keep a person's
width apart, as people do; that one hides another is left to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facelab.data.terminal.manners import KINDS, Manner
from facelab.data.terminal.posts import POSTS

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

TURN_S = 0.35
STEP_M = 0.05
COVERED = ("", "mask", "sunglasses", "hood", "away")
COVERED_SHARE = (0.92, 0.03, 0.02, 0.015, 0.015)


class Pose(NamedTuple):
    """A head at a moment: from picture kind `a` to `b`, how far (0 to 1), and how far the face is bowed."""

    a: str
    b: str
    share: float
    droop: float


class Errand(NamedTuple):
    """What sets a passage apart: its number, a seat in a vehicle, and what blurs it.

    Parameters
    ----------
    visit, attempt : int
        Counted from 1.
    vehicle, seat : str
        Which car somebody sits in, and where; empty on foot.
    eyes_m, lift_m : float
        Seated: height of the eyes, and how much higher than usual the car is.
    blur : str
        ``""``, ``defocus`` or ``motion``.
    stop_s : float
        When somebody who stops does, in seconds of the walk.
    """

    visit: int = 1
    attempt: int = 1
    vehicle: str = ""
    seat: str = ""
    eyes_m: float = 0.0
    lift_m: float = 0.0
    blur: str = ""
    stop_s: float = 0.0


PLAIN = Errand()


@dataclass(frozen=True, eq=False)
class Walk:
    """One passage: `subject_id` past `camera`, from `start_s` on the clip's clock.

    Parameters
    ----------
    path : (n, 2) array
        x and z along the way, `step_m` apart.
    pace : float
        m/s.
    phase : float
        Of the step, rad.
    script : tuple of (float, str)
        From when, in seconds of the walk, which kind of picture.
    absorbed : (float, float)
        Between which seconds of the walk the face is bowed over a telephone.
    cover : str
        ``""``, or what covers the face (`cover.COVERS`).
    clock : (n,) array, optional
        When each point of the path is reached, in seconds of the walk, of somebody who stops on the way; unless given,
        the pace is steady.
    errand : Errand
        Which visit and attempt this is, in which seat, and how blurred.
    """

    passage_id: str
    subject_id: str
    camera: str
    start_s: float
    path: Array
    step_m: float
    pace: float
    phase: float
    script: tuple[tuple[float, str], ...]
    absorbed: tuple[float, float]
    cover: str
    clock: Array | None = None
    errand: Errand = PLAIN

    @property
    def duration_s(self) -> float:
        """How long the way takes."""
        return float(self.clock[-1]) if self.clock is not None else (len(self.path) - 1) * self.step_m / self.pace

    def along(self, time_s: float) -> float:
        """How many of the path's steps are behind at a time on the clip's clock; the ends are kept beyond them."""
        if self.clock is not None:
            return float(np.interp(time_s - self.start_s, self.clock, np.arange(len(self.path))))
        return float(np.clip((time_s - self.start_s) * self.pace / self.step_m, 0, len(self.path) - 1))

    def place(self, time_s: float) -> tuple[float, float]:
        """Where in x and z at a time on the clip's clock."""
        along = self.along(time_s)
        low = min(int(along), len(self.path) - 2)
        x, z = self.path[low] + (along - low) * (self.path[low + 1] - self.path[low])
        return float(x), float(z)

    def heading_cos(self, time_s: float) -> float:
        """How far the body faces the camera: 1 frontal, 0 sideways."""
        along = max(int(self.along(time_s)), 1)
        return float(abs(np.cos(np.radians(_turned(self.path, along)))))

    def pose(self, time_s: float) -> Pose:
        """The head's pose at a time on the clip's clock."""
        walked = time_s - self.start_s
        current = sum(1 for begin, _ in self.script if begin <= walked) - 1
        begin, kind = self.script[max(current, 0)]
        before = self.script[max(current - 1, 0)][1]
        x = min(max((walked - begin) / TURN_S, 0.0), 1.0)
        share = x * x * (3 - 2 * x)
        start, end = self.absorbed
        droop = min(max((walked - start) / TURN_S, 0.0), 1.0) * min(max((end - walked) / TURN_S, 0.0), 1.0)
        if before == kind or share >= 1:
            return Pose(kind, kind, 0.0, droop)
        return Pose(before, kind, share, droop)


def smooth_path(corners: list[tuple[float, float]], step_m: float) -> Array:
    """(n, 2) points `step_m` apart along a smooth line from the first corner to the last."""
    points = np.asarray(corners)
    for _ in range(4):
        inner = np.stack([0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], axis=1)
        points = np.vstack([points[:1], inner.reshape(-1, 2), points[-1:]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(0, along[-1], step_m)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _turned(path: Array, index: int) -> float:
    """How far somebody who looks along the path looks past the camera, degrees; negative: to the picture's left."""
    index = min(max(index, 1), len(path) - 1)
    way, to_camera = path[index] - path[index - 1], -path[index]
    turn = np.arctan2(way[0], -way[1]) - np.arctan2(to_camera[0], -to_camera[1])
    return float(np.degrees((turn + np.pi) % (2 * np.pi) - np.pi))


def _script(
    manner: Manner, path: Array, duration_s: float, kinds: frozenset[str], rng: np.random.Generator
) -> tuple[tuple[float, str], ...]:
    """Which picture from when on: by habit, and by where the way leads."""
    script, now = [], 0.0
    while now < duration_s:
        turned = _turned(path, round(now / duration_s * (len(path) - 1)))
        kind = str(rng.choice(KINDS, p=manner.habits))
        if abs(turned) > 16 and rng.random() < 0.8:
            kind = "yaw_right" if turned > 0 else "yaw_left"
        if kind not in kinds:
            kind = "middle" if "middle" in kinds else min(kinds)
        script.append((now, kind))
        now += float(rng.uniform(0.7, 1.6))
    return tuple(script)


def _free(manner: Manner, path: Array, pace: float, start_s: float, walks: list[Walk]) -> bool:
    """Whether the way stays clear of columns and of everybody who is already on theirs."""
    for x, z, radius in manner.obstacles:
        if (np.hypot(path[:, 0] - x, path[:, 1] - z) < radius).any():
            return False
    step_m = STEP_M
    for walk in walks:
        if walk.start_s + walk.duration_s < start_s:
            continue
        times = np.arange(start_s, min(start_s + len(path) * step_m / pace, walk.start_s + walk.duration_s), 0.16)
        if not len(times):
            continue
        mine = path[np.minimum(((times - start_s) * pace / step_m).astype(int), len(path) - 1)]
        along = ((times - walk.start_s) * walk.pace / walk.step_m).astype(int)
        theirs = walk.path[np.clip(along, 0, len(walk.path) - 1)]
        if (np.hypot(*(mine - theirs).T) < manner.apart_m).any():
            return False
    return True


def choreography(
    camera: str, subjects: list[str], kinds: dict[str, frozenset[str]], rng: np.random.Generator
) -> tuple[list[Walk], int]:
    """The walks of `subjects` past `camera` in that order, and the number of frames they take.

    Parameters
    ----------
    camera : str
        Which camera.
    subjects : list of str
        Each walks by once.
    kinds : mapping
        Which kinds of pictures there are of each.
    rng : Generator
        Decides everything else.
    """
    manner = POSTS[camera].manner
    walks: list[Walk] = []
    now = 0.0
    for subject in subjects:
        now += float(rng.exponential(1 / manner.rate))
        for attempt in range(400):
            path = smooth_path(manner.way(rng), STEP_M)
            pace = float(np.clip(rng.normal(*manner.pace), 0.6, 1.8))
            if _free(manner, path, pace, now, walks):
                break
            if attempt % 6 == 5:
                now += 0.08
        duration_s = len(path) * STEP_M / pace
        absorbed = (duration_s * 0.12, duration_s * 0.93) if rng.random() < manner.absorbed else (0.0, 0.0)
        cover = str(rng.choice(COVERED, p=COVERED_SHARE))
        script = _script(manner, path, duration_s, kinds[subject], rng)
        if absorbed[1] > 0 and "down" in kinds[subject]:
            script = ((0.0, script[0][1]), (absorbed[0], "down"))
        phase = float(rng.uniform(0, 2 * np.pi))
        name = f"{camera}/{subject}"
        walks.append(Walk(name, subject, camera, now, path, STEP_M, pace, phase, script, absorbed, cover))
    return _trimmed(walks)


def _trimmed(walks: list[Walk]) -> tuple[list[Walk], int]:
    """`walks` on a clock that starts when the first is well in the picture, and the frames until the last leaves it."""
    first, last = walks[0], max(walks, key=lambda walk: walk.start_s + walk.duration_s)
    begin = first.start_s + 0.35 * first.duration_s
    end = last.start_s + 0.92 * last.duration_s
    fps = POSTS[first.camera].camera.fps
    moved = [Walk(**(walk.__dict__ | {"start_s": walk.start_s - begin})) for walk in walks]
    return moved, max(int(np.ceil((end - begin) * fps)), 1)

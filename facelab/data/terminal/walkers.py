"""Who walks where, when, and with which face: the choreography of one clip, drawn by seed before a pixel is.

A walk is a smooth path over the floor at a steady pace, with a script of head poses. Walks of one clip keep a person's
width apart, as people do; that one hides another is left to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from facelab.data.terminal.camera import FPS, Array

TURN_S = 0.35
APART_M = {"entrance": 0.52, "queue": 0.50, "gate": 0.52}
RATE = {"entrance": 3.7, "queue": 4.0, "gate": 3.6}
PACE = {"entrance": (1.48, 0.14), "queue": (1.25, 0.09), "gate": (1.32, 0.10)}
KINDS = ("middle", "yaw_left", "yaw_right", "down", "smile_light")
HABITS = {
    "entrance": (0.56, 0.09, 0.09, 0.15, 0.11),
    "queue": (0.48, 0.11, 0.11, 0.20, 0.10),
    "gate": (0.54, 0.07, 0.07, 0.14, 0.18),
}
ABSORBED = {"entrance": 0.06, "queue": 0.10, "gate": 0.05}
COVERED = ("", "mask", "sunglasses", "hood", "away")
COVERED_SHARE = (0.92, 0.03, 0.02, 0.015, 0.015)
OBSTACLES = {  # x, z, radius
    "entrance": ((-2.35, 7.2, 0.5), (2.45, 7.2, 0.5), (2.95, 5.5, 0.85), (-3.0, 8.7, 0.6)),
    "queue": ((-2.9, 5.4, 0.5), (3.25, 4.9, 0.9)),
    "gate": ((2.5, 3.7, 0.9),),
}


class Pose(NamedTuple):
    """A head at a moment: from picture kind `a` to `b`, how far (0 to 1), and how far the face is bowed."""

    a: str
    b: str
    share: float
    droop: float


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

    @property
    def duration_s(self) -> float:
        """How long the way takes."""
        return (len(self.path) - 1) * self.step_m / self.pace

    def place(self, time_s: float) -> tuple[float, float]:
        """Where in x and z at a time on the clip's clock; the ends are kept beyond them."""
        along = np.clip((time_s - self.start_s) * self.pace / self.step_m, 0, len(self.path) - 1)
        low = min(int(along), len(self.path) - 2)
        x, z = self.path[low] + (along - low) * (self.path[low + 1] - self.path[low])
        return float(x), float(z)

    def heading_cos(self, time_s: float) -> float:
        """How far the body faces the camera: 1 frontal, 0 sideways."""
        along = int(np.clip((time_s - self.start_s) * self.pace / self.step_m, 1, len(self.path) - 1))
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


def _goal(camera: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """The corners of somebody's way past a camera (x, z)."""
    u = rng.uniform
    if camera == "entrance":
        door = float(rng.choice((-2.0, -0.67, 0.67, 2.05)) + u(-0.3, 0.3))
        way = rng.random()
        if way < 0.70:
            end = (float(u(-0.9, 0.9)), 1.5)
        else:
            z, side = float(u(2.6, 4.2)), -1.0 if way < 0.85 else 1.0
            end = (side * (0.42 * z + 0.6), z)
        middle = (0.62 * door + 0.38 * end[0] + float(u(-0.3, 0.3)), 0.5 * 9.0 + 0.5 * end[1])
        return [(door, 9.3), (door, 8.7), middle, end]
    if camera == "queue":
        lane = float(rng.choice((-1.0, 0.0, 1.0)))
        side = float(rng.choice((-1.0, 1.0)))
        lean = float(u(-0.14, 0.14))
        return [(2.2 * side, 6.9), (lane * 0.8 + 0.2 * side, 6.4), (lane, 5.4), (lane + lean, 3.3), (lane - lean, 1.1)]
    lane = float(rng.choice((-0.58, 0.0, 0.58))) + float(u(-0.08, 0.08))
    side = float(rng.choice((-1.0, 1.0)))
    z = float(u(4.5, 5.7))
    exit_side = float(np.sign(lane)) if abs(lane) > 0.2 else float(rng.choice((-1.0, 1.0)))
    begin = [(side * (0.37 * z + 0.45), z), (0.1 * side + lane, 4.35)]
    return [*begin, (lane, 3.5), (lane, 2.6), (lane, 1.55), (exit_side, 0.62)]


def _path(corners: list[tuple[float, float]], step_m: float) -> Array:
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
    camera: str, path: Array, duration_s: float, kinds: frozenset[str], rng: np.random.Generator
) -> tuple[tuple[float, str], ...]:
    """Which picture from when on: by habit, and by where the way leads."""
    script, now = [], 0.0
    while now < duration_s:
        turned = _turned(path, round(now / duration_s * (len(path) - 1)))
        kind = str(rng.choice(KINDS, p=HABITS[camera]))
        if abs(turned) > 16 and rng.random() < 0.8:
            kind = "yaw_right" if turned > 0 else "yaw_left"
        if kind not in kinds:
            kind = "middle" if "middle" in kinds else min(kinds)
        script.append((now, kind))
        now += float(rng.uniform(0.7, 1.6))
    return tuple(script)


def _free(camera: str, path: Array, pace: float, start_s: float, walks: list[Walk]) -> bool:
    """Whether the way stays clear of columns and of everybody who is already on theirs."""
    for x, z, radius in OBSTACLES[camera]:
        if (np.hypot(path[:, 0] - x, path[:, 1] - z) < radius).any():
            return False
    step_m = 0.05
    for walk in walks:
        if walk.start_s + walk.duration_s < start_s:
            continue
        times = np.arange(start_s, min(start_s + len(path) * step_m / pace, walk.start_s + walk.duration_s), 0.16)
        if not len(times):
            continue
        mine = path[np.minimum(((times - start_s) * pace / step_m).astype(int), len(path) - 1)]
        along = ((times - walk.start_s) * walk.pace / walk.step_m).astype(int)
        theirs = walk.path[np.clip(along, 0, len(walk.path) - 1)]
        if (np.hypot(*(mine - theirs).T) < APART_M[camera]).any():
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
    walks: list[Walk] = []
    now = 0.0
    for subject in subjects:
        now += float(rng.exponential(1 / RATE[camera]))
        for attempt in range(400):
            path = _path(_goal(camera, rng), 0.05)
            pace = float(np.clip(rng.normal(*PACE[camera]), 0.6, 1.8))
            if _free(camera, path, pace, now, walks):
                break
            if attempt % 6 == 5:
                now += 0.08
        duration_s = len(path) * 0.05 / pace
        absorbed = (duration_s * 0.12, duration_s * 0.93) if rng.random() < ABSORBED[camera] else (0.0, 0.0)
        cover = str(rng.choice(COVERED, p=COVERED_SHARE))
        script = _script(camera, path, duration_s, kinds[subject], rng)
        if absorbed[1] > 0 and "down" in kinds[subject]:
            script = ((0.0, script[0][1]), (absorbed[0], "down"))
        phase = float(rng.uniform(0, 2 * np.pi))
        name = f"{camera}/{subject}"
        walks.append(Walk(name, subject, camera, now, path, 0.05, pace, phase, script, absorbed, cover))
    return _trimmed(walks)


def _trimmed(walks: list[Walk]) -> tuple[list[Walk], int]:
    """`walks` on a clock that starts when the first is well in the picture, and the frames until the last leaves it."""
    first, last = walks[0], max(walks, key=lambda walk: walk.start_s + walk.duration_s)
    begin = first.start_s + 0.35 * first.duration_s
    end = last.start_s + 0.92 * last.duration_s
    moved = [Walk(**(walk.__dict__ | {"start_s": walk.start_s - begin})) for walk in walks]
    return moved, max(int(np.ceil((end - begin) * FPS)), 1)

"""A passenger in one frame: the body at its phase of the step, the head on top, smeared as the camera smears."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, log2, pi, sin
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from facelab.data.terminal.body import NECK, Body
from facelab.data.terminal.canvas import Canvas, FaceSeen
from facelab.data.terminal.heads import FACE_M, Head, bends, draw_head

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array, Camera
    from facelab.data.terminal.clothes import Piece
    from facelab.data.terminal.walkers import Walk

STEP_HZ = 0.95
LEAST_SIGMA = 0.45
"""Less blur than this does not show beside that of the enlarged pictures, px."""
EYES = 0.935  # of the height
TICK_S = 0.02
DEFOCUS, MOTION = 0.050, 0.22
"""Of somebody who is blurred: sigma of the defocus, and length of the smear, as shares of the face's width."""


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody on one walk: the body, and the heads by kind of picture."""

    walk: Walk
    body: Body
    heads: dict[str, Head]

    @property
    def middle(self) -> Head:
        """The head that gives the others their size."""
        return self.heads["middle" if "middle" in self.heads else min(self.heads)]

    def phase(self, time_s: float) -> float:
        """Of the step, rad; somebody who stops takes no steps meanwhile."""
        if self.walk.clock is not None:
            return 2 * pi * STEP_HZ * self.walk.along(time_s) * self.walk.step_m / self.walk.pace + self.walk.phase
        return 2 * pi * STEP_HZ * time_s + self.walk.phase

    def skeleton(self, time_s: float) -> Array:
        """(3, 3) world points of the neck's base, the feet and the eyes."""
        x, z = self.walk.place(time_s)
        phase, h = self.phase(time_s), self.body.dress.height_m
        eyes_m = self.walk.errand.eyes_m
        if eyes_m > 0:  # seated: as if standing deeper, and never quite still
            x, below = x + 0.006 * sin(1.3 * time_s + self.walk.phase), EYES * h - eyes_m
            return np.array([(x, NECK * h - below, z), (x, -below, z), (x, eyes_m, z)])
        x, bob = x + 0.018 * sin(phase), 0.022 * abs(cos(phase))
        return np.array([(x, NECK * h - bob, z), (x, 0.0, z), (x, EYES * h - bob, z)])


class Smear(NamedTuple):
    """What smears a layer: motion in px during the exposure, and the blur of the lens (sigma, px)."""

    dx: float
    dy: float
    sigma: float


class Seat(NamedTuple):
    """Where the head sits in a frame: the eyes' px and depth, the smear, and the gain of the light."""

    eyes: Array
    depth: float
    smear: Smear
    gain: float


@lru_cache(maxsize=4096)
def _kernel(tenths: int, sigma_tenths: int) -> Array:
    """A box of so many tenths of a px, smoothed by a Gaussian, as a normalised odd row."""
    sigma = max(sigma_tenths / 10, 0.05)
    reach = max(ceil(tenths / 20 + 2.2 * sigma), 1)
    fine = np.arange(-reach - 0.45, reach + 0.5, 0.1)
    box = (abs(fine) <= max(tenths / 10, 0.1) / 2).astype(np.float64)
    bell = np.exp(-0.5 * (np.arange(-25, 26) / 10 / sigma) ** 2)
    row = np.convolve(box, bell, mode="same")[: (2 * reach + 1) * 10].reshape(-1, 10).sum(axis=1)
    return np.asarray((row / row.sum()).astype(np.float32))


def _body_smear(speed: Array, blur: float) -> Smear:
    """A body's smear: less exact than a head's, and none where it would hardly show."""
    dx, dy = (float(value) if abs(value) > 1.5 else 0.0 for value in speed)
    return Smear(dx, dy, blur if blur > 0.6 else 0.0)


def smeared(layer: Array, smear: Smear) -> Array:
    """`layer` as it looks after motion and defocus."""
    if max(abs(smear.dx), abs(smear.dy)) < 0.7 and smear.sigma < 0.35:
        return layer
    sigma = round(10 * smear.sigma)
    across, down = _kernel(round(10 * abs(smear.dx)), sigma), _kernel(round(10 * abs(smear.dy)), sigma)
    return np.asarray(cv2.sepFilter2D(layer, -1, across, down))


def _hung(
    piece: Piece, neck: Array, feet: Array, scale: tuple[float, float], size: tuple[int, int]
) -> tuple[Array, tuple[int, int]] | None:
    """`piece` from px `neck` towards px `feet`, `scale` px a metre across and down: a layer and its corner."""
    lean = (feet - neck) / max(float(feet[1] - neck[1]), 1.0)
    matrix = np.array([[scale[0], scale[1] * lean[0]], [0.0, scale[1]]]) / piece.per_m
    h, w = piece.image.shape[:2]
    corners = (np.array([(0, 0), (w, 0), (0, h), (w, h)], dtype=float) - piece.joint) @ matrix.T + neck
    low = np.floor(np.maximum(corners.min(axis=0) - 2, -20)).astype(int)
    high = np.ceil(np.minimum(corners.max(axis=0) + 2, np.array(size) + 20)).astype(int)
    if (high <= low + 1).any():
        return None
    full = np.column_stack([matrix, neck - matrix @ np.array(piece.joint) - low])
    layer = cv2.warpAffine(piece.image, full, (int(high[0] - low[0]), int(high[1] - low[1])))
    return np.asarray(layer), (int(low[0]), int(low[1]))


class LightMap(NamedTuple):
    """Gain of what stands on the floor at x and z.

    Shapes: grid (n, m), at z (rows) and x (columns); x (m,); z (n,).
    """

    grid: Array
    x: Array
    z: Array

    def at(self, x: float, z: float) -> float:
        """Gain of 8-bit colours."""
        row = float(np.interp(z, self.z, np.arange(len(self.z))))
        column = float(np.interp(x, self.x, np.arange(len(self.x))))
        i, j = min(int(row), len(self.z) - 2), min(int(column), len(self.x) - 2)
        (a, b), (c, d) = self.grid[i : i + 2, j : j + 2]
        down, across = row - i, column - j
        return float((1 - down) * ((1 - across) * a + across * b) + down * ((1 - across) * c + across * d))


class Painter:
    """Draws actors as one camera sees them under some light."""

    def __init__(self, camera: Camera, light: LightMap, cabin_gain: float = 1.0) -> None:
        self.camera = camera
        self.light = light
        self.cabin_gain = cabin_gain

    def draw(self, canvas: Canvas, actor: Actor, time_s: float) -> None:
        """Lay `actor` onto `canvas` as at `time_s`."""
        sensor = self.camera.sensor
        world = actor.skeleton(time_s)
        pixels, depths = self.camera.project(np.vstack([world, actor.skeleton(time_s + TICK_S)]))
        neck, feet, eyes = pixels[:3]
        depth = float(depths[0])
        speed = (pixels[3:] - pixels[:3]) * (sensor.shutter_s / TICK_S)
        if actor.walk.errand.blur == "motion":
            speed = speed + MOTION * FACE_M * self.camera.focal / max(depth, 0.2) * np.array([1.0, 0.25])
        blur = sensor.blur_px * abs(log2(max(depth, 0.2) / sensor.focus_m))
        gain = self.light.at(world[0, 0], world[0, 2])
        across = self.camera.focal / depth
        blur += DEFOCUS * FACE_M * across if actor.walk.errand.blur == "defocus" else 0.0
        if actor.walk.errand.eyes_m > 0:
            gain *= self.cabin_gain
        else:
            canvas.shadow(feet + np.array([0, across * 0.12]), (across * 0.8, across * 0.55))
        down = float(feet[1] - neck[1]) / float(world[0, 1] - world[1, 1])
        piece = actor.body.at(actor.phase(time_s), across / actor.body.per_m)
        hung = _hung(
            piece, neck, feet, (across * (0.62 + 0.38 * actor.walk.heading_cos(time_s)), down), self.camera.size
        )
        if hung is not None:
            canvas.lay(smeared(hung[0], _body_smear(speed[0], blur)), hung[1], depth, gain)
        seat = Seat(
            eyes,
            float(depths[2]),
            Smear(float(speed[2, 0]), float(speed[2, 1]), blur if blur > LEAST_SIGMA else 0.0),
            gain,
        )
        self._head(canvas, actor, time_s, seat)

    def _head(self, canvas: Canvas, actor: Actor, time_s: float, seat: Seat) -> None:
        pose = actor.walk.pose(time_s)
        a, b = actor.heads[pose.a], actor.heads[pose.b]
        parts, landmarks = bends(a, b, pose.share, pose.droop)
        scale = self.camera.focal / seat.depth * FACE_M / actor.middle.face_width
        roll = np.radians(2.5 * sin(actor.phase(time_s) / 2) + 3.0 * sin(0.7 * time_s + actor.walk.phase))
        turn = scale * np.array([[cos(roll), -sin(roll)], [sin(roll), cos(roll)]])
        anchor = np.array([128.0, landmarks[:2, 1].mean() - 14.0 * pose.droop])
        low = np.floor(seat.eyes - [143 * scale + 4, 141 * scale + 4]).astype(int)
        size = (int(286 * scale + 8), int(312 * scale + 8))
        if (low >= self.camera.size).any() or (low + size <= 0).any():
            return
        matrix = np.column_stack([turn, seat.eyes - low - turn @ anchor])
        layer = smeared(draw_head(parts, matrix, size), seat.smear)
        canvas.lay(layer, (int(low[0]), int(low[1])), seat.depth, seat.gain)
        width = (1 - pose.share) * a.face_width + pose.share * b.face_width
        box = face_box((landmarks - anchor) @ turn.T + seat.eyes, width * scale * 1.06)
        face = FaceSeen.at(actor.walk.passage_id, actor.walk.subject_id, box, self.camera.size)
        if actor.walk.cover == "away":
            face.sight[:] = 0
        canvas.face(face, seat.depth)


def face_box(landmarks: Array, width: float) -> Array:
    """(4,) the box that a detector gives a face with these landmarks (5, 2) and this width.

    Fitted on the generated people's own pictures with the default pack's detector.
    """
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    tall = float(np.linalg.norm(mouth - eyes))
    middle = (eyes + mouth) / 2
    x = middle[0] - 1.33 * (landmarks[2, 0] - middle[0])
    return np.array([x - width / 2, eyes[1] - 1.15 * tall, x + width / 2, mouth[1] + 0.82 * tall])

"""Cars at a barrier, seen from the front: a body of flat pieces around a windscreen behind which people sit.

A car is placed by the point between the eyes of those in front: x of its middle, z of their eyes. All lengths are
metres; `ahead` counts from the eyes towards the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias
from zlib import crc32

import cv2
import numpy as np

from facelab.data.terminal.canvas import Canvas, nearest_in_blocks
from facelab.data.terminal.clothes import smooth
from facelab.data.terminal.glass import Glass, glaze, mirrored_at
from facelab.data.terminal.halts import SEATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.data.terminal.camera import Array, Camera
    from facelab.data.terminal.figure import Actor, Painter

PAINTS = (  # BGR
    (228, 230, 230),
    (205, 206, 204),
    (150, 152, 150),
    (70, 66, 62),
    (34, 32, 32),
    (44, 40, 120),
    (120, 70, 34),
    (186, 196, 202),
    (90, 92, 70),
)
NEAREST_M = 0.3
Point: TypeAlias = tuple[float, float, float]
_RADIUS = np.hypot(*np.meshgrid(np.linspace(-1, 1, 97), np.linspace(-1, 1, 97)))
_BLOOM = (np.maximum(np.exp(-3.4 * _RADIUS) - np.exp(-3.4), 0)[..., None] * (225.0, 240.0, 250.0)).astype(np.uint8)


@dataclass(frozen=True)
class Car:
    """How a car looks: paint (BGR), width, how far it is lifted, and the number on its plate."""

    paint: tuple[float, float, float]
    width: float
    lift: float
    number: str


@lru_cache(maxsize=256)
def car_of(vehicle: str, lift: float) -> Car:
    """The car of that name, always the same."""
    rng = np.random.default_rng(crc32(vehicle.encode()))
    paint = np.array(PAINTS[int(rng.integers(len(PAINTS)))], float) * rng.uniform(0.85, 1.05)
    b, g, r = (float(value) for value in np.clip(paint, 16, 235))
    letters = "".join(chr(65 + int(i)) for i in rng.integers(0, 26, 3))
    return Car((b, g, r), float(rng.uniform(1.60, 1.76)), lift, f"{letters}-{int(rng.integers(100, 999))}")


class CarPainter:
    """Draws cars with those inside, as one camera sees them through their windscreens."""

    def __init__(self, camera: Camera, painter: Painter, glass: Glass) -> None:
        self.camera, self.painter, self.glass, self.light = camera, painter, glass, 1.0
        self._nothing = np.zeros_like(nearest_in_blocks(np.zeros(camera.size[::-1], dtype=np.float32)))

    def draw(self, canvas: Canvas, inside: list[Actor], time_s: float) -> None:
        """Lay the car whose people are `inside` onto `canvas`."""
        errand = inside[0].walk.errand
        x, z = inside[0].walk.place(time_s)
        middle = (x - SEATS[errand.seat], z)
        self.light = self.painter.light.at(*middle)
        shape = _Shape(self.camera, car_of(errand.vehicle, errand.lift_m), middle)
        self._shell(canvas, shape)
        pane = shape.at(shape.pane_points())
        cabin = np.zeros(canvas.things.shape, dtype=np.float32)
        cv2.fillPoly(cabin, [np.round(pane).astype(np.int32)], (np.inf,))
        room = Canvas(canvas.picture, cabin, self._nothing)
        for actor in sorted(inside, key=lambda one: one.walk.errand.seat):
            self.painter.draw(room, actor, time_s)
        self._dashboard(room, shape)
        corners = shape.pane()
        glaze(canvas.picture, self.glass, pane, mirrored_at(corners, self.camera, self.glass.canopy_y))
        _hide(canvas, shape.at(shape.outline()))
        canvas.faces += room.faces
        self._trim(canvas, shape)

    def _tone(self, colour: Array | tuple[float, float, float], share: float) -> Array:
        """`colour` under the light outside, times `share` (of 8-bit colours)."""
        return np.asarray(np.clip(np.asarray(colour, float) * share * self.light, 0, 255))

    def _shell(self, canvas: Canvas, shape: _Shape) -> None:
        """All of the car but those inside and what lies before them."""
        fill, paint, picture = shape.fill, np.array(shape.car.paint), canvas.picture
        feet = shape.at([(x, 0.0, 1.7) for x in (-1, 1)])
        wide = float(feet[1, 0] - feet[0, 0])
        canvas.shadow(feet.mean(axis=0), (wide * 1.5, wide * 0.5))
        under = [(-0.90, 0.10, 1.8), (0.90, 0.10, 1.8), (0.95, 0.30, 1.8), (-0.95, 0.30, 1.8)]
        fill(picture, under, self._tone((20, 20, 20), 1))
        for side in (-1, 1):
            tyre = [(0.96, 0.03), (0.92, 0.0), (0.76, 0.0), (0.72, 0.03), (0.72, 0.5), (0.96, 0.5)]
            fill(picture, [(side * x, y, 1.75) for x, y in tyre], self._tone((34, 34, 34), 1))
        fill(picture, shape.sides(), self._tone(paint, 0.62), rounds=1)
        fill(picture, shape.roof(), self._tone(paint, 0.84), rounds=2)
        fill(picture, shape.frame(), self._tone(paint * 0.30 + 6, 0.7), rounds=1)
        fill(picture, shape.pane_points(), self._tone((34, 33, 32), self.glass.gain))
        back = [(-0.56, 0.90, -1.3), (0.56, 0.90, -1.3), (0.52, 1.08, -1.3), (-0.52, 1.08, -1.3)]
        top = float(shape.at(shape.pane_points())[0, 1])
        fill(picture, back, self._tone((132, 132, 130), 0.8 * self.glass.gain), below=top)
        for x in (-0.42, 0.42):
            seat = [(x - 0.27, 0.70, -0.12), (x - 0.22, 1.10, -0.12), (x + 0.22, 1.10, -0.12), (x + 0.27, 0.70, -0.12)]
            rest = [(x - 0.12, 1.12, -0.12), (x - 0.11, 1.25, -0.12), (x + 0.11, 1.25, -0.12), (x + 0.12, 1.12, -0.12)]
            for piece in (seat, rest):
                fill(picture, piece, self._tone((44, 44, 46), self.glass.gain), rounds=1, below=top)

    def _dashboard(self, room: Canvas, shape: _Shape) -> None:
        """The steering wheel and the dashboard's top, behind the pane and before the people."""
        turn = np.linspace(0, 2 * np.pi, 28)
        points = [(-0.43 + 0.21 * float(np.cos(a)), 0.87 + 0.16 * float(np.sin(a)), 0.55) for a in turn]
        rim = np.round(shape.at(points) * 16).astype(np.int32)
        thick = max(round(self.camera.focal / max(shape.z, 1.0) * 0.026), 1)
        dark = self._tone((22, 22, 24), self.glass.gain).tolist()
        cv2.polylines(room.picture, [rim], True, dark, thick, cv2.LINE_AA, 4)
        top = [(-0.86, 0.90, 0.6), (0.86, 0.90, 0.6), (0.86, 0.96, 1.05), (-0.86, 0.96, 1.05)]
        shape.fill(room.picture, top, self._tone((46, 46, 48), self.glass.gain))
        _hide(room, shape.at(top))

    def _trim(self, canvas: Canvas, shape: _Shape) -> None:
        """What lies before the pane: mirror, wipers, bonnet, side mirrors, front."""
        picture, fill, paint = canvas.picture, shape.fill, np.array(shape.car.paint)
        mirror = [(-0.10, 1.335, 0.45), (0.10, 1.335, 0.45), (0.10, 1.285, 0.45), (-0.10, 1.285, 0.45)]
        fill(picture, mirror, self._tone((26, 26, 26), 0.8), rounds=1)
        _hide(canvas, shape.at(mirror))
        for x in (-0.62, 0.10):
            wiper = shape.at([(x, 0.975, 1.06), (x + 0.60, 1.01, 0.99)])
            cv2.polylines(picture, [np.round(wiper * 16).astype(np.int32)], False, (18, 18, 18), 2, cv2.LINE_AA, 4)
        sky = np.clip(np.array(self.glass.sky_bgr), 0, 1) ** (1 / 2.2) * 255
        steps = np.linspace(0.0, 1.0, 9)
        for begin, end in pairwise(steps):  # the bonnet, which mirrors more of the sky the farther it is
            near, far = (0.90 + 0.03 * end, 0.95 - 0.15 * end**1.6, 1.05 + 0.9 * end), (
                0.90 + 0.03 * begin, 0.95 - 0.15 * begin**1.6, 1.05 + 0.9 * begin
            )  # fmt: skip
            strip = [(-far[0], *far[1:]), (far[0], *far[1:]), (near[0], *near[1:]), (-near[0], *near[1:])]
            share = 0.30 * (1 - begin) ** 1.5
            fill(picture, strip, np.clip(self._tone(paint, 0.90 - 0.10 * begin) * (1 - share) + share * sky, 0, 255))
        for side in (-1, 1):
            crease = [(side * x, y, ahead) for x, y, ahead in ((0.52, 0.95, 1.08), (0.62, 0.83, 1.90))]
            line = np.round(shape.at(crease) * 16).astype(np.int32)
            cv2.polylines(picture, [line], False, self._tone(paint, 0.72).tolist(), 1, cv2.LINE_AA, 4)
            ear = [(side * x, y, 0.85) for x, y in ((0.97, 0.99), (1.20, 1.02), (1.21, 0.90), (0.99, 0.88))]
            fill(picture, ear, self._tone(paint, 0.66), rounds=2)
        self._front(picture, shape)
        if self.glass.headlamps:
            self._bloom(picture, shape)

    def _front(self, picture: Array, shape: _Shape) -> None:
        """The front with lamps, grille and plate."""
        fill, paint = shape.fill, np.array(shape.car.paint)
        right = [(0.93, 0.80, 1.95), (0.98, 0.58, 2.0), (0.96, 0.26, 2.0), (0.88, 0.20, 2.0)]
        front = [*right, *((-x, y, ahead) for x, y, ahead in reversed(right))]
        fill(picture, front, self._tone(paint, 0.70), rounds=1)
        low = [(-0.95, 0.34, 2.01), (0.95, 0.34, 2.01), (0.88, 0.20, 2.01), (-0.88, 0.20, 2.01)]
        fill(picture, low, self._tone(paint, 0.52), rounds=1)
        pieces = {0.66: ((0.50, 0.74), (0.46, 0.60)), 0.36: ((0.60, 0.42), (0.54, 0.29))}
        for (wide, top), (narrow, bottom) in pieces.values():
            around = [(-wide, top, 2.02), (wide, top, 2.02), (narrow, bottom, 2.02), (-narrow, bottom, 2.02)]
            fill(picture, around, self._tone((26, 26, 26), 1), rounds=1)
        bar = [(-0.48, 0.68, 2.03), (0.48, 0.68, 2.03), (0.47, 0.655, 2.03), (-0.47, 0.655, 2.03)]
        fill(picture, bar, self._tone((150, 150, 150), 1))
        for side in (-1, 1):
            lamp = [(side * x, y, 1.99) for x, y in ((0.55, 0.73), (0.92, 0.79), (0.93, 0.66), (0.60, 0.62))]
            lit = np.array([250.0, 250, 245]) if self.glass.headlamps else self._tone((205, 208, 208), 0.9)
            fill(picture, lamp, self._tone((60, 60, 60), 1), rounds=1)
            inner = [(side * x, y, 2.0) for x, y in ((0.60, 0.72), (0.86, 0.76), (0.87, 0.68), (0.64, 0.65))]
            fill(picture, inner, lit, rounds=2)
        plate = [(-0.27, 0.55, 2.04), (0.27, 0.55, 2.04), (0.27, 0.45, 2.04), (-0.27, 0.45, 2.04)]
        fill(picture, plate, self._tone((200, 226, 232), 0.95))
        self._plate(picture, shape)

    def _plate(self, picture: Array, shape: _Shape) -> None:
        (x, y), (right, _) = shape.at([(-0.25, 0.465, 2.04), (0.25, 0.465, 2.04)])
        scale = float(right - x) / 150
        if scale > 0.25:
            cv2.putText(
                picture,
                shape.car.number,
                (round(x), round(y)),
                cv2.FONT_HERSHEY_SIMPLEX,
                scale,
                (40, 36, 36),
                1,
                cv2.LINE_AA,
            )

    def _bloom(self, picture: Array, shape: _Shape) -> None:
        """The glare around lit headlamps."""
        reach = round(self.camera.focal / max(shape.z - 2.0, 1.2) * 0.40)
        glare = cv2.resize(_BLOOM, (2 * reach, 2 * reach))
        for centre in shape.at([(side * 0.74, 0.70, 1.99) for side in (-1, 1)]):
            x0, y0 = round(float(centre[0])) - reach, round(float(centre[1])) - reach
            x1, y1 = max(x0, 0), max(y0, 0)
            spot = picture[y1 : max(y0 + 2 * reach, 0), x1 : max(x0 + 2 * reach, 0)]
            if spot.size:
                part = glare[y1 - y0 : y1 - y0 + spot.shape[0], x1 - x0 : x1 - x0 + spot.shape[1]]
                spot[:] = cv2.add(spot, part)


class _Shape:
    """Where the parts of one car lie; points are (x in half widths, y, ahead) of the car."""

    def __init__(self, camera: Camera, car: Car, middle: tuple[float, float]) -> None:
        self.car = car
        self.x, self.z = middle
        self._eye, self._focal, self._centre = camera.height_m, camera.focal, np.array(camera.size) / 2
        self._axes = np.column_stack([[1.0, 0.0, 0.0], camera.down, camera.forward])

    def world(self, points: Sequence[Point]) -> Array:
        """(n, 3) world points."""
        at = np.array(points) * (self.car.width / 2, 1.0, -1.0)
        at[:, 1] += self.car.lift * (at[:, 1] > 0.1)
        at += (self.x, 0.0, self.z)
        at[:, 2] = np.maximum(at[:, 2], NEAREST_M)
        return at

    def at(self, points: Sequence[Point]) -> Array:
        """(n, 2) px."""
        seen = (self.world(points) - (0.0, self._eye, 0.0)) @ self._axes
        depth = seen[:, 2:]
        pixels = seen[:, :2] * (self._focal / np.maximum(depth, 0.05)) + self._centre
        return np.asarray(np.clip(pixels, -5000, 5000))

    def fill(
        self,
        picture: Array,
        points: Sequence[Point],
        colour: Array,
        *,
        rounds: int = 0,
        below: float = -np.inf,
    ) -> None:
        """Paint a flat piece, its corners cut `rounds` times, where it lies `below` that row."""
        pixels = self.at(points)
        pixels[:, 1] = np.maximum(pixels[:, 1], below)
        pixels = smooth([(float(x), float(y)) for x, y in pixels], rounds) if rounds else pixels
        cv2.fillPoly(picture, [np.round(pixels * 16).astype(np.int32)], [float(c) for c in colour], cv2.LINE_AA, 4)

    @staticmethod
    def pane_points() -> tuple[Point, ...]:
        """The windscreen: top left, top right, bottom right, bottom left."""
        return (-0.68, 1.40, 0.35), (0.68, 1.40, 0.35), (0.84, 0.96, 1.05), (-0.84, 0.96, 1.05)

    def pane(self) -> Array:
        """(4, 3) world points of the windscreen."""
        return self.world(self.pane_points())

    @staticmethod
    def frame() -> list[Point]:
        """The pillars and the roof's edge around the windscreen."""
        return [(-0.74, 1.43, 0.33), (0.74, 1.43, 0.33), (0.94, 0.94, 1.07), (-0.94, 0.94, 1.07)]

    @staticmethod
    def roof() -> list[Point]:
        """The roof."""
        return [(-0.78, 1.40, 0.36), (-0.70, 1.50, -0.6), (0.70, 1.50, -0.6), (0.78, 1.40, 0.36), (0.0, 1.41, 0.34)]

    @staticmethod
    def sides() -> list[Point]:
        """What is seen of the sides beside the pane."""
        right = [(0.74, 1.45, 0.2), (0.80, 1.40, -0.2), (0.98, 0.97, 0.6), (0.99, 0.70, 1.0), (0.97, 0.35, 1.6)]
        return [*right, *((-x, y, ahead) for x, y, ahead in reversed(right))]

    def outline(self) -> list[Point]:
        """Around all of it."""
        return [
            (-0.74, 1.50, -0.5),
            (0.74, 1.50, -0.5),
            (0.97, 0.95, 1.0),
            (0.97, 0.0, 1.95),
            (-0.97, 0.0, 1.95),
            (-0.97, 0.95, 1.0),
        ]


def _hide(canvas: Canvas, outline: Array) -> None:
    """Take what lies within `outline` (n, 2) px out of the sight of the faces drawn so far."""
    polygon = np.round(outline).astype(np.float32)
    for face in canvas.faces:
        inside = [cv2.pointPolygonTest(polygon, (float(x), float(y)), False) >= 0 for x, y in face.points]
        face.sight[np.array(inside)] = 0

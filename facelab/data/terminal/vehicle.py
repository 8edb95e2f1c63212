"""Cars at a barrier, seen from the front: a body of flat pieces around a windscreen behind which people sit.

A car is placed by the point between the eyes of those in front: x of its middle, z of their eyes. All lengths are
metres; `ahead` counts from the eyes towards the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

import cv2
import numpy as np

from facelab.data.terminal.canvas import Canvas, nearest_in_blocks
from facelab.data.terminal.glass import Glass, glaze, mirrored_at
from facelab.data.terminal.halts import SEATS

if TYPE_CHECKING:
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
_BLOOM = np.array([[np.exp(-3.2 * np.hypot(x, y)) for x in np.linspace(-1, 1, 65)] for y in np.linspace(-1, 1, 65)])


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

    def draw(self, canvas: Canvas, inside: list[Actor], time_s: float) -> None:
        """Lay the car whose people are `inside` onto `canvas`."""
        errand = inside[0].walk.errand
        x, z = inside[0].walk.place(time_s)
        middle = (x - SEATS[errand.seat], z)
        self.light = self.painter.light.at(*middle)
        shape = _Shape(self.camera, car_of(errand.vehicle, errand.lift_m), middle)
        self._shell(canvas, shape)
        pane = shape.at(shape.pane())
        cabin = np.zeros(canvas.things.shape, dtype=np.float32)
        cv2.fillPoly(cabin, [np.round(pane).astype(np.int32)], (np.inf,))
        room = Canvas(canvas.picture, cabin, np.zeros_like(nearest_in_blocks(cabin)))
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
        car, fill = shape.car, shape.fill
        feet = shape.at(np.array([shape.point(x, 0.02, 1.9) for x in (-1.0, 1.0)]))
        wide = float(feet[1, 0] - feet[0, 0])
        canvas.shadow(feet.mean(axis=0), (wide * 1.15, wide * 0.30))
        paint, picture = np.array(car.paint), canvas.picture
        for side in (-1, 1):  # tyres
            fill(
                picture,
                [(side * x, y, 1.5) for x, y in ((0.98, 0.0), (0.72, 0.0), (0.72, 0.5), (0.98, 0.5))],
                self._tone((30, 30, 30), 1),
            )
        fill(picture, shape.roof(), self._tone(paint, 0.80))
        fill(picture, shape.frame(), self._tone(paint * 0.35 + 8, 0.7))
        fill(picture, list(shape.pane_points()), self._tone((34, 33, 32), self.glass.gain))
        back = [(-0.55, 1.02, -1.3), (0.55, 1.02, -1.3), (0.46, 1.30, -1.3), (-0.46, 1.30, -1.3)]
        fill(picture, back, self._tone((150, 150, 148), 0.8 * self.glass.gain))
        for x in (-0.42, 0.42):  # the seats
            seat = [(x - 0.25, 0.70, -0.12), (x - 0.23, 1.08, -0.12), (x + 0.23, 1.08, -0.12), (x + 0.25, 0.70, -0.12)]
            rest = [(x - 0.13, 1.06, -0.12), (x - 0.11, 1.25, -0.12), (x + 0.11, 1.25, -0.12), (x + 0.13, 1.06, -0.12)]
            for piece in (seat, rest):
                fill(picture, piece, self._tone((52, 54, 58), self.glass.gain))

    def _dashboard(self, room: Canvas, shape: _Shape) -> None:
        """The steering wheel and the dashboard's top, behind the pane and before the people."""
        wheel = [
            (-0.36 / 0.84 + 0.21 * np.cos(a), 0.93 + 0.17 * np.sin(a), 0.55) for a in np.linspace(0, 2 * np.pi, 28)
        ]
        line = shape.at(np.array([shape.point(*p) for p in wheel]))
        thick = max(round(self.camera.focal / max(shape.z, 1.0) * 0.028), 1)
        cv2.polylines(
            room.picture,
            [np.round(line * 16).astype(np.int32)],
            True,
            self._tone((22, 22, 24), self.glass.gain).tolist(),
            thick,
            cv2.LINE_AA,
            4,
        )
        top = [(-0.86, 0.90, 0.6), (0.86, 0.90, 0.6), (0.86, 0.96, 1.05), (-0.86, 0.96, 1.05)]
        shape.fill(room.picture, top, self._tone((46, 46, 48), self.glass.gain))
        _hide(room, shape.at(np.array([shape.point(*p) for p in top])))

    def _trim(self, canvas: Canvas, shape: _Shape) -> None:
        """What lies before the pane: mirror, wipers, bonnet, front, side mirrors, lamps."""
        picture, fill, paint = canvas.picture, shape.fill, np.array(shape.car.paint)
        mirror = [(-0.12, 1.33, 0.5), (0.12, 1.33, 0.5), (0.11, 1.27, 0.5), (-0.11, 1.27, 0.5)]
        fill(picture, mirror, self._tone((26, 26, 26), 0.8))
        _hide(canvas, shape.at(np.array([shape.point(*p) for p in mirror])))
        for x in (-0.55, 0.25):
            wiper = shape.at(np.array([shape.point(x, 0.975, 1.06), shape.point(x + 0.62, 1.0, 1.0)]))
            cv2.polylines(picture, [np.round(wiper).astype(np.int32)], False, (18, 18, 18), 2, cv2.LINE_AA)
        hood = [(-0.90, 0.95, 1.05), (0.90, 0.95, 1.05), (0.93, 0.80, 1.95), (-0.93, 0.80, 1.95)]
        fill(picture, hood, self._tone(paint, 0.92))
        sheen = [(-0.66, 0.94, 1.10), (0.66, 0.94, 1.10), (0.60, 0.885, 1.50), (-0.60, 0.885, 1.50)]
        sky = np.clip(np.array(self.glass.sky_bgr), 0, 1) ** (1 / 2.2) * 255
        fill(picture, sheen, np.clip(self._tone(paint, 0.78) + 0.22 * sky, 0, 255))
        front = [
            (-0.93, 0.80, 1.95),
            (0.93, 0.80, 1.95),
            (0.97, 0.55, 2.0),
            (0.95, 0.22, 2.0),
            (-0.95, 0.22, 2.0),
            (-0.97, 0.55, 2.0),
        ]
        fill(picture, front, self._tone(paint, 0.74))
        fill(
            picture,
            [(-0.42, 0.73, 2.01), (0.42, 0.73, 2.01), (0.38, 0.60, 2.01), (-0.38, 0.60, 2.01)],
            self._tone((24, 24, 24), 1),
        )
        fill(
            picture,
            [(-0.62, 0.40, 2.02), (0.62, 0.40, 2.02), (0.56, 0.28, 2.02), (-0.56, 0.28, 2.02)],
            self._tone((30, 30, 30), 1),
        )
        fill(
            picture,
            [(-0.27, 0.52, 2.03), (0.27, 0.52, 2.03), (0.27, 0.42, 2.03), (-0.27, 0.42, 2.03)],
            self._tone((200, 226, 232), 0.95),
        )
        self._plate(picture, shape)
        for side in (-1, 1):
            ear = [(side * x, y, 0.85) for x, y in ((0.98, 1.00), (1.20, 1.01), (1.19, 0.88), (1.00, 0.89))]
            fill(picture, ear, self._tone(paint, 0.7))
            lamp = [(side * x, y, 1.99) for x, y in ((0.56, 0.74), (0.90, 0.78), (0.90, 0.64), (0.58, 0.64))]
            fill(
                picture, lamp, np.array([250.0, 250, 245]) if self.glass.headlamps else self._tone((212, 214, 214), 0.9)
            )
        if self.glass.headlamps:
            self._bloom(picture, shape)

    def _plate(self, picture: Array, shape: _Shape) -> None:
        (x, y), (right, _) = shape.at(np.array([shape.point(-0.25, 0.435, 2.03), shape.point(0.25, 0.435, 2.03)]))
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
        reach = round(self.camera.focal / max(shape.z - 2.0, 1.2) * 0.55)
        glare = cv2.resize(_BLOOM, (2 * reach, 2 * reach))[..., None] * np.array([225.0, 240, 250])
        for centre in shape.at(np.array([shape.point(side * 0.74, 0.70, 1.99) for side in (-1, 1)])):
            x0, y0 = round(float(centre[0])) - reach, round(float(centre[1])) - reach
            x1, y1 = max(x0, 0), max(y0, 0)
            spot = picture[y1 : max(y0 + 2 * reach, 0), x1 : max(x0 + 2 * reach, 0)]
            if spot.size:
                part = glare[y1 - y0 : y1 - y0 + spot.shape[0], x1 - x0 : x1 - x0 + spot.shape[1]]
                spot[:] = cv2.add(spot, part.astype(np.uint8))


class _Shape:
    """Where the parts of one car lie; points are (x in half widths, y, ahead) of the car."""

    def __init__(self, camera: Camera, car: Car, middle: tuple[float, float]) -> None:
        self.camera, self.car = camera, car
        self.x, self.z = middle

    def point(self, x: float, y: float, ahead: float) -> tuple[float, float, float]:
        """World point."""
        return (
            self.x + x * self.car.width / 2,
            y + self.car.lift * (1 if y > 0.1 else 0),
            max(self.z - ahead, NEAREST_M),
        )

    def at(self, points: Array) -> Array:
        """(n, 2) px of world points (n, 3)."""
        ahead = points.copy()
        ahead[:, 2] = np.maximum(ahead[:, 2], NEAREST_M)
        pixels, depth = self.camera.project(ahead)
        return np.asarray(np.clip(np.where(depth[:, None] > 0.05, pixels, 5000.0), -5000, 5000))

    def fill(self, picture: Array, points: list[tuple[float, float, float]], colour: Array) -> None:
        """Paint a flat piece."""
        pixels = self.at(np.array([self.point(*p) for p in points]))
        cv2.fillPoly(picture, [np.round(pixels * 16).astype(np.int32)], [float(c) for c in colour], cv2.LINE_AA, 4)

    @staticmethod
    def pane_points() -> tuple[tuple[float, float, float], ...]:
        """The windscreen: top left, top right, bottom right, bottom left."""
        return (-0.68, 1.40, 0.35), (0.68, 1.40, 0.35), (0.84, 0.96, 1.05), (-0.84, 0.96, 1.05)

    def pane(self) -> Array:
        """(4, 3) world points of the windscreen."""
        return np.array([self.point(*p) for p in self.pane_points()])

    @staticmethod
    def frame() -> list[tuple[float, float, float]]:
        """The pillars and the roof's edge around the windscreen."""
        return [(-0.74, 1.43, 0.33), (0.74, 1.43, 0.33), (0.94, 0.94, 1.07), (-0.94, 0.94, 1.07)]

    @staticmethod
    def roof() -> list[tuple[float, float, float]]:
        """The roof and the sides below it."""
        sides = [(0.95, 0.95, 1.0), (0.97, 0.9, -0.9), (0.97, 0.5, 1.0)]
        low = [(-x, y, ahead) for x, y, ahead in reversed(sides)]
        return [(-0.74, 1.44, 0.33), (-0.66, 1.50, -0.9), (0.66, 1.50, -0.9), (0.74, 1.44, 0.33), *sides, *low]

    def outline(self) -> Array:
        """(n, 3) world points around all of it."""
        around = [
            (-0.74, 1.50, -0.5),
            (0.74, 1.50, -0.5),
            (0.97, 0.95, 1.0),
            (0.97, 0.0, 1.95),
            (-0.97, 0.0, 1.95),
            (-0.97, 0.95, 1.0),
        ]
        return np.array([self.point(*p) for p in around])


def _hide(canvas: Canvas, outline: Array) -> None:
    """Take what lies within `outline` (n, 2) px out of the sight of the faces drawn so far."""
    polygon = np.round(outline).astype(np.float32)
    for face in canvas.faces:
        inside = [cv2.pointPolygonTest(polygon, (float(x), float(y)), False) >= 0 for x, y in face.points]
        face.sight[np.array(inside)] = 0

"""Bodies: what a passenger wears, drawn once as flat pieces that are shaded as if they were round.

A piece is premultiplied BGRA with a resolution (px a metre) and an anchor (the px of its joint: a shoulder, a hip, the
base of the neck). Pieces hang straight down; `figure` swings them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.terminal.signs import mottle

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

SHIFT = 4
GARMENTS = ("tshirt", "shirt", "jacket", "suit", "hoodie", "coat", "tunic")
FABRICS = (  # BGR
    (60, 45, 38),
    (40, 40, 42),
    (95, 70, 45),
    (120, 115, 110),
    (200, 200, 198),
    (150, 120, 80),
    (50, 60, 120),
    (70, 95, 80),
    (90, 110, 140),
    (60, 50, 90),
    (175, 165, 150),
    (110, 60, 35),
)
TROUSERS = (  # BGR
    (70, 52, 40),
    (45, 42, 40),
    (95, 75, 55),
    (100, 112, 122),
    (60, 60, 62),
    (120, 140, 150),
    (50, 62, 60),
    (35, 33, 34),
)


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a body: premultiplied BGRA (h, w, 4), px a metre, and the px of its joint (x, y)."""

    image: Array
    per_m: float
    joint: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Look:
    """How a passenger is built and dressed: the same past every camera."""

    height_m: float
    shoulder_m: float
    garment: str
    fabric: tuple[float, float, float]
    under: tuple[float, float, float]
    trousers: tuple[float, float, float]
    skin: tuple[float, float, float]
    bag: str
    bag_colour: tuple[float, float, float]


def look(rng: np.random.Generator, cloth: Array | None, skin: Array) -> Look:
    """Somebody's build and clothes; `cloth` is the colour seen at the neck of their pictures, `skin` their skin's."""
    fabric = np.array(FABRICS[rng.integers(len(FABRICS))], float) * rng.uniform(0.75, 1.2)
    if cloth is not None:
        fabric = np.clip(cloth, 18, 215)
    trousers = np.array(TROUSERS[rng.integers(len(TROUSERS))], float) * rng.uniform(0.7, 1.15)
    under = np.array(FABRICS[rng.integers(3, 6)], float) * rng.uniform(0.8, 1.2)
    shade = np.array(FABRICS[rng.integers(len(FABRICS))], float) * rng.uniform(0.5, 1.0)
    garment = str(rng.choice(GARMENTS, p=(0.2, 0.2, 0.2, 0.12, 0.1, 0.1, 0.08)))
    bag = str(rng.choice(("none", "backpack", "shoulder", "trolley"), p=(0.35, 0.25, 0.2, 0.2)))

    def tone(colour: Array) -> tuple[float, float, float]:
        """`colour` within what cloth and skin can have."""
        b, g, r = (float(value) for value in np.clip(colour, 10, 232))
        return b, g, r

    return Look(
        float(np.clip(rng.normal(1.70, 0.075), 1.53, 1.90)),
        float(np.clip(rng.normal(0.222, 0.018), 0.185, 0.262)),
        garment,
        tone(fabric),
        tone(under),
        tone(trousers),
        tone(np.asarray(skin)),
        bag,
        tone(shade),
    )


def _filled(shape: tuple[int, int], outline: Array) -> Array:
    """(h, w) 8-bit mask of a polygon, antialiased."""
    mask = np.zeros(shape, dtype=np.uint8)
    points = np.round(np.asarray(outline) * 2**SHIFT).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, SHIFT)
    return mask


def smooth(points: list[tuple[float, float]], rounds: int = 2) -> Array:
    """A closed outline with its corners cut (Chaikin 1974)."""
    line = np.asarray(points, dtype=np.float64)
    for _ in range(rounds):
        after = np.roll(line, -1, axis=0)
        line = np.stack([0.75 * line + 0.25 * after, 0.25 * line + 0.75 * after], axis=1).reshape(-1, 2)
    return np.asarray(line)


def _rounded(mask: Array, depth: float, folds: float, seed: int) -> Array:
    """(h, w) shading around 1 of a shape that swells by `depth` px towards us, lit from above, with folds."""
    solid = cv2.copyMakeBorder((mask > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    inner = np.minimum(cv2.distanceTransform(solid, cv2.DIST_L2, 3)[1:-1, 1:-1] / depth, 1.0)
    height = np.sqrt(np.maximum(1 - (1 - inner) ** 2, 0)) * depth
    height = cv2.GaussianBlur(height, (0, 0), max(depth / 8, 0.6))
    if folds > 0:
        rng = np.random.default_rng(seed)
        y, x = (int(v) for v in rng.integers(0, 300, 2))
        patch = cv2.GaussianBlur(mottle()[y : y + 110, x : x + 150], (0, 0), 7.0)
        tall = cv2.resize(patch, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        height += folds * depth * tall
    gx, gy = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=0.125)
    light = (0.62 + 0.50 * gy + 0.16 * gx) / np.sqrt(1 + gx**2 + gy**2)
    return np.asarray(np.clip(light / 0.62, 0.3, 1.45), dtype=np.float32)


def _painted(mask: Array, colour: Array, shade: Array) -> Array:
    """Premultiplied BGRA of `colour` ((3,) or (h, w, 3)) under `shade`, cut by `mask`."""
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255  # no stairs when it is enlarged
    body = np.clip(np.asarray(colour, dtype=np.float32) * shade[..., None], 0, 255)
    return np.concatenate([body * alpha, 255 * alpha], axis=2).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Brush:
    """Paints in metres from a joint onto an 8-bit canvas (h, w, 3)."""

    canvas: Array
    origin: tuple[float, float]
    per_m: float

    def _at(self, points: list[tuple[float, float]]) -> Array:
        placed = np.array(self.origin) + np.asarray(points) * self.per_m
        return np.asarray(np.round(placed * 2**SHIFT).astype(np.int32))

    def fill(self, points: list[tuple[float, float]], colour: Array) -> None:
        """A filled outline."""
        cv2.fillPoly(self.canvas, [self._at(points)], tuple(map(float, np.clip(colour, 0, 255))), cv2.LINE_AA, SHIFT)

    def line(self, points: list[tuple[float, float]], colour: Array, width_m: float) -> None:
        """A line of some width."""
        thick = max(round(width_m * self.per_m), 1)
        paint = tuple(map(float, np.clip(colour, 0, 255)))
        cv2.polylines(self.canvas, [self._at(points)], False, paint, thick, cv2.LINE_AA, SHIFT)


def limb(
    length_m: float,
    widths_m: tuple[float, float, float],
    colour: tuple[float, float, float],
    per_m: float,
    *,
    seed: int,
) -> Piece:
    """An arm or a leg: wide at the joint, in the middle, and at the end."""
    top, mid, end = (width * per_m / 2 for width in widths_m)
    w, h = round(2 * max(top, mid) + 4), round(length_m * per_m + top + 4)
    c, y0 = w / 2, top + 1
    y1 = y0 + length_m * per_m
    outline = smooth(
        [
            (c - top, y0 - 0.4 * top),
            (c, y0 - top),
            (c + top, y0 - 0.4 * top),
            (c + mid, (y0 + y1) / 2),
            (c + end, y1),
            (c - end, y1),
            (c - mid, (y0 + y1) / 2),
        ]
    )
    mask = _filled((h, w), outline)
    return Piece(_painted(mask, np.array(colour), _rounded(mask, max(top, 2.0), 0.5, seed)), per_m, (c, y0))


def with_end(piece: Piece, colour: tuple[float, float, float], width_m: float, length_m: float) -> Piece:
    """`piece` with a hand or a shoe at its end."""
    grow = round(length_m * piece.per_m)
    image = cv2.copyMakeBorder(piece.image, 0, grow, 0, 0, cv2.BORDER_CONSTANT)
    centre = (piece.joint[0], piece.image.shape[0] - 2 + grow * 0.35)
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    axes = (max(round(width_m * piece.per_m / 2), 1), max(round(length_m * piece.per_m * 0.62), 1))
    cv2.ellipse(mask, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    end = _painted(mask, np.array(colour), _rounded(mask, max(axes[0], 2), 0.0, 0))
    over = cv2.multiply(end, cv2.merge([255 - image[..., 3]] * 4), scale=1 / 255)
    return Piece(cv2.add(image, over), piece.per_m, piece.joint)


def torso(dress: Look, per_m: float, *, seed: int) -> Piece:
    """Shoulders, chest and what hangs from them; its joint is the base of the neck."""
    s = dress.shoulder_m
    hem = {"coat": 1.02, "tunic": 0.98}.get(dress.garment, 0.645) * dress.height_m / 1.7
    wide = s * (1.02 if hem > 0.8 else 0.80)
    w, h = round((2 * max(wide, s) + 0.04) * per_m), round((hem + 0.06) * per_m)
    c, y0 = w / 2, 0.05 * per_m

    def at(x: float, y: float) -> tuple[float, float]:
        """The px of a place on the body."""
        return c + x * per_m, y0 + y * per_m

    outline = smooth(
        [
            at(-0.065, -0.035),
            at(0.065, -0.035),
            at(0.105, 0.022),
            at(s * 0.86, 0.062),
            at(s, 0.115),
            at(s * 0.94, 0.24),
            at(s * 0.80, 0.42),
            at(wide, hem),
            at(-wide, hem),
            at(-s * 0.80, 0.42),
            at(-s * 0.94, 0.24),
            at(-s, 0.115),
            at(-s * 0.86, 0.062),
            at(-0.105, 0.022),
        ]
    )
    mask = _filled((h, w), outline)
    colour = np.empty((h, w, 3), dtype=np.uint8)
    colour[:] = np.round(dress.fabric)
    _dress(Brush(colour, (c, y0), per_m), dress)
    shade = _rounded(mask, 0.15 * per_m, 0.55, seed)
    rows = (np.arange(h, dtype=np.float32) - y0) / per_m
    shade *= (1 - 0.38 * np.exp(-np.maximum(rows, 0) / 0.075))[:, None]  # the chin's shadow
    return Piece(_painted(mask, colour, shade), per_m, (c, y0))


def _dress(brush: Brush, dress: Look) -> None:
    """Paint neckline, opening, lapels, seams and straps onto a torso."""
    fabric, under, skin = (np.array(c) for c in (dress.fabric, dress.under, dress.skin))
    if dress.garment in ("jacket", "suit", "coat"):
        _open_front(brush, fabric, under, deep=0.30 if dress.garment == "suit" else 0.62)
    elif dress.garment in ("shirt", "tunic"):
        brush.line([(0.0, 0.05), (0.0, 0.62)], fabric * 0.75, 0.008)
        for side in (-1, 1):
            brush.fill(
                [(0.075 * side, -0.05), (0.045 * side, 0.05), (0.015 * side, 0.035)], np.minimum(fabric * 1.12, 245)
            )
    elif dress.garment == "hoodie":
        brush.fill([(-0.11, -0.03), (0.11, -0.03), (0.075, 0.075), (0.0, 0.10), (-0.075, 0.075)], fabric * 0.72)
        for side in (-1, 1):
            brush.line([(0.02 * side, 0.08), (0.024 * side, 0.21)], np.minimum(fabric * 1.5 + 30, 235), 0.006)
        brush.line([(-0.14, 0.50), (-0.10, 0.40), (0.10, 0.40), (0.14, 0.50)], fabric * 0.7, 0.006)
    if dress.garment == "suit":
        tie = np.roll(under, 1) * 0.5
        brush.fill([(-0.016, 0.045), (0.016, 0.045), (0.022, 0.26), (0.0, 0.30), (-0.022, 0.26)], tie)
    brush.fill([(-0.062, -0.06), (0.062, -0.06), (0.045, 0.03), (0.0, 0.055), (-0.045, 0.03)], skin * 0.80)
    _straps(brush, dress)


def _straps(brush: Brush, dress: Look) -> None:
    """The straps of a bag."""
    strap, s = np.array(dress.bag_colour), dress.shoulder_m
    if dress.bag == "backpack":
        for side in (-1, 1):
            brush.line([(0.52 * s * side, 0.02), (0.60 * s * side, 0.2), (0.78 * s * side, 0.42)], strap, 0.045)
    elif dress.bag == "shoulder":
        brush.line([(-0.55 * s, 0.02), (0.1 * s, 0.26), (0.85 * s, 0.58)], strap, 0.032)


def _open_front(brush: Brush, fabric: Array, under: Array, *, deep: float) -> None:
    """An open jacket: what is worn below, two lapels and the seam."""
    spread = 0.05 if deep < 0.4 else 0.075
    v_neck = [(-0.07, -0.06), (0.07, -0.06), (spread, 0.12), (0.012, deep), (-0.012, deep), (-spread, 0.12)]
    brush.fill(v_neck, under)
    for side in (-1, 1):
        lapel = [(0.07, -0.05), (0.105, 0.05), (0.085, 0.15), (0.02, deep * 0.8), (0.045, 0.08)]
        brush.fill([(x * side, y) for x, y in lapel], fabric * 0.82)
    brush.line([(0.0, deep), (0.0, 1.2)], fabric * 0.6, 0.006)

"""Surfaces of the terminal: tiles, panels, glass, and signs, all drawn here.

A material takes the two coordinates of points on a surface, in metres, and gives their linear colour (n, 3) in BGR.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array
    from facelab.data.terminal.rays import Colour, Material

FONT = cv2.FONT_HERSHEY_DUPLEX


@cache
def mottle(size: int = 512, seed: int = 7) -> Array:
    """(size, size) wrapped noise of several octaves, about -1 to 1."""
    rng = np.random.default_rng(seed)
    total: Array = np.zeros((size, size), dtype=np.float32)
    for octave in range(2, 8):
        grain = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        wrapped = np.pad(grain, 2, mode="wrap")
        step = size // 2**octave
        big = cv2.resize(wrapped, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total = total + np.asarray(big)[2 * step : 2 * step + size, 2 * step : 2 * step + size] / (1 + 0.6 * octave)
    return np.asarray(total / abs(total).max(), dtype=np.float32)


def _mottled(u: Array, v: Array, per_m: float) -> Array:
    noise = mottle()
    size = len(noise)
    return np.asarray(noise[(v * per_m).astype(np.int64) % size, (u * per_m).astype(np.int64) % size])


def plain(colour: Colour, grain: float = 0.03) -> Material:
    """One colour with a little unevenness."""

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        return np.asarray(np.array(colour, np.float32) * (1 + grain * _mottled(u, v, 90)[:, None]))

    return surface


def tiles(colour: Colour, side: float, joint: float, *, contrast: float = 0.1, line: float = 0.6) -> Material:
    """Square stone tiles, each of a slightly other tone, with darker joints."""

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        a, b = u / side, v / side
        i, j = np.floor(a).astype(np.int64), np.floor(b).astype(np.int64)
        tone = mottle()[(i * 37 + 11) % 512, (j * 53 + 29) % 512]
        tone = 1 + contrast * tone + 0.6 * contrast * _mottled(u, v, 120)
        edge = np.minimum(np.minimum(a - i, i + 1 - a), np.minimum(b - j, j + 1 - b)) * side
        tone = np.where(edge < joint, tone * line, tone)
        return np.asarray(np.array(colour, np.float32) * tone[:, None], dtype=np.float32)

    return surface


def panelled(colour: Colour, width: float, height: float, joint: float = 0.012) -> Material:
    """Wall cladding in upright panels with thin shadow joints."""

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        a, b = u / width, v / height
        i, j = np.floor(a).astype(np.int64), np.floor(b).astype(np.int64)
        tone = 1 + 0.05 * mottle()[(i * 31 + 5) % 512, (j * 17 + 3) % 512] + 0.03 * _mottled(u, v, 60)
        dark = ((a - i) * width < joint) | ((b - j) * height < joint)
        return np.asarray(np.array(colour, np.float32) * np.where(dark, 0.5 * tone, tone)[:, None], dtype=np.float32)

    return surface


def ceiling(colour: Colour, side: float, lamp: Colour, every: int) -> Material:
    """A ceiling of square plates, every so many of which is a lamp."""

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        a, b = u / side, v / side
        i, j = np.floor(a).astype(np.int64), np.floor(b).astype(np.int64)
        edge = np.minimum(np.minimum(a - i, i + 1 - a), np.minimum(b - j, j + 1 - b))
        lit = (i % every == 0) & (j % 2 == 0) & (edge > 0.08)
        base = np.array(colour, np.float32) * np.where(edge < 0.03, 0.6, 1.0)[:, None]
        return np.asarray(np.where(lit[:, None], np.array(lamp, np.float32), base), dtype=np.float32)

    return surface


def picture(image: Array, low: tuple[float, float], high: tuple[float, float], *, upright: int = 1) -> Material:
    """`image` (8-bit BGR) stretched over a rectangle; `upright` says which coordinate is the height (0 or 1)."""
    linear = (image.astype(np.float32) / 255) ** 2.2

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        pair = [(u - low[0]) / (high[0] - low[0]), (v - low[1]) / (high[1] - low[1])]
        across, up = pair[1 - upright], pair[upright]
        x = (across * (image.shape[1] - 1)).astype(np.float32)[:, None]
        y = ((1 - up) * (image.shape[0] - 1)).astype(np.float32)[:, None]
        sampled = np.empty((len(u), 1, 3), dtype=np.float32)
        for start in range(0, len(u), 30000):  # remap takes at most 32767 rows
            part = slice(start, start + 30000)
            sampled[part] = cv2.remap(linear, x[part], y[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return sampled[:, 0]

    return surface


def sign(width: int, height: int, text: str, *, back: tuple[int, int, int], ink: tuple[int, int, int]) -> Array:
    """A wayfinding sign (8-bit BGR): a pictogram of an arrow, then the text."""
    image = np.full((height, width, 3), back, dtype=np.uint8)
    pad = height // 6
    side = height - 2 * pad
    cv2.rectangle(image, (pad, pad), (pad + side, pad + side), ink, -1)
    tip = (pad + side // 2, pad + side // 6)
    tail = (pad + side // 2, pad + side - side // 6)
    cv2.arrowedLine(image, tail, tip, back, max(side // 10, 2), cv2.LINE_AA, tipLength=0.45)
    scale = side / 34
    (wide, tall), _ = cv2.getTextSize(text, FONT, scale, max(round(scale * 1.6), 1))
    scale *= min(1.0, (width - side - 4 * pad) / max(wide, 1))
    origin = (2 * pad + side + pad, height // 2 + round(tall * 0.5))
    cv2.putText(image, text, origin, FONT, scale, ink, max(round(scale * 1.6), 1), cv2.LINE_AA)
    return image


def board(width: int, height: int, rows: list[tuple[str, str, str]]) -> Array:
    """A departures board (8-bit BGR): time, city, gate."""
    image = np.full((height, width, 3), (38, 26, 18), dtype=np.uint8)
    step = height / (len(rows) + 1.2)
    cv2.rectangle(image, (0, 0), (width, round(step)), (96, 60, 22), -1)
    scale = step / 40
    cv2.putText(image, "Departures", (round(width * 0.03), round(step * 0.75)), FONT, scale, (240, 240, 240), 1)
    for i, row in enumerate(rows):
        y = round(step * (i + 1.85))
        for text, x in zip(row, (0.03, 0.25, 0.82)):
            cv2.putText(image, text, (round(width * x), y), FONT, scale, (90, 215, 250), 1, cv2.LINE_AA)
        cv2.line(image, (0, y + round(step * 0.2)), (width, y + round(step * 0.2)), (70, 50, 40), 1)
    return image


def outdoors(width: int, height: int, horizon: float, seed: int) -> Array:
    """What lies behind the glass (8-bit BGR): an overcast sky, a terminal road with trees and cars, out of focus."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([250, 246, 240]) * (1 - 0.06 * rows)
    image = np.broadcast_to(sky, (height, width, 3)).astype(np.uint8).copy()
    line = round(height * horizon)
    for _ in range(26):
        x, r = int(rng.integers(0, width)), int(rng.integers(height // 24, height // 9))
        tone = int(rng.integers(150, 190))
        cv2.circle(image, (x, line - r), r, (tone, tone + 12, tone - 4), -1, cv2.LINE_AA)
    cv2.rectangle(image, (0, line - height // 30), (width, height), (208, 210, 210), -1)
    for start in np.arange(0, width, height * 0.55):
        tone = int(rng.choice((90, 120, 165, 225)))
        paint = (tone + int(rng.integers(-8, 14)), tone, tone + int(rng.integers(-14, 10)))
        left, size = int(start + rng.integers(0, height // 6)), round(height * 0.34)
        body = [
            (0, 0.02),
            (0.06, -0.12),
            (0.26, -0.16),
            (0.38, -0.30),
            (0.72, -0.30),
            (0.86, -0.15),
            (1, -0.10),
            (1, 0.1),
        ]
        outline = [(left + a * size, line + (b + 0.08) * size) for a, b in [*body, (0, 0.1)]]
        cv2.fillPoly(image, [np.array(outline, np.int32)], paint, cv2.LINE_AA)
        for wheel in (0.22, 0.80):
            cv2.circle(image, (left + round(wheel * size), line + round(0.17 * size)), size // 12, (70, 70, 70), -1)
    return cv2.GaussianBlur(image, (0, 0), height / 60)


def apron(width: int, height: int) -> Array:
    """What lies behind a gate's windows (8-bit BGR): an airliner on a wet apron under a pale sky, out of focus."""
    rows = np.linspace(0, 1, height)[:, None, None]
    image = np.broadcast_to(np.array([242, 232, 220]) * (1 - 0.12 * rows), (height, width, 3)).astype(np.uint8).copy()
    line = round(height * 0.66)
    cv2.rectangle(image, (0, line - height // 12), (width, line), (196, 190, 182), -1)
    cv2.rectangle(image, (0, line), (width, height), (168, 166, 162), -1)
    top, bottom = round(height * 0.38), round(height * 0.60)
    white, shade, paint = (240, 240, 238), (205, 203, 200), (120, 66, 28)
    nose, tail = round(width * 0.16), round(width * 0.92)
    fuselage = [
        (nose, (top + bottom) // 2),
        (nose + 40, top + 6),
        (nose + 90, top),
        (tail - 120, top),
        (tail, top + 12),
    ]
    fin = [(tail - 130, top + 4), (tail - 40, height // 30), (tail + 10, height // 30), (tail - 22, top + 12)]
    cv2.fillPoly(image, [np.array(fin, np.int32)], paint, cv2.LINE_AA)
    hull = [*fuselage, (tail - 110, bottom), (nose + 60, bottom), (nose + 14, bottom - 14)]
    cv2.fillPoly(image, [np.array(hull, np.int32)], white, cv2.LINE_AA)
    cv2.rectangle(image, (nose + 50, bottom - 16), (tail - 120, bottom), shade, -1)
    for x in range(nose + 95, tail - 130, 15):
        cv2.rectangle(image, (x, top + 22), (x + 6, top + 31), (110, 92, 80), -1)
    wing = [
        (width * 0.42, bottom - 14),
        (width * 0.64, bottom - 14),
        (width * 0.40, bottom + 34),
        (width * 0.32, bottom + 36),
    ]
    cv2.fillPoly(image, [np.array(wing, np.int32)], (190, 188, 186), cv2.LINE_AA)
    cv2.ellipse(image, (round(width * 0.44), bottom + 22), (36, 17), 0, 0, 360, shade, -1, cv2.LINE_AA)
    for x in (nose + 80, round(width * 0.56)):
        cv2.rectangle(image, (x, bottom), (x + 7, line + 14), (90, 90, 90), -1)
        cv2.circle(image, (x + 3, line + 14), 10, (60, 60, 60), -1)
    return cv2.GaussianBlur(image, (0, 0), height / 110)

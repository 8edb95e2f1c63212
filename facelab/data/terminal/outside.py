"""Outdoor places under some light: pavements of a city, and toll plazas.

A `Light` is one hour of the day: what the sky gives, where the sun or the lamps stand, and how bright windows are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.terminal.places import DARK, STEEL, Thing, box_of
from facelab.data.terminal.rays import Colour, Cylinder, Material, Panel, Scene
from facelab.data.terminal.signs import FONT, mottle, panelled, picture, plain, tiles

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

Lamps = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Light:
    """One hour of the day; colours are linear light in BGR, about 1 for a white wall in the sun.

    Parameters
    ----------
    name : str
        What reports call it.
    high, low : Colour
        The sky's, overhead and at the horizon.
    lamps : tuple of (x, y, z, power)
        The sun is a strong one far away.
    ambient : float
        Light from everywhere.
    windows : float
        Light of lit windows and signs.
    """

    name: str
    high: Colour
    low: Colour
    lamps: Lamps
    ambient: float
    windows: float


NOON = Light("noon", (1.05, 0.82, 0.60), (1.10, 1.04, 0.96), ((16.0, 38.0, -16.0, 330.0),), 0.34, 0.35)
MORNING = Light("morning", (0.98, 0.84, 0.66), (1.15, 1.16, 1.18), ((26.0, 22.0, -20.0, 280.0),), 0.30, 0.35)
OVERCAST = Light("overcast", (0.82, 0.80, 0.78), (0.90, 0.89, 0.88), ((0.0, 45.0, -12.0, 110.0),), 0.46, 0.4)
DUSK = Light(
    "dusk", (0.34, 0.24, 0.20), (0.30, 0.46, 0.78), ((-34.0, 12.0, -16.0, 85.0), (1.9, 5.0, 6.5, 2.2)), 0.16, 0.75
)
NIGHT = Light(
    "night", (0.020, 0.014, 0.012), (0.05, 0.045, 0.05),
    ((-2.4, 4.6, 2.6, 2.6), (1.9, 4.9, 6.5, 3.4), (1.9, 4.9, 13.0, 4.0)), 0.035, 0.9,
)  # fmt: skip
PLAZA_NIGHT = Light(
    "night", (0.020, 0.014, 0.012), (0.05, 0.045, 0.05),
    ((-1.0, 5.2, 1.6, 3.0), (1.2, 5.2, 5.2, 3.6), (0.0, 5.2, 10.0, 3.0)), 0.05, 0.9,
)  # fmt: skip
PLAZA_DUSK = Light(
    "dusk", (0.36, 0.26, 0.21), (0.32, 0.46, 0.74), ((-30.0, 14.0, -18.0, 60.0), (0.0, 5.2, 3.4, 2.2)), 0.18, 0.8
)

NAMES = ("AL-NOOR CLOTH", "CITY PHARMACY", "TEA HOUSE", "MOBILE CARE", "STAR BAKERY", "BOOKS & PENS", "SHOES", "JUICE")
BOARDS = ((60, 40, 150), (120, 60, 20), (30, 90, 30), (20, 120, 190), (90, 30, 90), (40, 40, 40))


def sky(light: Light, width: int = 480, height: int = 240) -> Array:
    """(h, w, 3) 8-bit BGR of the sky from high above down to the horizon, with thin clouds."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 1.4
    glow = (1 - rows) * np.array(light.high, np.float32) + rows * np.array(light.low, np.float32)
    cloud = cv2.resize(mottle()[:90, :240], (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    glow = glow * (1 + 0.16 * np.maximum(cloud, -0.2))
    return np.asarray(np.clip(255 * np.clip(glow / 1.3, 0, 1) ** (1 / 2.2), 0, 255).astype(np.uint8))


def skyline(light: Light, seed: int, width: int = 1400, height: int = 420) -> Array:
    """(h, w, 3) 8-bit BGR of a far row of houses under the sky, out of focus, as bright as they are seen."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(sky(light), (width, height))
    outside = float(np.mean(light.low)) * 0.55 + light.ambient * 0.4
    x = -20
    while x < width:
        wide, tall = int(rng.integers(60, 190)), int(rng.integers(height * 3 // 10, height * 39 // 50))
        wall = np.clip(rng.uniform(0.25, 0.6) * np.array([0.9, 1.0, 1.08]) * outside, 0, 1) ** (1 / 2.2) * 255
        top = height - tall
        cv2.rectangle(image, (x, top), (x + wide, height), wall.tolist(), -1)
        for row in range(top + 14, height - 20, 26):
            for column in range(x + 10, x + wide - 14, 22):
                lit = rng.random() < (0.5 if light.windows > 0.6 else 0.05)
                glass = (120, 205, 245) if lit and light.windows > 0.6 else (wall * 0.55).tolist()
                cv2.rectangle(image, (column, row), (column + 10, row + 15), glass, -1)
        x += wide + int(rng.integers(0, 26))
    return cv2.GaussianBlur(image, (0, 0), 2.2)


def shops(light: Light, seed: int, metres: float, height_m: float = 4.6) -> Array:
    """(h, w, 3) 8-bit BGR of a row of shops: boards, shutters, lit windows, a storey above."""
    rng = np.random.default_rng(seed)
    per_m = 60
    image = np.full((round(height_m * per_m), round(metres * per_m), 3), (150, 165, 175), dtype=np.uint8)
    x = 0
    while x < image.shape[1]:
        wide = int(rng.integers(2 * per_m, 4 * per_m))
        wall = np.array([150, 165, 178]) * rng.uniform(0.6, 1.15)
        cv2.rectangle(image, (x, 0), (x + wide, image.shape[0]), np.clip(wall, 0, 255).tolist(), -1)
        top = round((height_m - 3.3) * per_m)
        board = BOARDS[int(rng.integers(len(BOARDS)))]
        cv2.rectangle(image, (x + 6, top), (x + wide - 6, top + per_m // 2 + 8), board, -1)
        name = NAMES[int(rng.integers(len(NAMES)))]
        cv2.putText(image, name, (x + 14, top + 28), FONT, 0.62, (235, 240, 245), 1, cv2.LINE_AA)
        opening = ((x + 14, top + per_m // 2 + 16), (x + wide - 14, image.shape[0] - 6))
        if rng.random() < 0.6:
            cv2.rectangle(image, *opening, (120, 190, 225) if light.windows > 0.6 else (70, 80, 86), -1)
            for shelf in range(opening[0][1] + 24, opening[1][1] - 20, 30):
                for item in range(opening[0][0] + 6, opening[1][0] - 12, 14):
                    tone = rng.integers(40, 200, 3)
                    cv2.rectangle(
                        image, (item, shelf - int(rng.integers(8, 20))), (item + 10, shelf), tone.tolist(), -1
                    )
        else:
            cv2.rectangle(image, *opening, (128, 132, 130), -1)
            for row in range(opening[0][1], opening[1][1], 7):
                cv2.line(image, (opening[0][0], row), (opening[1][0], row), (96, 100, 99), 1)
        x += wide
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def ground(kerb_m: float) -> Material:
    """Paving up to `kerb_m` (x), a kerb, and asphalt with a lane's broken line beyond."""
    paving, asphalt = tiles((0.36, 0.38, 0.40), 0.5, 0.008, contrast=0.14), plain((0.10, 0.10, 0.10), grain=0.25)

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        colour = np.where((u < kerb_m)[:, None], paving(u, v), asphalt(u, v))
        kerb = (u > kerb_m - 0.18) & (u < kerb_m)
        line = (abs(u - kerb_m - 2.6) < 0.07) & (v % 4 < 2)
        colour[kerb] = (0.5, 0.5, 0.5)
        colour[line] = (0.62, 0.64, 0.64)
        return np.asarray(colour, dtype=np.float32)

    return surface


def street(light: Light, seed: int, *, kerb_m: float = 3.0, wall_m: float = -3.8) -> Scene:
    """A pavement between a row of shops and a road, a skyline at its end."""
    far = 26.0
    view, row = skyline(light, seed), shops(light, seed + 1, 24.0)
    low, high = (-26.0, 0.0), (26.0, 12.0)
    heaven_low, heaven_high = (-60.0, 0.0), (60.0, 40.0)
    things: list[Thing] = [
        Panel(2, 60.0, heaven_low, heaven_high, picture(sky(light), heaven_low, heaven_high), glow=1.3),
        Panel(2, far, low, high, picture(view, low, high), glow=1.1),
        Panel(0, wall_m, (0.0, 1.0), (4.6, 25.0), picture(row[:, ::-1], (0.0, 1.0), (4.6, 25.0), upright=0), glow=0.0),
        Panel(0, wall_m - 0.02, (4.6, 1.0), (8.5, 25.0), panelled((0.42, 0.46, 0.50), 2.4, 1.5)),
        Panel(1, 3.05, (wall_m, 3.0), (wall_m + 1.0, 24.0), plain((0.16, 0.22, 0.34))),
    ]
    if light.windows > 0.6:
        things.append(Panel(0, wall_m + 0.02, (2.55, 3.0), (2.75, 24.0), plain((0.55, 0.85, 1.0)), glow=light.windows))
    for z in (6.5, 13.0, 20.0):
        things.append(Cylinder(kerb_m - 0.45, z, 0.07, 0.0, 5.0, plain(STEEL)))
        lamp = (kerb_m - 1.1, kerb_m - 0.4)
        glow = light.windows * 3 if light.windows > 0.6 else 0.0
        things.append(Panel(1, 4.95, (lamp[0], z - 0.12), (lamp[1], z + 0.12), plain((0.8, 0.95, 1.0)), glow=glow))
    rng = np.random.default_rng(seed + 2)
    for z in (7.0, 12.4, 18.0):
        paint = plain(tuple(float(c) for c in rng.uniform(0.04, 0.6) * rng.uniform(0.8, 1.2, 3)))  # type: ignore[arg-type]
        x = kerb_m + 0.25
        things += box_of((x, x + 1.7), (0.25, 0.82), (z, z + 4.2), paint)
        things += box_of((x + 0.1, x + 1.6), (0.82, 1.38), (z + 1.2, z + 3.6), plain(DARK))
        things += [Cylinder(x + 0.2, z + 0.3, 0.3, 0.0, 0.3, plain((0.02, 0.02, 0.02)))]
    tree = plain((0.05, 0.16, 0.07), grain=0.9)
    things += [Cylinder(kerb_m + 5.6, 15.0, 0.16, 0.0, 2.4, plain((0.07, 0.1, 0.14)))]
    things += [Cylinder(kerb_m + 5.6, 15.0, 1.2, 2.2, 5.0, tree)]
    feet = [(kerb_m + 0.25, z, kerb_m + 1.95, z + 4.2) for z in (7.0, 12.4, 18.0)]
    return Scene(
        ground(kerb_m), things, list(light.lamps), ambient=light.ambient, polish=0.0, footprints=feet, glance=0.10
    )


def lanes() -> Material:
    """Worn concrete with the yellow lines of a lane and tyre marks."""
    slab = tiles((0.30, 0.31, 0.32), 4.5, 0.015, contrast=0.12, line=0.7)

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        colour = np.asarray(slab(u, v))
        for x in (-0.45, 1.05):
            colour *= (1 - 0.25 * np.exp(-(((u - x) / 0.22) ** 2)))[:, None]
        colour[(abs(u + 1.15) < 0.06) | (abs(u - 1.75) < 0.06)] = (0.10, 0.52, 0.66)
        return np.asarray(colour, dtype=np.float32)

    return surface


def plaza(light: Light, seed: int, *, canopy: bool, lane_m: float) -> Scene:
    """A toll plaza's lane seen from its barrier: islands with booths, perhaps a canopy, the road beyond."""
    far = 70.0
    view = skyline(light, seed, 1400, 220)
    low, high = (-60.0, 0.0), (60.0, 9.0)
    heaven_low, heaven_high = (-90.0, 0.0), (90.0, 60.0)
    things: list[Thing] = [
        Panel(2, far + 15, heaven_low, heaven_high, picture(sky(light), heaven_low, heaven_high), glow=1.3),
        Panel(2, far, low, high, picture(view, low, high), glow=1.0),
    ]
    for side in (-1, 1):
        x = lane_m + side * 1.95
        inner, outer = sorted((x, x + side * 1.3))
        things += box_of((inner, outer), (0.0, 0.22), (3.0, 13.0), _stripes())
        booth = sorted((x + side * 0.15, x + side * 1.15))
        things += box_of((booth[0], booth[1]), (0.22, 1.1), (5.6, 8.2), panelled((0.30, 0.22, 0.10), 1.3, 0.9))
        things += box_of((booth[0], booth[1]), (1.1, 2.1), (5.6, 8.2), plain((0.10, 0.10, 0.09)))
        things += box_of((booth[0], booth[1]), (2.1, 2.5), (5.6, 8.2), panelled((0.50, 0.52, 0.54), 1.3, 0.9))
        things += [Cylinder(x + side * 0.2, 12.6, 0.12, 0.0, 5.5, tiles((0.05, 0.24, 0.34), 0.5, 0.0))]
    things += [Cylinder(lane_m - 1.6, 3.6, 0.09, 0.0, 1.1, plain((0.06, 0.30, 0.62)))]
    if canopy:
        roof = (lane_m - 9.0, lane_m + 9.0)
        things += [Panel(1, 5.5, (roof[0], 1.0), (roof[1], 14.0), panelled((0.34, 0.35, 0.36), 2.0, 2.0))]
        things += [Panel(2, 14.0, (roof[0], 5.2), (roof[1], 6.2), panelled((0.55, 0.24, 0.08), 3.0, 2.0))]
        for z in (2.2, 4.2, 6.2, 8.2, 10.2, 12.2):
            strip = (lane_m - 1.0, z), (lane_m + 1.0, z + 0.2)
            things.append(Panel(1, 5.48, *strip, plain((0.92, 0.97, 1.0)), glow=2.4 if light.windows > 0.6 else 0.7))
    sign = _board("TOLL PLAZA", "CARS 40"), (lane_m - 1.6, 3.2), (lane_m + 1.6, 4.1)
    things.append(Panel(2, 13.9, sign[1], sign[2], picture(*sign), glow=0.5 if light.windows < 0.6 else 0.8))
    return Scene(lanes(), things, list(light.lamps), ambient=light.ambient, polish=0.02, glance=0.14)


def _stripes() -> Material:
    """Black and yellow hazard stripes."""

    def surface(u: Array, v: Array) -> Array:
        """The material."""
        dark = ((u + v) % 0.8 < 0.4)[:, None]
        return np.asarray(np.where(dark, np.array([0.05, 0.05, 0.05]), np.array([0.06, 0.34, 0.46])), dtype=np.float32)

    return surface


def _board(first: str, second: str) -> Array:
    image = np.full((150, 530, 3), (96, 60, 22), dtype=np.uint8)
    for row, text in enumerate((first, second)):
        cv2.putText(image, text, (24, 62 + 62 * row), FONT, 1.7, (240, 240, 240), 2, cv2.LINE_AA)
    return image

"""The three places of the terminal, built of panels and columns: entrance hall, security queue, boarding gate."""

from __future__ import annotations

import itertools
from typing import TypeAlias

from facelab.data.terminal.rays import Colour, Cylinder, Material, Panel, Scene
from facelab.data.terminal.signs import apron, board, ceiling, outdoors, panelled, picture, plain, sign, tiles

STEEL: Colour = (0.42, 0.41, 0.40)
DARK: Colour = (0.03, 0.028, 0.026)
NAVY = (74, 44, 18)
YELLOW = (40, 190, 250)
WHITE = (245, 245, 245)
FLIGHTS = [
    ("06:40", "Norwick", "A4"),
    ("06:55", "Santa Clea", "B12"),
    ("07:10", "Ostermark", "A9"),
    ("07:15", "Velisko", "C2"),
    ("07:30", "Porto Brisa", "B7"),
    ("07:45", "Kelstadt", "A1"),
]
Thing = Panel | Cylinder
Span: TypeAlias = tuple[float, float]


def box_of(x: Span, y: Span, z: Span, material: Material) -> list[Thing]:
    """The sides of a box that can be seen from the camera's side."""
    (x0, x1), (y0, y1), (z0, z1) = x, y, z
    return [
        Panel(2, z0, (x0, y0), (x1, y1), material),
        Panel(1, y1, (x0, z0), (x1, z1), material),
        Panel(0, x0, (y0, z0), (y1, z1), material),
        Panel(0, x1, (y0, z0), (y1, z1), material),
    ]


def signboard(text: str, x: float, y: float, z: float, width: float, height: float) -> list[Thing]:
    """A lit sign that hangs from the ceiling."""
    low, high = (x - width / 2, y), (x + width / 2, y + height)
    image = sign(round(width * 260), round(height * 260), text, back=NAVY, ink=WHITE)
    rods: list[Thing] = [
        Cylinder(x + side * width * 0.4, z, 0.012, y + height, y + height + 2.0, plain(STEEL)) for side in (-1, 1)
    ]
    return [Panel(2, z, low, high, picture(image, low, high), glow=1.0), *rods]


def lamps_at(xs: list[float], zs: list[float], height: float, power: float) -> list[tuple[float, float, float, float]]:
    """Lamps at all of `xs` and `zs`."""
    return [(x, height, z, power) for x in xs for z in zs]


def _barrier(points: list[tuple[float, float]], belt: Colour) -> list[Thing]:
    """Posts at `points` (x, z), with a belt between neighbours that differ in one coordinate only."""
    things: list[Thing] = []
    for x, z in points:
        things += [
            Cylinder(x, z, 0.035, 0.0, 0.98, plain((0.09, 0.09, 0.09))),
            Cylinder(x, z, 0.16, 0.0, 0.03, plain((0.06, 0.06, 0.06))),
        ]
    for (x0, z0), (x1, z1) in itertools.pairwise(points):
        if x0 == x1:
            things.append(Panel(0, x0, (0.86, min(z0, z1)), (0.94, max(z0, z1)), plain(belt)))
        elif z0 == z1:
            things.append(Panel(2, z0, (min(x0, x1), 0.86), (max(x0, x1), 0.94), plain(belt)))
    return things


def entrance() -> Scene:
    """An entrance hall against the light: sliding glass doors on an overcast morning, columns, a sign, a desk."""
    left, right, top, back = -5.2, 5.6, 4.6, 10.0
    view = outdoors(1100, 420, 0.6, seed=3)
    glass_low, glass_high = (left, 0.0), (right, 3.4)
    things: list[Thing] = [
        Panel(2, back + 0.05, glass_low, glass_high, picture(view, glass_low, glass_high), glow=1.7),
        Panel(2, back, (left, 3.3), (right, top), panelled((0.55, 0.56, 0.58), 1.8, 0.65)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled((0.62, 0.64, 0.66), 2.3, 1.2)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.62, 0.64, 0.66), 2.3, 1.2)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.5, 0.5, 0.5), 0.9, (2.4, 2.4, 2.4), 3)),
    ]
    for x in (-5.15, -4.0, -2.7, -1.35, 0.0, 1.35, 2.7, 4.1, 5.5):
        things += box_of((x - 0.045, x + 0.045), (0.0, 3.35), (back - 0.06, back + 0.02), plain(DARK))
    things += box_of((left, right), (2.35, 2.47), (back - 0.06, back + 0.02), plain(DARK))
    things += box_of((left, right), (0.0, 0.10), (back - 0.04, back + 0.02), plain(DARK))
    columns = ((-2.35, 7.2), (2.45, 7.2))
    things += [Cylinder(x, z, 0.27, 0.0, top, tiles((0.66, 0.67, 0.69), 1.3, 0.01)) for x, z in columns]
    things += signboard("Check-in 1-24", 0.1, 2.62, 8.3, 2.5, 0.42)
    things += box_of((2.3, 3.6), (0.0, 1.05), (5.2, 5.8), panelled((0.18, 0.26, 0.40), 0.45, 1.1))
    things += box_of((-3.3, -2.75), (0.0, 0.95), (8.5, 8.9), plain((0.30, 0.30, 0.31)))
    low, high = (0.9, 5.2), (2.4, 7.6)
    image = board(560, 340, FLIGHTS)[:, ::-1]
    things.append(Panel(0, right - 0.04, low, high, picture(image[:, ::-1], low, high, upright=0), glow=0.9))
    feet = [(x - 0.2, z - 0.2, x + 0.2, z + 0.2) for x, z in columns] + [(2.3, 5.2, 3.6, 5.8), (-3.3, 8.5, -2.75, 8.9)]
    floor = tiles((0.46, 0.48, 0.50), 0.62, 0.006, contrast=0.09, line=0.72)
    lamps = [*lamps_at([-3.0, 0.0, 3.0], [2.5, 6.0], 4.5, 1.5), (-2.5, 2.0, 9.6, 4.0), (2.5, 2.0, 9.6, 4.0)]
    return Scene(floor, things, lamps, ambient=0.22, polish=0.08, footprints=feet)


def queue() -> Scene:
    """The mouth of a security queue: belts on posts, a wall of panels with a board, screens, a warm ceiling."""
    left, right, top, back = -4.6, 4.4, 3.3, 9.6
    low, high = (-4.4, 1.75), (-2.5, 2.85)
    things: list[Thing] = [
        Panel(2, back, (left, 0.0), (right, top), panelled((0.50, 0.60, 0.66), 1.5, 1.1)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled((0.56, 0.62, 0.66), 1.5, 1.1)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.40, 0.44, 0.46), 1.5, 3.4)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.52, 0.53, 0.54), 0.75, (2.2, 2.3, 2.4), 3)),
        Panel(2, back - 0.08, low, high, picture(board(600, 360, FLIGHTS), low, high), glow=0.9),
        Panel(2, back - 0.03, (1.2, 0.0), (2.9, 2.2), plain((0.10, 0.11, 0.12))),
        Panel(2, back - 0.05, (1.28, 0.0), (2.03, 2.12), plain((0.33, 0.35, 0.36))),
        Panel(2, back - 0.05, (2.07, 0.0), (2.82, 2.12), plain((0.33, 0.35, 0.36))),
        Panel(2, back - 0.02, (left, 0.0), (right, 0.12), plain(DARK)),
    ]
    things += signboard("Security  Gates A-C", 0.0, 2.24, 6.0, 2.6, 0.32)
    blue: Colour = (0.42, 0.16, 0.05)
    for x in (-1.5, -0.5, 0.5, 1.5):
        things += _barrier([(x, 2.1), (x, 3.6), (x, 5.1)], blue)
    for x0, x1 in ((left, -1.55), (1.55, right)):
        things += box_of((x0, x1), (0.0, 2.05), (6.0, 6.08), panelled((0.44, 0.34, 0.26), 0.9, 2.2))
        things += box_of((x0, x1), (2.05, 2.10), (5.99, 6.09), plain(STEEL))
    things += box_of((2.6, 3.9), (0.0, 1.15), (4.4, 5.0), panelled((0.26, 0.27, 0.28), 0.65, 1.2))
    things += box_of((3.0, 3.5), (1.15, 1.5), (4.75, 4.8), plain(DARK))
    things += [Cylinder(-2.9, 5.4, 0.24, 0.0, top, plain((0.64, 0.66, 0.68)))]
    feet = [(x - 0.1, z - 0.1, x + 0.1, z + 0.1) for x in (-1.5, -0.5, 0.5, 1.5) for z in (2.1, 3.6, 5.1)]
    feet += [(left, 6.0, -1.55, 6.08), (1.55, 6.0, right, 6.08), (2.6, 4.6, 3.9, 5.2), (-3.1, 5.2, -2.7, 5.6)]
    floor = tiles((0.34, 0.38, 0.42), 0.45, 0.005, contrast=0.12, line=0.75)
    return Scene(floor, things, lamps_at([-2.6, 0.0, 2.6], [1.8, 4.6, 7.6], 3.2, 1.35), ambient=0.30, footprints=feet)


def gate() -> Scene:
    """A boarding gate seen from above the reader: two glass-sided lanes, a desk, windows on the apron behind."""
    left, right, top, back = -5.0, 5.0, 3.4, 9.0
    view = apron(900, 300)
    low, high = (left, 0.7), (right, 2.6)
    things: list[Thing] = [
        Panel(2, back + 0.05, low, high, picture(view, low, high), glow=1.05),
        Panel(2, back, (left, 0.0), (right, 0.75), panelled((0.36, 0.38, 0.40), 1.2, 0.9)),
        Panel(2, back, (left, 2.55), (right, top), panelled((0.48, 0.50, 0.52), 1.2, 0.9)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled((0.50, 0.52, 0.55), 1.5, 1.1)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.50, 0.52, 0.55), 1.5, 1.1)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.55, 0.55, 0.55), 0.8, (2.3, 2.3, 2.3), 3)),
    ]
    for x in (-4.9, -3.3, -1.65, 0.0, 1.65, 3.3, 4.9):
        things += box_of((x - 0.05, x + 0.05), (0.7, 2.6), (back - 0.05, back + 0.02), plain((0.12, 0.12, 0.13)))
    things += signboard("Gate B7", -1.25, 2.02, 5.6, 1.5, 0.34)
    things += box_of((1.75, 3.2), (0.0, 1.12), (3.4, 3.95), panelled((0.10, 0.20, 0.42), 0.5, 1.2))
    things += box_of((2.2, 2.65), (1.12, 1.46), (3.55, 3.6), plain(DARK))
    for x in (-0.9, -0.3, 0.3, 0.9):
        things += box_of((x - 0.06, x + 0.06), (0.0, 0.92), (3.2, 4.0), plain((0.52, 0.52, 0.51)))
        things += box_of((x - 0.045, x + 0.045), (0.92, 0.95), (3.2, 4.0), plain((0.06, 0.06, 0.06)))
        things.append(Panel(2, 3.19, (x - 0.03, 0.70), (x + 0.03, 0.82), plain((0.2, 0.75, 0.1)), glow=1.2))
    for x in (-3.8, -3.15, -2.5):
        things += box_of((x - 0.28, x + 0.28), (0.42, 0.50), (6.4, 6.9), plain((0.16, 0.11, 0.08)))
        things += box_of((x - 0.28, x + 0.28), (0.50, 0.95), (6.85, 6.9), plain((0.16, 0.11, 0.08)))
    feet = [(1.75, 3.4, 3.2, 3.95), (-4.1, 6.4, -2.2, 6.9)]
    feet += [(x - 0.06, 3.2, x + 0.06, 4.0) for x in (-0.9, -0.3, 0.3, 0.9)]
    floor = plain((0.30, 0.27, 0.25), grain=0.22)
    return Scene(floor, things, lamps_at([-2.4, 0.0, 2.4], [1.2, 3.6, 6.6], 3.3, 1.2), ambient=0.34, footprints=feet)

"""More indoor places: a second airport's hall, passport desks and pier, and an electronic gate."""

from __future__ import annotations

from facelab.data.terminal.places import DARK, FLIGHTS, STEEL, Thing, box_of, lamps_at, signboard
from facelab.data.terminal.rays import Cylinder, Panel, Scene
from facelab.data.terminal.signs import apron, board, ceiling, outdoors, panelled, picture, plain, tiles


def north_hall() -> Scene:
    """A high check-in hall under cold lamps, seen from far up: counters at the back, a row of columns."""
    left, right, top, back = -7.5, 7.5, 6.0, 15.0
    low, high = (-3.0, 2.9), (3.0, 4.4)
    things: list[Thing] = [
        Panel(2, back, (left, 0.0), (right, top), panelled((0.62, 0.58, 0.52), 2.2, 1.5)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled((0.55, 0.52, 0.48), 2.4, 1.6)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.55, 0.52, 0.48), 2.4, 1.6)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.5, 0.48, 0.46), 1.2, (2.6, 2.4, 2.2), 2)),
        Panel(2, back - 0.1, low, high, picture(board(900, 300, FLIGHTS), low, high), glow=0.8),
    ]
    for x in (-4.8, -2.4, 0.0, 2.4, 4.8):
        things += box_of((x - 0.9, x + 0.9), (0.0, 1.05), (12.6, 13.3), panelled((0.20, 0.30, 0.16), 0.6, 1.1))
        things += box_of((x - 0.3, x + 0.3), (1.05, 1.5), (12.7, 12.75), plain(DARK))
    columns = ((-3.6, 9.5), (3.6, 9.5))
    things += [Cylinder(x, z, 0.32, 0.0, top, plain((0.60, 0.60, 0.58))) for x, z in columns]
    things += signboard("Departures", -0.1, 3.4, 10.5, 2.6, 0.5)
    floor = tiles((0.52, 0.50, 0.46), 0.9, 0.006, contrast=0.08, line=0.7)
    feet = [(x - 0.9, 12.6, x + 0.9, 13.3) for x in (-4.8, -2.4, 0.0, 2.4, 4.8)]
    feet += [(x - 0.3, z - 0.3, x + 0.3, z + 0.3) for x, z in columns]
    lights = lamps_at([-4.0, 0.0, 4.0], [2.0, 6.0, 10.0], 5.8, 3.4)
    return Scene(floor, things, lights, ambient=0.20, polish=0.14, footprints=feet)


def north_counter() -> Scene:
    """Passport desks under few warm lamps: two lanes between glazed booths, a dim hall behind."""
    left, right, top, back = -4.8, 4.8, 2.9, 9.5
    things: list[Thing] = [
        Panel(2, back, (left, 0.0), (right, top), panelled((0.28, 0.36, 0.44), 1.6, 1.2)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled((0.30, 0.38, 0.46), 1.6, 1.2)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.30, 0.38, 0.46), 1.6, 1.2)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.32, 0.36, 0.40), 0.8, (1.5, 1.9, 2.2), 4)),
    ]
    half = 0.55
    for x in (-1.75, 1.75):
        things += box_of((x - half, x + half), (0.0, 1.1), (3.6, 5.0), panelled((0.10, 0.16, 0.26), 0.5, 1.1))
        things += box_of((x - half, x + half), (1.1, 1.14), (3.55, 5.05), plain(STEEL))
    things += signboard("Passports", 0.0, 2.18, 5.6, 2.0, 0.34)
    feet = [(x - half, 3.6, x + half, 5.0) for x in (-1.75, 1.75)]
    floor = plain((0.16, 0.20, 0.26), grain=0.18)
    lights = lamps_at([-1.2, 1.2], [1.6, 4.4, 7.4], 2.8, 0.85)
    return Scene(floor, things, lights, ambient=0.20, footprints=feet)


def north_pier() -> Scene:
    """A long pier with windows on one side: daylight from the left, a dark right."""
    left, right, top, back = -3.4, 3.4, 3.2, 22.0
    view = outdoors(1600, 300, 0.55, seed=11)
    low, high = (0.5, 1.0), (2.7, back)
    end_low, end_high = (left, 0.6), (right, 2.7)
    things: list[Thing] = [
        Panel(0, left - 0.02, low, high, picture(view, low, high, upright=0), glow=1.5),
        Panel(0, left, (0.0, 0.0), (0.55, back), panelled((0.40, 0.42, 0.44), 1.5, 0.6)),
        Panel(0, left, (2.65, 0.0), (top, back), panelled((0.40, 0.42, 0.44), 1.5, 0.6)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled((0.34, 0.30, 0.28), 2.2, 1.1)),
        Panel(2, back, (left, 0.0), (right, top), panelled((0.30, 0.32, 0.34), 1.4, 1.0)),
        Panel(2, back - 0.05, end_low, end_high, picture(apron(700, 240), end_low, end_high), glow=1.0),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.42, 0.42, 0.42), 0.9, (1.6, 1.6, 1.6), 4)),
    ]
    for z in range(2, 22, 2):
        things += box_of((left - 0.02, left + 0.08), (0.5, 2.7), (z, z + 0.12), plain((0.14, 0.14, 0.15)))
    things += box_of((1.9, 2.9), (0.0, 0.46), (11.0, 16.0), plain((0.10, 0.12, 0.16)))
    things += signboard("Gates 20-34", 0.6, 2.45, 9.5, 2.2, 0.36)
    lights = [(-6.0, 3.6, z, 9.0) for z in (2.0, 6.0, 10.0, 14.0)]
    floor = tiles((0.30, 0.30, 0.31), 0.6, 0.004, contrast=0.06, line=0.8)
    return Scene(floor, things, lights, ambient=0.22, polish=0.10, footprints=[(1.9, 11.0, 2.9, 16.0)])


def _electronic_gate(view_glow: float, wall: tuple[float, float, float], sign: str) -> Scene:
    """A lane between glass wings up to the reader, lamps beside the camera, daylight behind."""
    left, right, top, back = -4.0, 4.0, 3.2, 8.5
    low, high = (left, 0.6), (right, 2.8)
    things: list[Thing] = [
        Panel(2, back + 0.05, low, high, picture(apron(900, 320), low, high), glow=view_glow),
        Panel(2, back, (left, 0.0), (right, 0.62), panelled(wall, 1.2, 0.9)),
        Panel(2, back, (left, 2.75), (right, top), panelled(wall, 1.2, 0.9)),
        Panel(0, left, (0.0, 0.0), (top, back), panelled(wall, 1.5, 1.1)),
        Panel(0, right, (0.0, 0.0), (top, back), panelled(wall, 1.5, 1.1)),
        Panel(1, top, (left, 0.0), (right, back), ceiling((0.55, 0.55, 0.55), 0.8, (2.2, 2.2, 2.2), 3)),
    ]
    for x in (-3.2, -1.6, 0.0, 1.6, 3.2):
        things += box_of((x - 0.05, x + 0.05), (0.6, 2.8), (back - 0.05, back + 0.02), plain((0.12, 0.12, 0.13)))
    for side in (-1, 1):
        x = 0.62 * side
        things += box_of((x - 0.07, x + 0.07), (0.0, 1.0), (1.2, 2.9), plain((0.60, 0.60, 0.60)))
        things += box_of((x - 0.02, x + 0.02), (1.0, 1.75), (2.7, 2.78), plain((0.70, 0.66, 0.60)))
        things.append(Panel(2, 1.19, (x - 0.05, 0.85), (x + 0.05, 0.9), plain((0.2, 0.75, 0.1)), glow=1.2))
    things += signboard(sign, 0.0, 2.30, 5.0, 1.5, 0.32)
    lights = [(-0.55, 1.9, 0.05, 1.0), (0.55, 1.9, 0.05, 1.0), *lamps_at([-1.6, 1.6], [1.5, 4.5, 7.0], 3.1, 0.8)]
    return Scene(plain((0.30, 0.29, 0.28), grain=0.15), things, lights, ambient=0.30)


def egate_departure() -> Scene:
    """The electronic gate at departures: some daylight behind."""
    return _electronic_gate(1.2, (0.52, 0.54, 0.56), "Smart pass")


def egate_boarding() -> Scene:
    """The electronic gate at boarding: windows behind, more light in the back than in the face."""
    return _electronic_gate(2.0, (0.44, 0.48, 0.54), "Boarding")

"""How people pass a camera on foot: where they come from and go to, how many, how fast, and where they look.

`habits` gives the share of each of `KINDS`, the kinds of picture that a head is drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Corners: TypeAlias = list[tuple[float, float]]

KINDS = ("middle", "yaw_left", "yaw_right", "down", "smile_light")


@dataclass(frozen=True)
class Manner:
    """How people walk past one camera.

    Parameters
    ----------
    way : function of a Generator
        The corners (x, z) of somebody's way, m.
    rate : float
        People a second who set out.
    pace : (float, float)
        Mean and standard deviation, m/s.
    apart_m : float
        Nobody comes nearer to anybody.
    habits : tuple of 5 floats
        Share of the time with each of `KINDS`.
    absorbed : float
        Share of the people who look at a telephone.
    obstacles : tuple of (x, z, radius)
        Where nobody can walk, m.
    """

    way: Callable[[np.random.Generator], Corners]
    rate: float
    pace: tuple[float, float]
    apart_m: float
    habits: tuple[float, float, float, float, float]
    absorbed: float
    obstacles: tuple[tuple[float, float, float], ...] = ()


def _entrance_way(rng: np.random.Generator) -> Corners:
    """From one of four doors towards the camera, or off to a side."""
    u = rng.uniform
    door = float(rng.choice((-2.0, -0.67, 0.67, 2.05)) + u(-0.3, 0.3))
    way = rng.random()
    if way < 0.70:
        end = (float(u(-0.9, 0.9)), 1.5)
    else:
        z, side = float(u(2.6, 4.2)), -1.0 if way < 0.85 else 1.0
        end = (side * (0.42 * z + 0.6), z)
    middle = (0.62 * door + 0.38 * end[0] + float(u(-0.3, 0.3)), 0.5 * 9.0 + 0.5 * end[1])
    return [(door, 9.3), (door, 8.7), middle, end]


def _queue_way(rng: np.random.Generator) -> Corners:
    """Around a corner into one of three lanes between belts."""
    lane = float(rng.choice((-1.0, 0.0, 1.0)))
    side = float(rng.choice((-1.0, 1.0)))
    lean = float(rng.uniform(-0.14, 0.14))
    return [(2.2 * side, 6.9), (lane * 0.8 + 0.2 * side, 6.4), (lane, 5.4), (lane + lean, 3.3), (lane - lean, 1.1)]


def _gate_way(rng: np.random.Generator) -> Corners:
    """From a side through one of three lanes past the reader."""
    u = rng.uniform
    lane = float(rng.choice((-0.58, 0.0, 0.58))) + float(u(-0.08, 0.08))
    side = float(rng.choice((-1.0, 1.0)))
    z = float(u(4.5, 5.7))
    exit_side = float(np.sign(lane)) if abs(lane) > 0.2 else float(rng.choice((-1.0, 1.0)))
    begin = [(side * (0.37 * z + 0.45), z), (0.1 * side + lane, 4.35)]
    return [*begin, (lane, 3.5), (lane, 2.6), (lane, 1.55), (exit_side, 0.62)]


def _strolling(far_m: float, half_m: float, near_m: float, slope: float) -> Callable[[np.random.Generator], Corners]:
    """Towards the camera from `far_m`, anywhere within `half_m` of its axis; out beside it, `slope` m aside a metre."""

    def way(rng: np.random.Generator) -> Corners:
        """The corners of somebody's way."""
        begin = float(rng.uniform(-half_m, half_m))
        if rng.random() < 0.6:
            end = (float(rng.uniform(-0.8, 0.8)), near_m)
        else:
            z = float(rng.uniform(near_m + 1.0, near_m + 3.0))
            end = (float(rng.choice((-1.0, 1.0))) * (slope * z + 0.6), z)
        middle = (0.6 * begin + 0.4 * end[0] + float(rng.uniform(-0.35, 0.35)), 0.5 * (far_m + end[1]))
        return [(begin, far_m), (begin, far_m - 0.6), middle, end]

    return way


def _counter_way(rng: np.random.Generator) -> Corners:
    """Between two desks from behind a line, then past the camera on either side."""
    lane = float(rng.choice((-0.5, 0.5))) + float(rng.uniform(-0.1, 0.1))
    side = float(rng.choice((-1.0, 1.0)))
    return [(1.9 * side, 7.4), (0.5 * side + lane, 6.6), (lane, 5.2), (lane, 3.2), (1.5 * np.sign(lane), 1.6)]


ENTRANCE = Manner(
    _entrance_way,
    3.7,
    (1.48, 0.14),
    0.52,
    (0.56, 0.09, 0.09, 0.15, 0.11),
    0.06,
    ((-2.35, 7.2, 0.5), (2.45, 7.2, 0.5), (2.95, 5.5, 0.85), (-3.0, 8.7, 0.6)),
)
QUEUE = Manner(
    _queue_way,
    4.0,
    (1.25, 0.09),
    0.50,
    (0.48, 0.11, 0.11, 0.20, 0.10),
    0.10,
    ((-2.9, 5.4, 0.5), (3.25, 4.9, 0.9)),
)
GATE = Manner(_gate_way, 3.6, (1.32, 0.10), 0.52, (0.54, 0.07, 0.07, 0.14, 0.18), 0.05, ((2.5, 3.7, 0.9),))
HALL = Manner(_strolling(11.0, 2.6, 2.6, 0.62), 3.2, (1.40, 0.16), 0.55, (0.50, 0.12, 0.12, 0.15, 0.11), 0.08)
COUNTER = Manner(_counter_way, 2.6, (1.15, 0.10), 0.52, (0.55, 0.09, 0.09, 0.17, 0.10), 0.06)
PIER = Manner(_strolling(10.0, 1.6, 3.2, 0.27), 3.0, (1.45, 0.15), 0.52, (0.50, 0.10, 0.10, 0.18, 0.12), 0.10)
PAVEMENT = Manner(
    _strolling(14.5, 2.2, 5.0, 0.22),
    2.6,
    (1.42, 0.17),
    0.58,
    (0.50, 0.12, 0.12, 0.16, 0.10),
    0.10,
)
BAZAAR = Manner(_strolling(12.5, 1.8, 3.8, 0.24), 3.2, (1.12, 0.16), 0.52, (0.42, 0.17, 0.17, 0.16, 0.08), 0.06)


@dataclass(frozen=True)
class Halt:
    """How people come to a stop before a camera: one at a time at a reader, or seated in cars at a barrier.

    Parameters
    ----------
    far_m, stop_m : float and (float, float)
        Where they come into sight, and between which depths their eyes stop, m.
    dwell_s : (float, float)
        Least and greatest time at the stop, s.
    lane_m : float
        Middle of the lane (x), m.
    habits : tuple of 5 floats
        Share of each of `KINDS` on the way and at the stop.
    accompanied : float
        Cars: the share with somebody beside the driver; a negative one: on foot.
    """

    far_m: float
    stop_m: tuple[float, float]
    dwell_s: tuple[float, float]
    lane_m: float = 0.0
    habits: tuple[float, float, float, float, float] = (0.70, 0.05, 0.05, 0.10, 0.10)
    accompanied: float = -1.0

    @property
    def seated(self) -> bool:
        """Whether cars stop here."""
        return self.accompanied >= 0

"""Who stops before a camera: passengers one by one at an electronic gate's reader, and cars at a toll plaza's barrier.

A passenger walks up, stands while the reader looks, and steps past; a second attempt comes at once after the first,
whatever came of that one, so that what a retry buys can be measured without the matcher's help. A car rolls to the
barrier with an even deceleration, stands, and drives off; the next one follows at a car's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facelab.data.terminal.manners import KINDS, Halt
from facelab.data.terminal.posts import POSTS
from facelab.data.terminal.walkers import COVERED, COVERED_SHARE, STEP_M, Errand, Walk, smooth_path

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

WALK_MPS = 1.15
BRAKE_MPS2 = 1.8
START_MPS2 = 3.0
FOLLOW_S = 3.2
"""A car comes to its stop at least so long after the one before began to leave: two cars never touch."""
SEATS = {"driver": -0.36, "passenger": 0.36}
"""How far to the picture's right of the car's middle: people drive on the left, the driver sits on the right."""


class _Way(NamedTuple):
    """A path (n, 2), when each of its points is reached (n,), and when it stops, in seconds of the walk."""

    path: Array
    clock: Array
    stop_s: float


def halting(
    camera: str, subjects: list[str], kinds: dict[str, frozenset[str]], rng: np.random.Generator, *, again: float
) -> tuple[list[Walk], int]:
    """The walks of `subjects` to a stop before `camera` in that order, and the number of frames they take.

    Parameters
    ----------
    camera : str
        One with a `Halt`.
    subjects : list of str
        Each comes once.
    kinds : mapping
        Which kinds of pictures there are of each.
    rng : Generator
        Decides everything else.
    again : float
        Share of the passengers on foot who make a second attempt.
    """
    halt = POSTS[camera].halt
    assert halt is not None, camera
    if halt.seated:
        walks = _cars(camera, halt, subjects, kinds, rng)
    else:
        walks = _passengers(camera, halt, subjects, kinds, (rng, again))
    end = max(walk.start_s + walk.duration_s for walk in walks)
    return walks, int(np.ceil((end + 0.4) * POSTS[camera].camera.fps))


def _script(halt: Halt, way: _Way, kinds: frozenset[str], rng: np.random.Generator) -> tuple[tuple[float, str], ...]:
    """Looks about on the way, and at the stop, mostly, where one should."""

    def there(kind: str) -> str:
        """`kind`, or what stands for it."""
        return kind if kind in kinds else "middle" if "middle" in kinds else min(kinds)

    script, now = [], 0.0
    looks = way.stop_s + float(rng.uniform(-0.3, 0.5))
    while now < way.clock[-1]:
        kind = str(rng.choice(KINDS, p=halt.habits))
        if abs(now - looks) < 0.35 and not halt.seated:
            kind = "middle"
        script.append((now, there(kind)))
        later = now + float(rng.uniform(0.7, 1.5))
        now = looks if now < looks < later else later
    return tuple(script)


def _on_foot(halt: Halt, side: float, rng: np.random.Generator) -> _Way:
    """Up to the reader from a little aside, a stop, and out past it on `side`."""
    stop, aside = float(rng.uniform(*halt.stop_m)), float(rng.uniform(-0.05, 0.05))
    lane = halt.lane_m + aside
    coming = smooth_path([(lane - 0.5 * side, halt.far_m), (lane, halt.far_m - 1.0), (lane, stop)], STEP_M)
    going = smooth_path([(lane, stop), (lane + 0.1 * side, stop - 0.05), (lane + 0.95 * side, 0.5)], STEP_M)
    pace = WALK_MPS * float(rng.uniform(0.85, 1.2))
    arrived = np.arange(len(coming)) * STEP_M / pace
    arrived[-8:] += np.linspace(0, 0.25, min(8, len(arrived)))  # the last steps are slower
    stands = float(rng.uniform(*halt.dwell_s))
    leaves = arrived[-1] + stands + (1 + np.arange(len(going))) * STEP_M / pace
    return _Way(np.vstack([coming, going]), np.concatenate([arrived, leaves]), float(arrived[-1]))


def _passengers(
    camera: str,
    halt: Halt,
    subjects: list[str],
    kinds: dict[str, frozenset[str]],
    chance: tuple[np.random.Generator, float],
) -> list[Walk]:
    rng, again = chance
    walks: list[Walk] = []
    now = 0.3
    for subject in subjects:
        cover = str(rng.choice(COVERED, p=COVERED_SHARE))
        attempts = 2 if rng.random() < again else 1
        for attempt in range(1, attempts + 1):
            way = _on_foot(halt, float(rng.choice((-1.0, 1.0))), rng)
            name = f"{camera}/{subject}" + ("/again" if attempt == 2 else "")
            errand = Errand(attempt=attempt, stop_s=way.stop_s)
            script = _script(halt, way, kinds[subject], rng)
            phase = float(rng.uniform(0, 2 * np.pi))
            walks.append(
                Walk(
                    name,
                    subject,
                    camera,
                    now,
                    way.path,
                    STEP_M,
                    WALK_MPS,
                    phase,
                    script,
                    (0.0, 0.0),
                    cover,
                    way.clock,
                    errand,
                )
            )
            now += float(way.clock[-1]) + float(rng.uniform(0.35, 0.8))
    return walks


def _by_car(halt: Halt, stop: float, stands: float) -> _Way:
    """Along the lane: even braking to the `stop`, `stands` seconds there, and away; in the middle of the car."""
    braking = np.append(np.arange(halt.far_m, stop, -STEP_M), stop)
    brakes = np.sqrt(2 * (halt.far_m - stop) / BRAKE_MPS2)
    rolled = brakes - np.sqrt(2 * np.maximum(braking - stop, 0) / BRAKE_MPS2)
    leaving = np.arange(stop, 0.9, -STEP_M)
    left = brakes + stands + np.sqrt(2 * (stop - leaving) / START_MPS2)
    z = np.concatenate([braking, leaving])
    return _Way(np.column_stack([np.full(len(z), halt.lane_m), z]), np.concatenate([rolled, left]), float(brakes))


def _cars(
    camera: str, halt: Halt, subjects: list[str], kinds: dict[str, frozenset[str]], rng: np.random.Generator
) -> list[Walk]:
    walks: list[Walk] = []
    waiting = list(subjects)
    leaves = -10.0
    while waiting:
        both = len(waiting) > 1 and rng.random() < halt.accompanied
        inside = [waiting.pop(0) for _ in range(2 if both else 1)]
        stands = float(rng.uniform(*halt.dwell_s))
        way = _by_car(halt, float(rng.uniform(*halt.stop_m)), stands)
        start = max(leaves + FOLLOW_S + float(rng.exponential(0.5)) - way.stop_s, 0.3)
        leaves = start + way.stop_s + stands
        lift = float(rng.choice((0.0, 0.08, 0.18), p=(0.6, 0.2, 0.2)))
        vehicle = f"{camera}/car-{subjects[0]}-{len(walks) + 1}"
        for subject, (seat, x) in zip(inside, SEATS.items()):
            eyes = lift + float(np.clip(rng.normal(1.17, 0.03), 1.10, 1.24))
            errand = Errand(vehicle=vehicle, seat=seat, eyes_m=eyes, lift_m=lift, stop_s=way.stop_s)
            script = _script(halt, way, kinds[subject], rng)
            cover = str(rng.choice(COVERED, p=COVERED_SHARE))
            cover = "" if cover in ("hood", "away") else cover
            phase, path = float(rng.uniform(0, 2 * np.pi)), way.path + np.array([x, 0.0])
            walks.append(
                Walk(
                    f"{camera}/{subject}",
                    subject,
                    camera,
                    start,
                    path,
                    STEP_M,
                    1.0,
                    phase,
                    script,
                    (0.0, 0.0),
                    cover,
                    way.clock,
                    errand,
                )
            )
    return walks

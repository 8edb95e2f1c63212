"""Every camera that can be rendered, and its post: the scene before it, who comes, at which site, under which light.

The first three are the terminal's; their order and content are part of what a rendering follows from, so that new
cameras are added at the end. A *site* is where one threshold may be set and one journey made: an airport's cameras are
one site, a city's cameras are a site each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from facelab.data.terminal import inside, manners, places
from facelab.data.terminal.camera import CAMERAS, Camera, Sensor
from facelab.data.terminal.glass import Glass
from facelab.data.terminal.manners import Halt, Manner
from facelab.data.terminal.outside import (
    DUSK,
    MORNING,
    NIGHT,
    NOON,
    OVERCAST,
    PLAZA_DUSK,
    PLAZA_NIGHT,
    Light,
    plaza,
    street,
)
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.data.terminal.rays import Scene

HOUR = 3600.0


class Place(NamedTuple):
    """Where a camera hangs: its site, the kind of camera, and its light."""

    site: str
    kind: str
    light: str


@dataclass(frozen=True)
class Post:
    """One camera and all that is before it.

    Parameters
    ----------
    relief : (float, float)
        How much darker a face is on one side (negative: the picture's left) and below, as shares.
    """

    camera: Camera
    scene: Callable[[], Scene]
    manner: Manner
    site: str
    kind: str
    light: str = "indoor"
    halt: Halt | None = None
    glass: Glass | None = None
    relief: tuple[float, float] = (0.0, 0.0)


def _street(
    camera: Camera, light: Light, seed: int, manner: Manner, *, kerb_m: float, relief: tuple[float, float]
) -> Post:
    """A street camera's post; it is a site of its own."""

    def scene() -> Scene:
        """The street."""
        return street(light, seed, kerb_m=kerb_m)

    return Post(camera, scene, manner, camera.name, "street", light.name, relief=relief)


def _toll(camera: Camera, light: Light, seed: int, halt: Halt, glass: Glass) -> Post:
    """A toll plaza's post; it is a site of its own."""

    def scene() -> Scene:
        """The plaza."""
        return plaza(light, seed, canopy=glass.canopy_m[1] > glass.canopy_m[0], lane_m=halt.lane_m)

    return Post(camera, scene, manners.PAVEMENT, camera.name, "toll", light.name, halt, glass)


_CAR = (0.50, 0.22, 0.08, 0.08, 0.12)
_DAY, _LATE = (1.0, 1.0, 1.0), (0.90, 1.0, 1.10)
_POSTS = (
    Post(CAMERAS["entrance"], places.entrance, manners.ENTRANCE, "departures", "hall"),
    Post(CAMERAS["queue"], places.queue, manners.QUEUE, "departures", "queue"),
    Post(CAMERAS["gate"], places.gate, manners.GATE, "departures", "gate"),
    Post(
        Camera(
            "north_hall", 1700.0, 4.2, 18.5,
            Sensor(1 / 100, 2.4, 7.0, 0.4, (1.06, 1.0, 0.95), 0.95, 0.12, 28), (1280, 720), 10.0,
        ),
        inside.north_hall, manners.HALL, "second_airport", "hall",
    ),
    Post(
        Camera(
            "north_counter", 1100.0, 2.3, 10.0,
            Sensor(1 / 60, 3.2, 3.8, 0.5, (0.90, 1.0, 1.08), 1.35, 0.10, 30), (704, 576), 10.0,
        ),
        inside.north_counter, manners.COUNTER, "second_airport", "counter",
    ),
    Post(
        Camera(
            "north_pier", 1150.0, 2.6, 11.0,
            Sensor(1 / 90, 2.6, 4.5, 0.4, (1.02, 1.0, 0.98), 1.15, 0.20, 30), (640, 480), 10.0,
        ),
        inside.north_pier, manners.PIER, "second_airport", "pier", relief=(0.20, 0.0),
    ),
    _street(
        Camera(
            "street_bazaar", 1850.0, 3.2, 12.5,
            Sensor(1 / 400, 1.8, 5.0, 0.4, (0.99, 1.0, 1.02), 1.15, 0.10, 29), opens_s=5 * HOUR,
        ),
        NOON, 21, manners.BAZAAR, kerb_m=3.1, relief=(0.16, 0.34),
    ),
    _street(
        Camera(
            "street_crossing", 2200.0, 4.0, 15.0,
            Sensor(1 / 500, 1.6, 7.0, 0.4, (1.02, 1.0, 0.99), 1.25, 0.08, 30), opens_s=6 * HOUR,
        ),
        NOON, 31, manners.PAVEMENT, kerb_m=2.9, relief=(-0.22, 0.30),
    ),
    _street(
        Camera(
            "street_station", 1800.0, 3.4, 13.0,
            Sensor(1 / 80, 3.0, 5.0, 0.45, _LATE, 1.6, 0.12, 29), opens_s=11.5 * HOUR,
        ),
        DUSK, 41, manners.BAZAAR, kerb_m=3.1, relief=(0.22, 0.0),
    ),
    _street(
        Camera(
            "street_corniche", 2000.0, 3.6, 13.5,
            Sensor(1 / 80, 3.2, 6.0, 0.45, (0.88, 1.0, 1.12), 1.7, 0.14, 29), opens_s=12 * HOUR,
        ),
        DUSK, 51, manners.PAVEMENT, kerb_m=2.9, relief=(0.26, 0.05),
    ),
    _street(
        Camera(
            "street_lane", 1700.0, 3.3, 12.5,
            Sensor(1 / 60, 3.8, 4.5, 0.45, (0.88, 0.99, 1.11), 2.3, 0.10, 29), opens_s=14.5 * HOUR,
        ),
        NIGHT, 61, manners.BAZAAR, kerb_m=3.0, relief=(0.06, 0.18),
    ),
    _toll(
        Camera(
            "toll_north", 1750.0, 2.0, 9.0,
            Sensor(1 / 250, 3.0, 4.6, 0.45, _DAY, 1.45, 0.06, 30), fps=6.25, opens_s=3.5 * HOUR,
        ),
        NOON, 71, Halt(12.0, (4.5, 5.1), (1.0, 2.0), 0.15, _CAR, 0.50),
        Glass(0.72, 0.10, (0.97, 1.0, 0.96), 0.30, (1.05, 0.90, 0.74), 0.6, (0.5, 14.0)),
    ),
    _toll(
        Camera(
            "toll_canal", 1700.0, 1.9, 8.5,
            Sensor(1 / 200, 3.4, 4.6, 0.5, (1.03, 1.0, 0.98), 1.15, 0.06, 31), fps=6.25, opens_s=8 * HOUR,
        ),
        OVERCAST, 81, Halt(12.0, (4.4, 5.0), (1.0, 2.0), 0.1, _CAR, 0.50),
        Glass(0.70, 0.10, (0.97, 1.0, 0.97), 0.38, (0.95, 0.94, 0.92), 1.0, (0.0, 0.0)),
    ),
    _toll(
        Camera(
            "toll_east", 1650.0, 2.1, 9.5,
            Sensor(1 / 320, 3.0, 4.7, 0.55, (0.97, 1.0, 1.03), 1.0, 0.08, 32), fps=6.25, opens_s=1.5 * HOUR,
        ),
        MORNING, 91, Halt(12.0, (4.5, 5.2), (1.0, 2.0), 0.15, _CAR, 0.50),
        Glass(0.70, 0.11, (0.97, 1.0, 0.98), 0.34, (1.70, 1.50, 1.26), 1.3, (0.0, 0.0)),
    ),
    _toll(
        Camera(
            "toll_port", 1800.0, 1.9, 8.5,
            Sensor(1 / 100, 5.2, 4.6, 0.5, _LATE, 1.9, 0.08, 31), fps=6.25, opens_s=12.5 * HOUR,
        ),
        PLAZA_DUSK, 101, Halt(12.0, (4.4, 5.0), (1.2, 2.2), 0.1, _CAR, 0.50),
        Glass(0.45, 0.09, (0.90, 1.0, 0.92), 0.45, (0.34, 0.28, 0.26), 0.5, (0.5, 14.0), lamps=1.9),
    ),
    _toll(
        Camera(
            "toll_bypass", 1750.0, 2.0, 9.0,
            Sensor(1 / 60, 6.6, 4.6, 0.6, (0.94, 1.0, 1.05), 2.4, 0.06, 31), fps=6.25, opens_s=15.5 * HOUR,
        ),
        PLAZA_NIGHT, 111, Halt(12.0, (4.4, 5.1), (1.2, 2.2), 0.15, _CAR, 0.50),
        Glass(0.74, 0.09, (0.98, 1.0, 0.97), 0.50, (0.02, 0.016, 0.014), 0.2, (0.5, 14.0), lamps=1.2, headlamps=True),
    ),
    Post(
        Camera(
            "egate_departure", 560.0, 1.62, 1.0,
            Sensor(1 / 100, 1.4, 0.85, 0.5, (1.0, 1.0, 1.0), 1.2, 0.04, 28), (480, 640), 8.0,
        ),
        inside.egate_departure, manners.GATE, "smart_pass", "departure_gate", halt=Halt(3.2, (0.68, 1.0), (1.2, 2.6)),
    ),
    Post(
        Camera(
            "egate_boarding", 540.0, 1.58, 0.0,
            Sensor(1 / 80, 1.8, 0.85, 0.5, (0.98, 1.0, 1.02), 1.0, 0.08, 28), (480, 640), 8.0,
        ),
        inside.egate_boarding, manners.GATE, "smart_pass", "boarding_gate", halt=Halt(3.0, (0.62, 0.95), (1.0, 2.4)),
    ),
)  # fmt: skip
POSTS = {post.camera.name: post for post in _POSTS}


def site_of_camera(camera: str) -> Place:
    """Where a rendered `camera` hangs.

    Raises
    ------
    BadInput
        There is no such camera.

    Examples
    --------
    >>> site_of_camera("gate")
    Place(site='departures', kind='gate', light='indoor')
    """
    post = POSTS.get(camera)
    if post is None:
        raise BadInput(f"there is no rendered camera {camera!r}, there are {', '.join(POSTS)}", place="camera")
    return Place(post.site, post.kind, post.light)

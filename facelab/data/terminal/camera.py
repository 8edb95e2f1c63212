"""Cameras: where each hangs, what its lens sees, and how its sensor and encoder spoil it; the terminal's own three.

World coordinates are metres: x to the right, y up from the floor, z away from the camera along the floor; the camera
hangs at (0, height_m, 0) and looks along z, tilted down. A pixel's *depth* is the distance along the optical axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

FRAME_SIZE = (960, 540)
FPS = 12.5


@dataclass(frozen=True)
class Sensor:
    """How a camera spoils its picture.

    Parameters
    ----------
    shutter_s : float
        Exposure time: what moves further than a pixel in it is smeared.
    noise : float
        Standard deviation of the luminance noise at middle grey, in 8-bit steps.
    focus_m, blur_px : float
        Depth in focus, and the blur (sigma) that is reached at half and at twice that depth.
    gain_bgr : tuple of float
        White balance.
    exposure, swing : float
        Middle exposure of people, and how far it swings (log2 steps, one standard deviation).
    crf : int
        Constant rate factor of the encoder: higher is coarser.
    """

    shutter_s: float
    noise: float
    focus_m: float
    blur_px: float
    gain_bgr: tuple[float, float, float]
    exposure: float
    swing: float
    crf: int


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: focal length in px, height in m, downward tilt in degrees.

    Parameters
    ----------
    size : (int, int)
        Width and height of its picture, px; both even.
    fps : float
        Frames a second.
    opens_s : float
        When its first clip starts, s after half past six in the morning, which is 0 of the common clock.
    """

    name: str
    focal: float
    height_m: float
    tilt_deg: float
    sensor: Sensor
    size: tuple[int, int] = FRAME_SIZE
    fps: float = FPS
    opens_s: float = 0.0

    @property
    def down(self) -> Array:
        """(3,) unit vector that points down in the picture."""
        tilt = radians(self.tilt_deg)
        return np.array([0.0, -cos(tilt), -sin(tilt)])

    @property
    def forward(self) -> Array:
        """(3,) unit vector along the optical axis."""
        tilt = radians(self.tilt_deg)
        return np.array([0.0, -sin(tilt), cos(tilt)])

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels (n, 2) and depths (n,) of world points (n, 3)."""
        moved = np.asarray(points, dtype=np.float64) - [0.0, self.height_m, 0.0]
        depth = moved @ self.forward
        across = np.stack([moved[..., 0], moved @ self.down], axis=-1)
        return across * (self.focal / depth[..., None]) + np.array(self.size) / 2, depth

    def rays(self, scale: float, *, mirrored: bool = False) -> tuple[Array, Array]:
        """Origin (3,) and directions (h, w, 3) through the pixels of a picture `scale` times the frame's size.

        A direction's component along the optical axis is 1, so that a ray's parameter is its depth. `mirrored` gives
        the camera below the floor whose rays are those reflected by it.
        """
        width, height = (round(side * scale) for side in self.size)
        u = ((np.arange(width, dtype=np.float32) + 0.5) / scale - self.size[0] / 2) / self.focal
        v = ((np.arange(height, dtype=np.float32) + 0.5) / scale - self.size[1] / 2) / self.focal
        rays = np.empty((height, width, 3), dtype=np.float32)
        rays[..., 0] = u
        rays[..., 1:] = (v[:, None] * self.down[1:] + self.forward[1:]).astype(np.float32)[:, None]
        if not mirrored:
            return np.array([0.0, self.height_m, 0.0], dtype=np.float32), rays
        rays[..., 1] *= -1
        return np.array([0.0, -self.height_m, 0.0], dtype=np.float32), rays


CAMERAS = {
    "entrance": Camera(
        "entrance", 1200.0, 2.7, 9.0, Sensor(1 / 125, 2.2, 4.5, 0.40, (1.03, 1.0, 0.97), 0.95, 0.30, 28)
    ),
    "queue": Camera("queue", 1150.0, 2.5, 12.0, Sensor(1 / 80, 2.2, 3.6, 0.50, (0.95, 1.0, 1.04), 1.0, 0.15, 27)),
    "gate": Camera("gate", 1300.0, 1.9, 7.0, Sensor(1 / 100, 1.5, 2.4, 0.6, (1.0, 1.0, 1.0), 1.02, 0.10, 27)),
}

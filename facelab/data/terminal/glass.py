"""A windscreen between a camera and a face: what comes through it, and what it mirrors.

Light behind the pane is dimmed and tinted; on top comes the sky (and a toll plaza's canopy with its lamps) mirrored in
the pane:

    seen = transmittance * tint * behind + reflectance * mirrored        (linear light)

The mirrored picture lies on a level plane over the lane. A flat pane maps it into the camera by a homography, so that
reflections slide over the glass as a car rolls. No polariser is assumed; noise and the encoder come afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.terminal.signs import mottle

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array, Camera

ACROSS_M, ALONG_M = (-8.0, 8.0), (-6.0, 26.0)
PER_M = 24
STEPS = 32768.0
"""Of light: 16 bits reach twice as far as a white wall."""


@dataclass(frozen=True)
class Glass:
    """The windscreens before one camera.

    Parameters
    ----------
    transmittance, reflectance : float
        Shares of linear light. A clear laminated pane passes about .75 and mirrors about .09 at 45 degrees.
    tint_bgr : tuple of float
        Colour of what passes.
    cabin : float
        Light on a face inside, as a share of that outside.
    sky_bgr : tuple of float
        Light of the sky overhead, as the scene counts it (about 1: a white wall under the lamps).
    clouds : float
        How uneven the sky is.
    canopy_m : (float, float)
        From where to where (z) a canopy hides the sky; equal: nowhere.
    canopy_y : float
        Height of canopy and sky plane, m.
    lamps : float
        Light of the canopy's lamp strips.
    headlamps : bool
        Whether cars have theirs on.
    """

    transmittance: float
    reflectance: float
    tint_bgr: tuple[float, float, float]
    cabin: float
    sky_bgr: tuple[float, float, float]
    clouds: float
    canopy_m: tuple[float, float]
    canopy_y: float = 5.5
    lamps: float = 0.0
    headlamps: bool = False

    @property
    def gain(self) -> float:
        """Of 8-bit colours in the cabin."""
        return float(self.cabin ** (1 / 2.2))


@cache
def overhead(glass: Glass) -> Array:
    """(h, w, 3) linear light over the lane: rows along `ALONG_M`, columns along `ACROSS_M`, `PER_M` px a metre."""
    w, h = (round((high - low) * PER_M) for low, high in (ACROSS_M, ALONG_M))
    patch = cv2.resize(mottle()[40:240, 300:400], (w, h), interpolation=cv2.INTER_CUBIC)
    light = (1 + glass.clouds * cv2.GaussianBlur(patch, (0, 0), 6))[..., None] * np.array(glass.sky_bgr, np.float32)
    begin, end = (int(np.clip((z - ALONG_M[0]) * PER_M, 0, h)) for z in glass.canopy_m)
    light[begin:end] = np.array(glass.sky_bgr, np.float32) * 0.10 + 0.02
    for z in np.arange(glass.canopy_m[0] + 0.8, glass.canopy_m[1] - 0.3, 2.0):
        row = round((z - ALONG_M[0]) * PER_M)
        for x in (-3.2, 0.0, 3.2):
            column = round((x - ACROSS_M[0]) * PER_M)
            light[row : row + round(0.14 * PER_M), column - PER_M : column + PER_M] = glass.lamps
    for z in np.arange(glass.canopy_m[0], glass.canopy_m[1], 1.6):  # beams
        row = round((z - ALONG_M[0]) * PER_M)
        light[row : row + 5] *= 0.55
    return np.asarray(cv2.GaussianBlur(np.maximum(light, 0).astype(np.float32), (0, 0), 1.2))


def _behind() -> Array:
    """(256,) linear light of each 8-bit level: what `rays.tone_mapped` makes, undone."""
    drawn = (np.arange(256) / 255) ** 2.2
    bright = np.clip(1 - (drawn - 0.7) / 0.3, 0.004, 1)
    return np.asarray(np.where(drawn < 0.7, drawn, 0.7 - 0.3 * np.log(bright)), dtype=np.float32)


def _drawn() -> Array:
    """(65536,) the 8-bit level of each i / `STEPS` of linear light."""
    light = np.arange(65536) / STEPS
    squeezed = np.where(light < 0.7, light, 0.7 + 0.3 * (1 - np.exp(-(light - 0.7) / 0.3)))
    return np.asarray(np.clip(255 * squeezed ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8))


_LINEAR, _LEVELS = _behind(), _drawn()


@cache
def _passing(glass: Glass) -> Array:
    """(1, 256, 3) what passes of each 8-bit level of each colour, in `STEPS`."""
    passed = _LINEAR[:, None] * np.array(glass.tint_bgr, np.float32) * glass.transmittance
    return np.asarray(np.minimum(passed * STEPS, 65535).astype(np.uint16)[None])


@cache
def _veil(glass: Glass) -> Array:
    """`overhead` as the pane mirrors it, in `STEPS`."""
    return np.asarray(np.minimum(overhead(glass) * glass.reflectance * STEPS, 65535).astype(np.uint16))


def mirrored_at(corners: Array, camera: Camera, height_m: float) -> Array:
    """(4, 2) px of `overhead` that the four `corners` (4, 3) of a flat pane mirror into `camera`."""
    eye = np.array([0.0, camera.height_m, 0.0])
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    normal = normal / np.linalg.norm(normal)
    way = corners - eye
    back = way - 2 * (way @ normal)[:, None] * normal
    at = corners + back * ((height_m - corners[:, 1]) / np.maximum(back[:, 1], 1e-3))[:, None]
    return np.asarray((at[:, [0, 2]] - [ACROSS_M[0], ALONG_M[0]]) * PER_M)


def glaze(picture: Array, glass: Glass, pane: Array, mirrored: Array) -> None:
    """Put a pane with corners `pane` (4, 2) px over `picture`, which mirrors `mirrored` (4, 2) px of `overhead`."""
    h, w = picture.shape[:2]
    low = np.clip(np.floor(pane.min(axis=0)).astype(int), 0, [w, h])
    high = np.clip(np.ceil(pane.max(axis=0)).astype(int) + 1, 0, [w, h])
    if (high - low < 2).any():
        return
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    spot = picture[low[1] : high[1], low[0] : high[0]]
    bent = cv2.getPerspectiveTransform(mirrored.astype(np.float32), (pane - low).astype(np.float32))
    veil = cv2.warpPerspective(_veil(glass), bent, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    light = cv2.add(cv2.LUT(spot, _passing(glass)), veil)
    mask = np.zeros(size[::-1], dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.round((pane - low) * 16).astype(np.int32), (255,), cv2.LINE_8, 4)
    cv2.copyTo(_LEVELS[light], mask, spot)

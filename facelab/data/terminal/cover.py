"""What covers a face (mask, sunglasses, hood) or turns it away, painted onto a head by its landmarks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.terminal.clothes import smooth
from facelab.data.terminal.heads import SIDE, Head
from facelab.data.terminal.signs import mottle

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array


def _laid(image: Array, outline: Array, colour: Array) -> Array:
    """`image` (BGRA) with `outline` filled with `colour` ((3,) or (256, 256, 3)), softly edged."""
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    weight = cv2.GaussianBlur(mask, (0, 0), 0.9).astype(np.float32)[..., None] / 255
    out = image.astype(np.float32)
    alpha = out[..., 3:] / 255
    out[..., :3] = out[..., :3] * (1 - weight) + colour * alpha * weight
    return np.asarray(np.clip(out, 0, 255).astype(np.uint8))


def _mask(image: Array, points: Array) -> Array:
    """A pleated surgical mask from the nose's bridge to the chin."""
    eyes, mouth, nose = points[:2].mean(axis=0), points[3:].mean(axis=0), points[2]
    axis = mouth - eyes
    tall = float(np.linalg.norm(axis))
    across = np.array([axis[1], -axis[0]]) / tall
    down = axis / tall

    def at(x: float, y: float) -> tuple[float, float]:
        """The px of a place on the face, in distances between eyes and mouth."""
        place = eyes + across * x * tall + down * y * tall
        return float(place[0]), float(place[1])

    lean = float((nose - (eyes + mouth) / 2) @ across) / tall
    right = [at(0.58 + 0.4 * lean, 0.46), at(1.02 + 0.2 * lean, 0.62), at(0.96, 1.18), at(0.46, 1.74)]
    left = [at(-0.46, 1.74), at(-0.96, 1.18), at(-1.02 + 0.2 * lean, 0.62), at(-0.58 + 0.4 * lean, 0.46)]
    outline = smooth([at(lean, 0.36), *right, at(0.0, 1.84), *left], rounds=3)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    up = ((x - eyes[0]) * down[0] + (y - eyes[1]) * down[1]) / tall
    side = ((x - eyes[0]) * across[0] + (y - eyes[1]) * across[1]) / tall - lean
    shade = 1.0 - 0.20 * np.abs(side) ** 1.5 - 0.10 * np.maximum(up - 1.2, 0) + 0.035 * np.sin(up * 30)
    brightness = float(np.clip(np.median(image[120:200, 90:166, :3]) / 150, 0.55, 1.1))
    colour = np.array([226.0, 214.0, 190.0], dtype=np.float32) * brightness * shade[..., None]
    return _laid(image, outline, colour)


def _sunglasses(image: Array, points: Array) -> Array:
    """Two dark lenses and a bridge."""
    between = points[1] - points[0]
    apart = float(np.linalg.norm(between))
    across = between / apart
    down = np.array([-across[1], across[0]])
    out = image
    y = np.mgrid[0:SIDE, 0:SIDE][0].astype(np.float32)
    colour = (
        np.array([34.0, 30.0, 28.0], np.float32) * (1.5 - 0.6 * (y - points[0, 1] + 20) / 40).clip(0.6, 1.8)[..., None]
    )
    for eye, side in ((points[0], -1), (points[1], 1)):
        corners = [(-0.46, -0.26), (0.46, -0.26), (0.44, 0.20), (0.16, 0.38), (-0.16, 0.38), (-0.44, 0.20)]
        centre = eye + across * 0.04 * apart * side + down * 0.04 * apart
        outline = smooth([tuple(centre + across * a * apart + down * b * apart) for a, b in corners], rounds=3)
        out = _laid(out, outline, colour)
    bridge = [(-0.16, -0.14), (0.16, -0.14), (0.16, -0.06), (-0.16, -0.06)]
    middle = points[:2].mean(axis=0)
    return _laid(out, np.array([middle + across * a * apart + down * b * apart for a, b in bridge]), colour)


def _hood(image: Array, points: Array) -> Array:
    """A hood drawn far down: what it leaves free is nose, mouth and chin, in its shade."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    tall = float(np.linalg.norm(mouth - eyes))
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    away = np.hypot((x - points[2, 0]) / (0.95 * tall), (y - mouth[1]) / (1.02 * tall))
    weight = np.clip((away - 0.94) / 0.12, 0, 1)[..., None]
    out = image.astype(np.float32)
    alpha = out[..., 3:] / 255
    cloth = (40 + 26 * np.clip(1.9 - away, 0, 1))[..., None] * np.array([1.0, 0.92, 0.9], dtype=np.float32)
    shade = np.clip(0.30 + 0.75 * (y - eyes[1]) / tall, 0.25, 0.95)[..., None]
    out[..., :3] = out[..., :3] * shade * (1 - weight) + cloth * alpha * weight
    return np.asarray(np.clip(out, 0, 255).astype(np.uint8))


def _away(image: Array, points: Array) -> Array:
    """Nothing but hair: somebody who looks back over their shoulder."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    tall = float(np.linalg.norm(mouth - eyes))
    crown = image[: max(int(eyes[1] - 1.15 * tall), 12)]
    solid = crown[crown[..., 3] > 240]
    hair = np.median(solid[:, :3], axis=0) if len(solid) > 40 else np.array([40.0, 42.0, 48.0])
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    strands = cv2.resize(mottle()[100:140, 60:260], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    away = np.hypot((x - eyes[0]) / (1.55 * tall), (y - eyes[1]) / (2.0 * tall))
    shade = (1.12 - 0.42 * np.clip(away, 0, 1.4) ** 2) * (1 + 0.35 * strands)
    weight = np.clip((eyes[1] + 1.75 * tall - y) / (0.25 * tall), 0, 1)[..., None]
    out = image.astype(np.float32)
    out[..., :3] = out[..., :3] * (1 - weight) + hair * shade[..., None] * (out[..., 3:] / 255) * weight
    return np.asarray(np.clip(out, 0, 255).astype(np.uint8))


COVERS = {"away": _away, "mask": _mask, "sunglasses": _sunglasses, "hood": _hood}


def covered(head: Head, cover: str) -> Head:
    """`head` under nothing (``""``) or one of `COVERS`."""
    if cover == "":
        return head
    image = COVERS[cover](head.levels[0], head.landmarks)
    levels = [image]
    for level in head.levels[1:]:
        levels.append(cv2.resize(levels[-1], level.shape[1::-1], interpolation=cv2.INTER_AREA))
    return replace(head, levels=tuple(levels))

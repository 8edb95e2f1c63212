"""Heads: a passenger's pictures cut from their backdrop, and smoothly turned from one into another.

A head is drawn in the coordinates of its picture (256 px a side). Turning from picture A to picture B, both are bent by
a thin-plate spline (Bookstein 1989) so that their five landmarks meet at the ones in between, and cross-faded. Colours
are premultiplied by the mask: edges take no grey from the backdrop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from facelab.data.images import read_image
from facelab.data.people import BACKDROP, PersonPicture
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

SIDE = 256
FACE_M = 0.143
GRID = 9
_RIM = np.array([(x, y) for x in (0, 128, 256) for y in (0, 128, 256) if (x, y) != (128, 128)], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Head:
    """One picture of a head, ready to be drawn.

    Parameters
    ----------
    levels : tuple of (s, s, 4) arrays
        Premultiplied BGRA at 256, 128, 64 and 32 px a side.
    landmarks : (5, 2) array
        px at 256 px a side.
    face_width : float
        px at 256 px a side.
    cloth : (3,) array or None
        Colour (BGR) of what the person wears at the neck, where it can be seen.
    skin : (3,) array
        Colour (BGR) of the cheeks.
    """

    levels: tuple[Array, ...]
    landmarks: Array
    face_width: float
    cloth: Array | None
    skin: Array


class Bend(NamedTuple):
    """Which head, bent to which landmarks, with which weight."""

    head: Head
    landmarks: Array
    weight: float


def _edge_fade() -> Array:
    """(256, 256) weights that let a picture run out softly at the bottom and beside the shoulders."""
    x = np.arange(SIDE, dtype=np.float32)
    side = np.clip(np.minimum(x, SIDE - 1 - x) / 14, 0, 1)
    low = np.clip((SIDE - 3 - x) / 20, 0, 1)
    # only below the ears do the sides fade: hair that reaches the edge higher up does too, and is cut otherwise
    return np.asarray(np.minimum(np.minimum(1.0, side[None, :] ** 0.8), low[:, None]), dtype=np.float32)


def _cloth_colour(flat: Array, alpha: Array, landmarks: Array) -> Array | None:
    """Median colour of the lower corners, where enough of them is person."""
    middle = landmarks[3:, 0].mean()
    region = np.zeros((SIDE, SIDE), dtype=bool)
    region[236:253, 8 : max(int(middle - 62), 9)] = True
    region[236:253, min(int(middle + 62), 246) : 248] = True
    region &= alpha > 247
    if region.sum() < 250:
        return None
    return np.asarray(np.median(flat[region], axis=0))


_FADE = cv2.cvtColor((255 * _edge_fade()).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def load_head(picture: PersonPicture, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Head:
    """The head in `picture`, cut out, under a white balance of `tint` (gain of B, G, R).

    Raises
    ------
    BadInput
        The picture or its mask cannot be read, or the strip has no such mask.
    """
    image = read_image(picture.path)
    zoom = SIDE / image.shape[0]
    flat = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) if zoom != 1 else image
    landmarks = picture.landmarks * zoom
    if picture.mask is None:
        raise BadInput("a walking picture needs a mask", place=str(picture.path))
    strip = read_image(picture.mask)
    size = strip.shape[0]
    mask = strip[:, picture.mask_index * size : (picture.mask_index + 1) * size]
    if mask.shape != (size, size, 3):
        raise BadInput(f"the strip of masks has no mask {picture.mask_index}", place=str(picture.mask))
    alpha = cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    flat = cv2.transform(flat, np.diag(tint))
    cloth = _cloth_colour(flat, alpha[..., 0], landmarks)
    grey = cv2.transform(cv2.bitwise_not(alpha), np.diag(tint) * (BACKDROP / 255))
    colour = cv2.multiply(cv2.subtract(flat, grey), _FADE, scale=1 / 255)
    faded = cv2.multiply(alpha, _FADE, scale=1 / 255)[..., :1]
    levels = [cv2.merge([cv2.min(colour, cv2.merge([faded] * 3)), faded])]
    for side in (128, 64, 32):
        levels.append(cv2.resize(levels[-1], (side, side), interpolation=cv2.INTER_AREA))
    cheeks = ((landmarks[:2] + landmarks[3:]) / 2).astype(int)
    skin = np.median([flat[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3).mean(axis=0) for x, y in cheeks], axis=0)
    return Head(tuple(levels), landmarks, picture.face_width * zoom, cloth, skin)


def lit(head: Head, relief: tuple[float, float]) -> Head:
    """`head` darker on one side (a share; negative: the picture's left) and below the brows, as under such a light."""
    side, below = relief
    if side == 0 and below == 0:
        return head
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    middle, brow = head.landmarks[2, 0] / (SIDE / 2) - 1, head.landmarks[:2, 1].mean() - 12
    turned = 1 / (1 + np.exp(-7 * (x - middle) * np.sign(side))) if side != 0 else np.zeros_like(x)
    deep = 0.55 / (1 + np.exp(-(y - brow) / 4)) + 0.45 / (1 + np.exp(-(y - head.landmarks[3:, 1].mean() - 18) / 6))
    share = (1 - abs(side) * turned) * (1 - below * deep)
    weight = np.dstack([share, share, share, np.ones_like(share)]).astype(np.float32)
    levels = [cv2.multiply(head.levels[0], weight, dtype=cv2.CV_8U)]
    for level in head.levels[1:]:
        levels.append(cv2.resize(levels[-1], level.shape[1::-1], interpolation=cv2.INTER_AREA))
    return replace(head, levels=tuple(levels))


def _spline(controls: Array, values: Array, at: Array) -> Array:
    """Thin-plate spline through `values` (n, 2) at `controls` (n, 2), evaluated at `at` (m, 2)."""

    def kernel(a: Array, b: Array) -> Array:
        """r^2 log r^2 between all points of `a` and `b`."""
        square = ((a[:, None] - b[None]) ** 2).sum(axis=2)
        return np.asarray(square * np.log(square + 1e-9))

    n = len(controls)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = kernel(controls, controls)
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1 :] = controls
    system[n + 1 :, :n] = controls.T
    weights = np.linalg.solve(system, np.vstack([values, np.zeros((3, 2))]))
    return np.asarray(kernel(at, controls) @ weights[:n] + weights[n] + at @ weights[n + 1 :])


def bends(a: Head, b: Head, share: float, droop: float) -> tuple[list[Bend], Array]:
    """What to draw for a head that is `share` of the way from `a` to `b`, and its landmarks (5, 2).

    `droop` in [0, 1] lets the face sink towards the chin, as of someone who looks at a telephone.
    """
    landmarks = (1 - share) * a.landmarks + share * b.landmarks
    if droop > 0:
        chin = landmarks[3:].mean(axis=0) + 0.9 * (landmarks[3:].mean(axis=0) - landmarks[2])
        sunk = chin + (landmarks - chin) * np.array([1.0, 1.0 - 0.24 * droop])
        landmarks = sunk + np.array([0.0, 6.0 * droop])
    pairs = [(head, weight) for head, weight in ((a, 1 - share), (b, share)) if weight > 0.02]
    total = sum(weight for _, weight in pairs)
    return [Bend(head, landmarks, weight / total) for head, weight in pairs], landmarks


def _level(head: Head, scale: float) -> tuple[Array, float]:
    """The level for `scale` frame px a picture px, as soft as a lens would make it, and its shrinkage."""
    index = 0
    while index + 1 < len(head.levels) and scale * 2 ** (index + 1) <= 1.2:
        index += 1
    return head.levels[index], 0.5**index


def draw_head(parts: list[Bend], matrix: Array, size: tuple[int, int]) -> Array:
    """The head on a canvas of `size` (width, height): premultiplied BGRA (h, w, 4).

    Parameters
    ----------
    parts : list of Bend
        One picture, or two that are cross-faded.
    matrix : (2, 3) array
        From picture px (256 a side) to canvas px.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    layers = []
    for part in parts:
        image, shrink = _level(part.head, scale)
        moved = abs(part.landmarks - part.head.landmarks).max() * scale
        if moved < 0.25:
            small = matrix @ np.array([[1 / shrink, 0, 0], [0, 1 / shrink, 0], [0, 0, 1]])
            layers.append(cv2.warpAffine(image, small, size, flags=cv2.INTER_LINEAR))
            continue
        back = cv2.invertAffineTransform(matrix)
        gx, gy = np.meshgrid(np.linspace(0, size[0] - 1, GRID), np.linspace(0, size[1] - 1, GRID))
        at = np.stack([gx.ravel(), gy.ravel()], axis=1) @ back[:, :2].T + back[:, 2]
        source = _spline(np.vstack([part.landmarks, _RIM]), np.vstack([part.head.landmarks, _RIM]), at) * shrink
        layers.append(_remapped(image, source.reshape(GRID, GRID, 2), size))
    if len(layers) == 1:
        return np.asarray(layers[0])
    return np.asarray(cv2.addWeighted(layers[0], parts[0].weight, layers[1], parts[1].weight, 0))


def _remapped(image: Array, grid: Array, size: tuple[int, int]) -> Array:
    """`image` sampled at a coarse grid of source positions, made smooth over a canvas of `size`."""
    n = grid.shape[0] - 1
    stretch = np.array([[(size[0] - 1) / n, 0, 0], [0, (size[1] - 1) / n, 0]], dtype=np.float64)
    fine = cv2.warpAffine(
        grid.astype(np.float32), stretch, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cv2.remap(image, fine[..., 0], fine[..., 1], cv2.INTER_LINEAR))

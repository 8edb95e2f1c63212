"""Laying people over the scene, nearest last, and keeping count of how much of each face is left to be seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.data.terminal.camera import FRAME_SIZE, Array

_OVAL = np.array([(x, y) for x in np.linspace(-0.8, 0.8, 7) for y in np.linspace(-0.85, 0.85, 9)])
_AXIS = np.linspace(-2.2, 2.2, 48)
_BLOB = (255 * (1 - 0.42 * np.exp(-(_AXIS[:, None] ** 2) - _AXIS[None] ** 2))).astype(np.uint8)
BLOCK = 20
OVAL = _OVAL[(_OVAL**2).sum(axis=1) <= 1.0]


@dataclass(eq=False)
class FaceSeen:
    """A face in one frame: its box, and the sight of points spread over its oval (1: in plain sight)."""

    passage_id: str
    subject_id: str
    box: Array
    points: Array
    sight: Array

    @classmethod
    def at(cls, passage_id: str, subject_id: str, box: Array, size: tuple[int, int] = FRAME_SIZE) -> FaceSeen:
        """A face at `box` (4,), of which what lies outside the frame of `size` is not seen."""
        half = (box[2:] - box[:2]) / 2
        points = np.round(box[:2] + half + OVAL * half).astype(np.int64)
        inside = (points >= 0).all(axis=1) & (points < size).all(axis=1)
        return cls(passage_id, subject_id, box, points, inside.astype(np.float32))

    @property
    def visible(self) -> float:
        """The share of the face that is seen."""
        return float(self.sight.mean())


def nearest_in_blocks(things: Array) -> Array:
    """The least depth in each block of `BLOCK` x `BLOCK` px: most layers lie where nothing can hide them."""
    h, w = (-(-side // BLOCK) for side in things.shape)
    padded = np.full((h * BLOCK, w * BLOCK), np.inf, dtype=np.float32)
    padded[: things.shape[0], : things.shape[1]] = things
    return np.asarray(padded.reshape(h, BLOCK, w, BLOCK).min(axis=(1, 3)))


class Canvas:
    """One frame in the making.

    Parameters
    ----------
    picture : (h, w, 3) array
        8-bit BGR, painted over.
    things : (h, w) array
        Depth of what stands in the scene, m.
    nearest : array, optional
        Of `nearest_in_blocks`, where it is known already.
    """

    def __init__(self, picture: Array, things: Array, nearest: Array | None = None) -> None:
        self.picture = picture
        self.size = (picture.shape[1], picture.shape[0])
        self.things = things
        self._nearest = nearest_in_blocks(things) if nearest is None else nearest
        self.faces: list[FaceSeen] = []

    def lay(self, layer: Array, corner: tuple[int, int], depth: float, gain: float) -> None:
        """Blend a premultiplied BGRA `layer` (h, w, 4), lit by `gain`, at `corner` (x, y).

        What stands nearer than `depth` hides it.
        """
        x0, y0 = max(corner[0], 0), max(corner[1], 0)
        x1, y1 = min(corner[0] + layer.shape[1], self.size[0]), min(corner[1] + layer.shape[0], self.size[1])
        if x1 <= x0 or y1 <= y0:
            return
        layer = layer[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]]
        blocks = self._nearest[y0 // BLOCK : -(-y1 // BLOCK), x0 // BLOCK : -(-x1 // BLOCK)]
        if blocks.min() < depth:
            nearer = cv2.inRange(self.things[y0:y1, x0:x1], np.zeros(1), np.full(1, depth))
            if cv2.countNonZero(nearer):
                layer = cv2.bitwise_and(layer, layer, mask=cv2.bitwise_not(nearer))
        alpha = cv2.extractChannel(layer, 3)
        spot = self.picture[y0:y1, x0:x1]
        rest = cv2.cvtColor(cv2.bitwise_not(alpha), cv2.COLOR_GRAY2BGR)
        behind = cv2.multiply(spot, rest, scale=1 / 255)
        cv2.addWeighted(behind, 1.0, cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR), gain, 0.0, spot)
        self._hide(alpha, x0, y0)

    def _hide(self, alpha: Array, x0: int, y0: int) -> None:
        h, w = alpha.shape
        for face in self.faces:
            if face.box[0] > x0 + w or face.box[2] < x0 or face.box[1] > y0 + h or face.box[3] < y0:
                continue
            x, y = face.points[:, 0] - x0, face.points[:, 1] - y0
            inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
            face.sight[inside] *= 1 - alpha[y[inside], x[inside]] / np.float32(255)

    def face(self, face: FaceSeen, depth: float) -> None:
        """Count a face that has just been laid, at `depth`, from now on."""
        x = np.clip(face.points[:, 0], 0, self.size[0] - 1)
        y = np.clip(face.points[:, 1], 0, self.size[1] - 1)
        face.sight[self.things[y, x] < depth] = 0
        self.faces.append(face)

    def shadow(self, at: Array, size: tuple[float, float]) -> None:
        """Darken the floor softly around `at` (x, y), `size` px wide and high."""
        w, h = max(int(size[0]), 2), max(int(size[1]), 2)
        x0, y0 = int(at[0] - w / 2), int(at[1] - h / 2)
        left, top = max(x0, 0), max(y0, 0)
        right, bottom = min(x0 + w, self.size[0]), min(y0 + h, self.size[1])
        if right <= left or bottom <= top:
            return
        blob = cv2.resize(_BLOB, (w, h), interpolation=cv2.INTER_LINEAR)
        spot = self.picture[top:bottom, left:right]
        part = blob[top - y0 : bottom - y0, left - x0 : right - x0]
        cv2.multiply(spot, cv2.cvtColor(part, cv2.COLOR_GRAY2BGR), spot, scale=1 / 255)

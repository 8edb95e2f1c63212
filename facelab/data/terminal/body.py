"""A walking body: its pieces put together for each phase of the step, once, so that a frame needs a single warp."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.data.terminal.clothes import Look, Piece, limb, torso, with_end

if TYPE_CHECKING:
    from facelab.data.terminal.camera import Array

PHASES = 12
FINEST = 270.0
NECK = 0.886
"""Where the torso's joint is, as a share of the height."""

_HALF_M, _ABOVE_M, _BELOW_M = 0.34, 0.08, 0.10
_DIP = 0.30  # how much lower a step towards the camera is seen: the sine of the camera's downward look


def over(base: Array, layer: Array) -> None:
    """Blend premultiplied BGRA `layer` over `base` in place."""
    rest = cv2.bitwise_not(layer[..., 3])
    cv2.multiply(base, cv2.merge([rest, rest, rest, rest]), base, scale=1 / 255)
    cv2.add(base, layer, base)


class Body:
    """Somebody's body below the chin.

    Parameters
    ----------
    dress : Look
        What it looks like.
    per_m : float
        px a metre at which it is drawn, at most `FINEST`.
    seed : int
        Of the folds.
    """

    def __init__(self, dress: Look, per_m: float, seed: int) -> None:
        self.dress = dress
        self.per_m = min(per_m, FINEST)
        h, shoe = dress.height_m / 1.7, (30.0, 28.0, 28.0)
        arm = limb(0.50 * h, (0.105, 0.088, 0.060), dress.fabric, self.per_m, seed=seed + 1)
        leg = limb(0.90 * h, (0.180, 0.132, 0.105), dress.trousers, self.per_m, seed=seed + 2)
        skin = tuple(0.78 * value for value in dress.skin)
        self._torso = torso(dress, self.per_m, seed=seed)
        self._arm = _shaded(with_end(arm, (skin[0], skin[1], skin[2]), 0.056, 0.12), 0.90)
        leg = with_end(leg, shoe, 0.095, 0.12)
        self._leg, self._leg_behind = _shaded(leg, 0.97), _shaded(leg, 0.80)
        self._phases: dict[int, tuple[Piece, Piece]] = {}

    def at(self, phase: float, scale: float) -> Piece:
        """The body at a phase of the step (rad), at half size where `scale` (frame px a px) is small."""
        index = round(phase / (2 * pi) * PHASES) % PHASES
        if index not in self._phases:
            full = self._composed(2 * pi * index / PHASES)
            half = cv2.resize(full.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            small = Piece(half, full.per_m / 2, (full.joint[0] / 2, full.joint[1] / 2))
            self._phases[index] = (full, small)
        return self._phases[index][scale < 0.55]

    def _composed(self, phase: float) -> Piece:
        d, h = self.dress, self.dress.height_m / 1.7
        tall = NECK * d.height_m
        size = (round(2 * _HALF_M * self.per_m), round((_ABOVE_M + tall + _BELOW_M) * self.per_m))
        canvas = np.zeros((size[1], size[0], 4), dtype=np.uint8)
        joint = (_HALF_M * self.per_m, _ABOVE_M * self.per_m)
        origin = np.array(joint)
        for side in sorted((-1, 1), key=lambda side: side * sin(phase)):  # the leg behind first
            swing = 0.36 * side * sin(phase)
            foot = tall - 0.03 - 0.08 * max(side * cos(phase), 0.0) + _DIP * swing * 0.90 * h
            ends = np.array([(0.080 * side, tall - 0.535 * d.height_m), (0.078 * side, foot)])
            leg = self._leg_behind if side * sin(phase) < 0 else self._leg
            _swing(canvas, leg, origin + ends * self.per_m, 0.90 * h)
        for side in (-1, 1):
            swing = -0.40 * side * sin(phase)
            top = ((d.shoulder_m - 0.042) * side, 0.115)
            hand = ((d.shoulder_m - 0.004) * side, 0.115 + 0.50 * h * (cos(swing) + _DIP * swing))
            _swing(canvas, self._arm, origin + np.array([top, hand]) * self.per_m, 0.50 * h)
        neck = np.array([joint, (joint[0], joint[1] + self.per_m)])
        _swing(canvas, self._torso, neck, 1.0)
        return Piece(canvas, self.per_m, joint)


def _shaded(piece: Piece, shade: float) -> Piece:
    """`piece`, `shade` times as bright."""
    return Piece(np.asarray(cv2.transform(piece.image, np.diag([shade, shade, shade, 1.0]))), piece.per_m, piece.joint)


def _swing(canvas: Array, piece: Piece, ends: Array, length_m: float) -> None:
    """Lay a limb onto `canvas` from one end (px) to the other."""
    run = (ends[1] - ends[0]) / (length_m * piece.per_m)
    matrix = np.array([[1.0, run[0]], [0.0, run[1]]])
    h, w = piece.image.shape[:2]
    corners = (np.array([(0, 0), (w, 0), (0, h), (w, h)], dtype=float) - piece.joint) @ matrix.T + ends[0]
    x0, y0 = (max(int(value) - 1, 0) for value in corners.min(axis=0))
    x1, y1 = (min(int(value) + 2, side) for value, side in zip(corners.max(axis=0), canvas.shape[1::-1]))
    if x1 <= x0 or y1 <= y0:
        return
    full = np.column_stack([matrix, ends[0] - matrix @ np.array(piece.joint) - np.array([x0, y0])])
    over(canvas[y0:y1, x0:x1], np.asarray(cv2.warpAffine(piece.image, full, (x1 - x0, y1 - y0))))

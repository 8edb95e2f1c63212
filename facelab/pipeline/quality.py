"""How good a detected face is for recognition: sharpness, size, pose and the detector's own score, each in [0, 1].

All are read off what the pipeline has anyway (box, five landmarks, aligned crop), so they cost a fraction of a
millisecond a face. They rank the faces of a passage and weigh them in its template; what they are worth against error
rates is measured elsewhere (error-versus-discard curves). The combined quality is the geometric mean

    q = (size * pose * sharpness * score) ** (1/4),

which is 0 where any of them is, and 1 only where all are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.types import Checked, Floats, shaped

if TYPE_CHECKING:
    from facelab.config import Quality
    from facelab.types import Bools, Faces, Image

# The crop is brought to this side before its sharpness is read, so that faces of 48 px and of 300 px compare.
SHARPNESS_SIDE = 48
HALF_SHARPNESS = 0.04
HALF_WIDTH_PX = 24.0
# Landmarks of a face that looks into the camera: the nose below the eyes, as a share of the way down to the mouth.
FRONTAL_PITCH = 0.55


@dataclass(frozen=True, eq=False)
class FaceQuality(Checked):
    """The quality of n faces, each measure (n,) float32 in [0, 1].

    Parameters
    ----------
    sharpness, size, pose, score : (n,) arrays
        As `sharpness`, `size_quality` and `pose_quality` give them; `score` is the detector's, clipped.
    """

    sharpness: Floats
    size: Floats
    pose: Floats
    score: Floats

    def __post_init__(self) -> None:
        n = len(self.score)
        for name in ("sharpness", "size", "pose", "score"):
            self._set(**{name: shaped(name, np.clip(getattr(self, name), 0.0, 1.0), np.float32, (n,))})

    @property
    def combined(self) -> Floats:
        """(n,) the geometric mean of the four."""
        product = self.sharpness.astype(np.float64) * self.size * self.pose * self.score
        return np.asarray(product**0.25, dtype=np.float32)


def face_quality(faces: Faces, crops: Image) -> FaceQuality:
    """The quality of `faces`, of which `crops` (n, S, S, 3) are the aligned pictures, BGR."""
    return FaceQuality(
        sharpness=np.array([sharpness(crop) for crop in crops], np.float32),
        size=size_quality(faces.box[:, 2] - faces.box[:, 0]),
        pose=pose_quality(faces.landmarks),
        score=faces.score,
    )


def embeddable(width_px: Floats, quality: Floats, rule: Quality) -> Bools:
    """(n,) which faces may be embedded at all: wide enough, good enough, and aligned (quality above 0).

    Parameters
    ----------
    width_px : (n,) array
        Of the boxes, px.
    quality : (n,) array
        Combined.
    rule : Quality
        The narrowest and the worst that are taken.
    """
    return np.asarray((width_px >= rule.min_width_px) & (quality >= rule.min_quality) & (quality > 0), dtype=np.bool_)


def sharpness(crop: Image) -> float:
    """How sharp an aligned crop (S, S, 3) BGR is, in [0, 1].

    With g the grey middle of the crop (no background) at 48 x 48, L its Laplacian and e = Var(L) / Var(g) its energy:
    e / (e + 0.04). Dividing by Var(g) takes contrast and exposure out; the fixed side takes the size of a face out as
    long as it has that many pixels. A crop without contrast is 0.
    """
    side = crop.shape[0]
    edge = side // 7
    grey = cv2.cvtColor(crop[edge : side - edge, edge : side - edge], cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    (_, spread), (_, edges) = cv2.meanStdDev(grey), cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    variance = float(spread[0, 0]) ** 2
    if variance < 1.0:
        return 0.0
    energy = float(edges[0, 0]) ** 2 / variance
    return energy / (energy + HALF_SHARPNESS)


def size_quality(width_px: Floats) -> Floats:
    """(n,) what is left of recognition at a box of that width: 1 / (1 + (24 / w)^4).

    Half at 24 px, .76 at 32, .94 at 48, and 1 from about 100 px on: the recogniser's crop has no room for more.
    """
    w = np.maximum(np.asarray(width_px, np.float64), 1e-6)
    return np.asarray(1.0 / (1.0 + (HALF_WIDTH_PX / w) ** 4), dtype=np.float32)


def pose_quality(landmarks: Floats) -> Floats:
    """(n,) exp(-(yaw / .35)^2 - (pitch / .35)^2 - (roll / 45)^2) of `pose`; roll costs little, alignment undoes it."""
    yaw, pitch, roll = pose(landmarks).T
    penalty = (yaw / 0.35) ** 2 + (pitch / 0.35) ** 2 + (roll / 45.0) ** 2
    return np.asarray(np.exp(-penalty), dtype=np.float32)


def pose(landmarks: Floats) -> Floats:
    """(n, 3) yaw, pitch and roll proxies of `landmarks` (n, 5, 2).

    In coordinates along the line of the eyes (unit: the distance from the middle of the eyes to that of the mouth),
    yaw is how far the nose lies to the right of the line from eyes to mouth (0 frontal, about .5 at 45 degrees), pitch
    how far below the eyes less .55 (0 frontal; negative looking up), and roll the angle of the eyes' line in degrees.
    Landmarks that fall together give a pose so far off that its quality is 0.
    """
    points = np.asarray(landmarks, np.float64)
    left, right, nose = points[:, 0], points[:, 1], points[:, 2]
    eyes, mouth = (left + right) / 2, (points[:, 3] + points[:, 4]) / 2
    across, down = right - left, mouth - eyes
    length = np.hypot(*down.T)
    unit = np.where(length > 1e-6, length, np.nan)
    to_nose = nose - eyes
    # the nose in the basis of the line from eyes to mouth and its normal
    along = (to_nose * down).sum(axis=1) / unit**2
    aside = (to_nose[:, 0] * down[:, 1] - to_nose[:, 1] * down[:, 0]) / unit**2
    roll = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    return np.column_stack([np.nan_to_num(aside, nan=9.0), np.nan_to_num(along - FRONTAL_PITCH, nan=9.0), roll])

"""Faces made worse on purpose, one way at a time: smaller, blurred, compressed, badly lit, covered.

What a picture loses by a cause is seen only where nothing else changes, so each degradation is applied to the same good
face: brought to a width of 112 px first (that of the recogniser's crop), or left as wide as it is where it is narrower.

=============  ====================================================  ===============================================
kind           level                                                 what is done
=============  ====================================================  ===============================================
width          width of the face, px                                 shrunk by area; the crop enlarges it again
blur           sigma of a Gaussian, px on a face of 112 px           defocus and motion come close to it
jpeg           quality of the encoder, 1 to 100                      encoded and decoded
exposure       stops, linear light times 2^level                     clipped at white, rounded to 8 bits; no noise added
occlusion      share of the face's width                             a grey bar from the picture's left
mask           share of the way from the mouth to the eyes           a drawn mask from there down to the chin
=============  ====================================================  ===============================================

None of them is a camera: a small face in a real picture is blurred and noisy too. They bound what can be hoped for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.types import Floats, Image

Kind: TypeAlias = Literal["width", "blur", "jpeg", "exposure", "occlusion", "mask"]
FULL_PX = 112.0
GAMMA = 2.2
GREY, CLOTH = (128, 128, 128), (214, 208, 190)
UNITS = {"width": "px", "blur": "px", "jpeg": "", "exposure": "stops", "occlusion": "", "mask": ""}
_RANGE = {
    "width": (4.0, FULL_PX),
    "blur": (0.0, 50.0),
    "jpeg": (1.0, 100.0),
    "exposure": (-10.0, 10.0),
    "occlusion": (0.0, 1.0),
    "mask": (0.0, 1.0),
}


@dataclass(frozen=True)
class Degradation:
    """One way in which a face is made worse, and how much.

    Parameters
    ----------
    kind : {"width", "blur", "jpeg", "exposure", "occlusion", "mask"}
        See the table above.
    level : float
        In the units of the table.
    """

    kind: Kind
    level: float

    def __post_init__(self) -> None:
        if self.kind not in _RANGE:
            raise BadInput(f"must be one of {', '.join(_RANGE)}, it is {self.kind!r}", place="kind")
        low, high = _RANGE[self.kind]
        if not low <= self.level <= high:
            raise BadInput(f"must lie between {low:g} and {high:g}, it is {self.level}", place=f"level of {self.kind}")

    def __str__(self) -> str:
        share = self.kind in ("occlusion", "mask")
        value = (
            f"{100 * self.level:g} %" if share else f"{self.level:+g}" if self.kind == "exposure" else f"{self.level:g}"
        )
        return f"{self.kind} {value} {UNITS[self.kind]}".strip()


FULL = Degradation("width", FULL_PX)
FEW = tuple(
    Degradation(kind, level)  # type: ignore[arg-type]  # the keys are kinds
    for kind, levels in {
        "width": (112, 48, 32, 24, 16),
        "blur": (4,),
        "jpeg": (10,),
        "exposure": (2,),
        "occlusion": (0.4,),
        "mask": (0.4,),
    }.items()
    for level in levels
)
"""A few of each kind, for a notebook."""

MANY = tuple(
    Degradation(kind, level)  # type: ignore[arg-type]  # the keys are kinds
    for kind, levels in {
        "width": (112, 96, 80, 64, 56, 48, 40, 32, 28, 24, 20, 16),
        "blur": (1, 2, 3, 4, 5, 6),
        "jpeg": (90, 50, 30, 20, 10, 5),
        "exposure": (-4, -3, -2, -1, 1, 2, 3),
        "occlusion": (0.1, 0.2, 0.3, 0.4, 0.5),
        "mask": (0.15, 0.4, 0.6),
    }.items()
    for level in levels
)
"""All levels, for a benchmark."""


@dataclass(frozen=True, eq=False)
class GoodFace:
    """A face before anything was done to it: the picture (H, W, 3), the box (4,) xyxy and landmarks (5, 2), px."""

    image: Image
    box: Floats
    landmarks: Floats

    @property
    def width_px(self) -> float:
        """The width of the box, px."""
        return float(self.box[2] - self.box[0])

    def narrowed(self, width_px: float) -> GoodFace:
        """The picture shrunk until the face is `width_px` wide; as it is where it is narrower."""
        scale = width_px / self.width_px
        if scale >= 1:
            return self
        rows, columns = (max(1, round(side * scale)) for side in self.image.shape[:2])
        exact = np.array([columns / self.image.shape[1], rows / self.image.shape[0]])
        shrunk = cv2.resize(self.image, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.uint8)
        # pixel centres: x' = (x + 1/2) s - 1/2
        landmarks = (np.asarray(self.landmarks, np.float64) + 0.5) * exact - 0.5
        return GoodFace(shrunk, np.asarray(self.box, np.float64) * np.tile(exact, 2), landmarks)


def degraded(face: GoodFace, degradation: Degradation) -> GoodFace:
    """`face` after one degradation: the same face in another picture."""
    if degradation.kind == "width":
        return face.narrowed(degradation.level)
    good = face.narrowed(FULL_PX)
    return GoodFace(_WAYS[degradation.kind](good, degradation.level), good.box, good.landmarks)


def _blurred(face: GoodFace, sigma: float) -> Image:
    if sigma == 0:
        return face.image
    scaled = sigma * face.width_px / FULL_PX
    return cv2.GaussianBlur(face.image, (0, 0), scaled, borderType=cv2.BORDER_REPLICATE).astype(np.uint8)


def _compressed(face: GoodFace, quality: float) -> Image:
    _, code = cv2.imencode(".jpg", face.image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)


def _exposed(face: GoodFace, stops: float) -> Image:
    light = (np.arange(256) / 255.0) ** GAMMA * 2.0**stops
    table = np.rint(255 * np.clip(light, 0, 1) ** (1 / GAMMA)).astype(np.uint8)
    return np.asarray(cv2.LUT(face.image, table), np.uint8)


def _covered(face: GoodFace, share: float) -> Image:
    image = face.image.copy()
    x1, y1, x2, y2 = np.rint(face.box).astype(int)
    right = round(x1 + share * (x2 - x1))
    image[max(y1, 0) : max(y2, 0), max(x1, 0) : max(right, 0)] = GREY
    return image


def _masked(face: GoodFace, share: float) -> Image:
    """A drawn mask: from `share` of the way up from mouth to eyes at the nose, a little lower at the cheeks."""
    points = np.asarray(face.landmarks, np.float64)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    up = eyes - mouth
    across = np.array([-up[1], up[0]])  # towards the right of the picture, as long as `up`
    top, half = mouth + share * up, 0.78 * across
    outline = [
        top + 0.35 * half,
        mouth + (share - 0.12) * up + half,
        mouth - 0.55 * up + 0.75 * half,
        mouth - 0.95 * up,
        mouth - 0.55 * up - 0.75 * half,
        mouth + (share - 0.12) * up - half,
        top - 0.35 * half,
    ]
    image = face.image.copy()
    cv2.fillPoly(image, [np.rint(np.array(outline)).astype(np.int32)], CLOTH, lineType=cv2.LINE_AA)
    return image


_WAYS: dict[str, Callable[[GoodFace, float], Image]] = {
    "blur": _blurred,
    "jpeg": _compressed,
    "exposure": _exposed,
    "occlusion": _covered,
    "mask": _masked,
}

"""Detection: the faces in one picture, by SCRFD or by YuNet on ONNX Runtime.

The picture is scaled so that its longer side is `Detection.input_size`, laid into the top left corner of a black
canvas, and the model's three grids of cells (8, 16 and 32 px wide) are read where a score reaches `min_score`. Boxes
may reach beyond the picture: a face that its edge cuts is boxed as the detector imagines it.

SCRFD is read as InsightFace reads it, and agrees with it to a fraction of a pixel where the canvas is square as
InsightFace's is (`Detection.canvas`). By default the black margin is trimmed to the next whole cell, for a quarter to a
half less time: then a face that the edge of the picture cuts gets another box (up to 80 px on real footage); what that
does to tracks and errors is measured in docs/speed.md. One scale serves both axes, as there: after rounding to whole
pixels a coordinate may be off by as much as one pixel of the input at the far end of the shorter side.

Sources: J. Guo et al., Sample and computation redistribution for efficient face detection, ICLR 2022 (SCRFD); W. Wu
et al., YuNet: a tiny millisecond-level face detector, Machine Intelligence Research 20, 2023.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from facelab.config_base import Settings
from facelab.errors import BadInput
from facelab.types import LANDMARKS, Faces, Floats, Image, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab import config
    from facelab.pipeline.sessions import Model

STRIDES = (8, 16, 32)
SCRFD_ANCHORS = 2
SCRFD_OUTPUTS = 3 * len(STRIDES)
_COARSEST = max(STRIDES)
_THREAD = threading.local()


class Detector(Settings):
    """All that the use of a detector depends on, besides its file."""

    kind: Literal["scrfd", "yunet"] = Field(description="how the outputs are read")
    colour: Literal["rgb", "bgr"] = Field(description="order of the channels that the model takes")
    mean: float = Field(description="subtracted from each value, 0 to 255")
    scale: float = Field(gt=0, description="each value is divided by it, after the mean is taken off")
    canvas: Literal["square", "trimmed"] = Field(
        description="square: black up to the longer side; trimmed: up to the next multiple of 32"
    )


class Candidates(NamedTuple):
    """What a model proposes, in pixels of its input: box (n, 4), score (n,), landmarks (n, 5, 2)."""

    box: Floats
    score: Floats
    landmarks: Floats


def detected_faces(image: Image, model: Model, detector: Detector, settings: config.Detection) -> Faces:
    """The faces in `image`, the highest score first.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        BGR.
    model : Model
        The detector.
    detector : Detector
        What it takes and how it is read.
    settings : Detection
        Size of the input, least score, overlap.

    Raises
    ------
    BadInput
        `image` has another shape or type, or no pixel.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise BadInput(f"an image must be uint8 (H, W, 3), this is {image.dtype} {image.shape}", place="image")
    if settings.canvas == "trimmed":
        detector = detector.model_copy(update={"canvas": "trimmed"})
    tensor, scale = input_tensor(image, settings.input_size, detector)
    outputs = model.outputs(tensor)
    read = scrfd_candidates if detector.kind == "scrfd" else yunet_candidates
    found = read(outputs, tensor.shape[3], settings.min_score)
    box = found.box / scale
    kept = suppressed(box, found.score, settings.nms_iou)
    return Faces(box[kept], found.score[kept], found.landmarks[kept] / scale)


def input_tensor(image: Image, longest: int, detector: Detector) -> tuple[Floats, float]:
    """What the detector is given for `image`, and the scale from the picture to it.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        BGR.
    longest : int
        Length of the longer side, px; a multiple of 32.
    detector : Detector
        Its canvas, colour, mean and scale.

    Returns
    -------
    tensor : (1, 3, h, w) float32 array
        The scaled picture in the top left corner of black. It is the thread's own and holds until the next call.
    scale : float
        Pixels of the tensor per pixel of the picture.
    """
    height, width = image.shape[:2]
    if height > width:
        rows, columns = longest, max(1, longest * width // height)
    else:
        rows, columns = max(1, longest * height // width), longest
    if (rows, columns) != (height, width):
        image = np.asarray(cv2.resize(image, (columns, rows)), dtype=np.uint8)
    high, wide = (longest, longest) if detector.canvas == "square" else (_whole_cells(rows), _whole_cells(columns))
    tensor = _reused(high, wide)
    factor, black = np.float32(1 / detector.scale), np.float32(-detector.mean / detector.scale)
    tensor[:, :, rows:] = tensor[:, :, :rows, columns:] = black
    planes = cv2.split(image)
    for plane, values in zip(planes if detector.colour == "bgr" else reversed(planes), tensor[0, :, :rows, :columns]):
        np.multiply(plane, factor, out=values, dtype=np.float32)
        values += black
    return tensor, rows / height if height > width else columns / width


def scrfd_candidates(outputs: Sequence[Floats], width: int, min_score: float) -> Candidates:
    """What SCRFD proposes at `min_score` or more.

    Parameters
    ----------
    outputs : sequence of nine arrays
        Scores of the three grids, then distances to left, top, right and bottom, then offsets of the landmarks, both
        in cells, from the cell's corner; two anchors a cell, row by row.
    width : int
        Width of the model's input, px.
    min_score : float
        Least score of a candidate.
    """
    levels = []
    for level, stride in enumerate(STRIDES):
        score = outputs[level].reshape(-1)
        at = np.flatnonzero(score >= min_score)
        corner = _corners(at // SCRFD_ANCHORS, width // stride)
        reach = outputs[level + 3].reshape(-1, 2, 2)[at]
        points = outputs[level + 6].reshape(-1, LANDMARKS, 2)[at]
        box = np.concatenate([corner - reach[:, 0], corner + reach[:, 1]], axis=1)
        levels.append(Candidates(box * stride, score[at], (corner[:, None] + points) * stride))
    return _joined(levels)


def yunet_candidates(outputs: Sequence[Floats], width: int, min_score: float) -> Candidates:
    """What YuNet proposes at `min_score` or more; the score is sqrt(class * objectness).

    Parameters
    ----------
    outputs : sequence of twelve arrays
        Class, objectness, box (centre from the cell's corner in cells, logarithm of the size in cells) and landmarks of
        the three grids; one row a cell.
    width : int
        Width of the model's input, px.
    min_score : float
        Least score of a candidate.
    """
    levels = []
    for level, stride in enumerate(STRIDES):
        parts = [np.clip(outputs[level + offset].reshape(-1), 0, 1) for offset in (0, 3)]
        score = np.sqrt(parts[0] * parts[1])
        at = np.flatnonzero(score >= min_score)
        corner = _corners(at, width // stride)
        place = outputs[level + 6].reshape(-1, 4)[at]
        points = outputs[level + 9].reshape(-1, LANDMARKS, 2)[at]
        centre, half = corner + place[:, :2], np.exp(place[:, 2:]) / 2
        box = np.concatenate([centre - half, centre + half], axis=1)
        levels.append(Candidates(box * stride, score[at], (corner[:, None] + points) * stride))
    return _joined(levels)


def suppressed(box: Floats, score: Floats, iou: float) -> Ints:
    """Positions that stay, strongest first, when each box drops the weaker ones that overlap it by more than `iou`.

    Areas count the last pixel in, as InsightFace's do.
    """
    order = np.argsort(-score, kind="stable")
    box = box[order]
    low, high = box[:, :2], box[:, 2:] + 1
    area = np.prod(high - low, axis=1)
    alive = np.ones(len(order), dtype=bool)
    for i in range(len(order)):
        if alive[i]:
            common = np.clip(np.minimum(high[i], high[i + 1 :]) - np.maximum(low[i], low[i + 1 :]), 0, None).prod(
                axis=1
            )
            alive[i + 1 :] &= common <= iou * (area[i] + area[i + 1 :] - common)
    return order[alive]


def _whole_cells(side: int) -> int:
    """`side` rounded up to whole cells of the coarsest grid, px."""
    return -(-side // _COARSEST) * _COARSEST


def _reused(high: int, wide: int) -> Floats:
    """An array (1, 3, high, wide) float32 that the thread keeps: a new one a picture costs 1 ms of page faults."""
    tensor: Floats | None = getattr(_THREAD, "tensor", None)
    if tensor is None or tensor.shape[2:] != (high, wide):
        tensor = _THREAD.tensor = np.empty((1, 3, high, wide), dtype=np.float32)
    return tensor


def _corners(cells: Ints, columns: int) -> Floats:
    """(n, 2) column and row of `cells` in a grid that is `columns` wide."""
    return np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)


def _joined(levels: list[Candidates]) -> Candidates:
    """The candidates of all grids."""
    return Candidates(*(np.concatenate(parts) for parts in zip(*levels)))

"""Embedding: aligned crops to unit vectors; how alike two faces are is the dot product of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from pydantic import Field

from facelab.config_base import Settings
from facelab.errors import BadInput
from facelab.pipeline.alignment import CROP_PX

if TYPE_CHECKING:
    from facelab.pipeline.sessions import Model
    from facelab.types import Floats, Image


class Recognition(Settings):
    """All that the use of a recogniser depends on, besides its file."""

    template: Literal["arcface_112"] = Field("arcface_112", description="where the five landmarks lie in a crop")
    colour: Literal["rgb", "bgr"] = Field("rgb", description="order of the channels that the model takes")
    mean: float = Field(127.5, description="subtracted from each value, 0 to 255")
    scale: float = Field(127.5, gt=0, description="each value is divided by it, after the mean is taken off")
    dimension: int = Field(512, ge=2, description="length of an embedding")
    batch: int = Field(1, ge=1, description="crops that are given to the model at once, at most")


def embeddings(crops: Image, model: Model, recognition: Recognition) -> Floats:
    """The embedding of each crop.

    Parameters
    ----------
    crops : (n, 112, 112, 3) uint8 array
        Aligned faces, BGR.
    model : Model
        The recogniser.
    recognition : Recognition
        What it takes.

    Returns
    -------
    (n, d) float32 array
        Unit vectors; a row is NaN (a failed acquisition) where the model gives no direction at all.

    Raises
    ------
    BadInput
        `crops` has another shape or type.
    """
    if crops.ndim != 4 or crops.shape[1:] != (CROP_PX, CROP_PX, 3) or crops.dtype != np.uint8:
        raise BadInput(f"crops must be uint8 (n, 112, 112, 3), they are {crops.dtype} {crops.shape}", place="crops")
    found = np.empty((len(crops), recognition.dimension), dtype=np.float32)
    batch = 1 if model.on_cpu else recognition.batch  # batches gain nothing on a CPU, and there a crop stays alone
    for start in range(0, len(crops), batch):
        part = slice(start, start + batch)
        tensor = cv2.dnn.blobFromImages(
            list(crops[part]),
            1.0 / recognition.scale,
            mean=(recognition.mean,) * 3,
            swapRB=recognition.colour == "rgb",
        )
        found[part] = model.outputs(tensor)[0]
    return _unit(found)


def _unit(vectors: Floats) -> Floats:
    """`vectors` (n, d) divided by their lengths; NaN where the length is zero or not finite."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    length[~((length > 0) & np.isfinite(length))] = np.nan
    return np.asarray(vectors / length, dtype=np.float32)

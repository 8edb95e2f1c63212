"""Alignment: each face turned, scaled and moved so that its five landmarks fall on the recogniser's template.

The transform is the least-squares similarity (Umeyama 1991). In the plane it has a closed form: with landmarks p and
template q as complex numbers about their means,

    z = sum(conj(p) q) / sum(|p|^2),    q ~ z p + t,    t = mean(q) - z mean(p)

where |z| is the scale and arg(z) the rotation. A reflection cannot come out, so none has to be ruled out.

Source: S. Umeyama, Least-squares estimation of transformation parameters between two point patterns, IEEE TPAMI 13(4),
1991. The template is the one that ArcFace and its successors are trained on, for crops of 112 x 112 px.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.errors import BadInput
from facelab.types import LANDMARKS, Floats, Image

CROP_PX = 112
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
TEMPLATE.flags.writeable = False


def similarity(landmarks: Floats) -> Floats:
    """The transform of each face from the picture onto the template.

    Parameters
    ----------
    landmarks : (n, 5, 2) array
        Left eye, right eye, nose, left and right mouth corner as seen in the picture, px.

    Returns
    -------
    (n, 2, 3) float64 array
        The affine matrices ``[[a, -b, tx], [b, a, ty]]``; NaN where the five points are one, or not finite: such a face
        has no scale.

    Raises
    ------
    BadInput
        `landmarks` has another shape.

    Examples
    --------
    >>> similarity(2 * TEMPLATE[None]).round(3) + 0.0
    array([[[0.5, 0. , 0. ],
            [0. , 0.5, 0. ]]])
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (LANDMARKS, 2):
        raise BadInput(f"landmarks must have shape (n, 5, 2), they have {points.shape}", place="landmarks")
    p = points[..., 0] + 1j * points[..., 1]
    q = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    p_mean, q_mean = p.mean(axis=1, keepdims=True), q.mean()
    spread = (np.abs(p - p_mean) ** 2).sum(axis=1)
    known = np.isfinite(spread) & (spread > 0)
    z = (np.conj(p - p_mean) * (q - q_mean)).sum(axis=1) / np.where(known, spread, 1)
    t = q_mean - z * p_mean[:, 0]
    rows = np.stack([z.real, -z.imag, t.real, z.imag, z.real, t.imag], axis=1)
    rows[~known] = np.nan
    return rows.reshape(-1, 2, 3)


def aligned_crops(image: Image, transforms: Floats) -> Image:
    """The faces of `image`, each on the template; black where a crop reaches beyond the picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
        BGR.
    transforms : (n, 2, 3) array
        Finite, from `similarity`.

    Returns
    -------
    (n, 112, 112, 3) uint8 array
        BGR crops.
    """
    crops = np.empty((len(transforms), CROP_PX, CROP_PX, 3), dtype=np.uint8)
    for crop, transform in zip(crops, transforms):
        cv2.warpAffine(image, transform, (CROP_PX, CROP_PX), dst=crop, flags=cv2.INTER_LINEAR)
    return crops

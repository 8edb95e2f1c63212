"""Score scales of other systems: what their number means as a cosine, and back.

Every system below compares unit-norm embeddings and shows a number of its own. A threshold that was found on our
cosine can so be set in theirs, and a score of theirs be read here. All are strictly monotone in the cosine c, so error
rates do not change, only the thresholds' names. Symbols: c cosine in [-1, 1], d = sqrt(2 - 2 c) the Euclidean distance
of the unit-norm embeddings in [0, 2].

=====================  ============================================  ==========================================
scale                  value shown                                   source
=====================  ============================================  ==========================================
`COSINE`               c (InsightFace, InsightFace Server)            InsightFace documentation
`COSINE_DISTANCE`      1 - c (deepface "cosine")                      deepface, distance metrics
`EUCLIDEAN_L2`         d (deepface "euclidean_l2")                    deepface, distance metrics
`SQUARED_EUCLIDEAN`    d^2 = 2 - 2 c (dlib-like tools)                algebra
`ANGULAR`              arccos(c) / pi (deepface "angular")            deepface, distance metrics
`FRIGATE`              1 / (1 + exp(-20 (c - 0.3)))                   Frigate, face recogniser (ArcFace)
`compreface(a, b)`     (tanh((a - d) b) + 1) / 2                      CompreFace; a, b are the server's own
=====================  ============================================  ==========================================

Frigate takes off up to 0.06 where the picture is blurred, so a converted threshold is that of a sharp picture. A value
rounded for display keeps only so much of the cosine: `ScoreScale.cosine_uncertainty`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from facelab.stats._given import FloatArray

_SLACK = 1e-6
FRIGATE_BLUR_REDUCTION = 0.06
"""The most that Frigate takes off a score for blur (variance of the Laplacian below 120)."""

DEEPFACE_THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "VGG-Face": 0.68,
        "Facenet": 0.40,
        "Facenet512": 0.30,
        "ArcFace": 0.68,
        "SFace": 0.593,
        "GhostFaceNet": 0.65,
        "Buffalo_L": 0.55,
    }
)
"""deepface's default thresholds as cosine *distances*, a model; accepted at or below (no error rate stands behind)."""


@dataclass(frozen=True)
class ScoreScale:
    """How a system shows a comparison of two unit-norm embeddings.

    Parameters
    ----------
    name : str
        The system or the measure.
    higher_is_more_alike : bool
        False for distances: there a comparison is accepted at or *below* the threshold.
    """

    name: str
    higher_is_more_alike: bool
    _forward: Callable[[FloatArray], FloatArray]
    _back: Callable[[FloatArray], FloatArray]

    def __repr__(self) -> str:
        low, high = self.shown_range
        kind = "similarity" if self.higher_is_more_alike else "distance"
        return f"{self.name}: a {kind} from {low:.4g} to {high:.4g}"

    @property
    def shown_range(self) -> tuple[float, float]:
        """The lowest and the highest value this system can show."""
        low, high = sorted(self._forward(np.array([-1.0, 1.0])).tolist())
        return low, high

    def from_cosine(self, cosine: Any) -> FloatArray:
        """The value this system shows for `cosine` (any shape, in [-1, 1], NaN stays NaN)."""
        return self._forward(_in_range("cosine", cosine, -1.0, 1.0, "is it already on another scale?"))

    def to_cosine(self, value: Any) -> FloatArray:
        """The cosine behind `value` as this system shows it (any shape, NaN stays NaN).

        Raises
        ------
        BadInput
            Where no cosine in [-1, 1] gives such a value.
        """
        low, high = self.shown_range
        given = _in_range("value", value, low, high, f"that is what {self.name} can show")
        return np.asarray(np.clip(self._back(given), -1.0, 1.0), dtype=np.float64)

    def cosine_uncertainty(self, value: float, step: float) -> float:
        """Width of the cosines that show as `value` when it is rounded to multiples of `step`.

        Examples
        --------
        >>> round(FRIGATE.cosine_uncertainty(0.95, 0.01), 3)
        0.011
        """
        low, high = self.shown_range
        around = np.clip(np.array([value - step / 2, value + step / 2]), low, high)
        return float(np.ptp(self.to_cosine(around)))


def _in_range(name: str, value: Any, low: float, high: float, hint: str) -> FloatArray:
    """`value` as float64 within [low, high] (rounding errors are put right), NaN allowed."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise BadInput(f"must be numbers, it is of kind {array.dtype}", place=name)
    array = array.astype(np.float64)
    outside = (array < low - _SLACK) | (array > high + _SLACK)
    if outside.any():
        raise BadInput(f"must lie in [{low:.6g}, {high:.6g}] ({hint}), one is {array[outside][0]:.6g}", place=name)
    return np.asarray(np.clip(array, low, high))


def _logit(y: FloatArray) -> FloatArray:
    return np.asarray(np.log(y) - np.log1p(-y))


def _distance(c: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(2.0 - 2.0 * c))


def logistic_scale(name: str, *, middle: float, slope: float) -> ScoreScale:
    """The scale 1 / (1 + exp(-slope (c - middle))); `slope` is positive."""
    if not slope > 0:
        raise BadInput(f"must be positive, it is {slope:g}", place="slope")
    return ScoreScale(
        name,
        True,
        lambda c: np.asarray(1.0 / (1.0 + np.exp(-slope * (c - middle)))),
        lambda y: middle + _logit(y) / slope,
    )


def compreface(a: float, b: float) -> ScoreScale:
    """CompreFace's similarity (tanh((a - d) b) + 1) / 2 for the coefficients a, b that its server states for its model.

    (tanh(x) + 1) / 2 is 1 / (1 + exp(-2 x)): the scale is logistic in the distance d. Where b is large, values near 0
    and 1 are so flat that a cosine cannot be told from the shown value.
    """
    if not b > 0:
        raise BadInput(f"must be positive, it is {b:g}", place="b")
    return ScoreScale(
        f"CompreFace (a={a:g}, b={b:g})",
        True,
        lambda c: np.asarray(1.0 / (1.0 + np.exp(-2.0 * b * (a - _distance(c))))),
        lambda y: 1.0 - (a - _logit(y) / (2.0 * b)) ** 2 / 2.0,
    )


COSINE = ScoreScale("cosine", True, lambda c: c, lambda y: y)
COSINE_DISTANCE = ScoreScale("cosine distance", False, lambda c: 1.0 - c, lambda y: 1.0 - y)
EUCLIDEAN_L2 = ScoreScale("Euclidean distance", False, _distance, lambda y: 1.0 - y**2 / 2.0)
SQUARED_EUCLIDEAN = ScoreScale("squared Euclidean distance", False, lambda c: 2.0 - 2.0 * c, lambda y: 1.0 - y / 2.0)
ANGULAR = ScoreScale("angle / pi", False, lambda c: np.arccos(c) / np.pi, lambda y: np.cos(np.pi * y))
FRIGATE = logistic_scale("Frigate (ArcFace)", middle=0.3, slope=20.0)

SCALES: Mapping[str, ScoreScale] = MappingProxyType(
    {
        "cosine": COSINE,
        "insightface": COSINE,
        "deepface": COSINE_DISTANCE,
        "cosine_distance": COSINE_DISTANCE,
        "euclidean_l2": EUCLIDEAN_L2,
        "squared_euclidean": SQUARED_EUCLIDEAN,
        "angular": ANGULAR,
        "frigate": FRIGATE,
    }
)
"""The scales by name, for a command line; `compreface` needs its two coefficients."""


def threshold_on_scales(cosine: float) -> dict[str, float]:
    """The threshold `cosine` on every scale of `SCALES` (distances: accept at or below), ready for JSON."""
    return {name: float(scale.from_cosine(cosine)) for name, scale in SCALES.items()}

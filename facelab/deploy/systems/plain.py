"""Plain numbers for a system of one's own that runs the same model files: cosine, distances, angle."""

from __future__ import annotations

from facelab.deploy.systems.system import OtherSystem
from facelab.stats.conversions import ANGULAR, COSINE, COSINE_DISTANCE, EUCLIDEAN_L2, SQUARED_EUCLIDEAN

_OWN = "facelab.stats, algebra on unit vectors"
PLAIN = tuple(
    OtherSystem(name=name, title=title, read_from=_OWN, scale=scale, setting="your own code")
    for name, title, scale in (
        ("cosine", "cosine similarity", COSINE),
        ("cosine-distance", "cosine distance", COSINE_DISTANCE),
        ("euclidean", "Euclidean distance of unit vectors", EUCLIDEAN_L2),
        ("squared-euclidean", "squared Euclidean distance of unit vectors", SQUARED_EUCLIDEAN),
        ("angle", "angle between the vectors, as a share of half a turn", ANGULAR),
    )
)

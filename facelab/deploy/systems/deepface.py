"""deepface: cosine *distance*, accepted at or below the threshold; a threshold a model.

Read from: its model clients and its verification module, November 2026. Its SFace is the file of OpenCV's model zoo.
Its Buffalo_L is a copy of buffalo_l's recogniser under another name: give the file, so that its hash can be compared.
"""

from __future__ import annotations

from facelab.deploy.systems.system import OtherSystem
from facelab.stats.conversions import COSINE_DISTANCE

_SFACE = "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79"

DEEPFACE = OtherSystem(
    name="deepface",
    title="deepface, cosine distance",
    read_from="November 2026",
    scale=COSINE_DISTANCE,
    setting="`threshold` of verify and find, with `distance_metric=\"cosine\"`",
    recognisers={
        "SFace": _SFACE, "Buffalo_L": None, "ArcFace": None, "VGG-Face": None, "Facenet": None,
        "Facenet512": None, "GhostFaceNet": None,
    },
    caveats=("its detectors crop and turn faces in their own way: measure what that does before you rely on it",),
)  # fmt: skip

"""Frigate: a logistic scale over the cosine, rounded to two digits, less a reduction for blur.

Read from: its face recogniser of 2025 (release line 0.16): 1 / (1 + exp(-20 (c - .3))) for its large model. The
reduction for blur has been up to .05 or .06 in its versions; it is taken off the score, so a converted threshold is
that of a sharp picture. Its embedding file is its own download, of which no hash is published: give the file.
"""

from __future__ import annotations

from facelab.deploy.systems.system import OtherSystem
from facelab.stats.conversions import FRIGATE as _SCALE

FRIGATE = OtherSystem(
    name="frigate",
    title="Frigate, large face model (ArcFace)",
    read_from="release line 0.16, 2025",
    scale=_SCALE,
    setting="`recognition_threshold` of `face_recognition`",
    step=0.01,
    recognisers={"large": None},
    caveats=(
        "it turns the face by its eyes alone, pads it, and averages a person's pictures: its cosine is not ours, even "
        "with the same model",
        "up to .06 is taken off the score of a blurred picture",
    ),
)

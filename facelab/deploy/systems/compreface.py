"""CompreFace: (tanh((a - d) b) + 1) / 2 over the Euclidean distance d, with the coefficients that its server states.

Read from: its calculator plugins and its status interface (CompreFace 1.2, 2023); a and b are `similarity_coefficients`
there. Its weights are MXNet and TensorFlow files of its own; none of them is one of the ONNX recognisers here, so only
a file that is the measured one opens this way.
"""

from __future__ import annotations

from facelab.deploy.systems.system import OtherSystem
from facelab.stats.conversions import compreface

DEFAULT_COEFFICIENTS = (1.1817961, 5.291995557)
"""What its calculator uses where the model states none."""


def compreface_system(a: float, b: float) -> OtherSystem:
    """CompreFace with the coefficients a, b that its server states for its model."""
    return OtherSystem(
        name="compreface",
        title="CompreFace",
        read_from="1.2, 2023",
        scale=compreface(a, b),
        setting="`similarity` that your client asks for",
        step=1e-5,
        recognisers=dict.fromkeys(
            (
                "mobilenet_l2_power", "arcface_r100_v1", "arcface_resnet34", "arcface_resnet50",
                "arcface_mobilefacenet", "arcface-r50-msfdrop75", "arcface-r100-msfdrop75", "facenet",
            )
        ),
        caveats=("its detector and its alignment are its own",),
    )  # fmt: skip

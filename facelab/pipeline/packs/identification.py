"""The specification of a folder of ONNX files without a `pack.json`, as InsightFace's own loader reads it.

InsightFace tells a model's kind from its outputs and its preprocessing from its first nodes (or from its own
`manifest.json`). That is done once, when a pack is added or a folder is opened; what came out is written down.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facelab.errors import PackError
from facelab.pipeline.alignment import CROP_PX
from facelab.pipeline.detection import SCRFD_OUTPUTS, Detector
from facelab.pipeline.embedding import Recognition
from facelab.pipeline.packs.spec import ModelFile, PackSpec
from facelab.pipeline.packs.store import sha256_of

_BATCH = 8


def identified(folder: Path, *, name: str, title: str, licence: str, restriction: str) -> tuple[PackSpec, Path]:
    """The specification of the InsightFace models in `folder`, and the folder that holds the files themselves.

    Archives of some packs hold a folder of the same name; it is looked into.

    Raises
    ------
    PackError
        There is no SCRFD detector with five landmarks, or no recogniser of 112 x 112 px, or they cannot be read.
    """
    inner = _folder_of_models(folder)
    models = _models(inner)
    for task, model in (("detection", "detector"), ("recognition", "recogniser")):
        if task not in models:
            raise PackError(f"there is no {model} among its ONNX files; a pack needs both", place=str(inner))
    detector, recogniser = models["detection"], models["recognition"]
    outputs = getattr(detector, "output_names", ())
    if len(outputs) != SCRFD_OUTPUTS or getattr(detector, "static_input_size", None) is not None:
        raise PackError("its detector is no SCRFD with five landmarks and a free input size", place=str(inner))
    if tuple(recogniser.input_size) != (CROP_PX, CROP_PX) or not isinstance(recogniser.output_shape[-1], int):
        raise PackError(f"its recogniser takes no crops of {CROP_PX} x {CROP_PX} px", place=str(inner))
    spec = PackSpec(
        name=name,
        title=title,
        licence=licence,
        restriction=restriction,
        detector_file=_file(detector),
        detector=Detector(
            kind="scrfd",
            colour="rgb",
            mean=float(detector.input_mean),
            scale=float(detector.input_std),
            canvas="square",
        ),
        recogniser_file=_file(recogniser),
        recogniser=Recognition(
            colour="rgb",
            mean=float(recogniser.input_mean),
            scale=float(recogniser.input_std),
            dimension=recogniser.output_shape[-1],
            batch=1 if isinstance(recogniser.input_shape[0], int) else _BATCH,
        ),
    )
    return spec, inner


def _folder_of_models(folder: Path) -> Path:
    """`folder`, or the one folder in it, that holds ONNX files."""
    for place in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if any(place.glob("*.onnx")):
            return place
    raise PackError("a pack's folder holds a pack.json or ONNX files; here is neither", place=str(folder))


def _models(folder: Path) -> dict[str, Any]:
    """The models of `folder` by task, as InsightFace recognises them."""
    from insightface.app import FaceAnalysis

    try:
        loaded = FaceAnalysis(
            name=str(folder), allowed_modules=["detection", "recognition"], providers=["CPUExecutionProvider"]
        )
    except AssertionError as error:
        raise PackError("there is no detector among its ONNX files; a pack needs both", place=str(folder)) from error
    except Exception as error:  # onnx, onnxruntime and InsightFace raise what they like on a file that is none
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PackError(f"InsightFace cannot load it: {first}", place=str(folder)) from error
    return dict(loaded.models)


def _file(model: Any) -> ModelFile:
    """Name and hash of a loaded model's file."""
    path = Path(model.model_file)
    return ModelFile(file=path.name, sha256=sha256_of(path))

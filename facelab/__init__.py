"""facelab: at which threshold should this site run, what will that cost, and how sure are we?

The public names are lazy (PEP 562): importing facelab loads no model runtime, no scipy.stats, no pandas, no mlflow and
no matplotlib. Importing does nothing else, with one exception that stands here: the variables that keep the telemetry
of onnxruntime and mlflow off are set, as defaults, before either can be imported.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

__version__ = "0.1.0"

_PUBLIC = {
    "BadInput": "facelab.errors",
    "Comparisons": "facelab.types",
    "FacelabError": "facelab.errors",
    "Faces": "facelab.types",
    "Frame": "facelab.types",
    "Gallery": "facelab.types",
    "NotMeasured": "facelab.errors",
    "PackError": "facelab.errors",
    "PipelineSettings": "facelab.config",
    "Runtime": "facelab.config",
    "Templates": "facelab.types",
    "Tracks": "facelab.types",
    "UnattainableTarget": "facelab.errors",
    "enrol": "facelab.gallery",
    "enrolment_report": "facelab.gallery",
    "evaluate": "facelab.experiments",
    "footage": "facelab.workbench",
    "load_pack": "facelab.pipeline.packs",
    "match": "facelab.matching",
    "open_set_curve": "facelab.stats",
    "open_study": "facelab.experiments",
    "operating_points": "facelab.stats",
    "passages": "facelab.workbench",
    "plots": "facelab.plots",
    "read_truth": "facelab.data.truth",
    "split_probes": "facelab.stats",
    "stats": "facelab.stats",
    "verification_curve": "facelab.stats",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    """The public name `name`, imported when it is first used."""
    home = _PUBLIC.get(name)
    if home is None:
        raise AttributeError(f"module 'facelab' has no attribute {name!r}")
    value = importlib.import_module(home)
    if home != f"facelab.{name}":
        value = getattr(value, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return sorted(__all__)

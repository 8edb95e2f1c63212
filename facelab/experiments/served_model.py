"""A tuned config as an MLflow model: pictures or footage in, alerts out.

``mlflow.pyfunc.load_model("models:/<scenario>@champion").predict(...)`` takes paths of pictures, videos, folders of
frames or manifests, pictures themselves (BGR, uint8), a list of these, or a DataFrame with a column ``path``. It
gives a DataFrame, a row an alert: an enrolled subject whose score is at or above the threshold of that camera.

Where the templates live. A model's folder holds ``tuned.json``, and of generated people the enrolled templates too
(``gallery.parquet``). Templates of real people are biometric data and are never copied into MLflow: ``gallery.json``
says where the gallery was when the config was promoted, and its SHA-256; the model reads it there and refuses another
file. A site with its own watchlist names it: ``load_model(uri, model_config={"gallery": "/path/gallery.parquet"})``, or
the environment variable ``FACELAB_GALLERY``; such a gallery must come from the same model pack.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.deploy import read_tuned
from facelab.errors import BadInput, NotMeasured, PackError
from facelab.experiments.workspace import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from facelab.deploy import TunedConfig
    from facelab.pipeline.packs import Pack
    from facelab.types import Comparisons, Gallery, Image

CONFIG, GALLERY, GALLERY_PLACE = "tuned.json", "gallery.parquet", "gallery.json"
VARIABLE = "FACELAB_GALLERY"
COLUMNS = ("source", "camera", "sample", "start_s", "end_s", "subject_id", "rank", "score", "threshold")


@dataclass(frozen=True)
class ServedModel:
    """What ``load_model`` gives: a tuned config, its pack, and a gallery.

    Parameters
    ----------
    folder : Path
        The model's files.
    named_gallery : str
        A gallery that was named when the model was loaded; empty where none was.
    """

    folder: Path
    named_gallery: str = ""

    @cached_property
    def config(self) -> TunedConfig:
        """The tuned config."""
        return read_tuned(self.folder / CONFIG)

    @cached_property
    def pack(self) -> Pack:
        """The model pack of the config; refused where its files are others than those that were measured."""
        from facelab.pipeline.packs import load_pack

        wanted = self.config.pack
        pack = load_pack(wanted.name)
        if pack.fingerprint != wanted.fingerprint:
            raise PackError(
                f"its fingerprint is {pack.fingerprint[:12]}, the config was measured with {wanted.fingerprint[:12]}; "
                "a threshold means nothing for another model",
                place=wanted.name,
            )
        return pack

    @cached_property
    def gallery(self) -> Gallery:
        """The watchlist, from where this module's head says."""
        from facelab.pipeline.tables import read_gallery

        gallery = read_gallery(self._gallery_path())
        if gallery.templates.pack != self.config.pack.fingerprint:
            raise BadInput(
                f"the gallery comes from pack {gallery.templates.pack[:12]!r}, the config from "
                f"{self.config.pack.fingerprint[:12]!r}; enrol with the same one",
                place="gallery",
            )
        return gallery

    def _gallery_path(self) -> Path:
        named = self.named_gallery or os.environ.get(VARIABLE, "")
        if named:
            return Path(named)
        if (self.folder / GALLERY).is_file():
            return self.folder / GALLERY
        if not (self.folder / GALLERY_PLACE).is_file():
            raise NotMeasured(f"the model has no gallery: name one in model_config or in {VARIABLE}")
        said = read_json(self.folder / GALLERY_PLACE)
        path = Path(said["path"])
        if not path.is_file():
            raise NotMeasured(f"{path}: the gallery is not here; name one in model_config or in {VARIABLE}")
        if file_digest(path) != said["sha256"]:
            raise BadInput(
                f"the gallery is not the one that the config was measured with; name it in model_config or in "
                f"{VARIABLE} where that is meant",
                place=str(path),
            )
        return path

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002  (MLflow's signature)
        """The alerts of `model_input`, with the columns `COLUMNS`, in the order of the input and then of time.

        Raises
        ------
        BadInput
            The input is of no kind that this module's head names, or a file cannot be read.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for name, item in _items(model_input):
            rows += self._alerts_of(name, item)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _alerts_of(self, name: str, item: str | Image) -> list[dict[str, Any]]:
        from facelab.data.images import is_picture, read_image

        if isinstance(item, str) and not is_picture(Path(item)):
            return self._alerts_of_footage(item)
        picture = read_image(Path(item)) if isinstance(item, str) else item
        return self._alerts_of_picture(name, picture)

    def _alerts_of_footage(self, path: str) -> list[dict[str, Any]]:
        from facelab.matching import match
        from facelab.pipeline.run import track_footage
        from facelab.workbench import footage

        try:
            passages = track_footage(footage(path), self.pack, self.config.pipeline, progress=False)
        except NotMeasured:
            return []  # no face in all of it: no alert
        return self._alerts(path, match(passages, self.gallery))

    def _alerts_of_picture(self, name: str, picture: Image) -> list[dict[str, Any]]:
        from facelab.matching import match
        from facelab.types import Templates

        faces = self.pack.detect(picture, self.config.pipeline.detection)
        if not len(faces):
            return []
        embedding = self.pack.embed(picture, faces.landmarks)
        ids = np.array([f"face {k + 1}" for k in range(len(faces))], np.str_)
        found = np.isfinite(embedding).all(axis=1).astype(int)
        probes = Templates(ids, np.full(len(ids), "", np.str_), embedding, faces.score, found, self.pack.fingerprint)
        return self._alerts(name, match(probes, self.gallery))

    def _alerts(self, source: str, comparisons: Comparisons) -> list[dict[str, Any]]:
        """Of each probe the best subjects at or above the threshold, at most as many as the config's rank."""
        rows = []
        attributes = comparisons.probe_attributes
        cameras = attributes.get("camera", np.full(len(comparisons), ""))
        for k, sample in enumerate(comparisons.probe_id):
            camera = str(cameras[k])
            threshold = self.config.threshold_of(camera)
            ranked = _best_subjects(comparisons, k)[: self.config.matching.rank]
            for rank, (subject, score) in enumerate(ranked, start=1):
                if score >= threshold:
                    times = [float(attributes[n][k]) if n in attributes else 0.0 for n in ("start_s", "end_s")]
                    values = (source, camera, str(sample), *times, subject, rank, score, threshold)
                    rows.append(dict(zip(COLUMNS, values, strict=True)))
        return rows


def _best_subjects(comparisons: Comparisons, k: int) -> list[tuple[str, float]]:
    """Each enrolled subject with the best score of its references against probe `k`, the best first."""
    best: dict[str, float] = {}
    for subject, score in zip(comparisons.reference_subject, comparisons.score[k]):
        if not np.isnan(score):
            best[str(subject)] = max(best.get(str(subject), -np.inf), float(score))
    return sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))


def _items(model_input: Any) -> list[tuple[str, str | Image]]:
    """Each picture or path of `model_input`, with what it is called."""
    if hasattr(model_input, "columns"):
        if "path" not in model_input.columns:
            raise BadInput("a table of inputs has a column 'path'", place="predict")
        model_input = model_input["path"].tolist()
    if isinstance(model_input, (str, Path)):
        model_input = [model_input]
    if isinstance(model_input, np.ndarray) and model_input.ndim in (0, 1):
        model_input = model_input.tolist()
    elif isinstance(model_input, np.ndarray) and model_input.ndim == 3:
        model_input = [model_input]
    found: list[tuple[str, str | Image]] = []
    for k, item in enumerate(model_input):
        if isinstance(item, (str, Path)):
            found.append((str(item), str(item)))
        elif isinstance(item, np.ndarray) and item.ndim == 3 and item.dtype == np.uint8 and item.shape[2] == 3:
            found.append((f"picture {k + 1}", item))
        else:
            raise BadInput(
                f"an input is a path or a picture (H, W, 3) uint8, this is {type(item).__name__}", place=f"input {k}"
            )
    return found


def file_digest(path: Path) -> str:
    """SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedModel:
    """What MLflow calls to load a model from its data folder."""
    return ServedModel(Path(path), str((model_config or {}).get("gallery", "")))

"""A tuned config as an MLflow model: pictures or footage in, alerts out.

``mlflow.pyfunc.load_model("models:/<scenario>@champion").predict(...)`` takes paths of pictures, videos, folders of
frames or manifests, pictures themselves (BGR, uint8), a list of these, or a DataFrame with a column ``path``. A folder
of frames has no frame rate of its own: ``predict(paths, params={"fps": 25.0})`` says it, or a column ``fps``;
``camera`` says likewise which camera a path comes from, where thresholds differ by camera. It gives a DataFrame, a row
an alert: an enrolled subject whose score is at or above the threshold of that camera.

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
    from mlflow.models.signature import ModelSignature

    from facelab.deploy import TunedConfig
    from facelab.pipeline.packs import Pack
    from facelab.types import Comparisons, Gallery, Image

CONFIG, GALLERY, GALLERY_PLACE = "tuned.json", "gallery.parquet", "gallery.json"
VARIABLE = "FACELAB_GALLERY"
CAMERA = "camera"
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

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The alerts of `model_input`, with the columns `COLUMNS`, in the order of the input and then of time.

        Parameters
        ----------
        model_input : path, picture, list of these, or DataFrame
            As this module's head says.
        params : mapping, optional
            ``fps``: frames a second of folders of frames. ``camera``: the name of the camera of paths that name none.

        Raises
        ------
        BadInput
            The input is of no kind that this module's head names, a folder of frames has no frame rate, or a file
            cannot be read.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for item in _items(model_input, params or {}):
            rows += self._alerts_of(item)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _alerts_of(self, item: _Item) -> list[dict[str, Any]]:
        from facelab.data.images import is_picture, read_image

        what = item.what
        if isinstance(what, str) and not is_picture(Path(what)):
            return self._alerts_of_footage(what, item)
        picture = read_image(Path(what)) if isinstance(what, str) else what
        return self._alerts_of_picture(item.name, picture)

    def _alerts_of_footage(self, path: str, item: _Item) -> list[dict[str, Any]]:
        from facelab.matching import match
        from facelab.pipeline.run import track_footage
        from facelab.workbench import footage

        if item.fps is None and Path(path).is_dir():
            raise BadInput(
                "a folder of frames has no frame rate of its own; give it as params={'fps': 25.0} or in a column 'fps'",
                place=path,
            )
        seen = footage(path, camera=item.camera, fps=item.fps)
        try:
            passages = track_footage(seen, self.pack, self.config.pipeline, progress=False)
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


@dataclass(frozen=True)
class _Item:
    """One picture or path of an input: what it is called, itself, and what is known of a path."""

    name: str
    what: str | Image
    fps: float | None = None
    camera: str = CAMERA


def _items(model_input: Any, params: Mapping[str, Any]) -> list[_Item]:
    """Each picture or path of `model_input`."""
    known = {"fps": params.get("fps"), "camera": params.get("camera")}
    if hasattr(model_input, "columns"):
        if "path" not in model_input.columns:
            raise BadInput("a table of inputs has a column 'path'", place="predict")
        rows = model_input.to_dict("records")
        return [_item(k, row["path"], {**known, **_given(row)}) for k, row in enumerate(rows)]
    if isinstance(model_input, (str, Path)):
        model_input = [model_input]
    if isinstance(model_input, np.ndarray) and model_input.ndim in (0, 1):
        model_input = np.atleast_1d(model_input).tolist()
    elif isinstance(model_input, np.ndarray) and model_input.ndim == 3:
        model_input = [model_input]
    return [_item(k, what, known) for k, what in enumerate(model_input)]


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of a table says of its path; a cell that is empty says nothing."""
    return {name: row[name] for name in ("fps", "camera") if row.get(name) not in (None, "") and row[name] == row[name]}


def _item(k: int, what: Any, known: Mapping[str, Any]) -> _Item:
    if isinstance(what, (str, Path)):
        return _Item(str(what), str(what), _fps(known["fps"], str(what)), str(known["camera"] or CAMERA))
    if isinstance(what, np.ndarray) and what.ndim == 3 and what.dtype == np.uint8 and what.shape[2] == 3:
        return _Item(f"picture {k + 1}", what)
    raise BadInput(
        f"an input is a path or a picture (H, W, 3) uint8, this is {type(what).__name__}", place=f"input {k}"
    )


def _fps(value: Any, place: str) -> float | None:
    if value is None:
        return None
    try:
        fps = float(value)
    except (TypeError, ValueError):
        fps = float("nan")
    if not 0 < fps < float("inf"):
        raise BadInput(f"fps is a number above 0, it is {value!r}", place=place)
    return fps


def signature() -> ModelSignature:
    """What MLflow must know so that ``predict`` takes ``params``: their names, types and defaults."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types import DataType, ParamSchema, ParamSpec

    specs = [ParamSpec("fps", DataType.double, None), ParamSpec("camera", DataType.string, CAMERA)]
    return ModelSignature(params=ParamSchema(specs))


def file_digest(path: Path) -> str:
    """SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedModel:
    """What MLflow calls to load a model from its data folder."""
    return ServedModel(Path(path), str((model_config or {}).get("gallery", "")))

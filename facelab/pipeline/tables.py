"""Parquet files of tracks, templates, galleries and comparisons.

One file, one kind of thing. What it is, the pack (fingerprint) and the settings stand in the file's metadata under
``facelab``, as JSON, so that a file explains itself and files of different packs can refuse each other. Columns:

- tracks: ``camera, frame, time_s, track_id, x1, y1, x2, y2, score, quality``, landmarks ``lx_0, ly_0 … lx_4, ly_4``;
- templates and galleries: ``sample_id, subject_id, embedding, quality, n_faces`` and the attributes; a failed
  acquisition is a row whose embedding is null; a gallery's metadata names everybody enrolled;
- comparisons: a row a probe: ``probe_id, probe_subject``, its attributes, and ``score``, a list over the references,
  null where acquisition failed; the metadata describes the references.

Templates are biometric data: a file is written where it was asked for and nowhere else, readable by its owner only,
wholly or not at all.
"""

from __future__ import annotations

import io
import json
import math
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facelab.errors import BadInput
from facelab.pipeline.cache import write_whole
from facelab.types import LANDMARKS, Comparisons, Gallery, Templates, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from facelab.config import PipelineSettings

VERSION = 1
KEY = b"facelab"
_BOX = ("x1", "y1", "x2", "y2")
_POINTS = tuple(f"{axis}_{i}" for i in range(LANDMARKS) for axis in ("lx", "ly"))
_Result = TypeVar("_Result")
_TRACK_COLUMNS = ("camera", "frame", "time_s", "track_id", *_BOX, "score", "quality", *_POINTS)
_TEMPLATE_COLUMNS = ("sample_id", "subject_id", "embedding", "quality", "n_faces")
_PROBE_COLUMNS = ("probe_id", "probe_subject", "score")


def _reader(read: Callable[[Path], _Result]) -> Callable[[Path], _Result]:
    """`read`, for which whatever does not fit facelab's types is a damaged file."""

    @wraps(read)
    def checked(path: Path) -> _Result:
        try:
            with np.errstate(invalid="raise", over="raise"):  # numbers that are none where numbers are counted
                return read(path)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, pa.ArrowException) as error:
            raise _unreadable(path, error) from None

    return checked


def write_tracks(path: Path, tracks: Tracks, *, pack: str, settings: PipelineSettings | None = None) -> None:
    """Write `tracks`, found by the pack of that fingerprint, to `path`.

    Raises
    ------
    BadInput
        The file cannot be written.
    """
    columns: dict[str, Any] = {"camera": tracks.camera, "frame": tracks.frame, "time_s": tracks.time_s}
    columns["track_id"] = tracks.track_id
    columns |= {name: tracks.box[:, i] for i, name in enumerate(_BOX)}
    columns |= {"score": tracks.score, "quality": tracks.quality}
    columns |= {name: tracks.landmarks.reshape(-1, 2 * LANDMARKS)[:, i] for i, name in enumerate(_POINTS)}
    _write(
        path, pa.table({name: _array(name, value) for name, value in columns.items()}), _about("tracks", pack, settings)
    )


@_reader
def read_tracks(path: Path) -> Tracks:
    """The tracks in the file at `path`.

    Raises
    ------
    BadInput
        The file is missing, damaged, or no tracks of facelab.
    """
    table, _ = _read(path, ("tracks",), _TRACK_COLUMNS)
    n = table.num_rows
    points = [_numbers(path, table, name) for name in _POINTS]
    box = [_numbers(path, table, name) for name in _BOX]
    return Tracks(
        camera=_texts(table, "camera"),
        frame=_numbers(path, table, "frame"),
        time_s=_numbers(path, table, "time_s"),
        track_id=_numbers(path, table, "track_id"),
        box=np.stack(box, axis=1) if n else np.zeros((0, 4)),
        score=_numbers(path, table, "score"),
        quality=_numbers(path, table, "quality"),
        landmarks=np.stack(points, axis=1).reshape(n, LANDMARKS, 2),
    )


def write_templates(path: Path, templates: Templates, *, settings: PipelineSettings | None = None) -> None:
    """Write `templates` to `path`.

    Raises
    ------
    BadInput
        The file cannot be written, or an attribute has the name of a column of its own.
    """
    _write(path, _template_table(templates), _about_templates("templates", templates, settings))


@_reader
def read_templates(path: Path) -> Templates:
    """The templates in the file at `path`; those of a gallery too.

    Raises
    ------
    BadInput
        The file is missing, damaged, or no templates of facelab.
    """
    return _templates(path, *_read(path, ("templates", "gallery"), _TEMPLATE_COLUMNS))


def write_gallery(path: Path, gallery: Gallery, *, settings: PipelineSettings | None = None) -> None:
    """Write `gallery` to `path`: its templates, and the names of everybody enrolled.

    Raises
    ------
    BadInput
        The file cannot be written, or an attribute has the name of a column of its own.
    """
    about = _about_templates("gallery", gallery.templates, settings) | {"enrolled": gallery.enrolled.tolist()}
    _write(path, _template_table(gallery.templates), about)


@_reader
def read_gallery(path: Path) -> Gallery:
    """The gallery in the file at `path`; of plain templates, everybody who is named in them is enrolled.

    Raises
    ------
    BadInput
        The file is missing, damaged, or no gallery of facelab; or a template has no subject.
    """
    table, about = _read(path, ("gallery", "templates"), _TEMPLATE_COLUMNS)
    templates = _templates(path, table, about)
    if (templates.subject_id == "").any():
        nameless = templates.sample_id[templates.subject_id == ""][0]
        raise BadInput(f"sample {str(nameless)!r} has no subject; everybody in a gallery has a name", place=str(path))
    return Gallery(templates, np.array(about.get("enrolled", templates.subject_id.tolist()), np.str_))


def write_comparisons(path: Path, comparisons: Comparisons, *, settings: PipelineSettings | None = None) -> None:
    """Write `comparisons` to `path`.

    Raises
    ------
    BadInput
        The file cannot be written, or an attribute has the name of a column of its own.
    """
    p, r = comparisons.score.shape
    values = comparisons.score.reshape(-1)
    kept = pa.array(values, mask=np.isnan(values))
    score = pa.LargeListArray.from_arrays(pa.array(np.arange(p + 1, dtype=np.int64) * r), kept)
    columns = {"probe_id": _array("probe_id", comparisons.probe_id)}
    columns["probe_subject"] = _array("probe_subject", comparisons.probe_subject)
    columns["score"] = score
    columns |= _attributes(comparisons.probe_attributes, _PROBE_COLUMNS)
    about = _about("comparisons", comparisons.pack, settings) | {
        "synthetic": comparisons.synthetic,
        "enrolled": comparisons.enrolled.tolist(),
        "reference_id": comparisons.reference_id.tolist(),
        "reference_subject": comparisons.reference_subject.tolist(),
        "reference_attributes": {
            name: {"kind": value.dtype.str, "values": _plain(value)}
            for name, value in comparisons.reference_attributes.items()
        },
    }
    _write(path, pa.table(columns), about)


@_reader
def read_comparisons(path: Path) -> Comparisons:
    """The comparisons in the file at `path`.

    Raises
    ------
    BadInput
        The file is missing, damaged, or no comparisons of facelab.
    """
    table, about = _read(path, ("comparisons",), _PROBE_COLUMNS)
    r = len(about["reference_id"])
    flat = table.column("score").combine_chunks()
    values = flat.flatten() if table.num_rows else pa.array([], pa.float32())
    if len(values) != table.num_rows * r:
        raise BadInput(f"it has {len(values)} scores, {table.num_rows} x {r} are needed", place=str(path))
    references = {
        name: np.array([np.nan if v is None else v for v in column["values"]], np.dtype(column["kind"]))
        for name, column in about["reference_attributes"].items()
    }
    return Comparisons(
        score=values.to_numpy(zero_copy_only=False).reshape(table.num_rows, r),
        probe_id=_texts(table, "probe_id"),
        probe_subject=_texts(table, "probe_subject"),
        reference_id=np.array(about["reference_id"], np.str_),
        reference_subject=np.array(about["reference_subject"], np.str_),
        enrolled=np.array(about["enrolled"], np.str_),
        probe_attributes=_read_attributes(path, table, _PROBE_COLUMNS),
        reference_attributes=references,
        pack=about["pack"],
        synthetic=about["synthetic"],
    )


@_reader
def provenance(path: Path) -> dict[str, Any]:
    """What the file at `path` says of itself: `kind`, `version`, `pack`, `settings`.

    Raises
    ------
    BadInput
        The file is missing, damaged, or not of facelab.
    """
    try:
        return _said(path, pq.read_schema(path).metadata)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None


def _template_table(templates: Templates) -> pa.Table:
    # not lists of a fixed length: parquet cannot read those back where some are null
    rows = [None if failed else e for e, failed in zip(templates.embedding, templates.failed)]
    columns = {
        "sample_id": _array("sample_id", templates.sample_id),
        "subject_id": _array("subject_id", templates.subject_id),
        "embedding": pa.array(rows, pa.list_(pa.float32())),
        "quality": _array("quality", templates.quality),
        "n_faces": _array("n_faces", templates.n_faces),
    }
    return pa.table(columns | _attributes(templates.attributes, _TEMPLATE_COLUMNS))


def _templates(path: Path, table: pa.Table, about: Mapping[str, Any]) -> Templates:
    column = table.column("embedding").combine_chunks()
    d = int(about["dimension"])
    embedding = np.full((table.num_rows, d), np.nan, np.float32)
    good = ~np.asarray(column.is_null())
    values = column.flatten() if table.num_rows else pa.array([], pa.float32())
    if len(values) != good.sum() * d:
        raise BadInput(f"column 'embedding' must hold lists of {d} numbers", place=str(path))
    embedding[good] = values.to_numpy(zero_copy_only=False).reshape(-1, d)
    return Templates(
        sample_id=_texts(table, "sample_id"),
        subject_id=_texts(table, "subject_id"),
        embedding=embedding,
        quality=_numbers(path, table, "quality"),
        n_faces=_numbers(path, table, "n_faces"),
        pack=about["pack"],
        attributes=_read_attributes(path, table, _TEMPLATE_COLUMNS),
    )


def _attributes(attributes: Mapping[str, NDArray[Any]], own: Sequence[str]) -> dict[str, pa.Array]:
    for name in attributes:
        if name in own:
            raise BadInput(f"an attribute may not be called {name!r}, the file has a column of that name", place=name)
    return {name: _array(name, value) for name, value in attributes.items()}


def _read_attributes(path: Path, table: pa.Table, own: Sequence[str]) -> dict[str, NDArray[Any]]:
    names = [name for name in table.column_names if name not in own]
    texts = {name for name in names if pa.types.is_string(table.schema.field(name).type)}
    return {name: _texts(table, name) if name in texts else _numbers(path, table, name) for name in names}


def _array(name: str, value: NDArray[Any]) -> pa.Array:
    if value.dtype.kind == "U":
        return pa.array(value.tolist(), pa.string())
    if value.dtype.kind not in "biuf":
        raise BadInput(f"column {name!r} must be text, numbers or truth values, it is {value.dtype}", place=name)
    return pa.array(value)


def _plain(value: NDArray[Any]) -> list[Any]:
    """`value` as JSON holds it: NaN is null."""
    return [None if isinstance(v, float) and math.isnan(v) else v for v in value.tolist()]


def _texts(table: pa.Table, name: str) -> NDArray[np.str_]:
    return np.array([value or "" for value in table.column(name).to_pylist()], np.str_)


def _numbers(path: Path, table: pa.Table, name: str) -> NDArray[Any]:
    column = table.column(name)
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise BadInput(f"column {name!r} must hold numbers, it is {kind}", place=str(path))
    return np.asarray(column.to_numpy())


def _about(kind: str, pack: str, settings: PipelineSettings | None) -> dict[str, Any]:
    chosen = None if settings is None else settings.model_dump(mode="json")
    return {"kind": kind, "version": VERSION, "pack": pack, "settings": chosen}


def _about_templates(kind: str, templates: Templates, settings: PipelineSettings | None) -> dict[str, Any]:
    return _about(kind, templates.pack, settings) | {"dimension": templates.embedding.shape[1]}


def _write(path: Path, table: pa.Table, about: Mapping[str, Any]) -> None:
    data = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(about, sort_keys=True)}), data)
    try:
        write_whole(Path(path), data.getvalue())
    except OSError as error:
        raise BadInput(f"it cannot be written: {error.strerror or error}", place=str(path)) from None


def _read(path: Path, kinds: Sequence[str], columns: Sequence[str]) -> tuple[pa.Table, dict[str, Any]]:
    """The table at `path` and what it says of itself, if it is of one of `kinds` and has all `columns`."""
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None
    about = _said(path, table.schema.metadata)
    if about["kind"] not in kinds:
        raise BadInput(f"it holds {about['kind']}; {' or '.join(kinds)} are needed", place=str(path))
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise BadInput(f"column {missing[0]!r} is missing", place=str(path))
    return table, about


def _said(path: Path, metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads((metadata or {})[KEY])
        version, _ = about["version"], (about["kind"], about["pack"])
    except (KeyError, TypeError, ValueError):
        raise BadInput(
            "it was not written by facelab: pack and settings are not in its metadata", place=str(path)
        ) from None
    if version != VERSION:
        raise BadInput(f"it has version {version}, this facelab reads version {VERSION}", place=str(path))
    return about


def _unreadable(path: Path, error: Exception) -> BadInput:
    if not Path(path).exists():
        return BadInput("there is no such file", place=str(path))
    if Path(path).is_dir():
        return BadInput("a parquet file is needed, this is a folder", place=str(path))
    cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return BadInput(f"it is no whole parquet file; was it cut off? ({cause})", place=str(path))

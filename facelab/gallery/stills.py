"""Templates of photographs: one row a photograph, failed ones included, with a column that says why.

Which face is taken: of the faces at least half as wide as the widest, the one whose middle is nearest to the middle of
the picture. Where nothing is found at first, the picture is looked at again with a border of half its size around it:
a face that fills its picture is found so. What was computed for a photograph is kept by its content.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from facelab.config import PipelineSettings, Runtime
from facelab.data.images import decoded_image
from facelab.data.photographs import read_photographs
from facelab.errors import BadInput
from facelab.pipeline import cache
from facelab.pipeline.clip import look
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.progress import progress_bar
from facelab.pipeline.run import workers
from facelab.types import Faces, Templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facelab.config import Detection, Quality
    from facelab.data.photographs import Photograph
    from facelab.types import Floats, Image

KIND = "photographs"
COMPARABLE = 0.5
_SETTINGS, _RUNTIME = PipelineSettings(), Runtime()


@dataclass(frozen=True)
class StillFace:
    """What one photograph gave.

    Parameters
    ----------
    faces : int
        Faces found.
    comparable : int
        Of these, the ones at least half as wide as the widest.
    width_px, quality : float
        Of the face taken; NaN where there is none.
    embedding : (d,) array or None
        Of the face taken.
    unreadable : str
        Why the file could not be read, else empty.
    """

    faces: int = 0
    comparable: int = 0
    width_px: float = np.nan
    quality: float = np.nan
    embedding: Floats | None = None
    unreadable: str = ""


def embed_photographs(
    path: str | Path,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> Templates:
    """The template of each photograph at `path`: a folder ``<subject>/<image>``, or a manifest.

    Nothing but what cannot be embedded is refused; for a watchlist see `facelab.gallery.enrol`. For what is returned
    see `photograph_templates`.

    Raises
    ------
    BadInput
        There is no photograph, or the pack cannot be loaded.
    """
    pack = load_pack(pack, runtime) if isinstance(pack, str | Path) else pack
    photographs = read_photographs(Path(path)).photographs
    return photograph_templates(photographs, pack, settings, runtime=runtime, progress=progress)


def photograph_templates(
    photographs: Sequence[Photograph],
    pack: Pack,
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> Templates:
    """The template of each of `photographs`, in their order; NaN where there is no usable face.

    Returns
    -------
    Templates
        Attributes: `note` (why there is no template, or which of several faces was taken; else empty), `faces_found`,
        `comparable_faces`, `width_px` of the face taken, and the photographs' own attributes, as text.
    """
    with (
        ThreadPoolExecutor(workers(runtime), "facelab-still") as pool,
        progress_bar("photographs", len(photographs), "photograph", wanted=progress) as bar,
    ):
        stills = []
        for still in pool.map(lambda p: _still(p, pack, settings.detection), photographs):
            stills.append(still)
            bar.update(1)
    return _templates(photographs, stills, pack, settings.quality)


def taken_face(faces: Faces, shape: tuple[int, ...]) -> tuple[int, int]:
    """The face to take of a picture of `shape` (H, W, …) that has at least one, and how many are comparable to it."""
    width = faces.box[:, 2] - faces.box[:, 0]
    comparable = np.flatnonzero(width >= COMPARABLE * width.max())
    middle = (faces.box[comparable, :2] + faces.box[comparable, 2:]) / 2
    away = np.hypot(*(middle - np.array([shape[1], shape[0]]) / 2).T)
    return int(comparable[np.argmin(away)]), len(comparable)


def _still(photograph: Photograph, pack: Pack, detection: Detection) -> StillFace:
    try:
        data = photograph.path.read_bytes()
    except OSError as error:
        return StillFace(unreadable=error.strerror or str(error))
    about = {
        "content": hashlib.sha256(data).hexdigest(),
        "pack": pack.fingerprint,
        "detection": detection.model_dump(mode="json"),
    }
    kept = cache.load(KIND, about)
    if kept is not None:
        arrays, facts = kept
        return StillFace(**facts, embedding=arrays["embedding"][0] if len(arrays["embedding"]) else None)
    try:
        still = still_face(decoded_image(data), pack, detection)
    except BadInput as error:
        return StillFace(unreadable=str(error))
    _keep(still, about, pack)
    return still


def still_face(image: Image, pack: Pack, detection: Detection) -> StillFace:
    """What the photograph `image` (H, W, 3) BGR gives."""
    seen = look(pack, image, detection)
    if not len(seen.faces):
        rows, columns = image.shape[0] // 2, image.shape[1] // 2
        image = cv2.copyMakeBorder(image, rows, rows, columns, columns, cv2.BORDER_CONSTANT).astype(np.uint8)
        seen = look(pack, image, detection)
    if not len(seen.faces):
        return StillFace()
    face, comparable = taken_face(seen.faces, image.shape)
    embedding = pack.embed_aligned(seen.crops[face : face + 1])[0]
    box = seen.faces.box[face]
    usable = bool(seen.quality[face] > 0 and np.isfinite(embedding).all())
    return StillFace(
        faces=len(seen.faces),
        comparable=comparable,
        width_px=float(box[2] - box[0]),
        quality=float(seen.quality[face]),
        embedding=embedding if usable else None,
    )


def _keep(still: StillFace, about: dict[str, Any], pack: Pack) -> None:
    embedding = np.zeros((0, pack.dimension)) if still.embedding is None else still.embedding[None]
    found = still.embedding is not None
    facts: dict[str, float] = {"faces": still.faces, "comparable": still.comparable}
    facts |= {"width_px": still.width_px, "quality": still.quality} if found else {}
    cache.store(KIND, about, {"embedding": embedding.astype(np.float32)}, facts, title=f"photograph, {pack.name}")


def _note(still: StillFace, rule: Quality) -> tuple[bool, str]:
    """Whether the face taken is usable, and what there is to say."""
    if still.unreadable:
        return False, f"cannot be read: {still.unreadable}"
    if not still.faces:
        return False, "no face found"
    if still.embedding is None:
        return False, "the face found cannot be aligned or embedded"
    if still.width_px < rule.min_width_px:
        return False, f"too small: the face is {still.width_px:.0f} px wide, {rule.min_width_px:.0f} px are needed"
    if still.quality < rule.min_quality:
        return False, f"quality {still.quality:.2f}, {rule.min_quality:.2f} is needed"
    if still.faces > 1:
        return True, f"{still.faces} faces: the largest near the centre was taken"
    return True, ""


def _templates(photographs: Sequence[Photograph], stills: Sequence[StillFace], pack: Pack, rule: Quality) -> Templates:
    notes = [_note(still, rule) for still in stills]
    usable = np.array([good for good, _ in notes], np.bool_)
    embedding = np.full((len(stills), pack.dimension), np.nan, np.float32)
    for k, still in enumerate(stills):
        if usable[k]:
            embedding[k] = still.embedding
    attributes = _known(photographs) | {
        "note": np.array([text for _, text in notes], np.str_),
        "faces_found": _column(stills, "faces", np.int64),
        "comparable_faces": _column(stills, "comparable", np.int64),
        "width_px": _column(stills, "width_px", np.float32),
    }
    return Templates(
        sample_id=_column(photographs, "sample_id", np.str_),
        subject_id=_column(photographs, "subject_id", np.str_),
        embedding=embedding,
        quality=_column(stills, "quality", np.float32),
        n_faces=usable.astype(np.int64),
        pack=pack.fingerprint,
        attributes=attributes,
    )


def _column(rows: Sequence[Any], name: str, dtype: Any) -> NDArray[Any]:
    return np.array([getattr(row, name) for row in rows], dtype)


def _known(photographs: Sequence[Photograph]) -> dict[str, NDArray[Any]]:
    """What else is known of the photographs, a column of text each."""
    names = dict.fromkeys(name for photograph in photographs for name in photograph.attributes)
    return {name: np.array([p.attributes.get(name, "") for p in photographs], np.str_) for name in names}

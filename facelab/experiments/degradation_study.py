"""Small and bad faces: people with two photographs, one of which is made worse step by step and compared again.

The landmarks of the good picture are kept, so what is measured is the recogniser; with ``detect`` the degraded picture
is looked at anew, and a face that is not found there counts as missed. Everything that was computed is kept by the
content of the photographs, the pack, the conditions and this code, so a second run costs nothing.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.config import Detection, PipelineSettings, Runtime
from facelab.data.images import read_image
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline import cache, degradations
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.clip import look
from facelab.pipeline.degradations import FULL, Degradation, GoodFace, degraded
from facelab.pipeline.progress import progress_bar
from facelab.pipeline.quality import face_quality
from facelab.pipeline.run import workers
from facelab.pipeline.scores import cosine
from facelab.pipeline.truthjoin import iou
from facelab.stats.degradation import DegradedScores
from facelab.types import Faces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.pipeline.packs import Pack
    from facelab.types import Floats, Image

KIND = "degradations"
CANVAS_PX = 320
SAME_IOU = 0.3
_SETTINGS, _RUNTIME = PipelineSettings(), Runtime()


@dataclass(frozen=True)
class FacePair:
    """Two photographs of one person: the reference stays as it is, the probe is made worse."""

    subject: str
    reference: Path
    probe: Path


@dataclass(frozen=True, eq=False)
class _Probe:
    """One probe in c conditions: embeddings (c, d), qualities (c,), and the width of the good face, px."""

    embedding: Floats
    quality: Floats
    width_px: float


def degraded_scores(
    pairs: Sequence[FacePair],
    pack: Pack,
    conditions: Sequence[Degradation] = degradations.FEW,
    *,
    detect: bool = False,
    settings: PipelineSettings = _SETTINGS,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> DegradedScores:
    """Every person's probe in every condition against everybody's reference.

    Parameters
    ----------
    pairs : sequence of FacePair
        One a person, two at least. Whose reference or good probe shows no face is left out.
    pack : Pack
        The model pack.
    conditions : sequence of Degradation
        With ``Degradation("width", 112)`` among them, which stands for undegraded faces.
    detect : bool
        True: the face has to be found again in the degraded picture; False: its landmarks are known, and the
        detector's score of the good face stays in the quality.
    settings : PipelineSettings
        Its `detection` applies.
    runtime : Runtime
        How many workers.
    progress : bool
        False never shows a bar.

    Raises
    ------
    BadInput
        There is no undegraded condition, or a photograph cannot be read.
    NotMeasured
        Fewer than two people are left.
    """
    if FULL not in conditions:
        raise BadInput(f"must hold {FULL}, which stands for undegraded faces", place="conditions")
    kept = cache.load(KIND, about := _about(pairs, pack, conditions, settings.detection, detect))
    if kept is None:
        with (
            ThreadPoolExecutor(workers(runtime), "facelab-worse") as pool,
            progress_bar("degraded faces", len(pairs), "person", wanted=progress) as bar,
        ):
            found = []
            for one in pool.map(lambda p: _person(p, pack, conditions, settings.detection, detect=detect), pairs):
                found.append(one)
                bar.update(1)
        arrays = _stacked(found, pairs, pack.dimension, len(conditions))
        cache.store(KIND, about, arrays, {}, title=f"{len(pairs)} people, {pack.name}")
    else:
        arrays = kept[0]
    there = np.flatnonzero(np.isfinite(arrays["reference"]).all(axis=1) & np.isfinite(arrays["width_px"]))
    if len(there) < 2:
        raise NotMeasured(f"two people with a face in both photographs are the least, there are {len(there)}")
    score = np.stack([cosine(probe, arrays["reference"][there]) for probe in arrays["probe"][:, there]])
    return DegradedScores(
        np.array([pairs[i].subject for i in there.tolist()], np.str_),
        np.array([c.kind for c in conditions], np.str_),
        np.array([c.level for c in conditions], np.float64),
        score.astype(np.float64),
        arrays["quality"][:, there].astype(np.float64),
        arrays["width_px"][there].astype(np.float64),
        list(conditions).index(FULL),
    )


def _about(
    pairs: Sequence[FacePair], pack: Pack, conditions: Sequence[Degradation], detection: Detection, detect: bool
) -> dict[str, object]:
    pictures = hashlib.sha256()
    for pair in pairs:
        for path in (pair.reference, pair.probe):
            try:
                pictures.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                raise BadInput(error.strerror or str(error), place=str(path)) from None
    code = hashlib.sha256(Path(degradations.__file__).read_bytes() + Path(__file__).read_bytes()).hexdigest()
    settings = {"detection": detection.model_dump(mode="json"), "detect": detect, "study": code}
    said = [[c.kind, float(c.level)] for c in conditions]
    return {"content": pictures.hexdigest(), "pack": pack.fingerprint, "conditions": said, "settings": settings}


def _stacked(
    found: Sequence[tuple[Floats | None, _Probe | None]], pairs: Sequence[FacePair], dimension: int, conditions: int
) -> dict[str, Floats]:
    n = len(pairs)
    reference = np.full((n, dimension), np.nan, np.float32)
    probe = np.full((conditions, n, dimension), np.nan, np.float32)
    quality, width = np.full((conditions, n), np.nan, np.float32), np.full(n, np.nan)
    for k, (vector, one) in enumerate(found):
        if vector is not None:
            reference[k] = vector
        if one is not None:
            probe[:, k], quality[:, k], width[k] = one.embedding, one.quality, one.width_px
    return {"reference": reference, "probe": probe, "quality": quality, "width_px": width}


def _person(
    pair: FacePair, pack: Pack, conditions: Sequence[Degradation], detection: Detection, *, detect: bool
) -> tuple[Floats | None, _Probe | None]:
    reference, probe = _good_face(pair.reference, pack, detection), _good_face(pair.probe, pack, detection)
    if reference is None or probe is None:
        return None, None
    vector = pack.embed(reference[0].image, reference[0].landmarks[None])[0]
    face, score = probe
    embedding = np.full((len(conditions), pack.dimension), np.nan, np.float32)
    quality = np.full(len(conditions), np.nan, np.float32)
    for k, condition in enumerate(conditions):
        worse = degraded(face, condition)
        seen = _found(worse, pack, detection) if detect else _as_known(worse, score)
        if seen is not None:
            crop = aligned_crops(seen[0].image, similarity(seen[0].landmarks[None]))
            embedding[k] = pack.embed_aligned(crop)[0]
            quality[k] = _quality(seen[0], seen[1], crop)
    return vector, _Probe(embedding, quality, face.width_px)


def _as_known(face: GoodFace, score: float) -> tuple[GoodFace, float]:
    return face, score


def _quality(face: GoodFace, score: float, crop: Image) -> float:
    return float(face_quality(Faces(face.box[None], np.array([score]), face.landmarks[None]), crop).combined[0])


def _good_face(path: Path, pack: Pack, detection: Detection) -> tuple[GoodFace, float] | None:
    """The face of a photograph and the detector's score; of several the widest."""
    image = read_image(path)
    for border in (0.0, 0.5):  # a face that fills its picture is found with a border around it
        rows, columns = (round(side * border) for side in image.shape[:2])
        framed = cv2.copyMakeBorder(image, rows, rows, columns, columns, cv2.BORDER_CONSTANT).astype(np.uint8)
        faces = look(pack, framed, detection).faces
        if len(faces):
            widest = int(np.argmax(faces.box[:, 2] - faces.box[:, 0]))
            return GoodFace(framed, faces.box[widest], faces.landmarks[widest]), float(faces.score[widest])
    return None


def _found(face: GoodFace, pack: Pack, detection: Detection) -> tuple[GoodFace, float] | None:
    """The face as the detector finds it in the degraded picture, on a canvas as large as a small frame; None if not."""
    rows, columns = face.image.shape[:2]
    canvas = np.full((max(CANVAS_PX, rows), max(CANVAS_PX, columns), 3), 128, np.uint8)
    top, left = (canvas.shape[0] - rows) // 2, (canvas.shape[1] - columns) // 2
    canvas[top : top + rows, left : left + columns] = face.image
    faces = pack.detect(canvas, detection)
    if not len(faces):
        return None
    overlap = iou(faces.box, (np.asarray(face.box) + np.array([left, top, left, top]))[None])[:, 0]
    best = int(np.argmax(overlap))
    if overlap[best] < SAME_IOU:
        return None
    return GoodFace(canvas, faces.box[best], faces.landmarks[best]), float(faces.score[best])

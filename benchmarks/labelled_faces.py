"""Every face of a footage whose person the truth knows: its measures of quality, its embedding, its place and time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import Detection
from facelab.data.losses import Losses
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.quality import face_quality
from facelab.pipeline.selection import BestFaces, Candidate
from facelab.pipeline.truthjoin import LEAST_IOU, iou

if TYPE_CHECKING:
    from facelab.data.footage import Footage
    from facelab.pipeline.packs import Pack
    from facelab.types import Floats, Ints, Strings

NO_CROP = np.zeros((0, 0, 3), np.uint8)
MEASURES = ("size", "pose", "sharpness", "score")


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """n faces of known people, in the order of the frames.

    Shapes: passage, subject (n,); time_s (n,) s; width (n,) px; measures (n, 4), its columns those of `MEASURES`;
    combined (n,) quality; embedding (n, d).
    """

    passage: Strings
    subject: Strings
    time_s: Floats
    width: Floats
    measures: Floats
    combined: Floats
    embedding: Floats


def chosen(faces: LabelledFaces, rows: Ints, limit: int) -> Ints:
    """The rows that the pipeline would embed of `rows`, which are in the order of time."""
    best = BestFaces(limit)
    for row in rows[faces.combined[rows] > 0]:
        best.add(Candidate(int(row), float(faces.time_s[row]), float(faces.combined[row]), NO_CROP))
    return np.array([candidate.row for candidate in best.chosen()], np.int64)


def labelled_faces(footage: Footage, pack: Pack, limits: tuple[int, ...] = ()) -> LabelledFaces:
    """The labelled faces of `footage`, in the order of its frames.

    Where `limits` are given, only faces are embedded that one of them would choose of a passage; the others are NaN.
    """
    truth, rows = footage.truth, defaultdict(list)
    for row, at in enumerate(zip(truth.camera.tolist(), truth.frame.tolist())):
        rows[at].append(row)
    found = defaultdict(list)
    for clip in footage.clips:
        for frame in clip.frames(Losses()):
            known = rows.get((frame.camera, frame.index))
            faces = pack.detect(frame.image, Detection())
            if not known or not len(faces):
                continue
            overlap = iou(truth.box[known], faces.box)
            pairs = [(row, int(o.argmax())) for row, o in zip(known, overlap) if o.max() >= LEAST_IOU]
            chosen = np.array([face for _, face in pairs], np.int64)
            faces = faces.take(chosen)
            if not len(faces):
                continue
            crops = aligned_crops(frame.image, similarity(faces.landmarks))
            quality = face_quality(faces, crops)
            found["passage"] += [str(truth.passage_id[row]) for row, _ in pairs]
            found["subject"] += [str(truth.subject_id[row]) for row, _ in pairs]
            found["time_s"] += [frame.time_s] * len(pairs)
            found["width"] += (faces.box[:, 2] - faces.box[:, 0]).tolist()
            found["measures"] += np.column_stack([getattr(quality, name) for name in MEASURES]).tolist()
            found["combined"] += quality.combined.tolist()
            found["embedding"] += list(crops if limits else pack.embed_aligned(crops))
    faces = LabelledFaces(**{name: np.array(found[name]) for name in LabelledFaces.__annotations__})
    return _embedded(faces, pack, limits) if limits else faces


def _embedded(faces: LabelledFaces, pack: Pack, limits: tuple[int, ...]) -> LabelledFaces:
    """`faces` with embeddings in the place of the crops of those that are chosen."""
    passages = [np.flatnonzero(faces.passage == passage) for passage in np.unique(faces.passage)]
    rows = np.unique(np.concatenate([chosen(faces, rows, limit) for rows in passages for limit in limits]))
    embedding = np.full((len(faces.width), pack.dimension), np.nan, np.float32)
    for row in rows:
        embedding[row] = pack.embed_aligned(faces.embedding[row][None])[0]
    return replace(faces, embedding=embedding)

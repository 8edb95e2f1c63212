"""The clips of a footage put together: one numbering, one clock, one template a track, and who is who from the truth.

Track numbers go on from clip to clip of one camera, so ``camera/track`` names one track of the footage. Where a clip is
known to show one person and nothing else is known of it, all its tracks are fragments of that person's one passage,
``camera/clip-<first frame>``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.data.losses import Losses
from facelab.pipeline.mending import mended
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.pipeline.templates import pooled
from facelab.pipeline.truthjoin import Joined, joined_tracks
from facelab.types import LANDMARKS, Templates, Tracks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from facelab.config import PipelineSettings
    from facelab.data.footage import Clip, Footage
    from facelab.pipeline.clip import ClipPassages
    from facelab.pipeline.templates import PoolingMethod
    from facelab.types import Floats


@dataclass(frozen=True)
class TemplateRow:
    """One row of the templates of a footage, before it is known whose it is; no embedding where acquisition failed."""

    sample_id: str
    camera: str
    embedding: Floats | None = None
    quality: float = np.nan
    n_faces: int = 0
    start_s: float = np.nan
    end_s: float = np.nan
    width_px: float = np.nan
    passage: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Recogniser:
    """What templates carry of the pack they come from: its fingerprint and the length of an embedding."""

    fingerprint: str
    dimension: int


def assembled(
    footage: Footage, clips: Sequence[ClipPassages], recogniser: Recogniser, settings: PipelineSettings
) -> Passages:
    """The passages of `footage`, of whose clips `clips` is what the tracker found, in the same order."""
    method, clips = settings.pooling.method, [mended(found, settings) for found in clips]
    offsets = _track_offsets(footage.clips, clips)
    tracks = _tracks(footage.clips, clips, offsets)
    joined = _joined(footage, clips, offsets, tracks)
    rows = [
        row for clip, found, first in zip(footage.clips, clips, offsets) for row in _rows(clip, found, first, method)
    ]
    known = footage.truth is not None or any(clip.subject_id for clip in footage.clips)
    mine, strangers = _parted(rows, joined, known)
    missed = _missed(footage, {row.passage for row in mine})
    losses = Losses()
    for found in clips:
        losses.add(found.losses)
    counts = _counts(clips, losses, mine, len(missed))
    return Passages(
        tracks=tracks,
        templates=templates_of([*mine, *missed], recogniser),
        unmatched=templates_of(strangers, recogniser),
        losses=losses,
        counts=replace(counts, mixed=sum(j.mixed for j in joined.values()), unmatched=len(strangers)),
        footage=footage.name,
        truth_known=known,
        synthetic=footage.synthetic,
    )


def _parted(
    rows: Sequence[TemplateRow], joined: Mapping[str, Joined], known: bool
) -> tuple[list[TemplateRow], list[TemplateRow]]:
    """The `rows` of passages, with whose they are, and those of nobody known (none of these where nobody is known)."""
    mine: list[TemplateRow] = []
    strangers: list[TemplateRow] = []
    for row in rows:
        said = joined.get(row.sample_id, Joined(None, "", mixed=False))
        if said.passage is not None:
            mine.append(replace(row, passage=said.passage, subject=said.subject))
        else:
            (strangers if known else mine).append(replace(row, passage=row.sample_id))
    return mine, strangers


def templates_of(rows: Sequence[TemplateRow], recogniser: Recogniser) -> Templates:
    """The `rows` as templates."""
    embedding = np.full((len(rows), recogniser.dimension), np.nan, np.float32)
    for k, row in enumerate(rows):
        if row.embedding is not None:
            embedding[k] = row.embedding
    return Templates(
        sample_id=_column(rows, "sample_id", np.str_),
        subject_id=_column(rows, "subject", np.str_),
        embedding=embedding,
        quality=_column(rows, "quality", np.float32),
        n_faces=_column(rows, "n_faces", np.int64),
        pack=recogniser.fingerprint,
        attributes={
            "camera": _column(rows, "camera", np.str_),
            "passage": _column(rows, "passage", np.str_),
            "start_s": _column(rows, "start_s", np.float64),
            "end_s": _column(rows, "end_s", np.float64),
            "width_px": _column(rows, "width_px", np.float32),
        },
    )


def _column(rows: Sequence[TemplateRow], name: str, dtype: Any) -> NDArray[Any]:
    return np.array([getattr(row, name) for row in rows], dtype)


def _track_offsets(clips: Sequence[Clip], found: Sequence[ClipPassages]) -> list[int]:
    """The number that each clip's tracks begin at: after those of the camera's earlier clips."""
    used: Counter[str] = Counter()
    offsets = []
    for clip, passages in zip(clips, found):
        offsets.append(used[clip.camera])
        used[clip.camera] += passages.tracks
    return offsets


def _tracks(clips: Sequence[Clip], found: Sequence[ClipPassages], offsets: Sequence[int]) -> Tracks:
    camera = np.concatenate([np.full(len(f.frame), clip.camera) for clip, f in zip(clips, found)])
    frame = np.concatenate([f.frame + clip.first_frame for clip, f in zip(clips, found)])
    track = np.concatenate([f.track + first for f, first in zip(found, offsets)])
    order = np.lexsort((track, frame, camera))
    return Tracks(
        camera=camera[order],
        frame=frame[order],
        time_s=np.concatenate([f.time_s + clip.start_s for clip, f in zip(clips, found)])[order],
        track_id=track[order],
        box=np.concatenate([f.box for f in found])[order].reshape(-1, 4),
        score=np.concatenate([f.score for f in found])[order],
        quality=np.concatenate([f.quality for f in found])[order],
        landmarks=np.concatenate([f.landmarks for f in found])[order].reshape(-1, LANDMARKS, 2),
    )


def _joined(
    footage: Footage, found: Sequence[ClipPassages], offsets: Sequence[int], tracks: Tracks
) -> Mapping[str, Joined]:
    joined = {} if footage.truth is None else joined_tracks(tracks, footage.truth)
    for clip, passages, first in zip(footage.clips, found, offsets):
        if clip.subject_id:
            said = Joined(_clip_passage(clip), clip.subject_id, mixed=False)
            joined |= {f"{clip.camera}/{first + k}": said for k in range(passages.tracks)}
    return joined


def _clip_passage(clip: Clip) -> str:
    return f"{clip.camera}/clip-{clip.first_frame}"


def _rows(clip: Clip, found: ClipPassages, first: int, method: PoolingMethod) -> list[TemplateRow]:
    """One row a track of the clip."""
    width = found.box[:, 2] - found.box[:, 0]
    face_track = found.track[found.face_row]
    rows = []
    for k in range(found.tracks):
        seen, faces = np.flatnonzero(found.track == k), np.flatnonzero(face_track == k)
        shown = found.face_row[faces] if len(faces) else seen
        row = TemplateRow(
            sample_id=f"{clip.camera}/{first + k}",
            camera=clip.camera,
            start_s=float(found.time_s[seen].min() + clip.start_s),
            end_s=float(found.time_s[seen].max() + clip.start_s),
            width_px=float(np.median(width[shown])),
        )
        if len(faces):
            embedding, quality = pooled(found.embedding[faces], found.quality[shown], method)
            row = replace(row, embedding=embedding, quality=quality, n_faces=len(faces))
        rows.append(row)
    return rows


def _missed(footage: Footage, seen: set[str]) -> list[TemplateRow]:
    """A row of nothing for each passage that no track joined."""
    rows = []
    if footage.truth is not None:
        truth, known = footage.truth, footage.truth.passages
        for passage, subject, camera in zip(*(c.tolist() for c in (known.passage_id, known.subject_id, known.camera))):
            if passage not in seen:
                box = truth.box[truth.passage_id == passage]
                width = float(np.median(box[:, 2] - box[:, 0]))
                name = f"{camera}/missed/{passage}"
                rows.append(TemplateRow(name, camera, width_px=width, passage=passage, subject=subject))
    for clip in footage.clips:
        passage = _clip_passage(clip)
        if clip.subject_id and passage not in seen:
            name = f"{clip.camera}/missed/{passage}"
            rows.append(TemplateRow(name, clip.camera, passage=passage, subject=clip.subject_id))
    return rows


def _counts(clips: Sequence[ClipPassages], losses: Losses, mine: Sequence[TemplateRow], missed: int) -> PassageCounts:
    tracks_of = Counter(row.passage for row in mine)
    usable = {row.passage for row in mine if row.n_faces}
    return PassageCounts(
        frames=losses.frames_read,
        faces=sum(found.faces for found in clips),
        untracked=sum(found.untracked for found in clips),
        short_tracks=sum(found.short_tracks for found in clips),
        short_faces=sum(found.short_faces for found in clips),
        tracks=sum(found.tracks for found in clips),
        passages=len(tracks_of) + missed,
        missed=missed,
        broken=sum(count > 1 for count in tracks_of.values()),
        fragments=sum(count - 1 for count in tracks_of.values()),
        failed=len(tracks_of) - len(usable),
    )

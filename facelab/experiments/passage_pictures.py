"""The face of a passage and the photograph it was matched with, side by side: read when asked for, kept nowhere."""

from __future__ import annotations

import base64
import contextlib
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.losses import Losses
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from facelab.data.footage import Footage
    from facelab.experiments.explorer import Flip
    from facelab.experiments.study import Study
    from facelab.types import Image, Tracks

HEIGHT_PX = 160
MARGIN = 0.35
"""So much of the face's width is shown around it."""


def passage_faces(study: Study, flips: Sequence[Flip]) -> Iterator[str]:
    """The pair of each search as HTML: the best face of its passage, and the reference; a word where one is missing.

    The footage is read once for all of them, each clip no further than its last picture.
    """
    rows = [best_row(study, flip.probe_id) for flip in flips]
    found = face_pictures(study.footage, study.probes.tracks, [row for row in rows if row is not None])
    for flip, row in zip(flips, rows, strict=True):
        seen = None if row is None else found.get(row)
        where = f"seen at {flip.camera}" if flip.camera else "seen"
        pictures = ((where, seen), ("in the watchlist", _reference(study, flip.alleged)))
        shown = "".join(_figure(caption, picture) for caption, picture in pictures)
        said = f"<b>{escape(flip.what)}</b>, score {flip.score:.4f}<br>"
        said += f"{escape(flip.subject or 'a stranger')}, passage {escape(flip.probe_id)}<br>"
        said += f"against {escape(flip.alleged)}"
        yield (
            '<div style="border:1px solid #ccc;border-radius:4px;padding:.5rem;line-height:1.35">'
            f'<div style="display:flex;gap:.5rem;align-items:flex-end">{shown}</div>'
            f'<div style="max-width:22rem">{said}</div></div>'
        )


def best_row(study: Study, probe_id: str) -> int | None:
    """The observation of the highest quality of a probe's tracks; None where nobody saw it."""
    templates = study.probes.templates
    passage = templates.attributes.get("passage", templates.sample_id)
    tracks = templates.sample_id[np.asarray(passage).astype(str) == probe_id]
    rows = np.flatnonzero(np.isin(study.probes.tracks.passage_id, tracks))
    return int(rows[np.argmax(study.probes.tracks.quality[rows])]) if len(rows) else None


def face_picture(footage: Footage, tracks: Tracks, row: int) -> bytes | None:
    """The face of observation `row` with some of what is around it, as JPEG; None where its frame cannot be read."""
    return face_pictures(footage, tracks, [row]).get(row)


def face_pictures(footage: Footage, tracks: Tracks, rows: Iterable[int]) -> dict[int, bytes]:
    """The faces of several observations, by row; each clip is read once, and those that cannot be read are missing."""
    wanted: dict[int, dict[int, list[int]]] = {}
    for row in rows:
        camera, index = str(tracks.camera[row]), int(tracks.frame[row])
        clips = [i for i, clip in enumerate(footage.clips) if clip.camera == camera and clip.first_frame <= index]
        if clips:
            number = max(clips, key=lambda i: footage.clips[i].first_frame)
            wanted.setdefault(number, {}).setdefault(index, []).append(row)
    found: dict[int, bytes] = {}
    for number, frames in wanted.items():
        with contextlib.suppress(BadInput):  # the footage has moved, or cannot be read
            for frame in footage.clips[number].frames(Losses()):
                for row in frames.get(frame.index, ()):
                    found[row] = _cropped(frame.image, tracks.box[row])
                if frame.index >= max(frames):
                    break
    return found


def _cropped(image: Image, box: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    margin = MARGIN * float(box[2] - box[0])
    height, width = image.shape[:2]
    x1, y1 = (max(0, int(value - margin)) for value in box[:2])
    x2, y2 = min(width, int(box[2] + margin) + 1), min(height, int(box[3] + margin) + 1)
    return _jpeg(image[y1:y2, x1:x2])


def _reference(study: Study, sample_id: str) -> bytes | None:
    """The photograph behind a reference; None where it came from footage, or is gone."""
    from facelab.data.images import read_image
    from facelab.experiments.sources import watchlist_photographs

    photographs = watchlist_photographs(study.scenario)
    found = [] if photographs is None else [p for p in photographs.photographs if p.sample_id == sample_id]
    try:
        return _jpeg(read_image(found[0].path)) if found else None
    except BadInput:
        return None


def _jpeg(image: Image) -> bytes:
    import cv2

    scale = HEIGHT_PX / max(1, image.shape[0])
    fitting = cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    return bytes(cv2.imencode(".jpg", fitting, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def _figure(caption: str, picture: bytes | None) -> str:
    if picture is None:
        return f"<p>{escape(caption)}:<br>there is no picture.</p>"
    data = base64.b64encode(picture).decode()
    alt = escape(caption, quote=True)
    image = f'<img alt="{alt}" src="data:image/jpeg;base64,{data}">'
    return f'<figure style="margin:0">{image}<figcaption>{alt}</figcaption></figure>'

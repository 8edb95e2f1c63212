"""The face of a passage and the photograph it was matched with, side by side: read when asked for, kept nowhere."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.footage import Footage
    from facelab.experiments.explorer import Flip
    from facelab.experiments.study import Study
    from facelab.types import Image, Tracks

HEIGHT_PX = 160
MARGIN = 0.35
"""So much of the face's width is shown around it."""


def passage_faces(study: Study, flip: Flip) -> Iterator[str]:
    """The pair of one search as HTML: the best face of its passage, and the reference; a word where one is missing."""
    tracks = study.probes.tracks
    row = best_row(study, flip.probe_id)
    probe = None if row is None else face_picture(study.footage, tracks, row)
    pictures = (("seen", probe), (f"reference {flip.alleged}", _reference(study, flip.alleged)))
    shown = "".join(_figure(caption, picture) for caption, picture in pictures)
    who = flip.subject or "a stranger"
    yield (
        f'<div style="display:flex;gap:1rem;align-items:flex-end;margin:.6rem 0">{shown}'
        f"<p>{escape(flip.what)}: {escape(flip.probe_id)}, {escape(who)}, score {flip.score:.4f}</p></div>"
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
    camera, index = str(tracks.camera[row]), int(tracks.frame[row])
    clips = [clip for clip in footage.clips if clip.camera == camera and clip.first_frame <= index]
    if not clips:
        return None
    clip = max(clips, key=lambda clip: clip.first_frame)
    for frame in clip.frames(Losses()):
        if frame.index == index:
            return _cropped(frame.image, tracks.box[row])
        if frame.index > index:
            return None
    return None


def _cropped(image: Image, box: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    margin = MARGIN * float(box[2] - box[0])
    height, width = image.shape[:2]
    x1, y1 = (max(0, int(value - margin)) for value in box[:2])
    x2, y2 = min(width, int(box[2] + margin) + 1), min(height, int(box[3] + margin) + 1)
    return _jpeg(image[y1:y2, x1:x2])


def _reference(study: Study, sample_id: str) -> bytes | None:
    """The photograph behind a reference; None where it came from footage, or is gone."""
    from facelab.data.images import read_image
    from facelab.errors import BadInput
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
        return f"<p>{escape(caption)}: there is no picture of it.</p>"
    data = base64.b64encode(picture).decode()
    alt = escape(caption, quote=True)
    image = f'<img alt="{alt}" src="data:image/jpeg;base64,{data}">'
    return f'<figure style="margin:0">{image}<figcaption>{alt}</figcaption></figure>'

"""A look at the footage: a frame of each camera with the tracked faces marked, where people may be shown.

Pictures of real people are never shown unless the user asks; people who do not exist may be.
"""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.data.footage import Footage
    from facelab.pipeline.passages import Passages
    from facelab.types import Image

FRAME = 60
WIDTH_PX = 720
COLOUR_BGR = (178, 114, 0)
Show = Literal["synthetic", "always", "never"]


@dataclass(frozen=True)
class ContactSheet:
    """Pictures (JPEG) with captions, or the reason why none is shown."""

    pictures: tuple[tuple[str, bytes], ...]
    reason: str = ""

    def _repr_html_(self) -> str:
        if not self.pictures:
            return f"<p>{html.escape(self.reason)}</p>"
        return "".join(
            f'<figure><img alt="{html.escape(caption, quote=True)}" style="max-width:100%" '
            f'src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, data in self.pictures
        )

    def __repr__(self) -> str:
        return self.reason or ", ".join(caption for caption, _ in self.pictures)


def may_be_shown(show: Show, *, synthetic: bool) -> bool:
    """Whether pictures of people may be shown, who do not exist where they are `synthetic`."""
    return show == "always" or (show == "synthetic" and synthetic)


def contact_sheet(footage: Footage, passages: Passages, show: Show = "synthetic") -> ContactSheet:
    """A frame of each camera of `footage`, the faces of `passages` marked.

    Parameters
    ----------
    footage, passages : Footage, Passages
        What was filmed and what was found in it.
    show : {"synthetic", "always", "never"}
        Whether people may be shown.
    """
    if not may_be_shown(show, synthetic=footage.synthetic):
        return ContactSheet((), "Frames are not shown: they may hold pictures of real people (show_faces).")
    pictures = []
    for camera in footage.cameras:
        frame = _frame(footage, camera, passages)
        if frame is not None:
            pictures.append(frame)
    return ContactSheet(tuple(pictures), "" if pictures else "There is no frame to show.")


def _frame(footage: Footage, camera: str, passages: Passages) -> tuple[str, bytes] | None:
    """A frame of `camera` near the `FRAME`-th, the one of its neighbourhood with most faces."""
    from facelab.data.losses import Losses

    clip = next(clip for clip in footage.clips if clip.camera == camera)
    tracks = passages.tracks
    own = tracks.camera == camera
    frames = islice(clip.frames(Losses()), 2 * FRAME)
    try:
        best = max(frames, key=lambda frame: int(np.sum(own & (tracks.frame == frame.index))), default=None)
    except BadInput:  # a clip that cannot be read: counted and named among the losses
        return None
    if best is None:
        return None
    boxes = tracks.box[own & (tracks.frame == best.index)]
    return f"{camera}, {best.time_s:.1f} s: {len(boxes)} tracked faces", _jpeg(best.image, boxes)


def _jpeg(image: Image, boxes: np.ndarray[Any, Any]) -> bytes:
    import cv2

    scale = min(1.0, WIDTH_PX / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for box in np.round(boxes * scale).astype(int):
        cv2.rectangle(small, (int(box[0]), int(box[1])), (int(box[2]), int(box[3])), COLOUR_BGR, 2)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())

"""The pictures behind a finding, side by side for the reviewer: read when asked for, written only where asked.

People who do not exist may be shown; real ones only where the user asks (`show`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.data.images import read_image
from facelab.errors import BadInput
from facelab.experiments.footage_sheet import ContactSheet, Show, may_be_shown

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.data.photographs import Photographs
    from facelab.experiments.gallery_audit.findings import Finding, GalleryAudit

HEIGHT_PX = 200
MOST = 4
HIDDEN = "Photographs are not shown: they may be of real people (ask for them with show)."


def finding_pictures(
    finding: Finding, photographs: Photographs, show: Show = "synthetic", *, synthetic: bool = False
) -> ContactSheet:
    """The photographs of a finding, at most `MOST`, each with its sample and subject.

    Parameters
    ----------
    finding : Finding
        Whose samples are shown.
    photographs : Photographs
        What the gallery was enrolled from.
    show : {"synthetic", "always", "never"}
        Whether people may be shown.
    synthetic : bool
        True where nobody in them exists.
    """
    if not may_be_shown(show, synthetic=synthetic):
        return ContactSheet((), HIDDEN)
    there = {photograph.sample_id: photograph for photograph in photographs.photographs}
    pictures = []
    for sample in finding.samples[:MOST]:
        if sample in there:
            try:
                pictures.append((f"{there[sample].subject_id}: {sample}", _jpeg(there[sample].path)))
            except BadInput:
                continue
    return ContactSheet(tuple(pictures), "" if pictures else "There is no photograph of these samples.")


def write_pictures(
    audit: GalleryAudit, photographs: Photographs, folder: Path, show: Show = "never", *, synthetic: bool = False
) -> list[Path]:
    """Write a picture for each open finding into `folder`, ``<finding>.jpg``, and say which.

    Raises
    ------
    BadInput
        The folder cannot be written, or people may not be shown.
    """
    import cv2
    import numpy as np

    if not may_be_shown(show, synthetic=synthetic):
        raise BadInput(HIDDEN, place=str(folder))
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for finding in audit.open:
            sheet = finding_pictures(finding, photographs, show, synthetic=synthetic)
            if sheet.pictures:
                parts = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for _, data in sheet.pictures]
                path = folder / f"{finding.id}.jpg"
                path.write_bytes(cv2.imencode(".jpg", np.hstack([p for p in parts if p is not None]))[1].tobytes())
                written.append(path)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror or error}", place=str(folder)) from None
    return written


def _jpeg(path: Path) -> bytes:
    import cv2

    image = read_image(path)
    scale = HEIGHT_PX / max(1, image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), HEIGHT_PX)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())

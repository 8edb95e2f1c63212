"""The contact sheet of a question, as HTML: its words, and the faces side by side.

Colours are those of the notebook's theme, so that it reads in light and in dark; what is said by colour is said in
words too.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from facelab.label.pictures import telling_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facelab.label.anchors import Anchors
    from facelab.label.material import Material
    from facelab.label.pictures import FacePictures
    from facelab.label.questions import Asked

FACES = 4
ALONG = 8
QUIET = 'tabindex="-1" data-lm-suppress-shortcuts="true" style="outline:none"'
"""Whoever clicked on the sheet and then types d twice must not delete the notebook's cell, as JupyterLab would."""
WORDS = {
    "alert": "Is this passage the enrolled person?",
    "miss": "Is this passage the enrolled person?",
    "mixed": "Is this one person, all along the track?",
    "broken": "Are these two tracks one person?",
    "group": "Is everybody on this sheet one person?",
    "doubt": "Are these two passages one person?",
}
"""What is asked, by kind."""
BOX = "border:1px solid var(--jp-border-color1,#999);border-radius:4px;padding:.4rem .6rem;margin:.2rem .6rem .2rem 0"


def rows_shown(asked: Asked, material: Material, anchors: Anchors) -> list[list[int]]:
    """The observations that the sheet of `asked` shows, a list for each of its passages."""
    n = {"mixed": ALONG, "group": 1}.get(asked.kind, FACES)
    return [[int(at) for at in telling_rows(material, anchors, row, n)] for row in asked.rows]


def sheet(
    asked: Asked,
    material: Material,
    anchors: Anchors,
    pictures: FacePictures,
    references: Callable[[str], Sequence[bytes]] | None = None,
) -> str:
    """The sheet of one question as HTML.

    Parameters
    ----------
    asked : Asked
        The question.
    material, anchors : Material, Anchors
        The passages, and where they stand.
    pictures : FacePictures
        Reads the faces.
    references : callable, optional
        The photographs (JPEG) of an enrolled person by subject id.
    """
    boxes = []
    for row, shown in zip(asked.rows, rows_shown(asked, material, anchors)):
        boxes.append(_box(_place(material, row), pictures.of(shown), "passage"))
    if asked.subject:
        found = [] if references is None else list(references(asked.subject))[:FACES]
        boxes.append(_box(f"enrolled: {asked.subject}", found, "enrolled photograph"))
    words = f'<div style="font-size:1.25rem;font-weight:600">{escape(WORDS[asked.kind])}</div>'
    reason = f'<div style="color:var(--jp-ui-font-color2,#555)">Why it is asked: {escape(asked.reason)}</div>'
    return f'<div {QUIET}>{words}{reason}<div style="display:flex;flex-wrap:wrap">{"".join(boxes)}</div></div>'


def _place(material: Material, row: int) -> str:
    name = str(material.sample_id[row])
    width = material.width_px[row]
    wide = "" if width != width else f", {width:.0f} px wide"
    return f"{name}, {material.start_s[row]:.1f} to {material.end_s[row]:.1f} s{wide}"


def _box(caption: str, faces: Sequence[bytes | None], alt: str) -> str:
    shown = "".join(_image(face, f"{alt} {caption}") for face in faces if face is not None)
    if not shown:
        shown = '<div style="padding:2rem 1rem">no picture can be read</div>'
    return f'<figure style="{BOX}"><div>{shown}</div><figcaption>{escape(caption)}</figcaption></figure>'


def _image(face: bytes, alt: str) -> str:
    data = base64.b64encode(face).decode()
    return f'<img alt="{escape(alt, quote=True)}" style="height:130px;margin:2px" src="data:image/jpeg;base64,{data}">'

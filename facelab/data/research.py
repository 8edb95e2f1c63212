"""Real footage and portraits for research, read from where they lie and never copied.

The folder is ``FACELAB_RESEARCH_DATA``, by default ``../shared/data`` beside the project's own folder. It holds a
sequence of the ChokePoint set (frames at 30 a second, and boxes of 24 people: research, non-commercial), official
portraits of members of the US Congress of two years (public domain), and a crowd video without labels.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.footage import Clip, Footage
from facelab.data.images import is_picture, natural_key
from facelab.data.photographs import Photograph, Photographs
from facelab.data.sources import FrameFolder, VideoFile
from facelab.data.table import read_rows
from facelab.data.truth import Truth
from facelab.errors import NotMeasured

if TYPE_CHECKING:
    from facelab.config import ResearchFootage

VARIABLE = "FACELAB_RESEARCH_DATA"
CHOKEPOINT_SEQUENCE = "P2E_S5_C1.1"
CHOKEPOINT_FPS = 30.0
CONGRESS_YEARS = (2014, 2024)


def research_folder() -> Path | None:
    """The folder of the research data; None where it is absent."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) if Path(named).is_dir() else None
    project = Path(__file__).resolve().parents[2]
    usual = project.parent / "shared" / "data"
    return usual if (project / "pyproject.toml").is_file() and usual.is_dir() else None


def open_research(settings: ResearchFootage) -> Footage:
    """The research footage that `settings` names.

    Raises
    ------
    NotMeasured
        The research data is not there.
    """
    return chokepoint() if settings.name == "chokepoint" else crowd()


def chokepoint() -> Footage:
    """The ChokePoint sequence: one camera, 24 known people, one passage each (named ``camera/subject``).

    Its boxes are not complete (far faces have none): they serve recall and identity, not the detector's precision.

    Raises
    ------
    NotMeasured
        The research data is not there.
    """
    frames = _there(f"chokepoint/{CHOKEPOINT_SEQUENCE}")
    rows = read_rows(_there("chokepoint/faces.csv"), required=("frame", "subject_id", "x", "y", "w", "h"))
    corner = np.array([[row.number("x"), row.number("y")] for row in rows]).reshape(-1, 2)
    size = np.array([[row.number("w"), row.number("h")] for row in rows]).reshape(-1, 2)
    subject = [row.text("subject_id") for row in rows]
    truth = Truth(
        camera=np.full(len(rows), CHOKEPOINT_SEQUENCE),
        frame=np.array([row.integer("frame") for row in rows], dtype=np.int64),
        passage_id=np.array([f"{CHOKEPOINT_SEQUENCE}/{name}" for name in subject], dtype=np.str_),
        subject_id=np.array(subject, dtype=np.str_),
        box=np.hstack([corner, corner + size]),
    )
    return Footage("chokepoint", (Clip(FrameFolder(frames, CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE)),), truth)


def crowd() -> Footage:
    """A crowd that walks towards the camera: 105 frames, nobody known.

    Raises
    ------
    NotMeasured
        The research data is not there.
    """
    return Footage("crowd", (Clip(VideoFile(_there("crowd/crowd.mp4"), "crowd")),))


def congress_portraits(years: tuple[int, ...] = CONGRESS_YEARS) -> Photographs:
    """The Congress portraits of `years`: sample id ``year/member.jpg``, subject the member, attribute ``year``.

    Raises
    ------
    NotMeasured
        The research data is not there.
    """
    found = []
    for year in years:
        pictures = filter(is_picture, _there(f"congress/{year}").iterdir())
        ordered = sorted(pictures, key=lambda path: natural_key(path.name))
        found += [Photograph(f"{year}/{path.name}", path.stem, path, {"year": str(year)}) for path in ordered]
    return Photographs(_there("congress"), tuple(found))


def _there(name: str) -> Path:
    folder = research_folder()
    if folder is None:
        where = os.environ.get(VARIABLE) or "../shared/data"
        raise NotMeasured(f"the research data is not there: no folder {where}; name its folder in {VARIABLE}")
    if not (folder / name).exists():
        raise NotMeasured(f"the research data is not complete: there is no {name} in {folder}")
    return folder / name

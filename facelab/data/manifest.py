"""A manifest: the clips of a footage, their cameras, their clock, and what is known of who is in them.

CSV has one line a clip; YAML has the same under ``clips``, with ``name``, ``synthetic`` and a ``truth`` for the whole
footage beside it:

===============  ==============================================================================================
``file``         video or folder of frames, below the manifest's own folder
``camera``       the camera's name
``start_s``      when it starts on the common clock, s (0 unless given); or
``start``        the same as a date and time with its zone, ``2026-11-01T08:30:00+05:00``; the earliest becomes 0
``fps``          frames a second of a folder of frames
``first_frame``  added to the clip's frame numbers; beyond those of the clip before; without it, the k-th clip of a
                 camera starts at (k-1) x 10,000,000
``truth``        the clip's truth file, by the clip's own frame numbers, below the manifest's folder
``subject_id``   the one person whom the clip shows, where that is known and no boxes are
===============  ==============================================================================================
"""

from __future__ import annotations

import os.path
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from facelab.data.footage import Clip, Footage, Source
from facelab.data.sources import FrameFolder, VideoFile
from facelab.data.table import checked, path_below, read_rows, yaml_mapping
from facelab.data.truth import Truth, read_truth
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

FRAMES_A_CLIP = 10_000_000
"""Distance between the first frames of successive clips of one camera (four days at 25 frames a second)."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClipEntry(_Strict):
    """One clip, as the manifest gives it."""

    file: Name
    camera: Name
    start_s: Annotated[Finite, Field(ge=0)] | None = None
    start: AwareDatetime | None = None
    fps: Annotated[Finite, Field(gt=0)] | None = None
    first_frame: Annotated[int, Field(ge=0)] | None = None
    truth: Name | None = None
    subject_id: str = ""


class FootageEntry(_Strict):
    """What a YAML manifest says beside its clips."""

    clips: Annotated[list[dict[str, Any]], Field(min_length=1)]
    name: Name | None = None
    synthetic: bool = False
    truth: Name | None = None


@dataclass(frozen=True)
class _Placed:
    """A clip's entry and where it stands in the manifest."""

    place: str
    entry: ClipEntry


def read_manifest(path: Path) -> Footage:
    """The footage that the manifest at `path` (CSV or YAML) names; every file in it is looked at before it returns.

    Raises
    ------
    BadInput
        The manifest or a file in it is missing or cannot be read; a column is missing, unknown or out of range; a path
        leads out of the manifest's folder; a clip stands twice. The message names the file, the line and the column.
    """
    head, placed = _from_csv(path) if path.suffix.lower() == ".csv" else _from_yaml(path)
    if not placed:
        raise BadInput("the manifest names no clip", place=str(path))
    _refuse_twice(placed)
    starts, firsts = _starts(placed, path), _first_frames(placed)
    clips, truths = [], []
    for item, start_s, first_frame in zip(placed, starts, firsts):
        entry = item.entry
        source = _source(item, path)
        clips.append(Clip(source, start_s, first_frame, entry.subject_id.strip()))
        if entry.truth is not None:
            truths.append(_clip_truth(item, path, first_frame))
            _refuse_shared_passages(truths, item.place)
    if head.truth is not None:
        if truths:
            raise BadInput("truth is given for the footage and for a clip; give one of them", place=str(path))
        truths.append(read_truth(path_below(path.parent, head.truth, place=str(path), column="truth")))
    truth = Truth.joined(truths) if truths else None
    try:
        return Footage(head.name or path.stem, tuple(clips), truth, head.synthetic)
    except BadInput as error:
        raise BadInput(str(error), place=str(path)) from None


def _from_csv(path: Path) -> tuple[FootageEntry, list[_Placed]]:
    fields = list(ClipEntry.model_fields)
    placed = []
    for row in read_rows(path, required=("file", "camera"), optional=fields[2:]):
        given = {name: value for name, value in row.values.items() if value != "" or name in ("file", "camera")}
        placed.append(_Placed(row.place, checked(ClipEntry, given, place=row.place)))
    return FootageEntry.model_construct(clips=[]), placed


def _from_yaml(path: Path) -> tuple[FootageEntry, list[_Placed]]:
    head = checked(FootageEntry, yaml_mapping(path), place=str(path))
    placed = []
    for number, given in enumerate(head.clips, start=1):
        place = f"{path}, clip {number}"
        placed.append(_Placed(place, checked(ClipEntry, given, place=place)))
    return head, placed


def _refuse_twice(placed: list[_Placed]) -> None:
    seen: dict[str, str] = {}
    for item in placed:
        file = os.path.normpath(item.entry.file)
        if file in seen:
            raise BadInput(f"column 'file': {file!r} stands twice, first in {seen[file]}", place=item.place)
        seen[file] = item.place


def _starts(placed: list[_Placed], path: Path) -> list[float]:
    dated = [item.entry.start for item in placed if item.entry.start is not None]
    if not dated:
        return [item.entry.start_s or 0.0 for item in placed]
    if len(dated) < len(placed) or any(item.entry.start_s is not None for item in placed):
        raise BadInput("columns 'start' and 'start_s': one of them for all clips, not a mixture", place=str(path))
    earliest = min(dated)
    return [(start - earliest).total_seconds() for start in dated]


def _first_frames(placed: list[_Placed]) -> list[int]:
    seen: Counter[str] = Counter()
    firsts = []
    for item in placed:
        given = item.entry.first_frame
        firsts.append(seen[item.entry.camera] * FRAMES_A_CLIP if given is None else given)
        seen[item.entry.camera] += 1
    return firsts


def _source(item: _Placed, path: Path) -> Source:
    entry = item.entry
    file = path_below(path.parent, entry.file, place=item.place, column="file")
    source: VideoFile | FrameFolder
    if not file.is_dir():
        source = VideoFile(file, entry.camera)
    elif entry.fps is None:
        raise BadInput(f"column 'fps' is needed for the folder of frames {entry.file!r}", place=item.place)
    else:
        source = FrameFolder(file, entry.fps, entry.camera)
    try:
        source.check()
    except BadInput as error:
        raise BadInput(f"column 'file': {error}", place=item.place) from None
    return source


def _refuse_shared_passages(truths: list[Truth], place: str) -> None:
    *before, last = truths
    shared = set(last.passage_id.tolist()).intersection(Truth.joined(before).passage_id.tolist())
    if shared:
        raise BadInput(f"column 'truth': passage {min(shared)!r} stands in another clip's truth too", place=place)


def _clip_truth(item: _Placed, path: Path, first_frame: int) -> Truth:
    entry = item.entry
    if entry.subject_id.strip():
        raise BadInput("columns 'truth' and 'subject_id': give one of them", place=item.place)
    truth = read_truth(path_below(path.parent, str(entry.truth), place=item.place, column="truth"))
    others = np.setdiff1d(truth.camera, [entry.camera])
    if others.size:
        raise BadInput(
            f"column 'truth': {entry.truth!r} names camera {str(others[0])!r}, not its own", place=item.place
        )
    return replace(truth, frame=truth.frame + first_frame)

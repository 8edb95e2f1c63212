"""Photographs of known people: a folder ``<subject>/<image>``, or a manifest that names them.

The folder's first level is the subject; pictures may lie deeper. A manifest is CSV with the columns ``file`` and
``subject_id``, or YAML with a list of the same under ``photographs``; further columns become attributes. Files are
below the manifest's own folder. A photograph's `sample_id` is its path below the folder, with ``/``. Listing looks at
names only: a picture that turns out unreadable is the reader's to report.
"""

from __future__ import annotations

import itertools
import os.path
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from facelab.data.footage import MANIFEST_SUFFIXES
from facelab.data.images import is_picture, natural_key
from facelab.data.table import checked, path_below, read_rows, yaml_mapping
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Photograph:
    """One picture of one known person, and what else is known of it (year, group, …) as text."""

    sample_id: str
    subject_id: str
    path: Path
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Photographs:
    """The photographs below one folder, in natural order of their sample ids.

    Parameters
    ----------
    folder : Path
        What the sample ids are below.
    photographs : tuple of Photograph
        All there are.
    without : tuple of str
        Subjects who have a folder and no picture in it: they were to be enrolled, and cannot be.
    """

    folder: Path
    photographs: tuple[Photograph, ...]
    without: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.photographs)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject who was named, sorted, those without a picture included."""
        return tuple(sorted({photograph.subject_id for photograph in self.photographs} | set(self.without)))


def read_photographs(path: Path) -> Photographs:
    """The photographs at `path`: a folder ``<subject>/<image>``, or a manifest (``.csv``, ``.yaml``, ``.yml``).

    Raises
    ------
    BadInput
        It is neither; there is no photograph; a picture lies in no subject's folder; a line of the manifest is wrong,
        stands twice, or names a file that is missing or outside.
    """
    if path.is_dir():
        return _of_folder(path)
    if not path.exists():
        raise BadInput("there is no such folder or manifest of photographs", place=str(path))
    if path.suffix.lower() not in MANIFEST_SUFFIXES:
        raise BadInput("photographs come as a folder <subject>/<image> or a .csv or .yaml manifest", place=str(path))
    return _of_manifest(path)


def _of_folder(folder: Path) -> Photographs:
    entries = sorted(folder.iterdir(), key=lambda entry: natural_key(entry.name))
    stray = [entry.name for entry in entries if not entry.is_dir() and is_picture(entry)]
    if stray:
        raise BadInput(
            f"the picture {stray[0]!r} lies in no subject's folder; put it into <subject>/, or name the photographs in "
            "a manifest",
            place=str(folder),
        )
    subjects = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    listed = {subject.name: _of_subject(folder, subject) for subject in subjects}
    found = tuple(itertools.chain.from_iterable(listed.values()))
    if not found:
        raise BadInput("there is no photograph in the folder; it must hold <subject>/<image>", place=str(folder))
    return Photographs(folder, found, tuple(name for name, pictures in listed.items() if not pictures))


def _of_subject(folder: Path, subject: Path) -> list[Photograph]:
    pictures = [picture for picture in subject.rglob("*") if picture.is_file() and is_picture(picture)]
    names = sorted((picture.relative_to(folder).as_posix() for picture in pictures), key=natural_key)
    return [Photograph(name, subject.name, folder / name) for name in names]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    file: Annotated[str, Field(min_length=1)]
    subject_id: Annotated[str, Field(min_length=1)]


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    photographs: list[dict[str, Any]]


def _of_manifest(path: Path) -> Photographs:
    found: dict[str, Photograph] = {}
    for place, given in _entries(path):
        entry = checked(_Entry, given, place=place)
        file = path_below(path.parent, entry.file, place=place, column="file")
        if not file.is_file():
            raise BadInput(f"column 'file' names {entry.file!r}, which is a folder", place=place)
        name = PurePath(os.path.normpath(entry.file)).as_posix()
        if name in found:
            whose = found[name].subject_id
            raise BadInput(f"column 'file': {entry.file!r} stands twice, first for {whose!r}", place=place)
        further = {key: str(value) for key, value in (entry.model_extra or {}).items()}
        found[name] = Photograph(name, entry.subject_id, file, further)
    if not found:
        raise BadInput("the manifest names no photograph", place=str(path))
    return Photographs(path.parent, tuple(found[name] for name in sorted(found, key=natural_key)))


def _entries(path: Path) -> list[tuple[str, dict[str, Any]]]:
    if path.suffix.lower() == ".csv":
        rows = read_rows(path, required=("file", "subject_id"), optional=None)
        return [(row.place, dict(row.values)) for row in rows]
    listed = checked(_Listed, yaml_mapping(path), place=str(path))
    return [(f"{path}, photograph {number}", given) for number, given in enumerate(listed.photographs, start=1)]

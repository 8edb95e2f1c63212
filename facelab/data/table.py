"""Rows of a CSV file and entries of a YAML file, checked as they are read.

An error names the file, the line or entry, the column, the value and the rule it breaks.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)

LARGEST_CSV = 512 * 1024**2


@dataclass(frozen=True)
class Row:
    """One line of a CSV file: where it stands (``file, line n``) and its values by column, without blanks around."""

    place: str
    values: Mapping[str, str]

    def _bad(self, column: str, rule: str) -> BadInput:
        value = self.values.get(column, "")
        what = "it is empty" if value == "" else f"it is {value!r}"
        return BadInput(f"column {column!r} {rule}, {what}", place=self.place)

    def text(self, column: str, *, empty: bool = False) -> str:
        """The text in `column`; an empty one only where `empty` allows it."""
        value = self.values.get(column, "")
        if value == "" and not empty:
            raise self._bad(column, "must not be empty")
        return value

    def number(self, column: str) -> float:
        """The finite number in `column`."""
        try:
            value = float(self.values.get(column, ""))
        except ValueError:
            raise self._bad(column, "must be a number") from None
        if not math.isfinite(value):
            raise self._bad(column, "must be a finite number")
        return value

    def integer(self, column: str) -> int:
        """The whole number in `column`; ``12.0`` counts as one."""
        value = self.number(column)
        if value != int(value):
            raise self._bad(column, "must be a whole number")
        return int(value)


def read_rows(path: Path, *, required: Sequence[str], optional: Sequence[str] | None = ()) -> list[Row]:
    """The lines of the CSV file at `path`, blank ones left out; the header may have its columns in any order.

    `optional` names the columns that may stand beside the `required` ones; None allows any.

    Raises
    ------
    BadInput
        The file is missing, not text, empty, or has no header with the `required` columns; a column is neither required
        nor `optional`, or stands twice; a line has more or fewer values than the header.
    """
    lines = list(csv.reader(_text(path).splitlines()))
    if not lines:
        raise BadInput("the file is empty: its first line must name the columns", place=str(path))
    header = [name.strip() for name in lines[0]]
    _check_header(path, header, required=required, optional=optional)
    rows = []
    for number, values in enumerate(lines[1:], start=2):
        if not any(value.strip() for value in values):
            continue
        place = f"{path}, line {number}"
        if len(values) != len(header):
            raise BadInput(f"the line has {len(values)} values, the header {len(header)} columns", place=place)
        rows.append(Row(place, {name: value.strip() for name, value in zip(header, values)}))
    return rows


def yaml_mapping(path: Path) -> dict[str, Any]:
    """The mapping at the top of the YAML file at `path`.

    Raises
    ------
    BadInput
        The file is missing, empty, no YAML, or no mapping.
    """
    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        raise BadInput(f"this is no YAML: {error.problem}", place=f"{path}{line}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadInput("this is no YAML text", place=str(path)) from None
    if not isinstance(content, dict):
        what = "it is empty" if content is None else f"it is a {type(content).__name__}"
        raise BadInput(f"a mapping of names to values is needed, {what}", place=str(path))
    return content


def checked(model: type[Model], given: dict[str, Any], *, place: str) -> Model:
    """`given` as a `model`; the first rule that it breaks is the error."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(str(part) for part in first["loc"]) or "entry"
        rule = str(first["msg"])[:1].lower() + str(first["msg"])[1:]
        if first["type"] == "missing":
            raise BadInput(f"column {column!r} is missing; found: {', '.join(map(str, given))}", place=place) from None
        if first["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields)
            raise BadInput(f"column {column!r} is unknown; known: {known}", place=place) from None
        raise BadInput(f"column {column!r} is {first['input']!r}: {rule}", place=place) from None


def path_below(folder: Path, name: str, *, place: str, column: str) -> Path:
    """The path `name` below `folder`.

    Raises
    ------
    BadInput
        It is absolute, climbs or leads (by a link) out of `folder`, or is not there.
    """
    absolute = PurePosixPath(name).is_absolute() or bool(PureWindowsPath(name).anchor)
    path = folder / name
    try:
        outside = absolute or not path.resolve().is_relative_to(folder.resolve())
        there = path.exists()
    except (OSError, ValueError):  # longer than the file system takes, or with a zero byte
        raise BadInput(f"column {column!r} is no name of a file: {name[:60]!r}", place=place) from None
    if outside:
        raise BadInput(f"column {column!r} must stay below the manifest's folder, it is {name!r}", place=place)
    if not there:
        raise BadInput(f"column {column!r} names {name!r}, which is not there", place=place)
    return path


def _text(path: Path) -> str:
    if not path.exists():
        raise BadInput("there is no such file", place=str(path))
    if not path.is_file():
        raise BadInput("a CSV file is needed, this is a folder", place=str(path))
    if path.stat().st_size > LARGEST_CSV:
        raise BadInput(f"a CSV file of more than {LARGEST_CSV // 1024**2} MiB is not read", place=str(path))
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8 text; was it saved as a spreadsheet?", place=str(path)) from None


def _check_header(path: Path, header: list[str], *, required: Sequence[str], optional: Sequence[str] | None) -> None:
    place = f"{path}, line 1"
    missing = [name for name in required if name not in header]
    if missing:
        found = ", ".join(header)
        raise BadInput(f"column {missing[0]!r} is missing; found: {found}", place=place)
    for name in header:
        if header.count(name) > 1:
            raise BadInput(f"column {name!r} stands twice", place=place)
        if name == "":
            raise BadInput("a column has no name", place=place)
        if optional is not None and name not in required and name not in optional:
            known = ", ".join([*required, *optional])
            raise BadInput(f"column {name!r} is unknown; known: {known}", place=place)

"""What is known of each rendered passage beside its boxes: its site, visit and attempt, who sits where, what spoils it.

A rendering that uses what the first three cameras do not have writes it as ``passages.csv`` beside the truth; the
columns are the fields of `PassageFacts`. Times are seconds of the common clock; `stop_s` is empty for people who do
not stop. `arrival_s` is when somebody comes into sight.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.data.table import read_rows
from facelab.data.terminal.posts import POSTS
from facelab.errors import BadInput
from facelab.types import Checked, Floats, Ints, Strings, shaped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from facelab.data.terminal.plan import ClipPlan

FACTS = "passages.csv"
NUMBERS = ("arrival_s", "stop_s", "end_s")
COUNTS = ("visit", "attempt")


@dataclass(frozen=True, eq=False)
class PassageFacts(Checked):
    """One row a passage.

    Shapes: all (n,). passage_id, camera, site, kind, light, subject_id, vehicle, seat, cover, blur str; visit, attempt
    int; arrival_s, stop_s, end_s s. `cover` is ``""``, ``mask``, ``sunglasses``, ``hood`` or ``away``; `blur` is
    ``""``, ``defocus`` or ``motion``; `vehicle` is the car that somebody sits in, `seat` ``driver`` or ``passenger``.
    """

    passage_id: Strings
    camera: Strings
    site: Strings
    kind: Strings
    light: Strings
    subject_id: Strings
    visit: Ints
    attempt: Ints
    vehicle: Strings
    seat: Strings
    cover: Strings
    blur: Strings
    arrival_s: Floats
    stop_s: Floats
    end_s: Floats

    def __post_init__(self) -> None:
        n = len(self.passage_id)
        for field in fields(self):
            dtype = np.float64 if field.name in NUMBERS else np.int64 if field.name in COUNTS else np.str_
            self._set(**{field.name: shaped(field.name, getattr(self, field.name), dtype, (n,))})

    def __len__(self) -> int:
        return len(self.passage_id)

    def attributes(self, passages: Sequence[str] | Strings) -> dict[str, Any]:
        """Columns (k,) for the `passages` (k,) of the truth in their order, to be put beside templates or searches.

        Raises
        ------
        BadInput
            A passage is none of these.

        Examples
        --------
        ``facts.attributes(passages.templates.attributes["passage"])["cover"]``
        """
        row = {passage: i for i, passage in enumerate(self.passage_id.tolist())}
        asked = np.asarray(passages, np.str_).tolist()
        missing = [passage for passage in asked if passage not in row]
        if missing:
            raise BadInput(f"{missing[0]!r} is no rendered passage; is it a track without one?", place="passage")
        index = np.array([row[passage] for passage in asked], dtype=np.int64)
        return {field.name: getattr(self, field.name)[index] for field in fields(self)}


def planned_facts(plans: list[ClipPlan]) -> PassageFacts:
    """What the `plans` of a footage say of its passages, in their order."""
    rows: list[tuple[Any, ...]] = []
    for plan in plans:
        post = POSTS[plan.camera]
        for walk in plan.walks:
            errand, begin = walk.errand, plan.start_s + walk.start_s
            stop = begin + errand.stop_s if walk.clock is not None else np.nan
            times = (max(begin, plan.start_s), stop, begin + walk.duration_s)
            what = (walk.passage_id, plan.camera, post.site, post.kind, post.light, walk.subject_id)
            which = (errand.visit, errand.attempt, errand.vehicle, errand.seat, walk.cover, errand.blur)
            rows.append((*what, *which, *(round(float(time), 3) for time in times)))
    return PassageFacts(*(np.array(column) for column in zip(*rows)))


def write_facts(facts: PassageFacts, path: Path) -> None:
    """Write `facts` as CSV to `path`; the same facts give the same bytes."""
    names = [field.name for field in fields(facts)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in zip(*(getattr(facts, name).tolist() for name in names)):
            writer.writerow(["" if value != value else value for value in row])


def read_facts(folder: Path) -> PassageFacts:
    """The facts of the rendering in `folder`.

    Raises
    ------
    BadInput
        There is no ``passages.csv``, or it cannot be used: the message names the line and the column.
    """
    path = folder / FACTS
    if not path.is_file():
        raise BadInput(f"there is no {FACTS}: a rendering of the first three cameras alone has none", place=str(folder))
    names = [field.name for field in fields(PassageFacts)]
    rows = read_rows(path, required=names)
    columns: dict[str, Any] = {}
    for name in names:
        if name in COUNTS:
            columns[name] = np.array([row.integer(name) for row in rows])
        elif name in NUMBERS:
            columns[name] = np.array([row.number(name) if row.text(name, empty=True) else np.nan for row in rows])
        else:
            columns[name] = np.array([row.text(name, empty=name not in names[:6]) for row in rows], dtype=np.str_)
    return PassageFacts(**columns)

"""What is known of a footage: the boxes of known people, frame by frame.

Conventions: a *passage* is one person going past one camera once; its id stands for one camera and one subject. An
empty subject id means an unlabelled person of their own. Boxes are ``x1, y1, x2, y2`` in pixels of the frame, and may
reach over its edge. `frame` is the frame's index as the footage gives it (`facelab.types.Frame.index`).

The file is CSV with the header ``camera,frame,passage_id,subject_id,x1,y1,x2,y2``, in any order of columns.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.table import Row, read_rows
from facelab.errors import BadInput
from facelab.types import Bools, Checked, Floats, Ints, Strings, shaped

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("camera", "frame", "passage_id", "subject_id", "x1", "y1", "x2", "y2")
FARTHEST_PX = 1e6
"""No corner of a box lies farther out, px."""


@dataclass(frozen=True, eq=False)
class TruthPassages:
    """One row a passage, ordered by camera, first frame and id.

    Shapes: passage_id (m,), subject_id (m,), camera (m,) str; first_frame (m,), last_frame (m,), n_boxes (m,) int.
    """

    passage_id: Strings
    subject_id: Strings
    camera: Strings
    first_frame: Ints
    last_frame: Ints
    n_boxes: Ints

    def __len__(self) -> int:
        return len(self.passage_id)


@dataclass(frozen=True, eq=False)
class Truth(Checked):
    """One row a known face in one frame.

    Shapes: camera (n,) str, frame (n,) int, passage_id (n,) str, subject_id (n,) str, box (n, 4) px.

    Raises
    ------
    BadInput
        A box is not finite or has no area, a frame is negative, a name is empty, one passage has two cameras, two
        subjects, or two boxes in one frame.
    """

    camera: Strings
    frame: Ints
    passage_id: Strings
    subject_id: Strings
    box: Floats

    def __post_init__(self) -> None:
        n = len(self.frame)
        self._set(
            camera=shaped("camera", self.camera, np.str_, (n,)),
            frame=shaped("frame", self.frame, np.int64, (n,)),
            passage_id=shaped("passage_id", self.passage_id, np.str_, (n,)),
            subject_id=shaped("subject_id", self.subject_id, np.str_, (n,)),
            box=shaped("box", self.box, np.float32, (n, 4)),
        )
        self._refuse(np.any(~np.isfinite(self.box), axis=1), "box", "boxes must be finite")
        self._refuse(np.any(self.box[:, 2:] <= self.box[:, :2], axis=1), "box", "boxes must have x1 < x2, y1 < y2")
        self._refuse(self.frame < 0, "frame", "frames count from 0")
        self._refuse(self.camera == "", "camera", "a camera must have a name")
        self._refuse(self.passage_id == "", "passage_id", "a passage must have an id")
        self._check_passages()

    def __len__(self) -> int:
        return len(self.frame)

    def _refuse(self, bad: Bools, column: str, rule: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            value = getattr(self, column)[row]
            raise BadInput(f"{rule}, row {row + 1} has {value.tolist()!r}", place=column)

    def _check_passages(self) -> None:
        seen: dict[str, tuple[str, str]] = {}
        boxes: set[tuple[str, int]] = set()
        rows = zip(self.passage_id.tolist(), self.camera.tolist(), self.subject_id.tolist(), self.frame.tolist())
        for row, (passage, camera, subject, frame) in enumerate(rows, start=1):
            first = seen.setdefault(passage, (camera, subject))
            if first != (camera, subject):
                raise BadInput(
                    f"a passage is one person past one camera, {passage!r} is {first[1]!r} at {first[0]!r} and, "
                    f"in row {row}, {subject!r} at {camera!r}",
                    place="passage_id",
                )
            if (passage, frame) in boxes:
                raise BadInput(f"passage {passage!r} has two boxes in frame {frame} (row {row})", place="frame")
            boxes.add((passage, frame))

    @property
    def passages(self) -> TruthPassages:
        """The passages, one row each."""
        ids, first_row, row = np.unique(self.passage_id, return_index=True, return_inverse=True)
        first = np.full(len(ids), np.iinfo(np.int64).max)
        last = np.full(len(ids), -1)
        np.minimum.at(first, row, self.frame)
        np.maximum.at(last, row, self.frame)
        camera = self.camera[first_row]
        order = np.lexsort((ids, first, camera))
        return TruthPassages(
            passage_id=ids[order],
            subject_id=self.subject_id[first_row][order],
            camera=camera[order],
            first_frame=first[order],
            last_frame=last[order],
            n_boxes=np.bincount(row, minlength=len(ids))[order],
        )

    @property
    def digest(self) -> str:
        """SHA-256 over all rows, whatever their order."""
        lines = sorted(",".join(row) for row in self._rows())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def take(self, index: Ints | Bools) -> Truth:
        """The rows at `index` (positions or a mask), in that order."""
        return Truth(
            self.camera[index], self.frame[index], self.passage_id[index], self.subject_id[index], self.box[index]
        )

    @classmethod
    def joined(cls, parts: list[Truth]) -> Truth:
        """All rows of `parts`, in that order."""
        return cls(
            np.concatenate([np.zeros(0, np.str_), *(part.camera for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.frame for part in parts)]),
            np.concatenate([np.zeros(0, np.str_), *(part.passage_id for part in parts)]),
            np.concatenate([np.zeros(0, np.str_), *(part.subject_id for part in parts)]),
            np.concatenate([np.zeros((0, 4), np.float32), *(part.box for part in parts)]),
        )

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a box, with the columns of the file."""
        import pandas as pd

        corners = {name: self.box[:, i] for i, name in enumerate(COLUMNS[4:])}
        head = {"camera": self.camera, "frame": self.frame, "passage_id": self.passage_id}
        return pd.DataFrame(head | {"subject_id": self.subject_id} | corners)

    def _rows(self) -> list[list[str]]:
        names = zip(self.camera.tolist(), self.frame.tolist(), self.passage_id.tolist(), self.subject_id.tolist())
        # shortest text that gives the same float32 again
        corners = [[np.format_float_positional(v, trim="-") for v in box] for box in self.box]
        return [[camera, str(frame), *ids, *box] for (camera, frame, *ids), box in zip(names, corners)]


def read_truth(path: str | Path) -> Truth:
    """The truth in the CSV file at `path`.

    Raises
    ------
    BadInput
        The file is missing or empty, a column is missing or unknown, or a value cannot be used: the message names the
        file, the line and the column.
    """
    path = Path(path)
    rows = read_rows(path, required=COLUMNS)
    try:
        return Truth(
            camera=np.array([row.text("camera") for row in rows], dtype=np.str_),
            frame=np.array([row.integer("frame") for row in rows], dtype=np.int64),
            passage_id=np.array([row.text("passage_id") for row in rows], dtype=np.str_),
            subject_id=np.array([row.text("subject_id", empty=True) for row in rows], dtype=np.str_),
            box=np.array([[_corner(row, c) for c in COLUMNS[4:]] for row in rows], np.float32).reshape(-1, 4),
        )
    except BadInput as error:
        if error.place is not None and error.place.startswith(str(path)):
            raise
        raise BadInput(str(error), place=str(path)) from None


def _corner(row: Row, column: str) -> float:
    """A corner of a box, px."""
    value = row.number(column)
    if abs(value) > FARTHEST_PX:
        raise BadInput(f"column {column!r} is {value:g}, farther out than any picture reaches", place=row.place)
    return value


def write_truth(truth: Truth, path: Path) -> None:
    """Write `truth` as CSV to `path`; the same truth gives the same bytes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(truth._rows())

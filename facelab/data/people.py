"""The generated people: passengers with several pictures each, and the watchlist. None of them exists.

The folder holds ``people.csv`` (one row a picture: who, in which role, pose, face width and the five landmarks in px of
that picture), ``passengers/<person>/<nn>.jpg`` on one flat grey with ``masks.png`` beside them (the soft masks of
that person's pictures in one strip), and ``watchlist/<subject>/<nn>.jpg``. A wanted passenger's enrolment photograph is
never one of the walking pictures.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.table import Row, read_rows
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.types import Floats

ROLES = ("passenger_wanted", "passenger_unknown", "distractor")
POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
BACKDROP = 128
COLUMNS = (
    "person_id",
    "role",
    "file",
    "kind",
    "mask",
    "mask_index",
    "yaw",
    "pitch",
    "face_width",
    *(f"{point}_{axis}" for point in POINTS for axis in "xy"),
)
OPTIONAL = ("width", "detector_score", "skin_ita", "skin_tone", "candidate")


@dataclass(frozen=True, eq=False)
class PersonPicture:
    """One picture of a generated person.

    Parameters
    ----------
    person_id, role, kind : str
        Who; one of `ROLES`; ``middle``, ``yaw_left``, ``yaw_right``, ``down``, ``smile_light`` or ``enrolment``.
    path : Path
        The JPEG.
    mask : Path or None
        The strip of masks, None for enrolment photographs.
    mask_index : int
        Which of the strip's masks.
    yaw, pitch : float
        Degrees, roughly: negative yaw towards the picture's left, positive pitch downwards.
    face_width : float
        Width of the face as the detector gives it, px.
    landmarks : (5, 2) array
        Eyes, nose, mouth corners, px.
    """

    person_id: str
    role: str
    kind: str
    path: Path
    mask: Path | None
    mask_index: int
    yaw: float
    pitch: float
    face_width: float
    landmarks: Floats


def default_people_folder() -> Path:
    """Where the people lie in a clone of the repository."""
    return Path(__file__).resolve().parents[2] / "datasets" / "synthetic_people"


def _picture(row: Row, folder: Path) -> PersonPicture:
    role = row.text("role")
    if role not in ROLES:
        raise BadInput(f"column 'role' must be one of {', '.join(ROLES)}, it is {role!r}", place=row.place)
    mask = row.text("mask", empty=True)
    landmarks = np.array([[row.number(f"{point}_{axis}") for axis in "xy"] for point in POINTS])
    landmarks.flags.writeable = False
    return PersonPicture(
        person_id=row.text("person_id"),
        role=role,
        kind=row.text("kind"),
        path=folder / row.text("file"),
        mask=folder / mask if mask else None,
        mask_index=row.integer("mask_index") if mask else -1,
        yaw=row.number("yaw"),
        pitch=row.number("pitch"),
        face_width=row.number("face_width"),
        landmarks=landmarks,
    )


class SyntheticPeople:
    """The people in `folder`.

    Parameters
    ----------
    folder : Path
        Holds ``people.csv``.

    Raises
    ------
    BadInput
        There is no ``people.csv``, or it cannot be used: the message names the line and the column.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        table = folder / "people.csv"
        if not table.is_file():
            raise BadInput("there is no people.csv: the generated people are not in this folder", place=str(folder))
        self._walking: dict[str, list[PersonPicture]] = {}
        self._enrolment: dict[str, list[PersonPicture]] = {}
        self._role: dict[str, str] = {}
        for row in read_rows(table, required=COLUMNS, optional=OPTIONAL):
            picture = _picture(row, folder)
            shelf = self._enrolment if picture.kind == "enrolment" else self._walking
            shelf.setdefault(picture.person_id, []).append(picture)
            if self._role.setdefault(picture.person_id, picture.role) != picture.role:
                raise BadInput(f"{picture.person_id!r} has two roles", place=row.place)

    def _of_role(self, role: str) -> tuple[str, ...]:
        return tuple(sorted(person for person, own in self._role.items() if own == role))

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """Passengers who are on the watchlist."""
        return self._of_role("passenger_wanted")

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Passengers who are on no watchlist."""
        return self._of_role("passenger_unknown")

    @cached_property
    def distractors(self) -> tuple[str, ...]:
        """People on the watchlist who never come."""
        return self._of_role("distractor")

    def pictures(self, person_id: str) -> tuple[PersonPicture, ...]:
        """The walking pictures of a passenger.

        Raises
        ------
        BadInput
            Nobody of that id walks.
        """
        if person_id not in self._walking:
            raise BadInput(f"{person_id!r} has no walking pictures", place=str(self.folder))
        return tuple(self._walking[person_id])

    def watchlist(self, distractors: int, *, wanted: int | None = None) -> dict[str, tuple[Path, ...]]:
        """The enrolment photographs by subject: of the first `wanted` wanted passengers (all: None), then distractors.

        Raises
        ------
        BadInput
            More distractors or wanted passengers are asked for than there are.
        """
        have, ask = len(self.wanted), len(self.wanted) if wanted is None else wanted
        if ask > have or distractors > len(self.distractors):
            raise BadInput(
                f"{ask} wanted passengers and {distractors} distractors are asked for, "
                f"there are {have} and {len(self.distractors)}",
                place=str(self.folder),
            )
        subjects = (*self.wanted[:ask], *self.distractors[:distractors])
        return {subject: tuple(picture.path for picture in self._enrolment.get(subject, ())) for subject in subjects}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ``people.csv`` and every walking picture and mask.

        Raises
        ------
        BadInput
            A file that the table names is missing.
        """
        total = hashlib.sha256((self.folder / "people.csv").read_bytes())
        pictures = [picture for person in sorted(self._walking) for picture in self._walking[person]]
        names = {p.path for p in pictures} | {p.mask for p in pictures if p.mask is not None}
        for path in sorted(names):
            try:
                total.update(path.read_bytes())
            except OSError as error:
                raise BadInput(
                    f"people.csv names it and it cannot be read: {error.strerror}", place=str(path)
                ) from None
        return total.hexdigest()

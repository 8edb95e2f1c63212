"""What a reviewer decided about references of a watchlist: who, when, why, and what is to be done.

A decisions file is JSON Lines: a decision a line, only ever added to; of several decisions about one finding the last
counts. A sample is known by its id and by a digest of its template (SHA-256 over the numbers rounded to two digits,
16 hexadecimal digits), so that a photograph that was replaced under the same name is noticed: nothing that was decided
about the old one is done to the new one. Under another pack the digest says nothing, and the id alone counts.

Actions: *remove* the samples (or, where only subjects are named, the subjects), *merge* subjects into one name, *move*
samples to the name they belong to, *keep* (it is no error), *re-photograph* (open until there is another photograph).
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from facelab.data.table import checked
from facelab.errors import BadInput
from facelab.gallery.audit_log import user_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from facelab.types import Floats, Gallery

Action = Literal["remove", "merge", "move", "keep", "re-photograph"]
ACTIONS: tuple[str, ...] = get_args(Action)


class Decision(BaseModel):
    """One decision.

    Parameters
    ----------
    action : str
        One of `ACTIONS`.
    samples, subjects : tuples of str
        What it is about.
    into : str
        The name that is kept (merge) or that the samples belong to (move); else empty.
    who, why : str
        The reviewer and the reason, neither empty.
    time : datetime
        When, with its time zone.
    finding : str
        The finding that it answers (`Finding.id`); decisions about one finding replace each other.
    pack : str
        Fingerprint of the pack whose templates were looked at.
    digests : mapping of str to str
        The digest of each sample's template, as it was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    samples: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    into: str = ""
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    time: datetime
    finding: str = ""
    pack: str = ""
    digests: dict[str, str] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.samples and not self.subjects:
            raise ValueError("a decision is about samples or subjects, it names none")
        if self.action in ("merge", "move") and not self.into:
            raise ValueError(f"{self.action} needs the name (`into`)")
        if self.action == "merge" and not set(self.subjects) - {self.into}:
            raise ValueError("merge needs another subject than the one it merges into")
        if self.action in ("move", "re-photograph") and not self.samples:
            raise ValueError(f"{self.action} is about samples, it names none")
        if self.time.tzinfo is None:
            raise ValueError("the time needs its zone")
        return self

    @property
    def id(self) -> str:
        """A name for this decision: a digest of all of it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def sentence(self) -> str:
        """``remove x.jpg: blurred (ann, 2026-11-22)``."""
        about = ", ".join(self.samples or self.subjects)
        into = f" into {self.into}" if self.action == "merge" else f" to {self.into}" if self.into else ""
        what = ", ".join(self.subjects) if self.action == "merge" else about
        return f"{self.action} {what}{into}: {self.why} ({self.who}, {self.time:%Y-%m-%d})"


def template_digest(embedding: Floats) -> str:
    """The digest of one template (d,); empty for a failed one (NaN)."""
    if np.isnan(embedding).any():
        return ""
    return hashlib.sha256(np.round(100 * np.asarray(embedding, np.float64)).astype(np.int16).tobytes()).hexdigest()[:16]


def new_decision(
    gallery: Gallery,
    action: Action,
    *,
    why: str,
    samples: Sequence[str] = (),
    subjects: Sequence[str] = (),
    into: str = "",
    who: str | None = None,
    finding: str = "",
) -> Decision:
    """A decision made now about what is in `gallery`.

    Parameters
    ----------
    gallery : Gallery
        Where the samples and subjects are.
    action, samples, subjects, into, why, finding
        As in `Decision`.
    who : str, optional
        By default the user of this machine.

    Raises
    ------
    BadInput
        A sample or subject is not in the gallery, or the decision is not whole.
    """
    templates = gallery.templates
    row = {str(sample): k for k, sample in enumerate(templates.sample_id)}
    strange = [name for name in samples if name not in row]
    strange += [name for name in subjects if name not in set(gallery.enrolled.tolist())]
    if strange:
        raise BadInput(f"{strange[0]!r} is not in the gallery; is it the right one?", place="decision")
    about = [*samples] or [str(s) for s in templates.sample_id[np.isin(templates.subject_id, np.array(subjects, str))]]
    said = {
        "action": action,
        "samples": [*samples],
        "subjects": [*subjects],
        "into": into,
        "who": user_name() if who is None else who,
        "why": why,
        "time": datetime.now(UTC).replace(microsecond=0),
        "finding": finding,
        "pack": templates.pack,
        "digests": {sample: template_digest(templates.embedding[row[sample]]) for sample in about},
    }
    return checked(Decision, said, place="decision")


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """The decisions in the file at `path`, oldest first; none where there is no file.

    Raises
    ------
    BadInput
        A line is no decision; the message names it.
    """
    if not path.exists():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read as a decisions file: {error}", place=str(path)) from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            said = json.loads(line)
        except ValueError:
            raise BadInput("is no JSON: was the file cut off, or edited?", place=place) from None
        if not isinstance(said, dict):
            raise BadInput("a decision is an object of names and values", place=place)
        found.append(checked(Decision, said, place=place))
    return tuple(found)


def add_decision(path: Path, decision: Decision) -> None:
    """Add `decision` to the file at `path`, which is made where there is none; on the disk when this returns.

    Raises
    ------
    BadInput
        The file cannot be written.
    """
    add_line(path, decision.model_dump_json())


def add_line(path: Path, line: str) -> None:
    """Add a line to a file, durably.

    Raises
    ------
    BadInput
        The file cannot be written.
    """
    try:
        cut = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if cut else "") + line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror or error}", place=str(path)) from None


def that_count(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Of several decisions about one finding the last; all without a finding; in the order they were made."""
    given = [*decisions]
    last = {decision.finding: k for k, decision in enumerate(given) if decision.finding}
    return tuple(d for k, d in enumerate(given) if not d.finding or last[d.finding] == k)

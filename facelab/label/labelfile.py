"""The label file: every answer of every reviewer, one line each, at once on the disk, and never erased.

CSV, appended to and never rewritten. A line has: ``id``; ``time`` (UTC); ``who``; ``question`` (``pair``: are these
one person? ``group``: is this group one person? ``track``: is this one person all along? ``undo``); ``items`` (the
passages as anchors and enrolled people, parted by ``|``, see `facelab.label.anchors`); ``answer`` (``same``,
``different``, ``unsure``); ``why`` (the reviewer's own words); ``reason`` (why it was asked); ``undoes`` (the id of the
answer that an undo takes back); and ``check``, the CRC-32 of the line before it.

A line is written under a lock, in one piece, and forced to the disk before the next question is shown. A process that
is killed in mid-write leaves a *torn* line: the next line begins on a line of its own, and a torn one is counted and
not read. A line whose check does not fit was edited afterwards: the file is refused, with the line. The last answer of
a reviewer to a question counts; what was undone does not.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

Question: TypeAlias = Literal["pair", "group", "track", "undo"]
Verdict: TypeAlias = Literal["same", "different", "unsure"]
COLUMNS = ("id", "time", "who", "question", "items", "answer", "why", "reason", "undoes", "check")
HEADER = ",".join(COLUMNS) + "\n"
LARGEST = 256 * 1024**2
LONGEST_WORDS = 2_000


@dataclass(frozen=True)
class Answer:
    """One line of a label file.

    Parameters
    ----------
    id, time, who : str
        Which, when (UTC) and whose.
    question : {"pair", "group", "track", "undo"}
        What was asked.
    items : tuple of str
        Of what: anchors of passages, and ``person=`` with a subject id.
    answer : {"same", "different", "unsure"} or ""
        What was said; empty for an undo.
    why, reason : str
        The reviewer's words, and why it was asked.
    undoes : str
        The id of the answer that is taken back.
    place : str
        File and line; empty where it was not read from one.
    """

    id: str
    time: str
    who: str
    question: str
    items: tuple[str, ...]
    answer: str
    why: str = ""
    reason: str = ""
    undoes: str = ""
    place: str = ""

    def line(self) -> str:
        """The line of the file, its check included."""
        values = (self.id, self.time, self.who, self.question, "|".join(self.items), self.answer)
        text = _csv((*values, self.why, self.reason, self.undoes))
        return f"{text},{zlib.crc32(text.encode()):08x}\n"


@dataclass(frozen=True)
class Answers:
    """What a label file says.

    Parameters
    ----------
    given : tuple of Answer
        Every whole line, undone ones and undos included, in their order.
    torn : tuple of str
        The places of lines that were never finished.
    """

    given: tuple[Answer, ...] = ()
    torn: tuple[str, ...] = ()

    @property
    def standing(self) -> tuple[Answer, ...]:
        """The answers that were not undone; of one reviewer's to one question the last."""
        gone = {answer.undoes for answer in self.given if answer.question == "undo"}
        last: dict[tuple[str, str, frozenset[str]], Answer] = {}
        for answer in self.given:
            if answer.question != "undo" and answer.id not in gone:
                key = (answer.who, answer.question, frozenset(answer.items))
                last.pop(key, None)
                last[key] = answer
        return tuple(last.values())

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who answered, sorted."""
        return tuple(sorted({answer.who for answer in self.given}))

    def of(self, who: str) -> Answers:
        """The answers of one reviewer."""
        return replace(self, given=tuple(answer for answer in self.given if answer.who == who))


class LabelFile:
    """A label file that is written to.

    Parameters
    ----------
    path : Path
        The file; made, with its folder, at the first answer.
    who : str
        The reviewer.

    Raises
    ------
    BadInput
        The reviewer has no name, or the name has a line break.
    """

    def __init__(self, path: Path, who: str) -> None:
        if not who.strip() or not who.isprintable():
            raise BadInput("labels need the reviewer's name, in one line: who is looking?", place="reviewer")
        self.path, self.who = path, who.strip()

    def read(self) -> Answers:
        """What the file says; nothing where there is none yet."""
        return read_answers(self.path) if self.path.exists() else Answers()

    def check(self) -> None:
        """Raise `BadInput` where no answer could be kept here: before a reviewer begins, not after."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        if self.path.is_dir():
            raise BadInput("a label file is needed, this is a folder", place=str(self.path))
        target = self.path if self.path.exists() else folder
        if not os.access(target, os.W_OK):
            raise BadInput("answers cannot be kept here: it may not be written to", place=str(target))
        self.read()

    def add(
        self, question: Question, items: tuple[str, ...], answer: Verdict, *, why: str = "", reason: str = ""
    ) -> Answer:
        """Keep an answer: it is on the disk when this returns.

        Raises
        ------
        BadInput
            The question or answer is none, or the file cannot be written to.
        """
        if question not in get_args(Question) or answer not in get_args(Verdict):
            raise BadInput(f"there is no answer {answer!r} to a question {question!r}", place="answer")
        return self._written(question, items, answer, why=why, reason=reason)

    def undo(self) -> Answer | None:
        """Take back this reviewer's last standing answer, by a line of its own; None where there is none."""
        mine = self.read().of(self.who)
        gone = {answer.undoes for answer in mine.given if answer.question == "undo"}
        left = [answer for answer in mine.given if answer.question != "undo" and answer.id not in gone]
        if not left:
            return None
        self._written("undo", (), "", undoes=left[-1].id)
        return left[-1]

    def _written(
        self, question: str, items: tuple[str, ...], answer: str, *, why: str = "", reason: str = "", undoes: str = ""
    ) -> Answer:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = Answer(secrets.token_hex(6), now, self.who, question, items, answer, _one_line(why), reason, undoes)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _append(self.path, said.line())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        return said


def read_answers(path: Path) -> Answers:
    """The answers in the label file at `path`.

    Raises
    ------
    BadInput
        It is missing, is no label file, or a line was changed after it was written.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"a label file has at most {LARGEST:,} bytes", place=str(path))
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"the label file cannot be read: {error.strerror}", place=str(path)) from None
    lines = content.decode("utf-8", errors="replace").split("\n")
    if lines[0].rstrip("\r") + "\n" != HEADER and not HEADER.startswith(lines[0] or HEADER):
        raise BadInput(f"this is no label file: its first line must be {HEADER.strip()}", place=str(path))
    given, torn = [], []
    for number, text in enumerate(lines[1:], start=2):
        if text.strip():
            place = f"{path}, line {number}"
            answer = _parsed(text.rstrip("\r"), place)
            (torn.append(place) if answer is None else given.append(answer))
    return Answers(tuple(given), tuple(torn))


def _parsed(text: str, place: str) -> Answer | None:
    """The answer of a line; None where it is torn."""
    body, _, check = text.rpartition(",")
    try:
        values = next(csv.reader([body], strict=True))
    except (csv.Error, StopIteration):
        return None
    if len(values) != len(COLUMNS) - 1 or len(check) != 8:
        return None
    if check != f"{zlib.crc32(body.encode()):08x}":
        raise BadInput(
            "this line was changed after it was written: take back an answer in the panel, do not edit it", place=place
        )
    name, time, who, question, items, answer, why, reason, undoes = values
    parts = tuple(items.split("|")) if items else ()
    return Answer(name, time, who, question, parts, answer, why, reason, undoes, place)


def _append(path: Path, line: str) -> None:
    """Write `line` at the end of `path`, on a line of its own, under a lock; it is on the disk when this returns."""
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        size = os.fstat(descriptor).st_size
        begin = HEADER if size == 0 else ""
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            begin = "\n"  # what stands there was torn off in mid-write
        os.write(descriptor, (begin + line).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        _sync_folder(path.parent)


def _lock(descriptor: int) -> None:
    """Keep every other writer out until the descriptor is closed (POSIX; elsewhere one writer at a time)."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _csv(values: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _one_line(words: str) -> str:
    return " ".join(words.split())[:LONGEST_WORDS]


def _unwritable(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"the answer was not kept: {error.strerror}; choose a label file in a folder that can be written to",
        place=str(path),
    )

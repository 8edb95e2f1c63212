"""An audit log that cannot be edited or cut short unseen: a chain of hashes, each link signed, and a signed head.

One JSON line a record: its number, time, who, what, and the SHA-256 of the record before it, signed with Ed25519.
Beside the log stands its head, the number and hash of the last record, signed too: a log that lost its last records no
longer reaches its head. Whoever holds the public key can check the whole without being able to write it. One thing only
an outsider can notice: that log and head were put back together to an older state. Therefore the head can be printed,
to be kept elsewhere, and `AuditLog.verify` takes the number that it must have reached.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

BEGINNING = "0" * 64
"""What stands for the hash of the record before the first."""


@dataclass(frozen=True)
class LogRecord:
    """One record of the log.

    Parameters
    ----------
    number : int
        1 for the first.
    time : str
        ISO 8601, UTC.
    who : str
        The user of the machine.
    action : str
        Such as ``enrol``.
    what : mapping
        Counts and digests; no name and no template.
    digest : str
        SHA-256 of the record, its signature included.
    """

    number: int
    time: str
    who: str
    action: str
    what: Mapping[str, Any]
    digest: str


class AuditLog:
    """The log in the file at `path`, with its head beside it.

    Parameters
    ----------
    path : Path
        ``audit.jsonl``; it need not exist yet.
    key : Ed25519PrivateKey or Ed25519PublicKey
        The private one appends and verifies, the public one only verifies.
    """

    def __init__(self, path: Path, key: Ed25519PrivateKey | Ed25519PublicKey) -> None:
        self.path, self.head_path = path, path.with_name("audit.head")
        self._private: Ed25519PrivateKey | None = key if hasattr(key, "sign") else None  # type: ignore[assignment]  # told apart by what it can
        self._public: Ed25519PublicKey = key.public_key() if self._private is not None else key  # type: ignore[assignment,union-attr]  # as above

    def append(self, action: str, what: Mapping[str, Any], now: datetime | None = None) -> LogRecord:
        """Write a record of `action`; it is on the disk when this returns.

        Raises
        ------
        BadInput
            The log is broken, or only the public key is at hand.
        """
        if self._private is None:
            raise BadInput("the public key verifies a log and cannot write it", place=str(self.path))
        last = self.verify()
        number, previous = (last.number + 1, last.digest) if last else (1, BEGINNING)
        body = {
            "number": number,
            "time": (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
            "who": user_name(),
            "action": action,
            "what": dict(what),
            "previous": previous,
        }
        line = _signed_line(body, self._private)
        with self.path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        record = self._record(line, number, previous)
        self._write_head(record)
        return record

    def _write_head(self, record: LogRecord) -> None:
        assert self._private is not None
        line = _signed_line({"number": record.number, "digest": record.digest}, self._private)
        beside = self.head_path.with_name(f".{self.head_path.name}.part")
        written_durably(beside, line + b"\n")
        beside.replace(self.head_path)

    def records(self) -> Iterator[LogRecord]:
        """Every record, oldest first, each verified against its signature and the one before it.

        Raises
        ------
        BadInput
            At the first record that was edited, added, taken out or moved.
        """
        if not self.path.is_file():
            return
        previous = BEGINNING
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return  # a record that was being written when the machine stopped: the head never reached it
                record = self._record(line.rstrip(b"\n"), number, previous)
                previous = record.digest
                yield record

    def verify(self, *, at_least: int = 0) -> LogRecord | None:
        """The last record of a log that is whole; None where nothing was ever written.

        Parameters
        ----------
        at_least : int
            A number that the log is known to have reached, from a head that was kept elsewhere.

        Raises
        ------
        BadInput
            A record was edited, the log was cut short, or it was put back to an older state.
        """
        head = self._head()
        last, at_head = None, None
        for record in self.records():
            last = record
            if head is not None and record.number == head[0]:
                at_head = record
        reached = last.number if last else 0
        if head is None and last is not None and reached > 1:
            raise BadInput("the head of the log is gone, so nobody can tell where it ended", place=str(self.head_path))
        if head is not None and (at_head is None or at_head.digest != head[1] or reached > head[0] + 1):
            raise BadInput(
                f"its head says {head[0]} records and there are {reached}: the log was cut short or put together anew",
                place=str(self.path),
            )
        if reached < at_least:
            raise BadInput(
                f"it has {reached} records and once had {at_least}: an older state was put back", place=str(self.path)
            )
        self._repair(last)
        return last

    def _repair(self, last: LogRecord | None) -> None:
        """After a stop in the middle of an append: drop the unfinished line, let the head follow the last record."""
        if self._private is None or not self.path.is_file():
            return
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):
            with self.path.open("r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)
        head = self._head()
        if last is not None and (head is None or head[0] != last.number):
            self._write_head(last)

    def _head(self) -> tuple[int, str] | None:
        if not self.head_path.is_file():
            return None
        said = self._verified(self.head_path.read_bytes().strip(), str(self.head_path))
        return int(said["number"]), str(said["digest"])

    def _record(self, line: bytes, number: int, previous: str) -> LogRecord:
        place = f"{self.path}, record {number}"
        said = self._verified(line, place)
        if said.get("number") != number or said.get("previous") != previous:
            raise BadInput("does not follow the record before it: one was taken out, added or moved", place=place)
        digest = hashlib.sha256(line).hexdigest()
        return LogRecord(number, str(said["time"]), str(said["who"]), str(said["action"]), said["what"], digest)

    def _verified(self, line: bytes, place: str) -> dict[str, Any]:
        """What `line` says, its signature checked."""
        from cryptography.exceptions import InvalidSignature

        try:
            said = json.loads(line)
            signature = bytes.fromhex(said.pop("signature"))
            self._public.verify(signature, _canonical(said))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature):
            raise BadInput("was edited, or written under another key", place=place) from None
        return dict(said)


def written_durably(path: Path, content: bytes) -> None:
    """`content` in the file at `path`; it is on the disk, and the folder knows of it, when this returns."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def user_name() -> str:
    """The user of the machine; the number where it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _canonical(value: Any) -> bytes:
    import rfc8785

    return rfc8785.dumps(value)


def _signed_line(body: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    return _canonical({**body, "signature": key.sign(_canonical(body)).hex()})

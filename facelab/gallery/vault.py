"""A watchlist at rest: one encrypted file a subject, added and removed one by one, with a date after which it goes.

A vault is a folder:

=================  ==============================================================================================
``vault.json``     what may be read by anybody: its id, the pack, the id of its key, the public key of its log
``entries/``       one file a subject under a random name: its templates (safetensors) and dates, under AES-256-GCM
``index``          which files there are, with their SHA-256, under AES-256-GCM
``audit.jsonl``    who did what to it when (`facelab.gallery.audit_log`); ``audit.head`` is its end
=================  ==============================================================================================

Each ciphertext is bound to its vault, its name and its pack, so files cannot be exchanged; each change writes the
SHA-256 of the new index into the log, so an older index is noticed. A change is complete or did not happen: the new
index lies beside the old one until the log has its digest. Names of subjects stand only inside of what is encrypted;
the log has a keyed digest of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from facelab.errors import BadInput, PackError
from facelab.gallery.audit_log import AuditLog, written_durably
from facelab.gallery.sealed import (
    Entry,
    Sealer,
    content_of,
    joined,
    key_id,
    log_key,
    new_header,
    packed,
    read_header,
    sha256_of_bytes,
    unpacked,
    write_header,
)
from facelab.gallery.vault_key import derived
from facelab.types import Gallery, Templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INDEX, NEXT = "index", "index.next"


class Vault:
    """An encrypted watchlist in `folder`.

    Parameters
    ----------
    folder : Path
        Made by `new_vault`.
    key : bytes
        32 bytes (`facelab.gallery.vault_key`).

    Raises
    ------
    BadInput
        There is no vault, it is under another key, or it was altered.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._header = folder, read_header(folder)
        if self._header.key_id != key_id(key):
            raise BadInput("is under another key than the one given", place=str(folder))
        if self._header.log_key != log_key(key).public_key().public_bytes_raw().hex():
            raise BadInput("its header names another key for its log: it was edited", place=str(folder))
        self._sealer, self._names_key = Sealer(self._header, key), derived(key, "names")
        self.log = AuditLog(folder / "audit.jsonl", log_key(key))

    @property
    def pack(self) -> str:
        """Fingerprint of the model pack whose templates it holds."""
        return self._header.pack

    def entries(self) -> tuple[Entry, ...]:
        """Every subject, by name; no template is decrypted."""
        with self._locked():
            return tuple(sorted(self._index().values(), key=lambda entry: entry.subject))

    def enrol(self, gallery: Gallery, *, retain_until: datetime | None = None, replace: bool = False) -> int:
        """Add the subjects of `gallery`, and say how many.

        Parameters
        ----------
        gallery : Gallery
            Of the vault's own pack.
        retain_until : datetime, optional
            Their date, with its time zone.
        replace : bool
            Take the place of subjects that are there already (enrol them anew); else they are refused.

        Raises
        ------
        PackError
            The gallery is of another pack.
        BadInput
            A subject is there already, or the date is over.
        """
        now = datetime.now(UTC)
        if gallery.templates.pack != self.pack:
            raise PackError(
                f"templates of pack {gallery.templates.pack[:12]} do not go into a vault of pack {self.pack[:12]}",
                place=str(self.folder),
            )
        if retain_until is not None and retain_until <= now:
            raise BadInput(f"is over already ({retain_until.isoformat()})", place="retain_until")
        with self._locked():
            index = self._index()
            known = sorted(set(gallery.enrolled.tolist()) & set(index))
            if known and not replace:
                raise BadInput(
                    f"{known[0]!r} is enrolled already; say that it is to be replaced", place=str(self.folder)
                )
            fresh = {}
            for subject in gallery.enrolled.tolist():
                rows = gallery.templates.take(gallery.templates.subject_id == subject)
                fresh[subject] = self._written(subject, rows, now, retain_until)
            told = {"subjects": [self._tag(s) for s in fresh], "replaced": len(known)}
            self._change("enrol", told, {**index, **fresh})
        return len(fresh)

    def remove(self, subjects: Sequence[str]) -> int:
        """Take `subjects` out, and say how many.

        Raises
        ------
        BadInput
            One of them is not enrolled; nobody is removed then.
        """
        with self._locked():
            index = self._index()
            strange = [subject for subject in subjects if subject not in index]
            if strange:
                raise BadInput(f"{strange[0]!r} is not enrolled", place=str(self.folder))
            self._drop("remove", index, set(subjects))
        return len(set(subjects))

    def purge(self, now: datetime | None = None) -> tuple[str, ...]:
        """Remove everybody whose date is over, and say who."""
        moment = now or datetime.now(UTC)
        with self._locked():
            index = self._index()
            over = {name for name, entry in index.items() if entry.expired(moment)}
            if over:
                self._drop("purge", index, over)
            else:
                self.log.append("purge", {"subjects": []})
        return tuple(sorted(over))

    def gallery(self, action: str = "search", now: datetime | None = None) -> Gallery:
        """Everybody whose date is not over, decrypted; the log says for what.

        Parameters
        ----------
        action : str
            ``search`` or ``export``, as it stands in the log.
        now : datetime, optional
            The time, with its zone.
        """
        moment = now or datetime.now(UTC)
        with self._locked():
            index = self._index()
            there = [entry for entry in index.values() if not entry.expired(moment)]
            there.sort(key=lambda entry: entry.subject)
            parts = [self._read(entry) for entry in there]
            self.log.append(action, {"subjects": len(there), "past their date": len(index) - len(there)})
        subjects = np.array([entry.subject for entry in there], np.str_)
        return Gallery(joined(parts, self.pack, self._header.dimension), subjects)

    # one change at a time; it is complete or did not happen

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with FileLock(self.folder / ".lock", timeout=60):
            self._finish()
            yield

    def _finish(self) -> None:
        """After a stop in the middle of a change: take the new index where the log has it, drop it where it has not."""
        beside, place = self.folder / NEXT, self.folder / INDEX
        wanted = self._logged_index()
        if wanted is None:
            raise BadInput(
                "the log of this vault is gone: nobody can tell what was done to it", place=str(self.log.path)
            )
        if beside.is_file():
            if sha256_of_bytes(beside.read_bytes()) == wanted:
                beside.replace(place)
            else:
                beside.unlink()
        if sha256_of_bytes(content_of(place)) != wanted:
            raise BadInput("is not the one that the log speaks of: an older state was put back", place=str(place))

    def _logged_index(self) -> str | None:
        """SHA-256 of the index after the last change that the log has."""
        self.log.verify()
        changes = [record.what["index"] for record in self.log.records() if "index" in record.what]
        return str(changes[-1]) if changes else None

    def _change(self, action: str, told: dict[str, Any], index: dict[str, Entry]) -> None:
        plain = json.dumps([entry.to_dict() for entry in index.values()]).encode()
        sealed = self._sealer.sealed(plain, INDEX)
        written_durably(self.folder / NEXT, sealed)  # before the log speaks of it, or a power cut would lose it
        self.log.append(action, {**told, "index": sha256_of_bytes(sealed)})
        (self.folder / NEXT).replace(self.folder / INDEX)
        self._sweep(index)

    def _sweep(self, index: dict[str, Entry]) -> None:
        """Delete every file that is nobody's."""
        kept = {entry.file for entry in index.values()}
        for path in (self.folder / "entries").iterdir():
            if path.name not in kept:
                path.unlink()

    def _drop(self, action: str, index: dict[str, Entry], names: set[str]) -> None:
        rest = {name: entry for name, entry in index.items() if name not in names}
        self._change(action, {"subjects": [self._tag(name) for name in sorted(names)]}, rest)

    def _index(self) -> dict[str, Entry]:
        path = self.folder / INDEX
        said = json.loads(self._sealer.opened(content_of(path), INDEX, place=str(path)))
        found = {entry.subject: entry for entry in map(Entry.from_dict, said)}
        self._sweep(found)
        return found

    def _written(self, subject: str, templates: Templates, now: datetime, retain_until: datetime | None) -> Entry:
        name = secrets.token_hex(16)
        sealed = self._sealer.sealed(packed(templates), name)
        written_durably(self.folder / "entries" / name, sealed)
        return Entry(subject, name, sha256_of_bytes(sealed), now, retain_until)

    def _read(self, entry: Entry) -> Templates:
        path = self.folder / "entries" / entry.file
        sealed = content_of(path)
        if sha256_of_bytes(sealed) != entry.sha256:
            raise BadInput("was altered or exchanged", place=str(path))
        return unpacked(self._sealer.opened(sealed, entry.file, place=str(path)), entry.subject, self.pack)

    def _tag(self, subject: str) -> str:
        """A keyed digest of a name: whoever has the key can look somebody up in the log, nobody else can."""
        return hmac.new(self._names_key, subject.encode(), hashlib.sha256).hexdigest()[:16]


def new_vault(folder: Path, key: bytes, *, pack: str, dimension: int) -> Vault:
    """An empty vault in `folder` for templates of one pack.

    Parameters
    ----------
    folder : Path
        Empty, or not there yet.
    key : bytes
        32 bytes.
    pack : str
        Fingerprint of the model pack.
    dimension : int
        Length of its embeddings.

    Raises
    ------
    BadInput
        The folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput("is not empty; a vault begins in an empty folder", place=str(folder))
    (folder / "entries").mkdir(parents=True)
    write_header(folder, new_header(key, pack, dimension))
    vault = Vault(folder, key)
    vault._change("create", {"pack": pack}, {})
    return vault


def public_log(folder: Path) -> AuditLog:
    """The log of the vault in `folder` for somebody without its key: it can be verified and read, not written."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(read_header(folder).log_key))
    except ValueError:
        raise BadInput("the public key of its log is none; was the header edited?", place=str(folder)) from None
    return AuditLog(folder / "audit.jsonl", key)

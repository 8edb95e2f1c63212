"""What lies in a vault: its header, and subjects' templates under AES-256-GCM, bound to vault, pack and file name.

A sealed file is a random nonce of 12 bytes, then ciphertext and tag. What is associated with it (the vault's id, the
pack, the file's name) is not in it and must be the same to open it, so that files cannot be exchanged.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.gallery.vault_key import derived
from facelab.types import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA_VERSION = 1
HEADER = "vault.json"
NONCE_BYTES = 12


@dataclass(frozen=True)
class Header:
    """What anybody may read of a vault.

    Parameters
    ----------
    vault_id : str
        A random number that names it.
    pack : str
        Fingerprint of the model pack whose templates it holds.
    dimension : int
        Length of an embedding.
    key_id : str
        Which key it is under.
    log_key : str
        The public key of its log, 32 bytes in hexadecimal digits.
    """

    vault_id: str
    pack: str
    dimension: int
    key_id: str
    log_key: str


def new_header(key: bytes, pack: str, dimension: int) -> Header:
    """The header of a new vault under `key`."""
    public = log_key(key).public_key().public_bytes_raw().hex()
    return Header(secrets.token_hex(16), pack, dimension, key_id(key), public)


def write_header(folder: Path, header: Header) -> None:
    """`header` as ``vault.json``."""
    said = {"schema_version": SCHEMA_VERSION} | header.__dict__
    (folder / HEADER).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def read_header(folder: Path) -> Header:
    """The header of the vault in `folder`.

    Raises
    ------
    BadInput
        There is none, it was edited into something else, or it is of another schema version.
    """
    path = folder / HEADER
    try:
        said = json.loads(content_of(path)[:65536])
    except (ValueError, RecursionError):
        said = None
    fields = {name: {"int": int, "str": str}[str(kind)] for name, kind in Header.__annotations__.items()}
    if not isinstance(said, dict) or not all(type(said.get(name)) is kind for name, kind in fields.items()):
        raise BadInput("is no vault's header; was it edited?", place=str(path))
    version = said.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BadInput(f"has schema version {version!r}, this facelab reads {SCHEMA_VERSION}", place=str(path))
    return Header(**{name: said[name] for name in fields})


def key_id(key: bytes) -> str:
    """What a vault's key is called."""
    return derived(key, "id").hex()[:16]


def log_key(key: bytes) -> Ed25519PrivateKey:
    """The private key that signs a vault's log."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(derived(key, "log"))


class Sealer:
    """Seals and opens the files of one vault.

    Parameters
    ----------
    header : Header
        Of the vault.
    key : bytes
        The vault's key.
    """

    def __init__(self, header: Header, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._header, self._cipher = header, AESGCM(derived(key, "entries"))

    def sealed(self, plain: bytes, name: str) -> bytes:
        """`plain` for the file called `name`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound(name))

    def opened(self, sealed: bytes, name: str, *, place: str) -> bytes:
        """What was sealed into the file called `name`.

        Raises
        ------
        BadInput
            It was altered, exchanged with another file, or is of another vault.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(name))
        except (InvalidTag, ValueError):
            raise BadInput("was altered, exchanged, or is of another vault", place=place) from None

    def _bound(self, name: str) -> bytes:
        return f"{self._header.vault_id}\n{self._header.pack}\n{name}".encode()


@dataclass(frozen=True)
class Entry:
    """One subject of a vault.

    Parameters
    ----------
    subject : str
        Who.
    file : str
        Name of the sealed file.
    sha256 : str
        Of that file.
    enrolled : datetime
        When, UTC.
    retain_until : datetime or None
        From then on nobody is searched against it and a purge removes it; None: no date was set.
    """

    subject: str
    file: str
    sha256: str
    enrolled: datetime
    retain_until: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether its time is over at `now`."""
        return self.retain_until is not None and now >= self.retain_until

    def to_dict(self) -> dict[str, Any]:
        """For the index."""
        until = None if self.retain_until is None else self.retain_until.astimezone(UTC).isoformat()
        said = {"subject": self.subject, "file": self.file, "sha256": self.sha256}
        return said | {"enrolled": self.enrolled.isoformat(), "retain_until": until}

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Entry:
        """As the index has it."""
        until, date = said["retain_until"], datetime.fromisoformat
        later = None if until is None else date(until)
        return cls(said["subject"], said["file"], said["sha256"], date(said["enrolled"]), later)


def packed(templates: Templates) -> bytes:
    """Templates of one subject as safetensors: embedding, quality, n_faces, and the samples' names."""
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(getattr(templates, name)) for name in ("embedding", "quality", "n_faces")}
    return save(tensors, {"samples": json.dumps(templates.sample_id.tolist())})


def unpacked(content: bytes, subject: str, pack: str) -> Templates:
    """The templates of `subject` that `packed` wrote."""
    from safetensors.numpy import load

    tensors = load(content)
    length = int.from_bytes(content[:8], "little")
    samples = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["samples"])
    names, owner = np.asarray(samples, np.str_), np.array([subject] * len(samples), np.str_)
    return Templates(names, owner, tensors["embedding"], tensors["quality"], tensors["n_faces"], pack)


def joined(parts: list[Templates], pack: str, dimension: int) -> Templates:
    """Templates of several subjects as one table."""
    nothing = np.empty(0, np.str_)
    empty = Templates(
        nothing, nothing, np.empty((0, dimension), np.float32), np.empty(0, np.float32), np.empty(0, np.int64), pack
    )
    columns = [empty, *parts]
    return Templates(
        np.concatenate([part.sample_id for part in columns]),
        np.concatenate([part.subject_id for part in columns]),
        np.concatenate([part.embedding for part in columns]),
        np.concatenate([part.quality for part in columns]),
        np.concatenate([part.n_faces for part in columns]),
        pack,
    )


def sha256_of_bytes(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> bytes:
    """The bytes of a vault's file.

    Raises
    ------
    BadInput
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror}); is this a vault?", place=str(path)) from None

"""The key of a watchlist at rest: 32 random bytes, from a file that only its owner may read or from the environment.

From the one key others are derived (HKDF with SHA-256, RFC 5869), one a purpose, so that what signs the log cannot
decrypt a template. The key is written in hexadecimal digits.
"""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING, Literal

from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "FACELAB_WATCHLIST_KEY"
KEY_BYTES = 32
OWNER_ONLY = 0o600
Purpose = Literal["entries", "log", "names", "id"]


def new_vault_key(path: Path) -> Path:
    """A new key, written to `path` for its owner alone.

    Raises
    ------
    BadInput
        The file is there already: a key is never overwritten, what it encrypts would be lost.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise BadInput("is there already; a key is never overwritten", place=str(path)) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return path


def vault_key(path: Path | None = None) -> bytes:
    """The key in the file at `path`; without one, that in the environment variable ``FACELAB_WATCHLIST_KEY``.

    Raises
    ------
    BadInput
        There is no such file and no such variable; others may read the file; or it holds no 32 bytes in hexadecimal.
    """
    if path is None:
        text = os.environ.get(VARIABLE, "").strip()
        if not text:
            raise BadInput(f"no key: name its file (--key-file) or set {VARIABLE}", place="key")
        return _decoded(text, VARIABLE)
    if not path.is_file():
        raise BadInput("there is no such key file", place=str(path))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise BadInput("other users may read this key; take that away (chmod 600)", place=str(path))
    return _decoded(path.read_bytes()[:1024].decode("ascii", "replace").strip(), str(path))


def _decoded(text: str, place: str) -> bytes:
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", text):
        raise BadInput(f"a key is {2 * KEY_BYTES} hexadecimal digits; this is something else", place=place)
    return bytes.fromhex(text)


def derived(key: bytes, purpose: Purpose) -> bytes:
    """The 32 bytes that `key` gives for one purpose."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"facelab watchlist {purpose}".encode()).derive(
        key
    )

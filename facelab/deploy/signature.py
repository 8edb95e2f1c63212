"""Signatures of tuned configs: who vouches for a threshold, and that nothing in it was changed since.

The signature is Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of the config without its `signature`. A key is
called by the SHA-256 of its 32 public bytes. A private key is a PKCS #8 PEM file that only its owner may read; a public
one is a PEM file that may lie anywhere. A config carries no public key: whom to trust is the reader's choice.
"""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

from facelab.deploy.records import SignatureRecord
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from facelab.deploy.tuned_config import TunedConfig

PRIVATE_SUFFIX, PUBLIC_SUFFIX = ".key", ".pub"
OWNER_ONLY = 0o600
LARGEST_KEY = 16 * 1024


def canonical_bytes(value: Any) -> bytes:
    """`value` (what JSON can hold) as canonical JSON (RFC 8785), UTF-8.

    Raises
    ------
    BadInput
        A number is infinite, not a number, or an integer that a double cannot hold.
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise BadInput(f"has no canonical JSON: {error}", place="config") from None


def signed_bytes(config: TunedConfig) -> bytes:
    """What a signature of `config` is made over."""
    return canonical_bytes(config.model_dump(mode="json", exclude={"signature"}))


def config_id(config: TunedConfig) -> str:
    """SHA-256, in hexadecimal digits, of what a signature is made over: it names the config in alerts and logs."""
    return hashlib.sha256(signed_bytes(config)).hexdigest()


def new_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """A new pair of keys, written as ``<name>.key`` (for its owner alone) and ``<name>.pub``.

    Raises
    ------
    BadInput
        One of the files is there already: a key is never overwritten.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not name or "/" in name or "\\" in name or name.startswith("."):
        raise BadInput(f"a key's name is a plain word, this is {name!r}", place="name")
    private, public = folder / f"{name}{PRIVATE_SUFFIX}", folder / f"{name}{PUBLIC_SUFFIX}"
    for path in (private, public):
        if path.exists():
            raise BadInput("is there already; a key is never overwritten, choose another name", place=str(path))
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def key_id(key: Ed25519PublicKey) -> str:
    """What a public key is called: the SHA-256 of its 32 bytes, in hexadecimal digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in the PEM file at `path`.

    Raises
    ------
    BadInput
        The file is missing, holds no Ed25519 private key, or others may read it.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = _key_content(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise BadInput("other users may read this private key; take that away (chmod 600)", place=str(path))
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise BadInput(f"holds no private key without a password: {error}"[:200], place=str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput("holds a private key of another kind than Ed25519", place=str(path))
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in the PEM file at `path`.

    Raises
    ------
    BadInput
        The file is missing or holds no Ed25519 public key; a private one is named as what it is.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    content = _key_content(path)
    if b"PRIVATE KEY" in content:
        raise BadInput(f"holds a private key; the public one ends in {PUBLIC_SUFFIX}", place=str(path))
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, TypeError) as error:
        raise BadInput(f"holds no public key: {error}"[:200], place=str(path)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("holds a public key of another kind than Ed25519", place=str(path))
    return key


def _key_content(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput("there is no such key file", place=str(path))
    if path.stat().st_size > LARGEST_KEY:
        raise BadInput("is too large for a key; is it another file?", place=str(path))
    return path.read_bytes()


def signed(config: TunedConfig, key: Ed25519PrivateKey) -> TunedConfig:
    """`config` with a signature by `key` in place of any that it had."""
    value = base64.b64encode(key.sign(signed_bytes(config))).decode()
    record = SignatureRecord(key_id=key_id(key.public_key()), value=value)
    return config.model_copy(update={"signature": record})


def signer_of(config: TunedConfig, trusted: Iterable[Ed25519PublicKey]) -> str | None:
    """The id of the trusted key that signed `config`; None where no trusted key did.

    Raises
    ------
    BadInput
        It says that a trusted key signed it, and that key did not sign this: something was changed since.
    """
    from cryptography.exceptions import InvalidSignature

    if config.signature is None:
        return None
    by_id = {key_id(key): key for key in trusted}
    key = by_id.get(config.signature.key_id)
    if key is None:
        return None
    try:
        key.verify(base64.b64decode(config.signature.value), signed_bytes(config))
    except InvalidSignature:
        named = config.signature.key_id[:16]
        raise BadInput(
            f"the signature of key {named} does not fit: the config was changed since", place="signature"
        ) from None
    return config.signature.key_id

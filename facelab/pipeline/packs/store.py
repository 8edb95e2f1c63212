"""Where packs lie on disk: ``<cache>/packs/<name>/`` with the model files and, written last, `pack.json`.

Each file is written beside its place and moved there, so a half-written one is never seen; who writes holds the pack's
lock. A file is used only after its SHA-256 was found to be the one that the specification states.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock
from pydantic import ValidationError

from facelab.errors import PackError
from facelab.pipeline.folders import cache_folder
from facelab.pipeline.packs.spec import MANIFEST, ModelFile, PackSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def packs_folder() -> Path:
    """The folder of all cached packs."""
    return cache_folder() / "packs"


@contextmanager
def workplace(name: str) -> Iterator[Path]:
    """An empty folder to fetch the pack `name` into, under its lock: one process at a time fetches or writes a pack.

    The folder is emptied when it is taken (a killed process may have left something) and removed afterwards.

    Raises
    ------
    PackError
        The cache folder cannot be written.
    """
    folder = packs_folder()
    work = folder / f".{name}.work"
    lock = FileLock(folder / f".{name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
    except OSError as error:
        raise PackError(f"the cache cannot be written ({error.strerror})", place=str(folder)) from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        lock.release()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_whole(folder: Path, spec: PackSpec) -> bool:
    """True where every file of `spec` lies in `folder`, unaltered."""
    return all((folder / m.file).is_file() and sha256_of(folder / m.file) == m.sha256 for m in spec.models)


def verified_content(folder: Path, model: ModelFile, spec: PackSpec) -> bytes:
    """The bytes of one model file of `spec`, which are those that its hash states.

    Raises
    ------
    PackError
        The file is missing, unreadable or altered.
    """
    path = folder / model.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackError(f"a file of pack {spec.name!r} cannot be read: {error.strerror}", place=str(path)) from error
    found = hashlib.sha256(content).hexdigest()
    if found == model.sha256:
        return content
    other = next((name for name, digest in spec.files.items() if digest == found and name != model.file), None)
    cause = f"it holds what {other} should: two files were swapped" if other else "it was altered, or written half"
    raise PackError(
        f"SHA-256 must be {model.sha256} and is {found}; {cause}; fetch it again with `facelab packs pull {spec.name}`,"
        f" or add it again with `facelab packs add`",
        place=str(path),
    )


def stored_spec(folder: Path) -> PackSpec | None:
    """The specification in the folder's `pack.json`; None where there is no such file.

    Raises
    ------
    PackError
        The file cannot be read, or a field of it is missing, unknown or wrong.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return PackSpec.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PackError(f"{field}: {first['msg']}", place=str(path)) from error
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", place=str(path)) from error


def install(spec: PackSpec, sources: Mapping[str, Path]) -> Path:
    """Put a pack into the cache; the caller holds its lock.

    Parameters
    ----------
    spec : PackSpec
        What the files must be.
    sources : mapping of str to Path
        Where each file is now, by SHA-256.

    Returns
    -------
    Path
        The pack's folder.

    Raises
    ------
    PackError
        A file is not what its hash states, or the disk is full.
    """
    folder = packs_folder() / spec.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for model in spec.models:
            content = sources[model.sha256].read_bytes()
            if hashlib.sha256(content).hexdigest() != model.sha256:
                raise PackError(f"SHA-256 is not {model.sha256}", place=str(sources[model.sha256]))
            _write(folder / model.file, content)
        _write(folder / MANIFEST, (spec.model_dump_json(indent=2) + "\n").encode())
    except OSError as error:
        raise PackError(f"pack {spec.name!r} cannot be written: {error.strerror}", place=str(folder)) from error
    return folder


def _write(path: Path, content: bytes) -> None:
    """Write `path` in one step: it holds the old content or the new one, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

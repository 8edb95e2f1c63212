"""What was computed once is kept: files named by the content they were computed from.

An entry's key is the SHA-256 of everything that its result depends on (the pictures, the pack, the settings, the code
and the libraries that compute), so an entry is either right or not there, and nothing ever needs to be told to forget.
A file is written beside its place, brought to the disk, and then moved there in one step: a run that is killed at any
moment leaves whole entries and no others. Entries hold face templates, which are biometric data: they live below
`cache_folder()` alone, readable by their owner only, and ``facelab cache clear`` removes them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.pipeline.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SUFFIX = ".safetensors"
# The code and the libraries that decide what comes out of the same pictures; a change of any of them is a new key.
_CODE = (
    *(f"data/{name}.py" for name in ("decoding", "images", "slots", "sources")),
    "types.py",
    "pipeline/packs",
    *(
        f"pipeline/{name}.py"
        for name in ("alignment", "attention", "clip", "detection", "embedding", "quality", "selection", "tracking")
    ),
)
_LIBRARIES = ("av", "numpy", "onnxruntime", "opencv-python", "trackers")
_log = logging.getLogger("facelab")


@dataclass(frozen=True)
class CacheEntry:
    """One file of the cache: what kind of thing, of what, its size in bytes, when it was made, and from what."""

    kind: str
    title: str
    path: Path
    size: int
    made: datetime
    about: Mapping[str, Any]


def templates_folder() -> Path:
    """Where entries live, below `cache_folder()`; it need not exist yet."""
    return cache_folder() / "templates"


@cache
def code_version() -> str:
    """SHA-256 over the pipeline's own code and the versions of the libraries that decide what comes out."""
    total = hashlib.sha256()
    home = Path(__file__).parent.parent
    for name in _CODE:
        place = home / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if path.is_file():
                total.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for library in _LIBRARIES:
        total.update(f"{library}=={version(library)}\n".encode())
    return total.hexdigest()


def key(about: Mapping[str, Any]) -> str:
    """SHA-256 of `about`, what a result was computed from, and of the code that computes it."""
    text = json.dumps({"code": code_version(), **about}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def holds(kind: str, about: Mapping[str, Any]) -> bool:
    """Whether there is an entry for `about`, without reading it."""
    return _path(kind, about).is_file()


def load(kind: str, about: Mapping[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """The arrays and the facts that were stored for `about`; None where there is no whole entry.

    A file that cannot be read (a damaged disk) counts as none, is said in the log, and is written anew.
    """
    from safetensors import SafetensorError, safe_open

    path = _path(kind, about)
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118  (a handle, not a dict)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        _log.warning("%s: the cached result cannot be read and is computed anew (%s)", path, error)
        return None


def store(
    kind: str, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any], *, title: str
) -> bool:
    """Keep `arrays` and `facts` (what JSON can hold) for `about`, listed as `title`; false where the disk refuses.

    A disk that is full or read-only loses the cache, not the result: it is said in the log, in one line, and the work
    goes on.
    """
    from safetensors.numpy import save

    path = _path(kind, about)
    data = save(
        {name: _contiguous(value) for name, value in arrays.items()},
        metadata={
            "title": title,
            "about": json.dumps(dict(about), sort_keys=True),
            "facts": json.dumps(dict(facts), sort_keys=True),
        },
    )
    try:
        write_whole(path, data)
    except OSError as error:
        _log.warning("%s: what was computed cannot be kept and is not lost (%s)", path.parent, error)
        return False
    return True


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` wholly or not at all; folders that are not there are made, for their owner only.

    Raises
    ------
    OSError
        The disk does not take it; what stood at `path` before still stands there.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def entries() -> list[CacheEntry]:
    """What the cache holds, the newest first."""
    found = []
    for path in sorted(templates_folder().glob(f"*/*/*{SUFFIX}")):
        with contextlib.suppress(OSError):
            state = path.stat()
            made = datetime.fromtimestamp(state.st_mtime, UTC)
            title, about = _about(path)
            found.append(CacheEntry(path.parent.parent.name, title, path, state.st_size, made, about))
    return sorted(found, key=lambda entry: (entry.made, entry.path), reverse=True)


def clear() -> tuple[int, int]:
    """Remove every entry, and what killed runs left half written: how many files, and how many bytes, are gone."""
    count = size = 0
    root = templates_folder()
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        elif path.name.endswith((SUFFIX, ".part")):
            size += path.stat().st_size
            path.unlink()
            count += 1
    return count, size


def _path(kind: str, about: Mapping[str, Any]) -> Path:
    name = key(about)
    return templates_folder() / kind / name[:2] / f"{name}{SUFFIX}"


def _about(path: Path) -> tuple[str, dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            said = file.metadata()
            return said["title"], json.loads(said["about"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return "cannot be read", {}


def _contiguous(value: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(value)

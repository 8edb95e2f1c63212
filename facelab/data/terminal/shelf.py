"""Renderings kept for every workspace: one that was drawn once is not drawn again for the next.

A shelf is a folder with one rendering for each origin (renderer, settings, people), under the SHA-256 of that origin.
It is drawn there under a lock, whole or not at all, and a workspace is given its own folder of it: clips as hard links
where the disk has them, else as copies; what is small and may be edited (truth, manifest) always as a copy. A clip
that is not what its hash says any more is drawn anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def shelved(shelf: Path, origin: Mapping[str, Any], stamp: str, draw: Callable[[Path], None]) -> Path:
    """The folder on `shelf` that holds the rendering of `origin`; `draw` draws it there unless it is there and whole.

    Parameters
    ----------
    shelf : Path
        Made where it is missing.
    origin : mapping
        All that the rendering follows from, as JSON holds it.
    stamp : str
        Name of the file of a rendering that says what it was rendered from and the SHA-256 of its clips.
    draw : function of the folder
        Draws all of it or nothing.

    Raises
    ------
    OSError
        The shelf cannot be written.
    """
    name = hashlib.sha256(json.dumps(origin, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    shelf.mkdir(parents=True, exist_ok=True)
    kept = shelf / name[:32]
    with FileLock(shelf / f".{kept.name}.lock"):
        if not is_unaltered(kept, origin, stamp):
            draw(kept)
    return kept


def is_unaltered(folder: Path, origin: Mapping[str, Any], stamp: str) -> bool:
    """Whether `folder` holds the rendering of `origin`, and every clip is what its hash says."""
    try:
        said = json.loads((folder / stamp).read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in said["files"]}
        clips = {name: sha256_of(folder / name) for name in said["clips"]}
        return bool(said["origin"] == origin and sizes == said["files"] and clips == said["clips"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def handed_out(kept: Path, folder: Path, stamp: str) -> None:
    """Give `folder` the rendering in `kept`, all of it or nothing; a rendering that stood there is replaced.

    Raises
    ------
    OSError
        The disk does not take it.
    """
    draft = folder.parent / f".{folder.name}.unfinished"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        clips = json.loads((kept / stamp).read_text(encoding="utf-8"))["clips"]
        for path in sorted(kept.iterdir()):
            if path.name not in clips or not _linked(path, draft / path.name):
                shutil.copyfile(path, draft / path.name)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _linked(path: Path, other: Path) -> bool:
    """Whether `other` could be made another name of the file at `path`."""
    with contextlib.suppress(OSError, NotImplementedError):
        os.link(path, other)
        return True
    return False

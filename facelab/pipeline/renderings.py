"""The shelf of rendered footage beside the templates: what is on it, and how it is cleared.

Renderings show generated people and name nobody; what they hold is disk. A rendering is whole where it says itself what
it was rendered from (`facelab.data.terminal.shelf`). Workspaces that were given a rendering keep their own.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from facelab.pipeline.cache import CacheEntry
from facelab.pipeline.folders import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

STAMP = "rendered.json"
KIND = "rendering"


def renderings_folder() -> Path:
    """Where renderings lie, below `cache_folder()`; it need not exist yet."""
    return cache_folder() / "terminal"


def renderings() -> list[CacheEntry]:
    """What is on the shelf, the newest first; each is a folder, its size that of all in it."""
    found = []
    for stamp in renderings_folder().glob(f"*/{STAMP}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            settings = json.loads(stamp.read_text(encoding="utf-8"))["origin"]["settings"]
            made = datetime.fromtimestamp(stamp.stat().st_mtime, UTC)
            title = f"{', '.join(settings['cameras'])}: {settings['unknown']} + {settings['wanted']} people"
            found.append(CacheEntry(KIND, title, stamp.parent, _size(stamp.parent), made, settings))
    return sorted(found, key=lambda entry: (entry.made, entry.path), reverse=True)


def clear_renderings() -> tuple[int, int]:
    """Remove every rendering and what is left of unfinished ones: how many folders, and how many bytes, are gone.

    One that is being drawn just now is left alone.
    """
    from filelock import FileLock, Timeout

    count = size = 0
    shelf = renderings_folder()
    for folder in sorted(path for path in shelf.glob("*") if path.is_dir()):
        own = folder.name.removeprefix(".").partition(".")[0]
        with contextlib.suppress(Timeout, OSError), FileLock(shelf / f".{own}.lock", timeout=0):
            there = _size(folder)
            shutil.rmtree(folder)
            count, size = count + 1, size + there
    return count, size


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

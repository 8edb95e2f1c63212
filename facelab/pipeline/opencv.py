"""OpenCV on the calling thread while the pipeline works.

OpenCV spreads a resize or a warp over a pool of threads, one a core. The pipeline has its own workers: a pool beside
them takes more time than it saves, and a run that was told to take one thread would take several. The number is a
setting of the whole process, so it is put back when the last one that works is done. The pixels are the same.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = threading.Lock()
_WORKING: list[int] = []  # the number of threads that stood before, once for each block that is under way


@contextmanager
def on_calling_thread() -> Iterator[None]:
    """Within the block OpenCV does its work on the thread that asks for it; blocks may overlap."""
    with _LOCK:
        _WORKING.append(_WORKING[0] if _WORKING else cv2.getNumThreads())
        cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _LOCK:
            before = _WORKING.pop()
            if not _WORKING:
                cv2.setNumThreads(before)

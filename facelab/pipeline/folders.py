r"""The folder that caches live in: model packs (`packs/`) and what the pipeline computed.

The rule, in this order: the environment variable ``FACELAB_CACHE``; the user's cache folder of the platform
(``$XDG_CACHE_HOME/facelab``, ``%LOCALAPPDATA%\facelab``, ``~/Library/Caches/facelab``, else ``~/.cache/facelab``).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    r"""The folder that facelab's caches live in; it need not exist yet.

    Returns
    -------
    pathlib.Path
        ``FACELAB_CACHE`` where that is set and not empty, else ``facelab`` in the user's cache folder.
    """
    chosen = os.environ.get("FACELAB_CACHE", "").strip()
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        user = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    elif sys.platform == "darwin":
        user = Path("~/Library/Caches")
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME", "").strip() or "~/.cache")
    return user.expanduser() / "facelab"

"""When a progress bar is shown, said once: on a terminal, and nowhere else.

``FACELAB_PROGRESS=1`` shows bars and ``FACELAB_PROGRESS=0`` hides them; where it is not set, a bar is shown when the
error stream is a terminal. So a notebook run by a machine stays clean, and a person who works in Jupyter sets the
variable. A call's own ``progress=False`` always hides it. Bars go to the error stream.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def progress_shown(wanted: bool = True) -> bool:
    """True where a bar is to be shown, by the rule above."""
    said = os.environ.get("FACELAB_PROGRESS", "").strip()
    return wanted and (said != "0" if said else sys.stderr.isatty())


def progress_bar(title: str, total: int | None, unit: str, *, wanted: bool = True) -> tqdm[Any]:
    """A bar of `total` units (None: not known), hidden where the rule above says so."""
    from tqdm import tqdm

    return tqdm(total=total, desc=title, unit=unit, disable=not progress_shown(wanted), dynamic_ncols=True)

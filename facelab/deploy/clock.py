"""A clock that was set back is noticed: the latest time that this machine was seen to have is kept in a file.

An expiry date is worth what the clock is worth. Whoever sets the clock back makes an expired config hold again, so each
check writes down the time and compares it with the latest one before. It cannot notice a clock that was never right.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SLACK = timedelta(hours=1)
"""Clocks are put right by small steps; only more than this counts as set back."""


def latest_seen(path: Path) -> datetime | None:
    """The latest time that was written to `path`; None where there is none that can be read."""
    try:
        found = datetime.fromisoformat(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def set_back(path: Path, now: datetime) -> timedelta | None:
    """How far the clock was set back since the latest time in `path`, or None; a later time is written down.

    Parameters
    ----------
    path : Path
        Where the latest time stands.
    now : datetime
        What the clock says, with its time zone.
    """
    before = latest_seen(path)
    if before is not None and now < before - SLACK:
        return before - now
    if before is None or now > before:
        with contextlib.suppress(OSError):  # a read-only place: the check goes on with what is known
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_text(now.astimezone(UTC).isoformat(), encoding="ascii")
            beside.replace(path)
    return None

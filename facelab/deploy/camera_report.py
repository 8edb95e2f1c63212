"""What became of one camera: frames looked at and dropped, how long a decision took, and what a person was told.

A watching may run for years, so everything here is of bounded size: waits are counted in bins, of the stretches in
which frames were dropped the first are named and the rest counted, and of the cases of loss so many are told a minute.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from facelab.data.losses import NAMED, Losses

if TYPE_CHECKING:
    from collections.abc import Callable

STRETCHES = 100
"""Stretches of dropped frames that are named."""
SAME_STRETCH_S = 1.0
_SHORTEST_S, _RATIO, _BINS = 1e-4, 1.05, 400  # the last bin begins at 10 hours


@dataclass
class Waits:
    """How long something took, as counts in bins of which each is 5 % longer than the one before.

    Parameters
    ----------
    counts : list of int
        One a bin.
    longest_s : float
        The longest of all, s.
    """

    counts: list[int] = field(default_factory=lambda: [0] * _BINS)
    longest_s: float = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        position = math.log(max(seconds, _SHORTEST_S) / _SHORTEST_S, _RATIO)
        self.counts[min(int(position), _BINS - 1)] += 1
        self.longest_s = max(self.longest_s, seconds)

    def __len__(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The time within which `share` of all were done, s: the end of its bin, at most 5 % too long; NaN of none."""
        wanted, seen = share * len(self), 0
        for k, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return min(_SHORTEST_S * _RATIO ** (k + 1), self.longest_s)
        return math.nan

    def __str__(self) -> str:
        shares = ", ".join(f"{100 * share:g} % within {self.quantile(share):.3f} s" for share in (0.5, 0.95))
        return f"{shares}, all within {self.longest_s:.3f} s" if len(self) else "nothing was timed"


@dataclass
class CameraReport:
    """What became of one camera.

    Parameters
    ----------
    camera : str
        Its name.
    frames, dropped, faces, alerts : int
        Frames looked at and dropped, faces found, alerts raised.
    losses : Losses
        What could not be read.
    dropped_at : list of (float, float)
        From when to when frames were dropped, s on the camera's clock: the first `STRETCHES` of `stretches`.
    waits : Waits
        From the moment that a frame was there to the decision on it, where frames come at their own pace.
    failed : str
        Why it ended before its time; empty where it did not.
    """

    camera: str
    frames: int = 0
    dropped: int = 0
    faces: int = 0
    alerts: int = 0
    losses: Losses = field(default_factory=Losses)
    dropped_at: list[tuple[float, float]] = field(default_factory=list)
    stretches: int = 0
    waits: Waits = field(default_factory=Waits)
    failed: str = ""
    _last_drop_s: float = -math.inf

    def drop(self, time_s: float) -> bool:
        """One frame is dropped; True where a new stretch of them begins."""
        self.dropped += 1
        goes_on, self._last_drop_s = time_s - self._last_drop_s < SAME_STRETCH_S, time_s
        if goes_on:
            if self.stretches == len(self.dropped_at):
                self.dropped_at[-1] = (self.dropped_at[-1][0], time_s)
            return False
        self.stretches += 1
        if self.stretches <= STRETCHES:
            self.dropped_at.append((time_s, time_s))
        return True

    def __str__(self) -> str:
        dropped = "none dropped"
        if self.dropped:
            named = ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in self.dropped_at[:5])
            more = f" and {self.stretches - 5:,} stretches more" if self.stretches > 5 else ""
            dropped = f"{self.dropped:,} dropped ({named}{more})"
        waited = f"; from frame to decision: {self.waits}" if len(self.waits) else ""
        back = f"; lost and back {self.losses.reconnects:,} times" if self.losses.reconnects else ""
        end = f"; {self.failed}" if self.failed else ""
        return (
            f"{self.camera}: {self.frames:,} frames, {dropped}, {self.faces:,} faces, {self.alerts:,} alerts"
            f"{waited}{back}{end}"
        )


class ToldLosses(Losses):
    """Losses whose cases are told as they come, `NAMED` a minute at most, however many were named before.

    Parameters
    ----------
    tell : callable
        Called with each line.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell, self._minute, self._in_minute = tell, -1, 0

    def name(self, line: str) -> None:
        """Tell `line`, and keep it unless there are enough already."""
        super().name(line)
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            if self._in_minute > NAMED:
                self._tell(f"{self._in_minute - NAMED:,} more such lines within that minute")
            self._minute, self._in_minute = minute, 0
        self._in_minute += 1
        if self._in_minute <= NAMED:
            self._tell(line)

"""Time cut into slots of equal length, of each of which the first frame counts."""

from __future__ import annotations

import math

_EARLY = 1e-6  # a frame that is this share of a slot early still belongs to the next one: times are rounded


class Slots:
    """Which frames are the first of their slot; one object a clip, asked in the order of time.

    Parameters
    ----------
    per_second : float
        Slots a second.

    Examples
    --------
    >>> slots = Slots(5)
    >>> [slots.first(k / 12.5) for k in range(6)]
    [True, False, False, True, False, True]
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._slot: int | None = None

    def first(self, time_s: float) -> bool:
        """Whether the frame at `time_s` is the first of its slot; it comes after those asked about before."""
        slot = math.floor(time_s * self._per_second + _EARLY)
        new, self._slot = slot != self._slot, slot
        return new

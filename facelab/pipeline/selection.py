"""The faces of a passage that are worth an embedding: the best, spread in time, chosen while the frames stream by.

The time of a track is cut into slots of equal length from its first face on; each slot keeps its best face. When there
are more than twice as many slots as faces wanted, slots are joined in pairs and become twice as long, and of two faces
the better stays. So a track of any length holds at most ``2 K + 1`` crops, the faces are spread over the whole of it,
and what is kept depends on the track alone: not on when it is asked for, nor on how many workers there are.

Where a track was out of sight for a moment (a *break*: longer than .15 s and one and a half of its steps) the tracker
went on by guesswork, and the faces before and after it may be two people's. So that this can be seen
(`facelab.pipeline.splitting`), the best face of every stretch between two breaks has one of the first K / 2 places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.types import Image

FIRST_SLOT_S = 0.01
BREAK_S = 0.15
BREAK_STEPS = 1.5


@dataclass(frozen=True)
class Candidate:
    """A face that may be embedded: its row among the observations, its time in s, its quality and its aligned crop."""

    row: int
    time_s: float
    quality: float
    crop: Image


def is_break(gap_s: float, step_s: float) -> bool:
    """Whether a track whose observations are `step_s` apart was out of sight in a gap of `gap_s` between two."""
    return gap_s > max(BREAK_S, BREAK_STEPS * step_s)


class BestFaces:
    """The candidates of one track.

    Parameters
    ----------
    limit : int
        K, the number of faces wanted in the end.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slot_s = FIRST_SLOT_S
        self._start_s = 0.0
        self._best: dict[int, Candidate] = {}
        self._last_s = self._step_s = math.inf
        self._stretch = 0
        self._of_stretch: dict[int, Candidate] = {}

    def __len__(self) -> int:
        return len(self._best)

    def add(self, candidate: Candidate) -> None:
        """Consider `candidate`, which is no earlier than those before it; of equals the earlier stays."""
        if not self._best:
            self._start_s = candidate.time_s
        self._keep(self._best, int((candidate.time_s - self._start_s) / self._slot_s), candidate)
        while len(self._best) > 2 * self._limit:
            self._best, self._slot_s = self._halved(self._best), 2 * self._slot_s
        self._add_to_stretch(candidate)

    def _add_to_stretch(self, candidate: Candidate) -> None:
        gap_s = candidate.time_s - self._last_s
        if is_break(gap_s, self._step_s):
            self._stretch += 1
        elif gap_s > 0:
            self._step_s = min(self._step_s, gap_s)
        self._last_s = candidate.time_s
        self._keep(self._of_stretch, self._stretch, candidate)
        if len(self._of_stretch) > 2 * self._limit:
            self._of_stretch, self._stretch = self._halved(self._of_stretch), self._stretch // 2

    @classmethod
    def _halved(cls, best: dict[int, Candidate]) -> dict[int, Candidate]:
        joined: dict[int, Candidate] = {}
        for slot, kept in best.items():
            cls._keep(joined, slot // 2, kept)
        return joined

    @staticmethod
    def _keep(best: dict[int, Candidate], slot: int, candidate: Candidate) -> None:
        standing = best.get(slot)
        if standing is None or candidate.quality > standing.quality:
            best[slot] = candidate

    def chosen(self) -> list[Candidate]:
        """At most K candidates, those of the stretches and the best by quality (of equals the earlier), by time."""
        first = _by_quality(self._of_stretch)[: self._limit // 2] if len(self._of_stretch) > 1 else []
        taken = {c.row for c in first}
        rest = [c for c in _by_quality(self._best) if c.row not in taken]
        return sorted([*first, *rest][: self._limit], key=lambda c: c.row)


def _by_quality(best: dict[int, Candidate]) -> list[Candidate]:
    return sorted(best.values(), key=lambda c: (-c.quality, c.row))

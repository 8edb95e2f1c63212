"""The faces of a passage that are worth an embedding: the best, spread in time, chosen while the frames stream by.

The time of a track is cut into slots of equal length from its first face on; each slot keeps its best face. When there
are more than twice as many slots as faces wanted, slots are joined in pairs and become twice as long, and of two faces
the better stays. So a track of any length holds at most ``2 K + 1`` crops, the faces are spread over the whole of it,
and what is kept depends on the track alone: not on when it is asked for, nor on how many workers there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.types import Image

FIRST_SLOT_S = 0.01


@dataclass(frozen=True)
class Candidate:
    """A face that may be embedded: its row among the observations, its time in s, its quality and its aligned crop."""

    row: int
    time_s: float
    quality: float
    crop: Image


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

    def __len__(self) -> int:
        return len(self._best)

    def add(self, candidate: Candidate) -> None:
        """Consider `candidate`, which is no earlier than those before it; of equals the earlier stays."""
        if not self._best:
            self._start_s = candidate.time_s
        self._keep(self._best, int((candidate.time_s - self._start_s) / self._slot_s), candidate)
        while len(self._best) > 2 * self._limit:
            joined: dict[int, Candidate] = {}
            for slot, kept in self._best.items():
                self._keep(joined, slot // 2, kept)
            self._best, self._slot_s = joined, 2 * self._slot_s

    @staticmethod
    def _keep(best: dict[int, Candidate], slot: int, candidate: Candidate) -> None:
        standing = best.get(slot)
        if standing is None or candidate.quality > standing.quality:
            best[slot] = candidate

    def chosen(self) -> list[Candidate]:
        """At most K candidates, the best by quality (of equals the earlier), in the order of time."""
        best = sorted(self._best.values(), key=lambda c: (-c.quality, c.row))[: self._limit]
        return sorted(best, key=lambda c: c.row)

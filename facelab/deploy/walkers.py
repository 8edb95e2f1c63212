"""Which tracks are one walking person: the cooldown's default key is the alleged subject and the walking person.

A person who turns round, or is lost behind a pillar for longer than tracks are re-joined, comes back as another track;
at another camera they always do. Of the tracks that match somebody, a new one is taken for the walker of an earlier one
where

- that one was last decided on less than the cooldown ago (later it makes no difference);
- they were not in view at the same camera at the same time;
- their faces are alike by `Mending.rejoin_score`, what strangers hardly ever reach; of several the most alike.

Whoever is alleged to be the same person looks like that person, so two of them are more alike than any two strangers: a
false alert can still hide the real person who comes within the cooldown, where these two look alike as well. Where
`Mending.rejoin_s` is 0, nothing is joined, and a track stands for its walker. The same code runs live and in a replay:
fed with the same faces in the same order it gives the same walkers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.config import AlertRule, PipelineSettings
    from facelab.stats.alarms import Sighting
    from facelab.types import Floats


@dataclass
class _Seen:
    """A track that matched somebody: its walker, where and until when it was seen, and its newest embedding."""

    walker: str
    camera: str
    until_s: float
    decided_s: float
    vector: Floats


class Walkers:
    """Names the walker of each track that matches somebody; fed in the order of time.

    Parameters
    ----------
    score : float
        Faces that are alike by so much or more are one person's.
    within_s : float
        How long a walker is remembered, s.
    lost_s : float
        How long a track was out of sight when it ended, s.
    """

    def __init__(self, score: float, within_s: float, lost_s: float) -> None:
        self._score, self._within_s, self._lost_s = score, within_s, lost_s
        self._tracks: dict[str, _Seen] = {}

    def __len__(self) -> int:
        return len(self._tracks)

    def named(self, seen: Sighting, vector: Floats, *, over: bool) -> Sighting:
        """`seen` with its walker.

        Parameters
        ----------
        seen : Sighting
            Of a track; where it matches nobody, it is given back as it is.
        vector : (d,) array
            Its embedding, unit.
        over : bool
            True where the track has ended, which is known `lost_s` after it was last seen.
        """
        if not seen.matches:
            return seen
        self._forget(seen.time_s)
        known = self._tracks.get(seen.track)
        walker = self._walker(seen, vector) if known is None else known.walker
        until_s = seen.time_s - (self._lost_s if over else 0.0)
        self._tracks[seen.track] = _Seen(walker, seen.camera, until_s, seen.time_s, vector)
        return replace(seen, walker=walker)

    def _walker(self, seen: Sighting, vector: Floats) -> str:
        best, walker = self._score, seen.track
        for other in self._tracks.values():
            if other.camera == seen.camera and seen.first_seen_s <= other.until_s:
                continue
            alike = float(vector @ other.vector)
            if alike >= best:
                best, walker = alike, other.walker
        return walker

    def _forget(self, now_s: float) -> None:
        old = [name for name, other in self._tracks.items() if abs(now_s - other.decided_s) >= self._within_s]
        for name in old:
            del self._tracks[name]


def walkers(settings: PipelineSettings, rule: AlertRule) -> Walkers | None:
    """What `settings` and `rule` ask for; None where a track stands for its walker."""
    if settings.mending.rejoin_s <= 0 or rule.cooldown_key != "subject and walker":
        return None
    return Walkers(settings.mending.rejoin_score, rule.cooldown_s, settings.tracking.lost_s)

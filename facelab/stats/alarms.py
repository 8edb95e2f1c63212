"""The watch rule: which matches become an alert, decided face by face as a camera goes on, or replayed from a record.

One small state machine, `WatchRule`, fed in the order of time. It knows no model and no picture: of each face it is
told the camera, the track, the time at which the face had been embedded and compared, the best subject, the score and
the threshold in force. What a deployment does live and what an evaluation replays is the same code.

**Confirmation** (`AlertRule.confirm`): ``frames``, as soon as at least m of the last n faces of a track name one and
the same person at or above the threshold; a face that gave no template takes its place among the n. ``passage_end``:
one decision a track, on the template of all its faces, once it has ended. The score of a confirmed alert is the lowest
of the m highest that confirm it: the largest threshold at which this alert would have been raised at that moment.

**Cooldown**: a confirmed alert is suppressed while less than the cooldown has passed since the last *emitted* one of
the same key: alleged subject and walking person, or alleged subject alone; at the same camera, or on the whole site. A
clock that is set back by more than the cooldown does not silence anybody.

**Latency**: from the first sight of the track to the alert. Conventions: seconds on one clock, score >= threshold.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.alerts import Alerts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from facelab.config import AlertRule
    from facelab.stats._given import BoolArray, FloatArray, TextArray

KEYS_KEPT = 1024
"""The cooldown forgets keys that are over when it holds more than this many, and again at twice what is left."""


@dataclass(frozen=True)
class Sighting:
    """One face of a track as the matcher saw it; for the end of a track, the template of all its faces.

    Parameters
    ----------
    camera, track : str
        Where, and the track; a track's name is unique on the site, such as ``gate/12``.
    time_s : float
        When the face had been embedded and compared, not when it was seen, s.
    alleged : str
        The best subject of the gallery; empty where there is none (no template, an empty gallery).
    score : float
        Their score; NaN where there is none.
    threshold : float
        In force at this camera.
    first_seen_s : float
        When the track was first seen, s.
    walker : str
        The walking person, where several tracks are known to be one; else empty, and the track stands for the person.
    """

    camera: str
    track: str
    time_s: float
    alleged: str
    score: float
    threshold: float
    first_seen_s: float
    walker: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.time_s) or not math.isfinite(self.threshold):
            raise BadInput(
                f"time and threshold must be finite, they are {self.time_s} and {self.threshold}", place=self.track
            )

    @property
    def matches(self) -> bool:
        """True at or above the threshold."""
        return bool(self.alleged) and self.score >= self.threshold


@dataclass(frozen=True)
class Alert:
    """An alert that was emitted: where, when, who is alleged, how sure, of whom, and since when they were in view."""

    camera: str
    time_s: float
    alleged: str
    score: float
    threshold: float
    track: str
    walker: str
    first_seen_s: float

    @property
    def latency_s(self) -> float:
        """Seconds from the first sight of the track to the alert."""
        return self.time_s - self.first_seen_s


@dataclass(frozen=True)
class Thresholds:
    """One threshold for a site, or one a camera; a camera without its own has the pooled one.

    Parameters
    ----------
    pooled : float
        For every camera that has none of its own.
    by_camera : mapping of str to float
        Of single cameras.
    """

    pooled: float
    by_camera: Mapping[str, float] = field(default_factory=dict)

    def at(self, camera: str) -> float:
        """The threshold in force at `camera`."""
        return float(self.by_camera.get(camera, self.pooled))


class WatchRule:
    """The state machine of confirmation and cooldown; memory grows with the tracks alive, not with time.

    Parameters
    ----------
    rule : AlertRule
        Confirmation and cooldown. Its `thresholds` and `every_s` are for whoever feeds the machine.
    """

    def __init__(self, rule: AlertRule) -> None:
        self._rule = rule
        self._window: dict[str, deque[Sighting]] = {}
        self._emitted_s: dict[tuple[str, str, str], float] = {}
        self._forget_at = KEYS_KEPT
        self.suppressed = 0
        """Confirmed alerts that the cooldown kept back."""

    @property
    def tracks_alive(self) -> int:
        """Tracks whose faces are remembered."""
        return len(self._window)

    def face(self, seen: Sighting) -> Alert | None:
        """One more face of a track that goes on; the alert that it confirms, unless it is a repetition."""
        rule = self._rule
        if rule.confirm != "frames":
            return None
        window = self._window.setdefault(seen.track, deque(maxlen=rule.n))
        window.append(seen)
        if not seen.matches:
            return None
        agreeing = sorted((s.score for s in window if s.alleged == seen.alleged and s.score == s.score), reverse=True)
        if len(agreeing) < rule.m or agreeing[rule.m - 1] < seen.threshold:
            return None
        return self._unless_repeated(seen, agreeing[rule.m - 1])

    def end(self, seen: Sighting) -> Alert | None:
        """A track has ended, and `seen` is its template; the alert of the whole passage, unless it is a repetition."""
        self._window.pop(seen.track, None)
        if self._rule.confirm != "passage_end" or not seen.matches:
            return None
        return self._unless_repeated(seen, seen.score)

    def _unless_repeated(self, seen: Sighting, score: float) -> Alert | None:
        rule, walker = self._rule, seen.walker or seen.track
        key = (
            seen.alleged,
            walker if rule.cooldown_key == "subject and walker" else "",
            seen.camera if rule.cooldown_at == "camera" else "",
        )
        last = self._emitted_s.get(key)
        if last is not None and abs(seen.time_s - last) < rule.cooldown_s:
            self.suppressed += 1
            return None
        self._emitted_s[key] = seen.time_s
        self._forget(seen.time_s)
        return Alert(
            seen.camera, seen.time_s, seen.alleged, float(score), seen.threshold, seen.track, walker, seen.first_seen_s
        )

    def _forget(self, now_s: float) -> None:
        if len(self._emitted_s) > self._forget_at:
            over = self._rule.cooldown_s
            self._emitted_s = {key: at for key, at in self._emitted_s.items() if abs(now_s - at) < over}
            self._forget_at = max(KEYS_KEPT, 2 * len(self._emitted_s))


@dataclass(frozen=True, eq=False)
class AlertLog:
    """The alerts of a replay, in the order of time, with who truly walked there.

    Parameters
    ----------
    alerts : Alerts
        The event table.
    latency_s : (n,) array
        From the first sight of the track to the alert, s.
    suppressed : int
        Confirmed alerts that the cooldown kept back.
    track : (n,) array of str, optional
        The track of each; unless given, its walker's name, where tracks stand for their walkers.
    """

    alerts: Alerts
    latency_s: FloatArray
    suppressed: int = 0
    track: TextArray | None = None

    @property
    def tracks(self) -> TextArray:
        """(n,) the track of each alert."""
        return self.alerts.walker if self.track is None else self.track

    def take(self, rows: BoolArray) -> AlertLog:
        """The alerts at `rows`; what was suppressed is not counted."""
        return AlertLog(self.alerts.take(rows), self.latency_s[rows], track=self.tracks[rows])

    def __len__(self) -> int:
        return len(self.alerts)

    def __repr__(self) -> str:
        return f"{self.alerts!r}; {self.suppressed} repetitions suppressed"

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row an alert: the columns that `facelab alerts` reads, then latency and whether false."""
        frame = self.alerts.to_frame()
        frame.insert(len(frame.columns) - 1, "latency_s", self.latency_s)
        return frame


def replayed(
    faces: Iterable[Sighting], ends: Iterable[Sighting], rule: AlertRule, subject_of: Mapping[str, str]
) -> AlertLog:
    """The alerts that `rule` would have raised, fed in the order of time.

    At equal times faces come before ends, then camera and track decide: a replay is the same whatever the order given.

    Parameters
    ----------
    faces, ends : iterables of Sighting
        The faces of every track, and one template for each track that has ended.
    rule : AlertRule
        Confirmation and cooldown.
    subject_of : mapping of str to str
        Who each walker truly is, by walker (or track); whoever is missing is an unknown passer-by.
    """
    machine = WatchRule(rule)
    order = [(s.time_s, 0, s.camera, s.track, s) for s in faces] + [(s.time_s, 1, s.camera, s.track, s) for s in ends]
    order.sort(key=lambda entry: entry[:4])
    found = [machine.end(seen) if over else machine.face(seen) for _, over, _, _, seen in order]
    emitted = [alert for alert in found if alert is not None]
    columns = {name: _column(emitted, name) for name in ("camera", "time_s", "alleged", "score", "walker")}
    subject = np.array([subject_of.get(a.track, subject_of.get(a.walker, "")) for a in emitted], np.str_)
    log = Alerts(**columns, subject=subject)
    return AlertLog(log, _column(emitted, "latency_s"), machine.suppressed, _column(emitted, "track"))


def confirmable(faces: Iterable[Sighting], ends: Iterable[Sighting], rule: AlertRule) -> dict[tuple[str, str], float]:
    """The highest threshold at which each track would be alerted as each subject: score by (track, alleged).

    What `replayed` decides at one threshold, at all of them: a track is alerted as somebody at T when their score here
    is at or above T. Cooldown does not matter here, since it never suppresses the first alert of a track.

    Parameters
    ----------
    faces, ends : iterables of Sighting
        As for `replayed`; their thresholds are not looked at.
    rule : AlertRule
        Its confirmation.
    """
    found: dict[tuple[str, str], float] = {}
    if rule.confirm == "passage_end":
        for seen in ends:
            if seen.alleged:
                found[seen.track, seen.alleged] = max(seen.score, found.get((seen.track, seen.alleged), -math.inf))
        return found
    window: dict[str, deque[Sighting]] = {}
    for seen in sorted(faces, key=lambda s: (s.time_s, s.camera, s.track)):
        last = window.setdefault(seen.track, deque(maxlen=rule.n))
        last.append(seen)
        agreeing = sorted((s.score for s in last if s.alleged == seen.alleged), reverse=True)
        if seen.alleged and len(agreeing) >= rule.m:
            key = (seen.track, seen.alleged)
            found[key] = max(agreeing[rule.m - 1], found.get(key, -math.inf))
    return found


def _column(emitted: list[Alert], name: str) -> Any:
    numbers = name in ("time_s", "score", "latency_s")
    return np.array([getattr(alert, name) for alert in emitted], np.float64 if numbers else np.str_)

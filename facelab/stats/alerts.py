"""Alerts as the monitoring room sees them: how often they are false, how late, how often repeated.

An event table has one row an alert: camera, time, the person the system *alleges* to see, the score, who the walking
person is to the system (`walker`: a track, or tracks joined by embedding), and who it truly was (empty: an unknown
passer-by). An alert is false where the alleged person is not the true one, a wrong name on an enrolled person
included. Conventions: seconds on one clock for all cameras; an alert stands when score >= threshold; the threshold
comes first, then the cooldown.

Cooldown: an alert is suppressed while less than the cooldown has passed since the last *emitted* alert of the same key.
Deployed systems know only the alleged subject; keyed on that alone, a false alarm hides the real person who comes a
minute later, so the default key is alleged subject and walker.

Rates: false alerts an hour, a camera and hour, and a thousand passers-by (ISO/IEC 30137-1). Their interval is that of a
Poisson count (Garwood 1936) whose variance is enlarged by phi = sum k_w^2 / sum k_w, k_w the false alerts of walker w:
one passer-by who looks like somebody gives many. Where few walkers carry phi, Student's t widens it further (then
conservative). It speaks of this watchlist, with other passers-by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from scipy.special import gammaincinv, ndtri, stdtrit

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, IntArray, TextArray, labels, numbers, plain, within
from facelab.stats.columns import read_columns
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from facelab.stats.rates import Rate

Key: TypeAlias = Literal["subject and walker", "subject"]
FEW_WALKERS = 10.0
"""Fewer walkers than this behind a count: its interval says so."""

COLUMNS = ("camera", "time_s", "alleged", "score", "walker", "subject")


@dataclass(frozen=True, eq=False)
class Alerts:
    """An event table, in the order of time.

    Parameters
    ----------
    camera : (n,) array of str
        Where.
    time_s : (n,) array
        When, seconds.
    alleged : (n,) array of str
        The enrolled subject that the system names.
    score : (n,) array
        Its score.
    walker : (n,) array of str
        The walking person as the system follows them (track, or tracks joined).
    subject : (n,) array of str
        Who it truly was; empty: an unknown, unenrolled passer-by.
    """

    camera: TextArray
    time_s: FloatArray
    alleged: TextArray
    score: FloatArray
    walker: TextArray
    subject: TextArray

    def __post_init__(self) -> None:
        time = numbers("time_s", self.time_s)
        order = np.argsort(time, kind="stable")
        score = numbers("score", self.score)
        if score.shape != time.shape:
            raise BadInput(f"has {len(score)} entries, there are {len(time)} times", place="score")
        columns = {"time_s": time, "score": score}
        for name in ("camera", "alleged", "walker", "subject"):
            filled = name in ("camera", "alleged", "walker")
            columns[name] = labels(name, getattr(self, name), len(time), filled=filled)  # type: ignore[assignment]
        for name, column in columns.items():
            object.__setattr__(self, name, column[order])

    def __len__(self) -> int:
        return len(self.time_s)

    def __repr__(self) -> str:
        return f"{len(self)} alerts at {len(np.unique(self.camera))} cameras, {int(self.false.sum())} of them false"

    @property
    def false(self) -> BoolArray:
        """(n,) true where the alleged person is not the true one."""
        return np.asarray(self.alleged != self.subject)

    def take(self, index: IntArray | BoolArray) -> Alerts:
        """The alerts at `index` (positions or a mask)."""
        return Alerts(
            *(getattr(self, name)[index] for name in ("camera", "time_s", "alleged", "score", "walker", "subject"))
        )

    def at(self, threshold: float) -> Alerts:
        """The alerts with score >= threshold."""
        return self.take(self.score >= threshold)

    def deduplicated(self, cooldown_s: float, *, key: Key = "subject and walker", anywhere: bool = False) -> Alerts:
        """The alerts that a cooldown lets through.

        Parameters
        ----------
        cooldown_s : float
            Seconds; an alert is emitted when at least so many have passed since the last emitted one of its key.
        key : {"subject and walker", "subject"}
            What counts as a repetition.
        anywhere : bool
            True: the cooldown runs over all cameras; False: at each camera by itself.
        """
        if not cooldown_s >= 0 or not np.isfinite(cooldown_s):
            raise BadInput(f"must be a number of seconds from 0, it is {cooldown_s}", place="cooldown_s")
        if key not in ("subject and walker", "subject"):
            raise BadInput(f"must be 'subject and walker' or 'subject', not {key!r}", place="key")
        parts = [
            self.alleged,
            *([self.walker] if key == "subject and walker" else []),
            *([] if anywhere else [self.camera]),
        ]
        code = np.zeros(len(self), dtype=np.int64)
        for part in parts:
            _, number = np.unique(part, return_inverse=True)
            _, code = np.unique(code * (number.max(initial=0) + 1) + number, return_inverse=True)
        return self.take(_emitted(code, self.time_s, cooldown_s))

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row an alert."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in COLUMNS} | {"false": self.false})


def _emitted(code: IntArray, time: FloatArray, cooldown: float) -> BoolArray:
    """(n,) which alerts pass: of each key the first, then the first that is `cooldown` after the last that passed."""
    emitted = np.zeros(len(code), dtype=np.bool_)
    order = np.argsort(code, kind="stable")  # within a key in the order of time
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(code)]):
        times = time[order[start:end]]
        at = 0
        while at < len(times):
            emitted[order[start + at]] = True
            after = int(np.searchsorted(times, times[at] + cooldown, side="left"))
            at = max(after, at + 1)
    return emitted


@dataclass(frozen=True)
class EventRate:
    """A count of events for an exposure, such as false alerts an hour.

    Parameters
    ----------
    count : int
        Events.
    exposure : float
        Hours, camera-hours, or thousands of passers-by.
    unit : str
        What one unit of exposure is, for sentences.
    dispersion : float
        phi, how many times a Poisson count's variance the events have; at least 1.
    carriers : float
        Walkers who carry that variance, (sum k_w^2)^2 / sum k_w^4: its degrees of freedom.
    """

    count: int
    exposure: float
    unit: str
    dispersion: float = 1.0
    carriers: float = np.inf

    @property
    def value(self) -> float:
        """Events a unit of exposure."""
        return self.count / self.exposure

    def interval(self, confidence: float = 0.95) -> Interval:
        """Exact Poisson interval of count / phi events, times phi / exposure; phi times (t/z)^2 where few carry it."""
        tail = (1 - within("confidence", confidence, 0.0, 1.0)) / 2
        few = np.isfinite(self.carriers)
        t = float(stdtrit(max(self.carriers, 1.0), 1 - tail)) if few else float(ndtri(1 - tail))
        phi = self.dispersion * (t / float(ndtri(1 - tail))) ** 2
        effective, unit = self.count / phi, phi / self.exposure
        low = float(gammaincinv(effective, tail)) * unit if self.count else 0.0
        high = float(gammaincinv(effective + 1, 1 - tail)) * unit
        note = "" if self.count else "no false alert seen: the bound counts walkers, each of whom may give several"
        if self.carriers < FEW_WALKERS:
            note = f"few walkers: {self.carriers:.1f} carry the count"
        return Interval(low, high, confidence, "exact Poisson, dispersion by walker", None, self.dispersion, note)

    def __repr__(self) -> str:
        ends = self.interval()
        behind = f"95 %, {self.count} in {self.exposure:g}, dispersion {self.dispersion:.2g}"
        return f"{self.value:.3g} per {self.unit} [{ends.low:.2g}, {ends.high:.2g}] ({behind})"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        ends = self.interval(confidence)
        head = {"count": self.count, "exposure": self.exposure, "unit": self.unit, "rate": self.value}
        return head | {"low": ends.low, "high": ends.high, "confidence": confidence, "dispersion": self.dispersion}


@dataclass(frozen=True)
class AlertRates:
    """False alerts an hour, a camera and hour, and a thousand passers-by; true alerts beside them."""

    an_hour: EventRate
    a_camera_hour: EventRate
    a_thousand_passers_by: EventRate | None
    true_alerts: int
    by_camera: Mapping[str, EventRate]

    def __repr__(self) -> str:
        return f"false alerts: {self.an_hour!r}; true alerts: {self.true_alerts}"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        passers = self.a_thousand_passers_by
        return {
            "an_hour": self.an_hour.to_dict(confidence),
            "a_camera_hour": self.a_camera_hour.to_dict(confidence),
            "a_thousand_passers_by": None if passers is None else passers.to_dict(confidence),
            "true_alerts": self.true_alerts,
            "by_camera": {name: rate.to_dict(confidence) for name, rate in self.by_camera.items()},
        }


def alert_rates(alerts: Alerts, hours: Mapping[str, float], passers_by: int | None = None) -> AlertRates:
    """How often alerts are false.

    Parameters
    ----------
    alerts : Alerts
        Those that were emitted (threshold and cooldown applied).
    hours : mapping of camera to float
        Hours that each camera was watched, those without an alert included; the longest is the site's hours.
    passers_by : int, optional
        People who walked by, all cameras together.

    Raises
    ------
    BadInput
        A camera with alerts and without hours, hours that are not positive.
    """
    if not hours or min(hours.values()) <= 0:
        raise BadInput("must give each camera's hours, all above 0", place="hours")
    unknown = np.setdiff1d(alerts.camera, list(hours))
    if unknown.size:
        raise BadInput(f"camera {str(unknown[0])!r} has alerts and no hours", place="hours")
    if passers_by is not None and passers_by <= 0:
        raise BadInput(f"must be above 0, it is {passers_by}", place="passers_by")
    wrong = alerts.take(alerts.false)

    def rate(some: Alerts, exposure: float, unit: str) -> EventRate:
        if not len(some):
            return EventRate(0, float(exposure), unit)
        squares = np.square(np.unique(some.walker, return_counts=True)[1].astype(np.float64))
        carriers = float(squares.sum() ** 2 / np.square(squares).sum())
        return EventRate(len(some), float(exposure), unit, float(squares.sum() / len(some)), carriers)

    by_camera = {name: rate(wrong.take(wrong.camera == name), time, "hour") for name, time in sorted(hours.items())}
    return AlertRates(
        rate(wrong, max(hours.values()), "hour"),
        rate(wrong, sum(hours.values()), "camera and hour"),
        None if passers_by is None else rate(wrong, passers_by / 1000, "thousand passers-by"),
        len(alerts) - len(wrong),
        by_camera,
    )


@dataclass(frozen=True, eq=False)
class FirstAlerts:
    """How long after they came into view enrolled people were first alerted, by journey.

    Parameters
    ----------
    latency_s : (j,) array
        Seconds from the journey's start to the first right alert; infinite where there was none.
    subject : (j,) array of str
        Whose journey.
    """

    latency_s: FloatArray
    subject: TextArray

    def __repr__(self) -> str:
        found = int(np.isfinite(self.latency_s).sum())
        return f"{found} of {len(self.latency_s)} journeys alerted, half of all within {self.quantile(0.5):.3g} s"

    def share_within(self, seconds: float) -> Rate:
        """Share of the journeys that were alerted within so many seconds; infinity: at all."""
        error = self.latency_s <= seconds if np.isfinite(seconds) else np.isfinite(self.latency_s)
        return rate_of(PeopleTrials(person_codes(self.subject), "subjects"), error, "alerted")

    def missed(self) -> Rate:
        """Share of the journeys without any right alert: the measured miss rate of a whole journey."""
        return rate_of(
            PeopleTrials(person_codes(self.subject), "subjects"), np.isinf(self.latency_s), "missed journeys"
        )

    def quantile(self, share: float) -> float:
        """Seconds within which at least `share` of all journeys were alerted; infinite where fewer were."""
        rank = int(np.ceil(within("share", share, 0.0, 1.0) * len(self.latency_s))) - 1
        return float(np.sort(self.latency_s)[rank])

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON; null where fewer journeys were alerted."""
        quantiles = {f"{100 * q:g} %": plain(self.quantile(q)) for q in (0.5, 0.9, 0.95)}
        return {"journeys": len(self.latency_s), "latency_s": quantiles, "missed": self.missed().to_dict(confidence)}


def first_alerts(alerts: Alerts, subject: Any, start_s: Any, end_s: Any) -> FirstAlerts:
    """Time to the first right alert of each journey of an enrolled person.

    Parameters
    ----------
    alerts : Alerts
        Those that were emitted.
    subject : (j,) array of str
        The enrolled person of each journey.
    start_s, end_s : (j,) arrays
        When the journey came into view and when it ended; alerts outside belong to another journey.

    Raises
    ------
    NotMeasured
        Without a journey.
    """
    start, end = numbers("start_s", start_s), numbers("end_s", end_s)
    who = labels("subject", subject, len(start), filled=True)
    if not len(start):
        raise NotMeasured("no journey of an enrolled person: there is no time to a first alert")
    if end.shape != start.shape or (end < start).any():
        raise BadInput("must be as many as the starts, none before its start", place="end_s")
    right = alerts.take(~alerts.false)
    latency = np.full(len(start), np.inf)
    for j in range(len(start)):
        times = right.time_s[right.subject == who[j]]
        at = int(np.searchsorted(times, start[j]))
        if at < len(times) and times[at] <= end[j]:
            latency[j] = times[at] - start[j]
    return FirstAlerts(latency, who)


def read_alerts(path: Path) -> Alerts:
    """An event table from a CSV or parquet file with the columns camera, time_s, alleged, score, walker, subject.

    `time_s` holds seconds, or ISO 8601 times (read as UTC where they name no zone).

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, an empty or bad value (only `subject` may be empty); names file
        and line.
    """
    table = read_columns(path, COLUMNS, may_be_empty=True)
    text = {name: np.char.strip(table.strings(name)) for name in ("camera", "alleged", "walker", "subject")}
    for name in ("camera", "alleged", "walker"):
        empty = np.flatnonzero(text[name] == "")
        if empty.size:
            raise BadInput(f"the {name} is empty; every alert has one", place=table.at(int(empty[0])))
    time, score = table.seconds("time_s"), table.numbers("score", filled=True)
    return Alerts(text["camera"], time, text["alleged"], score, text["walker"], text["subject"])

"""Everything that `facelab alerts` says of an event table: false alerts an hour, what a cooldown does, how late.

The threshold comes first, then the cooldown. Journeys of enrolled people (``subject, start_s, end_s``) give the time to
the first right alert and the share of journeys without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.alerts import AlertRates, Alerts, FirstAlerts, Key, alert_rates, first_alerts
from facelab.stats.columns import read_columns
from facelab.stats.thresholds import check_given_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facelab.stats._given import FloatArray, TextArray

JOURNEY_COLUMNS = ("subject", "start_s", "end_s")


@dataclass(frozen=True, eq=False)
class Journeys:
    """When enrolled people came into view and left it; shapes (j,), seconds on the clock of the alerts."""

    subject: TextArray
    start_s: FloatArray
    end_s: FloatArray


@dataclass(frozen=True, eq=False)
class AlertReport:
    """What a site's alerts are like.

    Parameters
    ----------
    raised, emitted : Alerts
        At or above the threshold, and what the cooldown lets through of them.
    rates : AlertRates
        Of those emitted.
    first : FirstAlerts or None
        Of the journeys, where they were given.
    settings : mapping
        Threshold, cooldown, its key, and whether it runs over all cameras.
    """

    raised: Alerts
    emitted: Alerts
    rates: AlertRates
    first: FirstAlerts | None
    settings: Mapping[str, Any]

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        return {
            "settings": dict(self.settings),
            "raised": len(self.raised),
            "emitted": len(self.emitted),
            "suppressed": len(self.raised) - len(self.emitted),
            "false_alerts": self.rates.to_dict(confidence),
            "journeys": None if self.first is None else self.first.to_dict(confidence),
        }

    def __repr__(self) -> str:
        late = "" if self.first is None else f"; {self.first!r}"
        return f"{len(self.emitted)} of {len(self.raised)} alerts emitted; {self.rates!r}{late}"


def alert_report(
    alerts: Alerts,
    hours: Mapping[str, float],
    *,
    threshold: float | None = None,
    cooldown_s: float = 0.0,
    key: Key = "subject and walker",
    anywhere: bool = False,
    passers_by: int | None = None,
    journeys: Journeys | None = None,
) -> AlertReport:
    """How often a site's alerts are false, and how late, at a threshold and with a cooldown.

    Parameters
    ----------
    alerts : Alerts
        As they were raised (`facelab.stats.alerts.read_alerts`).
    hours : mapping of camera to float
        Hours that each camera was watched, those without an alert included.
    threshold : float, optional
        Alerts with a lower score are left out.
    cooldown_s, key, anywhere
        As `Alerts.deduplicated` takes them.
    passers_by : int, optional
        People who walked by.
    journeys : Journeys, optional
        Of enrolled people.

    Raises
    ------
    BadInput
        A camera with alerts and without hours; hours or a cooldown that are none; a threshold far above all alerts.
    """
    if threshold is not None and len(alerts):
        check_given_threshold(threshold, min(threshold, float(alerts.score.min())), float(alerts.score.max()))
    raised = alerts if threshold is None else alerts.at(threshold)
    emitted = raised.deduplicated(cooldown_s, key=key, anywhere=anywhere)
    rates = alert_rates(emitted, hours, passers_by)
    first = None if journeys is None else first_alerts(emitted, journeys.subject, journeys.start_s, journeys.end_s)
    settings = {"threshold": threshold, "cooldown_s": cooldown_s, "key": key, "anywhere": anywhere}
    return AlertReport(raised, emitted, rates, first, settings)


def hours_of(said: list[str], alerts: Alerts) -> dict[str, float]:
    """Hours a camera, from texts such as ``8`` (all cameras that have alerts) or ``gate=8``.

    Raises
    ------
    BadInput
        A text that is neither, or a camera that stands twice.
    """
    hours: dict[str, float] = {}
    for text in said:
        camera, equals, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise BadInput(f"hours are given as 8 or as gate=8, this is {text!r}", place="hours") from None
        if camera in hours:
            raise BadInput("they are given twice for the same cameras", place=f"hours {text}")
        hours[camera if equals else ""] = value
    everywhere = hours.pop("", None)
    if everywhere is None:
        return hours
    return dict.fromkeys(sorted(set(alerts.camera.tolist())), everywhere) | hours


def read_journeys(path: Path) -> Journeys:
    """The journeys of a CSV or parquet file with the columns ``subject, start_s, end_s`` (seconds, or ISO 8601 times).

    Raises
    ------
    BadInput
        A file that cannot be read, a missing column, no row, nobody's journey, a value that is no time, an end before
        its start; with file and line.
    """
    table = read_columns(path, JOURNEY_COLUMNS)
    who = np.char.strip(table.strings("subject"))
    empty = np.flatnonzero(who == "")
    if empty.size:
        raise BadInput("the subject is empty; every journey is of an enrolled person", place=table.at(int(empty[0])))
    start, end = table.seconds("start_s"), table.seconds("end_s")
    backward = np.flatnonzero(end < start)
    if backward.size:
        raise BadInput("the journey ends before it starts", place=table.at(int(backward[0])))
    return Journeys(who, start, end)

"""When alarms come: seconds from first sight, whether the person is still in view, and how often one is repeated.

Read off a replay of the rule face by face with its cooldown (`facelab.stats.alarms`), not off a score: of each enrolled
person's journey the first alarm that names them, of each stranger's journey every alarm. Two clocks are told apart:
since the person came into view of *that camera*, and since they were first seen anywhere on this journey. The time that
the models take, tens of milliseconds, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.experiments.alert_rules import passage_of
from facelab.stats.journeys import journeys_of

if TYPE_CHECKING:
    from facelab.experiments.sites.departures_journeys import Journeys
    from facelab.stats._given import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class AlarmMoments:
    """When the alarms of a rule came at one threshold.

    Parameters
    ----------
    threshold : float
        T.
    wanted : int
        Journeys of enrolled people.
    at_camera_s, on_journey_s : (a,) arrays
        Of each journey with a right alarm, seconds to the first one: since first seen at that camera, since first seen
        at all.
    in_view : (a,) bool array
        True where the person was still seen by that camera.
    left_s : (a,) array
        Seconds that the person remained in view of that camera; below 0: gone so long.
    on_the_way : (a,) bool array
        True where some camera of the site saw the person after the alarm, or still.
    false_alarms, false_journeys : int
        Alarms of the reporting strangers' journeys, and the journeys that had one.
    """

    threshold: float
    wanted: int
    at_camera_s: FloatArray
    on_journey_s: FloatArray
    in_view: BoolArray
    left_s: FloatArray
    on_the_way: BoolArray
    false_alarms: int
    false_journeys: int

    @property
    def alarmed(self) -> int:
        """Journeys of enrolled people with a right alarm."""
        return len(self.at_camera_s)

    @property
    def repeats(self) -> float:
        """Alarms that one falsely alarmed journey raises; 1 where none was seen."""
        return self.false_alarms / self.false_journeys if self.false_journeys else 1.0

    def seconds(self, share: float) -> float:
        """Seconds after coming into view of that camera within which `share` of the right alarms come; NaN: none."""
        return float(np.quantile(self.at_camera_s, share)) if self.alarmed else float("nan")


def alarm_moments(journeys: Journeys, threshold: float) -> AlarmMoments:
    """When the alarms of the rule of `journeys` come at `threshold`.

    Raises
    ------
    NotMeasured
        The rule wants single faces, and there are none.
    """
    study = journeys.study
    templates = study.probes.templates
    passage = passage_of(templates)
    ends = dict(zip(templates.sample_id.tolist(), np.asarray(templates.attributes["end_s"], float).tolist()))
    rows, names = journeys_of(journeys.passages, study.scenario.alerts.journey_gap_s)
    journey = {p: str(names[row]) for p, row in zip(journeys.passages.probe_id.tolist(), rows.tolist())}
    table, report = journeys.table, set(journeys.report.probe_id.tolist())
    times = {name: (start, end) for name, start, end in zip(table.probe_id.tolist(), _times(table, "start_s"),
                                                           _times(table, "end_s"))}  # fmt: skip
    enrolled = set(table.probe_id[table.mated].tolist())
    first: dict[str, tuple[float, float, float, float, float]] = {}
    false: dict[str, int] = {}
    log = journeys.replay(threshold).log
    alerts = log.alerts
    for track, at, late, wrong in zip(
        alerts.walker.tolist(), alerts.time_s.tolist(), log.latency_s.tolist(), alerts.false.tolist()
    ):
        name = journey.get(passage.get(track, ""), "")
        if name in enrolled and not wrong:
            start, end = times[name]
            first.setdefault(name, (late, at - start, ends[track] - at, end - at, at))
        elif name in report and name not in enrolled:
            false[name] = false.get(name, 0) + 1
    told = np.array(list(first.values()), np.float64).reshape(-1, 5)
    return AlarmMoments(
        float(threshold),
        len(enrolled),
        told[:, 0],
        told[:, 1],
        np.asarray(told[:, 2] >= 0),
        told[:, 2],
        np.asarray(told[:, 3] >= 0),
        sum(false.values()),
        len(false),
    )


def _times(table: Any, name: str) -> list[float]:
    unknown = np.full(len(table), np.nan)
    return [float(value) for value in np.asarray(table.probe_attributes.get(name, unknown), float).tolist()]

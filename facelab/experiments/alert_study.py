"""The alerts of a study: replayed in the order of time, counted by the hour, and compared between confirmation rules.

The alerts are those of the scenario's own rule (`AlertRule`) at the threshold that speaks for the study. Everybody is
replayed, since the monitoring room hears of everybody; rates are read off the half of the people that did not choose
the threshold, with the share of the watched hours that their passages stand for.

Rules are compared **at the same FPIR**: at one and the same threshold single faces alert sooner, and of more strangers.
So each rule gets the threshold at which it keeps the study's target on the choosing half; what is left is how many are
missed and how soon the others are found. In a notebook the single faces are those of the templates, picked with
hindsight; what they flatter is measured in docs/alerts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.deploy.alert_replay import (
    AlertReplay,
    face_sightings,
    passage_sightings,
    replay_alerts,
    watched_hours,
)
from facelab.deploy.walkers import walkers
from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.alert_rules import RULES, RuleOutcome, passage_of, rule_searches
from facelab.experiments.floor import speaking_point
from facelab.experiments.study import Study, say
from facelab.experiments.workspace import written_whole
from facelab.pipeline.track_faces import TrackFaces, live_faces, template_faces
from facelab.stats._given import plain
from facelab.stats.alarms import AlertLog, Thresholds, confirmable
from facelab.stats.alerts import AlertRates, FirstAlerts, alert_rates, first_alerts
from facelab.stats.journeys import journey_comparisons
from facelab.stats.openset import OpenSetCurve, open_set_curve_of_searches

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.config import AlertRule
    from facelab.stats._given import BoolArray, FloatArray
    from facelab.types import Comparisons


@dataclass(frozen=True, eq=False)
class AlertStudy:
    """The alerts of a study at one threshold, or one a camera.

    Parameters
    ----------
    study : Study
        Whose passages and watchlist are used.
    thresholds : Thresholds
        In force.
    target : float or None
        The FPIR that rules are compared at; None: all at the pooled threshold.
    single : TrackFaces, optional
        The single faces, such as `live_faces` gives them; unless given, those of the templates.
    """

    study: Study
    thresholds: Thresholds
    target: float | None = None
    single: TrackFaces | None = None

    @property
    def _lost_s(self) -> float:
        return self.study.scenario.pipeline.tracking.lost_s

    @cached_property
    def faces(self) -> TrackFaces | None:
        """The single faces of the templates (hindsight); None where probes are no whole tracks or none was kept."""
        study = self.study
        if self.single is not None or study.probes is not study.passages:
            return self.single
        try:
            return template_faces(study.footage, study.passages, study.pack, study.scenario.pipeline)
        except NotMeasured:
            return None

    @cached_property
    def replay(self) -> AlertReplay:
        """Everybody's alerts, by the scenario's own rule."""
        rule = self.study.scenario.alerts
        return replay_alerts(
            self.study.probes,
            self.study.gallery,
            rule,
            self.thresholds,
            lost_s=self._lost_s,
            faces=self.faces if rule.confirm == "frames" else None,
            joined=walkers(self.study.scenario.pipeline, rule),
        )

    @cached_property
    def _reported(self) -> Comparisons:
        """The comparisons of the reporting half."""
        found = self.study.comparisons
        return found.take(np.isin(found.probe_id, self.study.halves.report.searches.probe_id))

    @cached_property
    def journeys(self) -> Comparisons:
        """One row a journey of the reporting half."""
        return journey_comparisons(self._reported, self.study.scenario.alerts.journey_gap_s)

    @property
    def _passage_of(self) -> dict[str, str]:
        """The passage of each track."""
        return passage_of(self.study.probes.templates)

    @cached_property
    def reported(self) -> AlertLog:
        """The alerts of the reporting half."""
        log, passage = self.replay.log, self._passage_of
        mine = set(self._reported.probe_id.tolist())
        return log.take(np.array([passage.get(track, "") in mine for track in log.tracks.tolist()], dtype=np.bool_))

    @cached_property
    def rates(self) -> AlertRates:
        """How often alerts are false, on the reporting half.

        Raises
        ------
        NotMeasured
            How long the cameras were watched is not known.
        """
        hours = watched_hours(self.study.footage, self.study.passages.tracks)
        share = len(self._reported) / max(len(self.study.comparisons), 1)
        return alert_rates(self.reported.alerts, {c: h * share for c, h in hours.items()}, max(len(self.journeys), 1))

    @cached_property
    def first(self) -> FirstAlerts | None:
        """How long after they came into view enrolled people were first alerted, by journey; None without one.

        A journey nobody saw has no time: it is one without an alert.
        """
        own = self.journeys.take(self.journeys.mated)
        if not len(own):
            return None
        start = np.asarray(own.probe_attributes.get("start_s", np.full(len(own), np.nan)), float)
        end = np.asarray(own.probe_attributes.get("end_s", start), float)
        seen = np.isfinite(start)
        after = np.where(seen, end + 2 * self._lost_s, 0.0)
        late = first_alerts(self.reported.alerts, own.probe_subject, np.where(seen, start, 0.0), after)
        return FirstAlerts(np.where(seen, late.latency_s, np.inf), late.subject)

    @cached_property
    def outcomes(self) -> tuple[RuleOutcome, ...]:
        """Each confirmation rule at its own threshold for the same FPIR; those that the data resolve."""
        found = []
        for name, rule in RULES.items():
            if rule.confirm == "frames" and self.faces is None:
                continue
            try:
                found.append(self._outcome(name, rule))
            except (UnattainableTarget, NotMeasured):
                continue
        return tuple(found)

    def _outcome(self, name: str, rule: AlertRule) -> RuleOutcome:
        study = self.study
        select, report = self._curves(rule)
        if self.target is None or select is None:
            point = report.at(self.thresholds.pooled)
        else:
            point = select.threshold_at_fpir(self.target).at(report)
        faces = self.faces if rule.confirm == "frames" else None
        log = replay_alerts(study.probes, study.gallery, rule, point.threshold, lost_s=self._lost_s, faces=faces).log
        latency, in_view = self._latencies(log)
        return RuleOutcome(name, point, latency, in_view, hindsight=faces is not None and faces.hindsight)

    def _curves(self, rule: AlertRule) -> tuple[OpenSetCurve | None, OpenSetCurve]:
        """The error curves of a rule on the choosing and the reporting half: the passage is the trial."""
        study, limits = self.study, Thresholds(0.0)
        shown = (
            face_sightings(study.passages.tracks, self.faces, study.gallery, limits)
            if rule.confirm == "frames" and self.faces is not None
            else []
        )
        ends = passage_sightings(study.probes.templates, study.gallery, limits)
        found = rule_searches(confirmable(shown, ends, rule), study.probes.templates, study.comparisons)
        rank, halves = study.scenario.rank, study.halves
        curves = [
            None if half is None else found.take(np.isin(found.probe_id, half.searches.probe_id))
            for half in (halves.select, halves.report)
        ]
        select = None if curves[0] is None else open_set_curve_of_searches(curves[0], rank)
        return select, open_set_curve_of_searches(curves[1] if curves[1] is not None else found, rank)

    def _latencies(self, log: AlertLog) -> tuple[FloatArray, BoolArray]:
        """Of each mated passage of the reporting half the time to its first right alert, and whether in view."""
        own = self._reported.take(self._reported.mated)
        place = {name: i for i, name in enumerate(own.probe_id.tolist())}
        start = np.asarray(own.probe_attributes["start_s"], float)
        end = np.asarray(own.probe_attributes["end_s"], float)
        latency, passage = np.full(len(own), np.inf), self._passage_of
        right = log.take(~log.alerts.false)
        for track, moment in zip(right.tracks.tolist(), right.alerts.time_s.tolist()):
            i = place.get(passage.get(track, ""))
            if i is not None:
                latency[i] = min(latency[i], moment - start[i])
        return latency, np.asarray(start + latency <= end)

    def table(self) -> Any:
        """The rules side by side, for Jupyter; a sentence where none has a threshold."""
        import pandas as pd

        if not self.outcomes:
            return say("No rule has a threshold at which rules could be compared.")
        return pd.DataFrame([outcome.row(self.study.scenario.confidence) for outcome in self.outcomes])

    def keep(self, path: Path | None = None) -> Path:
        """Write the event table (CSV, as `facelab alerts` reads it) at `path` or in the workspace, and say where."""
        place = self.study.workspace.folder / "alerts.csv" if path is None else path
        with written_whole(place) as beside:
            self.replay.log.to_frame().to_csv(beside, index=False)
        return place

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the rule, the thresholds, the rates of the reporting half, and the rules compared."""
        confidence = self.study.scenario.confidence
        try:
            rates: dict[str, Any] | None = self.rates.to_dict(confidence)
        except NotMeasured:
            rates = None
        return {
            "rule": self.study.scenario.alerts.model_dump(mode="json"),
            "threshold": self.thresholds.pooled,
            "by_camera": dict(self.thresholds.by_camera),
            "alerts": len(self.replay.log),
            "unjudged": len(self.replay.unjudged),
            "suppressed": self.replay.log.suppressed,
            "hindsight": self.replay.hindsight,
            "false_alerts": rates,
            "journeys": None if self.first is None else self.first.to_dict(confidence),
            "rules": [
                {"name": o.name, "hindsight": o.hindsight, "half_within_s": plain(o.quantile(0.5))}
                | {"point": o.point.to_dict(confidence)}
                for o in self.outcomes
            ],
        }

    def timeline_figure(self) -> Any:
        """Alerts over time by camera as a saved figure; a sentence where there are none."""
        from facelab import plots

        if not len(self.replay.log):
            return say("No alert was raised.")
        return self.study.figure(
            plots.alerts_over_time(self.replay.log, self.study.footage.cameras), "alerts_over_time"
        )

    def latency_figure(self) -> Any:
        """How soon each rule finds people as a saved figure; a sentence where nobody enrolled went past."""
        from facelab import plots

        shown = [outcome for outcome in self.outcomes if len(outcome.latency_s)]
        if not shown:
            return say("Nobody who is enrolled went past: there is no time to an alert.")
        curves = {o.name: o.latency_s for o in shown}
        point = shown[0].point
        same = f"each rule at FPIR {100 * point.target:g} %" if point.target else f"threshold {point.threshold:.3f}"
        return self.study.figure(plots.time_to_alert(curves, below=same), "time_to_alert")

    def sentences(self) -> tuple[str, ...]:
        """False alerts an hour and a thousand passers-by, the time to the first alert, and what hindsight there is."""
        said = [self._rates_sentence(), self._first_sentence()]
        if len(self.replay.unjudged):
            count = len(self.replay.unjudged)
            said.append(
                f"{count} more alerts are of tracks that belong to nobody known: nobody can say if they are false."
            )
        if any(outcome.hindsight for outcome in self.outcomes):
            said.append(
                "The single faces are those of the templates, picked with hindsight: a live system picks without. "
                "`live_faces` replays what it could have known, at the price of embedding every one of them."
            )
        return tuple(filter(None, said))

    def _rates_sentence(self) -> str:
        try:
            rates = self.rates
        except NotMeasured as reason:
            return str(reason)
        hour, people = rates.an_hour, rates.a_thousand_passers_by
        ends = hour.interval(self.study.scenario.confidence)
        by = ""
        if people is not None:
            two = people.interval(self.study.scenario.confidence)
            by = f"; a thousand passers-by: {people.value:.3g} [{two.low:.2g}, {two.high:.2g}]"
        return (
            f"At {self.thresholds.pooled:.3f}, alerts that name the wrong person: {hour.count} on the reporting half, "
            f"{hour.value:,.0f} an hour over all [{ends.low:,.0f}, {ends.high:,.0f}] with people this close{by}."
        )

    def _first_sentence(self) -> str:
        if self.first is None:
            return ""
        found = self.first
        missed, half = found.missed(), found.quantile(0.5)
        when = f"half of all journeys within {half:.1f} s" if np.isfinite(half) else "fewer than half of them at all"
        return (
            f"Of {len(found.latency_s)} journeys of enrolled people {missed.errors} raised no right alert; "
            f"{when} of their first sight."
        )


@dataclass(frozen=True)
class NoAlerts:
    """What stands in an `AlertStudy`'s place where no threshold came out: a sentence wherever something is asked."""

    reason: str

    def keep(self, path: Path | None = None) -> None:
        """Nothing is written."""

    def timeline_figure(self) -> Any:
        """The reason."""
        return say(self.reason)

    latency_figure = table = timeline_figure

    def sentences(self) -> tuple[str, ...]:
        """The reason."""
        return (self.reason,)


def alert_study(study: Study, *, threshold: float | None = None, live: bool = False) -> AlertStudy | NoAlerts:
    """The alerts of a study at its own threshold: that of the smallest supported target, else of the first.

    Where the scenario's rule asks for thresholds by camera, each camera's own at that target are in force.

    Parameters
    ----------
    study : Study
        Whose passages and watchlist are used.
    threshold : float, optional
        For every camera, in place of the study's own; rules are then compared at it.
    live : bool
        True: the single faces are those that a live system could have embedded (`live_faces`), which reads the footage
        once more; False: those of the templates.
    """
    single = None
    if live:
        rule, settings = study.scenario.alerts, study.scenario.pipeline
        single = live_faces(study.footage, study.passages, study.pack, rule.every_s, settings.quality)
    if threshold is not None:
        return AlertStudy(study, Thresholds(threshold), None, single)
    point = speaking_point(study)
    if point is None:
        return NoAlerts("No threshold came out of this study, so no alert can be replayed.")
    by_camera: dict[str, float] = {}
    if study.scenario.alerts.thresholds == "camera":
        from facelab.experiments.camera_study import camera_study

        by_camera = camera_study(study).by_camera
    return AlertStudy(study, Thresholds(point.threshold, by_camera), point.target, single)

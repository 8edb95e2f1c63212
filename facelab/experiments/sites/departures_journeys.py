"""The journeys of a departures hall under one confirmation rule: a table with one row a journey, and its two parts.

A journey is alarmed as somebody at T where some passage of it is, by the rule in force: the template of the whole
passage, or m of the last n faces (`facelab.stats.confirmation`, which gives a score for every subject, so that smaller
and larger watchlists can be asked as well). Who chooses and who reports: thresholds at a target FPIR are chosen on
*strangers* alone, on the same half of them that the study chooses on; the other strangers and **all** enrolled people
report, since no enrolled person's journey had a say in the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.deploy.alert_replay import AlertReplay, replay_alerts
from facelab.errors import NotMeasured
from facelab.experiments.alert_rules import passage_of
from facelab.pipeline.scores import cosine
from facelab.pipeline.track_faces import TrackFaces, live_faces, template_faces, track_of
from facelab.stats.confirmation import confirmed_scores
from facelab.stats.journeys import journey_comparisons
from facelab.stats.openset import OpenSetCurve, open_set_curve_of_searches
from facelab.stats.searches import Searches, searches
from facelab.stats.watchlist_size import strangers_tail
from facelab.types import Comparisons

if TYPE_CHECKING:
    from facelab.config import AlertRule
    from facelab.experiments.study import Study
    from facelab.stats.tail import Tail

SEED = 7


@dataclass(frozen=True, eq=False)
class Journeys:
    """The journeys of a study under one confirmation rule.

    Parameters
    ----------
    study : Study
        Whose passages and watchlist.
    rule : AlertRule
        What confirms an alarm.
    cameras : tuple of str
        Those that count, such as the ones that domestic passengers pass; empty: all.
    live : bool
        Single faces as a live system picks them, which reads the footage once more; else those of the templates.
    """

    study: Study
    rule: AlertRule
    cameras: tuple[str, ...] = ()
    live: bool = False

    @cached_property
    def faces(self) -> TrackFaces | None:
        """The single faces that the rule judges; None where it waits for the end of the passage."""
        study = self.study
        if self.rule.confirm != "frames":
            return None
        if self.live:
            return live_faces(
                study.footage, study.passages, study.pack, self.rule.every_s, study.scenario.pipeline.quality
            )
        return template_faces(study.footage, study.passages, study.pack, study.scenario.pipeline)

    @cached_property
    def passages(self) -> Comparisons:
        """One row a passage: the score up to which the rule would alarm, against each reference or subject."""
        found = self.study.comparisons
        if self.faces is not None:
            found = confirmed_comparisons(self.study, self.faces, self.rule)
        if not self.cameras:
            return found
        return found.take(np.isin(np.asarray(found.probe_attributes["camera"]), self.cameras))

    @cached_property
    def table(self) -> Comparisons:
        """One row a journey."""
        return journey_comparisons(self.passages, self.study.scenario.alerts.journey_gap_s)

    @cached_property
    def select(self) -> Comparisons:
        """The strangers' journeys that choose thresholds.

        Raises
        ------
        NotMeasured
            The study has too few people to choose on.
        """
        halves = self.study.halves
        if halves.select is None:
            raise NotMeasured("too few people to choose a threshold on")
        chosen, table = halves.select.searches, self.table
        named = np.isin(table.probe_subject, chosen.probe_subject[~chosen.mated]) & (table.probe_subject != "")
        unknown = np.isin(table.probe_id, chosen.probe_id) & (table.probe_subject == "")
        return table.take((named & ~table.mated) | unknown)

    @cached_property
    def report(self) -> Comparisons:
        """The other strangers' journeys, and those of everybody enrolled."""
        chosen = set(self.select.probe_id.tolist())
        return self.table.take(np.array([name not in chosen for name in self.table.probe_id.tolist()], dtype=np.bool_))

    @cached_property
    def chosen_on(self) -> Searches:
        """What the journeys that choose found."""
        return searches(self.select)

    @cached_property
    def curve(self) -> OpenSetCurve:
        """The error curve of the journeys that report."""
        return open_set_curve_of_searches(searches(self.report), self.study.scenario.rank)

    @cached_property
    def tail(self) -> Tail | None:
        """The tail of the choosing strangers' comparisons; None where there is none (too few, or of another form)."""
        try:
            return strangers_tail(self.select, np.random.default_rng(SEED))
        except NotMeasured:
            return None

    def replay(self, threshold: float) -> AlertReplay:
        """The alarms that the rule would have raised at `threshold`, face by face, with the scenario's cooldown."""
        return replay_alerts(
            self.study.probes,
            self.study.gallery,
            self.rule,
            threshold,
            lost_s=self.study.scenario.pipeline.tracking.lost_s,
            faces=self.faces,
        )


def confirmed_comparisons(study: Study, faces: TrackFaces, rule: AlertRule) -> Comparisons:
    """One row a passage, one column a subject: up to which threshold `rule` would alarm; NaN: never.

    Of several tracks of one passage the best counts, of several photographs of one subject the best on each face.
    """
    found, references = study.comparisons, study.gallery.templates
    known = references.subject_id[~references.failed]
    names, column = np.unique(known, return_inverse=True)
    order = np.argsort(column, kind="stable")
    starts = np.searchsorted(column[order], np.arange(len(names)))
    score = cosine(faces.embedding, references.embedding[~references.failed][order])
    best = np.fmax.reduceat(score, starts, axis=1) if len(names) else score
    place = {name: i for i, name in enumerate(found.probe_id.tolist())}
    passage = passage_of(study.probes.templates)
    track, first = np.unique(track_of(study.passages.tracks, faces.row), return_inverse=True)
    table = np.full((len(found), len(names)), np.nan)
    rows = np.argsort(first, kind="stable")  # within a track in the order in which faces are known
    for name, own in zip(track.tolist(), np.split(rows, np.flatnonzero(np.diff(first[rows])) + 1)):
        at = place.get(passage.get(name, ""))
        if at is not None:
            table[at] = np.fmax(table[at], confirmed_scores(best[own], rule.m, rule.n))
    samples = references.sample_id[~references.failed][order][starts] if len(names) else references.sample_id[:0]
    return Comparisons(
        table,
        found.probe_id,
        found.probe_subject,
        samples,
        names,
        found.enrolled,
        found.probe_attributes,
        {},
        found.pack,
        found.synthetic,
    )

"""What the gate decides in each passage, and when: an attempt is one passage of one person past a gate's camera.

Two rules, each with a threshold of its own:

- *template*: one decision on the template of the whole passage, once its track has ended, which a tracker knows when
  the face has been out of sight for `Tracking.lost_s`;
- *m of n*: the gate opens as soon as m of the last n faces of the passage name the same person at or above T. The faces
  are those of the templates, picked with hindsight, and it is said.

Time runs from the first sight of the passenger to the decision, in seconds of the footage; the models' own milliseconds
are left out. A passenger whom neither rule knows is rejected when the passage has ended; one in whom no face was found
waits for the gate's time-out. A person's passages, in the order of time, are that person's attempts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from facelab.deploy.alert_replay import best_subjects
from facelab.errors import NotMeasured
from facelab.experiments.alert_rules import passage_of
from facelab.pipeline.track_faces import template_faces, track_of
from facelab.stats.retries import Attempts
from facelab.stats.searches import searches

if TYPE_CHECKING:
    from facelab.config_sites import GateSite
    from facelab.experiments.study import Study
    from facelab.pipeline.passages import Passages
    from facelab.pipeline.track_faces import TrackFaces
    from facelab.stats._given import BoolArray, FloatArray, TextArray
    from facelab.types import Comparisons, Gallery


class GateRule(Protocol):
    """A way for the gate to decide."""

    @property
    def name(self) -> str:
        """In words."""

    @property
    def levels(self) -> FloatArray:
        """(n,) the highest threshold at which each passage would still open the gate; NaN: at none."""

    def at(self, threshold: float) -> Attempts:
        """Every passage's outcome at a threshold."""


@dataclass(frozen=True, eq=False)
class Passers:
    """Who made which attempt, in the order of each person's attempts.

    Parameters
    ----------
    row : (n,) int array
        Row of each attempt in the comparisons.
    person : (n,) array of str
        Who; an unlabelled passage is a person of its own.
    mated : (n,) bool array
        Whether on the roster.
    start_s, lasted_s : (n,) arrays
        First sight, and seconds until a rejection: the passage's end and `lost_s`, or the time-out where no face was
        found.
    failed : (n,) bool array
        Failure to acquire: no template.
    """

    row: np.ndarray[tuple[int], np.dtype[np.int64]]
    person: TextArray
    mated: BoolArray
    start_s: FloatArray
    lasted_s: FloatArray
    failed: BoolArray

    def __len__(self) -> int:
        return len(self.row)


def passers(comparisons: Comparisons, site: GateSite, lost_s: float) -> Passers:
    """The attempts at the gates' cameras.

    Raises
    ------
    NotMeasured
        Nobody passed one of the site's cameras.
    """
    known = comparisons.probe_attributes
    n = len(comparisons)
    camera = np.asarray(known.get("camera", np.full(n, "")), dtype=np.str_)
    kept = np.ones(n, dtype=np.bool_) if not site.cameras else np.isin(camera, site.cameras)
    if not kept.any():
        there = ", ".join(np.unique(camera).tolist())
        raise NotMeasured(f"nobody passed {', '.join(site.cameras)}; the cameras are {there}")
    start = np.asarray(known.get("start_s", np.full(n, np.nan)), dtype=np.float64)
    end = np.asarray(known.get("end_s", np.full(n, np.nan)), dtype=np.float64)
    person = np.where(comparisons.probe_subject == "", comparisons.probe_id, comparisons.probe_subject).astype(np.str_)
    # a passage that was never seen has no time and comes last; every attempt is once the first, so little hangs on it
    order = np.lexsort((comparisons.probe_id, np.where(np.isnan(start), np.inf, start), person))
    row = order[kept[order]]
    lasted = np.where(np.isnan(end - start), site.timeout_s, end - start + lost_s)[row]
    failed = np.isnan(comparisons.score[row]).all(axis=1)
    return Passers(row, person[row], comparisons.mated[row], start[row], lasted, np.asarray(failed))


@dataclass(frozen=True, eq=False)
class TemplateRule:
    """One decision on the template of the passage."""

    passers: Passers
    mate: FloatArray
    other: FloatArray
    name: str = "template of the passage"

    @property
    def levels(self) -> FloatArray:
        """(n,) the best score of anybody."""
        return np.asarray(np.fmax(self.mate, self.other))

    def at(self, threshold: float) -> Attempts:
        """Open where anybody reaches the threshold; wrong where the best is somebody else (a tie is one)."""
        p = self.passers
        mate = np.where(np.isnan(self.mate), -np.inf, self.mate)
        other = np.where(np.isnan(self.other), -np.inf, self.other)
        opened = np.maximum(mate, other) >= threshold
        return Attempts(p.person, p.mated, opened, opened & (other >= mate), p.lasted_s)


def template_rule(comparisons: Comparisons, found: Passers) -> TemplateRule:
    """The rule of the template, from the comparisons of the study."""
    every = searches(comparisons, depth=1)
    return TemplateRule(found, every.mate_score[found.row], every.other_score[found.row])


class Moment(NamedTuple):
    """A face of a passage: up to which threshold it would open the gate, for whom, and how long after first sight."""

    level: float
    who: str
    after_s: float


@dataclass(frozen=True, eq=False)
class FrameRule:
    """Open as soon as m of the last n faces name the same person."""

    passers: Passers
    moments: tuple[tuple[Moment, ...], ...]
    name: str
    subject: TextArray

    @property
    def levels(self) -> FloatArray:
        """(n,) the highest level of the passage's moments."""
        return np.array([max((m.level for m in row), default=np.nan) for row in self.moments])

    def at(self, threshold: float) -> Attempts:
        """Open at the first moment whose level reaches the threshold, for the person of that moment."""
        p = self.passers
        opened, wrong = np.zeros(len(p), dtype=np.bool_), np.zeros(len(p), dtype=np.bool_)
        seconds = p.lasted_s.copy()
        for i, row in enumerate(self.moments):
            first = next((m for m in row if m.level >= threshold), None)
            if first is not None:
                opened[i], seconds[i] = True, first.after_s
                wrong[i] = not p.mated[i] or first.who != str(self.subject[i])
        return Attempts(p.person, p.mated, opened, wrong, seconds)


def frame_rule(
    comparisons: Comparisons,
    found: Passers,
    faces: TrackFaces,
    passages: Passages,
    gallery: Gallery,
    m_of_n: tuple[int, int],
) -> FrameRule:
    """The rule of m of n faces, from single faces of the passages' tracks."""
    m, n = m_of_n
    alleged, score = best_subjects(faces.embedding, gallery)
    passage = passage_of(passages.templates)
    named = [passage.get(track, "") for track in track_of(passages.tracks, faces.row).tolist()]
    by_passage: dict[str, list[tuple[float, str, float]]] = defaultdict(list)
    for name, known, who, value in zip(named, faces.known_s.tolist(), alleged.tolist(), score.tolist()):
        by_passage[name].append((known, who, value))
    moments = tuple(
        _moments(sorted(by_passage.get(str(name), ())), float(start), m, n)
        for name, start in zip(comparisons.probe_id[found.row].tolist(), found.start_s)
    )
    return FrameRule(found, moments, f"{m} of the last {n} faces", comparisons.probe_subject[found.row])


def _moments(faces: list[tuple[float, str, float]], start_s: float, m: int, n: int) -> tuple[Moment, ...]:
    """The faces of one passage at which m of the last n name one person, and up to which threshold."""
    last: deque[tuple[str, float]] = deque(maxlen=n)
    found = []
    for known, who, value in faces:
        last.append((who, value))
        agreeing = sorted((score for name, score in last if name == who), reverse=True)
        if who and len(agreeing) >= m:
            found.append(Moment(agreeing[m - 1], who, max(known - start_s, 0.0)))
    return tuple(found)


def gate_rules(study: Study, site: GateSite) -> tuple[GateRule, ...]:
    """The rules that this study can be decided by: the template, and single faces where they were kept."""
    comparisons, lost_s = study.comparisons, study.scenario.pipeline.tracking.lost_s
    found = passers(comparisons, site, lost_s)
    rules: list[GateRule] = [template_rule(comparisons, found)]
    rule = study.scenario.alerts
    if study.probes is study.passages:
        try:
            faces = template_faces(study.footage, study.passages, study.pack, study.scenario.pipeline)
        except NotMeasured:
            return tuple(rules)
        rules.append(frame_rule(comparisons, found, faces, study.passages, study.gallery, (rule.m, rule.n)))
    return tuple(rules)

"""Alerts as they would have been raised: the passages of a footage against a watchlist, replayed in the order of time.

The watch rule itself is `facelab.stats.alarms.WatchRule`, the same code that a live consumer runs. Here it is fed from
a record, and what is known when is taken seriously:

- a passage's template exists once its track has ended, which a tracker knows only when the track has been out of sight
  for `lost_s`: an alert at passage end comes at ``end_s + lost_s``;
- a single face is known from ``TrackFaces.known_s`` on. `live_faces` keep to what a live system can know;
  `template_faces` were picked with hindsight, and the replay says so.

The time that the models take is left out: tens of milliseconds. Tracks that belong to nobody known raise alerts too,
whose truth cannot be judged: they stand apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.scores import cosine
from facelab.pipeline.track_faces import track_of
from facelab.stats.alarms import AlertLog, Sighting, Thresholds, replayed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from facelab.config import AlertRule
    from facelab.data.footage import Footage
    from facelab.deploy.walkers import Walkers
    from facelab.pipeline.passages import Passages
    from facelab.pipeline.track_faces import TrackFaces
    from facelab.types import Floats, Gallery, Strings, Templates, Tracks


@dataclass(frozen=True, eq=False)
class AlertReplay:
    """The alerts of a footage.

    Parameters
    ----------
    log : AlertLog
        Of tracks that belong to a passage.
    unjudged : AlertLog
        Of tracks that belong to nobody known: raised like the others, true or false nobody can say.
    hindsight : bool
        True where single faces were used that were picked with hindsight: the alerts are not those of any live system.
    """

    log: AlertLog
    unjudged: AlertLog
    hindsight: bool = False

    def __repr__(self) -> str:
        more = f"; {len(self.unjudged)} of tracks of nobody known" if len(self.unjudged) else ""
        return f"{self.log!r}{more}" + ("; faces picked with hindsight" if self.hindsight else "")


def replay_alerts(
    passages: Passages,
    gallery: Gallery,
    rule: AlertRule,
    thresholds: Thresholds | float,
    *,
    lost_s: float = 1.0,
    faces: TrackFaces | None = None,
    joined: Walkers | None = None,
) -> AlertReplay:
    """The alerts that `rule` would have raised on `passages`.

    Parameters
    ----------
    passages : Passages
        Who went past.
    gallery : Gallery
        The watchlist, of the same pack.
    rule : AlertRule
        Confirmation and cooldown.
    thresholds : Thresholds or float
        Pooled, or by camera.
    lost_s : float
        How long a track is out of sight before it has ended (`Tracking.lost_s`), s.
    faces : TrackFaces, optional
        The single faces; needed by the confirmation ``frames``.
    joined : Walkers, optional
        Takes tracks for one walking person (`facelab.deploy.walkers`); None: each track stands for its walker.

    Raises
    ------
    BadInput
        Passages and gallery come from different packs.
    NotMeasured
        The rule wants single faces and there are none of these tracks.
    """
    if passages.pack != gallery.templates.pack and len(gallery.templates):
        raise BadInput("the passages and the watchlist come from different packs", place="replay_alerts")
    if rule.confirm == "frames" and faces is None:
        raise NotMeasured("m of n frames: the rule wants single faces, and only the templates of passages are given")
    limits = thresholds if isinstance(thresholds, Thresholds) else Thresholds(float(thresholds))
    ends = [
        seen
        for templates in (passages.templates, passages.unmatched)
        for seen in passage_sightings(templates, gallery, limits, lost_s=lost_s)
    ]
    shown = [] if faces is None else face_sightings(passages.tracks, faces, gallery, limits)
    known = {seen.track for seen in ends}
    if shown and not known & {seen.track for seen in shown}:
        raise NotMeasured("the single faces belong to none of these passages (were people enrolled from this footage?)")
    if joined is not None:
        vectors = [t.embedding[~t.failed] for t in (passages.templates, passages.unmatched)]
        shown, ends = _joined(shown, [] if faces is None else faces.embedding, ends, np.concatenate(vectors), joined)
    subject = dict(zip(passages.templates.sample_id.tolist(), passages.templates.subject_id.tolist()))
    whole = replayed([seen for seen in shown if seen.track in known], ends, rule, subject)
    strangers = np.isin(whole.tracks, passages.unmatched.sample_id)
    return AlertReplay(
        replace(whole.take(~strangers), suppressed=whole.suppressed),
        whole.take(strangers),
        hindsight=rule.confirm == "frames" and faces is not None and faces.hindsight,
    )


def _joined(
    shown: list[Sighting], face: Floats | list[Floats], ends: list[Sighting], template: Floats, walkers: Walkers
) -> tuple[list[Sighting], list[Sighting]]:
    """Faces and ends with their walkers, named in the order in which they are decided on."""
    entries = [(s.time_s, 0, s.camera, s.track, k) for k, s in enumerate(shown)]
    entries += [(s.time_s, 1, s.camera, s.track, k) for k, s in enumerate(ends)]
    found: tuple[list[Sighting], list[Sighting]] = (list(shown), list(ends))
    for _, over, _, _, k in sorted(entries):
        vector = template[k] if over else face[k]
        found[over][k] = walkers.named(found[over][k], vector, over=bool(over))
    return found


def passage_sightings(
    templates: Templates, gallery: Gallery, thresholds: Thresholds, *, lost_s: float = 1.0
) -> list[Sighting]:
    """The end of each track that gave a template, known `lost_s` after it was last seen."""
    usable = templates.take(np.flatnonzero(~templates.failed))
    alleged, score = best_subjects(usable.embedding, gallery)
    columns = (usable.sample_id, usable.attributes["camera"], usable.attributes["start_s"], usable.attributes["end_s"])
    rows = zip(*(np.asarray(column).tolist() for column in (*columns, alleged, score)))
    return [
        Sighting(camera, track, end + lost_s, who, value, thresholds.at(camera), start)
        for track, camera, start, end, who, value in rows
    ]


def face_sightings(tracks: Tracks, faces: TrackFaces, gallery: Gallery, thresholds: Thresholds) -> list[Sighting]:
    """Each single face at the time it is known."""
    alleged, score = best_subjects(faces.embedding, gallery)
    first = _first_seen(tracks)
    rows = zip(track_of(tracks, faces.row).tolist(), faces.known_s.tolist(), alleged.tolist(), score.tolist())
    return [
        Sighting(camera := track.rpartition("/")[0], track, known, who, value, thresholds.at(camera), first[track])
        for track, known, who, value in rows
    ]


def best_subjects(embedding: Floats, gallery: Gallery) -> tuple[Strings, Floats]:
    """(m,) the most alike subject of `gallery` and (m,) their score; an empty name and NaN where there is none."""
    references = gallery.templates
    alleged, best = np.full(len(embedding), "", references.subject_id.dtype), np.full(len(embedding), np.nan)
    if not len(embedding) or not len(references):
        return alleged, best
    score = cosine(embedding, references.embedding)
    filled = np.where(np.isnan(score), -np.inf, score)
    column = filled.argmax(axis=1)
    found = filled[np.arange(len(filled)), column]
    there = np.isfinite(found)
    return np.where(there, references.subject_id[column], alleged), np.where(there, found.astype(np.float64), best)


def _first_seen(tracks: Tracks) -> Mapping[str, float]:
    names, code = np.unique(tracks.passage_id, return_inverse=True)
    first = np.full(len(names), np.inf)
    np.minimum.at(first, code, tracks.time_s)
    return dict(zip(names.tolist(), first.tolist()))


def watched_hours(footage: Footage, tracks: Tracks) -> dict[str, float]:
    """Hours that each camera of `footage` was watched: its frames times what a frame lasts.

    What a frame lasts is read off the observations of the clip, or of the camera where the clip shows nobody.

    Raises
    ------
    NotMeasured
        The number of frames of a clip is not known (a live camera), or nobody was ever seen at a camera.
    """
    hours = dict.fromkeys(footage.cameras, 0.0)
    for camera in hours:
        mine = tracks.camera == camera
        overall = _frame_s(tracks, mine)
        for first, last, frames in _clips(footage, camera):
            here = mine & (tracks.frame >= first) & (tracks.frame < last)
            step = _frame_s(tracks, here) or overall
            if frames is None or step is None:
                raise NotMeasured(f"{camera}: how long it was watched is not known, so there is no rate an hour")
            hours[camera] += frames * step / 3600
    return hours


def _clips(footage: Footage, camera: str) -> Iterator[tuple[int, float, int | None]]:
    """First frame, first frame of the next clip, and number of frames of each clip of a camera."""
    mine = sorted((clip for clip in footage.clips if clip.camera == camera), key=lambda clip: clip.first_frame)
    ends = [float(clip.first_frame) for clip in mine[1:]] + [np.inf]
    for clip, end in zip(mine, ends):
        yield clip.first_frame, end, clip.frames_expected


def _frame_s(tracks: Tracks, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
    """Seconds from one frame to the next, in the middle; None where there are not two frames."""
    frame, first = np.unique(tracks.frame[rows], return_index=True)
    if len(frame) < 2:
        return None
    return float(np.median(np.diff(tracks.time_s[rows][first]) / np.diff(frame)))

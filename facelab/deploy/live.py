"""One camera, live: frames in, alerts out as soon as the rule of a tuned config is met.

The same parts as an evaluation runs (detector, tracker, choice of faces, recogniser, `facelab.stats.alarms.WatchRule`),
fed frame by frame. Two things differ from a replay of the same frames, because the future is not known: broken tracks
are not re-joined, so a person hidden for longer than the tracker waits is two passages; and tracks are not split.

Memory holds the tracks that are alive: of each, the crops of the best faces, and those of the stretch under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from facelab.deploy.alert_replay import best_subjects
from facelab.deploy.walkers import walkers
from facelab.errors import PackError
from facelab.pipeline.attention import Attention, Verdict
from facelab.pipeline.clip import Look, look
from facelab.pipeline.quality import embeddable
from facelab.pipeline.selection import BestFaces, Candidate
from facelab.pipeline.templates import pooled
from facelab.pipeline.track_faces import BestOfEvery
from facelab.pipeline.tracking import NO_TRACK, FaceTracker
from facelab.stats.alarms import Alert, Sighting, WatchRule

if TYPE_CHECKING:
    from facelab.deploy.tuned_config import TunedConfig
    from facelab.pipeline.packs import Pack
    from facelab.types import Floats, Frame, Gallery, Image


@dataclass(frozen=True, eq=False)
class LiveAlert:
    """An alert with what a person needs to judge it.

    Parameters
    ----------
    alert : Alert
        Where, when, who is alleged, how sure.
    crop : (112, 112, 3) uint8 array
        The best face of the track until then, BGR.
    reference : str
        The sample of the watchlist that was most alike.
    """

    alert: Alert
    crop: Image
    reference: str


class WatchedSite:
    """What the cameras of one site share: the config, the models, the watchlist, and the rule with its cooldowns.

    Parameters
    ----------
    config : TunedConfig
        What is run.
    pack : Pack
        The models on this machine.
    gallery : Gallery
        The watchlist.

    Raises
    ------
    PackError
        The models, or those of the watchlist, are not the ones that were measured.
    """

    def __init__(self, config: TunedConfig, pack: Pack, gallery: Gallery) -> None:
        self.config, self.pack, self.gallery = config, pack, gallery
        self._refuse_foreign(f"pack {pack.name}", pack.fingerprint)
        self.use(gallery)
        self.rule, self._one_at_a_time = WatchRule(config.alerts), Lock()
        self._walkers = walkers(config.pipeline, config.alerts)

    def use(self, gallery: Gallery) -> None:
        """From now on `gallery` is the watchlist.

        Raises
        ------
        PackError
            It comes from another pack than the one that was measured; the one before stays.
        """
        self._refuse_foreign("the watchlist's pack", gallery.templates.pack)
        self.gallery = gallery

    def _refuse_foreign(self, name: str, fingerprint: str) -> None:
        wanted = self.config.pack
        if fingerprint != wanted.fingerprint:
            measured = f"{wanted.name}, {wanted.fingerprint[:12]}"
            raise PackError(f"{name} ({fingerprint[:12]}) is not the one that was measured ({measured})")

    def decided(self, seen: Sighting, vector: Floats | None = None, *, over: bool) -> Alert | None:
        """What the rule says to one more face, or to the template of a track that is over, with that embedding."""
        with self._one_at_a_time:
            if self._walkers is not None and vector is not None:
                seen = self._walkers.named(seen, vector, over=over)
            return self.rule.end(seen) if over else self.rule.face(seen)


@dataclass
class _Track:
    """A track while it is alive."""

    first_s: float
    best: BestFaces
    stretch: BestOfEvery
    seen: int = 0
    crops: dict[int, Image] = field(default_factory=dict)
    top: Candidate | None = None


class CameraWatch:
    """One camera of a site.

    Parameters
    ----------
    site : WatchedSite
        Shared by all cameras.
    camera : str
        Its name.
    tracks : str, optional
        What the names of its tracks begin with; the camera's name unless given.
    """

    def __init__(self, site: WatchedSite, camera: str, tracks: str = "") -> None:
        self.camera, self._site, self._prefix = camera, site, tracks or camera
        self._settings, self._rule = site.config.pipeline, site.config.alerts
        self._attention = Attention(self._settings.detection)
        self._tracker = FaceTracker(self._settings.tracking)
        self._tracks: dict[int, _Track] = {}
        self._last: Look | None = None
        self._row, self._now_s = 0, 0.0
        self.frames, self.faces = 0, 0

    def frame(self, frame: Frame) -> list[LiveAlert]:
        """Take in one frame, no earlier than those before; the alerts that it gives."""
        self.frames, self._now_s = self.frames + 1, frame.time_s
        verdict = self._attention.verdict(frame)
        if verdict is Verdict.PASS:
            return []
        if verdict is Verdict.LOOK or self._last is None:
            self._last = look(self._site.pack, frame.image, self._settings.detection)
        seen, alerts = self._last, []
        number = self._tracker.update(seen.faces, frame.time_s)
        self.faces += len(number)
        width = seen.faces.box[:, 2] - seen.faces.box[:, 0]
        fit = embeddable(width, seen.quality, self._settings.quality) & (verdict is Verdict.LOOK)
        for face in np.flatnonzero(number != NO_TRACK).tolist():
            alerts += self._add(
                int(number[face]), frame.time_s, float(seen.quality[face]), seen.crops[face], fit=bool(fit[face])
            )
        for ended in sorted(set(self._tracks) - self._tracker.alive):
            alerts += self._end(ended)
        return alerts

    def finish(self, silent_s: float = 0.0) -> list[LiveAlert]:
        """The camera has ended, or has been silent for `silent_s`: what its last tracks give."""
        self._now_s += silent_s
        return [alert for number in sorted(self._tracks) for alert in self._end(number)]

    def _add(self, number: int, time_s: float, quality: float, crop: Image, *, fit: bool) -> list[LiveAlert]:
        track = self._tracks.get(number)
        if track is None:
            made = BestFaces(self._settings.pooling.faces), BestOfEvery(self._rule.every_s)
            track = self._tracks[number] = _Track(time_s, *made)
        track.seen, self._row = track.seen + 1, self._row + 1
        over = track.stretch.add(self._row, time_s, quality, fit=fit)
        alerts = self._stretch_over(number, track, over)
        if fit:
            candidate = Candidate(self._row, time_s, quality, crop.copy())
            track.best.add(candidate)
            track.crops[self._row] = candidate.crop
            if track.top is None or quality > track.top.quality:
                track.top = candidate
        return alerts

    def _stretch_over(self, number: int, track: _Track, over: tuple[int, float] | None) -> list[LiveAlert]:
        """The best face of a stretch of time, decided on by itself, where the rule looks at single faces."""
        if over is None:
            return []
        crop, track.crops = track.crops.get(over[0]), {}
        if crop is None or self._rule.confirm != "frames":
            return []
        return self._decide(number, track, self._site.pack.embed_aligned(crop[None])[0], over=False)

    def _end(self, number: int) -> list[LiveAlert]:
        """A track has ended: its last stretch, then its template."""
        track = self._tracks.pop(number)
        alerts = self._stretch_over(number, track, track.stretch.end())
        short = track.seen < self._settings.tracking.min_observations
        chosen = [] if short else track.best.chosen()
        if not chosen or self._rule.confirm == "frames":
            self._site.decided(self._sighting(number, track, "", float("nan")), over=True)  # the rule forgets it
            return alerts
        vectors = self._site.pack.embed_aligned(np.stack([candidate.crop for candidate in chosen]))
        good = np.isfinite(vectors).all(axis=1)
        if not good.any():
            return alerts
        quality = np.array([candidate.quality for candidate in chosen])[good]
        template, _ = pooled(vectors[good], quality, self._settings.pooling.method)
        return alerts + self._decide(number, track, template, over=True)

    def _decide(self, number: int, track: _Track, vector: Floats, *, over: bool) -> list[LiveAlert]:
        gallery = self._site.gallery
        alleged, score = best_subjects(vector[None], gallery)
        seen = self._sighting(number, track, str(alleged[0]), float(score[0]))
        alert = self._site.decided(seen, vector, over=over)
        if alert is None or track.top is None:
            return []
        own = np.flatnonzero(gallery.templates.subject_id == alert.alleged)
        closest = own[int(np.nanargmax(gallery.templates.embedding[own] @ vector))]
        return [LiveAlert(alert, track.top.crop, str(gallery.templates.sample_id[closest]))]

    def _sighting(self, number: int, track: _Track, alleged: str, score: float) -> Sighting:
        threshold = self._site.config.threshold_of(self.camera)
        name = f"{self._prefix}/{number}"
        return Sighting(self.camera, name, self._now_s, alleged, score, threshold, track.first_s)

"""Footage that misbehaves: posters, crowds, files that grow; and what a run holds in memory, and goes on with."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, replace

import numpy as np
import pytest
from toy_pipeline import ToyPack, ToySource, faces_at, people_of, walk

from facelab.config import PipelineSettings, Runtime
from facelab.data.footage import Clip, Footage
from facelab.pipeline import cache, checkpoints
from facelab.pipeline.run import track_footage

pytestmark = pytest.mark.usefixtures("own_cache")
ONE = Runtime(workers=1)
POSTER = (250.0, 60.0, 290.0, 100.0)


def poster(frames, name="dee"):
    """(frame, (name, box)) of a face that stays in its place but for the detector's jitter of half a pixel."""
    rng = np.random.default_rng(1)
    for k in frames:
        dx, dy = rng.normal(0, 0.5, 2)
        yield k, (name, (POSTER[0] + dx, POSTER[1] + dy, POSTER[2] + dx, POSTER[3] + dy))


def track(seen, n, *, fps=2.0, **parts):
    source = ToySource(seen, n, fps=fps)
    settings = PipelineSettings.model_validate({"tracking": {"lost_s": 2.0}, **parts})
    return track_footage(Footage("toy", (Clip(source),)), ToyPack(seen), settings, runtime=ONE)


def test_a_poster_is_reported_and_stays_unless_it_is_asked_to_be_set_aside():
    seen = people_of(walk("ann", 5, 30), poster(range(80)))
    kept = track(seen, 80)
    assert (kept.counts.tracks, kept.counts.static, kept.counts.set_aside) == (2, 1, 0)
    assert kept.losses.named == [
        "camera 'gate': a face of 40 px at x 270, y 80 does not move from 0.0 to 39.5 s: a poster or a screen?"
    ]
    assert "1 of a face that never moves" in str(kept)
    aside = track(seen, 80, static={"set_aside": True})
    assert (aside.counts.tracks, aside.counts.static, aside.counts.set_aside) == (1, 1, 1)
    (walker,) = np.flatnonzero(kept.templates.attributes["start_s"] > 0)
    assert aside.templates.embedding.tobytes() == kept.templates.embedding[[walker]].tobytes()
    assert set(aside.tracks.track_id.tolist()) == {0}
    assert len(aside.tracks) == 30


def test_setting_posters_aside_runs_no_model_again(monkeypatch):
    seen = people_of(walk("ann", 5, 30), poster(range(80)))
    track(seen, 80)
    monkeypatch.setattr(ToyPack, "detect", None)
    monkeypatch.setattr(ToyPack, "embed_aligned", None)
    assert track(seen, 80, static={"set_aside": True}).counts.set_aside == 1


def test_a_poster_that_is_hidden_now_and_then_is_one_poster_in_all_its_tracks():
    seen = people_of(poster([*range(70), *range(90, 100)]))
    found = track(seen, 110, mending={"rejoin_s": 0, "split_score": None})
    assert (found.counts.tracks, found.counts.static) == (2, 2)


def test_who_stands_and_sways_is_no_poster_and_a_still_face_of_a_moment_is_none():
    rng = np.random.default_rng(2)
    sway = [(k, ("ann", (50 + x, 20, 100 + x, 70))) for k, x in enumerate(rng.normal(0, 6, 80))]
    brief = list(poster(range(20)))
    assert track(people_of(sway, brief), 80).counts.static == 0
    assert track(people_of(sway, list(poster(range(80)))), 80, static={"after_s": 0}).counts.static == 0


@dataclass
class CrowdPack(ToyPack):
    """A thousand faces in every frame, each of which moves a little."""

    faces: int = 1000

    def detect(self, image, settings=None):
        self.detect_calls += 1
        k = np.arange(self.faces)
        x, y = 8.0 * (k % 40) + 0.2 * self.detect_calls, 4.8 * (k // 40)
        return faces_at(np.column_stack([x, y, x + 7, y + 4.5]))


@pytest.mark.slow
def test_a_thousand_faces_in_a_frame_are_a_thousand_tracks():
    source = ToySource({}, 4)
    found = track_footage(Footage("toy", (Clip(source),)), CrowdPack(), runtime=ONE)
    assert found.counts.faces == 4000
    assert found.counts.tracks == 1000
    assert found.counts.untracked == found.counts.short_faces == 0


class Grows(ToySource):
    """A file that is longer at the end than when it was begun."""

    changed = True

    def frames(self, losses):
        yield from super().frames(losses)
        losses.clips_changed += 1


def test_a_file_that_grew_is_used_and_not_kept():
    seen = people_of(walk("ann", 0, 30))
    footage = Footage("toy", (Clip(Grows(seen, 40)),))
    for _ in range(2):
        found = track_footage(footage, pack := ToyPack(seen), runtime=ONE)
        assert found.counts.tracks == 1
        assert found.losses.clips_changed == 1
        assert "1 file(s) changed while they were read" in str(found)
        assert pack.detect_calls == 40
    assert cache.entries() == []


class Counted(ToySource):
    """Knows how many of its pictures live."""

    def frames(self, losses):
        self.alive, self.most = 0, 0
        for frame in super().frames(losses):
            image = frame.image.copy()
            self.alive += 1
            self.most = max(self.most, self.alive)
            weakref.finalize(image, self._gone)
            fresh = replace(frame, image=image)
            del frame, image
            yield fresh
            del fresh

    def _gone(self):
        self.alive -= 1


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_however_long_a_clip_is_few_of_its_frames_are_held(workers):
    seen = people_of(walk("ann", 0, 30), walk("bob", 200, 40, y=65))
    source = Counted(seen, 400)
    track_footage(Footage("toy", (Clip(source),)), ToyPack(seen), runtime=Runtime(workers=workers))
    gc.collect()
    assert source.alive == 0
    assert source.most <= 4 * 2 * max(2, workers) + 4


class Power(Exception):
    """The moment at which a run is killed."""


@dataclass
class Fails(ToyPack):
    """Ends the run at its k-th detection."""

    at: int = 0

    def detect(self, image, settings=None):
        if self.detect_calls == self.at:
            raise Power
        return super().detect(image, settings)


@pytest.mark.parametrize(("still", "at"), [(0.0, 1), (0.0, 50), (0.0, 51), (0.0, 199), (6.0, 49), (6.0, 101)])
def test_a_long_clip_goes_on_at_the_last_whole_segment_with_the_same_bytes(still, at, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "SEGMENT", 50)
    seen = people_of(walk("ann", 0, 30), walk("bob", 60, 40, y=65), walk("cy", 130, 40, y=30))
    footage = Footage("toy", (Clip(ToySource(seen, 200)),))
    settings = PipelineSettings.model_validate({"detection": {"still": still}})
    looks = ToyPack(seen)
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "whole")
    whole = track_footage(footage, looks, settings, runtime=ONE)
    assert at < looks.detect_calls
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "killed")
    with pytest.raises(Power):
        track_footage(footage, Fails(seen, at=at), settings, runtime=ONE)
    again = ToyPack(seen)
    resumed = track_footage(footage, again, settings, runtime=ONE)
    assert again.detect_calls == looks.detect_calls - at // 50 * 50
    for name in ("frame", "track_id", "box", "score", "quality", "landmarks", "time_s"):
        assert getattr(resumed.tracks, name).tobytes() == getattr(whole.tracks, name).tobytes()
    assert resumed.templates.embedding.tobytes() == whole.templates.embedding.tobytes()
    assert resumed.counts == whole.counts


def test_a_damaged_segment_is_detected_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "SEGMENT", 50)
    seen = people_of(walk("ann", 0, 30))
    footage = Footage("toy", (Clip(ToySource(seen, 120)),))
    track_footage(footage, ToyPack(seen), runtime=ONE)
    parts = sorted((e for e in cache.entries() if e.kind == "detections"), key=lambda e: e.about["segment"])
    assert [e.title for e in parts] == [f"gate, toy, part {k}" for k in (1, 2, 3)]
    parts[1].path.write_bytes(b"damaged")
    again = ToyPack(seen)
    settings = PipelineSettings.model_validate({"tracking": {"method": "sort"}})
    assert track_footage(footage, again, settings, runtime=ONE).counts.tracks == 1
    assert again.detect_calls == 50

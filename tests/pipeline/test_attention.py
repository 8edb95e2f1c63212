"""Which frames are looked at follows from the clip alone, and what is spared costs no passage here."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from toy_pipeline import ToyPack, ToySource, people_of, truth_of, truth_rows, walk

from facelab.config import Detection, PipelineSettings, Pooling, Runtime
from facelab.data.footage import Clip, Footage
from facelab.pipeline.attention import SPOTS_ACROSS, Attention, Verdict, averaged_spots
from facelab.pipeline.run import track_footage
from facelab.types import Frame

LOOK, REPEAT, PASS = Verdict.LOOK, Verdict.REPEAT, Verdict.PASS


def _verdicts(settings, times, pictures=None):
    attention = Attention(settings)
    black = np.zeros((54, 96, 3), np.uint8)
    frames = [Frame(k, t, "c", black if pictures is None else pictures[k]) for k, t in enumerate(times)]
    return [attention.verdict(frame) for frame in frames]


@pytest.mark.parametrize(("fps", "every"), [(30, 3), (10, 1), (12.5, 1.25), (60, 6)])
def test_so_many_frames_a_second_are_looked_at_whatever_the_camera_s_rate(fps, every):
    verdicts = _verdicts(Detection(per_second=10), np.arange(300) / fps)
    assert verdicts.count(LOOK) == pytest.approx(300 / every, abs=1)
    assert verdicts[0] is LOOK
    assert REPEAT not in verdicts


def test_looks_are_evenly_spaced_where_the_rates_divide():
    """30 frames a second, 10 looked at: every third, in spite of times that are rounded."""
    times = np.round(np.arange(90) / 30, 6)
    assert [k for k, v in enumerate(_verdicts(Detection(per_second=10), times)) if v is LOOK] == list(range(0, 90, 3))


def test_unless_told_every_frame_is_looked_at():
    assert set(_verdicts(Detection(), np.arange(20) / 25)) == {LOOK}


def test_a_moment_that_goes_back_in_time_is_looked_at():
    assert _verdicts(Detection(per_second=1), [5.0, 5.5, 2.0, 2.5]) == [LOOK, PASS, LOOK, PASS]


def _room(change=0, at=(100, 200), size=12):
    picture = np.full((540, 960, 3), 90, np.uint8)
    y, x = at
    picture[y : y + size, x : x + size] += np.uint8(change)
    return picture


def test_sensor_noise_is_no_motion_and_a_small_face_that_comes_is():
    rng = np.random.default_rng(1)
    noisy = [np.clip(_room() + rng.normal(0, 3, (540, 960, 3)), 0, 255).astype(np.uint8) for _ in range(4)]
    found = _verdicts(Detection(still=6), range(5), [*noisy, _room(60)])
    assert found == [LOOK, REPEAT, REPEAT, REPEAT, LOOK]


def test_what_changes_slowly_adds_up_until_it_is_seen():
    """Two grey levels a frame: over 6 is reached with the fourth step, then counting begins anew."""
    found = _verdicts(Detection(still=6), range(9), [_room(2 * k, (0, 0), 540) for k in range(9)])
    assert found == [LOOK, REPEAT, REPEAT, REPEAT, LOOK, REPEAT, REPEAT, REPEAT, LOOK]


def test_a_frame_of_another_shape_is_looked_at():
    pictures = [np.zeros(shape, np.uint8) for shape in ((540, 960, 3), (540, 960, 3), (960, 540, 3))]
    assert _verdicts(Detection(still=6), range(3), pictures) == [LOOK, REPEAT, LOOK]


def test_spots_are_square_averages():
    picture = np.zeros((540, 960, 3), np.uint8)
    picture[:10, :10] = 200
    spots = averaged_spots(picture)
    assert spots.shape == (54, SPOTS_ACROSS, 3)
    assert spots[0, 0].tolist() == [200, 200, 200]
    assert spots[1:].max() == 0


def _standing(name, start, frames):
    return walk(name, start, frames, step=0.0)


SEEN = people_of(walk("ann", 0, 20), _standing("bob", 25, 30))


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("workers", [1, 3])
def test_who_stands_still_is_one_passage_and_is_not_looked_for_again(workers):
    footage = Footage("toy", (Clip(ToySource(SEEN, 60)),), truth_of(truth_rows(SEEN)))
    pack = ToyPack(SEEN)
    settings = PipelineSettings(detection=Detection(still=60), pooling=Pooling(faces=8))
    passages = track_footage(footage, pack, settings, runtime=Runtime(workers=workers))
    assert passages.templates.subject_id.tolist() == ["ann", "bob"]
    assert (passages.counts.broken, passages.counts.missed) == (0, 0)
    assert passages.counts.faces == 50
    assert pack.detect_calls < 30
    assert passages.templates.n_faces[1] == 1  # the same picture is embedded once


@pytest.mark.usefixtures("own_cache")
def test_passed_frames_are_not_looked_at_and_the_result_is_that_of_any_number_of_workers(tmp_path, monkeypatch):
    settings = PipelineSettings(detection=Detection(per_second=5, still=1))
    found = []
    for workers in (1, 2, 4):
        monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda w=workers: tmp_path / str(w))
        pack = ToyPack(SEEN, pause_s=0.001)
        footage = Footage("toy", (Clip(ToySource(SEEN, 60)),))
        found.append(track_footage(footage, pack, settings, runtime=Runtime(workers=workers)))
        assert pack.detect_calls <= 30
    one = found[0]
    assert len(one.templates) == 2
    for other in found[1:]:
        assert one.templates.embedding.tobytes() == other.templates.embedding.tobytes()
        assert one.tracks.box.tobytes() == other.tracks.box.tobytes()
        assert one.counts == other.counts


def test_a_profile_fills_in_what_is_not_given():
    fast = PipelineSettings(profile="fast")
    assert fast.detection.per_second is not None
    assert fast.detection.still > 0
    chosen = PipelineSettings.model_validate({"profile": "fast", "detection": {"per_second": 4}})
    assert chosen.detection == fast.detection.model_copy(update={"per_second": 4})
    assert chosen.pooling == fast.pooling
    given = PipelineSettings(profile="fast", detection=Detection(still=0))
    assert given.detection == fast.detection.model_copy(update={"still": 0})


def test_settings_of_a_profile_are_read_back_as_they_were_written():
    fast = PipelineSettings(profile="fast", pooling=Pooling(faces=3))
    assert PipelineSettings.model_validate_json(fast.model_dump_json()) == fast


def test_an_unknown_profile_is_refused():
    with pytest.raises(ValidationError, match="standard"):
        PipelineSettings.model_validate({"profile": "quick"})

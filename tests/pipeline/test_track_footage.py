"""From toy footage to passages: the truth is joined, losses are counted, and nothing is computed twice or lost."""

import logging
import threading

import numpy as np
import pytest
from toy_pipeline import COLOURS, ToyPack, ToySource, people_of, truth_of, truth_rows, walk

from facelab.config import PipelineSettings, Runtime
from facelab.data.footage import Clip, Footage
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline import cache
from facelab.pipeline.observations import observation_embeddings
from facelab.pipeline.run import track_footage

pytestmark = pytest.mark.usefixtures("own_cache")
ONE = Runtime(workers=1)
SEEN = people_of(walk("ann", 0, 30), walk("bob", 5, 20, y=65))


def settings(**parts):
    return PipelineSettings.model_validate(parts)


def toy(seen=SEEN, n=40, *, truth=True, **source):
    rows = truth_of(truth_rows(seen)) if truth else None
    return Footage("toy", (Clip(ToySource(seen, n, **source)),), rows), ToyPack(seen)


def colour_of(name):
    vector = np.append(np.array(COLOURS[name]) * 0.75, 40)
    return vector / np.linalg.norm(vector)


def test_two_people_are_two_passages_with_their_own_faces():
    footage, pack = toy()
    passages = track_footage(footage, pack, runtime=ONE)
    t = passages.templates
    assert t.subject_id.tolist() == ["ann", "bob"]
    assert t.sample_id.tolist() == ["gate/0", "gate/1"]
    assert t.attributes["passage"].tolist() == ["gate-ann", "gate-bob"]
    for row, name in enumerate(("ann", "bob")):
        assert t.embedding[row] @ colour_of(name) > 0.99
    assert t.attributes["start_s"].tolist() == pytest.approx([0.0, 0.5])
    assert t.attributes["end_s"].tolist() == pytest.approx([2.9, 2.4])
    assert t.attributes["width_px"].tolist() == pytest.approx([50, 50])
    counts = passages.counts
    assert (counts.frames, counts.faces, counts.tracks, counts.passages) == (40, 50, 2, 2)
    assert (counts.missed, counts.broken, counts.mixed, counts.unmatched) == (0, 0, 0, 0)
    assert len(passages.tracks) == 50


def test_only_the_faces_of_a_template_are_embedded():
    footage, pack = toy()
    passages = track_footage(footage, pack, settings(pooling={"faces": 3}), runtime=ONE)
    assert pack.embedded == 6
    assert passages.templates.n_faces.tolist() == [3, 3]


@pytest.mark.parametrize("workers", [2, 5])
def test_the_result_does_not_depend_on_the_number_of_workers(workers, tmp_path, monkeypatch):
    clips = tuple(Clip(ToySource(SEEN, 40, camera=c), first_frame=f) for c, f in (("a", 0), ("a", 100), ("b", 0)))
    footage = Footage("toy", clips)
    one = track_footage(footage, ToyPack(SEEN), runtime=ONE)
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "other")
    several = track_footage(footage, ToyPack(SEEN, pause_s=0.001), runtime=Runtime(workers=workers))
    assert one.templates.embedding.tobytes() == several.templates.embedding.tobytes()
    assert one.templates.sample_id.tolist() == several.templates.sample_id.tolist()
    assert one.tracks.box.tobytes() == several.tracks.box.tobytes()
    assert one.counts == several.counts


def test_track_numbers_go_on_over_the_clips_of_a_camera_and_times_are_on_the_common_clock():
    clips = (
        Clip(ToySource(SEEN, 40, camera="a")),
        Clip(ToySource(SEEN, 40, camera="a"), start_s=100.0, first_frame=1000),
        Clip(ToySource(SEEN, 40, camera="b")),
    )
    passages = track_footage(Footage("toy", clips), ToyPack(SEEN), runtime=ONE)
    assert passages.templates.sample_id.tolist() == ["a/0", "a/1", "a/2", "a/3", "b/0", "b/1"]
    assert passages.templates.attributes["start_s"].tolist() == pytest.approx([0, 0.5, 100, 100.5, 0, 0.5])
    second = passages.tracks.passage_id == "a/2"
    assert passages.tracks.frame[second].min() == 1000
    assert passages.templates.attributes["passage"].tolist() == passages.templates.sample_id.tolist()


def test_a_passage_without_a_track_is_a_row_of_nan_and_a_track_without_truth_stands_apart():
    shown = people_of(walk("ann", 0, 30), walk("cy", 0, 30, y=65))
    known = people_of(walk("ann", 0, 30), walk("dee", 0, 30, y=0, x=200, step=0, side=12))
    footage = Footage("toy", (Clip(ToySource(shown, 40)),), truth_of(truth_rows(known)))
    passages = track_footage(footage, ToyPack(shown), runtime=ONE)
    assert passages.templates.subject_id.tolist() == ["ann", "dee"]
    assert passages.templates.failed.tolist() == [False, True]
    assert passages.templates.n_faces.tolist()[1] == 0
    assert passages.templates.sample_id[1] == "gate/missed/gate-dee"
    assert passages.templates.attributes["width_px"][1] == pytest.approx(12)
    assert len(passages.unmatched) == 1
    assert passages.unmatched.embedding[0] @ colour_of("cy") > 0.99
    assert (passages.counts.missed, passages.counts.unmatched, passages.counts.passages) == (1, 1, 2)


def test_a_person_lost_for_long_is_one_passage_in_two_fragments():
    seen = people_of(walk("ann", 0, 10), walk("ann", 40, 10))
    footage, pack = toy(seen, 60)
    passages = track_footage(footage, pack, runtime=ONE)
    assert passages.templates.attributes["passage"].tolist() == ["gate-ann", "gate-ann"]
    assert (passages.counts.passages, passages.counts.broken, passages.counts.fragments) == (1, 1, 1)


def test_short_tracks_are_dropped_and_counted():
    seen = people_of(walk("ann", 0, 30), walk("bob", 3, 2, y=65))
    footage, pack = toy(seen, truth=False)
    passages = track_footage(footage, pack, runtime=ONE)
    assert (passages.counts.tracks, passages.counts.short_tracks, passages.counts.short_faces) == (1, 1, 2)
    assert passages.tracks.track_id.tolist() == [0] * 30


def test_faces_too_small_are_tracked_and_not_embedded():
    footage, pack = toy()
    passages = track_footage(footage, pack, settings(quality={"min_width_px": 60}), runtime=ONE)
    assert pack.embedded == 0
    assert passages.templates.failed.all()
    assert passages.counts.failed == 2
    assert len(passages.tracks) == 50


def test_a_clip_known_to_show_one_person_needs_no_boxes():
    seen = people_of(walk("ann", 0, 10), walk("ann", 40, 10))
    clips = (
        Clip(ToySource(seen, 60), subject_id="ann"),
        Clip(ToySource({}, 5, camera="b", first_number=1000), subject_id="bob"),
    )
    passages = track_footage(Footage("toy", clips), ToyPack(seen), runtime=ONE)
    assert passages.templates.subject_id.tolist() == ["ann", "ann", "bob"]
    assert set(passages.templates.attributes["passage"].tolist()) == {"gate/clip-0", "b/clip-0"}
    assert passages.counts.missed == 1


def test_the_second_time_no_model_runs_and_no_frame_is_read():
    footage, pack = toy()
    first = track_footage(footage, pack, runtime=ONE)
    read = footage.clips[0].source.frames_read
    second = track_footage(footage, ToyPack({}), runtime=ONE)
    assert second.templates.embedding.tobytes() == first.templates.embedding.tobytes()
    assert second.losses == first.losses
    assert second.counts == first.counts
    assert footage.clips[0].source.frames_read == read


def test_another_way_of_pooling_needs_no_model_either():
    footage, pack = toy()
    track_footage(footage, pack, runtime=ONE)
    calls = pack.detect_calls
    track_footage(footage, pack, settings(pooling={"method": "best"}), runtime=ONE)
    assert pack.detect_calls == calls


def test_another_setting_of_detection_or_another_pack_detects_anew():
    footage, pack = toy()
    track_footage(footage, pack, runtime=ONE)
    calls = pack.detect_calls
    track_footage(footage, pack, settings(detection={"min_score": 0.6}), runtime=ONE)
    assert pack.detect_calls == 2 * calls
    other = ToyPack(SEEN, fingerprint="another")
    track_footage(footage, other, runtime=ONE)
    assert other.detect_calls == calls


@pytest.mark.parametrize("changed", [{"pooling": {"faces": 2}}, {"tracking": {"lost_s": 0.3}}])
def test_another_tracker_or_other_faces_detect_nothing_again_and_give_what_they_would(changed, tmp_path, monkeypatch):
    footage, pack = toy()
    track_footage(footage, pack, runtime=ONE)
    calls = pack.detect_calls
    found = track_footage(footage, pack, settings(**changed), runtime=ONE)
    assert pack.detect_calls == calls
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "other")
    fresh = track_footage(footage, pack, settings(**changed), runtime=ONE)
    assert pack.detect_calls == 2 * calls
    assert found.templates.embedding.tobytes() == fresh.templates.embedding.tobytes()
    assert found.tracks.landmarks.tobytes() == fresh.tracks.landmarks.tobytes()


def test_the_clock_and_the_truth_are_not_part_of_what_is_cached():
    footage, pack = toy()
    track_footage(footage, pack, runtime=ONE)
    moved = Footage("toy", (Clip(footage.clips[0].source, start_s=50.0),))
    passages = track_footage(moved, ToyPack({}), runtime=ONE)
    assert passages.tracks.time_s.min() == pytest.approx(50.0)


def test_a_live_camera_is_never_cached():
    footage, pack = toy(live=True, truth=False)
    track_footage(footage, pack, runtime=ONE)
    assert cache.entries() == []


def test_a_corrupt_frame_is_counted_the_rest_goes_on_and_the_cache_remembers():
    footage, pack = toy(fails_at=7)
    for _ in range(2):
        passages = track_footage(footage, pack, runtime=ONE)
        assert passages.losses.frames_lost == 1
        assert passages.losses.named == ["camera 'gate': frame 7 is corrupt"]
        assert "could not be decoded" in str(passages)
        assert passages.counts.tracks == 2


def test_no_face_in_the_whole_footage_is_not_measured():
    footage, _ = toy()
    with pytest.raises(NotMeasured, match="toy: no face in 40 frames"):
        track_footage(footage, ToyPack({}), runtime=ONE)


class Breaks(ToySource):
    def frames(self, losses):
        yield from super().frames(losses)
        raise BadInput("it broke", place="clip")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_clip_that_cannot_be_read_is_counted_and_named_and_the_rest_goes_on(workers):
    good = ToySource(SEEN, 40, camera="a")
    footage = Footage("toy", (Clip(good), Clip(Breaks(SEEN, 60, camera="b"))))
    found = track_footage(footage, ToyPack(SEEN), runtime=Runtime(workers=workers))
    assert found.losses.clips_failed == 1
    assert found.losses.named == ["camera 'b': clip: it broke"]
    assert found.lost_by_camera["a"].clips_failed == 0
    assert found.lost_by_camera["b"].clips_failed == 1
    assert found.counts.tracks == 2
    assert "1 clip(s) could not be read at all" in str(found)
    again = ToyPack({})
    track_footage(Footage("toy", (Clip(good),)), again, runtime=ONE)
    assert again.detect_calls == 0


def test_faces_are_embedded_again_although_another_clip_cannot_be_read():
    good = ToySource(SEEN, 40, camera="a")
    footage = Footage("toy", (Clip(Breaks(SEEN, 60, camera="b")), Clip(good)))
    passages = track_footage(footage, ToyPack(SEEN), runtime=ONE)
    found = observation_embeddings(footage, passages.tracks, np.arange(3), ToyPack(SEEN))
    assert np.isfinite(found).all()


def test_where_no_clip_can_be_read_the_cause_is_an_error():
    footage = Footage("toy", (Clip(Breaks(SEEN, 60, camera="b")),))
    with pytest.raises(BadInput, match="clip: it broke"):
        track_footage(footage, ToyPack(SEEN), runtime=ONE)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_the_run_keeps_whole_clips_and_leaves_no_thread(workers, monkeypatch):
    footage = Footage("toy", (Clip(ToySource(SEEN, 40, camera="a")), Clip(ToySource(SEEN, 4000, camera="b"))))
    pack = ToyPack(SEEN)
    stored = threading.Event()
    store = cache.store

    def store_then_interrupt(kind, *args, **kwargs):
        store(kind, *args, **kwargs)
        if kind == "clips":
            stored.set()

    monkeypatch.setattr(cache, "store", store_then_interrupt)
    detect = ToyPack.detect

    def detect_until(self, image, settings=None):
        if stored.is_set() and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return detect(self, image, settings)

    monkeypatch.setattr(ToyPack, "detect", detect_until)
    if workers > 1:

        def wait_then_interrupt(futures, return_when):
            assert stored.wait(20)
            raise KeyboardInterrupt

        monkeypatch.setattr("facelab.pipeline.engines.wait", wait_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        track_footage(footage, pack, runtime=Runtime(workers=workers))
    assert [entry.title for entry in cache.entries() if entry.kind == "clips"] == ["a, toy"]
    assert not [t for t in threading.enumerate() if t.name.startswith("facelab")]


def test_a_full_disk_loses_the_cache_and_not_the_result(monkeypatch, caplog):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_whole", full)
    footage, pack = toy()
    with caplog.at_level(logging.WARNING, "facelab"):
        passages = track_footage(footage, pack, runtime=ONE)
    assert passages.counts.tracks == 2
    assert "No space left on device" in caplog.text
    assert cache.entries() == []


def test_passages_say_themselves_in_a_sentence_and_as_a_table():
    footage, pack = toy()
    passages = track_footage(footage, pack, runtime=ONE)
    assert str(passages).startswith("toy: 2 passages in 40 frames, 50 faces, 2 tracks; 0 passages without a track")
    assert passages._repr_html_() == f"<p>{passages}</p>"
    assert passages.to_frame().subject_id.tolist() == ["ann", "bob"]
    assert passages.summary()["counts"]["faces"] == 50


def test_no_bar_is_shown_unless_asked_for(capsys, monkeypatch):
    footage, pack = toy()
    monkeypatch.delenv("FACELAB_PROGRESS", raising=False)
    track_footage(footage, pack, runtime=ONE)
    assert capsys.readouterr().err == ""
    cache.clear()
    monkeypatch.setenv("FACELAB_PROGRESS", "1")
    track_footage(footage, pack, runtime=ONE)
    assert "toy: tracking" in capsys.readouterr().err

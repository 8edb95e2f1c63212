"""The single faces of tracks: what a live system could have embedded by when, and those of the templates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_pipeline import ToyPack, ToySource, people_of, walk

from facelab.config import PipelineSettings, Quality
from facelab.data.footage import Clip, Footage
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.run import track_footage
from facelab.pipeline.track_faces import BestOfEvery, live_faces, live_rows, template_faces, track_of

SEEN = people_of(walk("ann", 0, 20), walk("bob", 30, 12))
SETTINGS = PipelineSettings.model_validate({"pooling": {"faces": 3}})


@pytest.fixture
def tracked(tmp_path, monkeypatch):
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path))
    pack = ToyPack(SEEN)
    footage = Footage("toy", (Clip(ToySource(SEEN, 60), start_s=100.0, first_frame=1000),))
    return footage, pack, track_footage(footage, pack, SETTINGS, progress=False)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    st.sampled_from([0.3, 1.0, 5.0]),
)
def test_each_stretch_gives_its_best_fit_face_and_no_sooner_than_it_is_over(faces, every):
    faces = sorted(faces)
    best, found = BestOfEvery(every), []
    for row, (time, quality, fit) in enumerate(faces):
        found.append(best.add(row, time, quality, fit=fit))
        assert found[-1] is None or found[-1][1] <= time + 1e-9
    found = [one for one in [*found, best.end()] if one is not None]
    stretch = [int((time - faces[0][0]) / every) for time, _, _ in faces]
    fit = [k for k in range(len(faces)) if faces[k][2]]
    expected = [
        max((k for k in fit if stretch[k] == s), key=lambda k: (faces[k][1], -k))
        for s in sorted({stretch[k] for k in fit})
    ]
    assert [row for row, _ in found] == expected
    assert all(known >= faces[row][0] for row, known in found)


def test_live_faces_are_known_after_they_were_seen_and_have_their_persons_embedding(tracked):
    footage, pack, passages = tracked
    faces = live_faces(footage, passages, pack, 0.5, progress=False)
    assert not faces.hindsight
    assert (np.diff(faces.known_s) >= 0).all()
    late = faces.known_s - passages.tracks.time_s[faces.row]
    assert late.min() > 0
    assert late.max() <= 0.5 + 1e-9
    names = track_of(passages.tracks, faces.row)
    own = passages.templates.embedding[[passages.templates.sample_id.tolist().index(n) for n in names]]
    assert ((faces.embedding * own).sum(axis=1) > 0.99).all()


def test_faces_that_may_not_be_embedded_are_left_out(tracked):
    _, _, passages = tracked
    assert len(live_rows(passages.tracks, 0.5, Quality())[0]) > 0
    assert len(live_rows(passages.tracks, 0.5, Quality(min_width_px=500))[0]) == 0


def test_the_faces_of_the_templates_come_out_of_the_cache_and_say_that_they_are_hindsight(tracked):
    footage, pack, passages = tracked
    calls = pack.embedded
    faces = template_faces(footage, passages, pack, SETTINGS)
    assert pack.embedded == calls
    assert faces.hindsight
    assert len(faces) == int(passages.templates.n_faces.sum())
    assert np.array_equal(faces.known_s, passages.tracks.time_s[faces.row])
    assert faces.known_s.min() >= 100


def test_a_live_camera_keeps_no_faces(tmp_path, monkeypatch):
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path))
    pack, footage = ToyPack(SEEN), Footage("toy", (Clip(ToySource(SEEN, 60, live=True)),))
    passages = track_footage(footage, pack, SETTINGS, progress=False)
    with pytest.raises(NotMeasured, match="not kept"):
        template_faces(footage, passages, pack, SETTINGS)


def test_a_stretch_of_no_time_is_refused():
    with pytest.raises(BadInput, match="above 0"):
        BestOfEvery(0.0)

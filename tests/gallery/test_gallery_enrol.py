"""A watchlist of toy photographs: who is enrolled, who is refused and why, and which names do not seem to fit."""

import cv2
import numpy as np
import pytest
from toy_pipeline import COLOURS, ToyPack, picture

from facelab.config import PipelineSettings, Runtime
from facelab.errors import BadInput
from facelab.gallery import embed_photographs, enrol, enrolment_report, merged_galleries
from facelab.gallery.stills import taken_face
from facelab.pipeline.packs import Pack
from facelab.types import Faces, Gallery, Templates

pytestmark = pytest.mark.usefixtures("own_cache")
ONE = Runtime(workers=1)
MIDDLE = (130.0, 30.0, 190.0, 90.0)


class Album:
    """A folder of toy photographs, and the pack that knows what each shows."""

    def __init__(self, folder):
        self.folder, self.pack, self._next = folder, ToyPack(), 1

    def add(self, name, people, *, number=None):
        """A photograph `name` of `people` (name, box)."""
        number = self._next if number is None else number
        self._next = max(self._next, number) + 1
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture(number, people))
        self.pack.seen[number] = people

    def file(self, name, data):
        """A file that is no photograph."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def album(tmp_path):
    return Album(tmp_path / "watchlist")


def notes(templates):
    return dict(zip(templates.sample_id.tolist(), templates.attributes["note"].tolist()))


def test_everybody_with_one_good_face_is_enrolled_with_all_photographs(album):
    album.add("ann/1.png", [("ann", MIDDLE)])
    album.add("ann/2.png", [("ann", (100, 30, 160, 90))])
    album.add("bob/1.png", [("bob", MIDDLE)])
    gallery = enrol(album.folder, album.pack, runtime=ONE)
    assert gallery.enrolled.tolist() == ["ann", "bob"]
    assert gallery.templates.sample_id.tolist() == ["ann/1.png", "ann/2.png", "bob/1.png"]
    assert not gallery.templates.failed.any()
    report = enrolment_report(gallery)
    assert str(report) == "2 of 2 subjects enrolled from 3 of 3 photographs; failures to enrol: 0"
    assert len(report.to_frame()) == 0


def test_what_cannot_be_enrolled_is_named_with_its_reason_and_counted(album):
    album.add("ann/1.png", [("ann", MIDDLE)])
    album.add("bob/empty.png", [])
    album.add("cy/crowd.png", [("cy", MIDDLE), ("dee", (220, 30, 270, 80))])
    album.add("dee/far.png", [("dee", (150, 50, 170, 70))])
    album.file("eve/broken.jpg", b"\xff\xd8\xff nothing")
    (album.folder / "fay").mkdir()
    gallery = enrol(album.folder, album.pack, runtime=ONE)
    assert gallery.enrolled.tolist() == ["ann", "bob", "cy", "dee", "eve", "fay"]
    assert gallery.failed_to_enrol.tolist() == ["bob", "cy", "dee", "eve", "fay"]
    report = enrolment_report(gallery)
    why = {r.sample_id or r.subject_id: r.reason for r in report.refused}
    assert why["bob/empty.png"] == "no face found"
    assert why["cy/crowd.png"] == "several faces (2 of comparable width)"
    assert why["dee/far.png"] == "too small: the face is 20 px wide, 32 px are needed"
    assert why["eve/broken.jpg"].startswith("cannot be read: ")
    assert why["fay"] == "no photograph"
    assert report.failed_subjects == ("bob", "cy", "dee", "eve", "fay")
    assert "1 of 6 subjects enrolled from 1 of 5 photographs; failures to enrol: 5" in str(report)
    assert len(report.lines) == 6


def test_a_small_face_in_the_background_does_not_matter(album):
    album.add("ann/1.png", [("ann", MIDDLE), ("bob", (240, 10, 265, 35))])
    gallery = enrol(album.folder, album.pack, runtime=ONE)
    assert gallery.templates.failed.tolist() == [False]
    assert gallery.templates.attributes["comparable_faces"].tolist() == [1]


def test_embedding_takes_the_largest_face_near_the_centre_and_says_so(album):
    album.add("ann/1.png", [("bob", (0, 30, 66, 96)), ("ann", MIDDLE), ("cy", (290, 10, 310, 30))])
    album.add("bob/1.png", [])
    found = embed_photographs(album.folder, album.pack, runtime=ONE)
    ann = np.append(np.array(COLOURS["ann"]) * 0.75, 40)
    assert found.embedding[0] @ (ann / np.linalg.norm(ann)) > 0.99
    assert notes(found) == {
        "ann/1.png": "3 faces: the largest near the centre was taken",
        "bob/1.png": "no face found",
    }
    assert found.attributes["faces_found"].tolist() == [3, 0]
    assert found.failed.tolist() == [False, True]


def test_the_face_taken_is_the_most_central_of_those_at_least_half_as_wide_as_the_widest():
    box = np.array([[0, 0, 40, 40], [40, 40, 60, 60], [48, 48, 60, 60]], float)
    faces = Faces(box, np.ones(3), np.zeros((3, 5, 2)))
    assert taken_face(faces, (100, 100)) == (1, 2)


def test_a_face_that_fills_its_picture_is_found_with_a_border(album, monkeypatch):
    album.add("ann/1.png", [("ann", MIDDLE)])
    detect = ToyPack.detect

    def only_with_border(self, image, settings=None):
        if image.shape[0] == 120:
            return Faces.none()
        inner = image[60:180, 160:480]
        found = detect(self, inner, settings)
        shift = np.array([160, 60], np.float32)
        return Faces(found.box + np.tile(shift, 2), found.score, found.landmarks + shift)

    monkeypatch.setattr(ToyPack, "detect", only_with_border)
    gallery = enrol(album.folder, album.pack, runtime=ONE)
    assert gallery.templates.failed.tolist() == [False]


def test_an_empty_watchlist_and_one_where_nobody_can_be_enrolled_are_refused(album):
    album.folder.mkdir()
    with pytest.raises(BadInput, match="no photograph"):
        enrol(album.folder, album.pack, runtime=ONE)
    album.add("ann/1.png", [])
    with pytest.raises(
        BadInput, match="nobody could be enrolled: 1 photographs, the most frequent reason: no face found"
    ):
        enrol(album.folder, album.pack, runtime=ONE)


@pytest.mark.parametrize("workers", [1, 4])
def test_the_second_time_no_model_runs_whatever_a_photograph_is_called(album, workers, tmp_path):
    album.add("ann/1.png", [("ann", MIDDLE)])
    album.add("bob/1.png", [])
    first = enrol(album.folder, album.pack, runtime=Runtime(workers=workers))
    (album.folder / "ann" / "1.png").rename(album.folder / "ann" / "renamed.png")
    unused = ToyPack()
    again = enrol(album.folder, unused, runtime=Runtime(workers=workers))
    assert unused.detect_calls == 0
    assert again.templates.embedding.tobytes() == first.templates.embedding.tobytes()
    assert again.templates.attributes["note"].tolist() == ["", "no face found"]


def test_another_least_width_needs_no_model(album):
    album.add("ann/1.png", [("ann", MIDDLE)])
    album.add("bob/1.png", [("bob", (130, 30, 175, 75))])
    enrol(album.folder, album.pack, runtime=ONE)
    calls = album.pack.detect_calls
    strict = PipelineSettings.model_validate({"quality": {"min_width_px": 50}})
    assert enrol(album.folder, album.pack, strict, runtime=ONE).failed_to_enrol.tolist() == ["bob"]
    assert album.pack.detect_calls == calls


def test_a_pack_is_loaded_by_name_where_a_name_is_given(album, monkeypatch):
    album.add("ann/1.png", [("ann", MIDDLE)])
    asked = []

    def load(name, runtime):
        asked.append(name)
        return album.pack

    monkeypatch.setattr("facelab.gallery.enrolment.load_pack", load)
    enrol(album.folder, "some-pack", runtime=ONE)
    assert asked == ["some-pack"]
    assert not isinstance(album.pack, Pack)


def gallery_of(vectors, people, *, prefix="s"):
    e = np.asarray(vectors, float)
    e = (e / np.linalg.norm(e, axis=1, keepdims=True)).astype(np.float32)
    n = len(e)
    return Gallery(Templates([f"{prefix}{i}" for i in range(n)], people, e, np.full(n, 0.5), np.ones(n), "fp"), people)


def test_one_person_under_two_names_and_two_people_under_one_are_warned_of():
    rng = np.random.default_rng(0)
    strangers = rng.normal(size=(60, 128))
    twin = strangers[3] + 0.4 * rng.normal(size=128)
    again = strangers[5] + 0.6 * rng.normal(size=128)
    other = rng.normal(size=128)
    vectors = np.vstack([strangers, twin, again, other])
    people = [f"p{i}" for i in range(60)] + ["alias", "p5", "p7"]
    report = enrolment_report(gallery_of(vectors, people))
    assert [(p.subject_a, p.subject_b) for p in report.one_person_two_names] == [("p3", "alias")]
    assert [(p.sample_a, p.sample_b) for p in report.two_people_one_name] == [("s7", "s62")]
    assert "may be one person under two names" in " ".join(report.lines)
    assert "may be two people under one name" in str(report)
    assert set(report.to_frame().what) == {"one person under two names?", "two people under one name?"}


def test_a_handful_of_people_is_judged_by_what_is_usual():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(3, 512))
    assert enrolment_report(gallery_of(vectors, ["a", "b", "c"])).one_person_two_names == ()
    same = enrolment_report(gallery_of(vectors[[0, 0, 2]], ["a", "b", "c"]))
    assert [(p.subject_a, p.subject_b) for p in same.one_person_two_names] == [("a", "b")]


def test_blocks_find_the_same_pairs(monkeypatch):
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(50, 64))
    vectors[40] = vectors[2]
    whole = enrolment_report(gallery_of(vectors, [f"p{i}" for i in range(50)]))
    monkeypatch.setattr("facelab.gallery.report.BLOCK", 7)
    assert enrolment_report(gallery_of(vectors, [f"p{i}" for i in range(50)])) == whole
    assert len(whole.one_person_two_names) == 1


def test_galleries_merge_with_columns_filled_and_refuse_what_does_not_fit():
    a = gallery_of(np.eye(3, 8), ["a", "b", "c"])
    b = gallery_of(np.eye(2, 8), ["d", "e"], prefix="t")
    with_year = Gallery(
        Templates(
            b.templates.sample_id, b.templates.subject_id, b.templates.embedding, b.templates.quality,
            b.templates.n_faces, "fp", {"year": np.array(["2014", "2024"]), "width_px": np.array([1.0, 2.0])},
        ),
        ["d", "e", "f"],
    )  # fmt: skip
    merged = merged_galleries(a, with_year)
    assert merged.enrolled.tolist() == list("abcdef")
    assert merged.templates.attributes["year"].tolist() == ["", "", "", "2014", "2024"]
    assert np.isnan(merged.templates.attributes["width_px"]).tolist() == [True, True, True, False, False]
    with pytest.raises(BadInput, match="subject 'a' is in two galleries"):
        merged_galleries(a, gallery_of(np.eye(1, 8), ["a"], prefix="t"))
    other = Templates(["x"], ["x"], np.eye(1, 8), [0.5], [1], "another")
    with pytest.raises(BadInput, match="2 packs"):
        merged_galleries(a, Gallery(other, ["x"]))

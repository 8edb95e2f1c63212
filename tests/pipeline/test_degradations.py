"""Degradations: each changes what it says and nothing else, and the face stays where its landmarks say."""

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.pipeline.degradations import FEW, FULL, MANY, Degradation, GoodFace, degraded


@pytest.fixture
def face():
    """A face 224 px wide in noise, with a white dot of 9 px on each landmark."""
    image = np.random.default_rng(1).integers(60, 150, (400, 360, 3)).astype(np.uint8)
    landmarks = np.array([[130.0, 150], [230, 150], [180, 210], [140, 270], [220, 270]])
    for x, y in landmarks.astype(int):
        image[y - 4 : y + 5, x - 4 : x + 5] = 255
    return GoodFace(image, np.array([68.0, 60, 292, 340]), landmarks)


@pytest.mark.parametrize("width", [112, 64, 32])
def test_a_narrowed_face_has_that_width_and_its_landmarks_stay_on_the_face(face, width):
    small = face.narrowed(width)
    assert small.width_px == pytest.approx(width, rel=0.02)
    for x, y in np.rint(small.landmarks).astype(int):
        assert small.image[y, x].min() > 170


def test_a_face_is_never_enlarged(face):
    small = face.narrowed(40)
    assert small.narrowed(80) is small
    assert degraded(small, FULL) is small


def test_every_way_but_width_starts_from_a_face_of_112_px_and_leaves_its_place(face):
    good = face.narrowed(112)
    for way in MANY:
        worse = degraded(face, way)
        if way.kind != "width":
            assert worse.image.shape == good.image.shape
            assert np.array_equal(worse.landmarks, good.landmarks)
            assert not np.array_equal(worse.image, good.image), way


def test_more_of_it_changes_more(face):
    good = face.narrowed(112).image.astype(float)
    for kind in ("blur", "jpeg", "occlusion"):
        ways = sorted((w for w in MANY if w.kind == kind), key=lambda w: -w.level if kind == "jpeg" else w.level)
        change = [np.abs(degraded(face, way).image - good).mean() for way in ways]
        assert change == sorted(change), kind


def test_a_stop_doubles_the_light_up_to_white(face):
    good, bright = face.narrowed(112).image, degraded(face, Degradation("exposure", 1)).image
    expected = np.minimum(2 * (good / 255.0) ** 2.2, 1) ** (1 / 2.2) * 255
    assert np.abs(bright - expected).max() <= 0.5 + 1e-9


def test_a_bar_covers_that_share_of_the_face_and_nothing_beside_it(face):
    good, worse = face.narrowed(112), degraded(face, Degradation("occlusion", 0.25))
    _, columns = np.nonzero((good.image != worse.image).any(axis=2))
    x1, _, x2, _ = good.box
    assert columns.min() >= np.floor(x1)
    assert columns.max() + 1 == pytest.approx(x1 + 0.25 * (x2 - x1), abs=1.5)


def test_a_mask_covers_the_mouth_and_leaves_the_eyes(face):
    good = face.narrowed(112)
    for level in (0.15, 0.4, 0.6):
        worse = degraded(face, Degradation("mask", level))
        eyes, mouth = np.rint(good.landmarks[:2]).astype(int), np.rint(good.landmarks[3:].mean(axis=0)).astype(int)
        assert all(np.array_equal(worse.image[y, x], good.image[y, x]) for x, y in eyes)
        assert worse.image[mouth[1], mouth[0]].tolist() == [214, 208, 190]


@pytest.mark.parametrize(("kind", "level"), [("width", 0), ("jpeg", 101), ("occlusion", 1.5), ("fog", 1)])
def test_a_level_out_of_range_or_an_unknown_kind_is_refused(kind, level):
    with pytest.raises(BadInput, match=r"must (lie between|be one of)"):
        Degradation(kind, level)


def test_both_sets_hold_the_undegraded_face_and_are_named_for_people():
    assert FULL in FEW
    assert set(FEW) <= set(MANY)
    assert [str(Degradation(k, v)) for k, v in (("width", 24), ("exposure", 2), ("mask", 0.4))] == [
        "width 24 px",
        "exposure +2 stops",
        "mask 40 %",
    ]

"""Alignment puts five landmarks on the template as well as a similarity can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from skimage.transform import SimilarityTransform

from facelab.errors import BadInput
from facelab.pipeline.alignment import CROP_PX, TEMPLATE, aligned_crops, similarity


def _moved(points, scale, angle, shift):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


def _applied(transform, points):
    return points @ transform[:, :2].T + transform[:, 2]


def test_the_template_itself_is_left_where_it_is():
    assert_allclose(similarity(TEMPLATE[None])[0], [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_a_quarter_turn_is_undone_by_hand():
    """(x, y) turned by 90 degrees is (-y, x); the way back takes (u, v) to (v, -u)."""
    turned = np.stack([-TEMPLATE[:, 1], TEMPLATE[:, 0]], axis=1)
    assert_allclose(similarity(turned[None])[0], [[0, 1, 0], [-1, 0, 0]], atol=1e-12)


@given(
    scale=st.floats(0.05, 20),
    angle=st.floats(-3.1, 3.1),
    x=st.floats(-4000, 4000),
    y=st.floats(-4000, 4000),
)
def test_any_turned_scaled_and_moved_template_comes_back_to_it(scale, angle, x, y):
    points = _moved(TEMPLATE, scale, angle, (x, y))
    assert_allclose(_applied(similarity(points[None])[0], points), TEMPLATE, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_it_is_the_least_squares_similarity_of_scikit_image(seed):
    points = np.random.default_rng(seed).uniform(-100, 1500, (3, 5, 2))
    expected = [SimilarityTransform.from_estimate(p, TEMPLATE).params[:2] for p in points]
    assert_allclose(similarity(points), expected, atol=1e-6, rtol=1e-6)


def test_a_mirrored_face_is_not_flipped_back():
    """A reflection is no similarity that a face may take: the determinant stays positive."""
    mirrored = TEMPLATE * [-1, 1]
    matrix = similarity(mirrored[None])[0, :, :2]
    assert np.linalg.det(matrix) > 0
    assert_allclose(matrix, SimilarityTransform.from_estimate(mirrored, TEMPLATE).params[:2, :2], atol=1e-9)


def test_points_without_extent_or_value_give_nan_and_spare_their_neighbours():
    one_point = np.full((5, 2), 40.0)
    unknown = np.where(np.arange(5)[:, None] == 2, np.nan, TEMPLATE)
    found = similarity(np.stack([one_point, TEMPLATE, unknown]))
    assert np.isnan(found[[0, 2]]).all()
    assert_allclose(found[1], [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_no_face_gives_no_transform_and_no_crop():
    none = similarity(np.zeros((0, 5, 2), np.float32))
    assert none.shape == (0, 2, 3)
    assert aligned_crops(np.zeros((9, 9, 3), np.uint8), none).shape == (0, CROP_PX, CROP_PX, 3)


@pytest.mark.parametrize("shape", [(5, 2), (1, 4, 2), (1, 5, 3), (1, 10)])
def test_landmarks_of_another_shape_are_refused(shape):
    with pytest.raises(BadInput, match=r"landmarks must have shape \(n, 5, 2\)"):
        similarity(np.zeros(shape))


def test_a_crop_shows_each_landmark_at_its_place_in_the_template():
    """A white dot under each landmark comes out as the brightest place around that point of the template."""
    image = np.zeros((400, 500, 3), np.uint8)
    points = np.round(_moved(TEMPLATE, 2.0, 0.3, (120, 60)))
    for x, y in points.astype(int):
        image[y - 3 : y + 4, x - 3 : x + 4] = 255
    crop = aligned_crops(image, similarity(points[None]))[0, ..., 0].astype(float)
    rows, columns = np.mgrid[:CROP_PX, :CROP_PX]
    for x, y in TEMPLATE:
        near = crop * (np.hypot(columns - x, rows - y) < 6)
        centre = (near * columns).sum() / near.sum(), (near * rows).sum() / near.sum()
        assert np.hypot(centre[0] - x, centre[1] - y) < 0.7


def test_a_crop_is_black_beyond_the_picture():
    image = np.full((112, 112, 3), 200, np.uint8)
    crop = aligned_crops(image, np.array([[[1.0, 0, 56], [0, 1, 0]]]))[0]
    assert (crop[:, :55] == 0).all()
    assert (crop[:, 57:] == 200).all()

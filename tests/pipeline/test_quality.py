"""Each measure falls with what it stands for, stays in [0, 1], and does not follow what it must not."""

import time

import cv2
import numpy as np
import pytest
from toy_pipeline import faces_at

from facelab.pipeline.alignment import TEMPLATE
from facelab.pipeline.quality import face_quality, pose, pose_quality, sharpness, size_quality


def textured(seed=0):
    """A picture with structure at all scales, as a face has it."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.normal(0, 1, (n, n, 3)) * 60 / n**0.5, (112, 112)) for n in (3, 6, 12, 24, 48)]
    return np.clip(128 + sum(layers), 0, 255).astype(np.uint8)


def turned(degrees):
    """The template's landmarks of a head turned by yaw, by moving the nose as its depth has it."""
    points = TEMPLATE.copy()
    points[2, 0] += 20 * np.sin(np.radians(degrees))
    return points[None]


def test_sharpness_falls_with_blur():
    crop = textured()
    values = [sharpness(crop)] + [sharpness(cv2.GaussianBlur(crop, (0, 0), s)) for s in (1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.8
    assert values[-1] < 0.65 * values[0]


def test_sharpness_ignores_exposure_and_contrast():
    crop = cv2.GaussianBlur(textured(), (0, 0), 1)
    dark = (crop.astype(float) * 0.5).round().astype(np.uint8)
    assert sharpness(dark) == pytest.approx(sharpness(crop), abs=0.02)


def test_sharpness_ignores_the_size_of_a_face_that_has_the_pixels():
    big = cv2.GaussianBlur(cv2.resize(textured(), (448, 448), interpolation=cv2.INTER_CUBIC), (0, 0), 8)
    small = cv2.resize(big, (112, 112), interpolation=cv2.INTER_AREA)
    assert sharpness(small) == pytest.approx(sharpness(big), abs=0.03)


def test_a_crop_without_contrast_is_not_sharp():
    assert sharpness(np.full((112, 112, 3), 128, np.uint8)) == 0.0


def test_size_is_half_at_24_px_and_rises():
    width = np.array([1, 16, 24, 32, 48, 112, 1000.0])
    quality = size_quality(width)
    assert quality[2] == pytest.approx(0.5)
    assert (np.diff(quality) > 0).all()
    assert ((quality >= 0) & (quality <= 1)).all()


def test_a_frontal_face_has_no_pose():
    yaw, pitch, roll = pose(TEMPLATE[None])[0]
    assert abs(yaw) < 0.05
    assert abs(pitch) < 0.1
    assert abs(roll) < 2


def test_yaw_lowers_the_quality_alike_to_both_sides():
    left, middle, right = (pose_quality(turned(d))[0] for d in (-40, 0, 40))
    assert left < 0.7 * middle
    assert left == pytest.approx(right, abs=0.05)


def test_pose_does_not_change_with_size_and_place_and_its_yaw_and_pitch_not_with_roll():
    points = turned(25)[0]
    angle = np.radians(30)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = 3 * points @ rotation.T + 400
    assert pose(moved[None])[0, :2] == pytest.approx(pose(points[None])[0, :2], abs=1e-9)
    assert pose(moved[None])[0, 2] == pytest.approx(pose(points[None])[0, 2] + 30, abs=1e-6)


def test_landmarks_in_one_point_are_worth_nothing():
    assert pose_quality(np.full((1, 5, 2), 7.0))[0] == pytest.approx(0, abs=1e-6)


def test_the_combined_quality_is_the_geometric_mean_and_no_face_is_no_row():
    crops = textured()[None]
    quality = face_quality(faces_at([(0, 0, 100, 100)], 0.8), crops)
    parts = np.array([quality.sharpness, quality.size, quality.pose, quality.score])
    assert quality.combined[0] == pytest.approx(parts.prod() ** 0.25, rel=1e-5)
    assert len(face_quality(faces_at([]), crops[:0]).combined) == 0


def test_it_costs_less_than_half_a_millisecond_a_face():
    crops = np.stack([textured(s) for s in range(50)])
    faces = faces_at([(0, 0, 100, 100)] * 50)
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        face_quality(faces, crops)
        best = min(best, time.process_time() - start)
    assert best / 50 < 0.5e-3

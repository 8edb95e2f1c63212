"""A detector's input is the picture as it was trained on, and its outputs are read as they were meant."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from facelab.config import Detection
from facelab.errors import BadInput
from facelab.pipeline.detection import (
    Detector,
    detected_faces,
    input_tensor,
    scrfd_candidates,
    suppressed,
    yunet_candidates,
)

SCRFD = Detector(kind="scrfd", colour="rgb", mean=127.5, scale=128.0, canvas="square")
YUNET = Detector(kind="yunet", colour="bgr", mean=0.0, scale=1.0, canvas="trimmed")


def _picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _scrfd_outputs(side=64):
    cells = [(side // stride) ** 2 * 2 for stride in (8, 16, 32)]
    return [np.zeros((n, width), np.float32) for width in (1, 4, 10) for n in cells]


def _yunet_outputs(side=64):
    cells = [(side // stride) ** 2 for stride in (8, 16, 32)]
    return [np.zeros((1, n, width), np.float32) for width in (1, 1, 4, 10) for n in cells]


class Answer:
    """A model that gives the same outputs whatever it is asked, and keeps what it was asked."""

    def __init__(self, outputs):
        self._outputs, self.seen = outputs, []

    def outputs(self, tensor):
        self.seen.append(tensor.copy())
        return self._outputs


def test_scrfd_is_read_by_hand():
    """Second anchor of the cell in column 3, row 1 of the 16 px grid: distances and offsets count in cells."""
    outputs = _scrfd_outputs()
    row = (1 * 4 + 3) * 2 + 1
    outputs[1][row] = 0.75
    outputs[4][row] = [1, 0.5, 2, 3]
    outputs[7][row] = np.arange(10) / 8
    found = scrfd_candidates(outputs, 64, 0.5)
    assert_array_equal(found.box, [[48 - 16, 16 - 8, 48 + 32, 16 + 48]])
    assert_array_equal(found.score, [0.75])
    assert_array_equal(found.landmarks[0], np.array([48, 16]) + 2 * np.arange(10).reshape(5, 2))


def test_yunet_is_read_by_hand():
    """Column 3, row 1 of the 8 px grid: score sqrt(.9 * .4), centre from the cell's corner, sizes as logarithms."""
    outputs = _yunet_outputs()
    row = 1 * 8 + 3
    outputs[0][0, row], outputs[3][0, row] = 0.9, 0.4
    outputs[6][0, row] = [0.5, 0.25, np.log(4), np.log(2)]
    outputs[9][0, row] = np.arange(10) / 4
    found = yunet_candidates(outputs, 64, 0.5)
    assert_allclose(found.score, [0.6], rtol=1e-6)
    assert_allclose(found.box, [[28 - 16, 10 - 8, 28 + 16, 10 + 8]], rtol=1e-5)
    assert_allclose(found.landmarks[0], np.array([24, 8]) + 2 * np.arange(10).reshape(5, 2))


def test_a_score_at_the_least_counts_and_one_below_does_not():
    outputs = _scrfd_outputs()
    outputs[0][:2, 0] = 0.5, np.nextafter(np.float32(0.5), np.float32(0))
    assert len(scrfd_candidates(outputs, 64, 0.5).score) == 1


def test_no_candidate_is_no_face():
    model = Answer(_scrfd_outputs())
    assert len(detected_faces(_picture(64, 64), model, SCRFD, Detection(input_size=64))) == 0


def test_faces_come_strongest_first_in_pixels_of_the_picture():
    """A picture of 128 px is halved for an input of 64: every coordinate comes back doubled."""
    outputs = _scrfd_outputs()
    for row, score in ((0, 0.6), (30, 0.9)):
        outputs[0][row], outputs[3][row], outputs[6][row] = score, 0.5, 0.25
    found = detected_faces(_picture(128, 128), Answer(outputs), SCRFD, Detection(input_size=64))
    assert_allclose(found.score, [0.9, 0.6])
    assert_allclose(found.box, 2 * np.array([[56 - 4, 8 - 4, 56 + 4, 8 + 4], [-4, -4, 4, 4]]))
    assert_allclose(found.landmarks[1], np.full((5, 2), 4.0))


def test_the_margin_is_trimmed_unless_the_pack_s_own_canvas_is_asked_for():
    model = Answer(_scrfd_outputs())
    for chosen in (Detection(input_size=64, canvas="pack"), Detection(input_size=64)):
        detected_faces(_picture(30, 90), model, SCRFD, chosen)
    assert [tensor.shape for tensor in model.seen] == [(1, 3, 64, 64), (1, 3, 32, 64)]


@pytest.mark.parametrize(
    ("shape", "square", "trimmed"),
    [((600, 800), (64, 64), (64, 64)), ((800, 390), (64, 64), (64, 32)), ((30, 90), (64, 64), (32, 64))],
)
def test_the_canvas_is_square_or_trimmed_to_whole_cells(shape, square, trimmed):
    for canvas, expected in (("square", square), ("trimmed", trimmed)):
        tensor, scale = input_tensor(_picture(*shape), 64, SCRFD.model_copy(update={"canvas": canvas}))
        assert tensor.shape == (1, 3, *expected)
        assert scale == 64 / max(shape)


@pytest.mark.parametrize("detector", [SCRFD, YUNET], ids=["rgb", "bgr"])
@pytest.mark.parametrize("shape", [(64, 64), (48, 64), (100, 75), (33, 91)])
def test_the_tensor_is_what_opencv_makes_of_the_scaled_picture_on_black(detector, shape):
    image = _picture(*shape)
    height, width = shape
    rows, columns = (64, 64 * width // height) if height > width else (64 * height // width, 64)
    laid = np.zeros((64, 64, 3), np.uint8)
    laid[:rows, :columns] = cv2.resize(image, (columns, rows))
    expected = cv2.dnn.blobFromImage(
        laid, 1 / detector.scale, mean=(detector.mean,) * 3, swapRB=detector.colour == "rgb"
    )
    tensor, _ = input_tensor(image, 64, detector.model_copy(update={"canvas": "square"}))
    assert_allclose(tensor, expected, atol=1e-6)


def test_nothing_of_the_picture_before_is_left_in_the_tensor():
    """The tensor is reused: what a wide and a tall picture leave behind must not show in the next one."""
    narrow = _picture(64, 20)
    fresh = input_tensor(narrow, 64, SCRFD)[0].copy()
    for before in (_picture(64, 64, 1), _picture(20, 64, 2)):
        input_tensor(before, 64, SCRFD)
        assert_array_equal(input_tensor(narrow, 64, SCRFD)[0], fresh)


def test_threads_do_not_share_the_tensor():
    mine, theirs = input_tensor(_picture(64, 64), 64, SCRFD)[0], []
    other = threading.Thread(target=lambda: theirs.append(input_tensor(_picture(64, 64), 64, SCRFD)[0]))
    other.start()
    other.join()
    assert not np.shares_memory(mine, theirs[0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 5)])
def test_a_picture_of_any_size_can_be_searched(shape):
    found = detected_faces(_picture(*shape), Answer(_scrfd_outputs()), SCRFD, Detection(input_size=64))
    assert len(found) == 0


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
    ids=["grey", "alpha", "float", "empty"],
)
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(BadInput, match="uint8"):
        detected_faces(image, Answer(_scrfd_outputs()), SCRFD, Detection(input_size=64))


def _kept_one_by_one(box, score, iou):
    """The textbook's loop over pairs, areas with the last pixel counted in."""
    kept = []
    for i in sorted(range(len(box)), key=lambda i: (-score[i], i)):
        for j in kept:
            w = min(box[i][2], box[j][2]) - max(box[i][0], box[j][0]) + 1
            h = min(box[i][3], box[j][3]) - max(box[i][1], box[j][1]) + 1
            common = max(w, 0) * max(h, 0)
            areas = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (box[i], box[j])]
            if common / (sum(areas) - common) > iou:
                break
        else:
            kept.append(i)
    return kept


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 25), st.sampled_from([0.0, 0.3, 0.4, 1.0]))
def test_suppression_keeps_what_the_loop_over_pairs_keeps(seed, n, iou):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 60, (n, 2))
    box = np.concatenate([low, low + rng.integers(1, 40, (n, 2))], axis=1).astype(np.float64)
    score = rng.integers(0, 6, n) / 5
    assert suppressed(box, score, iou).tolist() == _kept_one_by_one(box.tolist(), score.tolist(), iou)


def test_a_box_that_was_dropped_drops_no_other():
    """Three boxes in a chain: the middle one falls to the first, so the third, which only overlaps it, stays."""
    box = np.array([[0, 0, 99, 99], [40, 0, 139, 99], [80, 0, 179, 99]], dtype=float)
    assert suppressed(box, np.array([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]

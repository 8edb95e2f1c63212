"""A track joins the passage that most of its frames show; a track of two people is mixed."""

import numpy as np
import pytest

from facelab.data.truth import Truth
from facelab.pipeline.truthjoin import iou, joined_tracks
from facelab.types import Tracks


def tracks_of(rows):
    """Tracks of (frame, track, box)."""
    frame, track, box = zip(*rows)
    n = len(rows)
    return Tracks(["c"] * n, frame, np.array(frame) / 10, track, box, [0.9] * n, [0.5] * n, np.zeros((n, 5, 2)))


def truth_rows(rows):
    """Truth of (frame, passage, subject, box)."""
    frame, passage, subject, box = zip(*rows)
    return Truth(["c"] * len(rows), frame, passage, subject, box)


A, B = (0, 0, 10, 10), (50, 50, 60, 60)


def test_iou_by_hand():
    assert iou(np.array([A]), np.array([A, (5, 0, 15, 10), B])).tolist() == [pytest.approx([1, 1 / 3, 0])]


def test_a_track_joins_when_more_than_half_of_all_its_frames_match():
    truth = truth_rows([(k, "p", "ann", A) for k in range(3)])
    assert joined_tracks(tracks_of([(k, 0, A) for k in range(5)]), truth)["c/0"].passage == "p"
    assert joined_tracks(tracks_of([(k, 0, A) for k in range(6)]), truth)["c/0"].passage is None


def test_an_overlap_of_one_half_counts_and_less_does_not():
    truth = truth_rows([(0, "p", "ann", (0, 0, 10, 10))])
    assert joined_tracks(tracks_of([(0, 0, (0, 0, 10, 5))]), truth)["c/0"].passage == "p"
    assert joined_tracks(tracks_of([(0, 0, (0, 0, 10, 4.9))]), truth)["c/0"].passage is None


def test_the_better_of_two_overlapping_truth_boxes_counts():
    truth = truth_rows([(0, "p", "ann", (0, 0, 10, 10)), (0, "q", "bob", (0, 2, 10, 12))])
    assert joined_tracks(tracks_of([(0, 0, (0, 2, 10, 11.5))]), truth)["c/0"].subject == "bob"


def test_a_track_that_changes_person_is_mixed_and_belongs_to_the_one_it_shows_longer():
    truth = truth_rows([(k, "p", "ann", A) for k in range(7)] + [(k, "q", "bob", B) for k in range(7, 10)])
    joined = joined_tracks(tracks_of([(k, 0, A if k < 7 else B) for k in range(10)]), truth)["c/0"]
    assert (joined.passage, joined.mixed) == ("p", True)


def test_one_stray_frame_in_twenty_does_not_make_a_track_mixed():
    truth = truth_rows([(k, "p", "ann", A) for k in range(19)] + [(19, "q", "bob", B)])
    assert not joined_tracks(tracks_of([(k, 0, A if k < 19 else B) for k in range(20)]), truth)["c/0"].mixed


def test_another_camera_is_another_place():
    truth = truth_rows([(0, "p", "ann", A)])
    elsewhere = Tracks(["d"], [0], [0.0], [0], [A], [0.9], [0.5], np.zeros((1, 5, 2)))
    assert joined_tracks(elsewhere, truth)["d/0"].passage is None

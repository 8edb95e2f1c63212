"""Errors of tracks, counted by hand; the accuracies of the literature on cases where they are known."""

import numpy as np
import pytest

from facelab.data.truth import Truth
from facelab.errors import NotMeasured
from facelab.pipeline.track_errors import track_errors
from facelab.types import Tracks

A, B = (0, 0, 10, 10), (50, 50, 60, 60)


def tracks_of(rows):
    """Tracks of (frame, track, box)."""
    frame, track, box = zip(*rows)
    n = len(rows)
    return Tracks(["c"] * n, frame, np.array(frame) / 10, track, box, [0.9] * n, [0.5] * n, np.zeros((n, 5, 2)))


def truth_of(rows, camera="c"):
    """Truth of (frame, person, box)."""
    frame, person, box = zip(*rows)
    return Truth([camera] * len(rows), frame, [f"{camera}/{p}" for p in person], person, box)


TWO = truth_of([(k, "ann", A) for k in range(10)] + [(k, "bob", B) for k in range(10)])


def test_tracks_that_are_the_truth_have_no_error():
    found = track_errors(tracks_of([(k, 0, A) for k in range(10)] + [(k, 1, B) for k in range(10)]), TWO)
    assert (found.passages, found.unseen, found.broken, found.fragments, found.mixed, found.unmatched) == (
        2, 0, 0, 0, 0, 0,
    )  # fmt: skip
    assert (found.hota, found.idf1, found.mota, found.switches) == (1, 1, 1, 0)
    assert found.fragments_a_passage == 1


def test_a_broken_track_is_a_fragment_too_many_and_one_switch():
    rows = [(k, 0 if k < 4 else 2, A) for k in range(10)] + [(k, 1, B) for k in range(10)]
    found = track_errors(tracks_of(rows), TWO)
    assert (found.broken, found.fragments, found.fragments_a_passage, found.switches) == (1, 1, 1.5, 1)
    assert found.mota == pytest.approx(1 - 1 / 20)
    # by identity 6 + 10 of 20 boxes are the right track's, and there are 20 of each
    assert found.idf1 == pytest.approx(16 / 20)


def test_a_passage_without_a_track_is_unseen_and_a_track_of_two_is_mixed():
    rows = [(k, 0, A if k < 6 else B) for k in range(10)]
    found = track_errors(tracks_of(rows), TWO)
    assert (found.unseen, found.mixed, found.tracks) == (1, 1, 1)
    assert found.mota == pytest.approx(10 / 20)


def test_a_track_of_nobody_known_is_unmatched_and_costs_accuracy():
    rows = [(k, 0, A) for k in range(10)] + [(k, 1, B) for k in range(10)] + [(k, 2, (90, 0, 99, 9)) for k in range(5)]
    found = track_errors(tracks_of(rows), TWO)
    assert (found.unmatched, found.unseen) == (1, 0)
    assert found.mota == pytest.approx(1 - 5 / 20)


def test_another_camera_is_another_place():
    found = track_errors(tracks_of([(k, 0, A) for k in range(10)]), truth_of([(0, "ann", A)], camera="d"))
    assert (found.unseen, found.unmatched, found.hota, found.idf1) == (1, 1, 0, 0)
    assert np.isnan(found.fragments_a_passage)
    assert found.to_dict()["fragments_a_passage"] is None


def test_it_says_itself_in_one_sentence():
    found = track_errors(tracks_of([(k, 0, A) for k in range(10)]), TWO)
    assert str(found).startswith("2 passages: 1 unseen, 0 broken (1.000 tracks a passage), 0 of 1 tracks mixed; HOTA")


def test_without_a_truth_nothing_is_measured():
    with pytest.raises(NotMeasured, match="no box"):
        track_errors(tracks_of([(0, 0, A)]), TWO.take(np.zeros(0, int)))

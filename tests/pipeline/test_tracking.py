"""Whatever the method: first observations count, numbers follow the beginnings, and time is real."""

import numpy as np
import pytest
from toy_pipeline import faces_at

from facelab.config import Tracking
from facelab.pipeline.tracking import NO_TRACK, FaceTracker
from facelab.types import Faces

METHODS = ("sort", "bytetrack", "ocsort")


def run(method, frames, *, fps=30.0, lost_s=1.0):
    """The numbers of each frame; a frame is a list of boxes."""
    tracker = FaceTracker(Tracking(method=method, lost_s=lost_s))
    return [tracker.update(faces_at(boxes), k / fps).tolist() for k, boxes in enumerate(frames)]


def box(x, y=10, side=40):
    return (x, y, x + side, y + side)


@pytest.mark.parametrize("method", METHODS)
def test_two_people_who_walk_apart_are_two_tracks_from_their_first_face_on(method):
    frames = [[box(10 + 2 * k), box(200 - 2 * k, 80)] for k in range(30)]
    assert run(method, frames) == [[0, 1]] * 30


@pytest.mark.parametrize("method", METHODS)
def test_numbers_follow_the_beginnings_and_faces_keep_them_in_any_order(method):
    frames = [[box(10)], [box(11)], [box(300), box(12)], [box(13), box(301)]]
    assert run(method, frames) == [[0], [0], [1, 0], [0, 1]]


@pytest.mark.parametrize("method", METHODS)
def test_one_face_alone_is_a_track(method):
    assert run(method, [[], [box(10)], [], []]) == [[], [0], [], []]


@pytest.mark.parametrize("method", METHODS)
def test_a_person_hidden_for_less_than_lost_s_is_one_track_and_for_longer_two(method):
    hidden = lambda n: [[box(10)]] * 5 + [[]] * n + [[box(10)]] * 5  # noqa: E731
    assert run(method, hidden(10), lost_s=1.0)[-1] == [0]
    assert run(method, hidden(40), lost_s=1.0)[-1] == [1]


@pytest.mark.parametrize("method", METHODS)
def test_lost_s_is_in_seconds_whatever_the_frame_rate(method):
    frames = [[box(10)]] * 5 + [[]] * 10 + [[box(10)]] * 3
    assert run(method, frames, fps=30.0, lost_s=1.0)[-1] == [0]
    assert run(method, frames, fps=5.0, lost_s=1.0)[-1] == [1]


@pytest.mark.parametrize("method", METHODS)
def test_slow_frames_are_followed_even_when_nothing_may_be_lost(method):
    assert run(method, [[box(10 + k)] for k in range(8)], fps=2.0, lost_s=0.0) == [[0]] * 8


@pytest.mark.parametrize("method", METHODS)
def test_a_weak_face_begins_no_track(method):
    tracker = FaceTracker(Tracking(method=method))
    assert [tracker.update(faces_at([box(10)], 0.3), k / 30).tolist() for k in range(5)] == [[NO_TRACK]] * 5


def test_bytetrack_goes_on_with_a_weak_face():
    tracker = FaceTracker(Tracking(method="bytetrack"))
    scores = [0.9, 0.9, 0.4, 0.4, 0.9]
    assert [tracker.update(faces_at([box(10)], s), k / 30).tolist() for k, s in enumerate(scores)] == [[0]] * 5


@pytest.mark.parametrize("method", METHODS)
def test_time_that_stands_still_or_goes_back_ends_nothing_and_warns_of_nothing(method):
    tracker = FaceTracker(Tracking(method=method))
    times = [0.0, 0.1, 0.1, 0.05, 0.2]
    assert [tracker.update(faces_at([box(10)]), t).tolist() for t in times] == [[0]] * 5


@pytest.mark.parametrize("method", METHODS)
def test_a_track_is_alive_until_it_has_been_lost_too_long(method):
    tracker = FaceTracker(Tracking(method=method, lost_s=0.5))
    for k in range(5):
        tracker.update(faces_at([box(10)]), k / 30)
    tracker.update(Faces.none(), 0.3)
    assert tracker.alive == {0}
    for k in range(12, 60):
        tracker.update(Faces.none(), k / 30)
    assert tracker.alive == frozenset()


@pytest.mark.parametrize("method", METHODS)
def test_the_same_faces_give_the_same_tracks(method):
    rng = np.random.default_rng(3)
    frames = [[box(x, y) for x, y in rng.integers(0, 400, (6, 2))] for _ in range(40)]
    assert run(method, frames) == run(method, frames)

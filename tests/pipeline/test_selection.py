"""The chosen faces are the best, spread over the track, bounded in number and in memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from facelab.pipeline.selection import BestFaces, Candidate

CROP = np.zeros((1, 1, 3), np.uint8)


def chosen(qualities, *, limit, fps=30.0):
    best = BestFaces(limit)
    most = 0
    for row, quality in enumerate(qualities):
        best.add(Candidate(row, row / fps, quality, CROP))
        most = max(most, len(best))
    return [c.row for c in best.chosen()], most


def test_few_faces_are_all_chosen_in_order_of_time():
    assert chosen([0.1, 0.9, 0.5], limit=8)[0] == [0, 1, 2]


def test_the_best_face_of_all_is_always_chosen():
    rng = np.random.default_rng(0)
    for n in (10, 100, 1000):
        quality = rng.random(n)
        assert int(np.argmax(quality)) in chosen(quality.tolist(), limit=4)[0]


def test_faces_of_equal_quality_are_spread_over_the_whole_track():
    rows = chosen([0.5] * 900, limit=8)[0]
    assert len(rows) == 8
    assert min(np.diff(rows)) >= 900 / 32


def test_a_burst_of_good_faces_takes_at_most_a_few_places():
    quality = np.full(900, 0.5)
    quality[400:410] = 0.9
    rows = chosen(quality.tolist(), limit=8)[0]
    assert 1 <= sum(400 <= row < 410 for row in rows) <= 2


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=300), st.integers(1, 9))
def test_never_more_than_asked_for_nor_more_than_twice_as_many_held(quality, limit):
    rows, most = chosen(quality, limit=limit)
    assert 1 <= len(rows) <= limit
    assert most <= 2 * limit
    assert rows == sorted(set(rows))


def at(times, qualities, limit):
    best = BestFaces(limit)
    for row, (time_s, quality) in enumerate(zip(times, qualities)):
        best.add(Candidate(row, time_s, quality, CROP))
    return [c.row for c in best.chosen()]


def test_every_stretch_between_two_breaks_keeps_its_best_face():
    """Ten poor faces before a break, and many good ones after it: the poor ones may be another person's."""
    times = [k / 30 for k in range(10)] + [1 + k / 30 for k in range(100)]
    quality = [0.1] * 4 + [0.2] + [0.1] * 5 + [0.9] * 100
    rows = at(times, quality, 8)
    assert 4 in rows
    assert len(rows) == 8


def test_stretches_take_at_most_half_of_the_places_and_none_of_one():
    times = [float(k) for k in range(20) for _ in (0,)]
    times = sorted([*times, *(t + 0.03 for t in times)])
    quality = np.random.default_rng(1).random(len(times)).tolist()
    assert len(at(times, quality, 6)) == 6
    assert at(times, quality, 1) == [int(np.argmax(quality))]


def test_few_frames_a_second_are_no_breaks():
    """At two frames a second every step is half a second: nothing is a stretch of its own."""
    quality = [0.1, *[0.9] * 30]
    assert 0 not in at([k / 2 for k in range(31)], quality, 4)

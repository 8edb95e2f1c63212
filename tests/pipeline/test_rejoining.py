"""Fragments of one person become one passage; two people never do."""

import numpy as np
import pytest
from clips import clip_of, track, tracks_of

from facelab.config import Mending, PipelineSettings, Tracking
from facelab.pipeline.fragments import fragments_of
from facelab.pipeline.mending import mended
from facelab.pipeline.rejoining import rejoined


def joined(*tracks, rejoin_s=3.0, rejoin_score=0.36):
    found = clip_of(*tracks)
    return [found.frame[part.seen].tolist() for part in rejoined(found, fragments_of(found), rejoin_s, rejoin_score)]


def settings(least=1, **mending):
    return PipelineSettings(tracking=Tracking(min_observations=least), mending=Mending(**mending))


def test_a_person_hidden_for_a_second_is_one_passage():
    assert joined(track("a", 0, 5), track("a", 15, 5, x=30)) == [[*range(5), *range(15, 20)]]


def test_a_person_out_of_sight_for_longer_is_two():
    assert len(joined(track("a", 0, 5), track("a", 40, 5, x=30))) == 2
    assert len(joined(track("a", 0, 5), track("a", 40, 5, x=30), rejoin_s=4.0)) == 1


def test_another_person_in_the_same_place_stays_another():
    assert len(joined(track("a", 0, 5), track("b", 6, 5, x=10))) == 2


def test_nobody_is_in_two_places_at_once():
    """A reflection has the same face at the same time."""
    assert len(joined(track("a", 0, 6), track("a", 5, 5, x=10))) == 2
    three = joined(track("a", 0, 5), track("a", 7, 6, x=12), track("a", 10, 6, x=30))
    assert len(three) == 2


def test_nobody_goes_faster_out_of_sight_than_in_it():
    speed = 20.0  # px a second, as the tracks move 2 px a frame
    within, beyond = 8 + 40 + speed * 1.0, 8 + 40 + speed * 1.0 + 3
    assert len(joined(track("a", 0, 5), track("a", 14, 5, x=within))) == 1
    assert len(joined(track("a", 0, 5), track("a", 14, 5, x=beyond))) == 2


def test_a_face_comes_back_larger_or_as_large_and_not_much_smaller():
    assert len(joined(track("a", 0, 5), track("a", 10, 5, x=10, width=90))) == 1
    assert len(joined(track("a", 0, 5), track("a", 10, 5, x=15, width=30))) == 1
    assert len(joined(track("a", 0, 5), track("a", 10, 5, x=15, width=29))) == 2


def test_the_person_who_is_more_alike_is_the_one_who_goes_on():
    """Of two who begin at the same time only one can be the one who was hidden."""
    found = clip_of(track("a", 0, 5), track("a", 8, 5, x=5), track("a", 8, 5, x=15))
    less = np.array([0.8, 0.6, 0, 0])
    second = found.track[found.face_row] == 1
    found.embedding[second] = less
    parts = [found.frame[part.seen].tolist() for part in rejoined(found, fragments_of(found), 3.0, 0.36)]
    assert parts == [[*range(5), *range(8, 13)], list(range(8, 13))]
    assert found.box[rejoined(found, fragments_of(found), 3.0, 0.36)[0].seen[-1], 0] == 23


def test_three_fragments_are_one_passage_whichever_pair_is_joined_first():
    assert joined(track("a", 0, 4), track("a", 6, 4, x=12), track("a", 12, 4, x=24)) == [
        [*range(4), *range(6, 10), *range(12, 16)]
    ]


def test_a_fragment_without_a_face_joins_nobody():
    assert len(joined(track("a", 0, 5), track("A", 6, 5, x=12))) == 2


def test_mending_splits_first_so_that_the_parts_find_their_own():
    """Two people change tracks where they cross: each track is mixed, each person broken; mended, neither is."""
    found = clip_of(
        track("a", 0, 6, x=0) + track("b", 6, 6, x=60),
        track("b", 0, 6, x=48) + track("a", 6, 6, x=12),
    )
    done = mended(found, settings())
    assert tracks_of(done) == [list(range(12))] * 2
    for k in range(2):
        own = done.embedding[done.track[done.face_row] == k]
        assert np.allclose(own, own[0])


def test_nothing_is_mended_where_the_settings_say_so():
    found = clip_of(track("a", 0, 5) + track("b", 5, 5, x=60), track("a", 20, 5, x=30))
    same = mended(found, settings(split_score=None, rejoin_s=0))
    assert {name: value.tolist() for name, value in same.arrays.items()} == {
        name: value.tolist() for name, value in found.arrays.items()
    }


def test_parts_too_short_for_a_passage_are_dropped_and_counted():
    found = clip_of(track("a", 0, 8) + track("b", 8, 2, x=90))
    done = mended(found, settings(least=3))
    assert tracks_of(done) == [list(range(8))]
    assert (done.short_tracks, done.short_faces) == (1, 2)
    assert len(done.face_row) == 8


@pytest.mark.parametrize("empty", [clip_of(), clip_of(track("A", 0, 4))])
def test_clips_without_a_face_pass_through(empty):
    assert tracks_of(mended(empty, settings())) == tracks_of(empty)


def test_tracks_are_numbered_in_the_order_in_which_they_begin():
    found = clip_of(track("b", 5, 5, x=200), track("a", 0, 3), track("a", 8, 5, x=10))
    done = mended(found, settings())
    assert [frames[0] for frames in tracks_of(done)] == [0, 5]
    assert np.array_equal(done.frame, np.sort(done.frame))

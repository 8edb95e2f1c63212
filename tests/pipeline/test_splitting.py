"""A track is split where the face changes, and nowhere else."""

from clips import clip_of, track

from facelab.pipeline.splitting import split_tracks


def parts(*tracks, split_score=0.2):
    found = clip_of(*tracks)
    return [found.frame[part.seen].tolist() for part in split_tracks(found, split_score)]


def test_a_track_of_one_person_stays_whole():
    assert parts(track("a", 0, 10)) == [list(range(10))]


def test_a_track_that_goes_on_with_another_person_is_cut_where_the_other_begins():
    assert parts(track("a", 0, 6) + track("b", 6, 5, x=60)) == [list(range(6)), list(range(6, 11))]


def test_the_cut_between_two_embedded_faces_is_where_the_box_jumps():
    mixed = track("a", 0, 4) + track("A", 4, 3, x=8) + track("B", 7, 2, x=90) + track("b", 9, 4, x=94)
    assert parts(mixed) == [list(range(7)), list(range(7, 13))]


def test_a_track_that_comes_back_to_the_first_person_is_three_parts():
    there_and_back = track("a", 0, 5) + track("b", 5, 5, x=60) + track("a", 10, 5, x=10)
    assert [part[0] for part in parts(there_and_back)] == [0, 5, 10]


def test_one_strange_face_is_no_person_unless_the_track_was_out_of_sight_before_it():
    assert len(parts(track("a", 0, 8) + track("b", 8, 1, x=16))) == 1
    assert parts(track("a", 0, 8) + track("b", 12, 1, x=16)) == [list(range(8)), [12]]


def test_faces_that_are_alike_enough_are_one_person():
    assert len(parts(track("a", 0, 6) + track("b", 6, 5, x=60), split_score=-0.1)) == 1


def test_a_track_without_or_with_one_embedded_face_stays_whole():
    assert parts(track("A", 0, 5), track("B", 0, 2, x=200) + track("b", 2, 1, x=204)) == [list(range(5)), [0, 1, 2]]


def test_every_observation_and_every_face_is_in_one_part():
    found = clip_of(track("a", 0, 5) + track("b", 5, 5, x=60) + track("a", 10, 5), track("c", 3, 9, x=300))
    split = split_tracks(found, 0.2)
    assert sorted(k for part in split for k in part.seen.tolist()) == list(range(len(found.frame)))
    assert sorted(k for part in split for k in part.faces.tolist()) == list(range(len(found.face_row)))
    assert all(set(found.face_row[part.faces]) <= set(part.seen.tolist()) for part in split)

"""Every probe against every reference: one row a passage, failures counted, packs agreeing."""

import numpy as np
import pytest

from facelab.data.losses import Losses
from facelab.errors import BadInput
from facelab.matching import match
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.types import Gallery, Templates, Tracks


def unit(rows):
    rows = np.asarray(rows, float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def templates(names, people, vectors, *, pack="fp", **attributes):
    n = len(names)
    return Templates(
        names, people, np.asarray(vectors, np.float32).reshape(n, 16), np.full(n, 0.5), np.ones(n), pack, attributes
    )


RNG = np.random.default_rng(0)
PEOPLE = unit(RNG.normal(size=(5, 16)))
GALLERY = Gallery(templates([f"r{i}" for i in range(5)], list("abcde"), PEOPLE), [*"abcde", "f"])


def test_scores_are_the_cosines_of_all_pairs():
    probes = unit(RNG.normal(size=(7, 16)))
    got = match(templates([f"p{i}" for i in range(7)], [""] * 7, probes), GALLERY)
    expected = [[float(np.dot(p, r)) for r in PEOPLE] for p in probes]
    assert got.score == pytest.approx(np.array(expected), abs=1e-6)
    assert got.score.dtype == np.float32
    assert got.enrolled.tolist() == [*"abcdef"]
    assert got.pack == "fp"


def test_fragments_of_a_passage_make_one_row_and_the_best_score_counts():
    probes = templates(
        ["g/0", "g/1", "g/2"],
        ["a", "b", "a"],
        PEOPLE[[1, 2, 0]],
        passage=np.array(["x", "y", "x"]),
        camera=np.array(["g", "g", "g"]),
        start_s=np.array([5.0, 1.0, 2.0]),
        end_s=np.array([6.0, 1.5, 3.0]),
    )
    got = match(probes, GALLERY)
    assert got.probe_id.tolist() == ["x", "y"]
    assert got.probe_subject.tolist() == ["a", "b"]
    assert got.score[0] == pytest.approx(np.maximum(PEOPLE[1] @ PEOPLE.T, PEOPLE[0] @ PEOPLE.T), abs=1e-6)
    assert got.probe_attributes["start_s"].tolist() == [2, 1]
    assert got.probe_attributes["end_s"].tolist() == [6, 1.5]
    assert got.probe_attributes["fragments"].tolist() == [2, 1]
    assert got.probe_attributes["camera"].tolist() == ["g", "g"]


def test_a_passage_fails_only_when_all_its_fragments_did_and_stays_a_row():
    vectors = np.array([PEOPLE[0], np.full(16, np.nan), np.full(16, np.nan)])
    probes = templates(["0", "1", "2"], ["a", "a", "b"], vectors, passage=np.array(["x", "x", "y"]))
    got = match(probes, GALLERY)
    assert np.isnan(got.score).all(axis=1).tolist() == [False, True]
    assert got.mated.tolist() == [True, True]


def test_a_reference_that_failed_is_a_column_of_nan_and_its_subject_stays_enrolled():
    broken = PEOPLE.copy()
    broken[2] = np.nan
    gallery = Gallery(templates([f"r{i}" for i in range(5)], list("abcde"), broken), list("abcde"))
    got = match(templates(["p"], ["c"], PEOPLE[2]), gallery)
    assert np.isnan(got.score[0]).tolist() == [False, False, True, False, False]
    assert got.mated.tolist() == [True]


def test_other_packs_and_two_subjects_in_a_passage_are_refused():
    with pytest.raises(BadInput, match="different packs"):
        match(templates(["p"], [""], PEOPLE[0], pack="other"), GALLERY)
    twice = templates(["0", "1"], ["a", "b"], PEOPLE[:2], passage=np.array(["x", "x"]))
    with pytest.raises(BadInput, match="passage 'x' is 'a' and 'b'"):
        match(twice, GALLERY)


def test_passages_bring_their_templates_and_say_whether_they_were_generated():
    none = Tracks([], [], [], [], np.zeros((0, 4)), [], [], np.zeros((0, 5, 2)))
    probes = templates(["p"], ["a"], PEOPLE[0])
    passages = Passages(none, probes, probes.take(np.zeros(0, int)), Losses(), PassageCounts(), "toy", synthetic=True)
    assert match(passages, GALLERY).synthetic
    assert not match(probes, GALLERY).synthetic
    assert match(probes, GALLERY, synthetic=True).synthetic


def test_no_probe_and_no_reference_are_empty_tables():
    assert match(templates([], [], np.zeros((0, 16))), GALLERY).score.shape == (0, 5)
    nobody = Gallery(GALLERY.templates.take(np.zeros(0, int)), ["z"])
    assert match(templates(["p"], [""], PEOPLE[0]), nobody).score.shape == (1, 0)


def test_blocks_change_nothing(monkeypatch):
    probes = templates([f"p{i}" for i in range(50)], [""] * 50, unit(RNG.normal(size=(50, 16))))
    whole = match(probes, GALLERY).score
    monkeypatch.setattr("facelab.pipeline.scores.BLOCK", 7)
    assert match(probes, GALLERY).score == pytest.approx(whole, abs=1e-6)

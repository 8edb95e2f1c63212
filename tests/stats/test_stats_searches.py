"""Searches: from dense tables and from candidate lists, against a plain loop over probes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats import searches as module
from facelab.stats.searches import searches, searches_from_candidates
from facelab.stats.suspect import SuspectScores
from facelab.types import Comparisons


def comparisons(score, probe_subject, reference_subject, enrolled=None):
    p, r = np.shape(score)
    enrolled = np.unique(reference_subject) if enrolled is None else enrolled
    return Comparisons(
        np.asarray(score, float),
        np.array([f"p{i}" for i in range(p)], dtype=str),
        np.asarray(probe_subject, dtype=str),
        np.array([f"r{i}" for i in range(r)], dtype=str),
        np.asarray(reference_subject, dtype=str),
        np.asarray(enrolled, dtype=str),
    )


def drawn_comparisons(rng, ties=True):
    """A small random table: several samples a subject, failed rows, subjects without a reference, unlabelled probes."""
    references = [f"s{i}" for i in rng.integers(0, 4, 6)]
    score = rng.integers(0, 5, (9, 6)) / 4 if ties else rng.random((9, 6))
    score = np.where(rng.random((9, 6)) < 0.15, np.nan, score)
    score[rng.integers(0, 9)] = np.nan
    people = np.array(["s0", "s1", "s2", "gone", "stranger", ""])
    return comparisons(score, people[rng.integers(0, 6, 9)], references, [*references, "gone"])


def one_search(table, i):
    """Mate score, rank, other scores (falling), by a loop."""
    best = {}
    for j, subject in enumerate(table.reference_subject):
        if not np.isnan(table.score[i, j]):
            best[subject] = max(best.get(subject, -np.inf), table.score[i, j])
    mate = best.pop(table.probe_subject[i], None)
    rank = 0 if mate is None else 1 + sum(score >= mate for score in best.values())
    return mate, rank, sorted(best.values(), reverse=True)


def test_a_table_by_hand():
    """Ann (two samples) is second to Bob; a stranger finds Bob; Bob's probe failed; Cid's enrolment failed."""
    found = searches(
        comparisons(
            [[0.5, 0.7, 0.8], [0.1, 0.2, 0.4], [np.nan] * 3, [0.3, 0.1, 0.2]],
            ["ann", "", "bob", "cid"],
            ["ann", "ann", "bob"],
            ["ann", "bob", "cid"],
        )
    )
    assert found.mated.tolist() == [True, False, True, True]
    assert found.mate_score[0] == 0.7
    assert found.rank.tolist() == [2, 0, 0, 0]
    assert found.other_score.tolist()[:2] == [0.8, 0.4]
    assert found.other_score[3] == 0.3
    assert found.failed.tolist() == [False, False, True, False]
    assert found.misidentified.tolist() == [True, False, False, True]
    assert sorted(found.candidate_score.tolist()) == [0.2, 0.4]
    assert (found.subjects, found.samples) == (3, 3)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_dense_table_gives_what_a_loop_over_its_probes_gives(seed):
    table = drawn_comparisons(np.random.default_rng(seed))
    found = searches(table)
    for i in range(len(table)):
        mate, rank, others = one_search(table, i)
        assert found.rank[i] == rank
        assert (np.isnan(found.mate_score[i]) and mate is None) or found.mate_score[i] == mate
        kept = found.other_scores[i]
        assert kept[~np.isnan(kept)].tolist() == others[: module.DEPTH]
        if not found.mated[i]:
            assert sorted(found.candidate_score[found.candidate_search == i].tolist(), reverse=True) == others


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_full_candidate_list_says_the_same_as_the_table(seed):
    rng = np.random.default_rng(seed)
    table = drawn_comparisons(rng)
    p, r = table.score.shape
    rows = [(i, j) for i in range(p) for j in range(r)]
    order = rng.permutation(len(rows))
    i, j = np.array(rows)[order].T
    lists = searches_from_candidates(
        table.probe_id[i],
        table.probe_subject[i],
        table.reference_subject[j],
        table.score[i, j],
        enrolled=table.enrolled,
    )
    dense = searches(table)
    back = np.argsort(lists.probe_id)
    for name in ("probe_subject", "mated", "mate_score", "rank", "other_scores", "failed", "misidentified"):
        assert np.array_equal(
            getattr(lists, name)[back], getattr(dense, name), equal_nan=name.endswith(("score", "scores"))
        )
    assert lists.subjects == dense.subjects
    assert sorted(lists.candidate_score.tolist()) == sorted(dense.candidate_score.tolist())


def test_blocks_of_probes_change_nothing(monkeypatch):
    table = drawn_comparisons(np.random.default_rng(5))
    whole = searches(table)
    monkeypatch.setattr(module, "BLOCK", 12)
    parts = searches(table)
    for name in ("mate_score", "rank", "other_scores", "other_subjects", "candidate_search", "candidate_score"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_ties_count_against_the_mate():
    found = searches(comparisons([[0.5, 0.5, 0.5]], ["ann"], ["ann", "bob", "cid"]))
    assert found.rank.tolist() == [3]
    assert found.misidentified.tolist() == [True]


def test_a_probe_without_a_template_is_one_row_with_an_empty_score():
    found = searches_from_candidates(
        ["p1", "p2", "p3"], ["ann", "ann", ""], ["ann", "", "ann"], [0.9, np.nan, 0.2], enrolled=["ann", "bob"]
    )
    assert found.failed.tolist() == [False, True, False]
    assert found.mated.tolist() == [True, True, False]
    assert found.subjects == 2
    assert found.samples is None


def test_taken_searches_keep_their_own_candidates():
    table = drawn_comparisons(np.random.default_rng(2))
    whole, rows = searches(table), np.array([7, 2, 4])
    part, direct = whole.take(rows), searches(table.take(rows))
    np.testing.assert_array_equal(part.mate_score, direct.mate_score)
    assert sorted(part.candidate_score.tolist()) == sorted(direct.candidate_score.tolist())
    assert set(part.candidate_search.tolist()) <= {0, 1, 2}


def test_no_probe_and_no_reference_are_tables_too():
    none = searches(comparisons(np.zeros((0, 2)), [], ["ann", "bob"]))
    assert len(none) == 0
    empty = searches(comparisons(np.zeros((2, 0)), ["ann", ""], [], ["ann"]))
    assert empty.rank.tolist() == [0, 0]
    assert not empty.failed.any()


def test_a_search_is_a_row_of_a_frame():
    frame = searches(drawn_comparisons(np.random.default_rng(0))).to_frame()
    assert len(frame) == 9
    assert "mate_score" in frame.columns


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no row"),
        ([("p", "a", "a", np.inf)], "row 1: scores must be finite"),
        ([("p", "a", "a", 0.1), ("p", "b", "a", 0.2)], "row 2: probe 'p' has two subjects, 'a' and 'b'"),
        ([("p", "a", "a", 0.1), ("q", "b", "", 0.2)], "row 2: score 0.2 has no reference_subject"),
        ([("p", "a", "x", 0.1)], "candidate 'x' is not among the enrolled"),
    ],
)
def test_rows_that_are_no_candidates_are_refused_with_their_row(rows, words):
    columns = list(zip(*rows)) if rows else [[], [], [], []]
    with pytest.raises(BadInput, match=words):
        searches_from_candidates(*columns, enrolled=["a"])


def test_columns_of_different_length_are_refused():
    with pytest.raises(BadInput, match="differ in length: 2, 1, 1, 1"):
        searches_from_candidates(["a", "b"], ["x"], ["y"], [0.1])


def test_distances_among_candidates_are_noticed():
    ids = [f"p{i}" for i in range(24)]
    who = [f"g{i}" if i < 12 else "" for i in range(24)]
    reference = [f"g{i % 12}" for i in range(24)]
    distance = [0.2] * 12 + [0.9] * 12
    with pytest.warns(SuspectScores, match="are they distances"):
        searches_from_candidates(ids, who, reference, distance)


def test_an_empty_name_on_the_list_of_the_enrolled_enrols_nobody():
    found = searches_from_candidates(["p", "q"], ["", "ann"], ["ann", "ann"], [0.3, 0.9], enrolled=["", "ann"])
    assert found.mated.tolist() == [False, True]
    assert found.subjects == 1

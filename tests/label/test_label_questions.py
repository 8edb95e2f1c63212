"""What is asked first, and what an answer does to what is asked next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_labels import World

from facelab.errors import BadInput
from facelab.label import Asked, LabelFile, Labels, Scores, Session, open_questions
from facelab.label.effects import Counts
from facelab.types import Gallery


def _session(toy: World, folder: Path, who: str = "ann") -> Session:
    return Session(toy.grounds, toy.anchors, LabelFile(folder / "labels.csv", who))


def _truth(toy: World, asked: Asked) -> str:
    """What a reviewer who knows everybody says."""
    people = {toy.who[str(toy.material.sample_id[row])] for row in asked.rows} | ({asked.subject} - {""})
    return "same" if len(people) == 1 else "different"


def test_the_expected_change_is_that_of_the_rates_counted_anew() -> None:
    before = Counts(3, 80, 2, 20)

    def logs(a: float, n0: float, m: float, n1: float) -> np.ndarray:
        return np.log([(a + 0.5) / (n0 + 1), (m + 0.5) / (n1 + 1)])

    # an alert on a stranger who is the enrolled person after all: one false alert and one non-mated search fewer
    expected = np.abs(logs(2, 79, 2, 21) - logs(3, 80, 2, 20)).sum()
    assert float(before.change(false_alerts=-1, non_mated=-1, mated=1)) == pytest.approx(expected)
    assert float(before.change()) == 0.0
    assert np.isfinite(Counts(0, 0, 0, 0).change(misses=1, mated=1))


def test_the_highest_non_mated_scores_come_first(toy: World) -> None:
    asked = open_questions(toy.grounds, Labels())
    first = asked[: len([k for k in range(6) for _ in toy.rows(f"v{k:03d}")])]
    assert {one.kind for one in first} == {"alert"}
    assert sum(_truth(toy, one) == "same" for one in first) >= 17  # 18 passages are of enrolled people
    assert [one.priority for one in asked] == sorted((one.priority for one in asked), reverse=True)
    groups = [one for one in asked if one.kind == "group"]
    assert len(groups) == 30
    assert asked.index(groups[0]) > asked.index(first[-1])


def test_the_lowest_mated_scores_come_first_where_an_older_truth_names_people(toy: World) -> None:
    """Two passages with the older name of another enrolled person are asked for before those that are right."""
    names = np.array([toy.who[name] for name in toy.material.sample_id.tolist()])
    claimed = np.where(np.isin(names, [f"v{k:03d}" for k in range(6)]), names, "")
    wrong = toy.rows("v001")[0], toy.rows("v004")[0]
    claimed[list(wrong)] = "v000"
    material = replace(toy.material, subject_id=claimed)
    scores = Scores(material, toy.gallery, np.random.default_rng(0))
    asked = open_questions(replace(toy.grounds, material=material, scores=scores), Labels())
    misses = [one for one in asked if one.kind == "miss"]
    assert {one.rows[0] for one in misses[:2]} == set(wrong)
    assert all(one.probability > 0.9 and one.subject == "v000" for one in misses[:2])


def test_a_track_whose_face_changes_is_asked_for(toy: World) -> None:
    seam = np.full(len(toy.material), 0.8)
    row = toy.rows("v000")[0]
    seam[row] = 0.02
    asked = open_questions(replace(toy.grounds, seam=seam), Labels())
    mixed = [one for one in asked if one.kind == "mixed"]
    assert [one.rows for one in mixed] == [(row,)]
    assert mixed[0].question == "track"
    assert mixed[0].priority > 0


def test_a_broken_track_is_asked_for(toy: World) -> None:
    """Two tracks of one person a second apart at one camera; far apart they are not asked for as one passage."""
    a, b = sorted(toy.rows("v010")[:2], key=lambda row: toy.material.start_s[row])
    start, end = toy.material.start_s.copy(), toy.material.end_s.copy()
    start[b], end[b] = end[a] + 1.0, end[a] + 2.0
    near = replace(toy.material, start_s=start, end_s=end)
    broken = [one for one in open_questions(replace(toy.grounds, material=near), Labels()) if one.kind == "broken"]
    assert (a, b) in [one.rows for one in broken]
    assert not [one for one in open_questions(toy.grounds, Labels()) if one.kind == "broken"]


def test_an_answer_brings_the_rest_of_the_group_up(toy: World, tmp_path: Path) -> None:
    """Once a passage is a wanted person, those grouped with it are asked for, even where their scores are low."""
    poor = toy.gallery.templates
    rng = np.random.default_rng(0)
    noise = rng.normal(size=poor.embedding.shape)
    blurred = 0.45 * poor.embedding + noise / np.linalg.norm(noise, axis=1, keepdims=True)
    blurred /= np.linalg.norm(blurred, axis=1, keepdims=True)
    gallery = Gallery(replace(poor, embedding=blurred.astype(np.float32)), toy.gallery.enrolled)
    scores = Scores(toy.material, gallery, np.random.default_rng(0))
    session = Session(replace(toy.grounds, scores=scores), toy.anchors, LabelFile(tmp_path / "l.csv", "ann"))
    before = {one.rows[0] for one in session.open if one.kind == "alert" and one.subject == "v002"}
    row = toy.rows("v002")[0]
    session.file.add("pair", (str(toy.material.anchor[row]), "person=v002"), "same")
    session = Session(session.grounds, toy.anchors, session.file)
    after = {one.rows[0] for one in session.open if one.kind == "alert" and one.subject == "v002"}
    assert after >= set(toy.rows("v002")) - {row}
    assert not before >= set(toy.rows("v002")) - {row}
    sheets = [one for one in session.open if one.kind == "group" and row in one.rows]
    singles = [one.priority for one in session.open if one.kind == "alert" and one.rows[0] in after - {row}]
    assert sheets[0].priority == pytest.approx(sum(singles[:2]))  # one sheet in place of two pairs, so it comes first
    assert sheets[0].priority > max(singles)


def test_a_reviewer_who_knows_everybody_names_everybody(toy: World, tmp_path: Path) -> None:
    session = _session(toy, tmp_path)
    asked = 0
    while session.question is not None and asked < 400:
        session.answer(_truth(toy, session.question))
        asked += 1
    assert session.question is None
    labels = session.labels
    assert labels.contradictions == ()
    for k in range(6):
        assert {labels.person[str(toy.material.sample_id[row])] for row in toy.rows(f"v{k:03d}")} == {f"v{k:03d}"}
    for k in range(6, 30):
        assert len({labels.person[str(toy.material.sample_id[row])] for row in toy.rows(f"v{k:03d}")}) == 1
    assert len(set(labels.person.values())) == 30
    assert asked < 160  # 90 passages; 4,005 pairs


def test_a_session_goes_on_where_the_file_ends(toy: World, tmp_path: Path) -> None:
    one = _session(toy, tmp_path)
    for _ in range(5):
        one.answer(_truth(toy, one.question))
    again = _session(toy, tmp_path)
    assert again.question == one.question
    assert again.progress() == one.progress()
    assert sum(again.progress().answered.values()) == 5


def test_undo_asks_the_question_again_also_in_a_new_session(toy: World, tmp_path: Path) -> None:
    one = _session(toy, tmp_path)
    first = one.question
    one.answer("unsure")
    assert one.question != first
    assert one.undo().answer == "unsure"
    assert one.question == first
    one.answer("unsure")
    again = _session(toy, tmp_path)
    again.undo()
    assert again.question == first
    assert again.undo() is None


def test_what_is_put_off_comes_last(toy: World, tmp_path: Path) -> None:
    session = _session(toy, tmp_path)
    first = session.question
    session.later()
    assert session.question != first
    assert session.ahead[-1] == first


def test_two_reviewers_do_not_see_each_others_answers(toy: World, tmp_path: Path) -> None:
    ann = _session(toy, tmp_path)
    first = ann.question
    ann.answer("same")
    assert _session(toy, tmp_path, "bob").question == first


def test_without_a_watchlist_groups_are_asked_for(toy: World) -> None:
    asked = open_questions(replace(toy.grounds, scores=None), Labels())
    assert {one.kind for one in asked} <= {"group", "doubt", "broken"}
    assert all(one.priority == 0 for one in asked)


def test_a_large_group_comes_in_sheets(toy: World) -> None:
    n = len(toy.material)
    one = {"group": np.zeros(n, np.int64), "certainty": np.full(n, 0.9), "rival": np.full(n, -1)}
    groups = replace(toy.groups, **one, rival_similarity=np.full(n, np.nan))
    sheets = [one for one in open_questions(replace(toy.grounds, groups=groups), Labels()) if one.kind == "group"]
    assert max(len(one.rows) for one in sheets) == 20
    assert len({one.rows[0] for one in sheets}) == 1
    assert {row for one in sheets for row in one.rows} == set(range(90))


def test_another_packs_watchlist_is_refused(toy: World) -> None:
    other = replace(toy.gallery.templates, embedding=np.ones((46, 4), np.float32) / 2)
    with pytest.raises(BadInput, match="another pack"):
        Scores(toy.material, Gallery(other, toy.gallery.enrolled), np.random.default_rng(0))

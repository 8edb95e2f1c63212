"""From answers to labels, and from labels to a truth that the chain evaluates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_labels import World
from toy_pipeline import ToySource

from facelab.data.footage import Clip, Footage
from facelab.data.truth import read_truth, write_truth
from facelab.errors import BadInput, NotMeasured
from facelab.label import Anchors, LabelFile, Labels, labels_of, named_truth
from facelab.label.anchors import anchor_of, person_item, subject_of
from facelab.matching import match
from facelab.pipeline.truthjoin import joined_tracks
from facelab.stats import open_set_curve
from facelab.types import Gallery, Templates


class Desk:
    """Answers by name, into a file."""

    def __init__(self, toy: World, path: Path) -> None:
        self.toy, self.path = toy, path

    def item(self, name: str | int) -> str:
        return person_item(name) if isinstance(name, str) else str(self.toy.material.anchor[name])

    def say(self, answer: str, *names: str | int, who: str = "ann", question: str = "") -> None:
        question = question or ("pair" if len(names) == 2 else "group")
        LabelFile(self.path, who).add(question, tuple(self.item(name) for name in names), answer)  # type: ignore[arg-type]

    def labels(self) -> Labels:
        found = LabelFile(self.path, "ann").read()
        return labels_of(found.standing, self.toy.anchors, self.toy.material)

    def name(self, row: int) -> str:
        return str(self.toy.material.sample_id[row])


@pytest.fixture
def desk(toy: World, tmp_path: Path) -> Desk:
    return Desk(toy, tmp_path / "labels.csv")


def test_same_joins_and_an_enrolled_person_gives_the_name(desk: Desk) -> None:
    desk.say("same", 0, 1)
    desk.say("same", 1, 2, 3)
    desk.say("same", 3, "v001")
    desk.say("same", 10, 11)
    labels = desk.labels()
    assert {labels.person[desk.name(row)] for row in (0, 1, 2, 3)} == {"v001"}
    assert labels.person[desk.name(10)] == labels.person[desk.name(11)] != "v001"
    assert labels.contradictions == ()


def test_different_unsure_and_mixed(desk: Desk) -> None:
    desk.say("different", 0, "v001")
    desk.say("unsure", 1, "v001")
    desk.say("different", 2, question="track")
    desk.say("unsure", 3, 4)  # two passages that nobody can tell apart or together: nothing follows
    labels = desk.labels()
    assert labels.are_apart(labels.person[desk.name(0)], "v001")
    assert labels.unsure == {desk.name(1)}
    assert labels.mixed == {desk.name(2)}
    assert not {desk.name(3), desk.name(4)} & (labels.person.keys() | labels.unsure)


def test_a_different_among_those_who_are_joined_is_a_contradiction_with_its_lines(desk: Desk) -> None:
    desk.say("same", 0, 1)
    desk.say("same", 5, 6)
    desk.say("same", 1, 2)
    desk.say("different", 0, 2)
    labels = desk.labels()
    (found,) = labels.contradictions
    assert set(found.items) == {desk.name(0), desk.name(2)}
    assert [place.rpartition(" ")[2] for place in found.places] == ["5", "2", "4"]
    assert labels.disputed == {desk.name(row) for row in (0, 1, 2)}
    assert labels.person.keys() == {desk.name(5), desk.name(6)}
    with pytest.raises(BadInput, match=r"contradict each other: said to be different.*line 5"):
        labels.require_one_mind()


def test_two_enrolled_people_cannot_be_one(desk: Desk) -> None:
    desk.say("same", 0, "v001")
    desk.say("same", 0, "v002")
    (found,) = desk.labels().contradictions
    assert found.rule == "two enrolled people are one"
    assert found.items == ("enrolled v001", "enrolled v002")


def test_one_person_cannot_be_twice_before_one_camera(desk: Desk, toy: World) -> None:
    first, last = toy.material.first_frame.copy(), toy.material.last_frame.copy()
    first[1], last[1] = first[0] + 3, last[0] + 3
    at_once = replace(toy.material, first_frame=first, last_frame=last)
    desk.say("same", 0, 1)
    labels = labels_of(LabelFile(desk.path, "ann").read().standing, toy.anchors, at_once)
    assert "seen at once" in labels.contradictions[0].rule


def test_two_reviewers_who_differ_dispute_that_question_alone(desk: Desk) -> None:
    desk.say("same", 0, 1)
    desk.say("same", 1, 2)
    desk.say("different", 1, 0, who="bob")
    desk.say("unsure", 2, 1, who="bob")  # ann is sure, so hers counts
    labels = desk.labels()
    (found,) = labels.contradictions
    assert found.rule == "two answers to one question (ann: same and bob: different)"
    assert len(found.places) == 2
    assert labels.disputed == {desk.name(0), desk.name(1)}
    assert labels.person.keys() == {desk.name(2)}


def test_labels_of_passages_that_are_gone_are_one_line_each(desk: Desk, toy: World) -> None:
    desk.say("same", 0, 1)
    desk.say("same", 2, 3)
    kept = toy.passages.tracks.passage_id != desk.name(1)
    tracks = toy.passages.tracks
    fewer = type(tracks)(*(getattr(tracks, name)[kept] for name in tracks.__dataclass_fields__))
    rows = np.array([k for k in range(len(toy.material)) if k != 1])
    fields = [name for name in toy.material.__dataclass_fields__ if name != "synthetic"]
    material = type(toy.material)(**{name: getattr(toy.material, name)[rows] for name in fields})
    labels = labels_of(LabelFile(desk.path, "ann").read().standing, Anchors(toy.footage, fewer), material)
    assert len(labels.lost) == 1
    assert "labels.csv, line 2: no passage stands at gate@" in labels.lost[0]
    assert labels.person.keys() == {desk.name(2), desk.name(3)}


def test_labels_outlive_another_tracking_another_name_and_another_place(desk: Desk, toy: World) -> None:
    """Tracks numbered anew, the camera renamed, a clip put before: the same faces have the same labels."""
    desk.say("same", 0, "v001")
    tracks = toy.passages.tracks
    moved = replace(
        tracks, camera=np.full(len(tracks), "door"), track_id=tracks.track_id + 500, frame=tracks.frame + 1000
    )
    source = toy.footage.clips[0].source
    other = ToySource({}, 100, "door")
    footage = Footage("moved", (Clip(other), Clip(replace(source, camera="door"), 60.0, 1000)))
    found = Anchors(footage, moved)
    assert found.track_at(anchor_of(desk.item(0))) == desk.name(0).replace("gate", "door").replace(
        desk.name(0).split("/")[1], str(500 + int(desk.name(0).split("/")[1]))
    )


def test_other_footage_is_refused_in_one_line(desk: Desk, toy: World) -> None:
    desk.say("same", 0, 1)
    other = Footage("other", (Clip(ToySource({0: []}, 10)),))
    with pytest.raises(BadInput, match=r"none of the 1 answers is of this footage.*moving or renaming"):
        labels_of(LabelFile(desk.path, "ann").read().standing, Anchors(other, toy.passages.tracks), toy.material)


def test_a_live_camera_cannot_be_labelled(toy: World) -> None:
    live = Footage("live", (Clip(ToySource({}, 10, live=True)),))
    with pytest.raises(BadInput, match="record it"):
        Anchors(live, toy.passages.tracks)


@pytest.mark.parametrize("text", ["gate", "gate@x:1,2,3,4#0123456789abcdef", "gate@1:1,2,3#0123456789abcdef", ""])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="a passage stands as"):
        anchor_of(text)


@pytest.mark.parametrize("name", ["w01", "a|b, c", "person=x", "ü @#"])
def test_any_subject_id_goes_through_a_label_file(name: str) -> None:
    assert "|" not in person_item(name)
    assert subject_of(person_item(name)) == name


def test_the_truth_of_the_labels_is_joined_to_the_tracks_it_came_from(desk: Desk, toy: World, tmp_path: Path) -> None:
    desk.say("same", 0, "v001")
    desk.say("same", 4, 5)
    desk.say("different", 7, question="track")
    truth, counts = named_truth(
        toy.material, toy.passages.tracks, desk.labels(), toy.groups, enrolled=toy.scores.enrolled
    )
    write_truth(truth, tmp_path / "truth.csv")
    joined = joined_tracks(toy.passages.tracks, read_truth(tmp_path / "truth.csv"))
    assert joined[desk.name(0)].subject == "v001"
    assert joined[desk.name(4)].subject == joined[desk.name(5)].subject != ""
    assert joined[desk.name(7)].passage is None
    assert (counts.tracks, counts.enrolled, counts.others, counts.mixed, counts.unreviewed) == (89, 1, 2, 1, 86)
    assert "1 of enrolled people" in str(counts)
    proposed = {joined[desk.name(row)].subject for row in toy.rows("v020")}
    assert len(proposed) == 1
    assert proposed.pop().startswith("g-")


def test_unreviewed_passages_are_as_they_were_asked_to_be(desk: Desk, toy: World) -> None:
    given = toy.material, toy.passages.tracks, Labels(), toy.groups
    strangers, _ = named_truth(*given, unreviewed="strangers")
    assert set(strangers.subject_id.tolist()) == {""}
    with pytest.raises(NotMeasured, match="no passage is left"):
        named_truth(*given, unreviewed="left out")
    with pytest.raises(BadInput, match="no choice"):
        named_truth(*given, unreviewed="all")  # type: ignore[arg-type]
    desk.say("same", 0, 1)
    desk.say("different", 0, 1, who="bob")
    with pytest.raises(BadInput, match="contradict"):
        named_truth(toy.material, toy.passages.tracks, desk.labels(), toy.groups)
    _, counts = named_truth(toy.material, toy.passages.tracks, desk.labels(), toy.groups, disputed="leave out")
    assert counts.disputed == 2


def test_two_tracks_of_one_person_shortly_after_each_other_are_one_passage(desk: Desk, toy: World) -> None:
    start, end = toy.material.start_s.copy(), toy.material.end_s.copy()
    a, b, c = 0, 1, 2
    start[b], end[b] = end[a] + 1.0, end[a] + 2.0
    start[c], end[c] = end[a] + 60.0, end[a] + 61.0
    desk.say("same", a, b, c)
    _, counts = named_truth(
        replace(toy.material, start_s=start, end_s=end), toy.passages.tracks, desk.labels(), toy.groups
    )
    assert counts.tracks - counts.passages == 1


def test_label_then_evaluate_gives_the_rates_of_the_true_names(desk: Desk, toy: World) -> None:
    """A reviewer who answers rightly leads to FPIR and FNIR, counts and people, as the hidden truth has them."""
    who = [toy.who[name] for name in toy.material.sample_id.tolist()]
    for k in range(6):
        rows = toy.rows(f"v{k:03d}")
        desk.say("same", rows[0], f"v{k:03d}")
        desk.say("same", *rows)
    truth, _ = named_truth(toy.material, toy.passages.tracks, desk.labels(), toy.groups, enrolled=toy.scores.enrolled)
    joined = joined_tracks(toy.passages.tracks, truth)
    # the chain's own seam: what `track_footage` does with a truth
    templates = toy.passages.templates
    named = np.array([joined[name].subject for name in templates.sample_id.tolist()])
    ours = match(replace(templates, subject_id=named), toy.gallery)
    theirs = match(replace(templates, subject_id=np.array(_by_name(templates, toy))), toy.gallery)
    for threshold in (0.25, 0.35, 0.5, 0.75):
        mine, true = (open_set_curve(found).at(threshold) for found in (ours, theirs))
        for name in ("fpir", "fnir"):
            a, b = getattr(mine, name), getattr(true, name)
            assert (a.errors, a.trials, a.people) == (b.errors, b.trials, b.people)
            assert a.interval().low == b.interval().low
    assert sorted(set(who))[:6] == [f"v{k:03d}" for k in range(6)]
    assert open_set_curve(ours).at(0.35).fnir.trials == 18


def _by_name(templates: Templates, toy: World) -> list[str]:
    return [toy.who[name] for name in templates.sample_id.tolist()]


def test_the_gallery_of_the_toy_is_what_the_tests_take_it_for(toy: World) -> None:
    assert isinstance(toy.gallery, Gallery)
    assert len(toy.gallery) == 46

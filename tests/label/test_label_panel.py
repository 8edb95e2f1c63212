"""The panel without a browser: keys, what they keep, and what is not shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from toy_labels import World

from facelab.label import LabelFile, LabelPanel, Session, read_answers
from facelab.label.panel import TOO_SOON_S
from facelab.label.pictures import FacePictures

Maker = Callable[..., LabelPanel]


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def panel(toy: World, tmp_path: Path) -> Maker:
    def make(show: str = "synthetic", **options: object) -> LabelPanel:
        session = Session(toy.grounds, toy.anchors, LabelFile(tmp_path / "labels.csv", "ann"))
        return LabelPanel(session, show, **{"clock": Clock(), **options})  # type: ignore[arg-type]

    return make


def test_nothing_is_shown_before_somebody_begins(panel: Maker) -> None:
    made = panel()
    assert made.sheet.value == ""
    assert "base64" not in str(made.widget.get_state())
    made.start()
    assert "data:image/jpeg;base64," in made.sheet.value
    assert "Is this passage the enrolled person?" in made.sheet.value
    made.wait()


def test_a_key_keeps_an_answer_and_shows_the_next_question(panel: Maker) -> None:
    made = panel()
    made.start()
    before = made.sheet.value
    made.keys.value = "s"
    assert made.keys.value == ""
    assert made.sheet.value != before
    made.why.value = "same coat"
    made.keys.value = "D"
    assert [(a.answer, a.why) for a in read_answers(made.session.file.path).standing] == [
        ("same", ""), ("different", "same coat"),
    ]  # fmt: skip
    assert made.why.value == ""
    assert "2 answered" in made.status.value
    made.keys.value = "z"
    assert [a.answer for a in read_answers(made.session.file.path).standing] == ["same"]
    assert "Taken back: different" in made.said.value
    made.keys.value = "n"
    made.keys.value = "x"
    assert len(read_answers(made.session.file.path).given) == 3
    made.wait()


def test_a_key_that_comes_before_the_question_could_be_seen_counts_for_nothing(panel: Maker) -> None:
    clock = Clock()
    made = panel(clock=clock)
    made.start()
    clock.now = made._shown_at + TOO_SOON_S / 2 - 1.0
    made.press("s")
    assert not made.session.file.path.exists()
    clock.now = made._shown_at + TOO_SOON_S
    made.press("s")
    assert made.session.file.path.exists()
    made.wait()


def test_people_who_may_be_real_are_not_shown_unasked(panel: Maker, toy: World, tmp_path: Path) -> None:
    real = replace(toy.grounds, material=replace(toy.material, synthetic=False))
    session = Session(real, toy.anchors, LabelFile(tmp_path / "labels.csv", "ann"))
    for made in (LabelPanel(session, "synthetic", clock=Clock()), LabelPanel(session, "never", clock=Clock())):
        made.start()
        made.press("s")
        assert made.sheet.value == ""
        assert "may be of real people" in made.status.value
    assert not session.file.path.exists()
    allowed = LabelPanel(session, "always", clock=Clock())
    allowed.start()
    assert "base64" in allowed.sheet.value
    allowed.wait()


def test_an_answer_that_could_not_be_kept_is_told_and_its_question_stands(
    panel: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = panel()
    made.start()
    made.wait()
    before, asked = made.sheet.value, made.session.question

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    made.press("s")
    assert "answer was not kept: No space left on device" in made.said.value
    assert (made.sheet.value, made.session.question) == (before, asked)


def test_the_photographs_of_the_enrolled_person_stand_beside(panel: Maker) -> None:
    asked: list[str] = []
    made = panel(references=lambda subject: asked.append(subject) or [b"photograph"])
    made.start()
    assert asked == [made.session.question.subject]
    assert "cGhvdG9ncmFwaA==" in made.sheet.value
    made.wait()


def test_faces_of_many_questions_are_read_in_one_pass(toy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    source = toy.footage.clips[0].source
    before = source.frames_read
    pictures = FacePictures(toy.anchors)
    rows = [int(row) for row in toy.material.best_row[:40]]
    found = pictures.of(rows)
    assert all(face is not None and face[:2] == b"\xff\xd8" for face in found)
    assert source.frames_read - before <= source.n
    pictures.of(rows)
    assert source.frames_read - before <= source.n  # they are held


def test_a_clip_that_is_gone_has_no_pictures_and_stops_nobody(panel: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    from toy_pipeline import ToySource

    from facelab.errors import BadInput

    def gone(self: ToySource, losses: object) -> object:
        raise BadInput("there is no such video", place="gone.mp4")

    monkeypatch.setattr(ToySource, "frames", gone)
    made = panel()
    made.start()
    assert "no picture can be read" in made.sheet.value
    made.press("u")
    assert len(read_answers(made.session.file.path).given) == 1
    made.wait()

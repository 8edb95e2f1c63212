"""The label file: at once on the disk, never erased, and still read after whatever happened to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facelab.errors import BadInput
from facelab.label import LabelFile, read_answers

A, B, C = (f"gate@{k}:1,2,30,40#0123456789abcdef" for k in (1, 2, 3))


@pytest.fixture
def file(tmp_path: Path) -> LabelFile:
    return LabelFile(tmp_path / "deep" / "labels.csv", "ann")


def test_an_answer_is_read_back_as_it_was_given(file: LabelFile) -> None:
    said = file.add("pair", (A, B), "same", why='same coat, "red"\nand hat', reason="alert: score .5, near")
    (read,) = file.read().given
    assert (read.id, read.who, read.items, read.answer) == (said.id, "ann", (A, B), "same")
    assert read.why == 'same coat, "red" and hat'
    assert read.reason == "alert: score .5, near"
    assert read.time.endswith("Z")
    assert read.place.endswith("labels.csv, line 2")


def test_undo_is_a_line_of_its_own_and_nothing_is_erased(file: LabelFile) -> None:
    file.add("pair", (A, B), "same")
    file.add("pair", (B, C), "different")
    before = file.path.read_bytes()
    assert file.undo().items == (B, C)
    assert file.path.read_bytes().startswith(before)
    assert [a.items for a in file.read().standing] == [(A, B)]
    assert file.undo().items == (A, B)
    assert file.read().standing == ()
    assert file.undo() is None
    assert len(file.read().given) == 4


def test_undo_takes_back_ones_own_only(file: LabelFile) -> None:
    file.add("pair", (A, B), "same")
    bob = LabelFile(file.path, "bob")
    assert bob.undo() is None
    bob.add("pair", (A, B), "different")
    assert bob.undo().who == "bob"
    assert [a.who for a in file.read().standing] == ["ann"]


def test_the_last_answer_of_a_reviewer_to_a_question_counts(file: LabelFile) -> None:
    file.add("pair", (A, B), "same")
    file.add("pair", (B, A), "different")  # the same question, the other way round
    (standing,) = file.read().standing
    assert standing.answer == "different"


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_torn_by_a_kill_is_skipped_and_the_next_one_is_whole(file: LabelFile, cut: int) -> None:
    file.add("pair", (A, B), "same", why="kept")
    whole = file.path.read_bytes()
    file.add("pair", (B, C), "different", why="lost")
    torn = file.path.read_bytes()
    file.path.write_bytes(torn[: len(whole) + cut])
    assert [a.why for a in file.read().given] == ["kept"]
    file.add("group", (A, B, C), "unsure", why="after")
    found = file.read()
    assert [a.why for a in found.given] == ["kept", "after"]
    assert len(found.torn) == 1
    assert "line 3" in found.torn[0]


def test_a_file_torn_in_its_first_line_still_takes_answers(file: LabelFile) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(b"id,time,wh")
    assert file.read().given == ()


def test_a_line_that_was_edited_is_refused_with_its_place(file: LabelFile) -> None:
    file.add("pair", (A, B), "same")
    file.path.write_text(file.path.read_text().replace(",same,", ",different,"))
    with pytest.raises(BadInput, match=r"labels\.csv, line 2.*changed after it was written"):
        file.read()


def test_something_else_is_no_label_file(tmp_path: Path) -> None:
    other = tmp_path / "scores.csv"
    other.write_text("probe,score\na,1\n")
    with pytest.raises(BadInput, match="no label file"):
        read_answers(other)
    with pytest.raises(BadInput, match="cannot be read"):
        read_answers(tmp_path / "none.csv")


WRITER = """
import sys
from pathlib import Path
from facelab.label.labelfile import LabelFile
file = LabelFile(Path(sys.argv[1]), sys.argv[2])
for k in range(40):
    file.add("pair", (f"gate@{k}:1,2,30,40#0123456789abcdef", "person=x"), "same", why="w" * 200)
    file.undo() if k % 5 == 0 else None
"""


def test_two_processes_write_at_once_and_lose_nothing(file: LabelFile) -> None:
    file.path.parent.mkdir()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file.path), who]) for who in ("ann", "bob")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = file.read()
    assert found.torn == ()
    for who in ("ann", "bob"):
        own = found.of(who)
        assert len(own.given) == 48
        assert len(own.standing) == 32


KILLED = """
import os, signal, sys
from pathlib import Path
from facelab.label import labelfile
write = os.write
def torn(descriptor, data):
    write(descriptor, data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
file = labelfile.LabelFile(Path(sys.argv[1]), "ann")
file.add("pair", ("gate@1:1,2,30,40#0123456789abcdef", "person=x"), "same", why="before")
os.write = torn
file.add("pair", ("gate@2:1,2,30,40#0123456789abcdef", "person=x"), "same", why="never")
"""


def test_what_was_answered_before_a_kill_in_mid_write_is_there(file: LabelFile) -> None:
    file.path.parent.mkdir()
    assert subprocess.run([sys.executable, "-c", KILLED, str(file.path)], check=False).returncode == -9
    assert [a.why for a in file.read().given] == ["before"]
    file.add("pair", (A, B), "same", why="after")
    assert [a.why for a in file.read().given] == ["before", "after"]
    assert len(file.read().torn) == 1


def test_a_place_that_cannot_be_written_to_is_one_clear_line(
    file: LabelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    file.path.parent.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere: the answer of the system is made up
    with pytest.raises(BadInput, match="may not be written to"):
        file.check()
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(BadInput, match=r"answer was not kept: Permission denied.*choose a label file"):
        file.add("pair", (A, B), "same")
    with pytest.raises(BadInput, match="this is a folder"):
        LabelFile(tmp_path, "ann").check()


@pytest.mark.parametrize("who", ["", "  ", "a\nb"])
def test_labels_need_a_name(tmp_path: Path, who: str) -> None:
    with pytest.raises(BadInput, match="reviewer's name"):
        LabelFile(tmp_path / "labels.csv", who)


def test_an_answer_that_is_none_is_refused(file: LabelFile) -> None:
    with pytest.raises(BadInput, match="no answer 'maybe'"):
        file.add("pair", (A, B), "maybe")  # type: ignore[arg-type]
    assert not file.path.exists()

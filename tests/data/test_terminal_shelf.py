"""A rendering is drawn once for all workspaces, and a workspace never gets one that is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from facelab.data.terminal.shelf import handed_out, is_unaltered, sha256_of, shelved

STAMP = "stamp.json"
ORIGIN = {"renderer": 1, "settings": {"seed": 5}}


class Drawer:
    """Draws a rendering of one clip, and counts how often."""

    def __init__(self, clip: bytes = b"moving pictures") -> None:
        self.clip, self.times = clip, 0

    def __call__(self, folder: Path) -> None:
        import json
        import shutil

        self.times += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "gate.mp4").write_bytes(self.clip)
        (folder / "truth.csv").write_text("camera,frame\n")
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        stamp = {"origin": ORIGIN, "files": files, "clips": {"gate.mp4": sha256_of(folder / "gate.mp4")}}
        (folder / STAMP).write_text(json.dumps(stamp))


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[Path, Drawer]:
    draw = Drawer()
    return shelved(tmp_path / "shelf", ORIGIN, STAMP, draw), draw


def test_the_same_origin_is_drawn_once_and_another_one_beside_it(drawn: tuple[Path, Drawer], tmp_path: Path) -> None:
    kept, draw = drawn
    assert shelved(tmp_path / "shelf", dict(reversed(ORIGIN.items())), STAMP, draw) == kept
    assert draw.times == 1
    assert shelved(tmp_path / "shelf", ORIGIN | {"renderer": 2}, STAMP, draw) != kept
    assert draw.times == 2


def test_every_workspace_gets_the_same_bytes_and_the_clips_take_no_room(
    drawn: tuple[Path, Drawer], tmp_path: Path
) -> None:
    kept, _ = drawn
    for name in ("one", "two"):
        handed_out(kept, tmp_path / name, STAMP)
        assert is_unaltered(tmp_path / name, ORIGIN, STAMP)
        assert sorted(p.name for p in (tmp_path / name).iterdir()) == ["gate.mp4", STAMP, "truth.csv"]
    assert (kept / "gate.mp4").stat().st_nlink in (1, 3)


def test_a_workspace_may_edit_its_truth(drawn: tuple[Path, Drawer], tmp_path: Path) -> None:
    kept, _ = drawn
    handed_out(kept, tmp_path / "one", STAMP)
    (tmp_path / "one" / "truth.csv").write_text("mine")
    handed_out(kept, tmp_path / "two", STAMP)
    assert (tmp_path / "two" / "truth.csv").read_text() == "camera,frame\n"


@pytest.mark.parametrize("content", [b"moving picturez", b"short"])
def test_a_clip_that_was_altered_is_drawn_again(drawn: tuple[Path, Drawer], tmp_path: Path, content: bytes) -> None:
    """Also where its length is the same: the hash counts."""
    kept, draw = drawn
    (kept / "gate.mp4").unlink()
    (kept / "gate.mp4").write_bytes(content)
    assert not is_unaltered(kept, ORIGIN, STAMP)
    shelved(tmp_path / "shelf", ORIGIN, STAMP, draw)
    assert draw.times == 2
    assert (kept / "gate.mp4").read_bytes() == draw.clip


def test_where_links_are_refused_clips_are_copied(
    drawn: tuple[Path, Drawer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("another disk")

    monkeypatch.setattr("facelab.data.terminal.shelf.os.link", refuse)
    kept, draw = drawn
    handed_out(kept, tmp_path / "one", STAMP)
    assert (tmp_path / "one" / "gate.mp4").read_bytes() == draw.clip
    assert (kept / "gate.mp4").stat().st_nlink == 1


def test_what_stood_in_the_workspace_is_replaced_and_nothing_unfinished_is_left(
    drawn: tuple[Path, Drawer], tmp_path: Path
) -> None:
    kept, _ = drawn
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "old.mp4").write_bytes(b"")
    handed_out(kept, tmp_path / "one", STAMP)
    assert not (tmp_path / "one" / "old.mp4").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("broken", ["{", "[]", '{"origin": 1}'])
def test_a_stamp_that_says_nothing_is_no_rendering(drawn: tuple[Path, Drawer], broken: str) -> None:
    kept, _ = drawn
    (kept / STAMP).write_text(broken)
    assert not is_unaltered(kept, ORIGIN, STAMP)

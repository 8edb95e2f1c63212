"""A folder of pictures is a clip: the number in the name is the frame, what is missing or damaged is counted."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.data.sources import FrameFolder, Losses
from facelab.errors import BadInput


def _read(folder, fps=10.0):
    losses = Losses()
    return list(FrameFolder(folder, fps, "hall").frames(losses)), losses


@pytest.mark.parametrize("pattern", ["{}.jpg", "{:08d}.png", "frame-{}.jpg", "cam2_{:03d}.bmp"])
def test_the_number_in_the_name_is_the_index_and_gives_the_time(media, pattern):
    folder = media.frames("f", [8, 9, 10, 11, 100], pattern=pattern)
    frames, losses = _read(folder)
    assert [frame.index for frame in frames] == [8, 9, 10, 11, 100]
    assert [media.number(frame.image) for frame in frames] == [8, 9, 10, 11, 100]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 9.2])
    assert {frame.camera for frame in frames} == {"hall"}
    assert losses.frames_missing == 88
    assert losses.frames_lost == 0


@pytest.mark.parametrize(
    "names", [["a1.jpg", "b2.jpg", "b10.jpg"], ["x.jpg", "y.jpg", "z.jpg"], ["1.jpg", "1.png", "2.jpg"]]
)
def test_names_that_are_no_plain_numbering_count_by_position(media, names):
    folder = media.folder / "f"
    folder.mkdir()
    for position, name in enumerate(names):
        media.frames("f", [position], pattern="tmp{}.bmp")
        (folder / f"tmp{position}.bmp").rename(folder / name)
    frames, losses = _read(folder)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [media.number(frame.image) for frame in frames] == [0, 1, 2]
    assert not losses.any


def test_damaged_frames_are_counted_by_name_and_the_rest_goes_on(media):
    folder = media.frames("f", range(10))
    whole = (folder / "000003.jpg").read_bytes()
    (folder / "000003.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "000005.jpg").write_bytes(b"")
    frames, losses = _read(folder)
    assert [frame.index for frame in frames] == [0, 1, 2, 4, 6, 7, 8, 9]
    assert [frame.time_s for frame in frames] == pytest.approx([i / 10 for i in (0, 1, 2, 4, 6, 7, 8, 9)])
    assert (losses.frames_read, losses.frames_lost, losses.frames_missing) == (8, 2, 0)
    assert "000003.jpg: the JPEG is cut off" in losses.named[0]
    assert "000005.jpg: the picture is empty" in losses.named[1]


def test_frames_of_another_size_are_handed_out_and_counted(media):
    folder = media.frames("f", range(3))
    media.frames("f", [3], size=(320, 240))
    frames, losses = _read(folder)
    assert [frame.image.shape[:2] for frame in frames] == [(120, 160)] * 3 + [(240, 320)]
    assert losses.frames_resized == 1
    assert "frame 3: 320x240, the first is 160x120" in losses.named[0]


def test_other_files_hidden_files_and_subfolders_are_no_frames(media):
    folder = media.frames("f", range(3))
    (folder / "._000001.jpg").write_bytes(b"mac")
    (folder / "times.txt").write_text("0 1 2")
    (folder / "000009").mkdir()
    frames, losses = _read(folder)
    assert len(frames) == 3
    assert not losses.any


def test_a_folder_without_pictures_and_one_that_is_missing_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for path, cause in (
        (tmp_path, "no picture in the folder"),
        (tmp_path / "gone", "no such folder"),
        (tmp_path / "notes.txt", "this is a file"),
    ):
        for action in (FrameFolder(path, 25).check, lambda path=path: next(FrameFolder(path, 25).frames(Losses()))):
            with pytest.raises(BadInput, match=cause):
                action()


def test_a_folder_of_which_no_picture_can_be_read_is_refused(media):
    folder = media.frames("f", range(3))
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(BadInput, match="none of the 3 pictures can be read"):
        _read(folder)


def test_the_digest_follows_content_names_and_rate(media):
    folder = media.frames("f", range(3))
    digest = FrameFolder(folder, 25).digest
    assert FrameFolder(folder, 25, "another name").digest == digest
    assert FrameFolder(folder, 30).digest != digest
    (folder / "000002.jpg").rename(folder / "000003.jpg")
    moved = FrameFolder(folder, 25).digest
    assert moved != digest
    (folder / "000003.jpg").write_bytes((folder / "000003.jpg").read_bytes() + b"\0")
    assert FrameFolder(folder, 25).digest != moved


def test_the_expected_number_is_that_of_the_pictures(media):
    assert FrameFolder(media.frames("f", range(4)), 25).frames_expected == 4


def test_only_one_frame_is_held_at_a_time(media, monkeypatch):
    folder = media.frames("f", range(20))
    read = []
    monkeypatch.setattr(
        "facelab.data.sources.read_image", lambda path: read.append(path) or np.zeros((2, 2, 3), np.uint8)
    )
    frames = FrameFolder(folder, 25).frames(Losses())
    next(frames)
    assert len(read) == 1

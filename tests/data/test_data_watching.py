"""What is wrong with frames that can be decoded is counted and named; the frames themselves go on."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from facelab.data.losses import Losses
from facelab.data.slots import Slots
from facelab.data.sources import FrameFolder, VideoFile
from facelab.data.watching import Watch


def seen(pictures, times=None):
    """The losses of a source that gives `pictures` at `times` (unless given, 25 a second)."""
    losses = Losses()
    watch = Watch("gate.mp4", losses)
    for i, picture in enumerate(pictures):
        watch.see(i, i / 25 if times is None else times[i], picture)
    watch.end()
    return losses


def noise(k, height=60, width=80):
    return np.random.default_rng(k).integers(0, 255, (height, width, 3), np.uint8)


def part(folder, name, *, frames=50, rate=25, size=(160, 120)):
    """A transport stream of noise: such streams may be put one behind the other."""
    path = folder / name
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(noise(i, size[1], size[0]), format="bgr24")
            frame.pts, frame.time_base = i * 1000 // rate, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path.read_bytes()


def read(path):
    losses = Losses()
    frames = list(VideoFile(path, "gate").frames(losses))
    assert losses.frames_read == len(frames)
    assert all(a.time_s < b.time_s for a, b in itertools.pairwise(frames))
    assert all(a.index < b.index for a, b in itertools.pairwise(frames))
    return frames, losses


def test_a_stream_as_it_should_be_has_nothing_to_tell():
    losses = seen([noise(k) for k in range(60)])
    assert losses == Losses(frames_read=60)
    assert not losses.any
    assert str(losses) == "60 frames read"


def test_repeated_frames_are_counted_and_only_a_second_of_them_is_a_frozen_camera():
    short = seen([noise(k // 3) for k in range(60)])
    assert (short.frames_repeated, short.frames_frozen, short.any) == (40, 0, False)
    long = seen([noise(min(k, 20)) for k in range(50)] + [noise(99)])
    assert (long.frames_repeated, long.frames_frozen) == (29, 29)
    assert long.named == ["gate.mp4, frames 21 to 49 (0.84 to 1.96 s): the picture is frozen"]
    assert "29 of a frozen picture" in str(long)


def test_one_grey_level_in_one_pixel_is_no_repetition():
    one, other = noise(1), noise(1)
    other[33, 41, 2] ^= 1
    assert seen([one, other, one]).frames_repeated == 0


def test_black_frames_are_counted_and_named_as_one_stretch():
    dark = [np.random.default_rng(k).integers(0, 16, (60, 80, 3), np.uint8) for k in range(10)]
    losses = seen([*(noise(k) for k in range(5)), *dark, noise(5)])
    assert losses.frames_black == 10
    assert losses.named == ["gate.mp4, frames 5 to 14 (0.20 to 0.56 s): black"]


def test_a_dark_room_with_a_lamp_is_not_black():
    room = np.full((60, 80, 3), 8, np.uint8)
    room[10:20, 10:20] = 200
    assert seen([room]).frames_black == 0


def test_a_stretch_that_lasts_to_the_end_is_named_too():
    losses = seen([np.zeros((60, 80, 3), np.uint8)] * 30)
    assert (losses.frames_black, losses.frames_frozen) == (30, 29)
    assert len(losses.named) == 2


def test_another_size_is_counted_frame_by_frame_and_named_where_it_changes():
    sizes = [(60, 80)] * 3 + [(30, 40)] * 3 + [(60, 80)] * 2 + [(90, 80)]
    losses = seen([noise(k, *size) for k, size in enumerate(sizes)])
    assert losses.frames_resized == 4
    assert losses.named == [
        "gate.mp4, frame 3: 40x30, the first is 80x60",
        "gate.mp4, frame 8: 80x90, the first is 80x60",
    ]


def test_a_hole_in_time_is_measured():
    times = [k / 25 for k in range(20)] + [5 + k / 25 for k in range(20)]
    losses = seen([noise(k) for k in range(40)], times)
    assert losses.gaps == 1
    assert losses.gap_s == pytest.approx(5 - 20 / 25)
    assert losses.named == ["gate.mp4, frame 20 at 5.00 s: no frame for 4.24 s before it"]
    assert "1 gap(s) of 4.2 s together" in str(losses)


def test_one_frame_every_two_seconds_has_no_holes():
    assert seen([noise(k) for k in range(20)], [2.0 * k for k in range(20)]).gaps == 0


def test_another_frame_rate_is_told_once_and_an_uneven_one_never():
    steps = [0.04] * 60 + [0.1] * 60
    losses = seen([noise(k) for k in range(120)], list(itertools.accumulate(steps)))
    assert losses.rate_changes == 1
    assert "the frame rate has changed from 25.0 to 10.0" in losses.named[0]
    uneven = list(itertools.accumulate(np.random.default_rng(0).uniform(0.02, 0.3, 200).tolist()))
    assert seen([noise(k) for k in range(200)], uneven).rate_changes == 0


def test_a_clock_that_begins_anew_goes_on_and_is_counted(tmp_path):
    (tmp_path / "a.ts").write_bytes(part(tmp_path, "1.ts", frames=60) * 2)
    frames, losses = read(tmp_path / "a.ts")
    assert len(frames) == 120
    assert losses.frames_back == 1
    assert "its time goes back, from 2.36 to 0.00 s" in losses.named[0]
    steps = [b.time_s - a.time_s for a, b in itertools.pairwise(frames)]
    assert steps == pytest.approx([0.04] * 119, abs=1e-3)


def test_a_stream_that_changes_its_size_goes_on(tmp_path):
    parts = part(tmp_path, "1.ts") + part(tmp_path, "2.ts", size=(320, 240))
    (tmp_path / "a.ts").write_bytes(parts)
    frames, losses = read(tmp_path / "a.ts")
    assert [frames[0].image.shape, frames[-1].image.shape] == [(120, 160, 3), (240, 320, 3)]
    assert losses.frames_resized == sum(frame.image.shape[0] == 240 for frame in frames) >= 45
    assert any("320x240, the first is 160x120" in line for line in losses.named)


def test_a_stream_that_changes_its_rate_goes_on_in_true_seconds(tmp_path):
    (tmp_path / "a.ts").write_bytes(part(tmp_path, "1.ts") + part(tmp_path, "2.ts", rate=10))
    frames, losses = read(tmp_path / "a.ts")
    assert losses.rate_changes == 1
    assert frames[-1].time_s == pytest.approx(2 + 5, abs=0.2)


def test_a_file_that_grows_while_it_is_read_is_told(media):
    path = media.video("a.ts", codec="mpeg4")
    source = VideoFile(path)
    digest = source.digest
    losses = Losses()
    frames = source.frames(losses)
    next(frames)
    with path.open("ab") as file:
        file.write(path.read_bytes()[: 188 * 40])
    assert len(list(frames)) >= 40
    assert losses.clips_changed == 1
    assert any("it changed while it was read" in line and "still being recorded?" in line for line in losses.named)
    assert VideoFile(path).digest != digest


def test_a_folder_to_which_a_frame_is_added_while_it_is_read_is_told(media):
    source = FrameFolder(media.frames("f", range(3)), 10)
    losses = Losses()
    frames = source.frames(losses)
    next(frames)
    media.frames("f", [3])
    assert len(list(frames)) == 2
    assert losses.clips_changed == 1
    assert "pictures came or went" in losses.named[0]


def test_a_file_that_stands_is_not_said_to_have_changed(media):
    path = media.video("a.mp4")
    losses = Losses()
    list(VideoFile(path).frames(losses))
    assert losses.clips_changed == 0


def test_a_folder_may_hold_frames_of_two_sizes(media):
    folder = media.frames("f", range(3))
    media.frames("f", [3], size=(80, 60))
    losses = Losses()
    frames = list(FrameFolder(folder, 10).frames(losses))
    assert len(frames) == 4
    assert losses.frames_resized == 1
    assert losses.named == [f"{folder}, frame 3: 80x60, the first is 160x120"]


def test_losses_of_clips_add_up_in_every_count():
    one = Losses(frames_read=3, gaps=1, gap_s=2.5, clips_failed=1, named=["a"])
    one.add(Losses(frames_read=4, gaps=2, gap_s=1.0, reconnects=1, named=["b"]))
    assert one == Losses(frames_read=7, gaps=3, gap_s=3.5, clips_failed=1, reconnects=1, named=["a", "b"])
    assert os.linesep not in str(one)


def test_frames_that_nobody_wants_keep_their_place_and_time_and_cost_no_pixels(tmp_path):
    path = tmp_path / "gate.ts"
    path.write_bytes(part(tmp_path, "part.ts"))
    whole, losses = read(path)
    few = Losses()
    slots = Slots(6.25)
    sparse = list(VideoFile(path, "gate").frames(few, slots.first))
    assert [(f.index, f.time_s) for f in sparse] == [(f.index, f.time_s) for f in whole]
    looked = [k for k, frame in enumerate(sparse) if frame.image.size]
    assert looked == list(range(0, 50, 4))
    assert all(np.array_equal(sparse[k].image, whole[k].image) for k in looked)
    assert few == losses, "frames that are passed over are counted, too"

"""Frames sought in a video are those that decoding from the beginning gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facelab.data.footage import Clip, Footage
from facelab.data.losses import Losses
from facelab.data.sources import VideoFile
from facelab.label.anchors import Anchors
from facelab.label.pictures import SEEK_WORTH, FacePictures
from facelab.label.seeking import sought_frames
from facelab.types import Tracks

FRAMES = 400


@pytest.fixture(scope="module", params=["mpeg4", "libx264"])
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VideoFile:
    """400 frames at 25 a second, with frames that rest on later ones; each another grey and another pattern."""
    path = tmp_path_factory.mktemp("video") / f"{request.param}.mp4"
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 255, (FRAMES, 4, 6), np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(request.param, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = 40
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(FRAMES):
            picture = np.kron(tiles[number], np.ones((16, 16), np.uint8))
            frame = av.VideoFrame.from_ndarray(np.repeat(picture[..., None], 3, axis=2), format="bgr24")
            frame.pts, frame.time_base = number * 40, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return VideoFile(path, "gate")


def test_sought_frames_are_bit_for_bit_those_of_a_whole_pass(video: VideoFile) -> None:
    whole = {frame.index: frame for frame in video.frames(Losses())}
    numbers = (0, 1, 39, 40, 41, 200, 201, 230, 399)
    times = {whole[number].time_s: number for number in numbers}
    found = sought_frames(video, times)
    assert len(found) == len(numbers)
    for time_s, picture in found.items():
        assert np.array_equal(picture, whole[times[time_s]].image)


def test_a_time_without_a_frame_is_left_out(video: VideoFile) -> None:
    assert sought_frames(video, [3.013, 1e6]) == {}
    assert sought_frames(VideoFile(Path("none.mp4")), [1.0]) == {}


def test_faces_of_a_long_video_are_those_of_a_whole_pass(video: VideoFile, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = np.array([5, 150, 390])
    box = np.array([[10, 10, 50, 50]] * 3, np.float32)
    tracks = Tracks(
        np.full(3, "gate"), frame + 1000, frame / 25 + 7.0, np.arange(3), box, np.ones(3), np.ones(3),
        np.zeros((3, 5, 2)),
    )  # fmt: skip
    anchors = Anchors(Footage("long", (Clip(video, 7.0, 1000),)), tracks)
    assert SEEK_WORTH * 3 < 390
    passes: list[str] = []
    decode = VideoFile.frames
    monkeypatch.setattr(VideoFile, "frames", lambda self, losses: passes.append("whole") or decode(self, losses))
    sought = FacePictures(anchors).of(range(3))
    assert passes == []
    monkeypatch.setattr("facelab.label.pictures.SEEK_WORTH", 10**9)
    assert FacePictures(anchors).of(range(3)) == sought
    assert passes == ["whole"]
    assert None not in sought

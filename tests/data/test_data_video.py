"""A video's frames come with their real times and their own index, whatever is damaged in between."""

from __future__ import annotations

import hashlib
import struct
import wave

import av
import cv2
import numpy as np
import pytest

from facelab.data.sources import Losses, VideoFile
from facelab.errors import BadInput


def _read(path, **options):
    losses = Losses()
    frames = list(VideoFile(path, "gate", **options).frames(losses))
    return frames, losses


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        *(("a.mp4", "libx264"), ("a.ts", "libx264"), ("a.mkv", "libx265"), ("a.webm", "libvpx"), ("a.avi", "mpeg4")),
        *(("a.avi", "mjpeg"), ("a.mkv", "ffv1")),
    ],
)
def test_every_frame_comes_once_with_its_index_time_and_camera(media, name, codec):
    path = media.video(name, codec=codec)
    frames, losses = _read(path)
    assert [frame.index for frame in frames] == list(range(50))
    assert [media.number(frame.image) for frame in frames] == list(range(50))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 25 for i in range(50)], abs=1e-6)
    assert {frame.camera for frame in frames} == {"gate"}
    assert {(frame.image.shape, frame.image.dtype) for frame in frames} == {((120, 160, 3), np.dtype(np.uint8))}
    assert losses.frames_read == 50
    assert not losses.any


def test_pictures_equal_those_of_another_decoder(media):
    path = media.video("a.mp4", codec="libx264")
    capture = cv2.VideoCapture(str(path))
    frames, _ = _read(path)
    for frame in frames:
        assert np.abs(frame.image.astype(int) - capture.read()[1].astype(int)).max() <= 2
    capture.release()


def test_a_variable_frame_rate_keeps_its_times(media):
    times = [0, 40, 80, 200, 240, 1000, 1040, 1500]
    frames, losses = _read(media.video("a.mp4", frames=8, times_ms=times))
    assert [frame.time_s for frame in frames] == pytest.approx([t / 1000 for t in times], abs=1e-3)
    assert [frame.index for frame in frames] == list(range(8))
    assert not losses.any


def test_a_recording_that_begins_late_on_its_own_clock_starts_at_zero(media):
    frames, _ = _read(media.video("a.ts", codec="libx264", frames=10, times_ms=[7_200_000 + 40 * i for i in range(10)]))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 25 for i in range(10)], abs=1e-6)


def test_threads_change_nothing(media):
    path = media.video("a.mp4", codec="libx264")
    one, two = _read(path, threads=1)[0], _read(path, threads=2)[0]
    assert all(np.array_equal(a.image, b.image) and a.time_s == b.time_s for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "mjpeg"), ("a.mp4", "libx264"), ("a.avi", "mpeg4")])
def test_a_damaged_frame_is_counted_and_the_rest_keeps_its_index(media, name, codec, capfd):
    path = media.damaged(media.video(name, codec=codec), 20)
    capfd.readouterr()
    frames, losses = _read(path)
    assert losses.frames_lost == 1
    assert losses.frames_read == len(frames) == 49
    assert frames[-1].index == 49
    assert [media.number(frame.image) for frame in frames if frame.index < 19 or frame.index > 40] == [
        frame.index for frame in frames if frame.index < 19 or frame.index > 40
    ]
    assert str(path) in losses.named[0]
    assert capfd.readouterr().err == ""


def test_frames_that_the_decoder_drops_silently_are_counted(media):
    """An H.265 decoder gives nothing until the next key frame; those frames are lost, and counted as such."""
    options = {"x265-params": "keyint=25:min-keyint=25:scenecut=0"}
    path = media.video("a.mkv", codec="libx265", options=options)
    frames, losses = _read(media.damaged(path, 10))
    assert losses.frames_lost >= 1
    assert len(frames) + losses.frames_lost == 50
    assert [frame.index for frame in frames] == [media.number(frame.image) for frame in frames]
    assert frames[-1].index == 49


def test_a_picture_turned_by_the_file_is_upright(media):
    """Phones store the turn as a matrix in the track's header; OpenCV's own reader is the oracle."""
    path = media.video("a.mp4", codec="libx264", frames=3)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    for a, b, c, d in ((0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)):
        data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
        path.write_bytes(data)
        capture = cv2.VideoCapture(str(path))
        expected = capture.read()[1]
        capture.release()
        frames, _ = _read(path)
        assert frames[0].image.shape == expected.shape
        assert np.abs(frames[0].image.astype(int) - expected.astype(int)).max() <= 2


def test_a_video_without_timestamps_runs_at_its_rate(media):
    raw = media.folder / "a.h264"
    with av.open(str(media.video("a.mp4", codec="libx264", options={"bf": "0"}))) as source, raw.open("wb") as out:
        stream = source.streams.video[0]
        filter_ = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in source.demux(stream):
            for part in filter_.filter(packet):
                out.write(bytes(part))
    frames, _ = _read(raw)
    assert [frame.index for frame in frames] == list(range(50))
    assert np.diff([frame.time_s for frame in frames]) == pytest.approx(np.full(49, 0.04), abs=1e-6)


@pytest.mark.parametrize(
    ("content", "cause"),
    [(None, "no such video"), (b"", "empty"), (b"these are words" * 99, "damaged, cut off"), ("cut", "cut off")],
    ids=["missing", "empty", "text", "cut before its index"],
)
def test_what_is_no_video_is_refused_in_one_line(media, content, cause, capfd):
    path = media.folder / "gate.mp4"
    if content == "cut":
        whole = media.video("gate.mp4", codec="libx264").read_bytes()
        content = whole[: len(whole) // 2]
    if content is not None:
        path.write_bytes(content)
    capfd.readouterr()
    for action in (VideoFile(path).check, lambda: next(VideoFile(path).frames(Losses()))):
        with pytest.raises(BadInput, match=rf"gate\.mp4: .*{cause}") as caught:
            action()
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_sound_without_pictures_is_refused(tmp_path):
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(8000))
    with pytest.raises(BadInput, match=r"sound\.wav: there is no video in it, only audio"):
        VideoFile(path).check()


def test_a_folder_is_no_video(tmp_path):
    with pytest.raises(BadInput, match="this is a folder"):
        VideoFile(tmp_path).check()


def test_a_playlist_disguised_as_a_video_is_not_followed(media):
    media.video("a.ts", codec="libx264", frames=5)
    path = media.folder / "list.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(BadInput, match=r"list\.mp4"):
        next(VideoFile(path).frames(Losses()))


@pytest.mark.parametrize(("name", "container"), [("a.mp4", {"movflags": "faststart"}), ("a.mkv", None)])
def test_a_video_that_was_cut_off_gives_what_it_has_and_is_counted(media, name, container):
    path = media.video(name, codec="libx264", container=container, options={"tune": "zerolatency"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames, losses = _read(path)
    assert 5 < len(frames) < 45
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert losses.clips_cut == 1
    assert "2.0 s" in losses.named[-1]


def test_a_video_of_which_no_frame_can_be_decoded_is_refused(media):
    path = media.video("a.mkv", codec="mjpeg", frames=5)
    losses = Losses()
    with pytest.raises(BadInput, match="not one frame"):
        list(VideoFile(media.damaged(path, *range(5))).frames(losses))
    assert losses.frames_lost == 5


def test_the_digest_is_that_of_the_bytes_and_the_expected_number_is_right(media):
    path = media.video("a.mp4", codec="libx264")
    assert VideoFile(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert VideoFile(path).frames_expected == 50
    assert VideoFile(media.video("a.mkv", codec="libx264")).frames_expected == 50


def test_frames_stream_and_a_reader_may_stop_early(media):
    losses = Losses()
    frames = VideoFile(media.video("a.mp4")).frames(losses)
    assert next(frames).index == 0
    assert losses.frames_read == 1
    frames.close()

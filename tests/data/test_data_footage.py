"""A path becomes footage by one rule; clips share a clock, never an index; the digest follows all that is known."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from facelab.config import FileFootage
from facelab.data.footage import Clip, Footage, open_footage
from facelab.data.losses import Losses
from facelab.data.sources import FrameFolder, LiveCamera, VideoFile
from facelab.data.truth import Truth, write_truth
from facelab.errors import BadInput


def _truth(camera="camera", subject="anna") -> Truth:
    names = [np.array([name]) for name in (camera, 0, "p", subject)]
    return Truth(*names, np.array([[0, 0, 9, 9]]))


def test_the_rule_tells_video_folder_manifest_and_camera_apart(media):
    video = media.video("a.mp4", frames=3)
    folder = media.frames("frames.csv", range(3))
    manifest = media.folder / "all.csv"
    manifest.write_text("file,camera\na.mp4,gate\n")
    opened = {
        name: open_footage(FileFootage(path=str(path), fps=25, camera="x"))
        for name, path in {"v": video, "f": folder, "m": manifest, "a": "rtsp://u:p@host/1", "d": "0"}.items()
    }
    kinds = {name: type(footage.clips[0].source) for name, footage in opened.items()}
    assert kinds == {"v": VideoFile, "f": FrameFolder, "m": VideoFile, "a": LiveCamera, "d": LiveCamera}
    assert {name: footage.cameras for name, footage in opened.items()} == {
        name: ("gate",) if name == "m" else ("x",) for name in opened
    }
    assert opened["v"].name == "a"
    assert opened["a"].digest is None
    assert opened["a"].name == "x"


def test_what_is_missing_or_unfit_is_found_before_anything_runs(media):
    (media.folder / "empty").mkdir()
    media.frames("frames", range(3))
    cases = {
        "gone.mp4": "no such video",
        "gone.csv": "no such file",
        "empty": "no picture",
        "frames": "fps is not given",
    }
    for name, cause in cases.items():
        with pytest.raises(BadInput, match=cause) as caught:
            open_footage(FileFootage(path=str(media.folder / name), fps=25 if name == "empty" else None))
        assert name in str(caught.value)


def test_truth_is_read_and_must_fit_the_camera(media):
    video, truth = media.video("a.mp4", frames=3), media.folder / "truth.csv"
    write_truth(_truth(), truth)
    assert open_footage(FileFootage(path=str(video), truth=truth)).truth.subject_id.tolist() == ["anna"]
    with pytest.raises(BadInput, match="the truth names camera 'camera', the footage has gate"):
        open_footage(FileFootage(path=str(video), truth=truth, camera="gate"))
    with pytest.raises(BadInput, match=r"gone\.csv"):
        open_footage(FileFootage(path=str(video), truth=media.folder / "gone.csv"))


def test_a_clip_starts_on_the_common_clock_and_at_its_own_frame(media):
    clip = Clip(FrameFolder(media.frames("f", range(3)), 10), start_s=5.0, first_frame=100)
    frames = list(clip.frames(Losses()))
    assert [frame.time_s for frame in frames] == pytest.approx([5.0, 5.1, 5.2])
    assert [frame.index for frame in frames] == [100, 101, 102]


def test_the_digests_follow_pictures_clock_truth_people_and_mark(media):
    video = media.video("a.mp4", frames=3)
    clip = Clip(VideoFile(video, "camera"))
    base = Footage("a", (clip,), _truth())
    same_pictures = [
        replace(base, truth=_truth(subject="bert")),
        replace(base, truth=None),
        replace(base, synthetic=True),
        replace(base, clips=(replace(clip, subject_id="anna"),)),
    ]
    others = [
        replace(base, clips=(replace(clip, start_s=1.0),)),
        replace(base, clips=(replace(clip, first_frame=1),)),
        Footage("a", (Clip(VideoFile(video, "gate")),)),
    ]
    assert replace(base, name="b").digest == base.digest
    assert {footage.pictures_digest for footage in same_pictures} == {base.pictures_digest}
    assert len({footage.digest for footage in (base, *same_pictures, *others)}) == 8
    assert base.pictures_digest not in {footage.pictures_digest for footage in others}


def test_a_footage_without_clips_and_two_clips_of_one_index_are_refused(media):
    clip = Clip(VideoFile(media.folder / "a.mp4", "gate"))
    with pytest.raises(BadInput, match="at least one clip"):
        Footage("a", ())
    with pytest.raises(BadInput, match="2 clips of camera 'gate' have the first frame 0"):
        Footage("a", (clip, clip))


def test_cameras_stand_once_and_expected_frames_add_up(media):
    folder = media.frames("f", range(3))
    clips = tuple(Clip(FrameFolder(folder, 25, camera), first_frame=i) for i, camera in enumerate("aba"))
    footage = Footage("f", clips)
    assert footage.cameras == ("a", "b")
    assert footage.frames_expected == 9
    assert Footage("f", (*clips, Clip(LiveCamera("0")))).frames_expected is None


def test_it_travels_between_processes(media):
    footage = open_footage(FileFootage(path=str(media.video("a.mp4", frames=3))))
    again = pickle.loads(pickle.dumps(footage))
    assert len(list(again.clips[0].frames(Losses()))) == 3
    assert again.digest == footage.digest


def test_losses_add_up_and_keep_the_first_names():
    total = Losses()
    assert not total.any
    for clip in range(30):
        part = Losses(frames_read=10, frames_lost=1, frames_missing=2, frames_resized=3, clips_cut=1)
        part.name(f"clip {clip}")
        total.add(part)
    assert (total.frames_read, total.frames_lost, total.frames_missing, total.frames_resized) == (300, 30, 60, 90)
    assert total.clips_cut == 30
    assert total.any
    assert total.named == [f"clip {clip}" for clip in range(20)]
    assert str(total).startswith("300 frames read, 30 could not be decoded, 60 missing")
    assert str(total).endswith("30 clip(s) ended early")
    assert str(Losses(frames_read=1200)) == "1,200 frames read"

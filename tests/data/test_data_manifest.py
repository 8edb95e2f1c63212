"""A manifest becomes footage, or one line that names the file, the line, the column and the rule."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.data.losses import Losses
from facelab.data.manifest import FRAMES_A_CLIP, read_manifest
from facelab.data.truth import Truth, write_truth
from facelab.errors import BadInput


@pytest.fixture
def folder(media):
    """Two videos, a folder of frames, and truth for the gate's first video."""
    media.video("a.mp4", frames=3)
    media.video("b.mp4", frames=4)
    media.frames("hall", range(5))
    names = [np.array([name]) for name in ("gate", 1, "p", "anna")]
    write_truth(Truth(*names, np.array([[0, 0, 9, 9]])), media.folder / "truth.csv")
    return media.folder


def _csv(folder, *lines):
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines))
    return path


def _yaml(folder, text):
    path = folder / "manifest.yaml"
    path.write_text(text)
    return path


def test_a_csv_names_clips_cameras_clock_rate_and_people(folder):
    footage = read_manifest(
        _csv(folder, "file,camera,start_s,fps,subject_id", "a.mp4,gate,1.5,,anna", "hall,hall,,10,", "b.mp4,gate,60,,")
    )
    assert footage.name == "manifest"
    assert footage.cameras == ("gate", "hall")
    assert [clip.start_s for clip in footage.clips] == [1.5, 0.0, 60.0]
    assert [clip.subject_id for clip in footage.clips] == ["anna", "", ""]
    assert [clip.first_frame for clip in footage.clips] == [0, 0, FRAMES_A_CLIP]
    assert [len(list(clip.frames(Losses()))) for clip in footage.clips] == [3, 5, 4]
    assert footage.truth is None
    assert not footage.synthetic


def test_a_yaml_says_the_same_and_what_holds_for_the_whole(folder):
    text = """
        name: terminal
        synthetic: true
        truth: truth.csv
        clips:
          - {file: a.mp4, camera: gate, start_s: 1.5}
          - {file: hall, camera: hall, fps: 10}
    """
    footage = read_manifest(_yaml(folder, text))
    assert (footage.name, footage.synthetic, footage.cameras) == ("terminal", True, ("gate", "hall"))
    assert footage.clips[0].start_s == 1.5
    assert footage.truth.subject_id.tolist() == ["anna"]


@pytest.mark.parametrize("kind", ["csv", "yaml"])
def test_dates_with_their_zones_become_seconds_from_the_earliest(folder, kind):
    dates = ["2026-11-01T08:30:00+05:00", "2026-11-01T03:29:30Z"]
    if kind == "csv":
        path = _csv(folder, "file,camera,start", f"a.mp4,gate,{dates[0]}", f"b.mp4,hall,{dates[1]}")
    else:
        clips = [f"- {{file: {f}, camera: {f[0]}, start: {d}}}" for f, d in zip(("a.mp4", "b.mp4"), dates)]
        path = _yaml(folder, "clips:\n" + "\n".join(clips))
    assert [clip.start_s for clip in read_manifest(path).clips] == [30.0, 0.0]


def test_the_truth_of_a_clip_moves_with_its_frames(folder):
    footage = read_manifest(_csv(folder, "file,camera,first_frame,truth", "b.mp4,gate,,", "a.mp4,gate,500,truth.csv"))
    assert footage.truth.frame.tolist() == [501]
    assert [clip.first_frame for clip in footage.clips] == [0, 500]


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([], "the file is empty"),
        (["file,camera"], "names no clip"),
        (["file,start_s", "a.mp4,0"], r"manifest\.csv, line 1: column 'camera' is missing; found: file, start_s"),
        (["file,camera,speed", "a.mp4,gate,1"], "column 'speed' is unknown"),
        (["file,camera", "a.mp4,"], r"line 2: column 'camera' is '': "),
        (["file,camera", ",gate"], r"line 2: column 'file' is '': "),
        (["file,camera,start_s", "a.mp4,gate,nan"], r"line 2: column 'start_s' is 'nan': .*finite"),
        (["file,camera,start_s", "a.mp4,gate,-1"], "column 'start_s' is '-1': .*greater than or equal to 0"),
        (["file,camera,start_s", "b.mp4,gate,0", "a.mp4,gate,soon"], "line 3: column 'start_s' is 'soon': .*number"),
        (["file,camera,fps", "hall,hall,inf"], "column 'fps' is 'inf'"),
        (["file,camera,fps", "hall,hall,0"], "column 'fps' is '0'"),
        (["file,camera,start", "a.mp4,gate,2026-11-01T08:30:00"], "column 'start' .*timezone"),
        (["file,camera,start", "a.mp4,gate,2026-11-01T08:30:00Z", "b.mp4,hall,"], "not a mixture"),
        (["file,camera,first_frame", "a.mp4,gate,1.5"], "column 'first_frame' is '1.5'"),
        (["file,camera", "hall,hall"], "line 2: column 'fps' is needed for the folder of frames 'hall'"),
        (
            ["file,camera", "../a.mp4,gate"],
            "line 2: column 'file' must stay below the manifest's folder, it is '../a.mp4'",
        ),
        (["file,camera", "hall/../../x.mp4,gate"], "must stay below"),
        (["file,camera", "/etc/passwd,gate"], "must stay below"),
        (["file,camera", "C:\\video.mp4,gate"], "must stay below"),
        (["file,camera,truth", "a.mp4,gate,../truth.csv"], "column 'truth' must stay below"),
        (["file,camera", "gone.mp4,gate"], "line 2: column 'file' names 'gone.mp4', which is not there"),
        (["file,camera,truth", "a.mp4,gate,gone.csv"], "column 'truth' names 'gone.csv'"),
        (
            ["file,camera", "a.mp4,gate", "a.mp4,hall"],
            r"line 3: column 'file': 'a\.mp4' stands twice, first in .*line 2",
        ),
        (["file,camera", "a.mp4,gate", "./a.mp4,hall"], "stands twice"),
        (
            ["file,camera,first_frame", "a.mp4,gate,7", "b.mp4,gate,7"],
            "2 clips of camera 'gate' have the first frame 7",
        ),
        (["file,camera", "truth.csv,gate"], r"line 2: column 'file': .*truth\.csv: no video can be read"),
        (["file,camera,truth", "a.mp4,hall,truth.csv"], "names camera 'gate', not its own"),
        (
            ["file,camera,truth", "a.mp4,gate,truth.csv", "b.mp4,gate,truth.csv"],
            "line 3: column 'truth': passage 'p' stands in another clip's truth too",
        ),
        (["file,camera,truth,subject_id", "a.mp4,gate,truth.csv,anna"], "'truth' and 'subject_id'"),
    ],
)
def test_a_bad_csv_is_refused_with_its_place(folder, lines, cause):
    with pytest.raises(BadInput, match=cause) as caught:
        read_manifest(_csv(folder, *lines))
    assert str(folder / "manifest.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", r"manifest\.yaml: a mapping of names to values is needed, it is empty"),
        ("- a.mp4", "a mapping of names to values is needed, it is a list"),
        ("clips: [a: b: c", r"manifest\.yaml, line 1: this is no YAML"),
        ("name: x", "column 'clips' is missing; found: name"),
        ("clips: []", "column 'clips' is"),
        ("clips: [a.mp4]", "column 'clips.0' is 'a.mp4'"),
        ("clips: [{file: a.mp4}]", r"clip 1: column 'camera' is missing; found: file"),
        ("clips: [{file: a.mp4, camera: gate, start_s: .nan}]", "clip 1: column 'start_s' is nan: .*finite"),
        ("clips: [{file: a.mp4, camera: 3}]", "column 'camera' is 3"),
        ("clips: [{file: a.mp4, camera: gate, speed: 3}]", "column 'speed' is unknown"),
        ("clips: [{file: a.mp4, camera: gate}]\nspeed: 3", "column 'speed' is unknown"),
        ("clips: [{file: ../a.mp4, camera: gate}]", "must stay below"),
        ("truth: truth.csv\nclips: [{file: a.mp4, camera: gate, truth: truth.csv}]", "give one of them"),
        ("truth: truth.csv\nclips: [{file: a.mp4, camera: hall}]", "the truth names camera 'gate'"),
        ("truth: /truth.csv\nclips: [{file: a.mp4, camera: hall}]", "must stay below"),
    ],
)
def test_a_bad_yaml_is_refused_with_its_place(folder, text, cause):
    with pytest.raises(BadInput, match=cause) as caught:
        read_manifest(_yaml(folder, text))
    assert str(folder / "manifest.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_yaml_cannot_make_objects(folder):
    with pytest.raises(BadInput, match="this is no YAML"):
        read_manifest(_yaml(folder, "clips: !!python/object/apply:os.getcwd []"))


def test_a_link_that_leads_out_of_the_folder_is_refused(media):
    outside = media.video("a.mp4", frames=3)
    inside = media.folder / "inside"
    inside.mkdir()
    (inside / "a.mp4").symlink_to(outside)
    with pytest.raises(BadInput, match="must stay below"):
        read_manifest(_csv(inside, "file,camera", "a.mp4,gate"))

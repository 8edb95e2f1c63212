"""Rendering the terminal, with passengers drawn here: magenta ovals, so that pixels tell where a face is."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facelab.config import TerminalFootage
from facelab.data.footage import Footage
from facelab.data.losses import Losses
from facelab.data.manifest import read_manifest
from facelab.data.people import SyntheticPeople
from facelab.data.sources import VideoFile
from facelab.data.terminal import render, render_terminal
from facelab.errors import BadInput

WANTED, UNKNOWN = ("p1", "p2"), ("p3", "p4")
SETTINGS = TerminalFootage(seed=5, unknown=2, wanted=1)
TINY = TerminalFootage(seed=5, unknown=2, wanted=0, cameras=("gate",))


@pytest.fixture(scope="module")
def people(drawn_people: Callable[[Sequence[str], Sequence[str]], SyntheticPeople]) -> SyntheticPeople:
    return drawn_people(WANTED, UNKNOWN)


@pytest.fixture(scope="module")
def rendered(people: SyntheticPeople, tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, Path]:
    folder = tmp_path_factory.mktemp("footage") / "terminal"
    return render_terminal(SETTINGS, folder, people=people, workers=1), folder


@pytest.fixture(scope="module")
def tiny(people: SyntheticPeople, tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, Path]:
    folder = tmp_path_factory.mktemp("footage") / "tiny"
    return render_terminal(TINY, folder, people=people, workers=1), folder


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_passenger_has_one_passage_past_each_camera(rendered: tuple[Footage, Path]) -> None:
    truth = rendered[0].truth
    assert truth is not None
    found = set(zip(truth.passages.camera.tolist(), truth.passages.subject_id.tolist()))
    assert found == {(camera, who) for camera in SETTINGS.cameras for who in ("p1", "p3", "p4")}
    assert len(truth.passages) == 9


def test_footage_says_that_it_is_synthetic_and_has_two_clips_a_camera(rendered: tuple[Footage, Path]) -> None:
    footage = rendered[0]
    assert footage.synthetic
    assert [clip.camera for clip in footage.clips] == ["entrance"] * 2 + ["queue"] * 2 + ["gate"] * 2


def test_the_manifest_beside_it_opens_the_same_footage(rendered: tuple[Footage, Path]) -> None:
    assert read_manifest(rendered[1] / "footage.yaml").digest == rendered[0].digest


def test_boxes_lie_where_faces_are_drawn(rendered: tuple[Footage, Path]) -> None:
    """The middle of a box that is not hidden is magenta, and just above and beside the head little is."""
    footage = rendered[0]
    truth = footage.truth
    assert truth is not None
    inside, outside = [], []
    for clip in footage.clips:
        for frame in clip.frames(Losses()):
            picture = frame.image.astype(int)
            magenta = np.minimum(picture[..., 0], picture[..., 2]) - picture[..., 1] > 40
            for box in truth.box[(truth.camera == clip.camera) & (truth.frame == frame.index)]:
                x1, y1, x2, y2 = box
                w, h = x2 - x1, y2 - y1
                if w < 24 or x1 < w or x2 > 960 - w or y1 < h or y2 > 540:
                    continue
                spot = magenta[round(y1 + 0.3 * h) : round(y2 - 0.3 * h), round(x1 + 0.3 * w) : round(x2 - 0.3 * w)]
                inside.append(float(spot.mean()))
                above = magenta[round(y1 - 0.9 * h) : round(y1 - 0.5 * h), round(x1) : round(x2)]
                outside.append(float(above.mean()))
    assert len(inside) > 100
    assert np.mean(np.array(inside) > 0.6) > 0.9
    assert np.mean(outside) < 0.1


def test_truth_counts_only_faces_that_can_be_asked_for(rendered: tuple[Footage, Path]) -> None:
    truth = rendered[0].truth
    assert truth is not None
    assert np.mean(truth.box[:, 2] - truth.box[:, 0] >= 16) > 0.95  # a passage never seen keeps its best box


def test_frames_of_the_truth_are_frames_of_the_clips(rendered: tuple[Footage, Path]) -> None:
    footage = rendered[0]
    truth = footage.truth
    assert truth is not None
    for camera in footage.cameras:
        there = {frame.index for c in footage.clips if c.camera == camera for frame in c.frames(Losses())}
        assert set(truth.frame[truth.camera == camera].tolist()) <= there


def test_a_passenger_comes_to_the_entrance_then_the_queue_then_the_gate(rendered: tuple[Footage, Path]) -> None:
    truth = rendered[0].truth
    assert truth is not None
    for who in ("p1", "p3", "p4"):
        last = [truth.frame[(truth.camera == c) & (truth.subject_id == who)].max() for c in SETTINGS.cameras]
        first = [truth.frame[(truth.camera == c) & (truth.subject_id == who)].min() for c in SETTINGS.cameras]
        assert last[0] < first[1]
        assert last[1] < first[2]


def test_the_same_bytes_come_out_whatever_the_number_of_workers(
    tiny: tuple[Footage, Path], people: SyntheticPeople, tmp_path: Path
) -> None:
    two = render_terminal(TINY, tmp_path / "two", people=people, workers=2)
    assert two.digest == tiny[0].digest
    assert _bytes(tmp_path / "two") == _bytes(tiny[1])


def test_another_seed_is_another_footage_and_replaces_the_first(
    tiny: tuple[Footage, Path], people: SyntheticPeople, tmp_path: Path
) -> None:
    shutil.copytree(tiny[1], tmp_path / "a")
    other = TINY.model_copy(update={"seed": 6})
    assert render_terminal(other, tmp_path / "a", people=people, workers=1).digest != tiny[0].digest
    assert '"seed": 6' in (tmp_path / "a" / "rendered.json").read_text()


def test_what_is_rendered_is_not_rendered_again(
    rendered: tuple[Footage, Path], people: SyntheticPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "_render", lambda *_: pytest.fail("it was rendered again"))
    assert render_terminal(SETTINGS, rendered[1], people=people).digest == rendered[0].digest


def test_a_damaged_rendering_is_made_again(tiny: tuple[Footage, Path], people: SyntheticPeople, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(tiny[1], folder)
    assert render_terminal(TINY, folder, people=people, workers=1).digest == tiny[0].digest
    (folder / "gate-1.mp4").write_bytes((folder / "gate-1.mp4").read_bytes()[:500])
    assert render_terminal(TINY, folder, people=people, workers=1).digest == tiny[0].digest
    assert _bytes(folder) == _bytes(tiny[1])


KILLED = """
import sys
from pathlib import Path
from facelab.config import TerminalFootage
from facelab.data.people import SyntheticPeople
from facelab.data.terminal import render_terminal
settings = TerminalFootage.model_validate_json(sys.argv[1])
render_terminal(settings, Path(sys.argv[2]), people=SyntheticPeople(Path(sys.argv[3])), workers=1)
"""


def _rises(told: list[tuple[int, int]]) -> None:
    """Progress goes up, and ends at the number of frames."""
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert done[-1] == told[-1][1] > 40


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_rendering_is_made_again_and_says_how_far_it_is(people: SyntheticPeople, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, TINY.model_dump_json(), str(folder), str(people.folder)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".killed.unfinished/*.count")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert not folder.exists()
    assert (tmp_path / ".killed.unfinished").exists()
    told: list[tuple[int, int]] = []
    render_terminal(TINY, folder, people=people, workers=1, progress=lambda *step: told.append(step))
    _rises(told)
    assert not (tmp_path / ".killed.unfinished").exists()
    assert sum(1 for _ in VideoFile(folder / "gate-2.mp4").frames(Losses())) > 20


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(
    people: SyntheticPeople, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(render, "render_clip", full)
    with pytest.raises(BadInput, match="cannot be written: the disk is full"):
        render_terminal(TINY, tmp_path / "full", people=people, workers=1)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_a_folder_that_holds_something_else_is_left_alone(people: SyntheticPeople, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(BadInput, match="holds something else"):
        render_terminal(TINY, tmp_path, people=people)
    assert (tmp_path / "holiday.jpg").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wanted": 3}, "3 wanted passengers are asked for, there are 2"),
        ({"unknown": 7}, "7 unknown passengers are asked for, there are 2"),
        ({"cameras": ()}, "at least one"),
        ({"cameras": ("gate", "gate")}, "named once"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(
    people: SyntheticPeople, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        render_terminal(TINY.model_copy(update=change), tmp_path / "no", people=people, workers=1)
    assert not (tmp_path / "no").exists()


def test_a_second_workspace_gets_the_rendering_without_drawing(
    people: SyntheticPeople, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render_terminal(TINY, tmp_path / "one", people=people, workers=1, shelf=tmp_path / "shelf")

    def refuse(*_: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(render, "_render", refuse)
    second = render_terminal(TINY, tmp_path / "two", people=people, workers=1, shelf=tmp_path / "shelf")
    assert second.digest == first.digest
    assert read_manifest(tmp_path / "two" / "footage.yaml").digest == first.digest


def test_a_shelf_that_cannot_be_written_is_done_without(
    people: SyntheticPeople, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "shelf").write_text("a file where a folder is needed")
    footage = render_terminal(TINY, tmp_path / "one", people=people, workers=1, shelf=tmp_path / "shelf")
    assert len(footage.clips) > 0
    assert "not kept for other workspaces" in caplog.text

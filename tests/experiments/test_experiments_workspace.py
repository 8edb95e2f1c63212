"""A workspace belongs to one evaluation at a time, appears whole, and never lies where templates must not be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.workspace import (
    Workspace,
    open_workspace,
    project_root,
    read_json,
    write_json,
    written_whole,
)


def test_without_a_folder_results_go_below_the_project(project: Path) -> None:
    assert open_workspace("", "demo").folder == project / "results" / "demo"


def test_the_project_is_the_checkout_wherever_one_stands(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FACELAB_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert project_root() == root


def test_templates_never_go_below_mlruns(project: Path) -> None:
    with pytest.raises(BadInput, match="mlruns must never hold any"):
        open_workspace(project / "mlruns" / "x", "demo")


def test_a_file_is_no_workspace(project: Path) -> None:
    (project / "f").write_text("")
    with pytest.raises(BadInput, match="a workspace is a folder"):
        open_workspace(project / "f", "demo")


HOLD = """
import sys
from pathlib import Path
from facelab.experiments.workspace import Workspace
with Workspace(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_evaluations_of_one_workspace_never_overlap(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(NotMeasured, match=f"process {other.pid}"), Workspace(tmp_path).lock():
            pass
        other.kill()
        other.wait()
    with Workspace(tmp_path).lock():
        """A killed process leaves no lock behind."""


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a" / "t.json"

    def cut_short() -> None:
        with written_whole(path) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_short()
    assert list(path.parent.iterdir()) == []


def test_json_comes_back_and_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "v.json", {"a": 0.1, "b": None})
    assert read_json(tmp_path / "v.json") == {"a": 0.1, "b": None}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "w.json", {"a": float("nan")})
    assert not (tmp_path / "w.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_a_cut_file_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(BadInput, match="no JSON"):
        read_json(tmp_path / "v.json")
    with pytest.raises(BadInput, match="no such file"):
        read_json(tmp_path / "none.json")

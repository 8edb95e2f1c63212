"""Commands answer, errors are one line with their exit code, and help shows an example."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from facelab.cli import app as cli
from facelab.errors import BadInput, NotMeasured, PackError, UnattainableTarget

runner = CliRunner()


def failing(error: BaseException) -> Any:
    """An application with one command that raises `error`, in facelab's group."""
    app = typer.Typer(cls=cli._Group, pretty_exceptions_enable=False)

    @app.callback()
    def main() -> None: ...

    @app.command()
    def command() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("no column 'score'", place="scores.csv"), 12),
        (PackError("wrong hash"), 12),
        (NotMeasured("no face in the whole footage"), 11),
        (UnattainableTarget("FPIR", 1e-3, have=10, needed=1000), 11),
        (OSError(errno.ENOSPC, "No space left on device", "out.parquet"), 11),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(error: BaseException, code: int) -> None:
    result = runner.invoke(failing(error), ["command"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("facelab: ")
    assert result.stderr.count("\n") == 1


def test_an_unforeseen_error_is_a_crash_that_keeps_its_traceback() -> None:
    result = runner.invoke(failing(RuntimeError("bug")), ["command"])
    assert result.exit_code == 1
    assert isinstance(result.exception, RuntimeError)


def test_a_wrong_use_of_the_command_line_ends_with_two() -> None:
    assert runner.invoke(cli.app, ["packs", "pull"]).exit_code == 2
    assert runner.invoke(cli.app, ["nonsense"]).exit_code == 2


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every command below `group`."""
    found = []
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        found += commands(command, (*path, name)) if below else [(*path, name)]
    return found


@pytest.mark.parametrize("path", commands(typer.main.get_command(cli.app)), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    result = runner.invoke(cli.app, [*path, "--help"])
    assert result.exit_code == 0
    assert f"Example: facelab {path[0]}" in " ".join(result.stdout.split())


@pytest.mark.parametrize("path", commands(typer.main.get_command(cli.app)), ids=" ".join)
def test_every_command_that_answers_takes_json(path: tuple[str, ...]) -> None:
    if path in (("mlflow",), ("watch",)):
        pytest.skip("a server has no answer; a watching answers in JSON lines always")
    assert "--json" in runner.invoke(cli.app, [*path, "--help"], env={"COLUMNS": "200"}).stdout


def test_packs_are_listed_with_their_licence() -> None:
    listed = {pack["name"]: pack for pack in json.loads(runner.invoke(cli.app, ["packs", "list", "--json"]).stdout)}
    assert {"scrfd-mbf", "yunet-sface", "edgeface", "buffalo_l", "antelopev2"} <= set(listed)
    assert all(pack["licence"] for pack in listed.values())
    assert listed["yunet-sface"]["restriction"] == ""
    assert "non-commercial" in listed["scrfd-mbf"]["restriction"]
    assert "scrfd-mbf" in runner.invoke(cli.app, ["packs", "list"]).stdout


def test_an_unknown_pack_is_refused_and_the_nearest_named() -> None:
    result = runner.invoke(cli.app, ["packs", "pull", "scrfd_mbf"])
    assert result.exit_code == 12
    assert "scrfd-mbf" in result.stderr


def test_the_cache_is_listed_and_cleared(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from facelab.pipeline import cache

    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path))
    assert json.loads(runner.invoke(cli.app, ["cache", "list", "--json"]).stdout)["entries"] == []
    cache.store("clip", {"footage": "a"}, {"x": np.zeros(3)}, {}, title="a clip")
    entries = json.loads(runner.invoke(cli.app, ["cache", "list", "--json"]).stdout)["entries"]
    assert [(e["kind"], e["about"]) for e in entries] == [("clip", {"footage": "a"})]
    assert "clip" in runner.invoke(cli.app, ["cache", "list"]).stdout
    assert json.loads(runner.invoke(cli.app, ["cache", "clear", "--json"]).stdout)["removed"] == 1
    assert cache.entries() == []


def test_the_doctor_finds_the_environment_well() -> None:
    result = runner.invoke(cli.app, ["doctor", "--json"])
    report = json.loads(result.stdout)
    findings = {f["what"]: f for f in report["findings"]}
    assert (result.exit_code, report["well"]) == (0, True)
    assert findings["OpenCV distributions"]["found"] == "opencv-python"
    assert findings["telemetry: ORT_DISABLE_TELEMETRY"]["well"]


def test_the_doctor_says_when_telemetry_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    result = runner.invoke(cli.app, ["doctor"])
    assert result.exit_code == 12
    assert "NOT WELL" in result.stdout


def test_the_command_is_installed_and_says_its_version() -> None:
    result = subprocess.run([sys.executable, "-m", "facelab", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("facelab 0.")

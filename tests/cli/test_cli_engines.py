"""Who works is an option of `track` and `evaluate`; what cannot work is told before anything begins."""

from __future__ import annotations

import os

import pytest
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.cli.pipeline import hand_to_notebooks, runtime
from facelab.config import Runtime
from facelab.pipeline.run import runtime_here


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("FACELAB_ENGINE", "FACELAB_SCHEDULER", "FACELAB_WORKERS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "magic"], "there is no engine 'magic'; there are threads, processes, dask"),
        (["--engine", "dask"], "needs the address of a scheduler"),
        (["--scheduler", "tcp://127.0.0.1:1"], "a scheduler is for the engine dask"),
    ],
)
def test_an_engine_that_cannot_work_ends_an_evaluation_before_it_begins(options, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["evaluate", "demo", *options])
    assert result.exit_code == 12
    assert said in result.output.replace(chr(10), " ")
    assert not list(tmp_path.iterdir())


def test_track_refuses_an_engine_that_is_none():
    result = CliRunner().invoke(app, ["track", "gate.mp4", "--out", "t", "--templates", "p", "--engine", "magic"])
    assert result.exit_code == 12
    assert "there is no engine 'magic'" in result.output


def test_notebooks_work_as_the_command_was_told(monkeypatch):
    told = runtime(3, engine="dask", scheduler="tcp://10.0.0.1:8786")
    hand_to_notebooks(told)
    assert runtime_here() == Runtime(engine="dask", scheduler="tcp://10.0.0.1:8786", workers=3)
    hand_to_notebooks(runtime(0))
    assert os.environ["FACELAB_SCHEDULER"] == ""
    assert runtime_here() == Runtime()

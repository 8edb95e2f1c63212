"""A process that is killed outright leaves a run that the next start marks FAILED, with the cell and the notebook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facelab.experiments import run_evaluation
from facelab.experiments.chain import TUNE
from facelab.experiments.store import open_store
from facelab.experiments.study import Study
from facelab.experiments.workspace import read_json

EVALUATE = """
from facelab.experiments import run_evaluation
run_evaluation.waves = lambda scenario: (("05_tune_threshold",),)
run_evaluation.evaluate("demo")
"""
SLEEPS = "print('so far')", "import time; time.sleep(120)"
WAIT_S = 200


@pytest.mark.slow
@pytest.mark.usefixtures("small_chain")
def test_a_killed_evaluation_is_failed_by_the_next_one_which_goes_on(study: Study, notebook) -> None:
    whole = notebook(TUNE, *SLEEPS)
    place = study.workspace
    process = subprocess.Popen([sys.executable, "-c", EVALUATE], env={**os.environ}, stderr=subprocess.PIPE)
    try:
        _until(lambda: _at(place.run).endswith("In [4]"), process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
    killed = read_json(place.run)["run_id"]
    assert open_store().get_run(killed).info.status == "RUNNING"
    opened = "from facelab.experiments.study import open_study\nstudy = open_study(scenario, workspace=workspace)"
    notebook(TUNE, opened, "study.keep_curve(), study.keep_points()")
    found = run_evaluation.evaluate("demo")
    client = open_store()
    run = client.get_run(killed)
    assert run.info.status == "FAILED"
    assert run.data.tags["ended_by"] == "05_tune_threshold, In [4]: its process was killed"
    kept = Path(client.download_artifacts(killed, f"notebooks/{whole.name}")).read_text()
    assert "so far" in kept, "the executed notebook is kept up to there"
    assert client.get_run(found.run_id).info.status == "FINISHED"


def _at(file: Path) -> str:
    """The cell that the evaluation is at, once its run exists."""
    said = read_json(file) if file.is_file() else {}
    return str(said.get("at") or "") if said.get("run_id") else ""


def _until(reached, process: subprocess.Popen[bytes]) -> None:
    for _ in range(5 * WAIT_S):
        if reached():
            time.sleep(0.5)
            return
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        time.sleep(0.2)
    raise AssertionError(f"the evaluation did not come to its cell in {WAIT_S} s")

"""A tracking server elsewhere works without a change: its address alone decides. Here it has sqlite behind it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from facelab.errors import NotMeasured
from facelab.experiments import run_evaluation
from facelab.experiments.outbox import log_kept
from facelab.experiments.promotion import promoting
from facelab.experiments.runs_view import TAG, runs_link
from facelab.experiments.store import open_store
from facelab.experiments.study import Study
from facelab.experiments.tracked_run import TrackedRun

START_S = 120


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server with a store of its own; it is stopped at the end."""
    folder, port = tmp_path_factory.mktemp("server"), _free_port()
    (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(2 * START_S):
        assert process.poll() is None, "the server ended by itself"
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"no server after {START_S} s")


@pytest.mark.slow
@pytest.mark.usefixtures("small_chain")
def test_an_evaluation_is_the_same_on_a_server(
    study: Study, server: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    found = run_evaluation.evaluate("demo")
    assert found.kept is None
    assert "View run" not in capfd.readouterr().out, "a scheduler reads its lines"
    assert found.tracking_uri == server
    client = open_store()
    run = client.get_run(found.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["fpir"] == found.measured["points"][1]["fpir"]["rate"]
    assert run.info.artifact_uri.startswith("mlflow-artifacts:"), "the server keeps the files"
    assert "curve.json" in [file.path for file in client.list_artifacts(found.run_id)]
    table = client.load_table(run.info.experiment_id, "curve.json", [found.run_id])
    assert (table["fpir_low"] <= table["fpir_high"]).all()
    link = runs_link(client, "demo", server)
    key = link.rsplit("=", 1)[1]
    tags = client.get_experiment(run.info.experiment_id).tags
    assert TAG + key in tags
    assert runs_link(client, "demo", server) == link, "the arrangement is kept once"
    with promoting("demo", client), pytest.raises(NotMeasured, match="under way"), promoting("demo", client):
        pass


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_a_server_that_stops_in_mid_run_leaves_a_record(
    study: Study, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run = TrackedRun(study.scenario, study.workspace.folder / "outbox")
    assert run.id
    with monkeypatch.context() as gone:
        gone.setattr(run.client._tracking_client.store, "get_host_creds", _nowhere)
        run.metrics({"fpir": 0.1})
        run.end("FINISHED")
    assert "is the server up?" in run.offline
    assert run.kept is not None
    ((_, logged),) = log_kept(run.kept.parent)
    assert logged == run.id, "it is up again: the run that was begun is finished"
    found = open_store().get_run(logged)
    assert (found.info.status, found.data.metrics["fpir"]) == ("FINISHED", 0.1)


def _nowhere() -> object:
    from mlflow.utils.rest_utils import MlflowHostCreds

    return MlflowHostCreds("http://127.0.0.1:9")

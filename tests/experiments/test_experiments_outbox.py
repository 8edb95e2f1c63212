"""What cannot be logged is kept, and logged later, once, whatever happened in between."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from facelab.errors import NotMeasured
from facelab.experiments import outbox, run_evaluation
from facelab.experiments.chain import TUNE
from facelab.experiments.lost_runs import end_lost_runs
from facelab.experiments.outbox import Record, kept_records, log_kept, read_record, replay
from facelab.experiments.processes import Owner, this_process
from facelab.experiments.run_log import DatasetNote, RunLog
from facelab.experiments.store import experiment_id, open_store, tracking_uri
from facelab.experiments.study import Study
from facelab.experiments.tracked_run import TrackedRun
from facelab.experiments.workspace import read_json, write_json

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The tracking server cannot be reached; `undo` brings the project's own store back."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOWHERE)
    return monkeypatch


def dead_owner() -> Owner:
    """A process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return Owner(socket.gethostname(), ended.pid, 1.0)


def written(record: Record, attached: Path) -> RunLog:
    """A run with one of everything, and a run nested in it."""
    log = RunLog(record.add)
    log.start("a run", {"scenario": "demo"})
    log.params({"rank": "1"})
    log.metrics({"fpir": 0.1, "none": None, "odd": float("nan")})
    log.series({"curve/x": [(0, 1.0), (5, 2.0)]})
    log.file(attached, "figures")
    log.text("hello", "notes/a.txt")
    log.table({"t": [1.0, 2.0], "n": ["a", "b"]}, "table.json")
    log.datasets([DatasetNote("probes", "footage", "c" * 64, {"kind": "x"}, {"frames": 3})])
    log.child("camera/gate", "camera gate", {"camera": "gate"}).end("FINISHED")
    return log


@pytest.mark.usefixtures("store")
def test_a_record_is_logged_whole_and_a_second_time_changes_nothing(project: Path, monkeypatch) -> None:
    picture = project / "det.png"
    picture.write_bytes(b"first")
    record = Record("demo", project / "outbox")
    written(record, picture).end("FINISHED")
    record.keep()
    picture.write_bytes(b"the next evaluation's")
    (again,) = kept_records(project / "outbox")
    monkeypatch.setattr(Record, "discard", lambda self: None)
    assert replay(again) == replay(again)
    client = open_store()
    runs = client.search_runs([client.get_experiment_by_name("demo").experiment_id])
    assert len(runs) == 2, "the run and the one nested in it, once"
    run = next(run for run in runs if "camera" not in run.data.tags)
    assert (run.info.status, run.info.run_name, run.data.params) == ("FINISHED", "a run", {"rank": "1"})
    assert run.data.metrics == {"fpir": 0.1, "curve/x": 2.0}
    assert len(client.get_metric_history(run.info.run_id, "curve/x")) == 2
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri())  # load_table asks mlflow's own idea of it
    table = client.load_table(run.info.experiment_id, "table.json", [run.info.run_id])
    assert table.to_dict("list") == {"t": [1.0, 2.0], "n": ["a", "b"]}
    (probes,) = run.inputs.dataset_inputs
    assert (probes.dataset.name, probes.tags[0].value) == ("footage", "probes")
    kept = Path(client.download_artifacts(run.info.run_id, "figures/det.png"))
    assert kept.read_bytes() == b"first"
    (child,) = (run for run in runs if "camera" in run.data.tags)
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id


@pytest.mark.slow
@pytest.mark.usefixtures("small_chain")
def test_an_evaluation_without_its_server_is_whole_and_logged_later(study: Study, down, project: Path) -> None:
    found = run_evaluation.evaluate("demo")
    assert found.run_id == ""
    assert found.kept is not None
    assert found.to_dict()["operating_points"], "it measured what it measures"
    assert read_json(study.workspace.evaluation)["kept"] == str(found.kept)
    with pytest.raises(NotMeasured, match="is the server up"):
        list(log_kept(found.kept.parent))
    assert found.kept.is_dir(), "a store that is still down loses nothing"
    down.delenv("MLFLOW_TRACKING_URI")
    ((_, run_id),) = log_kept(found.kept.parent)
    assert not found.kept.parent.exists()
    client = open_store()
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["fpir"] == found.measured["points"][1]["fpir"]["rate"]
    names = {file.path for file in client.list_artifacts(run_id, "notebooks")}
    assert names == {f"notebooks/{TUNE}.html", f"notebooks/{TUNE}.ipynb"}
    assert len(client.search_runs([run.info.experiment_id])) == 3, "a stage and a camera are nested in it"


@pytest.mark.usefixtures("store")
def test_a_server_that_goes_down_in_mid_run_costs_nothing(study: Study, down) -> None:
    down.delenv("MLFLOW_TRACKING_URI")
    box = study.workspace.folder / "outbox"
    run = TrackedRun(study.scenario, box)
    run.metrics({"before": 1.0})
    assert run.kept is None
    made = run.id
    down.setattr(run._writer.client, "log_batch", _unreachable)
    run.metrics({"after": 2.0})
    assert "cannot be used" in run.offline
    run.tag("said", "later")
    run.end("FINISHED")
    assert run.kept is not None
    ((_, logged),) = log_kept(box)
    assert logged == made, "the run that was begun is the one that is finished"
    found = open_store().get_run(made)
    assert found.info.status == "FINISHED"
    assert (found.data.metrics["before"], found.data.metrics["after"]) == (1.0, 2.0)
    assert found.data.tags["said"] == "later"


def _unreachable(*_: object, **__: object) -> None:
    raise ConnectionError("connection refused")


@pytest.mark.usefixtures("store")
def test_a_run_that_somebody_deleted_meanwhile_is_kept_and_made_anew(study: Study) -> None:
    box = study.workspace.folder / "outbox"
    run = TrackedRun(study.scenario, box)
    run.client.delete_run(run.id)
    run.metrics({"fpir": 0.5})
    run.end("FINISHED")
    assert "somebody deleted the run" in run.offline
    ((_, logged),) = log_kept(box)
    assert logged != run.id
    assert open_store().get_run(logged).data.metrics["fpir"] == 0.5


@pytest.mark.usefixtures("store")
def test_a_deleted_experiment_is_told_with_what_brings_it_back(project: Path) -> None:
    client = open_store()
    client.delete_experiment(experiment_id(client, "demo"))
    with pytest.raises(NotMeasured, match=r"was deleted in MLflow; `mlflow experiments restore -x \d+`"):
        experiment_id(client, "demo")


@pytest.mark.usefixtures("store")
def test_a_run_of_a_dead_process_is_failed_by_the_next_start_and_others_are_left_alone(study: Study) -> None:
    client = open_store()
    experiment = experiment_id(client, "demo")
    dead, here = dead_owner(), this_process()
    elsewhere = Owner("another-machine", dead.pid, 1.0)
    made = [client.create_run(experiment, tags=owner.tags).info.run_id for owner in (dead, here, elsewhere)]
    child = client.create_run(experiment, tags={"mlflow.parentRunId": made[0]}).info.run_id
    assert end_lost_runs(client, experiment) == [made[0]]
    assert [client.get_run(run).info.status for run in (*made, child)] == ["FAILED", "RUNNING", "RUNNING", "FAILED"]
    assert client.get_run(made[0]).data.tags["ended_by"] == "its process was killed"


@pytest.mark.usefixtures("store")
def test_a_killed_evaluation_is_failed_with_its_cell_and_keeps_its_notebook(study: Study, notebook) -> None:
    """What a killed process leaves: a run that says RUNNING, run.json, and the notebook as far as it came."""
    place = study.workspace
    run = TrackedRun(study.scenario, place.folder / "outbox")
    source = notebook(TUNE, "print('so far')")
    place.notebooks.mkdir()
    (place.notebooks / source.name).write_bytes(source.read_bytes())
    left = {"experiment": "demo", "name": "x", "record": run.record.id, "run_id": run.id, "status": "RUNNING"}
    write_json(place.run, {**left, "tracking_uri": tracking_uri(), "at": "05_tune_threshold, In [4]"})
    run._monitor.finish()
    run_evaluation._begin(place, {})
    assert not list(place.notebooks.iterdir())
    list(log_kept(place.folder / "outbox"))
    found = open_store().get_run(run.id)
    assert found.info.status == "FAILED"
    assert found.data.tags["ended_by"] == "05_tune_threshold, In [4]: its process was killed"
    files = [file.path for file in open_store().list_artifacts(run.id, "notebooks")]
    assert f"notebooks/{source.name}" in files


def test_a_record_that_a_killed_process_was_writing_is_read_up_to_there(project: Path) -> None:
    record = Record("demo", project / "outbox", owner=dead_owner())
    record.keep()
    log = RunLog(record.add)
    log.start("a run", {})
    log.metrics({"fpir": 0.1})
    with (record.folder / outbox.OPERATIONS).open("a") as file:
        file.write('{"kind": "metr')
    assert [o.kind for o in read_record(record.folder).operations] == ["start", "metrics"]
    assert [r.id for r in kept_records(project / "outbox")] == [record.id]


def test_a_record_that_is_still_being_written_is_left_alone(project: Path) -> None:
    record = Record("demo", project / "outbox")
    record.keep()
    RunLog(record.add).start("a run", {})
    assert kept_records(project / "outbox") == []


def _refused(uri: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(NotMeasured) as refused:
        open_store()
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.usefixtures("store")
def test_a_store_of_a_newer_mlflow_is_told_as_such(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(project / "mlruns" / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    line = _refused(f"sqlite:///{project}/mlruns/mlflow.db", monkeypatch)
    assert "a newer MLflow than" in line
    assert "made it; use that one, or another store" in line


@pytest.mark.usefixtures("store")
def test_a_full_disk_is_told_and_the_record_is_kept(study: Study, project: Path) -> None:
    """sqlite refuses to grow, as it does on a disk that is full."""
    run = TrackedRun(study.scenario, study.workspace.folder / "outbox")
    engine = run.client._tracking_client.store.engine
    pages = (project / "mlruns" / "mlflow.db").stat().st_size // 4096 + 1
    event.listen(engine, "connect", lambda made, _: made.execute(f"PRAGMA max_page_count = {pages}").close())
    engine.dispose()
    run.series({"curve/x": [(k, float(k)) for k in range(2000)]})
    assert "(the disk is full)" in run.offline
    run.end("FINISHED")
    assert run.kept is not None


def test_a_password_in_an_address_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    line = _refused("http://name:secret@127.0.0.1:9", monkeypatch)
    assert "secret" not in line


def test_a_process_is_told_dead_only_where_that_is_certain() -> None:
    here = this_process()
    assert not here.dead
    assert Owner(here.host, os.getpid(), here.since - 100).dead, "the number was used again"
    assert not Owner("another-machine", 1, 1.0).dead
    assert Owner.from_tags(here.tags) == Owner(here.host, here.pid, round(here.since, 2))
    assert Owner.from_tags({}) is None

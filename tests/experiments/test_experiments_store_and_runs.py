"""The store is made once whoever comes first; a run ends as what it was, and never holds a template or a picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from facelab.errors import NotMeasured
from facelab.experiments import run_evaluation
from facelab.experiments.chain import RATES, TUNE, Chain
from facelab.experiments.notebook_run import NotebookFailed, NotebookRun
from facelab.experiments.run_log import flat
from facelab.experiments.run_record import curve_series
from facelab.experiments.scenario import scenario_from
from facelab.experiments.store import artifact_location, experiment_id, open_store, tracking_uri
from facelab.experiments.study import Study
from facelab.experiments.tracked_run import TrackedRun
from facelab.experiments.workspace import read_json

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def children_of(client: MlflowClient, run_id: str) -> dict[str, list[Run]]:
    """The runs nested in a run, by kind."""
    experiment = client.get_run(run_id).info.experiment_id
    found: dict[str, list[Run]] = {}
    for run in client.search_runs([experiment], filter_string=f"tags.`mlflow.parentRunId` = '{run_id}'"):
        found.setdefault(run.data.tags["facelab.kind"], []).append(run)
    return found


JOIN = """
from facelab.experiments.store import experiment_id, open_store
client = open_store()
run = client.create_run(experiment_id(client, "demo"))
client.set_terminated(run.info.run_id)
"""


@pytest.mark.slow
def test_processes_that_start_together_on_a_fresh_store_all_write(project: Path) -> None:
    others = [subprocess.Popen([sys.executable, "-c", JOIN], stderr=subprocess.PIPE) for _ in range(2)]
    said = [other.communicate()[1].decode() for other in others]
    assert [other.returncode for other in others] == [0, 0], said
    client = open_store()
    (experiment,) = client.search_experiments(filter_string="name = 'demo'")
    assert len(client.search_runs([experiment.experiment_id])) == 2
    assert experiment.artifact_location == (project / "mlruns" / "artifacts" / "demo").as_uri()


def test_the_store_lies_in_the_project_wherever_one_stands(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert tracking_uri() == f"sqlite:///{project}/mlruns/mlflow.db"


def test_a_named_server_is_used_and_decides_where_files_go(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example")
    assert tracking_uri() == "https://mlflow.example"
    assert artifact_location("demo") is None


def test_a_store_that_is_none_is_told_in_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = project / "mlflow.db"
    broken.write_text("this is no database, whatever its name says" * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{broken}")
    with pytest.raises(NotMeasured, match="cannot be used") as refused:
        open_store()
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("store")
def test_a_run_is_made_in_the_background_with_its_settings_and_ends_as_told(study: Study) -> None:
    run = TrackedRun(study.scenario, study.workspace.folder / "outbox")
    run.metrics({"a": 1.0, "b": None, "c": float("nan"), "target_5pct/fpir": 0.04})
    run.series({"curve/x": [(k, float(k)) for k in range(1100)]})
    run.end("FAILED", "03_match, In [3]: broken")
    found = run.client.get_run(run.id)
    assert found.info.status == "FAILED"
    assert found.data.tags["ended_by"] == "03_match, In [3]: broken"
    assert found.data.params["pipeline.detection.input_size"] == "640"
    assert found.data.params["footage.seed"] == str(study.scenario.footage.seed)
    assert set(found.data.metrics) == {"a", "target_5pct/fpir", "curve/x"}
    assert len(run.client.get_metric_history(run.id, "curve/x")) == 1100
    assert found.data.tags["evidence"] == "synthetic"


@pytest.mark.slow
@pytest.mark.usefixtures("rates_and_tune")
def test_an_evaluation_is_a_finished_run_with_everything_in_it(study: Study, project: Path, monkeypatch) -> None:
    found = run_evaluation.evaluate("demo")
    client = open_store()
    run = client.get_run(found.run_id)
    assert run.info.status == "FINISHED"
    assert [row.name for row in found.table if row.origin != "certified"] == [
        "FPIR 10 %",
        "FPIR 5 %",
        "FPIR 1 %",
        "FPIR 0.1 %",
    ]
    metrics, five = run.data.metrics, found.measured["points"][1]
    assert metrics["threshold"] == metrics["target_5pct/threshold"] == five["threshold"]
    assert metrics["fpir"] == five["fpir"]["rate"]
    assert metrics["fpir_high"] == five["fpir"]["high"]
    assert metrics["fnir_trials"] == five["fnir"]["trials"]
    assert metrics["fpir_percent"] == pytest.approx(100 * metrics["fpir"])
    assert run.data.tags["mlflow.note.content"].count("\n\n") >= 3
    assert {i.dataset.digest for i in run.inputs.dataset_inputs} == {"c" * 36, "d" * 36}
    logged = sorted(
        path.relative_to(project) for path in (project / "mlruns" / "artifacts").rglob("*") if path.is_file()
    )
    names = {path.name for path in logged}
    assert {"04_error_rates.ipynb", "04_error_rates.html", "det.png", "curve.csv", "curve.json", "report.html"} <= names
    assert "comparisons.parquet" in names, "scores: what runs are compared by"
    biometric = {"passages.parquet", "gallery.parquet", "tracks.parquet"}
    assert not [name for name in names if name in biometric or name.endswith((".safetensors", ".jpg", ".mp4"))]
    by_kind = children_of(client, found.run_id)
    assert sorted(run.data.tags["stage"] for run in by_kind["stage"]) == [RATES, TUNE]
    (camera,) = by_kind["camera"]
    assert camera.data.tags["camera"] == "gate"
    assert camera.data.metrics["fpir_errors"] == metrics["fpir_errors"], "the only camera has every error"
    assert camera.data.metrics["fnir_high"] == pytest.approx(metrics["fnir_high"])
    assert all(run.info.status == "FINISHED" for runs in by_kind.values() for run in runs)
    again = scenario_from({}, run.data.params, place="run")
    assert again == study.scenario, "the parameters alone make the same scenario"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri())  # load_table asks mlflow's own idea of it
    curve = client.load_table(run.info.experiment_id, "curve.json", [found.run_id])
    assert set(curve.columns) >= {"threshold", "fpir", "fpir_low", "fnir_high", "fnir_trials"}
    assert len(curve) >= len(client.get_metric_history(found.run_id, "curve/fpir_percent")) > 10
    assert found.to_dict()["paths"]["report"] == str(study.workspace.report)
    assert "not for deployment" in study.workspace.report.read_text()
    assert read_json(study.workspace.evaluation)["run_id"] == found.run_id


@pytest.mark.slow
@pytest.mark.usefixtures("rates_and_tune")
def test_a_failed_notebook_is_a_failed_run_that_keeps_what_it_came_to(study: Study, notebook) -> None:
    notebook(TUNE, "print('so far')", "raise ValueError('broken')")
    with pytest.raises(NotebookFailed, match="broken"):
        run_evaluation.evaluate("demo")
    client = open_store()
    query = "tags.`facelab.kind` = 'evaluation'"
    (run,) = client.search_runs([client.get_experiment_by_name("demo").experiment_id], filter_string=query)
    stages = {run.data.tags["stage"]: run for run in children_of(client, run.info.run_id)["stage"]}
    assert stages[TUNE].info.status == "FAILED", "the stage says so too"
    assert run.info.status == "FAILED"
    assert run.data.tags["ended_by"] == "05_tune_threshold, In [4]: broken"
    assert "notebooks/05_tune_threshold.ipynb" in [f.path for f in client.list_artifacts(run.info.run_id, "notebooks")]
    assert study.is_matched, "what was computed before stays"


@pytest.mark.slow
@pytest.mark.usefixtures("rates_and_tune")
def test_ctrl_c_is_a_killed_run(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Chain, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Chain, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_evaluation.evaluate("demo")
    client = open_store()
    (run,) = client.search_runs([client.get_experiment_by_name("demo").experiment_id])
    assert (run.info.status, run.data.tags["ended_by"]) == ("KILLED", "Ctrl-C")


def test_a_notebook_runs_by_hand_with_its_defaults_wherever_one_stands(
    study: Study, root: Path, tmp_path: Path
) -> None:
    """Nothing is given: the scenario is the demo, the workspace its own, and the folder that of the executed copy."""
    elsewhere = tmp_path / "somewhere" / "else" / "05.ipynb"
    NotebookRun(root / "notebooks" / "05_tune_threshold.ipynb", elsewhere, {}).execute()
    assert study.workspace.points.is_file()
    assert sorted(path.name for path in elsewhere.parent.iterdir()) == ["05.ipynb"]


def test_settings_are_flat_and_complete(study: Study) -> None:
    said = flat(study.scenario.model_dump(mode="json"))
    assert said["pipeline.tracking.method"] == "bytetrack"
    assert said["targets_fpir"] == "[0.1, 0.05, 0.01, 0.001]"
    assert all(isinstance(value, str) for value in said.values())


def test_a_curve_has_one_value_a_step() -> None:
    row = {f"{rate}{part}": 0.5 for rate in ("fpir", "fnir") for part in ("", "_low", "_high")}
    series = curve_series([{"threshold": 0.1001, **row}, {"threshold": 0.1003, **row}, {"threshold": -0.2, **row}])
    assert series["curve/fpir_percent"] == [(-200, 50.0), (100, 50.0)]


@pytest.mark.usefixtures("store")
def test_of_two_writers_who_make_one_experiment_at_once_both_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = open_store()
    first, look = experiment_id(client, "twice"), client.get_experiment_by_name
    asked = iter([None])  # the other one was sooner, after this one had looked
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(asked, look(name)))
    assert experiment_id(client, "twice") == first

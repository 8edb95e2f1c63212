"""Runs read back from a store, what is told where something was deleted, the dead man's switch, and the last line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.errors import BadInput, NotMeasured
from facelab.experiments import comparing_notebook, gate_champion, schedule_evaluation
from facelab.experiments.comparing_notebook import newest_two
from facelab.experiments.saved_run import FILES, finished_runs, open_run
from facelab.experiments.scenario import load_scenario
from facelab.experiments.series_history import run_history
from facelab.experiments.status import camera_statuses, overdue_sentence
from facelab.experiments.store import experiment_id, open_store
from facelab.experiments.study import Study
from facelab.experiments.workspace import Workspace

HOUR_MS = 3_600_000
NOW_MS = 1_900_000_000_000
Maker = Callable[..., str]


@pytest.fixture
def client(store: None) -> Any:
    return open_store()


@pytest.fixture
def evaluated(study: Study) -> Workspace:
    """The study's workspace with everything that a run logs."""
    study.keep_points()
    study.workspace.scenario.write_text(study.scenario.model_dump_json())
    return study.workspace


@pytest.fixture
def tracked(client: Any, evaluated: Workspace) -> Maker:
    """Makes a run of the demo that ended so many hours ago, with its files and its cameras."""

    def make(
        name: str, hours: float, *, status: str = "FINISHED", cameras: dict[str, tuple[int, int]] | None = None
    ) -> str:
        experiment = experiment_id(client, "demo")
        at = NOW_MS - round(hours * HOUR_MS)
        run = client.create_run(experiment, at, {"scenario": "demo", "mlflow.user": "ann"}, name)
        client.log_param(run.info.run_id, "measure_every_h", "24")
        for file in FILES:
            client.log_artifact(run.info.run_id, str(evaluated.folder / file))
        for camera, (passages, failed) in (cameras or {}).items():
            tags = {"facelab.kind": "camera", "camera": camera, "mlflow.parentRunId": run.info.run_id}
            nested = client.create_run(experiment, at, tags, f"camera {camera}").info.run_id
            client.log_metric(nested, "passages", passages)
            client.log_metric(nested, "failed_to_acquire", failed)
            client.set_terminated(nested, "FINISHED", at)
        client.set_terminated(run.info.run_id, status, at)
        return str(run.info.run_id)

    return make


def test_a_run_is_read_back_whole_by_its_id_and_by_the_first_of_it(client: Any, tracked: Maker, study: Study) -> None:
    run_id = tracked("one", 2)
    found = open_run(run_id, client)
    assert (found.run_id, found.scenario.name) == (run_id, "demo")
    assert found.comparisons.probe_id.tolist() == study.comparisons.probe_id.tolist()
    assert found.threshold is not None
    assert open_run(run_id[:10], client).run_id == run_id


def test_what_was_deleted_is_told_in_one_line(client: Any, tracked: Maker, project: Path) -> None:
    without, gone, failed = tracked("without", 3), tracked("gone", 2), tracked("failed", 1, status="FAILED")
    (artefact,) = (project / "mlruns").rglob(f"{without}/artifacts/comparisons.parquet")
    artefact.unlink()
    with pytest.raises(NotMeasured, match=r"there is no comparisons\.parquet: it was deleted"):
        open_run(without, client)
    client.delete_run(gone)
    with pytest.raises(NotMeasured, match="was deleted; `mlflow runs restore"):
        open_run(gone, client)
    with pytest.raises(NotMeasured, match="ended FAILED"):
        open_run(failed, client)
    with pytest.raises(BadInput, match="there is no run '0123456789'"):
        open_run("0123456789", client)
    shutil.rmtree(artefact.parent)
    with pytest.raises(NotMeasured, match=r"scenario\.json"):
        open_run(without, client)


def test_without_ids_the_newest_run_is_held_against_the_champion_or_the_one_before(
    client: Any, tracked: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: None)
    with pytest.raises(NotMeasured, match="takes two finished runs, there are 0"):
        newest_two("demo", "", "", client)
    oldest, before, newest = (tracked(name, hours) for name, hours in (("a", 9), ("b", 5), ("c", 1)))
    tracked("d", 0.5, status="KILLED")
    assert [run.info.run_id for run in finished_runs("demo", client)] == [newest, before, oldest]
    assert newest_two("demo", "", "", client) == (before, newest)
    assert newest_two("demo", oldest, "", client) == (oldest, newest)
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: oldest)
    assert newest_two("demo", "", "", client) == (oldest, newest)
    page = comparing_notebook.open_comparison("demo")
    assert page.found.disagreements == ()
    assert page.found.changes == ()


def test_a_camera_is_overdue_when_nobody_measured_it_and_a_dead_one_is_not_measured(
    client: Any, tracked: Maker
) -> None:
    tracked("old", 30, cameras={"gate": (20, 1), "queue": (20, 0)})
    newest = tracked("new", 2, cameras={"gate": (25, 0), "queue": (25, 25)})
    tracked("broken", 1, status="FAILED")
    gate, queue = camera_statuses(client, now=NOW_MS / 1000)
    assert (gate.camera, gate.run_id, gate.overdue, gate.passages) == ("gate", newest, False, 25)
    assert gate.age_h == pytest.approx(2)
    assert (queue.run_name, queue.overdue, queue.every_h) == ("old", True, 24)
    assert gate.last_attempt.startswith("FAILED")
    assert overdue_sentence([gate, queue]) == "overdue: demo queue (30 h ago, at most 24)"
    relaxed = load_scenario("demo", {"measure_every_h": "48"})
    assert not any(one.overdue for one in camera_statuses(client, [relaxed], now=NOW_MS / 1000))
    never = load_scenario("chokepoint", {"measure_every_h": "24"})
    (one,) = camera_statuses(client, [never], now=NOW_MS / 1000)
    assert (one.measured_at, one.overdue) == (None, True)


def test_the_points_of_a_sweep_are_no_measurement_of_a_camera(client: Any, tracked: Maker, monkeypatch: Any) -> None:
    """A point has cameras' names and counts as a sweep of many; the scenario was last measured by its evaluation."""
    tracked("evaluation", 30, cameras={"gate": (20, 1)})
    experiment = experiment_id(client, "demo")
    swept = client.create_run(experiment, NOW_MS, {"facelab.kind": "sweep", "sweep.of": "demo"}, "sweep").info.run_id
    for number in range(4):
        tags = {"facelab.kind": "point", "camera": "gate", "mlflow.parentRunId": swept, "point": str(number)}
        point = client.create_run(experiment, NOW_MS, tags, "point").info.run_id
        client.set_terminated(point, "FINISHED", NOW_MS)
        tags["facelab.kind"] = "camera"
        nested = client.create_run(experiment, NOW_MS, tags, "camera of a sweep").info.run_id
        client.log_metric(nested, "passages", 20)
        client.set_terminated(nested, "FINISHED", NOW_MS)
    client.set_terminated(swept, "FINISHED", NOW_MS)
    monkeypatch.setattr("facelab.experiments.status.NEWEST", 5)
    (gate,) = camera_statuses(client, now=NOW_MS / 1000)
    assert (gate.run_name, gate.overdue, gate.last_attempt) == ("evaluation", True, "")
    assert gate.age_h == pytest.approx(30)


def test_status_exits_with_11_where_something_is_overdue(client: Any, tracked: Maker) -> None:
    tracked("old", 30, cameras={"gate": (20, 1)})
    found = CliRunner().invoke(app, ["status", "--json"])  # by the machine's clock the run ended in the future
    assert found.exit_code == 0, found.output
    tracked("older", NOW_MS / HOUR_MS - 1000, cameras={"queue": (20, 1)})
    found = CliRunner().invoke(app, ["status", "--json"])
    assert found.exit_code == 11
    said = json.loads(found.stdout)
    assert [camera["overdue"] for camera in said["cameras"]] == [False, True]
    assert "demo queue" in said["overdue"]


def test_the_runs_of_a_camera_are_a_trend_with_limits(client: Any, tracked: Maker, project: Path) -> None:
    with pytest.raises(NotMeasured, match="takes 4 finished runs or more, there are 0"):
        run_history("demo", client)
    for day in range(6):
        run_id = tracked(f"day {day}", 24 * (6 - day), cameras={"gate": (40, 0)})
        client.set_tag(run_id, "gate", "worse" if day == 5 else "not worse")
        (nested,) = client.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{run_id}'")
        for name, value in {"fnir_errors": 30 if day == 5 else 4, "fnir_trials": 40}.items():
            client.log_metric(nested.info.run_id, name, value)
    found = run_history("demo", client)
    chart = found.charts["fnir_gate"]
    assert chart.errors.tolist() == [4] * 5 + [30], "oldest first"
    assert chart.first_above() == 5
    assert found.verdicts["fnir_gate"] == ("not worse",) * 5 + ("worse",)
    shown = CliRunner().invoke(app, ["status", "--figures", str(project / "trend")])
    assert "demo_fnir_gate.png" in shown.output
    assert (project / "trend" / "demo_fnir_gate.svg").is_file()


class _Found:
    """An evaluation that has ended, as the command line needs it."""

    def __init__(self, study: Study) -> None:
        from facelab.experiments.evaluation import Evaluation
        from facelab.experiments.workspace import read_json

        measured = read_json(study.workspace.points)
        self.evaluation = Evaluation(study.scenario, study.workspace, measured, "", "sqlite:///x")


def _invoke(monkeypatch: pytest.MonkeyPatch, result: Any, *options: str) -> Any:
    from facelab import experiments

    def evaluate(*_: Any, **__: Any) -> Any:
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(experiments, "evaluate", evaluate)
    return CliRunner().invoke(app, ["evaluate", "demo", *options])


def _last(found: Any) -> dict[str, Any]:
    return dict(json.loads(found.stdout.strip().splitlines()[-1]))


@pytest.mark.usefixtures("client")
def test_the_last_line_is_json_and_the_exit_code_says_what_the_gate_says(
    evaluated: Workspace, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _Found(study).evaluation
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: None)
    alone = _invoke(monkeypatch, result)
    assert (alone.exit_code, _last(alone)["verdict"]) == (0, None)
    assert "no champion" in _last(alone)["reason"]
    assert _last(alone)["fpir"]["low"] < _last(alone)["fpir"]["high"]
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: str(evaluated.folder))
    same = _invoke(monkeypatch, result, "--json")
    whole = json.loads(same.stdout)
    assert same.exit_code == whole["exit_code"] == whole["gate"]["exit_code"]
    assert whole["gate"]["paired"]
    assert (evaluated.folder / "gate.json").is_file()
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: "0123456789")
    lost = _invoke(monkeypatch, result)
    assert lost.exit_code == 11, "a champion whose run is gone: nothing can be told"
    assert "the gate could not be asked: run: there is no run" in _last(lost)["reason"]
    monkeypatch.setattr(schedule_evaluation, "_asked", lambda *_: _verdict("worse", 10))
    worse = _invoke(monkeypatch, result)
    assert (worse.exit_code, _last(worse)["verdict"]) == (10, "worse")


def _verdict(word: str, code: int) -> Any:
    from facelab.experiments.gate import GateVerdict

    found = GateVerdict(word, (), "because", "run", "champion", threshold=0.4)  # type: ignore[arg-type]
    assert found.exit_code == code
    return found


@pytest.mark.parametrize(
    ("error", "code"), [(BadInput("no such"), 12), (NotMeasured("no face"), 11), (KeyboardInterrupt(), 130)]
)
@pytest.mark.usefixtures("project")
def test_what_ends_an_evaluation_is_in_the_last_line_too(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    found = _invoke(monkeypatch, error)
    assert found.exit_code == code
    assert _last(found)["exit_code"] == code
    assert _last(found)["error"]


def test_a_second_evaluation_of_a_workspace_is_refused_while_the_first_runs(study: Study) -> None:
    with study.workspace.lock():
        found = CliRunner().invoke(app, ["evaluate", "demo"])
    assert found.exit_code == 11
    assert "another evaluation" in _last(found)["error"]


def test_gate_without_a_champion_is_told(evaluated: Workspace, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_champion, "champion_run", lambda *_: None)
    asked = CliRunner().invoke(app, ["gate", str(evaluated.folder), "--against", "champion"])
    assert asked.exit_code == 11
    assert "demo has no champion in the registry" in asked.output
    alone = CliRunner().invoke(app, ["gate", str(evaluated.folder), "-p", "worst_group_fnir=0.9", "--json"])
    assert alone.exit_code == 0, alone.output
    assert json.loads(alone.stdout[alone.stdout.index("{") :])["verdict"] == "not worse"
    wrong = CliRunner().invoke(app, ["gate", str(evaluated.folder), "-p", "fnir_margn=0.1"])
    assert wrong.exit_code == 12
    assert "did you mean 'fnir_margin'" in wrong.output


def test_champion_run_is_what_the_registry_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from facelab.experiments import registry

    monkeypatch.setattr(
        registry, "champion", lambda name, store: SimpleNamespace(run_id="abc") if name == "demo" else None
    )
    assert gate_champion.champion_run("demo", None) == "abc"  # type: ignore[arg-type]
    assert gate_champion.champion_run("other", None) is None  # type: ignore[arg-type]

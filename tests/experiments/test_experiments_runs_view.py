"""The link opens the runs page on thresholds and both rates, with names that are logged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from facelab.experiments.run_record import called, name_of, rate_metrics
from facelab.experiments.runs_view import COLUMNS, METRIC_COLUMNS, TAG, runs_link, view
from facelab.experiments.store import experiment_id, open_store
from facelab.experiments.workspace import Workspace, write_json
from facelab.report.rows import ThresholdRow
from facelab.report.site_answer import HEADINGS, Line, SiteAnswer

RATE = {"rate": 0.05, "low": 0.01, "high": 0.1, "errors": 5, "trials": 100}


def test_every_column_and_chart_is_of_something_that_is_logged() -> None:
    logged = {"threshold", "embeddings_a_frame", *rate_metrics("fpir", RATE), *rate_metrics("fnir", RATE)}
    assert set(METRIC_COLUMNS) <= logged
    said = view()
    sections = {section["uuid"] for section in said["compareRunSections"]}
    for card in said["compareRunCharts"]:
        assert card["metricSectionId"] in sections
        keys = [card.get("metricKey"), *(card.get(axis, {}).get("key") for axis in ("xaxis", "yaxis"))]
        assert {key for key in keys if key} <= logged | {"curve/fpir_percent", "curve/fnir_percent"}
    assert all(re.fullmatch(r"(attributes|metrics|tags)\.`[^`]+`", column) for column in COLUMNS)


@pytest.mark.usefixtures("store")
def test_the_link_names_an_arrangement_that_the_store_keeps_once() -> None:
    client = open_store()
    link = runs_link(client, "demo", "http://127.0.0.1:5000")
    assert link.startswith("http://127.0.0.1:5000/#/experiments/")
    key = link.rsplit("viewStateShareKey=", 1)[1]
    runs_link(client, "demo", "http://127.0.0.1:5000", charts=True)
    tags = client.get_experiment(experiment_id(client, "demo")).tags
    kept = [name for name in tags if name.startswith(TAG)]
    assert kept == [TAG + key]
    assert json.loads(tags[TAG + key]) == view()
    assert len(tags[TAG + key]) < 5000, "a tag of MLflow holds no more"


def test_a_run_is_called_by_its_threshold() -> None:
    row = ThresholdRow("target", 0.05, 0.41234, True, RATE, RATE, None)
    assert name_of("folder/pack", row) == "T 0.4123 at FPIR 5 %, pack"
    assert name_of("pack", None) == "no threshold, pack"


def test_a_run_of_a_site_is_called_by_the_threshold_that_its_config_carries(tmp_path: Path) -> None:
    lines = tuple(Line(heading, "so", "measured") for heading in HEADINGS)
    place = Workspace(tmp_path)
    write_json(place.site_answer, SiteAnswer("t", "q?", 0.38207, lines).to_dict())
    scenario = SimpleNamespace(pack="folder/pack", export_target_fpir=None)
    evaluation = SimpleNamespace(workspace=place, scenario=scenario, table=())
    assert called(evaluation) == "T 0.3821, the site's answer, pack"  # type: ignore[arg-type]
    scenario.export_target_fpir = 0.05
    assert called(evaluation) == "no threshold, pack"  # type: ignore[arg-type]


@pytest.mark.usefixtures("store")
def test_facelab_mlflow_prints_the_link_of_the_arranged_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from facelab.cli import evaluation
    from facelab.cli.app import app

    started: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(evaluation.subprocess, "run", run)
    said = CliRunner().invoke(app, ["mlflow", "--port", "5123"])
    assert said.exit_code == 0, said.output
    link = runs_link(open_store(), "demo", "http://127.0.0.1:5123", charts=True)
    assert link in said.output.replace("\n", "")
    assert "compareRunsMode=CHART" in link
    assert started[0][started[0].index("--port") + 1] == "5123"

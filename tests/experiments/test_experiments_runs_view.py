"""The link opens the runs page on thresholds and both rates, with names that are logged."""

from __future__ import annotations

import json
import re

import pytest

from facelab.experiments.run_record import name_of, rate_metrics
from facelab.experiments.runs_view import COLUMNS, METRIC_COLUMNS, TAG, runs_link, view
from facelab.experiments.store import experiment_id, open_store
from facelab.report.rows import ThresholdRow

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

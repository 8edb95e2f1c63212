"""`facelab unlabelled` and a scenario's `labels`: what is said of footage without names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.config import Labels
from facelab.experiments.scenario import load_scenario


def _candidates(folder: Path, *, volunteers: int) -> Path:
    rows = ["probe_id,probe_subject,reference_subject,score"]
    rows += [f"v{i},ann,ann,{0.9 if i else 0.2}" for i in range(volunteers)]
    rows += [f"p{i},,{'ann' if i % 2 else 'bob'},{0.6 if i < 5 else 0.1}" for i in range(60)]
    path = folder / "candidates.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_nobody_known_gives_fpir_and_what_hidden_people_make_of_it(tmp_path: Path) -> None:
    path = _candidates(tmp_path, volunteers=0)
    done = CliRunner().invoke(app, ["unlabelled", str(path), "--threshold", "0.5", "--hidden", "1", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["volunteers"] is None
    assert (said["assumed"]["fpir"]["errors"], said["assumed"]["fpir"]["trials"]) == (5, 60)
    (one,) = said["assumed"]["hidden"]
    assert (one["lowest"]["errors"], one["lowest"]["trials"]) == (2, 57)
    assert one["low"] < one["lowest"]["rate"] < one["likely"]["rate"] < one["highest"]["rate"] < one["high"]


def test_volunteers_measure_misses_and_how_often_a_hidden_person_would_alert(tmp_path: Path) -> None:
    path = _candidates(tmp_path, volunteers=4)
    done = CliRunner().invoke(app, ["unlabelled", str(path), "--threshold", "0.5", "--hidden", "2", "--json"])
    said = json.loads(done.stdout)
    assert (said["volunteers"]["fnir"]["errors"], said["volunteers"]["fnir"]["trials"]) == (1, 4)
    assert said["assumed"]["hit"] == 0.75
    told = CliRunner().invoke(app, ["unlabelled", str(path), "--threshold", "0.5"])
    assert "Not to be claimed" in told.stdout


def test_the_crowd_says_that_its_rates_are_assumed() -> None:
    """Old scenarios are named, as before; the crowd's is not."""
    assert load_scenario("crowd").labels.mode == "assume_non_mated"
    assert load_scenario("demo").labels == Labels()


@pytest.mark.parametrize("hidden", ["0", "3"])
def test_hidden_people_whom_nobody_enrolled_are_refused(tmp_path: Path, hidden: str) -> None:
    path = _candidates(tmp_path, volunteers=0)
    done = CliRunner().invoke(app, ["unlabelled", str(path), "--threshold", "0.5", "--hidden", hidden])
    assert done.exit_code in (2, 12)


def test_label_errors_move_the_rates_and_a_review_takes_them_back(tmp_path: Path) -> None:
    rows = ["probe_id,probe_subject,reference_subject,score"]
    rows += [f"m{i},e{i % 10},e{i % 10},{0.5 + i / 200}" for i in range(60)]
    rows += [f"n{i},s{i},e{i % 10},{0.1 + i / 400}" for i in range(195)]
    rows += [f"h{i},h{i},e{i},0.9" for i in range(5)]
    path = tmp_path / "candidates.csv"
    path.write_text("\n".join(rows) + "\n")
    asked = ["label-errors", str(path), "--target-fpir", "0.05", "--wrong", "0.05"]
    done = CliRunner().invoke(app, [*asked, "--reviewed-alerts", "10", "--true-alerts", "5", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["fpir"]["errors"] == 10
    assert said["wrong_labels"][0]["fnir"]["value"] > said["fnir"]["rate"]
    assert said["without"]["fpir"]["value"] == pytest.approx(5 / (200 - 5 / (1 - said["fnir"]["rate"])))
    assert {one["probe_id"] for one in said["suspects"][:5]} == {f"h{i}" for i in range(5)}
    assert said["suspects"][4]["threshold"] < said["threshold"]
    told = CliRunner().invoke(app, asked)
    assert "5 % wrong" in told.stdout

"""`facelab verification` and `facelab identification`: the JSON that people script against, and bad score files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from facelab.cli.app import app

runner = CliRunner()
RATE = {"rate", "errors", "trials", "low", "high", "confidence", "method"}


def answered(*arguments: str | Path) -> dict[str, Any]:
    """The JSON answer of a command that must go well."""
    result = runner.invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """40 mated scores around 0.6 and 4,000 non-mated ones around 0; two of each failed."""
    rng = np.random.default_rng(5)
    mated = [f"{s:.6f},1,p{i},p{i}" for i, s in enumerate(rng.normal(0.6, 0.1, 40))]
    others = [f"{s:.6f},0,p{i % 40},q{i}" for i, s in enumerate(rng.normal(0.0, 0.1, 4000))]
    failed = [",1,p1,p1", ",1,p2,p2", ",0,p1,q1", ",0,p2,q2"]
    return written(tmp_path / "scores.csv", ["score,mated,probe_subject,reference_subject", *mated, *others, *failed])


def test_verification_answers_in_the_order_asked_for_and_counts_agree_with_numpy(scores: Path) -> None:
    answer = answered("verification", scores, "--target-fmr", "0.01", "--target-fmr", "0.1", "--threshold", "0.3")
    points = answer["operating_points"]
    assert [p["target_fmr"] for p in points] == [0.01, 0.1, None]
    assert points[2]["threshold"] == 0.3
    table = np.genfromtxt(scores, delimiter=",", skip_header=1, usecols=(0, 1))
    value, mated = table[:, 0], table[:, 1] == 1
    for point in points:
        accepted = value >= point["threshold"]
        assert point["fmr"]["errors"] == int((accepted & ~mated).sum())
        assert point["fnmr"]["errors"] == int((~accepted & mated & ~np.isnan(value)).sum())
        assert (point["fmr"]["trials"], point["gfar"]["trials"]) == (4000, 4002)
        assert (point["fnmr"]["trials"], point["gfrr"]["trials"]) == (40, 42)
        assert point["gfrr"]["errors"] == point["fnmr"]["errors"] + 2
        for name in ("fmr", "fnmr", "gfar", "gfrr"):
            assert set(point[name]) >= RATE
            assert point[name]["low"] <= point[name]["rate"] <= point[name]["high"]
    assert points[0]["fmr"]["rate"] <= 0.01
    assert answer["in_sample"] is True
    assert {"rate", "threshold"} <= set(answer["eer"])
    assert (answer["mated"]["comparisons"], answer["mated"]["failed"], answer["mated"]["subjects"]) == (42, 2, 40)


def test_an_unresolvable_target_is_an_answer_and_no_error(scores: Path) -> None:
    (point,) = answered("verification", scores, "--target-fmr", "1e-6")["operating_points"]
    assert point["threshold"] is None
    assert point["unattainable"]["needed"] == 1_000_000
    assert point["unattainable"]["have"] == 4000


def test_thresholds_chosen_elsewhere_are_not_in_sample(scores: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.csv", ["score,mated", *(f"0.{i:03d},0" for i in range(200)), "0.9,1", "0.8,1"])
    answer = answered("verification", scores, "--select", other, "--target-fmr", "0.1")
    assert answer["in_sample"] is False
    assert answer["operating_points"][0]["threshold"] == 0.18


def test_scores_without_subjects_get_independent_trials_and_say_so(tmp_path: Path) -> None:
    path = written(tmp_path / "s.csv", ["score,mated", *(f"{i / 100},0" for i in range(100)), "0.995,1", "0.9,1"])
    answer = answered("verification", path, "--threshold", "0.95")
    assert answer["mated"]["subjects"] is None
    assert "independent trials" in answer["operating_points"][0]["fmr"]["method"]
    assert "s.csv has no column 'probe_subject'" in answer["notes"][0]
    assert "independent trials" in runner.invoke(app, ["verification", str(path), "--threshold", "0.95"]).stderr


def test_one_missing_subject_is_named_with_its_line(scores: Path, tmp_path: Path) -> None:
    lines = scores.read_text().splitlines()
    lines[7] = lines[7].rpartition(",")[0] + ","
    answer = answered("verification", written(tmp_path / "t.csv", lines), "--threshold", "0.3")
    assert "t.csv:8 has no reference_subject: the intervals are of independent trials" in answer["notes"][0]
    assert answered("verification", scores, "--threshold", "0.3")["notes"] == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["score,mated", "0.5,1", "abc,0"], "s.csv:3"),
        (["score,mated", "0.5,1", "inf,0"], "s.csv:3"),
        (["score,mated", "0.5,1", "0.4,1"], "non-mated"),
        (["score,mated"], "no row"),
        (["score", "0.5"], "mated"),
        (["score,mated", "0.5,2"], "s.csv:2"),
        ([""], "empty"),
    ],
)
def test_a_bad_score_file_is_one_line_that_names_the_place(tmp_path: Path, lines: list[str], said: str) -> None:
    path = written(tmp_path / "s.csv", lines)
    result = runner.invoke(app, ["verification", str(path), "--target-fmr", "0.1"])
    assert result.exit_code == 12
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("target", ["0", "1", "1.5", "-0.1"])
def test_a_target_outside_its_range_is_refused(scores: Path, target: str) -> None:
    result = runner.invoke(app, ["verification", str(scores), "--target-fmr", target])
    assert result.exit_code == 12


def test_distances_given_as_similarities_are_warned_of(tmp_path: Path) -> None:
    lines = ["score,mated", *(f"{0.2 + i / 100},1" for i in range(9)), *(f"{0.8 + i / 100},0" for i in range(9))]
    result = runner.invoke(app, ["verification", str(written(tmp_path / "d.csv", lines)), "--threshold", "0.5"])
    assert result.exit_code == 0
    assert "distances" in result.stderr


def test_neither_scores_nor_templates_is_refused() -> None:
    assert runner.invoke(app, ["verification"]).exit_code == 12
    assert runner.invoke(app, ["identification"]).exit_code == 12


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    """Hand-made: 4 mated searches (a hit, a misidentification, a low mate, a failure) and 4 non-mated (one failure)."""
    rows = [
        "m1,ann,ann,0.9",
        "m1,ann,bob,0.2",
        "m2,bob,bob,0.6",
        "m2,bob,ann,0.7",
        "m3,cid,cid,0.3",
        "m4,ann,,",
        "n1,x1,ann,0.65",
        "n1,x1,bob,0.55",
        "n2,x2,ann,0.1",
        "n3,,bob,0.2",
        "n4,x4,,",
    ]
    return written(tmp_path / "candidates.csv", ["probe_id,probe_subject,reference_subject,score", *rows])


def test_identification_counts_by_hand(candidates: Path) -> None:
    answer = answered("identification", candidates, "--threshold", "0.5")
    (point,) = answer["operating_points"]
    assert answer["gallery"]["subjects"] == 3
    assert (answer["mated"]["searches"], answer["mated"]["failed"]) == (4, 1)
    assert (answer["non_mated"]["searches"], answer["non_mated"]["failed"]) == (4, 1)
    assert (point["fpir"]["errors"], point["fpir"]["trials"]) == (1, 4)
    assert (point["fnir"]["errors"], point["fnir"]["trials"]) == (3, 4)
    assert (point["misidentification"]["errors"], point["misidentification"]["trials"]) == (1, 4)
    assert point["selectivity"] == 0.5
    assert (point["target_fpir"], point["rank"]) == (None, 1)
    (second,) = answered("identification", candidates, "--threshold", "0.5", "--rank", "2")["operating_points"]
    assert second["fnir"]["errors"] == 2


def test_the_enrolled_file_decides_who_is_mated(candidates: Path, tmp_path: Path) -> None:
    enrolled = written(tmp_path / "enrolled.txt", ["ann", "bob", "cid", "x1", "x2"])
    answer = answered("identification", candidates, "--threshold", "0.5", "--enrolled", enrolled)
    assert answer["gallery"]["subjects"] == 5
    assert (answer["mated"]["searches"], answer["non_mated"]["searches"]) == (6, 2)


def test_identification_refuses_a_target_that_four_searches_cannot_resolve(candidates: Path) -> None:
    (point,) = answered("identification", candidates, "--target-fpir", "0.01")["operating_points"]
    assert point["threshold"] is None
    assert point["unattainable"] == point["unattainable"] | {"needed": 100, "have": 4}


@pytest.mark.parametrize(
    "row", ["m1,ann,ann,text", "m1,ann,ann,inf", "m1,bob,ann,0.1", ",ann,ann,0.1"], ids=["text", "inf", "two", "no id"]
)
def test_a_bad_candidate_row_is_refused(candidates: Path, row: str) -> None:
    candidates.write_text(candidates.read_text() + row + "\n")
    result = runner.invoke(app, ["identification", str(candidates), "--threshold", "0.5"])
    assert result.exit_code == 12
    assert "candidates.csv" in result.stderr


def test_a_person_reads_a_table(candidates: Path, scores: Path) -> None:
    shown = runner.invoke(app, ["identification", str(candidates), "--threshold", "0.5", "--target-fpir", "0.25"])
    assert "1/4 = 0.25" in shown.stdout
    assert "optimistic" in shown.stderr
    assert "EER" in runner.invoke(app, ["verification", str(scores), "--threshold", "0.3"]).stdout

"""What a user may get wrong, through every command that takes it: one line with value, place and likely cause."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from facelab.cli.app import app

runner = CliRunner()
HEADS = {
    "verification": "score,mated,probe_subject,reference_subject",
    "identification": "probe_id,probe_subject,reference_subject,score",
    "attacks": "score,species,subject",
    "alerts": "camera,time_s,alleged,score,walker,subject",
}
ROWS = {
    "verification": "{},1,a,a",
    "identification": "p1,a,a,{}",
    "attacks": "{},print,a",
    "alerts": "gate,1,a,{},w,",
}
OPTIONS = {
    "verification": ("--threshold", "0.5"),
    "identification": ("--threshold", "0.5"),
    "attacks": ("--threshold", "0.5"),
    "alerts": ("--hours", "8"),
}


def run(*arguments: str | Path | float) -> Result:
    return runner.invoke(app, [*map(str, arguments)])


def refused(*arguments: str | Path | float) -> str:
    """The one line of a command that must be refused as bad input."""
    result = run(*arguments)
    assert result.exit_code == 12, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A good file of each kind; scores from 0 to 1."""
    rng = np.random.default_rng(2)
    place = tmp_path_factory.mktemp("good")
    people = [(i, j) for i in range(20) for j in range(i, 20)]
    scores = [f"{np.clip(0.8 * (i == j) + rng.random() / 5, 0, 1):.4f},{int(i == j)},p{i},p{j},x" for i, j in people]
    candidates = [f"q{p},{'e' if p < 10 else 'u'}{p},e{g},{0.9 if p == g else rng.random() / 2:.4f},x"
                  for p in range(40) for g in range(10)]  # fmt: skip
    attacks = [f"{rng.random():.3f},{'print' if k % 2 else ''},p{k}" for k in range(60)]
    found = {
        "verification": (HEADS["verification"] + ",group", scores),
        "identification": (HEADS["identification"] + ",group", candidates),
        "attacks": (HEADS["attacks"], attacks),
        "alerts": (HEADS["alerts"], ["gate,1,a,0.7,w,", "gate,9,a,0.9,v,a"]),
    }
    for name, (head, lines) in found.items():
        (place / f"{name}.csv").write_text("\n".join([head, *lines]) + "\n")
    return {name: place / f"{name}.csv" for name in found}


@pytest.mark.parametrize("command", HEADS)
@pytest.mark.parametrize(
    ("score", "words"),
    [
        ("high", "'high' is no number"),
        ("inf", "the score is inf"),
        ("-inf", "the score is -inf"),
        ("nan", "the score is nan"),
        ('"0,5"', "the decimal sign is a point, not a comma"),
    ],
)
def test_a_score_that_is_none_is_named_with_its_line(command: str, score: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADS[command], ROWS[command].format(0.7), ROWS[command].format(score)]) + "\n")
    said = refused(command, path, *OPTIONS[command])
    assert words in said
    assert "t.csv:3: " in said


@pytest.mark.parametrize("command", HEADS)
def test_a_file_that_is_not_there_or_has_other_columns(command: str, tmp_path: Path) -> None:
    assert "there is no such file" in refused(command, tmp_path / "none.csv", *OPTIONS[command])
    path = tmp_path / "t.csv"
    path.write_text("one;two\n1;2\n")
    assert "is missing" in refused(command, path, *OPTIONS[command])
    path.write_text("")
    assert "the file is empty" in refused(command, path, *OPTIONS[command])


@pytest.mark.parametrize(("mated", "missing"), [("1", "non-mated"), ("0", "mated")])
def test_one_class_missing_is_named(mated: str, missing: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"score,mated\n0.5,{mated}\n0.6,{mated}\n")
    assert f"t.csv: there is no {missing} score" in refused("verification", path, "--threshold", 0.5)


def test_one_species_and_no_bona_fide_presentation_cannot_tell(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("score,species\n0.5,print\n0.6,print\n")
    result = run("attacks", path, "--threshold", 0.5)
    assert result.exit_code == 11
    assert "both attacks and bona fide presentations" in result.stderr


def test_searches_of_one_kind_measure_what_they_can(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("probe_id,probe_subject,reference_subject,score\np1,a,a,0.9\np2,a,b,0.4\n")
    result = run("identification", path, "--threshold", 0.5, "--target-fpir", 0.1)
    assert result.exit_code == 0
    assert "FPIR 0.1 cannot be resolved: it needs at least 10 trials, there are 0" in result.stderr


def test_distances_are_warned_of_in_searches_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"m{i},e{i},e{i},0.{i + 10}" for i in range(12)] + [f"n{i},u{i},e{i},0.{i + 70}" for i in range(12)]
    path.write_text("\n".join([HEADS["identification"], *lines]) + "\n")
    result = run("identification", path, "--threshold", 0.5)
    assert result.exit_code == 0
    assert "are they distances?" in result.stderr


@pytest.mark.parametrize("target", [0, 1, 1.5, -0.1, "nan"])
def test_targets_lie_strictly_between_0_and_1(files: dict[str, Path], target: float | str) -> None:
    scores, candidates = files["verification"], files["identification"]
    for said in (
        refused("verification", scores, "--target-fmr", target),
        refused("identification", candidates, "--target-fpir", target),
        refused("plan", "--target-fpir", target),
        refused("attacks", files["attacks"], "--target-apcer", target),
        refused("compare-scores", scores, scores, "--target", target),
        refused("compare-scores", candidates, candidates, "--target", target),
        refused("quality", scores, "--quality", "group", "--target-fmr", target),
    ):
        assert "between 0 and 1" in said or "in (0, 1)" in said
        assert f"is {float(target):g}" in said


def test_a_percentage_is_guessed(files: dict[str, Path]) -> None:
    assert "was a percentage meant?" in refused("verification", files["verification"], "--target-fmr", 5)
    assert "was a percentage meant?" in refused("plan", "--target-fmr", 5)
    assert "percentage" in refused("compare-scores", *[files["verification"]] * 2, "--target", 5)
    assert "percentage" in refused("verification", files["verification"], "--confidence", 95, "--threshold", 0.5)


@pytest.mark.parametrize("threshold", [60, -60, "nan", "inf"])
def test_a_threshold_outside_the_scores_is_refused(files: dict[str, Path], threshold: float | str) -> None:
    scores, candidates = files["verification"], files["identification"]
    for said in (
        refused("verification", scores, "--threshold", threshold),
        refused("identification", candidates, "--threshold", threshold),
        refused("groups", scores, "--by", "group", "--threshold", threshold),
        refused("groups", candidates, "--by", "group", "--threshold", threshold),
        refused("groups", candidates, "--reference-by", "reference_subject", "--threshold", threshold),
        refused("attacks", files["attacks"], "--threshold", threshold),
    ):
        assert f"{threshold} lies outside the scores, which go from 0" in said
        assert "another scale" in said
    if threshold in (60, -60):
        for path in (scores, candidates):
            assert "lies outside" in refused("compare-scores", path, path, "--thresholds", 0.5, threshold)
        arguments = ("--passengers", 100, "--prevalence", 0.01, "--candidates", candidates, "--threshold", threshold)
        assert "lies outside" in refused("workload", *arguments)


def test_a_threshold_above_all_alerts_is_refused_and_one_below_them_leaves_all(files: dict[str, Path]) -> None:
    said = refused("alerts", files["alerts"], "--hours", 8, "--threshold", 70)
    assert "70 lies outside the scores" in said
    below = run("alerts", files["alerts"], "--hours", 8, "--threshold", 0.0)
    assert below.exit_code == 0
    assert "2 alerts emitted" in below.stderr

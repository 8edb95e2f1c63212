"""Operators' answers: what counts, how sure one may be, and lines that nobody wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from facelab.cli import app as cli
from facelab.deploy.events import event_id
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.answers import read_answers

CONFIG, OTHER = "c" * 64, "d" * 64
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def line(k: int, verdict: str, subject: str = "ann", **said: Any) -> dict[str, Any]:
    """The answer to alert number `k`."""
    moment = (START + timedelta(minutes=k)).isoformat(timespec="milliseconds")
    known = {"config": CONFIG, "camera": "gate", "track": f"gate/{k}", "subject": subject} | {
        name: said.pop(name) for name in ("config", "camera", "track") if name in said
    }
    parts = known["config"], moment, known["camera"], known["track"], subject
    told = {"id": event_id(*parts), **known, "alert_time": moment, "score": 0.5, "threshold": 0.41, "who": "olu"}
    return told | {"time": "2026-11-01T09:00:00+00:00", "verdict": verdict, "started": START.isoformat()} | said


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: dict[str, Any], name: str = "answers.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))
        return path

    return write


def test_the_last_answer_counts_and_operators_who_disagree_are_named(written: Callable[..., Path]) -> None:
    found = read_answers(
        written(line(0, "confirm"), line(1, "confirm"), line(1, "dismiss", who="kim"), line(0, "confirm"))
    )
    assert (len(found.given), len(found.last), found.confirmed) == (4, 2, 1)
    assert [{a.who: a.verdict for a in said} for said in found.disagreements] == [{"olu": "confirm", "kim": "dismiss"}]
    same = read_answers(written(line(0, "confirm"), line(0, "dismiss")))
    assert same.disagreements == (), "one operator who thinks again does not disagree with anybody"
    assert same.confirmed == 0


def test_alerts_that_allege_one_person_are_not_independent(written: Callable[..., Path]) -> None:
    """Twenty subjects of two alerts each, both alike, against forty subjects: half the people, a wider interval."""
    alone = [line(k, "confirm" if k % 2 else "dismiss", f"s{k}") for k in range(40)]
    shared = [line(k, "confirm" if k // 2 % 2 else "dismiss", f"s{k // 2}") for k in range(40)]
    free, tied = read_answers(written(*alone)).ppv, read_answers(written(*shared)).ppv
    assert free.value == tied.value == 0.5
    width = [rate.interval().high - rate.interval().low for rate in (free, tied)]
    assert width[1] > 1.25 * width[0]
    assert tied.design_effect == pytest.approx(2 * 20 / 19, rel=0.06)


def test_one_person_who_causes_every_false_alert_is_worth_one(written: Callable[..., Path]) -> None:
    found = read_answers(written(*(line(k, "dismiss") for k in range(50))))
    assert found.ppv.value == 0
    assert found.ppv.interval().high > 0.9, "fifty alerts, one alleged person: nothing is known of the others"
    assert found.causes() == [("ann", 50, 0)]


def test_tracks_of_two_watchings_are_two_people(written: Callable[..., Path]) -> None:
    later = (START + timedelta(days=1)).isoformat()
    found = read_answers(written(line(0, "confirm"), line(9, "confirm", "bob", track="gate/0", started=later)))
    assert found.ppv.people == 4


def test_false_alerts_an_hour_are_those_that_were_dismissed(written: Callable[..., Path]) -> None:
    lines = [line(0, "dismiss"), line(1, "dismiss", "bob"), line(2, "confirm"), line(3, "dismiss", camera="hall")]
    found = read_answers(written(*lines)).rates({"gate": 4.0, "hall": 8.0})
    assert found.by_camera["gate"].value == 0.5
    assert found.by_camera["hall"].value == 1 / 8
    assert found.true_alerts == 1
    with pytest.raises(BadInput, match="'hall' has alerts and no hours"):
        read_answers(written(*lines)).rates({"gate": 4.0})


def test_what_nobody_answered_bounds_the_ppv(written: Callable[..., Path]) -> None:
    events = [{"event": "alert", **line(k, "confirm")} for k in range(10)]
    raised = written(*events, name="alerts.jsonl")
    found = read_answers(written(line(0, "confirm"), line(1, "dismiss"), line(2, "dismiss")), alerts=raised)
    assert found.unanswered == 7
    assert found.extremes == (0.1, 0.8)
    with pytest.raises(BadInput, match="none of those in"):
        read_answers(written(line(99, "confirm")), alerts=raised)


def test_no_answer_is_not_measured(written: Callable[..., Path]) -> None:
    with pytest.raises(NotMeasured, match="no alert was answered"):
        read_answers(written()).ppv  # noqa: B018  # it is what raises


def test_answers_of_another_config_are_refused_unless_asked_for(written: Callable[..., Path]) -> None:
    both = written(line(0, "confirm"), line(1, "dismiss", config=OTHER), name="both.jsonl")
    with pytest.raises(BadInput, match="thresholds and watchlists differ"):
        read_answers(both)
    with pytest.raises(BadInput, match=f"of config {OTHER[:16]}, not of {CONFIG[:16]}"):
        read_answers(written(line(1, "dismiss", config=OTHER)), config=CONFIG)
    assert len(read_answers(both, any_config=True).last) == 2
    assert len(read_answers(written(line(0, "confirm")), config=CONFIG[:8]).last) == 1


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"subject": "bob"}, "it was edited"),
        ({"camera": "hall"}, "it was edited"),
        ({"alert_time": "2026-11-02T08:00:00.000+00:00"}, "it was edited"),
        ({"alert_time": "yesterday"}, "it was edited"),
        ({"id": "f" * 32}, "it was edited"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": ["confirm"]}, "verdict"),
        ({"who": ""}, "who is missing"),
        ({"track": None}, "track is missing"),
        ({"score": "0.5"}, "no similarity"),
        ({"score": True}, "no similarity"),
        ({"score": float("nan")}, "no similarity"),
        ({"threshold": 1e9}, "no similarity"),
    ],
)
def test_an_edited_line_is_refused_with_its_number(
    written: Callable[..., Path], edit: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadInput, match=f"line 2.*{why}"):
        read_answers(written(line(0, "confirm"), line(1, "confirm") | edit))


def test_a_score_that_was_edited_in_one_of_two_answers_is_noticed(written: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="two scores or thresholds"):
        read_answers(written(line(0, "confirm"), line(0, "dismiss", score=0.9)))


@pytest.mark.parametrize("content", [b"{", b"[]\n", b"null\n", b"\xff\xfe\n", b"[" * 5000 + b"\n", b'{"id": 1'])
def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="line 1"):
        read_answers(path)
    with pytest.raises(BadInput, match="no such file"):
        read_answers(tmp_path / "none.jsonl")


def test_the_command_answers_in_words_and_in_json(written: Callable[..., Path]) -> None:
    path = str(written(line(0, "confirm"), line(1, "dismiss", "bob"), line(2, "dismiss", "bob", who="kim")))
    said = CliRunner().invoke(cli.app, ["answers", path, "--hours", "8", "--json"])
    found = json.loads(said.stdout)
    assert said.exit_code == 0
    assert (found["confirmed"], found["dismissed"], found["ppv"]["value"]) == (1, 2, pytest.approx(1 / 3))
    assert found["causes"] == [{"subject": "bob", "dismissed": 2, "confirmed": 0}]
    assert found["false_alerts"]["by_camera"]["gate"]["rate"] == 0.25
    words = CliRunner().invoke(cli.app, ["answers", path, "--hours", "gate=8"])
    assert "1/3 = 0.333" in words.stdout
    assert "bob" in words.stdout
    assert CliRunner().invoke(cli.app, ["answers", path, "--config", OTHER]).exit_code == 12

"""The card says what the file says, without letting it write markup; older schemas are read as what they were."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from facelab.deploy import TunedConfig, read_tuned
from facelab.deploy.card import card, card_page
from facelab.deploy.migrations import DAYS_WITHOUT_WORD, migrated
from facelab.deploy.records import ExpectedRecord, FigureRecord
from facelab.deploy.tuned_config import SCHEMA_VERSION, parsed_tuned
from facelab.errors import BadInput


def test_the_card_opens_with_what_may_be_done_and_what_it_costs(config: TunedConfig) -> None:
    text = card(config)
    assert text.startswith("# a terminal\n\n**Evaluation only.** synthetic evidence: not for deployment")
    rate = config.operating_point.fpir
    assert f"({rate.errors}/{rate.trials})" in text
    assert f"{config.threshold:.4f}" in text
    assert "up to 44 enrolled people" in text
    assert "until 2027-04-30" in text
    assert "signed by nobody" in text


def test_the_card_gives_alerts_a_day_only_where_the_site_spoke(config: TunedConfig) -> None:
    assert "said nothing of its passengers" in card(config)
    expected = ExpectedRecord(
        passengers_a_day=30_000,
        prevalence=1e-4,
        cameras=3,
        false_alerts_a_day=FigureRecord(value=42.0, low=30.0, high=60.0),
        true_alerts_a_day=FigureRecord(value=2.7),
        ppv=FigureRecord(),
        confidence=0.95,
        assumptions=("an assumption.",),
    )
    text = card(config.model_copy(update={"expected": expected}))
    assert "42 [30, 60] false and 2.7 true alerts a day" in text
    assert "an unknown number" in text
    assert "Assumed: an assumption." in text


def test_words_of_the_file_are_no_markup_of_the_card(config: TunedConfig) -> None:
    evil = config.model_copy(update={"title": "<script>alert(1)</script> | [x](http://evil.invalid) # a\n# b"})
    page = card_page(evil)
    assert "<script>alert(1)" not in page.split("</head>")[1]
    assert "href" not in page
    assert page.count("<h1") == 1


def _of_schema_one(config: TunedConfig) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(config.model_dump_json())
    said["schema_version"] = 1
    for name in ("validity", "groups", "expected", "signature", "camera_thresholds"):
        del said[name]
    for name in ("detector_file", "detector", "recogniser_file", "recogniser"):
        del said["pack"][name]
    return said


def test_a_config_of_schema_one_holds_for_what_it_was_measured_with(config: TunedConfig, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(_of_schema_one(config)))
    found = read_tuned(path)
    assert found.schema_version == SCHEMA_VERSION
    assert found.validity.enrolled_max == config.matching.enrolled
    assert found.validity.expires == config.created + timedelta(days=DAYS_WITHOUT_WORD)
    assert found.validity.cameras == config.evidence.cameras
    assert "migrated from schema 1" in found.evidence.notes[-1]
    assert found.operating_point == config.operating_point


@pytest.mark.parametrize("lost", ["created", "matching", "evidence"])
def test_a_broken_old_config_says_that_it_cannot_be_migrated(config: TunedConfig, lost: str) -> None:
    said = _of_schema_one(config)
    del said[lost]
    with pytest.raises(BadInput, match="schema 1 cannot be migrated"):
        parsed_tuned(json.dumps(said).encode(), place="old.json")


@pytest.mark.parametrize("version", [0, -1, 3, 10**30, "2", 2.0, None, [], True])
def test_an_unknown_schema_version_is_refused(version: Any) -> None:
    with pytest.raises(BadInput, match="this facelab reads 1 to 2"):
        migrated({"schema_version": version}, 2, place="x")


def test_a_newer_schema_names_the_newer_facelab() -> None:
    with pytest.raises(BadInput, match="a newer facelab"):
        parsed_tuned(b'{"schema_version": 3}', place="x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b'{"schema_version": 2', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"schema_version": 2, "schema_version": 1}', "'schema_version' twice"),
        (b'{"schema_version": 2, "title": ' + b"[" * 900 + b"]" * 900 + b"}", ""),
        (b"9" * 10_000, ""),
        (b'{"schema_version": 2, "threshold": ' + b"9" * 5_000 + b"}", ""),
        (b" " * (4 * 1024**2 + 1), "at most 4 MiB"),
    ],
)
def test_truncated_nested_doubled_and_gigantic_files_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parsed_tuned(content, place="x.json")
    assert said in str(refused.value)
    assert str(refused.value).startswith("x.json: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["../outside.onnx", "/etc/passwd", "a/b.onnx", ".hidden", ""])
def test_file_names_that_climb_out_are_refused(config: TunedConfig, name: str) -> None:
    said = json.loads(config.model_dump_json())
    said["pack"]["files"][name] = "0" * 64
    with pytest.raises(BadInput, match=r"pack\.files"):
        parsed_tuned(json.dumps(said).encode(), place="x")


def test_a_camera_threshold_belongs_to_a_measured_camera(config: TunedConfig) -> None:
    said = json.loads(config.model_dump_json())
    said["camera_thresholds"] = {"gate": 0.5}
    found = parsed_tuned(json.dumps(said).encode(), place="x")
    assert (found.threshold_of("gate"), found.threshold_of("hall")) == (0.5, config.threshold)
    said["camera_thresholds"] = {"roof": 0.5}
    with pytest.raises(BadInput, match="'roof'"):
        parsed_tuned(json.dumps(said).encode(), place="x")

"""A tuned config carries its proof, follows the published schema, and is refused where it was tampered with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from facelab.deploy import TunedConfig, read_tuned, tuned_schema, write_tuned
from facelab.deploy.tuned_config import LARGEST_FILE
from facelab.errors import BadInput


def test_the_published_schema_is_that_of_the_model(root: Path) -> None:
    published = json.loads((root / "docs" / "tuned.schema.json").read_text())
    assert published == json.loads(json.dumps(tuned_schema()))


def test_a_config_follows_the_published_schema(config: TunedConfig, root: Path) -> None:
    schema = json.loads((root / "docs" / "tuned.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(config.model_dump_json()), schema)


def test_what_is_written_is_read_back_the_same(config: TunedConfig, tmp_path: Path) -> None:
    write_tuned(tmp_path / "deep" / "tuned.json", config)
    assert read_tuned(tmp_path / "deep" / "tuned.json") == config


def test_the_threshold_survives_to_the_last_bit(config: TunedConfig, tmp_path: Path) -> None:
    write_tuned(tmp_path / "t.json", config)
    assert read_tuned(tmp_path / "t.json").threshold == config.operating_point.threshold


def _edited(config: TunedConfig, **changes: Any) -> str:
    said = json.loads(config.model_dump_json())
    for name, value in changes.items():
        part = said
        *sections, last = name.split("__")
        for section in sections:
            part = part[section]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return json.dumps(said)


EDITS = [
    ({"schema_version": 3}, "schema version 3, this facelab reads 1 to 2"),
    ({"schema_version": True}, "schema version True"),
    ({"schema_version": None}, "no schema_version"),
    ({"threshold": "0.3"}, "threshold: input should be a valid number"),
    ({"threshold": 0.123}, "is not that of the operating point"),
    ({"thresold": 0.3}, "thresold: extra inputs are not permitted"),
    ({"pack": None}, "pack: field required"),
    ({"pack__fingerprint": "abc"}, "pack.fingerprint: string should match pattern"),
    ({"operating_point__fpir__errors": 10**6}, "errors in"),
    ({"operating_point__fpir__rate": 0.9}, "the rate 0.9 is not"),
    ({"use__status": "operational"}, "synthetic evidence: not for deployment"),
    ({"pipeline__detection__input_size": 100}, "pipeline.detection.input_size"),
    ({"created": "2026-11-01T00:00:00"}, "created"),
]


@pytest.mark.parametrize(("changes", "line"), EDITS)
def test_an_edited_config_is_refused_in_one_line(
    config: TunedConfig, tmp_path: Path, changes: dict[str, Any], line: str
) -> None:
    path = tmp_path / "tuned.json"
    path.write_text(_edited(config, **changes))
    with pytest.raises(BadInput) as refused:
        read_tuned(path)
    assert line in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "\x00", '{"schema_version": 1', "[" * 100_000])
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(BadInput):
        read_tuned(tmp_path / "t.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="no JSON"):
        read_tuned(tmp_path / "t.json")


def test_a_gigantic_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "t.json").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(BadInput, match="at most 4 MiB"):
        read_tuned(tmp_path / "t.json")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BadInput, match="no such file"):
            read_tuned(path)


def test_not_a_number_has_no_place_in_a_config(config: TunedConfig) -> None:
    with pytest.raises(ValidationError):
        TunedConfig.model_validate(config.model_dump() | {"threshold": float("nan")})


def test_it_reads_as_a_sentence(config: TunedConfig) -> None:
    assert f"threshold {config.threshold:.4f} for scrfd-mbf, N = 40" in str(config)
    assert "evaluation only" in str(config)

"""Parameters are strict: what papermill would let through is refused before a kernel starts."""

from __future__ import annotations

from typing import Any

import pytest

from facelab.errors import BadInput
from facelab.experiments.parameters import MODELS, checked_parameters
from facelab.experiments.scenario import load_scenario, parse_overrides


def test_defaults_are_complete() -> None:
    assert checked_parameters("03_match", {}) == {"scenario": "demo", "workspace": "", "overrides": {}}
    assert checked_parameters("07_export_config", {})["accept_restriction"] is False


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("03_match", {"scenaro": "demo"}, "did you mean 'scenario'?"),
    ("03_match", {"workspace": 3}, "workspace"),
    ("03_match", {"overrides": "pack=x"}, "overrides"),
    ("03_match", {"overrides": {"pakc": "x"}}, "did you mean 'pack'?"),
    ("03_match", {"overrides": {"rank": "one"}}, "rank"),
    ("03_match", {"scenario": "dmo"}, "did you mean 'demo'?"),
    ("03_match", {"accept_restriction": True}, "there is no setting 'accept_restriction'"),
    ("07_export_config", {"accept_restriction": "false"}, "accept_restriction"),
    ("07_export_config", {"accept_restriction": 1}, "accept_restriction"),
    ("01_footage_to_tracks", {"show_faces": "yes"}, "show_faces"),
    ("09_unknown", {}, "there is no notebook '09_unknown'"),
]


@pytest.mark.parametrize(("notebook", "parameters", "line"), WRONG)
def test_an_unknown_or_ill_typed_parameter_is_refused(notebook: str, parameters: dict[str, Any], line: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_parameters(notebook, parameters)
    assert line in str(refused.value)


def test_every_notebook_takes_the_scenario_in_the_same_words() -> None:
    for model in MODELS.values():
        assert {"scenario", "workspace", "overrides"} <= set(model.model_fields)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rank", "2", 2),
        ("targets_fpir", "[0.1, 1e-2]", [0.1, 0.01]),
        ("select_share", "4e-1", 0.4),
        ("pack", "edgeface", "edgeface"),
        ("counts_only", "true", True),
        ("site_threshold", "null", None),
    ],
)
def test_a_setting_means_the_same_in_the_file_by_p_and_in_a_notebooks_cell(
    root, tmp_path, name: str, text: str, value: Any
) -> None:
    """``1e-2`` is a text in YAML 1.1, and ``true`` one behind papermill's ``-p``: here they are what they look like."""
    shipped = (root / "facelab" / "scenarios" / "demo.yml").read_text()
    kept = "\n".join(line for line in shipped.splitlines() if not line.startswith(f"{name}:"))
    file = tmp_path / "demo.yml"
    file.write_text(f"{kept}\n{name}: {text}\n")
    by_file = load_scenario(file)
    by_p = load_scenario("demo", parse_overrides([f"{name}={text}"]))
    by_cell = checked_parameters("03_match", {"overrides": {name: value}})
    assert by_file == by_p == load_scenario("demo", by_cell["overrides"])

"""The notebooks as they are committed: without outputs, written to be read, and strict about their parameters."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from facelab.experiments.parameters import MODELS
from facelab.experiments.scenario import load_scenario

NAMES = sorted(MODELS)
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try, ast.With)


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest, root: Path) -> nbformat.NotebookNode:
    return nbformat.read(root / "notebooks" / f"{request.param}.ipynb", 4)


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_notebook_has_its_parameters_and_every_model_its_notebook(root: Path) -> None:
    assert [path.stem for path in sorted((root / "notebooks").glob("[01][0-9]_*.ipynb"))] == NAMES


def test_no_output_count_or_trace_of_a_run_is_committed(notebook: nbformat.NotebookNode) -> None:
    for cell in _code(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert set(cell.metadata) <= {"tags"}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    nbformat.validate(notebook)


def test_it_opens_with_a_question_and_closes_with_a_sentence_from_the_data(notebook: nbformat.NotebookNode) -> None:
    assert "?**" in notebook.cells[0].source
    assert notebook.cells[-2].source == "## Answer"
    assert "say(" in notebook.cells[-1].source.splitlines()[-1]


def test_prose_stands_between_steps_and_a_step_is_short(notebook: nbformat.NotebookNode) -> None:
    kinds = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "ccc" not in kinds
    for cell in _code(notebook):
        steps = [node for node in ast.parse(cell.source).body if not isinstance(node, (ast.Import, ast.ImportFrom))]
        assert len(steps) <= 4, cell.source


def test_what_has_a_loop_a_branch_or_a_formula_is_in_the_library(notebook: nbformat.NotebookNode) -> None:
    for cell in _code(notebook):
        found = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, LOGIC)]
        assert not found, cell.source


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_cell_and_the_model_agree(root: Path, name: str) -> None:
    notebook = nbformat.read(root / "notebooks" / f"{name}.ipynb", 4)
    (cell,) = [cell for cell in _code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    scope: dict[str, object] = {}
    exec(cell.source, {}, scope)  # the parameters cell assigns plain values
    defaults = MODELS[name]().model_dump()
    assert scope == defaults
    assert load_scenario(str(scope["scenario"])).name == scope["scenario"]


@pytest.mark.parametrize("name", NAMES)
def test_papermill_sees_every_parameter(root: Path, name: str) -> None:
    import papermill

    found = papermill.inspect_notebook(str(root / "notebooks" / f"{name}.ipynb"))
    assert set(found) == set(MODELS[name].model_fields)


def test_pictures_of_people_are_only_where_the_tag_says_so(notebook: nbformat.NotebookNode) -> None:
    showing = [cell for cell in _code(notebook) if "contact_sheet(" in cell.source]
    assert all("faces" in cell.metadata.get("tags", []) for cell in showing)

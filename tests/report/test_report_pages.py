"""Pages are whole without a network, readable by a screen reader, and show people only where they may be shown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest

from facelab.report.notebook_page import NOT_SHOWN, notebook_page, without_people
from facelab.report.page import PageFigure, Report, page, report_page

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(text)
    return parser.found


def _addresses(text: str) -> list[str]:
    outside = ("src", "href")
    found = [value or "" for _, attrs in _tags(text) for name, value in attrs.items() if name in outside]
    return [address for address in found if not address.startswith(("data:", "#"))]


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    v4 = nbformat.v4
    alt = {"image/png": {"alt": "a curve"}}
    shown = v4.new_output("display_data", data={"image/png": PICTURE}, metadata=alt)
    cells = [
        v4.new_markdown_cell("# A question\n\n**Is it so?**"),
        v4.new_code_cell("1 + 1", outputs=[v4.new_output("execute_result", data={"text/plain": "2"})]),
        v4.new_code_cell("figure", outputs=[shown]),
        v4.new_code_cell("people", outputs=[shown], metadata={"tags": ["faces"]}),
    ]
    return v4.new_notebook(cells=cells)


def test_a_report_has_its_warnings_before_its_numbers() -> None:
    text = report_page(Report("T", "Q?", ["found"], "<table></table>", notes=["beware <b>"], facts={"pack": "p"}))
    assert text.index("beware &lt;b&gt;") < text.index("found") < text.index("<table>")


def test_a_report_needs_no_network_and_no_script() -> None:
    text = report_page(Report("T", "Q?", ["found"], "", figures=[PageFigure(b"\x89PNG", 'a "curve"')]))
    assert _addresses(text) == []
    assert "<script" not in text
    image = next(attrs for tag, attrs in _tags(text) if tag == "img")
    assert image["alt"] == 'a "curve"'


def test_a_page_fits_a_phone_and_paper() -> None:
    text = page("T", "")
    assert 'name="viewport"' in text
    assert "@media print" in text
    assert re.search(r"<html lang=", text)


def test_a_notebook_becomes_a_page_without_network_or_script(notebook: nbformat.NotebookNode) -> None:
    text = notebook_page(notebook, "nb")
    assert _addresses(text) == []
    assert "<script" not in text
    assert "A question" in text


def test_pictures_in_a_notebooks_page_have_their_words(notebook: nbformat.NotebookNode) -> None:
    images = [attrs for tag, attrs in _tags(notebook_page(notebook, "nb")) if tag == "img"]
    assert images
    assert all(attrs.get("alt") == "a curve" for attrs in images)


def test_a_copy_that_leaves_the_workspace_shows_nobody(notebook: nbformat.NotebookNode) -> None:
    clean = without_people(notebook)
    assert clean.cells[3].outputs[0].text.strip() == NOT_SHOWN
    assert clean.cells[2].outputs == notebook.cells[2].outputs
    assert "image/png" in notebook.cells[3].outputs[0].data
    assert notebook_page(clean, "nb").count("<img") == 1
    nbformat.validate(clean)


def test_a_widget_is_a_word_on_a_page() -> None:
    import nbformat

    from facelab.report.notebook_page import NEEDS_A_KERNEL, WIDGET, notebook_page

    cell = nbformat.v4.new_code_cell("panel")
    data = {WIDGET: {"model_id": "x", "version_major": 2, "version_minor": 0}, "text/plain": "VBox(children=())"}
    cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    page = notebook_page(notebook, "title")
    assert NEEDS_A_KERNEL in page
    assert "VBox" not in page
    assert WIDGET in notebook.cells[0].outputs[0].data, "the notebook itself keeps its panel"

"""The labelling panel as a person uses it: in JupyterLab, by keys, with a kernel that restarts in mid-review."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from browser import needs_chromium
from browser_lab import LabPage

from facelab.label import read_answers

CELLS = (
    "from pathlib import Path\nfrom toy_labels import world\nfrom facelab.label import LabelFile, LabelPanel, Session",
    "toy = world(people=30, visits=2)\nfile = LabelFile(Path('labels.csv'), 'ann')\n"
    "LabelPanel(Session(toy.grounds, toy.anchors, file)).widget",
)


def _press(page: LabPage, key: str) -> None:
    """A key, once the field has the focus by itself and the question could be seen."""
    page.browser.until('document.activeElement?.placeholder === "keys go here"')
    page.browser.awaited("new Promise((done) => setTimeout(() => done(1), 250))")
    page.browser.press(key)


def _said(path: Path) -> list[str]:
    return [answer.answer for answer in read_answers(path).standing] if path.exists() else []


@needs_chromium
@pytest.mark.slow
def test_a_person_labels_in_jupyterlab_and_a_restarted_kernel_loses_nothing(root: Path, tmp_path: Path) -> None:
    """Begin by mouse, then keys alone: each answer is in the file; after a restart they are still there."""
    folder, labels = tmp_path / "work", tmp_path / "work" / "labels.csv"
    folder.mkdir()
    (tmp_path / "lab").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "label.ipynb")
    places = [str(root), str(root / "tests" / "label"), str(root / "tests" / "pipeline")]
    with LabPage(folder / "label.ipynb", tmp_path / "lab", env={"PYTHONPATH": os.pathsep.join(places)}) as page:
        page.run()
        page.until_widget("nothing yet")
        assert page.browser.value("document.querySelectorAll('.jupyter-widgets img').length") == 0
        page.click_button("begin")
        page.until_widget("Is this passage the enrolled person?")
        for count, (key, said) in enumerate((("s", "same"), ("d", "different"), ("u", "unsure")), start=1):
            _press(page, key)
            page.until_widget(f"{count} answered")
            assert _said(labels)[-1] == said
        _press(page, "z")
        page.until_widget("Taken back: unsure")
        assert _said(labels) == ["same", "different"]
        assert page.browser.value("document.querySelectorAll('.jupyter-widgets img').length") > 0
        page.browser.click(".jupyter-widgets img")  # on a face, then d twice: in a notebook that deletes a cell
        page.browser.press("d")
        page.browser.press("d")
        assert page.browser.value("document.querySelectorAll('.jp-CodeCell').length") == 2
        assert _said(labels) == ["same", "different"]
        page.restart_kernel()
        page.run()
        page.until_widget("2 answered")
        page.click_button("begin")
        page.until_widget("Is this passage the enrolled person?")
        _press(page, "s")
        page.until_widget("3 answered")
        assert len(_said(labels)) == 3
        page.command("docmanager:save")
        page.browser.until(
            "[...window.jupyterapp.shell.widgets('main')].find((one) => one.context).context.model.dirty === false"
        )
        if "FACELAB_TEST_PICTURES" in os.environ:
            page.browser.picture(Path(os.environ["FACELAB_TEST_PICTURES"]) / "label_panel.png")
    assert "base64" not in (folder / "label.ipynb").read_text()

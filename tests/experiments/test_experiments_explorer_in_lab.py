"""The threshold explorer as a person uses it: in JupyterLab, with the keyboard and the mouse."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from browser import needs_chromium
from browser_lab import LabPage

from facelab.experiments.study import Study

CELLS = (
    "from facelab.experiments import open_study\nfrom facelab.experiments.explorer_panel import threshold_panel",
    'threshold_panel(open_study("demo"), "never")',
)


@needs_chromium
@pytest.mark.slow
def test_a_person_moves_the_threshold_in_jupyterlab(study: Study, root: Path, tmp_path: Path) -> None:
    """The slider by key, the alerts a day by typing, one decision by mouse: the numbers and the flips follow."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    (tmp_path / "lab").mkdir()
    with LabPage(tmp_path / "panel.ipynb", tmp_path / "lab", env={"PYTHONPATH": str(root)}) as page:
        page.run()
        page.until_widget("no decision changes")
        started = page.text(".jupyter-widgets table")
        assert "FPIR" in started
        page.focus(".widget-slider .noUi-handle")
        for _ in range(3):
            page.browser.press("PageUp")
        page.until_widget("a false alert less")
        assert page.text(".jupyter-widgets table") != started
        page.click_button("show the pairs")
        page.until_widget("Pictures may be of real people")
        page.focus("input[type=number]")
        page.browser.value("document.activeElement.select()")
        page.browser.type("900000")
        page.browser.press("Enter")
        page.until_widget("a false alert more")
        [back] = [name for name in page.text("button.jupyter-button").splitlines() if name.startswith("back to")]
        page.click_button(back)
        page.until_widget("no decision changes")
        page.click_button("one decision stricter")
        page.until_widget("1 ×")
        assert page.browser.value("document.querySelectorAll('.jupyter-widgets img').length") == 0

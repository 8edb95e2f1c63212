"""An executed notebook as an HTML page of its own, without scripts and without the network.

nbconvert's own pages fetch scripts from the network; here its bare template gives the cells and `facelab.report.page`
everything around them. Cells tagged ``faces`` show people and cells tagged ``names`` name them: a page (or a copy of
the notebook) that leaves the workspace is made without what they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.report.page import page

if TYPE_CHECKING:
    from pathlib import Path

FACES_TAG, NAMES_TAG = "faces", "names"
WIDGET = "application/vnd.jupyter.widget-view+json"
NEEDS_A_KERNEL = "This panel works in JupyterLab, with the notebook open."
NOT_SHOWN = "Pictures of people are shown in the workspace's own copy of this notebook only."
NOT_NAMED = "People are named in the workspace's own copy of this notebook only."


def read_notebook(path: Path) -> Any:
    """The notebook at `path`."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat


def without_people(notebook: Any, *, names: bool = False) -> Any:
    """A copy of `notebook` without what the cells tagged ``faces`` show, and those tagged ``names`` unless `names`."""
    import copy

    instead = {FACES_TAG: NOT_SHOWN} | ({} if names else {NAMES_TAG: NOT_NAMED})
    clean = copy.deepcopy(notebook)
    clean.metadata.pop("widgets", None)  # the state of panels, where JupyterLab was told to save it
    for cell in clean.cells:
        said = [instead[tag] for tag in cell.metadata.get("tags", []) if tag in instead]
        if cell.cell_type == "code" and said and cell.outputs:
            cell.outputs = [type(cell)({"output_type": "stream", "name": "stdout", "text": said[0] + "\n"})]
    return clean


def _without_panels(notebook: Any) -> Any:
    """A copy of `notebook` with a word in place of each widget: it needs a kernel, which a page has not."""
    import copy

    clean = copy.deepcopy(notebook)
    for cell in clean.cells:
        for output in cell.get("outputs", []):
            if WIDGET in output.get("data", {}):
                output["data"] = {"text/plain": NEEDS_A_KERNEL}
    return clean


def notebook_page(notebook: Any, title: str) -> str:
    """The executed `notebook` as an HTML page called `title`."""
    from nbconvert.exporters import HTMLExporter
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]  # no stubs in the environment

    exporter = HTMLExporter(template_name="basic", embed_images=True, exclude_anchor_links=True)  # type: ignore[no-untyped-call]  # nbconvert
    body, _ = exporter.from_notebook_node(_without_panels(notebook))
    return page(title, body, extra_style=HtmlFormatter().get_style_defs(".highlight"))

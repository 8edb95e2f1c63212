"""A figure that was saved: Jupyter shows it with its alternative text, and only once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from matplotlib.axes import Axes

    from facelab.report.page import PageFigure


@dataclass(frozen=True)
class SavedFigure:
    """A figure's PNG file and what it shows in words."""

    path: Path
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        import base64

        picture = base64.b64encode(self.path.read_bytes()).decode()
        return {"image/png": picture, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def saved_figure(ax: Axes, folder: Path, name: str) -> SavedFigure:
    """Save the figure of `ax` as ``<name>.png``, ``.svg`` and ``.txt`` (its words) in `folder`, and close it."""
    import matplotlib.pyplot as plt

    from facelab import plots
    from facelab.plots.style import figure_of

    plots.save(ax, folder, name)
    alt = plots.alt_text(ax)
    (folder / f"{name}.txt").write_text(alt + "\n", encoding="utf-8")
    plt.close(figure_of(ax))
    return SavedFigure(folder / f"{name}.png", alt)


def page_figures(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, PageFigure]]:
    """The figures among `names` that were saved in `folder`, each with its name and its words, for a page."""
    from facelab.report.page import PageFigure

    for name in names:
        picture, words = folder / f"{name}.png", folder / f"{name}.txt"
        if picture.is_file():
            alt = words.read_text(encoding="utf-8").strip() if words.is_file() else name
            yield name, PageFigure(picture.read_bytes(), alt)

"""A figure that was saved: Jupyter shows it with its alternative text, and only once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes


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

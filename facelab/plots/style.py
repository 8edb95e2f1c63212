"""What all figures share: the palette, the size, titles, words for those who cannot see them, and files.

Palette: M. Okabe and K. Ito, Color Universal Design (2008), without its yellow, which is too light on white.
"""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#8A8A8A"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE, BLACK)
SIZE_IN = (7.2, 4.3)
DPI = 130
TITLE_PT, LEAST_PT = 11.5, 9.5
LETTER_IN, BESIDE_IN = 0.095, 0.95
"""How wide a letter of a title is on average, and what stands left of the axes, inches."""
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 1)))
"""Lines that are told apart without their colours."""


def axes(ax: Axes | None, *, size: tuple[float, float] = SIZE_IN) -> Axes:
    """`ax`, or the axes of a new figure of `size` inches, with the frame and grid of the house."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=size, dpi=DPI, layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)
    return ax


def title(ax: Axes, finding: str, below: str = "") -> None:
    """Set what the figure shows as its title, and what it is drawn from in smaller letters under it.

    A long finding gets smaller letters, and a longer one two lines, so that it ends inside the figure.
    """
    size, words = _fitting(finding, float(figure_of(ax).get_size_inches()[0]))
    ax.set_title(words, loc="left", fontsize=size, fontweight="bold", pad=20 if below else 8)
    if below:
        ax.text(0, 1.015, below, transform=ax.transAxes, fontsize=8.5, color="#555555", va="bottom")


def _fitting(finding: str, width_in: float) -> tuple[float, str]:
    """The size of a title's letters, points, and its words in so many lines as a figure of this width needs."""
    room = (width_in - BESIDE_IN) / LETTER_IN
    size = float(np.clip(TITLE_PT * room / max(len(finding), 1), LEAST_PT, TITLE_PT))
    return size, "\n".join(textwrap.wrap(finding, max(int(room * TITLE_PT / size), 20)))


def describe(ax: Axes, words: str) -> Axes:
    """Keep `words` as the figure's alternative text, and give the axes back."""
    ax.set_label(words)
    return ax


def alt_text(ax: Axes) -> str:
    """What the figure shows, in words."""
    return str(ax.get_label())


def percent(share: float) -> str:
    """A share as a percentage with as many digits as it needs.

    >>> percent(0.05), percent(0.0083), percent(1), percent(0.0004)
    ('5 %', '0.83 %', '100 %', '0.04 %')
    """
    return f"{100 * share:.2g} %" if abs(share) < 0.995 else f"{100 * share:.4g} %"


def legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame, where there is anything to tell apart."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False, fontsize=9, **options)


def png(ax: Axes) -> bytes:
    """The figure of `ax` as PNG."""
    buffer = io.BytesIO()
    figure_of(ax).savefig(buffer, format="png", dpi=DPI, metadata={"Description": alt_text(ax)})
    return buffer.getvalue()


def save(ax: Axes, folder: Path, name: str, *, formats: Sequence[str] = ("png", "svg")) -> None:
    """Write the figure of `ax` to ``folder/name.<format>``; the same figure gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in formats:
        metadata = {"Description": alt_text(ax)} | ({"Date": None} if kind == "svg" else {})
        with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
            figure_of(ax).savefig(folder / f"{name}.{kind}", dpi=DPI, metadata=metadata)


def figure_of(ax: Axes) -> Figure:
    """The whole figure that `ax` belongs to."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise BadInput("the axes belong to no figure any more", place="ax")
    return figure

"""Two systems in one figure: their DET curves with bands, and the differences of their rates by camera and group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style
from facelab.plots.errors import det
from facelab.plots.style import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.paired import PairedDifference

COLORS = (style.BLUE, style.VERMILLION)


def det_of_two(
    first: OpenSetCurve,
    second: OpenSetCurve,
    ax: Axes | None = None,
    *,
    names: tuple[str, str] = ("first", "second"),
    at_fpir: PairedDifference | None = None,
    target: float | None = None,
) -> Axes:
    """The DET curves of two systems with their bands; the second is dashed, so that no colour is needed.

    Parameters
    ----------
    first, second : OpenSetCurve
        Of the same people.
    ax : Axes, optional
        Where to draw.
    names : (str, str)
        Of the two, for the legend.
    at_fpir : PairedDifference, optional
        FNIR of both at the same FPIR, for the title.
    target : float, optional
        That FPIR: a vertical line.
    """
    ax = style.axes(ax, size=(6.4, 5.4))
    for curve, name, color in zip((first, second), names, COLORS):
        det(curve, ax, label=name, color=color)
        ax.collections[-1].remove()  # the band across: two of them on top of each other cannot be read
        ax.texts[-1].remove()
    ax.lines[-1].set_linestyle((0, (6, 2)))
    if target is not None:
        from scipy.special import ndtri

        line = float(ndtri(target))
        ax.axvline(line, color=style.GREY, linewidth=1.2, linestyle=":", label=f"FPIR {percent(target)}")
    finding = _finding(at_fpir, target)
    kind = "; synthetic people" if first.searches.synthetic else ""
    below = f"The same {first.mated:,} mated and {first.non_mated:,} non-mated searches; 95 % bands of FNIR{kind}"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"DET curves of {names[0]} and {names[1]}. {finding}. {below}.")


def _finding(pair: PairedDifference | None, target: float | None) -> str:
    if pair is None or target is None:
        return "Both errors of two runs on the same people"
    ends = pair.interval()
    verdict = "misses fewer" if ends.high < 0 else "misses more" if ends.low > 0 else "is not shown to differ"
    sides = f"{percent(pair.first.value)} and {percent(pair.second.value)}"
    return f"At FPIR {percent(target)} the second {verdict}: FNIR {sides}"


def paired_differences(
    named: Sequence[tuple[str, PairedDifference]],
    ax: Axes | None = None,
    *,
    rate: str = "FNIR",
    shown: Sequence[bool] = (),
) -> Axes:
    """Differences of a rate (second minus first) with their 95 % intervals, a line a group.

    Parameters
    ----------
    named : sequence of (str, PairedDifference)
        Groups from top to bottom.
    ax : Axes, optional
        Where to draw.
    rate : str
        Of which rate.
    shown : sequence of bool
        Whether each is shown to differ, all tests together: drawn as a filled square.
    """
    ax = style.axes(ax, size=(7.2, 1.4 + 0.34 * max(len(named), 1)))
    flags = list(shown) or [False] * len(named)
    for place, ((_, pair), differs) in enumerate(zip(named, flags)):
        ends = pair.interval()
        color = style.VERMILLION if differs else style.BLUE
        ax.plot([100 * ends.low, 100 * ends.high], [place, place], color=color, linewidth=2, solid_capstyle="butt")
        face = color if differs else "white"
        ax.plot([100 * pair.value], [place], "s" if differs else "o", color=color, markerfacecolor=face, markersize=6)
    ax.axvline(0, color=style.BLACK, linewidth=1)
    ax.set_yticks(np.arange(len(named)), [f"{name} ({pair.people} people)" for name, pair in named])
    ax.set_ylim(len(named) - 0.2, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"{rate}, second minus first (percentage points)")
    count = sum(flags)
    finding = (
        f"{rate} is shown to differ in {count} of {len(named)} groups"
        if count
        else f"{rate}: no group is shown to differ"
    )
    below = "95 % intervals of each; a filled square: shown, all tests together at 5 %"
    style.title(ax, finding, below)
    ax.text(0.01, 0.015, "second errs less", transform=ax.transAxes, fontsize=8.5, color="#555555", va="bottom")
    ax.text(0.99, 0.015, "second errs more", transform=ax.transAxes, fontsize=8.5, color="#555555", ha="right")
    return style.describe(ax, f"Differences by group. {finding}.")

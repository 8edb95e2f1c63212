"""FPIR against the size of the gallery: measured by subsampling, extrapolated beyond, and marked where it is.

Beyond the tested size nothing was measured: the curve is dashed, and between floor and ceiling (which hold however
people resemble each other, for the mean over such galleries) it could be anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.stats.scaling import GalleryScale


def fpir_by_gallery(scale: GalleryScale, ax: Axes | None = None, *, target: float | None = None) -> Axes:
    """FPIR at one threshold against the number of enrolled subjects.

    Parameters
    ----------
    scale : GalleryScale
        From `facelab.stats.scaling.fpir_by_gallery_size`.
    ax : Axes, optional
        Where to draw.
    target : float, optional
        A target FPIR, drawn as a line.
    """
    ax = style.axes(ax)
    measured, beyond = ~scale.extrapolated, scale.extrapolated | (scale.size == scale.subjects)
    size = scale.size
    ax.plot(size, scale.independent, color=style.GREY, linewidth=1.2, linestyle=(0, (1, 1.5)), label="if independent")
    ax.plot(size[measured], scale.fpir[measured], "o-", color=style.BLUE, markersize=4, linewidth=1.8, label="measured")
    ax.fill_between(
        size[measured], scale.low[measured], scale.high[measured], color=style.BLUE, alpha=0.16, linewidth=0
    )
    if scale.extrapolated.any():
        ax.plot(
            size[beyond], scale.fpir[beyond], color=style.VERMILLION, linewidth=1.8, linestyle=(0, (4, 2)),
            label="extrapolated",
        )  # fmt: skip
        ax.fill_between(
            size[beyond], scale.floor[beyond], scale.ceiling[beyond], color=style.VERMILLION, alpha=0.16, linewidth=0,
            label="floor to ceiling, any resemblance",
        )  # fmt: skip
        ax.axvline(scale.subjects, color=style.BLACK, linewidth=1, linestyle=(0, (2, 2)))
        ax.annotate(f"tested: N = {scale.subjects:,}", (scale.subjects, 0.02), xycoords=("data", "axes fraction"),
                    xytext=(-5, 0), textcoords="offset points", fontsize=8.5, ha="right")  # fmt: skip
    if target is not None:
        ax.axhline(target, color=style.BLACK, linewidth=1, label=f"target {style.percent(target)}")
    _axes(ax, scale)
    finding, below = _finding(scale), _drawn_from(scale)
    style.title(ax, finding, below)
    style.legend(ax, loc="upper left")
    return style.describe(ax, f"FPIR against gallery size. {finding}. {below}.")


def _axes(ax: Axes, scale: GalleryScale) -> None:
    seen = np.concatenate([scale.fpir, scale.independent, scale.ceiling])
    seen = seen[seen > 0]
    ax.set_xscale("log")
    if len(seen):
        ax.set_yscale("log")
        top = float(np.concatenate([scale.high[~scale.extrapolated], seen]).max())
        ax.set_ylim(max(float(seen.min()) / 2, 1e-8), min(3 * top, 1.2))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.percent(value)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("enrolled subjects N (logarithmic)")
    ax.set_ylabel("FPIR: non-mated searches that alert")


def _finding(scale: GalleryScale) -> str:
    last = f"{int(scale.size[-1]):,}"
    if not scale.extrapolated[-1]:
        return f"FPIR is {style.percent(float(scale.fpir[-1]))} with {last} people enrolled"
    at_n = style.percent(float(scale.floor[-1]))
    if not scale.fpir[-1]:
        return f"No alert with {scale.subjects:,} enrolled: nothing can be said of {last}"
    return f"From {at_n} with {scale.subjects:,} enrolled to about {style.percent(float(scale.fpir[-1]))} with {last}"


def _drawn_from(scale: GalleryScale) -> str:
    return f"threshold {scale.threshold:.3f}; {scale.searches:,} non-mated searches of {scale.people:,} people"

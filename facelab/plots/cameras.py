"""Thresholds by camera: each camera's own with its uncertainty, against the one for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.stats.cameras import CameraThresholds


def thresholds_by_camera(found: CameraThresholds, ax: Axes | None = None) -> Axes:
    """The threshold of all cameras together and of each by itself, with the interval that sampling people gives.

    A hollow mark is a threshold that its camera's data does not support.

    Parameters
    ----------
    found : CameraThresholds
        From `facelab.stats.cameras`.
    ax : Axes, optional
        Where to draw.
    """
    rows = (found.pooled, *found.own)
    ax = style.axes(ax, size=(7.2, 1.7 + 0.45 * len(rows)))
    for at, row in enumerate(rows):
        color = style.BLACK if at == 0 else style.BLUE
        if row.threshold is None:
            ax.text(found.pooled.threshold or 0.0, at, "cannot be resolved", va="center", ha="center", fontsize=9)
            continue
        ax.plot([row.low, row.high], [at, at], color=color, linewidth=4, alpha=0.35, solid_capstyle="butt")
        fill = color if row.supported else "white"
        ax.plot([row.threshold], [at], "o", color=color, markerfacecolor=fill, markersize=7, zorder=3)
    if found.pooled.threshold is not None:
        ax.axvline(found.pooled.threshold, color=style.GREY, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
    ax.set_yticks(range(len(rows)), [f"{row.camera}\n{row.searches:,} searches" for row in rows], fontsize=9)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(False, axis="y")
    ax.set_xlabel(f"threshold for an FPIR of {100 * found.target:g} % (95 % interval over people)")
    verdict = "One threshold a camera is justified" if found.justified else "One threshold for all cameras"
    test = None if found.fpir is None else found.fpir.test
    below = (
        ""
        if test is None
        else f"FPIR by camera at the pooled threshold: permutation within people, p = {test.p_value:.2g}"
    )
    style.title(ax, verdict, below)
    each = "; ".join(
        f"{r.camera}: {r.threshold:.3f} [{r.low:.3f}, {r.high:.3f}]"
        for r in rows
        if r.threshold is not None and np.isfinite(r.low)
    )
    return style.describe(ax, f"Thresholds by camera. {verdict}. {below}. {each}.")

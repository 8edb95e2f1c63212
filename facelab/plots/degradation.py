"""Small and bad faces: what is missed as faces get narrower, and what is left of the score whatever spoils a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.stats.degradation import ConditionResult, DegradationReport


def missed_by_width(found: DegradationReport, ax: Axes | None = None) -> Axes:
    """What is missed against the width of the face, with intervals; the band shows what is trusted.

    Parameters
    ----------
    found : DegradationReport
        From `facelab.stats.degradation`.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    results = found.of_kind("width")
    width = np.array([r.level for r in results])
    ends = [r.missed.interval() for r in results]
    bars = [[100 * (r.missed.value - e.low) for r, e in zip(results, ends)]]
    bars.append([100 * (e.high - r.missed.value) for r, e in zip(results, ends)])
    ax.errorbar(
        width, [100 * r.missed.value for r in results], yerr=np.maximum(bars, 0), fmt="o-", color=style.BLUE,
        linewidth=1.6, markersize=6, capsize=3, label="missed, with 95 % interval",
    )  # fmt: skip
    upper = [100 * r.missed.upper() for r in results]
    ax.plot(width, upper, "_", color=style.VERMILLION, markersize=14, markeredgewidth=2, label="one-sided 95 % bound")
    limit = f"trusted up to {style.percent(found.limit)}"
    ax.axhline(100 * found.limit, color=style.GREY, linewidth=1.2, linestyle=(0, (4, 2)), label=limit)
    narrow = found.minimum_width_px
    if narrow is not None:
        ax.axvspan(narrow, width.max() * 1.06, color=style.GREEN, alpha=0.10, linewidth=0)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(width.tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlim(width.max() * 1.06, width.min() / 1.06)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("width of the face (px), getting narrower")
    ax.set_ylabel("people missed (%)")
    style.legend(ax, loc="upper left")
    people = len(found.scores.subject)
    finding = "Too few people to trust any face" if narrow is None else f"Faces from {narrow:g} px can be trusted"
    style.title(ax, finding, _below(found))
    each = "; ".join(f"{r.level:g} px: {r.missed.errors} of {r.missed.trials}" for r in results)
    return style.describe(ax, f"Missed by width of the face, {people} people. {finding}. {each}.")


def scores_by_condition(found: DegradationReport, ax: Axes | None = None) -> Axes:
    """Mated scores in every condition: 5 to 95 % of the people, the middle, the threshold, and the quality measured.

    Parameters
    ----------
    found : DegradationReport
        From `facelab.stats.degradation`.
    ax : Axes, optional
        Where to draw.
    """
    rows: list[ConditionResult] = [found.full]
    for kind in dict.fromkeys(found.scores.kind.tolist()):
        rows += found.of_kind(kind)[1:]
    ax = style.axes(ax, size=(7.2, 1.6 + 0.27 * len(rows)))
    for at, r in enumerate(rows):
        trusted = r is found.full or r.level in found.trusted(r.kind)
        color = style.BLUE if trusted else style.VERMILLION
        ax.plot([r.score[0], r.score[2]], [at, at], color=color, linewidth=5, alpha=0.4, solid_capstyle="butt")
        ax.plot([r.score[1]], [at], "o", color=color, markersize=6)
        ax.text(1.015, at, f"{r.quality[1]:.2f}", transform=ax.get_yaxis_transform(), va="center", fontsize=8.5)
    ax.text(1.015, -1.0, "quality", transform=ax.get_yaxis_transform(), va="center", fontsize=8.5, color="#555555")
    ax.axvline(found.threshold, color=style.BLACK, linewidth=1.2, linestyle=(0, (4, 2)), label="threshold")
    ax.plot([], [], "o-", color=style.BLUE, linewidth=5, alpha=0.6, label="trusted (5, 50, 95 %)")
    ax.plot([], [], "o-", color=style.VERMILLION, linewidth=5, alpha=0.6, label="not trusted")
    ax.set_yticks(range(len(rows)), [_name(r, found) for r in rows], fontsize=9)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.set_xlabel("score against the person's own reference")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.45, -1.1 / (1.6 + 0.27 * len(rows))), ncols=3)
    worst = min(rows, key=lambda r: np.nan_to_num(r.score[1], nan=-1.0))
    left = f"{found.full.score[1]:.2f} to {worst.score[1]:.2f}"
    finding = f"{_name(worst, found).capitalize()} costs most: the middle score falls from {left}"
    style.title(ax, finding, _below(found))
    each = "; ".join(
        f"{_name(r, found)}: {r.score[1]:.2f}, {r.missed.errors} of {r.missed.trials} missed" for r in rows
    )
    return style.describe(ax, f"Mated scores by condition. {finding}. {each}.")


def _name(result: ConditionResult, found: DegradationReport) -> str:
    from facelab.pipeline.degradations import Degradation

    if result is found.full:
        return "good face"
    return str(Degradation(result.kind, result.level))  # type: ignore[arg-type]  # the kinds of a report are kinds


def _below(found: DegradationReport) -> str:
    people = len(found.scores.subject)
    return f"{people:,} people, one comparison each; threshold {found.threshold:.3f} at FMR {100 * found.fmr:.2g} %"

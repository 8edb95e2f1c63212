"""Error rates by group: each with its own interval, and with the interval that holds together with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.stats.groups import GroupRates


def rates_by_group(found: GroupRates, ax: Axes | None = None, *, by: str = "group") -> Axes:
    """A rate in its groups: the thick bar is a group's own interval, the thin one holds for all groups at once.

    The dashed line is the rate of all groups together, the small triangle the rate that would have shown.

    Parameters
    ----------
    found : GroupRates
        From `facelab.stats.groups`.
    ax : Axes, optional
        Where to draw.
    by : str
        What the groups are of, for the axis and the title.
    """
    ax = style.axes(ax, size=(7.2, 1.9 + 0.45 * max(len(found.rates), 2)))
    together, unseen = found.simultaneous(), found.detectable()
    place = np.arange(len(found.rates))
    for at, (name, rate) in zip(place, found.rates.items()):
        own, all_at_once = rate.interval(), together[name]
        ax.plot([100 * all_at_once.low, 100 * all_at_once.high], [at, at], color=style.SKY, linewidth=2, zorder=2)
        ax.plot(
            [100 * own.low, 100 * own.high], [at, at], color=style.BLUE, linewidth=5, solid_capstyle="butt", zorder=3
        )
        ax.plot([100 * rate.value], [at], "o", color=style.BLACK, markersize=6, zorder=4, clip_on=False)
        if np.isfinite(unseen[name]):
            ax.plot([100 * unseen[name]], [at], "v", color=style.VERMILLION, markersize=6, zorder=4)
    _legend(ax, found)
    ax.set_yticks(place, [f"{name}\n{r.errors:,} of {r.trials:,}" for name, r in found.rates.items()], fontsize=9)
    ax.set_ylim(len(place) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.grid(False, axis="y")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel(f"{found.name} (%)")
    finding, below = _finding(found, by), _below(found)
    style.title(ax, finding, below)
    each = "; ".join(f"{name}: {style.percent(rate.value)}" for name, rate in found.rates.items() if rate.trials)
    return style.describe(ax, f"{found.name} by {by}. {finding}. {each}. {found.verdict()}")


def _legend(ax: Axes, found: GroupRates) -> None:
    pooled = f"all together: {style.percent(found.pooled.value)}"
    ax.axvline(100 * found.pooled.value, color=style.GREY, linewidth=1.2, linestyle=(0, (4, 2)), label=pooled)
    ax.plot([], [], color=style.BLUE, linewidth=5, label="95 % interval")
    ax.plot([], [], color=style.SKY, linewidth=2, label="all hold together")
    ax.plot([], [], "v", color=style.VERMILLION, label="would have shown (power 80 %)")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.42, -0.32 if len(found.rates) < 4 else -0.22), ncols=4)


def _finding(found: GroupRates, by: str) -> str:
    if len(found.rates) < 2:
        return f"{found.name}: one group of {by} only, nothing to compare"
    if found.test is None:
        return f"{found.name} by {by}: not tested"
    if found.test.p_value < 0.05:
        return f"{found.name} differs by {by} (p = {found.test.p_value:.2g})"
    return f"No difference of {found.name} by {by} could be shown (p = {found.test.p_value:.2g})"


def _below(found: GroupRates) -> str:
    people = "" if found.pooled.people is None else f" of {found.pooled.people:,} people"
    return f"{found.pooled.errors:,} errors in {found.pooled.trials:,} trials{people}; permutation of labels by person"

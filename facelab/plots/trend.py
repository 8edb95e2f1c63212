"""A rate day after day with its control limits, the days outside of them, and what the gate said of each day.

Days inside are small grey dots, days outside large vermillion squares, so that no colour is needed; what is known to
have happened is a dashed line with its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style
from facelab.plots.style import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from facelab.stats.control import ControlChart

VERDICTS = {
    "worse": (style.VERMILLION, "s"),
    "cannot tell": (style.ORANGE, "^"),
    "not worse": (style.BLUE, "o"),
    "better": (style.GREEN, "D"),
}
WORDS = {"cannot tell with this data": "cannot tell"}


def trend(
    chart: ControlChart,
    ax: Axes | None = None,
    *,
    verdicts: Sequence[str] = (),
    events: Mapping[int, str] | None = None,
    unit: str = "day",
    dates: Sequence[str] = (),
) -> Axes:
    """A control chart.

    Parameters
    ----------
    chart : ControlChart
        Of one rate.
    ax : Axes, optional
        Where to draw.
    verdicts : sequence of str
        The gate's word for each day, drawn below the curve.
    events : mapping of day to str
        What is known to have happened; days from 0.
    unit : str
        What one point is.
    dates : sequence of str
        Names of the days, where they have any.
    """
    ax = style.axes(ax, size=(8.4, 4.3))
    day, rate = np.arange(len(chart.errors)), 100 * chart.rate
    ax.fill_between(day, 100 * chart.low, 100 * chart.high, step="mid", color=style.SKY, alpha=0.22, linewidth=0,
                    label="control limits (0.27 % of quiet days lie outside)")  # fmt: skip
    ax.axhline(100 * chart.centre, color=style.BLUE, linewidth=1.2, label=f"mean of the first {chart.baseline} {unit}s")
    ax.plot(day, rate, color=style.GREY, linewidth=0.9, marker="o", markersize=3.2)
    out = chart.outside
    if len(out):
        name = f"outside of the limits ({len(out)} {unit}s)"
        ax.plot(day[out], rate[out], "s", color=style.VERMILLION, markersize=6, label=name, linestyle="none")
    top = float(np.nanmax(np.concatenate([rate, 100 * chart.high]))) or 1.0
    for when, what in (events or {}).items():
        ax.axvline(when - 0.5, color=style.BLACK, linewidth=1.1, linestyle=(0, (5, 3)))
        ax.text(when - 0.2, 1.13 * top, what, fontsize=8.5, va="top")
    ax.set_ylim(-0.16 * top if verdicts else 0, 1.16 * top)
    if verdicts:
        _strip(ax, verdicts, -0.09 * top)
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= 1.12 * top])
    if dates:
        some = np.unique(np.linspace(0, len(dates) - 1, min(8, len(dates))).round().astype(int))
        ax.set_xticks(some, [dates[k] for k in some])
    ax.set_xlabel(unit)
    ax.set_ylabel(f"{chart.name} (%)")
    finding = trend_finding(chart, unit)
    spread = f", days vary {chart.sigma_z:.1f} times as much as independent trials" if chart.sigma_z > 1.05 else ""
    style.title(ax, finding, f"{int(chart.trials.sum()):,} trials in {len(day)} {unit}s{spread}")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return style.describe(ax, f"{chart.name} by {unit} with control limits. {finding}.")


def _strip(ax: Axes, verdicts: Sequence[str], height: float) -> None:
    """What the gate said of each day, a row of marks."""
    words = [WORDS.get(verdict, verdict) for verdict in verdicts]
    for word, (color, mark) in VERDICTS.items():
        days = [day for day, said in enumerate(words) if said == word]
        if days:
            name = f"gate: {word} ({len(days)})"
            ax.plot(
                days, [height] * len(days), mark, color=color, markersize=4, linestyle="none", label=name, clip_on=False
            )


def trend_finding(chart: ControlChart, unit: str = "day") -> str:
    """When the rate left its limits for good or for the first time, in words."""
    rate, name = chart.rate, chart.name
    above = np.flatnonzero(rate > chart.high)
    if not above.size:
        return f"{name} has stayed within its limits around {percent(chart.centre)}"
    runs = [day for day in above if (rate[day:] > chart.high[day:]).mean() > 0.5]
    first = int(runs[0]) if runs else int(above[0])
    if not runs:
        return f"{name} lay above its limit on {len(above)} of {len(rate)} {unit}s"
    after = float(np.nansum(chart.errors[first:]) / max(chart.trials[first:].sum(), 1))
    return f"{name} has left its limits: from {unit} {first} on it is {percent(after)}, before {percent(chart.centre)}"

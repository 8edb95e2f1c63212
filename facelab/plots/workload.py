"""What a threshold means on the floor: alerts a day against the threshold, false and true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.stats.floor import AlertCurve
    from facelab.stats.points import OperatingPoint


def alerts_a_day(found: AlertCurve, ax: Axes | None = None, *, points: Sequence[OperatingPoint] = ()) -> Axes:
    """False and true alerts a day against the threshold, with the bands of the rates behind them.

    Parameters
    ----------
    found : AlertCurve
        From `facelab.stats.floor.alert_curve`.
    ax : Axes, optional
        Where to draw.
    points : sequence of OperatingPoint
        Chosen thresholds, drawn as lines.
    """
    ax = style.axes(ax)
    both = (
        ("false alerts: strangers", found.false, found.false_low, found.false_high, style.VERMILLION, "-"),
        ("true alerts: enrolled people found", found.true, found.true_low, found.true_high, style.BLUE, (0, (5, 1.5))),
    )
    floor = _floor(found)
    for name, value, low, high, color, pattern in both:
        there = value > 0
        ax.step(found.thresholds[there], value[there], where="pre", color=color, linewidth=1.8, linestyle=pattern,
                label=name)  # fmt: skip
        ends = np.maximum(low, floor), np.maximum(high, floor)
        ax.fill_between(found.thresholds, *ends, step="pre", color=color, alpha=0.15, linewidth=0)
    ax.set_yscale("log")
    ax.set_ylim(floor, 2 * float(max(found.false_high.max(), found.true_high.max())))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    for point, dashes in zip(points, style.DASHES * len(points)):
        asked = "given" if point.target is None else f"target {style.percent(point.target)}"
        name = f"{asked}: T = {point.threshold:.3f}, {_count(_a_day(found, point)[0])} false a day"
        ax.axvline(point.threshold, color=style.BLACK, linewidth=1.2, linestyle=dashes, label=name)
    ax.set_xlabel("threshold (cosine similarity)")
    ax.set_ylabel("alerts a day (logarithmic)")
    finding, below = _finding(found, points), _drawn_from(found)
    style.title(ax, finding, below)
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return style.describe(ax, f"Alerts a day against the threshold. {finding}. {below}.")


def _floor(found: AlertCurve) -> float:
    """Where the axis ends: a third of the fewest alerts that are there."""
    seen = np.concatenate([found.false[found.false > 0], found.true[found.true > 0]])
    return float(seen.min()) / 3 if len(seen) else 1e-3


def _finding(found: AlertCurve, points: Sequence[OperatingPoint]) -> str:
    shown = [point for point in points if point.supported] or list(points)
    if not shown:
        most, least = float(found.false[0]), float(found.false[found.false > 0][-1]) if found.false.any() else 0.0
        return f"From {_count(most)} to {_count(least)} false alerts a day"
    false, true = _a_day(found, shown[-1])
    return f"At {shown[-1].threshold:.3f}: {_count(false)} false and {_count(true)} true alerts a day"


def _a_day(found: AlertCurve, point: OperatingPoint) -> tuple[float, float]:
    """False and true alerts a day at a point, as `facelab.stats.floor` defines them."""
    enrolled = found.site.passages_a_day * found.site.prevalence
    return (found.site.passages_a_day - enrolled) * point.fpir.value, enrolled * (1 - point.fnir.value)


def _count(alerts: float) -> str:
    return f"{alerts:,.0f}" if alerts >= 10 else f"{alerts:.2g}"


def _drawn_from(found: AlertCurve) -> str:
    site = found.site
    passed = "1 camera" if site.cameras == 1 else f"{site.cameras:g} cameras"
    return f"{site.passengers_a_day:,.0f} passengers a day past {passed}; {1e5 * site.prevalence:g} in 100,000 enrolled"

"""1:1 verification: the DET curve down to the false-match rates that matter.

Axes are normal deviates, z = Phi^-1(rate) (Martin et al. 1997). The FMR axis reaches as far as asked, by default 1e-7;
the measured curve ends at one false match in all comparisons, and what lies beyond is a model's tail, dashed, or empty.
Bands are the intervals of each threshold by itself, with the person as their unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from facelab.plots import style
from facelab.plots.errors import MARKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.stats.tail import Tail
    from facelab.stats.verification import ErrorCurve
    from facelab.stats.verification_points import VerificationPoint
    from facelab.types import Floats

LEAST_FMR = 1e-7
FMR_TICKS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3)
FNMR_TICKS = (1e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
LARGEST = 0.4
GRID = 160


def verification_det(
    curve: ErrorCurve,
    ax: Axes | None = None,
    *,
    points: Sequence[VerificationPoint] = (),
    tail: Tail | None = None,
    label: str = "",
    color: str = style.BLUE,
    least_fmr: float = LEAST_FMR,
) -> Axes:
    """FNMR against FMR in normal deviates, with interval bands, chosen thresholds and a model's tail.

    Parameters
    ----------
    curve : ErrorCurve
        Counts at every threshold.
    ax : Axes, optional
        Where to draw; several curves may share one.
    points : sequence of VerificationPoint
        Thresholds to mark; hollow where the data does not support the target.
    tail : Tail, optional
        Of the same curve's non-mated scores: drawn dashed below what the data show, and marked as extrapolation.
    label, color : str
        The curve's name in the legend, and its colour.
    least_fmr : float
        Where the FMR axis ends.
    """
    ax = style.axes(ax, size=(7.2, 5.4))
    floor = 0.5 / max(curve.mated.completed, 1)
    shown = _shown(curve, least_fmr)
    fmr, fnmr = curve.band("FMR", shown), curve.band("FNMR", shown)
    x, y = _deviate(fmr.rate, least_fmr), _deviate(fnmr.rate, floor)
    name = label or f"measured, {style.percent(fmr.confidence)} bands"
    ax.plot(x, y, color=color, linewidth=1.8, label=name, solid_capstyle="butt")
    ax.fill_between(x, _deviate(fnmr.low, floor), _deviate(fnmr.high, floor), color=color, alpha=0.16, linewidth=0)
    across = _deviate(fmr.low, least_fmr), _deviate(fmr.high, least_fmr)
    ax.fill_betweenx(y, *across, color=color, alpha=0.10, linewidth=0)
    if tail is not None:
        _beyond(ax, curve, tail, floor, least_fmr)
    _mark(ax, points, floor, least_fmr)
    _axes(ax, floor, least_fmr)
    finding, below = _finding(curve), _drawn_from(curve)
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    beyond = "" if tail is None else " A dashed line extrapolates the curve by a generalised Pareto tail."
    return style.describe(ax, f"DET curve of 1:1 verification. {finding}. {below}.{beyond}")


def _shown(curve: ErrorCurve, least: float) -> Floats:
    """Thresholds evenly spread over the deviates of FMR, from `LARGEST` to one false match; each exists in the data."""
    completed = curve.non_mated.completed
    rates = _rates_between(max(1.0 / completed, least), LARGEST, GRID)
    counts = np.unique(np.maximum(1, np.round(rates * completed).astype(np.int64)))[::-1]
    return np.unique([curve.non_mated.ranked(int(count) - 1) for count in counts])


def _rates_between(low: float, high: float, count: int) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(np.linspace(ndtri(low), ndtri(high), count)))


def _beyond(ax: Axes, curve: ErrorCurve, tail: Tail, floor: float, least: float) -> None:
    """The model's part, from where the data stop supporting the FMR (3/n) to where the model may be asked."""
    start = min(3.0 / curve.non_mated.completed, 0.9 * tail.share)
    goals = np.geomspace(start, max(least, 0.1 / curve.non_mated.completed), 40)
    threshold = np.array([tail.threshold(float(goal)).threshold for goal in goals])
    fnmr = curve.mated.below(threshold) / max(curve.mated.completed, 1)
    x, y = _deviate(goals, least), _deviate(fnmr, floor)
    ax.plot(x, y, color=style.ORANGE, linewidth=1.8, linestyle=(0, (4, 2)), label="extrapolated by a Pareto tail")
    some = np.linspace(0, len(goals) - 1, 8).astype(int)
    ends = [tail.interval(float(t)) for t in threshold[some]]
    low, high = np.array([end.low for end in ends]), np.array([end.high for end in ends])
    ax.fill_betweenx(y[some], _deviate(low, least), _deviate(high, least), color=style.ORANGE, alpha=0.14, linewidth=0)


def _deviate(rate: Floats, floor: float) -> Floats:
    return np.asarray(ndtri(np.clip(np.nan_to_num(rate, nan=1.0), floor, 0.999)))


def _axes(ax: Axes, floor: float, least: float) -> None:
    across = [tick for tick in FMR_TICKS if tick >= least]
    ax.set_xticks(list(ndtri(np.array(across))), [f"{tick:g}" if tick >= 1e-3 else f"{tick:.0e}" for tick in across])
    up = [tick for tick in FNMR_TICKS if tick >= 1.9 * floor]
    ax.set_yticks(list(ndtri(np.array([floor, *up]))), ["0", *(style.percent(tick) for tick in up)])
    ax.set_xlim(float(ndtri(least)), float(ndtri(LARGEST)))
    top = max((float(np.max(line.get_ydata())) for line in ax.lines), default=0.0)
    ax.set_ylim(float(ndtri(floor)), min(max(top + 0.6, float(ndtri(0.2))), float(ndtri(0.97))))
    ax.set_xlabel("FMR: share of non-mated comparisons that are accepted")
    ax.set_ylabel("FNMR: share of mated comparisons that are rejected")


def _mark(ax: Axes, points: Sequence[VerificationPoint], floor: float, least: float) -> None:
    for point, mark in zip(points, MARKS * len(points)):
        asked = "given" if point.target is None else f"{point.measure} {point.target:g}"
        name = f"{asked}: T = {point.threshold:.3f}" + ("" if point.supported else " (unsupported)")
        x = _deviate(np.array([point.fmr.value]), least)
        y = _deviate(np.array([point.fnmr.value]), floor)
        filled = style.BLACK if point.supported else "white"
        ax.plot(
            x, y, mark, color=style.BLACK, markerfacecolor=filled, markersize=7, label=name, clip_on=False, zorder=5
        )


def _finding(curve: ErrorCurve) -> str:
    found = curve.eer()
    return f"Both errors meet at {style.percent(found.rate)}, at a threshold of {found.threshold:.3f}"


def _drawn_from(curve: ErrorCurve) -> str:
    people = curve.non_mated.people
    who = "" if people is None else f" of {people:,} people"
    end = f"one false match is an FMR of {1 / max(curve.non_mated.completed, 1):.1e}"
    return f"{curve.mated.completed:,} mated, {curve.non_mated.completed:,} non-mated comparisons{who}; {end}"

"""Error rates of open-set identification: the DET curve, the rates against the threshold, and the scores behind them.

The DET axes are normal deviates, z = Phi^-1(rate) (Martin et al. 1997), drawn down to half an error in all trials:
below that the data say nothing. A rate of zero has no place on such an axis and stands at its edge. Bands are the
intervals of each threshold by itself, with the person as their unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter
from scipy.special import ndtri

from facelab.plots import style
from facelab.plots.style import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.points import OperatingPoint
    from facelab.types import Floats

TICKS = (1e-6, 1e-5, 1e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
PLAIN = 0.05
"""The FPIR at which a curve without chosen thresholds is described."""
MARKS = ("o", "s", "D", "^", "v", "P", "X")


def det(
    curve: OpenSetCurve,
    ax: Axes | None = None,
    *,
    points: Sequence[OperatingPoint] = (),
    label: str = "",
    color: str = style.BLUE,
) -> Axes:
    """FNIR against FPIR in normal deviates, with interval bands and the chosen thresholds.

    Parameters
    ----------
    curve : OpenSetCurve
        Counts at every threshold.
    ax : Axes, optional
        Where to draw; several curves may share one.
    points : sequence of OperatingPoint
        Thresholds to mark.
    label, color : str
        The curve's name in the legend, and its colour.
    """
    ax = style.axes(ax, size=(6.4, 5.4))
    fpir, fnir = curve.band("FPIR"), curve.band("FNIR")
    floor_x, floor_y = _floor(curve.non_mated), _floor(curve.mated)
    x, y = _deviate(fpir.rate, floor_x), _deviate(fnir.rate, floor_y)
    ax.plot(x, y, color=color, linewidth=1.8, label=label or f"{percent(fpir.confidence)} band: FNIR up, FPIR across")
    ax.fill_between(x, _deviate(fnir.low, floor_y), _deviate(fnir.high, floor_y), color=color, alpha=0.16, linewidth=0)
    ax.fill_betweenx(y, _deviate(fpir.low, floor_x), _deviate(fpir.high, floor_x), color=color, alpha=0.10, linewidth=0)
    _mark(ax, points, floor_x, floor_y)
    _deviate_axis(ax, "x", floor_x, "FPIR: non-mated searches that raise an alert")
    _deviate_axis(ax, "y", floor_y, "FNIR: mated searches that miss")
    style.title(ax, _det_finding(curve, points), _drawn_from(curve))
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"DET curve. {_det_finding(curve, points)}. {_drawn_from(curve)}.")


def error_rates(curve: OpenSetCurve, ax: Axes | None = None, *, points: Sequence[OperatingPoint] = ()) -> Axes:
    """FPIR and FNIR against the threshold, with bands; the chosen thresholds as vertical lines."""
    ax = style.axes(ax)
    words = (("FPIR", "FPIR: strangers who alert", style.VERMILLION), ("FNIR", "FNIR: wanted who pass", style.BLUE))
    for measure, text, color in words:
        band = curve.band("FPIR" if measure == "FPIR" else "FNIR")
        ax.step(band.thresholds, 100 * band.rate, where="pre", color=color, linewidth=1.8, label=text)
        ax.fill_between(
            band.thresholds, 100 * band.low, 100 * band.high, step="pre", color=color, alpha=0.15, linewidth=0
        )
    ax.set_yscale("symlog", linthresh=1.0, linscale=0.6)
    ax.set_yticks([0, 0.5, 1, 2, 5, 10, 20, 50, 100])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_ylim(0, 100)
    _thresholds(ax, points)
    ax.set_xlabel("threshold (cosine similarity)")
    ax.set_ylabel("rate (%; linear below 1 %)")
    finding = _rates_finding(curve)
    style.title(ax, finding, _drawn_from(curve))
    _legend_below(ax)
    return style.describe(ax, f"FPIR and FNIR against the threshold. {finding}. {_drawn_from(curve)}.")


def score_distributions(curve: OpenSetCurve, ax: Axes | None = None, *, points: Sequence[OperatingPoint] = ()) -> Axes:
    """The best scores of strangers and the mate scores of enrolled people, with the chosen thresholds."""
    ax = style.axes(ax)
    found = curve.searches
    stranger, mate = found.other_score[~found.mated], found.mate_score[found.mated]
    groups = ((stranger, "strangers: best score", style.VERMILLION), (mate, "enrolled: score of their own", style.BLUE))
    there = np.concatenate([scores[np.isfinite(scores)] for scores, _, _ in groups])
    bins = np.linspace(there.min(), there.max(), 49) if len(there) else np.linspace(0, 1, 49)
    for scores, text, color in groups:
        good = scores[np.isfinite(scores)]
        if len(good):
            weights = np.full(len(good), 100 / len(scores))
            ax.hist(good, bins=list(bins), weights=weights, histtype="stepfilled", color=color, alpha=0.28)
            failed = len(scores) - len(good)
            name = f"{text} ({len(scores):,} searches" + (f", {failed:,} without a score)" if failed else ")")
            ax.hist(good, bins=list(bins), weights=weights, histtype="step", color=color, linewidth=1.6, label=name)
    _thresholds(ax, points)
    ax.set_xlabel("score (cosine similarity)")
    ax.set_ylabel("share of the searches (% per bin)")
    finding = _overlap_finding(stranger, mate)
    style.title(ax, finding, f"N = {found.subjects:,} enrolled; each search counts once")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
    return style.describe(ax, f"Distribution of scores. {finding}.")


def _thresholds(ax: Axes, points: Sequence[OperatingPoint]) -> None:
    """A vertical line at each threshold, told apart by its dashes."""
    for point, dashes in zip(points, style.DASHES * len(points)):
        name = f"{_point_name(point)}: T = {point.threshold:.3f}"
        ax.axvline(point.threshold, color=style.BLACK, linewidth=1.2, linestyle=dashes, label=name)


def _legend_below(ax: Axes) -> None:
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _floor(trials: int) -> float:
    """Where the axis ends: half an error in all trials."""
    return 0.5 / max(trials, 1)


def _deviate(rate: Floats, floor: float) -> Floats:
    return np.asarray(ndtri(np.clip(np.nan_to_num(rate, nan=1.0), floor, 1 - 1e-3)))


def _deviate_axis(ax: Axes, which: str, floor: float, words: str) -> None:
    ticks = [tick for tick in TICKS if tick >= 1.9 * floor]
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_ticks(list(ndtri(np.array([floor, *ticks]))), ["0", *(percent(tick) for tick in ticks)])
    limits = (float(ndtri(floor)), float(ndtri(0.9)))
    if which == "x":
        ax.set_xlim(*limits)
        ax.set_xlabel(words)
        ax.tick_params(axis="x", labelrotation=45)
    else:
        ax.set_ylim(*limits)
        ax.set_ylabel(words)


def _mark(ax: Axes, points: Sequence[OperatingPoint], floor_x: float, floor_y: float) -> None:
    for point, mark in zip(points, MARKS * len(points)):
        x = float(_deviate(np.array(point.fpir.value), floor_x))
        y = float(_deviate(np.array(point.fnir.value), floor_y))
        filled = style.BLACK if point.supported else "white"
        name = f"{_point_name(point)}: T = {point.threshold:.3f}" + ("" if point.supported else " (unsupported)")
        ax.plot(
            [x], [y], mark, color=style.BLACK, markerfacecolor=filled, markersize=7, label=name, clip_on=False, zorder=5
        )


def _point_name(point: OperatingPoint) -> str:
    return "site today" if point.target is None else f"target {percent(point.target)}"


def _det_finding(curve: OpenSetCurve, points: Sequence[OperatingPoint]) -> str:
    shown = [point for point in points if point.supported and point.target is not None] or list(points)
    if shown and shown[-1].mated:
        point = shown[-1]
        hits = point.mated - point.fnir.errors
        return (
            f"At {point.threshold:.3f}: {percent(point.fpir.value)} of strangers alert, {hits} of {point.mated} found"
        )
    if not curve.mated or not curve.non_mated:
        return "Only one of the two errors can be seen in this footage"
    place = int(np.argmin(np.abs(curve.fpir - PLAIN)))
    return (
        f"Where {percent(float(curve.fpir[place]))} of strangers alert, {percent(float(curve.fnir[place]))} are missed"
    )


def _rates_finding(curve: OpenSetCurve) -> str:
    if not curve.mated or not curve.non_mated:
        return "Only one of the two errors can be seen in this footage"
    gap = np.abs(curve.fpir - curve.fnir)
    best = int(np.argmin(gap))
    rate = (curve.fpir[best] + curve.fnir[best]) / 2
    return f"The two errors meet near {percent(float(rate))}, at a threshold of {curve.thresholds[best]:.3f}"


def _overlap_finding(stranger: Floats, mate: Floats) -> str:
    good, bad = mate[np.isfinite(mate)], stranger[np.isfinite(stranger)]
    if not len(good) or not len(bad):
        return "Scores of strangers" if len(bad) else "Scores of enrolled people"
    above = float(np.mean(good > bad.max()))
    return f"{percent(above)} of the enrolled score above every stranger"


def _drawn_from(curve: OpenSetCurve) -> str:
    n = curve.searches.subjects
    kind = "; synthetic people" if curve.searches.synthetic else ""
    return f"{curve.mated:,} mated, {curve.non_mated:,} non-mated searches; N = {n:,}, rank {curve.rank}{kind}"

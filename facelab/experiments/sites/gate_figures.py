"""The figures of a gate's answer: retries, rosters, transaction times, and the joint decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.experiments.sites.gate_attacks import GateAttacks
    from facelab.experiments.sites.gate_errors import GateErrors
    from facelab.experiments.sites.gate_policy import ChosenPolicy
    from facelab.stats.rates import Rate

PERCENT = FuncFormatter(lambda share, _: style.percent(share))


def retries_figure(attempts: Sequence[tuple[int, Rate, Rate, float]], threshold: float, ax: Axes | None = None) -> Axes:
    """Both errors against the attempts granted at one threshold, and what independent attempts would promise.

    Parameters
    ----------
    attempts : sequence of (int, Rate, Rate, float)
        Attempts, manual lane of the enrolled, let through of the unenrolled, and the manual lane if independent.
    threshold : float
        At which all were measured.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    tries = np.array([k for k, *_ in attempts])
    for label, at, colour, shift in (
        ("enrolled sent to the manual lane", 1, style.BLUE, -0.03),
        ("unenrolled let through", 2, style.VERMILLION, 0.03),
    ):
        rates: list[Rate] = [row[at] for row in attempts]  # type: ignore[misc]  # columns of one kind
        ends = [rate.interval() for rate in rates]
        value = np.array([rate.value for rate in rates])
        error = np.abs(np.array([[i.low for i in ends], [i.high for i in ends]]) - value)
        ax.errorbar(tries + shift, value, error, fmt="o-", color=colour, capsize=3, linewidth=1.6, label=label)
    ax.plot(
        tries, [row[3] for row in attempts], ":", color=style.BLUE, linewidth=1.4, label="manual lane, if independent"
    )
    ax.set_xticks(tries)
    ax.set_xlabel("attempts granted")
    ax.set_ylabel("share of transactions")
    ax.yaxis.set_major_formatter(PERCENT)
    ax.set_ylim(bottom=0)
    first, last = attempts[0], attempts[-1]
    finding = (
        f"{last[0]} attempts in place of {first[0]}: manual lane {style.percent(first[1].value)} to "
        f"{style.percent(last[1].value)}, let through {style.percent(first[2].value)} to {style.percent(last[2].value)}"
        if first[2].trials
        else f"manual lane {style.percent(first[1].value)} to {style.percent(last[1].value)}"
    )
    below = f"threshold {threshold:.4f}, the person's own further passages, intervals of 95 % by person"
    style.title(ax, finding, below)
    style.legend(ax, loc="best")
    return style.describe(ax, f"Errors against the attempts granted. {finding}. {below}.")


def rosters_figure(found: GateErrors, ax: Axes | None = None) -> Axes:
    """Wrong passengers against the size of the roster: measured up to the tested one, extrapolated beyond."""
    ax = style.axes(ax)
    tested = found.point.subjects
    drawn: list[tuple[str, str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    if found.fpir is not None:
        f = found.fpir
        drawn.append(("unenrolled let through", style.VERMILLION, f.size, f.fpir, f.low, f.high))
    if found.taken is not None:
        t = found.taken
        drawn.append(("enrolled taken for another", style.BLUE, t.size, t.rate, t.low, t.high))
    for label, colour, size, value, low, high in drawn:
        within, beyond = size <= tested, size >= tested
        ax.plot(size[within], value[within], "o-", color=colour, markersize=4, label=f"{label}, measured")
        ax.plot(size[beyond], value[beyond], "--", color=colour, label=f"{label}, extrapolated")
        ax.fill_between(size, low, high, color=colour, alpha=0.13, linewidth=0)
    ax.axvline(tested, color=style.BLACK, linewidth=1, linestyle=(0, (2, 2)))
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    ax.yaxis.set_major_formatter(PERCENT)
    ax.set_ylim(0, 1)
    ax.set_xlabel("passengers on the roster")
    ax.set_ylabel("share of attempts")
    finding = f"Measured up to the {tested:,} people tested, extrapolated beyond"
    if found.fpir is not None:
        at, last = (int(np.searchsorted(found.fpir.size, size)) for size in (tested, found.fpir.size[-1]))
        finding = (
            f"Unenrolled let through: {style.percent(float(found.fpir.fpir[at]))} measured at {tested:,}, "
            f"{style.percent(float(found.fpir.fpir[last]))} extrapolated at {int(found.fpir.size[last]):,}"
        )
    below = f"threshold {found.point.threshold:.4f}, single attempts; shaded: 95 % by person, beyond N the bounds"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper left")
    return style.describe(ax, f"Wrong passengers against the roster. {finding}. {below}.")


def times_figure(chosen: Sequence[ChosenPolicy], ax: Axes | None = None) -> Axes:
    """The share of enrolled passengers' transactions that are decided within so many seconds, by rule."""
    ax = style.axes(ax)
    said = []
    for own, colour in zip(chosen, style.CYCLE):
        found = own.policy.found
        seconds = np.sort(found.seconds[found.mated])
        share = np.arange(1, len(seconds) + 1) / len(seconds)
        ax.step(
            np.append(0, seconds),
            np.append(0, share),
            where="post",
            color=colour,
            linewidth=1.8,
            label=f"{own.rule}, up to {found.tries}",
        )
        half, most = (seconds[int(np.ceil(q * len(seconds))) - 1] for q in (0.5, 0.95))
        said.append(f"{half:.1f} and {most:.1f} s")
    ax.axhline(0.95, color=style.GREY, linewidth=1, linestyle=(0, (2, 2)))
    ax.set_xlim(left=0)
    ax.set_ylim(0, 1.01)
    ax.yaxis.set_major_formatter(PERCENT)
    ax.set_xlabel("seconds from first sight to the decision, retries included")
    ax.set_ylabel("share of transactions decided")
    finding = f"Half and 95 of 100 decided within {'; '.join(said)}"
    below = "enrolled passengers of the reporting half; seconds of the footage, the models' milliseconds left out"
    style.title(ax, finding, below)
    style.legend(ax, loc="lower right")
    return style.describe(ax, f"Transaction times. {finding}. {below}.")


def attacks_figure(found: GateAttacks, ax: Axes | None = None) -> Axes:
    """Genuine rejection against attacks that get through, for several match thresholds, liveness free."""
    ax = style.axes(ax)
    live = np.quantile(found.scores.live[~np.isnan(found.scores.live)], np.linspace(0, 1, 80))
    at = found.match_alone.match_threshold
    for threshold, colour in zip((at - 0.1, at, at + 0.1), style.CYCLE):
        surface = found.scores.surface([threshold], live)
        label = f"match threshold {threshold:.3f}" + (" (the gate's)" if threshold == at else "")
        ax.plot(surface.attack[0], surface.rejected[0], color=colour, linewidth=1.8, label=label)
    ax.xaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_formatter(PERCENT)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("attacks of the worst kind that get through")
    ax.set_ylabel("genuine passengers rejected by either part")
    finding = "Fewer attacks through cost genuine passengers, at every match threshold"
    below = "made up by a seed: no measurement" if found.made_up else "the site's own presentations"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"Joint decision of match and liveness. {finding}. {below}.")

"""The audit of a watchlist: pairs that are closer than chance allows, and how the false alerts fall on the references.

No figure has the name of a sample or a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.gallery.audit.pairs import PairScores
    from facelab.stats.extremes import HighestPairs
    from facelab.stats.hubs import FalseAlerts

SHOWN = 25


def closest_pairs(scores: PairScores, tail: HighestPairs, ax: Axes | None = None) -> Axes:
    """How many pairs of different names are at or above each score, and how many chance would give.

    Parameters
    ----------
    scores : PairScores
        From `facelab.gallery.audit.pairs.pair_scores`.
    tail : HighestPairs
        From `facelab.stats.extremes.unusual_pairs` of these scores.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    ax.set_xlabel("score (cosine similarity)")
    ax.set_ylabel("pairs at or above it")
    if not len(scores.score):
        style.title(ax, "There are no pairs of different names", "an audit of names needs two people with a template")
        return style.describe(ax, "No pairs of different names to draw.")
    edge = tail.edge
    unusual = scores.score >= edge
    grid = np.linspace(float(scores.score[-1]), max(float(scores.score[0]), edge) + 0.02, 300)
    ax.plot(grid, tail.expected(grid), color=style.GREY, linewidth=1.6, linestyle=(0, (4, 2)), label="by chance")
    count = np.arange(1, len(scores.score) + 1)
    ax.step(scores.score, count, where="pre", color=style.BLUE, linewidth=1.6, label="different names")
    ax.plot(scores.score[unusual], count[unusual], "o", color=style.VERMILLION, markersize=4, label="unusual")
    if len(scores.own_score):
        ax.plot(scores.own_score, np.full(len(scores.own_score), 0.013), "|", color=style.GREEN, label="one name")
    ax.axvline(edge, color=style.BLACK, linewidth=1.0, linestyle=(0, (1, 1.5)))
    ax.set_yscale("log")
    ax.set_ylim(0.01, max(2.0 * len(scores.score), 10.0))
    n = int(unusual.sum())
    finding = f"{n:,} pairs of different names are closer than chance allows" if n else "No two names are too close"
    below = f"{scores.pairs:,} pairs; from {edge:.3f} (dotted) at most one in twenty is expected by chance"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"Pairs at or above each score, observed and by chance. {finding}. {below}.")


def false_alerts_by_reference(found: FalseAlerts, ax: Axes | None = None) -> Axes:
    """The references that falsely alert on most people, hubs in another colour.

    Parameters
    ----------
    found : FalseAlerts
        From `facelab.stats.hubs.false_alerts_by_reference`.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    order = np.argsort(-found.people, kind="stable")[:SHOWN]
    order = order[found.people[order] > 0]
    hub = np.isin(order, found.hubs())
    place = np.arange(1, len(order) + 1)
    for mask, colour, label in ((hub, style.VERMILLION, "hub"), (~hub, style.BLUE, "as many as chance may give")):
        if mask.any():
            ax.bar(place[mask], found.people[order][mask], color=colour, label=label)
    ax.set_xlabel("reference, by the people it falsely alerts on")
    ax.set_ylabel("probe people")
    ax.set_xlim(0.3, max(len(order), 10) + 0.7)
    by_most = np.sort(found.searches)[::-1]
    half = int(np.searchsorted(np.cumsum(by_most), by_most.sum() / 2) + 1) if by_most.sum() else 0
    finding = (
        f"{half:,} of {len(found):,} references take part in half of the matches with strangers"
        if half
        else "No reference raises a false alert"
    )
    alerts = f"{found.fpir.errors:,} false alerts in {found.trials:,} searches at {found.threshold:.3f}"
    below = f"{alerts}; {int(hub.sum())} hubs"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"People falsely alerted on, by reference. {finding}. {below}.")

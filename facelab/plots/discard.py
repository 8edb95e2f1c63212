"""The error-versus-discard curve: what leaving out the worst samples would win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.stats.discard_areas import DiscardAreas
    from facelab.stats.quality import DiscardCurve

LIMIT = 0.5


def error_versus_discard(
    found: DiscardCurve, ax: Axes | None = None, *, limit: float = LIMIT, areas: DiscardAreas | None = None
) -> Axes:
    """The miss rate of what is kept against the share that is discarded, worst quality first.

    Parameters
    ----------
    found : DiscardCurve
        From `facelab.stats.quality.discard_curve`.
    ax : Axes, optional
        Where to draw.
    limit : float
        The largest share of discarded comparisons to show, in (0, 1].
    areas : DiscardAreas, optional
        Partial area and gain with their replicates (`facelab.stats.discard_areas.discard_areas`): said with intervals.
    """
    ax = style.axes(ax)
    shown = found.fraction <= limit
    x = 100 * np.append(found.fraction[shown], limit)
    y = 100 * np.append(found.fnmr[shown], found.fnmr[shown][-1])
    shares = np.linspace(0, min(limit, 0.999), 13)
    ends = [found.at(float(share)).interval() for share in shares]
    low, high = [100 * end.low for end in ends], [100 * end.high for end in ends]
    ax.fill_between(100 * shares, low, high, step="post", color=style.BLUE, alpha=0.15, linewidth=0)
    ax.step(x, y, where="post", color=style.BLUE, linewidth=1.8, label=f"worst quality first{_area(areas)}")
    start = 100 * float(found.fnmr[0])
    ax.axhline(start, color=style.GREY, linewidth=1.2, linestyle=(0, (4, 2)), label="discarding by chance")
    fine = np.linspace(0, min(limit, 0.999), 200)
    ideal = 100 * np.maximum(found.fnmr[0] - fine, 0) / (1 - fine)
    ax.plot(100 * fine, ideal, color=style.GREEN, linewidth=1.2, linestyle=(0, (1, 1.5)), label="ideal: errors first")
    ax.set_xlim(0, 100 * limit)
    ax.set_ylim(0, max(1.25 * max(high), 1.0))
    ax.set_xlabel("discarded comparisons, lowest quality first (%)")
    ax.set_ylabel("FNMR of those that are kept (%)")
    finding, below = _finding(found), _below(found, areas)
    style.title(ax, finding, below)
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"Error against discarded share. {finding}. {below}{_area(areas)}.")


def _area(areas: DiscardAreas | None) -> str:
    """The partial area with its interval."""
    if areas is None:
        return ""
    ends = areas.interval()
    return f": area above ideal to {100 * areas.limit:g} % {areas.value:.2g} [{ends.low:.2g}, {ends.high:.2g}]"


def _finding(found: DiscardCurve) -> str:
    if not found.errors[0]:
        return "No miss at this threshold: quality has nothing to foresee"
    start, kept = float(found.fnmr[0]), float(found.at(0.2).value)
    how = "falls" if kept < start else "rises" if kept > start else "stays"
    return f"Without the worst fifth, FNMR {how} from {style.percent(start)} to {style.percent(kept)}"


def _below(found: DiscardCurve, areas: DiscardAreas | None) -> str:
    failed = f", {found.failed:,} without a score outside" if found.failed else ""
    if areas is not None:
        ends = areas.gain_interval()
        won = f"; {100 * areas.gain:.2g} % [{100 * ends.low:.2g}, {100 * ends.high:.2g}] of the possible gain"
    else:
        won = f"; {style.percent(found.gain(0.2))} of the possible gain" if found.errors[0] else ""
    return f"{found.comparisons:,} mated comparisons{failed}; threshold {found.threshold:.3f}{won}"

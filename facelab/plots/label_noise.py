"""What wrong labels would do: error rates and the threshold against the share of the labels that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from facelab.stats.label_noise import LabelNoise


def rates_with_wrong_labels(found: Sequence[LabelNoise], ax: Axes | None = None) -> Axes:
    """FPIR and FNIR at one threshold where so many labels are wrong: the median of the draws and their middle 95 %.

    Parameters
    ----------
    found : sequence of LabelNoise
        At rising shares, all at one threshold; at least one.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    shares = [100 * one.share for one in found]
    for name, text, color, mark in (
        ("fnir", "FNIR: enrolled people who pass unseen", style.BLUE, "s"),
        ("fpir", "FPIR: strangers who alert", style.VERMILLION, "o"),
    ):
        ends = [one.ends(name) for one in found]
        ax.plot(shares, [100 * e.value for e in ends], marker=mark, color=color, linewidth=1.8, label=text)
        low, high = [100 * e.low for e in ends], [100 * e.high for e in ends]
        ax.fill_between(shares, low, high, color=color, alpha=0.16, linewidth=0)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel("people with a wrong label (%)")
    ax.set_ylabel("rate as it would be measured (%)")
    finding = _finding(found)
    below = f"at a threshold of {found[0].threshold:.4f}; {len(found[0].fpir):,} draws of who is labelled wrongly"
    style.title(ax, finding, below)
    style.legend(ax, loc="upper left")
    return style.describe(ax, f"Rates against the share of wrong labels. {finding}; {below}.")


def _finding(found: Sequence[LabelNoise]) -> str:
    worst = found[-1]
    fpir, fnir = (style.percent(worst.ends(name).value) for name in ("fpir", "fnir"))
    before = style.percent(worst.before[0]), style.percent(worst.before[1])
    share = style.percent(worst.share)
    return f"With {share} wrong labels FPIR {before[0]} reads {fpir}, FNIR {before[1]} reads {fnir}"

"""What a sweep found: FNIR against FPIR, cost as colour and size, and the points that no other beats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from matplotlib.ticker import FuncFormatter

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SMALL, LARGE = 28.0, 170.0
FLOOR = 1 / 3  # of the smallest rate above zero: where a rate of zero is drawn on a logarithmic axis
COLOURS = "cividis"  # its lightness rises evenly: told apart by colour-blind people, and on paper


class TradeoffLike(Protocol):
    """What is drawn; see `facelab.experiments.pareto.Tradeoff`."""

    @property
    def label(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def fpir(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def fnir(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def cost(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def best(self) -> int | None: ...  # noqa: D102
    @property
    def finding(self) -> str: ...  # noqa: D102
    @property
    def front(self) -> NDArray[np.bool_]: ...  # noqa: D102


def pareto_front(found: TradeoffLike, ax: Axes | None = None) -> Axes:
    """FNIR against FPIR of each point; larger and lighter is dearer, filled is on the front, crossed out is beaten.

    Parameters
    ----------
    found : Tradeoff
        From a sweep.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax)
    front = found.front
    x, y = _drawn(found.fpir), 100 * found.fnir
    size = _sizes(found.cost)
    beaten = ~front & ~np.isnan(x) & ~np.isnan(y)
    ax.scatter(x[beaten], y[beaten], marker="x", s=26, color=style.GREY, linewidths=1.2,
               label=f"beaten in all three ({beaten.sum():,})")  # fmt: skip
    shown = ax.scatter(x[front], y[front], c=found.cost[front], s=size[front], cmap=COLOURS, edgecolors=style.BLACK,
                       linewidths=0.9, label=f"Pareto front ({front.sum():,})", zorder=3)  # fmt: skip
    if found.best is not None:
        ax.scatter(x[found.best], y[found.best], marker="o", s=330, facecolors="none", edgecolors=style.VERMILLION,
                   linewidths=2.2, label=f"chosen: {found.label[found.best]}", zorder=4)  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    ax.set_xlabel("FPIR (logarithmic; a rate of zero stands at the left edge)")
    ax.set_ylabel("FNIR, %")
    if len(np.unique(found.cost[front])) > 1:
        style.figure_of(ax).colorbar(shown, ax=ax, label=found.unit, shrink=0.85)
    finding = found.finding or f"{front.sum():,} of {len(front):,} thresholds are beaten by no other"
    style.title(ax, finding, "measured on people that no choice has seen")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return style.describe(
        ax, f"FNIR against FPIR and {found.unit} of {len(front):,} points. {finding}. {_words(found)}"
    )


def _drawn(fpir: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each FPIR stands on a logarithmic axis; zero a little left of the smallest."""
    above = fpir[fpir > 0]
    return np.maximum(fpir, FLOOR * float(above.min()) if len(above) else 1e-4)


def _sizes(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area of each mark, points squared: the dearest largest."""
    least, most = (float(np.nanmin(cost)), float(np.nanmax(cost))) if np.isfinite(cost).any() else (0.0, 0.0)
    share = (cost - least) / (most - least) if most > least else np.full(len(cost), 0.5)
    return SMALL + (LARGE - SMALL) * np.nan_to_num(share)


def _words(found: TradeoffLike) -> str:
    """The front in words, the chosen point first."""
    numbers = [int(k) for k in np.flatnonzero(found.front)]
    if found.best is not None:
        numbers = [found.best, *(k for k in numbers if k != found.best)]
    said = [
        f"{found.label[k]}: FPIR {style.percent(found.fpir[k])}, FNIR {style.percent(found.fnir[k])}, "
        f"{found.cost[k]:.3g} {found.unit}"
        for k in numbers[:6]
    ]
    return "; ".join(said) + ("." if said else "")

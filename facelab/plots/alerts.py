"""Alerts as the monitoring room hears them: when and where, true or false, and how soon after the first sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from facelab.stats.alarms import AlertLog
    from facelab.types import Floats


def alerts_over_time(log: AlertLog, cameras: Sequence[str], ax: Axes | None = None) -> Axes:
    """Each alert at its moment, by camera: a dot where the alleged person is the true one, a cross where not.

    Parameters
    ----------
    log : AlertLog
        The alerts.
    cameras : sequence of str
        From top to bottom; those without an alert included.
    ax : Axes, optional
        Where to draw.
    """
    ax = style.axes(ax, size=(7.2, 1.9 + 0.5 * max(len(cameras), 2)))
    alerts, names = log.alerts, list(dict.fromkeys([*cameras, *log.alerts.camera.tolist()]))
    row = np.array([names.index(name) for name in alerts.camera.tolist()], dtype=float)
    minute = alerts.time_s / 60
    kinds = (
        (~alerts.false, "o", style.BLUE, "right person", 0.14),
        (alerts.false, "x", style.VERMILLION, "wrong", -0.14),
    )
    for mine, marker, color, label, off in kinds:
        count = f"{label}: {int(mine.sum()):,}"
        ax.plot(minute[mine], row[mine] + off, marker, color=color, markersize=5, alpha=0.8, label=count)
    each = [f"{name}\n{int((row == k).sum()):,} alerts" for k, name in enumerate(names)]
    ax.set_yticks(range(len(names)), each, fontsize=9)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(False, axis="y")
    ax.set_xlabel("time (minutes)")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.45, -0.3 if len(names) < 4 else -0.22), ncols=2)
    wrong = int(alerts.false.sum())
    finding = f"{len(log):,} alerts, {wrong:,} of them of the wrong person"
    below = f"{log.suppressed:,} repetitions suppressed" if log.suppressed else "no repetition within the cooldown"
    style.title(ax, finding, below)
    return style.describe(ax, f"Alerts over time by camera. {finding}; {below}. {'; '.join(each)}.".replace("\n", ": "))


def time_to_alert(latency_s: Mapping[str, Floats], ax: Axes | None = None, *, below: str = "") -> Axes:
    """The share of enrolled people's passages that were alerted within so many seconds, a step curve a rule.

    Where a curve ends is how many are found at all; the rest of the way to 100 % is missed.

    Parameters
    ----------
    latency_s : mapping of str to (p,) array
        By rule: seconds to the first right alert of each passage, infinite where there was none.
    ax : Axes, optional
        Where to draw.
    below : str
        What the rules have in common, for the line below the title.
    """
    ax = style.axes(ax)
    finite = np.concatenate([v[np.isfinite(v)] for v in latency_s.values()] or [np.zeros(0)])
    last = float(finite.max(initial=1.0)) * 1.04
    said = []
    for (name, late), color, dashes in zip(latency_s.items(), style.CYCLE, style.DASHES * 2):
        times = np.sort(late[np.isfinite(late)])
        share = 100 * np.arange(1, len(times) + 1) / max(len(late), 1)
        half = float(np.median(times)) if len(times) else np.nan
        found = 100 * len(times) / max(len(late), 1)
        x, y = np.concatenate([[0.0], times, [last]]), np.concatenate([[0.0], share, [found]])
        label = f"{name}: {found:.0f} %, half of them in {half:.1f} s"
        ax.step(x, y, where="post", color=color, linewidth=2, linestyle=dashes, label=label)
        said.append((name, found, half))
    ax.set_xlim(0, last)
    ax.set_ylim(0, 100)
    ax.set_xlabel("seconds from the first sight of the track to the alert")
    ax.set_ylabel("passages of enrolled people alerted (%)")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.47, -0.14), ncols=2)
    known = [entry for entry in said if np.isfinite(entry[2])]
    soon = min(known, key=lambda e: e[2]) if known else None
    finding = (
        "Nobody was alerted" if soon is None else f"“{soon[0]}” is first: half of those it finds in {soon[2]:.1f} s"
    )
    count = len(next(iter(latency_s.values()), ()))
    style.title(ax, finding, f"{count:,} passages; {below}" if below else f"{count:,} passages")
    each = "; ".join(f"{name}: {found:.0f} % alerted, half of them within {half:.1f} s" for name, found, half in said)
    return style.describe(ax, f"Time to the alert. {finding}. {each}.")

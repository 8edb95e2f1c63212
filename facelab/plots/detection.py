"""What the pipeline saw: what became of each passage, how wide faces were, and how good.

Each takes `facelab.pipeline.passages.Passages` and draws it by camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style
from facelab.plots.style import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.pipeline.passages import Passages

OUTCOMES = (
    ("one track", style.BLUE),
    ("several tracks", style.SKY),
    ("seen, no usable face", style.ORANGE),
    ("not seen", style.VERMILLION),
)
HATCHES = ("", "//", "..", "xx")
"""Bars that are told apart without their colours."""


def passage_outcomes(passages: Passages, ax: Axes | None = None) -> Axes:
    """What became of each passage, by camera: one track, several, no usable face, not seen at all."""
    ax = style.axes(ax, size=(7.2, 3.0))
    t = passages.templates
    names, first, group = np.unique(t.attributes["passage"], return_index=True, return_inverse=True)
    tracks = np.bincount(group, minlength=len(names))
    good = np.bincount(group, weights=~t.failed, minlength=len(names))
    seen = ~np.char.startswith(np.char.partition(t.sample_id[first].astype(np.str_), "/")[:, 2], "missed/")
    outcome = np.select([~seen, good == 0, tracks > 1], [3, 2, 1], 0)
    camera = t.attributes["camera"][first]
    cameras = sorted(set(camera.tolist()), reverse=True)
    left = np.zeros(len(cameras))
    for code, (name, color) in enumerate(OUTCOMES):
        count = np.array([np.sum((camera == c) & (outcome == code)) for c in cameras])
        label, hatch = f"{name}: {count.sum():,}", HATCHES[code]
        ax.barh(cameras, count, left=left, color=color, label=label, height=0.6, hatch=hatch, edgecolor="white")
        left += count
    ax.set_xlabel("passages")
    ax.grid(False, axis="y")
    share = float(np.mean(outcome <= 1)) if len(outcome) else 0.0
    finding = f"{percent(share)} of {len(names):,} passages gave a template"
    style.title(ax, finding, f"{passages.footage}{'; synthetic people' if passages.synthetic else ''}")
    style.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=4)
    lost = "; ".join(f"{name}: {int(np.sum(outcome == code))}" for code, (name, _) in enumerate(OUTCOMES))
    return style.describe(ax, f"Passages by camera and outcome. {finding}. {lost}.")


def face_widths(passages: Passages, ax: Axes | None = None) -> Axes:
    """How wide the faces are that were found, by camera, in pixels."""
    ax = style.axes(ax)
    tracks = passages.tracks
    width = tracks.box[:, 2] - tracks.box[:, 0]
    bins = np.geomspace(max(float(width.min(initial=16)), 1), max(float(width.max(initial=200)), 32), 41)
    middles = []
    for name, color, dashes in zip(sorted(set(tracks.camera.tolist())), style.CYCLE * 9, style.DASHES * 13):
        own = width[tracks.camera == name]
        middles.append(f"{name} {np.median(own):.0f} px")
        text = f"{name}: {len(own):,} faces, middle {np.median(own):.0f} px"
        ax.hist(own, bins=list(bins), histtype="step", linewidth=1.8, linestyle=dashes, color=color)
        ax.plot([], [], color=color, linewidth=1.8, linestyle=dashes, label=text)
    ax.axvline(32, color=style.GREY, linewidth=1, linestyle=(0, (4, 2)))
    ax.annotate("32 px: recognition\ngets hard below", (32, 0.99), xycoords=("data", "axes fraction"), fontsize=8.5,
                va="top", ha="right", xytext=(-4, 0), textcoords="offset points")  # fmt: skip
    ax.set_xscale("log")
    ticks = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(float(bins[0]), float(bins[-1]))
    ax.set_xlabel("width of the face (px, logarithmic)")
    ax.set_ylabel("faces")
    ax.set_ylim(top=1.3 * ax.get_ylim()[1])
    narrow = float(np.mean(width < 32)) if len(width) else 0.0
    finding = f"{percent(narrow)} of the faces are narrower than 32 px"
    style.title(ax, finding, f"{passages.footage}: {len(width):,} tracked faces")
    style.legend(ax, loc="upper right")
    return style.describe(ax, f"Histogram of face widths by camera. {finding}; in the middle {', '.join(middles)}.")


def quality(passages: Passages, ax: Axes | None = None) -> Axes:
    """The quality of each passage's template, by camera."""
    ax = style.axes(ax)
    t = passages.templates.take(~passages.templates.failed)
    middles = []
    for name, color, dashes in zip(sorted(set(t.attributes["camera"].tolist())), style.CYCLE * 9, style.DASHES * 13):
        own = np.sort(t.quality[t.attributes["camera"] == name])
        middles.append(f"{name} {np.median(own):.2f}")
        share = 100 * np.arange(1, len(own) + 1) / len(own)
        label = f"{name}: middle {np.median(own):.2f}"
        ax.step(own, share, where="post", color=color, linewidth=1.8, linestyle=dashes, label=label)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 100)
    ax.set_xlabel("quality of the template (0 to 1)")
    ax.set_ylabel("templates of that quality or less (%)")
    middle = float(np.median(t.quality)) if len(t) else 0.0
    finding = f"Half of the templates have a quality of {middle:.2f} or less"
    style.title(ax, finding, f"{passages.footage}: {len(t):,} templates")
    style.legend(ax, loc="upper left")
    return style.describe(
        ax, f"Cumulative distribution of template quality. {finding}; by camera {', '.join(middles)}."
    )

"""The watchlist: who could be enrolled, and which of its people look most alike."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from facelab.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from facelab.types import Gallery

BLOCK = 1024
WORDS = 40


def enrolment(gallery: Gallery, ax: Axes | None = None) -> Axes:
    """How many photographs were enrolled, and why the others were not."""
    ax = style.axes(ax, size=(7.2, 2.6))
    t = gallery.templates
    notes = t.attributes.get("note", np.full(len(t), "no face found"))
    reasons = Counter(str(note)[:WORDS] or "no reason given" for note in notes[t.failed])
    counts = {"enrolled": int((~t.failed).sum())} | dict(reasons.most_common(6))
    colors = [style.BLUE, *[style.VERMILLION] * (len(counts) - 1)]
    bars = ax.barh(list(counts), list(counts.values()), color=colors, height=0.6)
    ax.set_ylim(-0.6, max(len(counts), 3) - 0.4)
    ax.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=4, fontsize=9)
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.set_xlabel("photographs")
    out = len(gallery.failed_to_enrol)
    finding = f"{len(gallery) - out:,} of {len(gallery):,} subjects can be found"
    style.title(ax, finding, f"{out:,} failed to enrol; they stay on the list, and every search for them misses")
    told = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return style.describe(ax, f"Enrolment of the watchlist. {finding}. Photographs: {told}.")


def nearest_strangers(gallery: Gallery, ax: Axes | None = None) -> Axes:
    """For each reference, the score of the most similar reference of another subject."""
    ax = style.axes(ax)
    t = gallery.templates.take(~gallery.templates.failed)
    nearest = np.full(len(t), -1.0)
    for start in range(0, len(t), BLOCK):
        score = t.embedding[start : start + BLOCK] @ t.embedding.T
        score[t.subject_id[start : start + BLOCK, None] == t.subject_id[None, :]] = -1.0
        nearest[start : start + BLOCK] = score.max(axis=1, initial=-1.0)
    ax.hist(
        nearest,
        bins=list(np.linspace(float(nearest.min(initial=0)), float(nearest.max(initial=1)), 41)),
        color=style.BLUE,
    )
    ax.set_xlabel("score of the most similar other subject (cosine similarity)")
    ax.set_ylabel("references")
    top = float(nearest.max(initial=-1.0))
    middle = float(np.median(nearest)) if len(nearest) else 0.0
    finding = f"The two most alike score {top:.3f}, the middle one's nearest {middle:.3f}"
    style.title(ax, finding, f"{len(t):,} references of {len(set(t.subject_id.tolist())):,} subjects")
    return style.describe(ax, f"Histogram of each reference's nearest other subject. {finding}.")

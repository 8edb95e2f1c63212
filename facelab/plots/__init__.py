"""Figures: each draws one result on an axes and computes nothing beyond what it shows.

``facelab.plots.<figure>(result, ax=None) -> Axes``. Colours are told apart by colour-blind people (Okabe and Ito 2008),
a title says what the figure shows of this data, axes carry units, and `alt_text` gives the figure in words.
"""

from facelab.plots.detection import face_widths, passage_outcomes, quality
from facelab.plots.errors import det, error_rates, score_distributions
from facelab.plots.style import alt_text, png, save
from facelab.plots.watchlist import enrolment, nearest_strangers

__all__ = [
    "alt_text",
    "det",
    "enrolment",
    "error_rates",
    "face_widths",
    "nearest_strangers",
    "passage_outcomes",
    "png",
    "quality",
    "save",
    "score_distributions",
]

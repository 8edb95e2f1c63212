"""Labelling bound to a study: its footage, passages and watchlist, a label file, and the rates under those names."""

from facelab.experiments.labelling.labelling import Applied, Labelling, open_labelling
from facelab.experiments.labelling.shown import answer_sentences, proposal_shown, review_shown, standing_shown

__all__ = [
    "Applied",
    "Labelling",
    "answer_sentences",
    "open_labelling",
    "proposal_shown",
    "review_shown",
    "standing_shown",
]

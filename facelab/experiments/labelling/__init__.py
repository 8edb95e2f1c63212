"""Labelling bound to a study: its footage, passages and watchlist, a label file, and the rates under those names."""

from facelab.experiments.labelling.labelling import Applied, Labelling, open_labelling

__all__ = ["Applied", "Labelling", "open_labelling"]

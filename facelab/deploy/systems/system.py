"""What is known of another system: its scale, the recognisers it can run, and what of it was not measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.stats.conversions import ScoreScale


@dataclass(frozen=True)
class OtherSystem:
    """A system that compares faces and has a threshold of its own.

    Parameters
    ----------
    name : str
        As the command line calls it.
    title : str
        As a person calls it.
    read_from : str
        The version (and the date of its source) that everything here was read from.
    scale : ScoreScale
        What its number means as a cosine.
    setting : str
        Where its threshold is set.
    step : float
        Its thresholds and scores are multiples of this; 0: full precision.
    recognisers : mapping of str to str or None
        The SHA-256 of the recogniser behind each model name of the system; None where its weights are in a form of
        which no file can be compared. Empty: it takes embeddings from anywhere.
    caveats : tuple of str
        What of its way from picture to score differs from what was measured.
    """

    name: str
    title: str
    read_from: str
    scale: ScoreScale
    setting: str
    step: float = 0.0
    recognisers: Mapping[str, str | None] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()

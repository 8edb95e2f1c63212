"""Scores that look like something else: a warning, since a wrong guess must not stop anybody.

A threshold far from all scores is refused: no rate at it means anything.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from facelab.stats.thresholds import check_given_threshold

if TYPE_CHECKING:
    from facelab.types import Floats


class SuspectScores(UserWarning):
    """Scores that look like distances: mated ones are the lower."""


def warn_of_distances(mated: Floats, non_mated: Floats) -> None:
    """Warns where the median mated score is below the median non-mated one.

    Parameters
    ----------
    mated, non_mated : (m,), (n,) float arrays
        Rising, not empty, without NaN.
    """
    middle = [float(side[(len(side) - 1) // 2] + side[len(side) // 2]) / 2 for side in (mated, non_mated)]
    if middle[0] < middle[1]:
        warnings.warn(
            f"mated scores are lower than non-mated ones (medians {middle[0]:.4g} and {middle[1]:.4g}):"
            " are they distances? A score must be a similarity; negate distances first",
            SuspectScores,
            stacklevel=3,
        )


def warn_of_distances_in_searches(mate: Floats, other: Floats) -> None:
    """The same for searches: mates' scores against the best scores of strangers, where there are ten of each.

    Parameters
    ----------
    mate, other : (m,), (n,) float arrays
        NaN where a search has none.
    """
    sides = [np.sort(side[~np.isnan(side)]) for side in (mate, other)]
    if min(len(side) for side in sides) >= 10:
        warn_of_distances(*sides)


def near_the_scores(threshold: float, *scores: Floats) -> float:
    """`threshold`, where it lies near the scores given (`check_given_threshold`); any where there is no score.

    Parameters
    ----------
    threshold : float
        As a user gave it.
    scores : float arrays
        Of any shape, NaN among them.

    Raises
    ------
    BadInput
        It is not a number, or lies far outside.
    """
    known = np.concatenate([side[~np.isnan(side)].ravel() for side in scores])
    if not known.size:
        return float(threshold)
    return check_given_threshold(threshold, float(known.min()), float(known.max()))

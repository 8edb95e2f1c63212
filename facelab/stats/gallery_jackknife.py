"""FPIR and FNIR for *another such gallery*: the delete-one-subject jackknife over the gallery's people.

The interval over probe people holds for this gallery. Another gallery of N such people has other hubs: with g left out,
theta_(-g) is the rate over the rest, and V_gallery = (N-1)/N sum_g (theta_(-g) - mean)^2 is added to the probe people's
variance (Efron and Stein 1981: biased upwards, if at all). Gallery people are never resampled with replacement: 63 %
of them stay distinct, N shrinks, and so does the FPIR.

Leaving g out of the gallery changes a non-mated search only where g is its *sole* candidate at or above T, and a mated
one only where g is among the R who keep its mate out; so all N deletions cost one pass over the searches. The people
who are searched for are not left out: their part is the probe people's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.stats.rates import Clustering, Rate

if TYPE_CHECKING:
    from facelab.stats.searches import Searches
    from facelab.types import Floats, Ints


def gallery_fpir(fpir: Rate, searches: Searches, threshold: float) -> Rate:
    """`fpir` at `threshold`, its variance widened to hold for another such gallery."""
    top, second = searches.other_scores[:, 0], _column(searches, 1)
    sole = ~searches.mated & (top >= threshold) & ~(second >= threshold)
    return _widened(fpir, searches.other_subjects[sole, 0], searches.subjects)


def gallery_fnir(fnir: Rate, searches: Searches, threshold: float, rank: int) -> Rate:
    """`fnir` at `threshold` and `rank`, its variance widened to hold for another such gallery.

    Beyond the kept depth of other subjects the rank's part cannot be known, and the rate is returned as it is.
    """
    if rank > searches.other_subjects.shape[1]:
        return fnir
    blocked = searches.mated & (searches.mate_score >= threshold) & (searches.rank == rank + 1)
    return _widened(fnir, searches.other_subjects[blocked, :rank].ravel(), searches.subjects)


def _column(searches: Searches, index: int) -> Floats:
    """Scores of the index-th best other subject, NaN where so many are not kept."""
    if searches.other_scores.shape[1] > index:
        return searches.other_scores[:, index]
    return np.full(len(searches), np.nan)


def _widened(rate: Rate, decisive: Ints, subjects: int) -> Rate:
    """`rate` with the jackknife variance of the gallery added; `decisive`: the subject behind each decision."""
    if rate.clustering is None or not 0 < rate.errors < rate.trials or subjects < 2:
        return rate
    share = np.unique(decisive[decisive >= 0], return_counts=True)[1] / rate.trials
    mean = share.sum() / subjects
    deviation2 = np.square(share - mean).sum() + (subjects - len(share)) * mean**2
    deviation4 = ((share - mean) ** 4).sum() + (subjects - len(share)) * mean**4
    gallery = (subjects - 1) / subjects * deviation2
    if gallery <= 0:
        return rate
    probes = rate.clustering.variance
    carriers = (probes + gallery) ** 2 / (
        probes**2 / rate.clustering.carriers + gallery**2 / (deviation2**2 / deviation4)
    )
    least = min(rate.clustering.least, float(subjects))
    unit = f"{rate.clustering.unit} and gallery people"
    return replace(rate, clustering=Clustering(rate.clustering.people, unit, probes + gallery, least, float(carriers)))

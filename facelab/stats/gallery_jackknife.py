"""FPIR and FNIR for *another such gallery*: the delete-one-subject jackknife over the gallery's people.

The interval over probe people holds for this gallery. Another gallery of N such people has other hubs: with g left out,
theta_(-g) is the rate over the rest, and V_gallery = (N-1)/N sum_g (theta_(-g) - mean)^2 is added to the probe people's
variance (Efron and Stein 1981). The noise of single searches is in both, and is taken off once: sum over probe person
and gallery subject of (the searches of the one that hang on the other, over all)^2, as in two-way clustering (Cameron,
Gelbach and Miller 2011) and as D_ij^2 in the dyadic variance. Gallery people are never resampled with replacement:
63 % of them stay distinct, N shrinks, and so does the FPIR. No least size is kept: one subject may match everybody.

Leaving g out of the gallery changes a non-mated search only where g is its *sole* candidate at or above T, and a mated
one only where g is among the R who keep its mate out; so all N deletions cost one pass over the searches. The people
who are searched for are not left out: their part is the probe people's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.stats.rates import Clustering, Rate
from facelab.stats.unseen import Unseen

if TYPE_CHECKING:
    from facelab.stats.searches import Searches
    from facelab.types import Floats, Ints


def gallery_fpir(fpir: Rate, searches: Searches, threshold: float) -> Rate:
    """`fpir` at `threshold`, its variance widened to hold for another such gallery."""
    top, second = searches.other_scores[:, 0], _column(searches, 1)
    sole = np.flatnonzero(~searches.mated & (top >= threshold) & ~(second >= threshold))
    return _widened(fpir, searches.other_subjects[sole, 0], searches.person[sole], searches.subjects)


def gallery_fnir(fnir: Rate, searches: Searches, threshold: float, rank: int) -> Rate:
    """`fnir` at `threshold` and `rank`, its variance widened to hold for another such gallery.

    Beyond the kept depth of other subjects the rank's part cannot be known, and the rate is returned as it is.
    """
    if rank > searches.other_subjects.shape[1]:
        return fnir
    blocked = np.flatnonzero(searches.mated & (searches.mate_score >= threshold) & (searches.rank == rank + 1))
    people = np.repeat(searches.person[blocked], rank)
    return _widened(fnir, searches.other_subjects[blocked, :rank].ravel(), people, searches.subjects)


def _column(searches: Searches, index: int) -> Floats:
    """Scores of the index-th best other subject, NaN where so many are not kept."""
    if searches.other_scores.shape[1] > index:
        return searches.other_scores[:, index]
    return np.full(len(searches), np.nan)


def jackknife_variance(shares: Floats, subjects: int) -> float:
    """V_gallery = (N-1)/N sum_g (u_g - mean)^2 of the parts u_g of the rate that hang on one gallery subject each.

    Parameters
    ----------
    shares : (g,) float array
        u_g of the subjects on whom anything hangs; for all others it is 0.
    subjects : int
        N, at least 2.
    """
    mean = shares.sum() / subjects
    squares = np.square(shares - mean).sum() + (subjects - len(shares)) * mean**2
    return float((subjects - 1) / subjects * squares)


def _widened(rate: Rate, decisive: Ints, people: Ints, subjects: int) -> Rate:
    """`rate` with the gallery's variance added, less the part that the probe people's has already.

    `decisive` and `people`: the gallery subject and the probe person of each search that hangs on one subject.
    """
    if rate.clustering is None:
        return rate
    unseen = (*rate.clustering.missing, Unseen(subjects, 1.0, float(max(subjects, 1))))
    if not 0 < rate.errors < rate.trials or subjects < 2:
        return replace(rate, clustering=replace(rate.clustering, unseen=unseen))
    share = np.unique(decisive, return_counts=True)[1] / rate.trials
    cells = np.unique(np.stack([decisive, people]), axis=1, return_counts=True)[1] / rate.trials
    gallery = max(jackknife_variance(share, subjects) - float(np.square(cells).sum()), 0.0)
    if not gallery:
        return replace(rate, clustering=replace(rate.clustering, unseen=unseen))
    probes = rate.clustering.variance
    its_carriers = float(np.square(share).sum() ** 2 / (share**4).sum())
    carriers = (probes + gallery) ** 2 / (probes**2 / rate.clustering.carriers + gallery**2 / its_carriers)
    unit = f"{rate.clustering.unit} and gallery people"
    wider = Clustering(rate.clustering.people, unit, probes + gallery, 1.0, carriers, unseen)
    return replace(rate, clustering=wider)

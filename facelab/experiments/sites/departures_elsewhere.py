"""The same people under other conditions: a second airport with other cameras, masked or blurred passengers.

Everybody walks twice, so the comparison is paired: the journeys that both tables have, person by person
(`facelab.stats.paired_targets`), at the threshold that was chosen at the first airport, and at one tuned anew. A
threshold tuned anew is chosen and reported on the same strangers here, which flatters it; `difference_at_fpir` chooses
both thresholds anew in each bootstrap sample, so its interval carries that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.stats.openset import open_set_curve_of_searches
from facelab.stats.paired_targets import difference_at_fpir, differences_at_thresholds
from facelab.stats.searches import Searches, searches
from facelab.types import Comparisons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.experiments.sites.departures_journeys import Journeys
    from facelab.stats._given import TextArray
    from facelab.stats.paired import PairedDifference
    from facelab.stats.points import OperatingPoint
    from facelab.stats.rates import Rate

SEED = 11


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """What the same people's journeys give under other conditions.

    Parameters
    ----------
    name : str
        Of the conditions.
    threshold : float
        T, as chosen here.
    here, there : OperatingPoint
        Rates of the journeys that both have, at T.
    carried : mapping of str to PairedDifference
        ``fpir`` and ``fnir``: there less here, both at T; those of which there are journeys.
    retuned : OperatingPoint or None
        There, at its own threshold for `target`; None where it was not asked for or the data cannot resolve it.
    gain : mapping of str to PairedDifference
        There at its own threshold less there at T.
    alike : PairedDifference or None
        FNIR there less here, both at the FPIR of `target`.
    target : float
        FPIR a journey of the re-tuned threshold.
    by_mark : mapping of str to Rate
        Wanted people missed there at T, by what covers or blurs them; empty where that is not known.
    """

    name: str
    threshold: float
    here: OperatingPoint
    there: OperatingPoint
    carried: Mapping[str, PairedDifference]
    retuned: OperatingPoint | None
    gain: Mapping[str, PairedDifference]
    alike: PairedDifference | None
    target: float
    by_mark: Mapping[str, Rate] = field(default_factory=dict)


def elsewhere(
    name: str, here: Journeys, there: Journeys, threshold: float, *, target: float, retune: bool
) -> Elsewhere:
    """The journeys of the people that `here` and `there` share, compared person by person.

    Parameters
    ----------
    name : str
        Of the conditions there.
    here, there : Journeys
        Under one confirmation rule, against the same watchlist.
    threshold : float
        T, chosen here.
    target : float
        FPIR a journey; where fewer than 1 / target strangers are shared, one in them.
    retune : bool
        Whether a threshold of its own is asked for.

    Raises
    ------
    NotMeasured
        Nobody walks in both.
    """
    one, two = aligned(here.table, there.table)
    rank = here.study.scenario.rank
    curves = [open_set_curve_of_searches(found, rank) for found in (one, two)]
    rng = np.random.default_rng(SEED)
    carried = differences_at_thresholds(one, two, (threshold, threshold), rank=rank, rng=rng)
    strangers = int((~one.mated).sum())
    goal = max(target, 1 / strangers) if strangers > 1 else target
    retuned, gain, alike = None, {}, None
    if retune:
        try:
            retuned = curves[1].threshold_at_fpir(goal)
            gain = differences_at_thresholds(two, two, (threshold, retuned.threshold), rank=rank, rng=rng)
            alike = difference_at_fpir(one, two, goal, rank=rank, rng=rng)
        except (UnattainableTarget, NotMeasured):
            retuned, gain, alike = None, {}, None
    return Elsewhere(
        name, threshold, curves[0].at(threshold), curves[1].at(threshold), carried, retuned, gain, alike, goal
    )


def aligned(here: Comparisons, there: Comparisons) -> tuple[Searches, Searches]:
    """What the journeys that both tables have found among the people whom both lists have, in the same order.

    Somebody who is on one list alone is left out with their journeys: an enrolled person here, a stranger there.

    Raises
    ------
    NotMeasured
        There is no such journey.
    """
    listed = np.intersect1d(here.enrolled, there.enrolled)
    alone = np.setxor1d(here.enrolled, there.enrolled)
    one, two = (table.probe_id[~np.isin(table.probe_subject, alone)] for table in (here, there))
    both = np.intersect1d(one, two)
    if not len(both):
        raise NotMeasured("nobody walks under both conditions, so they cannot be compared person by person")
    first, second = (searches(_among(table, both, listed)) for table in (here, there))
    return first, second


def _among(table: Comparisons, probes: TextArray, listed: TextArray) -> Comparisons:
    """The journeys `probes`, in their order, against the people `listed`."""
    order = np.argsort(table.probe_id)
    rows = order[np.searchsorted(table.probe_id[order], probes)]
    columns = np.flatnonzero(np.isin(table.reference_subject, listed))
    return Comparisons(
        np.asarray(table.score)[np.ix_(rows, columns)],
        table.probe_id[rows],
        table.probe_subject[rows],
        table.reference_id[columns],
        table.reference_subject[columns],
        listed,
        pack=table.pack,
        synthetic=table.synthetic,
    )

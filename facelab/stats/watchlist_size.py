"""A threshold for each size of a watchlist, and the false alarms there: measured where tested, extrapolated beyond.

Up to the N subjects tested everything is counted: FPIR of a random n of them, averaged over all such n
(`facelab.stats.scaling`). Beyond N two models stand in for what was not tested, and both are said:

- FPIR(n, T) <= n FMR(T), FMR a stranger against one subject: the union bound, true in the middle over watchlists of
  such people however they resemble each other, and close where FPIR is small;
- FMR(T) far above the scores seen from the generalised Pareto tail of the strangers' comparisons
  (`facelab.stats.tail`), with its interval; asked at most `REACH` times below one in the comparisons.

The trial is what the table has a row for: a passage, or a journey (`facelab.stats.journeys`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats._given import plain
from facelab.stats.gallery_threshold import threshold_for_gallery
from facelab.stats.scaling import fpir_by_gallery_size, non_mated_side
from facelab.stats.tail import Tail, tail_of
from facelab.stats.workload import Estimate

if TYPE_CHECKING:
    from facelab.stats.searches import Searches
    from facelab.types import Comparisons

Basis = Literal["measured", "extrapolated", "cannot tell"]
REACH = 100.0


@dataclass(frozen=True)
class SizedThreshold:
    """A threshold for a target FPIR with so many people on the list.

    Parameters
    ----------
    size, target : int, float
        n, and the FPIR wanted.
    threshold : float or None
        The smallest that keeps it; None where this data cannot tell.
    basis : {"measured", "extrapolated", "cannot tell"}
        What it rests on.
    certified : float or None
        The smallest whose one-sided 95 % bound keeps it too.
    reason : str
        Why nothing can be told, or what was extrapolated.
    """

    size: int
    target: float
    threshold: float | None
    basis: Basis
    certified: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("size", "target", "threshold", "basis", "certified", "reason")
        return {name: plain(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class SizedRate:
    """FPIR at one threshold with so many people on the list, its interval, and what it rests on."""

    size: int
    threshold: float
    fpir: Estimate
    basis: Basis
    note: str = ""


def strangers_tail(comparisons: Comparisons, rng: np.random.Generator) -> Tail:
    """The generalised Pareto tail of every stranger against every reference.

    Parameters
    ----------
    comparisons : Comparisons
        One column a subject is best; only the rows of people who are not enrolled are used.
    rng : numpy.random.Generator
        Of the goodness of fit.

    Raises
    ------
    NotMeasured
        Too few comparisons or people, or a tail that is not generalised Pareto.
    """
    rows = np.flatnonzero(~comparisons.mated)
    score = np.asarray(comparisons.score, np.float64)[rows]
    at = np.nonzero(~np.isnan(score))
    if not len(at[0]):
        raise NotMeasured("there is no comparison of a stranger: no tail")
    who = comparisons.probe_subject[rows]
    who = np.where(who == "", comparisons.probe_id[rows], who)
    first = np.char.add("probe ", who)[at[0]]
    second = np.char.add("reference ", comparisons.reference_subject)[at[1]]
    return tail_of(score[at], first, second, rng=rng)


def sized_threshold(searches: Searches, tail: Tail | None, target: float, size: int) -> SizedThreshold:
    """The smallest threshold that keeps FPIR at `target` with `size` people on the list.

    Parameters
    ----------
    searches : Searches
        Those that choose.
    tail : Tail or None
        Of the same people's comparisons; None where there is none, and then nothing is extrapolated.
    target : float
        FPIR, in (0, 1).
    size : int
        n, 1 or more.

    Returns
    -------
    SizedThreshold
        Measured where n <= N and the searches resolve the target; else by union bound and tail; else none.
    """
    try:
        found = threshold_for_gallery(searches, target, size)
        if not found.extrapolated:
            return SizedThreshold(size, target, found.threshold, "measured", found.certified, found.note)
        reason = ""
    except UnattainableTarget as error:
        reason = str(error)
    if tail is None:
        lacking = reason or "more people than were tested, and no tail to go on with"
        return SizedThreshold(size, target, None, "cannot tell", reason=lacking)
    goal = target / size
    if goal >= tail.share:
        side = non_mated_side(searches)
        threshold = side.smallest_threshold(lambda t: side.fmr(t) <= goal)
        return SizedThreshold(size, target, threshold, "extrapolated", reason=f"n FMR, FMR of {goal:.1e} counted")
    try:
        beyond = tail.threshold(goal, reach=REACH)
    except (UnattainableTarget, BadInput) as error:
        return SizedThreshold(size, target, None, "cannot tell", reason=str(error))
    said = f"n FMR, FMR of {goal:.1e} from a tail of {tail.exceedances} scores"
    return SizedThreshold(size, target, beyond.threshold, "extrapolated", beyond.certified, said)


def sized_fpir(
    searches: Searches, tail: Tail | None, threshold: float, size: int, *, confidence: float = 0.95
) -> SizedRate:
    """FPIR at `threshold` with `size` people on the list.

    Parameters
    ----------
    searches : Searches
        Those that report.
    tail : Tail or None
        As `sized_threshold` takes it; without one the ends beyond N are those of the concave growth from FPIR(N).
    threshold : float
        T.
    size : int
        n, 1 or more.
    confidence : float
        Two-sided.
    """
    scale = fpir_by_gallery_size(searches, threshold, [size], confidence=confidence)
    counted = Estimate(float(scale.fpir[0]), float(scale.low[0]), float(scale.high[0]))
    if not scale.extrapolated[0]:
        return SizedRate(size, threshold, counted, "measured", scale.note)
    if tail is None or threshold < tail.start:
        return SizedRate(size, threshold, counted, "extrapolated", scale.note)
    ends = tail.interval(threshold, confidence)
    value, low, high = (min(1.0, size * rate) for rate in (tail.fmr(threshold), ends.low, ends.high))
    return SizedRate(size, threshold, Estimate(value, low, high), "extrapolated", ends.note)

"""What a threshold means for a site, from searches: its workload, journeys that end without an alert, alerts a day.

A *journey* is all searches of one enrolled person taken together: each of them was seen by every camera once. People
missed a year follow from journeys, because the cameras miss the same people. Alerts a day at every threshold are

    false = P (1 - pi) FPIR(T),      true = P pi (1 - FNIR(T)),

P passages a day and pi the prevalence (`facelab.stats.workload`), with the person-level band of each rate; wrong names
on enrolled people, of which there are at most P pi a day, are in `workload_at` and not in the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats._given import plain
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.workload import Site, Workload, workload

if TYPE_CHECKING:
    import pandas as pd

    from facelab.stats._given import FloatArray
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.rates import Rate
    from facelab.stats.searches import Searches


def journey_miss(found: Searches, threshold: float, rank: int = 1) -> Rate:
    """The share of enrolled people none of whose searches finds them: one trial a person.

    Parameters
    ----------
    found : Searches
        Those of one person are one journey past all cameras.
    threshold, rank : float, int
        T and R; a search finds its person who is within rank R and at or above T.

    Raises
    ------
    NotMeasured
        No mated search.
    """
    if not found.mated.any():
        raise NotMeasured("there is no mated search, so there is no journey to miss")
    hit = found.mated & (found.rank >= 1) & (found.rank <= rank)
    hit &= np.nan_to_num(found.mate_score, nan=-np.inf) >= threshold
    who, journey = np.unique(found.person[found.mated], return_inverse=True)
    hits = np.bincount(journey, weights=hit[found.mated], minlength=len(who))
    return rate_of(PeopleTrials(np.arange(len(who)), "people"), np.asarray(hits == 0), "missed journeys")


def workload_at(
    curve: OpenSetCurve, threshold: float, site: Site, *, journeys: bool = True, confidence: float = 0.95
) -> Workload:
    """The workload at `threshold`, with every rate and its interval as `curve` measured it.

    Parameters
    ----------
    curve : OpenSetCurve
        At the site's gallery size; `facelab.stats.scaling` is for another.
    threshold : float
        T.
    site : Site
        Passengers, prevalence, cameras, review time.
    journeys : bool
        Whether one person's searches are one journey past all cameras; without it people missed a year stay unknown
        where there are several.
    confidence : float
        Of every interval.
    """
    point = curve.at(threshold)
    missed = journey_miss(curve.searches, threshold, curve.rank) if journeys and curve.mated else None
    return workload(
        site,
        point.fpir,
        point.fnir,
        misidentification=point.misidentification,
        journey_miss=missed,
        confidence=confidence,
    )


@dataclass(frozen=True, eq=False)
class AlertCurve:
    """Alerts a day at k thresholds, each with its interval; shapes (k,).

    Parameters
    ----------
    site : Site
        As given.
    thresholds : array
        Rising.
    false, false_low, false_high, true, true_low, true_high : arrays
        Alerts a day.
    confidence : float
        Of each interval by itself.
    """

    site: Site
    thresholds: FloatArray
    false: FloatArray
    false_low: FloatArray
    false_high: FloatArray
    true: FloatArray
    true_low: FloatArray
    true_high: FloatArray
    confidence: float

    _COLUMNS = ("thresholds", "false", "false_low", "false_high", "true", "true_low", "true_high")

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a threshold."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in self._COLUMNS})

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        columns = {name: plain(getattr(self, name)) for name in self._COLUMNS}
        return {"site": plain(self.site), "confidence": self.confidence} | columns

    def __repr__(self) -> str:
        first, last = f"{self.false[0]:.3g}", f"{self.false[-1]:.3g}"
        return f"false alerts a day from {first} to {last} over {len(self.thresholds)} thresholds"


def alert_curve(curve: OpenSetCurve, site: Site, confidence: float = 0.95) -> AlertCurve:
    """False and true alerts a day at the thresholds of `curve`, with person-level bands.

    Raises
    ------
    NotMeasured
        No non-mated or no mated search.
    """
    if not curve.mated or not curve.non_mated:
        raise NotMeasured("alerts a day need searches of strangers and of enrolled people, one of them is missing")
    fpir, fnir = curve.band("FPIR", None, confidence), curve.band("FNIR", None, confidence)
    strangers, enrolled = site.passages_a_day * (1 - site.prevalence), site.passages_a_day * site.prevalence
    return AlertCurve(
        site=site,
        thresholds=fpir.thresholds,
        false=strangers * fpir.rate,
        false_low=strangers * fpir.low,
        false_high=strangers * fpir.high,
        true=enrolled * (1 - fnir.rate),
        true_low=enrolled * (1 - fnir.high),
        true_high=enrolled * (1 - fnir.low),
        confidence=confidence,
    )

"""What error rates mean on the floor: alerts a day, whether to believe one, review hours, people missed, cost.

Symbols: P passages a day, pi the prevalence *a passage* (share of passages of enrolled people), FPIR, TPIR = 1 - FNIR,
MIDR the misidentification rate (searches of enrolled people that name somebody else first).

    false alerts a day = P ((1 - pi) FPIR + pi MIDR)        true alerts a day = P pi TPIR
    PPV = true / (true + false)                             review hours = alerts * minutes / 60

A wrong-name alert on an enrolled person is a false alert too. Every figure has an interval that carries the rates' own
person-level uncertainty: sums by the method of variance estimates recovery (MOVER), the ratio in PPV by its ratio form
(Zou and Donner, Statistics in Medicine 27, 2008; Donner and Zou, Statistical Methods in Medical Research 21, 2012). The
prevalence and the counts of passengers are taken as given. People missed a year follow from the *measured* miss rate of
a whole journey, never from FNIR to the power of the cameras: the cameras miss the same people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import plain, within
from facelab.stats.rates import Rate


@dataclass(frozen=True)
class Site:
    """What a site says of itself.

    Parameters
    ----------
    passengers_a_day : float
        People who come in a day.
    prevalence : float
        pi, the share of passages that are of enrolled people, in [0, 1].
    cameras : float
        Cameras that each passenger passes (passages a passenger).
    minutes_a_review : float
        Work that one alert makes, minutes.
    shifts_a_day : float
        Shifts of the monitoring room.
    days_a_year : float
        Days of operation.

    Examples
    --------
    >>> Site(40_000, 1e-5, cameras=3).passages_a_day
    120000.0
    """

    passengers_a_day: float
    prevalence: float
    cameras: float = 1.0
    minutes_a_review: float = 2.0
    shifts_a_day: float = 3.0
    days_a_year: float = 365.0

    def __post_init__(self) -> None:
        within("prevalence", self.prevalence, 0.0, 1.0, ends=True)
        for name in ("passengers_a_day", "cameras", "shifts_a_day", "days_a_year"):
            if not 0 < getattr(self, name) < np.inf:
                raise BadInput(f"must be above 0, it is {getattr(self, name)}", place=name)
        if not 0 <= self.minutes_a_review < np.inf:
            raise BadInput(f"must be at least 0, it is {self.minutes_a_review}", place="minutes_a_review")

    @property
    def passages_a_day(self) -> float:
        """P = passengers a day times cameras each passes."""
        return float(self.passengers_a_day * self.cameras)


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; without one (a rate was given as a bare number) low and high are NaN."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """The figure in another unit (a factor of at least 0)."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, other: Estimate) -> Estimate:
        """The sum of two independent figures: v - sqrt(sum (v_i - l_i)^2) to v + sqrt(sum (u_i - v_i)^2) (MOVER)."""
        value = self.value + other.value
        low = value - float(np.hypot(self.value - self.low, other.value - other.low))
        high = value + float(np.hypot(self.high - self.value, other.high - other.value))
        return Estimate(value, max(low, 0.0) if np.isfinite(low) else low, high)

    def over(self, other: Estimate) -> Estimate:
        """The ratio of two independent, non-negative figures (MOVER-R, Donner and Zou 2012, equation 9)."""
        if not other.value > 0:
            return Estimate(np.inf if self.value > 0 else np.nan, np.nan, np.nan)
        a, b = self, other
        low = _ratio_end(a.value, b.value, a.low, b.high, -1.0)
        if np.isnan(b.low) or np.isnan(a.high):
            return Estimate(a.value / b.value, np.nan, np.nan)
        high = _ratio_end(a.value, b.value, a.high, b.low, 1.0) if b.low > 0 else np.inf
        return Estimate(a.value / b.value, max(low, 0.0) if np.isfinite(low) else low, high)

    def __repr__(self) -> str:
        if np.isnan(self.low):
            return f"{self.value:.3g} (no interval: a rate was given as a number)"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; null where there is no end."""
        return {"value": plain(self.value), "low": plain(self.low), "high": plain(self.high)}


def _ratio_end(top: float, bottom: float, top_end: float, bottom_end: float, sign: float) -> float:
    """(t b + sign sqrt((t b)^2 - t' b' (2 t - t') (2 b - b'))) / (b' (2 b - b')), t' and b' the ends that count."""
    denominator = bottom_end * (2 * bottom - bottom_end)
    product = top * bottom
    inner = product**2 - top_end * bottom_end * (2 * top - top_end) * (2 * bottom - bottom_end)
    root = float(np.sqrt(max(inner, 0.0))) if not np.isnan(inner) else np.nan
    if abs(denominator) < 1e-12 * bottom**2:
        return top_end * (2 * top - top_end) / (2 * product) if product > 0 else 0.0
    return (product + sign * root) / denominator


def estimate(rate: Rate | float, confidence: float = 0.95) -> Estimate:
    """A rate with its person-level interval; a bare number in [0, 1] has none."""
    if isinstance(rate, Rate):
        ends = rate.interval(confidence)
        return Estimate(rate.value, ends.low, ends.high)
    value = within("rate", rate, 0.0, 1.0, ends=True)
    return Estimate(value, float("nan"), float("nan"))


def complement(part: Estimate) -> Estimate:
    """One minus a share: TPIR of FNIR."""
    return Estimate(1 - part.value, 1 - part.high, 1 - part.low)


def positive_predictive_value(
    fpir: Estimate, tpir: Estimate, prevalence: float, misidentification: Estimate | None = None
) -> Estimate:
    """PPV = pi TPIR / (pi (TPIR + MIDR) + (1 - pi) FPIR): how many alerts in one are right.

    As 1 / (1 + F / (pi TPIR)), F the false alerts a passage, with the interval of that ratio.

    Examples
    --------
    >>> round(positive_predictive_value(Estimate(1e-3, 1e-3, 1e-3), Estimate(0.9, 0.9, 0.9), 1e-3).value, 4)
    0.4739
    """
    false = fpir.times(1 - prevalence)
    if misidentification is not None:
        false = false.plus(misidentification.times(prevalence))
    true = tpir.times(prevalence)
    if true.value <= 0:
        return Estimate(0.0 if false.value > 0 else float("nan"), float("nan"), float("nan"))
    odds = false.over(true)
    return Estimate(1 / (1 + odds.value), 1 / (1 + odds.high), 1 / (1 + odds.low))


@dataclass(frozen=True)
class Workload:
    """What a threshold means for a site, every figure with its interval.

    Parameters
    ----------
    site : Site
        As given.
    false_alerts_a_day, true_alerts_a_day, alerts_a_day, alerts_a_shift, review_hours_a_day : Estimate
        Means over days.
    busy_day : int
        Alerts that 95 % of days do not exceed, at the estimated rates (Poisson); no interval of its own.
    ppv : Estimate
        Share of alerts that are right.
    missed_a_year : Estimate or None
        Journeys of enrolled people without an alert; None where no journey's miss rate was measured.
    notes : tuple of str
        What the reader must know.
    confidence : float
        Of the intervals.
    """

    site: Site
    false_alerts_a_day: Estimate
    true_alerts_a_day: Estimate
    alerts_a_day: Estimate
    alerts_a_shift: Estimate
    review_hours_a_day: Estimate
    busy_day: int
    ppv: Estimate
    missed_a_year: Estimate | None
    notes: tuple[str, ...]
    confidence: float

    def __repr__(self) -> str:
        missed = "not measured" if self.missed_a_year is None else repr(self.missed_a_year)
        return (
            f"a day: {self.false_alerts_a_day!r} false and {self.true_alerts_a_day!r} true alerts, "
            f"{self.review_hours_a_day!r} review hours; an alert is right with probability {self.ppv!r}; "
            f"people missed a year: {missed}"
        )

    _FIGURES = (
        "false_alerts_a_day",
        "true_alerts_a_day",
        "alerts_a_day",
        "alerts_a_shift",
        "review_hours_a_day",
        "ppv",
    )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        missed = None if self.missed_a_year is None else self.missed_a_year.to_dict()
        figures = {name: getattr(self, name).to_dict() for name in self._FIGURES}
        rest = {"busy_day": self.busy_day, "missed_a_year": missed, "notes": list(self.notes)}
        return {"site": plain(self.site), "confidence": self.confidence} | figures | rest


def workload(
    site: Site,
    fpir: Rate | float,
    fnir: Rate | float,
    *,
    misidentification: Rate | float | None = None,
    journey_miss: Rate | float | None = None,
    confidence: float = 0.95,
) -> Workload:
    """What the error rates of one threshold mean for a site.

    Parameters
    ----------
    site : Site
        Passengers, prevalence, cameras, review time.
    fpir, fnir : Rate or float
        A passage past one camera, at the site's gallery size (`facelab.stats.scaling` for another size).
    misidentification : Rate or float, optional
        MIDR, a passage; wrong names on enrolled people count as false alerts.
    journey_miss : Rate or float, optional
        Measured share of the journeys of enrolled people without any right alert (`FirstAlerts.missed`). With one
        camera a journey is a passage, and FNIR stands in.
    confidence : float
        Of every interval.
    """
    within("confidence", confidence, 0.0, 1.0)
    notes = []
    false_rate, miss_rate = estimate(fpir, confidence), estimate(fnir, confidence)
    wrong_name = None if misidentification is None else estimate(misidentification, confidence)
    if wrong_name is None:
        notes.append("wrong names on enrolled people are not counted: no misidentification rate was given")
    if not all(isinstance(rate, Rate) for rate in (fpir, fnir)):
        notes.append("a rate was given as a number, so its uncertainty is not carried")
    hit_rate = complement(miss_rate)
    P, pi = site.passages_a_day, site.prevalence
    false = false_rate.times(P * (1 - pi))
    if wrong_name is not None:
        false = false.plus(wrong_name.times(P * pi))
    true = hit_rate.times(P * pi)
    alerts = false.plus(true)
    missed, note = _missed(site, miss_rate, journey_miss, confidence)
    return Workload(
        site,
        false,
        true,
        alerts,
        alerts.times(1 / site.shifts_a_day),
        alerts.times(site.minutes_a_review / 60),
        _busy(alerts.value),
        positive_predictive_value(false_rate, hit_rate, pi, wrong_name),
        missed,
        (*notes, *note),
        confidence,
    )


def _busy(mean: float) -> int:
    """The 95 % quantile of a Poisson count."""
    from scipy.special import pdtrik

    return int(np.ceil(max(float(pdtrik(0.95, mean)), 0.0) - 1e-9)) if mean > 0 else 0


def _missed(
    site: Site, passage_miss: Estimate, journey_miss: Rate | float | None, confidence: float
) -> tuple[Estimate | None, list[str]]:
    """People missed a year, and what to know of it."""
    journeys = site.passengers_a_day * site.prevalence * site.days_a_year
    if journey_miss is not None:
        return estimate(journey_miss, confidence).times(journeys), []
    if site.cameras == 1:
        return passage_miss.times(journeys), []
    return None, ["people missed a year are unknown: measure the miss rate of a whole journey past all cameras"]


def alerts_a_day(site: Site, fpir: Any, fnir: Any) -> tuple[Any, Any]:
    """False and true alerts a day for arrays of FPIR and FNIR, such as a whole curve; without misidentifications."""
    P, pi = site.passages_a_day, site.prevalence
    return P * (1 - pi) * np.asarray(fpir, dtype=np.float64), P * pi * (1 - np.asarray(fnir, dtype=np.float64))

"""What a watchlist of each size means at departures: threshold, false alarms a shift, PPV, missed people, operators.

The threshold is the lowest that keeps the innocent people alarmed in a shift at the site's number, so the target is

    FPIR a journey = alarmed a shift * shifts a day / (passengers a day * (1 - prevalence))

Measured up to the watchlist that was tested, extrapolated beyond (`facelab.stats.watchlist_size`). Missed people are
counted at that threshold on the journeys that were there; that a larger watchlist could outrank the right person is
left out, since at a threshold so high that hardly anybody is alarmed hardly anybody outranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.stats.operators import AlarmQueue, operators_needed
from facelab.stats.watchlist_size import SizedRate, SizedThreshold, sized_fpir, sized_threshold
from facelab.stats.workload import Estimate, complement, estimate, positive_predictive_value

if TYPE_CHECKING:
    from facelab.config_sites import DeparturesSite
    from facelab.experiments.sites.departures_journeys import Journeys
    from facelab.stats.rates import Rate


@dataclass(frozen=True)
class Flow:
    """Passengers who come: how many a day, and how many of them are wanted."""

    name: str
    passengers_a_day: float
    prevalence: float


@dataclass(frozen=True)
class ListAnswer:
    """What a watchlist of one size means for one flow of passengers.

    Parameters
    ----------
    flow : Flow
        Who comes.
    chosen : SizedThreshold
        The threshold and what it rests on.
    rate : SizedRate
        FPIR a journey there.
    missed : Rate
        Journeys of wanted people without a right alarm.
    false_a_shift : Estimate
        Innocent people alarmed in a shift.
    ppv : Estimate
        Share of the alarmed people who are the person alleged.
    operators : (AlarmQueue, AlarmQueue, AlarmQueue)
        In the busiest hour: for as many innocent people as are planned, and for both ends of what was found.
    ppv_planned : float
        Share of the alarmed people who are the person alleged, where as many innocent ones are alarmed as planned.
    """

    flow: Flow
    chosen: SizedThreshold
    rate: SizedRate
    missed: Rate
    false_a_shift: Estimate
    ppv: Estimate
    operators: tuple[AlarmQueue, AlarmQueue, AlarmQueue]
    ppv_planned: float

    @property
    def threshold(self) -> float:
        """T."""
        return self.rate.threshold


def target_of(site: DeparturesSite, flow: Flow) -> float:
    """The FPIR a journey at which the site's number of innocent people is alarmed in a shift; below 1/2."""
    strangers = flow.passengers_a_day * (1 - flow.prevalence)
    return min(site.false_alarms_a_shift * site.shifts_a_day / strangers, 0.5)


def flows_of(site: DeparturesSite) -> tuple[Flow, ...]:
    """International departures, and the domestic ones where the site asks for them."""
    flows = [Flow("international departures", site.passengers_a_day, site.prevalence)]
    if site.domestic_passengers_a_day is not None:
        share = site.prevalence if site.domestic_prevalence is None else site.domestic_prevalence
        flows.append(Flow("domestic departures", site.domestic_passengers_a_day, share))
    return tuple(flows)


def list_answer(
    journeys: Journeys, site: DeparturesSite, flow: Flow, size: int, *, repeats: float = 1.0
) -> ListAnswer | SizedThreshold:
    """What `size` people on the watchlist mean for `flow`; the bare threshold where this data cannot tell one.

    Parameters
    ----------
    journeys : Journeys
        Its strangers choose, the others and everybody enrolled report.
    site, flow : DeparturesSite, Flow
        The floor, and who comes.
    size : int
        People on the list.
    repeats : float
        Alarms that one alarmed journey raises.
    """
    chosen = sized_threshold(journeys.chosen_on, journeys.tail, target_of(site, flow), size)
    if chosen.threshold is None:
        return chosen
    return answer_at(journeys, site, flow, chosen, repeats=repeats)


def answer_at(
    journeys: Journeys, site: DeparturesSite, flow: Flow, chosen: SizedThreshold, *, repeats: float = 1.0
) -> ListAnswer:
    """The same at a threshold that is already there."""
    confidence = journeys.study.scenario.confidence
    threshold = float(chosen.threshold if chosen.threshold is not None else 1.0)
    searches = journeys.curve.searches
    tail = journeys.tail if chosen.basis == "extrapolated" else None
    rate = sized_fpir(searches, tail, threshold, chosen.size, confidence=confidence)
    missed = journeys.curve.at(threshold).fnir
    found = complement(estimate(missed, confidence))
    false_a_day = rate.fpir.times(flow.passengers_a_day * (1 - flow.prevalence))
    true_a_day = found.times(flow.passengers_a_day * flow.prevalence)
    alarms = false_a_day.plus(true_a_day).times(repeats)
    planned = site.false_alarms_a_shift * site.shifts_a_day
    right = true_a_day.value / (true_a_day.value + planned)
    return ListAnswer(
        flow,
        chosen,
        rate,
        missed,
        false_a_day.times(1 / site.shifts_a_day),
        positive_predictive_value(rate.fpir, found, flow.prevalence),
        (
            _queue(site, repeats * (planned + true_a_day.value)),
            _queue(site, alarms.low),
            _queue(site, alarms.high),
        ),
        right,
    )


def _queue(site: DeparturesSite, alarms_a_day: float) -> AlarmQueue:
    return operators_needed(
        alarms_a_day * site.busiest_hour, site.minutes_a_review, within_s=site.pickup_s, share=site.pickup_share
    )

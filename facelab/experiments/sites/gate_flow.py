"""How long a passenger takes, how long the queue gets, and how many an hour the gates can take.

Transaction times are measured: first sight to decision in the footage, retries and their pauses included. Queues are
simulated from them: passengers come at the rates that the site gives, take as long as measured passengers did (drawn
anew by person in each run), hold the gate until it is clear, and whoever is rejected leaves for the manual lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.sites.gate_words import figure, seconds
from facelab.report.site_answer import Section, Table
from facelab.stats.gate_queue import HOUR, QueueForecast, mean_wait_exponential_s, most_an_hour, queue_forecast
from facelab.stats.transaction_times import quantile_by_person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.config_sites import GateSite
    from facelab.experiments.sites.gate_policy import ChosenPolicy
    from facelab.stats.retries import Transactions
    from facelab.stats.workload import Estimate

SEARCHED = 100


@dataclass(frozen=True, eq=False)
class GateFlow:
    """Times and queues under one policy.

    Parameters
    ----------
    half_s, most_s : Estimate
        Within which half and 95 of 100 transactions of enrolled passengers are decided, s.
    first_s : Estimate
        The latter of single attempts.
    departures, boarding : QueueForecast
        Simulated.
    gates_needed, flight_gates_needed : int or None
        The fewest gates at which 95 of 100 passengers of a run wait no longer than the site wants, on average over
        runs; None where a hundred are not enough.
    desks : int
        Manual desks at which the mean wait is no longer than that, in the busiest stretch (Erlang C).
    one_gate_an_hour : float
        Passengers an hour that a single gate can take.
    """

    half_s: Estimate
    most_s: Estimate
    first_s: Estimate
    departures: QueueForecast
    boarding: QueueForecast
    gates_needed: int | None
    flight_gates_needed: int | None
    desks: int
    one_gate_an_hour: float


def gate_flow(chosen: ChosenPolicy, site: GateSite, confidence: float) -> GateFlow:
    """Times and queues of the enrolled passengers under `chosen`."""
    found = chosen.policy.found
    own = found.mated
    time, person = found.seconds[own], found.person[own]
    first = chosen.attempts
    services = time + site.clear_s
    departing = [(60 * minutes, rate) for minutes, rate in site.departure_peak]
    boarding = [(60 * minutes, rate) for minutes, rate in site.boarding_peak]

    def forecast(profile: list[tuple[float, float]], gates: int, runs: int) -> QueueForecast:
        """The queue at so many gates, the same passengers at any number of them."""
        rng = np.random.default_rng([site.seed, len(profile)])
        return queue_forecast(profile, services, person, gates, runs=runs, rng=rng, confidence=confidence)

    def fewest(profile: list[tuple[float, float]]) -> int | None:
        """The fewest gates whose wait the site accepts."""
        at_peak = max(rate for _, rate in profile)
        begin = max(1, ceil(0.5 * at_peak / most_an_hour(services, 1)))
        runs = min(site.runs, 40)
        waits = ((gates, forecast(profile, gates, runs).wait_95_s.value) for gates in range(begin, SEARCHED + 1))
        return next((gates for gates, wait in waits if wait <= site.wait_at_most_s), None)

    return GateFlow(
        quantile_by_person(time, person, 0.5, confidence),
        quantile_by_person(time, person, 0.95, confidence),
        quantile_by_person(first.seconds[first.mated], first.person[first.mated], 0.95, confidence),
        forecast(departing, site.gates, site.runs),
        forecast(boarding, site.gates_a_flight, site.runs),
        fewest(departing),
        fewest(boarding),
        desks_needed(found, site),
        most_an_hour(services, 1),
    )


def desks_needed(found: Transactions, site: GateSite) -> int:
    """Manual desks for those whom the departure gates reject in the busiest stretch, the unenrolled included."""
    manual = found.manual.value * (1 - site.unenrolled_share)
    if found.fpir.trials:
        manual += site.unenrolled_share * (1 - found.fpir.value)
    an_hour = max(rate for _, rate in site.departure_peak) * manual
    desks = max(1, ceil(an_hour * site.manual_s / HOUR))
    while mean_wait_exponential_s(an_hour, site.manual_s, desks) > site.wait_at_most_s:
        desks += 1
    return desks


def flow_section(flows: Sequence[tuple[ChosenPolicy, GateFlow]], site: GateSite) -> Section:
    """Times and queues as evidence."""
    rows = []
    for chosen, flow in flows:
        for place, gates, forecast, needed in (
            ("departures", site.gates, flow.departures, flow.gates_needed),
            ("one flight", site.gates_a_flight, flow.boarding, flow.flight_gates_needed),
        ):
            rows.append(
                (
                    f"{chosen.rule}, up to {chosen.policy.found.tries}",
                    f"{place}, {gates} gates",
                    f"{forecast.passengers:,.0f}",
                    figure(forecast.mean_wait_s),
                    figure(forecast.wait_95_s),
                    figure(forecast.longest),
                    figure(forecast.most_an_hour),
                    "more than 100" if needed is None else f"{needed}",
                )
            )
    columns = (
        "the gate decides by",
        "where",
        "passengers in the peak",
        "mean wait, s",
        "95 of 100 wait at most, s",
        "longest queue",
        "gates can take an hour",
        f"gates for {site.wait_at_most_s:g} s",
    )
    sentences = [
        f"{chosen.rule}: half of all transactions of enrolled passengers are decided within {seconds(flow.half_s)}, 95 "
        f"of 100 within {seconds(flow.most_s)}; of first attempts alone 95 of 100 within {seconds(flow.first_s)}."
        for chosen, flow in flows
    ]
    sentences.append(
        f"Simulated {flows[0][1].departures.runs} times from these times: arrivals by the site's peaks (Poisson), "
        f"{site.clear_s:g} s until the gate is clear, people drawn anew in each run; intervals are those of the runs. "
        "The simulation agrees with Erlang's and Pollaczek and Khinchine's formulas and with Little's law where those "
        "apply."
    )
    flights = site.boarding_gates // site.gates_a_flight
    sentences.append(
        f"{site.boarding_gates} boarding gates are {flights} flights at a time with {site.gates_a_flight} gates each; "
        "each flight has its own queue. For all gates later: one gate takes "
        f"{flows[0][1].one_gate_an_hour:,.0f} passengers an hour at most, and nine tenths of that without a queue that "
        "keeps growing by chance."
    )
    caption = "simulated from measured times and rejections"
    return Section(
        "Seconds, queues and passengers an hour",
        tuple(sentences),
        Table(columns, tuple(rows), caption),
        ("gate_times",),
    )

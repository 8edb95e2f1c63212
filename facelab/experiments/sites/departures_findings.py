"""Everything that is found out for a departures hall, before a word is said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from facelab.config_sites import DeparturesSite
from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.experiments.alert_rules import RULES
from facelab.experiments.sites.departures_elsewhere import Elsewhere, elsewhere
from facelab.experiments.sites.departures_journeys import Journeys
from facelab.experiments.sites.departures_lists import (
    Flow,
    ListAnswer,
    answer_at,
    flows_of,
    list_answer,
    target_of,
)
from facelab.experiments.sites.departures_marks import missed_by_mark
from facelab.experiments.sites.departures_moments import AlarmMoments, alarm_moments
from facelab.experiments.sites.other import other_study
from facelab.stats.hubs import FalseAlerts, HubEffect, false_alerts_by_reference, hub_effect
from facelab.stats.watchlist_size import SizedThreshold, sized_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facelab.experiments.study import Study
    from facelab.stats.points import OperatingPoint

LOOSE = 0.2
"""Share of strangers alarmed at the threshold at which references are asked who causes it: many alarms, to tell them
apart by."""
SECOND = "second airport"


@dataclass(frozen=True, eq=False)
class RuleFound:
    """A confirmation rule at its own threshold for the same FPIR a journey with the tested watchlist."""

    name: str
    point: OperatingPoint
    moments: AlarmMoments


@dataclass(frozen=True, eq=False)
class Culprits:
    """Which references cause the false alarms: at the site's threshold, and at one at which many alarm."""

    at_threshold: FalseAlerts
    loose: FalseAlerts
    effect: HubEffect


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found out for a departures hall.

    Parameters
    ----------
    study, site : Study, DeparturesSite
        The scenario's.
    journeys : Journeys
        Under the rule in force.
    flows : tuple of Flow
        International passengers, and domestic ones where they are asked for.
    lists : tuple of ListAnswer or SizedThreshold
        For international passengers, a size of the watchlist each; a bare threshold where nothing could be told.
    domestic : ListAnswer, SizedThreshold or None
        For domestic passengers and the first size, past the cameras that they pass.
    moments : AlarmMoments or None
        At the first list's threshold.
    rules : tuple of RuleFound
        The confirmation rules side by side.
    culprits : Culprits or None
        Which references cause false alarms.
    second : Elsewhere or None
        The second airport.
    hard : tuple of Elsewhere
        Masked, blurred passengers.
    """

    study: Study
    site: DeparturesSite
    journeys: Journeys
    flows: tuple[Flow, ...]
    lists: tuple[ListAnswer | SizedThreshold, ...]
    domestic: ListAnswer | SizedThreshold | None
    moments: AlarmMoments | None
    rules: tuple[RuleFound, ...]
    culprits: Culprits | None
    second: Elsewhere | None
    hard: tuple[Elsewhere, ...]

    @property
    def first(self) -> ListAnswer | None:
        """The answer for the first watchlist; None where nothing could be told."""
        return self.lists[0] if isinstance(self.lists[0], ListAnswer) else None

    @property
    def target(self) -> float:
        """FPIR a journey at which the site's number of innocent people is alarmed."""
        return target_of(self.site, self.flows[0])


def findings(study: Study) -> Findings:
    """Everything that the answer of `study` rests on.

    Raises
    ------
    BadInput
        The scenario's site is no departures hall.
    NotMeasured
        There are too few people to choose a threshold on.
    """
    site = study.scenario.site
    if not isinstance(site, DeparturesSite):
        raise BadInput("the scenario's site is no departures hall", place="site")
    journeys = Journeys(study, study.scenario.alerts, live=site.live)
    flows = flows_of(site)
    least = list_answer(journeys, site, flows[0], min(site.watchlists))
    first = least.threshold if isinstance(least, ListAnswer) else None
    moments = None if first is None else alarm_moments(journeys, first)
    repeats = 1.0 if moments is None else moments.repeats
    lists = rising_lists(journeys, site, flows[0], repeats)
    return Findings(
        study,
        site,
        journeys,
        flows,
        lists,
        _domestic(study, site, flows, repeats),
        moments,
        tuple(_rules(study, target_of(site, flows[0]))),
        None if first is None else _culprits(journeys, first),
        None if first is None else _second(study, site, journeys, first),
        () if first is None else tuple(_hard(study, site, journeys, first)),
    )


def rising_lists(
    journeys: Journeys, site: DeparturesSite, flow: Flow, repeats: float = 1.0
) -> tuple[ListAnswer | SizedThreshold, ...]:
    """The answer for each watchlist, small ones first; a longer list never gets a lower threshold than a shorter one.

    A measured threshold rests on a few strangers and an extrapolated one on many scores, so the second can come out
    lower; then the first one's stands for both, which alarms no more people.
    """
    found: list[ListAnswer | SizedThreshold] = []
    least = float("-inf")
    for size in sorted(site.watchlists):
        chosen = sized_threshold(journeys.chosen_on, journeys.tail, target_of(site, flow), size)
        if chosen.threshold is not None and chosen.threshold < least:
            chosen = replace(chosen, threshold=least, reason="not below the threshold of a shorter list")
        found.append(chosen if chosen.threshold is None else answer_at(journeys, site, flow, chosen, repeats=repeats))
        least = max(least, chosen.threshold if chosen.threshold is not None else least)
    return tuple(found)


def _domestic(
    study: Study, site: DeparturesSite, flows: Sequence[Flow], repeats: float
) -> ListAnswer | SizedThreshold | None:
    """Domestic passengers past their own cameras; None where they are not asked for."""
    if len(flows) < 2:
        return None
    journeys = Journeys(study, study.scenario.alerts, site.domestic_cameras, site.live)
    return list_answer(journeys, site, flows[1], min(site.watchlists), repeats=repeats)


def _rules(study: Study, target: float) -> list[RuleFound]:
    """Each confirmation rule at its own threshold; those that the data resolve."""
    found = []
    for name, rule in RULES.items():
        journeys = Journeys(study, rule.model_copy(update={"cooldown_s": study.scenario.alerts.cooldown_s}))
        try:
            chosen = sized_threshold(journeys.chosen_on, None, target, len(study.comparisons.enrolled))
            if chosen.threshold is not None:
                moments = alarm_moments(journeys, chosen.threshold)
                found.append(RuleFound(name, journeys.curve.at(chosen.threshold), moments))
        except (NotMeasured, UnattainableTarget):
            continue
    return found


def _culprits(journeys: Journeys, threshold: float) -> Culprits | None:
    """Who causes the false alarms; None where strangers are too few."""
    try:
        loose = sized_threshold(journeys.chosen_on, None, LOOSE, journeys.chosen_on.subjects).threshold
        if loose is None:
            return None
        strangers = journeys.table.take(~journeys.table.mated)
        report = journeys.report.take(~journeys.report.mated)
        return Culprits(
            false_alerts_by_reference(strangers, threshold),
            false_alerts_by_reference(strangers, loose),
            hub_effect(journeys.select, report, loose),
        )
    except (NotMeasured, BadInput):
        return None


def _second(study: Study, site: DeparturesSite, here: Journeys, threshold: float) -> Elsewhere | None:
    if not site.second_airport:
        return None
    there = _journeys_under(study, site, "second_airport", site.second_airport)
    return elsewhere(SECOND, here, there, threshold, target=target_of(site, flows_of(site)[0]), retune=True)


def _hard(study: Study, site: DeparturesSite, here: Journeys, threshold: float) -> list[Elsewhere]:
    found = []
    for name, overrides in site.hard_passages.items():
        there = _journeys_under(study, site, name.replace(" ", "_"), overrides)
        target = target_of(site, flows_of(site)[0])
        one = elsewhere(name, here, there, threshold, target=target, retune=False)
        found.append(replace(one, by_mark=missed_by_mark(there, threshold)))
    return found


def _journeys_under(study: Study, site: DeparturesSite, name: str, overrides: Mapping[str, Any]) -> Journeys:
    """The journeys of the scenario under other settings; evidence for this site, so no site of its own."""
    there = other_study(study, name, {**overrides, "site": None})
    return Journeys(there, study.scenario.alerts, live=site.live)

"""How a gate's site can measure itself: how many volunteers, passages and days, for which claim.

Numbers of people are exact one-sided bounds at 95 %; several passages of one person replace nobody.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from facelab.experiments.sites.gate_ageing import people_a_year
from facelab.experiments.sites.protocol import DAYS, volunteers_for
from facelab.report.site_answer import ProtocolRow
from facelab.stats.gallery_threshold import TESTED_SHARE
from facelab.stats.planning import people_needed, rule_of_thirty

if TYPE_CHECKING:
    from facelab.config_sites import GateSite
    from facelab.stats.retries import Transactions

MANUAL = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
TAKEN = 1e-3


def gate_protocol(found: Transactions | None, site: GateSite, tested: int) -> tuple[ProtocolRow, ...]:
    """The protocol of a site whose gates made the transactions `found` in this test, with `tested` people enrolled."""
    expected = 0.0 if found is None or not found.manual.trials else found.manual.value
    tries = site.attempts if found is None else found.tries
    return (
        _unenrolled(site, tries),
        _taken(tries),
        _manual(expected, tries),
        _times(site),
        _ageing(site),
        _roster(site, tested),
        _attacks(site),
        _arrivals(site),
    )


def _attempts(count: int) -> str:
    return f"{count} {'attempt' if count == 1 else 'attempts'}"


def _unenrolled(site: GateSite, tries: int) -> ProtocolRow:
    people = people_needed(site.wrong_at_most)
    return ProtocolRow(
        f"at most {100 * site.wrong_at_most:g} of 100 unenrolled people get through",
        f"{people:,} who are on no roster, {people_needed(site.wrong_at_most, 3):,} where 3 of them may",
        f"{_attempts(tries)} each, at the full roster",
        f"{DAYS} or more",
        "none of that many may get through, each counted once however often they try; days differ in light",
    )


def _taken(tries: int) -> ProtocolRow:
    return ProtocolRow(
        f"at most {1000 * TAKEN:g} in 1,000 enrolled passengers is taken for another",
        "nobody: enrolled passengers whose boarding pass is read as well and set beside the name the gate found",
        f"{people_needed(TAKEN):,} passengers without one, {rule_of_thirty(TAKEN):,} measure it to 30 %; up to "
        f"{_attempts(tries)} each",
        f"{DAYS} or more",
        "the gate's own log shows it as long as passes are read; passengers without a pass show nothing",
    )


def _manual(expected: float, tries: int) -> ProtocolRow:
    target, plan = MANUAL[-1], None
    for target in MANUAL:
        plan = volunteers_for(target, expected) if target > 1.3 * expected else None
        if plan is not None:
            break
    people = "more than can be planned" if plan is None else f"{plan[0]:,} enrolled, up to {plan[1]} at the manual lane"
    return ProtocolRow(
        f"at most {100 * target:g} of 100 enrolled passengers go to the manual lane",
        people,
        f"one transaction each, up to {_attempts(tries)}",
        f"{DAYS} or more",
        f"{100 * expected:.2g} of 100 did in this test; enrolled as passengers enrol, months before, not the same day",
    )


def _times(site: GateSite) -> ProtocolRow:
    # the 95th percentile has an upper end from the largest of n where 0.95^n <= 0.025
    return ProtocolRow(
        "the seconds within which 95 of 100 passengers are decided, with an upper end",
        "72 or more, with luggage, children and glasses as they come",
        "one transaction each, timed at the doors: arrival, decision, gate clear",
        f"{DAYS} or more",
        "of fewer people the longest may still lie below the 95th percentile; the doors' seconds "
        f"({site.clear_s:g} s) and the pause ({site.pause_s:g} s) are assumed here",
    )


def _ageing(site: GateSite) -> ProtocolRow:
    years = max(round(site.template_years), 1)
    each = people_a_year(0.05)
    return ProtocolRow(
        "in which year passengers must enrol again (at most 5 of 100 not recognised until then)",
        f"{each:,} whose enrolment is so old, for each of the years 0 to {years}: {each * (years + 1):,}",
        "1 each, at one threshold",
        f"{ceil(site.template_years)} years of the log, or passengers of another scheme with old enrolments",
        "years are compared at the same threshold; the same people in every year would need fewer",
    )


def _roster(site: GateSite, tested: int) -> ProtocolRow:
    largest = max(site.rosters)
    return ProtocolRow(
        f"thresholds with {largest:,} passengers on the roster, measured instead of extrapolated",
        "nobody more: the enrolled passengers of a night, or as many enrolments of the same kind",
        "those of the other rows, searched in that roster",
        "1",
        f"{tested:,} were enrolled here; NIST SP 800-63A-4 wants 90 % of the operational gallery in the test: "
        f"{ceil(TESTED_SHARE * largest - 1e-9):,}",
    )


def _attacks(site: GateSite) -> ProtocolRow:
    people = people_needed(site.attack_at_most)
    return ProtocolRow(
        f"at most {100 * site.attack_at_most:g} of 100 attacks of any kind get through",
        f"{people:,} instruments of each kind, each of another person, by a laboratory",
        "one each, and as many genuine passengers as the manual lane's claim takes",
        "days of a laboratory",
        "the largest share over the kinds counts, since an attacker chooses; both scores of each are kept",
    )


def _arrivals(site: GateSite) -> ProtocolRow:
    return ProtocolRow(
        "the peaks that the queues were simulated for",
        "nobody: passengers counted at the gates, five minutes at a time",
        "all of them",
        f"{DAYS} days at departures, and 20 flights of each size at boarding",
        f"queues depend on the peak more than on anything else; {site.gates} gates and the peaks are assumed here",
    )

"""The protocol by which a site measures itself: volunteers, passages and days for each claim.

Numbers of people are exact one-sided bounds (`facelab.stats.planning`): a claim "at most p" needs so many people that
with the errors that are to be expected among them the 95 % upper bound still lies at p. Several passages of one person
replace nobody. Days are no statistics: light, crowds and flights differ between them, so every claim is measured on at
least `DAYS`, a week, which is an assumption of this protocol, and days are compared before they are pooled.

Claims without a row here: what makes volunteers no suspects (they know that they are watched), and an attack.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from facelab.report.site_answer import ProtocolRow
from facelab.stats.gallery_threshold import TESTED_SHARE
from facelab.stats.planning import checked_target, people_needed, rule_of_thirty

if TYPE_CHECKING:
    from facelab.stats.rates import Rate

DAYS = 7
"""At least a week: an assumption, see above."""
MOST_ERRORS = 200
POWER = (1.6449, 0.8416)
"""Normal quantiles of a one-sided 95 % and of a power of 80 %."""


def volunteers_for(target: float, expected: float) -> tuple[int, int] | None:
    """The fewest people, and the errors among them, that show "at most `target`" where `expected` is the true rate.

    The smallest number of errors e for which the people that e errors need at `target` (`people_needed`) are expected
    to make no more than e; None where the expected rate is too near to the target for `MOST_ERRORS` errors.

    Examples
    --------
    >>> volunteers_for(0.1, 0.0), volunteers_for(0.1, 0.033), volunteers_for(0.1, 0.1)
    ((29, 0), (76, 3), None)
    """
    checked_target(target)
    for errors in range(MOST_ERRORS + 1):
        people = people_needed(target, errors)
        if people * expected <= errors + 1e-9:
            return people, errors
    return None


def strangers_row(claim: str, target: float, passengers_a_day: float) -> ProtocolRow:
    """How to show that innocent people are alarmed at most so often (`target`, a journey)."""
    none, three, well = people_needed(target), people_needed(target, 3), rule_of_thirty(target)
    enough = "one day brings more" if passengers_a_day >= well else f"{math.ceil(well / passengers_a_day)} days' worth"
    return ProtocolRow(
        claim,
        "nobody: ordinary passengers, every alarm looked at by two people",
        f"{none:,} journeys without an alarm, or {three:,} with 3; {well:,} measure it to 30 %",
        f"{DAYS} or more, though {enough}",
        f"a rate of {target:.2g} a journey shows only in that many people; days differ in light, flights and crowds",
    )


def wanted_row(claim: str, target: float, measured: Rate | None) -> ProtocolRow:
    """How to show that at most `target` of the wanted people are missed, where `measured` is what is expected."""
    expected = 0.0 if measured is None or not measured.trials else measured.value
    found = volunteers_for(target, expected)
    if found is None:
        people, why = "more than can be planned", f"the {100 * expected:.2g} % measured here are too near to the claim"
    else:
        people = f"{found[0]:,} with a photograph such as the police has, on the list under a name of their own"
        why = f"with {found[0]:,} of them up to {found[1]} may be missed; more passages of one person replace nobody"
    return ProtocolRow(
        claim, people, "2 each: one by day, one by night, unannounced to the room", f"{DAYS} or more", why
    )


def paired_row(claim: str, margin: float, discordant: float) -> ProtocolRow:
    """How to show that one of two systems misses at most `margin` more, the same people passing both.

    n = d ((z_0.95 + z_0.80) / margin)^2 people, d the share of them on whom the two differ (Connor 1987, equal rates).
    """
    people = math.ceil(max(discordant, margin) * (sum(POWER) / checked_target(margin, "margin")) ** 2)
    return ProtocolRow(
        claim,
        f"{people:,}, the same at both",
        "1 each at both",
        f"{DAYS} or more at both",
        f"the same people at both make them comparable; with {100 * discordant:.2g} in 100 on whom the two differ, "
        f"that many show a margin of {100 * margin:g} in 100 with 80 % probability",
    )


def prevalence_row(claim: str, true_alarms_a_day: float, confirmed: int = 10) -> ProtocolRow:
    """How long until so many alarms are confirmed that the site knows how often an alarm is right."""
    days = math.inf if true_alarms_a_day <= 0 else math.ceil(confirmed / true_alarms_a_day)
    said = f"{days:,.0f}" if math.isfinite(days) else "cannot be said"
    return ProtocolRow(
        claim,
        "nobody: the answers of the operators, checked by identity papers",
        "every alarm",
        said,
        f"until {confirmed} alarms are confirmed, at the prevalence that is assumed here; nobody can know it before",
    )


def gallery_row(size: int, tested: int) -> ProtocolRow:
    """What a test of a watchlist of `size` must enrol."""
    least = math.ceil(TESTED_SHARE * size - 1e-9)
    return ProtocolRow(
        f"thresholds with {size:,} people on the list, measured instead of extrapolated",
        "the list itself, or as many photographs of the same kind",
        "those of the other rows",
        "1",
        f"{tested:,} were enrolled here; NIST SP 800-63A-4 wants 90 % of the operational list in the test: {least:,}",
    )

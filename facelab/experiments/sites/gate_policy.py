"""How many attempts, at which threshold: chosen on one half of the people, reported on the other.

Wrong people come first: of the enrolled taken for another and of the unenrolled let through, at most the site's share
may pass, after all attempts together. Among the policies that keep this the cheapest is taken, in seconds: those at the
gate, and the site's seconds at the manual lane for everybody sent there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.sites.gate_words import cell
from facelab.report.site_answer import Section, Table
from facelab.stats.retries import Alike, RetryPolicy, attempts_alike, best_policy, transactions
from facelab.stats.transaction_times import quantile_by_person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.config_sites import GateSite
    from facelab.experiments.sites.gate_attempts import GateRule
    from facelab.stats._given import FloatArray, TextArray
    from facelab.stats.retries import Attempts

GRID = 60
FEW = 10
"""Fewer attempts after a failed one than this say nothing of how alike attempts are."""
UNITS = "an interval marked * rests on few people"


@dataclass(frozen=True, eq=False)
class ChosenPolicy:
    """The policy of one rule.

    Parameters
    ----------
    rule : str
        In words.
    policy : RetryPolicy
        Chosen on one half of the people, its rates those of the other half.
    by_tries : tuple of RetryPolicy
        For each number of attempts its own best threshold, chosen and reported likewise.
    attempts : Attempts
        Of the reporting half, at the policy's threshold.
    alike : Alike or None
        How much alike attempts of one person are, on the reporting half; None where nobody made two.
    """

    rule: str
    policy: RetryPolicy
    by_tries: tuple[RetryPolicy, ...]
    attempts: Attempts
    alike: Alike | None


def thresholds_of(rule: GateRule, people: TextArray) -> FloatArray:
    """At most `GRID` thresholds among the levels of the attempts of `people`, and one above them all."""
    attempts = rule.at(-1.0)
    mine = np.isin(attempts.person, people)
    levels = rule.levels
    strangers = levels[mine & ~attempts.mated]
    usable = levels[mine]
    least = np.nanmedian(strangers) if np.isfinite(strangers).any() else np.nanmin(usable)
    found = np.unique(usable[usable >= least])
    if len(found) > GRID:
        found = found[np.unique(np.linspace(0, len(found) - 1, GRID).round().astype(np.int64))]
    return np.append(found, np.nextafter(found[-1], np.inf))


def policies_of(
    rule: GateRule, people: TextArray, thresholds: FloatArray, tries: Sequence[int], pause_s: float
) -> list[RetryPolicy]:
    """Every policy of the grid, measured on `people`; numbers of attempts that nobody made are left out."""
    found = []
    for threshold in thresholds.tolist():
        attempts = rule.at(threshold).of(people)
        for k in tries:
            try:
                found.append(RetryPolicy(rule.name, threshold, transactions(attempts, k, pause_s)))
            except NotMeasured:
                continue
    return found


def chosen_policy(rule: GateRule, site: GateSite, halves: tuple[TextArray, TextArray]) -> ChosenPolicy:
    """The best policy of a rule, chosen on the first half of the people and reported on the second.

    Raises
    ------
    UnattainableTarget
        There are too few transactions to see the share of wrong people that the site allows.
    NotMeasured
        No policy keeps it.
    """
    select, report = halves
    tries = range(1, site.attempts + 1)
    given = policies_of(rule, select, thresholds_of(rule, select), tries, site.pause_s)
    best = best_policy(given, site.wrong_at_most, site.manual_s)
    by_tries = []
    for k in tries:
        try:
            own = best_policy([p for p in given if p.found.tries == k], site.wrong_at_most, site.manual_s)
        except (NotMeasured, UnattainableTarget):
            continue
        by_tries.append(_reported(rule, own, report, site))
    attempts = rule.at(best.threshold).of(report)
    try:
        alike: Alike | None = attempts_alike(attempts)
    except NotMeasured:
        alike = None
    return ChosenPolicy(rule.name, _reported(rule, best, report, site), tuple(by_tries), attempts, alike)


def _reported(rule: GateRule, policy: RetryPolicy, report: TextArray, site: GateSite) -> RetryPolicy:
    attempts = rule.at(policy.threshold).of(report)
    found = transactions(attempts, policy.found.tries, site.pause_s)
    return RetryPolicy(policy.rule, policy.threshold, found)


def policy_section(chosen: Sequence[ChosenPolicy], site: GateSite, confidence: float) -> Section:
    """The policies side by side, and what retries do to both errors."""
    rows = []
    for own in chosen:
        for policy in own.by_tries:
            taken = (policy.threshold, policy.found.tries) == (own.policy.threshold, own.policy.found.tries)
            rows.append(_row(policy, site, confidence, taken=taken))
    columns = (
        "rule",
        "attempts",
        "threshold",
        "enrolled: manual lane",
        "enrolled: taken for another",
        "unenrolled: let through",
        "95 of 100 decided within",
        "seconds a passenger",
    )
    sentences = [
        f"By number of attempts the cheapest threshold that lets at most {100 * site.wrong_at_most:g} of 100 wrong "
        f"people through on one half of the people, measured on the other half; the cheapest of all is marked. A "
        f"passenger at the manual lane counts {site.manual_s:g} s.",
        *(_retry_words(own) for own in chosen),
    ]
    return Section(
        "How many attempts, at which threshold", tuple(sentences), Table(columns, tuple(rows), UNITS), ("gate_retries",)
    )


def _row(policy: RetryPolicy, site: GateSite, confidence: float, *, taken: bool) -> tuple[str, ...]:
    found = policy.found
    own = found.mated
    time = quantile_by_person(found.seconds[own], found.person[own], 0.95, confidence) if own.any() else None
    return (
        policy.rule + (" (chosen)" if taken else ""),
        f"up to {found.tries}",
        f"{policy.threshold:.4f}",
        cell(found.manual, confidence),
        cell(found.misidentified, confidence),
        cell(found.fpir, confidence),
        "no trial" if time is None else f"{time.value:.1f} s",
        f"{found.cost_s(site.manual_s):.1f}" if own.any() else "no trial",
    )


def _retry_words(own: ChosenPolicy) -> str:
    """What a further attempt does after a failed one, against what independence would promise."""
    if own.alike is None:
        return f"{own.rule}: nobody made two attempts, so what a retry does cannot be told."
    fails, again = own.alike.fails, own.alike.fails_again
    if not fails.errors:
        return f"{own.rule}: at {own.policy.threshold:.4f} no enrolled passenger's single attempt failed."
    if again.trials < FEW:
        return (
            f"{own.rule}: at {own.policy.threshold:.4f} {fails.errors} of {fails.trials} single attempts of enrolled "
            f"passengers failed, and {again.errors} of {again.trials} failed again at their next: too few to tell how "
            "much alike the attempts of one person are."
        )
    return (
        f"{own.rule}: at {own.policy.threshold:.4f} {fails.errors} of {fails.trials} single attempts of enrolled "
        f"passengers failed; of those who failed, {again.errors} of {again.trials} failed again at their next attempt, "
        f"{own.alike.factor:.1f} times what independent attempts would promise. So retries are counted on the person's "
        "own further passages, never by multiplying."
    )

"""A smart-pass gate's answer: threshold and attempts, wrong passengers, the manual lane, seconds and queues.

Whoever steps up is searched among the passengers of the night, and whoever is found may pass; so an error is a wrong
passenger through (an enrolled one taken for another, an unenrolled one let through) or the manual lane. Everything is
chosen on one half of the people and reported on the other. The evidence stands in the modules beside this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.config_sites import GateSite
from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.experiments.floor import speaking_point
from facelab.experiments.sites.gate_ageing import Ageing, ageing_section, study_ageing
from facelab.experiments.sites.gate_attacks import GateAttacks, LivenessAlone, attacks_section, gate_attacks
from facelab.experiments.sites.gate_attempts import GateRule, gate_rules
from facelab.experiments.sites.gate_enrolment import QualityGate, enrolment_section, mated_by_reference, quality_gate
from facelab.experiments.sites.gate_errors import GateErrors, errors_sections, gate_errors
from facelab.experiments.sites.gate_flow import GateFlow, flow_section, gate_flow
from facelab.experiments.sites.gate_page import one_page
from facelab.experiments.sites.gate_policy import ChosenPolicy, chosen_policy, policy_section
from facelab.experiments.sites.gate_protocol import gate_protocol
from facelab.experiments.sites.gate_real import beside_real
from facelab.report.site_answer import Assumption, Section, SiteAnswer
from facelab.stats.retries import transactions

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.stats._given import TextArray
    from facelab.types import Comparisons


@dataclass(frozen=True, eq=False)
class GateStudy:
    """Everything that the answer is made of.

    Parameters
    ----------
    study, site : Study and GateSite
        Whose answer.
    select, report : Comparisons
        The attempts of the half that chooses and of the half that reports.
    chosen : tuple of ChosenPolicy
        By rule, the scenario's own first; rules for which no policy came out are left out.
    refused : tuple of str
        Why they did not.
    flows : tuple of GateFlow
        Of each of `chosen`.
    errors : GateErrors
        Of the passage template.
    ageing, attacks : what was found, or why not.
    quality : tuple of QualityGate or str
        The gate's own enrolments, and real portraits where they are there.
    """

    study: Study
    site: GateSite
    select: Comparisons
    report: Comparisons
    chosen: tuple[ChosenPolicy, ...]
    refused: tuple[str, ...]
    flows: tuple[GateFlow, ...]
    errors: GateErrors
    ageing: Ageing | str
    attacks: GateAttacks | LivenessAlone | str
    quality: tuple[QualityGate | str, ...]

    @property
    def main(self) -> tuple[ChosenPolicy, GateFlow] | None:
        """The scenario's own rule, or the one that has a policy; None where none has."""
        return (self.chosen[0], self.flows[0]) if self.chosen else None


def answer(study: Study) -> SiteAnswer:
    """What the site of a smart-pass gate is told.

    Raises
    ------
    BadInput
        The scenario's site is no gate.
    NotMeasured
        Nobody passed the gates, or there are too few people to choose and to report.
    """
    site = study.scenario.site
    if not isinstance(site, GateSite):
        raise BadInput("the scenario's site is no gate", place="site.kind")
    found = gate_study(study, site)
    confidence = study.scenario.confidence
    for_real = beside_real(study, found.report, found.errors, found.ageing, confidence)
    return SiteAnswer(
        title=study.scenario.title,
        question=study.scenario.question,
        threshold=None if found.main is None else found.main[0].policy.threshold,
        lines=one_page(found, confidence),
        evidence=_evidence(found, confidence),
        side_by_side=for_real,
        protocol=gate_protocol(
            None if found.main is None else found.main[0].policy.found, site, found.errors.point.subjects
        ),
        assumptions=tuple(Assumption(name, _shown(value), source) for name, value, source in site.assumptions),
        metrics=_metrics(found),
    )


def gate_study(study: Study, site: GateSite) -> GateStudy:
    """Everything that the answer of `study` is made of."""
    if study.halves.select is None:
        raise NotMeasured("too few people to choose a threshold on one half and to report on the other")
    rules = _own_first(gate_rules(study, site), study.scenario.alerts.confirm)
    at_gate = study.comparisons
    if site.cameras:
        at_gate = at_gate.take(np.isin(at_gate.probe_attributes["camera"].astype(np.str_), site.cameras))
    select, report = (
        at_gate.take(np.isin(at_gate.probe_id, half.searches.probe_id))
        for half in (study.halves.select, study.halves.report)
    )
    halves = _people(select), _people(report)
    chosen, refused = [], []
    for rule in rules:
        try:
            chosen.append(chosen_policy(rule, site, halves))
        except (UnattainableTarget, NotMeasured) as reason:
            refused.append(f"{rule.name}: {reason}")
    confidence = study.scenario.confidence
    at = _template_threshold(study, tuple(chosen))
    ageing = study_ageing(study, site)
    return GateStudy(
        study,
        site,
        select,
        report,
        tuple(chosen),
        tuple(refused),
        tuple(gate_flow(own, site, confidence) for own in chosen),
        gate_errors(select, report, at, site, confidence),
        ageing,
        _attacks(report, at, site),
        _quality(report, at, site, ageing),
    )


def _own_first(rules: tuple[GateRule, ...], confirm: str) -> tuple[GateRule, ...]:
    """The scenario's own rule first."""
    return tuple(reversed(rules)) if confirm == "frames" else rules


def _people(comparisons: Comparisons) -> TextArray:
    named = np.where(comparisons.probe_subject == "", comparisons.probe_id, comparisons.probe_subject)
    return np.unique(named.astype(np.str_))


def _template_threshold(study: Study, chosen: tuple[ChosenPolicy, ...]) -> float:
    """The threshold of the passage template: of its policy, else the study's own."""
    own = next((c.policy.threshold for c in chosen if c.rule.startswith("template")), None)
    if own is not None:
        return own
    point = speaking_point(study)
    if point is None:
        raise NotMeasured("no threshold came out of this study, so nothing can be said of a gate")
    return point.threshold


def _attacks(report: Comparisons, threshold: float, site: GateSite) -> GateAttacks | LivenessAlone | str:
    try:
        score, _, person = mated_by_reference(report)
    except NotMeasured as reason:
        if not site.attack_scores:
            return f"Presentation attacks: {reason}."
        score, person = np.zeros(0), np.zeros(0, dtype=np.str_)
    return gate_attacks(site, threshold, score, person)


def _quality(
    report: Comparisons, threshold: float, site: GateSite, ageing: Ageing | str
) -> tuple[QualityGate | str, ...]:
    sets = [("Generated passengers", report, threshold)]
    if isinstance(ageing, Ageing):
        sets.append(("Real portraits (Congress)", ageing.comparisons, threshold))
    found: list[QualityGate | str] = []
    for whose, comparisons, at in sets:
        try:
            found.append(quality_gate(comparisons, at, site.refused, whose))
        except NotMeasured as reason:
            found.append(f"{whose}: {reason}.")
    return tuple(found)


def _evidence(found: GateStudy, confidence: float) -> tuple[Section, ...]:
    """The evidence in the order of reading, its figures saved."""
    _save_figures(found)
    sections = []
    if found.main is not None:
        sections.append(policy_section(found.chosen, found.site, confidence))
    if found.refused:
        sections.append(Section("No policy came out", tuple(f"{why}." for why in found.refused)))
    sections += errors_sections(found.errors, found.site, confidence)
    if found.main is not None:
        sections.append(flow_section(tuple(zip(found.chosen, found.flows)), found.site))
    sections += [
        ageing_section(found.ageing, found.site, confidence),
        attacks_section(found.attacks, found.site, confidence),
        enrolment_section(list(found.quality), confidence),
    ]
    return tuple(sections)


def _save_figures(found: GateStudy) -> None:
    from facelab.experiments.sites import gate_figures

    save = found.study.figure
    save(gate_figures.rosters_figure(found.errors), "gate_rosters")
    if isinstance(found.attacks, GateAttacks):
        save(gate_figures.attacks_figure(found.attacks), "gate_attacks")
    if found.main is None:
        return
    main, _ = found.main
    rows, first = [], transactions(main.attempts, 1).manual.value
    for k in range(1, found.site.attempts + 1):
        try:
            made = transactions(main.attempts, k)
        except NotMeasured:
            break
        rows.append((k, made.manual, made.fpir, first**k))
    save(gate_figures.retries_figure(rows, main.policy.threshold), "gate_retries")
    save(gate_figures.times_figure(found.chosen), "gate_times")


def _metrics(found: GateStudy) -> dict[str, float]:
    """Flat numbers for MLflow; what is not known or not finite is left out."""
    point = found.errors.point
    said: dict[str, float] = {
        "single_fnir": point.fnir.value,
        "single_fpir": point.fpir.value,
        "single_misidentification": point.misidentification.value,
        "failure_to_acquire": found.errors.fta.value,
        "roster_tested": float(point.subjects),
    }
    if found.main is not None:
        own, flow = found.main
        made = own.policy.found
        said |= {
            "attempts": float(made.tries),
            "manual_lane": made.manual.value,
            "misidentification": made.misidentified.value,
            "unenrolled_through": made.fpir.value,
            "transaction_95_s": flow.most_s.value,
            "departures_wait_95_s": flow.departures.wait_95_s.value,
            "departures_an_hour": flow.departures.most_an_hour.value,
            "boarding_wait_95_s": flow.boarding.wait_95_s.value,
        }
        if found.site.attempts > 1 and own.alike is not None:
            said["fails_again_factor"] = own.alike.factor
    for target, own_point in zip(found.site.fmr, found.errors.one_to_one):
        if not isinstance(own_point, str):
            said[f"one_to_one_gfrr_at_fmr_{target:g}"] = own_point.gfrr.value
    if isinstance(found.ageing, Ageing):
        for target, one, many in found.ageing.points:
            said |= {
                f"ageing_fnmr_at_fmr_{target:g}": one.fnmr.value,
                f"ageing_fnir_at_fmr_{target:g}": many.fnir.value,
            }
    return {name: float(value) for name, value in said.items() if math.isfinite(value)}


def _shown(value: object) -> str:
    """A setting as text."""
    if isinstance(value, tuple):
        return ", ".join(_shown(part) for part in value) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value) or "none"

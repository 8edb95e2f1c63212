"""The audit of a watchlist: from the gallery alone, and, where there are probes, what each finding costs.

- *Names*: `facelab.experiments.gallery_audit.names`.
- *Hubs* by the gallery alone: references whose mean score against all others, or whose number of pairs among the
  highest R of the gallery's (R references), is an outlier (`extremes.expected_outliers`, `extremes.expected_counts`, at
  half of .05 each). From 30 references on.
- *Hubs* by false alerts: references that alert on more probe people than interchangeable ones would (`stats.hubs`),
  named on one half of the probe people; what each would save is measured on the other half.
- *Poor photographs*: a quality that is an outlier on the low side (ln(q / (1 - q)) is near normal on real portraits),
  or one below .75, or a face narrower than 48 px, where 6 % of recognition is lost (`pipeline.quality.size_quality`).
  On real and generated portraits 99 % had a quality above .78, and those blurred until recognition lost them (cosine to
  the good photograph below .5) one below .75 (docs/gallery_audit.md).

Without quality, width or probes the parts that need them are left out, and the notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.gallery_audit.findings import KINDS, Finding, GalleryAudit
from facelab.experiments.gallery_audit.names import name_findings
from facelab.gallery.audit.pairs import pair_scores
from facelab.stats.extremes import LEVEL, expected_counts, expected_outliers, unusual_pairs
from facelab.stats.hubs import false_alerts_by_reference, hub_effect
from facelab.stats.poor_references import misses_by_reference
from facelab.stats.workload import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from facelab.gallery.audit.decisions import Decision
    from facelab.gallery.audit.measures import PhotographMeasures
    from facelab.gallery.audit.pairs import PairScores
    from facelab.stats.hubs import FalseAlerts, HubEffect
    from facelab.stats.poor_references import ReferenceMisses
    from facelab.stats.workload import Site
    from facelab.types import Comparisons, Gallery, Templates

ENOUGH_REFERENCES = 30
LEAST_WIDTH_PX = 48.0
LEAST_QUALITY = 0.75
EDGE = 1e-4


@dataclass(frozen=True, eq=False)
class Searched:
    """Searches of the audited gallery.

    Parameters
    ----------
    select, report : Comparisons
        Different probe people: the first name the hubs, the second say what everything costs.
    threshold : float
        T.
    rank : int
        R, for misses.
    site : Site, optional
        For false alerts a day.
    """

    select: Comparisons
    report: Comparisons
    threshold: float
    rank: int = 1
    site: Site | None = None


def audit_gallery(
    gallery: Gallery,
    searched: Searched | None = None,
    *,
    decisions: Iterable[Decision] = (),
    measures: Mapping[str, PhotographMeasures] | None = None,
) -> GalleryAudit:
    """Everything in `gallery` that a person should look at.

    Parameters
    ----------
    gallery : Gallery
        Of any size: its pairs are looked at in blocks.
    searched : Searched, optional
        Searches of this gallery, for hubs by false alerts and for what each finding costs.
    decisions : iterable of Decision
        What was decided before.
    measures : mapping of sample id to PhotographMeasures, optional
        What the photographs are like, to say what is wrong with a poor one.
    """
    scores, notes = pair_scores(gallery), []
    proven, tail = unusual_pairs(scores.score, scores.pairs, scores.sample)
    templates = gallery.templates
    if not scores.pairs:
        notes.append("There are not two people with a template: no pair of different names can be looked at.")
    if not len(scores.own_score) and len(scores.row):
        notes.append("Everybody has one photograph: whether two people stand under one name cannot be seen.")
    findings = name_findings(templates, scores, tail, proven)
    findings += _alike_to_many(templates, scores, notes)
    findings += _poor(templates, measures or {}, notes)
    hubs = misses = None
    if searched is None:
        notes.append("There are no searches: what the findings cost in false alerts and misses was not measured.")
    else:
        findings, hubs = _with_false_alerts(findings, searched, notes)
        misses = _missed(findings, searched, notes)
    order = sorted(_once(findings), key=lambda f: (KINDS.index(f.kind), np.nan_to_num(f.expected), f.id))
    audit = GalleryAudit(
        len(gallery), len(templates), len(scores.row), tuple(order), scores, tail, tuple(notes), hubs, misses
    )
    return audit.decided(decisions)


def _once(findings: list[Finding]) -> list[Finding]:
    """Of the findings of one kind about one dropped sample the first: hubs are named in several ways."""
    seen: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.kind, finding.drop or finding.samples), finding)
    return list(seen.values())


def _alike_to_many(templates: Templates, scores: PairScores, notes: list[str]) -> list[Finding]:
    """Hubs by their scores with the other references."""
    if len(scores.row) < ENOUGH_REFERENCES:
        if len(scores.row) > 1:
            notes.append(f"With fewer than {ENOUGH_REFERENCES} references none can stand out among them as a hub.")
        return []
    top = slice(0, len(scores.row))
    count = np.bincount(np.concatenate([scores.first[top], scores.second[top]]), minlength=len(templates))[scores.row]
    by_mean, by_count = 2 * expected_outliers(scores.mean), 2 * expected_counts(count, level=LEVEL / 2)
    found = []
    for k in np.flatnonzero(np.fmin(by_mean, by_count) <= LEVEL):
        sample, subject = str(templates.sample_id[scores.row[k]]), str(templates.subject_id[scores.row[k]])
        many = by_count[k] <= by_mean[k]
        what = f"is in {count[k]} of the {len(scores.row):,} closest pairs" if many else "is more alike to everybody"
        found.append(
            Finding(
                kind="hub",
                samples=(sample,),
                subjects=(subject,),
                measure="pairs among the closest" if many else "mean score",
                score=float(count[k] if many else scores.mean[k]),
                expected=float(min(by_count[k], by_mean[k])),
                why=f"{sample} {what} than the other references are",
                action="re-photograph",
                drop=(sample,),
            )
        )
    return found


def _poor(templates: Templates, measures: Mapping[str, PhotographMeasures], notes: list[str]) -> list[Finding]:
    """Photographs of poor quality, or of a small face."""
    good = np.flatnonzero(~templates.failed)
    quality = np.clip(np.asarray(templates.quality, np.float64), EDGE, 1 - EDGE)
    known = good[~np.isnan(quality[good])]
    expected = np.full(len(templates), np.inf)
    if len(known) >= ENOUGH_REFERENCES and np.ptp(quality[known]) > 0:
        expected[known] = expected_outliers(-np.log(quality[known] / (1 - quality[known])))
    elif len(good):
        notes.append("The references have no quality that tells them apart: poor photographs cannot be named by it.")
    width = templates.attributes.get("width_px")
    narrow = np.zeros(len(templates), bool) if width is None else np.asarray(width, np.float64) < LEAST_WIDTH_PX
    bad = (expected <= LEVEL) | narrow | (np.nan_to_num(quality, nan=1.0) < LEAST_QUALITY)
    rows = good[bad[good]]
    return [_poor_one(templates, int(row), float(expected[row]), measures) for row in rows]


def _poor_one(templates: Templates, row: int, expected: float, measures: Mapping[str, PhotographMeasures]) -> Finding:
    sample, subject = str(templates.sample_id[row]), str(templates.subject_id[row])
    low = bool(templates.quality[row] < LEAST_QUALITY)
    by_quality = expected <= LEVEL or low
    measured = measures.get(sample)
    width = templates.attributes.get("width_px")
    px = np.nan if width is None else float(width[row])
    reason = f"its quality is {templates.quality[row]:.2f}" if by_quality else f"its face is {px:.0f} px wide"
    return Finding(
        kind="poor photograph",
        samples=(sample,),
        subjects=(subject,),
        measure="quality" if by_quality else "width of the face, px",
        score=float(templates.quality[row]) if by_quality else px,
        expected=expected if expected <= LEVEL else np.nan,
        why=f"{sample}: {reason}" + ("" if measured is None else f"; {measured.words()}"),
        action="re-photograph",
        drop=(sample,),
    )


def _with_false_alerts(
    findings: list[Finding], searched: Searched, notes: list[str]
) -> tuple[list[Finding], HubEffect | None]:
    """Hubs by false alerts, before the other findings, and what each finding would save."""
    try:
        effect = hub_effect(searched.select, searched.report, searched.threshold)
        named = false_alerts_by_reference(searched.select, searched.threshold)
        measured = false_alerts_by_reference(searched.report, searched.threshold)
    except NotMeasured as reason:
        notes.append(f"{str(reason)[:1].upper()}{str(reason)[1:]}.")
        return findings, None
    chance = named.p_value * len(named)
    found = [_alerting(named, int(k), float(chance[k])) for k in named.hubs()]
    return [_costed(finding, measured, searched.site) for finding in found + findings], effect


def _alerting(named: FalseAlerts, k: int, expected: float) -> Finding:
    sample, people = str(named.reference_id[k]), int(named.people[k])
    return Finding(
        kind="hub",
        samples=(sample,),
        subjects=(str(named.reference_subject[k]),),
        measure="people falsely alerted on",
        score=float(people),
        expected=expected,
        why=f"{sample} raises {int(named.searches[k])} false alerts on {people} people, {int(named.alone[k])} alone",
        action="re-photograph",
        drop=(sample,),
    )


def _costed(finding: Finding, measured: FalseAlerts, site: Site | None) -> Finding:
    """`finding` with what FPIR would save without the samples that it would take out."""
    if not finding.drop:
        return finding
    saving = measured.saved(measured.positions(finding.drop))
    if site is None:
        return replace(finding, saving=saving)
    ends = saving.interval()
    strangers = site.passages_a_day * (1 - site.prevalence)
    return replace(finding, saving=saving, a_day=Estimate(saving.value, ends.low, ends.high).times(strangers))


def _missed(findings: list[Finding], searched: Searched, notes: list[str]) -> ReferenceMisses | None:
    """What the poor photographs cost in misses."""
    poor = [sample for finding in findings if finding.kind == "poor photograph" for sample in finding.drop]
    if not poor:
        return None
    try:
        return misses_by_reference(searched.report, poor, searched.threshold, rank=searched.rank)
    except NotMeasured as reason:
        notes.append(f"{str(reason)[:1].upper()}{str(reason)[1:]}.")
        return None

"""Template ageing: official portraits of the same people about ten years apart, one point and what it can't tell.

The portraits of 2014 are the enrolments, those of 2024 come to the gate. Thresholds at FMR targets are those of the
different people among the same portraits. Nothing separates ten years from another photographer, another camera and
grey against colour: no pair of portraits of one year is there. So it is one point of a curve that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.research import CONGRESS_YEARS, congress_portraits
from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.sites.gate_words import cell, of_rate
from facelab.matching import match
from facelab.report.site_answer import Section, Table
from facelab.stats.comparing import verification_curve_of_comparisons
from facelab.stats.openset import open_set_curve
from facelab.stats.planning import people_needed
from facelab.types import Gallery

if TYPE_CHECKING:
    from facelab.config_sites import GateSite
    from facelab.experiments.study import Study
    from facelab.stats.points import OperatingPoint
    from facelab.stats.verification_points import VerificationPoint
    from facelab.types import Comparisons, Templates

ABSENT = (
    "The research portraits are not there, so template ageing was not looked at: name their folder in "
    "FACELAB_RESEARCH_DATA."
)


@dataclass(frozen=True, eq=False)
class Ageing:
    """What the pairs of portraits say.

    Parameters
    ----------
    comparisons : Comparisons
        Later portraits against earlier ones.
    years : (int, int)
        Earlier and later.
    points : tuple of (float, VerificationPoint, OperatingPoint)
        By target FMR: 1:1 at its threshold, and 1:N at the same threshold.
    """

    comparisons: Comparisons
    years: tuple[int, int]
    points: tuple[tuple[float, VerificationPoint, OperatingPoint], ...]

    @property
    def pairs(self) -> int:
        """People with a portrait of each year."""
        return int(self.comparisons.mated.sum())


def ageing_of(early: Templates, late: Templates, targets: tuple[float, ...], years: tuple[int, int]) -> Ageing:
    """The `late` portraits against the `early` ones, at the thresholds of the target FMRs among them.

    Raises
    ------
    NotMeasured
        Nobody has two portraits, or no target can be resolved.
    """
    found = match(late, Gallery(early, np.unique(early.subject_id)))
    if not found.mated.any():
        raise NotMeasured("nobody has a portrait of both years")
    curve, searches = verification_curve_of_comparisons(found), open_set_curve(found)
    points = []
    for target in targets:
        try:
            point = curve.threshold_at_fmr(target)
        except UnattainableTarget:
            continue
        points.append((target, point, searches.at(point.threshold)))
    if not points:
        raise NotMeasured("too few portraits for any of the target FMRs")
    return Ageing(found, years, tuple(points))


def study_ageing(study: Study, site: GateSite) -> Ageing | str:
    """Ageing on the research portraits with the pack of the study; a sentence where they are not there."""
    from facelab.gallery import photograph_templates

    try:
        photographs = congress_portraits()
    except NotMeasured:
        return ABSENT
    templates = photograph_templates(photographs.photographs, study.pack, study.scenario.pipeline)
    year = templates.attributes["year"]
    early, late = (templates.take(np.flatnonzero(year == str(y))) for y in CONGRESS_YEARS)
    try:
        return ageing_of(early, late, site.fmr, (CONGRESS_YEARS[0], CONGRESS_YEARS[1]))
    except NotMeasured as reason:
        return f"Template ageing could not be measured: {reason}."


def people_a_year(rate: float) -> int:
    """People with a photograph of now and one of so many years before, to claim an FNMR of at most `rate` that year.

    As many as allow a fifth of the errors expected at `rate` (at least one): the smallest n that holds the claim then.
    """
    errors = 1
    for _ in range(20):
        n = people_needed(rate, errors)
        wanted = max(1, int(0.2 * rate * n))
        if wanted <= errors:
            return n
        errors = wanted
    return people_needed(rate, errors)


def ageing_section(found: Ageing | str, site: GateSite, confidence: float) -> Section:
    """The one point, and what would tell when to enrol again."""
    title = "Template ageing: when to enrol again"
    if isinstance(found, str):
        return Section(title, (found, *would_tell(site)))
    first, last = found.years
    rows = tuple(
        (
            f"FMR {target:g}",
            f"{one.threshold:.4f}",
            cell(one.fnmr, confidence),
            cell(many.fnir, confidence),
            cell(many.misidentification, confidence),
        )
        for target, one, many in found.points
    )
    many = found.points[0][2]
    columns = ("threshold of", "threshold", "1:1: FNMR", f"1:N: FNIR, N = {many.subjects:,}", "taken for another")
    sentences = (
        f"{found.pairs} members of the US Congress have official portraits of {first} and of {last}, about "
        f"{last - first} years apart; thresholds are those of the different people among the same portraits. "
        f"Not recognised at FMR {found.points[0][0]:g}: {of_rate(found.points[0][1].fnmr, 'people', confidence)}.",
        "What this may not be taken for: the effect of ten years. The portraits also differ in photographer, camera, "
        "colour and pose, and there is no second portrait of the same year to set beside them; members of Congress are "
        "no sample of passengers; and a portrait is no gate.",
        *would_tell(site),
    )
    table = Table(columns, rows, "real portraits for research; chosen and reported on the same portraits")
    return Section(title, sentences, table)


def would_tell(site: GateSite) -> tuple[str, ...]:
    """Cannot tell when to enrol again, and which data would."""
    years = max(round(site.template_years), 1)
    low, high = people_a_year(0.05), people_a_year(0.02)
    return (
        f"When to enrol again within {site.template_years:g} years cannot be told from this. It would take, at your "
        f"own gates, passages of passengers whose enrolment is 0, 1, 2, … {years} years old, one threshold for all, "
        f"and for each year at least {low:,} people to claim that at most 5 of 100 are not recognised, {high:,} for 2 "
        f"of 100 (allowing a fifth of those errors); {low * (years + 1):,} and {high * (years + 1):,} in all. Enrol "
        "again in the first year whose claim fails. The gate's own log gives them: it knows each enrolment's date.",
    )

"""Wrong passenger through, or manual lane: 1:N over rosters of any size, and 1:1 against the claimed boarding pass.

Up to the people tested rosters are measured, by leaving passengers out; beyond, extrapolated and marked so. A 1:1
comparison knows no roster: its rates hold at any size, and it needs a pass that is read.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.experiments.sites.gate_words import cell, share_cell
from facelab.report.site_answer import Section, Table
from facelab.stats.comparing import verification_curve_of_comparisons
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.gallery_threshold import GalleryThreshold, threshold_for_gallery
from facelab.stats.openset import open_set_curve
from facelab.stats.roster import RosterScale, misidentification_by_roster
from facelab.stats.scaling import GalleryScale, fmr_if_independent, fpir_by_gallery_size

if TYPE_CHECKING:
    from facelab.config_sites import GateSite
    from facelab.stats.points import OperatingPoint
    from facelab.stats.rates import Rate
    from facelab.stats.verification_points import VerificationPoint
    from facelab.types import Comparisons


@dataclass(frozen=True, eq=False)
class GateErrors:
    """Both ways to be wrong, at one threshold of the passage template, on the reporting half.

    Parameters
    ----------
    point : OperatingPoint
        FPIR, FNIR and misidentification at the tested roster.
    fta : Rate
        Enrolled passengers' attempts in which no usable face was found.
    fpir, taken : GalleryScale and RosterScale, or None
        The unenrolled let through and the enrolled taken for another by roster size; None without a search of the kind.
    needed : dict of int to GalleryThreshold or str
        By roster the threshold that keeps the site's bound there, or why this data cannot say.
    one_to_one : tuple of VerificationPoint or str
        At each target FMR, the threshold chosen on one half; or why there is none.
    """

    point: OperatingPoint
    fta: Rate
    fpir: GalleryScale | None
    taken: RosterScale | None
    needed: dict[int, GalleryThreshold | str]
    one_to_one: tuple[VerificationPoint | str, ...]


def gate_errors(
    select: Comparisons, report: Comparisons, threshold: float, site: GateSite, confidence: float
) -> GateErrors:
    """The errors at `threshold`, single attempts.

    Parameters
    ----------
    select, report : Comparisons
        One half of the people, on whom thresholds are chosen, and the other.
    threshold : float
        Of the passage template.
    site : GateSite
        Its rosters, bound and FMR targets apply.
    confidence : float
        Of the intervals.
    """
    curve, chooses = open_set_curve(report), open_set_curve(select)
    sizes = np.unique([*site.rosters, len(report.enrolled)])
    fpir, taken = None, None
    if curve.non_mated:
        fpir = fpir_by_gallery_size(curve.searches, threshold, sizes, confidence=confidence)
    if curve.mated and len(report.enrolled) > 1:
        taken = misidentification_by_roster(report, threshold, sizes, confidence=confidence)
    needed: dict[int, GalleryThreshold | str] = {}
    for size in sizes.tolist():
        try:
            needed[size] = threshold_for_gallery(chooses.searches, site.wrong_at_most, size)
        except (UnattainableTarget, NotMeasured) as reason:
            needed[size] = str(reason)
    own = report.mated
    failed = np.isnan(report.score[own]).all(axis=1)
    fta = rate_of(PeopleTrials(person_codes(report.probe_subject[own]), "people"), np.asarray(failed), "FTA")
    return GateErrors(curve.at(threshold), fta, fpir, taken, needed, _one_to_one(select, report, site))


def _one_to_one(select: Comparisons, report: Comparisons, site: GateSite) -> tuple[VerificationPoint | str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether the scores look like distances was told where they were made
        try:
            choose, measure = (verification_curve_of_comparisons(half) for half in (select, report))
        except BadInput as reason:
            return (str(reason),)
        found: list[VerificationPoint | str] = []
        for target in site.fmr:
            try:
                found.append(choose.threshold_at_fmr(target).at(measure))
            except UnattainableTarget as error:
                found.append(str(error))
    return tuple(found)


def errors_sections(found: GateErrors, site: GateSite, confidence: float) -> tuple[Section, Section]:
    """1:N by roster, and 1:N beside 1:1."""
    return _roster_section(found, site, confidence), _claim_section(found, site, confidence)


def _roster_section(found: GateErrors, site: GateSite, confidence: float) -> Section:
    tested = found.point.subjects
    rows = []
    for size, needed in found.needed.items():
        kind = "extrapolated" if size > tested else "measured"
        rows.append(
            (
                f"{size:,}",
                kind,
                _at(found.fpir, size),
                _at_roster(found.taken, size),
                f"{needed.threshold:.4f}" if isinstance(needed, GalleryThreshold) else "cannot tell",
                f"{fmr_if_independent(site.wrong_at_most, size):.1e}",
            )
        )
    columns = (
        "roster",
        "",
        "unenrolled let through",
        "enrolled taken for another",
        f"threshold for {100 * site.wrong_at_most:g} %",
        "FMR that takes, if comparisons were independent",
    )
    sentences = [
        f"At {found.point.threshold:.4f}, single attempts, on the people who did not choose it. Up to the {tested:,} "
        "people enrolled in the test rosters are measured, averaged over every choice of passengers; beyond, the "
        "unenrolled are extrapolated by how much searches differ, and the enrolled taken for another are at most in "
        "proportion to the roster.",
        "Somebody else must reach the threshold before an enrolled passenger is taken for him, so where the enrolled "
        "resemble others as much as strangers do, the share of the unenrolled let through bounds that of the enrolled.",
    ]
    cannot = [why for why in found.needed.values() if isinstance(why, str)]
    if cannot:
        sentences.append(f"The threshold for a larger roster cannot be told from this data: {cannot[-1]}.")
    table = Table(columns, tuple(rows), f"intervals of {100 * confidence:g} %, by person")
    return Section("Wrong passengers, by the roster of the night", tuple(sentences), table, ("gate_rosters",))


def _at(scale: GalleryScale | None, size: int) -> str:
    if scale is None:
        return "no trial"
    i = int(np.searchsorted(scale.size, size))
    return share_cell(float(scale.fpir[i]), float(scale.low[i]), float(scale.high[i]))


def _at_roster(scale: RosterScale | None, size: int) -> str:
    if scale is None:
        return "no trial"
    i = int(np.searchsorted(scale.size, size))
    most = "at most " if scale.extrapolated[i] else ""
    return most + share_cell(float(scale.rate[i]), float(scale.low[i]), float(scale.high[i]))


def _claim_section(found: GateErrors, site: GateSite, confidence: float) -> Section:
    point = found.point
    rows = [
        (
            f"1:N, roster {point.subjects:,}",
            f"{point.threshold:.4f}",
            cell(point.fpir, confidence),
            cell(point.misidentification, confidence),
            cell(point.fnir, confidence),
        )
    ]
    for target, own in zip(site.fmr, found.one_to_one):
        if isinstance(own, str):
            rows.append((f"1:1, FMR {target:g}", "cannot tell", "", "", ""))
        else:
            said = (cell(own.fmr, confidence), "cannot happen", cell(own.gfrr, confidence))
            rows.append((f"1:1, FMR {target:g}", f"{own.threshold:.4f}", *said))
    columns = (
        "the gate asks",
        "threshold",
        "a wrong person gets through",
        "an enrolled passenger as another",
        "an enrolled passenger is not let through",
    )
    sentences = [
        "1:N asks who of the roster this is: everybody on it may be matched by chance, so the threshold must rise with "
        "the roster. 1:1 asks whether this is whose boarding pass was read: the wrong person is who carries another "
        "passenger's pass, and the roster does not matter. Thresholds of 1:1 were chosen on one half of the people and "
        "are reported on the other; failures to find a face count as not let through in both.",
        f"Failure to acquire, enrolled passengers: {cell(found.fta, confidence)}.",
    ]
    refused = [own for own in found.one_to_one if isinstance(own, str)]
    sentences += [f"1:1: {why}." for why in dict.fromkeys(refused)]
    table = Table(columns, tuple(rows), f"intervals of {100 * confidence:g} %, by person")
    return Section("On the face alone, or against the boarding pass", tuple(sentences), table)

"""Presentation attacks at the gate: who passes where a match and a live face are both asked for.

The scores come from the site's own test (a file with ``score``, ``species`` and ``match_score``, one row a
presentation). Without ``match_score`` liveness is known alone: an attack then passes at most as often as APCER says,
and the genuine rejected lie between bounds that hold however match and liveness go together. Where no file is given
they are **made up by a seed**, so that the joint decision can be seen at work: bona fide presentations are the
study's own mated attempts with invented liveness scores; attacks of three invented species match like their victim,
less what such a copy might lose. Nothing of that speaks of any real attack or detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.sites.gate_words import cell, of_rate, share_cell
from facelab.report.site_answer import Section, Table
from facelab.stats.attacks import AttackErrors, read_attack_scores
from facelab.stats.columns import column_names
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.joint_decision import JointErrors, JointScores, read_joint_scores, rejected_by_either

if TYPE_CHECKING:
    from facelab.config_sites import GateSite
    from facelab.stats._given import FloatArray, TextArray
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Estimate

SPECIES = (("mask", 0.16, 0.9), ("print", 0.08, -1.2), ("replay", 0.05, -0.3))
"""Made up: name, how much of the match score a copy loses, and the middle of its liveness scores."""
BONA_FIDE_LIVE = (2.0, 0.8)
MADE_UP = (
    "The presentations are made up by a seed: liveness scores and instruments are invented, only the match scores of "
    "the bona fide are those of this study. They show how the decision works and say nothing of any attack."
)
GRID = 60


@dataclass(frozen=True, eq=False)
class GateAttacks:
    """The joint decision at the gate's match threshold.

    Parameters
    ----------
    made_up : bool
        True where no file was given.
    scores : JointScores
        The presentations.
    at_gate : JointErrors or None
        At the gate's match threshold and the liveness threshold that rejects fewest genuine people there with attacks
        bounded; None where none keeps the bound.
    best : JointErrors or None
        The same with both thresholds free.
    match_alone : JointErrors
        Without liveness.
    """

    made_up: bool
    scores: JointScores
    at_gate: JointErrors | None
    best: JointErrors | None
    match_alone: JointErrors


@dataclass(frozen=True, eq=False)
class LivenessAlone:
    """Attack detection of a file without match scores, beside the match of this study's attempts.

    Parameters
    ----------
    errors : AttackErrors
        At the smallest liveness threshold whose largest APCER keeps the site's bound.
    by_match : Rate
        Mated attempts of this study that do not reach the gate's threshold.
    rejected : Estimate
        Genuine rejected by either: if independent, with the bounds of any dependence.
    """

    errors: AttackErrors
    by_match: Rate
    rejected: Estimate


def made_up_presentations(match: FloatArray, subject: TextArray, rng: np.random.Generator) -> JointScores:
    """Made-up presentations: each mated attempt once bona fide, and once as an attack of each species on that person.

    Parameters
    ----------
    match : (n,) array
        Match scores of mated attempts; NaN where acquisition failed.
    subject : (n,) array of str
        Whose.
    rng : numpy.random.Generator
        Of everything that is invented.
    """
    n = len(match)
    live = [rng.normal(*BONA_FIDE_LIVE, n)]
    scores: list[FloatArray] = [np.asarray(match, dtype=np.float64)]
    species = [np.full(n, "", dtype="<U8")]
    for name, lost, middle in SPECIES:
        live.append(rng.normal(middle, 0.8, n))
        scores.append(match - np.abs(rng.normal(lost, 0.05, n)))
        species.append(np.full(n, name, dtype="<U8"))
    times = len(SPECIES) + 1
    return JointScores(np.concatenate(scores), np.concatenate(live), np.concatenate(species), np.tile(subject, times))


def gate_attacks(
    site: GateSite, threshold: float, match: FloatArray, subject: TextArray
) -> GateAttacks | LivenessAlone | str:
    """The joint decision on the site's file, or on presentations made up around the study's mated attempts.

    Parameters
    ----------
    site : GateSite
        Names the file, the bound and the seed.
    threshold : float
        The gate's match threshold.
    match, subject : (n,) arrays
        Scores and people of mated attempts.
    """
    try:
        if site.attack_scores and "match_score" not in column_names(Path(site.attack_scores)):
            return _liveness_alone(site, threshold, match, subject)
        if site.attack_scores:
            scores = read_joint_scores(Path(site.attack_scores))
        else:
            scores = made_up_presentations(match, subject, np.random.default_rng(site.attack_seed))
    except (NotMeasured, UnattainableTarget) as reason:
        return f"Presentation attacks: {reason}."
    live = np.unique(scores.live[~np.isnan(scores.live)])
    live = live[np.unique(np.linspace(0, len(live) - 1, GRID).round().astype(np.int64))]
    matches = np.unique(scores.match[~np.isnan(scores.match)])
    matches = matches[np.unique(np.linspace(0, len(matches) - 1, GRID).round().astype(np.int64))]
    return GateAttacks(
        not site.attack_scores,
        scores,
        _best(scores, site.attack_at_most, np.array([threshold]), live),
        _best(scores, site.attack_at_most, matches, live),
        scores.at(threshold, -1e9),
    )


def _liveness_alone(site: GateSite, threshold: float, match: FloatArray, subject: TextArray) -> LivenessAlone:
    errors = read_attack_scores(Path(site.attack_scores)).threshold_at_apcer(site.attack_at_most)
    below = ~(np.asarray(match, dtype=np.float64) >= threshold)
    by_match = rate_of(PeopleTrials(person_codes(subject), "people"), below, "rejected by the match")
    return LivenessAlone(errors, by_match, rejected_by_either(by_match, errors.bpcer))


def _best(scores: JointScores, bound: float, matches: FloatArray, live: FloatArray) -> JointErrors | None:
    try:
        return scores.best(bound, matches, live)
    except NotMeasured:
        return None


def attacks_section(found: GateAttacks | LivenessAlone | str, site: GateSite, confidence: float) -> Section:
    """Wrong person through by attack, and genuine rejected by either."""
    title = "Presentation attacks: match and live at once"
    if isinstance(found, str):
        return Section(title, (found,))
    if isinstance(found, LivenessAlone):
        return _liveness_section(title, found, site, confidence)
    asked = f"{100 * site.attack_at_most:g} of 100 attacks of the worst kind"
    given = (
        ("the match alone", found.match_alone),
        ("both, match threshold of the gate", found.at_gate),
        ("both thresholds free", found.best),
    )
    rows = tuple(_row(name, point, confidence) for name, point in given)
    columns = (
        "the gate asks for",
        "match threshold",
        "liveness threshold",
        "worst kind gets through",
        "genuine rejected, by either",
        "by the match",
        "by liveness",
    )
    sentences = [MADE_UP] if found.made_up else [f"Presentations of the site's own file, {len(found.scores):,}."]
    sentences.append(
        f"A presentation passes where it matches and is taken for live; liveness thresholds are those that reject "
        f"fewest genuine passengers while at most {asked} get through. Chosen and reported on the same presentations."
    )
    if found.at_gate is None:
        sentences.append(f"At the gate's match threshold no liveness threshold lets at most {asked} through.")
    else:
        point = found.at_gate
        worst = of_rate(point.largest_iapar, f"{point.worst_species} attacks", confidence)
        sentences.append(
            f"At the gate's match threshold. Attacks through: {worst}. Genuine rejected by either part: "
            f"{of_rate(point.rejected, 'genuine passengers', confidence)}."
        )
    kind = "made up by a seed: no measurement" if found.made_up else "measured on the site's file"
    return Section(title, tuple(sentences), Table(columns, rows, kind), ("gate_attacks",))


def _liveness_section(title: str, found: LivenessAlone, site: GateSite, confidence: float) -> Section:
    errors, either = found.errors, found.rejected
    rows = [(f"attacks: {name}", cell(rate, confidence)) for name, rate in errors.apcer.items()]
    rows += [
        ("genuine taken for an attack (BPCER)", cell(errors.bpcer, confidence)),
        ("genuine not matched by the gate", cell(found.by_match, confidence)),
        ("genuine rejected by either", share_cell(either.value, either.low, either.high)),
    ]
    sentences = (
        f"The site's file has liveness scores alone. At {errors.threshold:.3f}, the smallest threshold at which at "
        f"most {100 * site.attack_at_most:g} of 100 attacks of the worst kind are taken for live, attacks get through "
        "at most as often as that: as often if every instrument matches.",
        "Match and liveness were measured on different people. If they err independently the sum stands in the last "
        "row; its interval holds however they go together. Both scores of the same presentations would tell.",
    )
    return Section(title, sentences, Table(("who", "share"), tuple(rows), "measured on the site's file"))


def _row(name: str, point: JointErrors | None, confidence: float) -> tuple[str, ...]:
    if point is None:
        return name, "none keeps the bound", "", "", "", "", ""
    live = "none" if point.live_threshold < -1e8 else f"{point.live_threshold:.3f}"
    rates = (point.rejected, point.rejected_by_match, point.rejected_by_live)
    worst = f"{point.worst_species}: {cell(point.largest_iapar, confidence)}"
    return name, f"{point.match_threshold:.4f}", live, worst, *(cell(rate, confidence) for rate in rates)

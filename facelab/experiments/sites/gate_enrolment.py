"""A quality gate at enrolment: what refusing the worst photographs buys at the gate, and whom it costs.

Mated attempts are left out from the lowest reference quality up, at an unchanged threshold: the false non-matches of
those who remain are what the gate would see. Whoever is refused enrols again or goes to the manual lane each time, so
beside the gate's own rejections stands the sum of both. Failures to find a face at the gate are outside FNMR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.sites.gate_words import cell, hundredths
from facelab.report.site_answer import Section, Table
from facelab.stats.discard_areas import DiscardAreas, discard_areas
from facelab.stats.quality import DiscardCurve, discard_curve

if TYPE_CHECKING:
    from facelab.stats.rates import Rate
    from facelab.types import Comparisons

SEED = 1
ENOUGH = 1.0
NONE = "no comparison of enrolled passengers has a reference of known quality"


@dataclass(frozen=True, eq=False)
class Refusal:
    """What refusing a share of the people does.

    Parameters
    ----------
    asked, refused : float
        The share asked for, and of the people the share refused.
    people : int
        People refused.
    fnmr : Rate
        Of those who stay, at the gate.
    """

    asked: float
    refused: float
    people: int
    fnmr: Rate

    @property
    def not_through(self) -> float:
        """Share of all who want to pass who do not: refused, or enrolled and not matched."""
        return self.refused + (1 - self.refused) * self.fnmr.value


@dataclass(frozen=True, eq=False)
class QualityGate:
    """What an enrolment quality gate buys, on one set of people.

    Parameters
    ----------
    whose : str
        In words.
    threshold : float
        Of the gate.
    curve : DiscardCurve
        By reference quality.
    areas : DiscardAreas or None
        How much of what discarding could win it wins, with its interval; None without an error.
    refusals : tuple of Refusal
        At the shares of the site; the first refuses nobody.
    """

    whose: str
    threshold: float
    curve: DiscardCurve
    areas: DiscardAreas | None
    refusals: tuple[Refusal, ...]


def quality_gate(comparisons: Comparisons, threshold: float, shares: tuple[float, ...], whose: str) -> QualityGate:
    """Refusing the people with the worst enrolment photographs, at an unchanged threshold.

    Each mated attempt counts with the best of its mate's references, and that reference's quality.

    Raises
    ------
    NotMeasured
        No mated comparison, or no quality of references.
    """
    score, quality, person = mated_by_reference(comparisons)
    try:
        curve = discard_curve(score, np.full(len(score), np.inf).clip(max=1e9), quality, threshold, person)
    except BadInput as error:
        raise NotMeasured(f"{NONE}: {error}") from error
    own = {name: float(quality[person == name].min()) for name in np.unique(person[~np.isnan(score)]).tolist()}
    ordered = np.sort(list(own.values()))
    refusals = []
    for share in (0.0, *shares):
        count = int(share * len(ordered))
        least = ordered[count] if count < len(ordered) else np.inf
        kept = np.array([name for name, value in own.items() if value >= least])
        refused = len(ordered) - len(kept)
        if not len(kept):
            break
        rows = np.isin(person, kept)
        rate = discard_curve(score[rows], np.full(int(rows.sum()), 1e9), quality[rows], threshold, person[rows]).at(0.0)
        refusals.append(Refusal(share, refused / len(ordered), refused, rate))
    try:
        areas: DiscardAreas | None = discard_areas(curve, 0.2, rng=np.random.default_rng(SEED))
    except NotMeasured:
        areas = None
    return QualityGate(whose, threshold, curve, areas, tuple(refusals))


def mated_by_reference(
    comparisons: Comparisons,
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]],
    np.ndarray[tuple[int], np.dtype[np.float64]],
    np.ndarray[tuple[int], np.dtype[np.str_]],
]:
    """(m,) of each mated attempt the best score against its own references, that reference's quality, and the person.

    Raises
    ------
    NotMeasured
        There is none, or references have no quality.
    """
    known = comparisons.reference_attributes.get("quality")
    rows = np.flatnonzero(comparisons.mated)
    if known is None or not rows.size:
        raise NotMeasured(NONE)
    score, quality, person = [], [], []
    for row in rows.tolist():
        who = str(comparisons.probe_subject[row])
        columns = np.flatnonzero((comparisons.reference_subject == who) & ~np.isnan(np.asarray(known, float)))
        if not columns.size:
            continue
        values = np.asarray(comparisons.score[row, columns], dtype=np.float64)
        best = int(np.argmax(np.where(np.isnan(values), -np.inf, values)))
        score.append(values[best])
        quality.append(float(known[columns[best]]))
        person.append(who)
    if not score or np.isnan(score).all():
        raise NotMeasured(NONE)
    return np.array(score), np.array(quality), np.array(person, dtype=np.str_)


def enrolment_section(found: list[QualityGate | str], confidence: float) -> Section:
    """What a quality gate at enrolment buys and costs."""
    rows, sentences = [], []
    for own in found:
        if isinstance(own, str):
            sentences.append(own)
            continue
        sentences.append(_words(own, confidence))
        rows += [
            (
                own.whose,
                f"{100 * r.asked:g} %",
                f"{r.people}",
                cell(r.fnmr, confidence),
                f"{hundredths(r.not_through)} %",
            )
            for r in own.refusals
        ]
    columns = ("people", "refused at enrolment", "people refused", "not matched at the gate, of the rest", "both")
    table = Table(columns, tuple(rows), "a refused person costs the manual lane each time, or another photograph")
    sentences.insert(
        0,
        "Worst photographs first, the threshold unchanged; people are refused whole. It pays where the last column "
        "falls: where a better photograph is taken instead, the column before it is what the gate gains.",
    )
    return Section("Refusing bad enrolment photographs", tuple(sentences), table if rows else None)


def _words(own: QualityGate, confidence: float) -> str:
    first = own.refusals[0]
    if own.areas is None:
        return f"{own.whose}: nobody was missed at {own.threshold:.4f}, so there is nothing for quality to foresee."
    gain = own.areas.gain_interval(confidence)
    ends = f"{100 * own.areas.gain:.0f} % [{100 * gain.low:.0f}, {100 * gain.high:.0f}]"
    chance = gain.low > 0
    verdict = (
        "so the quality measured at enrolment does foresee who is missed"
        if chance
        else "which chance alone would give too: this data cannot tell that refusing by quality helps at all"
    )
    few = f" ({gain.note})" if gain.note else ""
    return (
        f"{own.whose}: {first.fnmr.errors} of {first.fnmr.trials} attempts are missed with everybody enrolled. "
        f"Refusing up to 20 % by quality wins {ends} of what a perfect foresight would win{few}, {verdict}."
    )

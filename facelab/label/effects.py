"""What an answer would change: both error rates at one threshold, before and after.

A track is a search. With A false alerts in N0 non-mated searches and M misses in N1 mated ones, the rates are taken as
FPIR = (A + 1/2) / (N0 + 1) and FNIR = (M + 1/2) / (N1 + 1), so that they exist with no search at all (half an error, as
Jeffreys' prior has it). The *expected change* by a question is

    P(the answer contradicts what is believed now) * (|ln FPIR'/FPIR| + |ln FNIR'/FNIR|),

so 0.1 stands for about a tenth of either rate. It is the priority of the question: where it is highest, a minute of a
reviewer's time moves the rates most. Threshold: the operating one where it is given; else the lowest at which at most
`TARGET_FPIR` of the non-mated searches alert, each counted with the probability that it is non-mated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput
from facelab.label.links import LinkModel, link_model, sampled_similarities

if TYPE_CHECKING:
    from facelab.label.material import Material
    from facelab.types import Bools, Floats, Gallery, Ints, Strings

TARGET_FPIR = 0.01
DEPTH = 5
BLOCK = 2**22


@dataclass(frozen=True)
class Counts:
    """False alerts A in N0 non-mated searches, misses M in N1 mated ones."""

    false_alerts: float
    non_mated: float
    misses: float
    mated: float

    def change(
        self,
        false_alerts: Floats | float = 0.0,
        non_mated: Floats | float = 0.0,
        misses: Floats | float = 0.0,
        mated: Floats | float = 0.0,
    ) -> Floats:
        """|ln FPIR'/FPIR| + |ln FNIR'/FNIR| where the counts change by so much.

        Examples
        --------
        >>> before = Counts(1, 99, 0, 9)
        >>> float(before.change(false_alerts=-1, non_mated=-1, mated=1).round(3))  # a false alert that was none
        1.184
        """

        def moved(x: float, dx: Floats | float, n: float, dn: Floats | float) -> Floats:
            after = np.maximum(x + np.asarray(dx), 0.0) + 0.5
            trials = np.maximum(n + np.asarray(dn), 0.0) + 1.0
            return np.asarray(np.abs(np.log(after / trials) - np.log((x + 0.5) / (n + 1.0))))

        fpir = moved(self.false_alerts, false_alerts, self.non_mated, non_mated)
        return np.asarray(fpir + moved(self.misses, misses, self.mated, mated))


class Scores:
    """Each track against the watchlist: its best `DEPTH` enrolled people, and what a score means.

    Parameters
    ----------
    material : Material
        The tracks.
    gallery : Gallery
        The watchlist, of the same pack.
    rng : numpy.random.Generator
        Draws the pairs that the meaning of a score is learnt from.

    Raises
    ------
    BadInput
        The watchlist's templates have another length.
    """

    def __init__(self, material: Material, gallery: Gallery, rng: np.random.Generator) -> None:
        references = gallery.templates.take(~gallery.templates.failed)
        if len(references) and references.embedding.shape[1] != material.embedding.shape[1]:
            raise BadInput("the watchlist was enrolled with another pack than the passages", place="gallery")
        self.material, self.enrolled = material, frozenset(gallery.enrolled.tolist())
        self._embedding, self._subject = references.embedding, references.subject_id
        self.link: LinkModel = link_model(sampled_similarities(material.embedding, rng, self._embedding))
        self.top_subject, self.top_score = self._top()

    def _top(self) -> tuple[Strings, Floats]:
        """(n, depth) the best enrolled people of each track and their scores; empty and NaN where there is none."""
        names, column = np.unique(self._subject, return_inverse=True)
        n, depth = len(self.material), min(DEPTH, max(1, len(names)))
        subject = np.full((n, depth), "", names.dtype if len(names) else np.dtype("<U1"))
        score = np.full((n, depth), np.nan)
        if not len(names):
            return subject, score
        order = np.argsort(column, kind="stable")
        starts = np.searchsorted(column[order], np.arange(len(names)))
        references = self._embedding[order].T
        usable = np.flatnonzero(self.material.usable)
        step = max(1, BLOCK // len(order))
        for begin in range(0, len(usable), step):
            rows = usable[begin : begin + step]
            best = np.maximum.reduceat(self.material.embedding[rows] @ references, starts, axis=1)
            top = np.argsort(-best, axis=1, kind="stable")[:, :depth]
            subject[rows], score[rows] = names[top], np.take_along_axis(best, top, axis=1)
        return subject, score

    def mate(self, rows: Ints, subjects: Strings) -> Floats:
        """(k,) the score of each of `rows` against the enrolled person beside it; NaN where there is none."""
        found = np.full(len(rows), np.nan)
        for subject in np.unique(subjects):
            own, here = self._embedding[self._subject == subject], np.flatnonzero(subjects == subject)
            if len(own):
                found[here] = (self.material.embedding[rows[here]] @ own.T).max(axis=1)
        return found

    def threshold(self, claimed: Strings, target: float = TARGET_FPIR) -> float:
        """The lowest threshold at which at most `target` of the non-mated searches alert, as far as can be known."""
        strangers = ~np.isin(claimed, list(self.enrolled)) & ~np.isnan(self.top_score[:, 0])
        score = self.top_score[strangers, 0]
        if not len(score):
            return self.link.at(0.5)
        order = np.argsort(-score, kind="stable")
        weight = 1 - self.link(score[order])
        allowed = np.flatnonzero(np.cumsum(weight) <= target * weight.sum())
        last = score[order[allowed[-1]]] if len(allowed) else score[order[0]]
        return float(last) if len(allowed) else float(np.nextafter(last, np.inf))


def counts_at(threshold: float, mated: Bools, mate_score: Floats, best_score: Floats) -> Counts:
    """The counts at `threshold`; a track without a template is a miss where it is mated, and no alert where not."""
    best, mate = (np.nan_to_num(score, nan=-np.inf) for score in (best_score, mate_score))
    return Counts(
        float(((best >= threshold) & ~mated).sum()),
        float((~mated).sum()),
        float(((mate < threshold) & mated).sum()),
        float(mated.sum()),
    )

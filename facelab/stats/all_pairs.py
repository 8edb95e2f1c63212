"""All pairs of embeddings: the exact error curve of more comparisons than memory holds.

Every pair i < j of n embeddings is compared once (cosine similarity; a sample is never compared with itself), block by
block of the matrix product. What stays in memory does not grow with the number of pairs:

- every mated score;
- the *tail*: about two million of the highest non-mated scores with their two people, so that everything at low FMR is
  exact at every score, person-level interval included;
- a histogram of all non-mated scores, exact at its edges.

A question below the tail (the EER of a weak matcher, a high target) costs another pass, which fetches the scores of a
few bins or counts everybody's errors at one threshold: exact too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.blocks import PairBlocks
from facelab.stats.complete_pairs import CompletePairs
from facelab.stats.dyadic import person_codes
from facelab.stats.nested import NestedErrors
from facelab.stats.rates import Rate
from facelab.stats.sides import MatedScores, attained_counts, first_turned, ranks_below, ranks_up_to
from facelab.stats.suspect import warn_of_distances
from facelab.stats.verification import ErrorCurve

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.stats.blocks import Scan
    from facelab.types import Floats, Ints, Templates


def verification_curve_of_all_pairs(
    templates: Templates, progress: Callable[[int, int], None] | None = None
) -> ErrorCurve:
    """The exact error curve of all pairs of templates.

    Parameters
    ----------
    templates : Templates
        Failed ones are failed comparisons; those without a subject are unknown people of their own.
    progress : callable, optional
        Called with blocks done and blocks in all.

    Raises
    ------
    BadInput
        Where there is no mated or no non-mated pair with a score.
    """
    return all_pairs_curve(templates.embedding, person_codes(templates.subject_id), progress)


def all_pairs_curve(embedding: Floats, person: Ints, progress: Callable[[int, int], None] | None = None) -> ErrorCurve:
    """The exact error curve of all pairs of embeddings.

    Parameters
    ----------
    embedding : (n, d) float array
        One row a sample, unit length; NaN where acquisition failed.
    person : (n,) int array
        Whose they are.
    progress : callable, optional
        Called with blocks done and blocks in all.

    Raises
    ------
    BadInput
        Where there is no mated or no non-mated pair with a score.
    """
    everyone = np.unique(person, return_inverse=True)[1]
    usable = ~np.isnan(embedding).any(axis=1)
    order = np.flatnonzero(usable)[np.argsort(everyone[usable], kind="stable")]
    offered = np.bincount(everyone, minlength=1)
    blocks = PairBlocks(embedding[order], everyone[order], len(offered))
    if blocks.mated_pairs == 0 or blocks.pairs == 0:
        raise BadInput("error rates need pairs of one person and pairs of two people: is subject_id filled?")
    scan = blocks.scan(progress)
    missing = offered * (offered - 1) // 2 - np.bincount(scan.mated_person, minlength=len(offered))
    mated = MatedScores(
        np.concatenate([scan.mated_score, np.full(int(missing.sum()), np.nan, dtype=np.float32)]),
        np.concatenate([scan.mated_person, np.repeat(np.arange(len(offered)), missing)]),
    )
    non_mated = StreamedScores(blocks, scan, offered)
    warn_of_distances(mated.ordered, np.full(1, non_mated.ranked_edge(non_mated.completed // 2)))
    return ErrorCurve(mated, non_mated)


@dataclass(frozen=True, eq=False)
class StreamedScores:
    """Non-mated scores of all pairs, as `facelab.stats.sides.NonMated` wants them.

    Parameters
    ----------
    blocks : PairBlocks
        Where another pass gets its scores from.
    scan : Scan
        What the first pass kept.
    offered : (people,) int array
        Samples of each person, failed ones included.
    """

    blocks: PairBlocks
    scan: Scan
    offered: Ints
    _fetched: dict[int, Floats] = field(default_factory=dict)
    _counted: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self.scan.tail_score, kind="stable")

    @cached_property
    def _tail(self) -> Floats:
        """The tail's scores, rising."""
        return self.scan.tail_score[self._order]

    @cached_property
    def _at_edges(self) -> Ints:
        """Scores at or above each edge of the histogram."""
        return np.append(np.cumsum(self.scan.counts[::-1])[::-1], 0)

    @property
    def completed(self) -> int:
        """Pairs with a score."""
        return self.blocks.pairs

    @property
    def failed(self) -> int:
        """Pairs of which a sample failed."""
        return len(self._design(self.offered)) - self.completed

    @property
    def people(self) -> int:
        """People, those included of whom every sample failed."""
        return int((self.offered > 0).sum())

    @property
    def person_pairs(self) -> int:
        """Distinct pairs of people with a score."""
        return self._design(self.blocks.samples).person_pairs

    @property
    def highest(self) -> float:
        """The largest score."""
        return float(self._tail[-1])

    @property
    def lowest(self) -> float:
        """The edge of the lowest bin that holds a score."""
        return float(self.scan.edges[int(np.flatnonzero(self.scan.counts)[0])])

    @cached_property
    def _falling(self) -> tuple[Ints, Ints]:
        """The people of the tail's comparisons, the highest score first."""
        order = self._order[::-1]
        return self.scan.tail_first[order], self.scan.tail_second[order]

    def _design(self, samples: Ints, listed: int = 0) -> CompletePairs:
        """All pairs of so many samples of each person, the `listed` highest of them named."""
        return CompletePairs(self._falling[0][:listed], self._falling[1][:listed], samples=samples)

    def _bin(self, score: float) -> int:
        """The bin of a score."""
        return int(np.clip(ranks_up_to(self.scan.edges, score) - 1, 0, len(self.scan.counts) - 1))

    def _scores_in(self, bin_: int) -> Floats:
        """The scores of a bin below the tail, rising; fetched with its neighbours by another pass where unknown."""
        if not self.scan.counts[bin_]:
            return np.zeros(0, dtype=np.float32)
        if bin_ not in self._fetched:
            wanted = [b for b in (bin_ - 1, bin_, bin_ + 1) if 0 <= b < len(self.scan.counts)]
            edges = self.scan.edges
            scores = self.blocks.between(float(edges[wanted[0]]), float(edges[wanted[-1] + 1]))
            for b in wanted:
                cut = np.searchsorted(scores, edges[b : b + 2], side="left")
                self._fetched[b] = scores[cut[0] : cut[1]]
        return self._fetched[bin_]

    def above(self, threshold: Floats | float) -> Ints:
        """How many scores are at or above each threshold.

        Exact in the tail, at the histogram's edges and for a single threshold (which may cost a pass); of an array, in
        the bins below the tail, as at the next edge above.
        """
        if np.ndim(threshold) == 0:
            return np.asarray(self._above_one(float(threshold)))
        values = np.asarray(threshold)
        edge = ranks_below(self.scan.edges, values)
        in_tail = len(self._tail) - ranks_below(self._tail, values)
        return np.asarray(
            np.where(values >= self.scan.cut, in_tail, self._at_edges[np.minimum(edge, len(self._at_edges) - 1)])
        )

    def _above_one(self, threshold: float) -> int:
        if threshold >= self.scan.cut:
            return len(self._tail) - int(ranks_below(self._tail, threshold))
        bin_ = self._bin(threshold)
        if threshold <= self.scan.edges[bin_]:
            return int(self._at_edges[bin_])
        scores = self._scores_in(bin_)
        return int(self._at_edges[bin_ + 1]) + len(scores) - int(ranks_below(scores, threshold))

    def ranked_edge(self, k: int) -> float:
        """The edge below the score that exactly k others precede from above."""
        return float(self.scan.edges[int(np.flatnonzero(self._at_edges > k)[-1])])

    def ranked(self, k: int) -> float:
        """The score that exactly k others precede from above; -inf where there are no more than k."""
        if k >= self.completed:
            return -np.inf
        if k < len(self._tail):
            return float(self._tail[-1 - k])
        bin_ = int(np.flatnonzero(self._at_edges > k)[-1])
        scores = self._scores_in(bin_)
        return float(scores[-1 - (k - int(self._at_edges[bin_ + 1]))])

    def after(self, score: float) -> float:
        """The smallest score above `score`; +inf where there is none."""
        bin_ = self._bin(score) if np.isfinite(score) else 0
        while score < self.scan.cut and bin_ < self._bin(self.scan.cut):
            scores = self._scores_in(bin_)
            at = ranks_up_to(scores, score)
            if at < len(scores):
                return float(scores[at])
            bin_ = self._next_filled(bin_, +1)
        at = ranks_up_to(self._tail, score)
        return float(self._tail[at]) if at < len(self._tail) else np.inf

    def before(self, score: float) -> float:
        """The largest score below `score`; -inf where there is none."""
        at = int(ranks_below(self._tail, score))
        if at:
            return float(self._tail[at - 1])
        bin_ = self._bin(min(score, self.scan.cut))
        while bin_ >= 0:
            scores = self._scores_in(bin_) if self.scan.edges[bin_] < self.scan.cut else self._tail[:0]
            at = int(ranks_below(scores, score))
            if at:
                return float(scores[at - 1])
            bin_ = self._next_filled(bin_, -1)
        return -np.inf

    def _next_filled(self, bin_: int, step: int) -> int:
        """The next bin that holds a score, upwards or downwards; past the end where there is none."""
        filled = np.flatnonzero(self.scan.counts)
        if step > 0:
            later = filled[filled > bin_]
            return int(later[0]) if len(later) else len(self.scan.counts)
        earlier = filled[filled < bin_]
        return int(earlier[-1]) if len(earlier) else -1

    def crossing(self, turned: Callable[[float, int], bool]) -> float:
        """The smallest score T at which ``turned(T, above(T))`` holds."""
        if len(self._tail) == self.completed or not turned(self.scan.cut, len(self._tail)):
            return first_turned(self._tail, lambda score: turned(score, self._above_one(score)))
        edges = self.scan.edges[: self._bin(self.scan.cut) + 1]
        first = first_turned(
            edges, lambda edge: turned(edge, int(self._at_edges[np.searchsorted(self.scan.edges, edge)]))
        )
        bin_ = max(self._bin(first) - 1, 0)
        scores = self._scores_in(bin_)
        found = first_turned(scores, lambda score: turned(score, self._above_one(score)))
        return found if np.isfinite(found) else self.after(float(np.nextafter(np.float32(first), np.float32(-np.inf))))

    def distinct(self) -> Floats:
        """Rising: the edges below the tail, and the distinct scores in it; counts are exact at each."""
        below = self.scan.edges[: self._bin(self.scan.cut)] if np.isfinite(self.scan.cut) else self.scan.edges[:0]
        held = np.flatnonzero(self.scan.counts[: len(below)])
        below = below[held[0] :] if len(held) else below[:0]
        return np.concatenate([below, np.unique(self._tail)])

    def rate(self, threshold: float, *, with_failed: bool) -> Rate:
        """FMR, or GFAR over all pairs, with the people behind it; below the tail it costs a pass."""
        samples, name = (self.offered, "GFAR") if with_failed else (self.blocks.samples, "FMR")
        if threshold >= self.scan.cut:
            matches = self._above_one(threshold)
            design = self._design(samples, matches)
            return Rate(matches, len(design), name, design.clustering(np.ones(matches, dtype=bool)))
        design = self._design(samples)
        errors, ends, squares, products = self._sums_at(threshold)
        clustering = design.clustering_of_sums(errors, ends, squares, products[1 if with_failed else 0])
        return Rate(errors, len(design), name, clustering)

    def _sums_at(self, threshold: float) -> tuple[int, Floats, float, list[float]]:
        """Everybody's errors at a threshold, by one pass for FMR and GFAR; the last one is remembered."""
        if self._counted.get("threshold") != threshold:
            sums = self.blocks.errors_at(threshold, (self.blocks.samples, self.offered))
            self._counted.update(threshold=threshold, sums=sums)
        found: tuple[int, Floats, float, list[float]] = self._counted["sums"]
        return found

    def nested(self, errors: int) -> NestedErrors:
        """FMR along the falling threshold, up to `errors` false matches, no further than the tail."""
        most = min(errors, len(self._tail))
        return NestedErrors("FMR", self.completed, np.arange(most), self._design(self.blocks.samples, most))

    def attained(self, errors: int) -> Ints:
        """Every number of false matches up to `errors`, no further than the tail, rising from 0."""
        return attained_counts(self._tail, min(errors, len(self._tail) - 1))

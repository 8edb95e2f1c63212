"""Passes over all pairs of embeddings, block by block, in memory that does not grow with the pairs.

Embeddings are ordered by person, and blocks begin where a person begins: so the pairs of one person lie in the blocks
of the diagonal, and the errors of a pair of people in one block. Every pass gives the same floats, since it makes the
same products of the same blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.stats.sides import bound_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facelab.types import Bools, Floats, Ints

BLOCK = 1024
"""Rows and columns of a block; more only where one person has more samples."""

BINS = 1 << 16
"""Bins of the histogram."""

TAIL = 2_000_000
"""At least about half and at most twice so many of the highest non-mated scores are kept."""

SAMPLE = 4_000_000
"""Scores of the sample that tells where the tail begins."""


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass keeps.

    Parameters
    ----------
    mated_score, mated_person : (m,) arrays
        Every mated pair.
    tail_score, tail_first, tail_second : (t,) arrays
        Every non-mated score at or above `cut`, and its people.
    cut : float
        Where the tail begins, an edge of the histogram; -inf where it is everything.
    edges, counts : (b + 1,), (b,) arrays
        The histogram of all non-mated scores: counts[i] have edges[i] <= s < edges[i + 1].
    """

    mated_score: Floats
    mated_person: Ints
    tail_score: Floats
    tail_first: Ints
    tail_second: Ints
    cut: float
    edges: Floats
    counts: Ints


class PairBlocks:
    """All pairs i < j of embeddings (n, d) of `person` (n,), rising, numbered below `people`."""

    def __init__(self, embedding: Floats, person: Ints, people: int) -> None:
        self.embedding = np.ascontiguousarray(embedding, dtype=np.float32)
        self.person = person
        self.samples = np.bincount(person, minlength=people)
        self.starts = _block_starts(self.samples)
        norm = float(np.square(self.embedding).sum(axis=1).max(initial=0.0))
        self.scale = np.float32((BINS - 1) / (2.002 * max(norm, 1e-6)))
        self.offset = np.float32(BINS / 2)

    @property
    def mated_pairs(self) -> int:
        """Pairs of one person."""
        return int((self.samples * (self.samples - 1) // 2).sum())

    @property
    def pairs(self) -> int:
        """Pairs of two people."""
        n = len(self.person)
        return n * (n - 1) // 2 - self.mated_pairs

    def __len__(self) -> int:
        return (len(self.starts) - 1) * len(self.starts) // 2

    def __iter__(self) -> Iterator[tuple[slice, slice, Floats]]:
        """Rows, columns and scores of each block on and above the diagonal; the array is used again for the next."""
        widest = int(np.diff(self.starts).max(initial=0))
        buffer = np.empty(widest * widest, dtype=np.float32)
        spans = [slice(int(a), int(b)) for a, b in zip(self.starts, self.starts[1:])]
        for i, rows in enumerate(spans):
            for columns in spans[i:]:
                shape = rows.stop - rows.start, columns.stop - columns.start
                scores = buffer[: shape[0] * shape[1]].reshape(shape)
                np.matmul(self.embedding[rows], self.embedding[columns].T, out=scores)
                yield rows, columns, scores

    def _mated(self, rows: slice) -> Bools:
        """Which entries of a block of the diagonal are mated pairs i < j."""
        own = self.person[rows]
        return np.triu(own[:, None] == own[None, :], 1)

    def _non_mated(self, rows: slice) -> Bools:
        """Which entries of a block of the diagonal are non-mated pairs i < j."""
        own = self.person[rows]
        return np.triu(own[:, None] != own[None, :], 1)

    def bins(self, scores: Floats) -> Ints:
        """The bin of each score: rising with it, so that counts at the edges are exact."""
        return np.asarray((scores * self.scale + self.offset).astype(np.int64))

    def edges(self) -> Floats:
        """(BINS + 1,) the smallest float32 of each bin."""
        wanted = np.arange(BINS + 1)
        edge = ((wanted - self.offset) / self.scale).astype(np.float32)
        for _ in range(8):
            edge = np.where(self.bins(edge) < wanted, np.nextafter(edge, np.float32(np.inf)), edge)
        for _ in range(8):
            lower = np.nextafter(edge, np.float32(-np.inf))
            edge = np.where(self.bins(lower) >= wanted, lower, edge)
        return edge

    def _cut(self, edges: Floats) -> float:
        """The edge above which about TAIL scores are expected, from a sample of rows; -inf: all of them."""
        if self.pairs <= TAIL:
            return -np.inf
        n = len(self.person)
        rows = np.unique(np.linspace(0, n - 1, min(max(16, SAMPLE // n), n)).astype(np.int64))
        scores = self.embedding[rows] @ self.embedding.T
        sample = scores[self.person[rows][:, None] != self.person[None, :]]
        share = TAIL / self.pairs
        at = np.partition(sample, int(len(sample) * (1 - share)))[int(len(sample) * (1 - share))]
        return float(edges[np.searchsorted(edges, at, side="right") - 1])

    def scan(self, progress: Callable[[int, int], None] | None = None) -> Scan:
        """One pass over all pairs: every mated score, the tail and the histogram."""
        edges = self.edges()
        keeper = _Tail(self._cut(edges), edges)
        counts = np.zeros(BINS, dtype=np.int64)
        mated_score, mated_person = [], []
        for done, (rows, columns, scores) in enumerate(self):
            if rows == columns:
                i, j = np.nonzero(self._mated(rows))
                mated_score.append(scores[i, j])
                mated_person.append(self.person[rows][i])
                i, j = np.nonzero(self._non_mated(rows))
                values = scores[i, j]
                kept = np.flatnonzero(values >= keeper.cut)
                keeper.add(values[kept], self.person[rows][i[kept]], self.person[rows][j[kept]])
            else:
                values = scores.ravel()
                kept = np.flatnonzero(values >= keeper.cut)
                i, j = np.divmod(kept, scores.shape[1])
                keeper.add(values[kept], self.person[rows][i], self.person[columns][j])
            counts += np.bincount(self.bins(values), minlength=BINS)
            if progress is not None:
                progress(done + 1, len(self))
        score, first, second = keeper.kept()
        mated = np.concatenate(mated_score), np.concatenate(mated_person)
        return Scan(*mated, score, first, second, keeper.cut, edges, counts)

    def between(self, low: float, high: float) -> Floats:
        """Another pass: the non-mated scores with low <= s < high, rising; both are edges."""
        found = []
        for rows, columns, scores in self:
            inside = (scores >= np.float32(low)) & (scores < np.float32(high))
            if rows == columns:
                inside &= self._non_mated(rows)
            found.append(scores[inside])
        return np.sort(np.concatenate(found))

    def errors_at(self, threshold: float, samples: tuple[Ints, ...]) -> tuple[int, Floats, float, list[float]]:
        """Another pass: the non-mated errors at a threshold.

        Parameters
        ----------
        threshold : float
            T.
        samples : tuple of (people,) int arrays
            k, the samples of each person by which the products are weighted; several for several weightings.

        Returns
        -------
        errors : int
        ends : (people,) array
            e_i, errors in which each person takes part.
        squares : float
            sum e_ij^2 over pairs of people.
        products : list of float
            sum e_ij k_i k_j, by each of `samples`.
        """
        bound, ends = bound_in(self.embedding.dtype, threshold), np.zeros(len(self.samples))
        squares, products = 0.0, [0.0 for _ in samples]
        for rows, columns, scores in self:
            error = scores >= bound
            if rows == columns:
                error &= self._non_mated(rows)
            a, b = (_people_of(self.person[span]) for span in (rows, columns))
            by_column = _summed(error, b[1])
            counts = _summed(np.ascontiguousarray(by_column.T), a[1]).T
            ends[a[0]] += counts.sum(axis=1)
            ends[b[0]] += counts.sum(axis=0)
            squares += float(np.square(counts, dtype=np.float64).sum())
            products = [sum_ + float(k[a[0]] @ (counts @ k[b[0]])) for sum_, k in zip(products, samples)]
        return round(ends.sum() / 2), ends, squares, products


class _Tail:
    """The highest scores seen so far, not many more than TAIL; `cut` rises when they become too many."""

    def __init__(self, cut: float, edges: Floats) -> None:
        self.cut, self._edges, self._size = cut, edges, 0
        self._parts: list[tuple[Floats, Ints, Ints]] = []

    def add(self, score: Floats, first: Ints, second: Ints) -> None:
        """Keeps scores at or above the cut, with their people."""
        if len(score):
            self._parts.append((score.copy(), first.astype(np.int32), second.astype(np.int32)))
            self._size += len(score)
        if self._size > 2 * TAIL and np.isfinite(self.cut):
            self._raise()

    def _raise(self) -> None:
        """Raises the cut to an edge above which at most TAIL of the kept scores lie."""
        score, first, second = self.kept()
        middle = np.partition(score, len(score) - TAIL)[len(score) - TAIL]
        above = self._edges[self._edges > middle]
        self.cut = float(above[0])
        keep = score >= self.cut
        self._parts = [(score[keep], first[keep], second[keep])]
        self._size = int(keep.sum())

    def kept(self) -> tuple[Floats, Ints, Ints]:
        """Scores and both people of the tail."""
        score = np.concatenate([p[0] for p in self._parts]) if self._parts else np.zeros(0, dtype=np.float32)
        first = np.concatenate([p[1] for p in self._parts]) if self._parts else np.zeros(0, dtype=np.int32)
        second = np.concatenate([p[2] for p in self._parts]) if self._parts else np.zeros(0, dtype=np.int32)
        return score, first.astype(np.int64), second.astype(np.int64)


def _summed(counts: Ints | Bools, starts: Ints) -> Ints:
    """Sums over the stretches of each row that begin at `starts`: differences of running sums.

    Along rows only: a running sum down the columns of an array this large takes ten times as long.
    """
    if len(starts) == counts.shape[1]:
        return np.asarray(counts, dtype=np.int32)
    running = np.cumsum(counts, axis=1, dtype=np.int32)
    last = np.append(starts[1:], counts.shape[1]) - 1
    return np.asarray(np.diff(running.take(last, axis=1), axis=1, prepend=np.int32(0)))


def _people_of(person: Ints) -> tuple[Ints, Ints]:
    """The people of a rising stretch and where each begins."""
    return np.unique(person, return_index=True)


def _block_starts(samples: Ints) -> Ints:
    """Where blocks begin (and the last one ends): at the beginning of a person, BLOCK rows or fewer apart."""
    ends = np.cumsum(samples[samples > 0])
    starts, begin = [0], 0
    while len(ends) and begin < ends[-1]:
        within = ends[(ends > begin) & (ends <= begin + BLOCK)]
        begin = int(within[-1]) if len(within) else int(ends[ends > begin][0])
        starts.append(begin)
    return np.asarray(starts, dtype=np.int64)

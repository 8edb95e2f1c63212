"""Exact search of a gallery of any size: the k best references of each probe, a shard of the gallery at a time.

Faiss's flat index compares every probe with every reference (nothing is approximated); its single-precision sums
differ in the last bits with the size of the blocks. So what it finds is scored again in double precision and rounded to
single, which makes the answer that of the dense product, whatever the shards: `score` falls, ties stand in the order of
the references. A reference that was left out is known to score less: where the last one found is too near to the k-th
best to say so (within the error bound of such sums, d 2^-24), more are asked for.

Memory: one shard, its copy in the index, and k candidates a probe. Nothing grows with the gallery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from facelab.types import Floats, Ints

SPARE = 8
"""References asked for beyond k, so that one look is mostly enough."""
BLOCK = 256
"""Probes scored again at a time."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best references of each probe.

    Parameters
    ----------
    score : (p, k) float32 array
        Falling; NaN where there is none (a failed probe, or fewer than k references).
    reference : (p, k) int array
        Position in the gallery, over all shards; -1 where there is none.
    size : int
        References that were searched.
    """

    score: NDArray[np.float32]
    reference: NDArray[np.int64]
    size: int

    def __len__(self) -> int:
        return len(self.score)

    def above(self, score: Floats) -> Ints:
        """(p,) candidates at or above each probe's `score` (p,); k of k means "k or more"."""
        return np.asarray((self.score >= np.asarray(score)[:, None]).sum(axis=1))


class ExactSearch:
    """The k best references of each probe so far; shards are added one after the other.

    Parameters
    ----------
    probes : (p, d) array
        Unit templates; a row with NaN is a failed probe, which finds nothing.
    k : int
        Candidates kept of each probe, from 1.

    Raises
    ------
    BadInput
        k below 1.

    Examples
    --------
    >>> search = ExactSearch(np.eye(2, 4), k=1)
    >>> search.add(np.eye(4)[2:])
    >>> search.add(np.eye(4)[:2])
    >>> search.best.reference.tolist(), search.best.score.tolist()
    ([[2], [3]], [[1.0], [1.0]])
    """

    def __init__(self, probes: Floats, k: int) -> None:
        if k < 1:
            raise BadInput(f"at least one candidate is kept, not {k}", place="k")
        import faiss

        self._faiss = faiss
        self._probes = np.ascontiguousarray(probes, np.float32)
        self._good = np.flatnonzero(np.isfinite(self._probes).all(axis=1))
        self._score = np.full((len(self._probes), k), -np.inf, np.float32)
        self._reference = np.full((len(self._probes), k), -1, np.int64)
        self._size = 0
        self.k = k

    def add(self, shard: Floats) -> None:
        """Search the next (n, d) references of the gallery, unit templates without a NaN.

        Raises
        ------
        BadInput
            Other dimensions than the probes', or a template that is not finite.
        """
        references = np.ascontiguousarray(shard, np.float32)
        if len(references) and references.shape[1] != self._probes.shape[1]:
            raise BadInput(
                f"references have {references.shape[1]} dimensions and probes {self._probes.shape[1]}; do they come "
                "from one pack?",
                place="shard",
            )
        if not np.isfinite(references).all():
            raise BadInput("a reference is not finite; leave failed enrolments out", place="shard")
        if len(references) and len(self._good):
            score, at = self._of_shard(references)
            both = np.concatenate([self._score[self._good], score], axis=1)
            which = np.concatenate([self._reference[self._good], np.where(at >= 0, at + self._size, -1)], axis=1)
            order = np.lexsort((np.where(which < 0, np.iinfo(np.int64).max, which), -both), axis=1)[:, : self.k]
            self._score[self._good] = np.take_along_axis(both, order, axis=1)
            self._reference[self._good] = np.take_along_axis(which, order, axis=1)
        self._size += len(references)

    @property
    def best(self) -> Candidates:
        """What was found so far."""
        score = np.where(self._reference >= 0, self._score, np.nan).astype(np.float32)
        return Candidates(score, self._reference.copy(), self._size)

    def _of_shard(self, references: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The k best of one shard: scores falling, ties by position; -inf and -1 where the shard has fewer."""
        index = self._faiss.IndexFlatIP(references.shape[1])
        index.add(references)
        n, probes = len(references), self._probes[self._good]
        score = np.full((len(probes), self.k), -np.inf, np.float32)
        at = np.full((len(probes), self.k), -1, np.int64)
        width = min(self.k, n)
        asked, left = min(self.k + SPARE, n), np.arange(len(probes))
        while left.size:
            found, positions = index.search(probes[left], asked)
            exact = _scored_again(probes[left], references, positions)
            order = np.lexsort((positions, -exact), axis=1)[:, :width]
            top = np.take_along_axis(exact, order, axis=1)
            score[left, :width], at[left, :width] = top, np.take_along_axis(positions, order, axis=1)
            sure = (top[:, -1] > found[:, -1] + references.shape[1] * 2.0**-24) | (asked == n)
            left, asked = left[~sure], min(2 * asked, n)
        return score, at


def _scored_again(
    probes: NDArray[np.float32], references: NDArray[np.float32], at: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(p, c) cosines of each probe with its references, summed in double precision."""
    out = np.empty(at.shape, np.float32)
    for start in range(0, len(at), BLOCK):
        rows = slice(start, start + BLOCK)
        out[rows] = np.matvec(references[at[rows]].astype(np.float64), probes[rows].astype(np.float64))
    return out


def exact_search(probes: Floats, shards: Iterable[Floats], k: int = 16) -> Candidates:
    """The k best references of each probe over all `shards`.

    Parameters
    ----------
    probes : (p, d) array
        Unit templates; NaN: failed.
    shards : iterable of (n, d) arrays
        The gallery, in order, a part at a time.
    k : int
        Candidates kept of each probe.

    Raises
    ------
    BadInput
        As `ExactSearch`.
    """
    search = ExactSearch(probes, k)
    for shard in shards:
        search.add(shard)
    return search.best

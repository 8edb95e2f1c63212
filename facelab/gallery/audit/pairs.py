"""What the references of a gallery score with each other: all pairs, in blocks, in bounded memory.

Kept are the highest pairs of different names (as many as there are references, at least `LEAST_KEPT`), all pairs of one
name, an even sample of the pairs of different names, and for each reference its nearest other name and the mean and
spread of its scores against other names. The two moments come from sums, not from pairs: with c = sum e_j and
C = sum e_j e_j^T over the references j of other names, mean = <e, c> / n and mean square = e^T C e / n.

References are taken in the order of their names, so that pairs of one name lie along the diagonal. Half of the matrix
is computed, a tile of `ROWS` by `COLUMNS` at a time. Failed acquisitions (NaN) take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.types import Floats, Gallery, Ints

ROWS, COLUMNS = 2048, 8192
LEAST_KEPT = 2000
SAMPLED = 2_000_000
OF_ONE_NAME = 200
"""Of a name with more samples so many, evenly spread, are compared with each other."""
_BEFORE = -2.0


@dataclass(frozen=True, eq=False, repr=False)
class PairScores:
    """The scores of the references of a gallery among themselves.

    Parameters
    ----------
    row : (r,) int array
        The references that have a template: their rows in the gallery; every other index here is such a row.
    pairs : int
        Pairs of different names, n.
    first, second, score : (k,) arrays
        The k highest of these, highest first.
    sample : (m,) float array
        An even sample of all of them, rising.
    own_first, own_second, own_score : (w,) arrays
        The pairs of one name.
    mean, spread : (r,) float arrays
        Of each reference's scores against other names; NaN where there is no other name.
    nearest, nearest_row : (r,) arrays
        Its highest score against another name, and with whom; NaN and -1 where there is none.
    """

    row: Ints
    pairs: int
    first: Ints
    second: Ints
    score: Floats
    sample: Floats
    own_first: Ints
    own_second: Ints
    own_score: Floats
    mean: Floats
    spread: Floats
    nearest: Floats
    nearest_row: Ints

    def __repr__(self) -> str:
        own = f"{len(self.own_score):,} of one"
        return f"{self.pairs:,} pairs of different names and {own}, of {len(self.row):,} references"


def pair_scores(gallery: Gallery) -> PairScores:
    """What the references of `gallery` score with each other.

    Examples
    --------
    >>> from facelab.types import Templates, Gallery
    >>> e = np.array([[1, 0], [.5, .75**.5], [0, 1]], np.float32)
    >>> t = Templates(["a/1", "b/1", "b/2"], ["a", "b", "b"], e, np.ones(3), np.ones(3), "pack")
    >>> found = pair_scores(Gallery(t, t.subject_id))
    >>> found.pairs, found.score.tolist(), len(found.own_score)
    (2, [0.5, 0.0], 1)
    """
    templates = gallery.templates
    good = np.flatnonzero(~templates.failed)
    _, code = np.unique(templates.subject_id[good], return_inverse=True)
    order = np.argsort(code, kind="stable")
    row, code = good[order], code[order]
    embedding = np.ascontiguousarray(templates.embedding[row])
    start = np.searchsorted(code, code, side="left")
    end = np.searchsorted(code, code, side="right")
    n = int((len(row) - (end - start)).sum()) // 2
    kept = min(n, max(LEAST_KEPT, len(row)))
    sample = _sample(embedding, code)
    bound = _bound(sample, kept, n)
    top, nearest, with_whom = _searched(embedding, (start, end), kept, bound)
    if len(top[2]) < kept:  # the sample put the bound too high
        top, nearest, with_whom = _searched(embedding, (start, end), kept, -np.inf)
    own = _of_one_name(embedding, start, end)
    mean, spread = _moments(embedding, start, end)
    return PairScores(
        row=row,
        pairs=n,
        first=row[top[0]],
        second=row[top[1]],
        score=top[2],
        sample=sample,
        own_first=row[own[0]],
        own_second=row[own[1]],
        own_score=own[2],
        mean=mean,
        spread=spread,
        nearest=nearest,
        nearest_row=np.where(with_whom >= 0, row[with_whom] if len(row) else with_whom, -1),
    )


def _sample(embedding: Floats, code: Ints) -> Floats:
    """Scores of different names among evenly spread references, rising; all of them where they are few."""
    count = min(len(embedding), int((2 * SAMPLED) ** 0.5))
    chosen = np.unique(np.linspace(0, max(len(embedding) - 1, 0), count).astype(np.int64))
    score = embedding[chosen] @ embedding[chosen].T
    return np.sort(score[np.triu(code[chosen][:, None] != code[chosen][None], 1)])


def _bound(sample: Floats, kept: int, n: int) -> float:
    """A score that more than `kept` of n pairs surely reach, by the sample; -inf where that takes most of them."""
    share = 8.0 * kept / max(n, 1)
    return float(np.quantile(sample, 1 - share)) if share < 0.5 and len(sample) else -np.inf


def _tiles(count: int) -> Iterator[tuple[slice, slice]]:
    """Tiles that cover every pair i < j of `count`."""
    for top in range(0, count, ROWS):
        for left in range(top, count, COLUMNS):
            yield slice(top, min(top + ROWS, count)), slice(left, min(left + COLUMNS, count))


def _searched(
    embedding: Floats, same: tuple[Ints, Ints], kept: int, bound: float
) -> tuple[tuple[Ints, Ints, Floats], Floats, Ints]:
    """The `kept` highest pairs of different names at or above `bound`, and each reference's nearest with its score."""
    found = _Highest(kept, bound)
    nearest, whom = np.full(len(embedding), _BEFORE, np.float32), np.full(len(embedding), -1)
    for rows, columns in _tiles(len(embedding)):
        score = embedding[rows] @ embedding[columns].T
        _without_own(score, rows, columns, same)
        found.add(score, rows.start, columns.start)
        for axis, part, other in ((1, rows, columns), (0, columns, rows)):
            best = score.max(axis=axis)
            better = np.flatnonzero(best > nearest[part])
            if better.size:
                at = score[better].argmax(axis=1) if axis else score[:, better].argmax(axis=0)
                nearest[part.start + better] = best[better]
                whom[part.start + better] = other.start + at
    there = whom >= 0
    return found.pairs(), np.where(there, nearest, np.nan).astype(np.float64), whom


def _without_own(score: Floats, rows: slice, columns: slice, same: tuple[Ints, Ints]) -> None:
    """Takes out of a tile what is no pair of different names, or is computed elsewhere: pairs j <= i, and one name."""
    if columns.start >= rows.stop and same[1][rows.stop - 1] <= columns.start:
        return
    for i in range(rows.start, rows.stop):
        until = min(int(same[1][i]), columns.stop)
        if until > columns.start:
            score[i - rows.start, : until - columns.start] = _BEFORE


class _Highest:
    """The highest pairs of a stream of tiles, in memory bounded by a few times as many."""

    def __init__(self, kept: int, bound: float) -> None:
        self.kept, self.bound = kept, max(bound, _BEFORE + 0.5)
        self._parts: list[tuple[Ints, Ints, Floats]] = []
        self._held = 0

    def add(self, score: Floats, top: int, left: int) -> None:
        at = np.nonzero(score >= self.bound)
        if at[0].size:
            self._parts.append((at[0] + top, at[1] + left, score[at]))
            self._held += at[0].size
        if self._held > 4 * self.kept + 1_000_000:
            self._parts = [self.pairs()]
            self._held = len(self._parts[0][2])
            self.bound = max(self.bound, float(self._parts[0][2].min(initial=np.inf)))

    def pairs(self) -> tuple[Ints, Ints, Floats]:
        """Those held, highest first; of equal scores those of the earlier references."""
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        i, j, score = (np.concatenate(part) for part in zip(nothing, *self._parts))
        order = np.lexsort((j, i, -score))[: self.kept]
        return i[order], j[order], score[order]


def _of_one_name(embedding: Floats, start: Ints, end: Ints) -> tuple[Ints, Ints, Floats]:
    """The pairs of one name."""
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))]
    for begin in np.unique(start[end - start > 1]):
        size = int(end[begin] - begin)
        own = begin + np.unique(np.linspace(0, size - 1, min(size, OF_ONE_NAME)).astype(np.int64))
        i, j = np.triu_indices(len(own), 1)
        parts.append((own[i], own[j], (embedding[own] @ embedding[own].T)[i, j]))
    i, j, score = (np.concatenate(part) for part in zip(*parts))
    return i, j, score


def _moments(embedding: Floats, start: Ints, end: Ints) -> tuple[Floats, Floats]:
    """Mean and spread of each reference's scores against other names."""
    d = embedding.shape[1]
    total, square = np.zeros(d), np.zeros((d, d))
    for top in range(0, len(embedding), ROWS):
        part = embedding[top : top + ROWS].astype(np.float64)
        total += part.sum(axis=0)
        square += part.T @ part
    mean, second = np.zeros(len(embedding)), np.zeros(len(embedding))
    for top in range(0, len(embedding), ROWS):
        part = embedding[top : top + ROWS].astype(np.float64)
        mean[top : top + ROWS] = part @ total
        second[top : top + ROWS] = np.einsum("ij,ij->i", part @ square, part)
    for begin in np.unique(start):
        rows = slice(int(begin), int(end[begin]))
        part = embedding[rows].astype(np.float64)
        mean[rows] -= part @ part.sum(axis=0)
        second[rows] -= np.einsum("ij,ij->i", part @ (part.T @ part), part) if len(part) > d else _squares(part)
    others = len(embedding) - (end - start)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, second = (np.where(others > 0, side / np.maximum(others, 1), np.nan) for side in (mean, second))
        return mean, np.sqrt(np.maximum(second - mean**2, 0.0))


def _squares(part: Floats) -> Floats:
    """Of each row the sum of its squared scores with all rows."""
    return np.asarray(np.square(part @ part.T).sum(axis=1))

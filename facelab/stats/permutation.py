"""Permutation tests of group labels: exact under "the label does not matter", whatever the people have in common.

Statistic X^2 = sum_g (e_g - p n_g)^2 / (p (1-p) n_g) over groups with trials, p the pooled rate. The p-value is
(1 + permutations at least as extreme) / (1 + permutations) (Phipson and Smyth 2010). Beside it stands the middle of
max/min over the permutations: what the ratio of *equal* groups looks like in data of this size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from facelab.errors import BadInput
from facelab.stats._given import BoolArray, FloatArray, IntArray, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 64


@dataclass(frozen=True)
class GroupTest:
    """A permutation test of whether groups differ.

    Parameters
    ----------
    statistic, p_value : float
        X^2 as observed, and how rarely a permutation reaches it.
    permutations : int
        Random permutations.
    unit : str
        What was permuted: "labels of people" or "labels within people".
    equal_ratio : float
        The middle of max/min over permutations; NaN where most have a group without an error.
    """

    statistic: float
    p_value: float
    permutations: int
    unit: str
    equal_ratio: float

    def __repr__(self) -> str:
        return f"p = {self.p_value:.3g} ({self.permutations} permutations of {self.unit})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("statistic", "p_value", "permutations", "unit", "equal_ratio")
        return {name: plain(getattr(self, name)) for name in names}


def _statistic(errors: FloatArray, trials: FloatArray) -> FloatArray:
    """X^2 of rows (b, g) of errors and trials."""
    total, whole = errors.sum(axis=1, keepdims=True), trials.sum(axis=1, keepdims=True)
    p = total / whole
    spread = p * (1 - p) * trials
    squares = np.divide((errors - p * trials) ** 2, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(squares.sum(axis=1))


def _test(errors: FloatArray, trials: FloatArray, unit: str) -> GroupTest:
    """The test from rows (1 + b, g): the observed one first."""
    value = _statistic(errors, trials)
    tolerance = 1e-9 * max(value[0], 1.0)
    reached = int((value[1:] >= value[0] - tolerance).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(trials > 0, errors / trials, np.nan)[1:]
        ratio = np.where(np.nanmin(rate, axis=1) > 0, np.nanmax(rate, axis=1) / np.nanmin(rate, axis=1), np.inf)
    middle = float(np.median(ratio))
    count = len(value) - 1
    return GroupTest(
        float(value[0]), (1 + reached) / (1 + count), count, unit, middle if np.isfinite(middle) else np.nan
    )


def _permuted(label: IntArray, permutations: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Blocks (b, people) of labels: first as they are, then permuted among the people `permutations` times."""
    if permutations < 1:
        raise BadInput(f"must be at least 1, it is {permutations}", place="permutations")
    yield label[None, :]
    for start in range(0, permutations, _CHUNK):
        yield rng.permuted(np.tile(label, (min(_CHUNK, permutations - start), 1)), axis=1)


def person_label_test(
    errors: FloatArray | IntArray, trials: IntArray, label: IntArray, permutations: int, rng: np.random.Generator
) -> GroupTest:
    """The test of people's labels where each trial belongs to one person.

    Parameters
    ----------
    errors, trials, label : (people,) arrays
        Errors and trials of each person, and the number of their group.
    permutations : int
        Random permutations.
    rng : numpy.random.Generator
        Their source.
    """
    groups = int(label.max()) + 1
    counts = np.stack([errors, trials], axis=1).astype(np.float64)
    blocks = _permuted(label, permutations, rng)
    both = np.concatenate(
        [np.stack([(drawn == g).astype(np.float64) @ counts for g in range(groups)], axis=1) for drawn in blocks]
    )
    return _test(both[:, :, 0], both[:, :, 1], "labels of people")


def within_person_test(
    error: BoolArray, label: IntArray, person: IntArray, permutations: int, rng: np.random.Generator
) -> GroupTest:
    """The test of an attribute that changes within people: labels permuted among each person's own trials.

    People with one trial, or one label, say nothing.
    """
    if permutations < 1:
        raise BadInput(f"must be at least 1, it is {permutations}", place="permutations")
    order = np.argsort(person, kind="stable")
    who, wrong, own = person[order], error[order].astype(np.float64), label[order]
    groups = int(label.max()) + 1
    e, n = np.zeros((1 + permutations, groups)), np.zeros((1 + permutations, groups))
    for b in range(1 + permutations):
        # sorting by person, then by chance, puts each person's own trials in random order
        drawn = own if b == 0 else own[np.lexsort((rng.random(len(who)), who))]
        e[b], n[b] = np.bincount(drawn, weights=wrong, minlength=groups), np.bincount(drawn, minlength=groups)
    return _test(e, n, "labels within people")


def pair_label_test(
    error: BoolArray,
    people: tuple[IntArray, IntArray],
    label: IntArray,
    permutations: int,
    rng: np.random.Generator,
) -> GroupTest:
    """The test of people's labels where each trial belongs to two, by pairs of groups without order.

    Parameters
    ----------
    error : (n,) bool array
        Which comparisons are errors.
    people : two (n,) int arrays
        The two people of each.
    label : (people,) int array
        The number of each person's group.
    permutations, rng
        As in `person_label_test`.
    """
    first, second = people
    count, groups = len(label), int(label.max()) + 1
    shape = (count, count)
    tables = [
        sparse.csr_array((weight.astype(np.float64), (first, second)), shape=shape)
        for weight in (error, np.ones(len(first)))
    ]
    rows, columns = np.triu_indices(groups)
    sums: list[list[FloatArray]] = [[], []]
    for drawn in _permuted(label, permutations, rng):
        for part, table in zip(sums, tables):
            ordered = _pair_table(table, drawn, groups)
            mirrored = np.where(rows == columns, 0.0, ordered[:, columns, rows])
            part.append(ordered[:, rows, columns] + mirrored)
    return _test(np.concatenate(sums[0]), np.concatenate(sums[1]), "labels of people")


def _pair_table(table: Any, drawn: IntArray, groups: int) -> FloatArray:
    """(b, g, g) sums of `table` (people x people) over ordered pairs of groups, for labels `drawn` (b, people)."""
    b, count = drawn.shape
    member = drawn[:, :, None] == np.arange(groups)  # (b, people, g)
    flat = member.transpose(1, 0, 2).reshape(count, b * groups).astype(np.float64)
    right = (table @ flat).reshape(count, b, groups)
    return np.asarray(np.einsum("bpg,pbh->bgh", member.astype(np.float64), right, optimize=True))

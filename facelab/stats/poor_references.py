"""What poor reference photographs cost: the misses of searches for people who have no other.

A mated search belongs to the *marked* where every usable reference of its subject is marked (or none is usable and one
is marked), else to the others: a person with one good photograph is found by it. FNIR of both, at the same T and R,
each with its person-level interval; `cost` is what FNIR of all searches would lose if the marked ones missed as often
as the others do: FNIR(all) - FNIR(others).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.searches import searches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.stats.rates import Rate
    from facelab.types import Bools, Comparisons, Ints


@dataclass(frozen=True)
class ReferenceMisses:
    """FNIR of searches for people with marked references only, of the others, and of all.

    Parameters
    ----------
    marked, others, all : Rate
        At the same threshold and rank; without a trial where there is no such search.
    """

    marked: Rate
    others: Rate
    all: Rate

    @property
    def cost(self) -> float:
        """FNIR(all) - FNIR(others); NaN where one of the groups has no search."""
        return self.all.value - self.others.value if self.marked.trials else float("nan")

    def sentence(self) -> str:
        """Both rates, and what the marked ones cost."""
        if not self.marked.trials:
            return "No search was for anybody whose only references are these, so their cost cannot be measured."
        return (
            f"{self.marked.sentence()} for people whose only references are these, {self.others.sentence()} for the "
            f"others: they make {self.cost:.2g} of the {self.all.value:.2g}."
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        rates = {name: getattr(self, name).to_dict() for name in ("marked", "others", "all")}
        return rates | {"cost": None if np.isnan(self.cost) else self.cost}


def misses_by_reference(
    comparisons: Comparisons, marked: Iterable[str], threshold: float, *, rank: int = 1
) -> ReferenceMisses:
    """FNIR of the searches for people all of whose references are marked, and of the others.

    Parameters
    ----------
    comparisons : Comparisons
        Every probe against every reference; non-mated probes compete for the rank no more than they do anyway.
    marked : iterable of str
        Sample ids of the references in question.
    threshold, rank : float, int
        T and R.

    Raises
    ------
    NotMeasured
        There is no mated search.

    Examples
    --------
    >>> from facelab.types import Comparisons
    >>> score, people = np.array([[.9, .1], [.2, .3]]), ["ann", "bob"]
    >>> found = misses_by_reference(Comparisons(score, ["p", "q"], people, ["a/1", "b/1"], people, people), ["b/1"], .5)
    >>> found.marked.errors, found.others.errors, found.cost
    (1, 0, 0.5)
    """
    found = searches(comparisons)
    if not found.mated.any():
        raise NotMeasured("there is no mated search: what a reference costs in misses cannot be measured")
    ids = np.array([*marked], dtype=np.str_)
    is_marked = np.isin(comparisons.reference_id, ids)
    usable = np.isfinite(comparisons.score).any(axis=0)
    good = comparisons.reference_subject[usable & ~is_marked]
    bad = np.setdiff1d(comparisons.reference_subject[is_marked], good)
    hit = (found.rank >= 1) & (found.rank <= rank) & (np.nan_to_num(found.mate_score, nan=-np.inf) >= threshold)
    missed, person = ~hit[found.mated], found.person[found.mated]
    theirs = np.isin(found.probe_subject[found.mated], bad)
    return ReferenceMisses(*(_rate(missed, person, kept) for kept in (theirs, ~theirs, np.ones_like(theirs))))


def _rate(missed: Bools, person: Ints, kept: Bools) -> Rate:
    """FNIR of the searches kept."""
    people = np.unique(person[kept], return_inverse=True)[1]
    return rate_of(PeopleTrials(np.asarray(people, dtype=np.int64), "probe people"), missed[kept], "FNIR")

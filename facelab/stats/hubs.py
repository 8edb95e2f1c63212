"""Which references raise the false alerts, which of them are hubs, and what FPIR would be without them.

A non-mated search is a false alert where some reference is at or above T. Of reference r, with G probe people:

- `searches`: false alerts in which r takes part (s >= T); `people`: the probe people behind them, m_r;
- `alone`: false alerts in which *no other* reference is at or above T, which is what goes if r goes.

A **hub** has more people than it would if references were interchangeable: person g matches k_g of the R references,
so each of them with probability k_g / R, and m_r is a sum of G independent Bernoulli variables (Poisson-binomial, the
exact distribution of a column sum when every row is permuted by itself). Reference r is named where the
Benjamini-Hochberg procedure over all R references rejects at a false discovery rate of 5 %.

References named on some people err less on others than on those (regression to the mean), so `hub_effect` names them on
one half of the probe people and measures on the other; `FalseAlerts.without` on the same people is optimistic.

Sources: Doddington and others, "Sheep, goats, lambs and wolves", ICSLP 1998 (lambs are easily matched); Radovanovic and
others, "Hubs in space", JMLR 11 (2010); Benjamini and Hochberg, JRSS B 57 (1995); Hong, "On computing the distribution
function for the Poisson binomial distribution", CSDA 59 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import plain, within
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.suspect import near_the_scores

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from facelab.stats.rates import Rate
    from facelab.types import Bools, Comparisons, Floats, Ints, Strings

LEVEL = 0.05
UNIT = "probe people"
BLOCK = 4_000_000


@dataclass(frozen=True, eq=False, repr=False)
class FalseAlerts:
    """The false alerts of n non-mated searches by the r references that raise them.

    Parameters
    ----------
    threshold : float
        T.
    reference_id, reference_subject : (r,) arrays of str
        The references, and whose they are.
    person : (n,) int array
        The probe person of each non-mated search, numbered from 0 without gaps.
    search, reference : (k,) int arrays
        Every score at or above T: its search (0 to n - 1) and its reference (0 to r - 1), by search.
    """

    threshold: float
    reference_id: Strings
    reference_subject: Strings
    person: Ints
    search: Ints
    reference: Ints

    def __len__(self) -> int:
        return len(self.reference_id)

    @property
    def trials(self) -> int:
        """Non-mated searches, n."""
        return len(self.person)

    @cached_property
    def _people(self) -> PeopleTrials:
        return PeopleTrials(self.person, UNIT)

    @cached_property
    def searches(self) -> Ints:
        """(r,) false alerts in which each reference takes part."""
        return np.bincount(self.reference, minlength=len(self))

    @cached_property
    def people(self) -> Ints:
        """(r,) probe people behind these, m_r."""
        return np.bincount(self._distinct[1], minlength=len(self))

    @cached_property
    def _distinct(self) -> tuple[Ints, Ints]:
        """The distinct pairs of a person and a reference they matched."""
        key = np.unique(self.person[self.search] * np.int64(max(len(self), 1)) + self.reference)
        return key // max(len(self), 1), key % max(len(self), 1)

    @cached_property
    def alone(self) -> Ints:
        """(r,) false alerts that only this reference raises."""
        single = np.bincount(self.search, minlength=self.trials)[self.search] == 1
        return np.bincount(self.reference[single], minlength=len(self))

    @cached_property
    def p_value(self) -> Floats:
        """(r,) P(M >= m_r) where references are interchangeable; 1 for one without a false alert."""
        matched = np.bincount(self._distinct[0])
        shares = matched[matched > 0] / max(len(self), 1)
        return upper_tail(shares, self.people)

    def hubs(self, level: float = LEVEL) -> Ints:
        """Positions of the hubs, most people first: what the Benjamini-Hochberg procedure rejects at `level`."""
        found = rejected(self.p_value, level) & (self.people > 1)
        order = np.lexsort((-self.alone, -self.searches, -self.people))
        return np.asarray(order[found[order]])

    @property
    def fpir(self) -> Rate:
        """FPIR at T, with its person-level interval."""
        return rate_of(self._people, self._alarmed(np.ones(len(self), dtype=np.bool_)), "FPIR")

    def rate(self, reference: int) -> Rate:
        """The share of non-mated searches in which the reference at that position is at or above T."""
        return rate_of(self._people, self._alarmed(np.arange(len(self)) == reference), "false alerts of one reference")

    def without(self, references: Iterable[int]) -> Rate:
        """FPIR at T of the gallery without the references at these positions."""
        return rate_of(self._people, self._alarmed(self._others(references)), "FPIR")

    def saved(self, references: Iterable[int]) -> Rate:
        """FPIR less the FPIR without these references: the searches that alert on nobody else."""
        others = self._others(references)
        gone = self._alarmed(np.ones(len(self), dtype=np.bool_)) & ~self._alarmed(others)
        return rate_of(self._people, gone, "FPIR saved")

    def positions(self, sample_ids: Iterable[str]) -> Ints:
        """Where the references of these ids stand; ids that are not there are left out."""
        return np.flatnonzero(np.isin(self.reference_id, np.array([*sample_ids], dtype=np.str_)))

    def _others(self, references: Iterable[int]) -> Bools:
        kept = np.ones(len(self), dtype=np.bool_)
        kept[np.array([*references], dtype=np.int64)] = False
        return kept

    def _alarmed(self, counted: Bools) -> Bools:
        """(n,) true where a reference marked in `counted` (r,) is at or above T."""
        return np.bincount(self.search[counted[self.reference]], minlength=self.trials) > 0

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a reference that takes part in a false alert, most people first."""
        import pandas as pd

        order = np.lexsort((-self.alone, -self.searches, -self.people))
        order = order[self.searches[order] > 0]
        hub = np.isin(order, self.hubs())
        columns: dict[str, Any] = {"sample": self.reference_id, "subject": self.reference_subject}
        columns |= {"false_alerts": self.searches, "people": self.people, "alone": self.alone, "p_value": self.p_value}
        return pd.DataFrame({name: value[order] for name, value in columns.items()} | {"hub": hub})

    def to_dict(self) -> dict[str, Any]:
        """For JSON: FPIR, and a row for each reference that takes part."""
        rows = self.to_frame().to_dict("records")
        return {"threshold": self.threshold, "fpir": self.fpir.to_dict(), "references": plain(rows)}

    def __repr__(self) -> str:
        active, hubs = int((self.searches > 0).sum()), len(self.hubs())
        return f"{self.fpir.sentence()}; {active:,} of {len(self):,} references take part, {hubs:,} are hubs"


def false_alerts_by_reference(comparisons: Comparisons, threshold: float) -> FalseAlerts:
    """Which references raise the false alerts of the non-mated searches at `threshold`.

    Parameters
    ----------
    comparisons : Comparisons
        Every probe against every reference; mated probes are left out.
    threshold : float
        T; accept when score >= T.

    Raises
    ------
    NotMeasured
        There is no non-mated search, or no reference.
    BadInput
        The threshold is no number, or lies far outside of the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from facelab.types import Comparisons
    >>> score, people = np.array([[.9, .1], [.8, .7]]), ["a", "b"]
    >>> found = false_alerts_by_reference(Comparisons(score, ["p", "q"], ["", ""], ["a/1", "b/1"], people, people), .5)
    >>> found.searches.tolist(), found.alone.tolist(), found.without([0]).errors
    ([2, 1], [1, 0], 1)
    """
    rows = np.flatnonzero(~comparisons.mated)
    count = len(comparisons.reference_id)
    if not len(rows) or not count:
        raise NotMeasured("there is no non-mated search, or no reference: no false alert can be told")
    threshold = near_the_scores(threshold, comparisons.score)
    step, search, reference = max(1, BLOCK // count), [], []
    for start in range(0, len(rows), step):
        at = np.nonzero(comparisons.score[rows[start : start + step]] >= threshold)
        search.append(at[0] + start)
        reference.append(at[1])
    return FalseAlerts(
        threshold,
        comparisons.reference_id,
        comparisons.reference_subject,
        np.unique(person_codes(comparisons.probe_subject[rows]), return_inverse=True)[1],
        np.concatenate(search),
        np.concatenate(reference),
    )


@dataclass(frozen=True, eq=False)
class HubEffect:
    """Hubs named on some probe people and measured on others.

    Parameters
    ----------
    named : (h,) array of str
        The references named (sample ids), most people first.
    before, after : Rate
        FPIR of the other people with the whole gallery, and without those named.
    saved : Rate
        The difference, with its own person-level interval.
    in_sample : Rate
        The same difference on the people who named them: optimistic, for comparison.
    threshold : float
        T.
    """

    named: Strings
    before: Rate
    after: Rate
    saved: Rate
    in_sample: Rate
    threshold: float

    def sentence(self) -> str:
        """What naming on one half and leaving out on the other did to FPIR."""
        if not len(self.named):
            return f"No reference stands out among those that raise false alerts at {self.threshold:.4f}."
        return (
            f"{len(self.named):,} references stand out on one half of the probe people. Measured on the other half, "
            f"{self.before.sentence()} would be {self.after.sentence()} without them: {self.saved.sentence()}. On the "
            f"people who named them the saving is {self.in_sample.value:.2g}, which is optimistic."
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        rates = {name: getattr(self, name).to_dict() for name in ("before", "after", "saved", "in_sample")}
        return {"threshold": self.threshold, "named": self.named.tolist()} | rates


def hub_effect(select: Comparisons, report: Comparisons, threshold: float, *, level: float = LEVEL) -> HubEffect:
    """What FPIR would be without the hubs: named on `select`, measured on `report`.

    Parameters
    ----------
    select, report : Comparisons
        Different probe people against the same gallery (`facelab.stats.thresholds.split_probes`).
    threshold : float
        T.
    level : float
        False discovery rate of the naming, in (0, 1).

    Raises
    ------
    BadInput
        Different galleries, or a person on both sides.
    NotMeasured
        One side has no non-mated search.
    """
    if not np.array_equal(select.reference_id, report.reference_id):
        raise BadInput("the two halves have different galleries", place="hub_effect")
    named = select.probe_subject[~select.mated]
    both = np.intersect1d(named[named != ""], report.probe_subject[~report.mated])
    if both.size:
        raise BadInput(f"{str(both[0])!r} names hubs and measures them: split the people first", place="hub_effect")
    chosen = false_alerts_by_reference(select, threshold)
    measured = false_alerts_by_reference(report, threshold)
    hubs = chosen.hubs(level)
    return HubEffect(
        chosen.reference_id[hubs],
        measured.fpir,
        measured.without(hubs),
        measured.saved(hubs),
        chosen.saved(hubs),
        measured.threshold,
    )


def upper_tail(probabilities: Floats, counts: Ints) -> Floats:
    """(r,) P(M >= m) for each m of `counts`, M a sum of independent Bernoulli variables (Poisson-binomial), exact.

    Examples
    --------
    >>> upper_tail(np.array([.5, .5]), np.array([0, 1, 2])).tolist()
    [1.0, 0.75, 0.25]
    """
    most = int(np.max(counts, initial=0))
    mass = np.zeros(most + 1)
    mass[0], above = 1.0, np.zeros(most + 1)
    for p in probabilities:
        # above[m] collects P(M >= m) as sums first reach m, which loses nothing to cancellation
        above[1:] += mass[:-1] * p
        mass[1:], mass[0] = mass[1:] * (1 - p) + mass[:-1] * p, mass[0] * (1 - p)
    above[0] = 1.0
    return np.asarray(np.minimum(above, 1.0)[np.asarray(counts, dtype=np.int64)])


def rejected(p_values: Floats, level: float = LEVEL) -> Bools:
    """(r,) the hypotheses that the Benjamini-Hochberg step-up procedure rejects at a false discovery rate of `level`.

    Examples
    --------
    >>> rejected(np.array([.001, .8, .02, .03])).tolist()
    [True, False, True, True]
    """
    level = within("level", level, 0.0, 1.0)
    p = np.asarray(p_values, dtype=np.float64)
    if not p.size:
        return np.zeros(0, dtype=np.bool_)
    ordered = np.sort(p)
    passing = np.flatnonzero(ordered <= level * np.arange(1, len(p) + 1) / len(p))
    return np.asarray(p <= ordered[passing[-1]]) if passing.size else np.zeros(len(p), dtype=np.bool_)

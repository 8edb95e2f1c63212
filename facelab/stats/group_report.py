"""Both kinds of error in groups of people, at one threshold: what `facelab groups` prints.

One call for searches (FPIR and FNIR by an attribute of the probe) and one for 1:1 comparisons (FMR by the attributes of
both people, FNMR by the subject's). Measures that combine both rates: GARBE, FDR, INEQ (`facelab.stats.equity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats import equity
from facelab.stats._given import labels, numbers, plain
from facelab.stats.groups import UNKNOWN, GroupRates, Side, group_rates, pair_group_rates
from facelab.stats.reference_groups import ReferenceRates, reference_group_rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.stats.rates import Rate
    from facelab.stats.searches import Searches


@dataclass(frozen=True, eq=False)
class GroupReport:
    """Both kinds of error in groups at one threshold, with the measures that combine them.

    Parameters
    ----------
    threshold : float
        T.
    false_positive, false_negative : GroupRates or None
        FPIR and FNIR, or FMR and FNMR; None where there is no such trial.
    weight : float
        a of GARBE, FDR and INEQ.
    """

    threshold: float
    false_positive: GroupRates | None
    false_negative: GroupRates | None
    weight: float = 0.5

    def measures(self) -> dict[str, float]:
        """GARBE, FDR, INEQ over the groups that have both rates; NaN where they are undefined.

        None of parts of a gallery, whose FPIR grows with their size.
        """
        if (
            self.false_positive is None
            or self.false_negative is None
            or isinstance(self.false_positive, ReferenceRates)
        ):
            return {}
        match, miss = _by_group(self.false_positive.rates), self.false_negative.rates
        shared = [group for group in match if group in miss]
        if len(shared) < 2:
            return {}
        x, y = ([some[group].value for group in shared] for some in (match, miss))
        return {
            "garbe": equity.garbe(x, y, weight=self.weight),
            "fdr": equity.fairness_discrepancy_rate(x, y, weight=self.weight),
            "ineq": equity.inequity_rate(x, y, weight=self.weight),
        }

    def __repr__(self) -> str:
        parts = [repr(part) for part in (self.false_positive, self.false_negative) if part is not None]
        return f"threshold {self.threshold:.4g}. " + " ".join(parts)

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        positive, negative = (
            None if part is None else part.to_dict(confidence) for part in (self.false_positive, self.false_negative)
        )
        measures = plain(self.measures()) | {"weight": self.weight}
        return {
            "threshold": self.threshold,
            "false_positive": positive,
            "false_negative": negative,
            "measures": measures,
        }


def _by_group(rates: Mapping[str, Rate]) -> dict[str, Rate]:
    """Rates of pairs within one group under that group's own name ("A x A" as "A"); others as they are."""
    named = {}
    for group, rate in rates.items():
        parts = group.split(" x ")
        named[parts[0] if len(parts) == 2 and parts[0] == parts[1] else group] = rate
    return named


def search_group_report(
    searches: Searches, group: Any, threshold: float, *, rank: int = 1, rng: np.random.Generator | None = None
) -> GroupReport:
    """FPIR and FNIR of searches in groups of the probe.

    Parameters
    ----------
    searches : Searches
        p searches.
    group : (p,) array of str
        The group of each probe; empty: unknown.
    threshold : float
        T.
    rank : int
        R: a mated search is a hit when the right subject is within rank R and at or above T.
    rng : numpy.random.Generator, optional
        Of the permutation tests; without it none is made.
    """
    if rank < 1:
        raise BadInput(f"must be at least 1, it is {rank}", place="rank")
    label = labels("group", group, len(searches))
    other, mate = (np.nan_to_num(s, nan=-np.inf) for s in (searches.other_score, searches.mate_score))
    hit = (searches.rank >= 1) & (searches.rank <= rank) & (mate >= threshold)
    parts = []
    for name, rows, error in (("FPIR", ~searches.mated, other >= threshold), ("FNIR", searches.mated, ~hit)):
        some = rows.any()
        found = group_rates(name, error[rows], label[rows], searches.probe_subject[rows], rng=rng) if some else None
        parts.append(found)
    if parts == [None, None]:
        raise NotMeasured("there is no search to compare groups by")
    return GroupReport(float(threshold), parts[0], parts[1])


def reference_group_report(
    searches: Searches,
    accepted: tuple[Any, Any],
    groups: tuple[Any, Any],
    threshold: float,
    *,
    probe_group: Any = None,
    rank: int = 1,
    rng: np.random.Generator | None = None,
) -> GroupReport:
    """FPIR and FNIR by an attribute of the enrolled subjects, alone or crossed with one of the probe.

    Parameters
    ----------
    searches : Searches
        p searches.
    accepted : two (k,) int arrays
        Search (0 to p - 1) and enrolled subject (0 to N - 1) of the candidates at or above T; once or more often.
    groups : (N,) and (p,) arrays of str
        The group of each enrolled subject, and of the mate of each search (of others it is not looked at).
    threshold, rank : float, int
        T and R.
    probe_group : (p,) array of str, optional
        The group of each probe.
    rng : numpy.random.Generator, optional
        Of the permutation tests; without it none is made.
    """
    if rank < 1:
        raise BadInput(f"must be at least 1, it is {rank}", place="rank")
    strangers = np.flatnonzero(~searches.mated)
    positive = negative = None
    if len(strangers):
        place = np.full(len(searches), -1)
        place[strangers] = np.arange(len(strangers))
        search, subject = (np.asarray(side, dtype=np.int64) for side in accepted)
        kept = place[search] >= 0
        once = np.unique(np.stack([place[search[kept]], subject[kept]]), axis=1)
        own = None if probe_group is None else np.asarray(probe_group)[strangers]
        people = searches.probe_subject[strangers]
        positive = reference_group_rates((once[0], once[1]), people, groups[0], probe_group=own, rng=rng)
    if searches.mated.any():
        mate = np.nan_to_num(searches.mate_score, nan=-np.inf)
        missed = ~((searches.rank >= 1) & (searches.rank <= rank) & (mate >= threshold))
        label = labels("group", groups[1], len(searches))
        if probe_group is not None:
            named = (np.where(side == "", UNKNOWN, side) for side in (np.asarray(probe_group), label))
            label = np.char.add(np.char.add(next(named), " x "), next(named))
        rows = searches.mated
        negative = group_rates("FNIR", missed[rows], label[rows], searches.probe_subject[rows], rng=rng)
    if positive is None and negative is None:
        raise NotMeasured("there is no search to compare groups by")
    return GroupReport(float(threshold), positive, negative)


def comparison_group_report(
    score: Any,
    people: tuple[Any, Any],
    groups: tuple[Any, Any],
    threshold: float,
    *,
    side: Side = "both",
    rng: np.random.Generator | None = None,
) -> GroupReport:
    """FMR and FNMR of 1:1 comparisons in groups; a comparison is mated where its two people are the same.

    Parameters
    ----------
    score : (n,) array
        Similarities; NaN: a failed acquisition, outside both rates.
    people, groups : two (n,) arrays of str each
        Probe's and reference's person and group.
    threshold : float
        T.
    side : {"probe", "reference", "both"}
        Whose group counts for FMR; for FNMR it is the probe's.
    rng : numpy.random.Generator, optional
        Of the permutation tests; without it none is made.
    """
    s = numbers("score", score, missing=True)
    a, b = (labels("people", part, len(s), filled=True) for part in people)
    one, two = (labels("group", part, len(s)) for part in groups)
    usable = ~np.isnan(s)
    mated, non = usable & (a == b), usable & (a != b)
    positive = negative = None
    if non.any():
        positive = pair_group_rates(s[non] >= threshold, (a[non], b[non]), (one[non], two[non]), side=side, rng=rng)
    if mated.any():
        negative = group_rates("FNMR", s[mated] < threshold, one[mated], a[mated], rng=rng)
    if positive is None and negative is None:
        raise NotMeasured("there is no comparison with a score to compare groups by")
    return GroupReport(float(threshold), positive, negative)

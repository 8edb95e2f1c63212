"""How a fixed number of reviews a day is best spent across sites: the thresholds that find most people for it.

Symbols: at site c pass V people a day, a share pi of them enrolled. At its threshold t it raises

    A_c(t) = V [(1 - pi) FPIR_c(t) + pi (TPIR_c(t) + MIDR_c(t))]   alerts a day, of which   H_c(t) = V pi TPIR_c(t)

are true (MIDR: the wrong name on an enrolled person). Wanted: the thresholds that maximise sum H_c while
sum A_c <= B, the reviews a day. H against A is a step curve a site; on their concave hulls the greatest sum is found by
taking the steepest pieces first until B is spent (Lagrange: at the optimum every site pays the same alerts for one more
true one). That gives an upper bound, with one piece taken in part. The thresholds themselves stand at whole steps: the
pieces that fit, then whatever step finds most of what is left. What may be missing to the optimum is at most
`Spending.gap`, the bound less what was found.

Sources: Everett, "Generalized Lagrange multiplier method", Operations Research 11 (1963); Sinha and Zoltners, "The
multiple-choice knapsack problem", Operations Research 27 (1979), for the hull and its bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import FloatArray, IntArray, plain, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.searches import Searches

REPLICATES = 999
COMMON = 96
"""Common thresholds that are looked at where both ways are compared at as many alerts."""


@dataclass(frozen=True, eq=False)
class SiteSteps:
    """One site's alerts and true alerts a day, step by step as its threshold falls.

    Parameters
    ----------
    name : str
        Of the site.
    threshold : (k,) array
        Falling; the first is +inf, where the site raises nothing.
    alerts, true : (k,) arrays
        A and H at each, rising from 0.
    """

    name: str
    threshold: FloatArray
    alerts: FloatArray
    true: FloatArray

    def __post_init__(self) -> None:
        if not len(self.threshold) == len(self.alerts) == len(self.true) or not len(self.alerts):
            raise BadInput("thresholds, alerts and true alerts must be as many, at least one", place=self.name)
        if self.alerts[0] != 0 or self.true[0] != 0 or (np.diff(self.alerts) < 0).any():
            raise BadInput("the steps begin with no alert, and alerts do not fall", place=self.name)

    @cached_property
    def hull(self) -> IntArray:
        """Positions of the corners of the concave hull of H over A, from the first to the highest H."""
        kept: list[int] = [0]
        for i in range(1, len(self.alerts)):
            if self.true[i] <= self.true[kept[-1]]:
                continue
            while len(kept) > 1 and _not_above(self.alerts, self.true, kept[-2], kept[-1], i):
                kept.pop()
            if self.alerts[i] == self.alerts[kept[-1]]:  # more for nothing
                kept[-1] = i
            else:
                kept.append(i)
        return np.array(kept, dtype=np.int64)


def _not_above(x: FloatArray, y: FloatArray, a: int, b: int, c: int) -> bool:
    """Whether point b lies on or below the line from a to c."""
    return bool((y[b] - y[a]) * (x[c] - x[a]) <= (y[c] - y[a]) * (x[b] - x[a]))


@dataclass(frozen=True, eq=False)
class Spending:
    """Thresholds, what they cost and what they find.

    Parameters
    ----------
    names : tuple of str
        Of the sites.
    threshold : (c,) array
        One a site; +inf: the site raises no alert.
    alerts, true : float
        A day, all sites together, on the data that chose.
    budget : float
        B.
    bound : float
        What no choice of thresholds can exceed.
    """

    names: tuple[str, ...]
    threshold: FloatArray
    alerts: float
    true: float
    budget: float
    bound: float

    @property
    def gap(self) -> float:
        """True alerts a day that may be missing to the optimum, at most."""
        return max(self.bound - self.true, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        head = {"thresholds": dict(zip(self.names, plain(self.threshold), strict=True)), "budget": self.budget}
        return head | {"alerts": self.alerts, "true": self.true, "bound": self.bound, "gap": self.gap}


def site_steps(name: str, curve: OpenSetCurve, passages: float, prevalence: float) -> SiteSteps:
    """The steps of a site by the error curve of its searches.

    Parameters
    ----------
    name : str
        Of the site.
    curve : OpenSetCurve
        Of searches like the site's.
    passages, prevalence : float
        V a day, and pi.

    Raises
    ------
    NotMeasured
        There are mated searches only, or none.
    """
    within("prevalence", prevalence, 0.0, 1.0, ends=True)
    if not curve.non_mated or not curve.mated:
        raise NotMeasured(f"{name}: searches of strangers and of enrolled people are needed, one kind is missing")
    wrong = curve.misidentifications / curve.mated
    alerts = passages * ((1 - prevalence) * curve.fpir + prevalence * (1 - curve.fnir + wrong))
    true = passages * prevalence * (1 - curve.fnir)
    falling = slice(None, None, -1)
    steps = [np.concatenate([[first], column[falling]]) for first, column in
             ((np.inf, curve.thresholds), (0.0, alerts), (0.0, true))]  # fmt: skip
    return SiteSteps(name, steps[0], np.maximum.accumulate(steps[1]), steps[2])


def best_spending(sites: Sequence[SiteSteps], budget: float) -> Spending:
    """The thresholds, one a site, that find most people within `budget` alerts a day.

    Parameters
    ----------
    sites : sequence of SiteSteps
        At least one.
    budget : float
        B, at least 0.

    Raises
    ------
    BadInput
        No site, or a budget below 0.
    """
    _checked(sites, budget)
    at, bound = _steepest_first(sites, budget)
    left = budget - sum(float(site.alerts[k]) for site, k in zip(sites, at, strict=True))
    while True:
        gains = [_best_step(site, k, left) for site, k in zip(sites, at, strict=True)]
        chosen = int(np.argmax([gain for gain, _ in gains]))
        if gains[chosen][0] <= 0:
            break
        left -= float(sites[chosen].alerts[gains[chosen][1]] - sites[chosen].alerts[at[chosen]])
        at[chosen] = gains[chosen][1]
    return _spending(sites, at, budget, bound)


def common_spending(sites: Sequence[SiteSteps], budget: float) -> Spending:
    """The lowest threshold for all sites together that keeps within `budget` alerts a day.

    Its `bound` is that of `best_spending`: its `gap` is what one threshold loses, at most, on the data that chose.

    Raises
    ------
    BadInput
        No site, or a budget below 0.
    """
    _checked(sites, budget)
    candidates = np.unique(np.concatenate([site.threshold for site in sites]))[::-1]
    low, high = 0, len(candidates) - 1  # alerts rise along falling candidates; the first raises none
    while low < high:
        middle = (low + high + 1) // 2
        spent = sum(float(site.alerts[_at(site, candidates[middle])]) for site in sites)
        low, high = (middle, high) if spent <= budget + 1e-9 * budget else (low, middle - 1)
    at = [_at(site, candidates[low]) for site in sites]
    found = _spending(sites, at, budget, _steepest_first(sites, budget)[1])
    return Spending(found.names, np.full(len(sites), candidates[low]), found.alerts, found.true, budget, found.bound)


def _checked(sites: Sequence[SiteSteps], budget: float) -> None:
    if not sites:
        raise BadInput("there is no site to spend reviews on", place="sites")
    if not 0 <= budget < np.inf:
        raise BadInput(f"must be at least 0, it is {budget}", place="budget")


def _steepest_first(sites: Sequence[SiteSteps], budget: float) -> tuple[list[int], float]:
    """The step of each site by the steepest hull pieces that fit; and the bound, a piece that does not in part."""
    pieces = []
    for c, site in enumerate(sites):
        more, found = np.diff(site.alerts[site.hull]), np.diff(site.true[site.hull])
        pieces += [(float(h / a), c, int(k), float(a), float(h)) for k, a, h in zip(site.hull[1:], more, found)]
    at, left, bound, full = [int(site.hull[0]) for site in sites], budget, 0.0, False
    bound = sum(float(site.true[k]) for site, k in zip(sites, at, strict=True))
    closed = set()
    for _, c, k, alerts, true in sorted(pieces, key=lambda piece: (-piece[0], piece[1], piece[2])):
        if alerts <= left and c not in closed:
            at[c], left = k, left - alerts
            bound += 0.0 if full else true
            continue
        if not full:
            bound, full = bound + true * left / alerts, True
        closed.add(c)
    return at, bound


def _best_step(site: SiteSteps, at: int, left: float) -> tuple[float, int]:
    """How much the best further step of a site finds with what is `left`, and which."""
    reach = int(np.searchsorted(site.alerts, site.alerts[at] + left, side="right"))
    if reach <= at + 1:
        return 0.0, at
    best = at + int(np.argmax(site.true[at:reach]))
    return float(site.true[best] - site.true[at]), best


def _at(site: SiteSteps, threshold: float) -> int:
    """The last step of a site whose threshold is at or above `threshold`."""
    return int(np.searchsorted(-site.threshold, -threshold, side="right")) - 1


def _spending(sites: Sequence[SiteSteps], at: Sequence[int], budget: float, bound: float) -> Spending:
    pairs = list(zip(sites, at, strict=True))
    threshold = np.array([site.threshold[k] for site, k in pairs])
    alerts, true = (float(sum(getattr(site, name)[k] for site, k in pairs)) for name in ("alerts", "true"))
    return Spending(tuple(site.name for site in sites), threshold, alerts, true, budget, bound)


@dataclass(frozen=True)
class Outcome:
    """What thresholds cost and find on other people, a day: the value and its interval over people.

    Parameters
    ----------
    value, low, high : float
        The interval is of percentiles over bootstrap samples of the people, the thresholds held.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Thresholds of its own for each site against one for all, on people who chose neither.

    Parameters
    ----------
    own_true, own_alerts, common_true, common_alerts : Outcome
        A day, all sites together.
    lost : Outcome
        True alerts a day that one common threshold loses against own ones, each at the alerts that it raises.
    lost_at_equal_alerts : Outcome
        The same where the common threshold is moved, on the reporting people, to raise no more than the own ones do;
        it is chosen on whom it is reported on, so the loss is rather too small.
    """

    own_true: Outcome
    own_alerts: Outcome
    common_true: Outcome
    common_alerts: Outcome
    lost: Outcome
    lost_at_equal_alerts: Outcome

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("own_true", "own_alerts", "common_true", "common_alerts", "lost", "lost_at_equal_alerts")
        return {name: plain(getattr(self, name)) for name in names}


@dataclass(frozen=True, eq=False)
class SiteTraffic:
    """A site as it is reported: its searches, and its own passages a day and prevalence."""

    searches: Searches
    passages: float
    prevalence: float


def compared_spendings(
    sites: Sequence[SiteTraffic],
    own: FloatArray,
    common: FloatArray,
    rng: np.random.Generator,
    *,
    rank: int = 1,
    replicates: int = REPLICATES,
) -> Comparison:
    """Two sets of thresholds on the same people, who are drawn again together with all that they passed.

    Parameters
    ----------
    sites : sequence of SiteTraffic
        Sites may share searches.
    own, common : (c,) arrays
        The thresholds, one a site.
    rng : numpy.random.Generator
        For the bootstrap.
    rank : int
        R.
    replicates : int
        Bootstrap samples of the people.
    """
    names = np.unique(np.concatenate([_people(site.searches) for site in sites]))
    weight = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates)
    weight = np.concatenate([np.ones((1, len(names)), dtype=weight.dtype), weight])
    totals = np.zeros((2, 2, len(weight)))  # own or common, alerts or true
    for c, site in enumerate(sites):
        each = weight[:, np.searchsorted(names, _people(site.searches))].astype(np.float64)
        for which, threshold in enumerate((own[c], common[c])):
            totals[which] += _day(site, float(threshold), each, rank)
    (own_alerts, own_true), (common_alerts, common_true) = ([_outcome(part) for part in kinds] for kinds in totals)
    lost, equal = totals[0, 1] - totals[1, 1], totals[0, 1] - _common_within(sites, names, weight, totals[0, 0], rank)
    return Comparison(own_true, own_alerts, common_true, common_alerts, _outcome(lost), _outcome(equal))


def _common_within(
    sites: Sequence[SiteTraffic], names: Any, weight: IntArray, alerts: FloatArray, rank: int
) -> FloatArray:
    """(b,) true alerts a day of the lowest common threshold that raises at most `alerts` (b,), in each replicate."""
    together: dict[int, list[SiteTraffic]] = {}
    for site in sites:
        together.setdefault(id(site.searches), []).append(site)
    merged = []
    for same in together.values():
        passages = sum(site.passages for site in same)
        enrolled = sum(site.passages * site.prevalence for site in same)
        merged.append(SiteTraffic(same[0].searches, passages, enrolled / passages))
    scores = np.concatenate([np.r_[site.searches.other_score, site.searches.mate_score] for site in merged])
    scores = scores[~np.isnan(scores)]
    found = np.zeros(len(weight))
    if not len(scores):
        return found
    rows = [weight[:, np.searchsorted(names, _people(site.searches))].astype(np.float64) for site in merged]
    open_ = np.ones(len(weight), dtype=bool)
    for threshold in np.unique(np.quantile(scores, np.linspace(0, 1, COMMON), method="lower"))[::-1]:
        day = np.sum(
            [_day(site, float(threshold), each, rank) for site, each in zip(merged, rows, strict=True)], axis=0
        )
        open_ &= day[0] <= alerts * (1 + 1e-9)
        found = np.where(open_, day[1], found)
        if not open_.any():
            break
    return found


def _people(found: Searches) -> Any:
    """(p,) a name for the person of each search; an unlabelled one is their own."""
    return np.where(found.probe_subject == "", np.char.add("?", found.probe_id), found.probe_subject)


def _day(site: SiteTraffic, threshold: float, weight: FloatArray, rank: int) -> FloatArray:
    """(2, b) alerts and true alerts a day under each row of person weights."""
    found = site.searches
    hit = (found.rank > 0) & (found.rank <= rank) & (found.mate_score >= threshold)
    wrong = found.misidentified & (found.other_score >= threshold)
    false = ~found.mated & (found.other_score >= threshold)
    with np.errstate(invalid="ignore", divide="ignore"):
        strangers = weight @ false / (weight @ ~found.mated)
        right, named = (weight @ (kind & found.mated) / (weight @ found.mated) for kind in (hit, wrong))
    strangers, right, named = (np.nan_to_num(rate) for rate in (strangers, right, named))
    V, pi = site.passages, site.prevalence
    return np.stack([V * ((1 - pi) * strangers + pi * (right + named)), V * pi * right])


def _outcome(totals: FloatArray) -> Outcome:
    """The first as the value, the others' percentiles as its interval."""
    if len(totals) < 2:
        return Outcome(float(totals[0]), float("nan"), float("nan"))
    low, high = np.quantile(totals[1:], [0.025, 0.975])
    return Outcome(float(totals[0]), float(low), float(high))

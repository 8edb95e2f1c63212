"""Rates without names: footage on which nobody enrolled is known to walk, and a few volunteers who walk on purpose.

Without labels there is no rate, only what an assumption makes of it. Two assumptions, and what each can bear:

- *Assume non-mated*: nobody in the footage is enrolled, so every alert is false. FPIR = a / n, a alerts in n searches.
  If k enrolled people walked there unseen (*hidden*), each of them in m searches, then the FPIR of the others lies
  between two ends: lowest, every alert that names one of the k most alleged people is theirs, and highest, none of
  them gave an alert;

      lowest = (a - s_k) / (n - s_k),        likely = (a - k m h) / (n - k m),        highest = min(a / (n - k m), 1),

  s_k the alerts that name the k subjects named most often, h the share of a hidden person's searches that alert (TPIR).
  These are the bounds of partial identification (Manski 1990, American Economic Review 80): more footage does not
  narrow them. The interval that has both uncertainties goes from the lower end of `lowest` to the upper of `highest`.
- *Volunteers*: a known few walk past on purpose. They give FNIR, and nothing else.

Searches without names cannot say that two of them are one person. `passages_a_person`, m, is how many searches one
person makes (cameras passed, and tracks that broke); the interval takes them as alike in all of them: n / m people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.planning import people_needed
from facelab.stats.rates import Clustering, Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from facelab.stats.searches import Searches
    from facelab.types import Ints

HIDDEN = (1, 3, 10)
PEOPLE = "people, all searches of one alike"


@dataclass(frozen=True)
class Hidden:
    """What k enrolled people who walked there unknown would make of an assumed FPIR.

    Parameters
    ----------
    people : int
        k.
    lowest : Rate
        Every alert that names one of the k most alleged people is true.
    likely : Rate
        Each of them gave the share h of their m searches as alerts, rounded to whole ones.
    highest : Rate
        None of them gave an alert.
    """

    people: int
    lowest: Rate
    likely: Rate
    highest: Rate

    def ends(self, confidence: float = 0.95) -> tuple[float, float]:
        """The interval that holds whichever of the alerts are true: from that of `lowest` to that of `highest`."""
        return self.lowest.interval(confidence).low, self.highest.interval(confidence).high


@dataclass(frozen=True, eq=False)
class AssumedNonMated:
    """FPIR at a threshold where nobody who is enrolled is known to have walked past.

    Parameters
    ----------
    threshold : float
        T.
    fpir : Rate
        Alerts over searches, all taken as strangers.
    named : (s,) int array
        Alerts that name each alleged subject first, falling; their sum is the alerts.
    hidden : tuple of Hidden
        The same with so many enrolled people among them.
    passages_a_person : float
        m, as given.
    hit : float
        h, as given.
    subjects : int
        N.
    """

    threshold: float
    fpir: Rate
    named: Ints
    hidden: tuple[Hidden, ...]
    passages_a_person: float
    hit: float
    subjects: int

    @property
    def can(self) -> tuple[str, ...]:
        """What this can claim."""
        a, n = self.fpir.errors, self.fpir.trials
        said = [
            f"{a:,} of {n:,} searches alert at {self.threshold:.4f}. If nobody of the {self.subjects:,} enrolled walked"
            f" there, all are false: {self.fpir.sentence()}."
        ]
        said += [self._with_hidden(one) for one in self.hidden]
        if self.hidden and self.fpir.errors:
            said.append(
                "Who is hidden and alerts makes the measured FPIR too high, which is safe for a threshold; who is"
                f" hidden and missed makes it too low, with {self.hidden[-1].people} of them by a factor of"
                f" {self._too_low(self.hidden[-1]):.3f} at most."
            )
        return tuple(said)

    def _with_hidden(self, one: Hidden) -> str:
        """What so many hidden people would make of it."""
        low, high = one.ends()
        among = f"With {one.people} enrolled {'person' if one.people == 1 else 'people'} among them unknown"
        if not self.fpir.errors:
            left = f"{one.highest.trials:,} searches of others are left, without an alert"
            return f"{among}, who gave no alert, {left}: FPIR at most {_percent(high)}."
        return (
            f"{among}, the FPIR of the others is likely {_percent(one.likely.value)}, at least"
            f" {_percent(one.lowest.value)} and at most {_percent(one.highest.value)} of the searches (with the"
            f" sample's own uncertainty {_percent(low)} to {_percent(high)})."
        )

    @property
    def cannot(self) -> tuple[str, ...]:
        """What it cannot claim."""
        said = [
            "It says nothing of misses: FNIR, and any threshold chosen for one, need people who are known.",
            "It cannot say of a single alert that it is false; a reviewed sample of the alerts can.",
        ]
        if self.passages_a_person == 1:
            said.append(
                "Each search counts as a person of its own: where people pass several cameras, or their tracks break,"
                " the interval is too narrow (passages a person)."
            )
        return tuple(said)

    def _too_low(self, one: Hidden) -> float:
        return one.highest.value / self.fpir.value

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a number of hidden people (0: the assumption)."""
        import pandas as pd

        rows = [Hidden(0, self.fpir, self.fpir, self.fpir), *self.hidden]
        columns: dict[str, list[float]] = {"hidden": [row.people for row in rows]}
        for name in ("lowest", "likely", "highest"):
            columns[name] = [getattr(row, name).value for row in rows]
        ends = [row.ends() for row in rows]
        return pd.DataFrame(columns | {"low": [low for low, _ in ends], "high": [high for _, high in ends]})

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        hidden = [
            {
                "people": one.people,
                "lowest": one.lowest.to_dict(confidence),
                "likely": one.likely.to_dict(confidence),
                "highest": one.highest.to_dict(confidence),
                "low": one.ends(confidence)[0],
                "high": one.ends(confidence)[1],
            }
            for one in self.hidden
        ]
        return {
            "mode": "assume_non_mated",
            "threshold": self.threshold,
            "fpir": self.fpir.to_dict(confidence),
            "alerts_by_alleged": self.named.tolist(),
            "passages_a_person": self.passages_a_person,
            "hit": self.hit,
            "hidden": hidden,
            "can": list(self.can),
            "cannot": list(self.cannot),
        }

    def __repr__(self) -> str:
        return f"assumed non-mated at {self.threshold:.4f}: {self.fpir!r}"


@dataclass(frozen=True, eq=False)
class VolunteerMisses:
    """FNIR at a threshold from a known few who walked past on purpose.

    Parameters
    ----------
    threshold, rank : float, int
        T and R.
    fnir : Rate
        Missed searches over searches of volunteers.
    journeys : Rate
        Volunteers whom no search found, over volunteers.
    unnamed : int
        Other searches, of whom nothing is said here.
    """

    threshold: float
    rank: int
    fnir: Rate
    journeys: Rate
    unnamed: int

    @property
    def resolution(self) -> float:
        """The smallest FNIR that so many volunteers could have shown: their upper bound without a single miss."""
        return float(1 - 0.05 ** (1 / self.journeys.trials))

    @property
    def can(self) -> tuple[str, ...]:
        """What this can claim."""
        people, fnir = self.journeys.trials, self.fnir
        return (
            f"Of {fnir.trials:,} searches of {people:,} volunteers {fnir.errors:,} missed at {self.threshold:.4f}:"
            f" {fnir.sentence()}. Whoever else there is, 95 % sure at most {_percent(fnir.guaranteed_upper())}.",
            f"{self.journeys.errors:,} of {people:,} volunteers were found by no search: {self.journeys.sentence()}.",
            f"So many volunteers without one miss would bound the rate by {_percent(self.resolution)};"
            f" for 5 % it takes {people_needed(0.05):,}, for 1 % {people_needed(0.01):,}.",
        )

    @property
    def cannot(self) -> tuple[str, ...]:
        """What it cannot claim."""
        return (
            "Volunteers know where the cameras are: people who hurry, look away or hide are missed more often, and"
            " those of other ages, skins and photographs may be.",
            f"It says nothing of false alerts: the {self.unnamed:,} other searches have no names. Assume them"
            " non-mated for that, with people who may be hidden among them.",
        )

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        return {
            "mode": "volunteers",
            "threshold": self.threshold,
            "rank": self.rank,
            "fnir": self.fnir.to_dict(confidence),
            "missed_journeys": self.journeys.to_dict(confidence),
            "resolution": self.resolution,
            "unnamed": self.unnamed,
            "can": list(self.can),
            "cannot": list(self.cannot),
        }

    def __repr__(self) -> str:
        return f"volunteers at {self.threshold:.4f}: {self.fnir!r}"


def assume_non_mated(
    found: Searches,
    threshold: float,
    *,
    hidden: Sequence[int] | None = None,
    passages_a_person: float = 1.0,
    hit: float = 1.0,
) -> AssumedNonMated:
    """FPIR of searches without names, taken as strangers, and what hidden enrolled people would make of it.

    Parameters
    ----------
    found : Searches
        Those of people who are known to be enrolled (volunteers) are left out.
    threshold : float
        T; an alert names the best candidate of its search.
    hidden : sequence of int, optional
        k, numbers of enrolled people who might have walked there; by default those of 1, 3 and 10 who would
        make at most half of the searches.
    passages_a_person : float
        m, searches that one person makes, at least 1.
    hit : float
        h in [0, 1]: the share of a hidden person's searches that alert, for the likely case (volunteers measure it).

    Raises
    ------
    NotMeasured
        There is no search of anybody unknown, or the hidden would be all of them.
    BadInput
        k below 1 or above N, m below 1, h outside [0, 1], or no threshold.

    Examples
    --------
    >>> from facelab.stats.searches import searches_from_candidates
    >>> rows = [(f"p{i}", "", "ann" if i < 3 else "bob", 0.9 if i < 4 else 0.1) for i in range(100)]
    >>> found = assume_non_mated(searches_from_candidates(*zip(*rows)), 0.5, hidden=(1,))
    >>> found.fpir.errors, found.hidden[0].lowest.errors, found.hidden[0].lowest.trials, found.hidden[0].likely.errors
    (4, 1, 97, 3)
    """
    _check(found, threshold, hidden, passages_a_person, hit)
    strangers = ~found.mated
    n = int(strangers.sum())
    score, subject = found.other_scores[strangers, 0], found.other_subjects[strangers, 0]
    alerts = score >= threshold
    a = int(alerts.sum())
    named = np.sort(np.unique(subject[alerts], return_counts=True)[1])[::-1].astype(np.int64)
    possible = [
        k for k in HIDDEN if k <= found.subjects and 2 * math.ceil(k * passages_a_person) <= n > int(named[:k].sum())
    ]
    rows = tuple(
        _hidden(k, named, n, passages=passages_a_person, hit=hit) for k in (possible if hidden is None else hidden)
    )
    fpir = _rate(a, n, passages_a_person)
    return AssumedNonMated(float(threshold), fpir, named, rows, float(passages_a_person), float(hit), found.subjects)


def volunteer_misses(found: Searches, threshold: float, *, rank: int = 1) -> VolunteerMisses:
    """FNIR of the searches of known, enrolled people.

    Parameters
    ----------
    found : Searches
        The volunteers' searches are the mated ones; all others are only counted.
    threshold, rank : float, int
        T and R.

    Raises
    ------
    NotMeasured
        There is no search of anybody known to be enrolled.
    """
    if not found.mated.any():
        raise NotMeasured("no search is of a volunteer who is known and enrolled: FNIR needs some")
    hit = (found.rank >= 1) & (found.rank <= rank) & (np.nan_to_num(found.mate_score, nan=-np.inf) >= threshold)
    who, person = np.unique(found.person[found.mated], return_inverse=True)
    missed = ~hit[found.mated]
    fnir = rate_of(PeopleTrials(person.astype(np.int64), "volunteers"), missed, "FNIR")
    lost = np.bincount(person, weights=~missed, minlength=len(who)) == 0
    journeys = rate_of(PeopleTrials(np.arange(len(who)), "volunteers"), lost, "missed journeys")
    return VolunteerMisses(float(threshold), rank, fnir, journeys, int((~found.mated).sum()))


def _hidden(k: int, named: Ints, n: int, *, passages: float, hit: float) -> Hidden:
    """The ends with k hidden people, of `n` searches whose alerts name people so often."""
    a, walked, most = int(named.sum()), math.ceil(k * passages), int(named[:k].sum())
    if walked >= n:
        raise NotMeasured(f"{k} hidden people in {passages:g} searches each would be all {n:,} searches")
    if most >= n:
        raise NotMeasured(f"all {n:,} searches name the {k} most alleged people: nobody else is left")
    seen = min(round(k * passages * hit), most)
    lowest = _rate(a - most, n - most, passages)
    likely = _rate(min(a - seen, n - walked), n - walked, passages)
    return Hidden(k, lowest, likely, _rate(min(a, n - walked), n - walked, passages))


def _rate(errors: int, trials: int, passages: float) -> Rate:
    """A rate of trials of which each person makes `passages`, all alike: the widest that such people can make it."""
    people = max(trials / passages, 1.0)
    p = errors / trials
    clustering = Clustering(math.ceil(people), PEOPLE if passages > 1 else "searches", p * (1 - p) / people, people)
    return Rate(errors, trials, "FPIR", clustering)


def _check(found: Searches, threshold: float, hidden: Sequence[int] | None, passages: float, hit: float) -> None:
    if not threshold < np.inf:
        raise BadInput(f"a threshold is a number, not {threshold}", place="threshold")
    if found.mated.all():
        raise NotMeasured("there is no search of anybody unknown: nothing to assume")
    if any(not 1 <= k <= found.subjects for k in hidden or ()):
        raise BadInput(f"hidden people are 1 to {found.subjects:,} (the enrolled), not {hidden}", place="hidden")
    if not 1 <= passages < np.inf:
        raise BadInput(f"a person makes 1 passage or more, not {passages:g}", place="passages a person")
    if not 0 <= hit <= 1:
        raise BadInput(f"a share lies between 0 and 1, this one is {hit:g}", place="hit")


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

"""What changes when the threshold is moved: rates, alerts a day, rates by group, and the searches that flip.

The explorer answers from the reporting half of a study. Nothing is matched again and nothing is counted again: scores
are sorted once, and what person-level intervals need stands beside them as running sums (`facelab.stats.nested`), so
that an answer costs a binary search. A search *flips* between two thresholds where the decision on it changes: an alert
on a stranger that comes or goes, an enrolled person found or missed. The most doubtful, those nearest to the new
threshold, come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.floor import site_of, speaking_point
from facelab.stats.dyadic import PeopleTrials
from facelab.stats.nested import NestedErrors
from facelab.stats.workload import Site, Workload, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.experiments.study import Study
    from facelab.stats.rates import Rate
    from facelab.stats.searches import Searches
    from facelab.types import Bools, Floats, Ints, Strings

COARSE = 2000
"""Thresholds at which the alerts a day are known beforehand, so that a number of alerts gives a threshold at once."""


@dataclass(frozen=True)
class Flip:
    """A search whose decision changes between two thresholds.

    Parameters
    ----------
    probe_id, camera, subject : str
        The passage, where, and who truly walked there (empty: a stranger).
    alleged : str
        Whose reference gave the score.
    score : float
        Between the two thresholds.
    what : str
        What the new threshold makes of it, such as ``a false alert comes``.
    """

    probe_id: str
    camera: str
    subject: str
    alleged: str
    score: float
    what: str


@dataclass(frozen=True, eq=False)
class Reading:
    """The rates at one threshold; `workload` is None where the scenario says nothing of its site."""

    threshold: float
    fpir: Rate
    fnir: Rate
    misidentification: Rate
    workload: Workload | None = None


class MovingRates:
    """The rates of searches at any threshold, each from a binary search and running sums.

    Parameters
    ----------
    found : Searches
        What each probe found.
    rank : int
        R.
    index : (p,) bool array, optional
        Which searches; by default all.
    """

    def __init__(self, found: Searches, rank: int, index: Bools | None = None) -> None:
        chosen = np.ones(len(found), dtype=np.bool_) if index is None else index
        strangers, mated = chosen & ~found.mated, chosen & found.mated
        hit = hit_scores(found, rank)[mated]
        self.scores = (
            _Rising(found.other_score[strangers]),
            _Rising(hit),
            _Rising(found.other_score[_wrong(found, mated)]),
        )
        wrong = np.flatnonzero(_wrong(found, mated)[mated])
        people, enrolled = _people(found.person[strangers]), _people(found.person[mated])
        self._fpir = NestedErrors("FPIR", len(people), self.scores[0].falling, people)
        self._fnir = NestedErrors("FNIR", len(enrolled), self.scores[1].rising, enrolled)
        self._wrong = NestedErrors("misidentification", len(enrolled), wrong[self.scores[2].falling], enrolled)
        best = np.full(enrolled.people, -np.inf)
        np.maximum.at(best, enrolled.person, np.nan_to_num(hit, nan=-np.inf))
        self._best = _Rising(best)
        everybody = PeopleTrials(np.arange(len(best)), "people")
        self._journeys = NestedErrors("missed journeys", len(best), self._best.rising, everybody)

    def fpir(self, threshold: float) -> Rate:
        """FPIR at `threshold`."""
        return self._fpir.rate(self.scores[0].at_or_above(threshold))

    def fnir(self, threshold: float) -> Rate:
        """FNIR at `threshold`."""
        return self._fnir.rate(self.scores[1].missed(threshold))

    def misidentification(self, threshold: float) -> Rate:
        """Mated searches whose best candidate at or above `threshold` is somebody else."""
        return self._wrong.rate(self.scores[2].at_or_above(threshold))

    def journey_miss(self, threshold: float) -> Rate:
        """Enrolled people none of whose searches finds them at `threshold`."""
        return self._journeys.rate(self._best.missed(threshold))


class _Rising:
    """Scores in rising order, NaN and -inf being none."""

    def __init__(self, score: Floats) -> None:
        value = np.where(np.isnan(score), -np.inf, np.asarray(score, dtype=np.float64))
        self.rising = np.argsort(value, kind="stable")
        self._value = value[self.rising]
        self._never = int(np.searchsorted(self._value, -np.inf, side="right"))

    @property
    def falling(self) -> Ints:
        """Positions in the order of their falling scores, without those that have none."""
        return self.rising[self._never :][::-1]

    def at_or_above(self, threshold: float) -> int:
        """How many scores are at or above `threshold`."""
        return len(self._value) - max(int(np.searchsorted(self._value, threshold, side="left")), self._never)

    def missed(self, threshold: float) -> int:
        """How many are below it, those without a score included."""
        return max(int(np.searchsorted(self._value, threshold, side="left")), self._never)

    def between(self, low: float, high: float) -> Ints:
        """Positions of the scores from `low` to below `high`, rising."""
        begin, end = (int(np.searchsorted(self._value, end, side="left")) for end in (low, high))
        return self.rising[max(begin, self._never) : end]

    def next(self, threshold: float, *, above: bool) -> float | None:
        """The lowest score at or above `threshold`, or the highest below it; None where there is none."""
        place = int(np.searchsorted(self._value, threshold, side="left")) - (0 if above else 1)
        return float(self._value[place]) if self._never <= place < len(self._value) else None


class Explorer:
    """The reporting half of a study, at any threshold.

    Parameters
    ----------
    study : Study
        With searches of both kinds.

    Raises
    ------
    NotMeasured
        There are no searches of strangers or none of enrolled people, or no score at all.
    """

    def __init__(self, study: Study) -> None:
        self.study, self.found, self.rank = study, study.halves.report.searches, study.halves.report.rank
        if not self.found.mated.any() or self.found.mated.all():
            raise NotMeasured("there are searches of one kind only: a threshold cannot be weighed")
        self.confidence = study.scenario.confidence
        score = np.where(self.found.mated, hit_scores(self.found, self.rank), self.found.other_score)
        self._deciding = _Rising(score)
        known = score[np.isfinite(score)]
        if not len(known):
            raise NotMeasured("not one search has a score")
        self.range = float(known.min()), float(np.nextafter(known.max(), np.inf))
        point = speaking_point(study)
        start = float(np.median(known)) if point is None else point.threshold
        self.start = min(max(start, self.range[0]), self.range[1])
        self._moving = MovingRates(self.found, self.rank)
        self._score = score
        self._by: dict[str, dict[str, MovingRates]] = {}

    @property
    def site(self) -> Site | None:
        """What the scenario says of its site; None where it says nothing."""
        floor = self.study.scenario.floor
        return None if floor is None else site_of(floor)

    def at(self, threshold: float) -> Reading:
        """Rates and workload at `threshold`."""
        moving, site = self._moving, self.site
        fpir, fnir, wrong = moving.fpir(threshold), moving.fnir(threshold), moving.misidentification(threshold)
        if site is None:
            return Reading(threshold, fpir, fnir, wrong)
        missed = moving.journey_miss(threshold)
        work = workload(site, fpir, fnir, misidentification=wrong, journey_miss=missed, confidence=self.confidence)
        return Reading(threshold, fpir, fnir, wrong, work)

    @cached_property
    def _alerts(self) -> tuple[Floats, Floats]:
        """Thresholds, rising, and the alerts a day expected at each; empty where the site said nothing of itself."""
        site = self.site
        if site is None:
            return np.empty(0), np.empty(0)
        grid = np.linspace(*self.range, COARSE)
        return grid, np.array([self._expected(float(threshold), site) for threshold in grid])

    def _expected(self, threshold: float, site: Site) -> float:
        """Alerts a day, wrong names on enrolled people included."""
        strangers, mates, wrong = self._moving.scores
        mated = int(self.found.mated.sum())
        false = strangers.at_or_above(threshold) / (len(self.found) - mated)
        of_enrolled = 1 - mates.missed(threshold) / mated + wrong.at_or_above(threshold) / mated
        return site.passages_a_day * ((1 - site.prevalence) * false + site.prevalence * of_enrolled)

    def threshold_for(self, alerts_a_day: float) -> float:
        """The lowest of `COARSE` thresholds that is expected to raise at most so many alerts a day.

        Raises
        ------
        NotMeasured
            The scenario says nothing of its site.
        """
        grid, alerts = self._alerts
        if not len(grid):
            raise NotMeasured("the scenario says nothing of passengers and prevalence (`floor`)")
        good = np.flatnonzero(alerts <= alerts_a_day)
        return float(grid[good[0]]) if len(good) else self.range[1]

    @cached_property
    def labels(self) -> dict[str, Strings]:
        """The label of each search of the reporting half by attribute: camera, face width, skin tone where known."""
        from facelab.experiments.group_study import GroupStudy

        return {name: label for name, label in GroupStudy(self.study, self.start).groups.items() if (label != "").any()}

    def _groups(self, attribute: str) -> dict[str, MovingRates]:
        """The rates of each group of an attribute, made when it is first asked for."""
        if attribute not in self._by:
            label = self.labels[attribute]
            names = sorted({str(name) for name in np.unique(label)} - {""})
            self._by[attribute] = {name: MovingRates(self.found, self.rank, label == name) for name in names}
        return self._by[attribute]

    def by(self, attribute: str, threshold: float) -> Iterator[tuple[str, Rate, Rate]]:
        """FPIR and FNIR of each group of `attribute` at `threshold`."""
        for group, moving in self._groups(attribute).items():
            yield group, moving.fpir(threshold), moving.fnir(threshold)

    def flips(self, before: float, after: float, most: int = 50) -> list[Flip]:
        """The searches whose decision changes from `before` to `after`, nearest to `after` first, at most so many."""
        between = self._deciding.between(min(before, after), max(before, after))
        nearest = between[::-1] if after > before else between
        return [self._flip(int(row), stricter=after > before) for row in nearest[:most]]

    def flipped(self, before: float, after: float) -> dict[str, int]:
        """How many decisions change from `before` to `after`, by what becomes of them."""
        rows = self._deciding.between(min(before, after), max(before, after))
        mated = int(self.found.mated[rows].sum())
        counts = {said(mated=False, stricter=after > before): len(rows) - mated}
        return {**counts, said(mated=True, stricter=after > before): mated}

    def one_decision(self, threshold: float, *, stricter: bool) -> float:
        """The nearest threshold at which one decision more is another; `threshold` itself where there is none."""
        score = self._deciding.next(threshold, above=stricter)
        if score is None:
            return threshold
        return float(np.nextafter(score, np.inf)) if stricter else score

    def _flip(self, row: int, *, stricter: bool) -> Flip:
        found, all_of = self.found, self.study.comparisons
        mated = bool(found.mated[row])
        place = self._place(str(found.probe_id[row]))
        scores = np.nan_to_num(all_of.score[place], nan=-np.inf)
        own = all_of.reference_subject == found.probe_subject[row]
        best = int(np.argmax(np.where(own, scores, -np.inf) if mated else scores))
        camera = all_of.probe_attributes.get("camera")
        return Flip(
            str(found.probe_id[row]),
            "" if camera is None else str(camera[place]),
            str(found.probe_subject[row]) if mated else "",
            str(all_of.reference_id[best]),
            float(self._score[row]),
            said(mated=mated, stricter=stricter),
        )

    @cached_property
    def _ids(self) -> tuple[Ints, Strings]:
        names = self.study.comparisons.probe_id
        order = np.argsort(names, kind="stable")
        return order, names[order]

    def _place(self, probe_id: str) -> int:
        order, names = self._ids
        return int(order[np.searchsorted(names, probe_id)])


def said(*, mated: bool, stricter: bool) -> str:
    """What becomes of a search that flips."""
    if mated:
        return "an enrolled person missed" if stricter else "an enrolled person found"
    return "a false alert less" if stricter else "a false alert more"


def hit_scores(found: Searches, rank: int) -> Floats:
    """(p,) the threshold up to which each mated search is a hit within `rank`; NaN where it never is."""
    hit = found.mated & (found.rank >= 1) & (found.rank <= rank)
    return np.where(hit, found.mate_score, np.nan)


def _wrong(found: Searches, mated: Bools) -> Bools:
    return np.asarray(found.misidentified & mated)


def _people(person: Ints) -> PeopleTrials:
    return PeopleTrials(np.asarray(np.unique(person, return_inverse=True)[1], dtype=np.int64), "probe people")

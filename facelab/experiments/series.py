"""A series of days: people drawn from a pool, a camera that goes out of focus, a watchlist that grows, and the gate.

Each day draws people with replacement and takes all of their passages; somebody drawn twice counts as two people, so
that days are independent and the pool's own rates are the truth. The champion is the pool itself, as it was measured
before the first day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.gate import judged
from facelab.experiments.gate_measured import CAMERA, Measured
from facelab.stats.openset import OpenSetCurve

if TYPE_CHECKING:
    from facelab.config import Floor, GateLimits
    from facelab.experiments.gate import GateVerdict
    from facelab.experiments.series_pool import Pool
    from facelab.stats.searches import Searches
    from facelab.types import Ints


@dataclass(frozen=True)
class SeriesPlan:
    """What happens on which day.

    Parameters
    ----------
    days : int
        How many.
    mates, strangers : int
        Enrolled and other people who walk by each day.
    altered_from : int
        The first day (from 0) with the camera out of focus.
    list_first, list_last : int
        Subjects on the watchlist on the first day, and once it has grown.
    grown_on : int
        The day on which it has; it grows evenly until then.
    target : float
        The FPIR of the champion's threshold.
    """

    days: int = 60
    mates: int = 80
    strangers: int = 200
    altered_from: int = 30
    list_first: int = 60
    list_last: int = 560
    grown_on: int = 20
    target: float = 0.03

    def subjects(self, day: int) -> int:
        """How many are on the watchlist on `day`."""
        share = min(1.0, day / max(self.grown_on, 1))
        return round(self.list_first + (self.list_last - self.list_first) * share)


@dataclass(frozen=True, eq=False)
class Day:
    """One day of a series.

    Parameters
    ----------
    day : int
        From 0.
    measured : Measured
        What was seen, at the champion's threshold.
    verdict : GateVerdict
        The gate's.
    """

    day: int
    measured: Measured
    verdict: GateVerdict

    def fired(self, rule: str, place: str = "") -> bool:
        """Whether a check of that rule (and place) is shown to be broken."""
        return any(
            check.verdict == "worse" and check.rule.startswith(rule) and place in check.place
            for check in self.verdict.checks
        )


@dataclass(frozen=True, eq=False)
class Series:
    """Draws days from a pool and asks the gate.

    Parameters
    ----------
    pool : Pool
        Of passages.
    plan : SeriesPlan
        What happens when.
    limits : GateLimits
        The gate's.
    floor : Floor or None
        For alerts a day.
    """

    pool: Pool
    plan: SeriesPlan
    limits: GateLimits
    floor: Floor | None = None
    _searches: dict[int, Searches] = field(default_factory=dict, repr=False)

    def searches(self, day: int) -> Searches:
        """Every passage of the pool against the watchlist of `day`."""
        subjects = self.plan.subjects(day)
        if subjects not in self._searches:
            self._searches[subjects] = self.pool.searches(subjects)
        return self._searches[subjects]

    def champion(self) -> Measured:
        """What was measured before the first day: everybody of the pool, once."""
        rows = np.flatnonzero(self.pool.rows(altered=False))
        found = self._measured(self.searches(0), rows, None, "champion")
        point = OpenSetCurve(found.searches).threshold_at_fpir(self.plan.target)
        return replace(found, threshold=point.threshold, target=self.plan.target)

    def run(self, rng: np.random.Generator, champion: Measured | None = None) -> list[Day]:
        """The days of one series; the same seed gives the same days."""
        first = self.champion() if champion is None else champion
        return [self.day(day, first, rng) for day in range(self.plan.days)]

    def day(self, day: int, champion: Measured, rng: np.random.Generator) -> Day:
        """One day: people drawn, their passages, and the gate's verdict."""
        rows, draw = self._drawn(rng, altered=day >= self.plan.altered_from)
        seen = self._measured(self.searches(day), rows, draw, f"day {day}").at(champion.threshold)
        seed = int(rng.integers(1 << 31))
        verdict = judged(seen, champion, self.limits, floor=self.floor, threshold="champion", seed=seed)
        return Day(day, seen, verdict)

    def _drawn(self, rng: np.random.Generator, *, altered: bool) -> tuple[Ints, Ints]:
        """The rows of the passages of the people drawn, and which draw each belongs to."""
        pool, plan = self.pool, self.plan
        people = np.concatenate([rng.choice(pool.mates, plan.mates), rng.choice(pool.strangers, plan.strangers)])
        allowed = np.flatnonzero(pool.rows(altered=altered))
        subjects = pool.together.probe_subject[allowed]
        order = np.argsort(subjects, kind="stable")
        low, high = (np.searchsorted(subjects[order], people, side) for side in ("left", "right"))
        rows = np.concatenate([allowed[order[a:b]] for a, b in zip(low, high)])
        return rows, np.repeat(np.arange(len(people)), high - low)

    def _measured(self, searches: Searches, rows: Ints, draw: Ints | None, name: str) -> Measured:
        """What the gate looks at of the searches at `rows`; each draw is a person of their own."""
        pool = self.pool
        part = _picked(searches, rows, draw)
        data = {"footage": name, "watchlist": str(searches.subjects)}
        return Measured(
            name, "series", part, float("nan"), None, pool.normal.synthetic, "series",
            {CAMERA: pool.cameras[rows]}, pool.quality[rows], data,
        )  # fmt: skip


def _picked(searches: Searches, rows: Ints, draw: Ints | None) -> Searches:
    """The searches at `rows`, with repetition; each draw gets a name of its own."""
    ids, who = searches.probe_id[rows], searches.probe_subject[rows]
    if draw is not None:
        suffix = np.char.add("#", draw.astype(np.str_))
        ids, who = np.char.add(ids, suffix), np.char.add(who, suffix)
    return replace(
        searches,
        probe_id=ids,
        probe_subject=who,
        mated=searches.mated[rows],
        mate_score=searches.mate_score[rows],
        rank=searches.rank[rows],
        other_scores=searches.other_scores[rows],
        other_subjects=searches.other_subjects[rows],
        failed=searches.failed[rows],
        candidate_search=np.zeros(0, dtype=np.int64),
        candidate_score=np.zeros(0),
    )

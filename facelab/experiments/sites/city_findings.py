"""What a city is found to need, before it is put into words: the database, the cameras, and reviews spent on them.

Thresholds are chosen on one half of the people and reported on the other, as everywhere (`Study.halves`). They are for
the first size of the database that the site names where references may be drawn, else for the people who are enrolled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facelab.config_sites import CitySite
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.camera_study import camera_study
from facelab.experiments.sites.city_cameras import CityCamera, city_cameras, curves_by_camera
from facelab.experiments.sites.city_distractors import DistractorCheck, distractor_check
from facelab.experiments.sites.city_real import RealGrowth, real_growth
from facelab.experiments.sites.city_search import Database, one_a_person, searched_database
from facelab.matching import match
from facelab.stats.journeys import camera_of
from facelab.stats.openset import OpenSetCurve
from facelab.stats.review_budget import (
    Comparison,
    SiteSteps,
    SiteTraffic,
    Spending,
    best_spending,
    common_spending,
    compared_spendings,
    site_steps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.experiments.study import Study
    from facelab.stats.cameras import CameraThresholds
    from facelab.stats.points import OperatingPoint
    from facelab.stats.searches import Searches
    from facelab.types import Gallery, Strings

BUDGETS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of the site's reviews a day, for which spending is compared."""
SEED = 7


@dataclass(frozen=True, eq=False)
class HalfCity:
    """The searches of one half of the people at one size of the database, and the camera of each."""

    searches: Searches
    camera: Strings
    rank: int

    @cached_property
    def curve(self) -> OpenSetCurve:
        """All cameras together."""
        return OpenSetCurve(self.searches, self.rank)

    @cached_property
    def by_camera(self) -> Mapping[str, OpenSetCurve]:
        """Each rendered camera."""
        return curves_by_camera(self.searches, self.camera, self.rank)


@dataclass(frozen=True, eq=False)
class Spent:
    """A number of reviews a day, spent with a threshold a camera and with one for all."""

    budget: float
    own: Spending
    common: Spending
    outcome: Comparison


class Findings:
    """Everything that the answer of a city says, each part when it is first asked for.

    Parameters
    ----------
    study : Study
        Its scenario names a city.

    Raises
    ------
    BadInput
        It names another kind of site.
    """

    def __init__(self, study: Study) -> None:
        site = study.scenario.site
        if not isinstance(site, CitySite):
            raise BadInput("the scenario's site is no city", place="site.kind")
        if study.halves.select is None:
            raise NotMeasured("a city's thresholds are chosen on one half of the people; `counts_only` leaves none")
        self.study, self.site = study, site

    @cached_property
    def database(self) -> Database:
        """Every passage searched among the enrolled, and among drawn references where they passed their check."""
        return searched_database(self.study, self.site)

    @cached_property
    def size(self) -> int:
        """The size of the database that the thresholds are for."""
        first = self.site.galleries[0]
        return first if first in self.database.by_size else self.database.enrolled.subjects

    def searches_at(self, size: int) -> Searches:
        """The searches at a size of the database that was searched."""
        if size == self.database.enrolled.subjects:
            return self.database.enrolled
        return self.database.by_size[size]

    def report_of(self, size: int) -> HalfCity:
        """The half that reports, at a size of the database that was searched."""
        return self.report if size == self.size else self.half(size, chooses=False)

    def half(self, size: int, *, chooses: bool) -> HalfCity:
        """One half of the people at a size of the database."""
        halves = self.study.halves
        side = halves.select if chooses else halves.report
        if side is None:
            raise NotMeasured("there are too few people to choose a threshold")
        found = self.searches_at(size)
        rows = np.isin(found.probe_id, side.searches.probe_id)
        return HalfCity(found.take(rows), self._camera[rows], self.study.scenario.rank)

    @cached_property
    def _camera(self) -> Strings:
        return camera_of(self.study.comparisons)

    @cached_property
    def select(self) -> HalfCity:
        """The half that chooses, at `size`."""
        return self.half(self.size, chooses=True)

    @cached_property
    def report(self) -> HalfCity:
        """The half that reports, at `size`."""
        return self.half(self.size, chooses=False)

    @cached_property
    def cameras(self) -> tuple[CityCamera, ...]:
        """Those of the whole city."""
        both = np.intersect1d(self.select.camera, self.report.camera)
        return city_cameras(both, self.site)

    @cached_property
    def steps(self) -> tuple[SiteSteps, ...]:
        """Alerts against true alerts of every camera, on the half that chooses."""
        return self._steps_at(self.size)

    def _steps_at(self, size: int) -> tuple[SiteSteps, ...]:
        half = self.select if size == self.size else self.half(size, chooses=True)
        curves = half.by_camera
        return tuple(site_steps(c.name, curves[c.stands_on], c.passages, c.prevalence) for c in self.cameras)

    def threshold_at(self, size: int) -> float | None:
        """The common threshold for the site's reviews with a database of `size`, which was searched."""
        common = float(common_spending(self._steps_at(size), self.site.reviews_a_day).threshold[0])
        return common if np.isfinite(common) else None

    @cached_property
    def traffic(self) -> tuple[SiteTraffic, ...]:
        """Every camera on the half that reports."""
        curves = self.report.by_camera
        return tuple(SiteTraffic(curves[c.stands_on].searches, c.passages, c.prevalence) for c in self.cameras)

    @cached_property
    def spent(self) -> tuple[Spent, ...]:
        """Each number of reviews, spent best and with one common threshold, and both on the other half."""
        found = []
        for share in BUDGETS:
            budget = share * self.site.reviews_a_day
            own, common = best_spending(self.steps, budget), common_spending(self.steps, budget)
            outcome = compared_spendings(
                self.traffic,
                own.threshold,
                common.threshold,
                np.random.default_rng(SEED),
                rank=self.study.scenario.rank,
            )
            found.append(Spent(budget, own, common, outcome))
        return tuple(found)

    @cached_property
    def chosen(self) -> Spent:
        """The spending of the site's own number of reviews."""
        return self.spent[BUDGETS.index(1.0)]

    @property
    def threshold(self) -> float | None:
        """One common threshold for the site's reviews; None where even one alert of the data that chose is too many."""
        common = float(self.chosen.common.threshold[0])
        return common if np.isfinite(common) else None

    @property
    def fewest_reviews(self) -> float:
        """Alerts a day that one stranger of the half that chooses stands for: no smaller budget can be told apart."""
        return sum(camera.passages for camera in self.cameras) / max(self.select.curve.non_mated, 1)

    @cached_property
    def point(self) -> OperatingPoint | None:
        """The rates of all rendered cameras at the common threshold, on the half that reports."""
        return None if self.threshold is None else self.report.curve.at(self.threshold)

    @cached_property
    def by_camera(self) -> CameraThresholds | None:
        """Whether the data justify a threshold a camera, among the people who are enrolled."""
        return camera_study(self.study).thresholds

    @cached_property
    def _portraits(self) -> tuple[Gallery, Gallery] | None:
        """The portraits of Congress of the earlier and of the later year; None where they are not there."""
        from facelab.data.research import CONGRESS_YEARS, congress_portraits, research_folder
        from facelab.gallery import enrol_photographs

        if research_folder() is None:
            return None
        pack, settings = self.study.pack, self.study.scenario.pipeline
        old, new = (enrol_photographs(congress_portraits((year,)), pack, settings) for year in CONGRESS_YEARS)
        return old, new

    @cached_property
    def congress(self) -> DistractorCheck | None:
        """The check of drawn references on real portraits; None where they are not there."""
        if self._portraits is None:
            return None
        old, new = (one_a_person(gallery.templates) for gallery in self._portraits)
        rng = np.random.default_rng(self.site.seed)
        return distractor_check("Congress portraits", old, new, self.site.probability_checks, rng)

    @cached_property
    def real_growth(self) -> RealGrowth | None:
        """Real portraits in databases of each size; None where they are not there or references may not be drawn."""
        if self._portraits is None or self.congress is None:
            return None
        old, new = self._portraits
        found = match(new.templates, old)
        return real_growth("Congress portraits", found, new.templates, self.congress, self.site)

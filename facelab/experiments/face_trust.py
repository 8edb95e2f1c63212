"""Which faces a study's pack can be trusted with: the people of its own watchlist, one photograph made worse.

Who is compared: generated passengers who are on the watchlist, their enrolment photograph against a picture of them
walking; elsewhere the subjects with two photographs or more, the first against the last. The smallest width and the
lowest quality that come out (`DegradationReport.minimum_width_px`, ``minimum_quality``) are what a tuned config can
carry; None says that there were too few people to trust any. They belong to the threshold, so they are read at the one
that speaks for the study; where there is none, at the FMR that the scenario names (`faces.fmr`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from facelab.config import Scenario, SyntheticWatchlist, TerminalFootage
from facelab.errors import NotMeasured
from facelab.experiments.degradation_study import FacePair, degraded_scores
from facelab.experiments.floor import speaking_point
from facelab.experiments.sources import watchlist_photographs
from facelab.experiments.study import Study, say
from facelab.stats.degradation import DegradationReport, degradation_report

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class FaceTrustStudy:
    """Small and bad faces with a study's own pack and people.

    Parameters
    ----------
    study : Study
        Its `scenario.faces` says how many people, at which FMR, and with which margin.
    """

    study: Study

    @cached_property
    def report(self) -> DegradationReport | None:
        """What is missed by condition; None where too few people have two photographs."""
        settings = self.study.scenario.faces
        pairs = photograph_pairs(self.study.scenario)[: settings.people]
        try:
            scores = degraded_scores(pairs, self.study.pack, settings=self.study.scenario.pipeline)
            point = speaking_point(self.study)
            threshold = None if point is None else point.threshold
            return degradation_report(scores, fmr=settings.fmr, margin=settings.margin, threshold=threshold)
        except NotMeasured:
            return None

    @property
    def minimum_width_px(self) -> float | None:
        """The narrowest face that is trusted, px; None where none is."""
        return None if self.report is None else self.report.minimum_width_px

    @property
    def minimum_quality(self) -> float | None:
        """The lowest quality that is trusted; None where none is."""
        return None if self.report is None else self.report.minimum_quality

    def width_figure(self) -> Any:
        """What is missed against the width of the face as a saved figure; a sentence where nothing was measured."""
        from facelab import plots

        if self.report is None:
            return say(NOBODY)
        return self.study.figure(plots.missed_by_width(self.report), "missed_by_width")

    def condition_figure(self) -> Any:
        """Scores and qualities in every condition as a saved figure; a sentence where nothing was measured."""
        from facelab import plots

        if self.report is None:
            return say(NOBODY)
        return self.study.figure(plots.scores_by_condition(self.report), "scores_by_condition")

    def sentences(self) -> tuple[str, ...]:
        """Which faces can be trusted."""
        return (NOBODY,) if self.report is None else self.report.sentences()


NOBODY = "Too few people have two photographs, so small and bad faces could not be studied here."


def face_trust(study: Study) -> FaceTrustStudy:
    """The study of small and bad faces that belongs to an evaluation."""
    return FaceTrustStudy(study)


def photograph_pairs(scenario: Scenario) -> list[FacePair]:
    """The people of a scenario's watchlist who have two photographs, in the order of their names."""
    own: dict[str, list[Path]] = defaultdict(list)
    photographs = watchlist_photographs(scenario)
    for photograph in () if photographs is None else photographs.photographs:
        own[photograph.subject_id].append(photograph.path)
    if isinstance(scenario.watchlist, SyntheticWatchlist) and isinstance(scenario.footage, TerminalFootage):
        from facelab.data.people import SyntheticPeople, default_people_folder

        people = SyntheticPeople(default_people_folder())
        for who in people.wanted[: scenario.footage.wanted]:
            walking = sorted(people.pictures(who), key=lambda picture: picture.kind != "middle")
            own[who].append(walking[0].path)
    return [FacePair(who, paths[0], paths[-1]) for who, paths in sorted(own.items()) if len(paths) > 1]

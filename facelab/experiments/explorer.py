"""What changes when the threshold is moved: rates, alerts a day, rates by group, and the searches that flip.

The explorer answers from the reporting half of a study. Moving the threshold computes counts and person-level intervals
anew; nothing is matched again. A search *flips* between two thresholds where the decision on it changes: an alert on a
stranger that comes or goes, an enrolled person found or missed. The most doubtful, those nearest to the new threshold,
come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.floor import site_of, speaking_point
from facelab.stats.openset import OpenSetCurve, open_set_curve_of_searches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.experiments.study import Study
    from facelab.stats.points import OperatingPoint
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Workload
    from facelab.types import Floats, Strings

COARSE = 400
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
        What the new threshold makes of it, such as ``a false alert more``.
    """

    probe_id: str
    camera: str
    subject: str
    alleged: str
    score: float
    what: str


@dataclass(frozen=True, eq=False)
class Reading:
    """Everything at one threshold.

    Parameters
    ----------
    point : OperatingPoint
        FPIR, FNIR and the rest.
    workload : Workload or None
        Alerts a day and PPV; None where the scenario says nothing of its site.
    """

    point: OperatingPoint
    workload: Workload | None


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
        self.study, self.curve = study, study.halves.report
        if not self.curve.mated or not self.curve.non_mated:
            raise NotMeasured("there are searches of one kind only: a threshold cannot be weighed")
        found = self.curve.searches
        score = np.where(found.mated, found.mate_score, found.other_score)
        score = score[np.isfinite(score)]
        if not len(score):
            raise NotMeasured("not one search has a score")
        self.range = float(score.min()), float(np.nextafter(score.max(), np.inf))
        point = speaking_point(study)
        self.start = float(np.median(score)) if point is None else point.threshold

    def at(self, threshold: float) -> Reading:
        """Rates and workload at `threshold`."""
        from facelab.stats.floor import workload_at

        floor = self.study.scenario.floor
        found = None
        if floor is not None:
            found = workload_at(self.curve, threshold, site_of(floor), confidence=self.study.scenario.confidence)
        return Reading(self.curve.at(threshold), found)

    @cached_property
    def _alerts(self) -> tuple[Floats, Floats]:
        """Thresholds, rising, and the alerts a day expected at each; empty where the site said nothing of itself."""
        floor = self.study.scenario.floor
        if floor is None:
            return np.empty(0), np.empty(0)
        grid = np.linspace(*self.range, COARSE)
        found = self.curve.searches
        strangers = np.sort(np.nan_to_num(found.other_score[~found.mated], nan=-np.inf))
        mates = np.sort(np.nan_to_num(found.mate_score[found.mated], nan=-np.inf))
        fpir = 1 - np.searchsorted(strangers, grid) / len(strangers)
        tpir = 1 - np.searchsorted(mates, grid) / len(mates)
        passages = floor.passengers_a_day * floor.cameras
        return grid, passages * ((1 - floor.prevalence) * fpir + floor.prevalence * tpir)

    def threshold_for(self, alerts_a_day: float) -> float:
        """The lowest threshold that is expected to raise at most so many alerts a day.

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

        return dict(GroupStudy(self.study, self.start).groups)

    @cached_property
    def _by(self) -> dict[str, dict[str, OpenSetCurve]]:
        found = self.curve.searches
        return {
            name: {
                group: open_set_curve_of_searches(found.take(label == group), self.curve.rank)
                for group in sorted(set(label.tolist()))
                if group
            }
            for name, label in self.labels.items()
        }

    def by(self, attribute: str, threshold: float) -> Iterator[tuple[str, Rate, Rate]]:
        """FPIR and FNIR of each group of `attribute` at `threshold`."""
        for group, curve in self._by[attribute].items():
            point = curve.at(threshold)
            yield group, point.fpir, point.fnir

    def flips(self, before: float, after: float, most: int = 50) -> list[Flip]:
        """The searches whose decision changes from `before` to `after`, nearest to `after` first, at most so many."""
        found, rank = self.curve.searches, self.curve.rank
        low, high = min(before, after), max(before, after)
        found_mate = found.mated & (found.rank >= 1) & (found.rank <= rank)
        score = np.where(found.mated, np.where(found_mate, found.mate_score, np.nan), found.other_score)
        between = np.flatnonzero((score >= low) & (score < high))
        chosen = between[np.argsort(np.abs(score[between] - after), kind="stable")][:most]
        return [self._flip(int(row), float(score[row]), stricter=after > before) for row in chosen]

    def _flip(self, row: int, score: float, *, stricter: bool) -> Flip:
        found, all_of = self.curve.searches, self.study.comparisons
        mated = bool(found.mated[row])
        said = {
            (True, True): "an enrolled person missed",
            (True, False): "an enrolled person found",
            (False, True): "a false alert less",
            (False, False): "a false alert more",
        }[mated, stricter]
        place = self._place[str(found.probe_id[row])]
        scores = np.nan_to_num(all_of.score[place], nan=-np.inf)
        own = all_of.reference_subject == found.probe_subject[row]
        best = int(np.argmax(np.where(own, scores, -np.inf) if mated else scores))
        camera = all_of.probe_attributes.get("camera")
        return Flip(
            str(found.probe_id[row]),
            "" if camera is None else str(camera[place]),
            str(found.probe_subject[row]) if mated else "",
            str(all_of.reference_id[best]),
            score,
            said,
        )

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.study.comparisons.probe_id.tolist())}

    def rows(self, threshold: float) -> list[tuple[str, str]]:
        """What a threshold means, as names and values for a table."""
        reading, confidence = self.at(threshold), self.study.scenario.confidence
        said = [("FPIR", _rate(reading.point.fpir, confidence)), ("FNIR", _rate(reading.point.fnir, confidence))]
        if reading.workload is not None:
            found = reading.workload
            said += [
                ("false alerts a day", _estimate(found.false_alerts_a_day)),
                ("true alerts a day", _estimate(found.true_alerts_a_day)),
                ("review hours a day", _estimate(found.review_hours_a_day)),
                ("an alert is right", _estimate(found.ppv)),
            ]
        return said


def _rate(rate: Rate, confidence: float) -> str:
    from facelab.report.rows import rate_text

    return rate_text(rate.to_dict(confidence))


def _estimate(value: Any) -> str:
    return f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}]"

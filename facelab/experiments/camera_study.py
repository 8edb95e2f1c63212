"""One threshold for all cameras of a study, or one each: both measured, and which of them the data justify."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.floor import speaking_point
from facelab.experiments.study import Study, say
from facelab.stats.cameras import CameraThresholds, camera_thresholds

if TYPE_CHECKING:
    from facelab.types import Comparisons

SEED = 1
NONE = "No threshold was tuned here, so there is nothing to split by camera."


@dataclass(frozen=True, eq=False)
class CameraStudy:
    """The cameras of a study at one target FPIR.

    Parameters
    ----------
    study : Study
        Its halves choose and report.
    target : float or None
        FPIR; None where no threshold was tuned.
    """

    study: Study
    target: float | None

    def _half(self, searches: Any) -> Comparisons:
        found = self.study.comparisons
        return found.take(np.isin(found.probe_id, searches.probe_id))

    @cached_property
    def thresholds(self) -> CameraThresholds | None:
        """Pooled and own thresholds; None where none was tuned or the cameras are not known."""
        halves, scenario = self.study.halves, self.study.scenario
        if self.target is None or halves.select is None:
            return None
        try:
            return camera_thresholds(
                self._half(halves.select.searches),
                self._half(halves.report.searches),
                self.target,
                np.random.default_rng(SEED),
                rank=scenario.rank,
                gap_s=scenario.alerts.journey_gap_s,
            )
        except (NotMeasured, UnattainableTarget):
            return None

    @property
    def by_camera(self) -> dict[str, float]:
        """Each camera's own threshold, for an export; empty where there is none."""
        return {} if self.thresholds is None else self.thresholds.by_camera

    def figure(self) -> Any:
        """The thresholds with their intervals as a saved figure; a sentence where there are none."""
        from facelab import plots

        if self.thresholds is None:
            return say(NONE)
        return self.study.figure(plots.thresholds_by_camera(self.thresholds), "thresholds_by_camera")

    def sentences(self) -> tuple[str, ...]:
        """Pooled or own, what could have gone unseen, and what splitting costs."""
        return (NONE,) if self.thresholds is None else self.thresholds.sentences()


def camera_study(study: Study) -> CameraStudy:
    """The cameras of a study at the target that speaks for it: the smallest that its data supports."""
    point = speaking_point(study)
    return CameraStudy(study, None if point is None else point.target)

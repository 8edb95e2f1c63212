"""Replay: a footage run exactly as a tuned config says, its alerts, and measured against promised error rates.

On the machine of the evaluation the same footage and watchlist give the same scores bit for bit, and so the same
alerts. Elsewhere scores move in the last digits (docs/deployment.md has by how much), and only a score that lies within
that of the threshold can be decided differently: `Replay.doubtful` counts those.

A promise is broken where what is measured contradicts it: the intervals of the two rates are disjoint, the measured
one above. It is kept where the measured upper end is at most the promised one. In between nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from facelab.deploy.alert_replay import AlertReplay, replay_alerts
from facelab.deploy.walkers import walkers
from facelab.errors import PackError
from facelab.matching import match
from facelab.pipeline.run import track_footage
from facelab.stats.alarms import Thresholds
from facelab.stats.openset import open_set_curve

if TYPE_CHECKING:
    import pandas as pd

    from facelab.config import Runtime
    from facelab.data.footage import Footage
    from facelab.deploy.records import RateRecord
    from facelab.deploy.tuned_config import TunedConfig
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.stats.points import OperatingPoint
    from facelab.stats.rates import Rate
    from facelab.types import Comparisons, Gallery

Kept = Literal["kept", "broken", "cannot tell"]
TOLERANCE = 1e-3
"""How far a score may move between machines, providers and numbers of threads (docs/deployment.md)."""


@dataclass(frozen=True, eq=False)
class Replay:
    """A footage as a tuned config runs it.

    Parameters
    ----------
    config : TunedConfig
        What was run.
    passages : Passages
        Who went past.
    alerts : AlertReplay
        What would have been raised.
    comparisons : Comparisons
        Every passage against the watchlist.
    measured : OperatingPoint or None
        The rates at the config's threshold; None where cameras have their own thresholds, or nobody is known.
    """

    config: TunedConfig
    passages: Passages
    alerts: AlertReplay
    comparisons: Comparisons
    measured: OperatingPoint | None

    @property
    def judged(self) -> bool:
        """Whether anybody in the footage is known; else no alert can be called right or false."""
        return bool((self.comparisons.probe_subject != "").any())

    def table(self) -> pd.DataFrame:
        """The alerts, one row each; without the column ``false`` where none can be judged."""
        frame = self.alerts.log.to_frame()
        return frame if self.judged else frame.drop(columns="false")

    def __str__(self) -> str:
        if self.judged:
            return str(self.alerts)
        return f"{len(self.alerts.log):,} alerts; nobody in this footage is known, so none can be called right or false"

    @property
    def doubtful(self) -> int:
        """Searches whose best score is within `TOLERANCE` of the threshold: elsewhere they may be decided otherwise."""
        best = np.where(np.isnan(self.comparisons.score), -np.inf, self.comparisons.score).max(axis=1, initial=-np.inf)
        camera = self.comparisons.probe_attributes.get("camera", np.full(len(best), ""))
        limit = np.array([self.config.threshold_of(str(name)) for name in camera.tolist()])
        return int((np.abs(best - limit) <= TOLERANCE).sum())

    def verdicts(self, confidence: float = 0.95) -> dict[str, Kept]:
        """Whether the promised FPIR and FNIR are kept."""
        if self.measured is None:
            return {}
        promised = self.config.operating_point
        pairs = {"FPIR": (self.measured.fpir, promised.fpir), "FNIR": (self.measured.fnir, promised.fnir)}
        return {name: kept(measured, record, confidence) for name, (measured, record) in pairs.items()}

    def rows(self, confidence: float = 0.95) -> list[tuple[str, str, str, str]]:
        """Rate, promised, measured, verdict: for a table."""
        from facelab.report.rows import rate_text

        if self.measured is None:
            return []
        promised, verdicts = self.config.operating_point, self.verdicts(confidence)
        pairs = (("FPIR", promised.fpir, self.measured.fpir), ("FNIR", promised.fnir, self.measured.fnir))
        return [
            (name, rate_text(record.model_dump()), rate_text(rate.to_dict(confidence)), verdicts[name])
            for name, record, rate in pairs
        ]

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        events = self.table().to_dict("records")
        rates = {row[0]: {"promised": row[1], "measured": row[2], "verdict": row[3]} for row in self.rows(confidence)}
        told = {
            "judged": self.judged,
            "alerts": events,
            "suppressed": self.alerts.log.suppressed,
            "unjudged": len(self.alerts.unjudged),
        }
        return told | {"rates": rates, "doubtful": self.doubtful, "searches": len(self.comparisons)}


def kept(measured: Rate, promised: RateRecord, confidence: float = 0.95) -> Kept:
    """Whether a promised rate is kept by what was measured; see the top of this module."""
    if not measured.trials or promised.low is None or promised.high is None:
        return "cannot tell"
    ends = measured.interval(confidence)
    if ends.low > promised.high:
        return "broken"
    return "kept" if ends.high <= promised.high else "cannot tell"


def replay(
    config: TunedConfig,
    footage: Footage,
    gallery: Gallery,
    pack: Pack,
    *,
    runtime: Runtime | None = None,
    progress: bool = True,
) -> Replay:
    """`footage` against `gallery`, run as `config` says.

    Parameters
    ----------
    config : TunedConfig
        Pipeline, thresholds and alert rule.
    footage : Footage
        Clips, and the truth where there is one: without it there are alerts and no rates.
    gallery : Gallery
        The watchlist, of the config's pack.
    pack : Pack
        The models on this machine.
    runtime : Runtime, optional
        Who works.
    progress : bool
        False never shows a bar.

    Raises
    ------
    PackError
        The models are not those that were measured.
    """
    if pack.fingerprint != config.pack.fingerprint:
        raise PackError(
            f"pack {pack.name} ({pack.fingerprint[:12]}) is not the one that was measured "
            f"({config.pack.name}, {config.pack.fingerprint[:12]})",
            place="replay",
        )
    passages = track_footage(footage, pack, config.pipeline, runtime=runtime, progress=progress)
    faces = None
    if config.alerts.confirm == "frames":
        from facelab.pipeline.track_faces import live_faces

        faces = live_faces(footage, passages, pack, config.alerts.every_s, config.pipeline.quality, progress=progress)
    alerts = replay_alerts(
        passages,
        gallery,
        config.alerts,
        Thresholds(config.threshold, config.camera_thresholds),
        lost_s=config.pipeline.tracking.lost_s,
        faces=faces,
        joined=walkers(config.pipeline, config.alerts),
    )
    comparisons = match(passages, gallery)
    known = bool((comparisons.probe_subject != "").any()) and not config.camera_thresholds
    measured = open_set_curve(comparisons, config.matching.rank).at(config.threshold) if known else None
    return Replay(config, passages, alerts, comparisons, measured)

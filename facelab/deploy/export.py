"""From an evaluation's operating points to the tuned config: which threshold, and what it may be used for.

The rule: the threshold of the target that the user names; else that of the smallest target that the data supports;
else that of the largest target that it resolves, marked as unsupported. A pack whose licence forbids operational use,
and any synthetic evidence, make the config one for evaluation only; for the pack the user may say otherwise with a
flag, which is recorded. Synthetic evidence is never for deployment.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from facelab.deploy.records import (
    SYNTHETIC,
    PackRecord,
    PointRecord,
    RateRecord,
    ScoresRecord,
    UseRecord,
    ValidityRecord,
)
from facelab.errors import BadInput, NotMeasured
from facelab.stats.calibration import logistic_calibration
from facelab.stats.points import OperatingPoint, Unattainable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from facelab.config import Quality
    from facelab.pipeline.packs.spec import PackSpec
    from facelab.stats.searches import Searches
    from facelab.types import Floats

TESTED_SHARE: Fraction = Fraction(9, 10)
"""The gallery that was tested must be at least this share of the operational one (NIST SP 800-63A-4, 3.11)."""
CALIBRATION_RIDGE = 1e-4
"""So small a penalty moves no fit that there is, and gives one where mated and non-mated scores do not overlap."""
SCORE_RANGE, SCORE_BINS = (-0.2, 1.0), 60
Origin = Literal["target", "certified", "site"]


class PackLike(Protocol):
    """What of a model pack goes into a config."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def files(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def operational_use(self) -> bool: ...  # noqa: D102
    @property
    def restriction(self) -> str: ...  # noqa: D102
    @property
    def spec(self) -> PackSpec: ...  # noqa: D102


def exported_point(points: Sequence[OperatingPoint | Unattainable], target_fpir: float | None = None) -> OperatingPoint:
    """The operating point whose threshold is exported, by the rule above.

    Raises
    ------
    BadInput
        `target_fpir` is none of the targets that were measured.
    NotMeasured
        No target was resolved.
    """
    asked = [point for point in points if point.target is not None]
    if target_fpir is not None:
        asked = _named(asked, target_fpir)
    resolved = [point for point in asked if isinstance(point, OperatingPoint)]
    if not resolved:
        raise NotMeasured("no threshold to export: " + (str(asked[0]) if asked else "no target FPIR was asked for"))
    supported = [point for point in resolved if point.supported]
    return min(supported, key=_target) if supported else max(resolved, key=_target)


def _named(asked: list[OperatingPoint | Unattainable], target: float) -> list[OperatingPoint | Unattainable]:
    """The points of one target."""
    named = [point for point in asked if point.target == target]
    if not named:
        known = ", ".join(f"{point.target:g}" for point in asked) or "none"
        raise BadInput(f"FPIR {target:g} is not among the targets ({known})", place="export_target_fpir")
    return named


def _target(point: OperatingPoint) -> float:
    return 0.0 if point.target is None else point.target


def point_record(point: OperatingPoint, origin: Origin, confidence: float) -> PointRecord:
    """`point` as it stands in a config."""
    said = point.to_dict(confidence)
    fields: dict[str, Any] = {name: said[name] for name in ("rank", "supported", "reason", "in_sample", "selectivity")}
    rates = {name: rate_record(said[name]) for name in ("fpir", "fnir", "misidentification")}
    return PointRecord(origin=origin, target_fpir=said["target_fpir"], threshold=point.threshold, **fields, **rates)


def rate_record(said: Mapping[str, Any]) -> RateRecord:
    """A rate, as its `to_dict` says it, for a config."""
    return RateRecord(**{name: value for name, value in said.items() if name in RateRecord.model_fields})


def point_records(points: Sequence[OperatingPoint | Unattainable], confidence: float) -> tuple[PointRecord, ...]:
    """Every measured threshold: of each target, its certified one, and the given ones."""
    records = []
    for point in points:
        if isinstance(point, Unattainable):
            continue
        records.append(point_record(point, "site" if point.target is None else "target", confidence))
        if point.certified is not None:
            record = point_record(point.certified, "certified", confidence)
            records.append(record.model_copy(update={"target_fpir": point.target}))
    return tuple(records)


def pack_record(pack: PackLike) -> PackRecord:
    """`pack` as it stands in a config."""
    return PackRecord(
        name=pack.name,
        fingerprint=pack.fingerprint,
        files=dict(pack.files),
        dimension=pack.dimension,
        licence=pack.licence,
        operational_use=pack.operational_use,
        restriction=pack.restriction,
        detector_file=pack.spec.detector_file.file,
        detector=pack.spec.detector,
        recogniser_file=pack.spec.recogniser_file.file,
        recogniser=pack.spec.recogniser,
    )


def validity_record(
    enrolled: int,
    cameras: Sequence[str],
    quality: Quality,
    created: datetime,
    *,
    days: int,
    trusted: tuple[float | None, float | None] = (None, None),
) -> ValidityRecord:
    """For what a threshold holds that was measured with a watchlist of `enrolled` subjects on `cameras`.

    Parameters
    ----------
    enrolled : int
        N of the measurement.
    cameras : sequence of str
        Those of the footage.
    quality : Quality
        Which faces went into templates.
    created : datetime
        When it was measured, with its time zone.
    days : int
        After so many days it is to be measured again.
    trusted : (float or None, float or None)
        The narrowest face (px) and the lowest quality that the models were shown to be trusted with; None: not shown.
    """
    narrowest, lowest = trusted
    return ValidityRecord(
        enrolled_max=int(enrolled / TESTED_SHARE),
        enrolled_rule=f"{enrolled:,} were tested, and the tested list must be 90 % of the operational one "
        "(NIST SP 800-63A-4, 3.11)",
        min_width_px=max(quality.min_width_px, narrowest or 0.0),
        min_quality=max(quality.min_quality, lowest or 0.0),
        cameras=tuple(cameras),
        expires=created + timedelta(days=days),
    )


def scores_record(searches: Searches) -> ScoresRecord:
    """Where the best scores of `searches` lie, in bins of equal width; what lies outside is in the outermost ones."""
    low, high = SCORE_RANGE
    mated = searches.mate_score[searches.mated]
    strangers = searches.other_scores[~searches.mated, :1].ravel()

    try:
        fit = logistic_calibration(mated[~np.isnan(mated)], strangers[~np.isnan(strangers)], ridge=CALIBRATION_RIDGE)
        slope, offset = (fit.slope, fit.offset) if fit.slope > 0 else (None, None)
    except (BadInput, NotMeasured):
        slope, offset = None, None

    def counted(score: Floats) -> tuple[int, ...]:
        kept = np.clip(score[~np.isnan(score)], low, high)
        return tuple(np.histogram(kept, SCORE_BINS, (low, high))[0].tolist())

    counts = {"mated": counted(mated), "non_mated": counted(strangers)}
    return ScoresRecord(low=low, high=high, slope=slope, offset=offset, **counts)


def allowed_use(pack: PackLike, *, synthetic: bool, restriction_accepted: bool) -> UseRecord:
    """What a config of this pack and this evidence may be used for."""
    reasons = [SYNTHETIC] if synthetic else []
    if not pack.operational_use:
        words = f"the pack's licence forbids operational use ({pack.restriction})"
        reasons.append(f"{words}; accepted by the user" if restriction_accepted else words)
    blocked = synthetic or not (pack.operational_use or restriction_accepted)
    return UseRecord(
        status="evaluation only" if blocked else "operational",
        reason="; ".join(reasons) or "real evidence, and the pack's licence allows it",
        restriction_accepted=restriction_accepted and not pack.operational_use,
    )

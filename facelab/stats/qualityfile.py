"""Score files with columns of quality, as `facelab quality` reads them: does the quality foresee who is not matched?

A file of scores (``score, mated`` and, where known, ``probe_subject, reference_subject``) with a column of the probe's
quality and, where there is one, of the reference's; higher is better. The curve is of the mated comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats.columns import read_columns
from facelab.stats.discard_areas import DiscardAreas, discard_areas
from facelab.stats.quality import DiscardCurve, discard_curve
from facelab.stats.scorefile import SCORES, SUBJECTS, read_scores
from facelab.stats.suspect import near_the_scores

if TYPE_CHECKING:
    from pathlib import Path

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Discarded shares at which the FNMR is given with its interval, up to the limit."""


@dataclass(frozen=True, eq=False)
class QualityReport:
    """What a quality score foresees.

    Parameters
    ----------
    quality : tuple of str
        The columns: the probe's, and the reference's where there is one.
    curve : DiscardCurve
        FNMR against the discarded fraction.
    areas : DiscardAreas
        Partial area and gain with their intervals.
    """

    quality: tuple[str, ...]
    curve: DiscardCurve
    areas: DiscardAreas

    def __repr__(self) -> str:
        return f"{' and '.join(self.quality)}: {self.areas!r}; FNMR {self.curve.at(0.0)!r} before any discard"

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON: columns, threshold, areas with intervals, FNMR at some discarded shares, and the curve."""
        curve = self.curve.to_dict(self.areas.limit)
        steps = {name: curve.pop(name) for name in ("quality", "fraction", "errors", "fnmr")}
        shares = [share for share in SHARES if share <= self.areas.limit + 1e-12]
        at = [{"discarded": share} | self.curve.at(share).to_dict(confidence) for share in shares]
        head = {"columns": list(self.quality), "threshold": curve["threshold"]}
        counts = {"comparisons": curve["comparisons"], "failed": curve["failed"]}
        return head | counts | self.areas.to_dict(confidence) | {"at": at, "curve": steps}


def file_quality_report(
    path: Path,
    quality: str,
    *,
    reference_quality: str | None = None,
    threshold: float | None = None,
    target_fmr: float | None = None,
    limit: float = 0.2,
    rng: np.random.Generator,
) -> QualityReport:
    """The error-versus-discard curve of a file of scores and its areas.

    Parameters
    ----------
    path : Path
        Scores with one or two more columns.
    quality, reference_quality : str, str or None
        The columns of the probe's quality (or the comparison's), and of the reference's.
    threshold, target_fmr : float, optional
        T, or the FMR at whose threshold the FNMR is taken: one of the two.
    limit : float
        The largest discarded fraction of the partial area.
    rng : numpy.random.Generator
        Of the bootstrap.

    Raises
    ------
    BadInput
        As `read_scores`; a column is missing, or a mated comparison has a score and no quality.
    NotMeasured
        No mated comparison has a score, or all are of one person.
    UnattainableTarget
        Too few comparisons for `target_fmr`.
    """
    columns = (quality,) if reference_quality is None else (quality, reference_quality)
    if set(columns) & {*SCORES, *SUBJECTS}:
        raise BadInput(f"{columns[0]!r} is no quality", place="quality")
    if (threshold is None) == (target_fmr is None):
        raise BadInput("give a threshold or a target FMR, one of the two", place="threshold")
    found = read_scores(path)
    at = threshold if target_fmr is None else found.curve().threshold_at_fmr(target_fmr).threshold
    assert at is not None
    near_the_scores(at, found.score)
    table = read_columns(path, columns, numeric=columns)
    mated = found.mated
    each = [table.numbers(name) for name in columns]
    for name, values in zip(columns, each):
        bare = np.flatnonzero(mated & np.isnan(values) & ~np.isnan(found.score))
        if bare.size:
            raise BadInput(f"a mated score has no {name!r}", place=table.at(int(bare[0])))
    people = None if found.probe is None else found.probe[mated].astype(np.str_)
    curve = discard_curve(found.score[mated], each[0][mated], each[-1][mated], at, people)
    return QualityReport(columns, curve, discard_areas(curve, limit, rng=rng))

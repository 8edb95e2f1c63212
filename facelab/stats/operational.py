"""The site's own gallery size, answered from a test of another size: thresholds for it, and FPIR there.

Below the tested N it is measured by subsampling, beyond it is extrapolated and marked so (`facelab.stats.scaling`,
`facelab.stats.gallery_threshold`). NIST SP 800-63A-4 3.11 wants a test on at least 90 % of the operational gallery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats._given import plain
from facelab.stats.gallery_threshold import TESTED_SHARE, threshold_for_gallery
from facelab.stats.scaling import GalleryScale, fpir_by_gallery_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.stats.openset import OpenSetCurve


def scale_to(curve: OpenSetCurve, threshold: float, operational: int, confidence: float = 0.95) -> GalleryScale:
    """FPIR at `threshold` from small galleries to the `operational` size: eight sizes up to N, and beyond it four.

    Raises
    ------
    BadInput
        An operational size below 1.
    NotMeasured
        No non-mated search, or nobody enrolled.
    """
    if operational < 1:
        raise BadInput(f"a gallery has 1 subject or more, not {operational}", place="operational-n")
    tested = max(curve.searches.subjects, 1)
    sizes = np.geomspace(1, min(tested, operational), 8)
    if operational > tested:
        sizes = np.concatenate([sizes, np.geomspace(tested, operational, 5)])
    return fpir_by_gallery_size(curve.searches, threshold, np.unique(np.round(sizes)), confidence=confidence)


def operational_answer(
    select: OpenSetCurve,
    report: OpenSetCurve,
    targets: Iterable[float],
    thresholds: Iterable[float],
    operational: int,
    *,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """What a gallery of `operational` subjects means, for JSON.

    Parameters
    ----------
    select, report : OpenSetCurve
        Where thresholds are chosen, and where FPIR is measured.
    targets : iterable of float
        Target FPIRs at the operational size.
    thresholds : iterable of float
        Those whose FPIR there is asked for.
    operational : int
        Subjects that the site enrols.
    confidence : float
        Of the intervals.

    Returns
    -------
    dict
        ``subjects``, ``tested``, ``tested_share`` and whether it suffices, ``thresholds`` (`GalleryThreshold`, or a
        target with its reason) and ``fpir_by_gallery_size`` (a `GalleryScale` a threshold).
    """
    tested = report.searches.subjects
    scales = [scale_to(report, threshold, operational, confidence).to_dict() for threshold in thresholds]
    found = []
    for target in targets:
        try:
            found.append(threshold_for_gallery(select.searches, target, operational).to_dict())
        except UnattainableTarget as error:
            found.append({"target": target, "operational": operational, "threshold": None, "reason": str(error)})
    return {
        "subjects": operational,
        "tested": tested,
        "tested_share": tested / operational,
        "tested_share_suffices": tested / operational >= TESTED_SHARE,
        "extrapolated": operational > tested,
        "thresholds": found,
        "fpir_by_gallery_size": scales,
    }


def cmc_answer(curve: OpenSetCurve, ranks: int = 50, *, confidence: float = 0.95) -> dict[str, Any]:
    """The cumulative match characteristic for JSON, with person-level intervals at ranks 1, 5, 10, 20 and 50.

    CMC(R) = 1 - FNIR(N, R, -inf): no threshold, a closed list; a failed search is a miss at every rank.
    """
    cmc = curve.cmc(ranks)
    at = []
    for rank in (r for r in (1, 5, 10, 20, 50) if r <= len(cmc.ranks)):
        missed = type(curve)(curve.searches, rank).at(-np.inf).fnir
        ends = missed.interval(confidence)
        at.append(
            {
                "rank": rank,
                "hits": missed.trials - missed.errors,
                "mated": missed.trials,
                "rate": plain(1 - missed.value),
                "low": plain(1 - ends.high),
                "high": plain(1 - ends.low),
                "method": ends.method,
            }
        )
    return {"mated": cmc.mated, "ranks": plain(cmc.ranks), "hits": plain(cmc.hits), "rate": plain(cmc.value), "at": at}

"""The audit of a study's watchlist: from the gallery alone, and with the searches of its footage.

Decisions are read from ``decisions.jsonl`` in the workspace, where `facelab decide` can write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.floor import site_of, speaking_point
from facelab.experiments.gallery_audit.audit import Searched, audit_gallery
from facelab.experiments.study import Study, say

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.experiments.footage_sheet import ContactSheet, Show
    from facelab.experiments.gallery_audit.findings import Finding, GalleryAudit
    from facelab.types import Comparisons, Strings

DECISIONS = "decisions.jsonl"


def decisions_path(study: Study) -> Path:
    """Where the decisions about the study's watchlist are kept."""
    return study.workspace.folder / DECISIONS


def study_audit(study: Study) -> GalleryAudit:
    """The audit of the study's gallery, without its searches."""
    from facelab.gallery.audit.decisions import read_decisions

    return audit_gallery(study.gallery, decisions=read_decisions(decisions_path(study)))


def searched_audit(study: Study) -> GalleryAudit:
    """The audit with the study's searches: hubs named on the half that chooses thresholds, costs on the other half.

    Where no threshold came out of the study, or there is only one half, it is that of the gallery alone.
    """
    from facelab.gallery.audit.decisions import read_decisions

    return audit_gallery(study.gallery, searched_of(study), decisions=read_decisions(decisions_path(study)))


def searched_of(study: Study) -> Searched | None:
    """The study's searches at its own threshold; None where it has no threshold, or no half that chose it."""
    point, select = speaking_point(study), study.halves.select
    if point is None or select is None:
        return None
    floor = study.scenario.floor
    return Searched(
        _part(study.comparisons, select.searches.probe_id),
        _part(study.comparisons, study.halves.report.searches.probe_id),
        point.threshold,
        study.scenario.rank,
        None if floor is None else site_of(floor),
    )


def reference_alerts_figure(study: Study) -> Any:
    """Which references raise the false alerts, as a saved figure; a sentence where that cannot be told."""
    from facelab import plots
    from facelab.stats.hubs import false_alerts_by_reference

    searched = searched_of(study)
    if searched is None:
        return say("No threshold came out of this study: which references raise false alerts cannot be told.")
    try:
        found = false_alerts_by_reference(searched.select, searched.threshold)
    except NotMeasured as reason:
        return say(f"{str(reason)[:1].upper()}{str(reason)[1:]}.")
    return study.figure(plots.false_alerts_by_reference(found), "false_alerts_by_reference")


def study_pictures(study: Study, finding: Finding, show: Show = "synthetic") -> ContactSheet:
    """The photographs behind a finding, where they may be shown: read now, kept nowhere."""
    from facelab.config import SyntheticWatchlist
    from facelab.experiments.footage_sheet import ContactSheet
    from facelab.experiments.gallery_audit.pictures import finding_pictures
    from facelab.experiments.sources import watchlist_photographs

    photographs = watchlist_photographs(study.scenario)
    if photographs is None:
        return ContactSheet((), "The watchlist comes from footage: it has no photographs.")
    made = isinstance(study.scenario.watchlist, SyntheticWatchlist)
    return finding_pictures(finding, photographs, show, synthetic=made)


def _part(comparisons: Comparisons, probes: Strings) -> Comparisons:
    return comparisons.take(np.isin(comparisons.probe_id, probes))

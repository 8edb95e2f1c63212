"""The gate's generated passengers and real people side by side: thresholds, misses, and what may not be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.data.research import CHOKEPOINT_SEQUENCE
from facelab.errors import NotMeasured
from facelab.experiments.sites.gate_ageing import Ageing
from facelab.experiments.sites.gate_words import cell
from facelab.experiments.sites.real import chokepoint_set
from facelab.report.site_answer import Section, Table
from facelab.stats.openset import open_set_curve

if TYPE_CHECKING:
    from facelab.experiments.sites.gate_errors import GateErrors
    from facelab.experiments.study import Study
    from facelab.stats.openset import OpenSetCurve
    from facelab.types import Comparisons

TITLE = "Synthetic and real, side by side"
NOT_CONCLUDED = (
    "May not be concluded: that a threshold of generated faces holds for real ones, or that a real gate would miss as "
    "many or as few. Generated people differ from each other by the random numbers they were made of.",
    "May not be concluded either: a gate's rates from portraits or from a portal. The portraits are ten years apart "
    "and posed; the portal's people were enrolled in the same minute. What both show is how far real people can lie "
    "from generated ones at the same threshold.",
)


def beside_real(
    study: Study, report: Comparisons, errors: GateErrors, ageing: Ageing | str, confidence: float
) -> Section:
    """The same threshold on generated and on real people, and the threshold that each asks for at the first FMR."""
    at = errors.point.threshold
    own = errors.one_to_one[0] if errors.one_to_one else ""
    theirs = own if isinstance(own, str) else f"{own.threshold:.4f}"
    rows = [_row("generated", "this gate, reporting half", open_set_curve(report), at, theirs, confidence)]
    missing = []
    if isinstance(ageing, Ageing):
        what = f"Congress: portraits of {ageing.years[1]} among those of {ageing.years[0]}"
        threshold = f"{ageing.points[0][1].threshold:.4f}"
        rows.append(_row("real", what, open_set_curve(ageing.comparisons), at, threshold, confidence))
    else:
        missing.append(ageing)
    try:
        portal = chokepoint_set(study)
        what = f"ChokePoint {CHOKEPOINT_SEQUENCE}: {portal.what}"
        rows.append(_row("real", what, portal.curve, at, "too few people", confidence))
    except NotMeasured as reason:
        missing.append(f"ChokePoint: {reason}.")
    first = "the first FMR" if isinstance(own, str) else f"FMR {own.target:g}"
    columns = (
        "people",
        "what",
        "enrolled",
        f"unenrolled let through at {at:.3f}",
        f"enrolled not let through at {at:.3f}",
        f"threshold for {first} (1:1)",
    )
    table = Table(columns, tuple(rows), "single attempts, counts and intervals by person")
    return Section(TITLE, (*dict.fromkeys(missing), *NOT_CONCLUDED), table)


def _row(kind: str, what: str, curve: OpenSetCurve, at: float, threshold: str, confidence: float) -> tuple[str, ...]:
    point = curve.at(at)
    through, missed = cell(point.fpir, confidence), cell(point.fnir, confidence)
    return (
        kind,
        what,
        f"{curve.searches.subjects:,}",
        through,
        missed,
        threshold if len(threshold) < 20 else "cannot tell",
    )

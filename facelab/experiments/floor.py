"""What the thresholds of a study mean on the floor of its site: alerts a day, and a gallery of the site's own size.

The scenario's `floor` says how many passengers come and how many of them are enrolled. A scenario without one, or with
searches of one kind only, gives a sentence where a table or a figure would stand, so that a notebook runs anyway.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.study import Study, measured_points, say
from facelab.report.planning import at_operational_size
from facelab.stats.workload import Site

if TYPE_CHECKING:
    from facelab.config import Floor
    from facelab.stats.points import OperatingPoint
    from facelab.stats.scaling import GalleryScale
    from facelab.stats.workload import Estimate, Workload

NO_FLOOR = "The scenario says nothing of passengers and prevalence (`floor`), so no alerts a day can be given."
NO_GALLERY = "The scenario names no operational gallery size (`floor.galleries`)."
ONE_KIND = "There are searches of one kind only, or no threshold: nothing can be said of the floor."
COLUMNS = (
    ("threshold", ""),
    ("false alerts a day", "false_alerts_a_day"),
    ("true alerts a day", "true_alerts_a_day"),
    ("review hours a day", "review_hours_a_day"),
    ("an alert is right", "ppv"),
    ("enrolled people missed a year", "missed_a_year"),
)


def site_of(floor: Floor) -> Site:
    """The site that a scenario's floor describes."""
    return Site(
        floor.passengers_a_day,
        floor.prevalence,
        floor.cameras,
        floor.minutes_a_review,
        floor.shifts_a_day,
        floor.days_a_year,
    )


def speaking_point(study: Study) -> OperatingPoint | None:
    """The point that speaks for a study: of the smallest supported target, else the first with a threshold, or None."""
    points = measured_points(study.points)
    supported = [point for point in points if point.supported and point.target is not None]
    return min(supported, key=lambda p: p.target or 0.0) if supported else next(iter(points), None)


def workloads(study: Study) -> list[tuple[str, Workload]]:
    """Each threshold of a study (plain, and certified where there is one) by name, with its workload.

    Raises
    ------
    NotMeasured
        The scenario has no floor, or there are searches of one kind only.
    """
    from facelab.stats.floor import workload_at

    floor, report = study.scenario.floor, study.halves.report
    if floor is None:
        raise NotMeasured(NO_FLOOR)
    points = measured_points(study.points)
    if not report.mated or not report.non_mated or not points:
        raise NotMeasured(ONE_KIND)
    named = []
    for point in points:
        name = "site today" if point.target is None else f"FPIR {100 * point.target:g} %"
        named.append((f"{name}: {point.threshold:.4f}", point.threshold))
        if point.certified is not None:
            named.append((f"{name}, certified: {point.certified.threshold:.4f}", point.certified.threshold))
    site, confidence = site_of(floor), study.scenario.confidence
    return [(name, workload_at(report, threshold, site, confidence=confidence)) for name, threshold in named]


def workload_table(study: Study) -> Any:
    """The workload of each threshold as a table that Jupyter shows; a sentence where there is none."""
    from IPython.display import HTML

    try:
        found = workloads(study)
    except NotMeasured as reason:
        return say(str(reason))
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name, _ in COLUMNS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(name, work)) + "</tr>" for name, work in found
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return HTML(table)  # type: ignore[no-untyped-call]  # IPython


def _cells(name: str, found: Workload) -> list[str]:
    return [name, *(_figure(getattr(found, key)) for _, key in COLUMNS[1:])]


def _figure(value: Estimate | None) -> str:
    if value is None:
        return "not measured"
    return f"{_digits(value.value)} [{_digits(value.low)}, {_digits(value.high)}]"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def alerts_figure(study: Study) -> Any:
    """Alerts a day against the threshold as a saved figure; a sentence where there are none."""
    from facelab import plots
    from facelab.stats.floor import alert_curve

    floor, report = study.scenario.floor, study.halves.report
    if floor is None:
        return say(NO_FLOOR)
    if not report.mated or not report.non_mated:
        return say(ONE_KIND)
    curve = alert_curve(report, site_of(floor), study.scenario.confidence)
    return study.figure(plots.alerts_a_day(curve, points=measured_points(study.points)), "alerts_a_day")


def floor_sentences(study: Study) -> tuple[str, ...]:
    """What the speaking threshold means a day and a year, and what was assumed for it."""
    from facelab.stats.floor import workload_at

    floor, report, point = study.scenario.floor, study.halves.report, speaking_point(study)
    if floor is None:
        return (NO_FLOOR,)
    if point is None or not report.mated or not report.non_mated:
        return (ONE_KIND,)
    found = workload_at(report, point.threshold, site_of(floor), confidence=study.scenario.confidence)
    false, ppv = found.false_alerts_a_day, found.ppv
    return (
        f"At {point.threshold:.4f} and with {floor.passengers_a_day:,.0f} passengers a day, {_figure(false)} alerts a "
        f"day would be false and {_figure(found.true_alerts_a_day)} true; the probability that an alert is right would "
        f"be {100 * ppv.value:.2g} % [{100 * ppv.low:.2g}, {100 * ppv.high:.2g}].",
        "Assumed: " + " ".join(floor.assumptions),
    )


def gallery_scale(study: Study) -> GalleryScale | None:
    """FPIR at the speaking threshold up to the largest gallery of the floor; None where something for it is missing."""
    from facelab.stats.operational import scale_to

    floor, point = study.scenario.floor, speaking_point(study)
    if floor is None or not floor.galleries or point is None or not study.halves.report.non_mated:
        return None
    return scale_to(study.halves.report, point.threshold, max(floor.galleries), study.scenario.confidence)


def gallery_figure(study: Study) -> Any:
    """FPIR against gallery size as a saved figure; a sentence where the scenario names no operational size."""
    from facelab import plots

    scale, point = gallery_scale(study), speaking_point(study)
    if scale is None:
        return say(NO_GALLERY)
    target = None if point is None else point.target
    return study.figure(plots.fpir_by_gallery(scale, target=target), "fpir_by_gallery")


def gallery_sentences(study: Study) -> tuple[str, ...]:
    """FPIR and the threshold for the target at each operational gallery size; beyond the tested one marked as such."""
    from facelab.stats.operational import operational_answer

    floor, point, halves = study.scenario.floor, speaking_point(study), study.halves
    if floor is None or not floor.galleries or point is None or not halves.report.non_mated:
        return (NO_GALLERY,)
    sentences = []
    targets = () if point.target is None or halves.select is None else (point.target,)
    for size in floor.galleries:
        found = operational_answer(
            halves.select or halves.report, halves.report, targets, (point.threshold,), size,
            confidence=study.scenario.confidence,
        )  # fmt: skip
        sentences.append(at_operational_size(found["fpir_by_gallery_size"][0]) + _threshold_there(found))
    return tuple(sentences)


def _threshold_there(found: dict[str, Any]) -> str:
    """The threshold that keeps the target at another gallery size, as a sentence."""
    if not found["thresholds"]:
        return ""
    said = found["thresholds"][0]
    if said["threshold"] is None:
        return f" Which threshold would keep the target there, this data cannot say: {said['reason']}."
    kind = "extrapolated, safe however people resemble each other" if said["extrapolated"] else "measured"
    return f" The target would be kept at a threshold of {said['threshold']:.4f} ({kind})."

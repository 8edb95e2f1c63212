"""The answer to a city of cameras: one page for who runs the command centre, then the evidence.

What was found out is in `city_findings`, the tables in `city_evidence`; here it becomes the one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.sites.city_cameras import PLAZA, of_kind
from facelab.experiments.sites.city_cases import cases_a_day
from facelab.experiments.sites.city_evidence import evidence
from facelab.experiments.sites.city_findings import Findings
from facelab.experiments.sites.departures_words import of_hundred, one_in, whole
from facelab.experiments.sites.protocol import gallery_row, paired_row, prevalence_row, strangers_row, wanted_row
from facelab.experiments.sites.real import RealSet, side_by_side
from facelab.report.site_answer import Assumption, Line, ProtocolRow, Section, SiteAnswer
from facelab.stats.floor import journey_miss
from facelab.stats.openset import OpenSetCurve

if TYPE_CHECKING:
    from facelab.experiments.sites.city_real import RealGrowth
    from facelab.experiments.study import Study
    from facelab.report.site_answer import Kind
    from facelab.stats.review_budget import Outcome

MISSED = 0.5
"""Of the protocol's claim: at most so many of the wanted passages are missed."""
MARGIN = 0.1
"""Of the protocol's claim on plazas."""
SECONDS_A_SHIFT = 8 * 3600 * 0.8
"""What one operator looks at in a day: eight hours, four fifths of them at the screen (an assumption)."""


def answer(study: Study) -> SiteAnswer:
    """What the command centre of `study` is told.

    Raises
    ------
    BadInput
        The scenario's site is no city.
    NotMeasured
        There are too few people to choose a threshold on.
    """
    found = Findings(study)
    return SiteAnswer(
        study.scenario.title,
        study.scenario.question,
        found.threshold,
        (*threshold_lines(found), *cost_lines(found), *sure_lines(found), *surer_lines(found)),
        evidence(found),
        _beside(found),
        protocol_rows(found),
        tuple(Assumption(name, str(value), source) for name, value, source in found.site.assumptions),
        metrics(found),
    )


def _how(found: Findings) -> Kind:
    """What figures at the database's size rest on."""
    return "simulated" if found.size in found.database.by_size else "measured"


def threshold_lines(found: Findings) -> tuple[Line, ...]:
    """Which threshold, for which database."""
    reviews, size = whole(found.site.reviews_a_day), f"{found.size:,}"
    lines = []
    if found.threshold is None:
        text = (
            f"No threshold can be told for {reviews} reviews a day and {size} people in the database: with so few "
            f"strangers tested, one of them alarmed stands for {whole(found.fewest_reviews)} alerts a day."
        )
        lines.append(Line("Threshold", text, "cannot tell"))
    else:
        text = f"With {size} people in the database and {reviews} reviews a day: {found.threshold:.3f} at every camera."
        lines.append(Line("Threshold", text, _how(found)))
        lines.append(_own_line(found))
    if found.database.refusal:
        text = (
            f"A larger database than the {found.database.enrolled.subjects} people enrolled was not searched: "
            f"{found.database.refusal} Beyond that size only an extrapolation is given, in the evidence."
        )
        lines.append(Line("Threshold", text, "cannot tell"))
    if found.study.evidence.synthetic:
        text = "Everybody here was generated. Which threshold real people need, only a test at the site can tell."
        lines.append(Line("Threshold", text, "cannot tell"))
    return tuple(lines)


def _own_line(found: Findings) -> Line:
    """Whether thresholds of their own would find more for as many alerts."""
    outcome = found.chosen.outcome
    lost = outcome.lost_at_equal_alerts
    if lost.low > 0:
        head = "A threshold for each camera finds more for as many alerts"
    elif lost.high < 0:
        head = "A threshold for each camera, chosen on as few people as here, finds less"
    else:
        head = "That a threshold for each camera finds more for as many alerts could not be shown"
    text = (
        f"{head}: a difference of {lost.value:+.2g} wanted passages a day (between {lost.low:+.2g} and "
        f"{lost.high:+.2g} would fit this data)."
    )
    return Line("Threshold", text, "resampled")


def cost_lines(found: Findings) -> tuple[Line, ...]:
    """Alerts, work, who is missed, plazas, and machines."""
    point, outcome = found.point, found.chosen.outcome
    if point is None:
        return (
            Line("What it costs", "Without a threshold nothing can be said of its costs.", "cannot tell"),
            _machines(found),
        )
    alerts, false = outcome.common_alerts, outcome.common_alerts.value - outcome.common_true.value
    hours = found.site.seconds_a_review / 3600
    cases = sum(one.cases for one in cases_a_day(found))
    people = alerts.value * found.site.seconds_a_review / SECONDS_A_SHIFT
    right = outcome.common_true.value / alerts.value if alerts.value else 0.0
    lines = [
        f"Alerts a day at the command centre: {_between(alerts)}; about {whole(false)} of them false. That is "
        f"{whole(alerts.value * hours)} hours of looking, {max(round(people), 1):,} operators a day.",
        f"Alerts with the same name put together as one case, it is {whole(cases)} cases a day.",
        f"If {one_in(found.site.prevalence)} passages is a wanted person's, nobody knows whether, {one_in(right)} "
        "alerts is right.",
    ]
    kinds: list[Kind] = ["resampled", "resampled", "assumed"]
    out = [Line("What it costs", text, kind) for text, kind in zip(lines, kinds, strict=True)]
    text = f"Of 100 wanted people who pass one camera, {of_hundred(point.fnir)} are missed there."
    out.append(Line("What it costs", text, _how(found)))
    whole_way = journey_miss(found.report.searches, point.threshold, found.study.scenario.rank)
    text = f"Of 100 wanted people, {of_hundred(whole_way)} are missed at every rendered camera that they pass."
    out.append(Line("What it costs", text, _how(found)))
    return (*out, *_plaza_lines(found), *_larger_lines(found), _machines(found))


def _plaza_lines(found: Findings) -> list[Line]:
    """What a windscreen costs."""
    half, plaza = found.report, of_kind(found.report.camera, PLAZA)
    points = [
        OpenSetCurve(half.searches.take(mask), found.study.scenario.rank).at(float(found.threshold or 0.0)).fnir
        if mask.any() else None
        for mask in (plaza, ~plaza)
    ]  # fmt: skip
    if any(rate is None or not rate.trials for rate in points):
        return []
    behind, street = (of_hundred(rate) for rate in points if rate is not None)
    text = f"Behind a windscreen, of 100 wanted people {behind} are missed; in streets {street}; not the glass alone."
    return [Line("What it costs", text, _how(found))]


def _larger_lines(found: Findings) -> list[Line]:
    """What the larger databases do to the same threshold."""
    lines, here = [], found.point
    for size in found.site.galleries:
        if here is not None and size in found.database.by_size and size != found.size:
            there = found.report_of(size).curve.at(here.threshold)
            text = (
                f"At the same threshold a database of {size:,} alarms {there.fpir.errors} of {there.fpir.trials} "
                f"strangers, instead of {here.fpir.errors} with {found.size:,}."
            )
            lines.append(Line("What it costs", text, "simulated"))
    return lines


def _machines(found: Findings) -> Line:
    site, text = found.site, ""
    if found.size in found.database.seconds:
        each = found.database.seconds[found.size] / max(found.database.probes, 1)
        cores = sum(camera.passages for camera in found.cameras) * each / 86_400
        text = f"; the exact search of {found.size:,} takes {cores:.2g} of a core more" if cores < 1 else (
            f"; the exact search of {found.size:,} takes {cores:.0f} cores more"
        )  # fmt: skip
    video = f"About {site.cameras * site.cores_a_camera:,.0f} processor cores for the video of {site.cameras} cameras"
    return Line("What it costs", f"{video}{text}.", "assumed")


def sure_lines(found: Findings) -> tuple[Line, ...]:
    """What the figures rest on."""
    strangers, wanted = (
        len(np.unique(found.report.searches.person[mask]))
        for mask in (~found.report.searches.mated, found.report.searches.mated)
    )
    rendered = sum(camera.rendered for camera in found.cameras)
    lines = [
        Line(
            "How sure",
            f"{strangers} strangers and {wanted} wanted people chose nothing and report; intervals are over people.",
            "measured",
        ),
        Line(
            "How sure",
            f"{rendered} cameras were rendered; the other {len(found.cameras) - rendered} have the scores of one of "
            "them, so how cameras of one kind differ is not in any figure.",
            "resampled",
        ),
    ]
    check = found.database.check
    if found.size in found.database.by_size and check is not None:
        short = ""
        if check.short > 1.2:
            short = f" There they alarm {check.short:.1f} times fewer strangers, so expect more alerts than stated."
        text = (
            f"All but {found.database.enrolled.subjects} of the database are drawn references of nobody; they "
            f"passed their check at FMR {check.named}, and beyond that are a model.{short}"
        )
        lines.append(Line("How sure", text, "simulated"))
    if found.congress is not None:
        lines.append(Line("How sure", f"The same check on real portraits: {found.congress.sentence()}", "measured"))
    if found.real_growth is not None:
        lines += _real_lines(found.real_growth)
    return tuple(lines)


def _real_lines(growth: RealGrowth) -> list[Line]:
    """What a large database asked of real portraits."""
    told = {size: score for size, score in growth.thresholds().items() if score is not None}
    if len(told) < 2:
        return []
    few, many = min(told), max(told)
    text = (
        f"For the same false alerts, 1 in 100 strangers, real portraits needed {told[many]:.3f} in a database of "
        f"{many:,}, all but {few:,} of it drawn, instead of {told[few]:.3f} among those {few:,} alone."
    )
    return [Line("How sure", text, "simulated")]


def surer_lines(found: Findings) -> tuple[Line, ...]:
    """What would make it surer."""
    reviews = found.site.reviews_a_day
    passages = sum(camera.passages for camera in found.cameras)
    return (
        Line(
            "What would make it surer",
            "One day of every camera's ordinary passages, searched in your own database with every alert "
            f"looked at: with {one_in(reviews / passages)} passages reviewed, each camera's alerts are measured.",
            "cannot tell",
        ),
        Line(
            "What would make it surer",
            "The share of wanted people at each camera is unknown, and it decides where reviews are worth most; only "
            "confirmed alerts will tell.",
            "cannot tell",
        ),
    )


def protocol_rows(found: Findings) -> tuple[ProtocolRow, ...]:
    """How the city can measure itself."""
    site = found.site
    passages = sum(camera.passages for camera in found.cameras)
    fnir = None if found.point is None else found.point.fnir
    true = found.chosen.outcome.common_true.value
    rows = [
        strangers_row(
            f"at most {whole(site.reviews_a_day)} alerts a day", min(site.reviews_a_day / passages, 0.5), passages
        ),
        wanted_row(f"at most {100 * MISSED:g} of 100 wanted passages are missed", MISSED, fnir),
        paired_row(f"plazas miss at most {100 * MARGIN:g} of 100 more than streets", MARGIN, 0.3),
        prevalence_row("how often an alert is right", true),
        *(gallery_row(size, found.database.enrolled.subjects) for size in site.galleries),
    ]
    return tuple(rows)


def _beside(found: Findings) -> Section | None:
    if found.threshold is None:
        return None
    tested = found.report_of(found.database.enrolled.subjects)
    own = RealSet("City", f"{len(tested.searches)} passages at {len(found.report.by_camera)} cameras", tested.curve)
    return side_by_side(found.study, found.threshold, [own], target=None)


def metrics(found: Findings) -> dict[str, float]:
    """Flat numbers for MLflow."""
    outcome = found.chosen.outcome
    said = {
        "database": float(found.size),
        "distractors_allowed": float(bool(found.database.by_size)),
        "alerts_a_day": outcome.common_alerts.value,
        "wanted_found_a_day": outcome.common_true.value,
        "wanted_found_a_day_own_thresholds": outcome.own_true.value,
        "lost_by_common_threshold": outcome.lost.value,
        "lost_by_common_threshold_at_equal_alerts": outcome.lost_at_equal_alerts.value,
        "budget_gap": found.chosen.own.gap,
    }
    if found.point is not None:
        said |= {"fpir": found.point.fpir.value, "fnir": found.point.fnir.value}
    for size, seconds in found.database.seconds.items():
        said[f"search_ms_{size}"] = 1e3 * seconds / max(found.database.probes, 1)
    for check in (found.database.check, found.congress):
        for level in () if check is None else check.levels:
            name = check.name.split()[0].lower() if check is not None else ""
            said[f"{name}_drawn_over_people_fmr_{level.fmr:g}"] = level.drawn / max(level.people.value, 1e-12)
    return {name: value for name, value in said.items() if np.isfinite(value)}


def _between(one: Outcome) -> str:
    return f"about {_short(one.value)}; between {_short(one.low)} and {_short(one.high)} would fit this data"


def _short(value: float) -> str:
    return whole(value) if abs(value) >= 100 else f"{value:.2g}"

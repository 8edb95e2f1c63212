"""The one page of a gate's answer: for a reader who is no statistician, counts before percentages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from facelab.experiments.sites.gate_ageing import Ageing, people_a_year
from facelab.experiments.sites.gate_attacks import GateAttacks
from facelab.experiments.sites.gate_words import hundredths, of_rate, of_so_many, seconds
from facelab.report.site_answer import Line
from facelab.stats.gallery_threshold import GalleryThreshold
from facelab.stats.planning import people_needed

if TYPE_CHECKING:
    from facelab.experiments.sites.gate import GateStudy
    from facelab.experiments.sites.gate_flow import GateFlow
    from facelab.experiments.sites.gate_policy import ChosenPolicy
    from facelab.stats.gate_queue import QueueForecast


def one_page(found: GateStudy, confidence: float) -> tuple[Line, ...]:
    """The lines of the one page."""
    return (
        *_threshold(found),
        *_costs(found, confidence),
        *_sure(found, confidence),
        *_surer(found),
    )


def _threshold(found: GateStudy) -> tuple[Line, ...]:
    tested = found.errors.point.subjects
    largest = max(found.site.rosters)
    if found.main is None:
        why = "; ".join(found.refused)
        first = Line("Threshold", f"This data gives no threshold that keeps the site's bound: {why}.", "cannot tell")
    else:
        policy = found.main[0].policy
        tries = "one attempt" if policy.found.tries == 1 else f"up to {_tries(policy.found.tries)}"
        first = Line(
            "Threshold",
            f"With the {tested:,} generated passengers enrolled here, run the gates at {policy.threshold:.3f} with "
            f"{tries}, deciding by {_rule(policy.rule)}. It was chosen on one half of the people: at most "
            f"{100 * found.site.wrong_at_most:g} in 100 wrong people through, then the fewest seconds.",
            "measured",
        )
    lines = [first]
    needed = found.errors.needed.get(largest)
    if largest > tested and isinstance(needed, str):
        lines.append(
            Line(
                "Threshold",
                f"For {largest:,} passengers on the roster the threshold must be higher; how high, {tested:,} enrolled "
                "people and so few strangers cannot tell. Reading the boarding pass too (1:1) needs no higher "
                "threshold as the roster grows.",
                "cannot tell",
            )
        )
    elif largest > tested and isinstance(needed, GalleryThreshold):
        lines.append(
            Line(
                "Threshold",
                f"For {largest:,} passengers on the roster, single attempts would need {needed.threshold:.3f}: safe "
                "however people resemble each other, but never measured.",
                "extrapolated",
            )
        )
    lines.append(
        Line(
            "Threshold",
            "Everybody here was generated. Which threshold your own passengers need, this cannot tell: thresholds of "
            "generated faces do not transfer to real ones.",
            "cannot tell",
        )
    )
    return tuple(lines)


def _tries(count: int) -> str:
    return f"{count} {'attempt' if count == 1 else 'attempts'}"


def _rule(name: str) -> str:
    return "the template of the whole passage" if name.startswith("template") else f"{name} that agree"


def _costs(found: GateStudy, confidence: float) -> tuple[Line, ...]:
    if found.main is None:
        point = found.errors.point
        manual = of_rate(point.fnir, "single attempts of enrolled passengers", confidence)
        return (Line("What it costs", f"At {point.threshold:.3f}, {manual} do not pass as themselves.", "measured"),)
    own, flow = found.main
    made = own.policy.found
    lines = [
        Line(
            "What it costs",
            "Wrong passenger through. Enrolled and taken for somebody else on the roster: "
            f"{of_rate(made.misidentified, 'enrolled passengers', confidence)}. Not enrolled and let through: "
            f"{of_rate(made.fpir, 'who try', confidence)}.",
            "measured",
        ),
        Line(
            "What it costs",
            f"Manual lane after {_tries(made.tries)}: {of_rate(made.manual, 'enrolled passengers', confidence)}. In "
            f"the busiest stretch that fills {flow.desks} {'desk' if flow.desks == 1 else 'desks'} at "
            f"{found.site.manual_s:g} s a passenger.",
            "measured",
        ),
        Line(
            "What it costs",
            f"Time: 95 of 100 enrolled passengers are decided within {seconds(flow.most_s)} of first sight, retries "
            f"included; half within {flow.half_s.value:.1f} s.",
            "measured",
        ),
        Line("What it costs", _queues(found, flow), "simulated"),
    ]
    lines += _claimed(found, confidence)
    lines += _faster(found, own, flow)
    if isinstance(found.attacks, GateAttacks) and not found.attacks.made_up and found.attacks.at_gate is not None:
        joint = found.attacks.at_gate
        worst = of_rate(joint.largest_iapar, f"{joint.worst_species} attacks", confidence)
        lines.append(Line("What it costs", f"Attacks that pass match and liveness together: {worst}.", "measured"))
    return tuple(lines)


def _queues(found: GateStudy, flow: GateFlow) -> str:
    site = found.site
    departures = _queue(flow.departures, site.gates, "departure")
    boarding = _queue(flow.boarding, site.gates_a_flight, "boarding")
    return (
        f"Queues: {departures} {boarding} "
        f"So that 95 of 100 wait no longer than {site.wait_at_most_s:g} s, these peaks take "
        f"{flow.gates_needed or 'more than 100'} departure gates and {flow.flight_gates_needed or 'more than 100'} at "
        "each flight."
    )


def _queue(forecast: QueueForecast, gates: int, kind: str) -> str:
    wait = forecast.wait_95_s
    said = f"{wait.value / 60:.0f} minutes" if wait.value >= 180 else f"{wait.value:.0f} s"
    return (
        f"{gates} {kind} gates take at most {forecast.most_an_hour.value:,.0f} passengers an hour; in the assumed peak "
        f"95 of 100 wait at most {said}, and up to {forecast.longest.value:,.0f} stand in the queue."
    )


def _claimed(found: GateStudy, confidence: float) -> list[Line]:
    """What reading the boarding pass as well would make of a single attempt."""
    measured = [own for own in found.errors.one_to_one if not isinstance(own, str)]
    if not measured:
        return []
    own = measured[0]
    passed = of_rate(own.fmr, "who carry another passenger's pass", confidence)
    missed = of_rate(own.gfrr, "enrolled passengers", confidence)
    text = (
        f"If the gate reads the boarding pass too (1:1, threshold {own.threshold:.3f}, one attempt), whatever the "
        f"roster. Let through: {passed}. Enrolled and not let through: {missed}."
    )
    return [Line("What it costs", text, "measured")]


def _faster(found: GateStudy, own: ChosenPolicy, flow: GateFlow) -> list[Line]:
    """What the other rule would save, where it has a policy."""
    lines = []
    for other, theirs in zip(found.chosen[1:], found.flows[1:]):
        if theirs.half_s.value >= flow.half_s.value:
            continue
        made, now = other.policy.found, own.policy.found
        lines.append(
            Line(
                "What it costs",
                f"Deciding by {_rule(other.rule)} (threshold {other.policy.threshold:.3f}, {_tries(made.tries)}) would "
                f"take half of the passengers {theirs.half_s.value:.1f} s in place of {flow.half_s.value:.1f} s, with "
                f"{_of_hundred(made.manual.value)} in place of {_of_hundred(now.manual.value)} of 100 enrolled at the "
                f"manual lane, and {_of_hundred(made.fpir.value)} in place of {_of_hundred(now.fpir.value)} of 100 "
                "unenrolled let through. Its faces were picked with hindsight: a live gate does a little worse.",
                "measured",
            )
        )
    return lines


def _of_hundred(share: float) -> str:
    return "an unknown number" if math.isnan(share) else hundredths(share)


def _sure(found: GateStudy, confidence: float) -> tuple[Line, ...]:
    report = found.report
    enrolled = len(set(report.probe_subject[report.mated].tolist()))
    strangers = len(set(report.probe_subject[~report.mated].tolist()))
    lines = [
        Line(
            "How sure",
            f"These numbers are of {enrolled} enrolled and {strangers} other people who did not choose the threshold; "
            "the ranges say what else would fit so few. Attempts are people's own, never multiplied chances.",
            "measured",
        )
    ]
    scale = found.errors.fpir
    if scale is not None and scale.extrapolated.any():
        value, low, high = (float(column[-1]) for column in (scale.fpir, scale.low, scale.high))
        size = f"{int(scale.size[-1]):,} at the same threshold"
        if value > 0:
            people = of_so_many(value, low, high, "unenrolled people")
            said = f"with {size}, let through in one attempt would be {people}"
        else:
            said = (
                f"with {size}, how many unenrolled people would get through cannot be told: up to {100 * high:.3g} of "
                "100 would fit, since none was seen here"
            )
        lines.append(
            Line(
                "How sure",
                f"Beyond {scale.subjects:,} enrolled nothing was measured: {said}.",
                "extrapolated",
            )
        )
    if isinstance(found.ageing, Ageing):
        target, one, _ = found.ageing.points[0]
        years = found.ageing.years
        lines.append(
            Line(
                "How sure",
                f"Old enrolments, on real portraits about {years[1] - years[0]} years apart. Not recognised where 1 in "
                f"{1 / target:,.0f} strangers is: {of_rate(one.fnmr, 'people', confidence)}. When passengers must "
                "enrol again cannot be told from one point.",
                "cannot tell",
            )
        )
    else:
        lines.append(Line("How sure", f"{found.ageing} When to enrol again cannot be told.", "cannot tell"))
    lines.append(
        Line(
            "How sure",
            "Your light, your doors, your peaks, and how many of those who step up are not enrolled: nothing here "
            "knows them. The peaks and seconds at the doors were assumed."
            + (" The presentation attacks were made up." if _made_up(found) else ""),
            "cannot tell",
        )
    )
    return tuple(lines)


def _made_up(found: GateStudy) -> bool:
    return isinstance(found.attacks, GateAttacks) and found.attacks.made_up


def _surer(found: GateStudy) -> tuple[Line, ...]:
    site = found.site
    people, three = people_needed(site.wrong_at_most), people_needed(site.wrong_at_most, 3)
    each, years = people_a_year(0.05), max(round(site.template_years), 1)
    return (
        Line(
            "What would make it surer",
            f"{people:,} volunteers who are on no roster and try at your gates, none of whom gets through (or "
            f"{three:,} of whom 3 do), would show that at most {100 * site.wrong_at_most:g} in 100 do. Reading "
            "boarding passes beside the face for a week shows how often a passenger is taken for another.",
            "assumed",
        ),
        Line(
            "What would make it surer",
            f"A test with at least nine tenths of the largest roster enrolled, {0.9 * max(site.rosters):,.0f} people: "
            "the threshold for it would be measured instead of extrapolated.",
            "assumed",
        ),
        Line(
            "What would make it surer",
            f"Passages of {each:,} passengers for each age of enrolment, 0 to {years} years: the first year in which "
            "more than 5 of 100 are not recognised is the year to enrol again.",
            "assumed",
        ),
    )

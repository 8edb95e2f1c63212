"""The answer to a departures hall with a watchlist: one page for who runs it, then the evidence.

The question is asked of a person's whole *journey* past the cameras, under the confirmation rule in force. What was
found out is in `departures_findings`, the tables in `departures_evidence`; here it becomes the one page.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from facelab.config import AlertRule
from facelab.experiments.sites.departures_evidence import evidence
from facelab.experiments.sites.departures_findings import Findings, findings
from facelab.experiments.sites.departures_journeys import Journeys
from facelab.experiments.sites.departures_lists import ListAnswer
from facelab.experiments.sites.departures_words import (
    a_shift,
    of_hundred,
    one_in,
    operators,
    points,
    seconds,
    shown,
    whole,
)
from facelab.experiments.sites.protocol import (
    gallery_row,
    paired_row,
    prevalence_row,
    strangers_row,
    volunteers_for,
    wanted_row,
)
from facelab.experiments.sites.real import RealSet, side_by_side
from facelab.report.site_answer import Assumption, Line, ProtocolRow, Section, SiteAnswer
from facelab.stats.planning import people_needed, trials_to_support

if TYPE_CHECKING:
    from facelab.experiments.sites.departures_elsewhere import Elsewhere
    from facelab.experiments.study import Study

MISSED = 0.1
"""Of the protocol's claim: at most so many of the wanted people are missed."""
MARGIN = 0.05
"""Of the protocol's claim on the second airport."""


def answer(study: Study) -> SiteAnswer:
    """What the departures hall of `study` is told.

    Raises
    ------
    BadInput
        The scenario's site is no departures hall.
    NotMeasured
        There are too few people to choose a threshold on.
    """
    found = findings(study)
    protocol = protocol_rows(found)
    lines = (*threshold_lines(found), *cost_lines(found), *sure_lines(found), *surer_lines(found))
    return SiteAnswer(
        study.scenario.title,
        study.scenario.question,
        None if found.first is None else found.first.threshold,
        lines,
        evidence(found),
        _beside(found),
        protocol,
        tuple(Assumption(name, _said(value), source) for name, value, source in found.site.assumptions),
        metrics(found),
    )


def threshold_lines(found: Findings) -> tuple[Line, ...]:
    """Which threshold for which list."""
    site, first = found.site, found.first
    passengers = site.passengers_a_day / site.shifts_a_day
    goal = f"at most {whole(site.false_alarms_a_shift)} innocent people alarmed in a shift of {whole(passengers)}"
    lines = []
    for one in found.lists:
        if not isinstance(one, ListAnswer):
            text = f"With {one.size:,} people on the list no threshold can be told for {goal}: {one.reason}."
            lines.append(Line("Threshold", text, "cannot tell"))
        elif one is first:
            text = f"With {one.chosen.size:,} on the list, {one.threshold:.3f}: the lowest score that plans for {goal}."
            lines.append(Line("Threshold", text, one.chosen.basis))
        else:
            tested = found.journeys.curve.searches.subjects
            told = f" (only {tested:,} were on the tested list; beyond that a model goes on)"
            text = f"With {one.chosen.size:,}: {one.threshold:.3f}{told if one.chosen.basis == 'extrapolated' else ''}."
            lines.append(Line("Threshold", text, one.chosen.basis))
    if found.study.evidence.synthetic:
        text = "Everybody here was generated. Which threshold real people need, only a test at the site can tell."
        lines.append(Line("Threshold", text, "cannot tell"))
    return tuple(lines)


def cost_lines(found: Findings) -> tuple[Line, ...]:
    """What the first list's threshold costs, what longer lists cost, and what other conditions do."""
    first = found.first
    if first is None:
        return (Line("What it costs", "Without a threshold nothing can be said of its costs.", "cannot tell"),)
    lines = [
        Line(
            "What it costs",
            f"Innocent people alarmed in a shift: {a_shift(first.false_a_shift)}.",
            first.rate.basis,
        ),
        Line(
            "What it costs",
            f"If {one_in(found.site.prevalence)} passengers is wanted (assumed, nobody knows), "
            f"{one_in(first.ppv_planned)} alarms is right when as many people are alarmed as planned.",
            "assumed",
        ),
        Line(
            "What it costs",
            f"Of 100 wanted people {of_hundred(first.missed)} are missed on their whole way.",
            "measured",
        ),
        *_moment_lines(found),
        Line(
            "What it costs",
            f"In the busiest hour it takes {operators(first.operators)} "
            f"so that {100 * found.site.pickup_share:g} of 100 alarms are looked at within {found.site.pickup_s:g} s.",
            "simulated",
        ),
        *_longer_lines(found),
        *_photograph_lines(found),
        *([] if found.second is None else [_second_line(found.second)]),
        *[_hard_line(one) for one in found.hard],
        *_domestic_lines(found),
    ]
    return tuple(lines)


def _moment_lines(found: Findings) -> list[Line]:
    moments = found.moments
    if moments is None or not moments.alarmed:
        return [Line("What it costs", "No wanted person was alarmed, so no alarm has a time.", "cannot tell")]
    text = (
        f"Half of the right alarms come within {seconds(moments.seconds(0.5))} after the person came into view of "
        f"the camera, nine in ten within {seconds(moments.seconds(0.9))}; {int(moments.in_view.sum())} of "
        f"{moments.alarmed} before the person leaves its view, "
        f"{int(moments.on_the_way.sum())} before the last camera loses them."
    )
    return [Line("What it costs", text, "measured")]


def _longer_lines(found: Findings) -> list[Line]:
    lines = []
    for one in found.lists[1:]:
        if isinstance(one, ListAnswer):
            text = (
                f"With {one.chosen.size:,} on the list, of 100 wanted people {of_hundred(one.missed)} are missed; "
                f"innocent people alarmed in a shift: {a_shift(one.false_a_shift)}; {operators(one.operators)}."
            )
            lines.append(Line("What it costs", text, one.rate.basis))
    return lines


def _photograph_lines(found: Findings) -> list[Line]:
    culprits = found.culprits
    if culprits is None:
        return []
    loose, named = culprits.loose, len(culprits.effect.named)
    told = (
        f"{named:,} of {len(loose):,} photographs stand out as causes of false alarms; without them, measured on other "
        f"people, {culprits.effect.after.errors} instead of {culprits.effect.before.errors} of "
        f"{culprits.effect.before.trials} strangers are alarmed at {culprits.effect.threshold:.3f}."
        if named
        else f"No photograph stands out among the {int((loose.people > 0).sum())} of {len(loose):,} that cause false "
        f"alarms at {loose.threshold:.3f}."
    )
    return [Line("What it costs", told, "measured")]


def _second_line(one: Elsewhere) -> Line:
    fpir, fnir = one.carried.get("fpir"), one.carried.get("fnir")
    said = []
    for what, part in (("innocent people alarmed", fpir), ("wanted people missed", fnir)):
        if part is not None:
            said.append(f"{what} {points(part)}{'' if shown(part) else ', which may be chance'}")
    tuned = ""
    if one.retuned is not None:
        tuned = f" Tuned there, the threshold would be {one.retuned.threshold:.3f} instead of {one.threshold:.3f}"
        gain = one.gain.get("fnir")
        tuned += "." if gain is None else f", wanted people missed {points(gain)}."
    text = f"Taken to an airport with other cameras, the same people, threshold kept: {'; '.join(said)}.{tuned}"
    return Line("What it costs", text, "measured")


def _hard_line(one: Elsewhere) -> Line:
    part = one.carried.get("fnir")
    if part is None:
        return Line("What it costs", f"What {one.name} passengers cost was not measured.", "cannot tell")
    chance = "" if shown(part) else ", which may be chance"
    text = (
        f"{one.name.capitalize()} passengers: {one.there.fnir.errors} of {one.there.fnir.trials} wanted people are "
        f"missed instead of {one.here.fnir.errors}, {points(part)}{chance}."
    )
    return Line("What it costs", text, "measured")


def _domestic_lines(found: Findings) -> list[Line]:
    one = found.domestic
    if one is None:
        return []
    if not isinstance(one, ListAnswer):
        return [Line("What it costs", f"Domestic departures: {one.reason}.", "cannot tell")]
    cameras = len(found.site.domestic_cameras) or len(found.study.evidence.cameras)
    text = (
        f"Domestic departures ({whole(one.flow.passengers_a_day)} a day past {cameras} cameras): threshold "
        f"{one.threshold:.3f}; of 100 wanted people {of_hundred(one.missed)} are missed; {operators(one.operators)}."
    )
    return [Line("What it costs", text, one.chosen.basis)]


def sure_lines(found: Findings) -> tuple[Line, ...]:
    """How sure all of this is."""
    curve, chose = found.journeys.curve, len(found.journeys.select)
    need = trials_to_support(found.target)
    lines = [
        Line(
            "How sure",
            f"This rests on {chose} strangers who chose the threshold, {curve.non_mated} others who tested it, and "
            f"{curve.mated} wanted people. "
            + (
                f"A threshold for so few false alarms ({one_in(found.target)} people) would take {need:,} strangers to "
                "choose it: on other people it can alarm several times more."
                if chose < need
                else "That is enough strangers for the number of false alarms that is planned."
            ),
            "measured",
        ),
        Line(
            "How sure",
            "How many wanted people come is not known, and with it how often an alarm is right.",
            "cannot tell",
        ),
    ]
    if any(isinstance(one, ListAnswer) and one.rate.basis == "extrapolated" for one in found.lists):
        text = (
            "The numbers for lists longer than the tested one go on beyond anything that was seen; the ranges above "
            "hold only if the scores of look-alikes go on as they began."
        )
        lines.append(Line("How sure", text, "extrapolated"))
    if found.study.evidence.synthetic:
        text = "Generated people in rendered light: no number here is that of a real airport."
        lines.append(Line("How sure", text, "cannot tell"))
    return tuple(lines)


def surer_lines(found: Findings) -> tuple[Line, ...]:
    """What would make it surer."""
    strangers = people_needed(found.target)
    expected = 0.0 if found.first is None else found.first.missed.value
    volunteers = volunteers_for(MISSED, expected)
    wanted = "more volunteers than can be planned" if volunteers is None else f"{volunteers[0]:,} volunteers"
    largest, tested = max(found.site.watchlists), found.journeys.curve.searches.subjects
    lines = [
        Line(
            "What would make it surer",
            f"{strangers:,} ordinary passengers of your own without an alarm, or one day's passengers with every alarm "
            f"looked at; and {wanted} on the list, to claim that at most {100 * MISSED:g} of 100 are missed.",
            "assumed",
        )
    ]
    if largest > tested:
        text = f"The real list: a test with {math.ceil(0.9 * largest):,} people on it in place of {tested:,}."
        lines.append(Line("What would make it surer", text, "assumed"))
    return tuple(lines)


def protocol_rows(found: Findings) -> tuple[ProtocolRow, ...]:
    """How the site can measure each claim itself."""
    site, first = found.site, found.first
    missed = None if first is None else first.missed
    tpir = 1.0 if missed is None else 1 - missed.value
    second = None if found.second is None else found.second.alike or found.second.carried.get("fnir")
    differ = 0.1 if second is None else second.discordant / max(second.people, 1)
    tested = found.journeys.curve.searches.subjects
    rows = [
        strangers_row(
            f"at most {whole(site.false_alarms_a_shift)} innocent people alarmed a shift",
            found.target,
            site.passengers_a_day,
        ),
        wanted_row(f"at most {100 * MISSED:g} of 100 wanted people missed", MISSED, missed),
        wanted_row("9 in 10 right alarms while the person is in view", MISSED, None),
        paired_row(f"a second airport misses at most {100 * MARGIN:g} of 100 more", MARGIN, differ),
        prevalence_row("how often an alarm is right", site.passengers_a_day * site.prevalence * tpir),
    ]
    return (*rows, *(gallery_row(size, tested) for size in site.watchlists if size > tested))


def metrics(found: Findings) -> dict[str, float]:
    """Plain numbers for MLflow."""
    said: dict[str, float] = {"tested_list": float(found.journeys.curve.searches.subjects)}
    for one in found.lists:
        if isinstance(one, ListAnswer):
            said |= _list_metrics(f"list_{one.chosen.size}", one)
    if isinstance(found.domestic, ListAnswer):
        said |= _list_metrics("domestic", found.domestic)
    if found.moments is not None and found.moments.alarmed:
        said |= {"seconds_half": found.moments.seconds(0.5), "seconds_nine_in_ten": found.moments.seconds(0.9)}
        said |= {"in_view": float(found.moments.in_view.mean()), "repeats": found.moments.repeats}
    for other in (*([] if found.second is None else [found.second]), *found.hard):
        head = other.name.replace(" ", "_")
        said |= {f"{head}_{name}_difference": part.value for name, part in other.carried.items()}
        if other.retuned is not None:
            said[f"{head}_threshold"] = other.retuned.threshold
    return {name: value for name, value in said.items() if math.isfinite(value)}


def _list_metrics(head: str, one: ListAnswer) -> dict[str, float]:
    return {
        f"{head}_threshold": one.threshold,
        f"{head}_false_a_shift": one.false_a_shift.value,
        f"{head}_false_a_shift_high": one.false_a_shift.high,
        f"{head}_ppv_planned": one.ppv_planned,
        f"{head}_ppv_low": one.ppv.low,
        f"{head}_missed": one.missed.value,
        f"{head}_operators": float(one.operators[0].operators),
    }


def _beside(found: Findings) -> Section | None:
    """Synthetic and real people at the site's threshold; None where it is not asked for, or there is none."""
    first = found.first
    if first is None or not found.site.real_data:
        return None
    whole_way = Journeys(found.study, AlertRule())
    kind = RealSet("The hall", "journeys, on the template of each whole passage", whole_way.curve)
    return side_by_side(found.study, first.threshold, [kind])


def _said(value: object) -> str:
    """An assumption's value in words."""
    if isinstance(value, tuple):
        return ", ".join(f"{part:,}" if isinstance(part, int) else str(part) for part in value) or "none"
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:,.6g}"
    return "not asked" if value is None or value == {} else str(value)

"""The evidence behind the answer of a departures hall: a section a question, each a table of counts and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.alert_rules import RULES
from facelab.experiments.floor import speaking_point
from facelab.experiments.pseudonyms import of_real_people, pseudonyms
from facelab.experiments.sites.departures_lists import ListAnswer
from facelab.experiments.sites.departures_words import a_shift, of_hundred, one_in, operators, points, seconds, shown
from facelab.report.site_answer import Section, Table
from facelab.stats.scaling import fpir_by_gallery_size
from facelab.stats.watchlist_size import REACH
from facelab.stats.workload import complement, estimate, positive_predictive_value

if TYPE_CHECKING:
    from facelab.experiments.sites.departures_elsewhere import Elsewhere
    from facelab.experiments.sites.departures_findings import Findings
    from facelab.stats.tail import Tail
    from facelab.stats.watchlist_size import SizedThreshold

PREVALENCES = (1e-6, 1e-5, 1e-4, 1e-3)
SHOWN = 8
"""References that are named."""
FIGURE = "journeys_by_watchlist"
CHECKED = 0.05
"""FPIR a journey at which the models are held against counts."""


def evidence(found: Findings) -> tuple[Section, ...]:
    """Every section, in the order of reading; one that was not asked for is left out."""
    sections = [lists_section(found), rules_section(found), operators_section(found), prevalence_section(found)]
    sections += [photographs_section(found), second_section(found), hard_section(found), domestic_section(found)]
    return tuple(section for section in sections if section is not None)


def lists_section(found: Findings) -> Section:
    """The answer for each size of the watchlist."""
    tested = found.journeys.curve.searches.subjects
    rows = tuple(_list_row(answer, found.study.scenario.confidence) for answer in found.lists)
    columns = (
        "on the list", "threshold", "rests on", "certified", "innocent people alarmed a shift", "alarms that are right",
        "missed of 100 wanted", "operators, busiest hour",
    )  # fmt: skip
    curve = found.journeys.curve
    sentences = [
        "A journey is a person's way past all cameras; one alarm on it is enough. "
        f"{len(found.journeys.select)} strangers chose the thresholds, {curve.non_mated} others and {curve.mated} "
        "wanted people report. "
        f"{tested:,} people were on the tested list: up to there FPIR is the mean over all smaller lists, beyond it is "
        "the union bound on a tail of the strangers' scores, which are two models.",
        "Certified is the threshold that keeps its promise with 95 % confidence, where the data have one.",
    ]
    checked = _model_sentence(found)
    if checked:
        sentences.append(checked)
    if found.journeys.tail is None:
        sentences.append("The strangers' scores have no tail that could be gone on with, so nothing is extrapolated.")
    return Section("Watchlists of each size", tuple(sentences), Table(columns, rows), _gallery_figure(found))


def _model_sentence(found: Findings) -> str:
    """What the models say where counting can be asked too: at the tested size, on the strangers who report."""
    tail, curve = found.journeys.tail, found.journeys.curve
    tested = curve.searches.subjects
    if tail is None or CHECKED / tested >= tail.share:
        return ""
    threshold = tail.threshold(CHECKED / tested).threshold
    counted = curve.at(threshold).fpir
    return (
        f"The models where they can be checked: with {tested:,} on the list they say {CHECKED * counted.trials:.0f} of "
        f"{counted.trials} strangers alarmed at {threshold:.3f}; {counted.errors} were.{_model_threshold(found, tail)}"
    )


def _model_threshold(found: Findings, tail: Tail) -> str:
    """What the models would set for the first list, beside what was counted."""
    first = found.first
    if first is None or first.chosen.basis != "measured" or found.target / first.chosen.size >= tail.share:
        return ""
    own = tail.threshold(found.target / first.chosen.size, reach=REACH).threshold
    return (
        f" For {first.chosen.size:,} on the list they would set {own:.3f} where counting sets {first.threshold:.3f}, "
        f"which rests on the few highest of {len(found.journeys.select)} strangers."
    )


def _list_row(answer: ListAnswer | SizedThreshold, confidence: float) -> tuple[str, ...]:
    if not isinstance(answer, ListAnswer):
        return (f"{answer.size:,}", "cannot tell", answer.reason, "", "", "", "", "")
    chosen = answer.chosen
    sure = "none" if chosen.certified is None else f"{chosen.certified:.3f}"
    return (
        f"{chosen.size:,}",
        f"{answer.threshold:.3f}",
        chosen.basis + (f": {chosen.reason}" if chosen.basis == "extrapolated" else ""),
        sure,
        a_shift(answer.false_a_shift),
        f"{one_in(answer.ppv_planned)} as planned ({one_in(answer.ppv.low)} to {one_in(answer.ppv.high)})",
        of_hundred(answer.missed, confidence),
        operators(answer.operators),
    )


def _gallery_figure(found: Findings) -> tuple[str, ...]:
    from facelab import plots

    first = found.first
    if first is None:
        return ()
    searches = found.journeys.curve.searches
    tested, last = searches.subjects, max(found.site.watchlists)
    sizes = np.geomspace(1, min(tested, last), 8)
    if last > tested:
        sizes = np.concatenate([sizes, np.geomspace(tested, last, 5)])
    scale = fpir_by_gallery_size(searches, first.threshold, np.unique(np.round(sizes)))
    found.study.figure(plots.fpir_by_gallery(scale, target=found.target), FIGURE)
    return (FIGURE,)


def rules_section(found: Findings) -> Section | None:
    """The confirmation rules side by side, each at its own threshold."""
    if not found.rules:
        return None
    rows = tuple(
        (
            one.name,
            f"{one.point.threshold:.3f}",
            f"{one.point.fpir.errors} of {one.point.fpir.trials}",
            f"{one.point.fnir.errors} of {one.point.fnir.trials}",
            seconds(one.moments.seconds(0.5)),
            seconds(one.moments.seconds(0.9)),
            f"{int(one.moments.in_view.sum())} of {one.moments.alarmed}",
            f"{int(one.moments.on_the_way.sum())} of {one.moments.alarmed}",
        )
        for one in found.rules
    )
    columns = (
        "an alarm after", "threshold", "strangers alarmed", "wanted missed", "half within", "nine in ten within",
        "still in view of that camera", "still to be seen by a camera",
    )  # fmt: skip
    said = [
        "Each rule at the threshold that is to alarm as many strangers. Seconds count from the first sight at the "
        "camera that alarms; the time of the models, tens of milliseconds, is left out.",
        _faces_sentence(found),
        _config_sentence(found),
    ]
    return Section("How soon, by what confirms an alarm", tuple(filter(None, said)), Table(columns, rows))


def _faces_sentence(found: Findings) -> str:
    if found.site.live:
        return "Single faces of the rule in force are those that a live system could have picked; the others' are not."
    return "Single faces were picked when the passage was over, which flatters a little; `site.live: true` picks live."


def _config_sentence(found: Findings) -> str:
    point, first = speaking_point(found.study), found.first
    if point is None or first is None:
        return ""
    rule = found.study.scenario.alerts
    told = next((name for name, one in RULES.items() if one.confirm == rule.confirm and _same(one, rule)), rule.confirm)
    return (
        f"The table of thresholds speaks of one passage on its whole template ({point.threshold:.3f}); the answer's "
        f"{first.threshold:.3f} is for a journey and the rule “{told}”, and it is what the exported config carries."
    )


def _same(one: object, other: object) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("m", "n"))


def operators_section(found: Findings) -> Section | None:
    """The queue of alarms in the busiest hour."""
    if found.first is None:
        return None
    site, rows = found.site, []
    for answer in found.lists:
        if isinstance(answer, ListAnswer):
            names = (f"{answer.chosen.size:,}, as planned", "lower end", "upper end")
            for name, queue in zip(names, answer.operators, strict=True):
                late = queue.waits_longer(site.pickup_s)
                rows.append((name, f"{queue.alarms_an_hour:,.1f}", str(queue.operators), f"{100 * queue.busy:.0f} %",
                             f"{100 * late:.1f} %"))  # fmt: skip
    columns = (
        "on the list",
        "alarms in the busiest hour",
        "operators",
        "busy",
        f"wait over {site.pickup_s:g} s",
    )
    repeats = 1.0 if found.moments is None else found.moments.repeats
    sentences = (
        f"Erlang's C formula (1917): {site.minutes_a_review:g} minutes an alarm, {100 * site.busiest_hour:g} % of the "
        f"day's passengers in its busiest hour, {100 * site.pickup_share:g} of 100 alarms looked at within "
        f"{site.pickup_s:g} s. "
        f"An alarmed stranger raises {repeats:.2g} alarms on the way (replayed with the cooldown).",
        "It takes alarms as random in time. A flight that boards brings them in bursts, and then it takes more.",
    )
    return Section("How many operators", sentences, Table(columns, tuple(rows)))


def prevalence_section(found: Findings) -> Section | None:
    """How often an alarm is right, by how many passengers are wanted."""
    first = found.first
    if first is None:
        return None
    tpir = complement(estimate(first.missed, found.study.scenario.confidence))
    planned = type(tpir)(found.target, found.target, found.target)
    rows = []
    for prevalence in sorted({*PREVALENCES, found.site.prevalence}):
        at_plan, measured = (positive_predictive_value(rate, tpir, prevalence) for rate in (planned, first.rate.fpir))
        a_day = found.site.passengers_a_day * prevalence
        rows.append(
            (
                one_in(prevalence),
                f"{a_day:.2g}",
                one_in(at_plan.value),
                f"{one_in(measured.low)} to {one_in(measured.high)}",
            )
        )
    columns = ("passengers who are wanted", "a day", "alarms that are right, as planned", "as measured")
    sentences = (
        "How many of the passengers are wanted decides how often an alarm is right, and no test knows it: this site's "
        f"own number is {one_in(found.site.prevalence)}, and it is assumed.",
    )
    return Section("How often an alarm is right", sentences, Table(columns, tuple(rows)))


def photographs_section(found: Findings) -> Section | None:
    """Which photographs of the watchlist cause the false alarms."""
    culprits = found.culprits
    if culprits is None:
        return None
    tight, loose = culprits.at_threshold, culprits.loose
    order = np.lexsort((-loose.people, -tight.people))
    order = order[(tight.people[order] > 0) | (loose.people[order] > 1)][:SHOWN]
    hubs = set(loose.hubs().tolist())
    names = _named(found, loose.reference_id[order].tolist())
    rows = tuple(
        (name, str(int(tight.people[at])), str(int(loose.people[at])), "yes" if at in hubs else "no")
        for name, at in zip(names, order.tolist(), strict=True)
    )
    active = int((loose.people > 0).sum())
    columns = ("photograph", f"strangers at {tight.threshold:.3f}", f"strangers at {loose.threshold:.3f}", "stands out")
    sentences = (
        f"At {tight.threshold:.3f} the false alarms ({tight.fpir.errors} of {tight.trials} strangers) come from "
        f"{int((tight.people > 0).sum())} of {len(tight):,} photographs: too few to tell photographs apart. So it was "
        f"asked at {loose.threshold:.3f} too, where {loose.fpir.errors} are alarmed, by {active} photographs.",
        culprits.effect.sentence(),
    )
    return Section("Which photographs cause the false alarms", sentences, Table(columns, rows))


def _named(found: Findings, samples: list[str]) -> list[str]:
    """The samples' names; pseudonyms where they are of real people, since answers go into MLflow."""
    if not of_real_people(found.study.scenario):
        return samples
    key = pseudonyms()
    return [key.sample(name) for name in samples]


def second_section(found: Findings) -> Section | None:
    """The threshold carried over to the second airport against one tuned there."""
    one = found.second
    if one is None:
        return None
    rows = [_point_row("here", one.threshold, one.here), _point_row("there, carried over", one.threshold, one.there)]
    said = [f"The same people walk through both. There, carried over, {_change(one)}."]
    if one.retuned is not None:
        rows.append(_point_row("there, tuned anew", one.retuned.threshold, one.retuned))
        gain = "; ".join(f"{_WHAT[name]} {points(part)}" for name, part in one.gain.items())
        said.append(
            f"Tuned anew for {one_in(one.target)} strangers alarmed, against the carried threshold: {gain}. It was "
            "chosen and reported on the same strangers, which flatters it."
        )
    if one.alike is not None:
        said.append(f"At the same share of strangers alarmed in both: {_WHAT['fnir']} {points(one.alike)} there.")
    return Section("A second airport with other cameras", tuple(said), Table(_POINT, tuple(rows)))


def hard_section(found: Findings) -> Section | None:
    """What masked and blurred passengers cost."""
    if not found.hard:
        return None
    rows, said = [], ["The same people, all of them so; the same threshold."]
    for one in found.hard:
        rows += [_point_row("as they came", one.threshold, one.here), _point_row(one.name, one.threshold, one.there)]
        marks = [f"{mark} {rate.errors} of {rate.trials}" for mark, rate in one.by_mark.items()]
        kinds = f" Wanted people missed, by what is marked: {', '.join(marks)}." if len(marks) > 1 else ""
        said.append(f"{one.name.capitalize()}: {_change(one)}.{kinds}")
    return Section("Masked and blurred passengers", tuple(said), Table(_POINT, tuple(rows)))


_WHAT = {"fpir": "strangers alarmed", "fnir": "wanted people missed"}
_POINT = ("where", "threshold", "strangers alarmed", "wanted missed")


def _point_row(name: str, threshold: float, point: object) -> tuple[str, ...]:
    fpir, fnir = getattr(point, "fpir"), getattr(point, "fnir")  # noqa: B009
    return (name, f"{threshold:.3f}", *(f"{rate.errors} of {rate.trials}" for rate in (fpir, fnir)))


def _change(one: Elsewhere) -> str:
    """What changes, with its interval, and whether that is shown."""
    said = []
    for name, part in one.carried.items():
        told = "" if shown(part) else ", which may be chance"
        said.append(f"{_WHAT[name]} {points(part)}{told}")
    return "; ".join(said)


def domestic_section(found: Findings) -> Section | None:
    """The same hall for domestic passengers."""
    answer = found.domestic
    if answer is None:
        return None
    cameras = ", ".join(found.site.domestic_cameras) or "all cameras"
    if not isinstance(answer, ListAnswer):
        return Section("Domestic departures", (f"Past {cameras} nothing can be told: {answer.reason}.",))
    flow = answer.flow
    sentences = (
        f"{flow.passengers_a_day:,.0f} passengers a day, {one_in(flow.prevalence)} wanted (assumed), past {cameras}: "
        "the journeys of the same people past these cameras alone.",
    )
    columns = (
        "on the list", "threshold", "rests on", "certified", "innocent people alarmed a shift", "alarms that are right",
        "missed of 100 wanted", "operators, busiest hour",
    )  # fmt: skip
    return Section("Domestic departures", sentences, Table(columns, (_list_row(answer, 0.95),)))

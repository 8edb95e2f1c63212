"""`facelab workload`: what a threshold means on the floor, from rates, a saved operating point or candidates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import estimate_cell, number, share
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.stats.workload import Site, Workload

FIGURES = (
    ("false_alerts_a_day", "false alerts a day"),
    ("true_alerts_a_day", "true alerts a day"),
    ("alerts_a_shift", "alerts a shift"),
    ("review_hours_a_day", "review hours a day"),
    ("ppv", "probability that an alert is right"),
    ("missed_a_year", "enrolled people missed a year"),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(workload)


def workload(
    passengers: Annotated[float, typer.Option(help="Passengers a day.")],
    prevalence: Annotated[
        float, typer.Option(parser=share, metavar="SHARE", help="Share of passages that are of enrolled people.")
    ],
    cameras: Annotated[float, typer.Option(help="Cameras that each passenger passes.")] = 1.0,
    minutes: Annotated[float, typer.Option(help="Minutes that the review of one alert takes.")] = 2.0,
    shifts: Annotated[float, typer.Option(help="Shifts a day.")] = 3.0,
    days: Annotated[float, typer.Option(help="Days of operation a year.")] = 365.0,
    fpir: Annotated[float | None, typer.Option(parser=share, metavar="SHARE", help="FPIR as a number.")] = None,
    fnir: Annotated[float | None, typer.Option(parser=share, metavar="SHARE", help="FNIR as a number.")] = None,
    point: Annotated[
        Path | None, typer.Option(help="JSON: an answer of identification, operating points, or a tuned config.")
    ] = None,
    target_fpir: Annotated[
        float | None, typer.Option("--target-fpir", parser=share, metavar="SHARE", help="Whose point, where several.")
    ] = None,
    candidates: Annotated[Path | None, typer.Option(help="Candidates, as identification takes them.")] = None,
    enrolled: Annotated[Path | None, typer.Option(help="With --candidates: every enrolled subject.")] = None,
    threshold: Annotated[float | None, typer.Option(help="With --candidates: the threshold.")] = None,
    journey_miss: Annotated[
        float | None,
        typer.Option(parser=share, metavar="SHARE", help="Measured share of whole journeys without an alert."),
    ] = None,
    journeys: Annotated[
        bool, typer.Option("--journeys", help="With --candidates: one person's searches are one journey.")
    ] = False,
    cost_miss: Annotated[float | None, typer.Option(help="With --candidates: what one missed passage costs.")] = None,
    cost_false: Annotated[float, typer.Option(help="What a false alert costs besides its review.")] = 0.0,
    cost_review: Annotated[float, typer.Option(help="What the review of one alert costs.")] = 1.0,
    json: Json = False,
) -> None:
    """False and true alerts a day, review hours, the probability that an alert is right, and people missed a year.

    Intervals carry the uncertainty of measured rates; passengers and prevalence are taken as given, and so is a rate
    that is given as a number. With costs, the threshold that costs least a day.

    Example: facelab workload --passengers 10000 --prevalence 1e-5 --cameras 3 --fpir 0.001 --fnir 0.1
    """
    from facelab.stats.workload import Site

    site = Site(passengers, prevalence, cameras, minutes, shifts, days)
    sources = (fpir is not None or fnir is not None, point is not None, candidates is not None)
    if sum(sources) != 1:
        raise BadInput("give --fpir and --fnir, or --point, or --candidates, one of the three", place="workload")
    if cost_miss is not None and candidates is None:
        raise BadInput("the cheapest threshold is found on searches; give --candidates", place="--cost-miss")
    if candidates is not None:
        costs = None if cost_miss is None else (cost_miss, cost_false, cost_review)
        answer = _of_candidates(candidates, enrolled, threshold, site, journeys=journeys, costs=costs)
    elif point is not None:
        answer = _of_point(point, target_fpir, site, journey_miss)
    else:
        answer = _of_numbers(fpir, fnir, site, journey_miss)
    if json:
        answer_json(answer)
        return
    tell(answer)


def _of_numbers(fpir: float | None, fnir: float | None, site: Site, journey_miss: float | None) -> dict[str, Any]:
    """From rates as numbers; they have no interval."""
    from facelab.stats.workload import workload as found

    if fpir is None or fnir is None:
        raise BadInput("both rates are needed", place="--fnir" if fnir is None else "--fpir")
    return _said(found(site, fpir, fnir, journey_miss=journey_miss), None)


def _of_point(path: Path, target: float | None, site: Site, journey_miss: float | None) -> dict[str, Any]:
    """From an operating point as facelab saved it, with its intervals."""
    from facelab.stats.saved_points import read_saved_point
    from facelab.stats.workload import workload as found

    point = read_saved_point(path, target)
    if not point.supported:
        message(f"the data behind {path} does not support the target of this threshold")
    said = found(
        site,
        point.fpir,
        point.fnir,
        misidentification=point.misidentification,
        journey_miss=journey_miss,
        confidence=point.fpir.confidence,
    )
    return _said(said, point.threshold) | {"subjects": point.subjects, "target_fpir": point.target}


def _of_candidates(
    path: Path,
    enrolled: Path | None,
    threshold: float | None,
    site: Site,
    *,
    journeys: bool,
    costs: tuple[float, float, float] | None,
) -> dict[str, Any]:
    """From searches, at a given threshold or at the one that costs least."""
    from facelab.stats import open_set_curve_of_searches, read_candidates, read_enrolled
    from facelab.stats.costs import Costs, daily_cost_curve
    from facelab.stats.floor import workload_at
    from facelab.stats.suspect import near_the_scores

    if threshold is None and costs is None:
        raise BadInput("candidates need a --threshold, or --cost-miss for the cheapest one", place="--threshold")
    names = None if enrolled is None else read_enrolled(enrolled)
    curve = open_set_curve_of_searches(read_candidates(path, names))
    answer: dict[str, Any] = {}
    if costs is not None:
        cheapest = daily_cost_curve(site, Costs(*costs), curve.thresholds, curve.fpir, curve.fnir)
        answer["cheapest"] = cheapest.to_dict()
        threshold = cheapest.cheapest_threshold if threshold is None else threshold
    assert threshold is not None
    near_the_scores(threshold, curve.searches.mate_score, curve.searches.other_scores)
    said = _said(workload_at(curve, threshold, site, journeys=journeys), threshold)
    return said | {"subjects": curve.searches.subjects} | answer


def _said(found: Workload, threshold: float | None) -> dict[str, Any]:
    return {"threshold": threshold} | found.to_dict()


def tell(answer: dict[str, Any]) -> None:
    """Print the workload."""
    site = answer["site"]
    rows = [(name, estimate_cell(answer[key])) for key, name in FIGURES]
    rows.append(("alerts that 95 % of days do not exceed", str(answer["busy_day"])))
    at = "" if answer["threshold"] is None else f" at a threshold of {answer['threshold']:.6g}"
    cameras = "1 camera" if site["cameras"] == 1 else f"{site['cameras']:g} cameras"
    passengers = f"{site['passengers_a_day']:g} passengers a day past {cameras}"
    answer_table(f"{passengers}, prevalence {site['prevalence']:g}{at}", ("figure", "value and interval"), rows)
    if "cheapest" in answer:
        cheapest = answer["cheapest"]
        where = f"{number(cheapest['least'])} a day at a threshold of {cheapest['threshold']:.6g}"
        print(f"The cheapest threshold costs {where}, chosen on the searches that it is reported on.")
    for note in answer["notes"]:
        message(note)

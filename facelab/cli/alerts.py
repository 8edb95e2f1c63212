"""`facelab alerts`: how often a site's alerts are false, what a cooldown suppresses, and how late they come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import ends, number, rate_cell, tell_conditions


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(alerts)


def alerts(
    events: Annotated[Path, typer.Argument(help="CSV: camera,time_s,alleged,score,walker,subject (empty: unknown).")],
    hours: Annotated[
        list[str],
        typer.Option("--hours", help="Hours watched: 8 for each camera with an alert, or gate=8 for one; repeatable."),
    ],
    threshold: Annotated[float | None, typer.Option(help="Alerts with a lower score are left out.")] = None,
    cooldown: Annotated[float, typer.Option(min=0, help="Seconds in which a repetition is suppressed.")] = 0.0,
    key: Annotated[
        Literal["subject-and-walker", "subject"], typer.Option(help="What counts as a repetition.")
    ] = "subject-and-walker",
    anywhere: Annotated[bool, typer.Option("--anywhere", help="The cooldown runs over all cameras.")] = False,
    passers_by: Annotated[int | None, typer.Option(min=1, help="People who walked by.")] = None,
    journeys: Annotated[
        Path | None, typer.Option(help="CSV of enrolled people's journeys: subject,start_s,end_s.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """False alerts an hour, a camera and a thousand passers-by, the time to the first alert, and missed journeys.

    An alert is false where the alleged person is not the true one. A cooldown keyed on the alleged subject alone hides
    the real person who comes after a false alarm.

    Example: facelab alerts events.csv --hours gate=8 --hours hall=8 --cooldown 60 --passers-by 5200
    """
    from facelab.stats.alert_report import alert_report, hours_of, read_journeys
    from facelab.stats.alerts import read_alerts

    found = read_alerts(events)
    report = alert_report(
        found,
        hours_of(hours, found),
        threshold=threshold,
        cooldown_s=cooldown,
        key="subject" if key == "subject" else "subject and walker",
        anywhere=anywhere,
        passers_by=passers_by,
        journeys=None if journeys is None else read_journeys(journeys),
    )
    answer = report.to_dict(confidence)
    if json:
        answer_json(answer)
        return
    _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    """Print rates of false alerts, and how late the right ones came."""
    said = answer["false_alerts"]
    named = [("all cameras", said["an_hour"]), ("each camera", said["a_camera_hour"])]
    named += [(f"camera {name}", rate) for name, rate in said["by_camera"].items()]
    if said["a_thousand_passers_by"] is not None:
        named.append(("passers-by", said["a_thousand_passers_by"]))
    rows = [(name, rate["count"], f"{number(rate['rate'])} {ends(rate)}", rate["unit"]) for name, rate in named]
    answer_table("false alerts", ("where", "count", "rate and interval", "for each"), rows)
    message(f"{answer['emitted']} alerts emitted, {answer['suppressed']} suppressed, {said['true_alerts']} true")
    late = answer["journeys"]
    if late is not None:
        quantiles = ", ".join(f"{share}: {number(seconds)} s" for share, seconds in late["latency_s"].items())
        print(f"Time to the first right alert of {late['journeys']} journeys: {quantiles}.")
        print(f"Journeys without one: {rate_cell(late['missed'])}.")
        tell_conditions([("journeys without one", late["missed"])])

"""`facelab answers`: what operators said to the alerts of a watching, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import ends, number

if TYPE_CHECKING:
    from facelab.experiments.answers import Answers

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command to the `facelab` command."""
    app.command()(answers)


def answers(
    file: Annotated[Path, typer.Argument(help="The answers that the page of `facelab watch` wrote (answers.jsonl).")],
    hours: Annotated[
        list[str] | None, typer.Option("--hours", help="Hours watched: 8 for each camera, or gate=8; repeatable.")
    ] = None,
    alerts: Annotated[
        Path | None, typer.Option(help="All alerts, as `facelab watch` wrote them to its standard output.")
    ] = None,
    config: Annotated[
        str | None, typer.Option(help="The config whose answers are wanted: its file, or its id's beginning.")
    ] = None,
    any_config: Annotated[bool, typer.Option("--any-config", help="Take answers of several configs together.")] = False,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """How often alerts were right on the floor, false alerts an hour by camera, and who causes them.

    Example: facelab answers answers.jsonl --config tuned.json --hours gate=8 --hours hall=8
    """
    from facelab.experiments.answers import read_answers

    found = read_answers(file, config=_id_of(config), alerts=alerts, any_config=any_config)
    watched = None if not hours else _hours(hours, found)
    if json:
        answer_json(found.to_dict(confidence, watched))
        return
    _tell(found, confidence)
    if watched is not None:
        rates = found.rates(watched).to_dict(confidence)
        named = [("all cameras", rates["an_hour"]), *((f"camera {name}", r) for name, r in rates["by_camera"].items())]
        rows = [(name, r["count"], f"{r['exposure']:g}", f"{number(r['rate'])} {ends(r)}") for name, r in named]
        answer_table("false alerts an hour", ("where", "dismissed", "hours", "an hour, and interval"), rows)


def _tell(found: Answers, confidence: float) -> None:
    """Print the PPV, what is open, and who causes false alerts."""
    ppv = found.ppv.to_dict(confidence)
    answered = len(found.last)
    rows = [
        ("right (PPV)", f"{ppv['errors']}/{ppv['trials']} = {number(ppv['rate'])} {ends(ppv)}", ppv["method"]),
        ("two operators disagree", str(len(found.disagreements)), "the last answer counts"),
    ]
    if found.unanswered is not None and found.extremes is not None:
        low, high = found.extremes
        rows.append(("unanswered", str(found.unanswered), f"PPV {low:.3g} if all were wrong, {high:.3g} if all right"))
    answer_table(f"{answered:,} alerts answered, {found.confirmed:,} confirmed", ("", "", ""), rows)
    if ppv["note"]:
        message(str(ppv["note"]))
    for said in found.disagreements[:SHOWN]:
        message(f"alert {said[0].id}: " + ", ".join(f"{answer.who} says {answer.verdict}" for answer in said))
    causes = found.causes()
    if causes:
        answer_table("who causes false alerts", ("alleged subject", "dismissed", "confirmed"), causes[:SHOWN])


def _hours(said: list[str], found: Answers) -> dict[str, float]:
    """Hours of each camera."""
    import numpy as np

    from facelab.stats.alert_report import hours_of
    from facelab.stats.alerts import Alerts

    cameras = np.array(sorted({answer.camera for answer in found.last}), np.str_)
    zeros = np.zeros(len(cameras))
    return hours_of(said, Alerts(cameras, zeros, cameras, zeros, cameras, cameras))


def _id_of(config: str | None) -> str | None:
    """The id of a config that is named by its file or by its id."""
    if config is None or not Path(config).is_file():
        return config
    from facelab.deploy import read_tuned
    from facelab.deploy.signature import config_id

    return config_id(read_tuned(Path(config)))

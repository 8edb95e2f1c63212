"""`facelab alerts-replay`: the alerts of a scenario as they would have been raised, as an event table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command("alerts-replay")(alerts_replay)


def alerts_replay(
    scenario: Annotated[str, typer.Argument(help="A scenario: a YAML file, or the name of one that facelab ships.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", help="A setting as name=value, such as alerts.confirm=frames; repeatable."),
    ] = None,
    workspace: Annotated[str, typer.Option("--workspace", help="Folder of the results; else results/<scenario>.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The event table (CSV); else alerts.csv there.")] = None,
    threshold: Annotated[float | None, typer.Option(help="In place of the study's own.")] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Embed the faces that a live system could have (alerts.every_s); takes its time."),
    ] = False,
    json: Json = False,
) -> None:
    """Every alert that the scenario's rule would have raised, in the order of time, and how soon it came.

    The table is what `facelab alerts` reads. Single faces (alerts.confirm=frames) are those of the templates, picked
    with hindsight, unless --live.

    Example: facelab alerts-replay demo -p alerts.confirm=frames --live --out events.csv
    """
    from facelab.errors import NotMeasured
    from facelab.experiments import open_study, parse_overrides
    from facelab.experiments.alert_study import NoAlerts, alert_study

    study = open_study(scenario, workspace=workspace, overrides=parse_overrides(parameters or []))
    found = alert_study(study, threshold=threshold, live=live)
    if isinstance(found, NoAlerts):
        raise NotMeasured(found.reason)
    path = found.keep(out)
    if json:
        answer_json(found.to_dict() | {"events": str(path)})
        return
    columns = ("time_s", "camera", "alleged", "score", "walker", "latency_s", "false")
    frame = found.replay.log.to_frame()
    rows = [
        (f"{time:.1f}", camera, who, f"{score:.4f}", walker, f"{late:.1f}", "false" if wrong else "")
        for time, camera, who, score, walker, late, wrong in frame[list(columns)].itertuples(index=False)
    ]
    answer_table(f"alerts of {study.scenario.name}", columns, rows)
    for sentence in found.sentences():
        message(sentence)
    print(path)

"""`facelab log`: what could not be logged while the tracking server was down, logged now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, message
from facelab.errors import NotMeasured


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command("log")(log_runs)


def log_runs(
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="One workspace; else all below results/.", exists=True)
    ] = None,
    json: Json = False,
) -> None:
    """Log the runs that were kept while the MLflow server was down; logging one twice changes nothing.

    Example: facelab log --workspace results/demo
    """
    from facelab.experiments.outbox import log_kept, outboxes

    logged: list[dict[str, str]] = []
    problems: list[str] = []
    for box in outboxes(None if workspace is None else workspace.resolve()):
        for record, run_id in log_kept(box, lambda name, why: problems.append(f"{name}: {why}")):
            logged.append({"experiment": record.experiment, "record": record.id, "run_id": run_id})
            message(f"{record.experiment}: logged as run {run_id}")
    if json:
        answer_json({"logged": logged, "problems": problems})
    elif not logged and not problems:
        print("nothing was kept: every run is logged")
    for problem in problems:
        message(problem)
    if problems:
        raise NotMeasured(f"{len(problems)} of {len(problems) + len(logged)} kept runs could not be logged")

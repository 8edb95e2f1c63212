"""`facelab promote`: a run's config becomes the champion where the gate lets it, and can be taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, message
from facelab.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command()(promote)


def promote(
    run: Annotated[
        str, typer.Argument(help="A run's id, a workspace's folder, SCENARIO/VERSION or SCENARIO@challenger.")
    ] = "",
    why: Annotated[str, typer.Option(help="Your reason, kept; a first champion without limits takes one.")] = "",
    challenger: Annotated[bool, typer.Option("--challenger", help="Only register it; ask no gate.")] = False,
    undo: Annotated[
        str, typer.Option("--undo", metavar="SCENARIO", help="Give the place back to who stood before.")
    ] = "",
    json: Json = False,
) -> None:
    """Make a run's tuned config the champion of its scenario, if the gate lets it; the reason is kept.

    Exit codes: 0 promoted (or only registered), 10 worse than the champion, 11 cannot tell.

    Example: facelab promote 3f2a9c01 --why "new camera at gate 4"; facelab promote --undo demo
    """
    from dataclasses import asdict

    from facelab.experiments import promotion
    from facelab.experiments.store import open_store

    if bool(run) == bool(undo):
        raise BadInput("give a run to promote, or --undo SCENARIO", place="promote")
    store = open_store()
    if undo:
        now = promotion.undo(undo, store, why=why)
        if json:
            answer_json(None if now is None else asdict(now))
        else:
            print(f"{undo} has no champion now" if now is None else f"version {now.version} of {undo} is the champion")
        return
    found = promotion.promote(run, store, why=why, only_register=challenger)
    if json:
        answer_json(asdict(found))
    else:
        print(found)
    if found.promoted:
        message(f'mlflow.pyfunc.load_model("models:/{found.scenario}@champion") loads it')
    raise typer.Exit(found.exit_code)

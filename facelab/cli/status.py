"""`facelab status`: when each camera was last measured, and what is overdue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.errors import NotMeasured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient

    from facelab.experiments.status import CameraStatus

COLUMNS = (
    "scenario",
    "camera",
    "last measured (UTC)",
    "hours ago",
    "at most",
    "overdue",
    "run",
    "gate",
    "newest attempt",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(status)


def status(
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Scenario files or names; without one, all in the MLflow store.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder for the trend of each scenario's runs, with control limits.")
    ] = None,
    json: Json = False,
) -> None:
    """When each camera of each scenario was last measured, by what run, and what is overdue: a dead man's switch.

    The interval is `measure_every_h` of the scenario. Exit codes: 0 nothing is overdue, 11 something is, or the store
    cannot be reached; 12 bad input.

    Example: facelab status my_site.yml || mail -s "nobody measures" you@example.org
    """
    from facelab.experiments.scenario import load_scenario
    from facelab.experiments.status import camera_statuses, overdue_sentence
    from facelab.experiments.store import open_store

    given, client = [load_scenario(name) for name in scenarios or []], open_store()
    found = camera_statuses(client, given)
    if figures is not None:
        for name in sorted({one.scenario for one in found}):
            _draw(name, client, figures)
    late = overdue_sentence(found)
    if json:
        answer_json({"overdue": late, "cameras": [one.to_dict() for one in found]})
    else:
        _tell(found)
    if late:
        message(late)
        raise typer.Exit(NotMeasured.exit_code)


def _tell(found: Sequence[CameraStatus]) -> None:
    """Print a line a camera, or that there is none."""
    if found:
        answer_table("cameras", COLUMNS, [_cells(one) for one in found])
    else:
        message("the store holds no evaluation; name the scenarios that should be measured")


def _draw(scenario_name: str, client: MlflowClient, folder: Path) -> None:
    """The trend figures of one scenario; a message where it has too few runs."""
    from facelab.experiments.series_history import run_history

    try:
        for path in run_history(scenario_name, client).draw(folder):
            message(f"{path}")
    except NotMeasured as reason:
        message(str(reason))


def _cells(one: CameraStatus) -> tuple[str, ...]:
    """A camera as a row of the table."""
    from facelab.experiments.status import iso

    when = "never" if one.measured_at is None else iso(one.measured_at)
    age = "–" if one.age_h is None else f"{one.age_h:.1f}"
    every = "not set" if one.every_h is None else f"{one.every_h:g}"
    late = "OVERDUE" if one.overdue else "no"
    return (
        one.scenario,
        one.camera,
        when,
        age,
        every,
        late,
        one.run_id[:8] or "–",
        one.verdict or "–",
        one.last_attempt or "–",
    )

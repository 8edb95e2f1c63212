"""`facelab sweep`: many settings of a scenario, nothing run twice, the best marked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

Grid = Annotated[
    list[str] | None,
    typer.Option("--grid", help="Values of a setting as key=v1,v2; repeatable: every combination is tried."),
]
Over = Annotated[
    list[str] | None,
    typer.Option("--over", help="What a search chooses from: key=low..high, key=low..high:log or key=v1,v2."),
]
ObjectiveText = Annotated[
    str, typer.Option("--search", help="What is best, such as 'minimise fnir subject to fpir_high <= 1e-2'.")
]


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command()(sweep)


def sweep(
    scenario: Annotated[str, typer.Argument(help="A scenario: a YAML file, or the name of one that facelab ships.")],
    grid: Grid = None,
    over: Over = None,
    search: ObjectiveText = "minimise fnir",
    trials: Annotated[int, typer.Option(min=1, help="Points of a search (--over).")] = 30,
    seed: Annotated[int, typer.Option(help="Of a search.")] = 1,
    storage: Annotated[Path | None, typer.Option(help="A file in which a search goes on the next time.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes for the statistics; 0: one a core.")] = 0,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="A setting of all points as name=value; repeatable.")
    ] = None,
    workspace: Annotated[str, typer.Option("--workspace", help="Folder of the results.")] = "",
    json: Json = False,
) -> None:
    """Try settings; chosen on one half of the people, reported on the other; each point a nested MLflow run.

    Example: facelab sweep demo --grid pipeline.tracking.method=sort,bytetrack --grid pipeline.pooling.faces=2,4,8
    """
    from facelab.experiments import TerminalProgress, parse_overrides
    from facelab.experiments.sweep_run import COLUMNS, SweepPlan
    from facelab.experiments.sweep_run import sweep as swept
    from facelab.experiments.sweep_space import parse_grid, parse_space

    plan = SweepPlan(parse_grid(grid or []), parse_space(over or []), search, trials, seed, storage)
    overrides = parse_overrides(parameters or [])
    with TerminalProgress() as progress:
        found = swept(scenario, plan, workspace=workspace, overrides=overrides, workers=workers, progress=progress)
    if json:
        answer_json(found.to_dict())
        return
    answer_table(str(found.objective), COLUMNS, found.rows)
    print(found.finding)
    if found.figure is not None:
        print(f"figure      {found.figure}")
    print(f"MLflow run  {found.run_id or f'kept in {found.kept}: facelab log logs it'}")
    message(f"{len(found.points)} points, comparisons made {found.matched} times, {found.seconds['total']:.0f} s")

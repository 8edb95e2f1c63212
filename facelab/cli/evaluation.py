"""`facelab evaluate`, `demo`, `export` and `mlflow`: the main job, its config, and the page of its runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.experiments import Evaluation

Scenario = Annotated[str, typer.Argument(help="A scenario: a YAML file, or the name of one that facelab ships.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameter", help="A setting as name=value, such as pack=edgeface; repeatable."),
]
Workspace = Annotated[str, typer.Option("--workspace", help="Folder of the results; else results/<scenario>.")]
Accept = Annotated[
    bool,
    typer.Option("--accept-restriction", help="The pack's licence is accepted for operational use; recorded."),
]
Timeout = Annotated[float | None, typer.Option("--cell-timeout", help="Longest time of one notebook cell, s.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(demo)
    app.command()(evaluate)
    app.command()(export)
    app.command()(mlflow)


def evaluate(
    scenario: Scenario,
    parameters: Overrides = None,
    workspace: Workspace = "",
    accept_restriction: Accept = False,
    cell_timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Run the whole chain: footage, tracks, watchlist, error rates, threshold, tuned config, and an MLflow run.

    Example: facelab evaluate my_site.yml -p pipeline.tracking.method=ocsort -p targets_fpir=[0.05,0.01]
    """
    from facelab import experiments

    overrides = experiments.parse_overrides(parameters or [])
    with experiments.TerminalProgress() as progress:
        found = experiments.evaluate(
            scenario,
            workspace=workspace,
            overrides=overrides,
            progress=progress,
            timeout_s=cell_timeout,
            accept_restriction=accept_restriction,
        )
    _answer(found, json=json)


def demo(parameters: Overrides = None, workspace: Workspace = "", json: Json = False) -> None:
    """The main job on a synthetic terminal: at most 4 minutes on 2 cores. The people in it do not exist.

    Example: facelab demo
    """
    evaluate("demo", parameters, workspace, json=json)


def export(
    scenario: Scenario,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the config besides the workspace.")] = None,
    target_fpir: Annotated[
        float | None, typer.Option("--target-fpir", help="Whose threshold; else the lowest supported target's.")
    ] = None,
    parameters: Overrides = None,
    workspace: Workspace = "",
    accept_restriction: Accept = False,
    json: Json = False,
) -> None:
    """The tuned config of an evaluated scenario: threshold, pack, settings, error rates, evidence.

    Example: facelab export demo --target-fpir 0.05 --out tuned.json
    """
    from facelab import experiments

    overrides = dict(experiments.parse_overrides(parameters or []))
    if target_fpir is not None:
        overrides["export_target_fpir"] = str(target_fpir)
    config = experiments.export(
        scenario, out, workspace=workspace, overrides=overrides, accept_restriction=accept_restriction
    )
    if json:
        answer_json(config.model_dump(mode="json"))
    else:
        print(config)
    if out is not None:
        message(f"written to {out}")


def mlflow(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 5000,
    scenario: Annotated[str, typer.Option(help="The scenario whose runs the link opens.")] = "demo",
) -> None:
    """The MLflow page of the runs, on 127.0.0.1 until Ctrl-C.

    Example: facelab mlflow --port 5001
    """
    from facelab.experiments.store import experiment_id, mlruns, open_store, tracking_uri

    client = open_store()
    link = f"http://127.0.0.1:{port}/#/experiments/{experiment_id(client, scenario)}/runs"
    message(f"the runs of {scenario}: {link}?workflowType=machine_learning&compareRunsMode=TABLE")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", tracking_uri(), "--default-artifact-root", (mlruns() / "artifacts").as_uri()]
    command += ["--workers", "1"]
    raise typer.Exit(subprocess.run(command, env=dict(os.environ)).returncode)


def _answer(found: Evaluation, *, json: bool) -> None:
    """Print what an evaluation found, and where everything is."""
    if json:
        answer_json(found.to_dict())
        return
    answer_table(found.scenario.title, found.columns, [row.cells for row in found.table])
    for sentence in (*found.scenario.notes, *found.finding, *found.more_data):
        print(sentence)
    print()
    for name, path in found.paths.items():
        print(f"{name:18} {path}")
    print(f"{'MLflow run':18} {found.run_id} ({found.tracking_uri})")
    message(f"took {found.seconds.get('total', 0):.0f} s; ./run mlflow shows the run")

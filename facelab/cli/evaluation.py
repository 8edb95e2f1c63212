"""`facelab evaluate`, `demo`, `export` and `mlflow`: the main job, its config, and the page of its runs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from json import dumps as dump
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab import __version__
from facelab.cli.arguments import Engine, Json, Scheduler, Workers
from facelab.cli.gate import tell as tell_verdict
from facelab.cli.output import answer_json, answer_table, message
from facelab.errors import FacelabError, NotMeasured
from facelab.plain import plain

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

TimeLimit = Annotated[
    str | None, typer.Option("--time-limit", help="Longest time of all of it, such as 45m or 4h; then exit code 11.")
]
STOPPED = 130


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
    time_limit: TimeLimit = None,
    workers: Workers = 0,
    engine: Engine = "threads",
    scheduler: Scheduler = None,
    json: Json = False,
) -> None:
    """Run the whole chain: footage, tracks, watchlist, error rates, threshold, tuned config, and an MLflow run.

    This is what a scheduler calls. Two never run in one workspace; the last line on stdout is JSON. Where the scenario
    has a champion, the gate says whether it still holds. Exit codes: 0 fine, 10 measured and worse, 11 cannot tell or
    could not be measured, 12 bad input.

    Example: facelab evaluate my_site.yml --time-limit 4h -p pipeline.tracking.method=ocsort -p targets_fpir=[0.05,0.01]
    """
    from facelab.cli.pipeline import hand_to_notebooks, runtime
    from facelab.experiments.schedule_evaluation import judged_evaluation, seconds_of
    from facelab.experiments.schedule_evaluation import time_limit as limited

    message(f"{_now()} evaluation of {scenario} begins (process {os.getpid()}, facelab {__version__})")
    try:
        hand_to_notebooks(runtime(workers, engine=engine, scheduler=scheduler))
        with limited(None if time_limit is None else seconds_of(time_limit)):
            found = _evaluated(scenario, parameters, workspace, accept=accept_restriction, cell_timeout=cell_timeout)
            judged = judged_evaluation(found)
    except (FacelabError, KeyboardInterrupt, OSError) as error:
        code = _code_of(error)
        _last_line({"scenario": scenario, "exit_code": code, "verdict": None, "error": str(error) or "stopped"})
        message(f"{_now()} evaluation of {scenario} ended without a result, exit code {code}")
        raise
    _answer(found, json=json, quiet=json)
    verdict = judged.verdict
    if verdict is not None and not json:
        tell_verdict(verdict)
    said = judged.summary()
    gate = None if verdict is None else verdict.to_dict()
    _last_line({**found.to_dict(), **said, "gate": gate} if json else said)
    word = "not judged" if verdict is None else verdict.verdict
    message(f"{_now()} evaluation of {scenario} ended: {word} ({judged.reason}); exit code {judged.exit_code}")
    raise typer.Exit(judged.exit_code)


def _evaluated(
    scenario: str,
    parameters: list[str] | None,
    workspace: str,
    *,
    accept: bool = False,
    cell_timeout: float | None = None,
) -> Evaluation:
    """What an evaluation found, its steps shown on stderr."""
    from facelab import experiments

    overrides = experiments.parse_overrides(parameters or [])
    with experiments.TerminalProgress() as progress:
        return experiments.evaluate(
            scenario,
            workspace=workspace,
            overrides=overrides,
            progress=progress,
            timeout_s=cell_timeout,
            accept_restriction=accept,
        )


def _code_of(error: BaseException) -> int:
    """The exit code of what ended an evaluation."""
    if isinstance(error, KeyboardInterrupt):
        return STOPPED
    return error.exit_code if isinstance(error, FacelabError) else NotMeasured.exit_code


def _now() -> str:
    """The time in UTC, for a log."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"


def _last_line(value: dict[str, Any]) -> None:
    """One line of JSON, the last on stdout."""
    print(dump(plain(value), allow_nan=False), flush=True)


def demo(parameters: Overrides = None, workspace: Workspace = "", json: Json = False) -> None:
    """The main job on a synthetic terminal: at most 4 minutes on 2 cores. The people in it do not exist.

    Example: facelab demo
    """
    _answer(_evaluated("demo", parameters, workspace), json=json)


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
    from facelab.experiments.runs_view import runs_link
    from facelab.experiments.store import mlruns, open_store, tracking_uri

    link = runs_link(open_store(), scenario, f"http://127.0.0.1:{port}", charts=True)
    message(f"the runs of {scenario}: {link}")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", tracking_uri(), "--default-artifact-root", (mlruns() / "artifacts").as_uri()]
    command += ["--workers", "1"]
    # the server's job runner serves what facelab does not use, and costs seconds at the start
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    raise typer.Exit(subprocess.run(command, env=quiet).returncode)


def _answer(found: Evaluation, *, json: bool, quiet: bool = False) -> None:
    """Print what an evaluation found, and where everything is; `quiet`: whoever asked prints it."""
    if quiet:
        return
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

"""`facelab gate`: may a run's config stand where the champion stands?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.errors import BadInput, NotMeasured

if TYPE_CHECKING:
    from facelab.experiments.gate import GateVerdict

CHAMPION = "champion"
COLUMNS = ("rule", "value", "interval", "limit", "verdict")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(gate)


def gate(
    run: Annotated[str, typer.Argument(help="An MLflow run id (8 characters are enough), or a workspace's folder.")],
    against: Annotated[
        str | None,
        typer.Option(help="'champion', 'none' (the limits alone), a run id or a folder; else the champion if any."),
    ] = None,
    at: Annotated[
        str, typer.Option(help="The threshold that is judged: 'own', or the 'champion''s on the run's people.")
    ] = "own",
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", help="A limit as name=value, such as fnir_margin=0.02; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Better, not worse, worse, or cannot tell with this data: an interval's end decides each limit, never an estimate.

    The limits are the `gate` settings of the run's scenario. Exit codes: 0 passed, 10 worse, 11 cannot tell.

    Example: facelab gate 3f2a9c01 --against champion -p false_alerts_a_day=50
    """
    from facelab.config import GateLimits
    from facelab.experiments.gate import gate as judge
    from facelab.experiments.saved_run import open_run
    from facelab.experiments.scenario import parse_overrides, settings_from

    if at not in ("own", CHAMPION):
        raise BadInput(f"the threshold that is judged is 'own' or 'champion', not {at!r}", place="--at")
    new = open_run(run)
    given = parse_overrides(parameters or [])
    limits = settings_from(GateLimits, given, new.scenario.gate.model_dump(), place="gate")
    verdict = judge(new, _opponent(against, new.scenario.name), limits, threshold="own" if at == "own" else "champion")
    if json:
        answer_json(verdict.to_dict())
    else:
        tell(verdict)
    raise typer.Exit(verdict.exit_code)


def _opponent(against: str | None, scenario_name: str) -> str | None:
    """Whom the run is judged against; None: the limits alone."""
    from facelab.experiments.gate_champion import champion_run
    from facelab.experiments.store import open_store

    if against == "none":
        return None
    if against not in (None, CHAMPION):
        return against
    champion = champion_run(scenario_name, open_store())
    if champion is None and against == CHAMPION:
        raise NotMeasured(f"{scenario_name} has no champion in the registry: promote a run, or judge --against none")
    return champion


def tell(verdict: GateVerdict) -> None:
    """Print every check, what decided, and what was not asked."""
    rows = []
    for check in verdict.checks:
        value, ends = f"{check.value:.3g}", f"[{check.low:.3g}, {check.high:.3g}]"
        word = "at least" if check.floor else "at most"
        rows.append((check.name, value, ends, f"{word} {check.limit:g}", check.verdict))
    whom = f" against {verdict.against}" if verdict.against else ""
    answer_table(f"{verdict.run}{whom}, threshold {verdict.threshold:.4f}", COLUMNS, rows)
    for note in verdict.notes:
        message(note)
    print(f"{verdict.verdict}: {verdict.reason}")

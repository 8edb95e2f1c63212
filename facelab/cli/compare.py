"""`facelab compare`: two tracked runs on the same people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import share

if TYPE_CHECKING:
    from facelab.experiments.comparing_runs import RunComparison

RUN_HELP = "An MLflow run id (8 characters are enough), or a workspace's folder."
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(compare)


def compare(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help=f"The first run. {RUN_HELP}")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="The second run, of the same footage and watchlist.")],
    threshold: Annotated[float | None, typer.Option(help="The same one for both; else the first run's.")] = None,
    target_fpir: Annotated[
        float | None, typer.Option(parser=share, metavar="SHARE", help="The FPIR at which both stand; else RUN_A's.")
    ] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstraps.")] = 1,
    figures: Annotated[
        Path | None, typer.Option(help="Folder for the DET curves, the differences and disagreements.csv.")
    ] = None,
    json: Json = False,
) -> None:
    """Is RUN_B better than RUN_A, where, by how much, and what changed between them? Paired person by person.

    Example: facelab compare 3f2a9c01 8be1f7d2 --target-fpir 0.01 --figures comparison
    """
    from facelab.experiments.comparing_runs import compare_runs
    from facelab.experiments.saved_run import open_run

    first, second = open_run(run_a), open_run(run_b)
    found = compare_runs(first, second, threshold=threshold, target=target_fpir, confidence=confidence, seed=seed)
    if figures is not None:
        _draw(found, figures)
    if json:
        answer_json(found.to_dict())
        return
    _tell(found)
    if figures is not None:
        message(f"figures and disagreements.csv are in {figures}")


def _draw(found: RunComparison, folder: Path) -> None:
    """Both figures, and every passage on which the runs disagree."""
    from facelab.experiments.comparing_notebook import ComparisonPage

    page = ComparisonPage(found, folder)
    page.det()
    for rate in ("FPIR", "FNIR"):
        page.groups(rate)
    page.disagreements()


def _tell(found: RunComparison) -> None:
    """Print what changed, both rates, the groups, and where the runs disagree."""
    from facelab.experiments.comparing_words import COLUMNS, comparison_cells

    names = ("what", "name", "first", "second")
    answer_table("what changed", names, [[row[name] for name in names] for row in found.changes])
    title = f"second ({found.second.name}) minus first ({found.first.name}), percentage points"
    answer_table(title, COLUMNS, [comparison_cells(row, found.confidence) for row in found.rows])
    answer_table("by camera and group", COLUMNS, [comparison_cells(row, found.confidence) for row in found.group_rows])
    keys = ("passage", "camera", "error", "only_in", "first_score", "second_score")
    shown = [[row[key] for key in keys] for row in found.disagreements[:SHOWN]]
    answer_table(f"passages on which they disagree ({len(found.disagreements):,})", keys, shown)
    if len(found.disagreements) > SHOWN:
        message(f"{len(found.disagreements) - SHOWN:,} more passages; --json or --figures has them all")
    for sentence in found.answer():
        print(sentence)

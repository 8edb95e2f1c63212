"""`facelab compare-scores`: two systems on the same people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import ends, rate_cell, share, tell_conditions
from facelab.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command("compare-scores")(compare_scores)


def compare_scores(
    first: Annotated[Path, typer.Argument(help="Candidates or scores of the first system.")],
    second: Annotated[Path, typer.Argument(help="Of the second system, on the same people.")],
    target: Annotated[
        float | None,
        typer.Option(parser=share, metavar="SHARE", help="The FPIR (candidates) or FMR (scores) at which both stand."),
    ] = None,
    thresholds: Annotated[
        tuple[float, float] | None, typer.Option("--thresholds", help="Given thresholds of the first and the second.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(parser=share, metavar="SHARE", help="Non-inferiority: the largest acceptable increase of misses."),
    ] = None,
    enrolled: Annotated[Path | None, typer.Option(help="Candidates: every enrolled subject, one a line.")] = None,
    rank: Annotated[int, typer.Option(min=1, help="Candidates: a hit is among so many.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """Is the second system better than the first, by how much, and is it at least not worse?

    At a target each system has a threshold of its own, chosen anew in every replicate. At given thresholds the misses
    and alerts are compared person by person, with an exact test. Differences are second minus first.

    Example: facelab compare-scores old.csv new.csv --target 0.01 --margin 0.02
    """
    import numpy as np

    from facelab.stats import read_enrolled
    from facelab.stats.same_people import compare_files

    if thresholds is not None and not all(np.isfinite(thresholds)):
        raise BadInput(f"thresholds are finite numbers, not {thresholds}", place="--thresholds")
    answer = compare_files(
        first,
        second,
        target=target,
        thresholds=thresholds,
        enrolled=None if enrolled is None else read_enrolled(enrolled),
        rank=rank,
        margin=margin,
        confidence=confidence,
        rng=np.random.default_rng(seed),
    )
    if json:
        answer_json(answer)
        return
    tell(answer)


def tell(answer: dict[str, Any]) -> None:
    """Print the differences, their tests, and whether non-inferiority is shown."""
    parts = _parts(answer)
    rows = []
    for part in parts:
        test = "chosen on the data" if part["test"] is None else f"p = {part['test']['p_value']:.3g}"
        difference = f"{part['difference']:+.3g} {ends(part)}"
        rows.append((part["name"], part["at"], rate_cell(part["first"]), rate_cell(part["second"]), difference, test))
    answer_table("second minus first", ("rate", "at", "first", "second", "difference", "test"), rows)
    tell_conditions([(part["name"], part[which]) for part in parts for which in ("first", "second")])
    for part in parts:
        _tell_margin(part)
        if part["note"]:
            message(part["note"])


def _parts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The differences that `answer` holds, at a common rate first, then at thresholds."""
    at_rates = [answer[at] for at in ("at_fpir", "at_fmr") if at in answer]
    parts = [part for found in at_rates for name, part in found.items() if name in ("fnir", "fnmr")]
    return parts + list(answer.get("at_thresholds", {}).values())


def _tell_margin(part: dict[str, Any]) -> None:
    """Print whether one difference keeps the margin, where one was asked for."""
    found = part["non_inferiority"]
    if found is None:
        return
    word = "is" if found["shown"] else "is not"
    bound = f"upper bound {found['upper']:+.2g}, margin {found['margin']:g}"
    print(f"{part['name']}: that the second is not worse by the margin {word} shown ({bound}).")

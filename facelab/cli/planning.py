"""`facelab plan`: how many people a test of a target error rate needs, before it is made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table
from facelab.cli.rates import share
from facelab.errors import BadInput

MEASURES = ("FPIR", "FNIR", "FMR", "FNMR")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(plan)


def plan(
    target_fpir: Annotated[
        list[float] | None, typer.Option("--target-fpir", parser=share, metavar="SHARE", help="Such as 1/6000.")
    ] = None,
    target_fnir: Annotated[
        list[float] | None, typer.Option("--target-fnir", parser=share, metavar="SHARE", help="Such as 0.1.")
    ] = None,
    target_fmr: Annotated[
        list[float] | None, typer.Option("--target-fmr", parser=share, metavar="SHARE", help="Such as 1e-4.")
    ] = None,
    target_fnmr: Annotated[
        list[float] | None, typer.Option("--target-fnmr", parser=share, metavar="SHARE", help="Such as 0.02.")
    ] = None,
    gallery: Annotated[int | None, typer.Option(min=1, help="Subjects that the site enrols.")] = None,
    confidence: Annotated[float, typer.Option(help="Of the one-sided bound.")] = 0.95,
    json: Json = False,
) -> None:
    """How many people must walk by, or be compared, before a target error rate can be claimed.

    One-sided: the claim is "at most". Each error seen among them makes it more.

    Example: facelab plan --target-fpir 1/6000 --gallery 1000
    """
    from facelab.stats.sizing import size_of_test

    asked = zip(MEASURES, (target_fpir, target_fnir, target_fmr, target_fnmr))
    sizes = [
        size_of_test(measure, target, confidence=confidence, gallery=gallery)  # type: ignore[arg-type]  # of MEASURES
        for measure, targets in asked
        for target in targets or []
    ]
    if not sizes:
        raise BadInput("give a target, such as --target-fpir 1/6000", place="plan")
    answer = {"tests": [size.to_dict() for size in sizes]}
    if json:
        answer_json(answer)
        return
    for size in answer["tests"]:
        _tell(size)


def _tell(size: dict[str, Any]) -> None:
    """Print one test's size."""
    rows = [(row["errors"], f"{row['people']:,}") for row in size["people"]]
    answer_table(f"people for {size['measure']} {size['target']:g}, one-sided", ("errors seen", "people"), rows)
    trials = f"{size['resolve']:,} trials resolve it, {size['support']:,} support it"
    print(f"{size['sentence'][:1].upper()}{size['sentence'][1:]} ({size['people_two_sided']:,} two-sided).")
    print(f"{trials}, {size['measure_well']:,} measure it to about 30 %.")
    if size["gallery"] is not None:
        print(f"Of the {size['gallery']:,} subjects of the site, the test enrols at least {size['enrol']:,}.")

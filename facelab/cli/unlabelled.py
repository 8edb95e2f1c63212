"""`facelab unlabelled`: what searches without names can say: false alerts under an assumption, misses of volunteers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import number, rate_cell, share


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command()(unlabelled)


def unlabelled(
    candidates: Annotated[
        Path,
        typer.Argument(help="Candidates, as identification takes them; probe_subject is empty but for volunteers."),
    ],
    threshold: Annotated[float, typer.Option(help="The threshold.")],
    enrolled: Annotated[
        Path | None, typer.Option(help="Every enrolled subject, one a line; else the reference subjects seen.")
    ] = None,
    hidden: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="Enrolled people who might have walked there unknown; repeatable. By default 1, 3, 10."
        ),
    ] = None,
    passages: Annotated[
        float, typer.Option(min=1, help="Searches that one person makes: cameras passed, and tracks that broke.")
    ] = 1.0,
    hit: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="SHARE", help="How many of a hidden person's searches alert; else as the volunteers'."
        ),
    ] = None,
    rank: Annotated[int, typer.Option(min=1, help="A volunteer is found who is among so many.")] = 1,
    confidence: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """Rates of footage without names: FPIR if nobody enrolled walked there, or so many; FNIR of volunteers.

    Searches with a subject who is enrolled are volunteers' and give FNIR. All others are taken as strangers and give
    FPIR, between the ends that so many hidden enrolled people could make of it.

    Example: facelab unlabelled candidates.csv --threshold 0.41 --enrolled watchlist.txt --hidden 2
    """
    from facelab.errors import NotMeasured
    from facelab.stats import read_candidates, read_enrolled
    from facelab.stats.unlabelled import assume_non_mated, volunteer_misses

    found = read_candidates(candidates, None if enrolled is None else read_enrolled(enrolled))
    answer: dict[str, Any] = {"volunteers": None, "assumed": None}
    if found.mated.any():
        misses = volunteer_misses(found, threshold, rank=rank)
        answer["volunteers"] = misses.to_dict(confidence)
        hit = 1 - misses.fnir.value if hit is None else hit
    try:
        assumed = assume_non_mated(
            found, threshold, hidden=hidden, passages_a_person=passages, hit=1.0 if hit is None else hit
        )
        answer["assumed"] = assumed.to_dict(confidence)
    except NotMeasured:
        if answer["volunteers"] is None:
            raise
    if json:
        answer_json(answer)
        return
    message(repr(found))
    _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    """Print the answer as a table and sentences."""
    assumed = answer["assumed"]
    if assumed is not None:
        rows = [("0", *[rate_cell(assumed["fpir"])] * 3, "")]
        rows += [
            (str(one["people"]), *(rate_cell(one[name]) for name in ("lowest", "likely", "highest")),
             f"[{number(one['low'])}, {number(one['high'])}]")
            for one in assumed["hidden"]
        ]  # fmt: skip
        answer_table("", ("hidden people", "FPIR at least", "likely", "at most", "with the sample's uncertainty"), rows)
    for said in (answer["volunteers"], assumed):
        if said is not None:
            for line in (*said["can"], *(f"Not to be claimed: {line}" for line in said["cannot"])):
                print(line)

"""`facelab groups`: whether error rates differ between groups of people, by any column of a score file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import ends, number, rate_cell, tell_conditions


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(groups)


def groups(
    scores: Annotated[Path, typer.Argument(help="Candidates (with probe_id) or scores (with subjects), and a column.")],
    threshold: Annotated[float, typer.Option(help="The threshold at which groups are compared.")],
    by: Annotated[str | None, typer.Option("--by", help="The column that holds the group of the probe.")] = None,
    reference_by: Annotated[
        str | None, typer.Option("--reference-by", help="The column of the reference's group; or both columns.")
    ] = None,
    enrolled: Annotated[Path | None, typer.Option(help="Candidates: every enrolled subject, one a line.")] = None,
    rank: Annotated[int, typer.Option(min=1, help="Candidates: a hit is among so many.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the permutation tests.")] = 1,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """Error rates in groups, with intervals that hold together, a permutation test, and what could have gone unseen.

    Ratios of estimated rates are biased away from equality: whether groups differ is what the test says.

    Example: facelab groups candidates.csv --by camera --threshold 0.4
    """
    import numpy as np

    from facelab.stats import read_enrolled
    from facelab.stats.groupfile import file_group_report

    report = file_group_report(
        scores,
        by,
        threshold,
        reference_by=reference_by,
        enrolled=None if enrolled is None else read_enrolled(enrolled),
        rank=rank,
        rng=np.random.default_rng(seed),
    )
    answer = {"by": by, "reference_by": reference_by} | report.to_dict(confidence)
    if json:
        answer_json(answer)
        return
    for part in (answer["false_positive"], answer["false_negative"]):
        if part is not None:
            tell(part, _grouped_by(part, by, reference_by))
    measures = {name: value for name, value in answer["measures"].items() if name != "weight" and value is not None}
    if measures:
        message(", ".join(f"{name.upper()} {value:.3g}" for name, value in measures.items()))


def _grouped_by(part: dict[str, Any], by: str | None, reference_by: str | None) -> str:
    """What the groups of one rate are groups of: the probe's column, the reference's, or both."""
    if by is None or reference_by is None:
        return by or str(reference_by)
    return f"{by} x {reference_by}" if any(" x " in row["group"] for row in part["groups"]) else by


def tell(part: dict[str, Any], by: str) -> None:
    """Print one rate in its groups, and the verdict."""
    rows = [
        (
            row["group"],
            rate_cell(row),
            ends(row, "simultaneous_low", "simultaneous_high"),
            "–" if row["people"] is None else row["people"],
            number(row["detectable"]),
        )
        for row in part["groups"]
    ]
    rows.append(("all", rate_cell(part["pooled"]), "", part["pooled"]["people"] or "–", ""))
    answer_table(f"{part['name']} by {by}", (by, "rate", "hold together", "people", "would have shown"), rows)
    tell_conditions([(part["name"], rate) for rate in (*part["groups"], part["pooled"])])
    print(part["verdict"])

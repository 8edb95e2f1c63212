"""`facelab attacks`: error rates of presentation attack detection, from a file of scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import ends, number, rate_cell, share, tell_conditions
from facelab.errors import BadInput, UnattainableTarget

if TYPE_CHECKING:
    from facelab.stats.attacks import AttackScores


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(attacks)


def attacks(
    scores: Annotated[Path, typer.Argument(help="CSV: score,species (empty: bona fide) and, where known, subject.")],
    threshold: Annotated[list[float] | None, typer.Option("--threshold", help="A given threshold; repeatable.")] = None,
    target_apcer: Annotated[
        list[float] | None,
        typer.Option(
            "--target-apcer",
            parser=share,
            metavar="SHARE",
            help="The largest APCER over the species; 0.05 gives BPCER20, 0.01 BPCER100; repeatable.",
        ),
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """APCER by instrument species and its maximum, and BPCER (ISO/IEC 30107-3); a higher score is bona fide.

    An empty score is a non-response, outside both rates and shown apart.

    Example: facelab attacks presentations.csv --target-apcer 0.05 --threshold 0.5
    """
    from facelab.stats.attacks import read_attack_scores
    from facelab.stats.suspect import near_the_scores

    if not threshold and not target_apcer:
        raise BadInput("give a --threshold or a --target-apcer", place="attacks")
    found = read_attack_scores(scores)
    for value in threshold or []:
        near_the_scores(value, found.score)
    points = _points(found, target_apcer or [], threshold or [], confidence)
    answer = {"presentations": len(found), "species": list(found.attack_species), "operating_points": points}
    if json:
        answer_json(answer)
        return
    for point in points:
        _tell(point)


def _points(
    found: AttackScores, targets: list[float], thresholds: list[float], confidence: float
) -> list[dict[str, Any]]:
    """The errors at each target's threshold, then at each given one."""
    points = [_at_target(found, target, confidence) for target in targets]
    return points + [{"target_apcer": None} | found.at(value).to_dict(confidence) for value in thresholds]


def _at_target(found: AttackScores, target: float, confidence: float) -> dict[str, Any]:
    """The errors at the threshold of a target, or why there is none."""
    try:
        return {"target_apcer": target} | found.threshold_at_apcer(target).to_dict(confidence)
    except UnattainableTarget as error:
        unattainable = {"needed": error.needed, "have": error.have}
        return {"target_apcer": target, "threshold": None, "reason": str(error), "unattainable": unattainable}


def _tell(point: dict[str, Any]) -> None:
    """Print one threshold."""
    if point["threshold"] is None:
        message(point["reason"])
        return
    rows = [(f"APCER {name}", rate_cell(rate)) for name, rate in point["apcer"].items()]
    worst = point["largest_apcer"]
    rows.append((f"largest APCER ({worst['species']})", f"{number(worst['rate'])} {ends(worst)}"))
    rows.append(("BPCER", rate_cell(point["bpcer"])))
    rows += [
        (f"non-response, {name}", rate_cell(rate)) for name, rate in point["nonresponse"].items() if rate["errors"]
    ]
    asked = "" if point["target_apcer"] is None else f", target APCER {point['target_apcer']:g}"
    answer_table(f"threshold {point['threshold']:.6g}{asked}", ("rate", "errors/trials and interval"), rows)
    shown = [(f"APCER {name}", rate) for name, rate in point["apcer"].items()] + [("BPCER", point["bpcer"])]
    tell_conditions([*shown, *((f"non-response, {name}", rate) for name, rate in point["nonresponse"].items())])

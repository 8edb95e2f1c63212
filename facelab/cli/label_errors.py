"""`facelab label-errors`: what wrong labels do to the rates, the rates without them, and who is doubtful."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import estimate_cell, number, rate_cell, share

if TYPE_CHECKING:
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.points import OperatingPoint

SEED = 1


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command("label-errors")(label_errors)


def label_errors(
    candidates: Annotated[Path, typer.Argument(help="Candidates, as identification takes them.")],
    target_fpir: Annotated[
        float, typer.Option("--target-fpir", parser=share, metavar="SHARE", help="FPIR whose threshold is looked at.")
    ],
    enrolled: Annotated[
        Path | None, typer.Option(help="Every enrolled subject, one a line; else the reference subjects seen.")
    ] = None,
    wrong: Annotated[
        list[float] | None,
        typer.Option(
            parser=share, metavar="SHARE", help="Share of wrong labels; repeatable. By default .001, .01, .05."
        ),
    ] = None,
    reviewed_alerts: Annotated[
        int | None, typer.Option(min=1, help="False alerts that somebody looked at, drawn at random.")
    ] = None,
    true_alerts: Annotated[
        int, typer.Option(min=0, help="Of those: alerts that were true, so that the label is wrong.")
    ] = 0,
    reviewed_misses: Annotated[
        int | None, typer.Option(min=1, help="Misses that somebody looked at, at random.")
    ] = None,
    no_misses: Annotated[int, typer.Option(min=0, help="Of those: searches of somebody else.")] = 0,
    suspects: Annotated[int, typer.Option(min=0, help="So many doubtful labels are listed.")] = 10,
    json: Json = False,
) -> None:
    """How far wrong labels move FPIR, FNIR and the threshold, and the rates without those that a review found wrong.

    Labels are changed at random, by person. Suspects are strangers with the highest scores and people who resemble
    somebody else more, each with what its correction would do to the threshold.

    Example: facelab label-errors candidates.csv --target-fpir 0.01 --reviewed-alerts 40 --true-alerts 3
    """
    import numpy as np

    from facelab.stats import open_set_curve_of_searches, read_candidates, read_enrolled
    from facelab.stats.label_noise import label_noise
    from facelab.stats.label_suspects import label_suspects

    found = read_candidates(candidates, None if enrolled is None else read_enrolled(enrolled))
    curve = open_set_curve_of_searches(found)
    point = curve.threshold_at_fpir(target_fpir)
    answer: dict[str, Any] = {
        "threshold": point.threshold,
        "fpir": point.fpir.to_dict(),
        "fnir": point.fnir.to_dict(),
        "wrong_labels": [
            label_noise(found, point.threshold, one, np.random.default_rng(SEED), target=target_fpir).to_dict()
            for one in wrong or (0.001, 0.01, 0.05)
        ],
        "without": _without(point, (reviewed_alerts, true_alerts), (reviewed_misses, no_misses)),
        "suspects": [one.to_dict() for one in label_suspects(found, target_fpir, most=suspects)] if suspects else [],
    }
    if json:
        answer_json(answer)
        return
    message(repr(found))
    _tell(answer, curve)


def _without(point: OperatingPoint, alerts: tuple[int | None, int], misses: tuple[int | None, int]) -> dict[str, Any]:
    """The rates without the errors that a review found to be none."""
    from facelab.stats.label_noise import without_wrong_errors

    said: dict[str, Any] = {"fpir": None, "fnir": None}
    if alerts[0] is not None:
        unseen = min(point.fnir.value, 0.99) if point.fnir.trials else 0.0
        said["fpir"] = without_wrong_errors(point.fpir, alerts[1], alerts[0], unseen=unseen).to_dict()
    if misses[0] is not None:
        said["fnir"] = without_wrong_errors(point.fnir, misses[1], misses[0]).to_dict()
    return said


def _tell(answer: dict[str, Any], curve: OpenSetCurve) -> None:
    """Print the answer as tables."""
    rows: list[tuple[str, ...]] = [
        ("as labelled", rate_cell(answer["fpir"]), rate_cell(answer["fnir"]), number(answer["threshold"]))
    ]
    rows += [
        (f"{100 * one['share']:g} % wrong", *(estimate_cell(one[name]) for name in ("fpir", "fnir", "thresholds")))
        for one in answer["wrong_labels"]
    ]
    without = answer["without"]
    if without["fpir"] or without["fnir"]:
        cells = (estimate_cell(without[name]) if without[name] else "not reviewed" for name in ("fpir", "fnir"))
        rows.append(("without those found wrong", *cells, ""))
    answer_table("", ("labels", "FPIR", "FNIR", "threshold"), rows)
    if answer["suspects"]:
        heads = ("suspect", "labelled", "what", "score", "it alone moves the threshold by", "with all so far")
        listed = [
            (one["probe_id"], one["labelled"] or "a stranger", one["kind"], f"{one['score']:.4f}", number(one["moved"]),
             number(one["threshold"]))
            for one in answer["suspects"]
        ]  # fmt: skip
        answer_table(f"{curve.mated + curve.non_mated:,} searches, the most doubtful labels", heads, listed)

"""`facelab quality`: does a quality score foresee who is not matched? Error against discard, from a score file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import estimate_cell, rate_cell, share, tell_conditions


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(quality)


def quality(
    scores: Annotated[Path, typer.Argument(help="Scores (score,mated and, where known, subjects), with the columns.")],
    column: Annotated[str, typer.Option("--quality", help="The column of the probe's quality; higher is better.")],
    reference: Annotated[
        str | None, typer.Option("--reference-quality", help="The column of the reference's; the lower one counts.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="The threshold that is kept.")] = None,
    target_fmr: Annotated[
        float | None,
        typer.Option("--target-fmr", parser=share, metavar="SHARE", help="Or the FMR whose threshold is kept."),
    ] = None,
    limit: Annotated[
        float, typer.Option(parser=share, metavar="SHARE", help="The largest discarded share of the partial area.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    json: Json = False,
) -> None:
    """Error-versus-discard curve of mated comparisons, its partial area and gain (ISO/IEC 29794-1), with intervals.

    The comparisons of lowest quality are discarded first. Gain 1: every error is discarded first; 0: as by chance.

    Example: facelab quality scores.csv --quality sharpness --target-fmr 0.01
    """
    import numpy as np

    from facelab.stats.qualityfile import file_quality_report

    report = file_quality_report(
        scores,
        column,
        reference_quality=reference,
        threshold=threshold,
        target_fmr=target_fmr,
        limit=limit,
        rng=np.random.default_rng(seed),
    )
    answer = report.to_dict(confidence)
    if json:
        answer_json(answer)
        return
    _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    """Print the FNMR at some discarded shares, and both areas."""
    rows = [(f"{100 * at['discarded']:g} %", rate_cell(at)) for at in answer["at"]]
    title = f"{' and '.join(answer['columns'])} at a threshold of {answer['threshold']:.6g}"
    answer_table(title, ("discarded at most", "FNMR of the rest"), rows)
    tell_conditions([("FNMR", at) for at in answer["at"]])
    area, gain = answer["partial_area"], answer["gain"]
    print(f"Partial area above the ideal to {100 * answer['limit']:g} %: {estimate_cell(area)}.")
    print(f"Gain over discarding by chance, of 1 that is possible: {estimate_cell(gain)}.")
    message(f"{area['method']}{'; ' + area['note'] if area['note'] else ''}")

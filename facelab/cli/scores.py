"""`facelab verification` and `facelab identification`: error rates and thresholds from scores or templates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.stats import ErrorCurve, OpenSetCurve
    from facelab.types import Strings

Confidence = Annotated[float, typer.Option(help="Of the two-sided intervals.")]
Threshold = Annotated[list[float] | None, typer.Option("--threshold", help="A given threshold; repeatable.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(verification)
    app.command()(identification)


def verification(
    scores: Annotated[
        Path | None,
        typer.Argument(help="CSV or parquet: score,mated and, where known, probe_subject,reference_subject."),
    ] = None,
    templates: Annotated[Path | None, typer.Option(help="Templates (parquet) to compare instead of scores.")] = None,
    pairs: Annotated[Path | None, typer.Option(help="CSV sample_a,sample_b: the pairs; without it, all pairs.")] = None,
    target_fmr: Annotated[list[float] | None, typer.Option("--target-fmr", help="A target FMR; repeatable.")] = None,
    threshold: Threshold = None,
    select: Annotated[
        Path | None, typer.Option(help="Scores (or templates) of other people, on which thresholds are chosen.")
    ] = None,
    confidence: Confidence = 0.95,
    json: Json = False,
) -> None:
    """1:1 error rates: EER, and FMR, FNMR, GFAR and GFRR at targets and thresholds, with person-level intervals.

    An empty score is a failed comparison. Without --select the thresholds are chosen and reported on the same scores.

    Example: facelab verification scores.csv --target-fmr 1e-3 --json
    """
    from facelab.stats import verification_report

    if (scores is None) == (templates is None):
        raise BadInput("give either a file of scores or --templates, one of the two", place="verification")
    if pairs is not None and templates is None:
        raise BadInput("pairs name samples of templates; give --templates with them", place="--pairs")
    with _warnings_told():
        curve = chosen = _verification_curve(scores, templates, pairs)
        if select is not None:
            chosen = _verification_curve(select if templates is None else None, select, None)
        report = verification_report(chosen, curve, target_fmr or (), threshold or ())
        answer = report.to_dict(confidence)
    if json:
        answer_json(answer)
        return
    message(repr(report.curve))
    print(repr(report.eer))
    _answer_points(answer["operating_points"], "target_fmr", ("fmr", "fnmr", "gfar", "gfrr"))
    if report.in_sample and target_fmr:
        message("thresholds were chosen and reported on the same scores: optimistic; --select takes others")


def identification(
    candidates: Annotated[
        Path | None,
        typer.Argument(
            help="CSV or parquet: probe_id,probe_subject,reference_subject,score; one row a candidate, "
            "one row with an empty score for a probe without a template."
        ),
    ] = None,
    probes: Annotated[Path | None, typer.Option(help="Templates (parquet) of who was searched for.")] = None,
    gallery: Annotated[Path | None, typer.Option(help="Templates (parquet) of who is enrolled.")] = None,
    target_fpir: Annotated[list[float] | None, typer.Option("--target-fpir", help="A target FPIR; repeatable.")] = None,
    threshold: Threshold = None,
    rank: Annotated[int, typer.Option(min=1, help="A mated search hits when the subject is among so many.")] = 1,
    enrolled: Annotated[
        Path | None, typer.Option(help="Every enrolled subject, one a line; else the reference subjects seen.")
    ] = None,
    select: Annotated[
        Path | None, typer.Option(help="Candidates (or probe templates) on which thresholds are chosen.")
    ] = None,
    confidence: Confidence = 0.95,
    json: Json = False,
) -> None:
    """1:N open-set error rates: FPIR, FNIR, misidentification and selectivity at targets and thresholds.

    A probe is mated when its subject is enrolled; one without a template is a miss or no alert, and stays counted.

    Example: facelab identification candidates.csv --target-fpir 0.01 --target-fpir 0.05 --json
    """
    from facelab.stats import operating_points, read_enrolled

    if (candidates is None) == (probes is None) or (probes is None) != (gallery is None):
        raise BadInput("give either a file of candidates, or --probes and --gallery", place="identification")
    with _warnings_told():
        names = None if enrolled is None else read_enrolled(enrolled)
        curve = chosen = _open_set_curve(candidates or probes, gallery, names, rank)
        if select is not None:
            chosen = _open_set_curve(select, gallery, names, rank)
        points = operating_points(chosen, curve, target_fpir or (), threshold or ())
        answer: dict[str, Any] = {
            "gallery": {"subjects": curve.searches.subjects, "samples": curve.searches.samples},
            "mated": _searched(curve, mated=True),
            "non_mated": _searched(curve, mated=False),
            "in_sample": select is None,
            "operating_points": [point.to_dict(confidence) for point in points],
        }
    if json:
        answer_json(answer)
        return
    message(repr(curve.searches))
    _answer_points(answer["operating_points"], "target_fpir", ("fpir", "fnir", "misidentification"))
    if select is None and target_fpir:
        message("thresholds were chosen and reported on the same searches: optimistic; --select takes others")


def _verification_curve(scores: Path | None, templates: Path | None, pairs: Path | None) -> ErrorCurve:
    """The error curve of a file of scores, or of templates."""
    from facelab import stats

    if scores is not None:
        return stats.read_scores(scores).curve()
    from facelab.pipeline.tables import read_templates

    assert templates is not None
    found = read_templates(templates)
    if pairs is None:
        return stats.verification_curve_of_all_pairs(found)
    return stats.verification_curve_of_pairs(found, *stats.read_pairs(pairs))


def _open_set_curve(probes: Path | None, gallery: Path | None, enrolled: Strings | None, rank: int) -> OpenSetCurve:
    """The open-set curve of probe and gallery templates, or without a gallery of a file of candidates."""
    from facelab import stats

    assert probes is not None
    if gallery is None:
        return stats.open_set_curve_of_searches(stats.read_candidates(probes, enrolled), rank)
    from facelab.matching import match
    from facelab.pipeline.tables import read_templates
    from facelab.types import Gallery

    references = read_templates(gallery)
    listed = Gallery(references, references.subject_id if enrolled is None else enrolled)
    return stats.open_set_curve(match(read_templates(probes), listed), rank)


def _searched(curve: OpenSetCurve, *, mated: bool) -> dict[str, int]:
    """How many searches there are of one kind, how many of them failed, and of how many people."""
    found = curve.searches
    of_kind = found.mated == mated
    people = len(set(found.person[of_kind].tolist()))
    return {"searches": int(of_kind.sum()), "failed": int((found.failed & of_kind).sum()), "subjects": people}


def _answer_points(points: list[dict[str, Any]], target: str, rates: tuple[str, ...]) -> None:
    """Print operating points as a table; the reasons of those that fall short come below."""
    rows = []
    for point in points:
        shown = "given" if point[target] is None else f"{point[target]:g}"
        threshold = "none" if point["threshold"] is None else f"{point['threshold']:.6g}"
        rows.append((shown, threshold, "yes" if point["supported"] else "no", *(_rate(point[name]) for name in rates)))
    heads = [name if len(name) > 5 else name.upper() for name in rates]
    answer_table("operating points", (target.replace("_", " "), "threshold", "supported", *heads), rows)
    for point in points:
        if point.get("reason"):
            message(point["reason"])


def _rate(rate: dict[str, Any] | None) -> str:
    """``3/120 = 0.025 [0.0085, 0.071]``."""
    if rate is None:
        return "–"
    if rate["rate"] is None:
        return f"{rate['errors']}/{rate['trials']}"
    return f"{rate['errors']}/{rate['trials']} = {rate['rate']:.3g} [{rate['low']:.3g}, {rate['high']:.3g}]"


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Tell warnings of the statistics half as messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        message(f"warning: {warning.message}")

"""`facelab verification` and `facelab identification`: error rates and thresholds from scores or templates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from facelab.cli import score_options
from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, message
from facelab.cli.score_options import Against, Asked, By, Cameras, Minutes, Passengers, Prevalence, thresholds_of
from facelab.cli.score_tables import tell_identification, tell_verification
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.stats import ErrorCurve, OpenSetCurve
    from facelab.types import Strings

Confidence = Annotated[float, typer.Option(help="Of the two-sided intervals.")]
Threshold = Annotated[list[float] | None, typer.Option("--threshold", help="A given threshold; repeatable.")]
Enrolled = Annotated[
    Path | None, typer.Option(help="Every enrolled subject, one a line; else the reference subjects seen.")
]
Rank = Annotated[int, typer.Option(min=1, help="A mated search hits when the subject is among so many.")]
BEYOND = (1e-5, 1e-6, 1e-7)
"""Target FMRs that a tail is asked for besides the user's own."""


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
    convention: Annotated[
        Literal["exact", "nearest", "linear"],
        typer.Option(help="Of EER and FMR100 to FMR10000: nearest is pyeer's, linear that of tools that interpolate."),
    ] = "exact",
    tail: Annotated[
        bool, typer.Option("--tail", help="Extrapolate the FMR beyond the data by a generalised Pareto tail.")
    ] = False,
    by: By = None,
    against: Against = None,
    confidence: Confidence = 0.95,
    json: Json = False,
) -> None:
    """1:1 error rates: EER, FMR100 to FMR10000, and FMR, FNMR, GFAR, GFRR at targets and thresholds, with intervals.

    An empty score is a failed comparison. Without --select the thresholds are chosen and reported on the same scores.
    Beside every threshold of a target stands the certified one: the smallest whose upper bound meets it.

    Example: facelab verification scores.csv --target-fmr 1e-3 --json
    """
    targets = target_fmr or []
    with _warnings_told():
        chosen, curve, notes = _verification_curves(scores, templates, pairs, select)
        answer = _verified(chosen, curve, targets, threshold or [], confidence) | {"notes": notes}
        answer |= _traditional(curve, convention, confidence)
        if tail:
            answer["tail"] = _tail(curve, targets, confidence)
        asked = Asked(scores, targets, threshold or [], confidence, by, against)
        answer |= score_options.added(asked, answer)
    if json:
        answer_json(answer)
        return
    message(repr(curve))
    tell_verification(answer)
    score_options.tell(answer)
    for note in notes:
        message(note)
    if answer["in_sample"] and targets:
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
    rank: Rank = 1,
    enrolled: Enrolled = None,
    select: Annotated[
        Path | None, typer.Option(help="Candidates (or probe templates) on which thresholds are chosen.")
    ] = None,
    operational_n: Annotated[
        int | None,
        typer.Option(
            "--operational-n",
            min=1,
            help="Subjects that the site enrols: FPIR and thresholds there, measured up to N and extrapolated beyond.",
        ),
    ] = None,
    cmc: Annotated[bool, typer.Option("--cmc", help="Hits by rank without a threshold.")] = False,
    by: By = None,
    against: Against = None,
    passengers: Passengers = None,
    prevalence: Prevalence = None,
    cameras: Cameras = 1.0,
    minutes: Minutes = 2.0,
    confidence: Confidence = 0.95,
    json: Json = False,
) -> None:
    """1:N open-set error rates: FPIR, FNIR, misidentification and selectivity at targets and thresholds.

    A probe is mated when its subject is enrolled; one without a template is a miss or no alert, and stays counted.
    Beside every threshold of a target stands the certified one: the smallest whose upper bound meets it.

    Example: facelab identification candidates.csv --target-fpir 0.01 --target-fpir 0.05 --json
    """
    targets, site = target_fpir or [], (passengers, prevalence, cameras, minutes)
    with _warnings_told():
        chosen, curve = _open_set_curves(_searched_with(candidates, probes, gallery), gallery, enrolled, rank, select)
        answer = _identified(chosen, curve, targets, threshold or [], confidence)
        if cmc:
            answer["cmc"] = _cmc(curve, confidence)
        if operational_n is not None:
            answer["operational"] = _operational(chosen, curve, targets, answer, operational_n, confidence)
        asked = Asked(candidates, targets, threshold or [], confidence, by, against, enrolled, rank, site)
        answer |= score_options.added(asked, answer, curve)
    if json:
        answer_json(answer)
        return
    message(repr(curve.searches))
    tell_identification(answer)
    score_options.tell(answer)
    if answer["in_sample"] and targets:
        message("thresholds were chosen and reported on the same searches: optimistic; --select takes others")


def _verification_curves(
    scores: Path | None, templates: Path | None, pairs: Path | None, select: Path | None
) -> tuple[ErrorCurve, ErrorCurve, list[str]]:
    """The curve on which thresholds are chosen, the one that is reported (the same without `select`), and notes."""
    if (scores is None) == (templates is None):
        raise BadInput("give either a file of scores or --templates, one of the two", place="verification")
    if pairs is not None and templates is None:
        raise BadInput("pairs name samples of templates; give --templates with them", place="--pairs")
    curve, notes = _verification_curve(scores, templates, pairs)
    if select is None:
        return curve, curve, notes
    chosen, more = _verification_curve(select if templates is None else None, select, None)
    return chosen, curve, [*notes, *more]


def _verification_curve(
    scores: Path | None, templates: Path | None, pairs: Path | None
) -> tuple[ErrorCurve, list[str]]:
    """The error curve of a file of scores, or of templates, and what must be known of it."""
    from facelab import stats

    if scores is not None:
        file = stats.read_scores(scores)
        unknown = "the intervals are of independent trials, too narrow where people share comparisons"
        return file.curve(), [f"{file.without_people}: {unknown}"] if file.without_people else []
    from facelab.pipeline.tables import read_templates

    assert templates is not None
    found = read_templates(templates)
    if pairs is None:
        return stats.verification_curve_of_all_pairs(found), []
    return stats.verification_curve_of_pairs(found, *stats.read_pairs(pairs)), []


def _verified(
    chosen: ErrorCurve, curve: ErrorCurve, targets: list[float], thresholds: list[float], confidence: float
) -> dict[str, Any]:
    """The report of a verification, and what more data would buy."""
    from facelab.report.planning import more_comparisons
    from facelab.stats import verification_report

    answer = verification_report(chosen, curve, targets, thresholds).to_dict(confidence)
    return answer | {"more_data": more_comparisons(answer["operating_points"], curve.non_mated.people)}


def _traditional(
    curve: ErrorCurve, convention: Literal["exact", "nearest", "linear"], confidence: float
) -> dict[str, Any]:
    """EER and FMR100 to FMR10000 by the convention asked for."""
    from facelab.stats.traditional import traditional_rates

    return {"traditional": traditional_rates(curve, convention).to_dict(confidence)}


def _tail(curve: ErrorCurve, targets: list[float], confidence: float) -> dict[str, Any]:
    """The tail and its thresholds at the targets and beyond; always the same, its random numbers have one seed."""
    import numpy as np

    from facelab.stats.planning import trials_to_resolve
    from facelab.stats.tail import REACH
    from facelab.stats.traditional import tail_answer

    within_reach = {target for target in BEYOND if curve.non_mated.completed >= trials_to_resolve(target * REACH)}
    wanted = sorted({*targets, *within_reach}, reverse=True)
    return tail_answer(curve, wanted, np.random.default_rng(1), confidence)


def _searched_with(candidates: Path | None, probes: Path | None, gallery: Path | None) -> Path:
    """The file of candidates or of probe templates, whichever was given."""
    found = candidates if probes is None else probes
    if found is None or (candidates is None) == (probes is None) or (probes is None) != (gallery is None):
        raise BadInput("give either a file of candidates, or --probes and --gallery", place="identification")
    return found


def _open_set_curves(
    probes: Path, gallery: Path | None, enrolled: Path | None, rank: int, select: Path | None
) -> tuple[OpenSetCurve, OpenSetCurve]:
    """The curve on which thresholds are chosen, and the one that is reported: the same where nothing is selected on."""
    from facelab.stats import read_enrolled

    names = None if enrolled is None else read_enrolled(enrolled)
    curve = _open_set_curve(probes, gallery, names, rank)
    return (curve if select is None else _open_set_curve(select, gallery, names, rank)), curve


def _cmc(curve: OpenSetCurve, confidence: float) -> dict[str, Any]:
    """Hits by rank."""
    from facelab.stats.operational import cmc_answer

    return cmc_answer(curve, confidence=confidence)


def _open_set_curve(probes: Path, gallery: Path | None, enrolled: Strings | None, rank: int) -> OpenSetCurve:
    """The open-set curve of probe and gallery templates, or without a gallery of a file of candidates."""
    from facelab import stats

    if gallery is None:
        return stats.open_set_curve_of_searches(stats.read_candidates(probes, enrolled), rank)
    from facelab.matching import match
    from facelab.pipeline.tables import read_templates
    from facelab.types import Gallery

    references = read_templates(gallery)
    listed = Gallery(references, references.subject_id if enrolled is None else enrolled)
    return stats.open_set_curve(match(read_templates(probes), listed), rank)


def _identified(
    chosen: OpenSetCurve, curve: OpenSetCurve, targets: list[float], thresholds: list[float], confidence: float
) -> dict[str, Any]:
    """Searches, operating points, and what more data would buy."""
    from facelab.report import more_data
    from facelab.stats import operating_points

    points = [point.to_dict(confidence) for point in operating_points(chosen, curve, targets, thresholds)]
    return {
        "gallery": {"subjects": curve.searches.subjects, "samples": curve.searches.samples},
        "mated": _searched(curve, mated=True),
        "non_mated": _searched(curve, mated=False),
        "in_sample": chosen is curve,
        "operating_points": points,
        "more_data": more_data(points),
    }


def _operational(
    chosen: OpenSetCurve,
    curve: OpenSetCurve,
    targets: list[float],
    answer: dict[str, Any],
    size: int,
    confidence: float,
) -> dict[str, Any]:
    """What the site's own gallery size means for the thresholds of `answer` and for the targets."""
    from facelab.report.planning import at_operational_size
    from facelab.stats.operational import operational_answer

    found = operational_answer(chosen, curve, targets, thresholds_of(answer), size, confidence=confidence)
    return found | {"sentences": [at_operational_size(scale) for scale in found["fpir_by_gallery_size"]]}


def _searched(curve: OpenSetCurve, *, mated: bool) -> dict[str, int]:
    """How many searches there are of one kind, how many of them failed, and of how many people."""
    found = curve.searches
    of_kind = found.mated == mated
    people = len(set(found.person[of_kind].tolist()))
    return {"searches": int(of_kind.sum()), "failed": int((found.failed & of_kind).sum()), "subjects": people}


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Tell warnings of the statistics half as messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        message(f"warning: {warning.message}")

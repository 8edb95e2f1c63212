"""`facelab verification` and `facelab identification`: error rates and thresholds from scores or templates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message
from facelab.cli.rates import number, rate_cell
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
        chosen, curve = _verification_curves(scores, templates, pairs, select)
        answer = _verified(chosen, curve, targets, threshold or [], confidence)
        answer |= _traditional(curve, convention, confidence)
        if tail:
            answer["tail"] = _tail(curve, targets, confidence)
    if json:
        answer_json(answer)
        return
    message(repr(curve))
    _tell_verification(answer)
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
    confidence: Confidence = 0.95,
    json: Json = False,
) -> None:
    """1:N open-set error rates: FPIR, FNIR, misidentification and selectivity at targets and thresholds.

    A probe is mated when its subject is enrolled; one without a template is a miss or no alert, and stays counted.
    Beside every threshold of a target stands the certified one: the smallest whose upper bound meets it.

    Example: facelab identification candidates.csv --target-fpir 0.01 --target-fpir 0.05 --json
    """
    if (candidates is None) == (probes is None) or (probes is None) != (gallery is None):
        raise BadInput("give either a file of candidates, or --probes and --gallery", place="identification")
    targets = target_fpir or []
    with _warnings_told():
        chosen, curve = _open_set_curves(candidates or probes, gallery, enrolled, rank, select)
        answer = _identified(chosen, curve, targets, threshold or [], confidence)
        if cmc:
            answer["cmc"] = _cmc(curve, confidence)
        if operational_n is not None:
            answer["operational"] = _operational(chosen, curve, targets, answer, operational_n, confidence)
    if json:
        answer_json(answer)
        return
    message(repr(curve.searches))
    _tell_identification(answer)
    if answer["in_sample"] and targets:
        message("thresholds were chosen and reported on the same searches: optimistic; --select takes others")


def _verification_curves(
    scores: Path | None, templates: Path | None, pairs: Path | None, select: Path | None
) -> tuple[ErrorCurve, ErrorCurve]:
    """The curve on which thresholds are chosen, and the one that is reported: the same where nothing is selected on."""
    if (scores is None) == (templates is None):
        raise BadInput("give either a file of scores or --templates, one of the two", place="verification")
    if pairs is not None and templates is None:
        raise BadInput("pairs name samples of templates; give --templates with them", place="--pairs")
    curve = _verification_curve(scores, templates, pairs)
    if select is None:
        return curve, curve
    return _verification_curve(select if templates is None else None, select, None), curve


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

    from facelab.stats.tail import REACH
    from facelab.stats.traditional import tail_answer

    within_reach = {target for target in BEYOND if target * curve.non_mated.completed * REACH >= 1}
    wanted = sorted({*targets, *within_reach}, reverse=True)
    return tail_answer(curve, wanted, np.random.default_rng(1), confidence)


def _open_set_curves(
    probes: Path | None, gallery: Path | None, enrolled: Path | None, rank: int, select: Path | None
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

    thresholds = [p["threshold"] for p in answer["operating_points"] if p["threshold"] is not None]
    found = operational_answer(chosen, curve, targets, thresholds, size, confidence=confidence)
    return found | {"sentences": [at_operational_size(scale) for scale in found["fpir_by_gallery_size"]]}


def _searched(curve: OpenSetCurve, *, mated: bool) -> dict[str, int]:
    """How many searches there are of one kind, how many of them failed, and of how many people."""
    found = curve.searches
    of_kind = found.mated == mated
    people = len(set(found.person[of_kind].tolist()))
    return {"searches": int(of_kind.sum()), "failed": int((found.failed & of_kind).sum()), "subjects": people}


def _tell_verification(answer: dict[str, Any]) -> None:
    """Print a verification as tables and sentences."""
    said = answer["traditional"]
    rows = [("EER", number(said["eer"]["rate"]), f"at threshold {said['eer']['threshold']:.6g}")]
    for name in ("fmr100", "fmr1000", "fmr10000"):
        fixed = said[name]
        counts = fixed["reason"] if fixed["fnmr"] is None else f"FNMR {rate_cell(fixed['fnmr'])}"
        rows.append((name.upper(), number(fixed["value"]), counts))
    answer_table(f"single numbers ({said['convention']})", ("name", "value", "measured"), rows)
    _answer_points(answer["operating_points"], "target_fmr", ("fmr", "fnmr", "gfar", "gfrr"))
    if "tail" in answer:
        _tell_tail(answer["tail"])
    _print_lines(answer["more_data"])


def _tell_tail(tail: dict[str, Any]) -> None:
    """Print the tail's thresholds, or why it was refused."""
    if "refused" in tail:
        message(f"no extrapolation: {tail['refused']}")
        return
    rows = []
    for point in tail["thresholds"]:
        kind = "extrapolated" if point.get("extrapolated") else "within the data"
        known = point["threshold"] is not None
        rows.append(
            (f"{point['target']:g}", _score(point["threshold"]), _score(point.get("certified")), kind)
            if known
            else (f"{point['target']:g}", "none", "none", point["reason"])
        )
    answer_table("a model's tail, no measurement", ("target fmr", "threshold", "certified", "kind"), rows)
    fit = f"shape {tail['shape']:.3f}, above {tail['start']:.4f}, goodness of fit p = {tail['fit_p']:.2f}"
    message(f"generalised Pareto tail of {tail['exceedances']} of {tail['comparisons']:,} comparisons: {fit}")


def _tell_identification(answer: dict[str, Any]) -> None:
    """Print an identification as tables and sentences."""
    _answer_points(answer["operating_points"], "target_fpir", ("fpir", "fnir", "misidentification"))
    if "cmc" in answer:
        rows = [
            (at["rank"], f"{at['hits']}/{at['mated']} = {number(at['rate'])}", f"[{at['low']:.3g}, {at['high']:.3g}]")
            for at in answer["cmc"]["at"]
            if at["rate"] is not None
        ]
        answer_table("hits by rank, no threshold", ("rank", "hits", "interval"), rows)
    if "operational" in answer:
        _tell_operational(answer["operational"])
    _print_lines(answer["more_data"])


def _tell_operational(said: dict[str, Any]) -> None:
    """Print thresholds for the site's own gallery size, and FPIR there."""
    kind = "extrapolated" if said["extrapolated"] else "measured"
    rows = [
        (f"{t['target']:g}", _score(t["threshold"]), _score(t.get("certified")), t.get("reason", kind))
        for t in said["thresholds"]
    ]
    if rows:
        heads = ("target fpir", "threshold", "certified", "kind")
        answer_table(f"with {said['subjects']:,} enrolled (tested: {said['tested']:,})", heads, rows)
    _print_lines(said["sentences"])
    if not said["tested_share_suffices"]:
        share = f"{100 * said['tested_share']:.3g} % of the operational gallery was tested"
        message(f"{share}; NIST SP 800-63A-4 wants 90 %")


def _answer_points(points: list[dict[str, Any]], target: str, rates: tuple[str, ...]) -> None:
    """Print operating points as a table; the reasons of those that fall short come below."""
    if not points:
        return
    rows = [(*_chosen(point, target), *(rate_cell(point[name]) for name in rates)) for point in points]
    heads = [name if len(name) > 5 else name.upper() for name in rates]
    answer_table("operating points", (target.replace("_", " "), "threshold", "certified", "supported", *heads), rows)
    for point in points:
        if point.get("reason"):
            message(point["reason"])


def _chosen(point: dict[str, Any], target: str) -> tuple[str, str, str, str]:
    """The target of a point, its threshold, the certified one, and whether the data supports it."""
    threshold, supported = _score(point["threshold"]), "yes" if point["supported"] else "no"
    if point[target] is None:
        return "given", threshold, "–", supported
    return f"{point[target]:g}", threshold, _score((point.get("certified") or {}).get("threshold")), supported


def _score(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:.6g}"


def _print_lines(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        print(sentence)


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Tell warnings of the statistics half as messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        message(f"warning: {warning.message}")

"""What of an evaluation goes into its MLflow run: names that MLflow takes, and values that its pages show.

The exported threshold's rates are ``fpir``, ``fnir`` and ``misidentification`` with ``_low``, ``_high``, ``_errors``,
``_trials`` and ``_percent`` (MLflow's charts round to two decimals); those of every target stand under
``target_5pct/…``, the site's own under ``site/…``, what its kind of site is told under ``answer/…``. The curve is
logged by threshold: the step is the threshold times 1,000; the same curve is a table, ``curve.json``, that
``mlflow.load_table`` reads. Stages and cameras are nested runs (`facelab.experiments.nested_runs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.experiments.curve_table import read_curve
from facelab.experiments.floor_answers import answer_metrics
from facelab.experiments.pseudonyms import logged_comparisons
from facelab.experiments.run_log import DatasetNote
from facelab.experiments.sites.kept import kept_answer
from facelab.experiments.study import Study
from facelab.report.words import best_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from facelab.config import Scenario
    from facelab.experiments.evaluation import Evaluation
    from facelab.experiments.run_log import RunLog
    from facelab.report.rows import ThresholdRow

STEPS_PER_UNIT = 1000
COUNTS = ("enrolled", "failed_to_enrol", "passages", "missed", "failed", "unmatched", "frames", "faces")
WHERE_TO_LOOK = (
    "**Where to look.** `report.html` sums up; `thresholds.json` has every threshold with its intervals and "
    "`curve.json` the whole curve (`mlflow.load_table` reads both); `figures/det.png` shows both errors; `tuned.json` "
    "is what a site loads and `card.html` says it to a person; `notebooks/` shows how each number was made. The nested "
    "runs are the stages and the cameras."
)


def record(run: RunLog, evaluation: Evaluation) -> None:
    """Log what `evaluation` found to `run`."""
    place, evidence = evaluation.workspace, evaluation.measured["evidence"]
    run.metrics(evaluation_metrics(evaluation))
    curve = read_curve(place.curve)
    run.series(curve_series(curve))
    if curve:
        run.table({name: [row[name] for row in curve] for name in curve[0]}, "curve.json")
    rows = [row.cells for row in evaluation.table]
    run.table({name: [cells[k] for cells in rows] for k, name in enumerate(evaluation.columns)}, "thresholds.json")
    run.datasets(inputs_of(evaluation.scenario, evidence))
    run.tags(
        {
            "evidence": "synthetic" if evaluation.synthetic else "real",
            "pack.fingerprint": evidence["pack_fingerprint"],
            "pack.licence": evidence["pack_licence"],
            "footage.digest": str(evidence["footage_digest"]),
            "watchlist.digest": evidence["watchlist_digest"],
        }
    )
    run.note(note_of(evaluation))
    run.rename(called(evaluation))
    for path in (place.points, place.curve, place.tuned, place.card, place.card_page, place.report, place.scenario):
        run.file(path)
    run.file(place.evidence)
    if place.site_answer.is_file():
        run.file(place.site_answer)
    # scores, no templates: what runs are compared and gated by
    run.file(logged_comparisons(Study(evaluation.scenario, place)))
    for path in sorted(place.figures.glob("*.png")) + sorted(place.figures.glob("*.svg")):
        run.file(path, "figures")


def called(evaluation: Evaluation) -> str:
    """What the run of `evaluation` is called: by the site's answer, whose threshold is exported, where there is one."""
    answer, pack = kept_answer(evaluation.workspace), evaluation.scenario.pack
    if answer is None or answer.threshold is None or evaluation.scenario.export_target_fpir is not None:
        return name_of(pack, best_row(evaluation.table))
    return f"T {answer.threshold:.4f}, the site's answer, {pack.rsplit('/', 1)[-1]}"


def name_of(pack: str, row: ThresholdRow | None) -> str:
    """What a run that has ended is called: its threshold and where that comes from, then the pack."""
    what = "no threshold" if row is None or row.threshold is None else f"T {row.threshold:.4f} at {row.name}"
    return f"{what}, {pack.rsplit('/', 1)[-1]}"


def note_of(evaluation: Evaluation) -> str:
    """The text at the top of the run's page: what was found in three sentences, the table, and where to look."""
    columns = evaluation.columns[:5]
    cells = [row.cells[:5] for row in evaluation.table]
    lines = ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *cells)]
    notes = [f"> {note}" for note in evaluation.scenario.notes]
    answer = kept_answer(evaluation.workspace)
    told = [] if answer is None else [f"**{line.heading}** ({line.kind}): {line.text}" for line in answer.lines]
    found = [" ".join(evaluation.finding), "\n".join(lines), *evaluation.more_data]
    return "\n\n".join([*told, *found, WHERE_TO_LOOK, *notes])


def inputs_of(scenario: Scenario, evidence: Mapping[str, Any]) -> list[DatasetNote]:
    """The probes and the watchlist of an evaluation as inputs of its run."""
    said = scenario.model_dump(mode="json")
    counts = {name: evidence[name] for name in COUNTS}
    watchlist = {name: counts.pop(name) for name in ("enrolled", "failed_to_enrol")}
    probes = {**counts, "cameras": list(evidence["cameras"]), "synthetic": evidence["synthetic"]}
    name = f"watchlist of {evidence['enrolled']}"
    return [
        DatasetNote("probes", evidence["footage"], evidence["footage_digest"] or "live", said["footage"], probes),
        DatasetNote("watchlist", name, evidence["watchlist_digest"], said["watchlist"], watchlist),
    ]


def evaluation_metrics(evaluation: Evaluation) -> dict[str, float | None]:
    """The metrics of an evaluation, by the names that this module's head explains."""
    metrics = table_metrics(evaluation.table)
    measured = evaluation.measured
    metrics |= {f"reported_on/{name}": float(count) for name, count in measured["reported_on"].items()}
    metrics |= {f"seconds/{name}": value for name, value in evaluation.seconds.items()}
    answer = kept_answer(evaluation.workspace)
    metrics |= {} if answer is None else {f"answer/{name}": float(value) for name, value in answer.metrics.items()}
    metrics |= answer_metrics(evaluation.scenario.answers, evaluation.scenario.confidence)
    return metrics | {f"counts/{name}": float(measured["evidence"][name]) for name in COUNTS}


def table_metrics(table: Sequence[ThresholdRow]) -> dict[str, float | None]:
    """The metrics of the table of thresholds: of the row that speaks for it, then of every row."""
    metrics: dict[str, float | None] = {}
    best = best_row(table)
    if best is not None:
        metrics |= row_metrics(best)
    for row in table:
        if row.threshold is not None:
            metrics |= row_metrics(row, f"{_group(row)}/")
    return metrics


def _group(row: ThresholdRow) -> str:
    if row.target is None:
        return "site"
    return f"target_{100 * row.target:g}pct" + ("_certified" if row.origin == "certified" else "")


def row_metrics(row: ThresholdRow, head: str = "") -> dict[str, float | None]:
    """The metrics of one threshold, each name behind `head`."""
    metrics: dict[str, float | None] = {f"{head}threshold": row.threshold, f"{head}supported": float(row.supported)}
    named = (("fpir", row.fpir), ("fnir", row.fnir), ("misidentification", row.misidentification))
    for name, rate in named:
        if rate is not None:
            metrics |= rate_metrics(f"{head}{name}", rate)
    return metrics


def rate_metrics(name: str, rate: Mapping[str, Any]) -> dict[str, float | None]:
    """The metrics of one rate as JSON has it: share, interval ends, both in percent too, errors and trials."""
    ends = {f"{name}{end}": rate[key] for end, key in (("", "rate"), ("_low", "low"), ("_high", "high"))}
    percent = {f"{key}_percent": None if value is None else 100 * value for key, value in ends.items()}
    return {**ends, **percent, **{f"{name}_{count}": rate[count] for count in ("errors", "trials")}}


def curve_series(curve: list[dict[str, float | None]]) -> dict[str, list[tuple[int, float]]]:
    """The curve's rates in percent by threshold, one value a step."""
    series: dict[str, list[tuple[int, float]]] = {}
    for rate in ("fpir", "fnir"):
        for part in ("", "_low", "_high"):
            by_step = {_step(row): 100 * value for row in curve if (value := row[rate + part]) is not None}
            series[f"curve/{rate}{part}_percent"] = sorted(by_step.items())
    return series


def _step(row: Mapping[str, float | None]) -> int:
    threshold = row["threshold"]
    return 0 if threshold is None else round(STEPS_PER_UNIT * threshold)


def log_notebook(run: RunLog, path: Path, *, names: bool = False) -> None:
    """Log an executed notebook and its page, without what its cells tagged ``faces`` show, nor those tagged ``names``.

    `names`: True where these people were generated, so that their names may be shown.
    """
    import nbformat

    from facelab.report.notebook_page import notebook_page, read_notebook, without_people

    clean = without_people(read_notebook(path), names=names)
    run.text(nbformat.writes(clean), f"notebooks/{path.name}")  # type: ignore[no-untyped-call]  # nbformat
    run.text(notebook_page(clean, path.stem), f"notebooks/{path.stem}.html")

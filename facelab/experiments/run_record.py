"""What of an evaluation goes into its MLflow run: names that MLflow takes, and values that its pages show.

The exported threshold's rates are ``fpir``, ``fnir`` and ``misidentification`` with ``_low``, ``_high``, ``_errors``,
``_trials`` and ``_percent`` (MLflow's charts round to two decimals); those of every target stand under
``target_5pct/…``, the site's own under ``site/…``. The curve is logged by threshold: the step is the threshold times
1,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.experiments.curve_table import read_curve
from facelab.report.words import best_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facelab.experiments.evaluation import Evaluation
    from facelab.experiments.tracked_run import TrackedRun
    from facelab.report.rows import ThresholdRow

STEPS_PER_UNIT = 1000


def record(run: TrackedRun, evaluation: Evaluation) -> None:
    """Log what `evaluation` found to `run`."""
    measured, place = evaluation.measured, evaluation.workspace
    run.metrics(evaluation_metrics(evaluation))
    curve = read_curve(place.curve)
    run.series(curve_series(curve))
    run.table({name: [row[name] for row in curve] for name in curve[0]} if curve else {}, "curve.json")
    _tables(run, evaluation)
    evidence = measured["evidence"]
    run.datasets(
        {
            "probes": (evidence["footage"], evidence["footage_digest"] or "live"),
            "watchlist": (f"watchlist of {evidence['enrolled']}", evidence["watchlist_digest"]),
        }
    )
    run.tag("evidence", "synthetic" if evaluation.synthetic else "real")
    run.tag("pack.fingerprint", evidence["pack_fingerprint"])
    run.tag("footage.digest", str(evidence["footage_digest"]))
    run.tag("watchlist.digest", evidence["watchlist_digest"])
    run.tag(
        "mlflow.note.content", "\n\n".join((*evaluation.scenario.notes, *evaluation.finding, *evaluation.more_data))
    )
    for path in (place.points, place.curve, place.tuned, place.report, place.scenario):
        run.file(path)
    for path in sorted(place.figures.glob("*.png")) + sorted(place.figures.glob("*.svg")):
        run.file(path, "figures")


def evaluation_metrics(evaluation: Evaluation) -> dict[str, float | None]:
    """The metrics of an evaluation, by the names that this module's head explains."""
    metrics: dict[str, float | None] = {}
    best = best_row(evaluation.table)
    if best is not None:
        metrics |= _row_metrics(best, "")
    for row in evaluation.table:
        if row.threshold is not None:
            metrics |= _row_metrics(row, f"{_group(row)}/")
    measured = evaluation.measured
    metrics |= {f"reported_on/{name}": float(count) for name, count in measured["reported_on"].items()}
    metrics |= {f"seconds/{name}": value for name, value in evaluation.seconds.items()}
    counts = ("enrolled", "failed_to_enrol", "passages", "missed", "failed", "unmatched", "frames", "faces")
    return metrics | {f"counts/{name}": float(measured["evidence"][name]) for name in counts}


def _group(row: ThresholdRow) -> str:
    if row.target is None:
        return "site"
    return f"target_{100 * row.target:g}pct" + ("_certified" if row.origin == "certified" else "")


def _row_metrics(row: ThresholdRow, head: str) -> dict[str, float | None]:
    metrics: dict[str, float | None] = {f"{head}threshold": row.threshold, f"{head}supported": float(row.supported)}
    named = (("fpir", row.fpir), ("fnir", row.fnir), ("misidentification", row.misidentification))
    for name, rate in named:
        if rate is not None:
            metrics |= _rate_metrics(f"{head}{name}", rate)
    return metrics


def _rate_metrics(name: str, rate: Mapping[str, Any]) -> dict[str, float | None]:
    share = rate["rate"]
    ends = {f"{name}_{end}": rate[end] for end in ("low", "high", "errors", "trials")}
    return {name: share, f"{name}_percent": None if share is None else 100 * share, **ends}


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


def _tables(run: TrackedRun, evaluation: Evaluation) -> None:
    rows = [row.cells for row in evaluation.table]
    run.table({name: [cells[k] for cells in rows] for k, name in enumerate(evaluation.columns)}, "thresholds.json")


def log_notebook(run: TrackedRun, path: Path) -> None:
    """Log an executed notebook and its page, without what its cells tagged ``faces`` show."""
    import nbformat

    from facelab.report.notebook_page import notebook_page, read_notebook, without_faces

    clean = without_faces(read_notebook(path))
    run.text(nbformat.writes(clean), f"notebooks/{path.name}")  # type: ignore[no-untyped-call]  # nbformat
    run.text(notebook_page(clean, path.stem), f"notebooks/{path.stem}.html")

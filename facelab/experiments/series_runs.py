"""A simulated series in MLflow: one run of the whole series, and a run nested in it for every day.

The whole series has each rate, its control limits and the gate's word as metrics over days, so that its own page draws
the trend; the figures with the limits are its artefacts. A day has that day's rates with their interval ends, so that a
chart of the nested runs (a scatter of ``day`` against ``fnir_percent``, say) shows the same. They lie in an experiment
of their own, ``<scenario> series``: simulated days are no evaluations, and nothing that is judged or watched counts
them.

Everything is collected first and logged in one go, and kept where the store is down (`facelab log` logs it then).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.experiments.outbox import FOLDER, Record, read_record, replay
from facelab.experiments.run_log import DatasetNote, RunLog
from facelab.experiments.run_record import rate_metrics
from facelab.stats.control import ControlChart, control_chart
from facelab.stats.openset import OpenSetCurve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.experiments.gate_measured import Measured
    from facelab.experiments.series import Day, Series
    from facelab.stats.rates import Rate

KIND = "facelab.kind"
VERDICTS = {"better": 1.0, "not worse": 1.0, "cannot tell with this data": 0.0, "worse": -1.0}
"""The gate's word as a number, for a chart: 1 passed, 0 cannot tell, -1 worse."""


def day_rates(measured: Measured, camera: str) -> dict[str, Rate]:
    """FPIR and FNIR of all cameras, and the FNIR of `camera`, at the threshold in force."""
    whole = OpenSetCurve(measured.searches).at(measured.threshold)
    here = np.asarray(measured.cameras == camera, dtype=np.bool_)
    own = OpenSetCurve(measured.searches.take(here)).at(measured.threshold)
    return {"fpir": whole.fpir, "fnir": whole.fnir, f"fnir_{camera}": own.fnir}


def day_charts(rates: Sequence[dict[str, Rate]], *, quiet: int, growing: int) -> dict[str, ControlChart]:
    """The control chart of each rate of `rates`, a dict a day.

    Parameters
    ----------
    rates : sequence of dict of str to Rate
        As `day_rates` gives them, one a day.
    quiet : int
        Days of the baseline of FNIR.
    growing : int
        The same of FPIR: the watchlist grows from the first day on.
    """
    charts = {}
    for name in rates[0]:
        errors, trials = ([int(getattr(day[name], count)) for day in rates] for count in ("errors", "trials"))
        baseline = growing if name == "fpir" else quiet
        title = name.upper().replace("_", ", camera ", 1) if "_" in name else f"{name.upper()}, all cameras"
        charts[name] = control_chart(title, errors, trials, baseline=baseline)
    return charts


def log_series(series: Series, days: Sequence[Day], champion: Measured, workspace: Path) -> str:
    """Log a series and its days; gives the id of the run of the whole.

    Parameters
    ----------
    series : Series
        Its pool and plan.
    days : sequence of Day
        As `Series.run` gives them.
    champion : Measured
        What they were held against.
    workspace : Path
        The folder of the scenario's results: where the series is kept until it is logged.

    Raises
    ------
    NotMeasured
        The store cannot be used; the series is kept in the workspace, and ``facelab log`` logs it.
    """
    plan, camera = series.plan, series.pool.camera
    rates = [day_rates(day.measured, camera) for day in days]
    # the limits come from days before anything has changed much: the list grows from the first day on
    quiet, growing = max(2, 2 * plan.altered_from // 3), max(2, min(5, plan.grown_on // 4))
    charts = day_charts(rates, quiet=quiet, growing=growing)
    record = Record(f"{workspace.name} series", workspace / FOLDER)
    run = RunLog(record.add)
    synthetic = "synthetic" if champion.synthetic else "real"
    run.start(f"{len(days)} days, {camera} altered on day {plan.altered_from}", _tags("series", record, synthetic))
    run.params({name: str(value) for name, value in vars(plan).items()} | {"camera": camera})
    run.metrics({"threshold": champion.threshold, "days": len(days)})
    for name, chart in charts.items():
        # MLflow draws a chart a metric, in sections by what stands before the slash
        drawn = {f"trend/{name}": chart.rate, f"limits/{name}_low": chart.low, f"limits/{name}_high": chart.high}
        run.series({f"{metric}_percent": list(enumerate(100 * values)) for metric, values in drawn.items()})
    run.series({"trend/gate": [(day.day, VERDICTS[day.verdict.verdict]) for day in days]})
    run.series({"trend/enrolled": [(day.day, float(plan.subjects(day.day))) for day in days]})
    run.datasets([DatasetNote(f"days of {champion.name}", champion.scenario, "simulated", champion.data, vars(plan))])
    run.note(_note(series, days, charts))
    with tempfile.TemporaryDirectory(prefix="facelab-series-") as folder:
        for path in _drawn(series, days, charts, Path(folder)):
            run.file(path, "figures")
        for day, found in zip(days, rates, strict=True):
            _log_day(run, day, found, plan.subjects(day.day), synthetic)
        run.end("FINISHED")
        record.keep()  # copies the figures
    return replay(read_record(record.folder))


def _tags(kind: str, record: Record, evidence: str) -> dict[str, str]:
    return {KIND: kind, "evidence": evidence, "simulated": "yes", **record.owner.tags}


def _log_day(run: RunLog, day: Day, rates: dict[str, Rate], enrolled: int, evidence: str) -> None:
    """The run of one day, nested in `run`."""
    verdict = day.verdict
    tags = {KIND: "day", "gate": verdict.verdict, "evidence": evidence, "simulated": "yes"}
    nested = run.child(f"day/{day.day}", f"day {day.day:02d}", tags)
    metrics: dict[str, float | None] = {"day": float(day.day), "enrolled": float(enrolled)}
    metrics |= {"gate": VERDICTS[verdict.verdict], "threshold": day.measured.threshold}
    for name, rate in rates.items():
        metrics |= rate_metrics(name, rate.to_dict(0.95))
    nested.metrics(metrics)
    broken = ", ".join(check.name for check in verdict.checks if check.verdict == "worse")
    nested.note(f"The gate says: {verdict.verdict}. " + (f"Shown to be broken: {broken}." if broken else ""))
    nested.end("FINISHED")


def _note(series: Series, days: Sequence[Day], charts: dict[str, ControlChart]) -> str:
    from facelab.plots.trend import trend_finding

    plan = series.plan
    worse = [day.day for day in days if day.day >= plan.altered_from and day.verdict.verdict == "worse"]
    said = "never calls it worse" if not worse else f"first calls it worse on day {worse[0]}"
    findings = " ".join(f"{trend_finding(chart)}." for chart in charts.values())
    return (
        f"**Simulated.** {len(days)} days drawn from the passages of one evaluation: on day {plan.altered_from} the "
        f"camera {series.pool.camera} goes out of focus, until day {plan.grown_on} the watchlist grows from "
        f"{plan.list_first} to {plan.list_last}. From the day of the blur on, the gate {said}. {findings} The charts "
        "`trend/…` of this run draw each rate by day, `limits/…` its control limits, and the figures both in one. "
        "The nested runs are the days."
    )


def _drawn(series: Series, days: Sequence[Day], charts: dict[str, ControlChart], folder: Path) -> list[Path]:
    from facelab.experiments.figures import saved_figure
    from facelab.plots.trend import trend

    plan, words = series.plan, [day.verdict.verdict for day in days]
    altered = {plan.altered_from: f"{series.pool.camera} out of focus"} if plan.altered_from < len(days) else {}
    grown = {plan.grown_on: f"watchlist: {plan.list_last}"} if plan.grown_on < len(days) else {}
    drawn = [
        saved_figure(trend(c, verdicts=words, events=altered | (grown if n == "fpir" else {})), folder, f"{n}_trend")
        for n, c in charts.items()
    ]
    return [path for figure in drawn for path in (figure.path, figure.path.with_suffix(".svg"))]


__all__ = ["VERDICTS", "day_charts", "day_rates", "log_series"]

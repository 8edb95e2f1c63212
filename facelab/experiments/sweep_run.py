"""`sweep`: a grid or a search of one scenario as one MLflow run with a run nested in it for each point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.experiments import outbox
from facelab.experiments.chain import Stopwatch
from facelab.experiments.objective import Objective, parse_objective
from facelab.experiments.pareto import Tradeoff
from facelab.experiments.progress import Progress, quiet
from facelab.experiments.run_log import flat
from facelab.experiments.run_record import row_metrics, table_metrics
from facelab.experiments.scenario import load_scenario
from facelab.experiments.search import Search
from facelab.experiments.sweep import Sweeper, best_point, check_names, why_none
from facelab.experiments.sweep_space import Range, checked_points, ends_of, grid_points
from facelab.experiments.tracked_run import KIND, TrackedRun
from facelab.experiments.workspace import Workspace, open_workspace, write_json
from facelab.report.rows import rate_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from facelab.config import Scenario
    from facelab.experiments.sweep_point import PointFound

DEFAULT = "minimise fnir"
TRIALS = 30
COLUMNS = ("point", "threshold", "FPIR", "FNIR", "embeddings a frame", "s a frame", "note")


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep tries.

    Parameters
    ----------
    grid : mapping of str to sequence
        Values of each setting: every combination is tried.
    space : mapping of str to Range or sequence
        What a search chooses from; with it, `grid` is empty.
    objective : str
        What is best; names the FPIR that thresholds are chosen for (else the scenario's exported one).
    trials, seed : int
        Of the search.
    storage : Path, optional
        A file in which the search goes on the next time.
    """

    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    space: Mapping[str, Range | Sequence[Any]] = field(default_factory=dict)
    objective: str = DEFAULT
    trials: int = TRIALS
    seed: int = 1
    storage: Path | None = None

    @property
    def searched(self) -> bool:
        """True where Optuna chooses the points."""
        return bool(self.space)


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a sweep found.

    Parameters
    ----------
    points : tuple of PointFound
        In the order of their numbers.
    objective : Objective
        With the target that was used.
    best : PointFound or None
        None where no point keeps every limit; `finding` says why.
    run_id : str
        The MLflow run; empty where the store could not be used (`kept` says where its record is).
    kept : Path or None
        As in `Evaluation`.
    figure : Path or None
        The Pareto front.
    matched : int
        How many times comparisons had to be made.
    seconds : mapping
        How long it took.
    """

    points: tuple[PointFound, ...]
    objective: Objective
    best: PointFound | None
    run_id: str
    kept: Path | None
    figure: Path | None
    matched: int
    seconds: Mapping[str, float]

    @property
    def finding(self) -> str:
        """What was found, in at most two sentences."""
        if self.best is None:
            return f"{why_none(self.points, self.objective)}."
        return f"Best of {len(self.points)} points to {self.objective}: {describe(self.best)}"

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The points as a table with the columns `COLUMNS`; the best one is marked."""
        return [_cells(point, self.best) for point in self.points]

    def to_dict(self) -> dict[str, Any]:
        """The sweep for JSON."""
        return {
            "objective": str(self.objective),
            "finding": self.finding,
            "best": None if self.best is None else self.best.to_dict(),
            "points": [point.to_dict() for point in self.points],
            "run_id": self.run_id,
            "kept": None if self.kept is None else str(self.kept),
            "figure": None if self.figure is None else str(self.figure),
            "comparisons_made": self.matched,
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
        }

    def __str__(self) -> str:
        return self.finding


def sweep(
    scenario: str | Path,
    plan: SweepPlan,
    *,
    workspace: str | Path = "",
    overrides: Mapping[str, Any] | None = None,
    workers: int = 0,
    progress: Progress = quiet,
) -> SweepResult:
    """Measure the points of `plan`, log each as a run nested in that of the sweep, and mark the best.

    Parameters
    ----------
    scenario, workspace, overrides, progress
        As for `facelab.experiments.evaluate`.
    plan : SweepPlan
        What is tried, and what is best.
    workers : int
        Processes for the statistics; 0: one a core.

    Raises
    ------
    BadInput
        A setting is unknown or out of range at some point, or the objective cannot be read; nothing has run then.
    NotMeasured
        Another evaluation or sweep is running in the workspace.
    """
    chosen, given = load_scenario(scenario, overrides), dict(overrides or {})
    objective = parse_objective(plan.objective)
    check_names({*plan.grid, *plan.space})
    if bool(plan.grid) == bool(plan.space):
        raise BadInput("give what to try: --grid key=v1,v2, or --search with --over key=low..high", place="sweep")
    numbered = grid_points(plan.grid) if plan.grid else []
    scenarios = checked_points(scenario, given, numbered or ends_of(plan.space))
    place, watch = open_workspace(workspace, chosen.name), Stopwatch()
    with place.lock():
        run = TrackedRun(chosen, place.folder / outbox.FOLDER, kind="sweep", tags=_tags(plan, objective))
        sweeper = Sweeper(place, objective, workers, progress)
        try:
            if plan.searched:
                found = _searched(sweeper, plan, run, lambda change: load_scenario(scenario, {**given, **change}))
            else:
                points = [(k, change, s) for k, (change, s) in enumerate(zip(numbered, scenarios), start=1)]
                by_number = {number: s for number, _, s in points}
                found = sweeper.measure(points, len(points), lambda p: log_point(run, p, by_number[p.number]))
            result = _concluded(found, sweeper, run, place, watch)
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            run.end("KILLED" if stopped else "FAILED", "Ctrl-C" if stopped else f"{type(error).__name__}: {error}")
            raise
    return result


def _tags(plan: SweepPlan, objective: Objective) -> dict[str, str]:
    tried = plan.space or plan.grid
    said = "; ".join(f"{name}: {values}" for name, values in tried.items())
    return {"sweep.tries": said[:5000], "sweep.objective": str(objective), "sweep.seed": str(plan.seed)}


def _searched(sweeper: Sweeper, plan: SweepPlan, run: TrackedRun, scenario_at: Any) -> list[PointFound]:
    """The points that a search chose, as many at once as are measured at once."""
    if sweeper.objective.target is None:
        raise BadInput("a search needs the FPIR to keep: add 'subject to fpir <= 0.01'", place="--search")
    search = Search(plan.space, sweeper.objective, seed=plan.seed, storage=plan.storage)
    found: list[PointFound] = []
    while len(found) < plan.trials:
        size = min(sweeper.processes, plan.trials - len(found))
        numbers = range(len(found) + 1, len(found) + 1 + size)
        asked = [(number, search.ask(number)) for number in numbers]
        points = [(number, change, scenario_at(change)) for number, change in asked]
        by_number = {number: s for number, _, s in points}
        batch = sweeper.measure(points, plan.trials, lambda p, s=by_number: log_point(run, p, s[p.number]))  # type: ignore[misc]  # a default binds the loop's value
        for point in batch:
            search.tell(point.number, {} if point.problem else point.chosen_by)
        found += batch
    return found


def log_point(run: TrackedRun, point: PointFound, scenario: Scenario) -> None:
    """Log a point as a run nested in that of its sweep; one that was not measured ends FAILED with its reason."""
    tags = {KIND: "point", "pack": scenario.pack, "point": str(point.number)}
    nested = run.child(f"point/{point.number}", point.name, tags)
    nested.params(flat(scenario.model_dump(mode="json")))
    metrics: dict[str, float | None] = {f"choosing/{name}": value for name, value in point.chosen_by.items()}
    metrics |= {name: point.chosen_by.get(name) for name in ("embeddings_a_frame", "seconds_a_frame")}
    if point.row is not None:
        metrics |= table_metrics(point.table) | row_metrics(point.row) | {"seconds/statistics": point.seconds}
        nested.note(describe(point))
    nested.metrics(metrics)
    nested.end("FAILED" if point.problem else "FINISHED", point.problem)


def describe(point: PointFound) -> str:
    """The point in one sentence, or why it was not measured."""
    if point.row is None:
        return f"{point.name}: {point.problem}."
    threshold = float("nan") if point.row.threshold is None else point.row.threshold
    rates = f"FPIR {rate_text(point.row.fpir)} and FNIR {rate_text(point.row.fnir)}"
    return f"{point.name}: at the threshold {threshold:.4f}, {rates}, on people that no choice has seen."


def tradeoff_of(points: Sequence[PointFound], best: PointFound | None) -> Tradeoff | None:
    """The errors and the cost of every threshold of every point; None where nothing was measured."""
    entries: list[tuple[str, float, float, PointFound, bool]] = []
    for point in points:
        rows = [] if point.row is None else [(point.row, True), *((row, False) for row in point.table)]
        for row, own in rows:
            fpir, fnir = (None if rate is None else rate["rate"] for rate in (row.fpir, row.fnir))
            if fpir is not None and fnir is not None:
                label = point.name if own else f"{point.name}, {row.name}"
                entries.append((label, fpir, fnir, point, own))
    if not entries:
        return None
    name = "seconds_a_frame"
    if any(entry[3].chosen_by.get(name) is None for entry in entries):
        name = "embeddings_a_frame"
    cost = [entry[3].chosen_by.get(name) for entry in entries]
    chosen = next((k for k, entry in enumerate(entries) if best is not None and entry[3] is best and entry[4]), None)
    return Tradeoff(
        tuple(entry[0] for entry in entries),
        np.array([entry[1] for entry in entries]),
        np.array([entry[2] for entry in entries]),
        np.array([np.nan if value is None else value for value in cost], dtype=float),
        name.replace("_", " ").replace("seconds a", "s of processor time a"),
        chosen,
    )


def _concluded(
    found: list[PointFound], sweeper: Sweeper, run: TrackedRun, place: Workspace, watch: Stopwatch
) -> SweepResult:
    """The result, its best point marked, its figure drawn, and its run ended."""
    best = best_point(found, sweeper.objective)
    figure = _figure(found, best, place)
    result = SweepResult(
        tuple(found), sweeper.objective, best, run.id, None, figure, sweeper.matched, dict(watch.seconds)
    )
    cells = result.rows
    run.table({name: [row[k] for row in cells] for k, name in enumerate(COLUMNS)}, "points.json")
    write_json(place.folder / "sweep.json", result.to_dict())
    run.file(place.folder / "sweep.json")
    if figure is not None:
        run.file(figure, "figures")
        run.file(figure.with_suffix(".svg"), "figures")
    run.metrics({"points": len(found), "points_failed": sum(bool(point.problem) for point in found)})
    run.metrics({"comparisons_made": sweeper.matched, **{f"seconds/{k}": v for k, v in result.seconds.items()}})
    if best is not None and best.row is not None:
        run.metrics({**row_metrics(best.row), **{n: best.chosen_by.get(n) for n in ("embeddings_a_frame",)}})
        run.tags({"best": best.name, "sweep.objective": str(sweeper.objective)})
        run.rename(f"T {best.row.threshold:.4f}, best of {len(found)} points")
        run.mark(f"point/{best.number}", {"best": "yes"}, f"**Best of {len(found)} points.** {describe(best)}")
    run.note("\n\n".join([result.finding, *_how(best)]))
    run.end("FINISHED")
    result = SweepResult(
        result.points, result.objective, best, run.id, run.kept, figure, sweeper.matched, dict(watch.seconds)
    )
    write_json(place.folder / "sweep.json", result.to_dict())
    return result


def _how(best: PointFound | None) -> list[str]:
    if best is None:
        return []
    settings = " ".join(f"-p '{name}={value}'" for name, value in flat(best.changed).items())
    return [f"Thresholds were chosen on one half of the people. Evaluate it whole: `facelab evaluate … {settings}`."]


def _figure(found: list[PointFound], best: PointFound | None, place: Workspace) -> Path | None:
    from facelab.experiments.figures import saved_figure
    from facelab.plots.pareto import pareto_front

    tradeoff = tradeoff_of(found, best)
    return None if tradeoff is None else saved_figure(pareto_front(tradeoff), place.folder / "sweep", "pareto").path


def _cells(point: PointFound, best: PointFound | None) -> tuple[str, ...]:
    costs = [point.chosen_by.get(name) for name in ("embeddings_a_frame", "seconds_a_frame")]
    said = ["" if cost is None else f"{cost:.3g}" for cost in costs]
    mark = "best" if best is not None and point.number == best.number else ""
    if point.row is None or point.row.threshold is None:
        return (point.name, "–", "–", "–", *said, point.problem)
    return (point.name, f"{point.row.threshold:.4f}", rate_text(point.row.fpir), rate_text(point.row.fnir), *said, mark)


__all__ = ["SweepPlan", "SweepResult", "describe", "log_point", "sweep", "tradeoff_of"]

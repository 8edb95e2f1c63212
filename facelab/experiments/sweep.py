"""`sweep`: many settings of one scenario, measured without running anything twice, and the best of them marked.

Points that agree in everything up to the comparisons share them; of those that do not, the clips come from the cache
and detections from memory (`facelab.experiments.remembered_pack`). Comparisons are made one after the other, each on
all cores; the statistics of the points run in processes beside it. Every point is a run nested in that of the sweep.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput, FacelabError, NotMeasured
from facelab.experiments.frame_cost import seconds_a_frame
from facelab.experiments.objective import Limit, Objective
from facelab.experiments.progress import Progress, Step, quiet
from facelab.experiments.pseudonyms import scrubbed
from facelab.experiments.remembered_pack import RememberedPack
from facelab.experiments.study import Study
from facelab.experiments.sweep_point import (
    PointFound,
    PointTask,
    SweepWorkspace,
    costs_of,
    measure_point,
    smallest_supported_target,
    upstream_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from facelab.config import Scenario
    from facelab.experiments.workspace import Workspace
    from facelab.pipeline.packs import Pack

STAGE = "sweep"


@dataclass
class Sweeper:
    """Measures points of one scenario.

    Parameters
    ----------
    workspace : Workspace
        The scenario's own; points keep their comparisons below it.
    objective : Objective
        What is best; a target FPIR is filled in from the first point where it names none.
    workers : int
        Processes for the statistics; 0: one a core; 1: none besides this one.
    progress : callable
        Told a step a point.
    """

    workspace: Workspace
    objective: Objective
    workers: int = 0
    progress: Progress = quiet
    packs: dict[str, RememberedPack] = field(default_factory=dict)
    matched: int = 0
    _studies: dict[str, tuple[Study, dict[str, float | None]]] = field(default_factory=dict)
    _problems: dict[str, str] = field(default_factory=dict)

    @property
    def processes(self) -> int:
        """How many processes do statistics."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.workers or cores

    def measure(
        self,
        points: Sequence[tuple[int, Mapping[str, Any], Scenario]],
        total: int,
        done: Callable[[PointFound], None],
    ) -> list[PointFound]:
        """What each of `points` (number, what was changed, scenario) gave, in their order.

        Parameters
        ----------
        points : sequence
            To be measured.
        total : int
            How many there will be in all, for the progress.
        done : callable
            Called with each point once it is measured, in this thread.
        """
        found: dict[int, PointFound] = {}

        def take(point: PointFound) -> None:
            found[point.number] = point
            done(point)
            self.progress(Step(STAGE, point.number, total, note=point.name))

        with self._pool(len(points)) as pool:
            waiting: set[Future[PointFound]] = set()
            for task, costs in self._prepared(points, take):
                if pool is None:
                    take(measure_point(task, costs))
                    continue
                waiting.add(pool.submit(measure_point, task, costs))
                waiting = _taken(waiting, take, block=False)
            while waiting:
                waiting = _taken(waiting, take, block=True)
        return [found[number] for number, _, _ in points]

    def _pool(self, points: int) -> Any:
        from contextlib import nullcontext

        size = min(self.processes, points)
        # "spawn": a process that was forked from one with threads and models in it may hang
        return nullcontext() if size < 2 else ProcessPoolExecutor(size, get_context("spawn"))

    def _prepared(
        self, points: Iterable[tuple[int, Mapping[str, Any], Scenario]], take: Callable[[PointFound], None]
    ) -> Iterator[tuple[PointTask, Mapping[str, float | None]]]:
        """The task of each point, once its comparisons are there; one whose comparisons fail is taken as a failure."""
        queue = deque(points)
        while queue:
            number, changed, scenario = queue.popleft()
            try:
                study, costs = self._matched(scenario)
            except FacelabError as error:
                task = PointTask(number, changed, scenario, self.workspace, self.objective)
                take(PointFound(number, task.name, changed, problem=scrubbed(str(error), task.scenario)))
                continue
            yield PointTask(number, changed, scenario, study.workspace, self.objective), costs

    def _matched(self, scenario: Scenario) -> tuple[Study, dict[str, float | None]]:
        """A study whose comparisons are made, and what its pipeline costs; made once for all points that share it."""
        key = _key(scenario)
        if key in self._problems:
            raise NotMeasured(self._problems[key])
        if key not in self._studies:
            try:
                self._studies[key] = self._match(scenario, key)
            except FacelabError as error:
                self._problems[key] = str(error)
                raise
        if self.objective.target is None:
            target = smallest_supported_target(Study(scenario, self._studies[key][0].workspace))
            limits = (*self.objective.limits, Limit("fpir", "<=", target))
            self.objective = replace(self.objective, limits=limits)
        return self._studies[key]

    def _match(self, scenario: Scenario, key: str) -> tuple[Study, dict[str, float | None]]:
        study = Study(scenario, self.workspace)
        if not study.is_matched:
            folder = self.workspace.folder / "sweep" / key
            folder.mkdir(parents=True, exist_ok=True)
            study = Study(scenario, SweepWorkspace(folder, self.workspace.footage))
        plain = self._remember(study) if _has_footage(study) or not study.is_matched else None
        if not study.is_matched:
            self.matched += 1
            self.progress(Step(STAGE, 0, 0, note=f"comparing ({self.matched})"))
            _ = study.comparisons
        costs = costs_of(study, None)
        embeddings = costs["embeddings_a_frame"]
        if plain is not None and embeddings is not None:
            costs["seconds_a_frame"] = seconds_a_frame(study, plain, embeddings)
        return study, costs

    def _remember(self, study: Study) -> Pack:
        """Give `study` a pack with a memory, shared by all points with that pack; gives the one without."""
        name = study.scenario.pack
        if name not in self.packs:
            self.packs[name] = RememberedPack(study.pack)
        study.__dict__["pack"] = self.packs[name]
        return self.packs[name].plain


def _taken(
    waiting: set[Future[PointFound]], take: Callable[[PointFound], None], *, block: bool
) -> set[Future[PointFound]]:
    """Take what is measured; gives what still waits."""
    ended, rest = wait(waiting, timeout=None if block else 0, return_when=FIRST_COMPLETED)
    for future in ended:
        take(future.result())
    return rest


def _has_footage(study: Study) -> bool:
    """Whether frames can be read without rendering any."""
    return study.scenario.footage.kind != "terminal" or study.workspace.footage.is_dir()


def _key(scenario: Scenario) -> str:
    said = json.dumps(upstream_of(scenario), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def best_point(points: Sequence[PointFound], objective: Objective) -> PointFound | None:
    """The point that `objective` calls best, judged by the half of the people that chose; None where none keeps it.

    Of equal ones the cheaper, then the earlier.
    """
    kept = [point for point in points if not point.problem and objective.feasible(point.chosen_by)]

    def order(point: PointFound) -> tuple[float, float, int]:
        cost = point.chosen_by.get("embeddings_a_frame")
        return objective.loss(point.chosen_by), float("inf") if cost is None else cost, point.number

    return min(kept, key=order, default=None)


def why_none(points: Sequence[PointFound], objective: Objective) -> str:
    """Why no point is best, in one sentence."""
    problems = [point.problem for point in points if point.problem]
    if len(problems) == len(points):
        return f"nothing could be measured at any of {len(points)} points: {problems[0]}" if points else "no point"
    beyond = [
        f"{limit} (the nearest is {limit.value + (1 if limit.sign == '<=' else -1) * least:.3g})"
        for limit in objective.limits
        if (least := min(limit.excess(p.chosen_by) for p in points if not p.problem)) > 0
    ]
    return f"no point of {len(points)} keeps " + (" and ".join(beyond) or "every limit at once")


def check_names(names: Iterable[str]) -> None:
    """Refuse settings that a sweep itself decides.

    Raises
    ------
    BadInput
        One of `names` is such a setting.
    """
    people = "its points would be judged by different people, and the best of them would be luck"
    decided = {"name": "the scenario's name is where results go", "counts_only": "nothing is tuned on counts"}
    decided |= {"split_seed": people, "select_share": people}
    for name in names:
        if name in decided:
            raise BadInput(f"a sweep cannot change it: {decided[name]}", place=f"--grid {name}")

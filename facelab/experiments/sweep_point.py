"""One point of a sweep: a scenario with some settings changed, measured by the library without a notebook.

The threshold is chosen on one half of the probe people, for the FPIR that the objective names. What the objective
compares is measured on that same half; what is reported is measured on the other, which no choice has seen. So the best
of many points is not best by luck on the people that it is reported on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import FacelabError, NotMeasured
from facelab.experiments.pseudonyms import scrubbed
from facelab.experiments.study import Study
from facelab.experiments.workspace import Workspace
from facelab.report.rows import ThresholdRow, threshold_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.config import Scenario
    from facelab.experiments.objective import Objective
    from facelab.stats.points import OperatingPoint

# what changes nothing before the comparisons are made
AFTER_MATCHING = (
    "name", "title", "question", "notes", "targets_fpir", "site_threshold", "site_threshold_from", "export_target_fpir",
    "rank", "select_share", "split_seed", "confidence", "counts_only", "floor", "gate",
    "labels",
)  # fmt: skip


@dataclass(frozen=True)
class SweepWorkspace(Workspace):
    """The folder of the points that share their comparisons; the footage is that of the scenario's own workspace."""

    rendered: Path = Path()

    @property
    def footage(self) -> Path:
        """Rendered footage, shared by all points."""
        return self.rendered


@dataclass(frozen=True)
class PointTask:
    """A point to be measured.

    Parameters
    ----------
    number : int
        From 1.
    changed : mapping of str to value
        The settings that differ from the scenario's, by dotted name.
    scenario : Scenario
        With them in force.
    workspace : Workspace
        Where its comparisons are.
    objective : Objective
        What it is judged by; names the FPIR that the threshold is chosen for.
    """

    number: int
    changed: Mapping[str, Any]
    scenario: Scenario
    workspace: Workspace
    objective: Objective

    @property
    def name(self) -> str:
        """What it is called: its number and what was changed."""
        said = ", ".join(f"{name.rsplit('.', 1)[-1]}={value}" for name, value in self.changed.items())
        return f"{self.number:03d} {said or 'as it is'}"


@dataclass(frozen=True)
class PointFound:
    """What a point gave.

    Parameters
    ----------
    number, name, changed
        As in `PointTask`.
    row : ThresholdRow or None
        The threshold that was chosen and the rates of the reporting half; None where there is none.
    table : tuple of ThresholdRow
        The scenario's own targets, on the reporting half.
    chosen_by : mapping of str to float or None
        The measures of the choosing half, and the costs: what the objective compares.
    problem : str
        Why nothing was measured; empty where something was.
    seconds : float
        Processor time of the statistics.
    """

    number: int
    name: str
    changed: Mapping[str, Any]
    row: ThresholdRow | None = None
    table: tuple[ThresholdRow, ...] = ()
    chosen_by: Mapping[str, float | None] = field(default_factory=dict)
    problem: str = ""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The point for JSON."""
        row = None if self.row is None else self.row.to_dict()
        plain = {"number": self.number, "name": self.name, "changed": dict(self.changed), "problem": self.problem}
        return {**plain, "row": row, "chosen_by": dict(self.chosen_by), "seconds": round(self.seconds, 3)}


def upstream_of(scenario: Scenario) -> dict[str, Any]:
    """The settings that the comparisons depend on: points that agree in them share their comparisons."""
    return scenario.model_dump(mode="json", exclude=set(AFTER_MATCHING))


def measure_point(task: PointTask, costs: Mapping[str, float | None]) -> PointFound:
    """What the point of `task` gives; a point that cannot be measured says why, and ends no other.

    Parameters
    ----------
    task : PointTask
        The point.
    costs : mapping
        Its costs, measured where its comparisons were made.
    """
    begun = time.process_time()
    study = Study(task.scenario, task.workspace)
    try:
        chosen, reported = _chosen(study, task.objective)
        confidence = task.scenario.confidence
        said = {**reported.to_dict(confidence), "target_fpir": task.objective.target}
        (row, *_) = threshold_rows([{**said, "certified": None}])
        table = threshold_rows([point.to_dict(confidence) for point in study.points])
        values = {**point_values(chosen, confidence), **costs}
    except FacelabError as error:
        found = PointFound(
            task.number, task.name, task.changed, chosen_by=costs, problem=scrubbed(str(error), task.scenario)
        )
    else:
        found = PointFound(
            task.number, task.name, task.changed, row, table, values, seconds=time.process_time() - begun
        )
    return found


def _chosen(study: Study, objective: Objective) -> tuple[OperatingPoint, OperatingPoint]:
    """The threshold's rates on the half that chose it, and on the half that reports.

    Raises
    ------
    NotMeasured, UnattainableTarget
        There are too few people, or none that resolve the target.
    """
    select, target = study.halves.select, objective.target
    if select is None:
        raise NotMeasured(f"{study.scenario.name}: too few people for rates (counts_only), so nothing can be tuned")
    if target is None:
        raise NotMeasured("the objective names no FPIR; add a limit such as 'subject to fpir <= 0.01'")
    chosen = select.threshold_at_fpir(target)
    if objective.certified:
        if chosen.certified is None:
            raise NotMeasured(f"no threshold is certified for FPIR {target:g}: {chosen.uncertified}")
        chosen = chosen.certified
        return chosen, study.halves.report.at(chosen.threshold)
    return chosen, chosen.at(study.halves.report)


def smallest_supported_target(study: Study) -> float:
    """The FPIR that the scenario exports, else the smallest target that its data supports (else resolves).

    Raises
    ------
    NotMeasured
        There are too few people, or no target is resolved.
    """
    from facelab.deploy.export import exported_point

    if study.halves.select is None:
        raise NotMeasured(f"{study.scenario.name}: too few people for rates (counts_only), so nothing can be tuned")
    target = study.scenario.export_target_fpir or exported_point(study.points).target
    if target is None:
        raise NotMeasured(f"{study.scenario.name} asks for no target FPIR")
    return target


def point_values(point: OperatingPoint, confidence: float) -> dict[str, float | None]:
    """The measures of a threshold by the names that an objective uses."""
    values: dict[str, float | None] = {"threshold": point.threshold}
    for name in ("fpir", "fnir", "misidentification"):
        rate = getattr(point, name).to_dict(confidence)
        values |= {name: rate["rate"], f"{name}_low": rate["low"], f"{name}_high": rate["high"]}
    return values


def costs_of(study: Study, seconds: float | None) -> dict[str, float | None]:
    """What running the pipeline of `study` costs: embeddings a frame, and the processor time of a frame, s.

    Parameters
    ----------
    study : Study
        Its comparisons say how many faces were embedded.
    seconds : float or None
        As `facelab.experiments.frame_cost.seconds_a_frame` measured it.
    """
    faces = study.comparisons.probe_attributes.get("n_faces")
    frames = study.evidence.frames
    embeddings = None if faces is None or not frames else float(faces.sum()) / frames
    return {"embeddings_a_frame": embeddings, "seconds_a_frame": seconds}


__all__ = [
    "PointFound",
    "PointTask",
    "SweepWorkspace",
    "costs_of",
    "measure_point",
    "point_values",
    "smallest_supported_target",
    "upstream_of",
]

"""The runs nested in that of an evaluation: its stages (one a notebook) and its cameras (rates of each)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import FacelabError
from facelab.experiments.run_record import rate_metrics
from facelab.report.rows import percent
from facelab.report.words import best_row

if TYPE_CHECKING:
    from facelab.experiments.evaluation import Evaluation
    from facelab.experiments.notebook_run import NotebookRun
    from facelab.experiments.run_log import RunLog
    from facelab.experiments.study import Study
    from facelab.stats.points import OperatingPoint

KIND = "facelab.kind"


@dataclass(frozen=True)
class CameraRates:
    """What one camera showed at one threshold.

    Parameters
    ----------
    camera : str
        Its name.
    point : OperatingPoint
        The rates of its searches, on the people that report.
    passages, failed : int
        Passages past it, and those that gave no template (failure to acquire).
    """

    camera: str
    point: OperatingPoint
    passages: int
    failed: int


def camera_rates(study: Study, threshold: float) -> list[CameraRates]:
    """The rates of each camera of `study` at `threshold`, on the half of the people that reports.

    A camera whose passages cannot be searched for (nobody passed it) is left out.
    """
    from facelab.stats.openset import open_set_curve

    comparisons = study.comparisons
    cameras = comparisons.probe_attributes.get("camera")
    if cameras is None:
        return []
    reported = np.isin(comparisons.probe_id, study.halves.report.searches.probe_id)
    found = []
    for camera in np.unique(cameras):
        there = comparisons.take(reported & (cameras == camera))
        try:
            point = open_set_curve(there, study.scenario.rank).at(threshold)
        except FacelabError:
            continue
        failed = int(np.isnan(there.score).all(axis=1).sum())
        found.append(CameraRates(str(camera), point, len(there.probe_id), failed))
    return found


def log_cameras(run: RunLog, evaluation: Evaluation) -> None:
    """Log a nested run for each camera of `evaluation`, at the threshold that speaks for it."""
    from facelab.experiments.study import Study

    best = best_row(evaluation.table)
    study = Study(evaluation.scenario, evaluation.workspace)
    if best is None or best.threshold is None or not study.workspace.comparisons.is_file():
        return
    confidence = evaluation.scenario.confidence
    for rates in camera_rates(study, best.threshold):
        tags = {KIND: "camera", "camera": rates.camera, "scenario": evaluation.scenario.name}
        nested = run.child(f"camera/{rates.camera}", f"camera {rates.camera}", tags)
        metrics: dict[str, float | None] = {
            "threshold": best.threshold,
            "passages": rates.passages,
            "failed_to_acquire": rates.failed,
        }
        said = []
        for name in ("fpir", "fnir", "misidentification"):
            rate = getattr(rates.point, name).to_dict(confidence)
            metrics |= rate_metrics(name, rate)
            if name != "misidentification" and rate["trials"]:
                said.append(f"{name.upper()} {percent(rate['rate'])} ({rate['errors']}/{rate['trials']})")
        nested.metrics(metrics)
        words = " and ".join(said) or "no search at all"
        nested.note(f"Camera {rates.camera} at the threshold {best.threshold:.4f} of all cameras: {words}.")
        nested.end("FINISHED")


def log_stage(run: RunLog, notebook: NotebookRun) -> None:
    """Log a nested run for a notebook that has ended, well or not."""
    begun = notebook.started_ms
    nested = run.child(f"stage/{notebook.name}", notebook.name, {KIND: "stage", "stage": notebook.name}, at_ms=begun)
    nested.metrics({"seconds": notebook.seconds, "cells": notebook.cell})
    failed = "" if notebook.failure is None else str(notebook.failure)
    nested.end("FAILED" if failed else "FINISHED", failed, at_ms=begun + round(1000 * notebook.seconds))

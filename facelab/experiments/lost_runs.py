"""Runs that still say RUNNING although their process was killed: the next start marks them FAILED."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.experiments.outbox import KILLED
from facelab.experiments.processes import Owner
from facelab.experiments.run_log import NOTE, PARENT, Operation, RunLog
from facelab.experiments.run_writer import PARENT_TAG, RunWriter

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

AT = "facelab.at"


def end_lost_runs(client: MlflowClient, experiment: str) -> list[str]:
    """End the runs of an experiment whose process of this machine is dead, FAILED with the reason; give their ids.

    Runs of other machines are left alone: whether their process lives cannot be seen from here.
    """
    from facelab.experiments.store import quiet_mlflow, reached

    with reached(), quiet_mlflow():
        running = client.search_runs([experiment], filter_string="attributes.status = 'RUNNING'")
        lost = {str(run.info.run_id): run for run in running if _lost(run)}
        children = [run for run in running if run.data.tags.get(PARENT_TAG) in lost]
        for run in (*children, *lost.values()):
            _end(client, experiment, run)
    return list(lost)


def _lost(run: Run) -> bool:
    owner = Owner.from_tags(run.data.tags)
    return owner is not None and owner.dead


def _end(client: MlflowClient, experiment: str, run: Run) -> None:
    writer = RunWriter(client, experiment, "")
    writer.ids[PARENT] = str(run.info.run_id)
    at = run.data.tags.get(AT)
    reason = f"{at}: {KILLED}" if at else KILLED
    log = RunLog(writer.apply)
    if NOTE in run.data.tags:
        log.tag("ended_by", reason)
        writer.apply(Operation("end", PARENT, {"status": "FAILED", "time": None}))
    else:
        log.end("FAILED", reason)


__all__ = ["AT", "end_lost_runs"]

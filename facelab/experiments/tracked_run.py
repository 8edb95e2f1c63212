"""The MLflow run of an evaluation: who made it, from what, what came out, and how it ended.

The runner owns the run. It is made in a thread while the first notebook starts (importing MLflow takes seconds),
kernels get its id as ``MLFLOW_RUN_ID``, and it ends FINISHED, FAILED or KILLED, never by itself. Where the store is
down at the start, or goes down later, everything is kept in the workspace's outbox (`facelab.experiments.outbox`) and
the evaluation goes on. Templates, pictures of people and footage never go into a run.
"""

from __future__ import annotations

import contextlib
import getpass
import threading
from typing import TYPE_CHECKING, Any

import facelab
from facelab.errors import NotMeasured
from facelab.experiments.outbox import Record, log_kept
from facelab.experiments.pseudonyms import scrubbed
from facelab.experiments.run_log import Operation, RunLog, flat
from facelab.experiments.tuned import code_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlflow import MlflowClient

    from facelab.config import Scenario
    from facelab.experiments.run_writer import RunWriter

SYSTEM_METRICS_EVERY_S = 5
KIND = "facelab.kind"


class TrackedRun(RunLog):
    """A run that is being made, then written to, then ended.

    Parameters
    ----------
    scenario : Scenario
        What is evaluated; its settings are the run's parameters.
    outbox : Path
        Where the record is kept where the store cannot be used; what an earlier evaluation left there is logged first.
    made : callable, optional
        Called with the run's id once it exists, in the thread that made it.
    kind : str
        ``evaluation`` or ``sweep``.
    tags : mapping, optional
        More tags.
    """

    def __init__(
        self,
        scenario: Scenario,
        outbox: Path,
        made: Callable[[str], None] | None = None,
        *,
        kind: str = "evaluation",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(self._take, scrub=lambda reason: scrubbed(reason, scenario))
        self.scenario, self.kind = scenario, kind
        self.record = Record(scenario.name, outbox)
        self.offline = ""
        self._made, self._more_tags = made, dict(tags or {})
        self._client: MlflowClient | None = None
        self._writer: RunWriter | None = None
        self._error: BaseException | None = None
        self._monitor: Any = None
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._make, name="facelab-mlflow", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """True once the run exists, or could not be made."""
        return not self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """True where making the run ended in an error that is no fault of the store (`id` raises it); waits."""
        self._thread.join()
        return self._error is not None

    @property
    def id(self) -> str:
        """The run's id; waits until it exists; empty where the store could not be used (`offline` says why)."""
        self._wait()
        return "" if self._writer is None else self._writer.ids.get("", "")

    @property
    def client(self) -> MlflowClient:
        """The client of the store; waits until the run exists.

        Raises
        ------
        NotMeasured
            The store cannot be used.
        """
        self._wait()
        if self._client is None:
            raise NotMeasured(self.offline)
        return self._client

    @property
    def kept(self) -> Path | None:
        """Where the record is kept until ``facelab log``; None where it was logged."""
        return self.record.folder if self.record.kept else None

    def _wait(self) -> None:
        if threading.current_thread() is not self._thread:
            self._thread.join()
        if self._error is not None:
            raise self._error

    def _make(self) -> None:
        try:
            try:
                self._connect()
            except NotMeasured as error:
                self._leave_store(str(error))
            self.start(run_name(self.scenario), self._tags())
            self.params(flat(self.scenario.model_dump(mode="json")))
            self._watch_system()
            if self._made is not None and self.id:
                self._made(self.id)
        except BaseException as error:  # noqa: BLE001  (raised again by `id`, in the thread that asks)
            self._error = error

    def _connect(self) -> None:
        from facelab.experiments.lost_runs import end_lost_runs
        from facelab.experiments.run_writer import RunWriter
        from facelab.experiments.store import experiment_id, open_store

        client = open_store()
        experiment = experiment_id(client, self.scenario.name)
        with contextlib.suppress(NotMeasured):
            for _ in log_kept(self.record.outbox):
                pass
            end_lost_runs(client, experiment)
        self._client, self._writer = client, RunWriter(client, experiment, self.record.id)

    def _take(self, operation: Operation) -> None:
        """Write `operation` to the store, or keep it."""
        from facelab.experiments.store import quiet_mlflow, reached

        self._wait()
        with self._lock:
            self.record.add(operation)
            if self.offline or self._writer is None:
                return
            try:
                with reached(), quiet_mlflow():
                    self._writer.apply(operation)
            except NotMeasured as error:
                self._leave_store(str(error))

    def _leave_store(self, reason: str) -> None:
        """From now on keep everything on disk."""
        self.offline = reason
        self.record.keep()

    def _tags(self) -> dict[str, str]:
        synthetic = self.scenario.footage.kind == "terminal"
        # a run with the tag `scenario` is a whole evaluation: what is compared, gated and watched
        whose = "scenario" if self.kind == "evaluation" else f"{self.kind}.of"
        return {
            whose: self.scenario.name,
            "pack": self.scenario.pack,
            "evidence": "synthetic" if synthetic else "real",
            KIND: self.kind,
            "facelab.version": facelab.__version__,
            "mlflow.source.git.commit": code_commit() or "unknown",
            "mlflow.source.name": f"facelab {'evaluate' if self.kind == 'evaluation' else self.kind}",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": _user(),
            **self.record.owner.tags,
            **self._more_tags,
        }

    def _watch_system(self) -> None:
        """Log processor, memory, disk and network as MLflow does; never a reason to fail."""
        if not self.id or self.offline:
            return
        from facelab.experiments.store import quiet_mlflow, tracking_uri

        with contextlib.suppress(OSError, RuntimeError, AttributeError, ImportError), quiet_mlflow():
            from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

            self._monitor = SystemMetricsMonitor(  # type: ignore[no-untyped-call]  # mlflow
                self.id, sampling_interval=SYSTEM_METRICS_EVERY_S, tracking_uri=tracking_uri()
            )
            self._monitor.start()

    def end(self, status: str, reason: str = "", *, at_ms: int | None = None) -> None:
        """End the run as ``FINISHED``, ``FAILED`` or ``KILLED``; where it could be logged, its record is forgotten."""
        from facelab.experiments.store import quiet_mlflow

        self._wait()
        if self._monitor is not None:
            with quiet_mlflow():
                self._monitor.finish()
            self._monitor = None
        super().end(status, reason, at_ms=at_ms)
        if not self.offline:
            self.record.discard()


def run_name(scenario: Scenario) -> str:
    """What a run is called: the day and the minute (UTC), and the pack."""
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} {scenario.pack.rsplit('/', 1)[-1]}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

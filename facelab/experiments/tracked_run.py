"""The MLflow run of an evaluation: who made it, from what, what came out, and how it ended.

The runner owns the run. It is made in a thread while the first notebook starts (importing MLflow takes seconds),
kernels get its id as ``MLFLOW_RUN_ID``, and it ends FINISHED, FAILED or KILLED, never by itself. Templates, pictures of
people and footage never go into it.
"""

from __future__ import annotations

import getpass
import threading
from typing import TYPE_CHECKING, Any

import facelab
from facelab.experiments.tuned import code_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlflow import MlflowClient

    from facelab.config import Scenario

REASON_LONGEST = 1000
PARAM_LONGEST = 500
BATCH = 500


class TrackedRun:
    """A run that is being made, then written to, then ended.

    Parameters
    ----------
    scenario : Scenario
        What is evaluated; its settings are the run's parameters.
    made : callable, optional
        Called with the run's id once it exists, in the thread that made it.
    """

    def __init__(self, scenario: Scenario, made: Callable[[str], None] | None = None) -> None:
        self.scenario = scenario
        self._made = made
        self._id = ""
        self._client: MlflowClient | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._make, name="facelab-mlflow", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """True once the run exists, or could not be made."""
        return not self._thread.is_alive()

    @property
    def id(self) -> str:
        """The run's id; waits until it exists.

        Raises
        ------
        NotMeasured
            The store could not be used.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._id

    @property
    def client(self) -> MlflowClient:
        """The client of the store; waits until the run exists."""
        if self.id and self._client is not None:
            return self._client
        raise RuntimeError("the run has no client")

    def _make(self) -> None:
        try:
            from facelab.experiments.store import experiment_id, open_store

            client = open_store()
            run = client.create_run(
                experiment_id(client, self.scenario.name), tags=self._tags(), run_name=self._run_name()
            )
            self._client, self._id = client, str(run.info.run_id)
            if self._made is not None:
                self._made(self._id)
            self._log_parameters(client)
        except BaseException as error:  # noqa: BLE001  (raised again by `id`, in the thread that asks)
            self._error = error

    def _run_name(self) -> str:
        from datetime import UTC, datetime

        return f"{self.scenario.pack.rsplit('/', 1)[-1]} {datetime.now(UTC):%Y-%m-%d %H:%M}"

    def _tags(self) -> dict[str, str]:
        kind = self.scenario.footage.kind
        return {
            "scenario": self.scenario.name,
            "pack": self.scenario.pack,
            "evidence": "synthetic" if kind == "terminal" else "real",
            "facelab.version": facelab.__version__,
            "mlflow.source.git.commit": code_commit() or "unknown",
            "mlflow.source.name": "facelab evaluate",
            "mlflow.user": _user(),
        }

    def _log_parameters(self, client: MlflowClient) -> None:
        from mlflow.entities import Param

        said = flat(self.scenario.model_dump(mode="json"))
        client.log_batch(self._id, params=[Param(name, value[:PARAM_LONGEST]) for name, value in said.items()])

    def tag(self, name: str, value: str) -> None:
        """Set a tag."""
        self.client.set_tag(self.id, name, value)

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """Log metrics; None and what is not finite are left out."""
        import math

        kept = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
        self.series({name: [(0, value)] for name, value in kept.items()})

    def series(self, values: Mapping[str, list[tuple[int, float]]]) -> None:
        """Log metrics over steps: (step, value) pairs by name, in few batches."""
        import time

        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        all_of_them = [Metric(name, value, now, step) for name, pairs in values.items() for step, value in pairs]
        for start in range(0, len(all_of_them), BATCH):
            self.client.log_batch(self.id, metrics=all_of_them[start : start + BATCH])

    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, where there is one."""
        if path.is_file():
            self.client.log_artifact(self.id, str(path), folder)

    def text(self, text: str, name: str) -> None:
        """Log `text` as the file `name`."""
        self.client.log_text(self.id, text, name)

    def table(self, columns: Mapping[str, list[Any]], name: str) -> None:
        """Log a table that ``mlflow.load_table`` reads."""
        from facelab.experiments.store import quiet_mlflow

        with quiet_mlflow():
            self.client.log_table(self.id, dict(columns), name)

    def datasets(self, digests: Mapping[str, tuple[str, str]]) -> None:
        """Log inputs: by their role, a name and a digest."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        inputs = [
            DatasetInput(Dataset(name, digest[:36], "facelab", "{}"), [InputTag("mlflow.data.context", role)])
            for role, (name, digest) in digests.items()
        ]
        self.client.log_inputs(self.id, inputs)

    def end(self, status: str, reason: str = "") -> None:
        """End the run as ``FINISHED``, ``FAILED`` or ``KILLED``, with the reason as a tag, where there is one.

        Raises
        ------
        NotMeasured
            The store cannot be reached any more.
        """
        from facelab.experiments.store import quiet_mlflow, reached

        self._thread.join()
        if self._client is None or not self._id:
            return
        with reached(), quiet_mlflow():
            if reason:
                self._client.set_tag(self._id, "ended_by", reason[:REASON_LONGEST])
                self._client.set_tag(self._id, "mlflow.note.content", f"{status}: {reason}"[:REASON_LONGEST])
            self._client.set_terminated(self._id, status)


def flat(values: Mapping[str, Any], head: str = "") -> dict[str, str]:
    """Nested settings as texts by dotted name.

    >>> flat({"a": {"b": 1, "c": [0.1, 0.05]}, "d": None})
    {'a.b': '1', 'a.c': '[0.1, 0.05]', 'd': 'None'}
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{head}{name}.")
        else:
            found[head + name] = str(value)
    return found


def end_left_over(run_id: str) -> None:
    """End a run that its process left running (it was killed): KILLED, where it is still RUNNING."""
    from mlflow.exceptions import MlflowException

    from facelab.experiments.store import open_store

    client = open_store()
    try:
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_tag(run_id, "ended_by", "its process was killed")
            client.set_terminated(run_id, "KILLED")
    except MlflowException:
        return


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

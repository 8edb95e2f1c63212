"""Operations applied to a store: the only place that writes runs through MLflow's client.

A run carries the tag ``facelab.record``: the record and the key that it is known by. A record that is replayed finds
its runs by it, so that what was already logged is not logged a second time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.experiments.run_log import PARENT, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow import MlflowClient

RECORD = "facelab.record"
PARENT_TAG = "mlflow.parentRunId"
BATCH = 500
PARAMS_AT_ONCE = 100


class RunWriter:
    """Applies the operations of one record.

    Parameters
    ----------
    client : MlflowClient
        Of the store.
    experiment : str
        The id of the experiment that the runs belong to.
    record : str
        The record's id.
    files : Path, optional
        The folder that relative paths of files are relative to.
    replay : bool
        True looks for runs that an earlier attempt made.
    """

    def __init__(
        self,
        client: MlflowClient,
        experiment: str,
        record: str,
        *,
        files: Path | None = None,
        replay: bool = False,
    ) -> None:
        self.client, self.experiment, self.record = client, experiment, record
        self.files, self.replay = files, replay
        self.ids: dict[str, str] = {}

    def apply(self, operation: Operation) -> None:
        """Do what `operation` says.

        Raises
        ------
        MlflowException
            The store cannot be used, or the run is gone.
        BadInput
            The operation is none that is known.
        """
        done = self._handlers.get(operation.kind)
        if done is None:
            raise BadInput(f"there is no operation {operation.kind!r}", place="record.jsonl")
        done(operation.run, operation.value)

    @property
    def _handlers(self) -> dict[str, Callable[[str, Mapping[str, Any]], None]]:
        return {
            "start": self._start,
            "tags": self._tags,
            "params": self._params,
            "metrics": self._metrics,
            "file": self._file,
            "text": self._text,
            "inputs": self._inputs,
            "end": self._end,
        }

    def _start(self, key: str, value: Mapping[str, Any]) -> None:
        mark = f"{self.record}/{key}"
        if self.replay:
            query = f"tags.`{RECORD}` = '{mark}'"
            found = self.client.search_runs([self.experiment], filter_string=query, max_results=1)
            if found:
                self.ids[key] = str(found[0].info.run_id)
                return
        tags = {**value["tags"], RECORD: mark}
        if key != PARENT:
            tags[PARENT_TAG] = self.ids[PARENT]
        made = self.client.create_run(self.experiment, value["time"], tags, value["name"])
        self.ids[key] = str(made.info.run_id)

    def _tags(self, key: str, value: Mapping[str, Any]) -> None:
        from mlflow.entities import RunTag

        self.client.log_batch(self.ids[key], tags=[RunTag(name, text) for name, text in value.items()])

    def _params(self, key: str, value: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        for some in _batches([Param(name, text) for name, text in value.items()], PARAMS_AT_ONCE):
            self.client.log_batch(self.ids[key], params=some)

    def _metrics(self, key: str, value: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric

        for some in _batches([Metric(*row) for row in value["rows"]], BATCH):
            self.client.log_batch(self.ids[key], metrics=some)

    def _file(self, key: str, value: Mapping[str, Any]) -> None:
        path = Path(value["path"])
        whole = path if self.files is None or path.is_absolute() else self.files / path
        self.client.log_artifact(self.ids[key], str(whole), value["folder"])

    def _text(self, key: str, value: Mapping[str, Any]) -> None:
        self.client.log_text(self.ids[key], value["text"], value["name"])

    def _inputs(self, key: str, value: Mapping[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        inputs = [
            DatasetInput(
                Dataset(d["name"], d["digest"], d["source_type"], d["source"], None, d["profile"]),
                [InputTag("mlflow.data.context", d["role"])],
            )
            for d in value["datasets"]
        ]
        self.client.log_inputs(self.ids[key], inputs)

    def _end(self, key: str, value: Mapping[str, Any]) -> None:
        self.client.set_terminated(self.ids[key], value["status"], value["time"])


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

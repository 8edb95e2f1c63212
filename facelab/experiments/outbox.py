"""Records of runs that could not be logged, kept in the workspace until ``facelab log`` logs them.

A record is a folder ``outbox/<id>``: ``head.json`` says to which experiment it belongs and who made it,
``record.jsonl`` holds its operations in their order, ``files`` what they attach. Replaying a record is idempotent: it
finds the runs that an earlier attempt made, and writes the same values again. A record that its process left unfinished
(it was killed) ends FAILED.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.processes import Owner, this_process
from facelab.experiments.run_log import PARENT, Operation, RunLog
from facelab.experiments.workspace import project_root, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER, HEAD, OPERATIONS, FILES = "outbox", "head.json", "record.jsonl", "files"
KILLED = "its process was killed"


def new_record_id() -> str:
    """The id of a new record."""
    return uuid.uuid4().hex


@dataclass
class Record:
    """The operations of one evaluation, in memory, and on disk once `keep` was called.

    Parameters
    ----------
    experiment : str
        The experiment's name.
    outbox : Path
        The folder that it is kept in where it must be.
    id : str
        By which its runs are known.
    owner : Owner
        The process that makes it.
    """

    experiment: str
    outbox: Path
    id: str = field(default_factory=new_record_id)
    owner: Owner = field(default_factory=this_process)
    operations: list[Operation] = field(default_factory=list)
    kept: bool = False

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.outbox / self.id

    def add(self, operation: Operation) -> None:
        """Take in one more operation; on disk at once where the record is kept."""
        self.operations.append(operation)
        if self.kept:
            self._write(operation)

    def keep(self) -> None:
        """Keep the record on disk, with everything that came so far."""
        if self.kept:
            return
        (self.folder / FILES).mkdir(parents=True, exist_ok=True)
        for operation in self.operations:
            self._write(operation)
        # the head comes last: a folder without one was cut off and is no record
        write_json(self.folder / HEAD, {"experiment": self.experiment, "id": self.id, "owner": asdict(self.owner)})
        self.kept = True

    def discard(self) -> None:
        """Forget the record: it was logged."""
        self.operations.clear()
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _write(self, operation: Operation) -> None:
        if operation.kind == "file":
            operation = self._with_file(operation)
        with (self.folder / OPERATIONS).open("a", encoding="utf-8") as file:
            file.write(operation.to_json() + "\n")

    def _with_file(self, operation: Operation) -> Operation:
        """The operation with a copy of its file: the next evaluation writes over the workspace's own."""
        source = Path(operation.value["path"])
        # a folder for each: the file's name is its name in the run
        place = self.folder / FILES / new_record_id()
        place.mkdir()
        if source.is_file():
            shutil.copyfile(source, place / source.name)
        said = {**operation.value, "path": str((place / source.name).relative_to(self.folder))}
        return replace(operation, value=said)


def read_record(folder: Path) -> Record:
    """The record in `folder`; a last line that was cut off is left out.

    Raises
    ------
    BadInput
        The head is missing or broken.
    """
    head = read_json(folder / HEAD)
    try:
        record = Record(head["experiment"], folder.parent, head["id"], Owner(**head["owner"]), kept=True)
    except (KeyError, TypeError):
        raise BadInput("this is no record of a run", place=str(folder / HEAD)) from None
    operations = folder / OPERATIONS
    for line in operations.read_text(encoding="utf-8").splitlines() if operations.is_file() else ():
        with contextlib.suppress(json.JSONDecodeError, KeyError):
            record.operations.append(Operation.from_json(line))
    return record


def kept_records(outbox: Path) -> list[Record]:
    """The records in `outbox` that nobody writes to any more, the oldest first; broken ones are left where they are."""
    found = []
    for head in sorted(outbox.glob(f"*/{HEAD}"), key=lambda path: path.stat().st_mtime):
        with contextlib.suppress(BadInput):
            record = read_record(head.parent)
            if _ended(record) or record.owner.dead:
                found.append(record)
    return found


def outboxes(workspace: Path | None = None) -> list[Path]:
    """The outbox of `workspace`; of every workspace below ``results`` where none is given."""
    if workspace is not None:
        return [workspace / FOLDER]
    return sorted(path for path in (project_root() / "results").glob(f"**/{FOLDER}") if path.is_dir())


def _ended(record: Record) -> bool:
    return any(o.kind == "end" and o.run == PARENT for o in record.operations)


def replay(record: Record) -> str:
    """Log a kept record to the store, forget it, and give the id of its run.

    Raises
    ------
    NotMeasured
        The store cannot be used, or another process logs this record just now; it is kept.
    """
    from filelock import FileLock, Timeout

    from facelab.experiments.run_writer import RunWriter
    from facelab.experiments.store import experiment_id, open_store, quiet_mlflow, reached

    client = open_store()
    lock = FileLock(record.outbox / f".{record.id}.lock", timeout=0)
    try:
        with lock, reached(), quiet_mlflow():
            experiment = experiment_id(client, record.experiment)
            writer = RunWriter(client, experiment, record.id, files=record.folder, replay=True)
            for operation in record.operations:
                writer.apply(operation)
            if not _ended(record):
                _end_killed(record, writer)
            record.discard()
    except Timeout:
        raise NotMeasured(f"{record.folder}: another process is logging this record") from None
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there are others in it
        record.outbox.rmdir()
    return writer.ids.get(PARENT, "")


def _end_killed(record: Record, writer: Any) -> None:
    """End the runs of a record whose process was killed."""
    ended = {o.run for o in record.operations if o.kind == "end"}
    for key in reversed([o.run for o in record.operations if o.kind == "start" and o.run not in ended]):
        RunLog(writer.apply, key).end("FAILED", KILLED)


def log_kept(outbox: Path, told: Callable[[str, str], None] = lambda *_: None) -> Iterator[tuple[Record, str]]:
    """Log every record that is kept in `outbox`; gives each with the id of its run.

    Parameters
    ----------
    outbox : Path
        The folder.
    told : callable
        Told the record's id and why, where a record could not be logged for a reason of its own (it stays).

    Raises
    ------
    NotMeasured
        The store cannot be used at all.
    """
    from facelab.experiments.store import open_store

    for record in kept_records(outbox):
        open_store()
        try:
            yield record, replay(record)
        except (NotMeasured, BadInput, KeyError) as error:
            told(record.id, str(error))

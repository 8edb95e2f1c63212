"""What is written to an MLflow run, as values: operations that can be applied now, or kept and applied later.

An `Operation` is plain JSON. Applying it twice leaves what applying it once leaves: a metric carries its own time, a
table is a whole file, and a run is known by the record that it belongs to. So a record can be replayed as often as it
takes. `RunLog` is what the rest of facelab writes with; whoever owns the record decides where operations go.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Kind: TypeAlias = Literal["start", "tags", "params", "metrics", "file", "text", "inputs", "end"]
PARENT = ""
REASON_LONGEST = 1000
PARAM_LONGEST = 6000
DIGEST_LONGEST = 36
LOGGED_TABLES = "mlflow.loggedArtifacts"
NOTE = "mlflow.note.content"


@dataclass(frozen=True)
class Operation:
    """One thing that is done to one run of a record.

    Parameters
    ----------
    kind : str
        What is done.
    run : str
        Which run of the record, by its key; empty for the parent.
    value : mapping
        With what, as JSON holds it.
    """

    kind: Kind
    run: str
    value: Mapping[str, Any]

    def to_json(self) -> str:
        """The operation as one line of JSON."""
        return json.dumps({"kind": self.kind, "run": self.run, "value": dict(self.value)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Operation:
        """The operation in one line of JSON."""
        said = json.loads(line)
        return cls(said["kind"], said["run"], said["value"])


def now_ms() -> int:
    """The time as MLflow counts it: milliseconds since 1970, UTC."""
    return int(time.time() * 1000)


class RunLog:
    """Writes to one run of a record.

    Parameters
    ----------
    sink : callable
        Takes each `Operation`.
    key : str
        The run's key in its record; empty for the parent.
    scrub : callable, optional
        Takes the names of people out of the reason that a run ends with; the run's children have it too.
    """

    def __init__(
        self, sink: Callable[[Operation], None], key: str = PARENT, *, scrub: Callable[[str], str] = str
    ) -> None:
        self._sink, self.key, self.scrub = sink, key, scrub
        self._tables: list[dict[str, str]] = []

    def _do(self, kind: Kind, value: Mapping[str, Any]) -> None:
        self._sink(Operation(kind, self.key, value))

    def start(self, name: str, tags: Mapping[str, str], *, at_ms: int | None = None) -> None:
        """Begin the run, called `name`."""
        self._do("start", {"name": name, "tags": dict(tags), "time": now_ms() if at_ms is None else at_ms})

    def child(self, key: str, name: str, tags: Mapping[str, str], *, at_ms: int | None = None) -> RunLog:
        """A run nested in this one; `key` is what it is known by in the record, such as ``camera/gate``."""
        nested = RunLog(self._sink, key, scrub=self.scrub)
        nested.start(name, tags, at_ms=at_ms)
        return nested

    def mark(self, key: str, tags: Mapping[str, str], note: str) -> None:
        """Set tags and the note of a nested run that has ended."""
        self._sink(Operation("tags", key, {**tags, NOTE: note}))

    def tag(self, name: str, value: str) -> None:
        """Set a tag."""
        self.tags({name: value})

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self._do("tags", dict(values))

    def rename(self, name: str) -> None:
        """Call the run `name` from now on."""
        self.tag("mlflow.runName", name)

    def note(self, text: str) -> None:
        """Write the text (Markdown) that stands at the top of the run's page."""
        self.tag(NOTE, text)

    def params(self, values: Mapping[str, str]) -> None:
        """Log parameters; a value longer than MLflow takes is cut (the scenario's file holds it whole)."""
        self._do("params", {name: value[:PARAM_LONGEST] for name, value in values.items()})

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """Log metrics; None and what is not finite are left out."""
        self.series({name: [(0, value)] for name, value in values.items() if value is not None})

    def series(self, values: Mapping[str, Sequence[tuple[int, float]]]) -> None:
        """Log metrics over steps: (step, value) pairs by name."""
        at = now_ms()
        rows = [
            [name, float(value), at, step]
            for name, pairs in values.items()
            for step, value in pairs
            if math.isfinite(value)
        ]
        if rows:
            self._do("metrics", {"rows": rows})

    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, where there is one."""
        if path.is_file():
            self._do("file", {"path": str(path), "folder": folder})

    def text(self, text: str, name: str) -> None:
        """Log `text` as the file `name`."""
        self._do("text", {"text": text, "name": name})

    def table(self, columns: Mapping[str, Sequence[Any]], name: str) -> None:
        """Log a table, by column, that ``mlflow.load_table`` reads and the run's page shows."""
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        self.text(json.dumps({"columns": list(columns), "data": rows}, ensure_ascii=False), name)
        self._tables.append({"path": name, "type": "table"})
        self.tag(LOGGED_TABLES, json.dumps(self._tables))

    def datasets(self, inputs: Sequence[DatasetNote]) -> None:
        """Log what the run was measured on."""
        self._do("inputs", {"datasets": [note.to_dict() for note in inputs]})

    def end(self, status: str, reason: str = "", *, at_ms: int | None = None) -> None:
        """End the run as ``FINISHED``, ``FAILED`` or ``KILLED``, with the scrubbed reason as a tag, if there is one."""
        if reason:
            said = self.scrub(reason)[:REASON_LONGEST]
            self.tags({"ended_by": said, NOTE: f"**{status}**: {said}"})
        self._do("end", {"status": status, "time": now_ms() if at_ms is None else at_ms})


@dataclass(frozen=True)
class DatasetNote:
    """One input of a run, by its role, its name and the digest of its content.

    Parameters
    ----------
    role : str
        Such as ``probes`` or ``watchlist``; MLflow calls it the context.
    name : str
        What it is called.
    digest : str
        SHA-256 of the content, in hexadecimal; MLflow shows its first 36 characters, the profile holds it whole.
    source : mapping
        Where it comes from: facelab's settings of it.
    profile : mapping
        Counts.
    """

    role: str
    name: str
    digest: str
    source: Mapping[str, Any]
    profile: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The input as MLflow's entities have it, for JSON."""
        return {
            "role": self.role,
            "name": self.name[:500],
            "digest": self.digest[:DIGEST_LONGEST],
            "source_type": "code",
            "source": json.dumps({"tags": {"facelab": dict(self.source)}}),
            "profile": json.dumps({"sha256": self.digest, **self.profile}),
        }


def flat(values: Mapping[str, Any], head: str = "") -> dict[str, str]:
    """Nested settings as texts by dotted name, each of which ``-p name=value`` reads back as the value that it was.

    >>> flat({"a": {"b": 1, "c": [0.1, 0.05]}, "d": None, "e": "x"})
    {'a.b': '1', 'a.c': '[0.1, 0.05]', 'd': 'null', 'e': 'x'}
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{head}{name}.")
        else:
            found[head + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found

"""What a long evaluation tells while it runs, and how a bar in a notebook's kernel reaches whoever watches.

The library shows its long work as tqdm bars on stderr, in a notebook as in a terminal. Under papermill nobody sees the
kernel's stderr, and bars would fill the executed notebook: the runner takes them out of the cell's output and tells
them as a `Step`.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_BAR = re.compile(r"^(?P<note>.*?):? *\d+%\|[^|]*\| *(?P<done>[\d.]+[kMG]?)/(?P<total>[\d.]+[kMG]?) ")
_COUNT = re.compile(r"^(?P<note>.*?):? *(?P<done>\d+)(?P<total>)[A-Za-z]+ \[\d+:\d+")
_SCALE = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


@dataclass(frozen=True)
class Step:
    """Of one stage, `done` of `total` units (total 0: not known); `note` says what is being done just now.

    `seconds` is how long the stage took, once it has ended, and None before.
    """

    stage: str
    done: int
    total: int
    note: str = ""
    seconds: float | None = None


Progress: TypeAlias = Callable[[Step], None]


def quiet(step: Step) -> None:
    """Tell nobody."""


def without_bars(stage: str, text: str) -> tuple[str, list[Step]]:
    r"""`text` of a kernel's stderr without the progress bars in it, and the bars as steps of `stage`.

    >>> without_bars("01", "\rtracking:  40%|####      | 4/10 [00:02<00:03,  2.0it/s]")
    ('', [Step(stage='01', done=4, total=10, note='tracking', seconds=None)])
    """
    steps: list[Step] = []
    kept: list[str] = []
    for line in re.split(r"(?<=[\r\n])", text.replace("\r\n", "\n")):
        bare = line.strip("\r\n\x1b[A")
        found = _BAR.match(bare) or _COUNT.match(bare)
        if found:
            steps.append(Step(stage, _number(found["done"]), _number(found["total"]), found["note"].strip()))
        elif bare:
            kept.append(line.replace("\r", ""))
    return "".join(kept), steps


def _number(text: str) -> int:
    scale = _SCALE.get(text[-1:], 1)
    return int(float(text.rstrip("kMG") or 0) * scale)


@dataclass
class TerminalProgress:
    """Shows steps on stderr: bars on a terminal, one line a stage that ended elsewhere (a log that a person reads)."""

    started: float = field(default_factory=time.monotonic)
    _bars: Any = None
    _tasks: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> TerminalProgress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description:22}"), BarColumn(24), TextColumn("{task.fields[note]}"))
            self._bars = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, step: Step) -> None:
        """Show `step`."""
        with self._lock:
            if self._bars is None:
                self._line(step)
            else:
                self._bar(step)

    def _line(self, step: Step) -> None:
        if step.seconds is not None:
            at = time.monotonic() - self.started
            sys.stderr.write(f"[{at:5.0f} s] {step.stage} took {step.seconds:.1f} s{step.note and ': ' + step.note}\n")
            sys.stderr.flush()

    def _bar(self, step: Step) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(step.stage, total=None, note="")
        ended = step.seconds is not None
        total = max(step.total, 1) if ended else step.total or None
        count = f"{step.done:,}/{step.total:,}" if step.total and not ended else ""
        note = f"{step.seconds:.1f} s" if ended else f"{step.note} {count}".strip()
        self._bars.update(self._tasks[step.stage], completed=total if ended else step.done, total=total, note=note)
        if ended:
            self._bars.stop_task(self._tasks[step.stage])

"""One notebook, run by papermill in a kernel of its own: what it told, where it failed, and how it is stopped.

papermill's own checks are weak (an unknown parameter is a warning, a text stays a text), so parameters are checked
against the notebook's model before a kernel starts. A failed cell, a cell that ran out of time and a dead kernel each
end as one of facelab's errors that names notebook, cell and reason; the executed notebook is kept up to there. Runs may
go on side by side in threads: the working directory and the environment belong to the kernel, never to this process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from facelab import errors
from facelab.errors import BadInput, FacelabError, NotMeasured
from facelab.experiments.progress import Progress, Step, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ENGINE = "facelab"
KERNEL = "python3"


class NotebookFailed(FacelabError):
    """A cell of a notebook raised an error that facelab did not foresee."""

    exit_code = 1


class NotebookStopped(NotMeasured):
    """A notebook ran out of time, or its kernel died: nothing was measured."""


@dataclass(frozen=True)
class Failure:
    """Where and why a notebook ended: its name, the number of the cell (as in ``In [3]``) and the reason."""

    notebook: str
    cell: int | None
    reason: str

    def __str__(self) -> str:
        where = self.notebook if self.cell is None else f"{self.notebook}, In [{self.cell}]"
        return f"{where}: {self.reason}"


@dataclass
class NotebookRun:
    """One execution of the notebook at `source`, whose executed copy goes to `output`.

    Parameters
    ----------
    source, output : Path
        The notebook and its executed copy.
    parameters : mapping
        Given to the notebook's cell that is tagged ``parameters``; checked by the caller.
    environment : callable
        Gives the variables to add to the kernel's environment: asked when the kernel starts, and again before each cell
        for those that came up since.
    timeout_s : float, optional
        The longest that one cell may take.
    progress : callable
        Told a `Step` for each cell and for each bar that a cell shows.
    """

    source: Path
    output: Path
    parameters: Mapping[str, Any]
    environment: Callable[[], Mapping[str, str]] = dict
    timeout_s: float | None = None
    progress: Progress = quiet
    seconds: float = 0.0
    started_ms: int = 0
    failure: Failure | None = None
    _cell: int | None = None
    _kernel: Any = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        """The notebook's name."""
        return self.source.stem

    @property
    def cell(self) -> int | None:
        """The number of the code cell that runs or ran last (as in ``In [3]``); None before the first."""
        return self._cell

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stopped.is_set()

    def execute(self) -> None:
        """Run the notebook to its end.

        Raises
        ------
        FacelabError
            The error of facelab that a cell raised; `NotebookFailed` for any other; `NotebookStopped` where a cell ran
            out of time, the kernel died or `stop` was called.
        """
        register_engine()
        started, self.started_ms = time.monotonic(), round(1000 * time.time())
        self.output.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _own_loop():
                self._execute()
        finally:
            self.seconds = time.monotonic() - started
        self.progress(Step(self.name, 1, 1, seconds=self.seconds))

    def _execute(self) -> None:
        import papermill
        from papermill.exceptions import PapermillExecutionError

        try:
            papermill.execute_notebook(
                str(self.source),
                str(self.output),
                parameters=dict(self.parameters),
                engine_name=ENGINE,
                kernel_name=KERNEL,
                progress_bar=False,
                autosave_cell_every=0,
                run=self,
            )
        except PapermillExecutionError as error:
            raise self._failed(_as_facelab(error.ename, error.evalue), error.evalue) from None
        except (RuntimeError, TimeoutError) as error:
            raise self._failed(None, self._why(error)) from None

    def stop(self) -> None:
        """End the kernel now, from another thread; `execute` then raises `NotebookStopped`."""
        self._stopped.set()
        group = getattr(getattr(self._kernel, "provisioner", None), "pgid", None)
        if group:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _failed(self, error: FacelabError | None, reason: str) -> FacelabError:
        self.failure = Failure(self.name, self._cell, reason.strip() or "no reason given")
        if error is not None and not isinstance(error, NotebookFailed):
            return error
        return (NotebookStopped if error is None else NotebookFailed)(str(self.failure))

    def _why(self, error: Exception) -> str:
        if self.stopped:
            return "stopped"
        kind = type(error).__name__
        if kind == "CellTimeoutError":
            return f"the cell took longer than {self.timeout_s:g} s"
        if kind == "DeadKernelError":
            return "the kernel died; did the machine run out of memory?"
        return f"{kind}: {error}"


def _as_facelab(name: str, text: str) -> FacelabError:
    """The error of facelab called `name` with `text` as its message, or a `NotebookFailed`."""
    if name == "OSError" and f"[Errno {errno.ENOSPC}]" in text:
        return NotMeasured(f"the disk is full; what was finished before is kept ({text})")
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, FacelabError)):
        return NotebookFailed(f"{name}: {text}")
    # a message is all that crosses from the kernel: what the class computes its message from stays behind
    error = kind.__new__(kind)
    error.args = (text,)
    return error


@contextlib.contextmanager
def _own_loop() -> Iterator[None]:
    """Close the event loop that this thread's notebook ran on; Jupyter makes one a thread and leaves it open."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        yield
    finally:
        if not loop.is_running():
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def register_engine() -> None:
    """Make facelab's engine known to papermill (once)."""
    from papermill.engines import papermill_engines

    if ENGINE not in papermill_engines._engines:
        from facelab.experiments.engine import FacelabEngine

        papermill_engines.register(ENGINE, FacelabEngine)


def check_kernel() -> None:
    """Refuse early where no Jupyter kernel is installed.

    Raises
    ------
    BadInput
        There is no kernel called ``python3``.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec(KERNEL)
    except NoSuchKernel:
        raise BadInput(f"there is no Jupyter kernel {KERNEL!r}; is ipykernel installed?", place="papermill") from None

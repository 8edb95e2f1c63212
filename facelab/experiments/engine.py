"""papermill's engine as facelab uses it: cells and bars are told as steps, bars stay out of the notebook.

Only imported where a notebook is run: it needs papermill and nbclient.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine

from facelab.experiments.progress import Step, without_bars

if TYPE_CHECKING:
    from facelab.experiments.notebook_run import NotebookRun

START_S = 120
LONGEST_SOCKET_FOLDER = 90  # a socket's whole name may have 107 bytes


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """A notebook client that tells its run of every cell and takes progress bars out of what cells print."""

    def __init__(self, nb_man: Any, run: NotebookRun, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self.run = run
        self.given = dict(run.environment())

    async def async_execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        """Execute one cell, after telling which."""
        if cell.cell_type == "code":
            self._check_stopped()
            self._give_late()
            self.run._cell = sum(c.cell_type == "code" for c in self.nb.cells[: cell_index + 1])
            self.run.progress(Step(self.run.name, cell_index, len(self.nb.cells)))
        return await super().async_execute_cell(cell, cell_index, **options)

    def _check_stopped(self) -> None:
        if self.run.stopped:
            raise RuntimeError("stopped")

    def _give_late(self) -> None:
        """Tell the kernel of variables that came up after it started: the id of a run that was still being made."""
        late = {name: text for name, text in self.run.environment().items() if name not in self.given}
        if late:
            self.kc.execute(f"import os; os.environ.update({late!r})", silent=True, store_history=False)
            self.given |= late

    def process_message(self, msg: Any, *args: Any, **options: Any) -> Any:
        """Take in one message of the kernel; a bar on stderr becomes a step."""
        content = msg.get("content", {})
        if msg.get("msg_type") == "stream" and content.get("name") == "stderr":
            content["text"], steps = without_bars(self.run.name, content["text"])
            for step in steps:
                self.run.progress(step)
            if not content["text"]:
                return None
        return super().process_message(msg, *args, **options)


# execute_cell was bound to the parent's coroutine when that class was made
def _bind() -> None:
    from jupyter_core.utils import run_sync

    _Client.execute_cell = run_sync(_Client.async_execute_cell)


_bind()


class FacelabEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """Runs a notebook for a `NotebookRun`, in a kernel whose environment and time limit are that run's.

    The kernel listens on sockets of the file system where that is possible, so that nobody else on the machine can talk
    to it; what it says outside of its cells goes to a file beside the executed notebook, kept where the run failed.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run the notebook of `nb_man` in a new kernel."""
        run: NotebookRun = options["run"]
        timeout = None if run.timeout_s is None else max(1, round(run.timeout_s))
        client = _Client(nb_man, run, kernel_name=kernel_name, timeout=timeout, startup_timeout=START_S)
        client.create_kernel_manager()
        run._kernel = client.km
        log = run.output.with_suffix(".log")
        with log.open("wb") as said, tempfile.TemporaryDirectory(prefix="facelab-") as private:
            if sys.platform != "win32" and len(private) < LONGEST_SOCKET_FOLDER:
                client.km.transport, client.km.ip = "ipc", f"{private}/kernel"
            environment = {**os.environ, **client.given}
            done = client.execute(
                env=environment, cwd=str(run.output.parent), stdout=said, stderr=said, cleanup_kc=True
            )
        log.unlink()
        return done

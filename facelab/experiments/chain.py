"""The chain: the notebooks of an evaluation in their order, those that do not wait for each other side by side.

The main thread only waits, so that Ctrl-C and a scheduler's SIGTERM are heard at once: they end the kernels. Pages are
made while later notebooks run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.experiments.notebook_run import NotebookRun, check_kernel
from facelab.experiments.parameters import checked_parameters
from facelab.experiments.progress import Progress, quiet
from facelab.experiments.store import tracking_uri
from facelab.experiments.workspace import project_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from facelab.config import Scenario
    from facelab.experiments.workspace import Workspace

TRACKS, WATCHLIST, MATCH = "01_footage_to_tracks", "02_watchlist", "03_match"
RATES, TUNE, GROUPS, EXPORT = "04_error_rates", "05_tune_threshold", "06_groups_and_quality", "07_export_config"
SITE = "10_site_answer"
POLL_S = 0.5


class Terminated(KeyboardInterrupt):
    """SIGTERM: a scheduler or the system ends the evaluation."""


def waves(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """The notebooks that `scenario` needs; those of one wave do not wait for each other."""
    first = ((TRACKS,), (WATCHLIST,)) if scenario.watchlist.kind == "footage" else ((TRACKS, WATCHLIST),)
    if scenario.counts_only:
        return (*first, (MATCH,), (RATES, TUNE))
    site = () if scenario.site is None else ((SITE,),)
    # the config carries what 06 found of small faces and the threshold of the site's answer
    return (*first, (MATCH,), (RATES, TUNE, GROUPS), *site, (EXPORT,))


def notebooks_folder() -> Path:
    """Where the notebooks are.

    Raises
    ------
    BadInput
        There is no such folder: facelab was installed without its checkout.
    """
    folder = project_root() / "notebooks"
    if not folder.is_dir():
        raise BadInput(
            "there are no notebooks here; run facelab from its checkout, or set FACELAB_ROOT", place=str(folder)
        )
    return folder


@dataclass
class Chain:
    """The notebooks of one evaluation.

    Parameters
    ----------
    workspace : Workspace
        Where they read, write, and leave their executed copies.
    parameters : mapping
        Given to every notebook.
    extra : mapping of str to mapping
        Parameters of single notebooks.
    run_id : callable
        The id of the MLflow run, or an empty text while there is none; raises where there will be none.
    timeout_s : float, optional
        The longest that one cell may take.
    progress : callable
        Told every `facelab.experiments.progress.Step`.
    """

    workspace: Workspace
    parameters: Mapping[str, Any]
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    run_id: Callable[[], str] = str
    timeout_s: float | None = None
    progress: Progress = quiet
    runs: list[NotebookRun] = field(default_factory=list)

    def execute(self, names: Sequence[Sequence[str]], done: Callable[[NotebookRun], None]) -> None:
        """Run the notebooks of each wave; `done` is called (in another thread) with each that has ended well.

        Raises
        ------
        FacelabError
            What ended the first notebook that failed; the others are stopped.
        KeyboardInterrupt
            Ctrl-C, or `Terminated` for SIGTERM.
        """
        check_kernel()
        wanted = [(name, self._run(name)) for wave in names for name in wave]
        by_name = dict(wanted)
        with _terminable(), ThreadPoolExecutor(4, "facelab-notebook") as pool, ThreadPoolExecutor(1) as after:
            pages: list[Future[None]] = []
            try:
                for wave in names:
                    self._wave(
                        [by_name[name] for name in wave], pool, lambda run: pages.append(after.submit(done, run))
                    )
                for page in pages:
                    page.result()
            except BaseException:
                for run in self.runs:
                    run.stop()
                raise

    def _run(self, name: str) -> NotebookRun:
        """The run of the notebook called `name`, its parameters checked."""
        source = notebooks_folder() / f"{name}.ipynb"
        if not source.is_file():
            raise BadInput("the notebook is not there", place=str(source))
        return NotebookRun(
            source=source,
            output=self.workspace.notebooks / source.name,
            parameters=checked_parameters(name, {**self.parameters, **self.extra.get(name, {})}),
            environment=self._environment,
            timeout_s=self.timeout_s,
            progress=self.progress,
        )

    def _environment(self) -> dict[str, str]:
        run_id = self.run_id()
        # a kernel is nobody's terminal: the library is told to show its bars, which the runner reads
        shown = {"FACELAB_PROGRESS": "1", "PYTHONWARNINGS": "ignore:IProgress not found"}
        return {**shown, "MLFLOW_RUN_ID": run_id, "MLFLOW_TRACKING_URI": tracking_uri()} if run_id else shown

    def _wave(self, runs: Sequence[NotebookRun], pool: ThreadPoolExecutor, done: Callable[[NotebookRun], None]) -> None:
        self.runs.extend(runs)
        waiting = {pool.submit(run.execute): run for run in runs}
        while waiting:
            ended, _ = wait(waiting, timeout=POLL_S, return_when=FIRST_COMPLETED)
            self.run_id()  # a store that cannot be used ends the evaluation now, not when all is computed
            for future in ended:
                run = waiting.pop(future)
                future.result()
                done(run)

    @property
    def failure(self) -> str:
        """Where and why the first notebook that failed did; empty where none did."""
        failed = [run.failure for run in self.runs if run.failure is not None and run.failure.reason != "stopped"]
        return str(failed[0]) if failed else ""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Hear SIGTERM as `Terminated` while the block runs, in the main thread."""
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return

    def terminated(*_: object) -> None:
        raise Terminated("SIGTERM")

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Stopwatch:
    """How long stages took, by name, and all of it as ``total``."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.stages: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as the stage called `name`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = time.monotonic() - started

    @property
    def seconds(self) -> dict[str, float]:
        """The stages so far, and the total."""
        return {**self.stages, "total": time.monotonic() - self.started}

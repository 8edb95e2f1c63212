"""Who works on the clips of a footage: threads of this process, processes of this machine, or a Dask cluster.

Every engine does the same work (`facelab.pipeline.clip_work`) and gives the same bytes; they differ in what they cost:

- *threads*: one pack serves all and there is nothing to start; the frames of one clip are looked at ahead of its
  tracker, so that a single clip keeps every core busy. What is Python is done by one of them at a time, which bounds
  what many cores gain where many faces are in sight (docs/scale.md).
- *processes* (joblib): one clip a process; nothing is shared, and each process takes seconds and the memory of a pack
  to start. A process that dies, killed for memory for instance, is replaced, and its clip begun again.
- *dask*: one clip a thread of each worker of a cluster (`facelab.pipeline.engine_dask`).

A clip that is whole is kept at once, so whatever is interrupted goes on where it was.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Protocol

from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.clip import ClipPassages, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from facelab.config import Runtime
    from facelab.pipeline.clip_work import ClipWork

FRAMES_AHEAD = 2
DEATHS = 3
"""So often worker processes may die before the clips that are left are given up."""

_log = logging.getLogger("facelab")


class Engine(Protocol):
    """Does the work on clips."""

    def results(self, work: Mapping[int, ClipWork], count: Callable[[int], Any]) -> dict[int, ClipPassages]:
        """The result of each work, by its number; `count` is told how many frames were done."""
        ...


def engine(runtime: Runtime) -> Engine:
    """The engine that `runtime` names.

    Raises
    ------
    BadInput
        A scheduler without the engine that has one, or the other way round.
    """
    if runtime.engine != "dask" and runtime.scheduler is not None:
        raise BadInput(f"a scheduler is for the engine dask, the engine is {runtime.engine}", place="scheduler")
    if runtime.engine == "dask":
        from facelab.pipeline.engine_dask import DaskEngine

        return DaskEngine(runtime)
    number = workers(runtime)
    return ThreadsEngine(number) if runtime.engine == "threads" else ProcessesEngine(number)


def workers(runtime: Runtime) -> int:
    """How many work at the same time: as `runtime` says, or one a core that this process may use."""
    if runtime.workers:
        return runtime.workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ThreadsEngine:
    """Threads of this process; with one, the calling thread does everything."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._stop = threading.Event()

    def results(self, work: Mapping[int, ClipWork], count: Callable[[int], Any]) -> dict[int, ClipPassages]:
        """The result of each work, by its number; `count` is told of every frame."""

        def frame_done() -> None:
            if self._stop.is_set():
                raise Stopped
            count(1)

        if self._threads == 1:
            return {k: clip.done(None, frame_done) for k, clip in work.items()}
        readers = max(1, min(len(work), self._threads))
        with (
            ThreadPoolExecutor(self._threads, "facelab-look") as helpers,
            ThreadPoolExecutor(readers, "facelab-clip") as pool,
        ):
            ahead: tuple[Executor, int] = (helpers, FRAMES_AHEAD * max(2, self._threads // readers))
            futures = {k: pool.submit(clip.done, ahead, frame_done) for k, clip in work.items()}
            try:
                wait(futures.values(), return_when=FIRST_EXCEPTION)
                # where a clip failed, what is under way becomes whole and is kept; what has not begun is left
                pool.shutdown(wait=True, cancel_futures=True)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            for future in futures.values():
                if not future.cancelled():
                    future.result()
            return {k: future.result() for k, future in futures.items()}


class ProcessesEngine:
    """Processes of this machine, through joblib."""

    def __init__(self, processes: int) -> None:
        self._processes = processes

    def results(self, work: Mapping[int, ClipWork], count: Callable[[int], Any]) -> dict[int, ClipPassages]:
        """The result of each work, by its number; `count` is told of the frames of every clip that is whole.

        Raises
        ------
        NotMeasured
            Processes died again and again.
        """
        from joblib.externals.loky.process_executor import BrokenProcessPool

        found: dict[int, ClipPassages] = {}
        for death in range(DEATHS + 1):
            try:
                self._collect(work, found, count)
            except BrokenProcessPool as error:
                left = sorted(work.keys() - found.keys())
                cameras = ", ".join(dict.fromkeys(work[k].source.camera for k in left))
                if death == DEATHS:
                    raise NotMeasured(
                        f"worker processes died {DEATHS + 1} times over {len(left):,} clips ({cameras}); is memory "
                        "short? fewer workers need less of it. What was whole is kept"
                    ) from error
                _log.warning("a worker process died; %d clips are begun again (%s)", len(left), cameras)
            else:
                break
        return found

    def _collect(
        self, work: Mapping[int, ClipWork], found: dict[int, ClipPassages], count: Callable[[int], Any]
    ) -> None:
        """Add to `found` what is not in it yet, each as it becomes whole."""
        import joblib

        left = [k for k in work if k not in found]
        pool = joblib.Parallel(
            n_jobs=min(self._processes, len(left)), backend="loky", batch_size=1, return_as="generator_unordered"
        )
        for k, arrays, facts in pool(joblib.delayed(_numbered)(k, work[k].elsewhere()) for k in left):
            found[k] = ClipPassages.stored(arrays, facts)
            work[k].keep(found[k])
            count(found[k].losses.frames_read)


def _numbered(number: int, work: Callable[[], tuple[dict[str, Any], dict[str, Any]]]) -> tuple[int, Any, Any]:
    arrays, facts = work()
    return number, arrays, facts

"""Clips on a Dask cluster: one task a clip, the results sent back and kept here as they come.

A worker that dies takes nothing with it but the clip that it was at: the scheduler gives that clip to another worker,
and since a result is named by what it follows from and taken in once, nothing is lost and nothing counted twice. Only
the footage must be in a folder that every worker sees; packs are found there or fetched by name, results travel back.
Each thread of a worker does one clip: ``dask worker tcp://… --nworkers auto --nthreads 1`` gives one process a core.

The scheduler and the workers run whatever they are sent: they belong on a network that only the site's own machines
reach, or behind TLS (``tls://`` and Dask's own settings).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.clip import ClipPassages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from facelab.config import Runtime
    from facelab.pipeline.clip_work import ClipWork

CONNECT_S = 10.0
"""A scheduler that does not answer for so long is not there, s."""
WORKERS_S = 60.0
"""A cluster without a worker for so long has none, s."""
LOOK_S = 1.0


class DaskEngine:
    """A Dask cluster.

    Parameters
    ----------
    runtime : Runtime
        `scheduler` is its address; `workers`, where it is not 0, is how many of its threads are used at most.

    Raises
    ------
    BadInput
        There is no address, or Dask is not installed.
    """

    def __init__(self, runtime: Runtime) -> None:
        if not runtime.scheduler:
            raise BadInput(
                "the engine dask needs the address of a scheduler, such as tcp://10.0.0.1:8786", place="scheduler"
            )
        self._address, self._most = runtime.scheduler, runtime.workers
        try:
            import distributed  # noqa: F401
        except ImportError:
            raise BadInput(
                "the engine dask needs Dask, which is not installed: pip install 'facelab[scale]'", place="engine"
            ) from None

    def results(self, work: Mapping[int, ClipWork], count: Callable[[int], Any]) -> dict[int, ClipPassages]:
        """The result of each work, by its number; `count` is told of the frames of every clip that is whole.

        Raises
        ------
        BadInput
            The scheduler cannot be reached, or a worker has other footage, another pack or another facelab.
        NotMeasured
            The cluster has lost its last worker, or a clip ended worker after worker.
        """
        with _connected(self._address) as client:
            return _Collection(client, work, count, self._most).whole()


class _Collection:
    """The clips that were handed to a cluster, and what came back."""

    def __init__(self, client: Any, work: Mapping[int, ClipWork], count: Callable[[int], Any], most: int) -> None:
        self._client, self._work, self._count = client, work, count
        self._waiting = list(work)[::-1]
        self._under_way: dict[Any, int] = {}
        self._most = most or len(work)
        self._alone_since: float | None = None

    def whole(self) -> dict[int, ClipPassages]:
        """Every result; where one fails, what is under way is given up, and what came back was kept."""
        found: dict[int, ClipPassages] = {}
        try:
            while self._waiting or self._under_way:
                self._hand_out()
                for future in self._finished():
                    k = self._under_way.pop(future)
                    found[k] = ClipPassages.stored(*self._result(future, k))
                    self._work[k].keep(found[k])
                    self._count(found[k].losses.frames_read)
        finally:
            if self._under_way:
                self._client.cancel(list(self._under_way), force=True)
        return found

    def _hand_out(self) -> None:
        while self._waiting and len(self._under_way) < self._most:
            k = self._waiting.pop()
            name = f"facelab-clip-{self._work[k].source.camera}-{k}"
            future = self._client.submit(self._work[k].elsewhere(), pure=False, key=f"{name}-{time.monotonic_ns()}")
            self._under_way[future] = k

    def _finished(self) -> list[Any]:
        """The futures that are done; none where there was none for a moment."""
        import distributed

        wait: Any = distributed.wait
        try:
            with self._client.as_current():
                done = wait(list(self._under_way), timeout=LOOK_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            self._require_workers()
            return []
        self._alone_since = None
        return list(done)

    def _require_workers(self) -> None:
        if self._client.status != "running":
            raise NotMeasured("the Dask scheduler has gone; what was whole is kept")
        if self._client.scheduler_info(n_workers=-1)["workers"]:
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since > WORKERS_S:
            raise NotMeasured(
                f"the Dask cluster has had no worker for {WORKERS_S:.0f} s; what was whole is kept, "
                f"{len(self._waiting) + len(self._under_way):,} clips are left"
            )

    def _result(self, future: Any, k: int) -> tuple[dict[str, Any], dict[str, Any]]:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            arrays, facts = future.result()
        except KilledWorker as error:
            raise NotMeasured(
                f"the clip of camera {self._work[k].source.camera!r} ended worker after worker; is memory short? "
                "What was whole is kept"
            ) from error
        except FutureCancelledError as error:
            raise NotMeasured("the Dask scheduler has gone, or gave the work up; what was whole is kept") from error
        return arrays, facts


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at `address`."""
    import distributed

    connected: Any = distributed.Client
    try:
        client = connected(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise BadInput(
            f"no Dask scheduler answers there ({type(error).__name__}); is `dask scheduler` running, and can this "
            "machine reach it?",
            place=address,
        ) from None
    with client:
        yield client

"""From a footage to its passages: every clip once, several at a time, and never again for the same input.

Clips are worked on by threads of one process: decoding and the models, which are nearly all of the work, run outside
Python's lock, one pack serves them all, and there is nothing to start. With one worker the calling thread does
everything. A clip that is whole is kept at once (`facelab.pipeline.cache`), so a run that is interrupted goes on where
it was; a later call for the same input reads it back without loading a model. Live cameras are never kept.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.config import PipelineSettings, Runtime
from facelab.errors import NotMeasured
from facelab.pipeline import cache
from facelab.pipeline.assembly import Recogniser, assembled
from facelab.pipeline.clip import ClipPassages, Stopped, clip_passages
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.data.footage import Clip, Footage
    from facelab.pipeline.passages import Passages

KIND = "clips"
FRAMES_AHEAD = 2
_SETTINGS, _RUNTIME = PipelineSettings(), Runtime()


def track_footage(
    footage: Footage,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime = _RUNTIME,
    progress: bool = True,
) -> Passages:
    """The passages of `footage`: its tracks, a template of each, and what was lost.

    Parameters
    ----------
    footage : Footage
        Clips, and the truth where there is one.
    pack : Pack, str or Path
        The model pack, or its name or folder.
    settings : PipelineSettings
        All that changes what comes out.
    runtime : Runtime
        How many workers; nothing here changes what comes out.
    progress : bool
        False never shows a bar (see `facelab.pipeline.progress` for when one is shown).

    Raises
    ------
    BadInput
        A clip cannot be read at all, or the pack cannot be loaded. Other clips that were whole by then are kept.
    NotMeasured
        There is no face in the whole footage.
    """
    pack = load_pack(pack, runtime) if isinstance(pack, str | Path) else pack
    found = _every_clip(footage, pack, settings, workers(runtime), progress)
    if not any(clip.faces for clip in found):
        frames = sum(clip.losses.frames_read for clip in found)
        raise NotMeasured(
            f"{footage.name}: no face in {frames:,} frames at a detector score of {settings.detection.min_score:g} or "
            "more; are people too far away (a larger detection.input_size helps), or is the picture turned?"
        )
    return assembled(footage, found, Recogniser(pack.fingerprint, pack.dimension), settings.pooling.method)


def workers(runtime: Runtime) -> int:
    """How many threads work at the same time: as `runtime` says, or one a core that this process may use."""
    if runtime.workers:
        return runtime.workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def clip_key(digest: str, pack: Pack, settings: PipelineSettings) -> dict[str, Any]:
    """What a clip's result is computed from; how faces are pooled is not part of it, that is done afterwards."""
    chosen = settings.model_dump(mode="json")
    del chosen["pooling"]["method"]
    return {"content": digest, "pack": pack.fingerprint, "settings": chosen}


def _every_clip(
    footage: Footage, pack: Pack, settings: PipelineSettings, threads: int, progress: bool
) -> list[ClipPassages]:
    """What each clip shows, in their order: out of the cache, or computed and kept."""
    stored = [_stored(clip, pack, settings) for clip in footage.clips]
    waiting = [k for k, found in enumerate(stored) if found is None]
    done = sum(found.losses.frames_read for found in stored if found is not None)
    expected = [footage.clips[k].frames_expected for k in waiting]
    total = None if None in expected else done + sum(count or 0 for count in expected)
    with progress_bar(f"{footage.name}: tracking", total, "frame", wanted=progress and bool(waiting)) as bar:
        bar.update(done)
        found = _Work(footage, pack, settings, bar.update).run(waiting, threads)
    return [found[k] if kept is None else kept for k, kept in enumerate(stored)]


def _stored(clip: Clip, pack: Pack, settings: PipelineSettings) -> ClipPassages | None:
    digest = clip.source.digest
    kept = None if digest is None else cache.load(KIND, clip_key(digest, pack, settings))
    return None if kept is None else ClipPassages.stored(*kept)


class _Work:
    """The clips that are not in the cache, on one thread or on several."""

    def __init__(self, footage: Footage, pack: Pack, settings: PipelineSettings, count: Callable[[int], Any]) -> None:
        self._clips, self._pack, self._settings, self._count = footage.clips, pack, settings, count
        self._stop = threading.Event()

    def run(self, waiting: list[int], threads: int) -> dict[int, ClipPassages]:
        """What the clips numbered `waiting` show."""
        if threads == 1:
            return {k: self._clip(self._clips[k], None) for k in waiting}
        readers = max(1, min(len(waiting), threads))
        with (
            ThreadPoolExecutor(threads, "facelab-look") as helpers,
            ThreadPoolExecutor(readers, "facelab-clip") as pool,
        ):
            ahead = (helpers, FRAMES_AHEAD * max(2, threads // readers))
            futures = {k: pool.submit(self._clip, self._clips[k], ahead) for k in waiting}
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

    def _clip(self, clip: Clip, helpers: tuple[Executor, int] | None) -> ClipPassages:
        found = clip_passages(clip.source, self._pack, self._settings, helpers=helpers, on_frame=self._frame_done)
        digest = clip.source.digest
        if digest is not None:
            cache.store(
                KIND,
                clip_key(digest, self._pack, self._settings),
                found.arrays,
                found.facts,
                title=f"{clip.camera}, {self._pack.name}",
            )
        return found

    def _frame_done(self) -> None:
        if self._stop.is_set():
            raise Stopped
        self._count(1)

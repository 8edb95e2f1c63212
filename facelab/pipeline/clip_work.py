"""The work on one clip, wherever it is done: here, in another process, or on another machine.

A clip's result follows from its pictures, the pack, the settings and the code; so a worker elsewhere checks that it has
the same of each before it begins, and what travels back is the result itself: no folder need be shared but the one that
the footage lies in. It is kept at both ends under the same name, and where a cache is shared it is one file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.data.losses import Losses
from facelab.errors import BadInput, PackError
from facelab.pipeline import cache
from facelab.pipeline.checkpoints import checkpoints
from facelab.pipeline.clip import ClipPassages, clip_passages
from facelab.pipeline.packs import Pack, load_pack
from facelab.types import LANDMARKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from facelab.config import PipelineSettings, Runtime
    from facelab.data.footage import Source

KIND = "clips"
_loading = threading.Lock()
_loaded: dict[str, Pack] = {}


@dataclass(frozen=True, eq=False)
class ClipWork:
    """One clip to be worked on.

    Parameters
    ----------
    source : Source
        Where the frames come from.
    pack : Pack
        Detector and recogniser.
    settings : PipelineSettings
        All that changes what comes out.
    """

    source: Source
    pack: Pack
    settings: PipelineSettings

    def stored(self) -> ClipPassages | None:
        """The result, where it is in the cache."""
        try:
            digest = self.source.digest
        except BadInput:
            return None  # `done` says why
        kept = None if digest is None else cache.load(KIND, clip_key(digest, self.pack, self.settings))
        return None if kept is None else ClipPassages.stored(*kept)

    def done(
        self, helpers: tuple[Executor, int] | None = None, on_frame: Callable[[], None] = lambda: None
    ) -> ClipPassages:
        """The result, computed and kept; of a clip that cannot be read at all, none, which is counted and named.

        Raises
        ------
        PackError
            The pack cannot be used.
        """
        try:
            digest = self.source.digest
            found = clip_passages(
                self.source,
                self.pack,
                self.settings,
                helpers=helpers,
                checkpoints=checkpoints(digest, self.source, self.pack, self.settings.detection),
                on_frame=on_frame,
            )
        except PackError:
            raise
        except BadInput as error:
            return nothing_found(self.pack.dimension, Losses(clips_failed=1, named=[str(error)]))
        self.keep(found)
        return found

    def keep(self, found: ClipPassages) -> None:
        """Keep the result, unless the clip is live, failed, or changed while it was read, or it is kept already."""
        digest = self.source.digest
        if digest is None or found.losses.clips_failed or found.losses.clips_changed:
            return
        about = clip_key(digest, self.pack, self.settings)
        if not cache.holds(KIND, about):
            title = f"{self.source.camera}, {self.pack.name}"
            cache.store(KIND, about, found.arrays, found.facts, title=title)

    def elsewhere(self) -> ClipElsewhere:
        """The same work for another process or machine."""
        return ClipElsewhere(
            source=_fresh(self.source),
            digest=self.source.digest,
            pack=PackElsewhere.of(self.pack) if isinstance(self.pack, Pack) else self.pack,
            fingerprint=self.pack.fingerprint,
            settings=self.settings,
            code=cache.code_version(),
        )


@dataclass(frozen=True, eq=False)
class PackElsewhere:
    """How another process finds a pack: in the same folder, or by its name; only the same files will do."""

    name: str
    folder: Path
    fingerprint: str
    runtime: Runtime

    @classmethod
    def of(cls, pack: Pack) -> PackElsewhere:
        """How `pack` is found."""
        return cls(pack.name, pack.folder, pack.fingerprint, pack.runtime)

    def loaded(self) -> Pack:
        """The pack, loaded once a process.

        Raises
        ------
        PackError
            It is not to be had here, or is another one.
        """
        key = f"{self.fingerprint} {self.runtime!r}"
        with _loading:
            if key not in _loaded:
                pack = load_pack(self.folder if self.folder.is_dir() else self.name, self.runtime)
                if pack.fingerprint != self.fingerprint:
                    raise PackError("the worker has other files under this name", place=self.name)
                _loaded[key] = pack
            return _loaded[key]


@dataclass(frozen=True, eq=False)
class ClipElsewhere:
    """One clip's work as it travels; called, it does the work where it is, and gives back arrays and facts.

    Parameters
    ----------
    source : Source
        Where the frames come from; its path must lead to the same content there.
    digest : str or None
        Of that content; None where it is live.
    pack : PackElsewhere, or any pack that can be pickled
        Detector and recogniser.
    fingerprint : str
        The pack's.
    settings : PipelineSettings
        All that changes what comes out.
    code : str
        `facelab.pipeline.cache.code_version` of whoever asks.
    """

    source: Source
    digest: str | None
    pack: Any
    fingerprint: str
    settings: PipelineSettings
    code: str

    def __call__(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays and facts of the clip's result.

        Raises
        ------
        BadInput
            Footage, pack or code are not those of whoever asks.
        """
        if cache.code_version() != self.code:
            raise BadInput(
                "the worker runs another version of facelab or of its libraries: the result could differ", place=_here()
            )
        if self.digest is not None and _digest(self.source) != self.digest:
            raise BadInput(f"the footage of {self.source.camera!r} is another one there", place=_here())
        pack = self.pack.loaded() if isinstance(self.pack, PackElsewhere) else self.pack
        work = ClipWork(self.source, pack, self.settings)
        kept = work.stored()
        found = work.done() if kept is None else kept
        return found.arrays, found.facts


def clip_key(digest: str, pack: Pack, settings: PipelineSettings) -> dict[str, Any]:
    """What a clip's result follows from; mending, static faces and pooling come afterwards and are no part of it."""
    chosen = settings.model_dump(mode="json")
    del chosen["pooling"]["method"], chosen["mending"], chosen["static"]
    return {"content": digest, "pack": pack.fingerprint, "settings": chosen}


def nothing_found(dimension: int, losses: Losses) -> ClipPassages:
    """The result of a clip that shows nothing."""
    none = np.zeros(0, np.int64)
    small = np.zeros(0, np.float32)
    return ClipPassages(
        frame=none,
        time_s=np.zeros(0),
        track=none,
        box=np.zeros((0, 4), np.float32),
        score=small,
        quality=small,
        landmarks=np.zeros((0, LANDMARKS, 2), np.float32),
        face_row=none,
        embedding=np.zeros((0, dimension), np.float32),
        faces=0,
        untracked=0,
        short_tracks=0,
        short_faces=0,
        losses=losses,
    )


def _fresh(source: Source) -> Source:
    """`source` without what it has already read of its content, so that a worker reads its own."""
    return replace(source) if is_dataclass(source) and not isinstance(source, type) else source


def _digest(source: Source) -> str | None:
    try:
        return source.digest
    except BadInput as error:
        raise BadInput(
            f"the footage cannot be read there ({error}); is its folder shared between the machines?", place=_here()
        ) from None


def _here() -> str:
    import platform

    return f"worker on {platform.node()}"

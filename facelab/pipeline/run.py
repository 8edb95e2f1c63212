"""From a footage to its passages: every clip once, several at a time, and never again for the same input.

Who works is a setting of `Runtime` (`facelab.pipeline.engines`), and nothing of it changes what comes out. A clip that
is whole is kept at once (`facelab.pipeline.cache`), and of a long one the detections of every part that is whole
(`facelab.pipeline.checkpoints`), so a run that is interrupted goes on where it was; a later call for the same input
reads it back without loading a model. Live cameras are never kept. A clip that cannot be read at all is counted and
named, and the rest goes on.

Where a call does not say who works, the environment does: ``FACELAB_ENGINE``, ``FACELAB_SCHEDULER`` and
``FACELAB_WORKERS`` (so that notebooks run by a machine use the engine that it was told).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.config import PipelineSettings, Runtime
from facelab.data.losses import Losses
from facelab.errors import BadInput, NotMeasured
from facelab.pipeline.assembly import Recogniser, assembled
from facelab.pipeline.clip_work import KIND, ClipWork, clip_key
from facelab.pipeline.engines import engine, workers
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.progress import progress_bar
from facelab.pipeline.static_faces import named, static_tracks, without_tracks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from facelab.data.footage import Clip, Footage
    from facelab.pipeline.clip import ClipPassages
    from facelab.pipeline.engines import Engine
    from facelab.pipeline.passages import Passages

__all__ = ["KIND", "clip_key", "runtime_here", "track_footage", "workers"]

_SETTINGS = PipelineSettings()
_VARIABLES = {"engine": "FACELAB_ENGINE", "scheduler": "FACELAB_SCHEDULER", "workers": "FACELAB_WORKERS"}


def track_footage(
    footage: Footage,
    pack: Pack | str | Path = "scrfd-mbf",
    settings: PipelineSettings = _SETTINGS,
    *,
    runtime: Runtime | None = None,
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
    runtime : Runtime, optional
        Who works, and how many at a time; nothing here changes what comes out. Unless given, as the environment says.
    progress : bool
        False never shows a bar (see `facelab.pipeline.progress` for when one is shown).

    Raises
    ------
    BadInput
        No clip can be read at all, the pack cannot be loaded, or the engine cannot be used. Clips that were whole by
        then are kept.
    NotMeasured
        There is no face in the whole footage, or the workers died.
    """
    runtime = runtime_here() if runtime is None else runtime
    hands = engine(runtime)
    pack = load_pack(pack, runtime) if isinstance(pack, str | Path) else pack
    found = _every_clip(footage, pack, settings, hands, progress)
    _require_some(footage, found, settings)
    static = [static_tracks(clip, settings.static.after_s) for clip in found]
    by_camera = _lost_by_camera(footage.clips, found)
    for clip, shown, numbers in zip(footage.clips, found, static):
        for number in numbers.tolist():
            by_camera[clip.camera].name(_by(clip, named(shown, number)))
    if settings.static.set_aside:
        found = [without_tracks(shown, numbers) for shown, numbers in zip(found, static)]
    passages = assembled(footage, found, Recogniser(pack.fingerprint, pack.dimension), settings)
    still = sum(len(numbers) for numbers in static)
    return replace(
        passages,
        losses=_together(by_camera.values()),
        lost_by_camera=by_camera,
        counts=replace(passages.counts, static=still, set_aside=still if settings.static.set_aside else 0),
    )


def runtime_here() -> Runtime:
    """Who works, as the environment says.

    Raises
    ------
    BadInput
        A variable holds what is none of its values.
    """
    said = {name: os.environ.get(variable, "").strip() for name, variable in _VARIABLES.items()}
    given: dict[str, Any] = {name: text for name, text in said.items() if text}
    try:
        return Runtime.model_validate(given)
    except ValueError as error:
        names = ", ".join(f"{_VARIABLES[name]}={text}" for name, text in given.items())
        raise BadInput(f"this says not who works: {error}", place=names) from None


def _every_clip(
    footage: Footage, pack: Pack, settings: PipelineSettings, hands: Engine, progress: bool
) -> list[ClipPassages]:
    """What each clip shows, in their order: out of the cache, or computed and kept."""
    work = [ClipWork(clip.source, pack, settings) for clip in footage.clips]
    stored = [clip.stored() for clip in work]
    waiting = {k: work[k] for k, found in enumerate(stored) if found is None}
    done = sum(found.losses.frames_read for found in stored if found is not None)
    expected = [_frames_expected(footage.clips[k]) for k in waiting]
    total = None if None in expected else done + sum(count or 0 for count in expected)
    with progress_bar(f"{footage.name}: tracking", total, "frame", wanted=progress and bool(waiting)) as bar:
        bar.update(done)
        found = hands.results(waiting, bar.update) if waiting else {}
    return [found[k] if kept is None else kept for k, kept in enumerate(stored)]


def _frames_expected(clip: Clip) -> int | None:
    try:
        return clip.frames_expected
    except BadInput:
        return None  # it will be counted as failed, and named


def _require_some(footage: Footage, found: Sequence[ClipPassages], settings: PipelineSettings) -> None:
    """Raise where no clip could be read, or none shows a face."""
    if all(clip.losses.clips_failed for clip in found):
        raise BadInput(found[0].losses.named[0])
    if not any(clip.faces for clip in found):
        frames = sum(clip.losses.frames_read for clip in found)
        raise NotMeasured(
            f"{footage.name}: no face in {frames:,} frames at a detector score of {settings.detection.min_score:g} or "
            "more; are people too far away (a larger detection.input_size helps), or is the picture turned?"
        )


def _lost_by_camera(clips: Sequence[Clip], found: Sequence[ClipPassages]) -> dict[str, Losses]:
    by_camera: dict[str, Losses] = {}
    for clip, passages in zip(clips, found):
        lines = [_by(clip, line) for line in passages.losses.named]
        by_camera.setdefault(clip.camera, Losses()).add(replace(passages.losses, named=lines))
    return by_camera


def _together(losses: Iterable[Losses]) -> Losses:
    total = Losses()
    for one in losses:
        total.add(one)
    return total


def _by(clip: Clip, line: str) -> str:
    return f"camera {clip.camera!r}: {line}"

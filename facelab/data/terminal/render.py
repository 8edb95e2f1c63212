"""Rendering a footage into a folder: once for the same settings, people and renderer, and all of it or nothing.

The folder holds the clips, ``truth.csv``, the manifest ``footage.yaml``, and ``rendered.json``, which says what it was
rendered from and is written last. Everything is drawn in a folder beside it that takes its place when it is whole: a
rendering that was killed leaves nothing that looks finished.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from filelock import FileLock

from facelab.data.manifest import read_manifest
from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.terminal.camera import CAMERAS
from facelab.data.terminal.clip import Box, Frames, Stage, render_clip, stage
from facelab.data.terminal.facts import FACTS, planned_facts, write_facts
from facelab.data.terminal.plan import ClipPlan, plan_footage
from facelab.data.terminal.shelf import handed_out, sha256_of, shelved
from facelab.data.truth import Truth, write_truth
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.config import TerminalFootage
    from facelab.data.footage import Footage

VERSION = 3
SITES_VERSION = 4
"""Of every camera but the first three, and of all that is set beside passengers and cameras."""
STAMP, MANIFEST, TRUTH = "rendered.json", "footage.yaml", "truth.csv"
TOLD_EVERY = 10
Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)


def render_terminal(
    settings: TerminalFootage,
    folder: Path,
    *,
    people: SyntheticPeople | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    shelf: Path | None = None,
) -> Footage:
    """The synthetic terminal's footage in `folder`, rendered there unless it already is.

    Parameters
    ----------
    settings : TerminalFootage
        Seed, passengers and cameras.
    folder : Path
        Missing, empty, or of an earlier rendering (which is replaced where it is another one).
    people : SyntheticPeople, optional
        Whose faces; those of the repository unless given.
    workers : int
        Clips drawn at the same time; 0: one a core. The pixels are the same whatever their number.
    progress : function of (done, total), optional
        Told how many frames are drawn.
    shelf : Path, optional
        A folder of renderings that workspaces share (`facelab.data.terminal.shelf`): what is there is not drawn again,
        and what is drawn is left there. A shelf that cannot be written is done without.

    Raises
    ------
    BadInput
        There are too few people, `folder` holds something else, or it cannot be written (disk full).
    """
    people = SyntheticPeople(default_people_folder()) if people is None else people
    origin = _origin(settings, people)
    folder = folder.absolute()
    with _writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if not _is_rendered(folder, origin):
                _refuse_foreign(folder)

                def draw(place: Path) -> None:
                    """Draw all of it in `place`."""
                    _render(settings, people, place, origin, _Meter(progress, workers))

                kept = _shelved(shelf, origin, draw)
                if kept is None:
                    draw(folder)
                else:
                    handed_out(kept, folder, STAMP)
    return read_manifest(folder / MANIFEST)


def _origin(settings: TerminalFootage, people: SyntheticPeople) -> dict[str, Any]:
    """What a rendering follows from; what is newer than the first three cameras only where it is used."""
    origin = {"renderer": VERSION, "settings": settings.model_dump(mode="json"), "people": people.digest}
    return origin | ({"sites": SITES_VERSION} if _beyond(settings) else {})


def _beyond(settings: TerminalFootage) -> bool:
    """Whether `settings` ask for more than passengers who pass the first three cameras once."""
    plain = set(settings.model_dump()) <= {"kind", "seed", "unknown", "wanted", "cameras"}
    return not (plain and set(settings.cameras) <= set(CAMERAS))


def _shelved(shelf: Path | None, origin: dict[str, Any], draw: Callable[[Path], None]) -> Path | None:
    """Where the rendering lies on `shelf`; None where there is no shelf, or none that can be written."""
    if shelf is None:
        return None
    try:
        return shelved(shelf.absolute(), origin, STAMP, draw)
    except OSError as error:
        _log.warning("%s: the rendering is not kept for other workspaces (%s)", shelf, error)
        return None


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Errors of the file system as one line that names the folder."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        cause = "the disk is full" if full else (error.strerror or str(error))
        raise BadInput(f"the footage cannot be written: {cause}", place=str(folder)) from error


def _is_rendered(folder: Path, origin: dict[str, Any]) -> bool:
    """Whether `folder` holds the whole rendering of `origin`."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in stamp["files"]}
        return bool(stamp["origin"] == origin and sizes == stamp["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _refuse_foreign(folder: Path) -> None:
    """Never replace what is no rendering."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / STAMP).exists())):
        raise BadInput("footage is rendered into a folder of its own, this one holds something else", place=str(folder))


class _Meter:
    """How many workers draw, and whom to tell how far they are: each clip leaves its count in a file."""

    def __init__(self, progress: Progress | None, workers: int) -> None:
        self.progress = progress
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.workers = workers if workers > 0 else cores

    @contextmanager
    def watching(self, folder: Path, total: int) -> Iterator[None]:
        """Tell `progress` of the counts in `folder` while the block runs, and of the `total` when it is done."""
        told, done = self.progress, threading.Event()
        if told is None:
            yield
            return

        def watch() -> None:
            """Tell what is counted, four times a second."""
            while not done.wait(0.25):
                counted = sum(path.stat().st_size for path in folder.glob("*.count")) * TOLD_EVERY
                told(min(counted, total), total)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
        told(total, total)


def _render(
    settings: TerminalFootage, people: SyntheticPeople, folder: Path, origin: dict[str, Any], meter: _Meter
) -> None:
    """Draw everything beside `folder`, then let it take the folder's place."""
    draft = folder.parent / f".{folder.name}.unfinished"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        plans = plan_footage(settings, people)
        with meter.watching(draft, sum(plan.frames for plan in plans)):
            boxes = _drawn(plans, people, draft, meter.workers)
        for count in draft.glob("*.count"):
            count.unlink()
        write_truth(_truth(plans, boxes), draft / TRUTH)
        _write_manifest(plans, draft / MANIFEST)
        if "sites" in origin:
            write_facts(planned_facts(plans), draft / FACTS)
        files = {path.name: path.stat().st_size for path in sorted(draft.iterdir())}
        stamp = {"origin": origin, "files": files, "clips": {plan.file: sha256_of(draft / plan.file) for plan in plans}}
        (draft / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _drawn(plans: list[ClipPlan], people: SyntheticPeople, draft: Path, workers: int) -> list[list[Box]]:
    """Draw the clips into `draft`, longest first; their boxes in the order of `plans`."""
    order = sorted(range(len(plans)), key=lambda i: -plans[i].frames)
    cameras = sorted({plan.camera for plan in plans})
    if min(workers, len(plans)) == 1:
        stages = {camera: stage(camera) for camera in cameras}
        return [_draw(plan, stages[plan.camera], people, draft / plan.file) for plan in plans]
    from joblib import Parallel, delayed

    with Parallel(n_jobs=min(workers, len(plans))) as pool:
        stages = dict(zip(cameras, pool(delayed(stage)(camera) for camera in cameras)))
        tasks = (delayed(_draw)(plans[i], stages[plans[i].camera], people, draft / plans[i].file) for i in order)
        found = dict(zip(order, pool(tasks)))
    return [found[i] for i in range(len(plans))]


def _draw(plan: ClipPlan, scene: Stage, people: SyntheticPeople, path: Path) -> list[Box]:
    """Draw one clip."""
    frames = Frames(scene, plan, people)
    with path.with_suffix(".count").open("wb", buffering=0) as count:

        def tick(frame: int) -> None:
            """Leave a mark every `TOLD_EVERY` frames."""
            if frame % TOLD_EVERY == 0:
                count.write(b".")

        return render_clip(path, frames, tick=tick)


def _truth(plans: list[ClipPlan], boxes: list[list[Box]]) -> Truth:
    """The truth of all clips, by the cameras' own frame numbers."""
    rows = [(plan.camera, plan.first_frame, box) for plan, found in zip(plans, boxes) for box in found]
    return Truth(
        camera=np.array([camera for camera, _, _ in rows], dtype=np.str_),
        frame=np.array([first + box.frame for _, first, box in rows], dtype=np.int64),
        passage_id=np.array([box.passage_id for *_, box in rows], dtype=np.str_),
        subject_id=np.array([box.subject_id for *_, box in rows], dtype=np.str_),
        box=np.array([box.box for *_, box in rows], dtype=np.float32).reshape(-1, 4),
    )


def _write_manifest(plans: list[ClipPlan], path: Path) -> None:
    clips = [
        {"file": plan.file, "camera": plan.camera, "start_s": plan.start_s, "first_frame": plan.first_frame}
        for plan in plans
    ]
    content = {"name": "terminal", "synthetic": True, "truth": TRUTH, "clips": clips}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

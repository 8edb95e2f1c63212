"""Footage to templates against insightface's own loop: the same frames, the same model files; targets and what is met.

    python benchmarks/pipeline.py [--first 100 --last 400 --rounds 3 --long 100]

The peer is insightface 2.1: ``cv2.imread`` and ``FaceAnalysis.get`` on every frame, one thread. Rounds of all
contenders alternate, so that a busy machine is busy for each of them; a ratio is of medians, by the wall clock and, on
one thread, by processor time (what a busy machine distorts less). Then: where the time goes, whether every face is the
peer's, whether the number of workers changes a byte, and peak memory over a footage `--long` times as long, each in a
process of its own. Needs the research data; what the shortcuts cost in errors: benchmarks/shortcuts.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from facelab.config import PipelineSettings, Runtime
from facelab.data.footage import Clip, Footage
from facelab.data.research import CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE, research_folder
from facelab.data.sources import FrameFolder
from facelab.pipeline.clip import clip_passages
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.run import track_footage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facelab.data.losses import Losses
    from facelab.types import Frame

EVERY_FACE = PipelineSettings.model_validate({"detection": {"canvas": "pack"}, "pooling": {"faces": 100_000}})
DEFAULT, FAST = PipelineSettings(), PipelineSettings(profile="fast")
OVERHEAD = 0.15
GROWTH_MB = 8.0
MB = 1024 * 1024


@dataclass(frozen=True)
class Contender:
    """What is measured, and how many times as fast as the peer it must be."""

    name: str
    work: Callable[[Path], int]
    target: float | None
    workers: int = 1


@dataclass(frozen=True)
class Repeated:
    """A folder of frames shown several times over, as if it were one long recording; never cached."""

    source: FrameFolder
    times: int = 1
    camera: str = "benchmark"
    digest: None = None
    frames_expected: None = None
    reading_s: list[float] = field(default_factory=lambda: [0.0])

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frames, numbered and timed as one recording; `reading_s` counts the time that they take."""
        index = 0
        for _ in range(self.times):
            pictures = self.source.frames(losses)
            while True:
                started = time.thread_time()
                frame = next(pictures, None)
                self.reading_s[0] += time.thread_time() - started
                if frame is None:
                    break
                yield replace(frame, index=index, time_s=index / CHOKEPOINT_FPS)
                index += 1


class Clocked:
    """A model whose time is counted."""

    def __init__(self, model: Any) -> None:
        self._model, self.seconds = model, 0.0

    @property
    def on_cpu(self) -> bool:
        """As the model has it."""
        return bool(self._model.on_cpu)

    def outputs(self, tensor: Any) -> Any:
        """What the model gives; the thread's processor time is added to `seconds`."""
        started = time.thread_time()
        try:
            return self._model.outputs(tensor)
        finally:
            self.seconds += time.thread_time() - started


@contextmanager
def chosen_frames(first: int, last: int) -> Iterator[Path]:
    """A folder of links to the frames `first` to `last` of the sequence."""
    folder = research_folder()
    if folder is None:
        sys.exit("no research data: set FACELAB_RESEARCH_DATA")
    with tempfile.TemporaryDirectory() as place:
        for path in sorted((folder / "chokepoint" / CHOKEPOINT_SEQUENCE).glob("*.jpg")):
            if first <= int(path.stem) <= last:
                (Path(place) / path.name).symlink_to(path.resolve())
        yield Path(place)


def peer_of(pack: Pack, place: str) -> Any:
    """FaceAnalysis of insightface on the pack's own files, on one thread."""
    import onnxruntime
    from insightface.app import FaceAnalysis

    models = Path(place)
    for name in pack.files:
        (models / name).write_bytes((pack.folder / name).read_bytes())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    app = FaceAnalysis(name=str(models), providers=["CPUExecutionProvider"], sess_options=options)
    app.prepare(ctx_id=-1, det_size=(640, 640))
    return app


def footage_of(folder: Path, times: int = 1) -> Footage:
    return Footage("benchmark", (Clip(Repeated(FrameFolder(folder, CHOKEPOINT_FPS), times)),))


def ours(pack: Pack, settings: PipelineSettings, *, workers: int = 1, times: int = 1) -> Callable[[Path], int]:
    """Facelab's pipeline over a folder of frames; it returns the number of faces."""

    def run(folder: Path) -> int:
        runtime = Runtime(workers=workers)
        return track_footage(footage_of(folder, times), pack, settings, runtime=runtime, progress=False).counts.faces

    return run


def timed(work: Callable[[Path], int], folder: Path) -> tuple[float, float, int]:
    wall, processor = time.perf_counter(), time.process_time()
    faces = work(folder)
    return time.perf_counter() - wall, time.process_time() - processor, faces


def contenders_of(pack: Pack, app: Any) -> list[Contender]:
    def peer(folder: Path) -> int:
        return sum(len(app.get(cv2.imread(str(path)))) for path in sorted(folder.iterdir()))

    return [
        Contender("insightface, every frame", peer, None),
        Contender("every face, one thread", ours(pack, EVERY_FACE), 1.05),
        Contender("every face, two workers", ours(pack, EVERY_FACE, workers=2), 1.9, workers=2),
        Contender("default, one thread", ours(pack, DEFAULT), 3.0),
        Contender("default, two workers", ours(pack, DEFAULT, workers=2), 5.0, workers=2),
        Contender("fast, one thread", ours(pack, FAST), 8.0),
        Contender("fast, two workers", ours(pack, FAST, workers=2), None, workers=2),
    ]


def race(contenders: list[Contender], folder: Path, rounds: int) -> None:
    """Time all contenders in turn, and print the table of ratios."""
    found: dict[str, list[tuple[float, float, int]]] = {one.name: [] for one in contenders}
    for number in range(rounds + 1):
        for one in contenders:
            result = timed(one.work, folder)
            if number:  # the first round warms up
                found[one.name].append(result)
    frames = len(list(folder.iterdir()))
    medians = {name: [statistics.median(column) for column in zip(*times)] for name, times in found.items()}
    wall, processor, _ = medians[contenders[0].name]
    print(f"{'':26}{'frames/s':>9}{'wall':>8}{'processor':>11}{'target':>8}   met")
    for one in contenders:
        mine = medians[one.name]
        by_processor = f"{processor / mine[1]:9.2f} x" if one.workers == 1 else f"{'':11}"
        ratio = wall / mine[0]
        target = "" if one.target is None else f"{one.target:6.2f} x   {yes(ratio >= one.target)}"
        print(f"{one.name:26}{frames / mine[0]:9.1f}{ratio:6.2f} x{by_processor}{target}   {mine[2]:.0f} faces")


def yes(met: bool) -> str:
    return "yes" if met else "NO "


def where_time_goes(pack: Pack, folder: Path) -> None:
    """Print the shares of decoding, of the models, and of all else, with every face embedded on one thread."""
    plain = {name: getattr(pack, name) for name in ("_detector", "_recogniser")}
    clocked = {name: Clocked(model) for name, model in plain.items()}
    pack.__dict__.update(clocked)
    try:
        source = Repeated(FrameFolder(folder, CHOKEPOINT_FPS))
        started = time.thread_time()
        clip_passages(source, pack, EVERY_FACE)
        total = time.thread_time() - started
    finally:
        pack.__dict__.update(plain)
    parts = {"decoding": source.reading_s[0], "detector": clocked["_detector"].seconds}
    parts["recogniser"] = clocked["_recogniser"].seconds
    rest = 1 - sum(parts.values()) / total
    shares = "   ".join(f"{name} {seconds / total:.1%}" for name, seconds in parts.items())
    print(f"every face, processor time: {shares}   overhead {rest:.1%} (target {OVERHEAD:.0%}) {yes(rest <= OVERHEAD)}")


def agreement(pack: Pack, app: Any, folder: Path) -> None:
    """Print how near every face of ours is to the peer's of the same frame."""
    found = clip_passages(Repeated(FrameFolder(folder, CHOKEPOINT_FPS)), pack, EVERY_FACE)
    gap, cosine, faces = 0.0, 1.0, 0
    embedding = dict(zip(found.face_row.tolist(), found.embedding))
    for index, path in enumerate(sorted(folder.iterdir())):
        theirs = app.get(cv2.imread(str(path)))
        faces += len(theirs)
        boxes = np.array([face.bbox for face in theirs]).reshape(-1, 4)
        for row in np.flatnonzero(found.frame == index):
            apart = np.abs(boxes - found.box[row]).max(axis=1)
            nearest = int(np.argmin(apart))
            gap = max(gap, float(apart[nearest]))
            if int(row) in embedding:
                cosine = min(cosine, float(embedding[int(row)] @ theirs[nearest].normed_embedding))
    print(
        f"every face: {len(found.frame)} of the peer's {faces} are in a track, boxes within {gap:.4f} px, "
        f"embeddings at a cosine of {cosine:.6f} or more {yes(gap < 0.01 and cosine > 0.9999)}"
    )


def same_bytes(pack: Pack, folder: Path) -> None:
    """Print whether any number of workers gives the same bytes."""
    for name, settings in (("default", DEFAULT), ("fast", FAST)):
        digests = set()
        for workers in (1, 2, 3):
            runtime = Runtime(workers=workers)
            found = track_footage(footage_of(folder), pack, settings, runtime=runtime, progress=False)
            tracks, templates = found.tracks, found.templates
            arrays = (tracks.frame, tracks.track_id, tracks.box, tracks.score, templates.embedding, templates.quality)
            digests.add(hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).digest())
        print(f"{name}: the same bytes with one, two and three workers {yes(len(digests) == 1)}")


def memory_of(first: int, last: int, times: int) -> tuple[float, float]:
    """Peak memory of a process that tracks the frames `times` times over, and the size of what it found, MB."""
    command = [sys.executable, __file__, "--first", str(first), "--last", str(last), "--memory", str(times)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return said["peak_mb"], said["result_mb"]


def memory_here(folder: Path, times: int) -> None:
    """Track the frames `times` times over in this process, and print its peak memory and what the result takes."""
    source = Repeated(FrameFolder(folder, CHOKEPOINT_FPS), times)
    found = clip_passages(source, load_pack("scrfd-mbf"), DEFAULT)
    result = sum(array.nbytes for array in found.arrays.values()) / MB
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "result_mb": result}))


def flatness(first: int, last: int, times: int) -> None:
    """Print how peak memory grows with the length of the footage: the result grows, nothing else may."""
    (once, small), (longer, large) = memory_of(first, last, 1), memory_of(first, last, times)
    # while the result is put together, its rows stand there twice
    growth = longer - once - 2 * (large - small)
    print(
        f"peak memory: {once:.0f} MB over {last - first + 1} frames, {longer:.0f} MB over them {times} times; what was "
        f"found takes {small:.1f} and {large:.1f} MB; beyond twice that {growth:.1f} MB {yes(growth <= GROWTH_MB)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--last", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long", type=int, default=100, help="how many times as long the long footage is; 0: skip it")
    parser.add_argument("--memory", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    with chosen_frames(given.first, given.last) as folder, tempfile.TemporaryDirectory() as models:
        if given.memory:
            memory_here(folder, given.memory)
            return
        pack = load_pack("scrfd-mbf")
        app = peer_of(pack, models)
        race(contenders_of(pack, app), folder, given.rounds)
        where_time_goes(pack, folder)
        agreement(pack, app, folder)
        same_bytes(pack, folder)
    if given.long:
        flatness(given.last - 39, given.last, given.long)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

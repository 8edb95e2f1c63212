"""Detection to templates against insightface's own loop: the same frames, the same model files, one thread each.

    python benchmarks/pipeline.py [--first 100 --last 400 --rounds 3 --repeat 10]

The peer is insightface 2.1: ``cv2.imread`` and ``FaceAnalysis.get`` on every frame. Rounds of the two alternate, so
that a busy machine is busy for both; the ratio is of the medians, by the wall and by the processor's clock. Then peak
memory, over the frames once and over them `--repeat` times, each in a process of its own. Needs the research data.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.config import PipelineSettings, Pooling, Runtime
from facelab.data.footage import Clip, Footage
from facelab.data.research import CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE, research_folder
from facelab.data.sources import FrameFolder
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.run import track_footage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facelab.data.losses import Losses
    from facelab.types import Frame

EVERY_FACE = PipelineSettings(pooling=Pooling(faces=100_000))


@dataclass(frozen=True)
class Repeated:
    """A folder of frames shown several times over, as if it were one long recording; never cached."""

    source: FrameFolder
    times: int = 1
    camera: str = "benchmark"
    digest: None = None
    frames_expected: None = None

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frames, numbered and timed as one recording."""
        index = 0
        for _ in range(self.times):
            for frame in self.source.frames(losses):
                yield replace(frame, index=index, time_s=index / CHOKEPOINT_FPS)
                index += 1


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


def peer_of(pack: Pack, place: str) -> Callable[[Path], int]:
    """The loop of insightface over a folder of frames, on the pack's own files; it returns the number of faces."""
    import cv2
    import onnxruntime
    from insightface.app import FaceAnalysis

    models = Path(place)
    for name in pack.files:
        (models / name).write_bytes((pack.folder / name).read_bytes())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    app = FaceAnalysis(name=str(models), providers=["CPUExecutionProvider"], sess_options=options)
    app.prepare(ctx_id=-1, det_size=(640, 640))

    def run(folder: Path) -> int:
        return sum(len(app.get(cv2.imread(str(path)))) for path in sorted(folder.iterdir()))

    return run


def ours(pack: Pack, settings: PipelineSettings, *, workers: int = 1, times: int = 1) -> Callable[[Path], int]:
    """Facelab's pipeline over a folder of frames; it returns the number of faces."""

    def run(folder: Path) -> int:
        footage = Footage("benchmark", (Clip(Repeated(FrameFolder(folder, CHOKEPOINT_FPS), times)),))
        return track_footage(footage, pack, settings, runtime=Runtime(workers=workers), progress=False).counts.faces

    return run


def timed(work: Callable[[Path], int], folder: Path) -> tuple[float, float, int]:
    wall, processor = time.perf_counter(), time.process_time()
    faces = work(folder)
    return time.perf_counter() - wall, time.process_time() - processor, faces


def compare(first: int, last: int, rounds: int) -> dict[str, dict[str, float]]:
    pack = load_pack("scrfd-mbf")
    with tempfile.TemporaryDirectory() as models, chosen_frames(first, last) as folder:
        contenders = {
            "insightface, every frame": peer_of(pack, models),
            "facelab, every face embedded": ours(pack, EVERY_FACE),
            "facelab, default": ours(pack, PipelineSettings()),
            "facelab, default, two workers": ours(pack, PipelineSettings(), workers=2),
        }
        with chosen_frames(first, first + 60) as warm:
            for work in contenders.values():
                work(warm)
        found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, work in contenders.items():
                found[name].append(timed(work, folder))
        frames = len(list(folder.iterdir()))
    peer = [statistics.median(column) for column in list(zip(*found["insightface, every frame"]))[:2]]
    result = {}
    for name, times in found.items():
        wall, processor = (statistics.median(column) for column in list(zip(*times))[:2])
        result[name] = {
            "frames_per_s": frames / wall,
            "ratio_wall": peer[0] / wall,
            "ratio_processor": peer[1] / processor,
            "faces": times[0][2],
        }
    return result


def peak_mb(first: int, last: int, times: int) -> float:
    """Peak memory of a process that tracks the frames `times` times over."""
    command = [sys.executable, __file__, "--first", str(first), "--last", str(last), "--memory", str(times)]
    return float(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["peak_mb"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--last", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--memory", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        with chosen_frames(given.first, given.last) as folder:
            ours(load_pack("scrfd-mbf"), PipelineSettings(), times=given.memory)(folder)
        print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    for name, row in compare(given.first, given.last, given.rounds).items():
        print(
            f"{name:32} {row['frames_per_s']:6.1f} frames/s   {row['ratio_wall']:5.2f} x by the wall clock   "
            f"{row['ratio_processor']:5.2f} x by processor time   {row['faces']:.0f} faces"
        )
    once = peak_mb(given.first, given.last, 1)
    longer = peak_mb(given.first, given.last, given.repeat)
    print(f"peak memory {once:.0f} MB over the frames once, {longer:.0f} MB over them {given.repeat} times")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

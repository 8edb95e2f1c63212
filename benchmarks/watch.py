"""Whether `facelab watch` holds real time on a site's cameras, and what it takes: frames, dropped, latency, processor.

    python benchmarks/watch.py CONFIG FOOTAGE --watchlist GALLERY [--seconds 30] [--idle 5]

Of each camera of FOOTAGE one clip is given at its own pace, all at once, as cameras would. The latency is from the
moment that a frame is there to the decision on it. The processor's share is this process's own time over the wall's, of
one core; that of a watching whose cameras are silent says whether anything spins while it waits. Each model runs on one
thread; a camera has one thread that reads and one that looks. The exit code is 1 where a frame was dropped.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

from facelab.cli.deployment import gallery_at
from facelab.config import FileFootage, Runtime
from facelab.data.footage import Clip, Footage, open_footage
from facelab.deploy import read_tuned
from facelab.deploy.live import WatchedSite
from facelab.deploy.watching import watch
from facelab.pipeline.packs import load_pack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.losses import Losses
    from facelab.deploy.camera_report import CameraReport
    from facelab.types import Frame


@dataclass(frozen=True)
class Silent:
    """A camera that runs and gives one frame, then nothing."""

    frame: Frame
    camera: str
    seconds: float
    digest: None = None
    frames_expected: None = None

    def check(self) -> None:
        """Nothing can be wrong."""

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frame, then silence."""
        losses.frames_read += 1
        yield self.frame
        time.sleep(self.seconds)


def measured(site: WatchedSite, footage: Footage, *, seconds: float) -> tuple[tuple[CameraReport, ...], float, float]:
    """Reports, wall seconds and processor seconds of watching `footage` for so long."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    begun, used = time.monotonic(), time.process_time()
    timer.start()
    reports = watch(site, footage, lambda _: None, realtime=True, stop=stop, tell=lambda line: print("  " + line))
    timer.cancel()
    return reports, time.monotonic() - begun, time.process_time() - used


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("footage")
    parser.add_argument("--watchlist", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--idle", type=float, default=5.0)
    chosen = parser.parse_args()
    config = read_tuned(chosen.config)
    pack = load_pack(config.pack.name, Runtime(threads=1))
    site = WatchedSite(config, pack, gallery_at(chosen.watchlist, None))
    footage = open_footage(FileFootage(path=chosen.footage))
    first = {clip.camera: replace(clip, start_s=0.0) for clip in reversed(footage.clips)}
    at_once = Footage("at once", tuple(first.values()))
    reports, wall_s, used_s = measured(site, at_once, seconds=chosen.seconds)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{len(first)} cameras for {wall_s:.1f} s on {cores} cores, load {load:.1f} (of this and of others)")
    print(f"{'camera':12} {'frames':>7} {'frames/s':>9} {'dropped':>8} {'median ms':>10} {'95 % ms':>9} {'most ms':>9}")
    for report in reports:
        waits = [1000 * s for s in (report.waits.quantile(0.5), report.waits.quantile(0.95), report.waits.longest_s)]
        rate = report.frames / wall_s
        print(
            f"{report.camera:12} {report.frames:7,} {rate:9.1f} {report.dropped:8,} "
            f"{waits[0]:10.1f} {waits[1]:9.1f} {waits[2]:9.1f}"
        )
    frames, dropped = (sum(getattr(report, name) for report in reports) for name in ("frames", "dropped"))
    print(f"processor: {used_s / wall_s:.2f} of one core, {1000 * used_s / max(1, frames):.1f} ms a frame")
    silent = tuple(
        Clip(Silent(replace(next(iter(clip.source.frames(_losses()))), time_s=0.0), camera, chosen.idle))
        for camera, clip in first.items()
    )
    _, wall_s, used_s = measured(site, Footage("silent", silent), seconds=chosen.idle)
    print(f"processor while the cameras are silent: {used_s / wall_s:.3f} of one core over {wall_s:.1f} s")
    sys.exit(1 if dropped else 0)


def _losses() -> Losses:
    from facelab.data.losses import Losses

    return Losses()


if __name__ == "__main__":
    main()

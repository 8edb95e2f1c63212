"""A run is killed at random moments, begun again each time, and ends with the bytes of one that was not killed.

    python benchmarks/kills.py [--kills 20 --seed 1 --frames 600 --segment 40]

``facelab track`` on real footage (frames of ChokePoint as four clips of four cameras; needs the research data), in
three ways: one worker, two threads, two processes. A *life* begins with an empty cache: the run is killed with all its
children by SIGKILL at a random moment, begun again, killed again, until one run ends before its moment; then the
bytes of both its files are compared with those of a run that was never killed, and another life begins, until there
were so many kills. Segments are made short, so that kills fall within clips too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.data.research import CHOKEPOINT_FPS, CHOKEPOINT_SEQUENCE, research_folder
from facelab.pipeline.folders import cache_folder
from facelab.pipeline.packs import load_pack

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = (
    ("one worker", ("--workers", "1")),
    ("two threads", ("--workers", "2")),
    ("two processes", ("--workers", "2", "--engine", "processes")),
)
CODE = """
import sys
from facelab.pipeline import checkpoints
checkpoints.SEGMENT = int(sys.argv.pop(1))
from facelab.cli.app import main
sys.exit(main())
"""


@dataclass
class Life:
    """The kills until a run ended: when each came, s, and what the cache held by then."""

    way: str
    kills: list[float] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    same: bool = False


def chokepoint(folder: Path, frames: int, clips: int) -> Path:
    """A manifest of `clips` folders of frames, links to the sequence's own."""
    source = research_folder()
    if source is None:
        sys.exit("no research data: set FACELAB_RESEARCH_DATA")
    pictures = sorted((source / "chokepoint" / CHOKEPOINT_SEQUENCE).glob("*.jpg"))[100 : 100 + frames]
    each = -(-len(pictures) // clips)
    lines = ["file,camera,fps"]
    for k in range(clips):
        place = folder / f"clip{k}"
        place.mkdir()
        for path in pictures[k * each : (k + 1) * each]:
            (place / path.name).symlink_to(path.resolve())
        lines.append(f"clip{k},camera{k},{CHOKEPOINT_FPS}")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


class Runs:
    """Runs of ``facelab track`` over one manifest, with a cache of their own, in `folder`."""

    def __init__(self, manifest: Path, folder: Path, segment: int) -> None:
        self.manifest, self.folder, self.segment = manifest, folder, segment
        self.files = (folder / "tracks.parquet", folder / "templates.parquet")

    def begin_life(self) -> None:
        """Nothing is kept but the models."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "packs").symlink_to((cache_folder() / "packs").resolve())

    def begun(self, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """A run in a session of its own, so that it can be killed with its children."""
        command = [sys.executable, "-c", CODE, str(self.segment), "track", str(self.manifest)]
        command += ["--out", str(self.files[0]), "--templates", str(self.files[1]), *options]
        own = {"FACELAB_CACHE": str(self.folder), "OMP_NUM_THREADS": "1"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=os.environ | own, start_new_session=True, **quiet)

    def digest(self) -> str:
        """SHA-256 over both files."""
        return hashlib.sha256(b"".join(path.read_bytes() for path in self.files)).hexdigest()

    def kept(self) -> int:
        """How many entries the cache holds."""
        return len(list(self.folder.glob("templates/*/*/*.safetensors")))

    def whole_s(self, options: tuple[str, ...]) -> float:
        """How long a run that is not killed takes, s."""
        self.begin_life()
        began = time.monotonic()
        if code := self.begun(options).wait():
            sys.exit(f"the run ended with {code}")
        return time.monotonic() - began

    def killed_at(self, moment: float, options: tuple[str, ...]) -> bool:
        """True where the run was killed at `moment`; false where it had ended, well, by then."""
        run = self.begun(options)
        try:
            code = run.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            return True
        if code:
            sys.exit(f"the run ended with {code}")
        return False


def lives(runs: Runs, way: str, options: tuple[str, ...], kills: int, chance: random.Random) -> Iterator[Life]:
    """Lives with at least `kills` kills together."""
    usual_s = runs.whole_s(options)
    expected = runs.digest()
    made = 0
    while made < kills:
        runs.begin_life()
        life = Life(way)
        began = time.monotonic()
        while runs.killed_at(moment := chance.uniform(0.2, 1.0) * usual_s, options):
            life.kills.append(moment)
            life.kept.append(runs.kept())
        if not life.kills:
            usual_s = min(usual_s, time.monotonic() - began)  # the machine has more time for it than it had
            continue
        life.same = runs.digest() == expected
        made += len(life.kills)
        yield life


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--segment", type=int, default=40)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    load_pack("scrfd-mbf")
    with tempfile.TemporaryDirectory() as place:
        (footage := Path(place) / "footage").mkdir()
        runs = Runs(chokepoint(footage, given.frames, 4), Path(place) / "cache", given.segment)
        reference = None
        total, wrong = 0, 0
        print(f"{'way':16}{'kills':>6}  {'killed at, s':40}{'kept by then':32}{'same bytes':>10}", flush=True)
        for way, options in WAYS:
            for life in lives(runs, way, options, -(-given.kills // len(WAYS)), chance):
                reference = reference or runs.digest()
                life.same &= runs.digest() == reference  # of every way
                total, wrong = total + len(life.kills), wrong + (not life.same)
                moments, kept = (
                    ", ".join(map(form.format, row)) for form, row in (("{:.1f}", life.kills), ("{}", life.kept))
                )
                print(
                    f"{way:16}{len(life.kills):6}  {moments:38}  {kept:30}  {'yes' if life.same else 'NO':>10}",
                    flush=True,
                )
    print(f"{total} kills; {'every life ended with the same bytes' if not wrong else f'{wrong} LIVES DIFFER'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

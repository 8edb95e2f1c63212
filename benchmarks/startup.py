"""How long facelab takes to start: the import, the help, and `./run` on an environment that stands.

Targets: `import facelab` under 0.2 s, `facelab --help` under 0.5 s, a second `./run` under a second. Medians, with a
bare Python beside them, in one run: python benchmarks/startup.py [REPEATS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "import facelab": ([sys.executable, "-c", "import facelab"], 0.2),
    "facelab --help": ([sys.executable, "-m", "facelab", "--help"], 0.5),
    "./run true": ([str(ROOT / "run"), "true"], 1.0),
}


def seconds(command: list[str]) -> float:
    """Wall time of one run of `command`."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def main(repeats: int) -> None:
    """Interleave the commands, so that a busy moment hits each of them alike."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(repeats):
        for name, (command, _) in COMMANDS.items():
            times[name].append(seconds(command))
    print(f"{'':16} {'median':>8} {'fastest':>8} {'target':>8}")
    for name, (_, target) in COMMANDS.items():
        shown = "" if target is None else f"{target:.1f} s"
        print(f"{name:16} {statistics.median(times[name]):6.3f} s {min(times[name]):6.3f} s {shown:>8}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)

"""What `./run test` runs: the checks of the code, then the tests. Arguments go on to pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-cache"],
}


def failed_checks() -> list[str]:
    """The names of the checks that fail; what they print is shown."""
    with ThreadPoolExecutor(2) as pool:
        commands = {name: [str(BIN / command[0]), *command[1:]] for name, command in CHECKS.items()}
        runs = {
            name: pool.submit(subprocess.run, c, cwd=ROOT, capture_output=True, text=True)
            for name, c in commands.items()
        }
        failed = []
        for name, run in runs.items():
            result = run.result()
            print(f"{name}: {'passed' if result.returncode == 0 else 'FAILED'}", flush=True)
            if result.returncode != 0:
                print(result.stdout, result.stderr, sep="\n", flush=True)
                failed.append(name)
    return failed


def main() -> int:
    """Run everything and say what failed; the checks do not hide what the tests find."""
    started = time.monotonic()
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MPLBACKEND="Agg")
    failed = failed_checks()
    workers = [] if any(a.startswith("-n") for a in sys.argv[1:]) else ["-n", str(os.cpu_count() or 1)]
    tests = [sys.executable, "-m", "pytest", "-q", "--durations=10", *workers, *sys.argv[1:]]
    code = subprocess.run(tests, cwd=ROOT, env=environment).returncode
    print(f"checks and tests took {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"failed checks: {', '.join(failed)}", flush=True)
    return code or int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())

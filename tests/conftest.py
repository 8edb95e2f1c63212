"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).parent))  # helpers: browser, browser_lab


def pytest_configure() -> None:
    """Quiet, windowless and single-threaded, also in the processes that a test starts."""
    os.environ["MPLBACKEND"] = "Agg"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """No test leaves Ctrl-C or SIGTERM meaning something else to the tests after it."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    left = [signal.getsignal(number) for number in numbers]
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
    assert left == before, "the test left a handler of signals behind"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder of research data; the test is skipped, and says so, where it is absent."""
    folder = Path(os.environ.get("FACELAB_RESEARCH_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "chokepoint").is_dir():
        pytest.skip(f"no research data (FACELAB_RESEARCH_DATA, by default {folder.name} beside the checkout)")
    return folder

"""A short run of `benchmarks/fuzz.py`: no reader of files ends in anything but a result or a documented error."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"
READERS = [
    "config", "manifest (CSV)", "manifest (YAML)", "truth", "scores", "scores of pairs", "candidate lists", "templates",
    "scenario", "vault header",
]  # fmt: skip


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_reader_is_in_the_short_run(fuzz: ModuleType) -> None:
    assert list(fuzz._targets()) == READERS


@pytest.mark.parametrize("reader", READERS)
def test_broken_files_are_read_or_refused(fuzz: ModuleType, tmp_path: Path, reader: str) -> None:
    counts, crashes = fuzz.fuzzed(reader, 250, tmp_path)
    assert crashes == []
    assert counts["refused"] > 0
    assert sum(counts.values()) == 250


def test_a_reader_that_crashes_is_reported(fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(path: Path) -> object:
        return path.read_bytes().decode("ascii").index("valid")

    monkeypatch.setattr(fuzz, "_targets", lambda: {"careless": (".x", b"a valid file", careless, None)})
    counts, crashes = fuzz.fuzzed("careless", 100, tmp_path)
    assert counts["crashed"] > 0
    assert any("Error" in reason for reason, _ in crashes)

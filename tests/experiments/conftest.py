"""A project root of its own for each test, small notebooks, and a workspace whose comparisons are already made."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from facelab.experiments import run_evaluation
from facelab.experiments.chain import RATES, TUNE
from facelab.experiments.store import open_store
from facelab.experiments.study import Study, open_study
from facelab.types import Comparisons

sys.path.insert(0, str(Path(__file__).parent.parent / "pipeline"))  # the toy pack and footage

Maker = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project root: results, runs and notebooks of a test stay in its folder."""
    monkeypatch.setenv("FACELAB_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


@pytest.fixture
def notebook(project: Path) -> Maker:
    """Makes a notebook of code cells, the first of them tagged ``parameters``."""

    def make(name: str, *cells: str) -> Path:
        sources = ('scenario = "demo"\nworkspace = ""\noverrides = {}', *cells)
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        made.cells[0].metadata["tags"] = ["parameters"]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = project / "notebooks" / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    return make


@pytest.fixture(scope="session")
def comparisons() -> Comparisons:
    """150 strangers and 40 enrolled people against 60 enrolled; one acquisition failed."""
    rng = np.random.default_rng(11)
    subject = [f"w{i:02d}" for i in range(40)] + [f"u{i:03d}" for i in range(150)]
    enrolled = [f"w{i:02d}" for i in range(60)]
    score = rng.normal(0.1, 0.08, (190, 60))
    score[np.arange(40), np.arange(40)] = rng.normal(0.55, 0.12, 40)
    score[3] = np.nan
    ids = [f"gate/{i}" for i in range(190)]
    camera = {"camera": np.full(190, "gate")}
    references = [f"{e}/1" for e in enrolled]
    return Comparisons(score, ids, subject, references, enrolled, enrolled, camera, {}, "a" * 64, True)


EVIDENCE = {
    "footage": "terminal",
    "footage_digest": "c" * 64,
    "cameras": ["gate"],
    "watchlist_digest": "d" * 64,
    "enrolled": 60,
    "references": 60,
    "failed_to_enrol": 0,
    "passages": 190,
    "missed": 1,
    "failed": 0,
    "unmatched": 2,
    "frames": 1000,
    "faces": 5000,
    "pack": "scrfd-mbf",
    "pack_fingerprint": "a" * 64,
    "pack_licence": "research",
    "synthetic": True,
}


@pytest.fixture
def study(project: Path, comparisons: Comparisons) -> Iterator[Study]:
    """A study of the demo whose comparisons and evidence are already in its workspace."""
    from facelab.pipeline import tables

    made = open_study("demo")
    tables.write_comparisons(made.workspace.comparisons, comparisons)
    made.workspace.evidence.write_text(json.dumps({"key": made._key, **EVIDENCE}))
    return made


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a run: making its tables takes seconds, copying it none."""
    root = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACELAB_ROOT", str(root))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_store()
    return root / "mlruns" / "mlflow.db"


@pytest.fixture
def store(empty_store: Path, project: Path) -> None:
    """The project has an empty store already."""
    (project / "mlruns").mkdir()
    shutil.copy(empty_store, project / "mlruns")


@pytest.fixture
def rates_and_tune(monkeypatch: pytest.MonkeyPatch, root: Path, project: Path, store: None) -> None:
    """Evaluations of the two notebooks that read comparisons, so that no model runs."""
    monkeypatch.setattr(run_evaluation, "waves", lambda scenario: ((RATES, TUNE),))
    for name in (RATES, TUNE):
        (project / "notebooks" / f"{name}.ipynb").write_bytes((root / "notebooks" / f"{name}.ipynb").read_bytes())


@pytest.fixture
def small_chain(monkeypatch: pytest.MonkeyPatch, notebook: Maker, store: None) -> None:
    """Evaluations of one notebook that only writes the points and the curve: what a run is made of, and no figure."""
    monkeypatch.setattr(run_evaluation, "waves", lambda scenario: ((TUNE,),))
    opened = "from facelab.experiments.study import open_study\nstudy = open_study(scenario, workspace=workspace)"
    notebook(TUNE, opened, "study.keep_curve(), study.keep_points()")

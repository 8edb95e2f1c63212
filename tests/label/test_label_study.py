"""Through the chain with a toy pack: footage without names, answers, names, FPIR and FNIR; and the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from toy_pipeline import COLOURS, ToyPack, ToySource, people_of, walk
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.data.footage import Clip, Footage
from facelab.errors import BadInput
from facelab.experiments import labelling as package
from facelab.experiments.labelling import Labelling, answer_sentences, proposal_shown, review_shown, standing_shown
from facelab.experiments.sources import Enrolment
from facelab.experiments.study import Study, open_study
from facelab.label import LabelFile
from facelab.types import Gallery, Templates

ORDER = ("ann", "bob", "cy", "dee", "cy", "ann", "bob", "ann")
SEEN = people_of(*(walk(name, 40 * k, 20) for k, name in enumerate(ORDER)))


@dataclass
class Licensed(ToyPack):
    """The toy pack with what evidence says of a pack."""

    licence: str = "none"


def _enrolment(*names: str) -> Enrolment:
    vectors = np.array([np.append(np.array(COLOURS[name]) * 0.75, 40.0) for name in names], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    n = len(names)
    references = Templates(
        np.array([f"{name}/1" for name in names]),
        np.array(names),
        vectors,
        np.ones(n),
        np.ones(n, np.int64),
        "toy-pack",
    )
    return Enrolment(Gallery(references, np.array(names)), None, "d" * 64)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("FACELAB_ROOT", str(tmp_path))
    monkeypatch.setenv("FACELAB_WORKERS", "1")
    monkeypatch.setattr("facelab.pipeline.cache.cache_folder", lambda: tmp_path / "cache")
    made = open_study("demo", overrides={"site_threshold": 0.9, "site_threshold_from": "made up"})
    made.__dict__["footage"] = Footage("toy", (Clip(ToySource(SEEN, 340)),), synthetic=True)
    made.__dict__["pack"] = Licensed(SEEN)
    made.__dict__["_enrolment"] = _enrolment("ann", "dee")
    return made


@pytest.fixture
def labelling(study: Study) -> Labelling:
    return Labelling(study, reviewer="ann")


def _answer_rightly(labelling: Labelling, who: str = "ann") -> None:
    """Every passage of an enrolled person is said to be theirs, every other not."""
    file = LabelFile(labelling.files[0], who)
    material = labelling.material
    for row in range(len(material)):
        name = ORDER[int(material.start_s[row] // 4)]
        for subject in ("ann", "dee"):
            said = "same" if name == subject else "different"
            file.add("pair", (str(material.anchor[row]), f"person={subject}"), said)


def test_without_an_answer_nobody_is_mated(labelling: Labelling) -> None:
    point = labelling.rates(labelling.apply())
    assert (point.fpir.errors, point.fpir.trials, point.fnir.trials) == (4, 8, 0)  # ann and dee alert as strangers
    assert any("nothing can be said of misses" in line for line in answer_sentences(labelling, labelling.apply()))


def test_label_then_evaluate(labelling: Labelling) -> None:
    """Eight passages, four of enrolled people: all names come out, no false alert, no miss, people counted."""
    _answer_rightly(labelling)
    applied = labelling.apply(unreviewed="strangers")
    point = labelling.rates(applied)
    assert (point.fpir.errors, point.fpir.trials) == (0, 4)
    assert (point.fnir.errors, point.fnir.trials, point.fnir.people) == (0, 4, 2)
    assert (applied.counts.enrolled, applied.counts.unreviewed) == (4, 0)
    evaluated = labelling.evaluated(applied)
    names = dict(zip(evaluated.comparisons.probe_id.tolist(), evaluated.comparisons.probe_subject.tolist()))
    assert sorted(name for name in names.values() if name in ("ann", "dee")) == ["ann", "ann", "ann", "dee"]
    assert evaluated.pack.detect_calls == 340  # naming people ran no model again


def test_what_the_notebook_shows(labelling: Labelling) -> None:
    assert "may be an enrolled person" in proposal_shown(labelling).data
    assert "Nothing was answered yet" in standing_shown(labelling).data
    nobody = Labelling(labelling.study)
    assert "Put your name" in review_shown(nobody).data
    _answer_rightly(labelling)
    LabelFile(labelling.files[0], "bob").add("pair", (str(labelling.material.anchor[0]), "person=ann"), "different")
    assert "bob" in standing_shown(labelling).data
    assert "ann and bob agree on 0 of 1 questions" in standing_shown(labelling).data
    assert review_shown(labelling).children


def test_an_older_truth_is_kept_or_ignored(labelling: Labelling, study: Study) -> None:
    applied = labelling.apply()
    study.__dict__["footage"] = applied.footage
    study.__dict__.pop("passages", None)
    assert any(Labelling(study).material.subject_id.tolist())
    assert not any(Labelling(study, own_names="ignore").material.subject_id.tolist())


def test_a_truth_that_cannot_be_written_is_one_clear_line(labelling: Labelling, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="truth was not written"):
        labelling.apply(truth=tmp_path / "file" / "truth.csv")


def _run(monkeypatch: pytest.MonkeyPatch, labelling: Labelling, *arguments: str) -> str:
    monkeypatch.setattr(package, "open_labelling", lambda *_, **__: labelling)
    result = CliRunner().invoke(app, ["label", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_commands(labelling: Labelling, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = json.loads(_run(monkeypatch, labelling, "propose", "demo", "--json"))
    assert told["passages"] == 8
    assert told["questions"][0]["kind"] == "alert"
    assert "asked first" in _run(monkeypatch, labelling, "propose", "demo")
    _answer_rightly(labelling)
    _answer_rightly(labelling, "bob")
    file = str(labelling.files[0])
    (ann, bob) = json.loads(_run(monkeypatch, labelling, "status", file, "--json"))
    assert (ann["who"], ann["said"], bob["undone"]) == ("ann", {"same": 4, "different": 12}, 0)
    assert "bob" in _run(monkeypatch, labelling, "status", file)
    assert json.loads(_run(monkeypatch, labelling, "agreement", file, "--json"))["kappa"] == 1.0
    assert "agree on 16 of 16" in _run(monkeypatch, labelling, "agreement", file)
    truth = tmp_path / "truth.csv"
    applied = json.loads(_run(monkeypatch, labelling, "apply", "demo", "--truth", str(truth), "--json"))
    assert applied["rates"]["fnir"]["trials"] == 4
    assert truth.is_file()
    assert "FPIR" in _run(monkeypatch, labelling, "apply", "demo", "--unreviewed", "left-out")


def test_a_label_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["label", "apply", "demo", "--labels", str(tmp_path / "labels.csv")])
    assert result.exit_code == 12
    assert "label file cannot be read" in result.stderr


def test_three_reviewers_must_be_told_apart(labelling: Labelling, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("ann", "bob", "cy"):
        _answer_rightly(labelling, who)
    result = CliRunner().invoke(app, ["label", "agreement", str(labelling.files[0])])
    assert result.exit_code == 12
    assert "--between" in result.stderr
    both = _run(monkeypatch, labelling, "agreement", str(labelling.files[0]), "--between", "ann", "--between", "cy")
    assert "ann and cy" in both


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("onnxruntime", "cv2", "pandas", "matplotlib", "scipy.stats", "sklearn", "av", "ipywidgets", "mlflow")
    code = f"import sys, facelab.label; print(*[name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []

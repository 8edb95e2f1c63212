"""Real people are pseudonyms in MLflow, the same on every run, and runs still pair and are judged the same."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facelab.config import FootageWatchlist, GateLimits
from facelab.errors import BadInput
from facelab.experiments import run_evaluation
from facelab.experiments.chain import TUNE
from facelab.experiments.comparing_runs import compare_runs
from facelab.experiments.gate import gate
from facelab.experiments.gate_measured import measured_run
from facelab.experiments.pseudonyms import REPORTED, key_path, of_real_people, pseudonyms, scrubbed
from facelab.experiments.saved_run import open_run
from facelab.experiments.scenario import load_scenario
from facelab.experiments.store import open_store
from facelab.experiments.study import Study, open_study
from facelab.experiments.tracked_run import TrackedRun
from facelab.pipeline import tables
from facelab.types import Comparisons

REAL = {
    "footage": {"kind": "files", "path": "/nowhere/gate.mp4"},
    "watchlist": {"kind": "folder", "path": "/nowhere/photographs"},
}
KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has no key yet."""
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FACELAB_PSEUDONYM_KEY", raising=False)
    return tmp_path / "cache"


def named(comparisons: Comparisons) -> Comparisons:
    """The same scores of real people, whose names stand in every id and attribute."""
    who = {name: f"Person_{name}" for name in {*comparisons.probe_subject, *comparisons.enrolled}}
    probes = np.array([who[name] for name in comparisons.probe_subject.tolist()])
    references = np.array([who[name] for name in comparisons.reference_subject.tolist()])
    return replace(
        comparisons,
        probe_id=np.char.add("gate/", probes),
        probe_subject=probes,
        reference_id=np.char.add(references, "/1.jpg"),
        reference_subject=references,
        enrolled=references,
        probe_attributes={**comparisons.probe_attributes, "passage": probes, "width_px": np.arange(190.0)},
        reference_attributes={"photographer": references, "quality": np.ones(60)},
        synthetic=False,
    )


@pytest.fixture
def real(study: Study, comparisons: Comparisons) -> Study:
    """A study of real people whose comparisons are in its workspace."""
    made = open_study("demo", overrides=REAL)
    tables.write_comparisons(made.workspace.comparisons, named(comparisons))
    said = json.loads(made.workspace.evidence.read_text())
    made.workspace.evidence.write_text(json.dumps(said | {"key": made._key, "synthetic": False}))
    return made


def test_a_pseudonym_is_hmac_sha256_of_the_name_under_the_key(cache: Path) -> None:
    path = key_path()
    assert path.parent == cache
    path.parent.mkdir()
    path.write_text(KEY.hex())
    path.chmod(0o600)
    by_hand = hmac.digest(KEY, b"facelab subject\0ann", hashlib.sha256).hex()
    assert pseudonyms().subject("ann").split("-")[1] == by_hand[:24]
    assert pseudonyms().sample("ann") != pseudonyms().subject("ann")
    assert pseudonyms().subject("") == "", "an unknown person stays unknown"
    assert KEY.hex() not in repr(pseudonyms())


def test_the_key_is_made_once_for_its_owner_alone_by_however_many_ask(cache: Path) -> None:
    ask = "from facelab.experiments.pseudonyms import pseudonyms; print(pseudonyms().subject('ann'))"
    asking = [subprocess.Popen([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0].strip() for process in asking}
    assert said == {pseudonyms().subject("ann")}
    assert key_path().stat().st_mode & 0o777 == 0o600
    assert "ann" not in said.pop()


def test_a_key_that_is_named_is_shared_and_one_that_is_no_key_or_open_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = pseudonyms().subject("ann")
    shared = tmp_path / "shared.key"
    monkeypatch.setenv("FACELAB_PSEUDONYM_KEY", str(shared))
    with pytest.raises(BadInput, match="there is no such key file"):
        pseudonyms()
    shared.write_text(KEY.hex())
    shared.chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        run_evaluation.evaluate("demo", overrides=REAL)
    shared.chmod(0o600)
    assert pseudonyms().subject("ann") not in ("", own)
    shared.write_text("ann")
    with pytest.raises(BadInput, match="64 hexadecimal digits"):
        pseudonyms()


def test_people_are_real_unless_everybody_was_generated() -> None:
    assert not of_real_people(load_scenario("demo"))
    assert of_real_people(load_scenario("demo", REAL))
    assert of_real_people(load_scenario("chokepoint"))
    demo = load_scenario("demo")
    portraits = demo.model_copy(update={"watchlist": FootageWatchlist(distractors="congress")})
    assert of_real_people(portraits), "real portraits on the list of a generated terminal"
    alone = demo.model_copy(update={"watchlist": FootageWatchlist(distractors="none")})
    assert not of_real_people(alone)


@pytest.mark.slow
@pytest.mark.usefixtures("small_chain")
def test_no_name_is_in_any_file_of_a_run_of_real_people_and_runs_pair_as_their_workspaces_do(
    real: Study, project: Path, notebook: Callable[..., Path]
) -> None:
    """The notebook names everybody, in a cell tagged so: its copy in the run does not."""
    from nbformat import read, write

    opened = "from facelab.experiments.study import open_study\nstudy = open_study(scenario, workspace=workspace)"
    path = notebook(TUNE, opened, "study.comparisons.to_frame()", "study.keep_curve(), study.keep_points()")
    tagged = read(path, as_version=4)
    tagged.cells[2].metadata["tags"] = ["names"]
    write(tagged, path)
    found = run_evaluation.evaluate("demo", overrides=REAL)
    assert "Person_" in (real.workspace.notebooks / path.name).read_text()
    files = [file for file in (project / "mlruns" / "artifacts").rglob("*") if file.is_file()]
    assert {"comparisons.parquet", path.name, path.with_suffix(".html").name} <= {file.name for file in files}
    for file in files:
        assert b"Person_" not in file.read_bytes(), file.name
        if file.suffix == ".parquet":
            kept = tables.read_comparisons(file)
            assert sorted(kept.probe_attributes) == ["camera", REPORTED, "width_px"]
            assert sorted(kept.reference_attributes) == ["quality"]
    tracked, here = open_run(found.run_id), open_run(real.workspace.folder)
    assert tracked.comparisons.probe_subject.tolist() == here.comparisons.probe_subject.tolist()
    np.testing.assert_array_equal(tracked.comparisons.mated, real.comparisons.mated)
    reported = measured_run(tracked).reported
    assert reported is not None
    np.testing.assert_array_equal(reported, np.isin(real.comparisons.probe_id, real.halves.report.searches.probe_id))
    verdict = gate(here, tracked, GateLimits(fnir_margin=0.2), client=open_store())
    assert verdict.paired
    compared = compare_runs(tracked, here)
    assert compared.disagreements == ()
    with (real.workspace.folder / "pseudonyms.csv").open(newline="") as table:
        who = {row["pseudonym"]: row["name"] for row in csv.DictReader(table)}
    assert [who[name] for name in tracked.comparisons.probe_id.tolist()] == real.comparisons.probe_id.tolist()


@pytest.mark.usefixtures("small_chain")
def test_runs_under_other_keys_are_not_paired_and_say_why(
    real: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.keep_points()
    real.workspace.scenario.write_text(real.scenario.model_dump_json())
    here = open_run(real.workspace.folder)
    other = tmp_path / "other.key"
    other.write_text(KEY.hex())
    other.chmod(0o600)
    monkeypatch.setenv("FACELAB_PSEUDONYM_KEY", str(other))
    with pytest.raises(BadInput, match="the keys of the pseudonyms \\(FACELAB_PSEUDONYM_KEY names one"):
        compare_runs(here, open_run(real.workspace.folder))


@pytest.mark.parametrize(
    "message",
    [
        "BadInput: Jane Doe/passport 2.jpg: there is no face in it",
        "02_watchlist, In [4]: {list}/Jane Doe/passport 2.jpg: two faces",
        "KeyError: 'Jane Doe'",
        'subject Jane Doe stands twice, first for "Jane Doe"',
        "the photograph Jane Doe/passport 2.JPEG cannot be decoded, nor {list}/Jane Doe.csv",
        "rtsp://guard:Jane@camera/Doe: nothing answers",
        "truth.csv, line 4: Roe (queue) has no box",
    ],
)
def test_a_reason_names_nobody_and_no_photograph(message: str, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    (listed / "Jane Doe").mkdir(parents=True)
    (listed / "Jane Doe" / "passport 2.jpg").touch()
    truth = tmp_path / "truth.csv"
    truth.write_text("camera,frame,passage_id,subject_id,x1,y1,x2,y2\ncamera,0,p1,Roe,1,1,9,9\n")
    footage = {"kind": "files", "path": "gate.mp4", "truth": str(truth)}
    chosen = load_scenario("demo", {"footage": footage, "watchlist": {"kind": "folder", "path": str(listed)}})
    said = scrubbed(message.format(list=listed), chosen)
    for name in ("Jane", "Doe", "passport", "Roe", str(tmp_path)):
        assert name not in said
    assert scrubbed(said, chosen) == said, "once is enough"
    assert scrubbed("In [4]: 3/24 faces, 'pipeline.detection' of 0.5", chosen) == (
        "In [4]: 3/24 faces, 'pipeline.detection' of 0.5"
    )


def test_a_reason_points_at_the_sample_by_the_pseudonym_that_it_has_in_the_run(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.jpg").touch()
    chosen = load_scenario("demo", {**REAL, "watchlist": {"kind": "folder", "path": str(tmp_path)}})
    said = scrubbed(f"ann: {tmp_path}/ann/1.jpg: no face", chosen)
    assert said == f"{pseudonyms().subject('ann')}: {pseudonyms().sample('ann/1.jpg')}: no face"
    assert scrubbed("ann/1.jpg: no face", load_scenario("demo")) == "ann/1.jpg: no face", "generated people keep theirs"


@pytest.mark.usefixtures("store")
def test_a_run_of_real_people_that_fails_names_nobody_in_mlflow(project: Path) -> None:
    run = TrackedRun(load_scenario("demo", REAL), project / "outbox")
    nested = run.child("stage/02_watchlist", "02_watchlist", {})
    for one in (nested, run):
        one.end("FAILED", "02_watchlist, In [3]: Jane Doe/passport.jpg: no face")
    runs = run.client.search_runs([run.client.get_experiment_by_name("demo").experiment_id])
    assert [found.info.status for found in runs] == ["FAILED", "FAILED"]
    for found in runs:
        assert found.data.tags["ended_by"].startswith("02_watchlist, In [3]: p")
        assert found.data.tags["ended_by"].endswith(": no face")
        assert not any("Jane" in value for value in found.data.tags.values())

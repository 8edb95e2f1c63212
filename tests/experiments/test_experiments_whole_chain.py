"""The whole chain on a small terminal: pixels to tuned config, through every notebook, models and store included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facelab.data.people import default_people_folder
from facelab.deploy import TunedConfig, read_tuned
from facelab.deploy.replay import replay
from facelab.experiments import Evaluation, Step, evaluate, open_study
from facelab.experiments.alert_study import alert_study
from facelab.experiments.store import open_store
from facelab.pipeline import tables

SMALL = {
    "footage.unknown": 8,
    "footage.wanted": 4,
    "footage.cameras": ["gate"],
    "watchlist.distractors": 10,
    "targets_fpir": [0.3, 0.001],
    "site_threshold": 0.3,
}


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.skipif(not (default_people_folder() / "people.csv").is_file(), reason="the generated people are not here")
def test_the_whole_chain_on_a_small_terminal(project: Path, root: Path) -> None:
    (project / "notebooks").rmdir()
    (project / "notebooks").symlink_to(root / "notebooks")
    steps: list[Step] = []
    found = evaluate("demo", overrides=SMALL, progress=steps.append)
    assert [row.origin for row in found.table if row.origin != "certified"] == ["target", "unattainable", "site"]
    assert found.measured["reported_on"]["non_mated_people"] == 4
    assert found.measured["gallery"]["subjects"] == 14
    assert found.synthetic
    config = read_tuned(found.workspace.tuned)
    assert config.use.status == "evaluation only"
    assert config.evidence.run_id == found.run_id
    assert config.threshold == found.table[0].threshold
    assert open_store().get_run(found.run_id).info.status == "FINISHED"
    assert any("drawing" in step.note for step in steps), "the bars of the kernels reach whoever watches"
    logged = [path for path in (project / "mlruns").rglob("*") if path.is_file()]
    assert {"tuned.json", "01_footage_to_tracks.html", "07_export_config.ipynb"} <= {path.name for path in logged}
    text = "".join(path.read_text(errors="ignore") for path in logged if path.suffix in (".ipynb", ".html"))
    assert "image/jpeg" not in text, "no picture of anybody is in a run"
    assert "data:image/jpeg" in (found.workspace.notebooks / "01_footage_to_tracks.html").read_text()
    for page in found.workspace.notebooks.glob("*.html"):
        assert "Warning" not in page.read_text(), page.name
    _replay_gives_the_alerts_of_the_evaluation(found, config)


def _replay_gives_the_alerts_of_the_evaluation(found: Evaluation, config: TunedConfig) -> None:
    """The same footage and watchlist, run as the config says: the same scores and alerts bit for bit."""
    study = open_study("demo", workspace=found.workspace.folder, overrides=SMALL)
    again = replay(config, study.footage, tables.read_gallery(found.workspace.gallery), study.pack, progress=False)
    np.testing.assert_array_equal(again.comparisons.score, study.comparisons.score)
    evaluated, replayed = alert_study(study).replay.log.to_frame(), again.alerts.log.to_frame()
    assert len(evaluated) > 0
    assert evaluated.equals(replayed)
    assert again.measured is not None
    assert again.measured.threshold == config.threshold
    assert {row[0] for row in again.rows()} == {"FPIR", "FNIR"}


@pytest.mark.research
@pytest.mark.models
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_footage_gives_counts_at_a_threshold_from_elsewhere(
    project: Path, root: Path, research_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACELAB_RESEARCH_DATA", str(research_data))
    (project / "notebooks").rmdir()
    (project / "notebooks").symlink_to(root / "notebooks")
    found = evaluate("chokepoint")
    (row,) = found.table
    assert (row.origin, row.counts_only) == ("site", True)
    assert row.fpir is not None
    assert row.fnir is not None
    assert (row.fpir["trials"], row.fnir["trials"]) == (12, 12)
    assert row.fpir["errors"] <= 3
    assert row.fnir["errors"] <= 2
    assert "%" not in row.cells[3]
    assert any("optimistic" in note for note in found.to_dict()["notes"])
    assert not found.synthetic
    assert not found.workspace.tuned.exists()
    text = (found.workspace.notebooks / "01_footage_to_tracks.html").read_text()
    assert "image/jpeg" not in text, "no picture of a real person unless the user asks"

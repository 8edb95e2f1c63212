"""The gate and the comparison of two runs, on workspaces whose comparisons are written by hand: no model, no store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facelab.config import Floor, GateLimits
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.comparing_notebook import ComparisonPage
from facelab.experiments.comparing_runs import compare_runs
from facelab.experiments.gate import gate, judged
from facelab.experiments.gate_measured import measured_run
from facelab.experiments.saved_run import SavedRun, open_run
from facelab.experiments.scenario import load_scenario
from facelab.pipeline import tables
from facelab.plain import plain
from facelab.stats.openset import open_set_curve
from facelab.stats.points import operating_points
from facelab.types import Comparisons

MATES, STRANGERS, CAMERAS = 60, 150, ("entrance", "gate")
NONE = GateLimits(failure_to_acquire=None, score_shift=None, quality_shift=None)
Maker = Callable[..., SavedRun]


def _comparisons(seed: int, *, shift: float = 0.0, prefix: str = "") -> Comparisons:
    """60 enrolled people and 150 strangers past two cameras against 80 enrolled; `shift` moves the mates' scores."""
    rng = np.random.default_rng(seed)
    who = [f"w{prefix}{i:02d}" for i in range(MATES)] + [f"u{prefix}{i:03d}" for i in range(STRANGERS)]
    enrolled = [f"w{prefix}{i:02d}" for i in range(80)]
    subjects = np.array(who * len(CAMERAS))
    cameras = np.repeat(CAMERAS, len(who))
    score = rng.normal(0.1, 0.08, (len(subjects), 80))
    own = subjects[:, None] == np.array(enrolled)[None, :]
    score[own] = rng.normal(0.5 + shift, 0.1, int(own.sum()))
    score[rng.choice(len(subjects), 8, replace=False)] = np.nan
    ids = [f"{camera}/{name}" for camera, name in zip(cameras, subjects)]
    attributes = {"camera": cameras, "quality": rng.uniform(0.5, 1, len(subjects)).astype(np.float32)}
    references = [f"{name}/1" for name in enrolled]
    return Comparisons(score, ids, subjects, references, enrolled, enrolled, attributes, {}, "a" * 64, True)


@pytest.fixture
def saved(tmp_path: Path) -> Maker:
    """Writes an evaluated workspace and reads it back as a run."""

    def make(
        name: str, comparisons: Comparisons, *, overrides: dict[str, str] | None = None, **evidence: object
    ) -> SavedRun:
        place = tmp_path / name
        place.mkdir()
        scenario = load_scenario("demo", {"targets_fpir": "[0.05]", **(overrides or {})})
        curve = open_set_curve(comparisons)
        points = [p.to_dict() for p in operating_points(curve, curve, [0.05])]
        said = {
            "footage": "terminal", "footage_digest": "c" * 64, "watchlist_digest": "d" * 64, "pack": "scrfd-mbf",
            "pack_fingerprint": comparisons.pack, "pack_licence": "research", "synthetic": comparisons.synthetic,
            "enrolled": 80, "references": 80, "failed_to_enrol": 0, "missed": 0, "failed": 8,
        } | evidence  # fmt: skip
        tables.write_comparisons(place / "comparisons.parquet", comparisons)
        files = {"scenario": scenario.model_dump(mode="json"), "evidence": said, "operating_points": {"points": points}}
        for file, value in files.items():
            (place / f"{file}.json").write_text(json.dumps(value))
        return open_run(place)

    return make


@pytest.fixture
def champion(saved: Maker) -> SavedRun:
    return saved("champion", _comparisons(1))


def test_the_same_run_twice_is_not_worse_and_every_check_says_why(champion: SavedRun) -> None:
    found = gate(champion, champion, GateLimits(fnir_margin=0.1, worst_group_fnir=0.9))
    assert (found.verdict, found.passed, found.exit_code, found.paired) == ("not worse", True, 0, True)
    assert {check.rule for check in found.checks} == {
        "FNIR above the champion's, at its FPIR", "FNIR", "mated scores lower than the champion's",
        "strangers' scores higher than the champion's", "quality lower than the champion's", "failure to acquire",
    }  # fmt: skip
    for check in found.checks:
        assert check.low <= check.value <= check.high
    json.dumps(plain(found.to_dict()), allow_nan=False)
    assert found.information["mated scores"]["ks"] == 0


def test_a_clearly_better_run_is_better_and_a_clearly_worse_one_worse(saved: Maker, champion: SavedRun) -> None:
    better = gate(saved("b", _comparisons(1, shift=0.12)), champion, NONE)
    worse = gate(saved("w", _comparisons(1, shift=-0.25)), champion, NONE)
    assert (better.verdict, better.exit_code) == ("better", 0)
    assert (worse.verdict, worse.exit_code) == ("worse", 10)
    assert "FNIR" in worse.reason


def test_too_few_people_cannot_tell_which_is_no_pass(saved: Maker, champion: SavedRun) -> None:
    few = champion.comparisons
    kept = np.isin(few.probe_subject, [f"w{i:02d}" for i in range(6)] + [f"u{i:03d}" for i in range(40)])
    first, second = (saved(name, few.take(kept)) for name in ("few1", "few2"))
    found = gate(second, first, GateLimits(fnir_margin=0.001, score_shift=0.01))
    assert (found.verdict, found.passed, found.exit_code) == ("cannot tell with this data", False, 11)


def test_another_day_is_not_paired_and_says_so(saved: Maker, champion: SavedRun) -> None:
    other = saved("day", _comparisons(2, prefix="x"), footage_digest="e" * 64)
    found = gate(other, champion, GateLimits(fnir_margin=0.4), threshold="champion")
    assert not found.paired
    assert found.threshold == champion.threshold
    assert "footage (cccccccc and eeeeeeee)" in found.notes[0]
    assert found.checks[0].how.startswith("unpaired")
    assert found.verdict == "not worse"


def test_a_later_day_with_lower_scores_is_worse_at_the_champions_threshold(saved: Maker, champion: SavedRun) -> None:
    other = saved("day", _comparisons(2, shift=-0.25, prefix="x"), footage_digest="e" * 64)
    found = gate(other, champion, GateLimits(), threshold="champion")
    condemned = {check.rule for check in found.checks if check.verdict == "worse"}
    assert "mated scores lower than the champion's" in condemned
    assert found.verdict == "worse"


def test_what_cannot_be_compared_is_refused(saved: Maker, champion: SavedRun) -> None:
    real = saved("real", replace(_comparisons(1), synthetic=False), synthetic=False)
    with pytest.raises(BadInput, match="synthetic evidence against real"):
        gate(real, champion, NONE)
    elsewhere = replace(measured_run(champion), scenario="other")
    with pytest.raises(BadInput, match="different scenarios"):
        judged(elsewhere, measured_run(champion), NONE)
    pack = saved("pack", replace(_comparisons(1), pack="b" * 64))
    with pytest.raises(BadInput, match="threshold means nothing"):
        gate(pack, champion, NONE, threshold="champion")
    assert any(note.startswith("drift: not asked") for note in gate(pack, champion, GateLimits()).notes)


def test_a_camera_that_the_champion_saw_and_the_run_did_not_is_no_pass(saved: Maker, champion: SavedRun) -> None:
    one = champion.comparisons
    gone = saved("gone", one.take(one.probe_attributes["camera"] == "gate"))
    found = gate(gone, champion, GateLimits(fnir_margin=0.5, score_shift=0.4, quality_shift=0.4))
    missing = [check for check in found.checks if "no passage at all" in check.place]
    assert [check.verdict for check in missing] == ["cannot tell"]
    assert not found.passed


def test_without_a_champion_the_limits_alone_judge(champion: SavedRun) -> None:
    found = gate(champion, None, GateLimits(worst_group_fpir=0.9))
    assert found.verdict == "not worse"
    assert "no champion" in found.notes[0]
    assert gate(champion, None, NONE).verdict == "cannot tell with this data", "nothing was asked"
    with pytest.raises(NotMeasured, match="promote"):
        gate(champion, None, NONE, threshold="champion")


def test_alerts_and_ppv_are_those_of_the_floor(champion: SavedRun) -> None:
    floor = Floor(passengers_a_day=1000, prevalence=0.01, cameras=1, assumptions=("none",))
    measured = measured_run(champion)
    limits = NONE.model_copy(update={"false_alerts_a_day": 200.0, "ppv": 0.01})
    found = judged(measured, None, limits, floor=floor)
    alerts = next(check for check in found.checks if check.rule == "false alerts a day")
    point = measured.point
    expected = 1000 * (0.99 * point.fpir.value + 0.01 * point.misidentification.value)
    assert alerts.value == pytest.approx(expected)
    assert found.verdict == "not worse"
    tight = judged(measured, None, limits.model_copy(update={"false_alerts_a_day": 1.0}), floor=floor)
    assert tight.verdict == "worse"
    assert any("no floor" in note for note in judged(measured, None, limits).notes)


def test_a_group_that_nobody_has_is_said_not_passed_over(champion: SavedRun) -> None:
    found = gate(champion, None, NONE.model_copy(update={"worst_group_fnir": 0.9, "groups": ("camera", "shoe size")}))
    assert {check.place for check in found.checks} == {"camera entrance", "camera gate"}
    assert "'shoe size'" in " ".join(found.notes)


def test_runs_on_other_data_are_not_paired_and_what_differs_is_named(saved: Maker, champion: SavedRun) -> None:
    other = saved("other", _comparisons(2, prefix="x"), footage_digest="e" * 64, watchlist_digest="f" * 64)
    with pytest.raises(BadInput, match=r"footage \(cccccccc and eeeeeeee\), watchlist .*, passages \(420 and 420, 0 "):
        compare_runs(champion, other)
    renamed = replace(_comparisons(1), probe_subject=np.roll(_comparisons(1).probe_subject, 1))
    with pytest.raises(BadInput, match="names of the people in"):
        compare_runs(champion, saved("renamed", renamed))


def test_rows_come_in_any_order_and_differences_are_second_minus_first(saved: Maker, champion: SavedRun) -> None:
    second = _comparisons(1, shift=0.1)
    order = np.random.default_rng(3).permutation(len(second))
    found = compare_runs(champion, saved("b", second.take(order), overrides={"pipeline.pooling.faces": "12"}))
    fnir = next(row for row in found.rows if row.rate == "FNIR" and row.at.startswith("the same threshold"))
    missed = []
    for run in (champion.comparisons, second):
        own = np.array([np.nanmax(np.where(run.reference_subject == s, r, np.nan), initial=-9) if m else np.nan
                        for r, s, m in zip(run.score, run.probe_subject, run.mated)])  # fmt: skip
        other = np.array([np.nanmax(np.where(run.reference_subject != s, r, np.nan), initial=-9)
                          for r, s in zip(run.score, run.probe_subject)])  # fmt: skip
        missed.append((~((own >= found.threshold) & (own > other)))[run.mated])
    assert (fnir.found.first.errors, fnir.found.second.errors) == tuple(int(m.sum()) for m in missed)
    assert len([d for d in found.disagreements if d["error"].startswith("an enrolled")]) == int(
        (missed[0] != missed[1]).sum()
    )
    assert fnir.found.value < 0
    assert [(c["what"], c["name"], c["second"]) for c in found.changes] == [
        ("parameter", "pipeline.pooling.faces", "12")
    ]
    assert any("other packs or pipelines" in note for note in found.notes)


def test_one_trial_a_person_is_tested_by_mcnemar_and_several_by_sign_flips(saved: Maker, champion: SavedRun) -> None:
    found = compare_runs(champion, saved("b", _comparisons(1, shift=0.1)))
    by_camera = [row for row in found.group_rows if row.by == "camera"]
    assert {row.group for row in by_camera} == set(CAMERAS)
    assert {row.test.name for row in by_camera if row.test} == {"McNemar, exact"}
    assert {row.test.name for row in found.rows if row.test} == {"sign flips by person, exact"}
    assert [row.test for row in found.rows if row.at.startswith("the same FPIR")] == [None]


def test_the_page_has_its_figures_tables_and_sentences(saved: Maker, champion: SavedRun, tmp_path: Path) -> None:
    found = compare_runs(champion, saved("b", _comparisons(1, shift=0.1)))
    page = ComparisonPage(found, tmp_path / "figures")
    assert "misses fewer" in page.det().alt
    assert page.groups("FNIR").path.is_file()
    assert len(page.disagreements(5)) == 5
    assert len((tmp_path / "figures" / "disagreements.csv").read_text().splitlines()) == len(found.disagreements) + 1
    json.dumps(plain(found.to_dict()), allow_nan=False)
    assert found.answer()[0].startswith("At the same FPIR of 5 % the second run misses fewer")


def test_a_workspace_without_its_comparisons_is_told_in_one_line(
    saved: Maker, champion: SavedRun, tmp_path: Path
) -> None:
    (tmp_path / "champion" / "comparisons.parquet").unlink()
    with pytest.raises(NotMeasured, match=r"comparisons\.parquet.*evaluate again"):
        open_run(tmp_path / "champion")
    with pytest.raises(BadInput, match="neither a workspace's folder nor an MLflow run id"):
        open_run(tmp_path / "nowhere")

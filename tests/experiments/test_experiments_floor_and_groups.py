"""The floor of a site and the groups of its people, from a study whose comparisons are already made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from facelab.data import people
from facelab.errors import BadInput
from facelab.experiments.floor import (
    alerts_figure,
    floor_sentences,
    gallery_figure,
    gallery_sentences,
    site_of,
    speaking_point,
    workload_table,
    workloads,
)
from facelab.experiments.group_study import CAMERA, TONE, WIDTH, best_mates, group_study, tones_of, width_classes
from facelab.experiments.one_to_one import verification_figure, verification_of, verification_sentences
from facelab.experiments.scenario import load_scenario
from facelab.experiments.study import Study, open_study
from facelab.types import Comparisons

Opened = Callable[..., Study]


def three_cameras() -> Comparisons:
    """40 enrolled people and 150 strangers past three cameras; the queue sees worse; widths, qualities, failures."""
    rng = np.random.default_rng(12)
    subject = [f"w{i:02d}" for i in range(40)] + [f"u{i:03d}" for i in range(150)]
    enrolled = [f"w{i:02d}" for i in range(60)]
    camera = np.repeat(["entrance", "queue", "gate"], 190)
    score = rng.normal(0.1, 0.08, (570, 60))
    for k in range(3):
        score[190 * k + np.arange(40), np.arange(40)] = rng.normal(0.55 - 0.2 * (k == 1), 0.12, 40)
    score[[3, 400]] = np.nan
    quality = np.where(camera == "queue", 0.3, 0.6) + rng.normal(0, 0.05, 570)
    quality[[3, 400]] = np.nan
    width = np.where(camera == "queue", 30.0, 70.0) + rng.normal(0, 5, 570)
    width[[3, 400]] = np.nan
    attributes = {"camera": camera, "quality": quality, "width_px": width}
    references = [f"{e}/1" for e in enrolled]
    ids = [f"{c}/{i}" for i, c in enumerate(camera)]
    at_enrolment = {"quality": np.full(60, 0.9)}
    return Comparisons(
        score, ids, subject * 3, references, enrolled, enrolled, attributes, at_enrolment, "a" * 64, True
    )


@pytest.fixture
def opened(study: Study) -> Opened:
    """Opens a study of the demo with these settings, its comparisons those of `three_cameras`."""
    evidence = json.loads(study.workspace.evidence.read_text())

    def make(**overrides: Any) -> Study:
        from facelab.pipeline import tables

        settings = {"targets_fpir": [0.1, 0.05]} | {name.replace("__", "."): v for name, v in overrides.items()}
        made = open_study("demo", overrides=settings)
        tables.write_comparisons(made.workspace.comparisons, three_cameras())
        made.workspace.evidence.write_text(json.dumps(evidence | {"key": made._key}))
        return made

    return make


def said(shown: Any) -> str:
    """What Jupyter would show as text."""
    return str(getattr(shown, "data", None) or shown.alt)


def test_the_demos_floor_is_a_site_and_says_what_was_assumed() -> None:
    floor = load_scenario("demo").floor
    assert floor is not None
    assert site_of(floor).passages_a_day == 30_000
    assert any("assumption" in text for text in floor.assumptions)


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        ("floor.prevalence", 0, "greater than 0"),
        ("floor.passengers_a_day", -1, "greater than 0"),
        ("floor.galleries", [0], "greater than or equal to 1"),
        ("floor.assumptions", [], "at least 1"),
        ("floor.passengers", 5, "passengers_a_day"),
    ],
)
def test_a_floor_that_cannot_be_is_refused(setting: str, value: object, rule: str) -> None:
    with pytest.raises(BadInput, match=rule):
        load_scenario("demo", {setting: value})


def test_settings_of_the_floor_do_not_make_anything_anew(opened: Opened) -> None:
    """The comparisons do not depend on how many passengers come."""
    assert opened()._key == opened(floor__passengers_a_day=5)._key


def test_the_workload_of_each_threshold_is_that_of_its_point(opened: Opened) -> None:
    study = opened()
    found = dict(workloads(study))
    point = study.points[0]
    work = found[f"FPIR 10 %: {point.threshold:.4f}"]
    wrong = 0.3 * point.misidentification.value
    assert work.false_alerts_a_day.value == pytest.approx(30_000 * (1 - 1e-5) * point.fpir.value + wrong)
    assert any("certified" in name for name in found)
    assert work.missed_a_year is not None


def test_tables_figures_and_sentences_of_the_floor(opened: Opened) -> None:
    study = opened()
    assert "false alerts a day" in said(workload_table(study))
    assert "false and" in said(alerts_figure(study))
    assert (study.workspace.figures / "alerts_a_day.png").is_file()
    sentences = floor_sentences(study)
    assert "10,000 passengers a day" in sentences[0]
    assert "7,267,582" in sentences[1]


def test_a_larger_gallery_is_marked_as_extrapolation_and_asks_for_a_higher_threshold(opened: Opened) -> None:
    study = opened(floor__galleries=[30, 300])
    below, beyond = gallery_sentences(study)
    assert "measured" in below
    assert "extrapolated from 60" in beyond
    assert "N = 60" in said(gallery_figure(study)) or "60 enrolled" in said(gallery_figure(study))


def test_without_a_floor_there_are_sentences_and_no_errors(opened: Opened) -> None:
    study = opened(floor=None)
    for shown in (workload_table(study), alerts_figure(study)):
        assert "says nothing of passengers" in said(shown)
    assert "no operational gallery" in said(gallery_figure(study))
    assert floor_sentences(study)[0].startswith("The scenario says nothing")
    assert gallery_sentences(study)[0].startswith("The scenario names no")


def test_strangers_alone_give_sentences_and_no_errors(opened: Opened) -> None:
    study = opened(counts_only=True, targets_fpir=[], site_threshold=0.4)
    every = study.comparisons
    study.__dict__["comparisons"] = every.take(~every.mated)
    assert "one kind only" in said(workload_table(study))
    assert "one kind only" in said(alerts_figure(study))
    found = group_study(study)
    assert found.rates(CAMERA, "FNIR") is None
    assert "There is no FNIR by camera" in said(found.figure(CAMERA, "FNIR"))
    assert "nothing to discard" in said(found.discard_figure())
    assert found.answer()


def test_the_point_that_speaks_is_the_smallest_supported_target(opened: Opened) -> None:
    point = speaking_point(opened())
    assert point is not None
    assert (point.target, point.supported) == (0.05, True)


def test_groups_are_those_of_the_reporting_half_at_its_own_threshold(opened: Opened) -> None:
    study = opened()
    found = group_study(study)
    rates = found.rates(CAMERA, "FNIR")
    assert rates is not None
    report = study.halves.report
    assert rates.pooled.errors == report.at(found.threshold).fnir.errors
    assert {name: rate.trials for name, rate in rates.rates.items()} == dict.fromkeys(
        ("entrance", "gate", "queue"), report.mated // 3
    )
    assert sum(rate.errors for rate in rates.rates.values()) == rates.pooled.errors


def test_the_camera_that_sees_worse_is_found(opened: Opened) -> None:
    found = group_study(opened())
    rates = found.rates(CAMERA, "FNIR")
    assert rates is not None
    assert rates.test is not None
    assert rates.test.p_value < 0.05
    assert "differs by camera" in said(found.figure(CAMERA, "FNIR"))
    assert "FNIR by camera" in found.answer()[0]
    assert any("could have gone unseen" in verdict for verdict in found.verdicts)


def test_an_unknown_width_is_a_group_of_its_own() -> None:
    label = width_classes(np.array([10.0, 20, 30, 40, 50, 60, np.nan, 0]))
    assert label.tolist()[-2:] == ["", ""]
    assert label[0].startswith("1: below")
    assert label[5].startswith("3: from")
    assert width_classes(np.array([np.nan])).tolist() == [""]


def test_tones_are_joined_by_person_and_ordered_from_light_to_dark(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["person_id,file,skin_tone", "a,1.jpg,dark", "a,2.jpg,dark", "b,3.jpg,very_light", "c,4.jpg,"]
    (tmp_path / "people.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.setattr(people, "default_people_folder", lambda: tmp_path)
    assert tones_of(np.array(["a", "b", "c", "x", ""])).tolist() == ["5: dark", "1: very light", "", "", ""]
    monkeypatch.setattr(people, "default_people_folder", lambda: tmp_path / "none")
    assert tones_of(np.array(["a"])).tolist() == [""]


def test_a_tone_that_nobody_has_is_a_sentence(opened: Opened) -> None:
    assert "There is no FPIR by skin tone" in said(group_study(opened()).figure(TONE, "FPIR"))
    assert set(group_study(opened()).groups) == {CAMERA, WIDTH, TONE}


def test_the_best_own_reference_counts_and_brings_its_quality() -> None:
    score = np.array([[0.2, 0.7, 0.9], [np.nan, np.nan, 0.4], [0.1, 0.2, 0.3]])
    made = Comparisons(
        score, ["p", "q", "r"], ["a", "a", ""], ["a/1", "a/2", "b/1"], ["a", "a", "b"], ["a", "b"],
        {}, {"quality": np.array([0.1, 0.2, 0.3])},
    )  # fmt: skip
    best, quality = best_mates(made)
    assert best[0] == 0.7
    assert quality[0] == 0.2
    assert np.isnan(best[1:]).all()
    assert np.isnan(quality[1:]).all()


def test_quality_that_knows_the_bad_camera_wins_something(opened: Opened) -> None:
    found = group_study(opened())
    assert found.discard is not None
    assert found.discard.failed >= 0
    assert found.discard.gain(0.2) > 0
    assert "Without the worst fifth" in said(found.discard_figure())
    assert "a perfect quality would win" in found.answer()[1]
    assert found.areas is not None
    ends = found.areas.gain_interval()
    assert f"95 % interval {100 * ends.low:.2g} to {100 * ends.high:.2g} %" in found.answer()[1]
    assert f"{found.areas.value:.2g} [{found.areas.interval().low:.2g}" in found.answer()[1]
    assert "area above ideal to 20 %" in said(found.discard_figure())


def test_one_to_one_curves_count_every_comparison_of_the_reporting_half(opened: Opened) -> None:
    study = opened()
    curve, report = verification_of(study), study.halves.report
    scored = len(report.searches) - int(report.searches.failed.sum())
    assert curve.mated.completed + curve.non_mated.completed == 60 * scored
    assert "DET curve of 1:1" in said(verification_figure(study))
    first, *rest = verification_sentences(study)
    assert f"in {curve.non_mated.completed:,} comparisons" in first
    assert len(rest) == 1


def test_one_to_one_of_strangers_alone_is_a_sentence(opened: Opened) -> None:
    study = opened(counts_only=True, targets_fpir=[], site_threshold=0.4)
    every = study.comparisons
    study.__dict__["comparisons"] = every.take(~every.mated)
    assert "no 1:1 error curve" in said(verification_figure(study))
    assert "no 1:1 error curve" in verification_sentences(study)[0]

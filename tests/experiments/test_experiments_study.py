"""A study takes what an earlier notebook left, makes nothing twice, and takes nothing made under other settings."""

from __future__ import annotations

import json
from typing import ClassVar

import jsonschema
import numpy as np
import pytest

from facelab import plots
from facelab.deploy import read_tuned, tuned_schema
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.curve_table import COLUMNS, read_curve, write_curve
from facelab.experiments.evidence import Evidence
from facelab.experiments.study import Study, measured_points, open_study
from facelab.pipeline.packs.registry import SHIPPED
from facelab.stats.points import OperatingPoint, Unattainable
from facelab.types import Comparisons


def test_comparisons_are_read_as_the_match_left_them(study: Study, comparisons: Comparisons) -> None:
    np.testing.assert_array_equal(study.comparisons.score, comparisons.score)


def test_comparisons_of_other_settings_are_not_taken(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    other = open_study("demo", overrides={"pipeline.tracking.method": "sort"})
    assert study.is_matched
    assert not other.is_matched
    monkeypatch.setattr(Study, "match", lambda self: "made anew")
    assert other.comparisons == "made anew"


@pytest.mark.parametrize("name", ["targets_fpir", "split_seed", "title"])
def test_settings_behind_the_match_do_not_make_it_stale(study: Study, name: str) -> None:
    value = {"targets_fpir": [0.2], "split_seed": 9, "title": "x"}[name]
    assert open_study("demo", overrides={name: value}).is_matched


def test_thresholds_are_chosen_and_reported_on_different_people(study: Study) -> None:
    halves = study.halves
    assert halves.select is not None
    people = [set(half.searches.probe_subject.tolist()) for half in (halves.select, halves.report)]
    assert not people[0] & people[1]
    assert halves.select.searches.subjects == halves.report.searches.subjects == 60


def test_the_same_seed_gives_the_same_points_and_another_one_others(study: Study) -> None:
    again, other = open_study("demo"), open_study("demo", overrides={"split_seed": 2})
    assert [p.to_dict() for p in study.points] == [p.to_dict() for p in again.points]
    assert [p.to_dict() for p in study.points] != [p.to_dict() for p in other.points]


def test_the_demo_shows_supported_unsupported_and_refused_targets(study: Study) -> None:
    ten, five, one, per_mille = study.points
    assert isinstance(ten, OperatingPoint)
    assert ten.supported
    assert isinstance(five, OperatingPoint)
    assert isinstance(one, Unattainable)
    assert isinstance(per_mille, Unattainable)
    assert not ten.in_sample
    assert measured_points(study.points) == [ten, five]


def test_the_sites_own_threshold_stands_in_the_same_table(study: Study) -> None:
    rows = open_study("demo", overrides={"site_threshold": 0.3}).rows
    assert rows[-1].origin == "site"
    assert rows[-1].threshold == 0.3


def test_where_people_are_few_there_is_no_half_that_chooses(study: Study) -> None:
    few = open_study("demo", overrides={"counts_only": True, "site_threshold": 0.3})
    assert few.halves.select is None
    (point,) = few.points
    assert (point.mated, point.non_mated) == (40, 150)
    with pytest.raises(NotMeasured, match="too few people"):
        few.tuned()


def test_the_curve_is_written_with_its_intervals_and_read_back(study: Study) -> None:
    rows = read_curve(study.keep_curve())
    report = study.halves.report
    assert set(rows[0]) == set(COLUMNS)
    for row in rows[:: len(rows) // 5]:
        point = report.at(row["threshold"])
        assert row["fpir_errors"] == point.fpir.errors
        assert row["fnir"] == pytest.approx(point.fnir.value)
        assert row["fnir_low"] <= row["fnir"] <= row["fnir_high"]


def test_a_curve_without_an_enrolled_person_has_empty_cells(study: Study, tmp_path) -> None:
    from facelab.stats.openset import open_set_curve

    strangers = study.comparisons.take(~study.comparisons.mated)
    write_curve(tmp_path / "c.csv", open_set_curve(strangers))
    row = read_curve(tmp_path / "c.csv")[0]
    assert row["fnir"] is None
    assert row["fnir_trials"] == 0


def test_a_table_that_is_no_curve_is_refused(tmp_path) -> None:
    for text in ("a,b\n1,2\n", ",".join(COLUMNS) + "\n" + "x," * 10 + "x\n", ""):
        (tmp_path / "c.csv").write_text(text)
        with pytest.raises(BadInput):
            read_curve(tmp_path / "c.csv")
    with pytest.raises(BadInput, match="no such file"):
        read_curve(tmp_path / "none.csv")


def test_points_are_written_with_what_they_were_measured_on(study: Study) -> None:
    said = json.loads(study.keep_points().read_text())
    assert said["gallery"] == {"subjects": 60, "samples": 60}
    assert said["reported_on"]["non_mated_people"] == 75
    assert said["chosen_on"]["mated_people"] == 20
    assert [point["target_fpir"] for point in said["points"]] == [0.1, 0.05, 0.01, 0.001]
    assert said["evidence"]["pack_fingerprint"] == "a" * 64


class _Pack:
    name, fingerprint, dimension, licence = "scrfd-mbf", "a" * 64, 512, "research"
    spec = SHIPPED["scrfd-mbf"].spec
    files: ClassVar = dict(spec.files)
    operational_use, restriction = False, "non-commercial research only"


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The study of small faces, without a model."""
    monkeypatch.setattr("facelab.experiments.tuned._trusted", lambda study: (24.0, None))


@pytest.mark.usefixtures("trusted")
def test_the_tuned_config_follows_its_schema_and_names_the_run(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "run-7")
    monkeypatch.setitem(study.__dict__, "pack", _Pack())
    config = study.tuned()
    assert read_tuned(study.workspace.tuned) == config
    jsonschema.validate(json.loads(study.workspace.tuned.read_text()), tuned_schema())
    assert config.evidence.run_id == "run-7"
    assert (config.validity.min_width_px, config.validity.min_quality) == (24.0, 0.0)
    assert config.validity.enrolled_max == 66
    assert config.use.status == "evaluation only"
    assert config.threshold == study.points[1].threshold
    assert config.operating_point.target_fpir == 0.05
    assert "synthetic evidence: not for deployment" in config.evidence.statement


@pytest.mark.usefixtures("trusted")
def test_a_named_target_is_exported(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    other = open_study("demo", overrides={"export_target_fpir": "0.1"})
    monkeypatch.setitem(other.__dict__, "pack", _Pack())
    config = other.tuned(accept_restriction=True)
    assert config.operating_point.target_fpir == 0.1
    assert config.use.restriction_accepted
    assert config.use.status == "evaluation only"


def test_a_figure_is_saved_once_shown_with_its_words_and_closed(study: Study) -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    shown = study.figure(plots.det(study.halves.report), "det")
    data, metadata = shown._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == data["text/plain"] != ""
    assert {path.name for path in study.workspace.figures.iterdir()} == {"det.png", "det.svg", "det.txt"}
    assert plt.get_fignums() == before


def test_evidence_that_is_not_whole_is_refused() -> None:
    with pytest.raises(BadInput, match="run 03_match again"):
        Evidence.from_dict({"footage": "x"})

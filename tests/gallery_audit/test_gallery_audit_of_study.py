"""The audit inside a study: its halves name and measure, its decisions are read, and what it lacks is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from facelab.experiments.gallery_audit.of_study import (
    decisions_path,
    reference_alerts_figure,
    searched_audit,
    searched_of,
    study_audit,
    study_pictures,
)
from facelab.experiments.scenario import load_scenario
from facelab.experiments.study import Halves
from facelab.gallery.audit.decisions import add_decision, new_decision
from facelab.stats.openset import open_set_curve
from facelab.stats.points import operating_points
from facelab.stats.thresholds import split_probes
from facelab.types import Comparisons, Gallery, Templates


@pytest.fixture
def study(tmp_path: Path) -> Any:
    """Forty enrolled people, s00 also as s39, and 200 strangers of whom many match s07."""
    rng = np.random.default_rng(1)
    e = rng.normal(size=(40, 64)).astype(np.float32)
    e[39] = e[0] + 0.02
    e /= np.linalg.norm(e, axis=1)[:, None]
    who = [f"s{i:02d}" for i in range(40)]
    gallery = Gallery(Templates([f"{s}/1" for s in who], who, e, np.full(40, 0.9), np.ones(40), "pack"), who)
    score = rng.normal(0, 0.1, (240, 40))
    score[:200, 7] += 0.2
    score[np.arange(200, 240), np.arange(40)] = 0.7
    people = [f"x{i}" for i in range(200)] + who
    ids = [f"p{i}" for i in range(240)]
    comparisons = Comparisons(score, ids, people, gallery.templates.sample_id, who, who)
    select, report = (open_set_curve(part) for part in split_probes(comparisons, 0.5, rng))
    return SimpleNamespace(
        scenario=load_scenario("demo"),
        workspace=SimpleNamespace(folder=tmp_path),
        gallery=gallery,
        comparisons=comparisons,
        halves=Halves(select, report),
        points=operating_points(select, report, (0.2,), ()),
        figure=lambda ax, name: (ax, name),
    )


def test_hubs_are_named_by_the_half_that_chose_the_threshold_and_measured_on_the_other(study: Any) -> None:
    searched = searched_of(study)
    assert searched is not None
    assert set(searched.select.probe_id) == set(study.halves.select.searches.probe_id)
    assert not set(searched.select.probe_id) & set(searched.report.probe_id)
    audit = searched_audit(study)
    assert audit.hubs is not None
    assert "s07/1" in audit.hubs.named
    hub = next(f for f in audit.of_kind("hub") if f.drop == ("s07/1",))
    assert hub.a_day is not None
    assert reference_alerts_figure(study)[1] == "false_alerts_by_reference"


def test_decisions_in_the_workspace_stand_beside_their_findings(study: Any) -> None:
    (found,) = study_audit(study).of_kind("duplicate")
    made = new_decision(study.gallery, "keep", samples=found.samples, why="twins", finding=found.id)
    add_decision(decisions_path(study), made)
    assert study_audit(study).of_kind("duplicate")[0].decision == made
    assert "no searches" in " ".join(study_audit(study).notes)


def test_without_a_threshold_the_gallery_is_audited_alone_and_the_figure_says_why(study: Any) -> None:
    study.points = ()
    assert searched_of(study) is None
    assert searched_audit(study).hubs is None
    assert "No threshold" in reference_alerts_figure(study).data


def test_the_photographs_of_generated_people_may_be_shown_and_those_of_others_are_asked_for(study: Any) -> None:
    (found,) = study_audit(study).of_kind("duplicate")
    assert study_pictures(study, found).reason == "There is no photograph of these samples."
    assert "not shown" in study_pictures(study, found, "never").reason

"""The whole answer of a smart-pass gate on a made-up table: every heading, its evidence, its figures, its numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from facelab.config_sites import GateSite
from facelab.errors import BadInput, NotMeasured
from facelab.experiments import open_study
from facelab.experiments.scenario import load_scenario
from facelab.experiments.sites import SiteAnswer, site_answer
from facelab.experiments.sites.gate import answer
from facelab.experiments.study import Study
from facelab.types import Comparisons


def comparisons(people: int = 40, strangers: int = 60, tries: int = 3) -> Comparisons:
    """Enrolled people and strangers, each three times; a tenth of the enrolled is hard whenever they come."""
    rng = np.random.default_rng(4)
    enrolled = [f"w{i:03d}" for i in range(people + 60)]
    subject = [f"w{i:03d}" for i in range(people)] + [f"u{i:03d}" for i in range(strangers)]
    middle = np.where(rng.random(len(subject)) < 0.1, 0.27, 0.6)
    n = len(subject) * tries
    score = rng.normal(0.05, 0.07, (n, len(enrolled)))
    own = np.arange(people)
    for k in range(tries):
        score[k * len(subject) + own, own] = rng.normal(middle[:people], 0.06)
    score[[5, 90]] = np.nan
    start = np.repeat(np.arange(tries), len(subject)) * 5000.0 + np.tile(np.arange(len(subject)), tries) * 12.0
    end = start + rng.uniform(2.0, 4.5, n)
    start[[5, 90]] = end[[5, 90]] = np.nan
    attributes = {"camera": np.full(n, "egate_boarding"), "start_s": start, "end_s": end}
    ids = [f"egate_boarding/{name}/{k}" for k in range(tries) for name in subject]
    quality = {"quality": rng.uniform(0.3, 0.9, len(enrolled))}
    references = [f"{name}/0" for name in enrolled]
    return Comparisons(score, ids, subject * tries, references, enrolled, enrolled, attributes, quality, "p", True)


def opened_gate(folder: Path, **overrides: object) -> Study:
    """The shipped scenario with made-up comparisons."""
    said = {"site.wrong_at_most": 0.05, "site.runs": 20, "site.sources.runs": "few, for a test"}
    study = open_study("smart_pass_gate", workspace=folder, overrides=said | overrides)
    study.__dict__["comparisons"] = comparisons()
    study.__dict__["passages"] = None
    study.__dict__["_enrolment"] = SimpleNamespace(probes=SimpleNamespace(), gallery=None)
    return study


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No research data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACELAB_RESEARCH_DATA", str(tmp_path_factory.mktemp("data") / "nowhere"))
        yield


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, nowhere: None) -> Study:
    return opened_gate(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def found(opened: Study) -> SiteAnswer:
    return site_answer(opened)


def test_every_statement_says_what_it_rests_on_and_synthetic_never_transfers(found: SiteAnswer) -> None:
    kinds = {line.kind for line in found.lines}
    assert {"measured", "simulated", "extrapolated", "cannot tell"} <= kinds
    text = str(found)
    assert "do not transfer to real ones" in text
    assert "Wrong passenger through." in text
    assert "Manual lane" in text
    assert "presentation attacks were made up" in text
    assert found.threshold is not None
    assert f"{found.threshold:.3f}" in text


def test_the_evidence_is_whole_and_its_figures_are_saved(opened: Study, found: SiteAnswer) -> None:
    titles = [section.title for section in found.sections]
    assert titles == [
        "How many attempts, at which threshold",
        "Wrong passengers, by the roster of the night",
        "On the face alone, or against the boarding pass",
        "Seconds, queues and passengers an hour",
        "Template ageing: when to enrol again",
        "Presentation attacks: match and live at once",
        "Refusing bad enrolment photographs",
        "Synthetic and real, side by side",
    ]
    for section in found.sections:
        for figure in section.figures:
            assert (opened.workspace.figures / f"{figure}.png").is_file()
    assert len(found.protocol) == 8
    assert {"rosters", "gates", "manual_s", "wrong_at_most"} <= {a.name for a in found.assumptions}
    assert all(a.source for a in found.assumptions)


def test_without_research_data_the_sections_say_so(found: SiteAnswer) -> None:
    by_title = {section.title: section for section in found.sections}
    assert "portraits are not there" in by_title["Template ageing: when to enrol again"].sentences[0]
    beside = by_title["Synthetic and real, side by side"]
    assert [row[0] for row in beside.table.rows] == ["generated"]
    assert any("ChokePoint" in sentence for sentence in beside.sentences)
    assert "May not be concluded" in beside.sentences[-1]


def test_the_answer_is_kept_as_json_and_its_numbers_are_plain(opened: Study, found: SiteAnswer) -> None:
    kept = SiteAnswer.from_dict(json.loads(opened.workspace.site_answer.read_text()))
    assert kept == SiteAnswer.from_dict(found.to_dict())
    assert all(np.isfinite(value) for value in found.metrics.values())
    assert {"manual_lane", "transaction_95_s", "departures_wait_95_s", "unenrolled_through"} <= set(found.metrics)
    assert found.metrics["roster_tested"] == 100
    again = answer(opened)
    assert again.metrics == found.metrics
    assert str(again) == str(found)


def test_a_bound_that_so_few_people_cannot_show_gives_no_threshold_and_says_why(tmp_path: Path, nowhere: None) -> None:
    found = answer(opened_gate(tmp_path, **{"site.wrong_at_most": 1e-4}))
    assert found.threshold is None
    first = found.under("Threshold")[0]
    assert first.kind == "cannot tell"
    assert "cannot be resolved" in first.text
    assert "No policy came out" in [section.title for section in found.sections]


def test_what_is_no_gate_or_too_few_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="too few people"):
        answer(opened_gate(tmp_path, counts_only=True))
    with pytest.raises(BadInput, match="no gate"):
        answer(opened_gate(tmp_path, site=None))


def test_the_shipped_scenario_names_a_source_for_everything_it_sets() -> None:
    site = load_scenario("smart_pass_gate").site
    assert isinstance(site, GateSite)
    assert (site.gates, site.boarding_gates, site.rosters) == (6, 16, (100, 1_000, 10_000, 50_000))
    assert set(site.sources) == site.model_fields_set - {"kind", "sources"}

"""The answer of a site: every heading is answered, each statement says what it rests on, the report begins with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from facelab.config_sites import GateSite
from facelab.errors import BadInput
from facelab.experiments import open_study
from facelab.experiments.chain import EXPORT, SITE, waves
from facelab.experiments.scenario import load_scenario
from facelab.experiments.sites import other_study, site_answer
from facelab.report import site_page
from facelab.report.page import PageFigure, Report, report_page
from facelab.report.site_answer import HEADINGS, Assumption, Line, ProtocolRow, Section, SiteAnswer, Table

SITE_SETTINGS = {"site": {"kind": "gate", "gates": 3, "sources": {"gates": "counted <by> hand"}}}


def answer() -> SiteAnswer:
    return SiteAnswer(
        "A gate",
        "Who passes?",
        0.41,
        (
            Line("Threshold", "Run at .41.", "measured"),
            Line("What it costs", "Two of <100> wait.", "simulated"),
            Line("How sure", "Nobody knows.", "cannot tell"),
            Line("What would make it surer", "More people.", "assumed"),
        ),
        (Section("Queues", ("They form.",), Table(("gates", "wait"), (("6", "3 s"),), "a caption"), ("queue",)),),
        Section("Real people", ("Twelve came.",)),
        (ProtocolRow("FNIR under 5 %", "60", "180", "3", "rule of three"),),
        (Assumption("gates", "6", "the airport"),),
        {"wait_s": 3.0},
    )


def test_an_answer_comes_back_from_json_as_it_was() -> None:
    said = answer()
    assert SiteAnswer.from_dict(json.loads(json.dumps(said.to_dict()))) == said


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_page_with_an_unanswered_heading_is_refused(heading: str) -> None:
    lines = tuple(line for line in answer().lines if line.heading != heading)
    with pytest.raises(BadInput, match=heading):
        replace(answer(), lines=lines)


def test_a_statement_says_what_it_rests_on() -> None:
    with pytest.raises(BadInput, match="rests on 'believed'"):
        Line("Threshold", "Run at .41.", "believed")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="2 cells in a table of 1"):
        Table(("one",), (("a", "b"),))


def test_the_report_begins_with_the_one_page_and_escapes_every_word() -> None:
    said = answer()
    figures = site_page.figures_html([("queue", PageFigure(b"png", "a queue"))])
    made = Report("A gate", "Who passes?", ("found",), "<table></table>", answer=site_page.one_page(said))
    page = report_page(replace(made, evidence=site_page.evidence(said, figures)))
    places = [page.index(word) for word in ("Run at .41.", "found", "Thresholds", "Queues", "a queue", "Twelve came.")]
    assert places == sorted(places)
    assert "Two of &lt;100&gt; wait." in page
    assert page.count("cannot tell</span>") == 1
    assert "rule of three" in page
    assert "the airport" in page


def test_a_setting_without_a_source_is_refused_and_a_default_is_called_one() -> None:
    with pytest.raises(ValidationError, match="no source is given for gates"):
        GateSite(gates=3, sources={})
    with pytest.raises(ValidationError, match="no settings of this site"):
        GateSite(sources={"doors": "nowhere"})
    said = {name: source for name, _, source in GateSite(gates=3, sources={"gates": "counted"}).assumptions}
    assert said["gates"] == "counted"
    assert said["rosters"].startswith("facelab's own default")


def test_a_scenario_that_names_its_site_answers_it_before_a_config_is_exported() -> None:
    plain = load_scenario("demo")
    assert waves(load_scenario("demo", SITE_SETTINGS))[-2:] == ((SITE,), (EXPORT,))
    assert waves(plain)[-1] == (EXPORT,)


def test_a_scenario_without_a_site_has_no_answer(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="names no kind of site"):
        site_answer(open_study("demo", workspace=tmp_path))


def test_another_study_lies_below_the_sites_own_and_keeps_its_settings(tmp_path: Path) -> None:
    study = open_study("demo", workspace=tmp_path, overrides={"split_seed": 9})
    other = other_study(study, "airport-2", {"footage.unknown": 12})
    assert other.workspace.folder == tmp_path / "sites" / "airport-2"
    assert (other.scenario.footage.unknown, other.scenario.split_seed) == (12, 9)
    with pytest.raises(BadInput, match="no name for a folder"):
        other_study(study, "../out", {})

"""The parts of a departures answer: the scenario's sources, words for a reader, the protocol, real people beside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from facelab.config import Scenario
from facelab.experiments.scenario import load_scenario
from facelab.experiments.sites import protocol, real
from facelab.experiments.sites.departures_words import a_shift, of_hundred, one_in, operators, seconds, whole
from facelab.experiments.sites.real import RealSet, own_threshold, side_by_side
from facelab.stats.openset import open_set_curve
from facelab.stats.operators import AlarmQueue
from facelab.stats.rates import Rate
from facelab.stats.workload import Estimate
from facelab.types import Comparisons


def test_every_assumption_of_the_scenario_is_sourced_and_changeable() -> None:
    site = load_scenario("departures_watchlist").site
    given = site.model_fields_set - {"kind", "sources"}
    assert {"passengers_a_day", "prevalence", "watchlists", "minutes_a_review", "busiest_hour"} <= given
    assert all(site.sources[name] for name in given)
    changed = load_scenario("departures_watchlist", {"site.passengers_a_day": 900}).site
    assert changed.passengers_a_day == 900


@pytest.mark.parametrize("name", ["departures_watchlist", "city_cameras", "smart_pass_gate"])
def test_a_scenario_that_was_written_down_is_read_again_as_it_was(name: str) -> None:
    """An evaluation keeps its scenario as JSON; what nobody gave is left out of it, since it has no source."""
    scenario = load_scenario(name)
    again = Scenario.model_validate(json.loads(scenario.model_dump_json()))
    assert again == scenario
    assert again.site.model_fields_set | {"kind"} == scenario.site.model_fields_set | {"kind"}


def test_the_scenario_asks_about_the_journey_while_it_lasts() -> None:
    scenario = load_scenario("departures_watchlist")
    assert (scenario.alerts.confirm, scenario.alerts.m, scenario.alerts.n) == ("frames", 2, 3)
    assert scenario.site.watchlists == (500, 5_000, 50_000)


def test_words() -> None:
    assert [whole(x) for x in (0, 0.42, 3.0, 9.8, 14.4, 466, 9_340, np.inf)] == [
        "0", "0.4", "3", "10", "14", "470", "9,300", "any number",
    ]  # fmt: skip
    assert [one_in(x) for x in (0.0, 0.001, 0.25, 0.9, 1.0)] == [
        "none",
        "1 in 1,000",
        "1 in 4",
        "9 in 10",
        "nearly all",
    ]
    assert of_hundred(Rate(3, 60)) == "about 5 (between 1 and 14 would fit this data)"
    assert a_shift(Estimate(83.0, 2.1, 456.0)) == "about 83 (between 2 and 460 would fit this data)"
    assert a_shift(Estimate(0.0, 0.0, 303.0)) == "none was seen (between 0 and 300 would fit this data)"
    queues = (AlarmQueue(10, 2, 2), AlarmQueue(1, 2, 1), AlarmQueue(99, 2, 7))
    assert operators(queues) == "2 operators as planned (between 1 and 7 would fit this data)"
    assert operators((AlarmQueue(1, 2, 1),) * 3) == "1 operator as planned (1 would fit this data)"
    assert (seconds(3.21), seconds(np.nan)) == ("3.2 s", "never")


@pytest.mark.parametrize(("target", "expected"), [(0.1, 0.0), (0.1, 0.033), (0.05, 0.02), (0.01, 0.001)])
def test_the_volunteers_are_the_fewest_that_show_the_claim(target: float, expected: float) -> None:
    """Against scipy's beta: with these errors the one-sided bound is at the target, with one person less above it."""
    people, errors = protocol.volunteers_for(target, expected)
    bound = [beta.ppf(0.95, errors + 1, n - errors) for n in (people, people - 1)]
    assert bound[0] <= target < bound[1]
    assert people * expected <= errors


def test_a_claim_next_to_the_truth_cannot_be_planned() -> None:
    assert protocol.volunteers_for(0.1, 0.1) is None
    assert "too near" in protocol.wanted_row("few are missed", 0.1, Rate(10, 100)).why


def test_protocol_rows_carry_their_numbers() -> None:
    row = protocol.strangers_row("few", 0.01, 30_000)
    assert row.passages.startswith("299 journeys without an alarm")
    assert "3,000" in row.passages
    assert "one day brings more" in row.days
    assert protocol.prevalence_row("right", 0.3).days == "34"
    assert protocol.prevalence_row("right", 0.0).days == "cannot be said"
    assert "45,000" in protocol.gallery_row(50_000, 560).why
    paired = protocol.paired_row("no worse", 0.05, 0.1)
    assert paired.volunteers == "248, the same at both"  # .1 (1.6449 + .8416)^2 / .05^2 = 247.3


def people_of(shift: float) -> RealSet:
    rng = np.random.default_rng(2)
    score = rng.normal(0.1 + shift, 0.05, (200, 30))
    names = [f"e{i}" for i in range(30)]
    who = [*names[:20], *(f"u{i}" for i in range(180))]
    score[np.arange(20), np.arange(20)] = 0.8
    return RealSet(f"set {shift}", "portraits", open_set_curve(Comparisons(score, who, who, names, names, names)))


def test_side_by_side_counts_both_and_says_what_may_not_be_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real, "research_folder", lambda: Path("somewhere"))
    monkeypatch.setattr(real, "chokepoint_set", lambda study: people_of(0.1))
    monkeypatch.setattr(real, "congress_set", lambda study: people_of(0.05))
    made = people_of(0.0)
    section = side_by_side(None, 0.3, [made])
    kinds = [row[0].rpartition(" ")[2] for row in section.table.rows]
    assert kinds == ["(generated)", "(real)", "(real)"]
    alarmed = made.curve.at(0.3).fpir.errors
    assert section.table.rows[0][3].startswith(f"{alarmed} of 180")
    assert any("may not be concluded" in sentence for sentence in section.sentences)
    own = [own_threshold(one.curve, 0.01) for one in (made, people_of(0.1))]
    assert own[1] == pytest.approx(own[0] + 0.1, abs=1e-6)
    assert own_threshold(made.curve, 0.001) is None


def test_without_research_data_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real, "research_folder", lambda: None)
    section = side_by_side(None, 0.3, [people_of(0.0)])
    assert section.sentences[0].startswith("No research data")
    assert len(section.table.rows) == 1

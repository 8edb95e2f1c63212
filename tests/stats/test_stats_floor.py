"""Journeys, alerts a day at every threshold, saved operating points: what a site reads, from counted searches."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.stats import OpenSetCurve, searches_from_candidates
from facelab.stats.dyadic import PeopleTrials, rate_of
from facelab.stats.floor import alert_curve, journey_miss, workload_at
from facelab.stats.saved_points import read_saved_point, saved_rate
from facelab.stats.workload import Site, workload

ROWS = [
    ("g1", "ann", "ann", 0.9),
    ("h1", "ann", "ann", 0.2),
    ("g2", "bob", "bob", 0.3),
    ("h2", "bob", "ann", 0.8),
    ("g3", "cid", "cid", 0.6),
    ("n1", "x", "ann", 0.7),
    ("n2", "y", "bob", 0.1),
    ("n3", "z", "", math.nan),
    ("n4", "w", "bob", 0.4),
]


@pytest.fixture
def curve() -> OpenSetCurve:
    """Five searches of three enrolled people and four of strangers."""
    return OpenSetCurve(searches_from_candidates(*zip(*ROWS), enrolled=["ann", "bob", "cid"]))


def test_a_journey_is_missed_only_where_no_camera_finds_the_person(curve: OpenSetCurve) -> None:
    """At 0.5 ann is found at one camera of two, bob at none, cid at the only one."""
    missed = journey_miss(curve.searches, 0.5)
    assert (missed.errors, missed.trials) == (1, 3)
    assert journey_miss(curve.searches, 0.25).errors == 0
    assert journey_miss(curve.searches, 2.0).errors == 3


def test_a_journey_without_a_mated_search_is_not_measured(curve: OpenSetCurve) -> None:
    with pytest.raises(NotMeasured):
        journey_miss(curve.searches.take(~curve.searches.mated), 0.5)


def test_the_workload_of_a_threshold_is_that_of_its_rates(curve: OpenSetCurve) -> None:
    """P = 3000, pi = 0.01: 2970 strangers of whom 1/4 alert, 30 enrolled of whom 2/5 are found and 1/5 misnamed."""
    site = Site(1000, 0.01, cameras=3)
    found = workload_at(curve, 0.5, site)
    assert found.false_alerts_a_day.value == pytest.approx(2970 / 4 + 30 / 5)
    assert found.true_alerts_a_day.value == pytest.approx(30 * 2 / 5)
    assert found.missed_a_year is not None
    assert found.missed_a_year.value == pytest.approx(1000 * 0.01 * 365 / 3)
    assert workload_at(curve, 0.5, site, journeys=False).missed_a_year is None


def test_alerts_a_day_fall_with_the_threshold_and_lie_in_their_band(curve: OpenSetCurve) -> None:
    found = alert_curve(curve, Site(1000, 0.01))
    assert (np.diff(found.false) <= 0).all()
    assert (np.diff(found.true) <= 0).all()
    assert (found.false_low <= found.false).all()
    assert (found.true <= found.true_high).all()
    at = int(np.searchsorted(found.thresholds, 0.6))
    assert found.false[at] == pytest.approx(990 / 4)


def test_alerts_a_day_need_both_kinds_of_searches(curve: OpenSetCurve) -> None:
    with pytest.raises(NotMeasured):
        alert_curve(OpenSetCurve(curve.searches.take(curve.searches.mated)), Site(1000, 0.01))


@pytest.fixture
def saved(curve: OpenSetCurve, tmp_path: Path) -> Path:
    path = tmp_path / "points.json"
    points = [curve.threshold_at_fpir(0.25).to_dict(), curve.at(0.5).to_dict()]
    path.write_text(json.dumps({"gallery": {"subjects": 3}, "operating_points": points}))
    return path


def test_a_saved_point_gives_the_workload_of_the_measured_one(curve: OpenSetCurve, saved: Path) -> None:
    point, site = read_saved_point(saved, 0.25), Site(1000, 0.01)
    measured = curve.threshold_at_fpir(0.25)
    assert (point.threshold, point.subjects, point.supported) == (measured.threshold, 3, False)
    one = workload(site, measured.fpir, measured.fnir, misidentification=measured.misidentification)
    two = workload(site, point.fpir, point.fnir, misidentification=point.misidentification)
    assert two.to_dict() == one.to_dict()


def test_a_saved_rate_gives_no_other_interval_than_its_own(saved: Path) -> None:
    rate = read_saved_point(saved, 0.25).fpir
    assert rate.interval(0.95).low <= rate.value <= rate.interval(0.95).high
    assert rate.upper(0.95) >= rate.value
    with pytest.raises(BadInput, match="95 %"):
        rate.interval(0.9)
    with pytest.raises(BadInput, match="95 %"):
        rate.upper(0.9)


def test_a_saved_rate_keeps_on_what_its_interval_rests_and_the_bound_that_holds_whoever_is_missing(
    tmp_path: Path,
) -> None:
    """Two in a hundred trials of 150 people errs: not to be relied on; 40 allow for unseen people, 400 need no word."""
    for people, reliable in ((150, False), (40, True), (400, True)):
        trials = PeopleTrials(np.repeat(np.arange(people), 30))
        rate = rate_of(trials, np.random.default_rng(people).random(len(trials)) < 0.02, "FPIR")
        path = tmp_path / f"{people}.json"
        point = {"threshold": 0.5, "fpir": rate.to_dict(), "fnir": rate.to_dict()}
        path.write_text(json.dumps({"operating_points": [point]}))
        read, measured = read_saved_point(path).fpir.interval(), rate.interval()
        assert (read.reliable, read.rarest) == (measured.reliable, measured.rarest) == (reliable, measured.rarest)
        assert (read.seen, read.guaranteed) == (measured.seen, measured.guaranteed)
        assert read.condition == measured.condition
        assert measured.note in read.note
        assert read_saved_point(path).fpir.guaranteed_upper() == measured.guaranteed[1] >= rate.guaranteed_upper()


def test_a_saved_rate_without_that_bound_gives_none_rather_than_that_of_independent_trials() -> None:
    said = {"errors": 1, "trials": 90, "low": 0.0, "high": 0.1, "confidence": 0.95, "people": 90}
    rate = saved_rate(said, "FPIR")
    with pytest.raises(BadInput, match="unseen people"):
        rate.guaranteed_upper()
    with pytest.raises(BadInput, match=r"no bound of 0\.99"):
        saved_rate({**said, "guaranteed": [0, 0.2]}, "FPIR").guaranteed_upper(0.99)
    assert saved_rate({**said, "reliable": False}, "FPIR").interval().rarest == 30


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "JSON"), ("[]", "no operating point"), ('{"operating_points": []}', "no operating point"), ("12", "no ope")],
)
def test_what_is_no_file_of_points_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as caught:
        read_saved_point(path)
    assert "p.json" in str(caught.value)


def test_a_target_that_was_not_saved_is_refused_and_the_saved_ones_named(saved: Path) -> None:
    with pytest.raises(BadInput, match=r"there are 0\.25"):
        read_saved_point(saved, 0.01)

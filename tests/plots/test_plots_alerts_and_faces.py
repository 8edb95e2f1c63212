"""Figures of alerts, cameras and bad faces show the numbers of their results and say them in words."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from facelab import plots
from facelab.stats.alarms import AlertLog
from facelab.stats.alerts import Alerts
from facelab.stats.cameras import camera_thresholds
from facelab.stats.degradation import DegradedScores, degradation_report
from facelab.types import Comparisons


@pytest.fixture
def log() -> AlertLog:
    """Three alerts at one of two cameras, one of them false."""
    names = np.array(["ann", "bob", "ann"])
    alerts = Alerts(
        np.full(3, "gate"),
        np.array([60.0, 120, 180]),
        names,
        np.ones(3),
        np.arange(3).astype(str),
        np.array(["ann", "", "ann"]),
    )
    return AlertLog(alerts, np.array([1.0, 2, 3]), suppressed=2)


def report(n: int = 100):
    score = np.full((3, n, n), 0.1)
    for k, missed in enumerate((0, 1, 40)):
        score[k][np.arange(n), np.arange(n)] = np.where(np.arange(n) < missed, 0.2, 0.9)
    people = [f"p{i}" for i in range(n)]
    given = DegradedScores(
        people, ["width", "width", "blur"], [112.0, 32, 4], score, np.full((3, n), 0.8), np.full(n, 112.0)
    )
    return degradation_report(given, threshold=0.5)


def test_each_alert_is_drawn_once_at_its_minute_and_camera(log: AlertLog) -> None:
    ax = plots.alerts_over_time(log, ("hall", "gate"))
    right, wrong = (line.get_xydata() for line in ax.lines[:2])
    assert right[:, 0].tolist() == [1.0, 3.0]
    assert wrong[:, 0].tolist() == [2.0]
    assert np.rint(right[:, 1]).tolist() == [1, 1]
    assert "3 alerts, 1 of them" in plots.alt_text(ax)
    assert "2 repetitions" in plots.alt_text(ax)


def test_a_curve_of_times_ends_at_the_share_that_was_found_at_all() -> None:
    ax = plots.time_to_alert({"slow": np.array([4.0, 5, np.inf, np.inf]), "soon": np.array([1.0, 2, 3, np.inf])})
    assert [float(np.max(line.get_ydata())) for line in ax.lines] == [50.0, 75.0]
    assert "“soon” is first" in plots.alt_text(ax)
    nobody = plots.time_to_alert({"rule": np.array([np.inf])})
    assert "Nobody was alerted" in plots.alt_text(nobody)


def test_thresholds_of_cameras_stand_with_their_intervals(comparisons: Comparisons) -> None:
    camera = np.array(["a", "b", "c"])[np.arange(len(comparisons)) % 3]
    named = Comparisons(
        comparisons.score, comparisons.probe_id, comparisons.probe_subject, comparisons.reference_id,
        comparisons.reference_subject, comparisons.enrolled, {"camera": camera}, {},
    )  # fmt: skip
    found = camera_thresholds(named, named, 0.1, np.random.default_rng(1))
    ax = plots.thresholds_by_camera(found)
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert marks == [c.threshold for c in (found.pooled, *found.own)]
    assert "all cameras" in plots.alt_text(ax)


def test_what_is_missed_and_what_is_trusted_can_be_read_off_the_widths() -> None:
    found = report()
    ax = plots.missed_by_width(found)
    assert "Faces from 32 px can be trusted" in plots.alt_text(ax)
    assert "32 px: 1 of 100" in plots.alt_text(ax)
    assert ax.get_xlim()[0] > ax.get_xlim()[1], "narrower to the right"
    assert "Too few people" in plots.alt_text(plots.missed_by_width(report(10)))


def test_every_condition_has_its_row_with_its_quality() -> None:
    ax = plots.scores_by_condition(report())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["good face", "width 32 px", "blur 4 px"]
    assert [text.get_text() for text in ax.texts].count("0.80") == 3


@pytest.mark.parametrize("name", ["alerts", "faces"])
def test_a_figure_draws_on_the_axes_it_is_given(name: str, log: AlertLog) -> None:
    ax: Axes = plt.figure().subplots()
    drawn = plots.alerts_over_time(log, ("gate",), ax) if name == "alerts" else plots.scores_by_condition(report(), ax)
    assert drawn is ax

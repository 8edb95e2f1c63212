"""The trend and the comparison say what they show, in their titles and in words, and draw nothing out of sight."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from facelab import plots
from facelab.plots.comparison import det_of_two, paired_differences
from facelab.plots.trend import trend, trend_finding
from facelab.stats.control import ControlChart, control_chart
from facelab.stats.openset import OpenSetCurve, open_set_curve
from facelab.stats.paired import paired_difference
from facelab.types import Comparisons


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def chart() -> ControlChart:
    rng = np.random.default_rng(1)
    errors = np.concatenate([rng.binomial(100, 0.1, 30), rng.binomial(100, 0.5, 10)])
    return control_chart("FNIR", errors, [100] * 40, baseline=20)


def test_a_change_is_in_the_title_with_its_day(chart: ControlChart) -> None:
    verdicts = ["not worse"] * 28 + ["cannot tell with this data"] * 2 + ["worse"] * 10
    ax = trend(chart, verdicts=verdicts, events={30: "out of focus"}, dates=[f"d{k}" for k in range(40)])
    assert ax.get_title(loc="left").startswith("FNIR has left its limits: from day 30 on it is")
    legend = ax.get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert {"gate: worse (10)", "gate: cannot tell (2)", "gate: not worse (28)"} <= set(names)
    assert "out of focus" in [text.get_text() for text in ax.texts]
    assert "control limits" in plots.alt_text(ax)
    low, high = ax.get_ylim()
    assert low < 0 < 100 * np.nanmax(chart.rate) < high


def test_a_quiet_series_says_that_it_stayed(chart: ControlChart) -> None:
    quiet = control_chart("FPIR", [5] * 30, [100] * 30, baseline=20)
    assert trend_finding(quiet) == "FPIR has stayed within its limits around 5 %"
    once = control_chart("FPIR", [5] * 29 + [40], [100] * 30, baseline=20)
    assert "from day 29" in trend_finding(once)
    assert "lay above its limit on 1 of 31 days" in trend_finding(
        control_chart("FPIR", [5] * 25 + [40] + [5] * 5, [100] * 31, baseline=20)
    )


def _curve(mean: float) -> OpenSetCurve:
    rng = np.random.default_rng(3)
    who = [f"w{i}" for i in range(40)] + [f"u{i}" for i in range(100)]
    enrolled = [f"w{i}" for i in range(50)]
    score = rng.normal(0.1, 0.08, (140, 50))
    score[np.arange(40), np.arange(40)] = rng.normal(mean, 0.1, 40)
    return open_set_curve(Comparisons(score, [str(i) for i in range(140)], who, enrolled, enrolled, enrolled))


def test_two_det_curves_share_one_figure_and_differ_without_colour() -> None:
    ax = det_of_two(_curve(0.4), _curve(0.5), names=("old", "new"), target=0.05)
    curves = [line for line in ax.lines if line.get_label() in ("old", "new")]
    assert [line.get_linestyle() for line in curves] == ["-", "--"]
    assert len(ax.collections) == 2, "one band each"
    assert "old and new" in plots.alt_text(ax)
    assert len(ax.texts) == 1


def test_differences_are_drawn_a_line_a_group_and_shown_ones_filled() -> None:
    rng = np.random.default_rng(4)
    who = [f"p{i}" for i in range(60)]
    pairs = [paired_difference("FNIR", rng.random(60) < 0.4, rng.random(60) < q, who, rng=rng) for q in (0.4, 0.05)]
    ax = paired_differences(list(zip(("gate", "queue"), pairs)), shown=[False, True])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["gate (60 people)", "queue (60 people)"]
    assert ax.get_title(loc="left") == "FNIR is shown to differ in 1 of 2 groups"
    assert [line.get_marker() for line in ax.lines if line.get_marker() in "os"] == ["o", "s"]

"""Figures of error rates show the numbers of the curve, on axes that are labelled, in colours told apart by all."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy.stats import norm

from facelab import plots
from facelab.plots import style
from facelab.stats.openset import OpenSetCurve, open_set_curve
from facelab.types import Comparisons

FIGURES = [plots.det, plots.error_rates, plots.score_distributions]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_draws_on_the_axes_it_is_given_and_gives_them_back(figure, curve: OpenSetCurve) -> None:
    ax = plt.figure().subplots()
    assert figure(curve, ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("figure", FIGURES)
def test_words_for_those_who_cannot_see_name_the_finding(figure, curve: OpenSetCurve) -> None:
    ax = figure(curve, points=[curve.threshold_at_fpir(0.05)])
    assert ax.get_title(loc="left") in plots.alt_text(ax)


def test_a_chosen_threshold_stands_where_its_rates_are_in_normal_deviates(curve: OpenSetCurve) -> None:
    point = curve.threshold_at_fpir(0.1)
    ax = plots.det(curve, points=[point])
    mark = next(line for line in ax.lines if line.get_marker() == "o")
    assert mark.get_xdata()[0] == pytest.approx(norm.ppf(point.fpir.value))
    assert mark.get_ydata()[0] == pytest.approx(norm.ppf(point.fnir.value))


def test_the_det_axis_ends_where_the_data_ends(curve: OpenSetCurve) -> None:
    """Half an error in all trials is the edge: no tick promises more."""
    ax = plots.det(curve)
    assert ax.get_xlim()[0] == pytest.approx(norm.ppf(0.5 / curve.non_mated))
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels[0] == "0"
    assert "0.1 %" not in labels


def test_a_point_that_the_data_does_not_support_is_hollow_and_said_so(curve: OpenSetCurve) -> None:
    point = curve.threshold_at_fpir(0.01)
    assert not point.supported
    ax = plots.det(curve, points=[point])
    mark = next(line for line in ax.lines if line.get_marker() == "o")
    assert mark.get_markerfacecolor() == "white"
    assert "unsupported" in mark.get_label()


def test_every_threshold_is_a_line_in_the_rates(curve: OpenSetCurve) -> None:
    points = [curve.threshold_at_fpir(target) for target in (0.1, 0.05)]
    ax = plots.error_rates(curve, points=points)
    vertical = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
    assert vertical == pytest.approx([point.threshold for point in points])


def test_histogram_shares_sum_to_the_searches_that_have_a_score(curve: OpenSetCurve) -> None:
    ax = plots.score_distributions(curve)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("60 searches, 1 without a score" in text for text in texts)
    assert any("120 searches, 1 without a score" in text for text in texts)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_crowd_in_which_nobody_is_enrolled_is_drawn_too(figure, comparisons: Comparisons) -> None:
    strangers = open_set_curve(comparisons.take(~comparisons.mated))
    ax = figure(strangers, points=[strangers.at(0.3)])
    assert plots.alt_text(ax)


@pytest.mark.parametrize("figure", FIGURES)
def test_colours_come_from_the_palette(figure, curve: OpenSetCurve) -> None:
    ax = figure(curve)
    allowed = {color.lower() for color in (*style.CYCLE, style.GREY)} | {"#ffffff"}
    assert {to_hex(line.get_color()) for line in ax.lines} <= allowed


def test_the_same_figure_gives_the_same_bytes(curve: OpenSetCurve, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        plots.save(plots.det(curve), tmp_path / folder, "det")
    for name in ("det.png", "det.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_png_carries_the_words(curve: OpenSetCurve) -> None:
    ax = plots.det(curve)
    data = plots.png(ax)
    assert data.startswith(b"\x89PNG")
    assert b"DET curve" in data


def test_a_point_from_a_curve_of_few_errors_has_a_finite_place() -> None:
    """A rate of zero has no normal deviate; it stands at the edge."""
    score = np.array([[0.9, 0.1], [0.1, 0.8], [0.2, 0.1], [0.1, 0.2]])
    found = Comparisons(score, list("abcd"), ["x", "y", "", ""], ["x1", "y1"], ["x", "y"], ["x", "y"])
    curve = open_set_curve(found)
    ax = plots.det(curve, points=[curve.at(0.5)])
    assert all(np.isfinite(line.get_xydata()).all() for line in ax.lines)

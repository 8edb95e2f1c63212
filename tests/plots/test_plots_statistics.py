"""Figures of the statistics half show the numbers of their result, and mark what is a model's and not measured."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy.stats import norm

from facelab import plots
from facelab.stats import ErrorCurve, OpenSetCurve, verification_curve
from facelab.stats.discard_areas import discard_areas
from facelab.stats.floor import alert_curve
from facelab.stats.groups import GroupRates, group_rates
from facelab.stats.operational import scale_to
from facelab.stats.quality import DiscardCurve, discard_curve
from facelab.stats.traditional import tail_of_curve
from facelab.stats.workload import Site


@pytest.fixture(scope="module")
def verification() -> ErrorCurve:
    """20,000 non-mated scores of 400 people, and 600 mated ones."""
    rng = np.random.default_rng(8)
    first = rng.integers(0, 400, 20_600)
    second = (first + rng.integers(1, 400, 20_600)) % 400
    second[:600] = first[:600]
    score = np.where(first == second, rng.normal(0.5, 0.1, 20_600), rng.normal(0, 0.1, 20_600))
    return verification_curve(score, first == second, probe_subject=first, reference_subject=second)


@pytest.fixture
def groups() -> GroupRates:
    """Two groups of 100 people: 5 errors in the one, none in the other."""
    error = np.zeros(200, dtype=bool)
    error[:5] = True
    label, person = np.repeat(["a", "b"], 100), np.arange(200).astype(str)
    return group_rates("FPIR", error, label, person, rng=np.random.default_rng(1))


@pytest.fixture
def discarded() -> DiscardCurve:
    """100 mated comparisons whose ten worst are the ten errors, and one failure."""
    score = np.append(np.where(np.arange(100) < 10, 0.1, 0.9), np.nan)
    quality = np.append(np.arange(100) / 100, 0.5)
    return discard_curve(score, quality, np.ones(101), 0.5, np.arange(101).astype(str))


def line(ax: Axes, label: str) -> np.ndarray:
    """The points (n, 2) of the line whose label starts so."""
    return next(found for found in ax.lines if str(found.get_label()).startswith(label)).get_xydata()


def drawn(name: str, request: pytest.FixtureRequest, ax: Axes | None = None) -> Axes:
    """The figure of that name, of the fixtures' results."""
    if name == "verification":
        return plots.verification_det(request.getfixturevalue("verification"), ax)
    if name == "groups":
        return plots.rates_by_group(request.getfixturevalue("groups"), ax, by="camera")
    if name == "discarded":
        return plots.error_versus_discard(request.getfixturevalue("discarded"), ax)
    curve = request.getfixturevalue("curve")
    if name == "gallery":
        return plots.fpir_by_gallery(scale_to(curve, 0.3, 500), ax)
    return plots.alerts_a_day(alert_curve(curve, Site(10_000, 1e-4)), ax)


FIGURES = ["verification", "groups", "discarded", "gallery", "alerts"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_on_the_axes_it_is_given_and_says_in_words_what_it_found(
    name: str, request: pytest.FixtureRequest
) -> None:
    ax = plt.figure().subplots()
    assert drawn(name, request, ax) is ax
    assert ax.get_title(loc="left") in plots.alt_text(ax)
    assert "(%" in ax.get_xlabel() or ax.get_ylabel()


@pytest.mark.parametrize("name", FIGURES)
def test_the_title_fits_into_the_figure(name: str, request: pytest.FixtureRequest) -> None:
    ax = drawn(name, request)
    figure = ax.get_figure(root=True)
    figure.canvas.draw()
    box = next(text for text in ax.get_children() if getattr(text, "get_text", str)() == ax.get_title(loc="left"))
    assert box.get_window_extent().x1 <= figure.bbox.x1


def test_the_measured_det_ends_at_one_false_match(verification: ErrorCurve) -> None:
    """Its first point is 1 / 20,000; the axis goes on to 1e-7, where nothing was measured."""
    ax = plots.verification_det(verification)
    x = line(ax, "measured")[:, 0]
    assert norm.cdf(x.min()) == pytest.approx(1 / 20_000)
    assert norm.cdf(ax.get_xlim()[0]) == pytest.approx(1e-7)
    assert not any("extrapolated" in str(found.get_label()) for found in ax.lines)


def test_every_point_of_the_det_is_a_threshold_of_the_data(verification: ErrorCurve) -> None:
    points = norm.cdf(line(plots.verification_det(verification), "measured"))
    fmr = np.round(points[:, 0] * 20_000)
    assert points[:, 0] * 20_000 == pytest.approx(fmr, abs=1e-6)
    at = {int(count): verification.at(verification.non_mated.ranked(int(count) - 1)).fnmr.value for count in fmr[:5]}
    shown = dict(zip(fmr[:5].astype(int).tolist(), points[:5, 1]))
    for count, rate in at.items():
        assert shown[count] == pytest.approx(max(rate, 0.5 / 600), abs=1e-9)


def test_a_tail_is_dashed_named_and_begins_where_the_data_ends(verification: ErrorCurve) -> None:
    tail = tail_of_curve(verification, np.random.default_rng(1))
    ax = plots.verification_det(verification, tail=tail)
    model = next(found for found in ax.lines if found.get_label() == "extrapolated by a Pareto tail")
    assert model.get_linestyle() != "-"
    assert norm.cdf(model.get_xdata()).max() <= 3 / 20_000 * 1.001
    assert "extrapolates" in plots.alt_text(ax)


def test_marked_thresholds_stand_at_their_rates(verification: ErrorCurve) -> None:
    point = verification.threshold_at_fmr(0.01)
    mark = line(plots.verification_det(verification, points=[point]), "FMR 0.01")
    assert norm.cdf(mark[0]) == pytest.approx([point.fmr.value, max(point.fnmr.value, 0.5 / 600)])


def test_beyond_the_tested_gallery_nothing_is_called_measured(curve: OpenSetCurve) -> None:
    ax = plots.fpir_by_gallery(scale_to(curve, 0.3, 500), target=0.05)
    assert line(ax, "measured")[:, 0].max() == 50
    assert line(ax, "extrapolated")[:, 0].tolist()[0] == 50
    assert line(ax, "extrapolated")[:, 0].max() == 500
    assert any("N = 50" in text.get_text() for text in ax.texts)
    inside = plots.fpir_by_gallery(scale_to(curve, 0.3, 20))
    assert not any("extrapolated" in str(found.get_label()) for found in inside.lines)


def test_a_gallery_curve_without_any_alert_says_that_nothing_can_be_said(curve: OpenSetCurve) -> None:
    assert "nothing can be said of 500" in plots.alt_text(plots.fpir_by_gallery(scale_to(curve, 0.95, 500)))


def test_alerts_of_a_threshold_are_those_of_its_rates(curve: OpenSetCurve) -> None:
    site, point = Site(10_000, 0.01, cameras=2), curve.threshold_at_fpir(0.1)
    ax = plots.alerts_a_day(alert_curve(curve, site), points=[point])
    false = 20_000 * 0.99 * point.fpir.value
    assert any(f"{false:,.0f} false a day" in text.get_text() for text in ax.get_legend().get_texts())
    assert f"{false:,.0f} false" in ax.get_title(loc="left")
    assert line(ax, "target")[0, 0] == point.threshold


def test_groups_stand_at_their_rates_inside_both_intervals(groups: GroupRates) -> None:
    ax = plots.rates_by_group(groups, by="camera")
    dots = [found.get_xydata()[0] for found in ax.lines if found.get_marker() == "o"]
    assert [tuple(dot) for dot in dots] == [(5.0, 0.0), (0.0, 1.0)]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a\n5 of 100", "b\n0 of 100"]
    bars = {found.get_linewidth(): found.get_xdata() for found in ax.lines if len(found.get_xdata()) == 2}
    assert bars[2][0] <= bars[5][0] <= bars[5][1] <= bars[2][1]
    assert groups.verdict() in plots.alt_text(ax)


def test_one_group_is_drawn_and_compares_nothing() -> None:
    found = group_rates("FNIR", np.array([True, False]), ["a", "a"], ["p", "q"])
    assert "nothing to compare" in plots.alt_text(plots.rates_by_group(found))


def test_a_perfect_quality_follows_the_ideal_curve(discarded: DiscardCurve) -> None:
    ax = plots.error_versus_discard(discarded)
    steps, ideal = line(ax, "worst quality first"), line(ax, "ideal")
    assert steps[0].tolist() == [0, 10]
    assert steps[10:].max(axis=0)[1] == 0
    assert ideal[ideal[:, 0] > 10.3, 1].max() == 0
    assert "falls from 10 % to 0 %" in plots.alt_text(ax)
    assert "1 without a score" in plots.alt_text(ax)


def test_areas_are_said_with_their_intervals(discarded: DiscardCurve) -> None:
    areas = discard_areas(discarded, rng=np.random.default_rng(1), replicates=200)
    ax = plots.error_versus_discard(discarded, areas=areas)
    ends, gain = areas.interval(), areas.gain_interval()
    said = f"area above ideal to 20 % {areas.value:.2g} [{ends.low:.2g}, {ends.high:.2g}]"
    assert said in plots.alt_text(ax)
    assert any(said in text.get_text() for text in ax.get_legend().get_texts())
    assert f"% [{100 * gain.low:.2g}, {100 * gain.high:.2g}] of the possible gain" in plots.alt_text(ax)
    figure = ax.get_figure(root=True)
    figure.canvas.draw()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= figure.bbox.x1


def test_quality_foresees_nothing_where_there_is_no_error() -> None:
    found = discard_curve([0.9, 0.8], [0.1, 0.2], [1, 1], 0.5)
    assert "nothing to foresee" in plots.alt_text(plots.error_versus_discard(found))

"""The threshold explorer: its numbers are those of the statistics, and a moved slider changes what is shown."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import DataObject, data, integers, lists, sampled_from, tuples

from facelab.config import Floor
from facelab.data.sources import VideoFile
from facelab.errors import NotMeasured
from facelab.experiments.explorer import Explorer, MovingRates
from facelab.experiments.explorer_panel import ThresholdPanel
from facelab.experiments.study import Halves, Study
from facelab.report.notebook_page import without_people
from facelab.stats.floor import journey_miss, workload_at
from facelab.stats.openset import open_set_curve_of_searches
from facelab.stats.rates import Rate
from facelab.stats.searches import Searches, searches_from_candidates
from facelab.stats.suspect import SuspectScores

FLOOR = Floor(passengers_a_day=10_000, prevalence=1e-3, assumptions=("made up",))


@pytest.fixture
def explorer(study: Study) -> Explorer:
    study.scenario = study.scenario.model_copy(update={"floor": FLOOR})
    return Explorer(study)


def _same(one: Rate, other: Rate) -> None:
    """The same counts, the same people behind them, and the same interval but for rounding."""
    assert (one.name, one.errors, one.trials, one.people) == (other.name, other.errors, other.trials, other.people)
    if one.trials:
        ends, others = one.interval(), other.interval()
        assert (ends.low, ends.high) == pytest.approx((others.low, others.high), rel=1e-9, abs=1e-12)


def test_rates_are_those_of_the_reporting_half(explorer: Explorer) -> None:
    """Counts and person-level intervals from running sums are those of counting all searches again."""
    curve = explorer.study.halves.report
    for threshold in (*np.linspace(*explorer.range, 23), explorer.start):
        reading, own = explorer.at(threshold), curve.at(threshold)
        _same(reading.fpir, own.fpir)
        _same(reading.fnir, own.fnir)
        _same(reading.misidentification, own.misidentification)
        work = workload_at(curve, threshold, explorer.site)
        assert repr(reading.workload) == repr(work)
    assert explorer.at(explorer.range[1]).fpir.errors == 0


@given(data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_moving_rates_of_any_searches_are_those_of_the_curve(drawn: DataObject) -> None:
    """Ties, missing scores, several searches a person and rank 2, against the curve that counts them all."""
    scores = sampled_from([-0.5, 0.0, 0.1, 0.25, 0.25, 0.7, 1.0])
    rows = drawn.draw(lists(tuples(integers(0, 4), scores, scores, integers(1, 3)), min_size=3, max_size=14))
    strangers = drawn.draw(lists(tuples(integers(0, 4), scores), min_size=2, max_size=8))
    table = [(f"m{i}", f"e{who}", f"e{who}", own) for i, (who, own, _, _) in enumerate(rows)]
    table += [(f"m{i}", f"e{who}", f"e{(who + step) % 5}", other) for i, (who, _, other, step) in enumerate(rows)]
    table += [(f"n{i}", f"s{who}", "e0", score) for i, (who, score) in enumerate(strangers)]
    table.append(("lost", "e1", "", float("nan")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SuspectScores)
        found = searches_from_candidates(*zip(*table), enrolled=[f"e{i}" for i in range(5)])
    for rank in (1, 2):
        moving, curve = MovingRates(found, rank), open_set_curve_of_searches(found, rank)
        for threshold in (-1.0, 0.0, 0.1, 0.2, 0.25, 0.7, 1.0, 1.1):
            point = curve.at(threshold)
            _same(moving.fpir(threshold), point.fpir)
            _same(moving.fnir(threshold), point.fnir)
            _same(moving.misidentification(threshold), point.misidentification)
            _same(moving.journey_miss(threshold), journey_miss(found, threshold, rank))


def test_flips_are_the_searches_between_the_thresholds(explorer: Explorer) -> None:
    """The number that flips is the change of the counts, each way; the nearest to the new threshold come first."""
    low, high = explorer.start - 0.1, explorer.start + 0.1
    loose, strict = explorer.at(low), explorer.at(high)
    flips = explorer.flips(low, high, most=10_000)
    what = [flip.what for flip in flips]
    assert what.count("a false alert less") == loose.fpir.errors - strict.fpir.errors > 0
    assert what.count("an enrolled person missed") == strict.fnir.errors - loose.fnir.errors > 0
    gap = [abs(flip.score - high) for flip in flips]
    assert gap == sorted(gap)
    back = explorer.flips(high, low, most=10_000)
    assert {flip.probe_id for flip in back} == {flip.probe_id for flip in flips}
    assert {flip.what for flip in back} == {"a false alert more", "an enrolled person found"}
    assert explorer.flips(low, low) == []
    assert len(explorer.flips(low, high, most=3)) == 3
    assert explorer.flipped(low, high) == {name: what.count(name) for name in set(what)}


def test_one_decision_more_flips_and_no_second(explorer: Explorer) -> None:
    for stricter in (True, False):
        threshold = explorer.start
        for number in range(1, 6):
            threshold = explorer.one_decision(threshold, stricter=stricter)
            assert sum(explorer.flipped(explorer.start, threshold).values()) == number
    assert explorer.one_decision(explorer.range[0], stricter=False) == explorer.range[0]
    assert explorer.one_decision(explorer.range[1], stricter=True) == explorer.range[1]


def test_a_flip_names_the_reference_behind_its_score(explorer: Explorer) -> None:
    comparisons = explorer.study.comparisons
    for flip in explorer.flips(*explorer.range, most=40):
        row = comparisons.probe_id.tolist().index(flip.probe_id)
        column = comparisons.reference_id.tolist().index(flip.alleged)
        assert comparisons.score[row, column] == pytest.approx(flip.score, abs=1e-6)
        assert (flip.subject == "") == (flip.what.startswith("a false alert"))


def test_a_number_of_alerts_gives_the_lowest_threshold_that_keeps_it(explorer: Explorer) -> None:
    for alerts in (10.0, 200.0, 5_000.0):
        threshold = explorer.threshold_for(alerts)
        found = explorer.at(threshold).workload
        assert found is not None
        expected = found.false_alerts_a_day.value + found.true_alerts_a_day.value
        assert expected <= alerts * 1.02 + 1.0
    assert explorer.threshold_for(5_000.0) <= explorer.threshold_for(10.0)


def test_groups_add_up_to_all(explorer: Explorer) -> None:
    whole = explorer.at(explorer.start)
    parts = list(explorer.by("camera", explorer.start))
    assert sum(fpir.errors for _, fpir, _ in parts) == whole.fpir.errors
    assert sum(fnir.trials for _, _, fnir in parts) == whole.fnir.trials


def test_a_site_that_said_nothing_has_no_alerts_a_day(study: Study) -> None:
    study.scenario = study.scenario.model_copy(update={"floor": None})
    silent = Explorer(study)
    assert silent.at(silent.start).workload is None
    panel = ThresholdPanel(silent)
    assert panel.alerts.disabled
    assert "FNIR" in panel.means.value
    assert "a day" not in panel.means.value
    with pytest.raises(NotMeasured, match="floor"):
        silent.threshold_for(10)


def test_searches_of_one_kind_cannot_be_weighed(study: Study) -> None:
    found = study.halves.report.searches
    only = open_set_curve_of_searches(found.take(found.mated), 1)
    study.__dict__["halves"] = Halves(None, only)
    with pytest.raises(NotMeasured, match="one kind only"):
        Explorer(study)


def test_moving_the_slider_changes_every_table(explorer: Explorer) -> None:
    panel = ThresholdPanel(explorer)
    before = panel.means.value
    assert "no decision changes" in panel.flips.value
    panel.threshold.value = explorer.start + 0.1
    assert panel.means.value != before
    assert "a false alert less" in panel.flips.value
    panel.attribute.value = "camera"
    assert "gate" in panel.groups.value
    panel.alerts.value = 30
    assert panel.threshold.value == pytest.approx(explorer.threshold_for(30), abs=1e-3)
    panel.back.click()
    assert panel.threshold.value == explorer.start
    assert "no decision changes" in panel.flips.value
    panel.stricter.click()
    assert panel.flips.value.count("<tr>") == 2


def test_the_box_of_alerts_follows_the_slider_and_does_not_move_it(explorer: Explorer) -> None:
    panel = ThresholdPanel(explorer)
    panel.threshold.value = explorer.start + 0.0123
    assert panel.threshold.value == explorer.start + 0.0123
    found = explorer.at(panel.threshold.value).workload
    assert found is not None
    assert panel.alerts.value == pytest.approx(found.alerts_a_day.value, rel=0.01)


def test_a_page_without_a_kernel_has_the_same_as_tables(explorer: Explorer) -> None:
    """The static tables hold the rates by group and the nearest decisions on either side, nearest scores first."""
    from facelab.experiments.explorer_panel import threshold_tables

    page = threshold_tables(explorer.study).data
    panel = ThresholdPanel(explorer)
    panel.attribute.value = "camera"
    assert panel.means.value in page
    assert panel.groups.value in page
    for flip in explorer.flips(explorer.range[1], explorer.start, 3):
        assert flip.probe_id in page
    assert "<img" not in page


def test_pictures_of_real_people_are_not_shown_unasked(explorer: Explorer) -> None:
    panel = ThresholdPanel(explorer, "never")
    panel.threshold.value = explorer.start + 0.1
    panel._draw_pairs(None)
    assert "may be of real people" in panel.pairs.value


def test_pictures_come_from_the_right_clip_and_each_clip_is_read_once() -> None:
    """Two clips of one camera: the faces are in the people's colours; a clip ends at its last picture; a frame that is
    not there, or footage that has moved, gives none."""
    from toy_pipeline import COLOURS, ToySource, people_of, walk

    from facelab.data.footage import Clip, Footage
    from facelab.experiments.passage_pictures import face_picture, face_pictures
    from facelab.types import Tracks

    first = ToySource(people_of(walk("ann", 0, 10)), n=30)
    second = ToySource(people_of(walk("bob", 0, 10)), n=30)
    footage = Footage("toy", (Clip(first), Clip(second, start_s=2.0, first_frame=100)))
    frame = np.array([2, 5, 103, 250])
    box = np.array([(10 + 6 * (k % 100), 20, 60 + 6 * (k % 100), 70) for k in frame], np.float32)
    none = np.zeros(4)
    tracks = Tracks(np.full(4, "gate"), frame, none, none, box, none, none, np.zeros((4, 5, 2)))
    found = face_pictures(footage, tracks, [0, 1, 2, 3])
    assert sorted(found) == [0, 1, 2]
    assert (first.frames_read, second.frames_read) == (6, 30)
    for row, name in ((0, "ann"), (1, "ann"), (2, "bob")):
        picture = cv2.imdecode(np.frombuffer(found[row], np.uint8), cv2.IMREAD_COLOR)
        middle = picture[70:90, 70:90].reshape(-1, 3).mean(axis=0)
        assert int(np.argmax(middle)) == int(np.argmax(COLOURS[name]))
    assert face_picture(footage, tracks, 3) is None
    gone = Footage("gone", (Clip(VideoFile(Path("nowhere.mp4"), "gate")),))
    assert face_pictures(gone, tracks, [0]) == {}


def test_a_copy_that_leaves_has_no_saved_panels() -> None:
    """JupyterLab can be told to save widgets, and then names and pictures would stand in the notebook's metadata."""
    import nbformat

    notebook = nbformat.v4.new_notebook(metadata={"widgets": {"state": {"value": "<table>p0001</table>"}}})
    assert "widgets" not in without_people(notebook).metadata
    assert "widgets" in notebook.metadata


@pytest.mark.slow
def test_half_a_million_searches_are_answered_quickly(explorer: Explorer) -> None:
    """The goal is 100 ms for a million (benchmarks/explorer.py); processor time is what is counted here."""
    n, rng = 500_000, np.random.default_rng(0)
    mated = np.arange(n) < n // 10
    person = np.where(mated, rng.integers(0, 3_000, n), 3_000 + rng.integers(0, 300_000, n))
    other = rng.normal(0.2, 0.06, (n, 1))
    found = Searches(
        np.arange(n).astype(np.str_), person.astype(np.str_), mated, np.where(mated, rng.normal(0.55, 0.12, n), np.nan),
        mated.astype(np.int64), other, np.zeros((n, 1), np.int64), np.zeros(n, np.bool_), np.flatnonzero(~mated),
        other[~mated, 0], 500, 500,
    )  # fmt: skip
    explorer._moving = MovingRates(found, 1)
    explorer.at(0.4)
    taken = []
    for threshold in np.linspace(0.3, 0.5, 31):
        begin = time.process_time()
        explorer.at(threshold)
        taken.append(time.process_time() - begin)
    assert np.median(taken) < 0.1

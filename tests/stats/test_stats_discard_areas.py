"""Areas of error-versus-discard curves with intervals: a plain loop over drawn people, edges, laws."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured
from facelab.stats.bootstrap import subject_weights
from facelab.stats.discard_areas import discard_areas, ideal_area
from facelab.stats.quality import discard_curve
from facelab.stats.qualityfile import file_quality_report


def drawn(seed=0, people=30, each=3):
    """Scores and tied qualities that foresee them a little."""
    rng = np.random.default_rng(seed)
    quality = rng.integers(0, 6, people * each).astype(float)
    score = 0.2 * quality + rng.normal(size=people * each)
    return score, quality, np.repeat([f"p{i}" for i in range(people)], each)


def curve_of(score, quality, who, threshold=0.0):
    return discard_curve(score, quality, quality, threshold, who)


def test_a_replicate_is_the_curve_of_the_people_drawn():
    score, quality, who = drawn()
    found = discard_areas(curve_of(score, quality, who), 0.4, replicates=20, rng=np.random.default_rng(5))
    names = np.unique(who)
    for b, weight in enumerate(subject_weights(30, 20, np.random.default_rng(5)).astype(int)):
        rows = np.concatenate([np.flatnonzero(who == name) for name, w in zip(names, weight) for _ in range(w)])
        one = discard_curve(score[rows], quality[rows], quality[rows], 0.0)
        assert found.areas[b] == pytest.approx(one.partial_area(0.4), abs=1e-6)
        assert found.gains[b] == pytest.approx(one.gain(0.4), abs=1e-5)


def test_the_result_says_what_the_curve_says_and_its_intervals_hold_it():
    curve = curve_of(*drawn())
    found = discard_areas(curve, rng=np.random.default_rng(1))
    assert (found.value, found.gain) == (curve.partial_area(0.2), curve.gain(0.2))
    assert found.value in found.interval()
    assert found.gain in found.gain_interval()
    assert found.interval(0.99).width >= found.interval(0.9).width
    assert found.interval().method == "bootstrap, expanded percentile, subjects"
    assert "30 subjects" in repr(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_without_people_comparisons_are_drawn_and_it_says_so():
    score, quality, _ = drawn()
    found = discard_areas(discard_curve(score, quality, quality, 0.0), rng=np.random.default_rng(1))
    assert (found.people, found.unit) == (90, "independent comparisons")
    assert "independent comparisons" in found.interval().method


def test_alike_comparisons_of_a_person_make_the_interval_wider():
    score, quality, _ = drawn(people=40, each=1)
    copies = [np.repeat(side, 4) for side in (score, quality)]
    who = np.repeat(np.arange(40), 4).astype(str)
    people = discard_areas(curve_of(*copies, who), rng=np.random.default_rng(1)).interval()
    naive = discard_areas(discard_curve(*copies, copies[1], 0.0), rng=np.random.default_rng(1)).interval()
    assert people.width > 1.4 * naive.width


def test_few_erring_people_are_named():
    score, quality, who = drawn()
    found = discard_areas(curve_of(score, quality, who, float(np.sort(score)[4])), rng=np.random.default_rng(1))
    assert found.erring <= 4
    assert "may be too narrow" in found.interval().note


@given(st.integers(0, 20), st.integers(1, 20), st.floats(0, 1))
def test_the_ideal_area_is_the_sum_of_its_steps(errors, more, limit):
    comparisons = errors + more
    steps = [
        max(errors - d, 0) / (comparisons - d) * max(min((d + 1) / comparisons, limit) - d / comparisons, 0)
        for d in range(comparisons)
    ]
    assert ideal_area(errors, comparisons, limit) == pytest.approx(sum(steps), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda: discard_areas(curve_of(*drawn(), -99.0), rng=np.random.default_rng(1)), "is an error", NotMeasured),
        (
            lambda: discard_areas(discard_curve([0.1], [1], [1], 0.5, ["a"]), rng=np.random.default_rng(1)),
            "one person",
            NotMeasured,
        ),
        (lambda: discard_areas(curve_of(*drawn()), 20, rng=np.random.default_rng(1)), "percentage", BadInput),
    ],
)
def test_what_has_no_area_is_refused(call, words, error):
    with pytest.raises(error, match=words):
        call()


def test_all_errors_leave_nothing_to_win():
    found = discard_areas(curve_of(*drawn(), 99.0), rng=np.random.default_rng(1))
    assert found.value == pytest.approx(0)
    assert np.isnan(found.gain)
    assert found.to_dict()["gain"]["low"] is None


def test_a_file_counts_its_mated_comparisons_only(tmp_path):
    path = tmp_path / "q.csv"
    rows = [
        "0.9,1,a,a,5,6",
        "0.1,1,b,b,1,9",
        "0.2,1,c,c,7,2",
        "0.8,1,d,d,4,4",
        ",1,e,e,,",
        "0.3,0,a,b,,",
        "0.15,0,a,c,1,1",
    ]
    path.write_text("\n".join(["score,mated,probe_subject,reference_subject,q,r", *rows]) + "\n")
    rng = np.random.default_rng(1)
    report = file_quality_report(path, "q", reference_quality="r", threshold=0.5, limit=1.0, rng=rng)
    assert report.curve.quality.tolist() == [1, 2, 4, 5]
    assert report.curve.errors.tolist() == [2, 1, 0, 0]
    assert (report.curve.comparisons, report.curve.failed) == (4, 1)
    assert report.curve.partial_area(1.0) == pytest.approx(0)
    at_fmr = file_quality_report(path, "q", target_fmr=0.5, rng=rng)
    assert at_fmr.curve.threshold == 0.2  # the smallest score above one of the two non-mated ones
    for options, words in [
        ({"threshold": 0.5, "target_fmr": 0.5}, "one of the two"),
        ({}, "one of the two"),
    ]:
        with pytest.raises(BadInput, match=words):
            file_quality_report(path, "q", rng=rng, **options)
    with pytest.raises(BadInput, match="'score' is no quality"):
        file_quality_report(path, "score", threshold=0.5, rng=rng)
    path.write_text("score,mated,q\n0.9,1,3\n0.8,1,\n0.1,0,\n")
    with pytest.raises(BadInput, match=r"q.csv:3: a mated score has no 'q'"):
        file_quality_report(path, "q", threshold=0.5, rng=rng)

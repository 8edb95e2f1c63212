"""What the commands put together: alerts of a site, a gallery's own size, groups; counts by hand, edges."""

from __future__ import annotations

import json

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.stats import open_set_curve_of_searches, searches_from_candidates
from facelab.stats.alert_report import alert_report, hours_of, read_journeys
from facelab.stats.alerts import Alerts
from facelab.stats.group_report import comparison_group_report, reference_group_report, search_group_report
from facelab.stats.operational import cmc_answer, operational_answer, scale_to
from facelab.stats.suspect import near_the_scores


def site():
    """Four alerts at two cameras: ann is named three times, once rightly."""
    return Alerts(
        np.array(["gate", "gate", "hall", "hall"]),
        np.array([0.0, 10.0, 20.0, 500.0]),
        np.array(["ann", "ann", "ann", "bob"]),
        np.array([0.6, 0.7, 0.8, 0.9]),
        np.array(["w1", "w2", "w2", "w3"]),
        np.array(["", "ann", "ann", "bob"]),
    )


def test_threshold_first_then_cooldown_by_both_keys():
    hours = hours_of(["2"], site())
    plain = alert_report(site(), hours)
    assert (len(plain.raised), len(plain.emitted), plain.rates.an_hour.count) == (4, 4, 1)
    hidden = alert_report(site(), hours, cooldown_s=60, key="subject", anywhere=True)
    assert hidden.emitted.time_s.tolist() == [0.0, 500.0]  # the false alarm hides ann
    kept = alert_report(site(), hours, cooldown_s=60, anywhere=True)
    assert kept.emitted.time_s.tolist() == [0.0, 10.0, 500.0]
    first = alert_report(site(), hours, threshold=0.7, cooldown_s=60, key="subject", anywhere=True)
    assert first.emitted.time_s.tolist() == [10.0, 500.0]  # the threshold drops the false one before it hides anybody
    assert (first.to_dict()["raised"], first.to_dict()["suppressed"]) == (3, 1)
    json.dumps(first.to_dict(), allow_nan=False)


def test_hours_are_of_all_cameras_or_of_one():
    assert hours_of(["8", "roof=2"], site()) == {"gate": 8.0, "hall": 8.0, "roof": 2.0}
    for said, words in ((["x"], "given as 8 or as gate=8"), (["8", "9"], "twice")):
        with pytest.raises(BadInput, match=words):
            hours_of(said, site())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ann,5,3\n", ":2: the journey ends before it starts"),
        (",1,3\n", ":2: the subject is empty"),
        ("ann,noon,3\n", ":2: start_s 'noon' is neither"),
        ("", "no row"),
    ],
)
def test_a_journey_that_is_none_is_refused_with_its_line(tmp_path, text, words):
    path = tmp_path / "j.csv"
    path.write_text("subject,start_s,end_s\n" + text)
    with pytest.raises(BadInput, match=words):
        read_journeys(path)


def curve(strangers=40, enrolled=10):
    """Each stranger's best score is their number over the strangers; each enrolled person finds themselves at 0.9."""
    probe, subject, reference, score = [], [], [], []
    for k in range(strangers):
        for g in range(enrolled):
            probe.append(f"s{k}")
            subject.append("")
            reference.append(f"e{g}")
            score.append(k / strangers - 0.001 * g)
    for g in range(enrolled):
        probe.append(f"m{g}")
        subject.append(f"e{g}")
        reference.append(f"e{g}")
        score.append(0.9)
    return open_set_curve_of_searches(searches_from_candidates(probe, subject, reference, score))


def test_a_smaller_gallery_is_measured_a_larger_one_extrapolated_and_marked():
    found = curve()
    small = operational_answer(found, found, [0.1], [0.5], 5)
    assert (small["extrapolated"], small["tested_share_suffices"]) == (False, True)
    large = operational_answer(found, found, [0.1, 1e-3], [0.5], 100)
    assert (large["extrapolated"], large["tested_share"]) == (True, 0.1)
    assert not large["tested_share_suffices"]
    scale = large["fpir_by_gallery_size"][0]
    assert scale["size"][-1] == 100
    at_n = scale["size"].index(10)
    assert scale["fpir"][at_n] == pytest.approx(
        float((found.searches.other_score[~found.searches.mated] >= 0.5).mean())
    )
    assert np.all(np.diff(scale["fpir"]) >= -1e-12)
    assert large["thresholds"][1]["threshold"] is None
    assert "cannot be resolved" in large["thresholds"][1]["reason"]
    json.dumps(large, allow_nan=False)
    with pytest.raises(BadInput, match="1 subject or more"):
        scale_to(found, 0.5, 0)


def test_hits_by_rank_are_one_less_the_misses_without_a_threshold():
    said = cmc_answer(curve())
    assert (said["mated"], said["hits"][0], said["at"][0]["rate"]) == (10, 10, 1.0)
    assert said["at"][0]["high"] == 1.0
    assert 0.6 < said["at"][0]["low"] < 0.9


def test_groups_of_searches_and_of_comparisons_add_up():
    found = curve().searches
    group = np.where(np.arange(len(found)) % 2, "x", "y")
    report = search_group_report(found, group, 0.5)
    for part, rows in ((report.false_positive, ~found.mated), (report.false_negative, found.mated)):
        assert sum(rate.trials for rate in part.rates.values()) == part.pooled.trials == rows.sum()
        assert sum(rate.errors for rate in part.rates.values()) == part.pooled.errors
    alone = search_group_report(found.take(found.mated), group[found.mated], 0.5)
    assert alone.false_positive is None
    assert alone.measures() == {}
    nobody = np.array([np.nan, np.nan])
    with pytest.raises(NotMeasured, match="no comparison with a score"):
        comparison_group_report(nobody, (["a", "a"], ["a", "b"]), (["x", "x"], ["x", "x"]), 0.5)
    for rank in (0, -1):
        with pytest.raises(BadInput, match="at least 1"):
            search_group_report(found, group, 0.5, rank=rank)
        with pytest.raises(BadInput, match="at least 1"):
            reference_group_report(found, ([], []), (["x"] * 10, group), 0.5, rank=rank)


def test_a_threshold_is_held_against_the_scores_that_there_are():
    scores = np.array([0.1, np.nan, 0.9])
    assert near_the_scores(0.5, scores) == 0.5
    assert near_the_scores(1.1, scores) == 1.1  # a quarter of the range is near enough
    assert near_the_scores(70, np.array([np.nan])) == 70
    for threshold in (70, -1, np.nan, np.inf):
        with pytest.raises(BadInput, match="lies outside the scores"):
            near_the_scores(threshold, scores, np.zeros((0, 3)))

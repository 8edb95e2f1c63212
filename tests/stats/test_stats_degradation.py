"""Which faces are trusted: the rule by hand, the threshold that fixes it, and what too few people may not say."""

import json

import numpy as np
import pytest
from scipy.stats import beta

from facelab.errors import BadInput, NotMeasured
from facelab.stats.degradation import DegradedScores, degradation_report, people_for


def scores(missed, n=100, *, failed=0, levels=None):
    """n people who score .9 with themselves and .1 with others, of whom `missed[k]` score .2 in condition k."""
    kinds = ["width"] * len(missed)
    levels = levels or [112.0, 64, 32, 16][: len(missed)]
    score = np.full((len(missed), n, n), 0.1)
    for k, count in enumerate(missed):
        mate = np.where(np.arange(n) < count, 0.2, 0.9)
        score[k][np.arange(n), np.arange(n)] = mate
    if failed:
        score[-1, n - failed :] = np.nan
    quality = np.repeat([[0.95], [0.85], [0.75], [0.65]], n, axis=1)[: len(missed)]
    return DegradedScores([f"p{i}" for i in range(n)], kinds, levels, score, quality, np.full(n, 112.0))


def test_the_threshold_is_the_smallest_that_keeps_the_fmr_of_undegraded_faces():
    given = scores([0, 0])
    rng = np.random.default_rng(2)
    given.score[0][~np.eye(100, dtype=bool)] = others = rng.permutation(np.linspace(0, 0.5, 9900))
    found = degradation_report(given, fmr=0.01)
    assert found.threshold == np.sort(others)[-99]
    assert (found.full.fmr.errors, found.full.fmr.trials) == (99, 9900)


def test_a_width_is_trusted_while_the_exact_upper_bound_is_within_the_margin():
    found = degradation_report(scores([0, 1, 2, 30]), threshold=0.5, margin=0.06)
    bound = [1 - 0.05 ** (1 / 100), beta.ppf(0.95, 2, 99), beta.ppf(0.95, 3, 98)]
    assert [r.missed.upper() for r in found.of_kind("width")[:3]] == pytest.approx(bound, abs=2e-3)
    assert bound[1] < 0.06 < bound[2]
    assert found.trusted("width") == (64.0,)
    assert found.minimum_width_px == 64


def test_a_level_beyond_one_that_is_not_trusted_is_not_trusted_either():
    found = degradation_report(scores([0, 30, 0, 0]), threshold=0.5, margin=0.06)
    assert found.trusted("width") == ()
    assert found.minimum_width_px == 112


def test_too_few_people_trust_nothing_and_say_how_many_it_takes():
    found = degradation_report(scores([0, 0], n=10), threshold=0.5, margin=0.05)
    assert found.minimum_width_px is None
    assert found.minimum_quality is None
    assert "too few" in found.sentences()[1]
    assert "59 people" in found.sentences()[1]


def test_so_many_people_without_a_miss_meet_the_margin_and_one_fewer_do_not():
    n = people_for(0.05)
    assert 1 - 0.05 ** (1 / n) <= 0.05 < 1 - 0.05 ** (1 / (n - 1))
    assert people_for(1.0) == 1
    with pytest.raises(NotMeasured):
        people_for(0.0)


def test_a_face_that_gave_no_template_is_missed_and_outside_fnmr():
    last = degradation_report(scores([0, 10], failed=20), threshold=0.5).results[1]
    assert (last.missed.errors, last.missed.trials) == (30, 100)
    assert (last.fnmr.errors, last.fnmr.trials) == (10, 80)


def test_false_matches_of_degraded_faces_are_counted_at_the_same_threshold():
    given = scores([0, 0])
    given.score[1][~np.eye(100, dtype=bool)] = 0.7
    found = degradation_report(given, threshold=0.5)
    assert (found.results[0].fmr.value, found.results[1].fmr.value) == (0, 1)


def test_quality_is_trusted_from_the_highest_class_down():
    found = degradation_report(scores([0, 0, 30, 0]), threshold=0.5, margin=0.06)
    assert [end for end, _ in found.by_quality] == [0.9, 0.8, 0.7, 0.6]
    assert found.minimum_quality == 0.8


def test_exposure_is_trusted_both_ways_by_itself():
    given = scores([0, 0, 30, 0])
    given = DegradedScores(
        given.subject,
        ["width", "exposure", "exposure", "exposure"],
        [112.0, -1, -2, 1],
        given.score,
        given.quality,
        given.width_px,
    )
    assert degradation_report(given, threshold=0.5, margin=0.06).trusted("exposure") == (-1.0, 1.0)


def test_everything_can_be_written_and_read_as_a_table():
    found = degradation_report(scores([0, 5, 10, 30], failed=1), threshold=0.5)
    json.dumps(found.to_dict(), allow_nan=False)
    frame = found.to_frame()
    assert frame.level.tolist() == [112, 64, 32, 16]
    assert (frame.low <= frame.missed_rate).all()
    assert (frame.missed_rate <= frame.high).all()


def test_an_fmr_that_the_people_cannot_resolve_is_refused():
    with pytest.raises(NotMeasured, match="wants 1,000 comparisons"):
        degradation_report(scores([0], n=10), fmr=1e-3)


def test_one_person_or_a_person_twice_is_refused():
    for subject in (["a"], ["a", "a"]):
        n = len(subject)
        with pytest.raises(BadInput, match="two people or more"):
            DegradedScores(subject, ["width"], [112.0], np.zeros((1, n, n)), np.zeros((1, n)), np.ones(n))

"""Two score files of the same people: how they are joined, what is never accepted, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats.same_people import compare_files, joined_scores, joined_searches

SCORES = "score,mated,probe_subject,reference_subject"
CANDIDATES = "probe_id,probe_subject,reference_subject,score"


def written(folder, name, head, rows):
    path = folder / name
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def rng():
    return np.random.default_rng(1)


@pytest.fixture
def scores(tmp_path):
    """Six comparisons by two systems; the second fails on one and matches two strangers."""
    one = ["0.9,1,a,a", "0.8,1,b,b", "0.2,1,c,c", "0.1,0,a,b", "0.3,0,a,c", "0.2,0,b,c"]
    two = ["0.9,1,a,a", ",1,b,b", "0.7,1,c,c", "0.1,0,a,b", "0.6,0,a,c", "0.6,0,b,c"]
    return written(tmp_path, "one.csv", SCORES, one), written(tmp_path, "two.csv", SCORES, two)


def test_counts_by_hand_and_a_failed_comparison_is_a_miss(scores):
    answer = compare_files(*scores, thresholds=(0.5, 0.5), rng=rng())
    found = answer["at_thresholds"]
    assert answer["failed"] == [0, 1]
    assert (found["fnmr"]["first"]["errors"], found["fnmr"]["second"]["errors"]) == (1, 1)  # c, and b which failed
    assert (found["fmr"]["first"]["errors"], found["fmr"]["second"]["errors"]) == (0, 2)
    assert found["fnmr"]["test"]["only_first"] == found["fnmr"]["test"]["only_second"] == 1
    assert found["fmr"]["difference"] == pytest.approx(2 / 3)
    json.dumps(answer, allow_nan=False)


def test_swapping_the_files_turns_every_difference(scores):
    there = compare_files(*scores, thresholds=(0.5, 0.4), rng=rng())["at_thresholds"]
    back = compare_files(*scores[::-1], thresholds=(0.4, 0.5), rng=rng())["at_thresholds"]
    for name in ("fmr", "fnmr"):
        assert there[name]["difference"] == pytest.approx(-back[name]["difference"])
        assert there[name]["test"]["p_value"] == pytest.approx(back[name]["test"]["p_value"])


def test_one_class_only_compares_the_rate_that_it_has(tmp_path):
    mated = written(tmp_path, "m.csv", SCORES, ["0.9,1,a,a", "0.1,1,b,b"])
    assert set(compare_files(mated, mated, thresholds=(0.5, 0.5), rng=rng())["at_thresholds"]) == {"fnmr"}
    others = written(tmp_path, "o.csv", SCORES, ["0.9,0,a,b", "0.1,0,b,c"])
    assert set(compare_files(others, others, thresholds=(0.5, 0.5), rng=rng())["at_thresholds"]) == {"fmr"}


def test_files_of_other_comparisons_are_refused_with_the_first_that_differs(scores, tmp_path):
    other = written(tmp_path, "x.csv", SCORES, ["0.9,1,a,a", "0.8,1,d,d", "0.2,1,c,c", *["0.1,0,a,b"] * 3])
    with pytest.raises(BadInput, match=r"x.csv: comparison 2 is of other people"):
        joined_scores(scores[0], other)
    short = written(tmp_path, "y.csv", SCORES, ["0.9,1,a,a"])
    with pytest.raises(BadInput, match=r"y.csv: it has 1 comparisons, the other 6"):
        joined_scores(scores[0], short)


def test_searches_are_joined_by_probe_and_of_one_gallery(tmp_path):
    one = written(tmp_path, "one.csv", CANDIDATES, ["p,a,a,0.9", "q,,b,0.2", "r,b,b,0.7"])
    two = written(tmp_path, "two.csv", CANDIDATES, ["r,b,b,0.6", "q,,a,0.3", "p,a,c,0.1"])
    first, second = joined_searches(one, two)
    assert first.probe_id.tolist() == second.probe_id.tolist() == ["p", "q", "r"]
    assert first.subjects == second.subjects == 3
    assert second.mate_score.tolist()[2] == 0.6
    short = written(tmp_path, "s.csv", CANDIDATES, ["p,a,a,0.9", "q,,b,0.2"])
    with pytest.raises(BadInput, match=r"s.csv: probe 'r' is missing"):
        joined_searches(one, short)


def test_what_cannot_be_compared_is_refused(scores, tmp_path):
    candidates = written(tmp_path, "c.csv", CANDIDATES, ["p,a,a,0.9"])
    with pytest.raises(BadInput, match="one file holds candidates and the other scores"):
        compare_files(scores[0], candidates, target=0.5, rng=rng())
    with pytest.raises(BadInput, match="give a target, thresholds, or both"):
        compare_files(*scores, rng=rng())
    with pytest.raises(UnattainableTarget) as refused:
        compare_files(*scores, target=1e-3, rng=rng())
    assert (refused.value.have, refused.value.needed) == (3, 1000)

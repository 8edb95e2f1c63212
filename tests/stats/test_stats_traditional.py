"""Single numbers of a verification, by hand and by look-ups in the sorted scores; tails where they are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import NotMeasured
from facelab.stats import all_pairs_curve, verification_curve
from facelab.stats.traditional import tail_answer, tail_of_curve, traditional_rates


def curve_of(mated, other):
    return verification_curve([*mated, *other], [1] * len(mated) + [0] * len(other))


def test_by_hand():
    """100 non-mated scores 0 to 0.99 and mated 0.5, 0.98, 0.995: at FMR 1/100 the threshold is above 0.98, at 0.99."""
    found = traditional_rates(curve_of([0.5, 0.98, 0.995], [k / 100 for k in range(100)]))
    said = found.to_dict()
    assert said["fmr100"]["value"] == pytest.approx(2 / 3)
    assert (said["fmr100"]["fnmr"]["errors"], said["fmr100"]["fnmr"]["trials"]) == (2, 3)
    assert said["fmr1000"]["value"] is None
    assert "1,000 trials" in said["fmr1000"]["reason"]
    assert "FMR1000: FMR 0.001 cannot be resolved" in repr(found)
    json.dumps(said, allow_nan=False)


@pytest.mark.filterwarnings("ignore::facelab.stats.suspect.SuspectScores")
@given(st.lists(st.integers(0, 40), min_size=1, max_size=20), st.lists(st.integers(0, 30), min_size=100, max_size=300))
def test_fmr100_is_the_look_up_in_the_sorted_scores(mated, other):
    found = traditional_rates(curve_of(mated, other)).fixed[0]
    thresholds = np.append(np.unique([*mated, *other]), 1000)
    least = next(t for t in thresholds if np.mean(np.array(other) >= t) <= 0.01)
    assert found.value == pytest.approx(np.mean(np.array(mated) < least))


@given(st.sampled_from(["nearest", "linear"]), st.integers(0, 50))
def test_a_strictly_increasing_map_changes_no_convention(convention, seed):
    rng = np.random.default_rng(seed)
    mated, other = rng.normal(1, 1, 30), rng.normal(0, 1, 150)
    there = traditional_rates(curve_of(mated, other), convention)
    back = traditional_rates(curve_of(np.exp(mated), np.exp(other)), convention)
    assert there.eer.rate == pytest.approx(back.eer.rate)
    assert [f.value for f in there.fixed] == pytest.approx([f.value for f in back.fixed], nan_ok=True)
    assert all(f.rate is None for f in there.fixed)


def test_a_tail_of_streamed_scores_and_of_few_is_refused_with_its_reason():
    rng = np.random.default_rng(1)
    with pytest.raises(NotMeasured, match="10,000 non-mated comparisons"):
        tail_of_curve(curve_of([1.0], rng.normal(size=500)), rng)
    embedding = (np.repeat(np.eye(6, 8), 2, axis=0) + rng.normal(size=(12, 8)) / 9).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    streamed = all_pairs_curve(embedding, np.repeat(np.arange(6), 2))
    answer = tail_answer(streamed, [1e-3], rng)
    assert answer["thresholds"] == []
    assert "only counts are kept" in answer["refused"]

"""Two systems at the same FPIR or FMR: a plain loop as the oracle of every replicate."""

import json

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.bootstrap import subject_weights
from facelab.stats.paired_targets import (
    compare_searches,
    difference_at_fmr,
    difference_at_fpir,
    differences_at_thresholds,
    threshold_index,
)
from facelab.stats.searches import searches
from facelab.types import Comparisons


def system(seed, probes=80, mated=30, gain=2.0, decimals=1):
    """30 enrolled people of whom each passes twice, and strangers who pass twice each."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(probes, 15)).round(decimals)
    subject = np.array([f"g{i // 2:02d}" if i < mated else f"s{i // 2:02d}" for i in range(probes)])
    score[np.arange(mated), np.arange(mated) // 2] += gain
    names = np.array([f"g{j:02d}" for j in range(15)])
    return searches(Comparisons(score, np.arange(probes).astype(str), subject, names, names, names))


def plain_miss_rate(found, weight, target, rank):
    """FNIR at the smallest candidate threshold whose weighted FPIR is at most the target."""
    w = weight[found.person]
    other = np.nan_to_num(found.other_score, nan=-np.inf)
    candidates = np.unique(np.concatenate([other, np.nan_to_num(found.mate_score, nan=-9e9)]))
    candidates = np.append(candidates[np.isfinite(candidates)], candidates.max() + 1)
    for t in candidates:
        if w[~found.mated] @ (other[~found.mated] >= t) <= target * w[~found.mated].sum() + 1e-9:
            break
    hit = (found.rank >= 1) & (found.rank <= rank) & (found.mate_score >= t)
    return w[found.mated] @ ~hit[found.mated] / w[found.mated].sum()


@pytest.mark.parametrize(("target", "rank"), [(0.1, 1), (0.3, 2), (0.02, 1), (0.97, 1)])
def test_each_replicate_chooses_both_thresholds_anew(target, rank):
    one, two = system(1), system(2, gain=2.5)
    found = difference_at_fpir(one, two, target, rank=rank, replicates=30, rng=np.random.default_rng(5))
    weights = subject_weights(int(one.person.max()) + 1, 30, np.random.default_rng(5)).astype(float)
    for b, w in enumerate(weights):
        expected = plain_miss_rate(two, w, target, rank) - plain_miss_rate(one, w, target, rank)
        assert found.replicates[b] == pytest.approx(expected)
    whole = np.ones(weights.shape[1])
    assert found.first.value == pytest.approx(plain_miss_rate(one, whole, target, rank))
    assert found.second.value == pytest.approx(plain_miss_rate(two, whole, target, rank))


def test_a_system_against_itself_has_no_difference():
    one = system(3)
    found = difference_at_fpir(one, one, 0.1, replicates=50, rng=np.random.default_rng(0))
    assert (found.replicates == 0).all()
    assert found.discordant == 0
    assert found.interval().low < 0 < found.interval().high or found.correlation == pytest.approx(1)


def test_a_strictly_increasing_map_of_one_system_s_scores_changes_nothing():
    one, two = system(1), system(2)
    rng = np.random.default_rng(2)
    score = rng.normal(size=(80, 15)).round(1)
    score[np.arange(30), np.arange(30) // 2] += 2.0
    names = np.array([f"g{j:02d}" for j in range(15)])
    mapped = searches(Comparisons(np.exp(score), two.probe_id, two.probe_subject, names, names, names))
    a, b = (difference_at_fpir(one, x, 0.1, replicates=40, rng=np.random.default_rng(0)) for x in (two, mapped))
    assert a.replicates.tolist() == b.replicates.tolist()


def test_the_threshold_lies_above_the_first_score_that_is_too_much():
    score = np.array([5.0, 4.0, 4.0, 3.0])
    weight = np.array([[1, 1, 1, 1], [0, 2, 0, 1]], dtype=float)
    assert threshold_index(score, weight, np.array([1.0, 1.0])).tolist() == [2, 2]
    assert threshold_index(score, weight, np.array([4.0, 2.0])).tolist() == [4, 3]
    assert threshold_index(score, weight, np.array([0.0, 0.0])).tolist() == [0, 2]
    assert threshold_index(np.zeros(0), np.zeros((2, 0)), np.zeros(2)).tolist() == [0, 0]


def test_at_given_thresholds_both_rates_are_compared_with_a_test():
    one, two = system(1), system(2, gain=4.0)
    found = differences_at_thresholds(one, two, (2.0, 2.0), replicates=200, rng=np.random.default_rng(0))
    assert found["fnir"].first.value == pytest.approx(plain_fnir(one, 2.0))
    assert found["fnir"].second.value == pytest.approx(plain_fnir(two, 2.0))
    assert found["fpir"].first.errors == (one.other_score[~one.mated] >= 2.0).sum()
    assert found["fnir"].test.p_value < 0.05
    assert found["fnir"].people == 15


def plain_fnir(found, t):
    hit = (found.rank == 1) & (found.mate_score >= t)
    return 1 - hit[found.mated].mean()


def pairs(seed, people=40, gain=2.0):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), 2)
    i, j = np.triu_indices(2 * people, 1)
    return rng.normal(size=len(i)) + gain * (who[i] == who[j]), who[i].astype(str), who[j].astype(str)


@pytest.mark.parametrize("target", [0.001, 0.05, 0.8])
def test_at_the_same_fmr_each_replicate_equals_a_plain_loop(target):
    one, a, b = pairs(1)
    two, _, _ = pairs(2, gain=2.5)
    found = difference_at_fmr((one, two), a, b, target, replicates=12, rng=np.random.default_rng(4))
    names, code = np.unique(np.r_[a, b], return_inverse=True)
    i, j = code[: len(a)], code[len(a) :]
    for k, w in enumerate(subject_weights(len(names), 12, np.random.default_rng(4)).astype(float)):
        rates = []
        for s in (one, two):
            non, weight = s[i != j], (w[i] * w[j])[i != j]
            order = np.argsort(-non)
            over = np.cumsum(weight[order]) > target * weight.sum() * (1 + 1e-12)
            barrier = non[order][over.argmax()] if over.any() else -np.inf
            mated = i == j
            rates.append(w[i[mated]] @ (s[mated] <= barrier) / w[i[mated]].sum())
        assert found.replicates[k] == pytest.approx(rates[1] - rates[0])
    assert found.at == f"FMR {target:g}"


def test_the_interval_at_equal_fpir_holds_the_true_difference():
    """Two equal systems on 60 enrolled people and 300 strangers: the interval holds 0 in at least 91 % of 60 trials."""
    held = 0
    for seed in range(60):
        one, two = (system(1000 + 2 * seed + k, probes=360, mated=30, decimals=6) for k in range(2))
        held += 0.0 in difference_at_fpir(one, two, 0.05, replicates=300, rng=np.random.default_rng(seed)).interval()
    assert held >= 55


def test_everything_for_the_command_line_is_json_ready():
    one, two = system(1), system(2, gain=3.0)
    out = compare_searches(one, two, target=0.1, thresholds=(2.0, 2.1), margin=0.05, rng=np.random.default_rng(0))
    out = json.loads(json.dumps(out))
    assert out["at_fpir"]["fnir"]["non_inferiority"]["margin"] == 0.05
    assert out["at_thresholds"]["fpir"]["non_inferiority"] is None
    assert out["at_thresholds"]["fnir"]["thresholds"] == [2.0, 2.1]


def test_what_cannot_be_compared_is_refused():
    rng = np.random.default_rng(0)
    one, two = system(1), system(2)
    with pytest.raises(BadInput, match="same probes"):
        difference_at_fpir(one, two.take(np.arange(79)), 0.1, rng=rng)
    with pytest.raises(BadInput, match="same people enrolled"):
        difference_at_fpir(one, system(2, mated=20), 0.1, rng=rng)
    with pytest.raises(UnattainableTarget, match="FPIR"):
        difference_at_fpir(one, two, 0.001, rng=rng)
    with pytest.raises(NotMeasured, match="no mated"):
        difference_at_fpir(one.take(~one.mated), two.take(~two.mated), 0.1, rng=rng)
    with pytest.raises(BadInput, match="target FPIR"):
        compare_searches(one, two, rng=rng)
    none = one.take(np.zeros(80, dtype=bool))
    with pytest.raises(NotMeasured, match="no search"):
        differences_at_thresholds(none, none, (1.0, 1.0), rng=rng)
    score, a, b = pairs(1)
    with pytest.raises(BadInput, match="scores of the same"):
        difference_at_fmr((score, score[1:]), a, b, 0.1, rng=rng)
    with pytest.raises(UnattainableTarget, match="FMR"):
        difference_at_fmr((score, score), a, b, 1e-6, rng=rng)
    non = a != b
    with pytest.raises(NotMeasured, match="no mated"):
        difference_at_fmr((score[non], score[non]), a[non], b[non], 0.1, rng=rng)

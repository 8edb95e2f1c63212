"""All pairs of embeddings, streamed: every answer equals that of the same pairs held in memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.stats import blocks
from facelab.stats.all_pairs import all_pairs_curve, verification_curve_of_all_pairs
from facelab.stats.comparing import verification_curve
from facelab.stats.complete_pairs import CompletePairs
from facelab.stats.dyadic import PairTrials
from facelab.types import Templates

pytestmark = pytest.mark.filterwarnings("ignore::facelab.stats.suspect.SuspectScores")


def samples(seed, n=60, people=12):
    """Samples of people, more or less alike by the seed, two of them failed."""
    rng = np.random.default_rng(seed)
    person = rng.integers(0, people, n)
    at = rng.normal(size=(people, 8))[person] + (0.6 + seed / 6) * rng.normal(size=(n, 8))
    at = (at / np.linalg.norm(at, axis=1, keepdims=True)).astype(np.float32)
    at[[3, n // 2]] = np.nan
    return at, person


def in_memory(embedding, person):
    """The same pairs as a list, with the floats that the blocks give."""
    i, j = np.array(list(itertools.combinations(range(len(person)), 2))).T
    score = np.einsum("ij,ij->i", embedding[i], embedding[j])
    return verification_curve(score, person[i] == person[j], probe_subject=person[i], reference_subject=person[j])


@pytest.fixture(params=range(8))
def both(request, monkeypatch):
    """The streamed curve with small blocks, few bins and a tail of any length, and the stored one."""
    rng = np.random.default_rng(request.param)
    monkeypatch.setattr(blocks, "BLOCK", int(rng.integers(5, 30)))
    monkeypatch.setattr(blocks, "BINS", 64)
    monkeypatch.setattr(blocks, "TAIL", int(rng.integers(20, 3000)))
    embedding, person = samples(request.param)
    return all_pairs_curve(embedding, person), in_memory(embedding, person)


def test_counts_of_comparisons_failures_and_people(both):
    streamed, stored = both
    assert repr(streamed) == repr(stored)
    for side in ("mated", "non_mated"):
        assert getattr(streamed, side).people == getattr(stored, side).people
    assert streamed.non_mated.person_pairs == stored.non_mated.person_pairs
    assert streamed.mated.largest_share == pytest.approx(stored.mated.largest_share)
    np.testing.assert_allclose(streamed.mated.ordered, stored.mated.ordered, atol=1e-6)


@pytest.mark.parametrize("threshold", [-0.3, 0.1, 0.4, 0.6, 0.8, 0.95])
def test_rates_and_their_intervals_over_people_in_the_tail_and_below(both, threshold):
    streamed, stored = both
    for ours, theirs in zip(streamed.at(threshold).rates, stored.at(threshold).rates):
        assert repr(ours) == repr(theirs)
        assert ours.clustering.least == theirs.clustering.least
        assert ours.clustering.variance == pytest.approx(theirs.clustering.variance, abs=1e-12)


def test_equal_error_rate_and_area(both):
    streamed, stored = both
    ours, theirs = streamed.eer(), stored.eer()
    assert ours.rate == theirs.rate
    assert ours.threshold == pytest.approx(theirs.threshold, abs=1e-6)
    assert streamed.auc() == pytest.approx(stored.auc(), abs=0.01)


@pytest.mark.parametrize("target", [0.3, 0.1, 0.03, 0.01])
def test_thresholds_at_targets_plain_and_certified(both, target):
    streamed, stored = (curve.threshold_at_fmr(target) for curve in both)
    assert streamed.threshold == pytest.approx(stored.threshold, abs=1e-6)
    assert repr(streamed.fmr) == repr(stored.fmr)
    assert (streamed.certified is None) == (stored.certified is None)
    if stored.certified is not None:
        assert repr(streamed.certified.fmr) == repr(stored.certified.fmr)
    for convention in ("exact", "nearest", "linear"):
        ours, theirs = (curve.fnmr_at_fmr(target, convention) for curve in both)
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_the_thresholds_that_are_listed_have_exact_counts(both):
    streamed, _ = both
    every = streamed.non_mated.blocks.between(-2.0, 2.0)
    grid = streamed.non_mated.distinct()
    assert np.array_equal(streamed.non_mated.above(grid), [(every >= t).sum() for t in grid])
    assert (np.diff(streamed.false_matches) <= 0).all()


def test_neighbours_are_found_across_bins(both):
    streamed, _ = both
    every = np.unique(streamed.non_mated.blocks.between(-2.0, 2.0))
    picked = every[np.linspace(1, len(every) - 2, 12).astype(int)]
    for score in picked:
        at = int(np.searchsorted(every, score))
        assert streamed.non_mated.before(float(score)) == every[at - 1]
        assert streamed.non_mated.after(float(score)) == every[at + 1]
    assert streamed.non_mated.before(float(every[0])) == -np.inf
    assert streamed.non_mated.after(float(every[-1])) == np.inf


def test_a_tail_that_grows_too_long_is_cut_and_stays_exact(monkeypatch):
    embedding, person = samples(1, n=200, people=40)
    whole = all_pairs_curve(embedding, person)
    monkeypatch.setattr(blocks, "TAIL", 100)
    monkeypatch.setattr(blocks, "BLOCK", 16)
    monkeypatch.setattr(blocks.PairBlocks, "_cut", lambda self, edges: float(edges[0]))
    short = all_pairs_curve(embedding, person)
    assert len(short.non_mated.scan.tail_score) <= 300
    for threshold in (0.2, 0.7, 0.9):
        assert repr(short.at(threshold).fmr) == repr(whole.at(threshold).fmr)


def test_progress_is_told_block_by_block(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 16)
    told = []
    all_pairs_curve(*samples(0), progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == len(told)


def test_a_complete_design_has_the_sums_of_its_listed_pairs():
    person = np.array([0, 0, 1, 2, 2, 2, 4, 5])
    i, j = np.array(list(itertools.combinations(range(8), 2))).T
    different = person[i] != person[j]
    listed = PairTrials(person[i][different], person[j][different])
    complete = CompletePairs(listed.first, listed.second, samples=np.bincount(person))
    assert len(complete) == len(listed)
    assert complete.person_pairs == listed.person_pairs
    assert complete.squared_trials == listed.squared_trials
    np.testing.assert_array_equal(complete.sizes, listed.sizes)
    error = np.random.default_rng(0).random(len(listed)) < 0.3
    assert complete.clustering(error) == listed.clustering(error)


def test_templates_without_a_subject_are_people_of_their_own():
    embedding, person = samples(2, n=30)
    subject = np.array([f"s{p}" for p in person])
    subject[:5] = ""
    ids = np.array([f"t{i}" for i in range(30)])
    curve = verification_curve_of_all_pairs(Templates(ids, subject, embedding, np.ones(30), np.ones(30), "pack"))
    assert curve.non_mated.people == len(set(subject[5:].tolist())) + 5


@pytest.mark.parametrize("person", [np.arange(6), np.zeros(6, int)])
def test_one_class_of_pairs_only_is_refused(person):
    with pytest.raises(BadInput, match="pairs of one person and pairs of two people"):
        all_pairs_curve(np.eye(6, dtype=np.float32), person)


def test_a_band_runs_over_the_tail_and_counts_anew_below_it(monkeypatch):
    embedding, person = samples(3)
    stored = in_memory(embedding, person)
    monkeypatch.setattr(blocks, "BLOCK", 16)
    monkeypatch.setattr(blocks, "TAIL", 200)
    streamed = all_pairs_curve(embedding, person)
    grid = np.array([0.2, 0.5, 0.9])
    ours, theirs = streamed.band("FMR", grid), stored.band("FMR", grid)
    np.testing.assert_allclose([ours.rate, ours.low, ours.high], [theirs.rate, theirs.low, theirs.high], atol=1e-9)
    monkeypatch.setattr("facelab.stats.verification.RUNNING", 100)
    default = stored.band("FMR")
    assert (stored.non_mated.above(default.thresholds) > 100).sum() <= 8
    assert default.rate[0] == 1
    assert default.rate[-1] == 0

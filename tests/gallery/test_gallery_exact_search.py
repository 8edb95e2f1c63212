"""The search of shards is the dense product, ties and ends included."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.gallery.exact_search import ExactSearch, exact_search


def unit(n: int, d: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((n, d))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def dense(probes: np.ndarray, gallery: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The oracle: the whole product, sorted, ties in the order of the references."""
    score = (probes.astype(np.float64) @ gallery.astype(np.float64).T).astype(np.float32)
    order = np.argsort(-score, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(score, order, axis=1), order


@pytest.mark.parametrize("size", [1, 7, 100, 1_000])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_shards_of_any_size_give_the_dense_product(size: int, k: int) -> None:
    probes, gallery = unit(30, 64, 1), unit(1_000, 64, 2)
    if size == 1:
        gallery = gallery[:60]
    found = exact_search(probes, (gallery[i : i + size] for i in range(0, len(gallery), size)), k)
    score, order = dense(probes, gallery, k)
    np.testing.assert_array_equal(found.score, score)
    np.testing.assert_array_equal(found.reference, order)
    assert found.size == len(gallery)


@pytest.mark.parametrize("size", [10, 64, 300])
def test_ties_stand_in_the_order_of_the_references_even_where_all_are_alike(size: int) -> None:
    probes, one = unit(4, 16, 3), unit(1, 16, 4)
    gallery = np.repeat(one, 300, axis=0)
    found = exact_search(probes, (gallery[i : i + size] for i in range(0, 300, size)), 5)
    np.testing.assert_array_equal(found.reference, np.tile(np.arange(5), (4, 1)))
    assert (found.score == found.score[:, :1]).all()


def test_near_ties_within_the_error_of_single_precision_are_told_apart() -> None:
    """A thousand references a few float32 steps apart: faiss alone may order them otherwise."""
    rng = np.random.default_rng(5)
    probe, gallery = unit(1, 512, 6), np.repeat(unit(1, 512, 7), 1_000, axis=0)
    gallery = (gallery + rng.normal(0, 2e-8, gallery.shape)).astype(np.float32)
    found = exact_search(probe, [gallery[:400], gallery[400:]], 10)
    score, order = dense(probe, gallery, 10)
    np.testing.assert_array_equal(found.score, score)
    np.testing.assert_array_equal(found.reference, order)


def test_a_gallery_smaller_than_k_leaves_the_rest_empty() -> None:
    found = exact_search(unit(3, 8, 8), [unit(2, 8, 9)], 4)
    assert (found.reference[:, 2:] == -1).all()
    assert np.isnan(found.score[:, 2:]).all()
    assert np.isfinite(found.score[:, :2]).all()


def test_a_failed_probe_finds_nothing_and_the_others_are_as_without_it() -> None:
    probes, gallery = unit(5, 32, 10), unit(50, 32, 11)
    whole = exact_search(probes, [gallery], 3)
    broken = probes.copy()
    broken[2] = np.nan
    found = exact_search(broken, [gallery], 3)
    assert (found.reference[2] == -1).all()
    assert np.isnan(found.score[2]).all()
    np.testing.assert_array_equal(found.score[[0, 1, 3, 4]], whole.score[[0, 1, 3, 4]])


def test_no_gallery_and_no_probe_are_no_error() -> None:
    assert (exact_search(unit(2, 8, 1), [], 3).reference == -1).all()
    assert exact_search(np.zeros((0, 8)), [unit(4, 8, 2)], 3).score.shape == (0, 3)
    assert exact_search(unit(2, 8, 1), [np.zeros((0, 8), np.float32), unit(4, 8, 2)], 3).size == 4


def test_counts_at_or_above_a_score_include_ties_and_stop_at_k() -> None:
    probes, gallery = unit(20, 16, 12), unit(200, 16, 13)
    found = exact_search(probes, [gallery], 6)
    score, _ = dense(probes, gallery, 200)
    for at in (score[:, 0], score[:, 3], score[:, 50]):
        expected = np.minimum((score >= at[:, None]).sum(axis=1), 6)
        np.testing.assert_array_equal(found.above(at), expected)


@pytest.mark.parametrize(
    ("shard", "words"),
    [(np.zeros((2, 5), np.float32), "5 dimensions"), (np.full((2, 8), np.nan, np.float32), "not finite")],
)
def test_what_cannot_be_a_reference_is_refused(shard: np.ndarray, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        exact_search(unit(2, 8, 1), [shard], 1)


def test_k_must_be_one_or_more() -> None:
    with pytest.raises(BadInput, match="at least one"):
        ExactSearch(unit(1, 8, 1), 0)

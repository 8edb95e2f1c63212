"""All pairs of a gallery in blocks: the same as the whole matrix, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.gallery.audit import pairs as module
from facelab.gallery.audit.pairs import pair_scores
from facelab.types import Gallery, Templates


def gallery(rng: np.random.Generator, samples: int, subjects: int, failed: int = 0) -> Gallery:
    e = rng.normal(size=(samples, 16)).astype(np.float32)
    e /= np.linalg.norm(e, axis=1)[:, None]
    e[rng.permutation(samples)[:failed]] = np.nan
    who = [f"s{i}" for i in rng.integers(0, subjects, samples)]
    ids = [f"r{i}" for i in range(samples)]
    return Gallery(Templates(ids, who, e, np.ones(samples), np.ones(samples), "pack"), who)


@pytest.mark.parametrize(("rows", "columns", "kept"), [(2048, 8192, 2000), (7, 13, 5), (16, 4, 40)])
def test_blocks_give_what_the_whole_matrix_gives(
    monkeypatch: pytest.MonkeyPatch, rows: int, columns: int, kept: int
) -> None:
    monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(module, "COLUMNS", columns)
    monkeypatch.setattr(module, "LEAST_KEPT", kept)
    found = gallery(np.random.default_rng(3), 90, 40, failed=6)
    t = found.templates
    scores = pair_scores(found)
    good = np.flatnonzero(~t.failed)
    whole = t.embedding[good].astype(np.float64) @ t.embedding[good].T.astype(np.float64)
    other = t.subject_id[good][:, None] != t.subject_id[good][None]
    upper = np.triu(other, 1)
    assert scores.pairs == upper.sum()
    count = min(scores.pairs, max(kept, len(good)))
    np.testing.assert_allclose(scores.score, np.sort(whole[upper])[::-1][:count], atol=1e-6)
    np.testing.assert_allclose(np.sort(scores.own_score), np.sort(whole[np.triu(~other, 1)]), atol=1e-6)
    place = {int(row): k for k, row in enumerate(good)}
    for i, j, s in zip(scores.first, scores.second, scores.score, strict=True):
        assert whole[place[int(i)], place[int(j)]] == pytest.approx(float(s), abs=1e-6)
        assert t.subject_id[i] != t.subject_id[j]
    hidden = np.where(other, whole, np.nan)
    at = [place[int(row)] for row in scores.row]
    np.testing.assert_allclose(scores.nearest, np.nanmax(hidden, axis=1)[at], atol=1e-6)
    assert [place[int(row)] for row in scores.nearest_row] == np.nanargmax(hidden, axis=1)[at].tolist()
    np.testing.assert_allclose(scores.mean, np.nanmean(hidden, axis=1)[at], atol=1e-9)
    np.testing.assert_allclose(scores.spread, np.nanstd(hidden, axis=1)[at], atol=1e-7)
    np.testing.assert_allclose(scores.sample, np.sort(whole[upper]), atol=1e-6)


def test_one_person_one_reference_and_nobody_are_galleries_too() -> None:
    for samples, subjects in ((3, 1), (1, 1)):
        found = pair_scores(gallery(np.random.default_rng(1), samples, subjects))
        assert found.pairs == 0
        assert len(found.own_score) == samples * (samples - 1) // 2
        assert np.isnan(found.nearest).all()
        assert np.isnan(found.mean).all()
    none = Gallery(Templates([], [], np.zeros((0, 4)), [], [], "pack"), ["ann"])
    assert len(pair_scores(none).row) == 0


def test_no_more_is_held_than_a_few_times_what_is_kept() -> None:
    held = module._Highest(10, -np.inf)
    blocks = [np.random.default_rng(k).random((800, 700)) for k in range(3)]
    for k, block in enumerate(blocks):
        held.add(block, 800 * k, 0)
        assert held._held <= 1_000_040
    np.testing.assert_array_equal(held.pairs()[2], np.sort(np.concatenate(blocks).ravel())[::-1][:10])


def test_a_bound_from_an_unlucky_sample_loses_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    found = gallery(np.random.default_rng(8), 60, 60)
    before = pair_scores(found).score
    monkeypatch.setattr(module, "_bound", lambda *_: 0.9)
    np.testing.assert_array_equal(pair_scores(found).score, before)

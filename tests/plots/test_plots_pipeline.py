"""Figures of passages and watchlist count what is there."""

from __future__ import annotations

import numpy as np
import pytest

from facelab import plots
from facelab.data.losses import Losses
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.types import Gallery, Templates, Tracks

D = 8


def _unit(rows: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(rows, D))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def passages() -> Passages:
    """Four passages: one clean, one in two tracks, one without a usable face, one not seen."""
    ids = ["gate/1", "gate/2", "gate/3", "queue/4", "queue/missed/queue/p4"]
    passage = ["gate/p1", "gate/p2", "gate/p2", "queue/p3", "queue/p4"]
    embedding = _unit(5)
    embedding[3:] = np.nan
    templates = Templates(
        ids,
        ["a", "b", "b", "c", "d"],
        embedding,
        [0.5, 0.6, 0.7, np.nan, np.nan],
        [3, 3, 3, 0, 0],
        "pack",
        {"camera": np.array([i.split("/")[0] for i in ids]), "passage": np.array(passage)},
    )
    n = 8
    box = np.tile([0.0, 0.0, 24.0, 30.0], (n, 1))
    box[4:, 2] = 90.0
    tracks = Tracks(
        ["gate"] * 6 + ["queue"] * 2, range(n), np.arange(n) / 10, [1, 1, 2, 2, 3, 3, 4, 4], box, [0.9] * n, [0.5] * n,
        np.zeros((n, 5, 2)),
    )  # fmt: skip
    none = templates.take(np.zeros(0, int))
    return Passages(tracks, templates, none, Losses(), PassageCounts(passages=4), "terminal", True, True)


def test_every_passage_has_one_outcome(passages: Passages) -> None:
    ax = plots.passage_outcomes(passages)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["one track: 1", "several tracks: 1", "seen, no usable face: 1", "not seen: 1"]
    assert "50 % of 4 passages" in plots.alt_text(ax)


def test_widths_are_those_of_the_boxes(passages: Passages) -> None:
    ax = plots.face_widths(passages)
    assert "50 % of the faces are narrower than 32 px" in plots.alt_text(ax)
    assert "queue 90 px" in plots.alt_text(ax)


def test_quality_is_of_the_templates_that_there_are(passages: Passages) -> None:
    assert "quality of 0.60 or less" in plots.alt_text(plots.quality(passages))


def test_passages_without_any_template_are_drawn(passages: Passages) -> None:
    empty = passages.with_templates(passages.templates.take(np.array([3, 4])))
    assert "0 % of 2 passages" in plots.alt_text(plots.passage_outcomes(empty))
    assert plots.alt_text(plots.quality(empty))


def test_enrolment_counts_photographs_and_subjects() -> None:
    embedding = _unit(4)
    embedding[2] = np.nan
    note = np.array(["", "", "no face found", ""])
    ids = ["a/1", "a/2", "b/1", "c/1"]
    gallery = Gallery(
        Templates(ids, ["a", "a", "b", "c"], embedding, [0.5] * 4, [1, 1, 0, 1], "pack", {"note": note}), list("abc")
    )
    words = plots.alt_text(plots.enrolment(gallery))
    assert "2 of 3 subjects" in words
    assert "no face found: 1" in words


def test_the_nearest_stranger_is_never_the_same_person() -> None:
    """Two references of one person are alike; what counts is the other one's, at a right angle."""
    embedding = np.eye(D, dtype=np.float32)[[0, 0, 1]]
    gallery = Gallery(Templates(["a/1", "a/2", "b/1"], ["a", "a", "b"], embedding, [0.5] * 3, [1] * 3, "p"), ["a", "b"])
    assert "score 0.000" in plots.alt_text(plots.nearest_strangers(gallery))

"""Figures of the audit show the counts of their result and no name."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from facelab import plots
from facelab.gallery.audit.pairs import PairScores, pair_scores
from facelab.stats.extremes import HighestPairs, unusual_pairs
from facelab.stats.hubs import false_alerts_by_reference
from facelab.types import Comparisons, Gallery, Templates


def audited(people: int, twice: int = 0) -> tuple[PairScores, HighestPairs]:
    e = np.random.default_rng(3).normal(size=(people, 128)).astype(np.float32)
    e[:twice] = e[people - twice :]
    e /= np.linalg.norm(e, axis=1)[:, None]
    ids = [f"secret{i}" for i in range(people)]
    scores = pair_scores(Gallery(Templates(ids, ids, e, np.ones(people), np.ones(people), "pack"), ids))
    return scores, unusual_pairs(scores.score, scores.pairs, scores.sample)[1]


def title(ax: Axes) -> str:
    return ax.get_title(loc="left")


def test_the_unusual_pairs_are_marked_and_counted_and_nobody_is_named() -> None:
    scores, tail = audited(200, twice=3)
    ax = plots.closest_pairs(scores, tail)
    assert title(ax).startswith("3 pairs of different names")
    marked = next(line for line in ax.lines if line.get_label() == "unusual")
    assert len(marked.get_xdata()) == 3
    expected = next(line for line in ax.lines if line.get_label() == "by chance")
    x, y = np.asarray(expected.get_xdata()), np.asarray(expected.get_ydata())
    np.testing.assert_allclose(y, tail.expected(x))
    words = plots.alt_text(ax) + "".join(text.get_text() for text in ax.texts)
    assert "secret" not in words


def test_a_gallery_of_one_person_is_drawn_as_what_it_is() -> None:
    assert title(plots.closest_pairs(*audited(1))) == "There are no pairs of different names"
    assert title(plots.closest_pairs(*audited(200))) == "No two names are too close"


def test_hubs_stand_out_and_the_bars_are_the_people(comparisons: Comparisons) -> None:
    score = np.array(comparisons.score)
    score[60:, 2] = 0.6
    table = Comparisons(
        score, comparisons.probe_id, comparisons.probe_subject, comparisons.reference_id,
        comparisons.reference_subject, comparisons.enrolled,
    )  # fmt: skip
    found = false_alerts_by_reference(table, 0.3)
    ax = plots.false_alerts_by_reference(found)
    heights = [patch.get_height() for patch in ax.patches]
    assert (
        sorted(heights, reverse=True) == sorted(found.people[found.people > 0].tolist(), reverse=True)[: len(heights)]
    )
    assert "1 hubs" in ax.texts[0].get_text()
    assert ax.containers[0].get_label() == "hub"


def test_without_a_false_alert_it_says_so(comparisons: Comparisons) -> None:
    ax = plots.false_alerts_by_reference(false_alerts_by_reference(comparisons, 0.6))
    assert title(ax) == "No reference raises a false alert"

"""The score of a confirmation rule against the state machine that raises the alarms, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.config import AlertRule
from facelab.errors import BadInput
from facelab.stats.alarms import Sighting, replayed
from facelab.stats.confirmation import confirmed_scores


def test_by_hand() -> None:
    """Ann is seen at .5, .2, .4: two of three at .4. Bob at .1, .6, none, .7: two of the last three at .6."""
    scores = np.array([[0.5, 0.1], [0.2, 0.6], [0.4, np.nan], [0.3, 0.7]])
    assert confirmed_scores(scores, 2, 3).tolist() == [0.4, 0.6]
    assert confirmed_scores(scores, 1, 1).tolist() == [0.5, 0.7]


def test_too_few_faces_confirm_nobody() -> None:
    assert np.isnan(confirmed_scores(np.array([[0.9]]), 2, 3)).all()
    assert np.isnan(confirmed_scores(np.zeros((0, 2)), 1, 1)).all()
    assert np.isnan(confirmed_scores(np.array([[0.9], [np.nan]]), 2, 3)).all()
    assert confirmed_scores(np.array([[0.9], [0.8]]), 2, 3).tolist() == [0.8], "two faces are a window"


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 2), st.floats(0.05, 0.95))
def test_one_subject_is_raised_exactly_up_to_its_score(seed: int, m: int, more: int, threshold: float) -> None:
    """With one subject on the list nobody competes: the state machine and the score agree at every threshold."""
    rng = np.random.default_rng(seed)
    score = rng.random(rng.integers(1, 9))
    score[rng.random(len(score)) < 0.2] = np.nan
    faces = [
        Sighting("gate", "gate/1", float(i), "ann" if value == value else "", float(value), threshold, 0.0)
        for i, value in enumerate(score.tolist())
    ]
    rule = AlertRule(confirm="frames", m=m, n=m + more, cooldown_s=1e6)
    raised = len(replayed(faces, [], rule, {}).alerts) > 0
    best = confirmed_scores(score[:, None], m, m + more)[0]
    assert raised == bool(best >= threshold)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_never_fewer_alarms_than_the_state_machine(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random((6, 3))
    names = np.array(["ann", "bob", "cy"])
    faces = [
        Sighting("gate", "gate/1", float(i), str(names[row.argmax()]), float(row.max()), threshold, 0.0)
        for i, row in enumerate(scores)
    ]
    log = replayed(faces, [], AlertRule(confirm="frames", m=2, n=3, cooldown_s=1e6), {})
    above = set(names[confirmed_scores(scores, 2, 3) >= threshold].tolist())
    assert set(log.alerts.alleged.tolist()) <= above


@pytest.mark.parametrize(("m", "n"), [(0, 3), (4, 3), (-1, 1)])
def test_another_m_or_n_is_refused(m: int, n: int) -> None:
    with pytest.raises(BadInput, match="m of n faces"):
        confirmed_scores(np.zeros((3, 2)), m, n)


def test_another_shape_is_refused() -> None:
    with pytest.raises(BadInput, match="faces, subjects"):
        confirmed_scores(np.zeros(3), 1, 1)

"""Pooling: worked cases, what each method chooses, and laws that hold for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.errors import BadInput
from facelab.pipeline.templates import pooled

METHODS = ("quality_weighted", "mean", "best", "medoid")


def unit(rows):
    rows = np.asarray(rows, float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_quality_weighted_by_hand():
    embedding, quality = pooled(np.eye(2), np.array([0.8, 0.6]), "quality_weighted")
    assert embedding.tolist() == pytest.approx([0.8, 0.6])
    assert quality == pytest.approx((0.64 + 0.36) / 1.4)


def test_mean_ignores_quality_and_best_heeds_nothing_else():
    e = np.eye(2)
    assert pooled(e, np.array([0.9, 0.1]), "mean")[0].tolist() == pytest.approx([2**-0.5, 2**-0.5])
    assert pooled(e, np.array([0.1, 0.9]), "best")[0].tolist() == [0, 1]


def test_the_medoid_is_the_one_most_like_the_others():
    e = unit([[1, 0.1], [1, 0], [1, -0.1], [-1, 5]])
    assert pooled(e, np.array([0.1, 0.2, 0.3, 1.0]), "medoid")[0].tolist() == pytest.approx(e[0].tolist())


def test_faces_that_cancel_each_other_leave_the_best():
    assert pooled(np.array([[1.0, 0], [-1, 0]]), np.array([0.5, 0.5]), "mean")[0].tolist() == [1, 0]


def test_qualities_of_zero_weigh_alike():
    assert pooled(np.eye(2), np.zeros(2), "quality_weighted")[0].tolist() == pytest.approx([2**-0.5, 2**-0.5])


def test_nothing_cannot_be_pooled():
    with pytest.raises(BadInput, match="at least one face"):
        pooled(np.zeros((0, 4)), np.zeros(0), "mean")


@pytest.mark.parametrize("method", METHODS)
@given(
    e=arrays(float, (5, 6), elements=st.floats(0.1, 1)),
    q=arrays(float, 5, elements=st.floats(0.01, 1)),
)
def test_a_template_has_length_one_and_a_quality_among_its_faces(method, e, q):
    embedding, quality = pooled(unit(e), q, method)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert q.min() - 1e-9 <= quality <= q.max() + 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_one_face_is_its_own_template(method):
    e = unit([[3, 4, 0]])
    assert pooled(e, np.array([0.3]), method)[0].tolist() == pytest.approx(e[0].tolist())

"""Score normalisation: worked cases, loops as the oracle, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.normalisation import adaptive_s_norm, s_norm, t_norm, z_norm


@pytest.fixture
def scores():
    rng = np.random.default_rng(3)
    return rng.normal(size=(4, 3)), rng.normal(size=(3, 9)), rng.normal(size=(4, 9))


def test_each_norm_equals_its_formula_written_as_a_loop(scores):
    s, g, p = scores
    for i in range(4):
        for j in range(3):
            z = (s[i, j] - g[j].mean()) / g[j].std()
            t = (s[i, j] - p[i].mean()) / p[i].std()
            assert z_norm(s, g)[i, j] == pytest.approx(z)
            assert t_norm(s, p)[i, j] == pytest.approx(t)
            assert s_norm(s, g, p)[i, j] == pytest.approx((z + t) / 2)
            top_g, top_p = np.sort(g[j])[-4:], np.sort(p[i])[-4:]
            adaptive = ((s[i, j] - top_g.mean()) / top_g.std() + (s[i, j] - top_p.mean()) / top_p.std()) / 2
            assert adaptive_s_norm(s, g, p, top=4)[i, j] == pytest.approx(adaptive)


def test_adaptive_norm_with_the_whole_cohort_is_the_s_norm(scores):
    np.testing.assert_allclose(adaptive_s_norm(*scores, top=9), s_norm(*scores))


def test_swapping_probe_and_reference_leaves_the_s_norm(scores):
    s, g, p = scores
    np.testing.assert_allclose(s_norm(s, g, p), s_norm(s.T, p, g).T)


@given(st.floats(0.01, 50), st.floats(-5, 5))
def test_a_change_of_unit_and_origin_leaves_every_norm(scale, shift):
    rng = np.random.default_rng(0)
    s, g, p = rng.normal(size=(2, 3)), rng.normal(size=(3, 6)), rng.normal(size=(2, 6))
    moved = s * scale + shift, g * scale + shift, p * scale + shift
    np.testing.assert_allclose(s_norm(*moved), s_norm(s, g, p), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(adaptive_s_norm(*moved, top=3), adaptive_s_norm(s, g, p, top=3), rtol=1e-6, atol=1e-8)


def test_failures_stay_missing_and_leave_the_cohort_mean():
    assert np.isnan(z_norm([[np.nan, 0.5]], [[0.1, 0.3], [0.1, 0.3]])).tolist() == [[True, False]]
    assert z_norm([[0.5]], [[0.1, np.nan, 0.3]])[0, 0] == pytest.approx(3)
    assert adaptive_s_norm([[0.5]], [[0.1, np.nan, 0.3]], [[0.1, 0.3, np.nan]], top=2)[0, 0] == pytest.approx(3)


def test_no_probe_gives_no_score():
    assert z_norm(np.zeros((0, 2)), [[0, 1], [0, 2]]).shape == (0, 2)
    assert t_norm(np.zeros((0, 2)), np.zeros((0, 5))).shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: z_norm([["a"]], [[1, 2]]), "numbers"),
        (lambda: z_norm([[np.inf]], [[1, 2]]), "infinite"),
        (lambda: z_norm([[0.5]], [[1, 2], [1, 2]]), "2 rows, 1"),
        (lambda: z_norm([[0.5]], [[0.2]]), "1 usable"),
        (lambda: z_norm([[0.5]], [[0.2, 0.2]]), "no spread"),
        (lambda: z_norm([0.5], [[0.2, 0.3]]), "axis"),
        (lambda: adaptive_s_norm([[0.5]], [[0, 1, 2]], [[0, 1, 2]], top=4), "4 are needed"),
        (lambda: adaptive_s_norm([[0.5]], [[0, 1, 2]], [[0, 1, 2]], top=1), "at least 2"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

"""Score scales of other systems: worked values, round trips, monotone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats import conversions
from facelab.stats.conversions import SCALES, compreface, threshold_on_scales

ALL = [*SCALES.values(), compreface(1.1, 4.0)]


def test_worked_values():
    assert float(conversions.FRIGATE.from_cosine(0.3)) == pytest.approx(0.5)
    assert float(conversions.FRIGATE.from_cosine(0.4)) == pytest.approx(1 / (1 + math.exp(-2)))
    assert float(conversions.COSINE_DISTANCE.from_cosine(0.32)) == pytest.approx(0.68)
    assert float(conversions.EUCLIDEAN_L2.from_cosine(0.5)) == pytest.approx(1.0)
    assert float(conversions.ANGULAR.from_cosine(0.0)) == pytest.approx(0.5)
    d = math.sqrt(2 - 2 * 0.6)
    assert float(compreface(1.1, 4.0).from_cosine(0.6)) == pytest.approx((math.tanh((1.1 - d) * 4.0) + 1) / 2)


def test_the_euclidean_scale_is_the_distance_of_unit_vectors():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 50, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    np.testing.assert_allclose(conversions.EUCLIDEAN_L2.from_cosine((x * y).sum(1)), np.linalg.norm(x - y, axis=1))


@pytest.mark.parametrize("scale", ALL, ids=lambda s: s.name)
@given(cosine=st.floats(-1, 1))
def test_there_and_back_gives_the_cosine(scale, cosine):
    assert float(scale.to_cosine(scale.from_cosine(cosine))) == pytest.approx(cosine, abs=2e-7)


@pytest.mark.parametrize("scale", ALL, ids=lambda s: s.name)
def test_each_scale_is_monotone_in_its_direction(scale):
    value = scale.from_cosine(np.linspace(-1, 1, 201))
    assert (np.diff(value) > 0).all() == scale.higher_is_more_alike
    assert (np.diff(value) < 0).all() != scale.higher_is_more_alike


def test_missing_scores_stay_missing_and_shapes_are_kept():
    assert np.isnan(conversions.FRIGATE.from_cosine([[np.nan, 0.1]])).tolist() == [[True, False]]
    assert conversions.ANGULAR.to_cosine(np.full((2, 3), 0.25)).shape == (2, 3)


def test_a_rounded_value_says_how_much_of_the_cosine_is_lost():
    assert conversions.COSINE.cosine_uncertainty(0.4, 0.01) == pytest.approx(0.01)
    flat, steep = (conversions.FRIGATE.cosine_uncertainty(v, 0.01) for v in (0.99, 0.5))
    assert flat > 5 * steep
    assert conversions.COSINE.cosine_uncertainty(1.0, 0.1) == pytest.approx(0.05)


def test_deepface_thresholds_are_distances_within_range():
    for value in conversions.DEEPFACE_THRESHOLDS.values():
        assert -1 < float(conversions.COSINE_DISTANCE.to_cosine(value)) < 1


def test_threshold_on_scales_is_json_ready():
    table = threshold_on_scales(0.4)
    assert table["deepface"] == pytest.approx(0.6)
    assert all(type(v) is float for v in table.values())
    assert "similarity" in repr(conversions.FRIGATE)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conversions.FRIGATE.from_cosine(1.2), "another scale"),
        (lambda: conversions.FRIGATE.to_cosine(97.0), "Frigate"),
        (lambda: conversions.COSINE.from_cosine("high"), "numbers"),
        (lambda: compreface(1.0, 0.0), "positive"),
        (lambda: conversions.logistic_scale("x", middle=0, slope=-1), "positive"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()

"""Embeddings are unit vectors of what the model says about each crop alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from facelab.errors import BadInput
from facelab.pipeline.embedding import Recognition, embeddings


class Means:
    """A model whose output is the mean of each channel it is given; it keeps how many crops came at once."""

    def __init__(self, *, on_cpu=True):
        self.on_cpu, self.batches = on_cpu, []

    def outputs(self, tensor):
        assert tensor.dtype == np.float32
        assert tensor.shape[1:] == (3, 112, 112)
        self.batches.append(len(tensor))
        return [tensor.mean(axis=(2, 3))]


def _flat(*colours):
    return np.stack([np.broadcast_to(np.uint8(colour), (112, 112, 3)) for colour in colours])


def test_channels_are_turned_and_scaled_as_the_model_takes_them():
    crops = _flat((10, 20, 200))
    rgb = embeddings(crops, Means(), Recognition(colour="rgb", mean=100, scale=50, dimension=3))[0]
    bgr = embeddings(crops, Means(), Recognition(colour="bgr", mean=0, scale=1, dimension=3))[0]
    assert_allclose(rgb, np.array([2.0, -1.6, -1.8]) / np.linalg.norm([2.0, -1.6, -1.8]), rtol=1e-5)
    assert_allclose(bgr, np.array([10, 20, 200]) / np.linalg.norm([10, 20, 200]), rtol=1e-5)


def test_embeddings_are_unit_float32():
    found = embeddings(_flat((1, 2, 3), (200, 0, 9)), Means(), Recognition(dimension=3))
    assert found.dtype == np.float32
    assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(("on_cpu", "batches"), [(True, [1] * 5), (False, [2, 2, 1])])
def test_crops_go_in_batches_only_where_that_is_faster(on_cpu, batches):
    model = Means(on_cpu=on_cpu)
    crops = _flat(*((i, 2 * i, 250) for i in range(5)))
    found = embeddings(crops, model, Recognition(dimension=3, batch=2))
    assert model.batches == batches
    alone = [embeddings(crops[i : i + 1], Means(), Recognition(dimension=3))[0] for i in range(5)]
    assert_array_equal(found, alone)


def test_an_output_without_direction_is_a_failed_acquisition():
    found = embeddings(_flat((0, 0, 0), (5, 0, 0)), Means(), Recognition(mean=0, scale=1, dimension=3))
    assert np.isnan(found[0]).all()
    assert_allclose(found[1], [0, 0, 1])


def test_no_crop_gives_no_row():
    assert embeddings(np.zeros((0, 112, 112, 3), np.uint8), Means(), Recognition(dimension=7)).shape == (0, 7)


@pytest.mark.parametrize(
    "crops", [np.zeros((112, 112, 3), np.uint8), np.zeros((1, 96, 96, 3), np.uint8), np.zeros((1, 112, 112, 3))]
)
def test_crops_of_another_shape_or_type_are_refused(crops):
    with pytest.raises(BadInput, match="crops must be uint8"):
        embeddings(crops, Means(), Recognition(dimension=3))

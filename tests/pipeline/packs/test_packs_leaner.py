"""What is rewritten for speed gives the same numbers, bit for bit, and what is not known is left alone."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper

from facelab.config import Runtime
from facelab.pipeline.packs import load_pack
from facelab.pipeline.packs.graphs import ready_graph
from facelab.pipeline.packs.leaner import leaner_graph
from facelab.pipeline.packs.store import verified_content
from facelab.pipeline.sessions import Model


def _model(nodes, weights, outputs, *, opset=11):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def _convolution(x, weight, y, **settings):
    return helper.make_node("Conv", [x, weight, f"{weight}_b"], [y], kernel_shape=[3, 3], pads=[1] * 4, **settings)


def _weights(rng, **channels):
    found = {}
    for name, (out, into) in channels.items():
        found[name] = rng.standard_normal((out, into, 3, 3))
        found[f"{name}_b"] = rng.standard_normal(out)
    return found


def _operators(content):
    return [node.op_type for node in onnx.load_model_from_string(content).graph.node]


def _same_outputs(before, after):
    x = np.random.default_rng(2).standard_normal((1, 3, 24, 40)).astype(np.float32)
    x[0, :, :2] = 0
    ours, theirs = (Model(content, Runtime(), place="g").outputs(x) for content in (after, before))
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs):
        assert_array_equal(left, right)


def _prelu(slope):
    rng = np.random.default_rng(1)
    nodes = [_convolution("x", "w", "a"), helper.make_node("PRelu", ["a", "s"], ["b"]), _convolution("b", "v", "y")]
    return _model(nodes, _weights(rng, w=(20, 3), v=(7, 20)) | {"s": np.asarray(slope)}, ["y"])


@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_prelu_in_blocks_gives_the_same_bits_whatever_the_slopes(spread):
    """Negative slopes, slopes over 1 and slopes of 0 included."""
    slope = spread * np.random.default_rng(3).standard_normal((20, 1, 1))
    slope[4] = 0
    before = _prelu(slope)
    after = leaner_graph(before)
    assert "PRelu" not in _operators(after)
    _same_outputs(before, after)


def test_a_prelu_with_one_slope_for_all_channels_is_left_alone():
    assert _operators(leaner_graph(_prelu([0.25]))) == ["Conv", "PRelu", "Conv"]


def test_a_prelu_behind_anything_but_a_convolution_is_left_alone():
    nodes = [helper.make_node("Sigmoid", ["x"], ["a"]), helper.make_node("PRelu", ["a", "s"], ["y"])]
    content = _model(nodes, {"s": np.full((3, 1, 1), 0.3)}, ["y"])
    assert _operators(leaner_graph(content)) == ["Sigmoid", "PRelu"]


def _heads(opset, second):
    rng = np.random.default_rng(4)
    nodes = [
        _convolution("x", "w", "a"),
        _convolution("a", "p", "y1"),
        _convolution("a", "q", "y2", **second),
        _convolution("a", "r", "y3"),
    ]
    sizes = {"w": (64, 3), "p": (2, 64), "q": (8, 64), "r": (20, 64)}
    return _model(nodes, _weights(rng, **sizes), ["y1", "y2", "y3"], opset=opset)


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_heads_on_one_input_become_one_convolution_with_the_same_bits(opset):
    before = _heads(opset, {})
    after = leaner_graph(before)
    assert _operators(after) == ["Conv", "Conv", "Split"]
    _same_outputs(before, after)


def test_convolutions_with_other_settings_are_not_joined_with_the_rest():
    before = _heads(11, {"strides": [2, 2]})
    after = leaner_graph(before)
    assert _operators(after).count("Conv") == 3
    _same_outputs(before, after)


def test_convolutions_that_fill_their_blocks_are_not_joined():
    nodes = [_convolution("x", "p", "y1"), _convolution("x", "q", "y2")]
    content = _model(nodes, _weights(np.random.default_rng(5), p=(16, 3), q=(32, 3)), ["y1", "y2"])
    assert _operators(leaner_graph(content)) == ["Conv", "Conv"]


def test_what_is_no_model_is_given_back_for_the_runtime_to_refuse():
    assert leaner_graph(b"no model") == b"no model"


@pytest.mark.models
@pytest.mark.parametrize("name", ["scrfd-mbf", "yunet-sface", "edgeface"])
def test_the_models_of_the_shipped_packs_give_the_same_bits(name):
    pack = load_pack(name)
    rng = np.random.default_rng(6)
    for file, shape in ((pack.spec.detector_file, (1, 3, 96, 160)), (pack.spec.recogniser_file, (1, 3, 112, 112))):
        before = ready_graph(verified_content(pack.folder, file, pack.spec), file.graph, place=file.file)
        x = rng.uniform(-1, 1, shape).astype(np.float32)
        sessions = [Model(content, Runtime(), place=file.file) for content in (before, leaner_graph(before))]
        for left, right in zip(*(model.outputs(x) for model in sessions)):
            assert_array_equal(left, right)

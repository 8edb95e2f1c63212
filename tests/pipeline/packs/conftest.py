"""Tiny ONNX models that behave as a detector and a recogniser, packs and wheels of them, and a cache of one's own."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facelab.pipeline.detection import Detector
from facelab.pipeline.embedding import Recognition
from facelab.pipeline.packs.spec import ModelFile, PackSpec


def _saved(graph) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def detector_graph() -> bytes:
    """Laid out like SCRFD: a cell's score is its brightness, its box two cells each way, its landmarks a cross."""
    points = np.array([[-0.5, -0.5], [0.5, -0.5], [0, 0], [-0.4, 0.5], [0.4, 0.5]]).reshape(-1)
    heads = {"score": (1, 1 / 6, 0.5, None), "bbox": (4, 0, 2.0, None), "kps": (10, 0, None, np.tile(points, 2))}
    nodes, weights, outputs = [], [], []
    for name, (width, gain, bias, biases) in heads.items():
        for stride in (8, 16, 32):
            key, channels = f"{name}_{stride}", 2 * width
            bias_array = np.full(channels, bias, np.float32) if biases is None else biases.astype(np.float32)
            weights.append(numpy_helper.from_array(np.full((channels, 3, 1, 1), gain, np.float32), f"{key}_w"))
            weights.append(numpy_helper.from_array(bias_array, f"{key}_b"))
            weights.append(numpy_helper.from_array(np.array([-1, width], np.int64), f"{key}_s"))
            nodes += [
                helper.make_node(
                    "AveragePool", ["image"], [f"{key}_p"], kernel_shape=[stride] * 2, strides=[stride] * 2
                ),
                helper.make_node("Conv", [f"{key}_p", f"{key}_w", f"{key}_b"], [f"{key}_c"]),
                helper.make_node("Transpose", [f"{key}_c"], [f"{key}_t"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{key}_t", f"{key}_s"], [key]),
            ]
            outputs.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, [f"cells_{key}", width]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    return _saved(helper.make_graph(nodes, "detector", [image], outputs, weights))


def recogniser_graph(gain: float = 1.0) -> bytes:
    """A crop's embedding is its mean colour in 4 x 4 fields, times `gain`: 48 values."""
    nodes = [
        helper.make_node("AveragePool", ["crop"], ["fields"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["fields"], ["flat"]),
        helper.make_node("Mul", ["flat", "gain"], ["embedding"], name="last"),
    ]
    crop = helper.make_tensor_value_info("crop", TensorProto.FLOAT, ["n", 3, 112, 112])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 48])
    weights = [numpy_helper.from_array(np.array([gain], np.float32), "gain")]
    return _saved(helper.make_graph(nodes, "recogniser", [crop], [embedding], weights))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def graphs() -> dict[str, bytes]:
    """The files of the tiny pack, by name."""
    return {"finder.onnx": detector_graph(), "knower.onnx": recogniser_graph()}


@pytest.fixture(scope="session")
def spec(graphs) -> PackSpec:
    """The specification of the tiny pack."""
    finder, knower = (ModelFile(file=name, sha256=sha256(content)) for name, content in graphs.items())
    return PackSpec(
        name="tiny",
        title="two tiny models",
        licence="public domain",
        restriction="",
        detector_file=finder,
        detector=Detector(kind="scrfd", colour="rgb", mean=127.5, scale=128.0, canvas="square"),
        recogniser_file=knower,
        recogniser=Recognition(colour="rgb", mean=127.5, scale=127.5, dimension=48, batch=8),
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch) -> Path:
    """An empty cache, an empty home, and a package index that holds nothing but what lies in ``index``."""
    for name in ("cache", "home", "index"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "cache"


@pytest.fixture
def raw(tmp_path: Path, graphs) -> Path:
    """A folder of the tiny models without a pack.json."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, content in graphs.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def stated(raw: Path, spec) -> Path:
    """A folder of the tiny models with a pack.json."""
    (raw / "pack.json").write_text(spec.model_dump_json())
    return raw


@pytest.fixture
def wheel(tmp_path: Path, graphs):
    """Puts a wheel ``tiny_faces`` of the tiny models into the package index; returns its path."""

    def made(contents: dict[str, bytes] = graphs) -> Path:
        path = tmp_path / "index" / "tiny_faces-1.0-py3-none-any.whl"
        info = "tiny_faces-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(f"tiny_faces/models/{name}", content)
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-faces\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return path

    return made


@pytest.fixture
def square() -> np.ndarray:
    """A black picture, 640 px wide, with one white cell of 32 px whose corner is at (320, 256)."""
    image = np.zeros((480, 640, 3), np.uint8)
    image[256:288, 320:352] = 255
    return image

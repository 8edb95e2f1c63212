"""A pack in a folder: loaded as its pack.json or InsightFace's loader reads it, or refused in one clear line."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from onnx import load_model, save_model

from facelab.config import Detection, Runtime
from facelab.errors import BadInput, PackError
from facelab.pipeline.packs import load_pack


def _refusal(folder: Path) -> str:
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_stated_pack_finds_and_embeds(stated, spec, square):
    pack = load_pack(stated)
    assert (pack.name, pack.licence, pack.dimension) == ("tiny", "public domain", 48)
    assert (pack.fingerprint, pack.files, pack.operational_use) == (spec.fingerprint, spec.files, True)
    faces = pack.detect(square, Detection(min_score=0.9))
    assert_array_equal(faces.box[faces.box[:, 2] - faces.box[:, 0] == 128], [[256, 192, 384, 320]])
    found = pack.embed(square, faces.landmarks)
    assert found.shape == (len(faces), 48)
    assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)


def test_a_face_that_cannot_be_aligned_is_nan_and_spares_its_neighbour(stated, square):
    pack = load_pack(str(stated))
    good = pack.detect(square).landmarks[:1]
    found = pack.embed(square, np.concatenate([np.full((1, 5, 2), 7.0), good]))
    assert np.isnan(found[0]).all()
    assert_array_equal(found[1:], pack.embed(square, good))


def test_no_face_is_no_embedding(stated, square):
    assert load_pack(stated).embed(square, np.zeros((0, 5, 2))).shape == (0, 48)


def test_a_pack_travels_to_a_worker_and_gives_the_same_there(stated, square):
    pack = load_pack(stated)
    faces = pack.detect(square)
    copy = pickle.loads(pickle.dumps(pack))
    assert len(pickle.dumps(pack)) < 3000
    assert copy.fingerprint == pack.fingerprint
    assert_array_equal(copy.detect(square).box, faces.box)
    assert_array_equal(copy.embed(square, faces.landmarks), pack.embed(square, faces.landmarks))


def test_threads_change_no_result(stated, square):
    one, two = load_pack(stated), load_pack(stated, Runtime(threads=2))
    faces = one.detect(square)
    assert_array_equal(two.detect(square).box, faces.box)
    assert_allclose(two.embed(square, faces.landmarks), one.embed(square, faces.landmarks), atol=1e-6)


def test_a_provider_that_is_not_here_is_passed_over(stated, square):
    pack = load_pack(stated, Runtime(providers=("QNNExecutionProvider", "CPUExecutionProvider")))
    assert pack.providers == ("CPUExecutionProvider",)
    assert len(pack.detect(square)) > 0


@pytest.mark.parametrize(
    ("provider", "text"), [("CudaProvider", "knows no provider 'CudaProvider'"), ("QNNExecutionProvider", "none of")]
)
def test_a_provider_that_cannot_be_had_is_refused(stated, square, provider, text):
    with pytest.raises(BadInput, match=text):
        load_pack(stated, Runtime(providers=(provider,))).detect(square)


def test_a_folder_without_statement_is_read_as_insightface_reads_it(raw, square):
    from insightface.app import FaceAnalysis

    pack = load_pack(raw)
    assert pack.licence == "not stated"
    assert not pack.operational_use
    assert (pack.spec.detector.mean, pack.spec.detector.scale) == (127.5, 128.0)
    theirs = FaceAnalysis(name=str(raw), providers=["CPUExecutionProvider"])
    theirs.prepare(-1, det_size=(640, 640))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = theirs.get(square)
    faces = pack.detect(square)
    assert len(faces) == len(expected) > 1
    assert_allclose(faces.box, [face.bbox for face in expected], atol=1e-3)
    assert_allclose(faces.landmarks, [face.kps for face in expected], atol=1e-3)
    cosine = (pack.embed(square, faces.landmarks) * [face.normed_embedding for face in expected]).sum(axis=1)
    assert cosine.min() > 0.999


def test_a_folder_in_a_folder_is_found(raw, tmp_path):
    """Some of InsightFace's archives hold a folder of the pack's name."""
    outer = tmp_path / "outer"
    outer.mkdir()
    raw.rename(outer / "inner")
    assert load_pack(outer).folder == outer / "inner"


def test_an_altered_file_is_named_with_both_hashes(stated, spec):
    path = stated / "knower.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    text = _refusal(stated)
    assert str(path) in text
    assert spec.recogniser_file.sha256 in text
    assert "altered" in text


def test_a_file_altered_after_loading_is_not_run(stated, square):
    pack = load_pack(stated)
    (stated / "finder.onnx").write_bytes(b"something else")
    with pytest.raises(PackError, match="altered"):
        pack.detect(square)


def test_two_swapped_files_are_told(stated):
    a, b = stated / "finder.onnx", stated / "knower.onnx"
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    assert "it holds what knower.onnx should: two files were swapped" in _refusal(stated)


def test_a_missing_file_is_named(stated):
    (stated / "knower.onnx").unlink()
    assert "knower.onnx" in _refusal(stated)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"licence": ""}, "licence"),
        ({"schema_version": 2}, "schema_version"),
        ({"colour": "rgb"}, "colour: Extra inputs are not permitted"),
        (None, "the file: Invalid JSON"),
    ],
)
def test_a_wrong_pack_json_names_the_field(stated, change, text):
    path = stated / "pack.json"
    path.write_text("{" if change is None else json.dumps(json.loads(path.read_text()) | change))
    assert text in _refusal(stated)


@pytest.mark.parametrize(
    ("left_out", "text"), [("knower.onnx", "there is no recogniser"), ("finder.onnx", "there is no detector")]
)
def test_a_folder_without_one_of_the_two_is_refused(raw, left_out, text):
    (raw / left_out).unlink()
    assert text in _refusal(raw)


def test_a_folder_with_a_file_that_is_no_model_is_refused(raw):
    (raw / "knower.onnx").write_bytes(b"<html>404</html>")
    assert "InsightFace cannot load it" in _refusal(raw)


def test_a_detector_without_landmarks_is_refused(raw):
    model = load_model(raw / "finder.onnx")
    del model.graph.output[6:]
    save_model(model, raw / "finder.onnx")
    assert "no SCRFD with five landmarks" in _refusal(raw)


def test_a_folder_without_models_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "a pack.json or ONNX files; here is neither" in _refusal(tmp_path / "empty")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert "there is no such folder" in _refusal(tmp_path / "nowhere")


def test_a_hashed_file_that_is_no_model_is_refused_when_it_is_used(stated, spec, square):
    import hashlib

    junk = b"no model at all"
    (stated / "finder.onnx").write_bytes(junk)
    content = spec.model_dump()
    content["detector_file"]["sha256"] = hashlib.sha256(junk).hexdigest()
    for graph, text in (("as_is", "ONNX Runtime cannot load"), ("free_size", "not an ONNX model")):
        content["detector_file"]["graph"] = graph
        (stated / "pack.json").write_text(json.dumps(content))
        with pytest.raises(PackError, match=text):
            load_pack(stated).detect(square)

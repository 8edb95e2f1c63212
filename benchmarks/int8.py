"""What 8 bits gain and cost: detector and recogniser quantised by ONNX Runtime, beside their 32 bits.

    python benchmarks/int8.py --folder results/demo/footage [--frames 60] [--crops 360]

Both models of the default pack are quantised statically (QDQ, weights by channel, ranges from 60 frames of the
generated people in FOLDER and their aligned faces), and run beside the 32-bit ones on one thread, call by call in
turns, so that the ratio of times holds on a busy machine. Errors of the detector: which faces of the 32-bit model it
finds again (IoU of .5 or more) on frames that calibrated nothing: the terminal's, and ChokePoint's where
FACELAB_RESEARCH_DATA has it. Errors of the recogniser: the cosine between both embeddings of a face, and d' of mated
and non-mated scores over all pairs of the footage's faces.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.config import Detection, Runtime
from facelab.data.losses import Losses
from facelab.data.manifest import read_manifest
from facelab.data.research import chokepoint
from facelab.errors import FacelabError
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.packs import load_pack
from facelab.pipeline.sessions import Model
from facelab.pipeline.truthjoin import iou

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from facelab.data.footage import Footage
    from facelab.pipeline.packs import Pack
    from facelab.types import Faces, Image

CALIBRATED_ON = 60
LEAST_IOU = 0.5
OPSET = 13
"""The first that knows weights by channel."""


class Recorded:
    """A model that keeps what it is given."""

    def __init__(self, model: Model) -> None:
        self.model, self.given, self.on_cpu, self.providers = model, [], model.on_cpu, model.providers

    def outputs(self, tensor: np.ndarray) -> list[np.ndarray]:
        """What the model gives for `tensor`."""
        self.given.append(tensor.copy())
        return self.model.outputs(tensor)


class Given:
    """Calibration data for ONNX Runtime: tensors one by one."""

    def __init__(self, name: str, tensors: Sequence[np.ndarray]) -> None:
        self.name, self.left = name, iter(tensors)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next tensor by the input's name; None after the last."""
        tensor = next(self.left, None)
        return None if tensor is None else {self.name: tensor}


def quantised(graph: bytes, tensors: Sequence[np.ndarray], *, signed: bool) -> bytes:
    """`graph` with 8-bit weights and activations, their ranges from `tensors`."""
    import onnx
    import onnx.version_converter
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    kind = QuantType.QInt8 if signed else QuantType.QUInt8
    with tempfile.TemporaryDirectory() as place:
        plain, ready, small = (Path(place) / f"{name}.onnx" for name in ("plain", "ready", "small"))
        model = onnx.version_converter.convert_version(onnx.load_from_string(graph), OPSET)
        onnx.save(model, plain)
        quant_pre_process(plain, ready, skip_symbolic_shape=True)
        name = onnx.load(ready).graph.input[0].name
        quantize_static(
            ready, small, Given(name, tensors), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=kind, weight_type=QuantType.QInt8,
        )  # fmt: skip
        return small.read_bytes()


def frames_of(footage: Footage, count: int) -> Iterator[Image]:
    """At most `count` frames of `footage`, spread over its clips."""
    each = -(-count // len(footage.clips))
    for clip in footage.clips:
        yield from (frame.image for frame in itertools.islice(clip.source.frames(Losses()), 20, 20 + 10 * each, 10))


def faces_and_people(footage: Footage, pack: Pack, count: int) -> tuple[Image, np.ndarray]:
    """Aligned faces of known people, one a person and clip at most, and who each is."""
    crops, people = [], []
    truth, each = footage.truth, -(-count // len(footage.clips))
    for clip in footage.clips:
        seen: set[str] = set()
        for frame in itertools.islice(clip.source.frames(Losses()), 20, 400, 4):
            at = (truth.camera == clip.camera) & (truth.frame == clip.first_frame + frame.index)
            faces = pack.detect(frame.image)
            if not at.any() or not len(faces.score):
                continue
            overlap = iou(faces.box, truth.box[at])
            for row, best in enumerate(overlap.argmax(axis=1)):
                who = str(truth.subject_id[at][best])
                if overlap[row, best] >= LEAST_IOU and who not in seen and len(seen) < each:
                    seen.add(who)
                    crops.append(aligned_crops(frame.image, similarity(faces.landmarks[row : row + 1]))[0])
                    people.append(who)
    return np.stack(crops[:count]), np.array(people[:count])


def found_again(ours: Faces, theirs: Faces) -> tuple[int, int, list[float]]:
    """Faces of `ours` that `theirs` has, faces that only `theirs` has, and how far the boxes lie apart, px."""
    if not len(ours.score) or not len(theirs.score):
        return 0, len(theirs.score), []
    overlap = iou(ours.box, theirs.box)
    hit = overlap.max(axis=1) >= LEAST_IOU
    apart = np.abs(ours.box - theirs.box[overlap.argmax(axis=1)]).max(axis=1)[hit]
    return int(hit.sum()), int((overlap.max(axis=0) < LEAST_IOU).sum()), apart.tolist()


def in_turns(models: dict[str, Any], tensors: Sequence[np.ndarray]) -> dict[str, float]:
    """Median processor time of a call of each model, ms; the models take turns."""
    taken: dict[str, list[float]] = {name: [] for name in models}
    for tensor in tensors:
        for name, model in models.items():
            started = time.process_time()
            model.outputs(tensor)
            taken[name].append(time.process_time() - started)
    return {name: 1000 * statistics.median(times[3:]) for name, times in taken.items()}


def separation(embedding: np.ndarray, people: np.ndarray) -> str:
    """Means of the mated and non-mated scores of all pairs, and d', their distance in standard deviations."""
    first, second = np.triu_indices(len(people), 1)
    score, mated = (embedding @ embedding.T)[first, second], people[first] == people[second]
    inside, outside = score[mated], score[~mated]
    distance = (inside.mean() - outside.mean()) / np.sqrt((inside.var() + outside.var()) / 2)
    means = f"mated mean {inside.mean():.3f} ({len(inside)}), non-mated {outside.mean():.3f} ({len(outside)})"
    return f"{means}, d' {distance:.2f}"


def detector_costs(pack: Pack, versions: dict[str, Model], name: str, images: Sequence[Image]) -> None:
    """Print which faces of the 32-bit detector each version finds again, and how fast."""
    plain, settings = versions["32 bits"], Detection()
    recorded = Recorded(plain)
    pack.__dict__["_detector"] = recorded
    ours = [pack.detect(image, settings) for image in images]
    taken = in_turns(versions, recorded.given)
    total = sum(len(faces.score) for faces in ours)
    for version, model in versions.items():
        pack.__dict__["_detector"] = model
        pairs = [found_again(mine, pack.detect(image, settings)) for mine, image in zip(ours, images)]
        again, more = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        apart = np.median([value for pair in pairs for value in pair[2]] or [np.nan])
        ratio = taken["32 bits"] / taken[version]
        print(
            f"detector, {name}, {version:18} {taken[version]:6.1f} ms a frame ({ratio:4.2f} x)  "
            f"{again} of {total} faces again, {more} others, boxes {apart:.2f} px apart",
            flush=True,
        )
    pack.__dict__["_detector"] = plain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="a rendered footage")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--crops", type=int, default=360)
    given = parser.parse_args()
    pack, footage = load_pack("scrfd-mbf", Runtime()), read_manifest(given.folder / "footage.yaml")
    spec = pack.spec
    shown = list(frames_of(footage, CALIBRATED_ON + given.frames))
    calibrating, measuring = shown[::2][:CALIBRATED_ON], shown[1::2][: given.frames]

    plain = {part: pack.__dict__.get(part) or getattr(pack, part) for part in ("_detector", "_recogniser")}
    seen = {part: Recorded(model) for part, model in plain.items()}
    pack.__dict__.update(seen)
    crops, people = faces_and_people(footage, pack, given.crops)
    for image in calibrating:
        pack.detect(image)
    pack.embed_aligned(crops[:CALIBRATED_ON])
    pack.__dict__.update(plain)
    tensors = {"_detector": seen["_detector"].given[-CALIBRATED_ON:], "_recogniser": seen["_recogniser"].given}
    files = {"_detector": spec.detector_file, "_recogniser": spec.recogniser_file}
    versions = {
        part: {"32 bits": plain[part]}
        | {
            f"8 bits, {word}": Model(
                quantised((pack.folder / files[part].file).read_bytes(), tensors[part], signed=word == "signed"),
                Runtime(),
                place=word,
            )
            for word in ("signed", "unsigned")
        }
        for part in plain
    }

    detector_costs(pack, versions["_detector"], "terminal", measuring)
    try:
        detector_costs(pack, versions["_detector"], "ChokePoint", list(frames_of(chokepoint(), given.frames)))
    except FacelabError as reason:
        print(f"ChokePoint: {reason}")

    measured = crops[CALIBRATED_ON:]
    recorded = Recorded(plain["_recogniser"])
    pack.__dict__["_recogniser"] = recorded
    pack.embed_aligned(measured)
    taken = in_turns(versions["_recogniser"], recorded.given)
    base = None
    for version, model in versions["_recogniser"].items():
        pack.__dict__["_recogniser"] = model
        embedding = pack.embed_aligned(crops)
        base = embedding if base is None else base
        cosine = (embedding * base).sum(axis=1)
        print(
            f"recogniser, {version:18} {taken[version]:6.1f} ms a face ({taken['32 bits'] / taken[version]:4.2f} x)  "
            f"cosine to 32 bits {np.median(cosine):.4f}, {cosine.min():.4f} at least; {separation(embedding, people)}",
            flush=True,
        )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

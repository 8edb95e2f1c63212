"""A toy pack and toy footage: people are coloured squares, and the toy recogniser knows them by their colour.

The detector reads no picture: frames carry their number in a corner pixel, and the pack was told what each holds. The
recogniser does read pictures: its embedding is the mean colour of the aligned crop.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from facelab.pipeline.alignment import TEMPLATE
from facelab.types import Faces, Frame

HEIGHT, WIDTH = 120, 320
COLOURS = {"ann": (250, 20, 20), "bob": (20, 250, 20), "cy": (20, 20, 250), "dee": (230, 230, 20)}


def faces_at(boxes, score=0.9):
    """Faces whose landmarks lie in their boxes as the template lies in its crop."""
    box = np.asarray(boxes, np.float32).reshape(-1, 4)
    side = (box[:, 2:] - box[:, :2])[:, None]
    scores = np.broadcast_to(np.asarray(score, np.float32), (len(box),))
    return Faces(box, scores, box[:, None, :2] + TEMPLATE[None] / 112 * side)


def picture(number, people):
    """The picture of frame `number`: each of `people` (name, box) a textured square of their colour."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for name, (x1, y1, x2, y2) in people:
        patch = image[int(y1) : int(y2), int(x1) : int(x2)]
        checks = (np.add.outer(np.arange(patch.shape[0]), np.arange(patch.shape[1])) // 3) % 2
        patch[:] = np.where(checks[..., None], np.array(COLOURS[name]), np.array(COLOURS[name]) // 2)
    image[-1, -1] = (number % 256, number // 256, 7)
    return image


@dataclass
class ToyPack:
    """Finds what it was told of, by frame number; knows people by colour."""

    seen: dict[int, list] = field(default_factory=dict)
    fingerprint: str = "toy-pack"
    name: str = "toy"
    dimension: int = 4
    score: float = 0.9
    pause_s: float = 0.0
    detect_calls: int = 0
    embedded: int = 0
    lock: object = field(default_factory=threading.Lock)

    def detect(self, image, settings=None):
        with self.lock:
            self.detect_calls += 1
        time.sleep(self.pause_s)
        low, high, _ = image[-1, -1].tolist()
        return faces_at([box for _, box in self.seen.get(low + 256 * high, [])], self.score)

    def embed_aligned(self, crops):
        with self.lock:
            self.embedded += len(crops)
        mean = crops[:, 10:-10, 10:-10].reshape(len(crops), -1, 3).mean(axis=1)
        vectors = np.column_stack([mean, np.full(len(crops), 40.0)]).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed(self, image, landmarks):
        from facelab.pipeline.alignment import aligned_crops, similarity

        return self.embed_aligned(aligned_crops(image, similarity(landmarks)))


@dataclass
class ToySource:
    """Frames of `people` by frame number."""

    people: dict[int, list]
    n: int
    camera: str = "gate"
    fps: float = 10.0
    live: bool = False
    first_number: int = 0
    fails_at: int | None = None
    frames_read: int = 0

    @property
    def digest(self):
        return None if self.live else hashlib.sha256(repr((sorted(self.people.items()), self.n)).encode()).hexdigest()

    @property
    def frames_expected(self):
        return self.n

    def frames(self, losses):
        for k in range(self.n):
            if k == self.fails_at:
                losses.frames_lost += 1
                losses.name(f"frame {k} is corrupt")
                continue
            losses.frames_read += 1
            self.frames_read += 1
            number = k + self.first_number
            yield Frame(k, k / self.fps, self.camera, picture(number, self.people.get(number, [])))


def walk(name, start, frames, *, x=10.0, step=6.0, y=20.0, side=50.0):
    """(frame, (name, box)) of a person who walks to the right."""
    for i in range(frames):
        left = x + step * i
        yield start + i, (name, (left, y, left + side, y + side))


def people_of(*walks):
    """What each frame holds, of several walks."""
    seen: dict[int, list] = {}
    for steps in walks:
        for frame, person in steps:
            seen.setdefault(frame, []).append(person)
    return seen


def truth_rows(seen, camera="gate"):
    """(camera, frame, passage, subject, box) of everybody in `seen`."""
    return [(camera, frame, f"{camera}-{name}", name, box) for frame, row in seen.items() for name, box in row]


def truth_of(rows):
    """The truth of `truth_rows`."""
    from facelab.data.truth import Truth

    camera, frame, passage, subject, box = zip(*rows)
    return Truth(
        np.array(camera),
        np.array(frame),
        np.array(passage),
        np.array(subject),
        np.array(box, np.float32).reshape(-1, 4),
    )

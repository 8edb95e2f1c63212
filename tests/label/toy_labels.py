"""A small footage whose people are known to the test and not to the code: squares of colour, made-up templates."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "pipeline"))  # the toy footage

from toy_pipeline import ToySource, people_of, walk

from facelab.data.footage import Clip, Footage
from facelab.data.losses import Losses
from facelab.label import Anchors, Grounds, Groups, Material, Scores, material_of, proposed_groups
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.types import Gallery, Templates, Tracks

D = 64
NAMES = ("ann", "bob", "cy", "dee")


def unit(values):
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


def face(vector, rng, noise=0.55):
    """A template of the person with this vector: similarity about 1 / (1 + noise^2) to another of theirs."""
    return unit(vector + noise * rng.normal(size=vector.shape) / np.sqrt(D))


@dataclass
class World:
    """What a test needs: footage, passages, who is who (by track), and everything made of it."""

    footage: Footage
    passages: Passages
    who: dict[str, str]
    material: Material
    anchors: Anchors
    groups: Groups
    gallery: Gallery
    scores: Scores
    vectors: dict[str, np.ndarray]

    @property
    def grounds(self) -> Grounds:
        return Grounds(self.material, self.groups, self.scores, np.full(len(self.material), np.nan))

    def rows(self, name: str) -> list[int]:
        return [k for k, track in enumerate(self.material.sample_id.tolist()) if self.who[track] == name]


def tracks_of(spans):
    """Observations of tracks: (camera, first frame, last frame, x) each, a tenth of a second a frame."""
    rows = [
        (camera, frame, number, [x + 3.0 * (frame - first), 20.0, x + 3.0 * (frame - first) + 50.0, 70.0])
        for number, (camera, first, last, x) in enumerate(spans)
        for frame in range(first, last + 1)
    ]
    rows.sort(key=lambda row: (row[0], row[1], row[2]))
    camera, frame, number, box = zip(*rows)
    n = len(rows)
    quality = np.random.default_rng(5).uniform(0.3, 0.9, n)
    return Tracks(
        np.array(camera), np.array(frame), np.array(frame) / 10.0, np.array(number), np.array(box, np.float32),
        np.full(n, 0.9), quality, np.zeros((n, 5, 2)),
    )  # fmt: skip


def world(people=30, visits=3, seed=1, *, wanted=6, noise=0.55, frames=10):
    """`people` who come `visits` times each to one camera, one after the other; `wanted` of them are enrolled."""
    rng = np.random.default_rng(seed)
    vectors = {f"v{k:03d}": unit(rng.normal(size=D)) for k in range(people)}
    order = [name for _ in range(visits) for name in rng.permutation(sorted(vectors)).tolist()]
    spans = [("gate", 60 * k, 60 * k + frames - 1, 10.0) for k in range(len(order))]
    seen = people_of(*(walk(NAMES[int(n[1:]) % 4], 60 * k, frames, step=3.0) for k, n in enumerate(order)))
    source = ToySource(seen, 60 * len(order))
    tracks = tracks_of(spans)
    return _world(Footage("toy", (Clip(source),), synthetic=True), tracks, order, vectors, rng, wanted, noise)


def _world(footage, tracks, order, vectors, rng, wanted, noise):
    names = [f"gate/{k}" for k in range(len(order))]
    n = len(names)
    embedding = np.stack([face(vectors[who], rng, noise) for who in order])
    start = np.array([tracks.time_s[tracks.track_id == k].min() for k in range(n)])
    end = np.array([tracks.time_s[tracks.track_id == k].max() for k in range(n)])
    attributes = {
        "camera": np.full(n, "gate"), "passage": np.array(names), "start_s": start, "end_s": end,
        "width_px": np.full(n, 50.0),
    }  # fmt: skip
    templates = Templates(
        np.array(names), np.full(n, ""), embedding, np.ones(n), np.ones(n, np.int64), "toy", attributes
    )
    none = templates.take(np.zeros(0, np.int64))
    passages = Passages(tracks, templates, none, Losses(), PassageCounts(), "toy", synthetic=True)
    material, anchors = material_of(footage, passages)
    enrolled = sorted(vectors)[:wanted] + [f"x{k:03d}" for k in range(40)]
    own = [vectors[e] if e in vectors else unit(rng.normal(size=D)) for e in enrolled]
    references = np.stack([face(vector, rng, noise) for vector in own])
    m = len(enrolled)
    photographs = Templates(
        np.array([f"{e}/1" for e in enrolled]), np.array(enrolled), references, np.ones(m), np.ones(m, np.int64), "toy"
    )
    gallery = Gallery(photographs, np.array(enrolled))
    groups = proposed_groups(material, np.random.default_rng(0))
    scores = Scores(material, gallery, np.random.default_rng(0))
    return World(footage, passages, dict(zip(names, order)), material, anchors, groups, gallery, scores, vectors)

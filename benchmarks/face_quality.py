"""What each measure of quality is worth: errors against discarded faces, on real faces, and which weights follow.

    python benchmarks/face_quality.py

ChokePoint: every labelled face before the last second of its passage against the template of that second (the eight
best faces, pooled): 24 people who come nearer, so that size, blur, pose and light all change. Congress: the portraits
of the members with one of each year, ten years apart, against each other. Each measure, and each weighting of them

    q = size^a pose^b sharpness^c score^d, a + b + c + d = 1,

discards the lowest fifth, at thresholds at which 5, 10 and 20 % of all are missed. The gain is the share of what
discarding could win (`facelab.stats.quality.DiscardCurve.gain`: 1 ideal, 0 like chance), the mean of the three; its
interval is a bootstrap over people, and so is that of the difference to equal weights, on the same people. Needs the
research data; the tables are markdown (docs/tracking.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from labelled_faces import MEASURES, LabelledFaces, labelled_faces

from facelab.config import Detection
from facelab.data.images import read_image
from facelab.data.research import chokepoint, congress_portraits
from facelab.pipeline.alignment import aligned_crops, similarity
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.quality import face_quality
from facelab.pipeline.templates import pooled
from facelab.stats.quality import discard_curve

if TYPE_CHECKING:
    from facelab.types import Floats, Strings

MISSED = (0.05, 0.1, 0.2)
DISCARDED = 0.2
REFERENCE_S = 1.0
REPEATS = 200
WEIGHTS = {
    **{name: np.eye(4)[k] for k, name in enumerate(MEASURES)},
    "equal": np.full(4, 1 / 4),
    "without size": np.array([0, 1, 1, 1]) / 3,
    "without pose": np.array([1, 0, 1, 1]) / 3,
    "without sharpness": np.array([1, 1, 0, 1]) / 3,
    "without score": np.array([1, 1, 1, 0]) / 3,
    "score twice": np.array([1, 1, 1, 2]) / 5,
    "score four times": np.array([1, 1, 1, 4]) / 7,
}
HEAD = "| quality | gain | 95 % interval | against equal weights | 95 % interval |"


@dataclass(frozen=True, eq=False)
class Mated:
    """m mated comparisons: score (m,), the measures of the worse face (m, 4, by weighting later both), and whose."""

    score: Floats
    measures: tuple[Floats, ...]
    subject: Strings


def chokepoint_faces(faces: LabelledFaces) -> Mated:
    """Each face against its person's last second."""
    score = np.full(len(faces.width), np.nan)
    for passage in np.unique(faces.passage):
        rows = np.flatnonzero(faces.passage == passage)
        late = faces.time_s[rows] > faces.time_s[rows[-1]] - REFERENCE_S
        best = rows[late][np.argsort(-faces.combined[rows[late]], kind="stable")[:8]]
        reference, _ = pooled(faces.embedding[best], faces.combined[best], "quality_weighted")
        score[rows[~late]] = faces.embedding[rows[~late]] @ reference
    early = np.isfinite(score)
    return Mated(score[early], (faces.measures[early],), faces.subject[early])


def congress_pairs(pack: Pack) -> Mated:
    """The two portraits of each member who has two."""
    found: dict[str, list[tuple[Floats, Floats]]] = {}
    photographs = congress_portraits().photographs
    both = {p.subject_id for p in photographs if p.attributes["year"] == "2014"}
    both &= {p.subject_id for p in photographs if p.attributes["year"] == "2024"}
    for photograph in photographs:
        if photograph.subject_id not in both:
            continue
        image = read_image(photograph.path)
        faces = pack.detect(image, Detection())
        if len(faces):
            faces = faces.take(np.array([int(np.argmax(faces.box[:, 2] - faces.box[:, 0]))]))
            crops = aligned_crops(image, similarity(faces.landmarks))
            quality = face_quality(faces, crops)
            measures = np.array([getattr(quality, name)[0] for name in MEASURES])
            found.setdefault(photograph.subject_id, []).append((measures, pack.embed_aligned(crops)[0]))
    pairs = {subject: two for subject, two in found.items() if len(two) == 2}
    one, other = ([two[side] for two in pairs.values()] for side in range(2))
    score = np.array([float(a[1] @ b[1]) for a, b in zip(one, other)])
    return Mated(score, (np.stack([a[0] for a in one]), np.stack([b[0] for b in other])), np.array(list(pairs)))


def gain(mated: Mated, weights: Floats, rows: Floats) -> float:
    """The mean share of what discarding could win, of the comparisons `rows`."""
    sides = [np.exp(np.log(np.maximum(m[rows], 1e-6)) @ weights) for m in mated.measures]
    quality, score = np.min(sides, axis=0), mated.score[rows]
    curves = [
        discard_curve(score, quality, quality, float(np.quantile(score, missed)), mated.subject[rows])
        for missed in MISSED
    ]
    return float(np.mean([curve.gain(DISCARDED) for curve in curves]))


def table(name: str, mated: Mated) -> None:
    """Print the gain of each weighting."""
    people, person = np.unique(mated.subject, return_inverse=True)
    rows_of = [np.flatnonzero(person == k) for k in range(len(people))]
    everyone = np.arange(len(mated.score))
    rng = np.random.default_rng(1)
    samples = [np.concatenate([rows_of[k] for k in rng.integers(0, len(people), len(people))]) for _ in range(REPEATS)]
    equal = np.array([gain(mated, WEIGHTS["equal"], rows) for rows in samples])
    print(f"\n{name}: {len(mated.score):,} mated comparisons of {len(people)} people\n\n{HEAD}")
    print("| --- " * (HEAD.count("|") - 1) + "|", flush=True)
    whole = gain(mated, WEIGHTS["equal"], everyone)
    for title, weights in WEIGHTS.items():
        own, drawn = gain(mated, weights, everyone), np.array([gain(mated, weights, rows) for rows in samples])
        low, high = np.quantile(drawn, [0.025, 0.975])
        least, most = np.quantile(drawn - equal, [0.025, 0.975])
        print(f"| {title} | {own:.2f} | {low:.2f} to {high:.2f} | {own - whole:+.2f} | {least:+.2f} to {most:+.2f} |")


def main() -> None:
    """Print both tables."""
    pack = load_pack("scrfd-mbf")
    table("ChokePoint", chokepoint_faces(labelled_faces(chokepoint(), pack)))
    table("Congress", congress_pairs(pack))


if __name__ == "__main__":
    main()

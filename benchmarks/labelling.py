"""Proposed people: how good they are on footage whose names are hidden, and what many passages cost.

python benchmarks/labelling.py --footage            # the demo's terminal, smaller; renders it once
python benchmarks/labelling.py --passages 20000     # made-up faces: processor time and memory
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter

import numpy as np

from facelab.experiments.labelling import Labelling
from facelab.experiments.study import open_study
from facelab.label import Grounds, Groups, Labels, Material, Scores, open_questions, proposed_groups
from facelab.types import Gallery, Templates

SIZE = {"footage.unknown": 60, "footage.wanted": 20}


def quality(groups: Groups, who: np.ndarray) -> None:
    """Precision and recall over pairs, and how often a membership of each certainty is right."""
    upper = np.triu_indices(len(who), 1)
    same, put = ((a[:, None] == a[None])[upper] for a in (who, groups.group))
    print(groups.summary())
    print(f"precision {(same & put).sum() / put.sum():.3f}, recall {(same & put).sum() / same.sum():.3f}")
    main = [Counter(who[groups.group == k].tolist()).most_common(1)[0][0] for k in range(len(groups))]
    right = np.array([main[k] == name for k, name in zip(groups.group, who)])
    for low, high in ((0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 0.999), (0.999, 1.01)):
        held = (groups.certainty >= low) & (groups.certainty < high)
        print(f"certainty {low} to {high}: {held.sum()} memberships, {right[held].sum()} right")


def on_footage(workspace: str) -> None:
    """The terminal without its names, against them."""
    study = open_study("demo", workspace=workspace, overrides=SIZE)
    known = study.passages
    named = {
        name: subject or f"?{passage}"
        for part in (known.templates, known.unmatched)
        for name, subject, passage in zip(
            part.sample_id.tolist(), part.subject_id.tolist(), part.attributes["passage"].tolist()
        )
    }
    bare = Labelling(study, own_names="ignore")
    quality(bare.grounds.groups, np.array([named[name] for name in bare.material.sample_id.tolist()]))


def many(n: int, d: int = 512) -> None:
    """`n` passages of people who come four times each, against 1,000 enrolled people."""
    rng = np.random.default_rng(0)

    def faces(vectors: np.ndarray) -> np.ndarray:
        made = vectors + 0.3 * rng.normal(size=vectors.shape)
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)

    people = rng.normal(size=(n // 4, d))
    names, frame = np.array([f"gate/{k}" for k in range(n)]), np.arange(n) * 50
    material = Material(
        names, np.full(n, ""), faces(np.repeat(people, 4, axis=0)[:n]), np.zeros(n, np.int64), frame, frame + 9,
        frame / 10, frame / 10 + 0.9, np.full(n, 50.0), np.arange(n), names,
    )  # fmt: skip
    ids = np.array([f"e{k}" for k in range(1000)])
    enrolled = faces(np.vstack([people[:500], rng.normal(size=(1000 - len(people[:500]), d))]))
    gallery = Gallery(Templates(ids, ids, enrolled, np.ones(1000), np.ones(1000, np.int64), "made up"), ids)
    start = time.process_time()
    groups = proposed_groups(material, rng)
    print(f"{n:,} passages: {len(groups):,} people in {time.process_time() - start:.1f} s of processor time")
    grounds = Grounds(material, groups, Scores(material, gallery, rng), np.full(n, np.nan))
    start = time.process_time()
    open_questions(grounds, Labels())
    print(f"the next questions: {time.process_time() - start:.3f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--footage", action="store_true")
    parser.add_argument("--workspace", default="")
    parser.add_argument("--passages", type=int, default=0)
    asked = parser.parse_args()
    if asked.footage:
        on_footage(asked.workspace)
    if asked.passages:
        many(asked.passages)


if __name__ == "__main__":
    main()

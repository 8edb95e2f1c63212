"""A made-up departures hall: people are unit vectors, their faces the same with noise; no model and no picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from facelab.experiments.sources import Enrolment
from facelab.experiments.study import Study, open_study
from facelab.matching import match
from facelab.pipeline.passages import PassageCounts, Passages
from facelab.pipeline.track_faces import TrackFaces
from facelab.types import Gallery, Templates, Tracks

CAMERAS = ("entrance", "queue", "gate")
FACES, STEP_S, PACK, WIDTH = 5, 0.8, "b" * 64, 48
EVIDENCE = {
    "footage": "terminal", "footage_digest": "c" * 64, "cameras": list(CAMERAS), "watchlist_digest": "d" * 64,
    "enrolled": 0, "references": 0, "failed_to_enrol": 0, "passages": 0, "missed": 0, "failed": 0, "unmatched": 0,
    "frames": 1000, "faces": 5000, "pack": "scrfd-mbf", "pack_fingerprint": PACK, "pack_licence": "research",
    "synthetic": True,
}  # fmt: skip


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def hall(
    folder: Path, *, strangers: int = 80, wanted: int = 16, noise: float = 0.9, others: int = 40, **overrides: Any
) -> Study:
    """A study whose people walked past three cameras, 45 s apart, seen for 4 s each with five faces."""
    rng = np.random.default_rng(4)
    names = [f"w{i:02d}" for i in range(wanted)] + [f"u{i:03d}" for i in range(strangers)]
    people = unit(rng.normal(size=(len(names) + others, WIDTH)))
    listed = [*names[:wanted], *(f"d{i:02d}" for i in range(others))]
    photographs = people[[*range(wanted), *range(len(names), len(people))]]
    gallery = Gallery(_templates([f"{n}/1" for n in listed], listed, photographs), np.array(listed))
    rows: dict[str, list[Any]] = {name: [] for name in ("camera", "frame", "time", "track", "who")}
    faces, start, end, subjects = [], [], [], []
    for c, camera in enumerate(CAMERAS):
        for i, name in enumerate(names):
            begun = 5.0 * i + 45.0 * c
            seen = begun + STEP_S * np.arange(FACES + 1)
            for k, moment in enumerate(seen):
                rows["camera"].append(camera)
                rows["frame"].append(round(moment * 12.5))
                rows["time"].append(moment)
                rows["track"].append(i)
                rows["who"].append((c, i, k))
            faces.append(unit(people[i] + rng.normal(size=(FACES, WIDTH)) * noise / np.sqrt(WIDTH)))
            start.append(begun)
            end.append(float(seen[-1]))
            subjects.append(name)
    n = len(rows["frame"])
    tracks = Tracks(
        rows["camera"], rows["frame"], rows["time"], rows["track"], np.tile([0, 0, 60, 60], (n, 1)), np.ones(n),
        np.full(n, 0.8), np.zeros((n, 5, 2)),
    )  # fmt: skip
    ids = [f"{camera}/{i}" for camera in CAMERAS for i in range(len(names))]
    attributes = {
        "camera": np.array([name.split("/")[0] for name in ids]), "passage": np.array(ids), "start_s": np.array(start),
        "end_s": np.array(end), "width_px": np.full(len(ids), 60.0),
    }  # fmt: skip
    pooled = unit(np.stack([part.mean(axis=0) for part in faces]))
    none = {name: value[:0] for name, value in attributes.items()}
    passages = Passages(
        tracks, _templates(ids, subjects, pooled, attributes), _templates([], [], pooled[:0], none), None,
        PassageCounts(), "hall", synthetic=True,
    )  # fmt: skip
    known = np.flatnonzero([who[2] < FACES for who in rows["who"]])
    study = open_study("departures_watchlist", workspace=folder, overrides=overrides)
    study.__dict__ |= {"passages": passages, "_enrolment": Enrolment(gallery, None, "d" * 64)}
    study.__dict__["comparisons"] = match(passages, gallery)
    study.__dict__["single"] = TrackFaces(known, np.array(rows["time"])[known], np.concatenate(faces), hindsight=True)
    study.__dict__["pack"] = study.__dict__["footage"] = None
    from facelab.pipeline import tables

    tables.write_comparisons(study.workspace.comparisons, study.comparisons)
    study.workspace.evidence.write_text(json.dumps({"key": study._key, **EVIDENCE}))
    return study


def _templates(ids: Any, subjects: Any, vectors: np.ndarray, attributes: Any = None) -> Templates:
    k = len(ids)
    return Templates(ids, subjects, vectors, np.full(k, 0.8), np.full(k, FACES), PACK, attributes or {})

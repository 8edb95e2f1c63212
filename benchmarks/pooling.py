"""What a template is made of: FNIR at one FPIR for each way of pooling and each number of faces embedded a passage.

    python benchmarks/pooling.py [--unknown 60 --wanted 30 --seed 20261101 --cameras gate]

ChokePoint: the reference of each of the 24 people is made of the faces of the last second of their passage, near the
camera; what is left of the passage is the probe; in a second table only its first second is, some 25 px wide and as far
as the detector sees. The watchlist holds the 24 and the Congress portraits.
Each probe is searched twice: mated, and, with the person's own reference taken out, non-mated. That is one camera and
one minute: optimistic, and alike for every row. Synthetic terminal: enrolment photographs of the wanted against every
passage; generated people, so the rows compare and say nothing of a site.

The faces of a passage are those the truth gives it, so that the tracker does not speak here; K of them are chosen as
the pipeline does (`facelab.pipeline.selection`). The intervals are person-level, at 95 %. The tables are markdown
(docs/tracking.md).
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from labelled_faces import LabelledFaces, chosen, labelled_faces

from facelab.config import TerminalFootage
from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.photographs import Photograph, Photographs
from facelab.data.research import chokepoint, congress_portraits, research_folder
from facelab.data.terminal import render_terminal
from facelab.gallery import enrol_photographs
from facelab.pipeline.packs import Pack, load_pack
from facelab.pipeline.templates import pooled
from facelab.stats.openset import open_set_curve
from facelab.types import Comparisons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.types import Floats, Gallery, Ints

METHODS = ("quality_weighted", "mean", "best", "medoid")
FACES = (1, 2, 3, 5, 8, 16, 100_000)
REFERENCE_S = 1.0
HEAD = (
    "| faces at most | pooling | embedded a passage | mated score, median | lowest | strangers' best, median | FNIR |"
)


@dataclass(frozen=True, eq=False)
class Search:
    """The probes' rows of faces, by passage, and the gallery: embeddings (r, d), whose (r,), and who is enrolled."""

    faces: LabelledFaces
    probes: Mapping[str, Ints]
    reference: Floats
    reference_subject: Floats
    own_is_reference: bool
    target: float
    limits: tuple[int, ...] = FACES


def chokepoint_search(faces: LabelledFaces, gallery: Gallery, first_s: float = np.inf) -> Search:
    """Everybody's last second as reference, of what was before it the first `first_s` as probe."""
    probes, own, names = {}, [], []
    for passage in np.unique(faces.passage):
        rows = np.flatnonzero(faces.passage == passage)
        late = faces.time_s[rows] > faces.time_s[rows[-1]] - REFERENCE_S
        early = faces.time_s[rows] < faces.time_s[rows[0]] + first_s
        probes[str(passage)] = rows[early & ~late]
        reference = chosen(faces, rows[late], 8)
        own.append(pooled(faces.embedding[reference], faces.combined[reference], "quality_weighted")[0])
        names.append(str(faces.subject[rows[0]]))
    usable = ~gallery.templates.failed
    return Search(
        faces,
        probes,
        np.vstack([own, gallery.templates.embedding[usable]]),
        np.concatenate([names, gallery.templates.subject_id[usable]]),
        own_is_reference=True,
        target=0.05,
    )


def terminal_search(pack: Pack, terminal: TerminalFootage, folder: Path) -> Search:
    """The enrolment photographs of the wanted, and everybody's passages."""
    people = SyntheticPeople(default_people_folder())
    faces = labelled_faces(render_terminal(terminal, folder), pack, FACES[:-1])
    gallery = terminal_gallery(people, terminal, pack)
    usable = ~gallery.templates.failed
    return Search(
        faces,
        {str(p): np.flatnonzero(faces.passage == p) for p in np.unique(faces.passage)},
        gallery.templates.embedding[usable],
        gallery.templates.subject_id[usable],
        own_is_reference=False,
        target=0.05,
        limits=FACES[:-1],
    )


def terminal_gallery(people: SyntheticPeople, terminal: TerminalFootage, pack: Pack) -> Gallery:
    """The watchlist of a synthetic terminal."""
    named = people.watchlist(500, wanted=terminal.wanted)
    photographs = [
        Photograph(path.relative_to(people.folder).as_posix(), subject, path)
        for subject, paths in named.items()
        for path in paths
    ]
    return enrol_photographs(Photographs(people.folder, tuple(photographs)), pack)


def line(search: Search, limit: int, method: str) -> str:
    """One line of the table."""
    faces, names = search.faces, list(search.probes)
    rows = [chosen(faces, search.probes[name], limit) for name in names]
    probe = np.stack([pooled(faces.embedding[r], faces.combined[r], method)[0] for r in rows])
    subject = np.array([str(faces.subject[r[0]]) for r in rows])
    score = probe @ search.reference.T
    own = subject[:, None] == search.reference_subject[None]
    mated = own.any(axis=1)
    if search.own_is_reference:
        strangers = np.where(own, -1.0, score)
        score = np.vstack([score, strangers])
        subject = np.concatenate([subject, np.char.add("not enrolled ", subject)])
        names = [*names, *(f"{name} again" for name in names)]
    comparisons = Comparisons(
        score=score.astype(np.float32),
        probe_id=np.array(names),
        probe_subject=subject,
        reference_id=np.arange(len(search.reference)).astype(str),
        reference_subject=search.reference_subject,
        enrolled=np.unique(search.reference_subject),
    )
    point = open_set_curve(comparisons).threshold_at_fpir(search.target)
    best_own = np.where(own, score[: len(own)], -1.0).max(axis=1)[mated]
    best_other = score[~comparisons.mated].max(axis=1)
    low, high = (point.fnir.interval(0.95).low, point.fnir.interval(0.95).high)
    most = "all" if limit > 1000 else str(limit)
    return (
        f"| {most} | {method} | {np.mean([len(r) for r in rows]):.1f} | {np.median(best_own):.3f} | "
        f"{best_own.min():.3f} | {np.median(best_other):.3f} | "
        f"{point.fnir.errors}/{point.fnir.trials} [{low:.3f}, {high:.3f}] |"
    )


def table(name: str, search: Search) -> None:
    """Print the table of one search."""
    print(f"\n{name}: FNIR at FPIR {search.target:g}\n\n{HEAD}\n{'| --- ' * (HEAD.count('|') - 1)}|", flush=True)
    for limit in search.limits:
        for method in METHODS if limit > 1 else METHODS[:1]:
            print(line(search, limit, method), flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unknown", type=int, default=60)
    parser.add_argument("--wanted", type=int, default=30)
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--cameras", nargs="+", default=["gate"])
    asked = parser.parse_args()
    pack = load_pack("scrfd-mbf")
    if research_folder():
        faces, portraits = labelled_faces(chokepoint(), pack), enrol_photographs(congress_portraits(), pack)
        table("ChokePoint", chokepoint_search(faces, portraits))
        table("ChokePoint, first second", chokepoint_search(faces, portraits, 1.0))
    with tempfile.TemporaryDirectory() as folder:
        terminal = TerminalFootage(
            unknown=asked.unknown, wanted=asked.wanted, seed=asked.seed, cameras=tuple(asked.cameras)
        )
        table("synthetic terminal", terminal_search(pack, terminal, Path(folder) / "terminal"))


if __name__ == "__main__":
    main()

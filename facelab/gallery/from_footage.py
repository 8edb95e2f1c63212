"""A watchlist out of the footage itself, where there are no photographs of those who walk in it.

A share of the known people is enrolled from the first good seconds of their own passage, and *everybody's* probe is
what is left of their passage after those seconds, so that mated and non-mated probes are made alike. Reference and
probe come from the same minute, camera and light: scores are optimistic, and every report of them must say so ("same
passage, optimistic"). The first good moment is the first face of quality .5 or more, else the first face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.config import PipelineSettings
from facelab.errors import BadInput
from facelab.pipeline.assembly import Recogniser, TemplateRow, templates_of
from facelab.pipeline.observations import observation_embeddings
from facelab.pipeline.selection import BestFaces, Candidate
from facelab.pipeline.templates import pooled
from facelab.types import Gallery

if TYPE_CHECKING:
    from facelab.config import FootageWatchlist
    from facelab.data.footage import Footage
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.types import Floats, Ints, Templates

GOOD_QUALITY = 0.5
_SETTINGS = PipelineSettings()


@dataclass(frozen=True)
class FootageEnrolment:
    """A gallery out of a footage, and the passages with what is left of them as probes."""

    gallery: Gallery
    passages: Passages


def enrol_from_footage(
    footage: Footage,
    passages: Passages,
    pack: Pack,
    watchlist: FootageWatchlist,
    settings: PipelineSettings = _SETTINGS,
    *,
    progress: bool = True,
) -> FootageEnrolment:
    """The people of `passages` enrolled from their own first seconds, and the rest of each passage as its probe.

    Parameters
    ----------
    footage : Footage
        The one that `passages` come from; it is read once more.
    passages : Passages
        Tracked with `pack`.
    pack : Pack
        The model pack.
    watchlist : FootageWatchlist
        `share` of the known people (drawn by `seed`) are enrolled, from `first_s` seconds each. Distractors are the
        caller's: `facelab.gallery.merged_galleries`.
    settings : PipelineSettings
        Its `quality` and `pooling` apply.
    progress : bool
        False never shows a bar.

    Raises
    ------
    BadInput
        Nobody in the footage is known by name, or the passages come from another pack.
    """
    if passages.pack != pack.fingerprint:
        raise BadInput("the passages come from another pack", place=footage.name)
    enrolled = _drawn(passages.templates, watchlist, footage.name)
    plan = _plan(passages, watchlist.first_s, settings)
    rows = np.concatenate([np.zeros(0, np.int64), *(part for parts in plan.values() for part in parts)])
    embedding = dict(
        zip(rows.tolist(), observation_embeddings(footage, passages.tracks, rows, pack, progress=progress))
    )
    recogniser = Recogniser(pack.fingerprint, pack.dimension)
    known = _known(passages.templates)
    references, probes = [], []
    for passage, row in known.items():
        first, rest = plan.get(passage, (np.zeros(0, np.int64),) * 2)
        if row.subject in enrolled:
            references.append(_pooled(replace(row, sample_id=f"{passage}/first"), passages, first, embedding, settings))
        probes.append(_pooled(replace(row, sample_id=f"{passage}/rest"), passages, rest, embedding, settings))
    failed = sum(1 for p in probes if not p.n_faces) - passages.counts.missed
    return FootageEnrolment(
        Gallery(templates_of(references, recogniser), np.array(sorted(enrolled), np.str_)),
        replace(
            passages,
            templates=templates_of(probes, recogniser),
            counts=replace(passages.counts, failed=failed),
        ),
    )


def _drawn(templates: Templates, watchlist: FootageWatchlist, name: str) -> set[str]:
    people = np.setdiff1d(templates.subject_id, [""])
    if not len(people):
        raise BadInput("nobody in the footage is known by name, so nobody can be enrolled from it", place=name)
    order = np.random.default_rng(watchlist.seed).permutation(len(people))
    return set(people[order[: max(1, round(watchlist.share * len(people)))]].tolist())


def _known(templates: Templates) -> dict[str, TemplateRow]:
    """The passages, by id, as rows without a template."""
    rows: dict[str, TemplateRow] = {}
    columns = (templates.attributes["passage"].tolist(), templates.attributes["camera"].tolist())
    for passage, camera, subject in zip(*columns, templates.subject_id.tolist()):
        rows.setdefault(passage, TemplateRow("", camera, passage=passage, subject=subject))
    return rows


def _plan(passages: Passages, first_s: float, settings: PipelineSettings) -> dict[str, tuple[Ints, Ints]]:
    """For each passage the observations to embed: of its first good seconds, and of the rest."""
    tracks = passages.tracks
    passage_of = dict(zip(passages.templates.sample_id.tolist(), passages.templates.attributes["passage"].tolist()))
    rows: dict[str, list[int]] = {}
    for row, track in enumerate(tracks.passage_id.tolist()):
        if track in passage_of:
            rows.setdefault(passage_of[track], []).append(row)
    plan = {}
    for passage, found in rows.items():
        seen = np.array(sorted(found, key=lambda row: (tracks.time_s[row], row)))
        good = np.flatnonzero(tracks.quality[seen] >= GOOD_QUALITY)
        start = tracks.time_s[seen[good[0] if len(good) else 0]]
        after = tracks.time_s[seen] - start
        first = seen[(after >= 0) & (after < first_s)]
        plan[passage] = (_best(passages, first, settings), _best(passages, seen[after >= first_s], settings))
    return plan


def _best(passages: Passages, rows: Ints, settings: PipelineSettings) -> Ints:
    tracks, rule = passages.tracks, settings.quality
    best, no_crop = BestFaces(settings.pooling.faces), np.zeros((0, 0, 3), np.uint8)
    for row in rows:
        width, quality = tracks.box[row, 2] - tracks.box[row, 0], float(tracks.quality[row])
        if width >= rule.min_width_px and quality >= rule.min_quality and quality > 0:
            best.add(Candidate(int(row), float(tracks.time_s[row]), quality, no_crop))
    return np.array([candidate.row for candidate in best.chosen()], np.int64)


def _pooled(
    row: TemplateRow, passages: Passages, rows: Ints, embedding: dict[int, Floats], settings: PipelineSettings
) -> TemplateRow:
    usable = [int(r) for r in rows if np.isfinite(embedding[int(r)]).all()]
    if not usable:
        return row
    tracks = passages.tracks
    vectors = np.stack([embedding[r] for r in usable])
    vector, quality = pooled(vectors, tracks.quality[usable], settings.pooling.method)
    return replace(
        row,
        embedding=vector,
        quality=quality,
        n_faces=len(usable),
        start_s=float(tracks.time_s[usable].min()),
        end_s=float(tracks.time_s[usable].max()),
        width_px=float(np.median(tracks.box[usable, 2] - tracks.box[usable, 0])),
    )

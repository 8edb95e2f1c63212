"""Every passage searched in databases of growing size: the people who are enrolled, and drawn references for the rest.

One exact search over the drawn references, a shard at a time, looked at wherever a size is reached: the smaller
databases are the first references of the larger ones. What it found is put beside what the passage found among the
enrolled people, and both together are `Searches`, which every open-set statistic takes.

Of the drawn references the best `KEPT` of each passage are known. So the best other score is exact, and a mate's rank
is exact up to `KEPT` beyond the enrolled; no rank that a command centre looks at is larger.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.sites.city_distractors import DistractorCheck, Labelled, distractor_check
from facelab.gallery.exact_search import Candidates, ExactSearch
from facelab.stats.searches import DEPTH, Searches, searches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facelab.config_sites import CitySite
    from facelab.experiments.study import Study
    from facelab.gallery.distractors import TemplateDistribution
    from facelab.types import Comparisons, Ints, Templates

KEPT = 32
SMALLER = (1_000, 10_000)
"""Sizes at which growth is looked at, beside those that the site asks for."""


@dataclass(frozen=True, eq=False)
class Database:
    """Searches by size of the database.

    Parameters
    ----------
    enrolled : Searches
        Among the people who are enrolled.
    check : DistractorCheck or None
        Whether references may be drawn; None where there are too few people to check it.
    refusal : str
        Why they may not; empty where they may.
    by_size : mapping of int to Searches
        Of each size that was searched; empty where references may not be drawn.
    seconds : mapping of int to float
        Processor time of the search up to that size, s; the drawing is not in it.
    """

    enrolled: Searches
    check: DistractorCheck | None
    refusal: str
    by_size: Mapping[int, Searches] = field(default_factory=dict)
    seconds: Mapping[int, float] = field(default_factory=dict)

    @property
    def probes(self) -> int:
        """Passages that were searched."""
        return len(self.enrolled)


def searched_database(study: Study, site: CitySite) -> Database:
    """The passages of `study` against databases of the sizes of `site`; references are drawn only where they may."""
    comparisons = study.comparisons
    base = searches(comparisons)
    references, probes = study.gallery.templates, study.probes.templates
    try:
        check = distractor_check(
            "Generated people",
            one_a_person(references),
            one_a_person(probes, every=True),
            site.probability_checks,
            np.random.default_rng(site.seed),
        )
    except (NotMeasured, BadInput) as reason:
        return Database(base, None, f"{reason}.")
    if not check.allowed:
        return Database(base, check, check.sentence())
    sizes = sorted({size for size in (*SMALLER, *site.galleries) if size > base.subjects})
    found, seconds = searched_by_size(comparisons, base, probes, check.model, sizes, site.seed)
    return Database(base, check, "", found, seconds)


def one_a_person(templates: Templates, *, every: bool = False) -> Labelled:
    """The usable templates, the first of each person, or every one."""
    rows = np.flatnonzero(~templates.failed)
    if not every:
        rows = rows[np.sort(np.unique(templates.subject_id[rows], return_index=True)[1])]
    return Labelled(np.asarray(templates.embedding[rows], np.float32), templates.subject_id[rows])


def searched_by_size(
    comparisons: Comparisons,
    base: Searches,
    probes: Templates,
    model: TemplateDistribution,
    sizes: Sequence[int],
    seed: int,
) -> tuple[dict[int, Searches], dict[int, float]]:
    """The searches of `probes` by the size of the database, and the processor time up to each, s; sizes rise."""
    search, spent = ExactSearch(probes.embedding, KEPT), 0.0
    passage = _passage_of(probes, comparisons)
    found, seconds = {}, {}
    waiting = [size - base.subjects for size in sizes]
    for shard in model.shards(waiting[-1] if waiting else 0, seed):
        rest = shard
        while len(rest):
            room = waiting[0] - search.best.size if waiting else len(rest)
            began = time.process_time()
            search.add(rest[:room])
            spent += time.process_time() - began
            rest = rest[room:]
            if waiting and search.best.size == waiting[0]:
                size = base.subjects + waiting.pop(0)
                found[size] = with_drawn(base, of_passages(search.best, passage, len(base)))
                seconds[size] = spent
    return found, seconds


def _passage_of(probes: Templates, comparisons: Comparisons) -> Ints:
    """(k,) the search that each probe template belongs to."""
    names = probes.attributes.get("passage", probes.sample_id).astype(np.str_)
    order = np.argsort(comparisons.probe_id)
    return np.asarray(order[np.searchsorted(comparisons.probe_id[order], names)])


def of_passages(found: Candidates, passage: Ints, passages: int) -> Candidates:
    """The candidates of templates put together by passage (k,): a reference once, with its best score."""
    k = found.score.shape[1]
    score = np.full((passages, k), np.nan, np.float32)
    reference = np.full((passages, k), -1, np.int64)
    count = np.bincount(passage, minlength=passages)
    single = count[passage] == 1
    score[passage[single]], reference[passage[single]] = found.score[single], found.reference[single]
    for p in np.flatnonzero(count > 1):
        own = passage == p
        value, which = found.score[own].ravel(), found.reference[own].ravel()
        order = np.lexsort((which, -np.nan_to_num(value, nan=-np.inf)))
        order = order[np.sort(np.unique(which[order], return_index=True)[1])]
        order = order[which[order] >= 0][:k]
        score[p, : len(order)], reference[p, : len(order)] = value[order], which[order]
    return Candidates(score, reference, found.size)


def with_drawn(base: Searches, drawn: Candidates) -> Searches:
    """The searches among enrolled people and drawn references together; ranks are exact up to the candidates kept."""
    first = int(max(base.other_subjects.max(initial=-1), base.subjects)) + 1
    score = np.concatenate([base.other_scores, drawn.score.astype(np.float64)], axis=1)
    which = np.concatenate([base.other_subjects, np.where(drawn.reference >= 0, first + drawn.reference, -1)], axis=1)
    order = np.argsort(-np.nan_to_num(score, nan=-np.inf), axis=1, kind="stable")[:, :DEPTH]
    outranked = np.nan_to_num(drawn.score, nan=-np.inf) >= np.nan_to_num(base.mate_score, nan=np.inf)[:, None]
    listed = (drawn.reference >= 0) & ~base.mated[:, None]
    search = np.nonzero(listed)[0]
    return replace(
        base,
        rank=np.where(base.rank > 0, base.rank + outranked.sum(axis=1), 0),
        other_scores=np.take_along_axis(score, order, axis=1),
        other_subjects=np.take_along_axis(which, order, axis=1),
        candidate_search=np.concatenate([base.candidate_search, search.astype(base.candidate_search.dtype)]),
        candidate_score=np.concatenate([base.candidate_score, drawn.score[listed].astype(base.candidate_score.dtype)]),
        subjects=base.subjects + drawn.size,
        samples=None if base.samples is None else base.samples + drawn.size,
        synthetic=True,
    )

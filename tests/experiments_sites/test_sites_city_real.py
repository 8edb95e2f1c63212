"""Real people in databases of each size: the people's own search first, and false alerts that only grow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.config_sites import CitySite
from facelab.experiments.sites.city_distractors import DistractorCheck, Labelled, Level, distractor_check
from facelab.experiments.sites.city_real import COLUMNS, real_growth
from facelab.matching import match
from facelab.stats.openset import OpenSetCurve
from facelab.types import Gallery, Templates

WIDTH, PACK = 40, "b" * 64
SITE = CitySite(galleries=(2_000, 20_000), sources={"galleries": "a test"})


def _templates(head: str, subjects: list[str], vectors: np.ndarray) -> Templates:
    n = len(subjects)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Templates([f"{head}/{name}" for name in subjects], subjects, unit, np.full(n, 0.8), np.full(n, 1), PACK, {})


@pytest.fixture(scope="module")
def people() -> tuple[Gallery, Templates, DistractorCheck]:
    """260 enrolled; 60 of them and 200 strangers searched."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(460, WIDTH))
    names = [f"p{i:03d}" for i in range(460)]
    old = _templates("old", names[:260], vectors[:260])
    who = [*range(60), *range(260, 460)]
    new = _templates("new", [names[i] for i in who], vectors[who] + 0.5 * rng.normal(size=(260, WIDTH)))
    given = (Labelled(one.embedding, one.subject_id) for one in (old, new))
    check = distractor_check("People", *given, (1e-2, 1e-3), np.random.default_rng(1))
    return Gallery(old, np.array(names[:260])), new, check


def test_false_alerts_only_grow_with_the_database_and_begin_with_the_peoples_own(people) -> None:
    gallery, probes, check = people
    assert check.allowed
    found = real_growth("People", match(probes, gallery), probes, check, SITE)
    assert found is not None
    assert list(found.by_size) == [260, 1_000, 2_000, 10_000, 20_000]
    points = [OpenSetCurve(one).at(0.6) for one in found.by_size.values()]
    false, missed = ([rate.errors for rate in rates] for rates in zip(*[(one.fpir, one.fnir) for one in points]))
    assert false == sorted(false)
    assert missed == sorted(missed)
    dense = probes.embedding[60:] @ gallery.templates.embedding.T
    assert false[0] == (dense.max(axis=1) >= 0.6).sum()
    assert false[-1] > false[0]


def test_the_section_has_a_row_a_size_and_thresholds_that_rise(people) -> None:
    gallery, probes, check = people
    found = real_growth("People", match(probes, gallery), probes, check, SITE)
    assert found is not None
    table = found.section().table
    assert table is not None
    assert table.columns == COLUMNS
    assert [row[0] for row in table.rows] == ["260", "1,000", "2,000", "10,000", "20,000"]
    thresholds = [float(row[4]) for row in table.rows]
    assert thresholds == sorted(thresholds)


def test_where_references_may_not_be_drawn_nothing_is_searched(people) -> None:
    gallery, probes, check = people
    far = [replace(level, drawn=0.9) for level in check.levels]
    assert all(isinstance(level, Level) for level in far)
    refused = replace(check, levels=tuple(far))
    assert real_growth("People", match(probes, gallery), probes, refused, SITE) is None

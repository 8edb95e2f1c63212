"""References of nobody: drawn by seed, never all at once, and only as like people as the fit makes them."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.experiments.sites.city_distractors import distractor_check
from facelab.experiments.sites.city_search import one_a_person
from facelab.gallery.distractors import CHOICES, distribution_of, fitted_distribution


def unit(x: np.ndarray) -> np.ndarray:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def people() -> np.ndarray:
    return unit(np.random.default_rng(1).standard_normal((120, 24)) + 0.3)


def test_a_shard_is_the_same_whatever_is_asked_and_no_shard_is_larger_than_said(people: np.ndarray) -> None:
    model = distribution_of(people, 3, 0.5)
    whole = list(model.shards(250, seed=9, size=100))
    assert [len(shard) for shard in whole] == [100, 100, 50]
    few = np.concatenate(list(model.shards(120, seed=9, size=100)))
    np.testing.assert_array_equal(few, np.concatenate(whole)[:120])
    other = next(iter(model.shards(100, seed=10, size=100)))
    assert not np.array_equal(other, whole[0])


@pytest.mark.parametrize("choice", CHOICES)
def test_draws_have_length_one_and_the_mean_and_variances_of_the_people(
    people: np.ndarray, choice: tuple[int, float]
) -> None:
    drawn = distribution_of(people, *choice).draw(40_000, np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    assert drawn.dtype == np.float32
    mean = people.mean(axis=0)
    assert drawn.mean(axis=0) @ mean / np.linalg.norm(drawn.mean(axis=0)) / np.linalg.norm(mean) > 0.97


def test_nobody_is_copied(people: np.ndarray) -> None:
    drawn = distribution_of(people, 8, 0.15).draw(20_000, np.random.default_rng(3))
    assert (drawn @ people.T).max() < 0.999


def test_random_scales_make_the_tail_heavier() -> None:
    """At the score that one plain draw in 10,000 reaches, draws with scales arrive at least twice as often."""
    rng = np.random.default_rng(4)
    base = distribution_of(unit(rng.standard_normal((300, 64)) * np.geomspace(1, 0.1, 64)))
    scaled = distribution_of(base.draw(300, rng), 4, 0.4)
    probes = base.draw(200, rng)
    plain = probes @ base.draw(20_000, rng).T
    score = np.quantile(plain, 1 - 1e-4)
    assert (probes @ scaled.draw(20_000, rng).T > score).mean() > 2 * (plain > score).mean()


def test_the_fit_takes_heavier_tails_where_the_people_have_them() -> None:
    """People drawn with scales are fitted with scales, people without are fitted without."""
    rng = np.random.default_rng(5)
    base = distribution_of(unit(rng.standard_normal((400, 48))))
    found = {}
    for name, choice in (("plain", (1, np.inf)), ("scaled", (4, 0.4))):
        source = type(base)(base.mean, base.axes, base.spread, *choice, people=400)
        references, probes = source.draw(400, rng), source.draw(400, rng)
        same = np.zeros((400, 400), dtype=bool)
        found[name] = fitted_distribution(references, probes, same, rng)
    assert found["plain"].shape > found["scaled"].shape


def test_too_few_references_and_no_probe_are_refused(people: np.ndarray) -> None:
    with pytest.raises(BadInput, match="20 references or more"):
        distribution_of(people[:19])
    with pytest.raises(BadInput, match="without a probe"):
        fitted_distribution(people, people[:0], np.zeros((0, 120), dtype=bool), np.random.default_rng(1))
    with pytest.raises(BadInput, match="cannot be drawn"):
        next(distribution_of(people).shards(-1, 1))


@pytest.mark.research
@pytest.mark.models
@pytest.mark.slow
def test_of_real_portraits_the_held_out_fmr_is_reproduced_at_1e_3_and_1e_4() -> None:
    """Congress, two portraits about ten years apart: FMR and FPIR of people the fit never saw, for three splits."""
    from facelab.data.research import CONGRESS_YEARS, congress_portraits, research_folder
    from facelab.gallery import photograph_templates
    from facelab.pipeline.packs import load_pack

    if research_folder() is None:
        pytest.skip("the research data is not there")
    pack = load_pack("scrfd-mbf")
    old, new = (
        photograph_templates(congress_portraits((year,)).photographs, pack, progress=False) for year in CONGRESS_YEARS
    )
    for seed in range(3):
        check = distractor_check(
            "Congress", one_a_person(old), one_a_person(new), (1e-3, 1e-4), np.random.default_rng(seed)
        )
        assert check.allowed, check.sentence()

"""Proposed people: the groups of made-up faces, how sure they are, and what never joins."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from toy_labels import World, face, unit, world

from facelab.errors import BadInput
from facelab.label import Material, proposed_groups
from facelab.label import proposals as module
from facelab.label.links import link_model


def _pairs(found: World) -> tuple[float, float]:
    """Precision and recall over pairs of passages."""
    who = np.array([found.who[name] for name in found.material.sample_id.tolist()])
    upper = np.triu_indices(len(who), 1)
    same, put = ((a[:, None] == a[None])[upper] for a in (who, found.groups.group))
    return float((same & put).sum() / put.sum()), float((same & put).sum() / same.sum())


def test_made_up_people_are_found_without_a_name(toy: World) -> None:
    precision, recall = _pairs(toy)
    assert (precision, recall) == (1.0, 1.0)
    assert toy.groups.sizes.tolist() == [3] * 30
    assert "90 passages are proposed as 30 people" in toy.groups.summary()


def test_average_linkage_is_that_of_scikit_learn(toy: World) -> None:
    from sklearn.cluster import AgglomerativeClustering

    noisy = world(seed=3, noise=1.2)
    theirs = AgglomerativeClustering(
        n_clusters=None, distance_threshold=1 - noisy.groups.cut + 1e-9, metric="cosine", linkage="average"
    ).fit_predict(noisy.material.embedding.astype(np.float64))
    ours = noisy.groups.group
    assert len(set(theirs)) == len(noisy.groups)
    assert len(set(zip(ours.tolist(), theirs.tolist()))) == len(noisy.groups)


def test_an_unsure_membership_is_said_to_be_unsure() -> None:
    """Where faces are noisy, those in a group with others are on average less sure than those among their own."""
    noisy = world(people=60, seed=4, noise=1.0)
    who = np.array([noisy.who[name] for name in noisy.material.sample_id.tolist()])
    groups = proposed_groups(noisy.material, np.random.default_rng(0), cut=0.25)
    main = [max(set(who[groups.group == k]), key=who[groups.group == k].tolist().count) for k in range(len(groups))]
    right = np.array([main[k] == name for k, name in zip(groups.group, who)]) & (groups.sizes[groups.group] > 1)
    wrong = ~right & (groups.sizes[groups.group] > 1)
    assert wrong.sum() >= 3
    assert groups.certainty[wrong].mean() < groups.certainty[right].mean()
    assert ((groups.certainty >= 0) & (groups.certainty <= 1)).all()


def test_two_whom_one_camera_saw_at_once_are_never_one(toy: World) -> None:
    a, b = toy.rows("v003")[:2]
    m = toy.material
    first, last = m.first_frame.copy(), m.last_frame.copy()
    first[b], last[b] = first[a], last[a]
    at_once = replace(m, first_frame=first, last_frame=last)
    groups = proposed_groups(at_once, np.random.default_rng(0))
    assert toy.groups.group[a] == toy.groups.group[b]
    assert groups.group[a] != groups.group[b]
    assert not any(at_once.any_together(groups.members(k)) for k in range(len(groups)))
    # the same frames in another clip are another time
    elsewhere = replace(at_once, clip=np.where(np.arange(len(m)) == b, 1, 0))
    again = proposed_groups(elsewhere, np.random.default_rng(0))
    assert again.group[a] == again.group[b]


def test_a_passage_without_a_template_stands_alone(toy: World) -> None:
    embedding = toy.material.embedding.copy()
    embedding[0] = np.nan
    groups = proposed_groups(replace(toy.material, embedding=embedding), np.random.default_rng(0))
    assert groups.sizes[groups.group[0]] == 1
    assert np.isnan(groups.certainty[0])
    assert groups.rival[0] == -1


def test_the_groups_do_not_depend_on_the_order(toy: World) -> None:
    order = np.random.default_rng(7).permutation(len(toy.material))
    fields = [name for name in toy.material.__dataclass_fields__ if name != "synthetic"]
    turned = Material(**{name: getattr(toy.material, name)[order] for name in fields})
    groups = proposed_groups(turned, np.random.default_rng(0))
    assert len(set(zip(groups.group.tolist(), toy.groups.group[order].tolist()))) == len(groups) == len(toy.groups)


def test_too_few_passages_to_learn_from_is_said() -> None:
    few = world(people=3, visits=2)
    assert any("too few passages" in note for note in few.groups.notes)
    assert few.groups.sizes.tolist() == [2, 2, 2]


def test_no_passage_and_too_many_are_one_clear_line(toy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [name for name in toy.material.__dataclass_fields__ if name != "synthetic"]
    none = Material(**{name: getattr(toy.material, name)[:0] for name in fields})
    with pytest.raises(BadInput, match="no passage to group"):
        proposed_groups(none, np.random.default_rng(0))
    monkeypatch.setattr(module, "MOST", 50)
    with pytest.raises(BadInput, match="90 passages are more than 50"):
        proposed_groups(toy.material, np.random.default_rng(0))


def test_what_hangs_together_too_far_is_taken_apart_and_said(toy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_PART", 20)
    groups = proposed_groups(toy.material, np.random.default_rng(0), cut=0.2)
    assert any("taken apart" in note for note in groups.notes)
    assert groups.sizes.max() <= 20
    assert _many_who(groups.group, toy) >= 29


def _many_who(group: np.ndarray, toy: World) -> int:
    """How many people have all their passages in one group."""
    return sum(len({int(group[row]) for row in toy.rows(f"v{k:03d}")}) == 1 for k in range(30))


def _many(people: int, visits: int, d: int = 32) -> Material:
    rng = np.random.default_rng(2)
    vectors = unit(rng.normal(size=(people, d)))
    n = people * visits
    embedding = unit(np.repeat(vectors, visits, axis=0) + 0.3 * rng.normal(size=(n, d)) / np.sqrt(d))
    names = np.array([f"gate/{k}" for k in range(n)])
    frame = np.arange(n) * 50
    return Material(
        names, np.full(n, ""), embedding, np.zeros(n, np.int64), frame, frame + 9, frame / 10.0, frame / 10.0 + 0.9,
        np.full(n, 50.0), np.arange(n), names,
    )  # fmt: skip


def test_memory_does_not_grow_with_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of all pairs of 3,000 passages is 36 MB as float32: with small blocks nothing near it is ever held."""
    monkeypatch.setattr(module, "BLOCK", 2**18)
    many = _many(750, 4)
    tracemalloc.start()
    groups = proposed_groups(many, np.random.default_rng(0), cut=0.75, link=link_model(np.zeros(0)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert abs(len(groups) - 750) < 20
    assert peak < 12e6


def test_the_probability_of_one_person_is_that_of_the_mixture() -> None:
    """Strangers N(.05, .08) and 2 % of pairs of one person at N(.6, .1): Bayes' rule is met within a tenth."""
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    given = np.concatenate([rng.normal(0.05, 0.08, 980_000), rng.normal(0.6, 0.1, 20_000)])
    link = link_model(given)
    assert link.middle == pytest.approx(0.05, abs=0.005)
    assert link.spread == pytest.approx(0.08, abs=0.005)
    s = np.array([0.2, 0.3, 0.35, 0.4, 0.5, 0.7])
    own, other = 0.02 * norm.pdf(s, 0.6, 0.1), 0.98 * norm.pdf(s, 0.05, 0.08)
    assert np.abs(link(s) - own / (own + other)).max() < 0.1
    assert (np.diff(link(np.linspace(-1, 1, 500))) >= 0).all()
    assert link(link.at(0.5)) == pytest.approx(0.5, abs=1e-6)


def test_pairs_of_another_prior_are_judged_by_their_own_share() -> None:
    """At the same similarity, a pair among pairs that are mostly of one person is more likely of one."""
    rng = np.random.default_rng(1)
    link = link_model(np.concatenate([rng.normal(0.05, 0.08, 100_000), rng.normal(0.6, 0.1, 1_000)]))
    mostly_one = link.among(np.concatenate([[0.33], rng.normal(0.6, 0.1, 200)]))
    mostly_two = link.among(np.concatenate([[0.33], rng.normal(0.05, 0.08, 200)]))
    assert mostly_one[0] > mostly_two[0]
    assert np.isnan(link.among(np.array([np.nan, 0.5]))[0])


def test_the_face_helper_makes_faces_as_alike_as_it_says() -> None:
    rng = np.random.default_rng(0)
    vector = unit(rng.normal(size=64))
    pairs = [float(face(vector, rng) @ face(vector, rng)) for _ in range(300)]
    assert np.mean(pairs) == pytest.approx(1 / (1 + 0.55**2), abs=0.03)

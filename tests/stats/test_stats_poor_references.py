"""What poor references cost: the misses of people who have no other."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.errors import NotMeasured
from facelab.stats.openset import open_set_curve
from facelab.stats.poor_references import misses_by_reference
from facelab.types import Comparisons

PEOPLE = ["ann", "ann", "bob", "cid", "dee"]
REFERENCES = ["ann/1", "ann/2", "bob/1", "cid/1", "dee/1"]


def table(score: np.ndarray, who: list[str]) -> Comparisons:
    return Comparisons(score, [f"p{i}" for i in range(len(who))], who, REFERENCES, PEOPLE, PEOPLE)


def test_a_person_with_one_good_photograph_is_not_among_the_marked() -> None:
    rng = np.random.default_rng(1)
    who = ["ann", "ann", "bob", "bob", "cid", "dee", "zoe", ""]
    comparisons = table(rng.random((8, 5)), who)
    found = misses_by_reference(comparisons, ["ann/1", "bob/1", "unknown"], 0.6)
    assert found.marked.trials == 2
    assert found.others.trials == 4
    assert found.all == open_set_curve(comparisons).at(0.6).fnir
    assert found.marked.errors + found.others.errors == found.all.errors
    both = misses_by_reference(comparisons, ["ann/1", "ann/2"], 0.6)
    assert both.marked.trials == 2
    assert both.marked.people == 1


def test_an_unusable_reference_saves_nobody() -> None:
    score = np.full((2, 5), 0.2)
    score[:, 1] = np.nan
    found = misses_by_reference(table(score, ["ann", "bob"]), ["ann/1"], 0.1)
    assert found.marked.trials == 1


def test_without_marked_people_the_cost_is_not_a_number_and_is_said() -> None:
    found = misses_by_reference(table(np.eye(5)[1:3], ["ann", "bob"]), [], 0.5)
    assert np.isnan(found.cost)
    assert found.to_dict()["cost"] is None
    assert "cannot be measured" in found.sentence()
    assert "make 0.5" in misses_by_reference(table(np.eye(5)[[0, 0]], ["ann", "bob"]), ["bob/1"], 0.5).sentence()


def test_without_a_mated_search_nothing_is_measured() -> None:
    with pytest.raises(NotMeasured, match="no mated search"):
        misses_by_reference(table(np.zeros((1, 5)), ["zoe"]), [], 0.5)

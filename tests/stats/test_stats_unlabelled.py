"""Rates without names: bounds against every way in which people could be hidden, and what is claimed in words."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, tuples

from facelab.errors import BadInput, NotMeasured
from facelab.stats.openset import open_set_curve_of_searches
from facelab.stats.searches import Searches, searches_from_candidates
from facelab.stats.unlabelled import assume_non_mated, volunteer_misses

ENROLLED = [f"e{i}" for i in range(4)]
T = 0.5


def searched(named: list[tuple[int, int]]) -> Searches:
    """A search a pair (who is named best, whether it alerts), nobody known."""
    rows = [(f"p{i}", "", ENROLLED[who], 0.9 if alerts else 0.1) for i, (who, alerts) in enumerate(named)]
    return searches_from_candidates(*zip(*rows), enrolled=ENROLLED)


def test_by_hand() -> None:
    """12 searches, 5 alerts: 3 name e0, 2 name e1. One hidden person: at best 2/9, likely 4/11, at worst 5/11."""
    found = assume_non_mated(searched([(0, 1)] * 3 + [(1, 1)] * 2 + [(2, 0)] * 7), T, hidden=(1, 2))
    one, two = found.hidden
    assert found.named.tolist() == [3, 2]
    assert (found.fpir.errors, found.fpir.trials) == (5, 12)
    assert [(r.errors, r.trials) for r in (one.lowest, one.likely, one.highest)] == [(2, 9), (4, 11), (5, 11)]
    assert [(r.errors, r.trials) for r in (two.lowest, two.likely, two.highest)] == [(0, 7), (3, 10), (5, 10)]
    low, high = one.ends()
    assert low == pytest.approx(one.lowest.interval().low)
    assert high == pytest.approx(one.highest.interval().high)
    assert "likely 36.4 %, at least 22.2 % and at most 45.5 %" in found.can[1]
    assert found.to_frame()["likely"].tolist() == pytest.approx([5 / 12, 4 / 11, 3 / 10])


@given(lists(tuples(integers(0, 3), integers(0, 1)), min_size=5, max_size=8), integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_the_ends_are_those_of_every_way_to_hide(named: list[tuple[int, int]], k: int) -> None:
    """Every choice of the hidden and of their searches: whoever alerts is named right, who is missed may be anybody."""
    n, a = len(named), sum(alerts for _, alerts in named)
    lowest, highest = a / n, a / n
    for people in combinations(range(4), k):
        for size in range(n):
            for theirs in combinations(range(n), size):
                if any(named[i][1] and named[i][0] not in people for i in theirs):
                    continue
                rate = (a - sum(named[i][1] for i in theirs)) / (n - size)
                lowest = min(lowest, rate)
                if size <= k:
                    highest = max(highest, rate)
    try:
        (hidden,) = assume_non_mated(searched(named), T, hidden=(k,)).hidden
    except NotMeasured:  # everybody could be one of the hidden: there is no rate of others
        assert sum(sorted((sum(w == i and s for w, s in named) for i in range(4)), reverse=True)[:k]) == n
        return
    assert hidden.lowest.value == pytest.approx(lowest)
    assert hidden.highest.value == pytest.approx(highest)
    assert hidden.lowest.value - 1e-12 <= hidden.likely.value <= hidden.highest.value + 1e-12


@given(integers(20, 200), integers(0, 15), integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_more_hidden_people_or_passages_never_narrow(n: int, alerts: int, passages: int) -> None:
    named = [(i % 4, int(i < alerts)) for i in range(n)]
    found = assume_non_mated(searched(named), T, hidden=(1, 2, 3))
    ends = [one.ends() for one in found.hidden]
    assert [low for low, _ in ends] == sorted((low for low, _ in ends), reverse=True)
    highest = [one.highest.value for one in found.hidden]
    assert highest == sorted(highest)
    more = assume_non_mated(searched(named), T, hidden=(1,), passages_a_person=passages)
    assert more.fpir.interval().width >= found.fpir.interval().width - 1e-12


def test_passages_of_one_person_count_as_one_person() -> None:
    """90 searches of people who pass 3 cameras are worth 30 people: with no alert the bound is that of 30."""
    found = assume_non_mated(searched([(0, 0)] * 90), T, hidden=(), passages_a_person=3)
    assert found.fpir.upper(0.95) == pytest.approx(1 - 0.05 ** (1 / 30))
    assert not any("too narrow" in line for line in found.cannot)


def test_volunteers_are_left_out_of_the_assumed_and_measured_by_themselves() -> None:
    rows = [(f"v{i}", f"e{i % 3}", f"e{i % 3}", 0.9 if i < 7 else 0.2) for i in range(9)]
    rows += [(f"p{i}", "", "e1", 0.1 + 0.1 * (i % 7)) for i in range(50)]
    found = searches_from_candidates(*zip(*rows), enrolled=ENROLLED)
    misses = volunteer_misses(found, T)
    own = open_set_curve_of_searches(found).at(T).fnir
    assert (misses.fnir.errors, misses.fnir.trials, misses.journeys.trials) == (own.errors, own.trials, 3)
    assert misses.fnir.interval().high == pytest.approx(own.interval().high)
    assert misses.journeys.errors == 0
    assert misses.unnamed == 50
    assert misses.resolution == pytest.approx(1 - 0.05 ** (1 / 3))
    assert "for 5 % it takes 59" in misses.can[2]
    assumed = assume_non_mated(found, T)
    assert (assumed.fpir.errors, assumed.fpir.trials) == (sum(0.1 + 0.1 * (i % 7) >= T for i in range(50)), 50)


def test_what_cannot_be_said_is_said() -> None:
    assumed = assume_non_mated(searched([(0, 1), (1, 0), (2, 0), (3, 0), (0, 0)]), T, hidden=(1,))
    assert "nothing of misses" in assumed.cannot[0]
    assert "too narrow" in assumed.cannot[2]
    assert assumed.to_dict()["hidden"][0]["people"] == 1
    with pytest.raises(NotMeasured, match="volunteer"):
        volunteer_misses(searched([(0, 1)]), T)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden": (0,)}, "hidden people are 1 to 4"),
        ({"hidden": (5,)}, "hidden people are 1 to 4"),
        ({"passages_a_person": 0.5}, "1 passage or more"),
        ({"hit": 1.5}, "between 0 and 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        assume_non_mated(searched([(0, 1), (1, 0)]), T, **options)


def test_more_hidden_than_searches_is_not_measured() -> None:
    with pytest.raises(NotMeasured, match="would be all"):
        assume_non_mated(searched([(0, 0), (1, 0)]), T, hidden=(2,))
    with pytest.raises(NotMeasured, match="nobody else is left"):
        assume_non_mated(searched([(0, 1), (0, 1)]), T, hidden=(1,))
    known = searches_from_candidates(["p"], ["e0"], ["e0"], np.array([0.9]))
    with pytest.raises(NotMeasured, match="nothing to assume"):
        assume_non_mated(known, T)

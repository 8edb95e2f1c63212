"""Thresholds for lists of any size: counted up to the tested one, beyond it held against scores of a known law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from facelab.errors import NotMeasured
from facelab.stats.gallery_threshold import threshold_for_gallery
from facelab.stats.searches import searches
from facelab.stats.tail import Tail
from facelab.stats.watchlist_size import sized_fpir, sized_threshold, strangers_tail
from facelab.types import Comparisons


def strangers(people: int, enrolled: int, seed: int = 3) -> Comparisons:
    """Independent normal scores of strangers against a list; one of them gave no template."""
    score = np.random.default_rng(seed).normal(0.1, 0.08, (people, enrolled))
    score[0] = np.nan
    names = [f"e{i}" for i in range(enrolled)]
    who = [f"u{i}" for i in range(people)]
    return Comparisons(score, [f"{w}/1" for w in who], who, names, names, names)


@pytest.fixture(scope="module")
def table() -> Comparisons:
    return strangers(300, 100)


@pytest.fixture(scope="module")
def tail(table: Comparisons) -> Tail:
    return strangers_tail(table, np.random.default_rng(1))


def true_fmr(threshold: float) -> float:
    return float(norm.sf(threshold, 0.1, 0.08))


def test_up_to_the_tested_list_it_is_the_measured_threshold(table: Comparisons) -> None:
    found = searches(table)
    for size in (10, 50, 100):
        chosen = sized_threshold(found, None, 0.05, size)
        assert chosen.basis == "measured"
        assert chosen.threshold == threshold_for_gallery(found, 0.05, size).threshold
        assert sized_fpir(found, None, chosen.threshold, size).fpir.value <= 0.05


def test_beyond_the_list_nothing_is_told_without_a_tail(table: Comparisons) -> None:
    chosen = sized_threshold(searches(table), None, 0.05, 5000)
    assert (chosen.threshold, chosen.basis) == (None, "cannot tell")
    assert chosen.reason


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_beyond_the_list_the_tail_meets_a_known_law(table: Comparisons, tail: Tail, size: int) -> None:
    """The true n FMR at the extrapolated threshold lies near the target, and inside of the interval."""
    chosen = sized_threshold(searches(table), tail, 0.05, size)
    assert chosen.basis == "extrapolated"
    true = size * true_fmr(chosen.threshold)
    assert 0.05 / 6 < true < 0.05 * 6
    rate = sized_fpir(searches(table), tail, chosen.threshold, size)
    assert rate.basis == "extrapolated"
    assert rate.fpir.value == pytest.approx(0.05, rel=1e-6)
    assert rate.fpir.low <= 1 - (1 - true_fmr(chosen.threshold)) ** size <= rate.fpir.high


def test_a_longer_list_asks_for_a_higher_threshold(table: Comparisons, tail: Tail) -> None:
    chosen = [sized_threshold(searches(table), tail, 0.05, n).threshold for n in (1_000, 5_000, 20_000)]
    assert chosen == sorted(chosen)
    assert len(set(chosen)) == 3


def test_a_rate_that_the_tail_holds_is_counted(table: Comparisons, tail: Tail) -> None:
    """200 people and a target of a half: FMR 1 in 400 is in the data, so the threshold is one of its scores."""
    chosen = sized_threshold(searches(table), tail, 0.49, 110)
    assert chosen.basis == "extrapolated"
    assert chosen.threshold is not None
    assert true_fmr(chosen.threshold) == pytest.approx(0.49 / 110, rel=0.5)


def test_too_far_beyond_is_not_told(table: Comparisons, tail: Tail) -> None:
    chosen = sized_threshold(searches(table), tail, 0.001, 1_000_000)
    assert chosen.threshold is None
    assert "reach" in chosen.reason


def test_a_target_that_so_few_strangers_cannot_resolve_is_left_to_the_tail(table: Comparisons, tail: Tail) -> None:
    few = table.take(np.arange(60))
    assert sized_threshold(searches(few), None, 0.005, 100).basis == "cannot tell"
    assert sized_threshold(searches(few), tail, 0.005, 100).basis == "extrapolated"


def test_no_stranger_has_no_tail() -> None:
    everybody = strangers(20, 20)
    mated = Comparisons(everybody.score, everybody.probe_id, everybody.reference_subject, *[everybody.reference_id] * 3)
    with pytest.raises(NotMeasured, match="no comparison of a stranger"):
        strangers_tail(mated, np.random.default_rng(0))

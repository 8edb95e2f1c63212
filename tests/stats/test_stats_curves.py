"""What curves are drawn from: where a band is computed, and hits by rank."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput
from facelab.stats.curves import GRID, Band, Cmc, band_grid


@given(st.integers(1, 20_000), st.integers(20, GRID))
def test_a_grid_is_rising_part_of_the_thresholds_and_keeps_both_ends(length, size):
    thresholds = np.cumsum(np.random.default_rng(length).random(length) + 1e-3)
    grid = band_grid(thresholds, size)
    assert len(grid) <= max(size, 1)
    assert np.isin(grid, thresholds).all()
    assert (np.diff(grid) > 0).all()
    assert (grid[0], grid[-1]) == (thresholds[0], thresholds[-1])


def test_few_thresholds_are_all_kept():
    thresholds = np.arange(GRID) / GRID
    assert band_grid(thresholds) is thresholds


def test_low_error_rates_get_more_than_their_share():
    """The upper tenth of 10,000 thresholds holds a third of the grid or more, the highest ones each."""
    grid = band_grid(np.arange(10_000.0))
    assert (grid >= 9_000).mean() > 1 / 3
    assert np.isin(np.arange(9_990.0, 10_000.0), grid).all()


def test_hits_by_rank_by_hand():
    cmc = Cmc(np.array([1, 2, 3]), np.array([6, 8, 9]), 12)
    assert cmc.value.tolist() == [0.5, 8 / 12, 0.75]
    rate = cmc.rate(2)
    assert (rate.name, rate.errors, rate.trials) == ("CMC(2)", 8, 12)
    assert cmc.to_frame()["rate"].tolist() == cmc.value.tolist()


@pytest.mark.parametrize("rank", [0, 4])
def test_a_rank_that_was_not_counted_is_refused(rank):
    with pytest.raises(BadInput, match=f"from 1 to 3, not {rank}"):
        Cmc(np.array([1, 2, 3]), np.array([6, 8, 9]), 12).rate(rank)


def test_without_a_mated_search_there_is_no_rate():
    cmc = Cmc(np.array([1]), np.array([0]), 0)
    assert np.isnan(cmc.value).all()
    assert np.isnan(cmc.rate(1).value)


def test_a_band_is_a_table_with_its_confidence():
    ends = np.array([0.2, 0.1])
    frame = Band("FMR", np.array([0.3, 0.4]), ends, ends / 2, ends * 2, 0.9).to_frame()
    assert list(frame) == ["threshold", "rate", "low", "high", "measure", "confidence"]
    assert frame["high"].tolist() == [0.4, 0.2]
    assert set(frame["confidence"]) == {0.9}

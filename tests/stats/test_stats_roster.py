"""Misidentification by roster size: exact over every roster of the tested people, bounded and marked beyond them."""

import itertools

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.stats.openset import open_set_curve
from facelab.stats.roster import misidentification_by_roster, others_above
from facelab.types import Comparisons

REFERENCES = np.array(["a", "a", "b", "c", "d", "e"])


def table(seed=1, probes=("a", "a", "b", "c", "e", "x")):
    rng = np.random.default_rng(seed)
    score = rng.normal(0.3, 0.2, (len(probes), len(REFERENCES)))
    score += 0.2 * (np.array(probes)[:, None] == REFERENCES)
    score[1] = np.nan
    ids = np.array([f"p{i}" for i in range(len(probes))])
    names = np.array([f"r{i}" for i in range(len(REFERENCES))])
    return Comparisons(score, ids, np.array(probes), names, REFERENCES, np.unique(REFERENCES))


def by_every_roster(found, threshold, size):
    """The share of wrong openings over every roster of `size` that holds the passenger."""
    shares = []
    for row in np.flatnonzero(found.mated):
        own = found.probe_subject[row]
        rest = [name for name in found.enrolled if name != own]
        wrong = []
        for others in itertools.combinations(rest, size - 1):
            kept = np.isin(found.reference_subject, [own, *others])
            score = np.where(np.isnan(found.score[row]), -np.inf, found.score[row])[kept]
            who = found.reference_subject[kept]
            mate, best = score[who == own].max(), score[who != own].max(initial=-np.inf)
            wrong.append(bool(best >= threshold and best >= mate))
        shares.append(np.mean(wrong))
    return np.mean(shares)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_is_the_mean_over_every_roster_of_the_people_tested(seed):
    found = table(seed)
    scale = misidentification_by_roster(found, 0.3, range(1, 6))
    assert scale.rate == pytest.approx([by_every_roster(found, 0.3, size) for size in range(1, 6)])
    assert not scale.extrapolated.any()
    assert scale.rate[0] == 0
    assert (np.diff(scale.rate) >= 0).all()
    assert ((scale.low <= scale.rate) & (scale.rate <= scale.high)).all()


def test_at_the_tested_size_it_is_the_misidentification_rate_of_the_open_set_curve():
    found = table(5)
    scale = misidentification_by_roster(found, 0.25, [5])
    assert scale.rate[0] == pytest.approx(open_set_curve(found).at(0.25).misidentification.value)
    assert (scale.searches, scale.people, scale.subjects) == (5, 4, 5)
    assert "measured" in repr(scale)


def test_beyond_the_tested_people_it_is_a_ceiling_and_says_so():
    found = table(3)
    scale = misidentification_by_roster(found, 0.3, [5, 9, 1000])
    assert scale.extrapolated.tolist() == [False, True, True]
    assert scale.rate[1] == pytest.approx(min(1, 2 * scale.rate[0]))
    assert scale.high[2] == 1
    assert "extrapolated" in repr(scale)
    assert scale.to_dict()["size"] == [5, 9, 1000]


def test_a_failed_acquisition_is_taken_for_nobody_and_strangers_do_not_count():
    found = table(2)
    assert others_above(found, -5.0)[1] == 0
    assert len(others_above(found, 0.0)) == 5


def test_refusals():
    with pytest.raises(BadInput, match="sizes"):
        misidentification_by_roster(table(), 0.3, [0, 2])
    with pytest.raises(NotMeasured, match="no enrolled passenger"):
        misidentification_by_roster(table(probes=("x", "y")), 0.3, [2])

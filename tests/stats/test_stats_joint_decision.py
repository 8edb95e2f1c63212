"""Match and live at once: by hand, against loops, and at the limits where one of the two decides alone."""

import itertools

import numpy as np
import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.stats.attacks import AttackScores
from facelab.stats.joint_decision import JointScores, read_joint_scores, rejected_by_either
from facelab.stats.rates import Rate

NAN = float("nan")
BY_HAND = JointScores(
    match=[0.9, 0.9, 0.2, NAN, 0.8, 0.8, 0.1, 0.9],
    live=[0.9, 0.1, 0.9, 0.9, 0.6, 0.1, 0.9, NAN],
    species=["", "", "", "", "print", "print", "mask", "mask"],
    subject=["a", "b", "c", "d", "a", "b", "c", "d"],
)


def drawn(seed=1, n=600):
    rng = np.random.default_rng(seed)
    species = rng.choice(["", "print", "replay"], n)
    bona = species == ""
    match = rng.normal(np.where(bona, 0.6, 0.5), 0.15)
    live = rng.normal(np.where(bona, 1.5, 0), 1) + (match - 0.6)
    live[rng.random(n) < 0.02] = NAN
    return JointScores(match, live, species, np.array([f"p{i % 80}" for i in range(n)]))


def test_by_hand():
    found = BY_HAND.at(0.5, 0.5)
    assert {name: (rate.errors, rate.trials) for name, rate in found.iapar.items()} == {"mask": (0, 2), "print": (1, 2)}
    assert (found.rejected.errors, found.rejected.trials) == (3, 4)
    assert (found.rejected_by_match.errors, found.rejected_by_live.errors) == (2, 1)
    assert found.worst_species == "print"
    assert found.largest_iapar.people == 2
    assert "IAPAR print 1/2" in repr(found)
    assert found.to_dict()["rejected"]["errors"] == 3


def test_the_surface_is_the_rates_at_each_pair():
    scores = drawn()
    t, u = np.linspace(0.2, 0.9, 5), np.linspace(-1, 2, 4)
    surface = scores.surface(t, u)
    for (i, a), (j, b) in itertools.product(enumerate(t), enumerate(u)):
        found = scores.at(a, b)
        assert surface.attack[i, j] == pytest.approx(found.largest_iapar.value)
        assert surface.rejected[i, j] == pytest.approx(found.rejected.value)
    assert (np.diff(surface.attack, axis=0) <= 1e-12).all()
    assert (np.diff(surface.attack, axis=1) <= 1e-12).all()
    assert (np.diff(surface.rejected, axis=0) >= -1e-12).all()


def test_without_a_match_threshold_it_is_attack_detection_alone():
    """At a match threshold below every score an attack passes as often as APCER says; no response: shut."""
    scores = drawn(2)
    answered = ~np.isnan(scores.live)
    alone = AttackScores(scores.live[answered], scores.species[answered]).at(0.7)
    joint = scores.at(-9.0, 0.7)
    for name, rate in alone.apcer.items():
        assert joint.iapar[name].errors == rate.errors
    assert joint.rejected.errors == alone.bpcer.errors + int((~answered & (scores.species == "")).sum())


def test_an_attack_passes_at_most_as_often_as_it_is_taken_for_live():
    scores = drawn(3)
    for t in (0.3, 0.5, 0.7):
        found = scores.at(t, 0.5)
        for name, rate in found.iapar.items():
            assert rate.errors <= int((scores.live[scores.species == name] >= 0.5).sum())


def test_the_best_pair_is_that_of_an_exhaustive_search():
    scores = drawn(4)
    t, u = np.linspace(0.2, 0.9, 8), np.linspace(-1, 2.5, 8)
    best = scores.best(0.05, t, u)
    pairs = [scores.at(a, b) for a in t for b in u]
    least = min(p.rejected.value for p in pairs if p.largest_iapar.value <= 0.05)
    assert best.rejected.value == least
    assert best.largest_iapar.value <= 0.05
    with pytest.raises(NotMeasured, match="at none of these thresholds"):
        scores.best(0.05, [-9.0], [-9.0])


def test_rejection_by_either_lies_within_what_is_possible_however_both_go_together():
    together = rejected_by_either(Rate(100, 1000), Rate(50, 1000))
    assert together.value == pytest.approx(0.145)
    assert together.low < 0.1  # all whom liveness rejects are rejected by the match as well
    assert together.high > 0.15  # nobody is rejected by both
    none = rejected_by_either(Rate(0, 50), Rate(0, 50))
    assert (none.value, none.low) == (0, 0)
    assert none.high > 2 * (1 - 0.0125 ** (1 / 50)) - 1e-9


def test_a_file_is_read_and_what_is_none_is_refused(tmp_path):
    file = tmp_path / "scores.csv"
    file.write_text("score,species,subject,match_score\n0.9,,a,0.8\n0.2,print,a,\n,print,b,0.7\n", "utf-8")
    found = read_joint_scores(file)
    assert len(found) == 3
    assert found.at(0.5, 0.5).rejected.errors == 0
    assert found.at(0.5, 0.5).iapar["print"].trials == 2
    file.write_text("score,species\n0.9,\n", "utf-8")
    with pytest.raises(BadInput, match="match_score"):
        read_joint_scores(file)
    with pytest.raises(NotMeasured, match="both attacks and bona fide"):
        JointScores([0.5], [0.5], ["print"])
    with pytest.raises(BadInput, match="match_score"):
        JointScores([0.5, 0.5], [0.5], [""])
    assert JointScores([0.5, 0.5], [0.5, 0.5], ["", "print"]).at(0, 0).rejected.people is None

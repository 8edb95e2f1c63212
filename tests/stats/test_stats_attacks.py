"""Presentation attacks: a worked case, a search over all thresholds as the oracle, edges."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats.attacks import AttackScores, read_attack_scores


@pytest.fixture
def scores():
    score = [0.9, 0.8, 0.3, np.nan, 0.1, 0.6, 0.2, 0.7, 0.4, 0.65]
    species = [""] * 4 + ["print"] * 3 + ["mask"] * 3
    return AttackScores(np.array(score), np.array(species), np.array(list("abcdeeffgg")))


def test_worked_case(scores):
    errors = scores.at(0.5)
    assert (errors.apcer["print"].errors, errors.apcer["print"].trials) == (1, 3)
    assert (errors.apcer["mask"].errors, errors.apcer["mask"].trials) == (2, 3)
    assert errors.worst_species == "mask"
    assert (errors.bpcer.errors, errors.bpcer.trials) == (1, 3)
    assert (errors.nonresponse[""].errors, errors.nonresponse[""].trials) == (1, 4)
    assert errors.apcer["print"].people == 2


def test_a_score_at_the_threshold_is_bona_fide():
    scores = AttackScores([0.5, 0.5], ["", "print"])
    assert scores.at(0.5).bpcer.errors == 0
    assert scores.at(0.5).largest_apcer.errors == 1


@given(st.lists(st.integers(0, 9), min_size=4, max_size=12), st.lists(st.integers(0, 9), min_size=4, max_size=12))
def test_threshold_at_apcer_is_the_smallest_that_meets_the_target(print_scores, mask_scores):
    bona_fide = list(range(12))
    scores = AttackScores(
        np.array(bona_fide + print_scores + mask_scores, dtype=float),
        np.array([""] * 12 + ["print"] * len(print_scores) + ["mask"] * len(mask_scores)),
    )
    found = scores.threshold_at_apcer(0.25)
    oracle = min(t for t in range(13) if scores.at(t).largest_apcer.value <= 0.25)
    assert found.threshold == oracle
    assert found.largest_apcer.value <= 0.25


def test_where_every_score_is_an_attack_s_the_threshold_lies_just_above():
    scores = AttackScores([0.1, 0.9, 0.9, 0.9, 0.9], ["", *["print"] * 4])
    found = scores.threshold_at_apcer(0.25)
    assert found.threshold == np.nextafter(0.9, np.inf)
    assert found.bpcer.value == 1.0


def test_a_target_that_a_species_cannot_resolve_is_refused(scores):
    with pytest.raises(UnattainableTarget, match=r"APCER mask 0\.05"):
        scores.threshold_at_apcer(0.05)


def test_the_largest_apcer_has_a_simultaneous_interval(scores):
    errors = scores.at(0.5)
    wide = errors.largest_apcer_interval()
    assert wide.high >= errors.largest_apcer.interval().high
    assert "Bonferroni over 2 species" in wide.method
    assert wide.low <= errors.largest_apcer.value <= wide.high


def test_all_and_no_errors(scores):
    assert scores.at(-1.0).largest_apcer.value == 1.0
    assert scores.at(-1.0).bpcer.value == 0.0
    assert scores.at(2.0).largest_apcer.value == 0.0
    assert scores.at(2.0).bpcer.value == 1.0


def test_results_read_as_a_sentence_and_go_to_json(scores):
    errors = scores.at(0.5)
    assert "largest APCER mask 2/3" in repr(errors)
    assert json.loads(json.dumps(errors.to_dict()))["largest_apcer"]["species"] == "mask"


def test_a_species_without_a_response_is_never_the_worst():
    errors = AttackScores([0.9, np.nan, 0.1], ["", "mask", "print"]).at(0.5)
    assert errors.worst_species == "print"
    with pytest.raises(NotMeasured, match="no attack got a response"):
        AttackScores([0.9, np.nan], ["", "mask"]).at(0.5).to_dict()


def test_score_files(tmp_path):
    path = tmp_path / "pad.csv"
    path.write_text("score,species,subject\n0.9,,a\n,print,b\n0.2,print,c\n")
    scores = read_attack_scores(path)
    assert scores.at(0.5).nonresponse["print"].errors == 1
    assert scores.subject.tolist() == ["a", "b", "c"]
    for text, words in [
        ("score,kind\n1,x\n", "column 'species' is missing, there are score, kind"),
        ("score,species\n", "no row"),
        ("score,species\nhigh,print\n", ":2: the score 'high'"),
    ]:
        path.write_text(text)
        with pytest.raises(BadInput, match=words):
            read_attack_scores(path)


def test_bad_input_is_named(scores):
    with pytest.raises(NotMeasured, match="both attacks"):
        AttackScores([0.5], [""]).at(0.5)
    with pytest.raises(NotMeasured, match="no attack"):
        AttackScores([0.5], [""]).threshold_at_apcer(0.5)
    with pytest.raises(BadInput, match="no attack of species 'wig'"):
        scores.apcer("wig", 0.5)
    with pytest.raises(BadInput, match="percentage"):
        scores.threshold_at_apcer(5)
    with pytest.raises(BadInput, match="infinite"):
        AttackScores([np.inf], [""])

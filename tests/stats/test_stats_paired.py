"""Two systems on the same people: enumeration and scipy as oracles, level and coverage by simulation."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from facelab.errors import BadInput, NotMeasured
from facelab.stats.paired import mcnemar, paired_difference, sign_flip_test

trials = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 6)), min_size=1, max_size=25)


@given(trials)
def test_mcnemar_is_the_binomial_test_of_the_discordant_trials(rows):
    one, two, _ = (np.array(x) for x in zip(*rows))
    b, c = int((one & ~two).sum()), int((two & ~one).sum())
    found = mcnemar(one, two)
    assert (found.only_first, found.only_second) == (b, c)
    assert found.p_value == pytest.approx(binomtest(b, b + c, 0.5).pvalue if b + c else 1.0)


@given(trials)
def test_sign_flips_equal_the_enumeration_of_all_signs(rows):
    one, two, person = (np.array(x) for x in zip(*rows))
    d = np.array([two[person == p].sum() - int(one[person == p].sum()) for p in np.unique(person)])
    signs = np.array(list(itertools.product([-1, 1], repeat=len(d))))
    exact = np.mean(np.abs(signs @ d) >= abs(d.sum()))
    assert sign_flip_test(one, two, person.astype(str)).p_value == pytest.approx(exact)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_with_one_trial_a_person_sign_flips_are_mcnemar_s_test(rows):
    one, two = (np.array(x) for x in zip(*rows))
    person = np.arange(len(one)).astype(str)
    assert sign_flip_test(one, two, person).p_value == pytest.approx(mcnemar(one, two, person).p_value)


@given(trials)
def test_swapping_the_systems_swaps_the_sign_only(rows):
    one, two, person = (np.array(x) for x in zip(*rows))
    a = paired_difference("FNMR", one, two, person.astype(str), replicates=50, rng=np.random.default_rng(0))
    b = paired_difference("FNMR", two, one, person.astype(str), replicates=50, rng=np.random.default_rng(0))
    assert a.value == pytest.approx(-b.value)
    assert a.test.p_value == pytest.approx(b.test.p_value)
    ends, mirrored = a.interval(), b.interval()
    if a.people > 1:
        assert (ends.low, ends.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert ends.low <= a.value + 1e-12
    assert a.value - 1e-12 <= ends.high


def test_a_thousand_people_are_exact_and_quick():
    rng = np.random.default_rng(0)
    one, two = rng.random((2, 20_000)) < 0.1
    found = sign_flip_test(one, two, np.repeat(np.arange(1000), 20).astype(str))
    assert 0 < found.p_value <= 1


def test_alike_trials_of_a_person_mislead_mcnemar_and_not_the_sign_flips():
    """Three alike passages a person, two equal systems: McNemar rejects more than 10 % at a nominal 5 %."""
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(60), 3).astype(str)
    wrong = [0, 0]
    for _ in range(300):
        one, two = (np.repeat(rng.random(60) < 0.3, 3) for _ in range(2))
        wrong[0] += mcnemar(one, two).p_value < 0.05
        wrong[1] += sign_flip_test(one, two, person).p_value < 0.05
    assert wrong[0] > 0.1 * 300
    assert wrong[1] < 0.08 * 300


def test_the_interval_holds_the_true_difference():
    """100 people x 2 trials, true rates .10 and .16, correlated: nominal 95 %."""
    rng = np.random.default_rng(2)
    person = np.arange(100).repeat(2).astype(str)

    def ease(people):
        return rng.random(people).repeat(2) * 0.9 + 0.1 * rng.random(2 * people)

    low, high = np.quantile(ease(200_000), [0.1, 0.16])
    held = 0
    for _ in range(200):
        some = ease(100)
        found = paired_difference("FNMR", some < low, some < high, person, replicates=400, rng=rng)
        held += 0.06 in found.interval()
    assert held >= 0.91 * 200


def test_systems_that_agree_on_everybody_still_have_an_interval():
    found = paired_difference(
        "FPIR", np.zeros(300), np.zeros(300), np.arange(300).astype(str), rng=np.random.default_rng(0)
    )
    ends = found.interval()
    assert found.value == 0
    assert ends.high == pytest.approx(1 - 0.025 ** (1 / 300))
    assert "differ on 0 people" in ends.note
    assert found.test.p_value == 1.0


def test_non_inferiority_is_shown_with_many_people_and_not_with_few():
    def upper(people):
        one = np.arange(people) % 20 == 0
        two = np.arange(people) % 20 == 1
        found = paired_difference("FNIR", one, two, np.arange(people).astype(str), rng=np.random.default_rng(0))
        return found.non_inferiority(0.02)

    assert upper(4000).shown
    assert not upper(100).shown
    assert "is not shown" in repr(upper(100))
    with pytest.raises(BadInput, match="margin"):
        paired_difference("x", [0, 1], [1, 0], ["a", "b"], rng=np.random.default_rng(0)).non_inferiority(0)


def test_result_reads_as_a_sentence_and_goes_to_json():
    found = paired_difference(
        "FNMR", [1, 0, 0], [0, 1, 1], ["a", "b", "b"], replicates=20, rng=np.random.default_rng(0)
    )
    assert "difference +0.33" in repr(found)
    out = json.loads(json.dumps(found.to_dict(margin=0.1)))
    assert out["test"]["only_second"] == 1
    assert out["non_inferiority"]["shown"] is False


@pytest.mark.parametrize(
    ("call", "words", "error"),
    [
        (lambda: mcnemar([], []), "no trial", NotMeasured),
        (lambda: mcnemar([1], [1, 0]), "2 entries", BadInput),
        (lambda: mcnemar([1, 0], [1, 0], ["a", "a"]), "sign_flip_test", BadInput),
        (lambda: mcnemar([0.3], [1]), "true and false", BadInput),
        (lambda: sign_flip_test([1], [0], ["a", "b"]), "person", BadInput),
    ],
)
def test_bad_input_is_named(call, words, error):
    with pytest.raises(error, match=words):
        call()

"""Two reviewers compared, against other implementations of kappa and its interval."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from facelab.errors import BadInput, NotMeasured
from facelab.label import LabelFile, agreement_of
from facelab.label.agreement import VERDICTS, Agreement, cohens_kappa
from facelab.label.labelfile import Answer, Answers


def _answers(who: str, said: list[int], items: list[tuple[str, ...]]) -> Answers:
    return Answers(
        tuple(
            Answer(f"{who}{k}", "t", who, "pair", items[k], VERDICTS[v], place=f"{who}, line {k}")
            for k, v in enumerate(said)
        )
    )


def _found(one: list[int], other: list[int], items: list[tuple[str, ...]] | None = None) -> Agreement:
    items = [(f"a{k}", f"b{k}") for k in range(len(one))] if items is None else items
    return agreement_of(_answers("ann", one, items), _answers("bob", other, items))


def _fleiss_se(table: np.ndarray) -> float:
    """The large-sample standard error of Fleiss, Cohen and Everitt (1969), equation 13, written out."""
    p = table / table.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    po, pe = np.trace(p), rows @ columns
    first = sum(p[i, i] * ((1 - pe) - (columns[i] + rows[i]) * (1 - po)) ** 2 for i in range(len(p)))
    second = (1 - po) ** 2 * sum(
        p[i, j] * (columns[i] + rows[j]) ** 2 for i in range(len(p)) for j in range(len(p)) if i != j
    )
    third = (po * pe - 2 * pe + po) ** 2
    return float(np.sqrt((first + second - third) / (table.sum() * (1 - pe) ** 4)))


def _drawn(n: int, seed: int = 0) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(seed)
    one = rng.choice(3, n, p=[0.5, 0.4, 0.1])
    other = np.where(rng.random(n) < 0.75, one, rng.choice(3, n, p=[0.5, 0.4, 0.1]))
    return one.tolist(), other.tolist()


def test_kappa_is_that_of_scikit_learn_and_of_a_hand_worked_table() -> None:
    one, other = _drawn(300)
    assert _found(one, other).kappa == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)
    assert cohens_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)  # po = .7, pe = .5


def test_the_interval_of_independent_questions_is_that_of_fleiss_cohen_and_everitt() -> None:
    found = _found(*_drawn(400))
    interval = found.interval()
    half = (interval.high - interval.low) / 2
    assert half == pytest.approx(1.966 * _fleiss_se(found.table), rel=0.05)
    assert interval.low < found.kappa < interval.high


def test_questions_that_hang_together_widen_the_interval() -> None:
    """The same answers, each given eight times over one passage: no more is known than from one of the eight."""
    one, other = _drawn(60)
    items = [(f"a{k}", f"b{k}") for k in range(60)]
    eight = [(f"a{k}", f"b{k}.{j}") for k in range(60) for j in range(8)]
    together = _found([v for v in one for _ in range(8)], [v for v in other for _ in range(8)], eight)
    single = _found(one, other, items)
    assert together.interval().people == 60
    assert together.kappa == pytest.approx(single.kappa)
    width = [found.interval().high - found.interval().low for found in (together, single)]
    assert width[0] == pytest.approx(width[1], rel=0.02)


def test_two_of_one_mind_have_a_lower_end_below_one() -> None:
    found = _found([0, 1] * 10, [0, 1] * 10)
    interval = found.interval()
    assert (found.kappa, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx((0.025 ** (1 / 20) - 0.5) / 0.5)
    assert "20 of 20 questions (100%), kappa 1.00" in str(found)


def test_kappa_that_does_not_exist_is_said_not_to() -> None:
    found = _found([0, 0, 0], [0, 0, 0])
    assert math.isnan(found.kappa)
    assert math.isnan(found.interval().low)
    assert "does not exist" in str(found)


def test_disputes_are_listed_with_both_places() -> None:
    found = _found([0, 1, 2], [0, 0, 2])
    (dispute,) = found.disputes
    assert (dispute.one, dispute.other, dispute.places) == ("different", "same", ("ann, line 1", "bob, line 1"))
    assert "a1 | b1: different / same" in str(dispute)
    assert found.to_dict()["questions"] == 3


def test_only_what_both_answered_counts(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    ann, bob = LabelFile(path, "ann"), LabelFile(path, "bob")
    for k in range(3):
        ann.add("pair", (f"g@{k}:0,0,9,9#0123456789abcdef", "person=x"), "same")
    bob.add("pair", ("person=x", "g@1:0,0,9,9#0123456789abcdef"), "different")
    bob.add("group", ("g@1:0,0,9,9#0123456789abcdef", "person=x"), "same")
    both = ann.read()
    found = agreement_of(both.of("ann"), both.of("bob"))
    assert (found.questions, found.only_one) == (1, (2, 1))
    with pytest.raises(BadInput, match="answers of one reviewer"):
        agreement_of(both, both.of("bob"))
    with pytest.raises(BadInput, match="two reviewers"):
        agreement_of(both.of("ann"), both.of("ann"))
    with pytest.raises(BadInput, match="nobody"):
        agreement_of(both.of("cy"), both.of("ann"))


def test_nothing_in_common_is_not_measured() -> None:
    with pytest.raises(NotMeasured, match="no question in common"):
        agreement_of(_answers("ann", [0], [("a", "b")]), _answers("bob", [0], [("c", "d")]))

"""Rows and sentences say the counts, the interval and what the data does not support; never more than was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from facelab.report import finding, matched, more_data, resolution, threshold_rows
from facelab.report.conditions import condition, legend
from facelab.report.rows import COLUMNS, html_rows, rate_text, row_legend
from facelab.report.words import best_row
from facelab.stats.openset import open_set_curve
from facelab.stats.points import operating_points
from facelab.types import Comparisons


def _comparisons() -> Comparisons:
    rng = np.random.default_rng(3)
    score = rng.normal(0.1, 0.08, (130, 40))
    score[np.arange(30), np.arange(30)] = rng.normal(0.55, 0.1, 30)
    score[50] = np.nan
    subject = [f"w{i}" for i in range(30)] + [f"u{i}" for i in range(100)]
    enrolled = [f"w{i}" for i in range(40)]
    ids = [f"p{i}" for i in range(130)]
    return Comparisons(score, ids, subject, [f"{e}/1" for e in enrolled], enrolled, enrolled, synthetic=True)


@pytest.fixture(scope="module")
def points() -> list[dict[str, Any]]:
    curve = open_set_curve(_comparisons())
    return [p.to_dict() for p in operating_points(curve, open_set_curve(_comparisons()), (0.1, 0.02, 0.001), [0.3])]


RATE = {"rate": 7 / 120, "errors": 7, "trials": 120, "low": 0.0238, "high": 0.1165, "confidence": 0.95}


def test_a_rate_is_never_without_errors_trials_and_interval() -> None:
    assert rate_text(RATE) == "5.8 % (7/120) [2.4, 12]"


def test_an_end_far_below_one_trial_is_shown_as_zero() -> None:
    assert rate_text({**RATE, "low": 3e-6}) == "5.8 % (7/120) [0, 12]"


def test_where_people_are_few_a_rate_is_a_count() -> None:
    assert rate_text(RATE, counts_only=True) == "7 of 120"


def test_a_rate_without_a_trial_says_so() -> None:
    assert rate_text({**RATE, "rate": None, "errors": 0, "trials": 0}) == "no trial"
    assert rate_text(None) == "–"


def test_each_target_is_followed_by_its_certified_threshold(points: list[dict[str, Any]]) -> None:
    names = [row.name for row in threshold_rows(points)]
    assert names == ["FPIR 10 %", "FPIR 10 % certified", "FPIR 2 %", "FPIR 0.1 %", "site today"]


def test_a_target_that_cannot_be_resolved_has_no_threshold_and_says_why(points: list[dict[str, Any]]) -> None:
    row = threshold_rows(points)[3]
    assert row.origin == "unattainable"
    assert row.cells[1:5] == ("–", "no", "–", "–")
    assert "1,000 trials" in row.note


def test_cells_follow_the_columns_and_stand_in_the_html(points: list[dict[str, Any]]) -> None:
    rows = threshold_rows(points)
    assert all(len(row.cells) == len(COLUMNS) for row in rows)
    page = html_rows(rows, "a <caption>")
    assert page.count("<tr>") == len(rows) + 1
    assert "a &lt;caption&gt;" in page


def test_the_smallest_supported_target_speaks_for_an_evaluation(points: list[dict[str, Any]]) -> None:
    best = best_row(threshold_rows(points))
    assert best is not None
    assert best.target == 0.1
    site = best_row(threshold_rows(points[3:]))
    assert site is not None
    assert site.origin == "site"
    assert best_row(()) is None


def test_the_finding_has_three_sentences_with_the_numbers_of_the_table(points: list[dict[str, Any]]) -> None:
    rows = threshold_rows(points)
    first, second, third = finding(rows, enrolled=40, synthetic=True)
    fpir = points[0]["fpir"]
    assert f"the threshold is {points[0]['threshold']:.4f}, with 40 people enrolled" in first
    assert f"{fpir['errors']} of {fpir['trials']} searches of strangers raised an alert" in first
    assert second == (
        "A target of 2 % is resolved but not supported by this many people and a target of 0.1 % cannot be resolved "
        "at all."
    )
    assert "not for deployment" in third


def test_real_evidence_gets_no_synthetic_warning(points: list[dict[str, Any]]) -> None:
    assert len(finding(threshold_rows(points), enrolled=40, synthetic=False)) == 2


def test_counts_are_not_sold_as_rates(points: list[dict[str, Any]]) -> None:
    first, second = finding(threshold_rows(points[3:], counts_only=True), enrolled=40, synthetic=False)
    assert "%" not in first
    assert "no threshold is tuned" in second


def test_without_any_threshold_the_finding_says_so() -> None:
    assert finding((), enrolled=3, synthetic=False) == ("No threshold came out of this evaluation.",)


def test_more_data_names_the_people_that_a_target_takes(points: list[dict[str, Any]]) -> None:
    two, one_per_mille = more_data(points)
    assert two == "To support an FPIR of 2 %, 150 strangers must walk by; there are 100."
    assert one_per_mille == "To resolve and support an FPIR of 0.1 %, 3,000 strangers must walk by; there are 100."


def test_matching_in_words_counts_failures() -> None:
    assert matched(_comparisons()) == (
        "130 passages were searched for among 40 enrolled people: 30 of people who are on the list, 100 of strangers; "
        "1 gave no score and stay in the denominators."
    )


def test_resolution_in_words() -> None:
    curve = open_set_curve(_comparisons())
    assert "one alert in 100 is an FPIR of 1 %" in resolution(curve)
    assert "one miss in 30 is an FNIR of 3.3 %" in resolution(curve)


FEW = {**RATE, "reliable": False, "rarest": 40, "guaranteed": [0.01, 0.31]}


def test_an_interval_that_is_not_to_be_relied_on_is_marked_and_the_mark_explained() -> None:
    assert rate_text(FEW) == "5.8 % (7/120) [2.4, 12]*"
    assert rate_text({**RATE, "reliable": True}) == rate_text(RATE)
    assert condition(FEW) == "holds unless people rarer than 1 in 40 make the errors, then at most 0.31"
    assert condition(RATE) == condition(None) == ""


def test_the_legend_has_a_line_for_each_condition_and_says_each_rates_largest_bound() -> None:
    rarer = {**FEW, "rarest": 60, "guaranteed": [0, 0.2]}
    higher = {**FEW, "guaranteed": [0, 0.5]}
    said = legend([("FPIR", FEW), ("FNIR", rarer), ("FPIR", higher), ("FNIR", RATE), ("x", None)])
    start = "* rests on the people seen: it holds unless people rarer than 1 in"
    assert said == (
        f"{start} 40 make the errors, then at most 0.5 (FPIR)",
        f"{start} 60 make the errors, then at most 0.2 (FNIR)",
    )
    assert legend([("FPIR", RATE)]) == ()


def test_a_mark_without_numbers_still_says_what_it_means() -> None:
    bare = {**RATE, "reliable": False}
    assert condition(bare) == "holds unless people of a kind that is not among these make the errors"
    assert legend([("FNMR", bare)])[0].endswith("people of a kind that is not among these make the errors")


def test_the_table_and_the_finding_say_on_what_an_interval_rests(points: list[dict[str, Any]]) -> None:
    rows = threshold_rows(points)
    assert any("*" in "".join(row.cells) for row in rows) == bool(row_legend(rows))
    few = threshold_rows([{**points[0], "fpir": FEW, "certified": None}])
    assert few[0].cells[3].endswith("*")
    page = html_rows(few)
    assert "<tfoot>" in page
    assert "rarer than 1 in 40" in page
    first = finding(few, enrolled=40, synthetic=False)[0]
    assert "95 % interval 2.4 % to 12 %, which holds unless people rarer than 1 in 40 make the errors" in first


def test_counts_alone_have_no_mark_and_no_legend(points: list[dict[str, Any]]) -> None:
    rows = threshold_rows([{**points[0], "fpir": FEW, "certified": None}], counts_only=True)
    assert "*" not in "".join(rows[0].cells)
    assert row_legend(rows) == ()

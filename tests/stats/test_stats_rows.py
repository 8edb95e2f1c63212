"""docs/statistics.md is an index: every name in its tables exists, and every public statistic has a row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import facelab.stats

FOLDER = Path(facelab.stats.__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "statistics.md"
HEAD = "| statistic | function or method | formula, source | checked against |"
NO_STATISTIC = {
    "said in words or tables": "compared short finite html_table lacking allowing hours_of",
    "read or told apart": "read_alerts read_attack_scores read_journeys seconds_of column_names is_candidate_file"
    " read_grouped_candidates read_grouped_scores joined_searches joined_scores",
    "checks of what was given": "checked_confidence checked_target check_given_threshold near_the_scores"
    " warn_of_distances"
    " warn_of_distances_in_searches few_errors",
    "steps inside another row's function": "band_grid person_codes cumulative_count bound_in ranks_below ranks_up_to"
    " attained_counts first_turned threshold_index described non_mated_side estimate complement above_own_threshold"
    " camera_of first_sights kinds_of",
}
INSIDE = {"sides", "blocks", "all_pairs", "complete_pairs", "nested", "dyadic", "unseen", "unpaired.Side", "limits"} | {
    "targeted.MeasuredCurve"
}
NUMBERS = {
    *("float", "Rate", "Interval", "Floats", "FloatArray", "Estimate", "Band", "Cmc", "NonInferiority"),
    *(
        "OperatingPoint",
        "VerificationPoint",
        "EqualErrorRate",
        "TailThreshold",
        "AttackErrors",
        "tuple[Rate, Rate, Rate, Rate]",
    ),
    *("dict[str, float]", "dict[str, Interval]", "Support"),
}
NOT_THE_NUMBER = {
    "thresholds": "an axis",
    "candidates": "an axis",
    "highest": "an axis",
    "lowest": "an axis",
    "values": "the rates beside it",
    "passages_a_day": "a setting",
    "size": "a setting",
    "numbers": "reads",
    "seconds": "reads",
    "other_score": "a score",
    "width": "of an interval",
    "threshold": "of a result",
    "at": "a point of a curve, whose row it is",
}


def rows() -> list[tuple[str, list[str], str, str]]:
    """Statistic, names, source and check of every row of both tables."""
    found = []
    for part in PAGE.read_text(encoding="utf-8").split(HEAD)[1:]:
        for line in part.splitlines()[2:]:
            if not line.startswith("|"):
                break
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 4, line
            found.append((cells[0], re.findall(r"`([^`]+)`", cells[1]), cells[2], cells[3]))
    return found


def public() -> tuple[set[str], set[str], dict[str, str]]:
    """Every public name as a row may write it; the functions; and the methods, with what they return."""
    names: set[str] = set()
    functions: set[str] = set()
    methods: dict[str, str] = {}
    for file in sorted(FOLDER.glob("[a-z]*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                names |= {node.name, f"{file.stem}.{node.name}"}
                functions.add(f"{file.stem}.{node.name}")
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names |= {node.name, f"{file.stem}.{node.name}"}
                for part in node.body:
                    if isinstance(part, ast.AnnAssign):
                        own = ast.unparse(part.target)
                    elif isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                        own = part.name
                        returns = "" if part.returns is None else ast.unparse(part.returns)
                        methods[f"{file.stem}.{node.name}.{own}"] = returns
                    else:
                        continue
                    names |= {f"{node.name}.{own}", f"{file.stem}.{node.name}.{own}"}
            elif isinstance(node, ast.AnnAssign):
                names.add(f"{file.stem}.{ast.unparse(node.target)}")
            elif isinstance(node, ast.Assign):
                names |= {f"{file.stem}.{ast.unparse(target)}" for target in node.targets}
    return names, functions, methods


ROWS, PUBLIC = rows(), public()
NAMED = {name for _, names, _, _ in ROWS for name in names}
"""Every name of the tables, with or without its module."""


def test_the_tables_are_found() -> None:
    assert len(ROWS) >= 65


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_row_is_whole_and_names_what_exists(row: tuple[str, list[str], str, str]) -> None:
    statistic, names, source, check = row
    assert statistic
    assert names
    assert source
    assert check
    assert [name for name in names if name not in PUBLIC[0]] == []


def test_every_public_function_has_a_row_or_a_reason_to_have_none() -> None:
    excused = {name for names in NO_STATISTIC.values() for name in names.split()}
    missing = []
    for name in sorted(PUBLIC[1]):
        module, function = name.split(".")
        if not {name, function} & NAMED and function not in excused and module not in INSIDE:
            missing.append(name)
    assert missing == [], "give each a row in docs/statistics.md (statistic, function, source, check)"


def test_every_method_that_states_a_number_has_a_row() -> None:
    missing = []
    for name, returns in PUBLIC[2].items():
        module, owner, method = name.split(".")
        inside = {module, f"{module}.{owner}"} & INSIDE
        if returns in NUMBERS and not inside and method not in NOT_THE_NUMBER:
            own = {name, f"{owner}.{method}"}
            if not own & NAMED and not any(f".{method}" in other and owner in other for other in NAMED):
                missing.append(name)
    assert missing == [], "give each a row in docs/statistics.md (statistic, function, source, check)"

"""The answer goes to stdout as JSON that any reader takes; messages go to stderr."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from facelab.cli.output import answer_json, answer_table, message
from facelab.plain import plain


def test_numbers_that_are_not_finite_become_null(capsys: pytest.CaptureFixture[str]) -> None:
    answer_json({"a": math.nan, "b": np.float32(np.inf), "c": np.array([1.0, np.nan]), "d": 0.0})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": None, "c": [1.0, None], "d": 0.0}


def test_numpy_paths_and_tuples_become_plain_values() -> None:
    assert plain({"n": np.int64(3), "p": Path("a/b"), "t": (1, True, None), "s": np.str_("x")}) == {
        "n": 3,
        "p": "a/b",
        "t": [1, True, None],
        "s": "x",
    }


def test_results_and_dataclasses_are_opened_whatever_they_hold() -> None:
    @dataclasses.dataclass
    class Pair:
        one: float
        two: object

    class Result:
        def to_dict(self) -> dict[str, object]:
            return {"pair": Pair(math.inf, np.array([[1, 2]]))}

    assert plain([Result(), {3: np.bool_(True)}, range(2)]) == [
        {"pair": {"one": None, "two": [[1, 2]]}},
        {"3": True},
        [0, 1],
    ]
    assert type(plain(np.float64(0.5))) is float


def test_full_precision_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    threshold = np.nextafter(0.1, 1.0)
    answer_json({"threshold": threshold})
    assert json.loads(capsys.readouterr().out)["threshold"] == threshold


def test_messages_do_not_touch_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    message("hello")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "facelab: hello\n")


def test_a_table_without_rows_is_still_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    answer_table("none", ("a", "b"), [])
    assert "none" in capsys.readouterr().out

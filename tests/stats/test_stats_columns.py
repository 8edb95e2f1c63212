"""Columns of files: what is read, and the one line that names value, place and likely cause of what is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from facelab.errors import BadInput
from facelab.stats.columns import column_names, read_columns, seconds_of


def written(folder, text, name="t.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_only_what_was_asked_for_is_read_and_an_empty_number_is_nan(tmp_path):
    table = read_columns(written(tmp_path, "a,score,b\nx,1.5,p\n,,q\n"), ("score", "a"), ("c",))
    assert list(table.columns) == ["score", "a"]
    assert ("a" in table, "c" in table, len(table)) == (True, False, 2)
    np.testing.assert_array_equal(table.numbers("score"), [1.5, np.nan])
    assert table.strings("a").tolist() == ["x", ""]


def test_a_file_without_rows_is_an_answer_only_where_it_may_be(tmp_path):
    path = written(tmp_path, "score\n")
    assert len(read_columns(path, ("score",), may_be_empty=True)) == 0
    with pytest.raises(BadInput, match="no row"):
        read_columns(path, ("score",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Score\n1\n", r"column 'score' is missing, there are Score; is it 'Score'\?"),
        ("a, score\n1,2\n", r"is it ' score'\?"),
        ("0.5,1\n0.2,0\n", r"there are 0.5, 1; is its header missing\?"),
        ("a\tscore\n1\t2\n", r"separated by semicolons or tabs\?"),
        ('score\n1\n"0,5"\n', r"t.csv:3: the score '0,5' is no number; the decimal sign is a point"),
        ("score\n1\nN/A\n", r"t.csv:3: the score 'N/A' is no number; an empty score is a failed comparison"),
        ("score\n1\n1_000\n", r"t.csv:3: the score '1_000' is no number"),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_is_named_with_its_likely_cause(tmp_path, text, words):
    with pytest.raises(BadInput, match=words):
        read_columns(written(tmp_path, text), ("score",))


def test_another_column_of_numbers_names_itself(tmp_path):
    path = written(tmp_path, "score,quality\n1,5\n2,good\n")
    with pytest.raises(BadInput, match=r"t.csv:3: the quality 'good' is no number; a missing one is empty"):
        read_columns(path, ("score", "quality"), numeric=("score", "quality"))
    path = written(tmp_path, "quality\n5\ninf\n\n")
    with pytest.raises(BadInput, match=r"t.csv:3: the quality is inf; a missing one is empty"):
        read_columns(path, ("quality",), numeric=("quality",)).numbers("quality")
    path = written(tmp_path, "quality,b\n5,\n,\n")
    with pytest.raises(BadInput, match=r"t.csv:3: the quality is empty"):
        read_columns(path, ("quality",), numeric=("quality",)).numbers("quality", filled=True)


def test_parquet_of_nulls_is_missing_everywhere_and_text_is_no_number(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"score": pa.nulls(2), "a": ["x", None]}), path)
    table = read_columns(path, ("score", "a"))
    assert np.isnan(table.numbers("score")).all()
    assert table.at(1).endswith("t.parquet, row 2")
    parquet.write_table(pa.table({"score": ["1", "2"]}), path)
    with pytest.raises(BadInput, match="column 'score' holds string, not numbers"):
        read_columns(path, ("score",))


def test_no_file_a_folder_and_what_is_no_parquet(tmp_path):
    with pytest.raises(BadInput, match="there is no such file"):
        column_names(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="it is no file"):
        read_columns(tmp_path, ("score",))
    with pytest.raises(BadInput, match="cannot be read as a parquet file"):
        column_names(written(tmp_path, "score\n1\n", "t.parquet"))


def test_times_are_seconds_or_iso_8601_in_utc_where_no_zone_is_named(tmp_path):
    table = read_columns(written(tmp_path, "t\n10\n1970-01-01T00:00:20\n1970-01-01T01:00:30+01:00\n"), ("t",))
    assert table.seconds("t").tolist() == [10.0, 20.0, 30.0]
    for text in ("noon", "", "inf", "nan"):
        with pytest.raises(ValueError, match=text or "isoformat"):
            seconds_of(text)

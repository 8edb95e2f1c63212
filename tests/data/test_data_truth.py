"""Truth is checked when made, written and read without change, and summed up by passage."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.data.truth import COLUMNS, Truth, read_truth, write_truth
from facelab.errors import BadInput

HEADER = ",".join(COLUMNS)
GOOD = "gate,3,p1,anna,10,20,30,45.5"


def _truth(**changes) -> Truth:
    values = {
        "camera": ["gate", "gate", "hall", "gate"],
        "frame": [7, 5, 2, 6],
        "passage_id": ["p1", "p1", "p3", "p2"],
        "subject_id": ["anna", "anna", "anna", ""],
        "box": [[1, 2, 3, 4], [-5, 0, 5, 9], [0, 0, 1, 1], [0.1, 0.2, 10.3, 10.4]],
    }
    return Truth(**{name: np.array(value) for name, value in (values | changes).items()})


def _file(tmp_path, *lines):
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_passages_have_one_row_each_ordered_by_camera_and_first_frame():
    passages = _truth().passages
    assert passages.passage_id.tolist() == ["p1", "p2", "p3"]
    assert passages.subject_id.tolist() == ["anna", "", "anna"]
    assert passages.camera.tolist() == ["gate", "gate", "hall"]
    assert passages.first_frame.tolist() == [5, 6, 2]
    assert passages.last_frame.tolist() == [7, 6, 2]
    assert passages.n_boxes.tolist() == [2, 1, 1]
    assert len(passages) == 3


def test_what_is_written_is_read_again_and_equal_truth_gives_equal_bytes(tmp_path):
    truth = _truth()
    write_truth(truth, tmp_path / "a.csv")
    write_truth(truth, tmp_path / "b.csv")
    again = read_truth(tmp_path / "a.csv")
    for column in ("camera", "frame", "passage_id", "subject_id", "box"):
        assert np.array_equal(getattr(again, column), getattr(truth, column))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert again.digest == truth.digest


@settings(deadline=None)
@given(st.lists(st.floats(-1e5, 1e5, width=32), min_size=2, max_size=2), st.floats(0.015625, 1e4, width=32))
def test_boxes_survive_the_file_exactly(tmp_path_factory, corner, size):
    box = np.array([[*corner, corner[0] + size, corner[1] + size]], dtype=np.float32)
    if not (box[:, 2:] > box[:, :2]).all():
        return
    path = tmp_path_factory.mktemp("boxes") / "t.csv"
    write_truth(Truth(np.array(["a"]), np.array([0]), np.array(["p"]), np.array(["s"]), box), path)
    assert np.array_equal(read_truth(path).box, box)


def test_the_digest_does_not_depend_on_the_order_and_does_on_the_values():
    truth = _truth()
    assert truth.take(np.array([2, 0, 3, 1])).digest == truth.digest
    assert truth.take(np.array([0, 1, 2])).digest != truth.digest


def test_names_with_commas_quotes_and_accents_survive(tmp_path):
    truth = _truth(subject_id=['O"Neil, A', 'O"Neil, A', "Zoë", "李"])
    write_truth(truth, tmp_path / "t.csv")
    assert read_truth(tmp_path / "t.csv").subject_id.tolist() == truth.subject_id.tolist()


def test_an_empty_truth_is_one(tmp_path):
    empty = read_truth(_file(tmp_path, HEADER))
    assert len(empty) == 0
    assert len(empty.passages) == 0
    assert len(Truth.joined([])) == 0
    assert len(Truth.joined([empty, _truth()])) == 4


def test_it_travels_between_processes_and_into_a_table():
    truth = pickle.loads(pickle.dumps(_truth()))
    assert list(truth.to_frame().columns) == list(COLUMNS)
    assert truth.to_frame()["y2"].tolist() == pytest.approx([4, 9, 1, 10.4])


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"box": [[1, 2, 3, 4]] * 3 + [[np.nan, 0, 1, 1]]}, "must be finite, row 4"),
        ({"box": [[1, 2, 3, 4]] * 3 + [[5, 0, 5, 1]]}, "x1 < x2, y1 < y2, row 4"),
        ({"frame": [7, 5, -2, 6]}, "count from 0, row 3 has -2"),
        ({"camera": ["gate", "gate", "", "gate"]}, "camera must have a name, row 3"),
        ({"passage_id": ["p1", "p1", "", "p2"]}, "passage must have an id"),
        ({"subject_id": ["anna", "bert", "", ""]}, "'p1' is 'anna' at 'gate' and, in row 2, 'bert'"),
        ({"camera": ["gate", "hall", "hall", "gate"]}, "one person past one camera"),
        ({"frame": [5, 5, 2, 6]}, "two boxes in frame 5"),
        ({"frame": [5, 5, 2]}, "shape"),
    ],
)
def test_what_cannot_be_true_is_refused(changes, cause):
    with pytest.raises(BadInput, match=cause):
        _truth(**changes)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([], r"truth\.csv: the file is empty"),
        (["camera,frame,passage_id,subject_id,x1,y1,x2"], r"line 1: column 'y2' is missing; found: camera"),
        ([HEADER + ",colour"], "column 'colour' is unknown"),
        ([HEADER + ",x1"], "column 'x1' stands twice"),
        ([HEADER + ","], "a column has no name"),
        (
            [HEADER, GOOD, "gate,four,p1,anna,1,2,3,4"],
            r"truth\.csv, line 3: column 'frame' must be a number, it is 'four'",
        ),
        ([HEADER, "gate,4.5,p1,anna,1,2,3,4"], "column 'frame' must be a whole number, it is '4.5'"),
        ([HEADER, "gate,4,p1,anna,1,NaN,3,4"], "line 2: column 'y1' must be a finite number, it is 'NaN'"),
        ([HEADER, "gate,4,p1,anna,1,inf,3,4"], "column 'y1' must be a finite number"),
        ([HEADER, "gate,4,p1,anna,1,,3,4"], "column 'y1' must be a number, it is empty"),
        ([HEADER, "gate,4,,anna,1,2,3,4"], "column 'passage_id' must not be empty"),
        ([HEADER, GOOD, "", "gate,4,p1"], "line 4: the line has 3 values, the header 8 columns"),
        ([HEADER, GOOD, GOOD], r"truth\.csv: .*two boxes in frame 3"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path, lines, cause):
    with pytest.raises(BadInput, match=cause) as caught:
        read_truth(_file(tmp_path, *lines))
    assert str(tmp_path) in str(caught.value)


def test_columns_may_come_in_any_order_with_blanks_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbfframe, camera,x1,y1,x2,y2,subject_id,passage_id\r\n3.0, gate ,1,2,3,4,,p\r\n\r\n")
    truth = read_truth(path)
    assert (truth.camera[0], truth.frame[0], truth.subject_id[0], truth.passage_id[0]) == ("gate", 3, "", "p")


def test_a_missing_file_a_folder_and_a_spreadsheet_are_refused(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04\xff\xfe\xff")
    for name, cause in (("gone.csv", "no such file"), (".", "this is a folder"), ("t.xlsx", "spreadsheet")):
        with pytest.raises(BadInput, match=cause):
            read_truth(tmp_path / name)

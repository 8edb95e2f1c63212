"""Score files: what is read, and one clear line with file and line for what cannot be."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from facelab.errors import BadInput
from facelab.stats.scorefile import read_candidates, read_enrolled, read_pairs, read_scores


def written(folder, text, name="scores.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_scores_with_subjects_and_a_failed_comparison(tmp_path):
    text = "score,mated,probe_subject,reference_subject\n0.5,1,ann,ann\n0.2,0,ann,bob\n,0,bob,cid\n"
    file = read_scores(written(tmp_path, text))
    np.testing.assert_array_equal(file.score, [0.5, 0.2, np.nan])
    assert file.mated.tolist() == [True, False, False]
    assert (file.probe.tolist(), file.reference.tolist()) == ([0, 0, 1], [0, 1, 2])
    assert len(file) == 3
    point = file.curve().at(0.3)
    assert (point.fmr.trials, point.gfar.trials, point.fmr.people) == (1, 2, 2)


def test_scores_without_subjects_give_independent_trials(tmp_path):
    for columns, row in (("score,mated", "0.2,0"), ("score,mated,probe_subject,reference_subject", "0.2,0,ann,")):
        first = "0.5,1" + (",ann,ann" if "probe" in columns else "")
        file = read_scores(written(tmp_path, f"{columns}\n{first}\n{row}\n"))
        assert file.probe is None
        place = "scores.csv:3 has no reference_subject" if "probe" in columns else "has no column 'probe_subject' and"
        assert place in file.without_people
        assert file.curve().at(0.3).fmr.people is None


def test_a_byte_order_mark_quoted_fields_other_columns_and_blank_lines_are_fine(tmp_path):
    text = '\ufeffnote,score,mated\n"a, b",0.5,1\n\nc,0.2,false\n'
    file = read_scores(written(tmp_path, text))
    assert file.score.tolist() == [0.5, 0.2]
    assert file.mated.tolist() == [True, False]


def test_parquet_says_the_same_as_csv(tmp_path):
    columns = {
        "score": [0.5, 0.2, None],
        "mated": [1, 0, 0],
        "probe_subject": list("aab"),
        "reference_subject": list("abc"),
    }
    path = tmp_path / "scores.parquet"
    parquet.write_table(pa.table(columns), path)
    rows = ["0.5,1,a,a", "0.2,0,a,b", ",0,b,c"]
    csv = read_scores(written(tmp_path, "\n".join([",".join(columns), *rows, ""])))
    file = read_scores(path)
    for name in ("score", "mated", "probe", "reference"):
        np.testing.assert_array_equal(getattr(file, name), getattr(csv, name))
    parquet.write_table(pa.table({"score": pa.array([0.5, 0.1], pa.float32()), "mated": [True, False]}), path)
    assert read_scores(path).mated.tolist() == [True, False]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"score": ["x", "y"], "mated": [1, 0]}, "column 'score' holds string, not numbers"),
        ({"score": [0.1, float("nan")], "mated": [1, 0]}, "row 2: the score is nan"),
        ({"score": [0.1, 0.2], "mated": [1, 3]}, "row 2: mated is 1 or 0, not '3'"),
        ({"score": [0.1, 0.2]}, "column 'mated' is missing, there are score"),
    ],
)
def test_parquet_that_holds_no_scores_is_refused_with_its_row(tmp_path, columns, words):
    path = tmp_path / "scores.parquet"
    parquet.write_table(pa.table(columns), path)
    with pytest.raises(BadInput, match=words):
        read_scores(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("score,mated\n.5,1\n.2x,0\n", "scores.csv:3: the score '.2x' is no number"),
        ("score,mated\n.5,1\n\ninf,0\n", "scores.csv:4: the score is inf"),
        ("score,mated\n.5,1\nnan,0\n", "scores.csv:3: the score is nan; a failed comparison has an empty score"),
        ("score,mated\n.5,1\n.1,maybe\n", "scores.csv:3: mated is 1 or 0, not 'maybe'"),
        ("score,mated\n.5,1\n.1,\n", "scores.csv:3: mated is 1 or 0, not ''"),
        ("score,mated\n.5,1,3\n", "scores.csv:2: it has 3 fields, the header has 2"),
        ("score,mated\n", "there is no row below its header"),
        ("", "the file is empty"),
        ("score;mated\n1;1\n", "separated by semicolons"),
        ("score,truth\n1,1\n", "column 'mated' is missing, there are score, truth"),
        ("score,mated,score\n1,1,1\n", "column 'score' stands twice"),
        (b"sc\xe9re,mated\n.5,1\n", "cannot be read as a CSV in UTF-8"),
        (b"score,mated,name\n.5,1,\xe9\n", "cannot be read as a CSV"),
        (
            "score,mated,probe_subject,reference_subject\n.5,1,a,a\n.2,0,c,c\n",
            "scores.csv:3: mated is 0 and the subjects are the same: 'c', 'c'",
        ),
        (
            "score,mated,probe_subject,reference_subject\n.5,1,a,b\n",
            "scores.csv:2: mated is 1 and the subjects differ: 'a', 'b'",
        ),
    ],
)
def test_what_is_no_score_file_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(BadInput, match=words):
        read_scores(written(tmp_path, text))


def test_one_class_only_is_refused_with_the_file(tmp_path):
    file = read_scores(written(tmp_path, "score,mated\n.5,1\n.2,1\n"))
    with pytest.raises(BadInput, match=r"scores\.csv: there is no non-mated score"):
        file.curve()


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(BadInput, match="there is no such file"):
        read_scores(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="it is no file"):
        read_scores(tmp_path)
    with pytest.raises(BadInput, match="cannot be read as a parquet file"):
        read_scores(written(tmp_path, "score,mated\n", "scores.parquet"))


def test_candidates_become_searches(tmp_path):
    text = "probe_id,probe_subject,reference_subject,score\np,ann,ann,0.9\nq,,bob,0.4\nr,ann,,\n"
    path = written(tmp_path, text)
    found = read_candidates(path)
    assert found.mated.tolist() == [True, False, True]
    assert found.failed.tolist() == [False, False, True]
    assert found.subjects == 2
    assert read_candidates(path, np.array(["ann", "bob", "cid"])).subjects == 3
    assert repr(found) == "2 mated and 1 non-mated searches of 2 subjects"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("p,a,a,.9\np,b,b,.4\n", "scores.csv:3: probe 'p' has two subjects, 'a' and 'b'"),
        ("p,a,a,.9\nq,b,,.4\n", "scores.csv:3: score 0.4 has no reference_subject"),
        ("p,a,a,.9\n,b,b,.4\n", "scores.csv:3: the probe_id is empty"),
        ("p,a,zed,.9\n", "scores.csv: candidate 'zed' is not among the enrolled"),
    ],
)
def test_candidates_that_are_none_are_refused_with_their_line(tmp_path, rows, words):
    path = written(tmp_path, "probe_id,probe_subject,reference_subject,score\n" + rows)
    with pytest.raises(BadInput, match=words):
        read_candidates(path, np.array(["a", "b"]))


def test_pairs_and_the_enrolled(tmp_path):
    a, b = read_pairs(written(tmp_path, "sample_a,sample_b\nx,y\nx,z\n"))
    assert (a.tolist(), b.tolist()) == (["x", "x"], ["y", "z"])
    with pytest.raises(BadInput, match=r"scores\.csv:3: sample_b is empty"):
        read_pairs(written(tmp_path, "sample_a,sample_b\nx,y\nx,\n"))
    assert read_enrolled(written(tmp_path, "subject\nbob\nann\n\nbob\n", "list.txt")).tolist() == ["ann", "bob"]
    with pytest.raises(BadInput, match="names no enrolled subject"):
        read_enrolled(written(tmp_path, "subject\n", "list.txt"))
    with pytest.raises(BadInput, match="cannot be read"):
        read_enrolled(tmp_path / "none.txt")


def test_a_file_of_the_other_kind_is_called_by_its_name(tmp_path):
    scores = written(tmp_path, "score,mated\n.5,1\n.1,0\n")
    candidates = written(tmp_path, "probe_id,probe_subject,reference_subject,score\np,,a,.5\n", "c.csv")
    with pytest.raises(BadInput, match="with a column 'mated' it is a file of scores, as `facelab verification`"):
        read_candidates(scores)
    with pytest.raises(BadInput, match="with a column 'probe_id' it is a list of candidates, as `facelab identif"):
        read_scores(candidates)


def test_labels_may_have_spaces_capitals_or_a_point(tmp_path):
    text = "score,mated\n0.9, 1\n0.8,TRUE\n0.7,1.0\n0.1,0.0\n0.2,False \n"
    assert read_scores(written(tmp_path, text)).mated.tolist() == [True, True, True, False, False]

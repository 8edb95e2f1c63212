"""Photographs are listed by subject from a folder or a manifest; nothing that was meant to be one is passed over."""

from __future__ import annotations

import pickle

import pytest

from facelab.data.photographs import read_photographs
from facelab.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    for name in ("bert/2.jpg", "bert/10.jpg", "anna/old/a.PNG", "anna/new.heic", "anna/notes.txt", "carl/.x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".cache").mkdir()
    return tmp_path


def _manifest(folder, text, suffix="csv"):
    path = folder / f"list.{suffix}"
    path.write_text(text)
    return path


def test_a_folder_gives_subject_and_sample_id_in_natural_order(folder):
    photographs = read_photographs(folder)
    assert [(p.sample_id, p.subject_id) for p in photographs.photographs] == [
        ("anna/new.heic", "anna"),
        ("anna/old/a.PNG", "anna"),
        ("bert/2.jpg", "bert"),
        ("bert/10.jpg", "bert"),
    ]
    assert all(p.path == folder / p.sample_id for p in photographs.photographs)
    assert photographs.without == ("carl",)
    assert photographs.subjects == ("anna", "bert", "carl")
    assert len(photographs) == 4


def test_a_picture_that_lies_in_no_subjects_folder_is_named(folder):
    (folder / "stray.jpg").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"'stray\.jpg' lies in no subject's folder"):
        read_photographs(folder)


def test_an_empty_watchlist_and_a_missing_one_are_refused(tmp_path):
    (tmp_path / "anna").mkdir()
    (tmp_path / "list.txt").write_text("x")
    cases = {
        tmp_path: "no photograph in the folder",
        tmp_path / "gone": "no such folder",
        tmp_path / "list.txt": "csv or",
    }
    for path, cause in cases.items():
        with pytest.raises(BadInput, match=cause):
            read_photographs(path)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("file,subject_id,year\nbert/10.jpg,B,2024\nanna/old/a.PNG,A,2014\n", "csv"),
        (
            "photographs:\n- {file: bert/10.jpg, subject_id: B, year: 2024}\n"
            "- {file: anna/old/a.PNG, subject_id: A, year: 2014}",
            "yaml",
        ),
    ],
)
def test_a_manifest_names_subjects_and_further_attributes(folder, text, suffix):
    photographs = pickle.loads(pickle.dumps(read_photographs(_manifest(folder, text, suffix))))
    assert [(p.sample_id, p.subject_id, p.attributes) for p in photographs.photographs] == [
        ("anna/old/a.PNG", "A", {"year": "2014"}),
        ("bert/10.jpg", "B", {"year": "2024"}),
    ]


@pytest.mark.parametrize(
    ("text", "suffix", "cause"),
    [
        ("", "csv", "the file is empty"),
        ("file,subject_id", "csv", "names no photograph"),
        ("file,name\nbert/2.jpg,B", "csv", "column 'subject_id' is missing"),
        ("file,subject_id\nbert/2.jpg,", "csv", "line 2: column 'subject_id' is ''"),
        ("file,subject_id\ngone.jpg,B", "csv", "names 'gone.jpg', which is not there"),
        ("file,subject_id\nbert,B", "csv", "which is a folder"),
        ("file,subject_id\n../x.jpg,B", "csv", "must stay below"),
        ("file,subject_id\n/x.jpg,B", "csv", "must stay below"),
        ("file,subject_id\nbert/2.jpg,B\n./bert/2.jpg,C", "csv", "line 3: .*stands twice, first for 'B'"),
        ("photographs: 3", "yaml", "column 'photographs' is 3"),
        ("photographs: [{file: bert/2.jpg}]", "yaml", "photograph 1: column 'subject_id' is missing"),
        ("photographs: [{file: bert/2.jpg, subject_id: .nan}]", "yaml", "column 'subject_id' is nan"),
        ("pictures: []", "yaml", "column 'photographs' is missing"),
    ],
)
def test_a_bad_manifest_is_refused_with_its_place(folder, text, suffix, cause):
    with pytest.raises(BadInput, match=cause) as caught:
        read_photographs(_manifest(folder, text, suffix))
    assert f"list.{suffix}" in str(caught.value)

"""The generated people as `facelab.data.people` reads them, on a folder drawn here."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from facelab.data.people import COLUMNS, SyntheticPeople, default_people_folder
from facelab.errors import BadInput


def _row(person: str, role: str, file: str, kind: str, mask: str = "") -> dict[str, str]:
    values = dict.fromkeys(COLUMNS, "1.5") | {"person_id": person, "role": role, "file": file, "kind": kind}
    return values | {"mask": mask, "mask_index": "0" if mask else ""}


def _folder(path: Path, rows: list[dict[str, str]]) -> Path:
    for row in rows:
        picture = path / row["file"]
        picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(picture), np.full((32, 32, 3), 90, np.uint8))
        if row["mask"]:
            cv2.imwrite(str(path / row["mask"]), np.full((16, 16), 255, np.uint8))
    with (path / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


ROWS = [
    _row("p2", "passenger_unknown", "passengers/p2/00.jpg", "middle", "passengers/p2/masks.png"),
    _row("p1", "passenger_wanted", "passengers/p1/00.jpg", "middle", "passengers/p1/masks.png"),
    _row("p1", "passenger_wanted", "watchlist/p1/00.jpg", "enrolment"),
    _row("d1", "distractor", "watchlist/d1/00.jpg", "enrolment"),
    _row("d2", "distractor", "watchlist/d2/00.jpg", "enrolment"),
]


def test_people_are_told_apart_by_role(tmp_path: Path) -> None:
    people = SyntheticPeople(_folder(tmp_path, ROWS))
    assert (people.wanted, people.unknown, people.distractors) == (("p1",), ("p2",), ("d1", "d2"))


def test_walking_pictures_never_include_the_enrolment_photograph(tmp_path: Path) -> None:
    people = SyntheticPeople(_folder(tmp_path, ROWS))
    assert [picture.kind for picture in people.pictures("p1")] == ["middle"]
    assert people.pictures("p1")[0].landmarks.shape == (5, 2)


def test_the_watchlist_is_the_wanted_and_as_many_distractors_as_asked_for(tmp_path: Path) -> None:
    people = SyntheticPeople(_folder(tmp_path, ROWS))
    assert people.watchlist(1) == {
        "p1": (tmp_path / "watchlist/p1/00.jpg",),
        "d1": (tmp_path / "watchlist/d1/00.jpg",),
    }
    assert list(people.watchlist(2, wanted=0)) == ["d1", "d2"]


@pytest.mark.parametrize(("distractors", "wanted"), [(3, 1), (0, 2)])
def test_asking_for_more_than_there_are_is_refused(tmp_path: Path, distractors: int, wanted: int) -> None:
    people = SyntheticPeople(_folder(tmp_path, ROWS))
    with pytest.raises(BadInput, match="there are 1 and 2"):
        people.watchlist(distractors, wanted=wanted)


def test_the_digest_follows_the_pictures_and_not_where_they_lie(tmp_path: Path) -> None:
    one = SyntheticPeople(_folder(tmp_path / "one", ROWS))
    two = SyntheticPeople(_folder(tmp_path / "two", ROWS))
    before = one.digest
    assert before == two.digest
    cv2.imwrite(str(tmp_path / "two/passengers/p1/00.jpg"), np.full((32, 32, 3), 91, np.uint8))
    assert SyntheticPeople(tmp_path / "two").digest != before


def test_a_folder_without_people_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no people\.csv"):
        SyntheticPeople(tmp_path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    people = SyntheticPeople(_folder(tmp_path, ROWS))
    (tmp_path / "passengers/p2/00.jpg").unlink()
    with pytest.raises(BadInput, match=r"p2/00\.jpg.*cannot be read"):
        _ = people.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [({"role": "pilot"}, "'role' must be one of"), ({"yaw": "left"}, "'yaw' must be a number")],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=f"line 3.*{message}"):
        SyntheticPeople(_folder(tmp_path, [ROWS[0], ROWS[1] | change]))


def test_one_person_in_two_roles_is_refused(tmp_path: Path) -> None:
    twice = ROWS[0] | {"role": "passenger_wanted"}
    with pytest.raises(BadInput, match="'p2' has two roles"):
        SyntheticPeople(_folder(tmp_path, [ROWS[0], twice]))


def test_nobody_walks_under_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no walking pictures"):
        SyntheticPeople(_folder(tmp_path, ROWS)).pictures("d1")


def test_the_repository_has_the_people_that_the_demo_asks_for() -> None:
    """60 wanted, 240 unknown and 500 distractors, each with what its role needs."""
    if not (default_people_folder() / "people.csv").exists():
        pytest.skip("the generated people are not in this checkout")
    people = SyntheticPeople(default_people_folder())
    assert (len(people.wanted), len(people.unknown), len(people.distractors)) == (60, 240, 500)
    assert all(people.watchlist(500).values())
    assert all("middle" in {p.kind for p in people.pictures(who)} for who in (*people.wanted, *people.unknown))

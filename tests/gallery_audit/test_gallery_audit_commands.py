"""`facelab audit`, `decide`, `apply-decisions`: what they answer, keep and refuse; pictures only where asked."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.data.photographs import read_photographs
from facelab.errors import BadInput
from facelab.experiments.gallery_audit.audit import audit_gallery
from facelab.experiments.gallery_audit.pictures import finding_pictures, write_pictures
from facelab.gallery import Vault, new_vault, new_vault_key, vault_key
from facelab.pipeline import tables
from facelab.types import Comparisons, Gallery, Templates

runner = CliRunner()


@pytest.fixture
def watchlist() -> Gallery:
    """Forty people, one of whom is there twice: s05/1.png is alias/1.png."""
    e = np.random.default_rng(1).normal(size=(41, 64)).astype(np.float32)
    e[40] = e[5] + 0.02
    e /= np.linalg.norm(e, axis=1)[:, None]
    who = [f"s{i:02d}" for i in range(40)] + ["alias"]
    return Gallery(Templates([f"{s}/1.png" for s in who], who, e, np.full(41, 0.9), np.ones(41), "pack"), who)


@pytest.fixture
def parquet(watchlist: Gallery, tmp_path: Path) -> Path:
    tables.write_gallery(tmp_path / "gallery.parquet", watchlist)
    return tmp_path / "gallery.parquet"


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def duplicate(parquet: Path) -> dict[str, object]:
    code, out, _ = run("audit", parquet, "--json")
    assert code == 0
    (found,) = [f for f in json.loads(out)["findings"] if f["kind"] == "duplicate"]
    return dict(found)


def test_find_decide_apply_and_apply_again(parquet: Path, tmp_path: Path) -> None:
    found, kept = duplicate(parquet), tmp_path / "decisions.jsonl"
    assert set(found["subjects"]) == {"s05", "alias"}  # type: ignore[call-overload]
    decide = ("decide", parquet, kept, "merge", "--subject", "s05", "--subject", "alias", "--into", "s05")
    code, _, said = run(*decide, "--why", "same person", "--finding", found["id"], "--who", "ann")
    assert (code, "merge alias" in said or "merge s05" in said) == (0, True)
    code, out, _ = run("audit", parquet, "--decisions", kept)
    assert "decided: merge" in out
    assert run("apply-decisions", parquet, kept)[0] == 0
    after = tables.read_gallery(parquet)
    assert "alias" not in after.enrolled
    assert dict(zip(after.templates.sample_id, after.templates.subject_id, strict=True))["alias/1.png"] == "s05"
    before = parquet.read_bytes()
    code, out, _ = run("apply-decisions", parquet, kept, "--json")
    assert json.loads(out) == {"changed": False, "outcomes": json.loads(out)["outcomes"]}
    assert json.loads(out)["outcomes"][0]["result"] == "already"
    assert parquet.read_bytes() == before


def test_an_encrypted_watchlist_is_audited_and_changed_in_its_place(
    watchlist: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = new_vault_key(tmp_path / "key")
    vault = new_vault(tmp_path / "vault", vault_key(key_file), pack="pack", dimension=64)
    vault.enrol(watchlist)
    key = ("--key-file", key_file)
    assert json.loads(run("audit", tmp_path / "vault", *key, "--json")[1])["counts"]["duplicate"] == 1
    kept = tmp_path / "d.jsonl"
    assert run("decide", tmp_path / "vault", kept, "remove", "--subject", "alias", "--why", "twice", *key)[0] == 0
    assert run("apply-decisions", tmp_path / "vault", kept, *key)[0] == 0
    assert len(Vault(tmp_path / "vault", vault_key(key_file)).gallery()) == 40
    assert "nothing was changed" in run("apply-decisions", tmp_path / "vault", kept, *key)[2]
    assert run("apply-decisions", tmp_path / "vault", kept, *key, "--out", tmp_path / "x")[0] == 12


def test_searches_are_judged_at_a_threshold_and_only_those_of_this_gallery(parquet: Path, tmp_path: Path) -> None:
    g = tables.read_gallery(parquet)
    score = np.random.default_rng(2).normal(0, 0.12, (60, 41))
    score[:, 7] += 0.4
    who = [f"x{i}" for i in range(60)]
    ids = g.templates.sample_id
    found = Comparisons(score, who, who, ids, g.templates.subject_id, g.enrolled)
    tables.write_comparisons(tmp_path / "c.parquet", found)
    given = ("audit", parquet, "--comparisons", tmp_path / "c.parquet")
    assert run(*given)[0] == 12
    code, out, _ = run(*given, "--threshold", 0.35, "--passages-a-day", 1000, "--json")
    assert code == 0
    hub = next(f for f in json.loads(out)["findings"] if f["kind"] == "hub" and f["drop"] == ["s07/1.png"])
    assert hub["false_alerts_a_day"]["value"] == pytest.approx(1000 * hub["fpir_saved"]["rate"])
    other = Comparisons(score, who, who, [f"o{i}" for i in range(41)], g.templates.subject_id, g.enrolled)
    tables.write_comparisons(tmp_path / "c.parquet", other)
    code, _, said = run(*given, "--threshold", 0.35)
    assert (code, "of another gallery" in said) == (12, True)


def test_bad_input_is_one_line_with_code_twelve(parquet: Path, tmp_path: Path) -> None:
    kept = tmp_path / "d.jsonl"
    for arguments in (
        ("audit", tmp_path / "nothing.parquet"),
        ("decide", parquet, kept, "burn", "--sample", "s01/1.png", "--why", "x"),
        ("decide", parquet, kept, "remove", "--sample", "nobody", "--why", "x"),
        ("apply-decisions", parquet, kept),
    ):
        code, out, said = run(*arguments)
        assert (code, out) == (12, "")
        assert said.count("\n") == 1
    assert not kept.exists()


def pictures(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((60, 50, 3), 90, np.uint8))


def test_pictures_are_shown_and_written_only_where_people_may_be_seen(watchlist: Gallery, tmp_path: Path) -> None:
    pictures(tmp_path / "photos", ["s05/1.png", "alias/1.png"])
    photographs = read_photographs(tmp_path / "photos")
    audit = audit_gallery(watchlist)
    (found,) = audit.of_kind("duplicate")
    assert finding_pictures(found, photographs).pictures == ()
    assert "may be of real people" in finding_pictures(found, photographs).reason
    assert len(finding_pictures(found, photographs, synthetic=True).pictures) == 2
    with pytest.raises(BadInput, match="not shown"):
        write_pictures(audit, photographs, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (path,) = write_pictures(audit, photographs, tmp_path / "out", "always")
    assert cv2.imread(str(path)).shape[0] == 200
    assert path.stem == found.id
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        write_pictures(audit, photographs, tmp_path / "file", "always")


def test_a_finding_whose_photographs_are_gone_says_so(watchlist: Gallery, tmp_path: Path) -> None:
    pictures(tmp_path / "photos", ["other/1.png"])
    (found,) = audit_gallery(watchlist).of_kind("duplicate")
    sheet = finding_pictures(found, read_photographs(tmp_path / "photos"), "always")
    assert sheet.reason == "There is no photograph of these samples."

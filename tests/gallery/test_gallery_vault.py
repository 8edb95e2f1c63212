"""The encrypted watchlist: what goes in comes out, what is altered is refused, what is done is logged."""

from __future__ import annotations

import json
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from facelab.errors import BadInput, PackError
from facelab.gallery import Vault, new_vault, new_vault_key, public_log, vault_key
from facelab.gallery.vault_key import VARIABLE, derived
from facelab.matching import match
from facelab.types import Gallery, Templates

KEY, OTHER = bytes(range(32)), bytes(32)
PACK = "a" * 64


def gallery(*subjects: str, seed: int = 0, pack: str = PACK) -> Gallery:
    """Two templates a subject; the second of the first one failed."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(2 * len(subjects), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[1] = np.nan
    ids = np.array([f"{s}/{i}" for s in subjects for i in range(2)], np.str_)
    owner = np.repeat(np.array(subjects, np.str_), 2)
    quality = np.linspace(0, 1, len(ids), dtype=np.float32)
    return Gallery(
        Templates(ids, owner, vectors, quality, np.arange(len(ids)), pack),
        np.array(
            [
                *subjects,
            ],
            np.str_,
        ),
    )


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = new_vault(tmp_path / "vault", KEY, pack=PACK, dimension=8)
    made.enrol(gallery("ana", "bo", "cy"))
    return made


def test_templates_come_out_as_they_went_in(vault: Vault) -> None:
    given, found = gallery("ana", "bo", "cy"), Vault(vault.folder, KEY).gallery()
    assert found.enrolled.tolist() == ["ana", "bo", "cy"]
    for name in ("sample_id", "subject_id", "embedding", "quality", "n_faces"):
        np.testing.assert_array_equal(getattr(found.templates, name), getattr(given.templates, name))


def test_nothing_on_the_disk_says_who_is_enrolled(vault: Vault) -> None:
    vector = gallery("ana", "bo", "cy").templates.embedding[0].tobytes()
    for path in vault.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"ana" not in content
            assert b"cy/1" not in content
            assert vector not in content
            assert "ana" not in path.name


def test_people_are_added_replaced_and_removed_one_by_one(vault: Vault) -> None:
    before = {entry.subject: entry.file for entry in vault.entries()}
    vault.enrol(gallery("dee", seed=1))
    with pytest.raises(BadInput, match="'bo' is enrolled already"):
        vault.enrol(gallery("bo", "eve", seed=2))
    vault.enrol(gallery("bo", seed=2), replace=True)
    assert vault.remove(["ana"]) == 1
    after = {entry.subject: entry.file for entry in vault.entries()}
    assert sorted(after) == ["bo", "cy", "dee"]
    assert after["cy"] == before["cy"]
    assert after["bo"] != before["bo"]
    assert {path.name for path in (vault.folder / "entries").iterdir()} == set(after.values())
    with pytest.raises(BadInput, match="'ana' is not enrolled"):
        vault.remove(["cy", "ana"])
    assert len(vault.entries()) == 3


def test_whoever_is_past_the_date_is_not_searched_and_is_purged(vault: Vault) -> None:
    now = datetime.now(UTC)
    vault.enrol(gallery("dee", seed=1), retain_until=now + timedelta(days=1))
    assert "dee" in vault.gallery().enrolled
    later = now + timedelta(days=2)
    assert "dee" not in vault.gallery(now=later).enrolled
    assert vault.purge() == ()
    assert vault.purge(later) == ("dee",)
    assert [entry.subject for entry in vault.entries()] == ["ana", "bo", "cy"]
    with pytest.raises(BadInput, match="is over already"):
        vault.enrol(gallery("fay"), retain_until=now - timedelta(seconds=1))


def test_a_vault_of_one_pack_takes_no_other_and_refuses_its_probes(vault: Vault) -> None:
    with pytest.raises(PackError, match="do not go into a vault"):
        vault.enrol(gallery("dee", pack="b" * 64))
    probes = gallery("x", pack="b" * 64).templates
    with pytest.raises(BadInput, match="pack"):
        match(probes, vault.gallery())


def test_a_wrong_key_opens_nothing(vault: Vault) -> None:
    with pytest.raises(BadInput, match="under another key"):
        Vault(vault.folder, OTHER)
    header = json.loads((vault.folder / "vault.json").read_text())
    header["key_id"] = derived(OTHER, "id").hex()[:16]
    (vault.folder / "vault.json").write_text(json.dumps(header))
    with pytest.raises(BadInput, match="names another key for its log"):
        Vault(vault.folder, OTHER).gallery()


def test_an_altered_or_exchanged_template_is_noticed(vault: Vault) -> None:
    first, second = sorted((vault.folder / "entries").iterdir())[:2]
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(one[:-1] + bytes([one[-1] ^ 1]))
    with pytest.raises(BadInput, match="altered or exchanged"):
        vault.gallery()
    first.write_bytes(two)
    second.write_bytes(one)
    with pytest.raises(BadInput, match="altered or exchanged"):
        vault.gallery()
    first.write_bytes(one)
    second.unlink()
    with pytest.raises(BadInput, match="cannot be read"):
        vault.gallery()


def test_an_older_index_is_noticed(vault: Vault) -> None:
    older = (vault.folder / "index").read_bytes()
    vault.remove(["ana"])
    (vault.folder / "index").write_bytes(older)
    with pytest.raises(BadInput, match="an older state was put back"):
        vault.entries()


def test_a_change_that_was_stopped_is_finished_or_forgotten(vault: Vault) -> None:
    """Stopped after the log has the new index: it is taken. Before: it is dropped, with the files that it brought."""
    new, old = (vault.folder / "index").read_bytes(), b"the old index"
    (vault.folder / "index.next").write_bytes(new)
    (vault.folder / "index").write_bytes(old)
    assert len(vault.entries()) == 3
    (vault.folder / "index.next").write_bytes(b"never logged")
    (vault.folder / "entries" / "orphan").write_bytes(b"of a change that never was")
    assert len(vault.entries()) == 3
    assert not (vault.folder / "index.next").exists()
    assert not (vault.folder / "entries" / "orphan").exists()


def test_the_log_has_every_enrolment_search_export_and_purge(vault: Vault) -> None:
    vault.gallery()
    vault.gallery("export")
    vault.purge()
    assert [record.action for record in vault.log.records()] == ["create", "enrol", "search", "export", "purge"]
    for_anybody = public_log(vault.folder)
    last = for_anybody.verify()
    assert last is not None
    assert last.number == 5
    with pytest.raises(BadInput, match="cannot write"):
        for_anybody.append("search", {})


def _lines(vault: Vault) -> list[bytes]:
    return (vault.folder / "audit.jsonl").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda lines: lines[:-1], "cut short"),
        (lambda lines: lines[1:], "does not follow"),
        (lambda lines: [lines[0], *lines[2:]], "does not follow"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "does not follow"),
        (lambda lines: [lines[0].replace(b"create", b"xreate"), *lines[1:]], "was edited"),
        (lambda lines: [*lines, lines[-1]], "does not follow"),
        (lambda lines: [*lines, b"{}\n"], "was edited"),
        (lambda lines: [b"[" * 100_000 + b"\n"], "was edited"),
        (lambda lines: [], "cut short"),
    ],
)
def test_a_log_that_was_edited_or_cut_is_noticed(vault: Vault, cut, said: str) -> None:  # type: ignore[no-untyped-def]
    vault.gallery()
    (vault.folder / "audit.jsonl").write_bytes(b"".join(cut(_lines(vault))))
    with pytest.raises(BadInput, match=said):
        public_log(vault.folder).verify()
    with pytest.raises(BadInput):
        vault.gallery()


def test_a_log_without_its_head_or_without_itself_is_noticed(vault: Vault) -> None:
    (vault.folder / "audit.head").unlink()
    with pytest.raises(BadInput, match="head of the log is gone"):
        vault.entries()
    (vault.folder / "audit.jsonl").unlink()
    with pytest.raises(BadInput, match="log of this vault is gone"):
        vault.entries()


def test_log_and_head_put_back_together_are_noticed_by_whoever_noted_the_head(vault: Vault, tmp_path: Path) -> None:
    shutil.copytree(vault.folder, tmp_path / "older")
    vault.gallery()
    noted = vault.log.verify()
    assert noted is not None
    assert public_log(tmp_path / "older").verify() is not None
    with pytest.raises(BadInput, match="an older state was put back"):
        public_log(tmp_path / "older").verify(at_least=noted.number)


def test_a_stop_in_the_middle_of_a_log_line_loses_that_line_only(vault: Vault) -> None:
    path = vault.folder / "audit.jsonl"
    path.write_bytes(path.read_bytes() + b'{"action":"sea')
    assert len(vault.entries()) == 3
    vault.gallery()
    assert [record.number for record in vault.log.records()] == [1, 2, 3]


def test_a_key_comes_from_a_file_for_its_owner_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new_vault_key(tmp_path / "k")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(vault_key(path)) == 32
    with pytest.raises(BadInput, match="never overwritten"):
        new_vault_key(path)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(BadInput, match=VARIABLE):
        vault_key()
    monkeypatch.setenv(VARIABLE, KEY.hex())
    assert vault_key() == KEY
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(BadInput, match="64 hexadecimal digits"):
        vault_key()
    path.chmod(0o644)
    with pytest.raises(BadInput, match="other users may read"):
        vault_key(path)
    with pytest.raises(BadInput, match="no such key file"):
        vault_key(tmp_path / "absent")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"vault_id": 1}', "[" * 70_000])
def test_a_header_that_was_edited_is_refused(vault: Vault, content: str) -> None:
    (vault.folder / "vault.json").write_text(content)
    with pytest.raises(BadInput, match="no vault's header"):
        Vault(vault.folder, KEY)


def test_a_folder_that_is_no_vault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is this a vault"):
        Vault(tmp_path, KEY)
    (tmp_path / "something").write_text("x")
    with pytest.raises(BadInput, match="is not empty"):
        new_vault(tmp_path, KEY, pack=PACK, dimension=8)


def test_the_empty_vault_is_an_empty_gallery(tmp_path: Path) -> None:
    found = new_vault(tmp_path / "v", KEY, pack=PACK, dimension=8).gallery()
    assert (len(found), found.templates.embedding.shape) == (0, (0, 8))

"""Decisions about a watchlist: kept, applied once, told where what they are about is no longer there."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from facelab.errors import BadInput
from facelab.gallery import Vault, new_vault
from facelab.gallery.audit.applying import applied, applied_before, apply_to_vault, record_applied
from facelab.gallery.audit.decisions import (
    Decision,
    add_decision,
    new_decision,
    read_decisions,
    template_digest,
    that_count,
)
from facelab.types import Gallery, Templates


def gallery(seed: int = 1, people: int = 5) -> Gallery:
    """Two samples a person, ``s0/1`` and ``s0/2`` and so on."""
    e = np.random.default_rng(seed).normal(size=(2 * people, 8)).astype(np.float32)
    e /= np.linalg.norm(e, axis=1)[:, None]
    ids = [f"s{i}/{j}" for i in range(people) for j in (1, 2)]
    who = [name.split("/")[0] for name in ids]
    return Gallery(Templates(ids, who, e, np.ones(len(ids)), np.ones(len(ids)), "pack"), who)


def decisions_of(g: Gallery) -> list[Decision]:
    return [
        new_decision(g, "remove", samples=["s0/2"], why="blurred", who="ann"),
        new_decision(g, "merge", subjects=["s1", "s2"], into="s1", why="one person", who="ann"),
        new_decision(g, "move", samples=["s3/2"], into="s4", why="his brother's photograph", who="bob"),
        new_decision(g, "keep", samples=["s4/1", "s3/1"], why="twins", who="bob"),
        new_decision(g, "re-photograph", samples=["s0/1"], why="too small", who="bob"),
    ]


def same(a: Gallery, b: Gallery) -> bool:
    pairs = [(a.enrolled, b.enrolled), (a.templates.sample_id, b.templates.sample_id)]
    pairs += [(a.templates.subject_id, b.templates.subject_id), (a.templates.embedding, b.templates.embedding)]
    return all(np.array_equal(x, y) for x, y in pairs)


def results(done: object) -> list[str]:
    return [outcome.result for outcome in done.outcomes]  # type: ignore[attr-defined]


def test_each_action_does_what_it_says() -> None:
    g = gallery()
    done = applied(g, decisions_of(g))
    assert results(done) == ["applied", "applied", "applied", "kept", "open"]
    t = done.gallery.templates
    owner = dict(zip(t.sample_id.tolist(), t.subject_id.tolist(), strict=True))
    assert "s0/2" not in owner
    assert owner["s2/1"] == owner["s2/2"] == "s1"
    assert owner["s3/2"] == "s4"
    assert done.gallery.enrolled.tolist() == ["s0", "s1", "s3", "s4"]


def test_applying_twice_changes_nothing_and_a_gallery_made_again_gets_the_same() -> None:
    g = gallery()
    decisions = decisions_of(g)
    once = applied(g, decisions)
    ids = {outcome.decision.id for outcome in once.outcomes if outcome.result == "applied"}
    twice = applied(once.gallery, decisions, before=ids)
    assert results(twice) == ["already", "already", "already", "kept", "open"]
    assert not twice.changed
    assert same(once.gallery, twice.gallery)
    assert same(applied(gallery(), decisions, before=ids).gallery, once.gallery)


def test_a_sample_that_no_longer_exists_is_told() -> None:
    g = gallery()
    decisions = decisions_of(g)
    left = Gallery(g.templates.take(g.templates.subject_id == "s4"), ["s4"])
    done = applied(left, decisions)
    assert results(done) == ["gone", "gone", "gone", "gone", "gone"]
    assert [outcome.decision.action for outcome in done.doubtful] == [d.action for d in decisions]
    assert "s0/2 no longer exists" in done.outcomes[0].sentence()
    assert same(done.gallery, left)


def test_a_decision_about_a_photograph_that_was_replaced_is_not_done_to_the_new_one() -> None:
    g, other = gallery(1), gallery(2)
    done = applied(other, decisions_of(g))
    assert results(done) == ["changed", "changed", "changed", "changed", "already"]
    assert "another photograph" in done.outcomes[0].words
    assert same(done.gallery, other)


def test_under_another_pack_the_name_alone_counts() -> None:
    g, t = gallery(1), gallery(2).templates
    of_other = Templates(t.sample_id, t.subject_id, t.embedding, t.quality, t.n_faces, "other")
    assert results(applied(Gallery(of_other, t.subject_id), decisions_of(g)))[0] == "applied"


def test_the_last_decision_about_a_finding_counts() -> None:
    g = gallery()
    first = new_decision(g, "remove", samples=["s0/1"], why="bad", finding="poor-1")
    second = new_decision(g, "keep", samples=["s0/1"], why="looked again", finding="poor-1")
    assert that_count([first, second]) == (second,)
    assert same(applied(g, [first, second]).gallery, g)


def test_removing_a_subject_takes_the_name_out_and_the_last_photograph_leaves_it() -> None:
    g = gallery()
    whole = applied(g, [new_decision(g, "remove", subjects=["s0"], why="released")]).gallery
    assert "s0" not in whole.enrolled
    assert len(whole.templates) == 8
    bare = applied(g, [new_decision(g, "remove", samples=["s0/1", "s0/2"], why="both bad")]).gallery
    assert bare.failed_to_enrol.tolist() == ["s0"]


def test_the_file_keeps_who_when_and_why_and_is_only_added_to(tmp_path: Path) -> None:
    g, path = gallery(), tmp_path / "decisions.jsonl"
    assert read_decisions(path) == ()
    made = decisions_of(g)
    for decision in made:
        add_decision(path, decision)
    found = read_decisions(path)
    assert found == tuple(made)
    assert [d.who for d in found] == ["ann", "ann", "bob", "bob", "bob"]
    assert found[0].why == "blurred"
    assert found[0].time.tzinfo is not None
    result = applied(g, found)
    record_applied(path, result, "gallery.parquet")
    assert applied_before(path) == {d.id for d in found[:3]}


def test_a_line_that_was_cut_or_edited_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    add_decision(path, decisions_of(gallery())[0])
    path.write_text(path.read_text() + '{"action": "remo')
    with pytest.raises(BadInput, match="line 2: is no JSON"):
        read_decisions(path)
    path.write_text('{"action": "burn", "samples": ["a"], "who": "x", "why": "y", "time": "2026-01-01T00:00:00Z"}\n')
    with pytest.raises(BadInput, match="line 1"):
        read_decisions(path)
    path.write_text("[1]\n")
    with pytest.raises(BadInput, match="an object"):
        read_decisions(path)
    path.with_suffix(".applied.jsonl").write_text("nonsense\n")
    with pytest.raises(BadInput, match="record"):
        applied_before(path)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"action": "merge", "subjects": ["s1"], "into": "s1"}, "another subject"),
        ({"action": "merge", "subjects": ["s1", "s2"]}, "needs the name"),
        ({"action": "remove", "samples": ["nobody/1"]}, "'nobody/1' is not in the gallery"),
        ({"action": "keep"}, "names none"),
        ({"action": "re-photograph", "subjects": ["s1"]}, "about samples"),
    ],
)
def test_a_decision_that_is_not_whole_is_refused(said: dict[str, object], match: str) -> None:
    with pytest.raises(BadInput, match=match):
        new_decision(gallery(), why="because", **said)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="why"):
        new_decision(gallery(), "keep", samples=["s1/1"], why="")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="cannot be written"):
        add_decision(tmp_path / "d.jsonl", decisions_of(gallery())[0])


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be"):
        add_decision(tmp_path, decisions_of(gallery())[0])
    with pytest.raises(BadInput, match="cannot be read"):
        read_decisions(tmp_path)


def test_a_digest_survives_the_last_bits_and_not_another_face() -> None:
    e = gallery().templates.embedding
    assert template_digest(e[0]) == template_digest(e[0] + np.float32(1e-7))
    assert template_digest(e[0]) != template_digest(e[1])
    assert template_digest(np.full(4, np.nan)) == ""


def test_a_vault_changes_once_keeps_its_dates_and_logs_the_decisions(tmp_path: Path) -> None:
    g, key = gallery(), bytes(range(32))
    vault = new_vault(tmp_path / "vault", key, pack="pack", dimension=8)
    soon, late = (datetime.now(UTC) + timedelta(days=days) for days in (10, 300))
    vault.enrol(Gallery(g.templates.take(g.templates.subject_id == "s2"), ["s2"]), retain_until=soon)
    vault.enrol(Gallery(g.templates.take(g.templates.subject_id != "s2"), ["s0", "s1", "s3", "s4"]), retain_until=late)
    decisions = decisions_of(vault.gallery())
    done = apply_to_vault(vault, decisions)
    again = Vault(tmp_path / "vault", key)
    assert same(again.gallery(), Gallery(again.gallery().templates, done.gallery.enrolled))
    dates = {entry.subject: entry.retain_until for entry in again.entries()}
    assert dates == {"s0": late, "s1": soon, "s3": late, "s4": late}
    owner = dict(zip(again.gallery().templates.sample_id, again.gallery().templates.subject_id, strict=True))
    assert owner["s2/1"] == "s1"
    assert "s0/2" not in owner
    logged = [record for record in again.log.records() if record.action == "decisions"]
    assert logged[0].what["decisions"] == [d.id for d in decisions[:3]]
    ids = {d.id for d in decisions}
    assert not apply_to_vault(again, decisions, before=ids).changed
    assert len([record for record in again.log.records() if record.action == "decisions"]) == 1

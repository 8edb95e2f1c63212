"""The shelf of renderings is listed and cleared by its own command, and templates by theirs."""

from __future__ import annotations

import json

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from facelab.cli.app import app
from facelab.pipeline import cache
from facelab.pipeline.renderings import clear_renderings, renderings, renderings_folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache with one template, one whole rendering, and one that was never finished."""
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path))
    cache.write_whole(cache.templates_folder() / "clip" / "ab" / "abc.safetensors", b"12345")
    whole = renderings_folder() / "0123"
    whole.mkdir(parents=True)
    settings = {"kind": "terminal", "cameras": ["gate"], "unknown": 4, "wanted": 2}
    (whole / "rendered.json").write_text(json.dumps({"origin": {"settings": settings}, "files": {}, "clips": {}}))
    (whole / "gate-1.mp4").write_bytes(b"x" * 1000)
    left = renderings_folder() / ".4567.unfinished"
    left.mkdir()
    (left / "gate-1.mp4").write_bytes(b"x" * 10)


def told(*arguments):
    found = CliRunner().invoke(app, ["cache", *arguments, "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_rendering_is_listed_with_what_it_was_rendered_from():
    (entry,) = renderings()
    assert entry.title == "gate: 4 + 2 people"
    assert entry.size == 1000 + (entry.path / "rendered.json").stat().st_size
    assert [e["kind"] for e in told("list")["entries"]] == ["clip", "rendering"]
    assert [e["about"].get("unknown") for e in told("list", "--only", "renderings")["entries"]] == [4]


def test_renderings_and_templates_are_cleared_apart_or_together():
    assert told("clear", "--only", "templates")["removed"] == 1
    assert len(renderings()) == 1
    cleared = told("clear")
    assert (cleared["removed"], cleared["renderings_removed"]) == (0, 2), "what was never finished goes too"
    assert renderings() == []
    assert clear_renderings() == (0, 0)


def test_a_rendering_that_is_being_drawn_stays():
    with FileLock(renderings_folder() / ".0123.lock"):
        assert clear_renderings() == (1, 10)
    assert len(renderings()) == 1


def test_something_else_cannot_be_cleared():
    found = CliRunner().invoke(app, ["cache", "clear", "--only", "packs"])
    assert found.exit_code != 0
    assert len(renderings()) == 1

"""The cache is right or empty: whole entries only, whatever happens while one is written."""

import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from facelab.pipeline import cache

pytestmark = pytest.mark.usefixtures("own_cache")
ABOUT = {"content": "abc", "pack": "p"}
ARRAYS = {"x": np.arange(12.0).reshape(3, 4), "none": np.zeros((0, 5), np.float32)}


def only_entry():
    (entry,) = cache.entries()
    return entry


def test_what_is_stored_comes_back_bit_for_bit():
    assert cache.load("k", ABOUT) is None
    assert cache.store("k", ABOUT, ARRAYS, {"losses": {"n": 1}}, title="gate")
    arrays, facts = cache.load("k", ABOUT)
    assert facts == {"losses": {"n": 1}}
    for name, value in ARRAYS.items():
        assert arrays[name].dtype == value.dtype
        assert arrays[name].tobytes() == value.tobytes()
        assert arrays[name].shape == value.shape


def test_another_content_pack_kind_or_code_is_another_entry(monkeypatch):
    cache.store("k", ABOUT, ARRAYS, {}, title="")
    assert cache.load("other", ABOUT) is None
    assert cache.load("k", {**ABOUT, "pack": "q"}) is None
    monkeypatch.setattr(cache, "code_version", lambda: "changed")
    assert cache.load("k", ABOUT) is None


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\0" * len(b)])
def test_a_damaged_entry_counts_as_none_and_is_said(damage, caplog):
    cache.store("k", ABOUT, ARRAYS, {}, title="")
    path = only_entry().path
    path.write_bytes(damage(path.read_bytes()))
    assert cache.load("k", ABOUT) is None
    assert "computed anew" in caplog.text
    assert cache.store("k", ABOUT, ARRAYS, {}, title="")
    assert cache.load("k", ABOUT) is not None


def test_entries_tell_what_they_are_and_only_their_owner_reads_them():
    cache.store("clips", ABOUT, ARRAYS, {}, title="gate, scrfd-mbf")
    entry = only_entry()
    assert (entry.kind, entry.title, entry.about) == ("clips", "gate, scrfd-mbf", ABOUT)
    assert entry.size == entry.path.stat().st_size
    assert abs(entry.made.timestamp() - time.time()) < 60
    assert entry.path.stat().st_mode & 0o077 == 0


def test_clear_removes_entries_and_half_written_files_and_nothing_else(own_cache):
    cache.store("clips", ABOUT, ARRAYS, {}, title="")
    half = only_entry().path.parent / ".x.part"
    half.write_bytes(b"12345")
    pack = own_cache / "packs" / "model.onnx"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"model")
    size = only_entry().size
    assert cache.clear() == (2, size + 5)
    assert cache.entries() == []
    assert pack.exists()
    assert cache.clear() == (0, 0)


def test_a_file_that_outgrows_the_disk_leaves_nothing_behind(tmp_path, own_cache, caplog):
    """The limit on a file's size stands in for a full disk: the write fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        assert not cache.store("k", ABOUT, {"x": np.zeros(100_000)}, {}, title="")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "cannot be kept" in caplog.text
    assert [p for p in own_cache.rglob("*") if p.is_file()] == []


def test_a_writer_killed_at_any_moment_leaves_whole_entries_only(own_cache):
    code = (
        "import numpy as np; from facelab.pipeline import cache\n"
        "print('go', flush=True)\n"
        "for k in range(100000): cache.store('k', {'content': str(k)}, {'x': np.full(200_000, k)}, {}, title='')\n"
    )
    environment = os.environ | {"FACELAB_CACHE": str(own_cache)}
    writer = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"go\n"
    time.sleep(0.3)
    writer.kill()
    writer.wait()
    writer.stdout.close()
    found = cache.entries()
    assert found
    for entry in found:
        arrays, _ = cache.load("k", entry.about)
        assert (arrays["x"] == int(entry.about["content"])).all()


def test_a_pack_name_is_no_part_of_the_key_and_the_code_is():
    assert len(cache.code_version()) == 64
    assert cache.key({"a": 1, "b": 2}) == cache.key({"b": 2, "a": 1})
    assert cache.key({"a": 1}) != cache.key({"a": 2})

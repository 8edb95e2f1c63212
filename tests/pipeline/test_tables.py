"""What is written is what is read; what is not whole, not ours or not of this kind is refused in one line."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facelab.config import PipelineSettings
from facelab.errors import BadInput
from facelab.matching import match
from facelab.pipeline import tables
from facelab.types import Comparisons, Gallery, Templates, Tracks

SETTINGS = PipelineSettings()


def templates(k=3, *, failed=(1,), pack="fp", subjects=None, **attributes):
    rng = np.random.default_rng(k)
    e = rng.normal(size=(k, 8))
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    e[list(failed)] = np.nan
    names = [f"gate/{i}" for i in range(k)]
    quality = np.where(np.isin(np.arange(k), failed), np.nan, 0.5)
    return Templates(names, subjects or [f"s{i}" for i in range(k)], e, quality, np.ones(k), pack, attributes)


def same(a, b):
    for name in a.__dataclass_fields__:
        left, right = getattr(a, name), getattr(b, name)
        if isinstance(left, np.ndarray):
            assert left.dtype.kind == right.dtype.kind, name
            np.testing.assert_array_equal(left, right, err_msg=name)
        elif name.endswith("attributes"):
            assert dict(left).keys() == dict(right).keys()
            for key in left:
                np.testing.assert_array_equal(left[key], right[key], err_msg=key)
        else:
            assert str(left) == str(right)


def test_tracks_come_back_and_the_file_has_the_columns_promised(tmp_path):
    rng = np.random.default_rng(0)
    n = 5
    tracks = Tracks(
        ["a"] * 3 + ["b"] * 2,
        range(n),
        rng.random(n),
        [0, 0, 1, 0, 0],
        rng.random((n, 4)),
        rng.random(n),
        rng.random(n),
        rng.random((n, 5, 2)),
    )
    path = tmp_path / "t.parquet"
    tables.write_tracks(path, tracks, pack="fp", settings=SETTINGS)
    same(tracks, tables.read_tracks(path))
    promised = ["camera", "frame", "time_s", "track_id", "x1", "y1", "x2", "y2", "score", "quality"]
    assert pq.read_schema(path).names[:10] == promised
    assert len(pq.read_schema(path).names) == 20
    assert tables.provenance(path)["pack"] == "fp"
    assert tables.provenance(path)["settings"] == SETTINGS.model_dump(mode="json")
    assert path.stat().st_mode & 0o077 == 0


def test_no_track_at_all_can_be_written_and_read(tmp_path):
    none = Tracks([], [], [], [], np.zeros((0, 4)), [], [], np.zeros((0, 5, 2)))
    tables.write_tracks(tmp_path / "t.parquet", none, pack="fp")
    assert len(tables.read_tracks(tmp_path / "t.parquet")) == 0


@pytest.mark.parametrize("failed", [(), (1,), (0, 1, 2)])
def test_templates_come_back_and_a_failed_one_is_null(tmp_path, failed):
    t = templates(
        failed=failed, camera=np.array(["a", "", "ü"]), width_px=np.array([1.5, np.nan, 3], np.float32), n=[1, 2, 3]
    )
    path = tmp_path / "t.parquet"
    tables.write_templates(path, t, settings=SETTINGS)
    same(t, tables.read_templates(path))
    assert pq.read_table(path).column("embedding").null_count == len(failed)


def test_no_template_at_all_keeps_its_dimension(tmp_path):
    none = templates().take(np.zeros(0, int))
    tables.write_templates(tmp_path / "t.parquet", none)
    assert tables.read_templates(tmp_path / "t.parquet").embedding.shape == (0, 8)


def test_a_gallery_keeps_those_whose_enrolment_failed(tmp_path):
    gallery = Gallery(templates(), ["s0", "s1", "s2", "never-photographed"])
    path = tmp_path / "g.parquet"
    tables.write_gallery(path, gallery)
    back = tables.read_gallery(path)
    assert back.enrolled.tolist() == gallery.enrolled.tolist()
    same(gallery.templates, back.templates)
    assert back.failed_to_enrol.tolist() == ["never-photographed", "s1"]


def test_plain_templates_are_a_gallery_unless_somebody_has_no_name(tmp_path):
    tables.write_templates(tmp_path / "t.parquet", templates())
    assert tables.read_gallery(tmp_path / "t.parquet").enrolled.tolist() == ["s0", "s1", "s2"]
    tables.write_templates(tmp_path / "u.parquet", templates(subjects=["a", "", "b"]))
    with pytest.raises(BadInput, match=r"u\.parquet: sample 'gate/1' has no subject"):
        tables.read_gallery(tmp_path / "u.parquet")


@pytest.mark.parametrize(("p", "r"), [(3, 4), (0, 4), (3, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_comparisons_come_back(tmp_path, p, r, dtype):
    rng = np.random.default_rng(1)
    score = rng.random((p, r)).astype(dtype)
    if p and r:
        score[1] = np.nan
        score[0, 2] = np.nan
    c = Comparisons(
        score, [f"p{i}" for i in range(p)], [""] * p, [f"r{i}" for i in range(r)], ["s"] * r, ["s", "t"],
        {"camera": np.array(["a"] * p, np.str_), "q": rng.random(p)},
        {"note": np.array(["x"] * r, np.str_), "w": np.where(np.arange(r) == 1, np.nan, 1.0)}, "fp", True,
    )  # fmt: skip
    tables.write_comparisons(tmp_path / "c.parquet", c)
    back = tables.read_comparisons(tmp_path / "c.parquet")
    same(c, back)
    assert back.score.dtype == (dtype if p else np.float32) or p == 0


def test_900_passages_against_560_references_make_a_small_file(tmp_path):
    rng = np.random.default_rng(2)
    c = Comparisons(
        rng.normal(0, 0.07, (900, 560)).astype(np.float32),
        [f"p{i}" for i in range(900)], [""] * 900, [f"r{i}" for i in range(560)], [f"s{i}" for i in range(560)],
        [f"s{i}" for i in range(560)],
    )  # fmt: skip
    tables.write_comparisons(tmp_path / "c.parquet", c)
    assert (tmp_path / "c.parquet").stat().st_size < 4e6


def test_files_of_different_packs_refuse_each_other(tmp_path):
    tables.write_templates(tmp_path / "p.parquet", templates(pack="one"))
    tables.write_gallery(tmp_path / "g.parquet", Gallery(templates(pack="two"), ["s0", "s1", "s2"]))
    with pytest.raises(BadInput, match="come from pack 'one' and the gallery from 'two'"):
        match(tables.read_templates(tmp_path / "p.parquet"), tables.read_gallery(tmp_path / "g.parquet"))


READERS = (tables.read_tracks, tables.read_templates, tables.read_gallery, tables.read_comparisons, tables.provenance)


@pytest.mark.parametrize("reader", READERS)
def test_bad_files_are_refused_in_one_line_that_names_them(tmp_path, reader):
    whole = tmp_path / "whole.parquet"
    tables.write_templates(whole, templates())
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:200])
    (tmp_path / "empty.parquet").write_bytes(b"")
    (tmp_path / "text.parquet").write_text("score,mated\n1,0\n")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "foreign.parquet")
    for name, cause in (
        ("missing.parquet", "no such file"),
        ("cut.parquet", "cut off"),
        ("empty.parquet", "cut off"),
        ("text.parquet", "cut off"),
        ("foreign.parquet", "not written by facelab"),
    ):
        with pytest.raises(BadInput, match=cause) as caught:
            reader(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_one_kind_is_not_taken_for_another_nor_another_version(tmp_path, monkeypatch):
    tables.write_templates(tmp_path / "t.parquet", templates())
    with pytest.raises(BadInput, match="it holds templates; tracks are needed"):
        tables.read_tracks(tmp_path / "t.parquet")
    monkeypatch.setattr(tables, "VERSION", 2)
    with pytest.raises(BadInput, match="it has version 1, this facelab reads version 2"):
        tables.read_templates(tmp_path / "t.parquet")


def test_what_cannot_be_written_is_said_and_what_stood_there_stays(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    tables.write_templates(path, templates())
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BadInput, match="No space left on device"):
        tables.write_templates(path, templates(5))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


def test_an_attribute_may_not_hide_a_column(tmp_path):
    with pytest.raises(BadInput, match="may not be called 'quality'"):
        tables.write_templates(tmp_path / "t.parquet", templates(quality=np.ones(3)))

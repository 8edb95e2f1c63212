"""docs/figures.md: every figure is there, small, with its words, and was drawn by a function that still exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from facelab import plots

NOT_DRAWN = {"save", "png", "alt_text"}
ELSEWHERE = {
    "paired_differences": "fnir_differences",
    "rates_by_group": "fpir_by_camera",
    "rates_with_wrong_labels": "wrong_labels",
}


@pytest.fixture(scope="module")
def maker(root_of_docs: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_figures", root_of_docs / "make_figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def root_of_docs() -> Path:
    return Path(__file__).resolve().parents[2] / "docs"


def test_the_page_shows_every_figure_that_is_there_and_no_other(root_of_docs: Path, maker: ModuleType) -> None:
    shown = re.findall(r"\]\(figures/(\w+)\.png\)", (root_of_docs / "figures.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.stem for path in (root_of_docs / "figures").iterdir())
    listed = [name for _, entries in maker.PARTS.values() for name, _ in entries]
    assert shown == listed


def test_pictures_are_small_and_have_a_palette(root_of_docs: Path, maker: ModuleType) -> None:
    for path in (root_of_docs / "figures").iterdir():
        assert path.stat().st_size <= maker.MOST_BYTES, path.name
        with Image.open(path) as picture:
            assert picture.mode == "P", path.name


def test_every_figure_of_the_library_is_in_the_gallery(maker: ModuleType) -> None:
    listed = {name for _, entries in maker.PARTS.values() for name, _ in entries}
    missing = {name for name in plots.__all__ if ELSEWHERE.get(name, name) not in listed} - NOT_DRAWN
    assert missing == set()


def test_a_packed_picture_is_the_picture(maker: ModuleType, tmp_path: Path) -> None:
    """Few colours come through exactly."""
    source = tmp_path / "a.png"
    picture = Image.new("RGB", (40, 20), "#0072B2")
    picture.paste("#D55E00", (0, 0, 20, 20))
    picture.save(source)
    assert maker.packed(source, tmp_path / "b.png") < 1000
    with Image.open(tmp_path / "b.png") as small:
        assert list(small.convert("RGB").get_flattened_data()) == list(picture.get_flattened_data())


def test_a_long_title_gets_smaller_letters_and_then_two_lines() -> None:
    from facelab.plots import style

    sizes = []
    for words in (
        "short",
        "x" * 8 + " words of a finding that needs most of the width of a figure",
        "many words " * 14,
    ):
        ax = style.axes(None)
        style.title(ax, words)
        text = ax.title if ax.title.get_text() else ax._left_title
        sizes.append((text.get_fontsize(), text.get_text().count("\n")))
    assert sizes[0] == (style.TITLE_PT, 0)
    assert style.LEAST_PT <= sizes[1][0] < style.TITLE_PT
    assert sizes[2] == (style.LEAST_PT, 1)

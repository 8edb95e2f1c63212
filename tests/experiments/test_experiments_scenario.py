"""Scenarios: a path is a path, else a name; what is misspelt is refused with the nearest right name."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.config import PipelineSettings, Scenario
from facelab.errors import BadInput
from facelab.experiments.scenario import (
    load_scenario,
    parse_overrides,
    scenario_names,
    scenario_path,
    settings_from,
    yaml_value,
)

MINE = """
name: mine
title: Mine
question: Is it?
footage: {kind: files, path: clips/gate.mp4, truth: truth.csv}
watchlist: {kind: folder, path: ../list}
targets_fpir: [1e-1, 1e-3]
"""


def test_every_shipped_scenario_loads_and_is_called_as_its_file() -> None:
    assert {"demo", "chokepoint", "crowd"} <= set(scenario_names())
    assert all(load_scenario(name).name == name for name in scenario_names())


def test_what_exists_as_a_path_is_a_path_even_where_it_has_a_shipped_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    assert load_scenario("demo").name == "mine"


def test_a_name_that_nobody_knows_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"'chokpoint' is neither a file nor a scenario, did you mean 'chokepoint'\?"):
        load_scenario("chokpoint")


@pytest.mark.parametrize("name", ["../demo", "demo.yml", "/etc/nothing", ""])
def test_a_name_never_climbs_out_of_the_folder_of_scenarios(name: str) -> None:
    with pytest.raises(BadInput):
        scenario_path(name)


def test_paths_in_a_file_are_relative_to_that_file(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "mine.yml").write_text(MINE)
    found = load_scenario(tmp_path / "sites" / "mine.yml")
    assert found.footage.path == str(tmp_path / "sites" / "clips" / "gate.mp4")
    assert found.footage.truth == tmp_path / "sites" / "truth.csv"
    assert found.watchlist.path == tmp_path / "list"


@pytest.mark.parametrize("address", ["rtsp://10.0.0.7/gate", "0"])
def test_addresses_and_devices_are_no_paths(tmp_path: Path, address: str) -> None:
    (tmp_path / "mine.yml").write_text(MINE.replace("clips/gate.mp4", f'"{address}"'))
    assert load_scenario(tmp_path / "mine.yml").footage.path == address


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    """YAML 1.1 reads 1e-1 as a text."""
    (tmp_path / "mine.yml").write_text(MINE)
    assert load_scenario(tmp_path / "mine.yml").targets_fpir == (0.1, 0.001)


OVERRIDES = [
    ({"pack": "edgeface"}, lambda s: s.pack == "edgeface"),
    ({"pack": "2026"}, lambda s: s.pack == "2026"),
    ({"targets_fpir": "[1e-2]"}, lambda s: s.targets_fpir == (0.01,)),
    ({"targets_fpir": [0.2]}, lambda s: s.targets_fpir == (0.2,)),
    ({"footage.seed": "7"}, lambda s: s.footage.seed == 7),
    ({"pipeline.tracking.method": "sort"}, lambda s: s.pipeline.tracking.method == "sort"),
    ({"pipeline.quality.min_width_px": "1e1"}, lambda s: s.pipeline.quality.min_width_px == 10.0),
    ({"site_threshold": "0.0"}, lambda s: s.site_threshold == 0.0),
    ({"site_threshold": "null"}, lambda s: s.site_threshold is None),
    ({"counts_only": "true"}, lambda s: s.counts_only is True),
    ({"title": "a: b, c"}, lambda s: s.title == "a: b, c"),
]


@pytest.mark.parametrize(("overrides", "holds"), OVERRIDES)
def test_overrides_are_typed_by_the_setting(overrides, holds) -> None:
    assert holds(load_scenario("demo", overrides))


def test_an_override_leaves_its_neighbours() -> None:
    plain, changed = load_scenario("demo"), load_scenario("demo", {"footage.seed": "7"})
    assert changed.footage.model_copy(update={"seed": plain.footage.seed}) == plain.footage


WRONG = [
    ({"pakc": "x"}, "there is no setting 'pakc', did you mean 'pack'?"),
    ({"footage.sed": "1"}, "there is no setting 'footage.sed', did you mean 'seed'?"),
    ({"pipeline.tracking.methd": "sort"}, "did you mean 'method'?"),
    ({"rank": "1.5"}, "rank: input should be a valid integer"),
    ({"rank": "0"}, "rank: input should be greater than or equal to 1, it is 0"),
    ({"targets_fpir": "[2]"}, "targets_fpir.0: input should be less than 1, it is 2"),
    ({"confidence": ".nan"}, "confidence"),
    ({"footage.kind": "film"}, "'film'"),
    ({"pipeline.tracking.method": "magic"}, "'sort', 'bytetrack' or 'ocsort', it is 'magic'"),
    ({"name.first": "x"}, "'name' has no settings below it"),
    ({"counts_only": "maybe"}, "counts_only"),
]


@pytest.mark.parametrize(("overrides", "line"), WRONG)
def test_a_wrong_setting_is_told_in_one_line(overrides, line: str) -> None:
    with pytest.raises(BadInput) as refused:
        load_scenario("demo", overrides)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


FILES = [
    ("", "holds none"),
    ("- a\n- b", "holds none"),
    ("name: [", "not YAML"),
    ("name: a\nname: b", "'name' stands twice"),
    ("name: mine", "is missing"),
    ("!!python/object/apply:os.system ['true']", "not YAML"),
    (MINE + "ranc: 2\n", "did you mean 'rank'?"),
]


@pytest.mark.parametrize(("text", "line"), FILES)
def test_a_broken_file_is_refused_by_name_and_cause(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        load_scenario(path)
    assert line in str(refused.value)
    assert "broken.yml" in str(refused.value)


def test_bytes_that_are_no_text_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "b.yml", tmp_path):
        with pytest.raises(BadInput):
            load_scenario(path)


def test_deep_nesting_is_refused_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text("[" * 5000)
    with pytest.raises(BadInput):
        load_scenario(tmp_path / "d.yml")


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    assert parse_overrides(["a=b=c", " d = e "]) == {"a": "b=c", "d": "e"}


@pytest.mark.parametrize("pairs", [["pack"], ["=x"], ["a=1", "a=2"], [""]])
def test_pairs_without_a_name_or_twice_are_refused(pairs: list[str]) -> None:
    with pytest.raises(BadInput):
        parse_overrides(pairs)


def test_other_settings_are_read_by_the_same_rule() -> None:
    found = settings_from(PipelineSettings, {"tracking.lost_s": "2e0"}, place="--set")
    assert found.tracking.lost_s == 2.0
    with pytest.raises(BadInput, match="--set: there is no setting 'traking', did you mean 'tracking'"):
        settings_from(PipelineSettings, {"traking.lost_s": "1"}, place="--set")


def test_a_scenario_written_as_json_is_read_back_the_same(tmp_path: Path) -> None:
    """The runner hands the settings to the notebooks in this way."""
    chosen = load_scenario("demo", {"targets_fpir": "[1e-5]", "footage.seed": "3"})
    (tmp_path / "scenario.json").write_text(chosen.model_dump_json())
    assert load_scenario(tmp_path / "scenario.json") == chosen


@given(st.text(max_size=60))
def test_any_text_as_a_value_is_read_or_refused_and_never_a_crash(text: str) -> None:
    yaml_value(text)
    with contextlib.suppress(BadInput):
        assert isinstance(load_scenario("demo", {"title": text}), Scenario)


def test_loading_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_scenario("demo")
    assert list(tmp_path.iterdir()) == []

"""Which settings a sweep tries: every combination of a grid, or ranges that a search chooses from."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.experiments.scenario import load_scenario, yaml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from facelab.config import Scenario

MOST_POINTS = 10_000
_RANGE = re.compile(r"^\s*([-+.\deE]+)\s*\.\.\s*([-+.\deE]+)\s*(:log)?\s*$")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, ends included; whole where both ends are; `log`: even in orders of magnitude."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """True where only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


def parse_grid(pairs: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """``key=v1,v2`` texts as the values of each setting; a comma inside of brackets or quotes separates nothing.

    >>> parse_grid(["pack=edgeface,scrfd-mbf", "targets_fpir=[0.1, 1e-2],[0.05]"])
    {'pack': ('edgeface', 'scrfd-mbf'), 'targets_fpir': ([0.1, 0.01], [0.05])}
    """
    grid: dict[str, tuple[Any, ...]] = {}
    for name, text in _named(pairs, "--grid"):
        if name in grid:
            raise BadInput("the setting is given twice", place=f"--grid {name}")
        values = tuple(yaml_value(value) for value in _split(text))
        if any(values.count(value) > 1 for value in values):
            raise BadInput(f"a value stands twice in {text!r}", place=f"--grid {name}")
        grid[name] = values
    return grid


def parse_space(pairs: Iterable[str]) -> dict[str, Range | tuple[Any, ...]]:
    """``key=low..high`` (``:log`` behind it) and ``key=v1,v2`` texts as what a search chooses from.

    >>> parse_space(["pipeline.tracking.lost_s=0.25..4:log"])
    {'pipeline.tracking.lost_s': Range(low=0.25, high=4, log=True)}
    """
    space: dict[str, Range | tuple[Any, ...]] = {}
    for name, text in _named(pairs, "--over"):
        if name in space:
            raise BadInput("the setting is given twice", place=f"--over {name}")
        found = _RANGE.match(text)
        space[name] = parse_grid([f"{name}={text}"])[name] if found is None else _range(found, name)
    return space


def _range(found: re.Match[str], name: str) -> Range:
    low, high = yaml_value(found[1]), yaml_value(found[2])
    place = f"--over {name}"
    if not all(isinstance(end, (int, float)) and math.isfinite(end) for end in (low, high)):
        raise BadInput(f"a range reads low..high, this is {found[0].strip()!r}", place=place)
    if not low < high:
        raise BadInput(f"the range {low:g}..{high:g} is empty; the lower end comes first", place=place)
    if found[3] and low <= 0:
        raise BadInput(f"a logarithmic range begins above 0, this one at {low:g}", place=place)
    return Range(low, high, bool(found[3]))


def grid_points(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values of `grid`; the last setting changes fastest.

    Raises
    ------
    BadInput
        There are too many of them.
    """
    size = math.prod(len(values) for values in grid.values())
    if size > MOST_POINTS:
        raise BadInput(
            f"{size:,} combinations are more than {MOST_POINTS:,}; search instead (--search)", place="--grid"
        )
    return [dict(zip(grid, values)) for values in itertools.product(*grid.values())]


def ends_of(space: Mapping[str, Range | Sequence[Any]]) -> list[dict[str, Any]]:
    """For each setting its ends or its values, one at a time: what must be right before a search begins."""
    found: list[dict[str, Any]] = []
    for name, values in space.items():
        found += [{name: value} for value in ((values.low, values.high) if isinstance(values, Range) else values)]
    return found


def checked_points(
    scenario: str | Path, overrides: Mapping[str, Any], points: Iterable[Mapping[str, Any]]
) -> list[Scenario]:
    """The scenario at each point, checked before anything runs.

    Raises
    ------
    BadInput
        A setting is unknown or out of range at one of them.
    """
    return [load_scenario(scenario, {**overrides, **point}) for point in points]


def _named(pairs: Iterable[str], option: str) -> list[tuple[str, str]]:
    found = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (equals and name.strip() and text.strip()):
            raise BadInput(f"it reads name=values, this is {pair!r}", place=option)
        found.append((name.strip(), text.strip()))
    return found


def _split(text: str) -> list[str]:
    """`text` at its commas, but for those inside of brackets, braces or quotes."""
    parts, depth, quote, begun = [], 0, "", 0
    for k, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in "]})":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[begun:k].strip())
            begun = k + 1
    return [*parts, text[begun:].strip()]

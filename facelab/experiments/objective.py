"""What a sweep calls best, in words: ``minimise fnir subject to fpir_high <= 1e-3``.

The names are those of a threshold's metrics (rates with ``_low`` and ``_high``) and the two costs. A limit on ``fpir``
or ``fpir_high`` is also the target that each point's threshold is chosen for: the plain threshold for the first, the
certified one, whose upper end meets the limit, for the second.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES = ("fpir", "fnir", "misidentification")
COSTS = ("embeddings_a_frame", "seconds_a_frame")
NAMES = (*(f"{rate}{end}" for rate in RATES for end in ("", "_low", "_high")), "threshold", *COSTS)
Direction: TypeAlias = Literal["minimise", "maximise"]
_HEAD = re.compile(r"^\s*(minimi[sz]e|maximi[sz]e)\s+(\w+)(?:\s+subject\s+to\s+(.+))?\s*$", re.IGNORECASE)
_LIMIT = re.compile(r"^\s*(\w+)\s*(<=|>=)\s*([-+.\deE]+)\s*(%?)\s*$")
_PLACE = "--search"


@dataclass(frozen=True)
class Limit:
    """`name` is at most (``<=``) or at least (``>=``) `value`."""

    name: str
    sign: str
    value: float

    def excess(self, values: Mapping[str, float | None]) -> float:
        """How far `values` are beyond the limit: at most 0 where it is kept; infinite where there is no value."""
        value = values.get(self.name)
        if value is None:
            return float("inf")
        return value - self.value if self.sign == "<=" else self.value - value

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.value:g}"


@dataclass(frozen=True)
class Objective:
    """What is best: the least (or the most) of `name` among the points that keep every limit."""

    direction: Direction
    name: str
    limits: tuple[Limit, ...] = ()

    @property
    def target(self) -> float | None:
        """The FPIR that each point's threshold is chosen for; None where no limit names one."""
        asked = [limit.value for limit in self.limits if limit.name in ("fpir", "fpir_high") and limit.sign == "<="]
        return min(asked) if asked else None

    @property
    def certified(self) -> bool:
        """True where the threshold must be the certified one."""
        return any(limit.name == "fpir_high" for limit in self.limits)

    def loss(self, values: Mapping[str, float | None]) -> float:
        """What is minimised; infinite where there is no value."""
        value = values.get(self.name)
        if value is None:
            return float("inf")
        return value if self.direction == "minimise" else -value

    def feasible(self, values: Mapping[str, float | None]) -> bool:
        """Whether `values` keep every limit and have what is minimised."""
        return values.get(self.name) is not None and all(limit.excess(values) <= 0 for limit in self.limits)

    def __str__(self) -> str:
        limits = " and ".join(str(limit) for limit in self.limits)
        return f"{self.direction} {self.name}" + (f" subject to {limits}" if limits else "")


def parse_objective(text: str) -> Objective:
    """The objective in `text`.

    Raises
    ------
    BadInput
        It cannot be read, or a name is unknown (the nearest right one is told).

    Examples
    --------
    >>> str(parse_objective("minimize fnir subject to fpir_high <= 0.1 % and seconds_a_frame <= .5"))
    'minimise fnir subject to fpir_high <= 0.001 and seconds_a_frame <= 0.5'
    """
    found = _HEAD.match(text)
    if found is None:
        raise BadInput(f"an objective reads 'minimise NAME subject to NAME <= NUMBER', this is {text!r}", place=_PLACE)
    direction: Direction = "minimise" if found[1].lower().startswith("min") else "maximise"
    parts = re.split(r"\s+and\s+|,", found[3]) if found[3] else []
    objective = Objective(direction, _known(found[2]), tuple(_limit(part) for part in parts))
    if objective.target is not None and not 0 < objective.target < 1:
        raise BadInput(f"a limit on FPIR lies between 0 and 1, this is {objective.target:g}", place=_PLACE)
    return objective


def _limit(text: str) -> Limit:
    found = _LIMIT.match(text)
    if found is None:
        raise BadInput(f"a limit reads 'NAME <= NUMBER' or 'NAME >= NUMBER', this is {text!r}", place=_PLACE)
    try:
        value = float(found[3]) / (100 if found[4] else 1)
    except ValueError:
        raise BadInput(f"{found[3]!r} is no number", place=_PLACE) from None
    return Limit(_known(found[1]), found[2], value)


def _known(name: str) -> str:
    if name in NAMES:
        return name
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else ""
    raise BadInput(f"there is no measure {name!r}{hint}; there are {', '.join(NAMES)}", place=_PLACE)

"""`SiteAnswer`: what a site is told, first on one page for somebody who is no statistician, then with its evidence.

Every statement says what it rests on (`Kind`): measured, simulated from what was measured, resampled from it,
extrapolated beyond it, assumed, or that this data cannot tell. Nothing here is computed: the three sites fill it, a
notebook shows it, the report begins with it, and MLflow gets its numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["measured", "simulated", "resampled", "extrapolated", "assumed", "cannot tell"]
Heading = Literal["Threshold", "What it costs", "How sure", "What would make it surer"]
HEADINGS: tuple[Heading, ...] = get_args(Heading)


@dataclass(frozen=True)
class Line:
    """One statement of the one-page answer, and what it rests on."""

    heading: Heading
    text: str
    kind: Kind

    def __post_init__(self) -> None:
        if self.heading not in HEADINGS or self.kind not in get_args(Kind):
            raise BadInput(f"a line says {self.heading!r} and rests on {self.kind!r}", place="site answer")


@dataclass(frozen=True)
class Table:
    """A table of words: one text a cell, as many as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise BadInput(
                    f"a row of {len(row)} cells in a table of {len(self.columns)}: {row}", place="site answer"
                )


@dataclass(frozen=True)
class Section:
    """One piece of evidence: what it shows, in sentences, a table and figures (by the names they are saved under)."""

    title: str
    sentences: tuple[str, ...]
    table: Table | None = None
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProtocolRow:
    """What a site must do to measure one claim itself."""

    claim: str
    volunteers: str
    passages: str
    days: str
    why: str


@dataclass(frozen=True)
class Assumption:
    """A number that was not measured here, and where it is from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True)
class SiteAnswer:
    """What a site is told.

    Parameters
    ----------
    title, question : str
        Of the scenario.
    threshold : float or None
        At which the site should run; None where this data cannot tell.
    lines : tuple of Line
        The one page: at least one under each of `HEADINGS`.
    evidence : tuple of Section
        What the one page rests on, in the order of reading.
    side_by_side : Section or None
        Synthetic and real beside each other, and what may not be concluded.
    protocol : tuple of ProtocolRow
        How the site can measure itself.
    assumptions : tuple of Assumption
        Every number that is the site's own word or nobody's.
    metrics : mapping of str to float
        For MLflow: flat names, plain numbers.

    Raises
    ------
    BadInput
        A heading of the one page has no line.
    """

    title: str
    question: str
    threshold: float | None
    lines: tuple[Line, ...]
    evidence: tuple[Section, ...] = ()
    side_by_side: Section | None = None
    protocol: tuple[ProtocolRow, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        said = {line.heading for line in self.lines}
        missing = [heading for heading in HEADINGS if heading not in said]
        if missing:
            raise BadInput(f"the one page says nothing of {', '.join(missing)}", place="site answer")

    def under(self, heading: Heading) -> tuple[Line, ...]:
        """The lines under `heading`."""
        return tuple(line for line in self.lines if line.heading == heading)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The evidence, and synthetic beside real where there is such a section."""
        return (*self.evidence, *(() if self.side_by_side is None else (self.side_by_side,)))

    def to_dict(self) -> dict[str, Any]:
        """The answer for JSON."""
        return {**asdict(self), "metrics": dict(self.metrics)}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> SiteAnswer:
        """The answer out of what `to_dict` gave, also after it went through JSON."""
        beside = said["side_by_side"]
        return cls(
            title=said["title"],
            question=said["question"],
            threshold=said["threshold"],
            lines=tuple(Line(**line) for line in said["lines"]),
            evidence=tuple(_section(section) for section in said["evidence"]),
            side_by_side=None if beside is None else _section(beside),
            protocol=tuple(ProtocolRow(**row) for row in said["protocol"]),
            assumptions=tuple(Assumption(**row) for row in said["assumptions"]),
            metrics=dict(said["metrics"]),
        )

    def __str__(self) -> str:
        """The one page as text."""
        return "\n".join(f"{heading}: " + " ".join(line.text for line in self.under(heading)) for heading in HEADINGS)


def _section(said: Mapping[str, Any]) -> Section:
    table = said["table"]
    if table is not None:
        table = Table(tuple(table["columns"]), tuple(tuple(row) for row in table["rows"]), table["caption"])
    return Section(said["title"], tuple(said["sentences"]), table, tuple(said["figures"]))

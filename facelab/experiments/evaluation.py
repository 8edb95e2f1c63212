"""`Evaluation`: what one evaluation found, where everything is, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from facelab.experiments.store import without_password
from facelab.report.rows import COLUMNS, ThresholdRow, html_rows, threshold_rows
from facelab.report.words import finding, more_data

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facelab.config import Scenario
    from facelab.experiments.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of `facelab.experiments.evaluate`.

    Parameters
    ----------
    scenario : Scenario
        What was evaluated, overrides included.
    workspace : Workspace
        Where everything is.
    measured : mapping
        What the workspace's ``operating_points.json`` says.
    run_id, tracking_uri : str
        The MLflow run and its store; the id is empty where the store could not be used.
    kept : Path or None
        Where the record of the run is kept until ``facelab log`` logs it; None where it was logged.
    seconds : mapping of str to float
        How long each stage took, and ``total``.
    """

    scenario: Scenario
    workspace: Workspace
    measured: Mapping[str, Any]
    run_id: str
    tracking_uri: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    kept: Path | None = None

    @property
    def synthetic(self) -> bool:
        """True where any of the evidence was generated."""
        return bool(self.measured["synthetic"])

    @cached_property
    def table(self) -> tuple[ThresholdRow, ...]:
        """One row a threshold: target, threshold, FPIR and FNIR with errors, trials and interval."""
        return threshold_rows(self.measured["points"], counts_only=self.scenario.counts_only)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the table's columns, for `ThresholdRow.cells`."""
        return COLUMNS

    @property
    def finding(self) -> tuple[str, ...]:
        """What was found, in at most three sentences."""
        return finding(self.table, enrolled=self.measured["gallery"]["subjects"], synthetic=self.synthetic)

    @property
    def more_data(self) -> tuple[str, ...]:
        """What more data would buy."""
        return () if self.scenario.counts_only else more_data(self.measured["points"])

    @property
    def paths(self) -> dict[str, str]:
        """Where everything is, by name; only what is there."""
        place = self.workspace
        named = {
            "workspace": place.folder,
            "report": place.report,
            "tuned": place.tuned,
            "notebooks": place.notebooks,
            "figures": place.figures,
            "curve": place.curve,
            "operating_points": place.points,
        }
        return {name: str(path) for name, path in named.items() if path.exists()}

    def to_dict(self) -> dict[str, Any]:
        """The evaluation for JSON."""
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "pack": self.scenario.pack,
            "evidence": "synthetic" if self.synthetic else "real",
            "counts_only": self.scenario.counts_only,
            "notes": list(self.scenario.notes),
            "finding": list(self.finding),
            "more_data": list(self.more_data),
            "gallery": dict(self.measured["gallery"]),
            "chosen_on": self.measured["chosen_on"],
            "reported_on": self.measured["reported_on"],
            "operating_points": list(self.measured["points"]),
            "run_id": self.run_id,
            "tracking_uri": without_password(self.tracking_uri),
            "kept": None if self.kept is None else str(self.kept),
            "paths": self.paths,
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
        }

    def __str__(self) -> str:
        """The finding, and what more data would buy."""
        return " ".join((*self.finding, *self.more_data))

    def _repr_html_(self) -> str:
        import html

        said = "".join(f"<p>{html.escape(line)}</p>" for line in (*self.finding, *self.more_data))
        return html_rows(self.table, self.scenario.title) + said

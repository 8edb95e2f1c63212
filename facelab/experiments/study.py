"""`Study`: what the notebooks of a chain read and write, so that each of them runs alone.

A study is a scenario and its workspace. Each of its results is there at once where an earlier notebook left it, and is
made where none did (through the library's cache, so that a model never runs twice on the same input). A result made
under other settings is not taken: beside every file stands the key of the settings that it depends on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.experiments.scenario import load_scenario
from facelab.experiments.workspace import Workspace, open_workspace, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from facelab.config import Scenario
    from facelab.data.footage import Footage
    from facelab.deploy import TunedConfig
    from facelab.experiments.evidence import Evidence
    from facelab.experiments.figures import SavedFigure
    from facelab.experiments.sources import Enrolment
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.points import OperatingPoint, Unattainable
    from facelab.types import Comparisons, Gallery


@dataclass(frozen=True)
class Halves:
    """The searches of one half of the probe people and of the other; the gallery is whole in both.

    `select` is None where there are too few people to choose a threshold at all.
    """

    select: OpenSetCurve | None
    report: OpenSetCurve


class Study:
    """A scenario, its workspace, and every result on the way from footage to tuned config.

    Parameters
    ----------
    scenario : Scenario
        What is evaluated.
    workspace : Workspace
        Where results are kept.
    """

    def __init__(self, scenario: Scenario, workspace: Workspace) -> None:
        self.scenario, self.workspace = scenario, workspace

    def __repr__(self) -> str:
        return f"<Study of {self.scenario.name} in {self.workspace.folder}>"

    @cached_property
    def pack(self) -> Pack:
        """The model pack; it is fetched and verified when it is first used."""
        from facelab.pipeline.packs import load_pack

        return load_pack(self.scenario.pack)

    @cached_property
    def footage(self) -> Footage:
        """The footage; a synthetic one is rendered once."""
        from facelab.experiments.sources import open_scenario_footage

        return open_scenario_footage(self.scenario, self.workspace.footage)

    @cached_property
    def passages(self) -> Passages:
        """Everyone who went past: tracks, and a template for each passage; written to the workspace."""
        from facelab.pipeline import tables
        from facelab.pipeline.run import track_footage

        found, settings = track_footage(self.footage, self.pack, self.scenario.pipeline), self.scenario.pipeline
        tables.write_tracks(self.workspace.tracks, found.tracks, pack=found.pack, settings=settings)
        tables.write_templates(self.workspace.passages, found.templates, settings=settings)
        return found

    @cached_property
    def _enrolment(self) -> Enrolment:
        from facelab.experiments.sources import enrolled_watchlist
        from facelab.pipeline import tables

        of_footage = self.scenario.watchlist.kind == "footage"
        passages = self.passages if of_footage else None
        found = enrolled_watchlist(self.scenario, passages, self.footage if of_footage else None, self.pack)
        tables.write_gallery(self.workspace.gallery, found.gallery, settings=self.scenario.pipeline)
        return found

    @property
    def gallery(self) -> Gallery:
        """The watchlist as enrolled; written to the workspace."""
        return self._enrolment.gallery

    @property
    def probes(self) -> Passages:
        """The passages that are searched for: all, or what is left of them where people were enrolled from them."""
        return self.passages if self._enrolment.probes is None else self._enrolment.probes

    def match(self) -> Comparisons:
        """Every passage against every reference, made anew and written to the workspace with its evidence."""
        from facelab.experiments.evidence import evidence_of
        from facelab.matching import match
        from facelab.pipeline import tables

        comparisons = match(self.probes, self.gallery)
        tables.write_comparisons(self.workspace.comparisons, comparisons, settings=self.scenario.pipeline)
        evidence = evidence_of(self.footage, self._enrolment, self.pack, self.passages)
        write_json(self.workspace.evidence, {"key": self._key, **evidence.to_dict()})
        self.__dict__["comparisons"] = comparisons
        return comparisons

    @cached_property
    def comparisons(self) -> Comparisons:
        """Every passage against every reference, as the match left it; made where it did not."""
        from facelab.pipeline import tables

        if self.is_matched:
            return tables.read_comparisons(self.workspace.comparisons)
        return self.match()

    @property
    def evidence(self) -> Evidence:
        """What the comparisons were made from."""
        from facelab.experiments.evidence import Evidence

        if not self.is_matched:
            self.match()
        said = read_json(self.workspace.evidence)
        return Evidence.from_dict({name: value for name, value in said.items() if name != "key"})

    @cached_property
    def halves(self) -> Halves:
        """The error curves of the half of the probe people that chooses thresholds and of the half that reports."""
        from facelab.stats.openset import open_set_curve
        from facelab.stats.thresholds import split_probes

        scenario = self.scenario
        if scenario.counts_only:
            return Halves(None, open_set_curve(self.comparisons, scenario.rank))
        rng = np.random.default_rng(scenario.split_seed)
        select, report = split_probes(self.comparisons, scenario.select_share, rng)
        return Halves(open_set_curve(select, scenario.rank), open_set_curve(report, scenario.rank))

    def keep_curve(self) -> Path:
        """Write the reporting half's curve as a table (CSV), and say where."""
        from facelab.experiments.curve_table import write_curve

        write_curve(self.workspace.curve, self.halves.report, self.scenario.confidence)
        return self.workspace.curve

    @cached_property
    def points(self) -> tuple[OperatingPoint | Unattainable, ...]:
        """The threshold of each target, chosen on one half and measured on the other, then that of the site."""
        from facelab.stats.points import operating_points

        scenario, halves = self.scenario, self.halves
        given = () if scenario.site_threshold is None else (scenario.site_threshold,)
        if halves.select is None:
            return tuple(halves.report.at(threshold) for threshold in given)
        return tuple(operating_points(halves.select, halves.report, scenario.targets_fpir, given))

    def keep_points(self) -> Path:
        """Write the operating points and what they were measured on (JSON), and say where."""
        from facelab.experiments.evidence import people_of

        report = self.halves.report
        said = {
            "points": [point.to_dict(self.scenario.confidence) for point in self.points],
            "gallery": {"subjects": report.searches.subjects, "samples": report.searches.samples},
            "reported_on": people_of(report),
            "chosen_on": None if self.halves.select is None else people_of(self.halves.select),
            "synthetic": report.searches.synthetic,
            "evidence": self.evidence.to_dict(),
        }
        write_json(self.workspace.points, said)
        return self.workspace.points

    @property
    def rows(self) -> tuple[Any, ...]:
        """The table of the evaluation, a row a threshold (`facelab.report.rows.ThresholdRow`)."""
        from facelab.report.rows import threshold_rows

        said = [point.to_dict(self.scenario.confidence) for point in self.points]
        return threshold_rows(said, counts_only=self.scenario.counts_only)

    def tuned(self, *, accept_restriction: bool = False) -> TunedConfig:
        """The tuned config of this evaluation with its card, written to the workspace.

        It is signed where the environment variable ``FACELAB_SIGNING_KEY`` names a private key.

        Parameters
        ----------
        accept_restriction : bool
            The user's word that the pack's licence was read and its restriction is accepted; it is recorded.
        """
        from facelab.experiments.exported import write_exported
        from facelab.experiments.tuned import tuned_config

        return write_exported(self.workspace, tuned_config(self, accept_restriction=accept_restriction))

    def figure(self, ax: Axes, name: str) -> SavedFigure:
        """Save the figure of `ax` as ``figures/<name>.png`` and ``.svg``; in a notebook, show it."""
        from facelab.experiments.figures import saved_figure

        return saved_figure(ax, self.workspace.figures, name)

    @cached_property
    def _key(self) -> str:
        """What the comparisons depend on: the settings of footage, watchlist, pack and pipeline, and the code."""
        from facelab.pipeline.cache import code_version

        names = {"footage", "watchlist", "pack", "pipeline"}
        said = json.dumps(self.scenario.model_dump(mode="json", include=names), sort_keys=True)
        return hashlib.sha256(f"{code_version()}\n{said}".encode()).hexdigest()

    @property
    def is_matched(self) -> bool:
        """True where the workspace holds the comparisons of these settings."""
        place = self.workspace
        if not (place.comparisons.is_file() and place.evidence.is_file()):
            return False
        return bool(read_json(place.evidence).get("key") == self._key)


def open_study(
    scenario: str | Path, *, workspace: str | Path = "", overrides: Mapping[str, Any] | None = None
) -> Study:
    """The study of a scenario: what a notebook begins with.

    Parameters
    ----------
    scenario : str or Path
        A scenario file, or the name of one that facelab ships.
    workspace : str or Path
        The folder of its results; ``results/<scenario>`` under the project's root where it is empty.
    overrides : mapping, optional
        Settings by dotted name.

    Raises
    ------
    BadInput
        There is no such scenario, or a setting is wrong.
    """
    chosen = load_scenario(scenario, overrides)
    return Study(chosen, open_workspace(workspace, chosen.name))


def table_of(rows: Sequence[Any]) -> Any:
    """Rows of thresholds as a table that Jupyter shows."""
    from IPython.display import HTML

    from facelab.report.rows import html_rows

    return HTML(html_rows(rows))  # type: ignore[no-untyped-call]  # IPython


def say(*sentences: str) -> Any:
    """Sentences as a paragraph each, that Jupyter shows."""
    from IPython.display import Markdown

    return Markdown("\n\n".join(sentences))  # type: ignore[no-untyped-call]  # IPython


def measured_points(points: Sequence[OperatingPoint | Unattainable]) -> list[OperatingPoint]:
    """The points that have a threshold: what figures mark."""
    from facelab.stats.points import OperatingPoint

    return [point for point in points if isinstance(point, OperatingPoint)]

"""A run that has ended, read back: its scenario, its comparisons and its threshold, from MLflow or from a workspace.

A run is named by its MLflow id (or the first eight characters or more of it), or by a workspace's folder: an argument
that exists as a folder is a folder. What was deleted, or was never logged, is told in one line.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.config import Scenario, TerminalFootage
from facelab.errors import BadInput, NotMeasured
from facelab.experiments.scenario import scenario_from
from facelab.experiments.workspace import Workspace, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from facelab.report.rows import ThresholdRow
    from facelab.stats.searches import Searches
    from facelab.types import Comparisons, Strings

FILES = ("scenario.json", "comparisons.parquet", "evidence.json", "operating_points.json")
PARENT_TAG = "mlflow.parentRunId"
SHORTEST = 8
_ID = re.compile(r"^[0-9a-f]{8,32}$")


@dataclass(frozen=True, eq=False)
class SavedRun:
    """What a run left behind.

    Parameters
    ----------
    run_id : str
        The MLflow run's id; empty for a workspace that has none.
    name : str
        What to call it.
    scenario : Scenario
        As it was evaluated.
    comparisons : Comparisons
        Every probe against every reference; real people in pseudonyms (`facelab.experiments.pseudonyms`).
    evidence : mapping
        What they were made from (`facelab.experiments.evidence.Evidence`).
    points : mapping
        What ``operating_points.json`` says.
    tags : mapping of str to str
        The MLflow run's.
    """

    run_id: str
    name: str
    scenario: Scenario
    comparisons: Comparisons
    evidence: Mapping[str, Any]
    points: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<run {self.name} of {self.scenario.name}: {len(self.comparisons):,} passages>"

    @cached_property
    def searches(self) -> Searches:
        """What each passage found."""
        from facelab.stats.searches import searches

        return searches(self.comparisons)

    @cached_property
    def row(self) -> ThresholdRow | None:
        """The threshold that speaks for the run; None where none came out of it."""
        from facelab.report.rows import threshold_rows
        from facelab.report.words import best_row

        row = best_row(threshold_rows(self.points["points"], counts_only=self.scenario.counts_only))
        return None if row is None or row.threshold is None else row

    @property
    def threshold(self) -> float | None:
        """Its threshold; None where none came out of it."""
        return None if self.row is None else self.row.threshold

    @property
    def target(self) -> float | None:
        """The FPIR that its threshold was asked for; None for a given threshold."""
        return None if self.row is None else self.row.target

    @property
    def rank(self) -> int:
        """R of its FNIR."""
        return self.scenario.rank

    @property
    def synthetic(self) -> bool:
        """True where any of the evidence was generated."""
        return bool(self.evidence["synthetic"])

    @property
    def data(self) -> dict[str, str]:
        """What it was measured on, by digest."""
        said = self.evidence
        return {"footage": str(said["footage_digest"] or "live"), "watchlist": str(said["watchlist_digest"])}

    @property
    def scale(self) -> str:
        """What its scores depend on: two runs whose scales are equal may share a threshold."""
        pack = self.comparisons.pack or self.evidence["pack_fingerprint"]
        return f"{pack} {self.scenario.pipeline.model_dump_json()}"

    @cached_property
    def groups(self) -> dict[str, Strings]:
        """The label of each passage: camera, third of the face width, and skin tone of generated people."""
        from facelab.experiments.group_study import CAMERA, TONE, WIDTH, tones_of, width_classes

        found: dict[str, Strings] = {}
        own = self.comparisons.probe_attributes
        if "camera" in own:
            found[CAMERA] = np.asarray(own["camera"], dtype=np.str_)
        if "width_px" in own:
            found[WIDTH] = width_classes(own["width_px"])
        if isinstance(self.scenario.footage, TerminalFootage):
            found[TONE] = tones_of(self.comparisons.probe_subject)
        return {name: label for name, label in found.items() if (label != "").any()}


def open_run(run: str | Path, client: MlflowClient | None = None) -> SavedRun:
    """The run called `run`.

    Parameters
    ----------
    run : str or Path
        A workspace's folder, an MLflow run id, or at least the first eight characters of one.
    client : MlflowClient, optional
        Of the store; the project's own unless given.

    Raises
    ------
    BadInput
        There is no such run, or it is none of facelab's.
    NotMeasured
        The run was deleted or did not finish, one of its artefacts is gone, or the store cannot be reached.
    """
    if Path(run).is_dir():
        place = Workspace(Path(run).resolve())
        name = place.folder.name
        said = read_json(place.run)["run_id"] if place.run.is_file() else ""
        return _read(place, str(said), name, {}, missing=f"{run}: an evaluation that has ended leaves")
    if not _ID.match(str(run)):
        raise BadInput(
            f"{str(run)!r} is neither a workspace's folder nor an MLflow run id ({SHORTEST} or more of 0-9a-f)",
            place="run",
        )
    from facelab.experiments.store import open_store, reached

    client = open_store() if client is None else client
    with reached():
        found = _found(str(run), client)
    _refuse(found)
    info = found.info
    name = f"{info.run_name or 'run'} ({info.run_id[:8]})"
    with tempfile.TemporaryDirectory(prefix="facelab-run-") as folder:
        for file in FILES:
            _fetch(client, str(info.run_id), file, Path(folder))
        missing = f"run {info.run_id[:8]}: among its artefacts there is no"
        return _read(Workspace(Path(folder)), str(info.run_id), name, dict(found.data.tags), missing=missing)


def finished_runs(scenario_name: str, client: MlflowClient, *, most: int = 100) -> list[Run]:
    """The evaluations of a scenario that finished, newest first; nested runs are left out."""
    from facelab.experiments.store import quiet_mlflow, reached

    with quiet_mlflow(), reached():
        experiment = client.get_experiment_by_name(scenario_name)
        if experiment is None:
            return []
        found: list[Run] = []
        token = None
        while len(found) < most:
            page = client.search_runs(
                [experiment.experiment_id],
                "attributes.status = 'FINISHED'",
                max_results=max(most, 200),
                order_by=["attributes.start_time DESC"],
                page_token=token,
            )
            found += [run for run in page if PARENT_TAG not in run.data.tags and "scenario" in run.data.tags]
            token = page.token
            if not token:
                break
    return found[:most]


def _found(run: str, client: MlflowClient) -> Run:
    """The MLflow run of that id, or whose id begins so."""
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
    experiments = [e.experiment_id for e in client.search_experiments()]
    query = f"attributes.run_id LIKE '{run}%'"
    found = client.search_runs(experiments, query, run_view_type=ViewType.ALL, max_results=2) if experiments else []
    if len(found) > 1:
        raise BadInput(f"several runs begin with {run!r}; give more of the id", place="run")
    if not found:
        raise BadInput(f"there is no run {run!r} in the store; was it deleted for good?", place="run")
    return found[0]


def _refuse(run: Run) -> None:
    """A run that has nothing to read."""
    name = str(run.info.run_id)[:8]
    if run.info.lifecycle_stage == "deleted":
        raise NotMeasured(f"run {name} was deleted; `mlflow runs restore --run-id {run.info.run_id}` brings it back")
    if PARENT_TAG in run.data.tags:
        raise BadInput(f"it is a part of the run {run.data.tags[PARENT_TAG][:8]}; name that one", place=f"run {name}")
    if run.info.status != "FINISHED":
        why = run.data.tags.get("ended_by", "")
        raise NotMeasured(f"run {name} ended {run.info.status}{': ' + why if why else ''}; there is nothing to read")


def _fetch(client: MlflowClient, run_id: str, file: str, folder: Path) -> None:
    """Copy an artefact into `folder`, where the run has it."""
    from mlflow.exceptions import MlflowException

    from facelab.experiments.store import quiet_mlflow

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # a bar a file is no answer
    with quiet_mlflow():
        try:
            client.download_artifacts(run_id, file, str(folder))
        except (MlflowException, OSError):
            return


def _read(place: Workspace, run_id: str, name: str, tags: Mapping[str, str], *, missing: str) -> SavedRun:
    """The run whose files lie in `place`."""
    from facelab.pipeline import tables

    for file in FILES:
        if not (place.folder / file).is_file():
            raise NotMeasured(f"{missing} {file}: it was deleted, or logged by an earlier facelab; evaluate again")
    scenario = scenario_from(read_json(place.scenario), place=f"scenario of {name}")
    comparisons = _in_pseudonyms(tables.read_comparisons(place.comparisons), scenario)
    evidence = {key: value for key, value in read_json(place.evidence).items() if key != "key"}
    return SavedRun(run_id, name, scenario, comparisons, evidence, read_json(place.points), tags)


def _in_pseudonyms(found: Comparisons, scenario: Scenario) -> Comparisons:
    """`found` as MLflow has it: a workspace's own comparisons have names, and the two must pair."""
    from facelab.experiments.pseudonyms import of_real_people, pseudonymous, pseudonyms
    from facelab.stats.thresholds import split_probes

    if pseudonymous(found) or not of_real_people(scenario):
        return found
    report = found
    if not scenario.counts_only:
        _, report = split_probes(found, scenario.select_share, np.random.default_rng(scenario.split_seed))
    return pseudonyms().comparisons(found, report.probe_id)

"""A dead man's switch: per scenario and camera, when it was last measured, by what run, and what is overdue.

A camera was measured when a finished evaluation got a usable face of at least one passage past it; footage without a
passage, or with failed acquisitions only, measures nothing. A camera that any earlier run knew and the newest does not
stays in the list, with the date of its own last measurement. The interval is `measure_every_h` of the scenario: as its
file has it where a file is given, else as the newest run had it.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from facelab.experiments.saved_run import PARENT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from facelab.config import Scenario

KIND_TAG, CAMERA_KIND = "facelab.kind", "camera"
EVERYTHING = "(all)"
NEWEST = 500
HOUR_S = 3600.0
INTERVAL = "measure_every_h"


@dataclass(frozen=True)
class CameraStatus:
    """One camera of one scenario.

    Parameters
    ----------
    scenario, camera : str
        Whose; "(all)" where no camera is known yet.
    measured_at : float or None
        When it was last measured, seconds since 1970 UTC; None: never.
    run_id, run_name, made_by : str
        By what; empty where never.
    passages, failed : int or None
        Passages that were looked at, and those without a usable face.
    every_h : float or None
        The interval; None: none is set.
    age_h : float or None
        Hours since then.
    overdue : bool
        True where the interval is over, or nothing was ever measured though there is one.
    verdict : str
        The gate's, of that run; empty where it was not asked.
    last_attempt : str
        How the scenario's newest run ended, and why, where it is not the one that measured.
    """

    scenario: str
    camera: str
    measured_at: float | None
    run_id: str = ""
    run_name: str = ""
    made_by: str = ""
    passages: int | None = None
    failed: int | None = None
    every_h: float | None = None
    age_h: float | None = None
    overdue: bool = False
    verdict: str = ""
    last_attempt: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the time is ISO 8601, UTC."""
        return asdict(self) | {"measured_at": None if self.measured_at is None else iso(self.measured_at)}


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def camera_statuses(
    client: MlflowClient, scenarios: Sequence[Scenario] = (), *, now: float | None = None
) -> tuple[CameraStatus, ...]:
    """The status of every camera.

    Parameters
    ----------
    client : MlflowClient
        Of the store.
    scenarios : sequence of Scenario
        Which; without one, all that the store has runs of.
    now : float, optional
        Seconds since 1970; the machine's clock unless given.

    Raises
    ------
    NotMeasured
        The store cannot be reached.
    """
    from facelab.experiments.store import quiet_mlflow, reached

    at = time.time() if now is None else now
    given = {scenario.name: scenario for scenario in scenarios}
    found: list[CameraStatus] = []
    with quiet_mlflow(), reached():
        experiments = {e.name: str(e.experiment_id) for e in client.search_experiments()}
        for name in given or sorted(experiments):
            runs = _runs(client, experiments.get(name))
            if runs or name in given:
                found += _of_scenario(name, given.get(name), runs, at)
    return tuple(found)


def _runs(client: MlflowClient, experiment: str | None) -> list[Run]:
    """The newest evaluations of an experiment and what is nested in them; none where it is not facelab's."""
    if experiment is None:
        return []
    # a sweep of hundreds of points must not crowd out what is asked for
    queries = ("tags.`scenario` LIKE '%'", f"tags.`{KIND_TAG}` = '{CAMERA_KIND}'")
    order = ["attributes.start_time DESC"]
    pages = (client.search_runs([experiment], query, max_results=NEWEST, order_by=order) for query in queries)
    different = {run.info.run_id: run for page in pages for run in page}
    found = sorted(different.values(), key=lambda run: run.info.start_time, reverse=True)
    ours = {run.info.run_id for run in found if _is_evaluation(run)}
    return [run for run in found if run.info.run_id in ours or run.data.tags.get(PARENT_TAG) in ours]


def _is_evaluation(run: Run) -> bool:
    """True of a whole evaluation; a sweep and its points measure half of the people, for a choice."""
    return "scenario" in run.data.tags and PARENT_TAG not in run.data.tags


def _of_scenario(name: str, scenario: Scenario | None, runs: list[Run], now: float) -> list[CameraStatus]:
    """The cameras of one scenario, sorted."""
    parents = {run.info.run_id: run for run in runs if PARENT_TAG not in run.data.tags}
    newest = next(iter(parents.values()), None)
    every = scenario.measure_every_h if scenario is not None else _interval(newest)
    attempt = "" if newest is None else _attempt(newest)
    cameras: dict[str, CameraStatus] = {}
    for run in runs:
        camera = run.data.tags.get("camera") if run.data.tags.get(KIND_TAG) == CAMERA_KIND else None
        parent = parents.get(run.data.tags.get(PARENT_TAG, ""))
        if camera is None or parent is None or parent.info.status != "FINISHED":
            continue
        passages, failed = (_count(run.data.metrics, key) for key in ("passages", "failed_to_acquire"))
        known = cameras.get(camera)
        if known is not None and known.measured_at is not None:
            continue
        measured = passages > failed
        cameras[camera] = _status(name, camera, parent if measured else None, (passages, failed), every, now)
    if not cameras:
        finished = next((run for run in parents.values() if run.info.status == "FINISHED"), None)
        cameras[EVERYTHING] = _status(name, EVERYTHING, finished, None, every, now)
    return [
        replace(
            cameras[camera], last_attempt=attempt if newest and newest.info.run_id != cameras[camera].run_id else ""
        )
        for camera in sorted(cameras)
    ]


def _status(
    scenario: str, camera: str, run: Run | None, counts: tuple[int, int] | None, every: float | None, now: float
) -> CameraStatus:
    passages, failed = (None, None) if counts is None else counts
    if run is None:
        return CameraStatus(
            scenario, camera, None, passages=passages, failed=failed, every_h=every, overdue=every is not None
        )
    at = (run.info.end_time or run.info.start_time) / 1000
    age = (now - at) / HOUR_S
    tags = run.data.tags
    return CameraStatus(
        scenario, camera, at, str(run.info.run_id), str(run.info.run_name or ""), tags.get("mlflow.user", ""),
        passages, failed, every, age, every is not None and age > every, tags.get("gate", ""),
    )  # fmt: skip


def _interval(run: Run | None) -> float | None:
    """The interval that a run's parameters have."""
    text = "" if run is None else str(run.data.params.get(INTERVAL, ""))
    try:
        return float(text)
    except ValueError:
        return None


def _attempt(run: Run) -> str:
    """How a run ended."""
    why = run.data.tags.get("ended_by", "")
    when = iso((run.info.end_time or run.info.start_time) / 1000)
    return f"{run.info.status} {when}" + (f": {why}" if why else "")


def _count(metrics: Mapping[str, float], key: str) -> int:
    return int(metrics.get(key, 0))


def overdue_sentence(statuses: Iterable[CameraStatus]) -> str:
    """What is overdue, in one sentence; empty where nothing is."""
    late = [status for status in statuses if status.overdue]
    if not late:
        return ""
    parts = []
    for one in late:
        ago = "never measured" if one.age_h is None else f"{one.age_h:.0f} h ago, at most {one.every_h:g}"
        parts.append(f"{one.scenario} {one.camera} ({ago})")
    return f"overdue: {', '.join(parts)}"

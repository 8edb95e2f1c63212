"""The runs of a scenario, one after the other, as control charts: each camera's FNIR, and the FPIR of all.

What a chart shows is what each run logged: errors and trials at that run's threshold, and the gate's verdict. Only
finished evaluations count, oldest first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.errors import NotMeasured
from facelab.experiments.saved_run import PARENT_TAG, finished_runs
from facelab.experiments.status import CAMERA_KIND, KIND_TAG, NEWEST
from facelab.stats.control import ControlChart, control_chart

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import Run

FEWEST = 4
BASELINE = 20


@dataclass(frozen=True, eq=False)
class RunHistory:
    """The finished runs of a scenario over time.

    Parameters
    ----------
    scenario : str
        Whose.
    charts : dict of str to ControlChart
        By the figure's name.
    verdicts : dict of str to tuple of str
        The gate's word on each point of a chart; "" where it was not asked.
    dates : dict of str to tuple of str
        The day of each point, UTC.
    """

    scenario: str
    charts: dict[str, ControlChart]
    verdicts: dict[str, tuple[str, ...]]
    dates: dict[str, tuple[str, ...]]

    def draw(self, folder: Path) -> list[Path]:
        """Write a trend figure a chart into `folder`, and say where."""
        from facelab.experiments.figures import saved_figure
        from facelab.plots.trend import trend

        written = []
        for name, chart in self.charts.items():
            words = self.verdicts[name]
            ax = trend(chart, verdicts=words if any(words) else (), unit="run", dates=self.dates[name])
            written.append(saved_figure(ax, folder, f"{self.scenario}_{name}").path)
        return written


def run_history(scenario_name: str, client: MlflowClient, *, baseline: int = BASELINE) -> RunHistory:
    """The control charts of a scenario's finished runs.

    Parameters
    ----------
    scenario_name : str
        Whose.
    client : MlflowClient
        Of the store.
    baseline : int
        How many of the first runs the limits come from; half of them where there are fewer than twice as many.

    Raises
    ------
    NotMeasured
        Fewer than four finished runs, or the store cannot be reached.
    """
    runs = finished_runs(scenario_name, client, most=NEWEST)[::-1]
    if len(runs) < FEWEST:
        raise NotMeasured(f"{scenario_name}: a trend takes {FEWEST} finished runs or more, there are {len(runs)}")
    parents = {str(run.info.run_id): run for run in runs}
    series: dict[str, list[tuple[Run, Run]]] = {"fpir": [(run, run) for run in runs]}
    for nested in _cameras(scenario_name, client):
        parent = parents.get(nested.data.tags.get(PARENT_TAG, ""))
        if parent is not None:
            series.setdefault(f"fnir_{nested.data.tags['camera']}", []).append((parent, nested))
    charts, verdicts, dates = {}, {}, {}
    for name, pairs in series.items():
        rate = name.partition("_")[0]
        counted = [(parent, run) for parent, run in pairs if f"{rate}_trials" in run.data.metrics]
        counted.sort(key=lambda pair: pair[0].info.start_time)
        if len(counted) < FEWEST:
            continue
        errors, trials = (
            [int(run.data.metrics.get(f"{rate}_{what}", 0)) for _, run in counted] for what in ("errors", "trials")
        )
        words = "FPIR, all cameras" if rate == "fpir" else f"FNIR, camera {name.partition('_')[2]}"
        first = baseline if len(counted) >= 2 * baseline else max(2, len(counted) // 2)
        charts[name] = control_chart(words, errors, trials, baseline=first)
        verdicts[name] = tuple(parent.data.tags.get("gate", "") for parent, _ in counted)
        dates[name] = tuple(time.strftime("%m-%d", time.gmtime(p.info.start_time / 1000)) for p, _ in counted)
    return RunHistory(scenario_name, charts, verdicts, dates)


def _cameras(scenario_name: str, client: MlflowClient) -> list[Run]:
    """The nested runs of cameras, all of them."""
    from facelab.experiments.store import quiet_mlflow, reached

    with quiet_mlflow(), reached():
        experiment = client.get_experiment_by_name(scenario_name)
        if experiment is None:
            return []
        found: list[Run] = []
        token = None
        while True:
            query = f"tags.`{KIND_TAG}` = '{CAMERA_KIND}'"
            page = client.search_runs([experiment.experiment_id], query, max_results=1000, page_token=token)
            found += list(page)
            token = page.token
            if not token:
                return found

"""The runs page as facelab arranges it: which columns, which charts, in which order, and the link that opens on them.

MLflow keeps a shared view of an experiment as a tag, and a link names it (``viewStateShareKey``). The view shows the
evaluations and sweeps with threshold, both rates in percent with their interval ends, and what they rest on; the charts
are both errors by threshold, both rates of each run, and one against the other. A newer MLflow that reads other views
shows its own page instead; nothing is lost.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.store import experiment_id, quiet_mlflow, reached

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG = "mlflow.sharedViewState."
RATES = ("fpir", "fnir")
METRIC_COLUMNS = ("threshold", *(f"{rate}{end}_percent" for rate in RATES for end in ("", "_low", "_high")))
COLUMNS = (
    "attributes.`Created`",
    *(f"metrics.`{name}`" for name in METRIC_COLUMNS),
    "tags.`best`",
    "tags.`evidence`",
    "tags.`pack`",
)
ENDS = ("", "_high")
BEST = "Fewest missed, shortest bar"
TRADE = "Trade-off, thresholds"
COST = "Cost, of sweeps"
COLUMNS_OF_CHARTS, CHART_HEIGHT_PX = 2, 360
EVALUATIONS = "tags.`facelab.kind` != 'stage' and tags.`facelab.kind` != 'camera'"


def runs_link(client: MlflowClient, scenario_name: str, address: str, *, charts: bool = False) -> str:
    """The link to the runs of a scenario, arranged; makes the arrangement where it is not there yet.

    Parameters
    ----------
    client : MlflowClient
        Of the store.
    scenario_name : str
        Whose runs.
    address : str
        Of the page, such as ``http://127.0.0.1:5000``.
    charts : bool
        True opens on the charts, False on the table.

    Raises
    ------
    NotMeasured
        The store cannot be used.
    """
    number = experiment_id(client, scenario_name)
    mode = "CHART" if charts else "TABLE"
    link = f"{address}/#/experiments/{number}/runs?workflowType=machine_learning&compareRunsMode={mode}"
    try:
        return f"{link}&viewStateShareKey={_shared(client, number)}"
    except NotMeasured:  # a store that may only be read
        return link


def view() -> dict[str, Any]:
    """The arrangement, as MLflow 3.17 reads it."""
    names = (BEST, TRADE, "By threshold (x 1,000)", COST)
    sections = [_section(name, display=name != COST) for name in names]
    runs, trade, curve, cost = (section["uuid"] for section in sections)
    cards = [
        *(_bar(f"{rate.upper()}{end}, %", f"{rate}{end}_percent", runs) for rate in ("fnir", "fpir") for end in ENDS),
        _scatter("fpir_percent", "fnir_percent", trade),
        _bar("Threshold", "threshold", trade),
        *(_line(f"{rate.upper()} by threshold", rate, curve) for rate in RATES),
        _scatter("embeddings_a_frame", "fnir_percent", cost),
    ]
    return {
        "searchFilter": EVALUATIONS,
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": list(COLUMNS),
        "columnOrder": list(COLUMNS),
        "runsHiddenMode": "FIRST_20_RUNS",
        "compareRunCharts": cards,
        "compareRunSections": sections,
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
    }


def _shared(client: MlflowClient, number: str) -> str:
    """The key of the arrangement, which is kept with the experiment."""
    text = json.dumps(view(), sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()
    with quiet_mlflow(), reached():
        if TAG + key not in client.get_experiment(number).tags:
            client.set_experiment_tag(number, TAG + key, text)
    return key


def _name(text: str) -> str:
    """An id that is the same every time."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _section(name: str, *, display: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"display": display, "isReordered": True, "deleted": False, "isGenerated": False}
    said |= {"columns": COLUMNS_OF_CHARTS, "cardHeight": CHART_HEIGHT_PX}
    return {"uuid": _name(f"section {name}"), "name": name, **said}


def _card(kind: str, title: str, section: str, **said: Any) -> dict[str, Any]:
    head = {"uuid": _name(f"{kind} {title}"), "metricSectionId": section, "type": kind, "displayName": title}
    return {**head, "deleted": False, "isGenerated": False, **said}


def _bar(title: str, metric: str, section: str) -> dict[str, Any]:
    return _card("BAR", title, section, metricKey=metric, runsCountToCompare=20)


def _line(title: str, rate: str, section: str) -> dict[str, Any]:
    metric = f"curve/{rate}_percent"
    axes = {"xAxisKey": "step", "xAxisScaleType": "linear", "scaleType": "linear", "useGlobalXaxisKey": False}
    return _card("LINE", title, section, metricKey=metric, selectedMetricKeys=[metric], lineSmoothness=0, **axes)


def _scatter(x: str, y: str, section: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": x, "type": "METRIC"}, "yaxis": {"key": y, "type": "METRIC"}}
    return _card("SCATTER", f"{y} against {x}", section, runsCountToCompare=100, **axes)

"""Evaluations: a scenario, its chain of notebooks, and the MLflow run that keeps what came out.

The only importers of mlflow and papermill are here, and they do so late.
"""

from facelab.experiments.evaluation import Evaluation
from facelab.experiments.footage_sheet import contact_sheet
from facelab.experiments.progress import Progress, Step, TerminalProgress
from facelab.experiments.run_evaluation import evaluate, export
from facelab.experiments.scenario import load_scenario, parse_overrides, scenario_names
from facelab.experiments.study import Study, measured_points, open_study, say, table_of

__all__ = [
    "Evaluation",
    "Progress",
    "Step",
    "Study",
    "TerminalProgress",
    "contact_sheet",
    "evaluate",
    "export",
    "load_scenario",
    "measured_points",
    "open_study",
    "parse_overrides",
    "say",
    "scenario_names",
    "table_of",
]

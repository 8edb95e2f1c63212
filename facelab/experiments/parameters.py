"""The parameters that each notebook takes: one model, checked before a kernel starts.

A notebook's cell tagged ``parameters`` holds the same names with the same defaults (a test compares them). What an
evaluation is about stands in the scenario; `overrides` changes its settings by dotted name, as ``-p`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from facelab.config_base import Rate01, Settings
from facelab.errors import BadInput
from facelab.experiments.scenario import load_scenario, problem

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotebookParameters(Settings):
    """What every notebook of the chain takes."""

    scenario: str = Field("demo", min_length=1, description="a scenario's name, or its YAML file")
    workspace: str = Field("", description="the folder of the results; results/<scenario> where it is empty")
    overrides: dict[str, Any] = Field({}, description='settings by dotted name, as in {"pack": "edgeface"}')


class FootageParameters(NotebookParameters):
    """What a notebook takes that can show people."""

    show_faces: Literal["synthetic", "always", "never"] = Field(
        "synthetic", description="whether pictures of people are shown: only where nobody in them exists, unless told"
    )


class ExportParameters(NotebookParameters):
    """What the notebook on the tuned config takes."""

    accept_restriction: bool = Field(False, strict=True, description="accept what the pack's licence restricts")


class SiteParameters(NotebookParameters):
    """What the notebook on the answer to a site takes."""

    scenario: str = Field("departures_watchlist", min_length=1, description="a scenario that names its kind of site")


class Compared(Settings):
    """Which runs are compared, and where."""

    run_a: str = Field("", description="MLflow run id or workspace folder; the champion's run where it is empty")
    run_b: str = Field("", description="MLflow run id or workspace folder; the newest finished run where it is empty")
    target_fpir: Rate01 | None = Field(None, description="the FPIR at which both stand; else the first run's")
    threshold: float | None = Field(None, ge=-1, le=1, description="the same one for both; else the first run's")


class ComparisonParameters(NotebookParameters):
    """What the notebook on two runs takes."""

    compare: Compared = Compared()


class Review(Settings):
    """Who labels, and where the answers are kept."""

    reviewer: str = Field("", description="who is looking: without a name nothing is asked")
    show_faces: Literal["synthetic", "always", "never"] = Field(
        "synthetic", description="whether pictures of people are shown: only where nobody in them exists, unless told"
    )
    labels: str = Field("", description="the label file; labels.csv in the workspace where it is empty")
    own_names: Literal["keep", "ignore"] = Field("keep", description="what becomes of names that the footage brings")


class LabelParameters(NotebookParameters):
    """What the notebook on labels takes."""

    review: Review = Review()


MODELS: dict[str, type[NotebookParameters]] = {
    "01_footage_to_tracks": FootageParameters,
    "02_watchlist": NotebookParameters,
    "03_match": NotebookParameters,
    "04_error_rates": NotebookParameters,
    "05_tune_threshold": FootageParameters,
    "06_groups_and_quality": NotebookParameters,
    "07_export_config": ExportParameters,
    "08_compare_runs": ComparisonParameters,
    "09_label_footage": LabelParameters,
    "10_site_answer": SiteParameters,
}


def checked_parameters(notebook: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the notebook called `notebook`, complete and of the right types.

    Raises
    ------
    BadInput
        There is no such notebook; a parameter is unknown or ill-typed; the scenario does not exist or a setting of it
        is wrong.
    """
    model = MODELS.get(notebook)
    if model is None:
        raise BadInput(f"there is no notebook {notebook!r}; there are {', '.join(MODELS)}", place="notebook")
    try:
        checked = model.model_validate(dict(parameters), strict=True)
    except ValidationError as error:
        raise problem(error, model, notebook) from None
    load_scenario(checked.scenario, checked.overrides)
    return checked.model_dump(mode="json")

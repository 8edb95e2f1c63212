"""Which run is the champion of a scenario, as the registry has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


def champion_run(scenario_name: str, client: MlflowClient) -> str | None:
    """The id of the run that the scenario's champion was measured by; None where there is no champion.

    Raises
    ------
    NotMeasured
        The store cannot be reached.
    """
    from facelab.experiments.registry import champion
    from facelab.experiments.store import quiet_mlflow

    with quiet_mlflow():
        found = champion(scenario_name, client)
    return None if found is None else str(found.run_id)

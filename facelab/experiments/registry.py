"""The registry of tuned configs: a registered model a scenario, a version a run, and what its aliases mean.

``champion`` is the version that the gate let through and that a site runs; ``challenger`` the one that was last
registered and was not let through, or not asked yet. Promoting is `facelab.experiments.promotion`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.served_model import CONFIG, GALLERY, GALLERY_PLACE, file_digest, signature
from facelab.experiments.store import quiet_mlflow, reached, tracking_uri
from facelab.experiments.workspace import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL, DATA = "model", "facelab"  # MLflow keeps the second below a folder "data" of the first
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True)
class Champion:
    """The version of a scenario that stands.

    Parameters
    ----------
    scenario, version, run_id : str
        Whose, which, and the run that it was measured by.
    source : str
        Where its files are.
    """

    scenario: str
    version: str
    run_id: str
    source: str

    @property
    def uri(self) -> str:
        """What ``mlflow.pyfunc.load_model`` takes."""
        return f"models:/{self.scenario}@{CHAMPION}"

    def config_path(self) -> Path:
        """The tuned config's file; fetched where the store is elsewhere.

        Raises
        ------
        NotMeasured
            It was deleted, or the store cannot be reached.
        """
        return config_of(self.source, f"version {self.version} of {self.scenario}")


def config_of(source: str, what: str) -> Path:
    """The tuned config among the files of a version at `source`.

    Raises
    ------
    NotMeasured
        It is gone, or the store cannot be reached.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with quiet_mlflow():
        try:
            found = Path(download_artifacts(artifact_uri=f"{source}/data/{DATA}/{CONFIG}", tracking_uri=tracking_uri()))
        except (MlflowException, OSError) as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise NotMeasured(f"{what}: its tuned config is gone; was the artefact deleted? ({first})") from None
    if not found.is_file():
        raise NotMeasured(f"{what}: its tuned config is gone; was the artefact deleted?")
    return found


def champion(scenario_name: str, store: MlflowClient) -> Champion | None:
    """The champion of a scenario; None where the registry has none.

    Parameters
    ----------
    scenario_name : str
        The scenario's name.
    store : MlflowClient
        From `facelab.experiments.store.open_store`.

    Raises
    ------
    NotMeasured
        The store cannot be reached.
    """
    found = version_with_alias(store, scenario_name, CHAMPION)
    return None if found is None else Champion(scenario_name, str(found.version), str(found.run_id), str(found.source))


def version_with_alias(store: MlflowClient, scenario_name: str, alias: str) -> ModelVersion | None:
    """The version of a scenario that has `alias`; None where there is none."""
    return _or_none(lambda: store.get_model_version_by_alias(scenario_name, alias))


def version_of_run(store: MlflowClient, scenario_name: str, run_id: str) -> ModelVersion | None:
    """The version that a run was registered as; None where it was not."""
    with quiet_mlflow(), reached():
        found = store.search_model_versions(f"name = '{scenario_name}' and run_id = '{run_id}'")
    return found[0] if found else None


def named_version(store: MlflowClient, name: str) -> ModelVersion:
    """The version that ``<scenario>/<number>`` or ``<scenario>@<alias>`` names.

    Raises
    ------
    BadInput
        There is none.
    """
    scenario, at, alias = name.partition("@")
    if at:
        found = version_with_alias(store, scenario, alias)
    else:
        scenario, _, number = name.partition("/")
        found = _or_none(lambda: store.get_model_version(scenario, number))
    if found is None:
        raise BadInput(f"the registry has no version {name!r}", place="registry")
    return found


def _or_none(ask: Callable[[], ModelVersion]) -> ModelVersion | None:
    """What `ask` gives; None where the registry says that it is not there."""
    from mlflow.exceptions import MlflowException

    with quiet_mlflow(), reached():
        try:
            return ask()
        except MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
            return None


def register(
    store: MlflowClient, scenario_name: str, run_id: str, gallery: Path | None = None, *, generated: bool = False
) -> ModelVersion:
    """The version of a run's tuned config, made where it is not there yet.

    Parameters
    ----------
    store : MlflowClient
        Of the store.
    scenario_name, run_id : str
        Whose, and the run.
    gallery : Path, optional
        The workspace's gallery: of generated people it goes into the model, of real ones its place and digest do.
    generated : bool
        True where everybody on the list was generated.

    Raises
    ------
    NotMeasured
        The run has no tuned config, or the store cannot be used.
    """
    known = version_of_run(store, scenario_name, run_id)
    if known is not None:
        return known
    with quiet_mlflow(), reached(), tempfile.TemporaryDirectory(prefix="facelab-model-") as folder:
        config = _config_of_run(store, run_id)
        data, model = Path(folder) / DATA, Path(folder) / MODEL
        data.mkdir()
        (data / CONFIG).write_bytes(config.read_bytes())
        _with_gallery(data, gallery, generated)
        _save(model, data, scenario_name)
        store.log_artifacts(run_id, str(model), MODEL)
        _registered_model(store, scenario_name)
        source = f"{store.get_run(run_id).info.artifact_uri}/{MODEL}"
        return store.create_model_version(scenario_name, source, run_id, await_creation_for=0)


def _config_of_run(store: MlflowClient, run_id: str) -> Path:
    from mlflow.exceptions import MlflowException

    try:
        return Path(store.download_artifacts(run_id, CONFIG))
    except (MlflowException, OSError):
        raise NotMeasured(
            f"run {run_id[:8]} has no {CONFIG}: it is no whole evaluation, or the artefact was deleted"
        ) from None


def _with_gallery(data: Path, gallery: Path | None, generated: bool) -> None:
    from facelab.deploy import read_tuned

    if gallery is None or not gallery.is_file():
        return
    config = read_tuned(data / CONFIG)
    if generated and config.evidence.kind == "synthetic":
        (data / GALLERY).write_bytes(gallery.read_bytes())
        return
    write_json(data / GALLERY_PLACE, {"path": str(gallery.resolve()), "sha256": file_digest(gallery)})


def _save(model: Path, data: Path, scenario_name: str) -> None:
    import mlflow.pyfunc

    import facelab

    mlflow.pyfunc.save_model(
        path=str(model),
        loader_module="facelab.experiments.served_model",
        data_path=str(data),
        pip_requirements=[f"facelab=={facelab.__version__}"],
        metadata={"scenario": scenario_name},
        signature=signature(),
    )


def _registered_model(store: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.create_registered_model(name, description=f"Tuned configs of the scenario {name} (facelab promote).")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise

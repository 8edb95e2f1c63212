"""Where MLflow keeps the runs: sqlite in ``mlruns/``, made once under a lock, or the server that the user named.

``MLFLOW_TRACKING_URI`` is honoured. Without it the store is ``<root>/mlruns/mlflow.db``, and the artefacts of an
experiment lie in ``<root>/mlruns/artifacts/<experiment>``. Both are absolute addresses: MLflow's own default follows
the working directory, so that each notebook would make a database of its own. MLflow makes the tables of a fresh sqlite
file without a lock; several processes that start together would fail.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.workspace import project_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow import MlflowClient

VARIABLE = "MLFLOW_TRACKING_URI"


def mlruns() -> Path:
    """The folder of the project's own store."""
    return project_root() / "mlruns"


def tracking_uri() -> str:
    """The address of the store: ``MLFLOW_TRACKING_URI`` where it is set, else the project's own sqlite file."""
    return os.environ.get(VARIABLE, "").strip() or f"sqlite:///{mlruns() / 'mlflow.db'}"


def artifact_location(experiment: str) -> str | None:
    """Where a new experiment's artefacts go in the project's own store; None where a server decides."""
    named = os.environ.get(VARIABLE, "").strip()
    return None if named else (mlruns() / "artifacts" / experiment).as_uri()


def open_store() -> MlflowClient:
    """A client of the store, which is made where it is not there yet.

    Raises
    ------
    NotMeasured
        The store cannot be reached, or was made by a newer MLflow.
    """
    with quiet_mlflow():
        from mlflow import MlflowClient

        uri = tracking_uri()
        with _alone(uri), reached():
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
    return client


def experiment_id(client: MlflowClient, name: str) -> str:
    """The id of the experiment called `name`, which is made where it is not there yet."""
    uri = tracking_uri()
    with quiet_mlflow(), _alone(uri), reached():
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(client.create_experiment(name, artifact_location=artifact_location(name)))


@contextlib.contextmanager
def _alone(uri: str) -> Iterator[None]:
    """Hold the lock of a sqlite store; another store looks after itself."""
    if not uri.startswith("sqlite:///"):
        yield
        return
    from pathlib import Path

    from filelock import FileLock

    file = Path(uri.removeprefix("sqlite:///"))
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.name}.lock")):
        yield


@contextlib.contextmanager
def reached() -> Iterator[None]:
    """Turn what MLflow raises about its store into one line.

    Raises
    ------
    NotMeasured
        The store cannot be reached, is no store, or was made by a newer MLflow.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        uri = tracking_uri()
        first = str(error).strip().splitlines()[0][:300]
        hint = (
            "is the server up?" if "://" in uri and not uri.startswith("sqlite") else "was it made by a newer MLflow?"
        )
        raise NotMeasured(f"the MLflow store {_without_password(uri)} cannot be used ({hint}): {first}") from None


def _without_password(uri: str) -> str:
    head, at, tail = uri.rpartition("@")
    return f"{head.partition('://')[0]}://{tail}" if at else uri


@contextlib.contextmanager
def quiet_mlflow() -> Iterator[None]:
    """Keep the notices about making tables, and about SQLAlchemy features that MLflow still uses, off the terminal."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow  # noqa: F401  (sets its loggers' levels when it is imported)

    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels: list[Any] = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="sqlalchemy|mlflow|alembic")
            warnings.filterwarnings("ignore", message="For backward compatibility, 'str' dtypes are included")
            warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)

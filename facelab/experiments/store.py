"""Where MLflow keeps the runs: sqlite in ``mlruns/``, made once under a lock, or the server that the user named.

``MLFLOW_TRACKING_URI`` is honoured. Without it the store is ``<root>/mlruns/mlflow.db``, and the artefacts of an
experiment lie in ``<root>/mlruns/artifacts/<experiment>``. Both are absolute addresses: MLflow's own default follows
the working directory, so that each notebook would make a database of its own. MLflow makes the tables of a fresh sqlite
file without a lock; several processes that start together would fail.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from facelab.errors import NotMeasured
from facelab.experiments.workspace import project_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Experiment

VARIABLE = "MLFLOW_TRACKING_URI"
# MLflow's own patience with a server that is down is four minutes a call; what is not logged now is kept for later
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
# with a server, MLflow prints two lines for each run that ends, nested ones too, among what a scheduler reads
SILENCE = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


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
    """The id of the experiment called `name`, which is made where it is not there yet.

    Raises
    ------
    NotMeasured
        The store cannot be used, or somebody deleted the experiment.
    """
    uri = tracking_uri()
    with quiet_mlflow(), _alone(uri), reached():
        found = client.get_experiment_by_name(name) or _made(client, name)
    if found.lifecycle_stage != "active":
        number = found.experiment_id
        raise NotMeasured(
            f"the experiment {name!r} was deleted in MLflow; `mlflow experiments restore -x {number}` brings it back"
        )
    return str(found.experiment_id)


def _made(client: MlflowClient, name: str) -> Experiment:
    """The new experiment called `name`; where another writer to the same server was sooner, theirs."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_experiment(name, artifact_location=artifact_location(name))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return cast("Experiment", client.get_experiment_by_name(name))


@contextlib.contextmanager
def _alone(uri: str) -> Iterator[None]:
    """Hold the lock of a sqlite store; another store looks after itself."""
    if not uri.startswith("sqlite:///"):
        yield
        return
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
        The store cannot be reached, is no store, is full, or was made by another version of MLflow.
    """
    from alembic.util.exc import CommandError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, CommandError, OSError) as error:
        first = without_password((str(error).strip().splitlines() or [type(error).__name__])[0][:300])
        where = without_password(tracking_uri())
        raise NotMeasured(f"the MLflow store {where} cannot be used ({_cause(error)}): {first}") from None


def _cause(error: Exception) -> str:
    """The likely cause of an error of the store, in a few words."""
    uri, text = tracking_uri(), str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in text or "No space left" in text:
        return "the disk is full"
    other = re.search(r"found version (\w+), but expected|revision identified by '(\w+)'", text)
    if other:
        return _other_version(other[1] or other[2])
    if "deleted" in text and "state" in text:
        return "somebody deleted the run"
    if "://" in uri and not uri.startswith("sqlite"):
        return "is the server up?"
    return "is it a database of MLflow, and may you write to it?"


def _other_version(revision: str) -> str:
    """Whether a database at `revision` of its tables is older or newer than this MLflow."""
    import mlflow

    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions"
    if any(path.name.startswith(revision) for path in migrations.glob("*.py")):
        return "an older MLflow made it; back it up, then `mlflow db upgrade` its address"
    return f"a newer MLflow than {mlflow.__version__}, which is here, made it; use that one, or another store"


def without_password(text: str) -> str:
    """`text` without the name and password in each address in it.

    >>> without_password("is postgresql://me:secret@host/runs up?")
    'is postgresql://host/runs up?'
    """
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


@contextlib.contextmanager
def quiet_mlflow() -> Iterator[None]:
    """Keep the notices about making tables, and about SQLAlchemy features that MLflow still uses, off the terminal."""
    for name, value in {**SILENCE, **PATIENCE}.items():
        os.environ.setdefault(name, value)
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

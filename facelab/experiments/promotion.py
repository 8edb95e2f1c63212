"""Promoting a run: the gate decides, the reason is kept, one promotion at a time, and each can be undone.

A version's tags say what the gate said of it (``gate.verdict``, ``gate.reason``), who asked and why
(``promotion.by``, ``promotion.reason``, ``promotion.at``). The registered model's tag ``champion.history`` is the stack
of versions that stood before, so that undoing twice goes back two steps.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.pseudonyms import of_real_people
from facelab.experiments.registry import (
    CHALLENGER,
    CHAMPION,
    Champion,
    champion,
    named_version,
    register,
    version_of_run,
)
from facelab.experiments.store import quiet_mlflow, reached, tracking_uri
from facelab.experiments.workspace import Workspace, project_root, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient

    from facelab.experiments.saved_run import SavedRun

HISTORY = "champion.history"
LONGEST_HISTORY = 400
TAG_LONGEST = 4000
LOCK_SUFFIX = "--promoting"


class Verdict(Protocol):
    """What a judge says of a run (`facelab.experiments.gate.GateVerdict`)."""

    @property
    def verdict(self) -> str: ...  # noqa: D102
    @property
    def passed(self) -> bool: ...  # noqa: D102
    @property
    def exit_code(self) -> int: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def checks(self) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Promotion:
    """What became of a version that was to be promoted.

    Parameters
    ----------
    scenario, version, run_id : str
        Whose, which, and its run.
    promoted : bool
        True where it is the champion now.
    verdict, reason : str
        The gate's word, and why.
    before : str or None
        The version that was champion before; None where there was none.
    exit_code : int
        0 promoted, 10 worse, 11 cannot tell.
    """

    scenario: str
    version: str
    run_id: str
    promoted: bool
    verdict: str
    reason: str
    before: str | None
    exit_code: int

    def __str__(self) -> str:
        """One sentence."""
        name, who = f"version {self.version} of {self.scenario}", f"run {self.run_id[:8]}"
        before = "there was none before" if self.before is None else f"before it, version {self.before}"
        if self.promoted:
            return f"{name} ({who}) is the champion now; {before}: {self.verdict}, {self.reason}"
        return f"{name} ({who}) stays the challenger: {self.verdict}, {self.reason}"


def promote(
    run: str,
    store: MlflowClient,
    *,
    why: str = "",
    only_register: bool = False,
    judge: Callable[[SavedRun, str | None], Verdict] | None = None,
) -> Promotion:
    """Register a run's tuned config, ask the gate, and make it the champion where the gate passes it.

    Parameters
    ----------
    run : str
        A run's id, a workspace's folder, ``<scenario>/<version>`` or ``<scenario>@challenger``.
    store : MlflowClient
        Of the store.
    why : str
        The user's reason, kept with the version. The first champion of a scenario of which no limit can be asked is
        promoted on trust, and takes one.
    only_register : bool
        Leave it at the challenger, and ask nobody.
    judge : callable, optional
        In place of the gate; tests use it.

    Raises
    ------
    BadInput
        There is no such run or version, or it is the champion already.
    NotMeasured
        The run was deleted or has no tuned config; another promotion is under way; the store cannot be used.
    """
    from facelab.experiments.saved_run import open_run

    saved = open_run(_run_of(run, store), store)
    name = saved.scenario.name
    if not saved.run_id:
        raise NotMeasured(f"{run}: its evaluation is in no store; `facelab log` logs what was kept")
    with promoting(name, store):
        before = champion(name, store)
        known = version_of_run(store, name, saved.run_id)
        if before is not None and known is not None and str(known.version) == before.version:
            raise BadInput(f"version {before.version} of {name} is the champion already", place="promote")
        gallery, generated = _gallery_of(run, saved), not of_real_people(saved.scenario)
        version = str(register(store, name, saved.run_id, gallery, generated=generated).version)
        with quiet_mlflow(), reached():
            store.set_registered_model_alias(name, CHALLENGER, version)
        if only_register:
            return _promotion(name, version, saved, before, None)
        verdict = (judge or gate_judge(store))(saved, None if before is None else before.run_id)
        _keep_reason(store, name, version, verdict, why)
        if _lets_through(verdict, before, why):
            _crown(store, name, version, before)
            return _promotion(name, version, saved, before, verdict, promoted=True)
    return _promotion(name, version, saved, before, verdict)


def undo(scenario_name: str, store: MlflowClient, *, why: str = "") -> Champion | None:
    """Make the version that stood before the champion again; gives it, or None where there was none.

    Raises
    ------
    NotMeasured
        There is no champion to take back, or the version before it was deleted.
    """
    with promoting(scenario_name, store):
        standing = champion(scenario_name, store)
        if standing is None:
            raise NotMeasured(f"{scenario_name} has no champion in the registry: there is nothing to undo")
        history = _history(store, scenario_name)
        with quiet_mlflow(), reached():
            if history:
                named_version(store, f"{scenario_name}/{history[-1]}")
                store.set_registered_model_alias(scenario_name, CHAMPION, history[-1])
            else:
                store.delete_registered_model_alias(scenario_name, CHAMPION)
            store.set_registered_model_tag(scenario_name, HISTORY, json.dumps(history[:-1]))
            store.set_registered_model_alias(scenario_name, CHALLENGER, standing.version)
            said = f"{_now()} by {_user()}{': ' + why if why else ''}"
            store.set_model_version_tag(scenario_name, standing.version, "promotion.undone", said[:TAG_LONGEST])
        return champion(scenario_name, store)


def gate_judge(store: MlflowClient) -> Callable[[SavedRun, str | None], Verdict]:
    """The gate with the limits of the run's own scenario."""
    from facelab.experiments.gate import gate

    def judged(run: SavedRun, against: str | None) -> Verdict:
        return gate(run, against, run.scenario.gate, client=store)

    return judged


def _lets_through(verdict: Verdict, before: Champion | None, why: str) -> bool:
    """Whether the gate passes; a first champion of which nothing can be asked stands on the word that `why` gives."""
    return verdict.passed or (_unasked(verdict, before) and bool(why.strip()))


def _unasked(verdict: Verdict, before: Champion | None) -> bool:
    """True where there is neither a champion to be held against nor a limit that could be asked."""
    return before is None and not verdict.checks


def _crown(store: MlflowClient, name: str, version: str, before: Champion | None) -> None:
    with quiet_mlflow(), reached():
        if champion(name, store) != before:
            raise NotMeasured(f"the champion of {name} changed while the gate was asked: promote again")
        history = [*_history(store, name), *([] if before is None else [before.version])]
        store.set_registered_model_tag(name, HISTORY, json.dumps(history[-LONGEST_HISTORY:]))
        store.set_registered_model_alias(name, CHAMPION, version)
        store.delete_registered_model_alias(name, CHALLENGER)


def _history(store: MlflowClient, name: str) -> list[str]:
    with quiet_mlflow(), reached():
        said = json.loads(store.get_registered_model(name).tags.get(HISTORY, "[]"))
    return [str(version) for version in said]


def _keep_reason(store: MlflowClient, name: str, version: str, verdict: Verdict, why: str) -> None:
    said = {
        "gate.verdict": verdict.verdict,
        "gate.reason": verdict.reason,
        "promotion.at": _now(),
        "promotion.by": _user(),
        "promotion.reason": why,
    }
    with quiet_mlflow(), reached():
        for key, text in said.items():
            store.set_model_version_tag(name, version, key, text[:TAG_LONGEST])


def _promotion(
    name: str,
    version: str,
    saved: SavedRun,
    before: Champion | None,
    verdict: Verdict | None,
    *,
    promoted: bool = False,
) -> Promotion:
    stood = None if before is None else before.version
    if verdict is None:
        return Promotion(name, version, saved.run_id, False, "not asked", "only registered", stood, 0)
    code, reason = 0 if promoted else verdict.exit_code, verdict.reason
    if _unasked(verdict, before) and not verdict.passed:
        reason += "; promoted on trust" if promoted else "; --why with a reason promotes the first champion on trust"
    return Promotion(name, version, saved.run_id, promoted, verdict.verdict, reason, stood, code)


def _run_of(name: str, store: MlflowClient) -> str:
    """The run that `name` means."""
    if Path(name).is_dir():
        return name
    if "@" in name or "/" in name:
        return str(named_version(store, name).run_id)
    return name


def _gallery_of(run: str, saved: SavedRun) -> Path | None:
    """The gallery in the workspace of the run, where that workspace is still that run's."""
    folder = Path(run) if Path(run).is_dir() else project_root() / "results" / saved.scenario.name
    place = Workspace(folder.resolve())
    with contextlib.suppress(BadInput):
        if read_json(place.run).get("run_id") == saved.run_id and place.gallery.is_file():
            return place.gallery
    return None


@contextlib.contextmanager
def promoting(name: str, store: MlflowClient) -> Iterator[None]:
    """Hold the right to change the champion of a scenario: one process at a time.

    A store in a sqlite file is held by a lock beside it, which a killed process gives up by itself. On a server it is a
    registered model called ``<scenario>--promoting``, since the server makes sure that a name is there only once.

    Raises
    ------
    NotMeasured
        Another promotion is under way.
    """
    uri = tracking_uri()
    with _file_lock(name, uri) if uri.startswith("sqlite:///") else _name_lock(name, store):
        yield


@contextlib.contextmanager
def _file_lock(name: str, uri: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    file = Path(uri.removeprefix("sqlite:///"))
    lock = FileLock(file.with_name(f".{file.name}.promoting-{name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise NotMeasured(f"another promotion of {name} is under way; wait for it, then promote again") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _name_lock(name: str, store: MlflowClient) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    mark, who = name + LOCK_SUFFIX, f"{_user()} on {socket.gethostname()}, process {os.getpid()}, {_now()}"
    with quiet_mlflow(), reached():
        try:
            store.create_registered_model(mark, description=who)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            raise NotMeasured(
                f"another promotion of {name} is under way ({store.get_registered_model(mark).description}); if its "
                f"process is dead, delete the registered model {mark!r}"
            ) from None
    try:
        yield
    finally:
        with quiet_mlflow(), reached():
            store.delete_registered_model(mark)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

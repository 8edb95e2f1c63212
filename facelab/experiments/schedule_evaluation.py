"""An evaluation as a scheduler calls it: within a time limit, never two at once, and judged by the gate at its end.

Exit codes: 0 measured, and the gate passed it or there is no champion to hold it against; 10 measured and worse; 11
could not be measured, or the gate cannot tell; 12 bad input. What is judged is whether what stands today still holds:
the champion's threshold on this run's people, or the run's own where pack or pipeline differ.
"""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput, FacelabError, NotMeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from facelab.experiments.evaluation import Evaluation
    from facelab.experiments.gate import GateVerdict

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
NO_CHAMPION = "there is no champion to hold it against"
GATE_FILE = "gate.json"


class OutOfTime(NotMeasured):
    """The evaluation took longer than it was given."""


@dataclass(frozen=True, eq=False)
class ScheduledEvaluation:
    """What a scheduler is told.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.
    verdict : GateVerdict or None
        The gate's; None where it was not or could not be asked.
    reason : str
        In one sentence.
    exit_code : int
        0, 10 or 11.
    """

    evaluation: Evaluation
    verdict: GateVerdict | None
    reason: str
    exit_code: int

    def summary(self) -> dict[str, Any]:
        """The last line that a scheduler reads, for JSON."""
        from facelab.report.words import best_row

        found, row = self.evaluation, best_row(self.evaluation.table)
        rates = ("fpir", "fnir")
        return {
            "scenario": found.scenario.name,
            "exit_code": self.exit_code,
            "verdict": None if self.verdict is None else self.verdict.verdict,
            "reason": self.reason,
            "run_id": found.run_id,
            "threshold": None if row is None else row.threshold,
            **{name: None if row is None else getattr(row, name) for name in rates},
            "report": found.paths.get("report"),
            "seconds": round(found.seconds.get("total", 0.0), 1),
        }


def judged_evaluation(found: Evaluation) -> ScheduledEvaluation:
    """`found` with the gate's verdict, which is asked where the scenario has a champion.

    The verdict is kept in the workspace (``gate.json``) and in the MLflow run, where there is one.
    """
    from facelab.experiments.gate_champion import champion_run
    from facelab.experiments.store import open_store

    try:
        client = open_store()
        champion = champion_run(found.scenario.name, client)
        if champion is None:
            return ScheduledEvaluation(found, None, NO_CHAMPION, 0)
        verdict = _asked(found, champion, client)
    except FacelabError as error:
        return ScheduledEvaluation(found, None, f"the gate could not be asked: {error}", NotMeasured.exit_code)
    _keep(found, verdict)
    return ScheduledEvaluation(found, verdict, verdict.reason, verdict.exit_code)


def _asked(found: Evaluation, champion: str, client: Any) -> GateVerdict:
    """The gate's verdict against the run `champion`."""
    from facelab.experiments.gate import gate
    from facelab.experiments.saved_run import open_run

    old, new = open_run(champion, client), open_run(found.workspace.folder)
    return gate(new, old, found.scenario.gate, threshold="champion" if old.scale == new.scale else "own")


def _keep(found: Evaluation, verdict: GateVerdict) -> None:
    """The verdict in the workspace and, where the store can be used, in the run."""
    from facelab.experiments.store import open_store, quiet_mlflow, reached
    from facelab.experiments.workspace import write_json

    place = found.workspace.folder / GATE_FILE
    write_json(place, verdict.to_dict())
    if not found.run_id:
        return
    with contextlib.suppress(NotMeasured), quiet_mlflow(), reached():
        client = open_store()
        client.set_tag(found.run_id, "gate", verdict.verdict)
        client.set_tag(found.run_id, "gate.reason", verdict.reason[:1000])
        client.log_artifact(found.run_id, str(place))


def seconds_of(text: str) -> float:
    """The seconds that ``90``, ``45m``, ``4h`` or ``1d`` mean.

    Raises
    ------
    BadInput
        It is no time, or not above 0.

    Examples
    --------
    >>> seconds_of("45m"), seconds_of("1.5h"), seconds_of("90")
    (2700.0, 5400.0, 90.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if found is None or found[2] not in UNITS or float(found[1]) <= 0:
        raise BadInput(
            f"a time is a number above 0 with s, m, h or d behind it, such as 4h, not {text!r}", place="time"
        )
    return float(found[1]) * UNITS[found[2]]


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """End the block after so many seconds with `OutOfTime`; None: no limit.

    Works in the main thread of a system with SIGALRM (Linux, macOS).

    Raises
    ------
    OutOfTime
        The time is over.
    BadInput
        There is no such signal here.
    """
    if seconds is None:
        yield
        return
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        raise BadInput("a time limit needs the main thread of a system with SIGALRM", place="--time-limit")

    def over(_: int, __: FrameType | None) -> None:
        raise OutOfTime(
            f"the time limit of {seconds:g} s is over; what was computed is kept, the next run goes on from it"
        )

    before: Callable[[int, FrameType | None], Any] | int | None = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

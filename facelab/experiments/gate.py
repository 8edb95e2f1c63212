"""The gate: may this run's config stand where the champion stands, and does what stands there still hold?

Every check is a limit and an interval, and an end of the interval decides (`facelab.stats.limits`): point estimates
never do. Champion and challenger on the same footage and watchlist are paired person by person; on different data (a
later day) their people are taken as independent, and the verdict says so. What cannot be compared at all, another
scenario, or synthetic against real evidence, is refused.

A threshold is judged where it would run: the run's own (promotion), or the champion's on the run's people (does what is
deployed still hold?), which takes scores of the same pack and pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.gate_limits import GateCase, asked_limits
from facelab.experiments.gate_measured import Measured, data_differences, measured_run
from facelab.stats.limits import Check, checked, overall

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow import MlflowClient

    from facelab.config import Floor, GateLimits
    from facelab.experiments.saved_run import SavedRun

Threshold: TypeAlias = Literal["own", "champion"]
GateWord: TypeAlias = Literal["better", "not worse", "worse", "cannot tell with this data"]
PASSES: tuple[GateWord, ...] = ("better", "not worse")
EXIT_WORSE, EXIT_CANNOT_TELL = 10, 11


@dataclass(frozen=True)
class GateVerdict:
    """What the gate says.

    Parameters
    ----------
    verdict : {"better", "not worse", "worse", "cannot tell with this data"}
        The last is not a pass.
    checks : tuple of Check
        Each limit with its interval and its own verdict.
    reason : str
        One sentence: what decided.
    run, against : str
        The run that was judged, and the champion's; empty: against the limits alone.
    paired : bool
        True where both were measured on the same people.
    threshold : float
        The threshold that was judged.
    notes : tuple of str
        What a reader must know: what was not asked, what was not paired and why.
    information : mapping
        Population stability index and Kolmogorov-Smirnov distance of the scores and the quality: nothing follows.
    """

    verdict: GateWord
    checks: tuple[Check, ...]
    reason: str
    run: str = ""
    against: str = ""
    paired: bool = False
    threshold: float = float("nan")
    notes: tuple[str, ...] = ()
    information: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True for "better" and "not worse"."""
        return self.verdict in PASSES

    @property
    def exit_code(self) -> int:
        """0 passed, 10 worse, 11 cannot tell."""
        return 0 if self.passed else EXIT_WORSE if self.verdict == "worse" else EXIT_CANNOT_TELL

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("verdict", "passed", "exit_code", "reason", "run", "against", "paired", "threshold")
        rest = {"notes": list(self.notes), "information": dict(self.information)}
        return {name: getattr(self, name) for name in names} | {"checks": [c.to_dict() for c in self.checks]} | rest


def gate(
    run: str | Path | SavedRun,
    against: str | Path | SavedRun | None,
    limits: GateLimits,
    *,
    threshold: Threshold = "own",
    client: MlflowClient | None = None,
) -> GateVerdict:
    """The gate's verdict on a run.

    Parameters
    ----------
    run : str, Path or SavedRun
        Whom to judge: a run id, a workspace's folder, or a run that was read already.
    against : str, Path, SavedRun or None
        The champion's run; None: the limits alone judge.
    limits : GateLimits
        What must be kept; a limit that is None is not asked.
    threshold : {"own", "champion"}
        Which one is judged.
    client : MlflowClient, optional
        Of the store.

    Raises
    ------
    BadInput
        There is no such run; the two are of different scenarios, or one is synthetic and the other real.
    NotMeasured
        A run or an artefact was deleted, or no threshold came out of it.

    Examples
    --------
    >>> from facelab.config import GateLimits
    >>> verdict = gate("3f2a9c01", "8be1f7d2", GateLimits(fnir_margin=0.02))  # doctest: +SKIP
    >>> verdict.passed  # doctest: +SKIP
    True
    """
    new = _saved(run, client)
    old = None if against is None else _saved(against, client)
    champion = None if old is None else measured_run(old)
    return judged(measured_run(new), champion, limits, floor=new.scenario.floor, threshold=threshold)


def _saved(run: str | Path | SavedRun, client: MlflowClient | None) -> SavedRun:
    from facelab.experiments.saved_run import SavedRun, open_run

    return run if isinstance(run, SavedRun) else open_run(run, client)


def judged(
    new: Measured,
    champion: Measured | None,
    limits: GateLimits,
    *,
    floor: Floor | None = None,
    threshold: Threshold = "own",
    seed: int = 1,
) -> GateVerdict:
    """The verdict on what was measured; `gate` reads it from runs first.

    Parameters
    ----------
    new, champion : Measured
        Both sides; without a champion the limits alone judge.
    limits, threshold
        As for `gate`.
    floor : Floor, optional
        Passengers and prevalence, for alerts a day and PPV.
    seed : int
        Of the bootstrap: the same data gives the same verdict.
    """
    if champion is not None:
        _comparable(new, champion)
    notes: list[str] = []
    differ = [] if champion is None else data_differences(champion, new)
    if threshold == "champion":
        new = _at_champions(new, champion, bool(differ))
    case = GateCase(new, champion, limits, floor, paired=champion is not None and not differ, seed=seed)
    if champion is None:
        notes.append("there is no champion: judged by the limits alone")
    elif differ:
        notes.append(f"not the same data, so people are not paired; these differ: {', '.join(differ)}")
    asked, said, information = asked_limits(case)
    checks = checked(asked, limits.confidence)
    found = overall(checks)
    word: GateWord = "cannot tell with this data" if found == "cannot tell" else found
    return GateVerdict(
        word,
        checks,
        _reason(checks),
        new.name,
        "" if champion is None else champion.name,
        case.paired,
        new.threshold,
        (*notes, *said),
        information,
    )


def _comparable(new: Measured, champion: Measured) -> None:
    """Refuse what cannot be compared at all."""
    if new.scenario != champion.scenario:
        raise BadInput(
            f"the runs are of different scenarios, {champion.scenario!r} and {new.scenario!r}: nothing to compare",
            place="gate",
        )
    if new.synthetic != champion.synthetic:
        kinds = ("synthetic" if side.synthetic else "real" for side in (champion, new))
        raise BadInput(f"{' evidence against '.join(kinds)}: neither says anything of the other", place="gate")


def _at_champions(new: Measured, champion: Measured | None, other_people: bool) -> Measured:
    """`new` at the champion's threshold."""
    if champion is None:
        raise NotMeasured("there is no champion whose threshold could be judged; promote a run first")
    if new.scale != champion.scale:
        raise BadInput(
            "the runs have other packs or pipelines, so the champion's threshold means nothing on the run's scores; "
            "judge the run's own",
            place="threshold",
        )
    moved = new.at(champion.threshold)
    return replace(moved, reported=None) if other_people else moved


def _reason(checks: tuple[Check, ...]) -> str:
    """What decided, in one sentence."""
    for word, head in (("worse", "shown to break its limit"), ("cannot tell", "the data cannot show it either way")):
        there = [check for check in checks if check.verdict == word]
        if there:
            more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
            return f"{head}: {there[0].sentence().rpartition(':')[0]}{more}"
    if not checks:
        return "no limit could be asked of this data"
    better = [check for check in checks if check.verdict == "better"]
    kept = f"all {len(checks)} limits are shown to be kept"
    return f"{kept}; lower: {better[0].sentence().rpartition(':')[0]}" if better else kept

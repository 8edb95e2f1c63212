"""What operators answered to alerts: how often an alert was right on the floor, who causes the false ones.

The monitoring page writes a line for each answer (`facelab.deploy.page`): confirm or dismiss. The last answer to an
alert counts; where two operators said different things, that is told. The PPV is confirmed over answered alerts. Its
unit of independence is the person: alerts that share the walking person, or the enrolled person whom they allege, are
not independent (`facelab.stats.dyadic.PairTrials`): one enrolled person who resembles many gives many false alerts.

Answers are labels and no truth: a dismissed alert may have been right. Alerts that nobody answered are no random sample
either; where all alerts are given, `Answers.extremes` says what the PPV would be if those had all been wrong, or right.

An alert's id is a digest of what it says, so a line whose config, time, camera, track or subject was edited is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.deploy.events import event_id
from facelab.errors import BadInput, NotMeasured
from facelab.stats.alerts import AlertRates, Alerts, alert_rates
from facelab.stats.dyadic import PairTrials, rate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from facelab.stats.rates import Rate

CONFIRM, DISMISS = "confirm", "dismiss"
LARGEST_FILE = 256 * 1024**2
_TEXTS = ("id", "config", "camera", "track", "subject", "time")


@dataclass(frozen=True)
class Answer:
    """One line of the file of answers, checked.

    Parameters
    ----------
    id, config : str
        Of the alert, and of the config that raised it.
    camera, track, subject : str
        Where, who walked, who is alleged.
    score, threshold : float
        Of the alert.
    alert_time : datetime
        When it was raised.
    verdict : str
        ``confirm`` or ``dismiss``.
    who, time : str
        Who answered, and when.
    started : str
        When the watching began; empty in files of older versions. Tracks are numbered anew with each watching.
    """

    id: str
    config: str
    camera: str
    track: str
    subject: str
    score: float
    threshold: float
    alert_time: datetime
    verdict: str
    who: str
    time: str
    started: str = ""

    @property
    def walker(self) -> str:
        """The walking person: a track of one watching."""
        return f"{self.started} {self.track}"


@dataclass(frozen=True)
class Answers:
    """The answers of one file.

    Parameters
    ----------
    given : tuple of Answer
        Every line, in their order.
    alerts : frozenset of str or None
        The ids of all alerts that were raised; None where they were not given.
    """

    given: tuple[Answer, ...]
    alerts: frozenset[str] | None = None

    @cached_property
    def last(self) -> tuple[Answer, ...]:
        """The answer that counts, of each alert."""
        return tuple({answer.id: answer for answer in self.given}.values())

    @property
    def config(self) -> str:
        """The ids of the configs, joined."""
        return ", ".join(sorted({answer.config for answer in self.given}))

    @property
    def confirmed(self) -> int:
        """Alerts whose last answer was ``confirm``."""
        return sum(answer.verdict == CONFIRM for answer in self.last)

    @property
    def unanswered(self) -> int | None:
        """Alerts that nobody answered; None where the alerts were not given."""
        return None if self.alerts is None else len(self.alerts - {answer.id for answer in self.given})

    @cached_property
    def disagreements(self) -> tuple[tuple[Answer, ...], ...]:
        """The last answer of each operator, of every alert on which two operators disagree."""
        by_operator: dict[str, dict[str, Answer]] = {}
        for answer in self.given:
            by_operator.setdefault(answer.id, {})[answer.who] = answer
        return tuple(
            tuple(said.values()) for said in by_operator.values() if len({a.verdict for a in said.values()}) > 1
        )

    @cached_property
    def ppv(self) -> Rate:
        """Confirmed of answered alerts (`errors` counts the confirmed), the interval's unit the person.

        Raises
        ------
        NotMeasured
            Nothing was answered.
        """
        if not self.last:
            raise NotMeasured("no alert was answered, so nobody knows how often one was right")
        walker = np.unique([answer.walker for answer in self.last], return_inverse=True)[1]
        subject = np.unique([answer.subject for answer in self.last], return_inverse=True)[1]
        trials = PairTrials(walker, walker.max() + 1 + subject, "walking and alleged people")
        return rate_of(trials, np.array([answer.verdict == CONFIRM for answer in self.last]), "PPV")

    @property
    def extremes(self) -> tuple[float, float] | None:
        """The PPV if every unanswered alert had been wrong, and if every one had been right; None if unknown."""
        if self.unanswered is None or not self.alerts:
            return None
        return self.confirmed / len(self.alerts), (self.confirmed + self.unanswered) / len(self.alerts)

    def causes(self) -> list[tuple[str, int, int]]:
        """Alleged subject, dismissed alerts, confirmed alerts; who causes most false alerts first."""
        wrong = Counter(answer.subject for answer in self.last if answer.verdict == DISMISS)
        right = Counter(answer.subject for answer in self.last if answer.verdict == CONFIRM)
        return [(name, count, right[name]) for name, count in sorted(wrong.items(), key=lambda one: (-one[1], one[0]))]

    def rates(self, hours: Mapping[str, float]) -> AlertRates:
        """Dismissed alerts an hour, on the site and by camera.

        Parameters
        ----------
        hours : mapping of str to float
            Hours that each camera was watched.

        Raises
        ------
        BadInput
            A camera with an answer has no hours.
        """
        last = self.last
        found = Alerts(
            np.array([answer.camera for answer in last], np.str_),
            np.array([answer.alert_time.timestamp() for answer in last], np.float64),
            np.array([answer.subject for answer in last], np.str_),
            np.array([answer.score for answer in last], np.float64),
            np.array([answer.walker for answer in last], np.str_),
            np.array([answer.subject if answer.verdict == CONFIRM else "" for answer in last], np.str_),
        )
        return alert_rates(found, hours)

    def to_dict(self, confidence: float = 0.95, hours: Mapping[str, float] | None = None) -> dict[str, Any]:
        """For JSON."""
        ppv = self.ppv.to_dict(confidence)
        said: dict[str, Any] = {
            "config": self.config,
            "answers": len(self.given),
            "answered": len(self.last),
            "confirmed": ppv.pop("errors"),
            "dismissed": len(self.last) - self.confirmed,
            "unanswered": self.unanswered,
            "ppv": {"value": ppv.pop("rate"), **ppv},
            "ppv_extremes": self.extremes,
            "disagreements": [
                {"id": said[0].id, "answers": {answer.who: answer.verdict for answer in said}}
                for said in self.disagreements
            ],
            "causes": [{"subject": name, "dismissed": no, "confirmed": yes} for name, no, yes in self.causes()],
        }
        return said if hours is None else said | {"false_alerts": self.rates(hours).to_dict(confidence)}


def read_answers(
    path: Path, *, config: str | None = None, alerts: Path | None = None, any_config: bool = False
) -> Answers:
    """The answers in the file at `path`.

    Parameters
    ----------
    path : Path
        As the monitoring page writes it.
    config : str, optional
        The id of the config whose answers are wanted, or its beginning.
    alerts : Path, optional
        Every alert that was raised: what `facelab watch` wrote to its standard output.
    any_config : bool
        Take answers to alerts of several configs together.

    Raises
    ------
    BadInput
        The file is missing or too large; a line is cut short, edited or no answer; an alert was never raised; or the
        answers are of another config, or of several.
    """
    given = [_answer(said, place) for said, place in _lines(path)]
    _consistent(given, path)
    strange = sorted({a.config for a in given if config is not None and not a.config.startswith(config)})
    known = sorted({a.config for a in given})
    if not any_config and (strange or len(known) > 1):
        what = f"of config {(strange or known)[0][:16]}" + (f", not of {config[:16]}" if config and strange else "")
        more = "" if strange else f" and of {known[1][:16]}"
        raise BadInput(f"has answers {what}{more}: thresholds and watchlists differ", place=str(path))
    raised = None if alerts is None else _raised(alerts)
    unknown = [] if raised is None else [a.id for a in given if a.id not in raised]
    if unknown:
        raise BadInput(f"answers alert {unknown[0][:40]!r}, which is none of those in {alerts}", place=str(path))
    return Answers(tuple(given), raised)


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each line as the object that it spells, and where it stands."""
    if not path.is_file():
        raise BadInput("there is no such file", place=str(path))
    if path.stat().st_size > LARGEST_FILE:
        raise BadInput(f"has more than {LARGEST_FILE // 1024**2} MiB", place=str(path))
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            place = f"{path}, line {number}"
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                said = None
            if not isinstance(said, dict):
                raise BadInput("is no JSON object; was the line cut short or edited?", place=place)
            yield said, place


def _answer(said: Mapping[str, Any], place: str) -> Answer:
    """One answer of what a line says."""
    lacking = [name for name in (*_TEXTS, "who", "alert_time") if not isinstance(said.get(name), str) or not said[name]]
    if lacking or said.get("verdict") not in (CONFIRM, DISMISS):
        raise BadInput(f"is no answer: {lacking[0] if lacking else 'verdict'} is missing or none", place=place)
    numbers = [said.get(name) for name in ("score", "threshold")]
    if not all(isinstance(n, (int, float)) and not isinstance(n, bool) and -2 <= n <= 2 for n in numbers):
        raise BadInput("is no answer: score or threshold is no similarity", place=place)
    fits = event_id(*(said[name] for name in ("config", "alert_time", "camera", "track", "subject")))
    try:
        moment = datetime.fromisoformat(said["alert_time"])
    except ValueError:
        moment = datetime.min
    if said["id"] != fits or moment.tzinfo is None:
        raise BadInput("its alert's id does not fit what the line says: it was edited", place=place)
    texts = {name: said[name] for name in _TEXTS}
    score, threshold = (float(n) for n in numbers if n is not None)
    return Answer(
        **texts, score=score, threshold=threshold, alert_time=moment.astimezone(UTC), verdict=said["verdict"],
        who=said["who"], started=str(said.get("started") or ""),
    )  # fmt: skip


def _consistent(given: Sequence[Answer], path: Path) -> None:
    """Refuse two lines of one alert that tell it differently."""
    first: dict[str, Answer] = {}
    for answer in given:
        before = first.setdefault(answer.id, answer)
        if (before.score, before.threshold) != (answer.score, answer.threshold):
            raise BadInput(f"tells alert {answer.id} with two scores or thresholds: it was edited", place=str(path))


def _raised(path: Path) -> frozenset[str]:
    """The ids of the alerts in what a watching wrote."""
    found = set()
    for said, place in _lines(path):
        if said.get("event") != "alert" or not isinstance(said.get("id"), str):
            raise BadInput("is no alert of `facelab watch`", place=place)
        found.add(said["id"])
    return frozenset(found)

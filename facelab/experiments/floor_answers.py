"""The PPV that operators measured on the floor beside the one that an evaluation expects, where a scenario has answers.

The answers are to alerts of one earlier config, so what is expected is computed at *its* threshold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from facelab.experiments.answers import Answers, read_answers
from facelab.stats.floor import workload_at

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.experiments.study import Study

NO_ANSWERS = (
    "The scenario names no answers of operators (`answers`), so what alerts were worth on the floor is not known."
)


def answer_metrics(path: Path | None, confidence: float) -> dict[str, float | None]:
    """``answers/ppv`` with its interval and counts, for a run; nothing where there are no answers.

    Raises
    ------
    BadInput
        The file is no file of answers, or has those of several configs.
    """
    found = None if path is None else read_answers(path)
    if found is None or not found.last:
        return {}
    ends = found.ppv.interval(confidence)
    values = {"ppv": found.ppv.value, "ppv_low": ends.low, "ppv_high": ends.high, "answered": len(found.last)}
    values |= {"confirmed": found.confirmed, "disagreements": len(found.disagreements)}
    return {f"answers/{name}": float(value) for name, value in values.items()}


def answered_sentences(study: Study) -> tuple[str, ...]:
    """The measured PPV, what the site's floor lets one expect at the same threshold, and who causes false alerts."""
    path, confidence = study.scenario.answers, study.scenario.confidence
    if path is None:
        return (NO_ANSWERS,)
    found = read_answers(path)
    if not found.last:
        return (f"Nobody answered an alert yet ({path.name}).",)
    ends = found.ppv.interval(confidence)
    measured = (
        f"Operators answered {len(found.last):,} alerts of config {found.config[:16]} and confirmed "
        f"{found.confirmed:,}: an alert was right with probability {100 * found.ppv.value:.2g} % "
        f"[{100 * ends.low:.2g}, {100 * ends.high:.2g}]{f' ({ends.note})' if ends.note else ''}."
    )
    return (measured, _expected(study, found), _causes(found))


def _expected(study: Study, found: Answers) -> str:
    """What is expected at the threshold of the answers, and whether that was met."""
    from facelab.experiments.floor import site_of

    thresholds = sorted({answer.threshold for answer in found.last})
    floor, report, confidence = study.scenario.floor, study.halves.report, study.scenario.confidence
    if floor is None or len(thresholds) > 1 or not report.mated or not report.non_mated:
        return (
            "What was to be expected there cannot be said: it takes a `floor`, both kinds of searches, one threshold."
        )
    ppv = workload_at(report, thresholds[0], site_of(floor), confidence=confidence).ppv
    if not math.isfinite(ppv.value):
        return (
            f"At the threshold {thresholds[0]:.4f} no alert is expected at all, so there is no probability to compare."
        )
    ends = found.ppv.interval(confidence)
    apart = "agree" if ends.low <= ppv.high and ppv.low <= ends.high else "disagree: the floor is not as described"
    return (
        f"Expected at that threshold ({thresholds[0]:.4f}), from the measured rates and the floor's prevalence: "
        f"{100 * ppv.value:.2g} % [{100 * ppv.low:.2g}, {100 * ppv.high:.2g}]; the two {apart}."
    )


def _causes(found: Answers) -> str:
    causes = found.causes()
    if not causes:
        return "No alert was dismissed."
    named = ", ".join(f"{name} ({wrong:,} dismissed, {right:,} confirmed)" for name, wrong, right in causes[:3])
    return f"Most false alerts allege {named}."

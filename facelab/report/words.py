"""What was found, in sentences that are computed from the data.

They are the closing sentences of the notebooks, the note at the top of an MLflow run, and the head of the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.report.conditions import condition
from facelab.report.rows import interval_ends, percent
from facelab.stats.planning import trials_to_support

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facelab.report.rows import ThresholdRow
    from facelab.stats.openset import OpenSetCurve
    from facelab.types import Comparisons

NOT_FOR_DEPLOYMENT = (
    "Every person in this evidence is synthetic: thresholds from it do not transfer to real people, and the config is "
    "not for deployment."
)


def best_row(rows: Sequence[ThresholdRow]) -> ThresholdRow | None:
    """The row that speaks for an evaluation.

    The smallest supported target; else the largest resolved one; else the threshold that the site runs at.
    """
    targets = [row for row in rows if row.origin == "target" and row.target is not None]
    supported = [row for row in targets if row.supported]
    if supported:
        return min(supported, key=lambda row: row.target or 0)
    if targets:
        return max(targets, key=lambda row: row.target or 0)
    return next((row for row in rows if row.origin == "site"), None)


def finding(rows: Sequence[ThresholdRow], *, enrolled: int, synthetic: bool) -> tuple[str, ...]:
    """At most three sentences: the best threshold and its errors, what the data does not support, what limits it all.

    Parameters
    ----------
    rows : sequence of ThresholdRow
        The table of the evaluation.
    enrolled : int
        N, the subjects on the watchlist.
    synthetic : bool
        True where any of the evidence was generated.
    """
    best = best_row(rows)
    if best is None:
        first = "No threshold came out of this evaluation."
    else:
        first = f"{_where(best)}, with {enrolled:,} people enrolled: {_alerts(best)} and {_misses(best)}."
    second = _limits(rows)
    third = NOT_FOR_DEPLOYMENT if synthetic else ""
    return tuple(sentence for sentence in (first, second, third) if sentence)


def matched(comparisons: Comparisons) -> str:
    """How many searches there are, of whom, and how many have no score at all."""
    mated = int(comparisons.mated.sum())
    failed = int(np.isnan(comparisons.score).all(axis=1).sum())
    return (
        f"{len(comparisons):,} passages were searched for among {len(comparisons.enrolled):,} enrolled people: "
        f"{mated:,} of people who are on the list, {len(comparisons) - mated:,} of strangers; {failed:,} gave no score "
        "and stay in the denominators."
    )


def resolution(curve: OpenSetCurve) -> str:
    """The smallest error rates that a curve can show."""
    parts = [
        f"one {what} in {trials:,} is an {name} of {percent(1 / trials)}"
        for name, what, trials in (("FPIR", "alert", curve.non_mated), ("FNIR", "miss", curve.mated))
        if trials
    ]
    return f"Below this the data is silent: {' and '.join(parts)}." if parts else "There is no search."


def more_data(points: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What more data would buy, a sentence for each target that is not supported."""
    sentences = []
    for point in points:
        target = point.get("target_fpir")
        if target is None or point["supported"]:
            continue
        needed, people = trials_to_support(target), _people(point)
        have = "" if people is None else f"; there are {people:,}"
        verb = "resolve and support" if point["threshold"] is None else "support"
        sentences.append(f"To {verb} an FPIR of {percent(target)}, {needed:,} strangers must walk by{have}.")
    return tuple(sentences)


def _people(point: Mapping[str, Any]) -> int | None:
    if point.get("fpir"):
        found = point["fpir"].get("people")
        return None if found is None else int(found)
    found = (point.get("unattainable") or {}).get("people_have")
    return None if found is None else int(found)


def _where(row: ThresholdRow) -> str:
    if row.target is None:
        return f"At the threshold of {row.threshold:.4f} that the site runs at"
    weight = "" if row.supported else ", which this data does not support,"
    return f"For a target FPIR of {percent(row.target)}{weight} the threshold is {row.threshold:.4f}"


def _alerts(row: ThresholdRow) -> str:
    return _share(row.fpir, "searches of strangers raised an alert", row.counts_only)


def _misses(row: ThresholdRow) -> str:
    return _share(row.fnir, "searches of enrolled people missed", row.counts_only)


def _share(rate: Mapping[str, Any] | None, what: str, counts_only: bool) -> str:
    if rate is None or not rate["trials"]:
        return f"no {what.rsplit(' ', 1)[0]} could be made"
    counts = f"{rate['errors']:,} of {rate['trials']:,} {what}"
    if counts_only or rate["rate"] is None:
        return counts
    low, high = interval_ends(rate)
    interval = f"{100 * rate['confidence']:g} % interval {percent(low)} to {percent(high)}"
    said = condition(rate)
    return f"{counts} ({percent(rate['rate'])}, {interval}{', which ' if said else ''}{said})"


def _limits(rows: Sequence[ThresholdRow]) -> str:
    if any(row.counts_only for row in rows):
        return "There are too few people for rates: these are counts, and no threshold is tuned on them."
    weak = _targets([row for row in rows if row.origin == "target" and not row.supported])
    none = _targets([row for row in rows if row.origin == "unattainable"])
    parts = [f"a target of {weak} is resolved but not supported by this many people"] if weak else []
    parts += [f"a target of {none} cannot be resolved at all"] if none else []
    text = " and ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _targets(rows: Sequence[ThresholdRow]) -> str:
    """The rows' targets as a list in words; empty without any."""
    words = [percent(row.target) for row in rows if row.target is not None]
    return _listed(words) if words else ""


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"

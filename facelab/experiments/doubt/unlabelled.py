"""What a study can say of footage without names: the sentences of notebook 04 for the scenario's `labels`.

At the threshold that speaks for the study. *Named* footage gets one sentence that says so. What is assumed, and what it
cannot bear, is part of the answer and never left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.errors import NotMeasured
from facelab.experiments.floor import speaking_point
from facelab.stats.unlabelled import assume_non_mated, volunteer_misses

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.stats.unlabelled import AssumedNonMated, VolunteerMisses

NAMED = (
    "Everybody here is named, or known to be a stranger. Where that is not so, the scenario says it (`labels`): "
    "`assume_non_mated` or `volunteers`."
)
NO_THRESHOLD = "There is no threshold here at which anything could be said."


def assumed_non_mated(study: Study) -> AssumedNonMated:
    """The unknown searches of the reporting half as strangers, at the threshold that speaks for the study.

    Raises
    ------
    NotMeasured
        There is no threshold, or no unknown search.
    """
    labels, found = study.scenario.labels, study.halves.report.searches
    threshold = _threshold(study)
    hit = 1 - volunteer_misses(found, threshold).fnir.value if found.mated.any() else 1.0
    hidden = tuple(k for k in labels.hidden if k <= found.subjects) or None
    return assume_non_mated(found, threshold, hidden=hidden, passages_a_person=labels.passages_a_person, hit=hit)


def volunteers(study: Study) -> VolunteerMisses:
    """The misses of the known people of the reporting half, at the same threshold.

    Raises
    ------
    NotMeasured
        There is no threshold, or nobody is known.
    """
    return volunteer_misses(study.halves.report.searches, _threshold(study), rank=study.scenario.rank)


def unlabelled_sentences(study: Study) -> tuple[str, ...]:
    """What can and what cannot be claimed under the scenario's `labels`."""
    mode = study.scenario.labels.mode
    if mode == "named":
        return (NAMED,)
    said: list[str] = []
    for wanted in (volunteers, assumed_non_mated) if mode == "volunteers" else (assumed_non_mated,):
        try:
            found = wanted(study)
        except NotMeasured as reason:
            said.append(f"{str(reason)[0].upper()}{str(reason)[1:]}.")
            continue
        said += [*found.can, *(f"Not to be claimed: {line}" for line in found.cannot)]
    return tuple(said)


def _threshold(study: Study) -> float:
    point = speaking_point(study)
    if point is None:
        raise NotMeasured(NO_THRESHOLD.rstrip("."))
    return point.threshold

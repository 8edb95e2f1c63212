"""Real people beside the generated ones: the same threshold on research data, as counts, and what may not be concluded.

Two sets, read from ``FACELAB_RESEARCH_DATA`` and never copied: one sequence of ChokePoint (24 people at a portal, half
of them enrolled from the first half second of the very passage that is searched for, against all portraits of
Congress), and portraits of members of Congress about ten years apart (those of 2024 searched among those of 2014).
Neither is an airport; both are real faces. They are searched with templates of whole passages and portraits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.data.research import CONGRESS_YEARS, congress_portraits, research_folder
from facelab.errors import NotMeasured
from facelab.experiments.sites.other import other_study
from facelab.gallery import enrol_photographs
from facelab.matching import match
from facelab.report.site_answer import Section, Table
from facelab.stats.openset import open_set_curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.experiments.study import Study
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.rates import Rate

TITLE = "Synthetic and real, side by side"
ABSENT = (
    "No research data lies here (FACELAB_RESEARCH_DATA names its folder), so nothing was counted on real people: "
    "everything above is of generated faces."
)
NOT_CONCLUDED = (
    "What may not be concluded: that a threshold of generated faces holds for real ones. Real people differ from each "
    "other less or more than generated ones do, and only a test at the site with its own cameras and its own list "
    "says at which score its strangers begin to be alarmed.",
    "Nor the other way round: the portal's enrolment is of the same minute, and the portraits are posed, in good light "
    "and of one profession. Neither gives a rate for an airport; they show by how much such rates can differ.",
)
CHOKEPOINT = {
    "footage": {"kind": "research", "name": "chokepoint"},
    "watchlist": {"kind": "footage", "share": 0.5, "first_s": 0.5, "distractors": "congress"},
    "targets_fpir": [],
    "counts_only": True,
    "site": None,
}


@dataclass(frozen=True, eq=False)
class RealSet:
    """One set of real people, searched.

    Parameters
    ----------
    name, what : str
        Of the set, and who is searched among whom.
    curve : OpenSetCurve
        At every threshold.
    """

    name: str
    what: str
    curve: OpenSetCurve


def real_sets(study: Study) -> tuple[RealSet, ...]:
    """The research data with the pack and the pipeline of `study`.

    Raises
    ------
    NotMeasured
        It is not there, or not complete.
    """
    if research_folder() is None:
        raise NotMeasured(ABSENT)
    return chokepoint_set(study), congress_set(study)


def chokepoint_set(study: Study) -> RealSet:
    """ChokePoint's people at their portal."""
    portal = other_study(study, "chokepoint", CHOKEPOINT)
    curve = open_set_curve(portal.comparisons, study.scenario.rank)
    what = f"{curve.mated + curve.non_mated} passages at a portal, half enrolled in the same minute"
    return RealSet("ChokePoint", what, curve)


def congress_set(study: Study) -> RealSet:
    """Members of Congress of the later year searched among those of the earlier one."""
    old, new = (
        enrol_photographs(congress_portraits((year,)), study.pack, study.scenario.pipeline) for year in CONGRESS_YEARS
    )
    curve = open_set_curve(match(new.templates, old), study.scenario.rank)
    return RealSet("Congress", f"portraits of {CONGRESS_YEARS[1]} among those of {CONGRESS_YEARS[0]}", curve)


def side_by_side(
    study: Study, threshold: float, synthetic: Sequence[RealSet], *, target: float | None = None
) -> Section:
    """Synthetic and real people at one threshold, as counts, with the threshold that each would ask for.

    Parameters
    ----------
    study : Study
        Its pack and pipeline are used.
    threshold : float
        T, as the site is told it.
    synthetic : sequence of RealSet
        The site's own generated people, searched in the same way.
    target : float, optional
        FPIR at which the thresholds of each set are compared; by default one in a hundred.
    """
    goal = 0.01 if target is None else target
    sentences: tuple[str, ...]
    try:
        real = real_sets(study)
        sentences = (_apart(threshold, synthetic, real, goal), *NOT_CONCLUDED)
    except NotMeasured as reason:
        real, sentences = (), (str(reason), NOT_CONCLUDED[0])
    rows = tuple(_row(found, threshold, goal, generated=found in synthetic) for found in (*synthetic, *real))
    columns = ("people", "searched", "enrolled", "strangers alarmed", "right people missed", "their own threshold")
    caption = f"At {threshold:.3f}; the last column keeps {100 * goal:.2g} in 100 strangers alarmed or fewer."
    return Section(TITLE, sentences, Table(columns, rows, caption))


def own_threshold(curve: OpenSetCurve, target: float) -> float | None:
    """The smallest threshold that keeps `target` on these people; None where there are too few to say."""
    if curve.non_mated * target < 1:
        return None
    return curve.threshold_at_fpir(target).threshold


def _row(found: RealSet, threshold: float, goal: float, *, generated: bool) -> tuple[str, ...]:
    point, own = found.curve.at(threshold), own_threshold(found.curve, goal)
    return (
        f"{found.name} ({'generated' if generated else 'real'})",
        found.what,
        f"{found.curve.searches.subjects:,}",
        _counts(point.fpir),
        _counts(point.fnir),
        "too few to say" if own is None else f"{own:.3f}",
    )


def _counts(rate: Rate) -> str:
    if not rate.trials:
        return "nobody searched"
    ends = rate.interval()
    return f"{rate.errors} of {rate.trials} [{100 * ends.low:.2g}, {100 * ends.high:.2g} %]"


def _apart(threshold: float, synthetic: Sequence[RealSet], real: Sequence[RealSet], goal: float) -> str:
    """How far the thresholds of generated and real people lie apart."""
    said = []
    for kind, sets in (("generated", synthetic), ("real", real)):
        for found in sets:
            own = own_threshold(found.curve, goal)
            if own is not None:
                said.append(f"{found.name} ({kind}) {own:.3f}")
    if not said:
        return f"At {threshold:.3f} everybody was counted; no set has people enough for a threshold of its own."
    return (
        f"For {100 * goal:.2g} in 100 strangers alarmed, each set of people would ask for its own threshold with its "
        f"own number enrolled: {'; '.join(said)}. The site's answer above is {threshold:.3f}."
    )

"""Real portraits searched in databases of the site's sizes, where drawn references reproduce their false matches.

Portraits of the later year are searched among those of the earlier one, and among as many drawn references as the
database takes: the same exact search as the city's own. The people are members of Congress in good light, not a
city's; half of them fitted the distribution. It shows how false alerts grow with a database of real faces, and what
the threshold for the same false alerts costs in people missed; both are chosen and told on the same searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.errors import UnattainableTarget
from facelab.experiments.sites.city_search import SMALLER, searched_by_size
from facelab.experiments.sites.departures_words import of_hundred
from facelab.report.site_answer import Section, Table
from facelab.stats.openset import OpenSetCurve
from facelab.stats.searches import searches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.config_sites import CitySite
    from facelab.experiments.sites.city_distractors import DistractorCheck
    from facelab.stats.searches import Searches
    from facelab.types import Comparisons, Templates

GOAL = 0.01
COLUMNS = (
    "in the database", "false alerts in 100 strangers at that score", "if comparisons were independent",
    "right people missed at it", "score for 1 false alert in 100 strangers", "right people missed there",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RealGrowth:
    """Searches of real people by the size of the database, the smallest being the people themselves.

    Parameters
    ----------
    name : str
        Of the people.
    by_size : mapping of int to Searches
        By the size of the database.
    short : float
        By what factor drawn references alarmed fewer strangers than people did, in the check.
    """

    name: str
    by_size: Mapping[int, Searches]
    short: float

    def thresholds(self) -> dict[int, float | None]:
        """The score for 1 false alert in 100 strangers, by the size of the database; None where it cannot be told."""
        return {size: _threshold(OpenSetCurve(found)) for size, found in sorted(self.by_size.items())}

    def section(self) -> Section:
        """How false alerts grow, as a piece of evidence."""
        curves = {size: OpenSetCurve(found) for size, found in self.by_size.items()}
        tested = min(curves)
        threshold = _threshold(curves[tested])
        if threshold is None:
            return Section(self.title, ("Too few strangers for 1 false alert in 100.",))
        one = curves[tested].at(threshold).fpir.value
        fmr = 1 - (1 - one) ** (1 / tested)
        rows = tuple(_row(size, curve, threshold, 1 - (1 - fmr) ** size) for size, curve in sorted(curves.items()))
        said = (
            f"{self.name} among the {tested:,} of ten years before and drawn references for the rest, which passed "
            f"their check on these people. Searched exactly at every size, all at {threshold:.3f}, the score for 1 "
            "false alert in 100 strangers among the people themselves, chosen and told on the same searches.",
            "Half of these people fitted the distribution. They are posed and in good light: no rate of a city, but "
            "how a threshold must rise with a database of real faces.",
            f"In their check drawn references alarmed {self.short:.2g} times fewer strangers than as many people did: "
            "expect more false alerts, by about that.",
        )
        return Section(self.title, said, Table(COLUMNS, rows))

    @property
    def title(self) -> str:
        """Of the section."""
        return "Real portraits in databases of each size"


def real_growth(
    name: str, comparisons: Comparisons, probes: Templates, check: DistractorCheck, site: CitySite
) -> RealGrowth | None:
    """The searches of `probes` by size; None where references may not be drawn for these people.

    Parameters
    ----------
    name : str
        Of the people.
    comparisons : Comparisons
        The probes among the people who are enrolled.
    probes : Templates
        Of the comparisons.
    check : DistractorCheck
        Of these people.
    site : CitySite
        Its sizes and its seed.
    """
    if not check.allowed:
        return None
    base = searches(comparisons)
    sizes = sorted({size for size in (*SMALLER, *site.galleries) if size > base.subjects})
    found, _ = searched_by_size(comparisons, base, probes, check.model, sizes, site.seed)
    return RealGrowth(name, {base.subjects: base, **found}, check.short)


def _threshold(curve: OpenSetCurve) -> float | None:
    try:
        return curve.threshold_at_fpir(GOAL).threshold
    except UnattainableTarget:
        return None


def _row(size: int, curve: OpenSetCurve, threshold: float, independent: float) -> tuple[str, ...]:
    point, needed = curve.at(threshold), _threshold(curve)
    ends = point.fpir.interval()
    false = f"{100 * point.fpir.value:.2g} [{100 * ends.low:.2g}, {100 * ends.high:.2g}]"
    there = "cannot tell" if needed is None else of_hundred(curve.at(needed).fnir)
    score = "cannot tell" if needed is None else f"{needed:.3f}"
    return f"{size:,}", false, f"{100 * independent:.2g}", of_hundred(point.fnir), score, there

"""The gate's limits on drift and on failures to acquire.

Drift is the chance that a value lies on the bad side of one of the champion's (`facelab.stats.drift`): lower for mated
scores and for the quality of each camera, higher for strangers' best scores; asked only where pack and pipeline are the
same, because other ones have scales of their own. A camera that the champion saw and the run did not is a limit that
cannot be told: nothing was measured there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facelab.errors import NotMeasured
from facelab.stats.drift import Shift, shift
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.limits import Ends, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.config import GateLimits
    from facelab.experiments.gate_measured import Measured
    from facelab.stats.rates import Rate
    from facelab.types import Floats, Strings

HALF = 0.5
HOW = "placements, summed by person"
ACQUIRE = "failure to acquire"


def unknown(_: float) -> tuple[float, float]:
    """The ends of what was not measured."""
    return float("nan"), float("nan")


def of_rate(rate: Rate) -> Ends:
    """The exact ends of a rate on its effective size, as `Limit` wants them; not known without a trial.

    Far out in its tail Wilson's lower end condemns too often: 6.6 % of simulated gates of eight limits, not 5 %.
    """

    def ends(tail: float) -> tuple[float, float]:
        found = rate.interval(1 - 2 * tail, "clopper-pearson")
        return found.low, found.high

    return ends if rate.trials else unknown


def drift_limits(
    new: Measured, old: Measured | None, limits: GateLimits, notes: list[str], shifts: dict[str, Shift]
) -> Iterator[Limit]:
    """Scores and quality on the bad side of the champion's; what cannot be asked goes to `notes`.

    Parameters
    ----------
    new, old : Measured
        The run and the champion; without one nothing is asked.
    limits : GateLimits
        `score_shift` and `quality_shift` above one half.
    notes, shifts
        Filled: why something is not asked, and every shift by name.
    """
    if old is None or (limits.score_shift is None and limits.quality_shift is None):
        return
    if new.scale != old.scale:
        notes.append("drift: not asked, packs or pipelines differ, and their scores are on scales of their own")
        return
    if limits.score_shift is not None:
        for name, mated in (("mated scores", True), ("strangers' scores", False)):
            before, after = _scores(old, mated=mated), _scores(new, mated=mated)
            yield from _shifted(name, before, after, limits.score_shift, lower=mated, notes=notes, shifts=shifts)
    if limits.quality_shift is not None:
        for camera in _cameras(old):
            one, two = _quality(old, camera), _quality(new, camera)
            if one is not None and two is not None and len(two[0]):
                name = f"quality, {camera}"
                yield from _shifted(name, one, two, limits.quality_shift, lower=True, notes=notes, shifts=shifts)


def _shifted(
    name: str,
    before: tuple[Floats, Strings],
    after: tuple[Floats, Strings],
    limit: float,
    *,
    lower: bool,
    notes: list[str],
    shifts: dict[str, Shift],
) -> Iterator[Limit]:
    """The limit on one shift; a note where a sample is empty."""
    try:
        found = shift(name, before[0], after[0], before[1], after[1])
    except NotMeasured as error:
        notes.append(f"drift: {error}")
        return
    shifts[name] = found
    side = found if lower else found.reversed()
    what, _, place = name.partition(", ")
    rule = f"{what} {'lower' if lower else 'higher'} than the champion's"
    yield Limit(rule, side.value, side.ends, HALF + limit, place=place, how=HOW)


def _scores(side: Measured, *, mated: bool) -> tuple[Floats, Strings]:
    """The mates' scores, or the strangers' best ones, and whose they are."""
    found = side.searches
    rows = found.mated if mated else ~found.mated
    return (found.mate_score if mated else found.other_score)[rows], found.probe_subject[rows]


def _cameras(side: Measured) -> list[str]:
    """The cameras that are known of a side, sorted."""
    return [] if side.cameras is None else sorted({str(camera) for camera in side.cameras if camera})


def _quality(side: Measured, camera: str) -> tuple[Floats, Strings] | None:
    """The quality of the templates of a camera, and whose they are; None where it is not known."""
    if side.quality is None or side.cameras is None:
        return None
    rows = side.cameras == camera
    got = np.where(side.searches.failed, np.nan, side.quality)[rows]
    return got, side.searches.probe_subject[rows]


def acquisition_limits(new: Measured, old: Measured | None, limit: float | None) -> Iterator[Limit]:
    """The share of each camera's passages without a usable face, the champion's cameras first."""
    if limit is None or new.cameras is None:
        return
    for camera in sorted({*_cameras(new), *(() if old is None else _cameras(old))}):
        rows = new.cameras == camera
        if not rows.any():
            yield Limit(ACQUIRE, float("nan"), unknown, limit, place=f"camera {camera}: no passage at all")
            continue
        people = PeopleTrials(person_codes(new.searches.probe_subject[rows]), "people")
        rate = rate_of(people, new.searches.failed[rows], ACQUIRE)
        yield Limit(ACQUIRE, rate.value, of_rate(rate), limit, place=f"camera {camera}", how="person-level")

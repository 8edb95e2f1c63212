"""The threshold for a target FPIR at the site's own gallery size.

Up to the N subjects tested it is measured; beyond, it rests on the ceiling of `facelab.stats.scaling`, the only one of
its curves that holds however people resemble each other, and is marked as extrapolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput, UnattainableTarget
from facelab.stats._given import plain, within
from facelab.stats.planning import trials_to_resolve, trials_to_support
from facelab.stats.scaling import (
    NonMated,
    alarm_probability,
    clustered_interval,
    fmr_if_independent,
    fpir_as_tested,
    fpir_of_such_galleries,
    non_mated_side,
)
from facelab.stats.unseen import NONE_FROM

if TYPE_CHECKING:
    from facelab.stats.searches import Searches

TESTED_SHARE = 0.9
"""NIST SP 800-63A-4 3.11: the tested gallery holds at least this share of the operational one."""


@dataclass(frozen=True)
class GalleryThreshold:
    """Thresholds for a target FPIR at the operational gallery size.

    Parameters
    ----------
    target, operational : float, int
        The FPIR wanted, and the subjects the site enrols.
    subjects : int
        N of the test.
    extrapolated : bool
        True where operational > N.
    threshold : float
        The smallest that meets the target: measured up to N; beyond, by the *ceiling* (safe for any resemblance).
    mixture, independent : float or None
        What the two models would set; None where the data cannot resolve them.
    certified : float or None
        The smallest whose one-sided 95 % upper bound meets it too; beyond N by probe and gallery people. None where the
        data cannot certify the target.
    at_tested_size : float
        The smallest threshold that meets the target at N: too low for a larger gallery.
    tested_share : float
        N / operational; NIST SP 800-63A-4 wants 0.9.
    note : str
        Why there is no certified threshold, or why its bound is not to be relied on; empty where there is nothing.
    reliable : bool
        False where the certified threshold's bound is not to be relied on.
    """

    target: float
    operational: int
    subjects: int
    extrapolated: bool
    threshold: float
    mixture: float | None
    independent: float | None
    certified: float | None
    at_tested_size: float
    tested_share: float
    note: str = ""
    reliable: bool = True

    def __repr__(self) -> str:
        kind = f"extrapolated from N = {self.subjects:,} by the ceiling" if self.extrapolated else "measured"
        sure = "none" if self.certified is None else f"{self.certified:.4f}"
        found = f"threshold {self.threshold:.4f}, certified {sure},"
        note = f"; {self.note}" if self.note else ""
        return f"{found} for FPIR {self.target:g} at N = {self.operational:,} ({kind}){note}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = (
            "target",
            "operational",
            "subjects",
            "extrapolated",
            "threshold",
            "mixture",
            "independent",
            "certified",
        )
        head = {name: plain(getattr(self, name)) for name in names}
        share = {"tested_share": self.tested_share, "tested_share_suffices": self.tested_share >= TESTED_SHARE}
        said = {"note": self.note, "reliable": self.reliable}
        return head | {"at_tested_size": plain(self.at_tested_size)} | share | said


def threshold_for_gallery(searches: Searches, target: float, operational: int) -> GalleryThreshold:
    """The smallest threshold for a target FPIR with `operational` subjects enrolled.

    Up to N it is measured (mean over all subsets). Beyond, the ceiling is used: FPIR at N may be at most
    target * N / operational; mixture and independence are given beside it.

    Raises
    ------
    UnattainableTarget
        Fewer than 1 / (target * N / operational) non-mated searches.
    BadInput
        A target outside (0, 1), or a size below 1.
    """
    found = non_mated_side(searches)
    goal, n = within("target", target, 0.0, 1.0), found.subjects
    if operational < 1:
        raise BadInput(f"must be at least 1, it is {operational}", place="operational")
    beyond = operational > n
    allowed = goal * n / operational if beyond else goal
    if found.searches < trials_to_resolve(allowed):
        at = "" if not beyond else f" at N = {n} (for {goal:g} at {operational:,})"
        people = (int(found.person.max()) + 1, trials_to_support(allowed))
        raise UnattainableTarget(
            f"FPIR{at}", allowed, have=found.searches, needed=trials_to_resolve(allowed), people=people
        )
    size = min(operational, n)
    main = found.smallest_threshold(lambda t: found.fpir(t, size) <= allowed)
    single = fmr_if_independent(goal, operational)
    resolved = found.searches * n * single >= 1
    independent = found.smallest_threshold(lambda t: found.fmr(t) <= single) if resolved else None
    certified = _certified(searches, found, goal, int(operational))
    note, reliable = _caveat(searches, certified, beyond=beyond)
    return GalleryThreshold(
        goal,
        int(operational),
        n,
        beyond,
        main,
        found.smallest_threshold(lambda t: found.fpir(t, operational) <= goal) if beyond else main,
        independent,
        certified,
        found.smallest_threshold(lambda t: found.fpir(t, n) <= goal),
        n / operational,
        note,
        reliable,
    )


def _certified(searches: Searches, found: NonMated, goal: float, operational: int) -> float | None:
    """The smallest threshold whose one-sided 95 % bound of FPIR at the operational size is at most `goal`, or None."""
    n = found.subjects

    def upper(threshold: float) -> float:
        if operational > n:
            return fpir_of_such_galleries(searches, threshold).upper(0.95) * operational / n
        chance = alarm_probability(found.hits(threshold), n, operational)
        return float(clustered_interval(chance[None, :], found.person, 0.9)[1][0])

    lowest = found.smallest_threshold(lambda t: upper(t) <= goal)
    return lowest if upper(lowest) <= goal else None


def _caveat(searches: Searches, certified: float | None, *, beyond: bool) -> tuple[str, bool]:
    """What is to be known of the certified threshold, and whether its bound may be relied on."""
    if certified is None:
        if beyond and searches.subjects < NONE_FROM:
            return f"{searches.subjects:,} enrolled people cannot certify a larger gallery, it takes {NONE_FROM}", True
        return "no threshold's upper bound meets the target", True
    rate = fpir_of_such_galleries(searches, certified) if beyond else fpir_as_tested(searches, certified)
    ends = rate.interval()
    return ("", True) if ends.reliable else (f"certified: {ends.condition}", False)

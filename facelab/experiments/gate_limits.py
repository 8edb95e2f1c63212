"""Which limits the gate asks of a run, each with the interval that will decide it.

FNIR at the champion's FPIR is a difference, paired where the people are the same. Alerts a day, PPV and the rates of
groups are the run's own; drift and failures to acquire stand in `facelab.experiments.gate_drift`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import NotMeasured, UnattainableTarget
from facelab.experiments.gate_drift import acquisition_limits, drift_limits, of_rate, unknown
from facelab.experiments.gate_measured import Measured, aligned
from facelab.stats.group_report import search_group_report
from facelab.stats.groups import UNKNOWN
from facelab.stats.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.config import Floor, GateLimits
    from facelab.stats.drift import Shift

FNIR_RULE = "FNIR above the champion's, at its FPIR"
GROUP_RULE = "FNIR above the champion's, at one threshold"
REPLICATES = 1000
"""Of the bootstraps; the end that condemns lies far out (5 % over all limits), so that they are many."""


@dataclass(frozen=True, eq=False)
class GateCase:
    """What the gate is asked: both sides, the limits, and whether people are paired.

    Parameters
    ----------
    new, champion : Measured
        Both sides; None without a champion.
    limits : GateLimits
        What must be kept.
    floor : Floor or None
        Passengers and prevalence.
    paired : bool
        True where both sides are the same passages of the same people.
    seed : int
        Of the bootstrap.
    """

    new: Measured
    champion: Measured | None
    limits: GateLimits
    floor: Floor | None
    paired: bool
    seed: int = 1


def asked_limits(case: GateCase) -> tuple[list[Limit], list[str], dict[str, Any]]:
    """The limits that are asked, what is not asked and why, and what is given as information only."""
    notes: list[str] = []
    shifts: dict[str, Shift] = {}
    asked = [
        *_misses(case, notes),
        *_workload(case, notes),
        *_groups(case, notes),
        *_group_misses(case, notes),
        *drift_limits(case.new, case.champion, case.limits, notes, shifts),
        *acquisition_limits(case.new, case.champion, case.limits.failure_to_acquire),
    ]
    information = {name: {"psi": found.psi, "ks": found.ks, "below": found.value} for name, found in shifts.items()}
    return asked, notes, information


def champions_fpir(champion: Measured) -> float:
    """The FPIR at which misses are compared: the target of the champion's threshold, else what was measured at it."""
    return champion.target if champion.target is not None else champion.point.fpir.value


def _misses(case: GateCase, notes: list[str]) -> Iterator[Limit]:
    """FNIR at the champion's FPIR."""
    from facelab.stats.paired_targets import difference_at_fpir
    from facelab.stats.unpaired import unpaired_at_fpir

    new, old, margin = case.new, case.champion, case.limits.fnir_margin
    if old is None:
        return
    rng, fpir = np.random.default_rng(case.seed), champions_fpir(old)
    try:
        if not 0 < fpir < 1:
            raise NotMeasured(f"the champion's FPIR is {fpir:g}: no threshold can be chosen at it")
        if case.paired:
            second = aligned(old.searches, new.searches)
            pair = difference_at_fpir(old.searches, second, fpir, rank=new.rank, replicates=2 * REPLICATES, rng=rng)

            def ends(tail: float) -> tuple[float, float]:
                found = pair.interval(1 - 2 * tail)
                return found.low, found.high

            yield Limit(FNIR_RULE, pair.value, ends, margin, difference=True, how=pair.interval().method)
            return
        both = unpaired_at_fpir(old.searches, new.searches, fpir, rank=new.rank, replicates=REPLICATES, rng=rng)
        yield Limit(FNIR_RULE, both.value, both.ends, margin, difference=True, how=both.method)
    except (UnattainableTarget, NotMeasured) as error:
        notes.append(f"FNIR at the champion's FPIR: {error}")
        yield Limit(FNIR_RULE, float("nan"), unknown, margin, difference=True)


def _workload(case: GateCase, notes: list[str]) -> Iterator[Limit]:
    """False alerts a day and PPV."""
    from facelab.experiments.floor import site_of
    from facelab.stats.floor import workload_at

    limits, fresh = case.limits, case.new.fresh
    wanted = (("false alerts a day", limits.false_alerts_a_day, False), ("PPV", limits.ppv, True))
    there = [(name, limit, floor) for name, limit, floor in wanted if limit is not None]
    if case.floor is None:
        if there:
            notes.append(f"{' and '.join(name for name, *_ in there)}: not asked, the scenario has no floor")
        return
    site = site_of(case.floor)
    curve, threshold = fresh.curve, fresh.threshold
    measured = bool(curve.mated and curve.non_mated)
    for name, limit, is_floor in there:
        key = "ppv" if is_floor else "false_alerts_a_day"

        def ends(tail: float, key: str = key) -> tuple[float, float]:
            found = getattr(workload_at(curve, threshold, site, journeys=False, confidence=1 - 2 * tail), key)
            return found.low, found.high

        value = getattr(workload_at(curve, threshold, site, journeys=False), key).value if measured else float("nan")
        yield Limit(name, value, ends if measured else unknown, limit, floor=is_floor, how="MOVER, person-level rates")


def _groups(case: GateCase, notes: list[str]) -> Iterator[Limit]:
    """Both error rates of each camera and group."""
    limits, fresh = case.limits, case.new.fresh
    wanted = {"FPIR": limits.worst_group_fpir, "FNIR": limits.worst_group_fnir}
    if not any(limit is not None for limit in wanted.values()) or not len(fresh.searches):
        return
    for by in limits.groups:
        if by not in fresh.groups:
            notes.append(f"groups by {by!r}: not asked, nobody here has that attribute")
            continue
        report = search_group_report(fresh.searches, fresh.groups[by], fresh.threshold, rank=fresh.rank)
        for name, found in (("FPIR", report.false_positive), ("FNIR", report.false_negative)):
            limit = wanted[name]
            if limit is None or found is None:
                continue
            for group, rate in found.rates.items():
                if group != UNKNOWN:
                    yield Limit(name, rate.value, of_rate(rate), limit, place=f"{by} {group}", how="person-level")


def _group_misses(case: GateCase, notes: list[str]) -> Iterator[Limit]:
    """FNIR of each camera and group above the champion's, both at the threshold that is judged.

    The people are taken as independent also where they are the same: too wide then, never too narrow.
    """
    from facelab.stats.unpaired import unpaired_at_thresholds

    new, old, margin = case.new, case.champion, case.limits.group_fnir_margin
    if old is None or margin is None:
        return
    if new.scale != old.scale:
        notes.append("FNIR of groups above the champion's: not asked, packs or pipelines differ")
        return
    at = (new.threshold, new.threshold)
    for by in case.limits.groups:
        before, after = old.groups.get(by), new.groups.get(by)
        if before is None or after is None:
            continue
        for group in sorted(set(before.tolist()) & set(after.tolist()) - {""}):
            one, two = old.searches.take(before == group), new.searches.take(after == group)
            if one.mated.any() and two.mated.any():
                found = unpaired_at_thresholds(one, two, at, rank=new.rank)["fnir"]
                place = f"{by} {group}"
                yield Limit(GROUP_RULE, found.value, found.ends, margin, difference=True, place=place, how=found.method)

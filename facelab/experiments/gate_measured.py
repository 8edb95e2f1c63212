"""What the gate looks at of a run: its searches, labels and threshold, without a store or a file.

A run that was tracked becomes one by `measured_run`; a day of a simulated series is made directly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from facelab.errors import NotMeasured
from facelab.experiments.pseudonyms import REPORTED, VARIABLE, keys_differ
from facelab.stats.openset import OpenSetCurve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.experiments.saved_run import SavedRun
    from facelab.stats.points import OperatingPoint
    from facelab.stats.searches import Searches
    from facelab.types import Bools, Floats, Strings

CAMERA = "camera"


@dataclass(frozen=True, eq=False)
class Measured:
    """One side of a gate's question.

    Parameters
    ----------
    name, scenario : str
        What to call it, and the scenario's name.
    searches : Searches
        Every search, failed ones included.
    threshold : float
        T.
    target : float or None
        The FPIR that T was asked for.
    synthetic : bool
        True where any of the evidence was generated.
    scale : str
        What the scores depend on (pack and pipeline): equal where a threshold may be shared.
    groups : mapping of str to (p,) array of str
        Labels of each search, "camera" among them; empty: unknown.
    quality : (p,) array or None
        Of each search's template.
    data : mapping of str to str
        What it was measured on, by digest: "footage", "watchlist".
    rank : int
        R.
    reported : (p,) bool array or None
        The searches of the people on whom T was not chosen; None: all of them.
    """

    name: str
    scenario: str
    searches: Searches
    threshold: float
    target: float | None
    synthetic: bool
    scale: str
    groups: Mapping[str, Strings] = field(default_factory=dict)
    quality: Floats | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    rank: int = 1
    reported: Bools | None = None

    @cached_property
    def point(self) -> OperatingPoint:
        """Every rate at T, on the people on whom it was not chosen."""
        return self.fresh.curve.at(self.threshold)

    @property
    def curve(self) -> OpenSetCurve:
        """The error curve of every search."""
        return OpenSetCurve(self.searches, self.rank)

    @cached_property
    def fresh(self) -> Measured:
        """The same of the people on whom T was not chosen."""
        mask = self.reported
        if mask is None or mask.all():
            return self
        groups = {name: label[mask] for name, label in self.groups.items()}
        quality = None if self.quality is None else self.quality[mask]
        return replace(self, searches=self.searches.take(mask), groups=groups, quality=quality, reported=None)

    @property
    def cameras(self) -> Strings | None:
        """The camera of each search; None where it is not known."""
        return self.groups.get(CAMERA)

    def at(self, threshold: float) -> Measured:
        """The same at another threshold."""
        return replace(self, threshold=threshold)


def measured_run(run: SavedRun) -> Measured:
    """What the gate looks at of a run that has ended.

    Raises
    ------
    NotMeasured
        No threshold came out of the run, or it has too few people for rates.
    """
    if run.threshold is None or run.scenario.counts_only:
        raise NotMeasured(f"{run.name}: no threshold with rates came out of it, so there is nothing to judge")
    quality = run.comparisons.probe_attributes.get("quality")
    return Measured(
        run.name,
        run.scenario.name,
        run.searches,
        run.threshold,
        run.target,
        run.synthetic,
        run.scale,
        run.groups,
        None if quality is None else np.asarray(quality, dtype=np.float64),
        run.data,
        run.scenario.rank,
        _reported(run),
    )


def _reported(run: SavedRun) -> Bools:
    """The searches of the half of the people that reports, split as the evaluation split them."""
    from facelab.stats.thresholds import split_probes

    if run.target is None:
        return np.ones(len(run.comparisons), dtype=np.bool_)
    if REPORTED in run.comparisons.probe_attributes:
        return np.asarray(run.comparisons.probe_attributes[REPORTED], dtype=np.bool_)
    rng = np.random.default_rng(run.scenario.split_seed)
    _, report = split_probes(run.comparisons, run.scenario.select_share, rng)
    return np.isin(run.comparisons.probe_id, report.probe_id)


class OnData(Protocol):
    """Whatever was measured on data that is known by digest: a `Measured`, or a run that was read back."""

    @property
    def searches(self) -> Searches:
        """Every search."""

    @property
    def data(self) -> Mapping[str, str]:
        """Digests of footage and watchlist."""

    @property
    def rank(self) -> int:
        """R."""


def data_differences(first: OnData, second: OnData) -> list[str]:
    """Why two sides cannot be paired person by person: what of their data differs; empty where nothing does."""
    one, two = first.searches, second.searches
    found = []
    for what in ("footage", "watchlist"):
        a, b = first.data.get(what, ""), second.data.get(what, "")
        if a != b:
            found.append(f"{what} ({a[:8] or 'unknown'} and {b[:8] or 'unknown'})")
    if one.subjects != two.subjects:
        found.append(f"enrolled subjects ({one.subjects:,} and {two.subjects:,})")
    if len(one) != len(two) or set(one.probe_id.tolist()) != set(two.probe_id.tolist()):
        both = len(np.intersect1d(one.probe_id, two.probe_id))
        found.append(f"passages ({len(one):,} and {len(two):,}, {both:,} of them in both)")
        if keys_differ(one.probe_id, two.probe_id):
            found.append(f"the keys of the pseudonyms ({VARIABLE} names one for both machines)")
    elif len(np.unique(one.probe_id)) < len(one):
        found.append("passages that stand twice")
    else:
        found += _people_differ(one, aligned(one, two))
    if first.rank != second.rank:
        found.append(f"rank ({first.rank} and {second.rank})")
    return found


def _people_differ(one: Searches, two: Searches) -> list[str]:
    """Names and enrolment of the same passages."""
    found = []
    renamed = int((one.probe_subject != two.probe_subject).sum())
    if renamed:
        found.append(f"names of the people in {renamed:,} passages")
    elif (one.mated != two.mated).any():
        found.append("who is enrolled")
    return found


def aligned(first: Searches, second: Searches) -> Searches:
    """`second` in the order of `first`'s probes; both have the same probe ids."""
    order: Any = np.argsort(second.probe_id)
    return second.take(order[np.searchsorted(second.probe_id, first.probe_id, sorter=order)])

"""FPIR by an attribute of the enrolled: whose entries in the gallery raise the false alerts?

A non-mated search is a false positive of a group where a subject of that group is at or above T: FPIR(N_g, T) of the
part of the gallery that holds the group's N_g subjects. As a group with more subjects has a higher FPIR of its own, the
groups' FPIRs are not compared with each other but with what random groups of the same sizes would have:

- the **permutation test** shuffles the labels of the enrolled subjects (and, where a probe attribute is crossed with
  it, of the probe people as well). A subject who looks like everybody moves with their label, so one such person does
  not make it too sure. Statistic: X^2 = sum_g ((r_g - m_g) / s_g)^2, r_g the rate and m_g, s_g its mean and standard
  deviation over the permutations, the observed one among them;
- **power**: m_g + (z_(1 - level / 2g) + z_power) s_g would have shown with 80 % probability;
- per enrolled subject: accepted candidates / (non-mated searches x N_g), which does not grow with N_g, for the ratios.

Intervals are over probe people, of this gallery. Sources: NIST IR 8429; ISO/IEC 19795-10:2024; Good, Permutation Tests
(2000).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from facelab.errors import BadInput, NotMeasured
from facelab.stats import equity
from facelab.stats._given import BoolArray, FloatArray, IntArray, TextArray, labels, plain
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.groups import UNKNOWN, GroupRates
from facelab.stats.permutation import GroupTest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.stats.rates import Rate

ONE_LABEL = "the probe's attribute changes within people, only the labels of the enrolled are permuted"


@dataclass(frozen=True, eq=False, repr=False)
class ReferenceRates(GroupRates):
    """FPIR by an attribute of the enrolled; each group is a part of the gallery.

    Parameters
    ----------
    subjects : mapping of group to int
        N_g, the enrolled subjects of each group.
    per_subject : mapping of group to float
        Accepted candidates / (searches x N_g).
    expected, spread : (g,) arrays or None
        Mean and standard deviation of each rate over permuted labels; None where none were permuted.
    """

    subjects: Mapping[str, int] = field(default_factory=dict)
    per_subject: Mapping[str, float] = field(default_factory=dict)
    expected: FloatArray | None = None
    spread: FloatArray | None = None

    def measures(self) -> dict[str, float]:
        """Ratios and Gini of the rates *per enrolled subject*; NaN where a group has no false positive."""
        x = np.array([*self.per_subject.values()])
        return {
            "max_min": equity.max_min_ratio(x),
            "max_geometric_mean": equity.max_geometric_mean_ratio(x),
            "gini": equity.gini(x),
        }

    def different(self, confidence: float = 0.95) -> list[tuple[str, str]]:
        """As of `GroupRates` where all groups have as many subjects; else none, since their FPIRs are of other N."""
        return super().different(confidence) if len(set(self.subjects.values())) == 1 else []

    def detectable(self, *, level: float = 0.05, power: float = 0.8) -> dict[str, float]:
        """The rate of each group that would have shown against random groups of its size; NaN without a test."""
        if self.expected is None or self.spread is None:
            return dict.fromkeys(self.rates, float("nan"))
        z = float(ndtri(1 - level / (2 * len(self.rates))) + ndtri(power))
        return dict(zip(self.rates, np.minimum(self.expected + z * self.spread, 1.0).tolist()))

    def verdict(self, level: float = 0.05) -> str:
        """What the data say, and what they could not have seen."""
        if len(self.rates) < 2:
            return "One group: nothing to compare."
        if self.test is None or self.expected is None:
            return f"Not tested: {self.note or 'no test was asked for'}."
        unseen = self.detectable(level=level)
        group, least = max(unseen.items(), key=lambda item: item[1])
        usual = float(self.expected[list(self.rates).index(group)])
        random = f"{usual:.2g} with random labels"
        power = f"a true {self.name} of up to {least:.2g} in group {group} ({random}) could have gone unseen"
        found = "The groups differ" if self.test.p_value < level else "No difference found"
        return f"{found} (permutation of labels, p = {self.test.p_value:.2g}); {power}."

    def _rows(self, confidence: float) -> list[dict[str, Any]]:
        return [
            row | {"subjects": self.subjects[row["group"]], "per_subject": plain(self.per_subject[row["group"]])}
            for row in super()._rows(confidence)
        ]


def reference_group_rates(
    accepted: tuple[Any, Any],
    probe_person: Any,
    reference_group: Any,
    *,
    probe_group: Any = None,
    permutations: int = 1999,
    rng: np.random.Generator | None = None,
) -> ReferenceRates:
    """FPIR of non-mated searches by an attribute of the enrolled, alone or crossed with one of the probe.

    Parameters
    ----------
    accepted : two (k,) int arrays
        The search (0 to p - 1) and the enrolled subject (0 to N - 1) of every candidate at or above T, each once.
    probe_person : (p,) array of str
        Who was searched for; empty: an unknown person of their own.
    reference_group : (N,) array of str
        The group of each enrolled subject; empty: unknown.
    probe_group : (p,) array of str, optional
        The group of each search: then the groups are "probe's x reference's".
    permutations : int
        Random permutations of the test.
    rng : numpy.random.Generator, optional
        Without it no test is made.

    Raises
    ------
    NotMeasured
        No non-mated search, or nobody enrolled.
    BadInput
        Lengths that do not fit, or a candidate who is no search's or no subject's.
    """
    found = _accepted(accepted, probe_person, reference_group, probe_group)
    trials = np.bincount(found.probe)
    enrolled = np.bincount(found.reference, minlength=len(found.reference_names))
    rates, sizes, each = {}, {}, {}
    for a, g in zip(*np.nonzero(np.outer(trials, enrolled))):
        name = found.name(int(a), int(g))
        searched = found.probe == a
        rates[name] = _rate(found.person[searched], found.alarmed(found.reference == g)[searched])
        sizes[name] = int(enrolled[g])
        each[name] = found.candidates(found.reference == g, searched) / float(trials[a] * enrolled[g])
    pooled = _rate(found.person, found.alarmed(np.ones(len(found.reference), dtype=np.bool_)))
    if rng is None or len(rates) < 2:
        return ReferenceRates("FPIR", rates, pooled, None, "", sizes, each)
    drawn = found.permuted(permutations, rng)[:, np.outer(trials, enrolled) > 0]
    mean, spread = drawn.mean(axis=0), drawn.std(axis=0)
    crossed = len(found.probe_names) > 1
    note = ONE_LABEL if crossed and found.label_of_person is None else ""
    unit = "labels of enrolled subjects" + (" and of probe people" if crossed and not note else "")
    test = _test(drawn, mean, spread, unit)
    return ReferenceRates("FPIR", rates, pooled, test, note, sizes, each, mean, spread)


def _rate(person: IntArray, error: BoolArray) -> Rate:
    """FPIR of some searches."""
    return rate_of(PeopleTrials(np.asarray(np.unique(person, return_inverse=True)[1]), "probe people"), error, "FPIR")


def _test(drawn: FloatArray, mean: FloatArray, spread: FloatArray, unit: str) -> GroupTest:
    """The test from rows (1 + b, g) of rates: the observed one first."""
    scaled = np.divide(drawn - mean, spread, out=np.zeros_like(drawn), where=spread > 0)
    squares = np.square(scaled).sum(axis=1)
    p = float((squares >= squares[0] - 1e-9 * max(squares[0], 1.0)).mean())
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(drawn.min(axis=1) > 0, drawn.max(axis=1) / drawn.min(axis=1), np.inf)[1:]
    middle = float(np.median(ratio))
    return GroupTest(float(squares[0]), p, len(drawn) - 1, unit, middle if np.isfinite(middle) else np.nan)


@dataclass(frozen=True, eq=False)
class _Accepted:
    """Accepted candidates (k,) of p searches of N subjects, with everybody's labels as numbers."""

    search: IntArray
    subject: IntArray
    person: IntArray
    reference: IntArray
    reference_names: TextArray
    probe: IntArray
    probe_names: TextArray

    def name(self, a: int, g: int) -> str:
        """What a group is called."""
        own = str(self.reference_names[g])
        return own if len(self.probe_names) == 1 else f"{self.probe_names[a]} x {own}"

    def alarmed(self, enrolled: BoolArray) -> BoolArray:
        """(p,) true where a candidate among the subjects marked in `enrolled` (N,) was accepted."""
        return np.bincount(self.search[enrolled[self.subject]], minlength=len(self.person)) > 0

    def candidates(self, enrolled: BoolArray, searched: BoolArray) -> int:
        """Accepted candidates among some subjects in some searches."""
        return int((enrolled[self.subject] & searched[self.search]).sum())

    def counts(self, reference: IntArray, probe: IntArray) -> tuple[IntArray, IntArray]:
        """Searches (a, g) of each probe group with a candidate of each reference group, and the searches (a,)."""
        groups, kinds = len(self.reference_names), len(self.probe_names)
        once = np.unique(self.search * np.int64(groups) + reference[self.subject])
        cell = probe[once // groups] * groups + once % groups
        counts = np.bincount(cell, minlength=kinds * groups).reshape(kinds, groups)
        return counts, np.bincount(probe, minlength=kinds)

    @property
    def label_of_person(self) -> IntArray | None:
        """(people,) the probe label of each person; None where somebody has several."""
        label = np.zeros(int(self.person.max()) + 1, dtype=np.int64)
        label[self.person] = self.probe
        return label if (label[self.person] == self.probe).all() else None

    def permuted(self, permutations: int, rng: np.random.Generator) -> FloatArray:
        """Rates (1 + permutations, a, g): as they are, then with labels permuted."""
        if permutations < 1:
            raise BadInput(f"must be at least 1, it is {permutations}", place="permutations")
        own = self.label_of_person
        drawn = []
        for b in range(permutations + 1):
            reference = self.reference if b == 0 else rng.permutation(self.reference)
            probe = self.probe if b == 0 or own is None else rng.permutation(own)[self.person]
            counts, trials = self.counts(reference, probe)
            drawn.append(counts / np.maximum(trials, 1)[:, None])
        return np.array(drawn)


def _accepted(accepted: tuple[Any, Any], probe_person: Any, reference_group: Any, probe_group: Any) -> _Accepted:
    """What was given, checked and numbered."""
    person = person_codes(labels("probe_person", probe_person, len(np.asarray(probe_person))))
    reference = labels("reference_group", reference_group, len(np.asarray(reference_group)))
    if not len(person) or not len(reference):
        raise NotMeasured("no non-mated search, or nobody enrolled: there is no FPIR to compare")
    search, subject = (np.asarray(side, dtype=np.int64) for side in accepted)
    for name, side, length in (("search", search, len(person)), ("subject", subject, len(reference))):
        if side.size and not 0 <= side.min() <= side.max() < length:
            raise BadInput(f"{name} {int(side.max())} is none of the {length}", place="accepted")
    if len(search) != len(subject):
        raise BadInput(f"{len(search)} searches for {len(subject)} subjects", place="accepted")
    probe = labels("probe_group", [""] * len(person) if probe_group is None else probe_group, len(person))
    reference, probe = (np.where(side == "", UNKNOWN, side) for side in (reference, probe))
    names, number = np.unique(reference, return_inverse=True)
    kinds, kind = np.unique(probe, return_inverse=True)
    return _Accepted(search, subject, person, number, names, kind, kinds)

"""Do error rates differ between groups of people? Rates with intervals, a test, simultaneous bounds, and power.

A group is any attribute of probe, reference or both. Whether groups differ is judged in three ways, none of which is a
ratio of estimates (those are biased away from equality and their bootstrap interval never holds 1):

- a **permutation test** of people's labels: under "the label does not matter" every assignment of the labels to the
  people is equally likely. Statistic: X^2 = sum_g (e_g - p n_g)^2 / (p (1-p) n_g), p the pooled rate. All comparisons
  of a person move together, so shared people do not make it too sure. An attribute that changes within people (camera,
  glasses) is permuted among each person's own trials instead;
- **simultaneous intervals**, each at 1 - (1 - confidence) / groups (Bonferroni): all hold together; two groups whose
  intervals are disjoint differ;
- **power**: the smallest rate of a group that this data would have shown against the rest with 80 % probability, by
  arcsine-transformed rates of the effective sizes (Cohen 1988). Below it, "no difference found" says nothing.

Sources: ISO/IEC 19795-10:2024; NIST IR 8429; Good, Permutation Tests (2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from scipy.special import ndtri

from facelab.errors import BadInput, NotMeasured
from facelab.stats import equity
from facelab.stats._given import BoolArray, FloatArray, IntArray, TextArray, labels, outcomes, pair_codes, plain, within
from facelab.stats.dyadic import PairTrials, PeopleTrials, person_codes, rate_of
from facelab.stats.permutation import GroupTest, pair_label_test, person_label_test, within_person_test

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from facelab.stats.intervals import Interval
    from facelab.stats.rates import Rate

Side: TypeAlias = Literal["probe", "reference", "both"]
UNKNOWN = "(unknown)"


@dataclass(frozen=True, eq=False)
class GroupRates:
    """One rate in several groups.

    Parameters
    ----------
    name : str
        Such as "FMR".
    rates : mapping of group to Rate
        Groups with at least one trial, sorted; trials without a label are in the group "(unknown)".
    pooled : Rate
        All trials together.
    test : GroupTest or None
        The permutation test; None where it was not asked for or is not defined (see `note`).
    note : str
        Why there is no test.
    """

    name: str
    rates: Mapping[str, Rate]
    pooled: Rate
    test: GroupTest | None
    note: str = ""

    def __repr__(self) -> str:
        each = "; ".join(f"{group}: {rate!r}" for group, rate in self.rates.items())
        return f"{each}. {self.verdict()}"

    @property
    def values(self) -> FloatArray:
        """(g,) the groups' rates, in order."""
        return np.array([rate.value for rate in self.rates.values()])

    def measures(self) -> dict[str, float]:
        """Ratios and Gini of the estimated rates; NaN where a group has no error."""
        x = self.values
        return {
            "max_min": equity.max_min_ratio(x),
            "max_geometric_mean": equity.max_geometric_mean_ratio(x),
            "gini": equity.gini(x),
        }

    def simultaneous(self, confidence: float = 0.95) -> dict[str, Interval]:
        """An interval a group, all of which hold together with `confidence` (Bonferroni)."""
        level = 1 - (1 - within("confidence", confidence, 0.0, 1.0)) / max(len(self.rates), 1)
        return {group: rate.interval(level) for group, rate in self.rates.items()}

    def different(self, confidence: float = 0.95) -> list[tuple[str, str]]:
        """Pairs of groups (lower rate first) whose simultaneous intervals are disjoint."""
        ends = self.simultaneous(confidence)
        found = []
        for a, b in combinations(ends, 2):
            if ends[a].high < ends[b].low:
                found.append((a, b))
            elif ends[b].high < ends[a].low:
                found.append((b, a))
        return found

    def detectable(self, *, level: float = 0.05, power: float = 0.8) -> dict[str, float]:
        """The smallest rate of each group that would have shown against all others, NaN with one group.

        |2 asin sqrt(x) - 2 asin sqrt(p)| >= (z_(1 - level / 2g) + z_power) sqrt(1/n + 1/n'), with n, n' the effective
        trials of the group and of the others and p the pooled rate.
        """
        z = float(ndtri(1 - level / (2 * len(self.rates))) + ndtri(power)) if self.rates else 0.0
        sizes = {group: rate.effective_trials(level / 2) for group, rate in self.rates.items()}
        total = sum(sizes.values())
        start = 2 * np.arcsin(np.sqrt(self.pooled.value)) if self.pooled.trials else np.nan
        found = {}
        for group, n in sizes.items():
            rest = total - n
            angle = start + z * np.sqrt(1 / n + 1 / rest) if n > 0 and rest > 0 else np.nan
            found[group] = float(np.sin(min(angle, np.pi) / 2) ** 2) if not np.isnan(angle) else float("nan")
        return found

    def verdict(self, level: float = 0.05) -> str:
        """What the data say, and what they could not have seen."""
        if len(self.rates) < 2:
            return "One group: nothing to compare."
        blind = max(self.detectable(level=level).items(), key=lambda item: np.nan_to_num(item[1], nan=-1.0))
        times = f" ({blind[1] / self.pooled.value:.1f} times the pooled rate)" if self.pooled.value > 0 else ""
        power = f"a true {self.name} of up to {blind[1]:.2g}{times} in group {blind[0]} could have gone unseen"
        if self.test is None:
            return f"Not tested: {self.note or 'no test was asked for'}; {power}."
        if self.test.p_value < level:
            return f"The groups differ (permutation of labels, p = {self.test.p_value:.2g}); {power}."
        return f"No difference found (permutation of labels, p = {self.test.p_value:.2g}); {power}."

    def to_frame(self, confidence: float = 0.95) -> pd.DataFrame:
        """A DataFrame, one row a group."""
        import pandas as pd

        return pd.DataFrame(self._rows(confidence))

    def _rows(self, confidence: float) -> list[dict[str, Any]]:
        wide, unseen = self.simultaneous(confidence), self.detectable()
        return [
            {"group": group}
            | rate.to_dict(confidence)
            | {"simultaneous_low": plain(wide[group].low), "simultaneous_high": plain(wide[group].high)}
            | {"detectable": plain(unseen[group])}
            for group, rate in self.rates.items()
        ]

    def to_dict(self, confidence: float = 0.95) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "pooled": self.pooled.to_dict(confidence),
            "groups": self._rows(confidence),
            "measures": plain(self.measures()),
            "different": [list(pair) for pair in self.different(confidence)],
            "test": None if self.test is None else self.test.to_dict(),
            "verdict": self.verdict(),
        }


def _named(value: Any, length: int) -> TextArray:
    """Group labels, the empty one named."""
    text = labels("group", value, length)
    return np.asarray(np.where(text == "", UNKNOWN, text))


def group_rates(
    name: str, error: Any, group: Any, person: Any, *, permutations: int = 1999, rng: np.random.Generator | None = None
) -> GroupRates:
    """A rate with one person a trial (FNMR, FPIR, FNIR) in groups.

    Parameters
    ----------
    name : str
        The rate's name.
    error : (n,) bool array
        Whether each trial is an error.
    group : (n,) array of str
        Its group; empty: unknown.
    person : (n,) array of str
        Whose trial it is; empty: an unknown person of their own.
    permutations : int
        Random permutations of the test.
    rng : numpy.random.Generator, optional
        Without it no test is made.

    Raises
    ------
    NotMeasured
        No trial.
    """
    wrong = outcomes("error", error)
    if not wrong.size:
        raise NotMeasured(f"no trial: there is no {name} to compare")
    label, code = _named(group, len(wrong)), person_codes(labels("person", person, len(wrong)))
    rates = {
        str(g): rate_of(PeopleTrials(_dense(code[label == g]), "people"), wrong[label == g], name)
        for g in np.unique(label)
    }
    pooled = rate_of(PeopleTrials(code, "people"), wrong, name)
    if rng is None or len(rates) < 2:
        return GroupRates(name, rates, pooled, None)
    number = np.unique(label, return_inverse=True)[1]
    fixed = _label_of_each_person(code, number)
    if fixed is None:
        test = within_person_test(wrong, number, code, permutations, rng)
    else:
        errors = np.bincount(code, weights=wrong).astype(np.float64)
        test = person_label_test(errors, np.bincount(code), fixed, permutations, rng)
    return GroupRates(name, rates, pooled, test)


def pair_group_rates(
    error: Any,
    people: tuple[Any, Any],
    groups: tuple[Any, Any],
    *,
    side: Side = "both",
    permutations: int = 1999,
    rng: np.random.Generator | None = None,
) -> GroupRates:
    """FMR of non-mated comparisons in groups of the probe's, the reference's or both people.

    Parameters
    ----------
    error : (n,) bool array
        Whether each comparison is a false match.
    people : two (n,) arrays of str
        Probe and reference person of each.
    groups : two (n,) arrays of str
        The group of each of them; empty: unknown.
    side : {"probe", "reference", "both"}
        Whose group counts; "both": pairs of groups, such as "A x A" and "A x B" (without order).
    permutations, rng
        As in `group_rates`. The test needs every person to have one label.
    """
    wrong = outcomes("error", error)
    if not wrong.size:
        raise NotMeasured("no comparison: there is no FMR to compare")
    if side not in ("probe", "reference", "both"):
        raise BadInput(f"must be 'probe', 'reference' or 'both', not {side!r}", place="side")
    n = len(wrong)
    first, second = pair_codes(("people", "people"), people, n)
    one, two = (_named(part, n) for part in groups)
    label = _pair_label(one, two, side)
    rates = {str(g): _pair_rate(first, second, wrong, label == g) for g in np.unique(label)}
    pooled = _pair_rate(first, second, wrong, np.ones(n, dtype=np.bool_))
    if rng is None or len(rates) < 2:
        return GroupRates("FMR", rates, pooled, None)
    named = _dense(first if side == "probe" else second), label  # the other side's labels say nothing
    if side == "both":
        named = np.concatenate([first, second]), np.concatenate([one, two])
    fixed = _label_of_each_person(named[0], np.unique(named[1], return_inverse=True)[1])
    if fixed is None:
        return GroupRates("FMR", rates, pooled, None, "the attribute changes within people")
    if side == "both":
        return GroupRates("FMR", rates, pooled, pair_label_test(wrong, (first, second), fixed, permutations, rng))
    errors = np.bincount(named[0], weights=wrong).astype(np.float64)
    test = person_label_test(errors, np.bincount(named[0]), fixed, permutations, rng)
    return GroupRates("FMR", rates, pooled, test)


def _pair_label(one: TextArray, two: TextArray, side: Side) -> TextArray:
    """The group of each comparison."""
    if side != "both":
        return one if side == "probe" else two
    low, high = np.where(one <= two, one, two), np.where(one <= two, two, one)
    return np.asarray(np.char.add(np.char.add(low, " x "), high))


def _pair_rate(first: IntArray, second: IntArray, error: BoolArray, rows: BoolArray) -> Rate:
    """FMR of the comparisons marked in `rows`."""
    both = _dense(np.concatenate([first[rows], second[rows]]))
    half = int(rows.sum())
    return rate_of(PairTrials(both[:half], both[half:]), error[rows], "FMR")


def _dense(code: IntArray) -> IntArray:
    """`code` renumbered without gaps."""
    return np.asarray(np.unique(code, return_inverse=True)[1], dtype=np.int64)


def _label_of_each_person(person: IntArray, label: IntArray) -> IntArray | None:
    """(people,) the one label of each person, or None where somebody has several."""
    low = np.full(int(person.max()) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), -1)
    np.minimum.at(low, person, label)
    np.maximum.at(high, person, label)
    return low if (low == high).all() else None

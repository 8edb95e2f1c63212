"""Two systems on the same people: is one better, by how much, and is it at least not worse?

Both systems judge the same trials, so the trials' differences are looked at, and people are the unit: McNemar's exact
test wants one trial a person (three alike trials a person make it reject 13 % at a nominal 5 %); otherwise each
person's summed difference gets a random sign. Under "the systems are exchangeable for every person" all signs are
equally likely; as the sums are whole numbers, the p-value is exact, not sampled, and equals McNemar's where every
person has one trial.

Differences are *second minus first*: below 0 the second system errs less. Sources: McNemar 1947; Good, Permutation
Tests (2000); Newcombe, Statistics in Medicine 17 (1998), method 10, here on person-level intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import bdtr, ndtr

from facelab.errors import BadInput, NotMeasured
from facelab.stats._given import BoolArray, FloatArray, IntArray, labels, outcomes, plain, within
from facelab.stats.bootstrap import subject_weights
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.intervals import Interval

if TYPE_CHECKING:
    from facelab.stats.rates import Rate

FEW_DISCORDANT = 10
"""Fewer people than this on whom the systems differ: the bootstrap is too narrow, Newcombe's interval is used."""

EXACT_UP_TO = 300_000
"""The largest sum of differences whose distribution under random signs is computed whole."""


@dataclass(frozen=True)
class PairedTest:
    """A test of whether two systems err alike.

    Parameters
    ----------
    name : str
        "McNemar, exact" or "sign flips by person, exact".
    only_first, only_second : int
        Trials (McNemar) or people (sign flips) on whom only, or more, the first or the second system errs.
    p_value : float
        Two-sided.
    """

    name: str
    only_first: int
    only_second: int
    p_value: float

    def __repr__(self) -> str:
        counts = f"{self.only_first} worse with the first, {self.only_second} with the second"
        return f"{self.name}: {counts}, p = {self.p_value:.3g}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("name", "only_first", "only_second", "p_value")
        return {name: getattr(self, name) for name in names}


def mcnemar(first_error: Any, second_error: Any, person: Any = None) -> PairedTest:
    """McNemar's exact test: of the discordant trials, is half on each side?

    p = min(1, 2 P(X <= min(b, c))), X binomial with b + c trials and probability 1/2.

    Parameters
    ----------
    first_error, second_error : (n,) bool arrays
        Whether each system errs on each trial.
    person : (n,) array of str, optional
        Whose trial it is: then a person with two trials is refused.

    Examples
    --------
    >>> mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0]).p_value
    0.0625
    """
    one, two = _both(first_error, second_error)
    if person is not None:
        code = person_codes(labels("person", person, len(one)))
        if len(np.unique(code)) < len(code):
            raise BadInput(
                "McNemar's test wants one trial a person, somebody has more: use sign_flip_test", place="person"
            )
    b, c = int((one & ~two).sum()), int((two & ~one).sum())
    p = min(1.0, 2.0 * float(bdtr(min(b, c), b + c, 0.5))) if b + c else 1.0
    return PairedTest("McNemar, exact", b, c, p)


def sign_flip_test(first_error: Any, second_error: Any, person: Any) -> PairedTest:
    """The exact sign-flip test by person.

    p = P(|sum of +-d_i| >= |sum of d_i|), d_i the whole-number difference of person i's errors, all signs alike. The
    distribution is computed by convolution, one distinct |d| at a time.

    Parameters
    ----------
    first_error, second_error : (n,) bool arrays
        Whether each system errs on each trial.
    person : (n,) array of str
        Whose trial it is; empty: an unknown person of their own.
    """
    one, two = _both(first_error, second_error)
    code = person_codes(labels("person", person, len(one)))
    d = np.bincount(code, weights=two.astype(np.float64) - one).astype(np.int64)
    p = chance_of_signs(d, abs(int(d.sum())))
    return PairedTest("sign flips by person, exact", int((d < 0).sum()), int((d > 0).sum()), p)


def chance_of_signs(d: IntArray, observed: int) -> float:
    """P(|sum of +-d_i| >= observed), all signs alike: exact, one distinct whole number |d| at a time.

    Where the |d_i| sum to more than `EXACT_UP_TO` the sum is taken as normal with the variance sum d_i^2.

    Examples
    --------
    >>> import numpy as np
    >>> chance_of_signs(np.array([1, 1, 2]), 4)
    0.25
    """
    sizes, counts = np.unique(np.abs(d[d != 0]), return_counts=True)
    if int(sizes @ counts) > EXACT_UP_TO:
        return float(min(1.0, 2 * ndtr(-observed / np.sqrt(float(np.square(sizes.astype(np.float64)) @ counts)))))
    chance = np.ones(1)  # distribution of the sum, centred
    for size, count in zip(sizes.tolist(), counts.tolist()):
        wider = np.zeros(len(chance) + 2 * count * size)
        for k, share in enumerate(np.diff(bdtr(np.arange(count + 1), count, 0.5), prepend=0.0)):
            wider[2 * size * k :][: len(chance)] += share * chance
        chance = wider
    values = np.abs(np.arange(len(chance)) - len(chance) // 2)
    return float(min(1.0, chance[values >= observed].sum()))


def _both(first_error: Any, second_error: Any) -> tuple[BoolArray, BoolArray]:
    one = outcomes("first_error", first_error)
    if not one.size:
        raise NotMeasured("no trial: there is nothing to compare the systems on")
    return one, outcomes("second_error", second_error, len(one))


@dataclass(frozen=True)
class NonInferiority:
    """Whether the second system's error rate is shown to exceed the first's by less than a margin.

    Parameters
    ----------
    margin : float
        The largest acceptable increase of the rate, above 0.
    upper : float
        One-sided upper bound of the difference.
    confidence : float
        Of that bound.
    """

    margin: float
    upper: float
    confidence: float

    @property
    def shown(self) -> bool:
        """True where the bound lies below the margin."""
        return self.upper < self.margin

    def __repr__(self) -> str:
        word = "is" if self.shown else "is not"
        return f"non-inferiority by a margin of {self.margin:g} {word} shown: upper bound {self.upper:+.2g}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"margin": self.margin, "upper": self.upper, "confidence": self.confidence, "shown": self.shown}


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """The difference of two systems' error rates on the same people: second minus first.

    Parameters
    ----------
    first, second : Rate
        Each system's own.
    thresholds : (float, float) or None
        Each system's; None where errors were given.
    at : str
        How thresholds were set, such as "given" or "FPIR 0.01".
    people, discordant : int
        People, and those on whom the systems differ.
    test : PairedTest or None
        Where thresholds were given; a threshold that was chosen on the same data has none.
    replicates : (B,) array
        The difference in subject-bootstrap replicates.
    correlation : float
        Of the two systems' errors over people.
    """

    first: Rate
    second: Rate
    thresholds: tuple[float, float] | None
    at: str
    people: int
    discordant: int
    test: PairedTest | None
    replicates: FloatArray
    correlation: float

    @property
    def value(self) -> float:
        """Second minus first."""
        return self.second.value - self.first.value

    def _ends(self, tail: float) -> tuple[float, float, str]:
        """The interval that leaves out `tail` on a side, and how it was made."""
        if self.discordant >= FEW_DISCORDANT:
            low, high = np.nanquantile(self.replicates, [tail, 1 - tail])
            return float(low), float(high), "paired subject bootstrap, percentile"
        a, b = (rate.interval(1 - 2 * tail) for rate in (self.first, self.second))
        # square-and-add with the correlation (Newcombe's method 10)
        down = _joined(self.second.value - b.low, a.high - self.first.value, self.correlation)
        up = _joined(b.high - self.second.value, self.first.value - a.low, self.correlation)
        return self.value - down, self.value + up, "Newcombe's method 10 on person-level intervals"

    def interval(self, confidence: float = 0.95) -> Interval:
        """Two-sided interval; the bootstrap's, or Newcombe's where fewer than ten people tell the systems apart."""
        low, high, method = self._ends((1 - within("confidence", confidence, 0.0, 1.0)) / 2)
        note = "" if self.discordant >= FEW_DISCORDANT else f"the systems differ on {self.discordant} people only"
        if note and self.test is None:
            note += "; how well the thresholds are known is not carried"
        return Interval(low, high, confidence, method, self.people, None, note)

    def non_inferiority(self, margin: float, confidence: float = 0.95) -> NonInferiority:
        """Whether the one-sided upper bound of the difference lies below `margin` (above 0)."""
        if not margin > 0:
            raise BadInput(f"must be above 0, it is {margin:g}", place="margin")
        tail = 1 - within("confidence", confidence, 0.5, 1.0)
        return NonInferiority(float(margin), self._ends(tail)[1], confidence)

    def __repr__(self) -> str:
        ends = self.interval()
        test = "" if self.test is None else f"; {self.test!r}"
        return (
            f"{self.second.name} at {self.at}: {self.first.value:.2g} and {self.second.value:.2g}, difference "
            f"{self.value:+.2g} [{ends.low:+.2g}, {ends.high:+.2g}] (95 %, {self.people} people, "
            f"{self.discordant} of them differ){test}"
        )

    def to_dict(self, confidence: float = 0.95, margin: float | None = None) -> dict[str, Any]:
        """For JSON; with `margin` the non-inferiority too."""
        ends = self.interval(confidence)
        head = {"name": self.second.name, "at": self.at, "thresholds": plain(self.thresholds)}
        rates = {"first": self.first.to_dict(confidence), "second": self.second.to_dict(confidence)}
        span = {"difference": plain(self.value), "low": plain(ends.low), "high": plain(ends.high)}
        how = {"confidence": confidence, "method": ends.method, "note": ends.note}
        tests = {
            "test": None if self.test is None else self.test.to_dict(),
            "non_inferiority": None if margin is None else self.non_inferiority(margin).to_dict(),
        }
        return head | rates | span | how | {"people": self.people, "discordant": self.discordant} | tests


def _joined(own: float, other: float, correlation: float) -> float:
    """sqrt(own^2 - 2 r own other + other^2)."""
    return float(np.sqrt(max(own**2 - 2 * correlation * own * other + other**2, 0.0)))


def paired_difference(
    name: str, first_error: Any, second_error: Any, person: Any, *, replicates: int = 2000, rng: np.random.Generator
) -> PairedDifference:
    """The difference of a rate with one person a trial (FNMR, FPIR, FNIR), both systems at a threshold of their own.

    Parameters
    ----------
    name : str
        The rate's.
    first_error, second_error : (n,) bool arrays
        Whether each system errs on each trial.
    person : (n,) array of str
        Whose trial it is; empty: an unknown person of their own.
    replicates : int
        Of the bootstrap.
    rng : numpy.random.Generator
        Of the bootstrap.
    """
    one, two = _both(first_error, second_error)
    code = person_codes(labels("person", person, len(one)))
    test = sign_flip_test(one, two, person)
    size = np.bincount(code)
    d = np.bincount(code, weights=two.astype(np.float64) - one)
    drawn = _replicated(d, size, replicates, rng)
    return described(name, (one, two), code, test, drawn)


def _replicated(d: FloatArray | IntArray, size: IntArray, replicates: int, rng: np.random.Generator) -> FloatArray:
    """(B,) sum of w d / sum of w m in each replicate; one person gives NaN."""
    if len(size) < 2:
        return np.full(replicates, np.nan)
    w = subject_weights(len(size), replicates, rng).astype(np.float64)
    return np.asarray((w @ d) / (w @ size))


def described(
    name: str,
    errors: tuple[BoolArray, BoolArray],
    person: IntArray,
    test: PairedTest | None,
    replicates: FloatArray,
    *,
    thresholds: tuple[float, float] | None = None,
    at: str = "given errors",
) -> PairedDifference:
    """A `PairedDifference` from both systems' errors (n,), people's numbers (n,) and the replicates."""
    one, two = errors
    trials = PeopleTrials(person, "people")
    a, b = (np.bincount(person, weights=e) - e.mean() * trials.sizes for e in errors)
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    correlation = float((a * b).sum() / spread) if spread > 0 else 0.0
    differ = int((np.bincount(person, weights=one != two) > 0).sum())
    first, second = (rate_of(trials, e, name) for e in errors)
    return PairedDifference(first, second, thresholds, at, trials.people, differ, test, replicates, correlation)

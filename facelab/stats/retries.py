"""Several attempts at a gate: what a second and a third try do to both errors, measured on the person's own attempts.

A passenger whom the gate does not know may try again, up to k times; the gate opens at the first attempt that finds
anybody at or above the threshold. Retries send fewer passengers to the manual lane, and let more wrong people through.
How much of each cannot be had from one attempt: attempts of one person are alike (the same face against the same
photograph), so p^k is too kind and 1 - (1-q)^k too harsh. So a transaction is made of the **person's own further
attempts**, in the order in which they were made; after the last comes the first again, and every attempt is once a
transaction's first. With k = 1 the rates are those of single attempts; one person's transactions are no independent
trials, and the intervals' unit is the person.

Outcomes of a transaction: *right* (opened for who came), *wrong* (opened for somebody else: of the enrolled a
misidentification, of the unenrolled a false positive), *manual* (k attempts, never opened; a failed acquisition is an
attempt). FNIR of the transaction = (wrong + manual) / transactions of the enrolled; FPIR = wrong of the unenrolled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.stats._given import BoolArray, FloatArray, IntArray, labels, numbers, outcomes, within
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of
from facelab.stats.planning import trials_to_resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facelab.stats._given import TextArray
    from facelab.stats.rates import Rate

UNIT = "people"


@dataclass(frozen=True, eq=False)
class Attempts:
    """Attempts at a gate at one threshold; the rows of a person stand in the order of their attempts.

    Parameters
    ----------
    person : (n,) array of str
        Who came; never empty.
    mated : (n,) bool array
        Whether they are on the roster; the same in all rows of a person.
    opened : (n,) bool array
        Whether the gate opened.
    wrong : (n,) bool array
        Whether it opened for somebody else; for a person who is not on the roster every opening is wrong.
    seconds : (n,) array
        From first sight to the decision, s.

    Raises
    ------
    BadInput
        Wrong lengths, an empty person, a wrong opening that is none, a person both on and off the roster.
    """

    person: TextArray
    mated: BoolArray
    opened: BoolArray
    wrong: BoolArray
    seconds: FloatArray

    def __post_init__(self) -> None:
        n = len(self.person)
        object.__setattr__(self, "person", labels("person", self.person, n, filled=True))
        for name in ("mated", "opened", "wrong"):
            object.__setattr__(self, name, outcomes(name, getattr(self, name), n))
        seconds = numbers("seconds", self.seconds)
        if seconds.shape != (n,) or (seconds < 0).any():
            raise BadInput(f"must be {n} durations from 0 s", place="seconds")
        object.__setattr__(self, "seconds", seconds)
        if (self.wrong & ~self.opened).any():
            raise BadInput("an attempt is wrong only where the gate opened", place="wrong")
        if (self.opened & ~self.mated & ~self.wrong).any():
            raise BadInput("whoever is not on the roster and gets through gets through as somebody else", place="wrong")
        code = person_codes(self.person)
        both = np.bincount(code, weights=self.mated) % np.maximum(np.bincount(code), 1)
        if both.any():
            who = str(self.person[code == int(np.argmax(both > 0))][0])
            raise BadInput(f"person {who!r} is on the roster in one attempt and not in another", place="mated")

    def __len__(self) -> int:
        return len(self.person)

    def of(self, people: Any) -> Attempts:
        """The attempts of `people` alone."""
        keep = np.isin(self.person, people)
        return Attempts(self.person[keep], self.mated[keep], self.opened[keep], self.wrong[keep], self.seconds[keep])


@dataclass(frozen=True, eq=False)
class Transactions:
    """Transactions of up to `tries` attempts; one row each.

    Parameters
    ----------
    tries : int
        k, the attempts allowed.
    person : (n,) array of str
        Who.
    mated, opened, wrong : (n,) bool arrays
        As in `Attempts`, of the whole transaction.
    used : (n,) int array
        Attempts made.
    seconds : (n,) array
        From first sight to the last decision, the pauses between attempts included, s.
    left_out : int
        People with fewer than k attempts: nothing is known of their last ones.
    """

    tries: int
    person: TextArray
    mated: BoolArray
    opened: BoolArray
    wrong: BoolArray
    used: IntArray
    seconds: FloatArray
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.person)

    @property
    def manual(self) -> Rate:
        """Share of the enrolled passengers' transactions that end at the manual lane."""
        return self._rate(self.mated, ~self.opened, "manual lane")

    @property
    def misidentified(self) -> Rate:
        """Share of the enrolled passengers' transactions in which the gate opens for another enrolled person."""
        return self._rate(self.mated, self.wrong, "misidentification")

    @property
    def fnir(self) -> Rate:
        """Share of the enrolled passengers' transactions in which they do not pass as themselves."""
        return self._rate(self.mated, ~self.opened | self.wrong, "FNIR")

    @property
    def fpir(self) -> Rate:
        """Share of the unenrolled people's transactions in which the gate opens."""
        return self._rate(~self.mated, self.opened, "FPIR")

    @property
    def mean_seconds(self) -> float:
        """Mean seconds of the enrolled passengers' transactions; NaN without one."""
        return float(self.seconds[self.mated].mean()) if self.mated.any() else float("nan")

    def cost_s(self, manual_s: float) -> float:
        """Seconds an enrolled passenger costs: the mean at the gate, and `manual_s` for each at the manual lane."""
        return self.mean_seconds + manual_s * self.manual.value

    def _rate(self, rows: BoolArray, error: BoolArray, name: str) -> Rate:
        return rate_of(PeopleTrials(person_codes(self.person[rows]), UNIT), error[rows], name)

    def __repr__(self) -> str:
        return f"up to {self.tries} attempts: {self.manual!r}; {self.misidentified!r}; {self.fpir!r}"


def transactions(attempts: Attempts, tries: int, pause_s: float = 0.0) -> Transactions:
    """What becomes of transactions of up to `tries` attempts, each made of one person's own attempts.

    Of a person with J attempts there are J transactions: the one that begins with attempt j goes on with j + 1, …, and
    after J with the first again.

    Parameters
    ----------
    attempts : Attempts
        At one threshold.
    tries : int
        k, from 1.
    pause_s : float
        Seconds between a rejection and the next attempt's first sight.

    Raises
    ------
    NotMeasured
        Nobody made so many attempts.

    Examples
    --------
    >>> no, yes = [False] * 3, [True] * 3
    >>> found = Attempts(["a"] * 3, yes, [False, True, True], no, [2.0, 1.0, 1.0])
    >>> transactions(found, 1).manual.errors, transactions(found, 2).manual.errors
    (1, 0)
    """
    if tries < 1 or not pause_s >= 0:
        raise BadInput(f"attempts are 1 or more and the pause is 0 s or more, not {tries} and {pause_s}", place="tries")
    code = person_codes(attempts.person)
    count = np.bincount(code, minlength=0)
    order = np.argsort(code, kind="stable")
    begin = np.cumsum(count) - count
    place = np.empty(len(attempts), dtype=np.int64)
    place[order] = np.arange(len(attempts)) - np.repeat(begin, count)
    first = np.flatnonzero(count[code] >= tries)
    if not first.size:
        raise NotMeasured(f"nobody made {tries} attempts, so nothing can be said of so many")
    row = first
    opened, wrong = attempts.opened[row], attempts.wrong[row]
    used, seconds = np.ones(len(row), dtype=np.int64), attempts.seconds[row].copy()
    for step in range(1, tries):
        who = code[first]
        row = order[begin[who] + (place[first] + step) % count[who]]
        again = ~opened
        used += again
        seconds += np.where(again, pause_s + attempts.seconds[row], 0.0)
        wrong = wrong | (again & attempts.wrong[row])
        opened = opened | (again & attempts.opened[row])
    return Transactions(
        tries,
        attempts.person[first],
        attempts.mated[first],
        opened,
        wrong,
        used,
        seconds,
        int((count < tries).sum()),
    )


@dataclass(frozen=True)
class Alike:
    """How much alike attempts of one person are: what the next attempt does after a failed one.

    Parameters
    ----------
    fails : Rate
        Attempts of the enrolled that do not open.
    fails_again : Rate
        The same among the attempts that follow a failed one of the same person.
    """

    fails: Rate
    fails_again: Rate

    @property
    def factor(self) -> float:
        """How many times as likely a failure is after a failure: 1 if attempts were independent; NaN without one."""
        return self.fails_again.value / self.fails.value if self.fails.errors else float("nan")


def attempts_alike(attempts: Attempts) -> Alike:
    """How often enrolled people fail, and how often they fail again after they failed.

    Raises
    ------
    NotMeasured
        Nobody who is enrolled made two attempts.
    """
    once, twice = transactions(attempts, 1), transactions(attempts, 2)
    own, pairs = once.mated, twice.mated
    if not pairs.any():
        raise NotMeasured("nobody who is enrolled made two attempts")
    again = pairs & (twice.used == 2)
    fails = rate_of(PeopleTrials(person_codes(once.person[own]), UNIT), ~once.opened[own], "fails")
    second = rate_of(PeopleTrials(person_codes(twice.person[again]), UNIT), ~twice.opened[again], "fails again")
    return Alike(fails, second)


@dataclass(frozen=True, eq=False)
class RetryPolicy:
    """How the gate decides: by which rule, at which threshold, and how many attempts it grants; and what it leads to.

    Parameters
    ----------
    rule : str
        In words.
    threshold : float
        T.
    found : Transactions
        What it leads to.
    """

    rule: str
    threshold: float
    found: Transactions

    @property
    def wrong(self) -> float:
        """The larger of both wrong-person rates: the enrolled taken for another, and the unenrolled let through."""
        rates = [rate.value for rate in (self.found.misidentified, self.found.fpir) if rate.trials]
        return max(rates, default=float("nan"))

    def __repr__(self) -> str:
        return f"{self.rule}, threshold {self.threshold:.4f}, {self.found!r}"


def best_policy(policies: Iterable[RetryPolicy], wrong_at_most: float, manual_s: float) -> RetryPolicy:
    """The policy that costs fewest seconds whose share of wrong people let through is at most `wrong_at_most`.

    The wrong are bounded first, for the enrolled (taken for another) and the unenrolled alike; then the seconds at the
    gate and `manual_s` seconds for everybody sent to the manual lane are added up. Of equal costs the one with fewer
    attempts and the higher threshold.

    Parameters
    ----------
    policies : iterable of RetryPolicy
        All measured on the same people.
    wrong_at_most : float
        A share of transactions, in (0, 1).
    manual_s : float
        What one passenger at the manual lane costs, s.

    Raises
    ------
    UnattainableTarget
        There are too few transactions to see so small a share.
    NotMeasured
        No policy keeps the bound.
    """
    given = list(policies)
    bound = within("wrong_at_most", wrong_at_most, 0.0, 1.0)
    if not given:
        raise NotMeasured("there is no policy to choose from")
    if not given[0].found.manual.trials:
        raise NotMeasured("nobody who is enrolled made an attempt, so no policy has a cost")
    for rate in (given[0].found.misidentified, given[0].found.fpir):
        if rate.trials and rate.trials < trials_to_resolve(bound):
            raise UnattainableTarget(rate.name, bound, have=rate.trials, needed=trials_to_resolve(bound))
    kept = [policy for policy in given if policy.wrong <= bound]
    if not kept:
        least = min(policy.wrong for policy in given)
        raise NotMeasured(f"every policy lets at least {least:.2g} of the wrong people through, more than {bound:g}")
    return min(kept, key=lambda p: (p.found.cost_s(manual_s), p.found.tries, -p.threshold))

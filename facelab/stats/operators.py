"""How many operators an alarm queue takes: Erlang's C formula, the waiting before somebody looks.

Alarms come at random, lambda an hour (Poisson); one of c operators looks at each, in the order of coming, for tau
minutes in the middle (exponential); nobody hangs up. With a = lambda tau / 60 (erlangs, alarms under review at a time):

    B(0) = 1,  B(c) = a B(c-1) / (c + a B(c-1)),  C(c, a) = c B(c) / (c - a (1 - B(c)))        a < c
    P(wait > t) = C exp(-(c - a) t / tau),        mean wait = C tau / (c - a)

Reviews that all take about as long give shorter waits than exponential ones, so the number is on the safe side there;
alarms that come in bursts (a flight's passengers all at once) give longer ones, so lambda is that of the busiest hour.
Sources: Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
exchanges", Post Office Electrical Engineers' Journal 10 (1917); Cooper, Introduction to Queueing Theory, 2nd ed.
(1981), section 3.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from facelab.errors import BadInput
from facelab.stats._given import within

MOST = 100_000
"""More operators than this are no answer: the threshold is wrong."""


def waiting_probability(operators: int, load: float) -> float:
    """Erlang's C: the share of alarms that find every operator busy; 1 where the load is theirs or more.

    Parameters
    ----------
    operators : int
        c, 1 or more.
    load : float
        a, erlangs: alarms an hour times hours a review, 0 or more.

    Examples
    --------
    >>> waiting_probability(1, 0.5), round(waiting_probability(2, 1.0), 4)
    (0.5, 0.3333)
    """
    if operators < 1:
        raise BadInput(f"there is 1 operator or more, not {operators}", place="operators")
    a = _from_zero("load", load)
    if a >= operators:
        return 1.0
    blocked = 1.0
    for c in range(1, operators + 1):
        blocked = a * blocked / (c + a * blocked)
    return operators * blocked / (operators - a * (1 - blocked))


@dataclass(frozen=True)
class AlarmQueue:
    """An alarm queue with so many operators.

    Parameters
    ----------
    alarms_an_hour, minutes_a_review : float
        lambda and tau.
    operators : int
        c.
    """

    alarms_an_hour: float
    minutes_a_review: float
    operators: int

    def __post_init__(self) -> None:
        _from_zero("alarms_an_hour", self.alarms_an_hour)
        _from_zero("minutes_a_review", self.minutes_a_review)
        if self.operators < 1:
            raise BadInput(f"there is 1 operator or more, not {self.operators}", place="operators")

    @property
    def load(self) -> float:
        """a, erlangs: operators that are busy at a time, in the middle."""
        return self.alarms_an_hour * self.minutes_a_review / 60

    @property
    def busy(self) -> float:
        """The share of their time that operators look at alarms, a / c; 1 where they cannot keep up."""
        return min(self.load / self.operators, 1.0)

    def waits_longer(self, seconds: float) -> float:
        """P(wait > t): the share of alarms that nobody has begun to look at after so many seconds."""
        t = _from_zero("seconds", seconds)
        if self.load >= self.operators:
            return 1.0
        if self.load == 0:
            return 0.0
        left = self.operators - self.load
        return waiting_probability(self.operators, self.load) * math.exp(-left * t / (60 * self.minutes_a_review))

    @property
    def mean_wait_s(self) -> float:
        """Seconds that an alarm waits in the middle before somebody looks; infinite where they cannot keep up."""
        if self.load >= self.operators:
            return math.inf
        waiting = waiting_probability(self.operators, self.load)
        return waiting * 60 * self.minutes_a_review / (self.operators - self.load)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("alarms_an_hour", "minutes_a_review", "operators", "load", "busy")
        wait = self.mean_wait_s
        return {name: getattr(self, name) for name in names} | {"mean_wait_s": wait if math.isfinite(wait) else None}


def operators_needed(alarms_an_hour: float, minutes_a_review: float, *, within_s: float, share: float) -> AlarmQueue:
    """The fewest operators with whom at least `share` of the alarms are looked at within `within_s` seconds.

    Parameters
    ----------
    alarms_an_hour : float
        lambda, of the busiest hour; 0 takes 1 operator, who is there.
    minutes_a_review : float
        tau, minutes that one alarm occupies an operator.
    within_s : float
        Seconds from the alarm to somebody's eye.
    share : float
        In (0, 1).

    Raises
    ------
    BadInput
        A figure that is none, or a load that would take more than 100,000 operators.

    Examples
    --------
    >>> found = operators_needed(60, 2, within_s=30, share=0.9)
    >>> found.operators, round(found.busy, 2)
    (5, 0.4)
    """
    goal, t = 1 - within("share", share, 0.0, 1.0), _from_zero("within_s", within_s)
    load = AlarmQueue(alarms_an_hour, minutes_a_review, 1).load
    if load > MOST:
        raise BadInput(f"a load of {load:,.0f} erlangs is no work for a monitoring room", place="alarms_an_hour")
    operators = max(math.floor(load), 1)
    while AlarmQueue(alarms_an_hour, minutes_a_review, operators).waits_longer(t) > goal:
        operators += 1
    return AlarmQueue(alarms_an_hour, minutes_a_review, operators)


def _from_zero(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise BadInput(f"must be 0 or more, it is {value}", place=name)
    return float(value)

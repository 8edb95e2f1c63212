"""Queues at gates: a discrete-event simulation, and the closed forms that it is checked against.

One queue, `servers` gates, first come first served: passenger i begins at max(arrival_i, the earliest moment at which a
gate is free) and leaves service_i seconds later. Nothing is assumed of arrivals or services: they are given as times.

Symbols: lambda arrivals a second, S the service in seconds, c gates, rho = lambda E[S] / c. Oracles:

- M/M/c (Erlang C): P(wait) = B / (1 - rho (1 - B)), B the Erlang B formula; W_q = P(wait) E[S] / (c (1 - rho));
- one gate, any service (Pollaczek and Khinchine): W_q = lambda E[S^2] / (2 (1 - rho)); M/D/1 is S constant;
- Little's law: people who wait, on average, = arrivals a second times the mean wait, exactly on any finite run that
  begins and ends empty.

Sources: Erlang 1917; Little, Operations Research 9 (1961); Kleinrock, Queueing Systems I (1975).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput
from facelab.stats._given import FloatArray, numbers, plain, within
from facelab.stats.workload import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class QueueRun:
    """Passengers who went through the gates, in the order of their arrival.

    Parameters
    ----------
    arrival_s, start_s, end_s : (n,) arrays
        When each came, reached a gate, and left it, s.
    servers : int
        Gates.
    """

    arrival_s: FloatArray
    start_s: FloatArray
    end_s: FloatArray
    servers: int

    def __len__(self) -> int:
        return len(self.arrival_s)

    @property
    def wait_s(self) -> FloatArray:
        """(n,) seconds in the queue before a gate is free."""
        return self.start_s - self.arrival_s

    @property
    def mean_wait_s(self) -> float:
        """Mean seconds in the queue; NaN without a passenger."""
        return float(self.wait_s.mean()) if len(self) else float("nan")

    def wait_quantile_s(self, share: float) -> float:
        """Seconds that `share` of the passengers wait at most (the order statistic, no interpolation)."""
        rank = int(np.ceil(within("share", share, 0.0, 1.0) * len(self))) - 1
        return float(np.sort(self.wait_s)[rank]) if len(self) else float("nan")

    @property
    def length(self) -> tuple[FloatArray, FloatArray]:
        """(m,) moments, s, and (m,) how many wait from each on: it changes at arrivals and at starts."""
        moment = np.concatenate([self.arrival_s, self.start_s])
        step = np.concatenate([np.ones(len(self)), -np.ones(len(self))])
        order = np.lexsort((-step, moment))  # who finds a gate free at once comes and goes in one moment
        return moment[order], np.cumsum(step[order])

    @property
    def longest(self) -> int:
        """The most people who waited at one time (those who found a gate free are not counted)."""
        moment, waiting = self.length
        lasting = np.diff(moment, append=np.inf) > 0
        return int(waiting[lasting].max(initial=0))

    def mean_length(self, span_s: float | None = None) -> float:
        """People who wait, averaged over `span_s` seconds (first arrival to last departure): the waits' sum by it."""
        span = self.span_s if span_s is None else span_s
        return float(self.wait_s.sum() / span) if span > 0 else float("nan")

    @property
    def span_s(self) -> float:
        """Seconds from the first arrival to the last departure."""
        return float(self.end_s.max() - self.arrival_s.min()) if len(self) else 0.0

    @property
    def an_hour(self) -> float:
        """Passengers an hour over the span."""
        return HOUR * len(self) / self.span_s if self.span_s > 0 else float("nan")

    @property
    def busy(self) -> float:
        """Share of the gates' time in which they serve."""
        spent = float((self.end_s - self.start_s).sum())
        return spent / (self.servers * self.span_s) if self.span_s > 0 else float("nan")

    def __repr__(self) -> str:
        return (
            f"{len(self):,} passengers at {self.servers} gates: mean wait {self.mean_wait_s:.3g} s, "
            f"longest queue {self.longest}, {self.an_hour:,.0f} an hour"
        )


def queue_run(arrival_s: Any, service_s: Any, servers: int) -> QueueRun:
    """The run of passengers through `servers` gates, first come first served.

    Parameters
    ----------
    arrival_s : (n,) array
        Rising, s.
    service_s : (n,) array
        How long each holds a gate, s; from 0.
    servers : int
        Gates, at least 1.

    Raises
    ------
    BadInput
        Arrivals that fall, negative services, different lengths, no gate.

    Examples
    --------
    >>> queue_run([0, 1, 2], [4, 4, 4], servers=1).wait_s.tolist()
    [0.0, 3.0, 6.0]
    """
    arrival, service = numbers("arrival_s", arrival_s), numbers("service_s", service_s)
    if servers < 1:
        raise BadInput(f"there is 1 gate or more, not {servers}", place="servers")
    if arrival.shape != service.shape:
        raise BadInput(f"has {len(service)} entries, there are {len(arrival)} arrivals", place="service_s")
    if (np.diff(arrival) < 0).any():
        raise BadInput("must not fall: passengers are served in the order of their coming", place="arrival_s")
    if (service < 0).any():
        raise BadInput("a service takes 0 s or more", place="service_s")
    start = np.empty(len(arrival))
    free = [-np.inf] * servers
    for i, (came, takes) in enumerate(zip(arrival.tolist(), service.tolist())):
        begins = max(came, free[0])
        start[i] = begins
        heapq.heapreplace(free, begins + takes)
    return QueueRun(arrival, start, start + service, servers)


def arrivals(profile: Sequence[tuple[float, float]], rng: np.random.Generator) -> FloatArray:
    """(n,) rising moments at which passengers come: Poisson, at a rate that is constant piece by piece.

    Parameters
    ----------
    profile : sequence of (seconds, passengers an hour)
        One piece after the other.
    rng : numpy.random.Generator
        The same seed gives the same moments.

    Examples
    --------
    >>> came = arrivals([(600, 0), (600, 3600)], np.random.default_rng(1))
    >>> bool(came.min() >= 600), 500 < len(came) < 700
    (True, True)
    """
    found, begin = [], 0.0
    for seconds, an_hour in profile:
        if not (0 <= seconds < np.inf and 0 <= an_hour < np.inf):
            raise BadInput(f"a piece has seconds and passengers from 0, this is {(seconds, an_hour)}", place="profile")
        count = int(rng.poisson(seconds * an_hour / HOUR))
        found.append(np.sort(begin + seconds * rng.random(count)))
        begin += seconds
    return np.concatenate(found) if found else np.zeros(0)


def wait_probability(load: float, servers: int) -> float:
    """P(wait) of M/M/c (Erlang C), `load` = lambda E[S] in Erlangs; 1 where the load is at or above the gates.

    Examples
    --------
    >>> round(wait_probability(0.5, 1), 3), round(wait_probability(2.0, 3), 4)
    (0.5, 0.4444)
    """
    if servers < 1 or load < 0:
        raise BadInput(f"gates from 1 and a load from 0, not {servers} and {load}", place="load")
    if load >= servers:
        return 1.0
    blocked = 1.0  # Erlang B by its recursion
    for c in range(1, servers + 1):
        blocked = load * blocked / (c + load * blocked)
    rho = load / servers
    return float(blocked / (1 - rho * (1 - blocked)))


def mean_wait_exponential_s(an_hour: float, service_s: float, servers: int) -> float:
    """W_q of M/M/c in seconds: Poisson arrivals, exponential services of mean `service_s`; infinite at full load."""
    load = an_hour / HOUR * service_s
    if load >= servers:
        return float("inf")
    return wait_probability(load, servers) * service_s / (servers - load)


def mean_wait_one_gate_s(an_hour: float, service_s: Any) -> float:
    """W_q of M/G/1 in seconds for services as given (n,): lambda E[S^2] / (2 (1 - rho)); infinite at full load.

    Examples
    --------
    >>> round(mean_wait_one_gate_s(720, [4.0]), 4)  # M/D/1, rho = 0.8
    8.0
    """
    service = numbers("service_s", service_s)
    rate = an_hour / HOUR
    rho = rate * float(service.mean())
    return float(rate * np.square(service).mean() / (2 * (1 - rho))) if rho < 1 else float("inf")


def most_an_hour(service_s: Any, servers: int) -> float:
    """Passengers an hour that the gates can take at most, 3600 c / E[S]: at this rate the queue never ends."""
    return float(HOUR * servers / numbers("service_s", service_s).mean())


@dataclass(frozen=True)
class QueueForecast:
    """What the gates of a site would do, from measured services: simulated.

    Each figure has an interval of the simulated runs; in each run people are drawn anew (with all of their own
    transactions), so that it carries both how passengers come and who was measured.

    Parameters
    ----------
    servers, runs, people : int
        Gates, simulated runs, and people behind the services.
    passengers : float
        A run, on average.
    mean_wait_s, wait_95_s, mean_length, longest, most_an_hour : Estimate
        Mean wait and the wait that 95 % of the passengers do not exceed, people who wait on average and at most,
        and what the gates can take.
    busy : float
        Share of the gates' time in which they serve.
    """

    servers: int
    runs: int
    people: int
    passengers: float
    mean_wait_s: Estimate
    wait_95_s: Estimate
    mean_length: Estimate
    longest: Estimate
    most_an_hour: Estimate
    busy: float

    def __repr__(self) -> str:
        return (
            f"{self.servers} gates, {self.passengers:,.0f} passengers a run, simulated {self.runs} times: "
            f"mean wait {self.mean_wait_s!r} s, longest queue {self.longest!r}"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {str(name): plain(value) for name, value in vars(self).items() if not isinstance(value, Estimate)} | {
            str(name): value.to_dict() for name, value in vars(self).items() if isinstance(value, Estimate)
        }


def queue_forecast(
    profile: Sequence[tuple[float, float]],
    service_s: Any,
    person: Any,
    servers: int,
    *,
    runs: int = 200,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> QueueForecast:
    """Queues at `servers` gates whose passengers come by `profile` and take as long as those who were measured.

    Parameters
    ----------
    profile : sequence of (seconds, passengers an hour)
        As `arrivals` takes it.
    service_s : (n,) array
        Seconds that each measured transaction holds a gate.
    person : (n,) array
        Whose transaction each is.
    servers : int
        Gates.
    runs : int
        Simulated runs, at least 2.
    rng : numpy.random.Generator
        Source of all draws.
    confidence : float
        Of the intervals (percentiles of the runs).

    Raises
    ------
    BadInput
        No transaction, fewer than two runs, or wrong lengths.
    """
    service = numbers("service_s", service_s)
    code = np.unique(np.asarray(person), return_inverse=True)[1]
    if not len(service) or code.shape != service.shape or runs < 2:
        raise BadInput("transactions with a person each and two runs or more are needed", place="queue_forecast")
    order = np.argsort(code, kind="stable")
    own = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    rows = np.array([_one_run(profile, service, own, servers, rng) for _ in range(runs)])
    tail = (1 - within("confidence", confidence, 0.0, 1.0)) / 2
    low, high = np.quantile(rows, [tail, 1 - tail], axis=0)
    said = [Estimate(float(m), float(a), float(b)) for m, a, b in zip(rows.mean(axis=0), low, high)]
    passengers, mean, most, waiting, longest, capacity, busy = said
    return QueueForecast(servers, runs, len(own), passengers.value, mean, most, waiting, longest, capacity, busy.value)


def _one_run(
    profile: Sequence[tuple[float, float]],
    service: FloatArray,
    own: list[Any],
    servers: int,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """Passengers, mean wait, its 95 % quantile, mean and longest queue, most an hour, busy share of one run."""
    drawn = rng.integers(0, len(own), len(own))
    pool = np.concatenate([service[own[k]] for k in drawn])
    came = arrivals(profile, rng)
    if not len(came):
        return 0.0, 0.0, 0.0, 0.0, 0.0, most_an_hour(pool, servers) if pool.mean() > 0 else np.inf, 0.0
    run = queue_run(came, rng.choice(pool, len(came)), servers)
    waits = run.mean_wait_s, run.wait_quantile_s(0.95), run.mean_length(), float(run.longest)
    return float(len(came)), *waits, most_an_hour(pool, servers), run.busy

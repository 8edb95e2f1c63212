"""How likely a gate sees a change on a day: the power of the end that condemns, and from it the days until it does.

**A rate** with true value p and n independent trials, held to at most L: the check condemns where the exact lower bound
of x errors lies above L, so its power is sum over those x of the binomial probability. People with several alike trials
make n the effective number, trials / design effect.

**A quantity with a standard error** s and true value v, held to at most L: power = Phi((v - L - z s) / d), z the normal
quantile of the end that condemns and d the standard deviation from day to day. d is s, or less where a part of s is the
same every day, as the champion's own error is.

Days are independent, so the mean delay follows from the daily powers (`facelab.stats.control.expected_delay`). A gate
of several checks condemns where any does: its delay is at most that of its most powerful check.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc, ndtr, ndtri

from facelab.errors import BadInput
from facelab.stats._given import within
from facelab.stats.intervals import clopper_pearson


def rate_power(rate: float, limit: float, trials: float, tail: float) -> float:
    """The probability that a rate is shown to lie above its limit.

    Parameters
    ----------
    rate : float
        p, the true rate, in [0, 1].
    limit : float
        L.
    trials : float
        n, independent trials a day; rounded down.
    tail : float
        What the lower end leaves out: a/k, of a gate of k checks.

    Examples
    --------
    >>> rate_power(0.0, 0.2, 50, 0.05)
    0.0
    """
    p = within("rate", rate, 0.0, 1.0, ends=True)
    n = int(trials)
    if n < 1:
        raise BadInput(f"a day has a trial or more, not {trials:g}", place="trials")
    low, _ = clopper_pearson(np.arange(n + 1), n, 1 - 2 * within("tail", tail, 0.0, 0.5))
    harmless = int((low <= limit).sum())  # the bound rises with the errors: so many or more condemn
    return float(bdtrc(harmless - 1, n, p))


def normal_power(
    value: float, limit: float, standard_error: float, tail: float, *, varies: float | None = None
) -> float:
    """The probability that a quantity with a normal estimate is shown to lie above its limit.

    Parameters
    ----------
    value, limit : float
        v and L.
    standard_error : float
        s, above 0: what the interval is made of.
    tail : float
        What the lower end leaves out.
    varies : float, optional
        d, above 0; s unless given.

    Examples
    --------
    >>> round(normal_power(0.2, 0.2, 0.1, 0.05), 6)
    0.05
    """
    spread = standard_error if varies is None else varies
    for name, number in (("standard_error", standard_error), ("varies", spread)):
        if not number > 0:
            raise BadInput(f"must be above 0, it is {number:g}", place=name)
    z = -float(ndtri(within("tail", tail, 0.0, 0.5)))
    return float(ndtr((value - limit - z * standard_error) / spread))

"""Rates that are given as numbers have no interval, and neither has anything that is computed from them."""

from __future__ import annotations

import math

from facelab.stats.workload import Site, workload


def test_a_rate_given_as_a_number_gives_no_interval_anywhere() -> None:
    found = workload(Site(10_000, 1e-5), 0.001, 0.1)
    for name in ("false_alerts_a_day", "true_alerts_a_day", "alerts_a_day", "review_hours_a_day", "ppv"):
        figure = getattr(found, name)
        assert math.isfinite(figure.value)
        assert math.isnan(figure.low), name
        assert math.isnan(figure.high), name

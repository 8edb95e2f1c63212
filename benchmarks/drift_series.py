"""Sixty days with a camera that goes out of focus and a watchlist that grows: how soon does the gate see either?

The days are drawn from the passages of an evaluated synthetic terminal (`facelab demo` makes them; cached), and only
the altered camera is looked at anew. For each check: the days until it condemns, over repeated series, against the mean
delay that its power says; and how often anything condemns on a quiet day.

Run: OMP_NUM_THREADS=1 .venv/bin/python benchmarks/drift_series.py [--series 40] [--sigma 2.5] [--figures folder]
[--mlflow], the last to log the first series and its days.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from facelab.config import Floor, GateLimits
from facelab.experiments import open_study
from facelab.experiments.gate_limits import FNIR_RULE, GROUP_RULE
from facelab.experiments.series import Day, Series, SeriesPlan
from facelab.experiments.series_pool import Pool, altered_comparisons
from facelab.experiments.series_runs import day_charts, day_rates, log_series
from facelab.pipeline import tables
from facelab.stats.control import delay_quantile, expected_delay
from facelab.stats.drift import shift
from facelab.stats.gate_power import normal_power, rate_power
from facelab.stats.intervals import clopper_pearson
from facelab.stats.openset import OpenSetCurve
from facelab.stats.unpaired import Side, unpaired_at_fpir

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.experiments.gate_measured import Measured
    from facelab.types import Comparisons

CAMERA = "gate"
LIMITS = GateLimits(
    fnir_margin=0.10, false_alerts_a_day=1200.0, group_fnir_margin=0.10, failure_to_acquire=0.3,
    score_shift=0.15, quality_shift=0.15,
)  # fmt: skip
FLOOR = Floor(passengers_a_day=10_000, prevalence=1e-5, cameras=3, assumptions=("as the demo's",))
DRAWS = 60
LONG = 100
GROWN = SeriesPlan().grown_on


@dataclass(frozen=True)
class Watched:
    """A check, the day from which it should fire, and its power on each day from then on."""

    name: str
    rule: str
    place: str
    since: int
    power: list[float]


def pool_of(workspace: str, sigma: float) -> Pool:
    """The demo's passages, and the altered camera's, kept beside them."""
    study = open_study("demo", workspace=workspace)
    kept = study.workspace.folder / f"series_{CAMERA}_{sigma:g}.parquet"
    normal: Comparisons = study.comparisons
    if not kept.is_file():
        tables.write_comparisons(kept, altered_comparisons(study, CAMERA, sigma))
    return Pool(normal, tables.read_comparisons(kept), CAMERA)


def truth(series: Series, day: int, *, altered: bool, threshold: float) -> Measured:
    """Everybody of the pool on such a day, each once: what the days are drawn from."""
    rows = np.flatnonzero(series.pool.rows(altered=altered))
    return series._measured(series.searches(day), rows, None, "truth").at(threshold)


def checks_asked(days: list[Day]) -> int:
    """How many checks a day's gate asks together."""
    return max(len(day.verdict.checks) for day in days)


def camera_power(series: Series, champion: Measured, tail: float) -> list[float]:
    """Of the margin on the altered camera's FNIR, one trial a person, both sides at one threshold: exact.

    The champion's rate and interval are known; the day's errors are binomial.
    """
    plan = series.plan
    seen = truth(series, plan.altered_from, altered=True, threshold=champion.threshold)
    own, true = (
        OpenSetCurve(side.searches.take(side.cameras == CAMERA)).at(champion.threshold).fnir
        for side in (champion, seen)
    )
    high = own.interval(1 - 2 * tail, "clopper-pearson").high
    x = np.arange(plan.mates + 1)
    low = clopper_pearson(x, plan.mates, 1 - 2 * tail)[0]
    rate = x / plan.mates
    condemned = rate - own.value - np.hypot(rate - low, high - own.value) > (series.limits.group_fnir_margin or 1)
    power = float(binom.pmf(x[condemned], plan.mates, true.value).sum())
    return [power] * (plan.days - plan.altered_from)


def alerts_power(series: Series, champion: Measured, tail: float) -> tuple[int, list[float]]:
    """Of the limit on false alerts a day: the first day whose true rate lies above it, and the power from then on.

    The limit as an FPIR is held by an effective number of trials: passages of a person are alike.
    """
    plan, site = series.plan, FLOOR
    limit = (series.limits.false_alerts_a_day or 0) / (site.passengers_a_day * site.cameras * (1 - site.prevalence))
    since, found = plan.altered_from, []
    for day in range(plan.altered_from):  # then the blur hides strangers too
        seen = truth(series, day, altered=False, threshold=champion.threshold)
        fpir = OpenSetCurve(seen.searches).at(champion.threshold).fpir
        if fpir.value > limit:
            since = min(since, day)
        if day >= since:
            trials = 3 * plan.strangers / (fpir.design_effect or 1.0)
            found.append(rate_power(fpir.value, limit, trials, tail))
    return since, found


def misses_power(series: Series, champion: Measured, tail: float) -> list[float]:
    """Of the margin on FNIR at one FPIR, normal: the champion's error is the same every day, a day's is not."""
    plan, rng, found = series.plan, np.random.default_rng(5), []
    own = float(np.std(Side.of(champion.searches, 1).replicates(plan.target, 400, rng)))
    for day in (plan.altered_from, plan.days - 1):
        seen = truth(series, day, altered=True, threshold=champion.threshold)
        value = unpaired_at_fpir(champion.searches, seen.searches, plan.target, replicates=2, rng=rng).value
        drawn = []
        for _ in range(DRAWS):
            one = series._measured(series.searches(day), *series._drawn(rng, altered=True), "drawn")
            drawn.append(unpaired_at_fpir(champion.searches, one.searches, plan.target, replicates=2, rng=rng).value)
        spread = float(np.std(drawn))
        margin, error = series.limits.fnir_margin, float(np.hypot(spread, own))
        found.append(normal_power(value, margin, error, tail, varies=spread))
    return np.linspace(found[0], found[1], plan.days - plan.altered_from).tolist()


def shift_power(series: Series, champion: Measured, tail: float, pick: Callable[[Measured], tuple]) -> list[float]:
    """Of a drift limit: normal, with the variance of one drawn day."""
    plan = series.plan
    seen = truth(series, plan.altered_from, altered=True, threshold=champion.threshold)
    before, whole = pick(champion), pick(seen)
    value = shift("x", before[0], whole[0]).value
    rng = np.random.default_rng(6)
    rows, draw = series._drawn(rng, altered=True)
    one = pick(series._measured(series.searches(plan.altered_from), rows, draw, "x"))
    error = np.sqrt(shift("x", before[0], one[0], before[1], one[1]).variance)
    return [normal_power(value, 0.5 + 0.15, max(float(error), 1e-3), tail)] * (plan.days - plan.altered_from)


def camera_quality(side: Measured) -> tuple:
    at = side.cameras == CAMERA
    quality = np.where(side.searches.failed, np.nan, side.quality)[at]
    return quality, side.searches.probe_subject[at]


def mated_scores(side: Measured) -> tuple:
    rows = side.searches.mated
    return side.searches.mate_score[rows], side.searches.probe_subject[rows]


def watched(series: Series, champion: Measured, tail: float) -> list[Watched]:
    since, alerts = alerts_power(series, champion, tail)
    start = series.plan.altered_from
    return [
        Watched("camera out of focus: FNIR of the camera above the champion's", GROUP_RULE, f"camera {CAMERA}", start,
                camera_power(series, champion, tail)),
        Watched("camera out of focus: FNIR above the champion's", FNIR_RULE, "", start,
                misses_power(series, champion, tail)),
        Watched("camera out of focus: quality of the camera", "quality lower", CAMERA, start,
                shift_power(series, champion, tail, camera_quality)),
        Watched("camera out of focus: mated scores", "mated scores", "", start,
                shift_power(series, champion, tail, mated_scores)),
        Watched("watchlist grown: false alerts a day", "false alerts a day", "", since, alerts),
    ]  # fmt: skip


def delay(days: list[Day], check: Watched) -> int | None:
    """Days until the check fires, 1: on the first day; None: never in the series."""
    fired = [day.day for day in days if day.day >= check.since and day.fired(check.rule, check.place)]
    return fired[0] - check.since + 1 if fired else None


def tell(all_days: list[list[Day]], checks: list[Watched]) -> None:
    print("| what changes, and the check that sees it | from day | power on its first day | expected delay, days |"
          " measured mean (range) | 95 % expected within | measured within that | never |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for check in checks:
        if not check.power:
            print(f"| {check.name} | never above its limit | | | | | | |")
            continue
        found = [delay(days, check) for days in all_days]
        seen = [d for d in found if d is not None]
        within = delay_quantile(check.power)
        share = "–" if within is None else f"{np.mean([d is not None and d <= within for d in found]):.0%}"
        mean = f"{np.mean(seen):.1f} ({min(seen)} to {max(seen)})" if seen else "–"
        mean_days = expected_delay(check.power)
        expected = f"{mean_days:.1f}" if mean_days < LONG else f"over {LONG}"
        print(f"| {check.name} | {check.since} | {check.power[0]:.2f} | {expected} | {mean} |"
              f" {within or 'never'} | {share} | {found.count(None)} of {len(found)} |")  # fmt: skip


def tell_gate(all_days: list[list[Day]], quiet_days: list[list[Day]], altered_from: int) -> None:
    worse = [
        [day.day for day in days if day.day >= altered_from and day.verdict.verdict == "worse"] for days in all_days
    ]
    first = [days[0] - altered_from + 1 for days in worse if days]
    never = len(all_days) - len(first)
    print(f"\nFrom the day of the blur on, the gate as a whole says worse after {np.mean(first):.1f} days on average, "
          f"at most {max(first)}; never in {never} of {len(all_days)} series.")  # fmt: skip
    quiet = [day for days in quiet_days for day in days]
    wrong = sum(day.verdict.verdict == "worse" for day in quiet)
    passed, promise = np.mean([day.verdict.passed for day in quiet]), 1 - LIMITS.confidence
    print(f"Quiet series, nothing changes: {len(quiet):,} days, {wrong} called worse ({wrong / len(quiet):.2%}, "
          f"promised: at most {promise:.0%} of days); {passed:.0%} passed, the rest cannot tell.")  # fmt: skip
    withheld: dict[str, int] = {}
    for day in quiet:
        for check in day.verdict.checks:
            if check.verdict == "cannot tell":
                withheld[check.name] = withheld.get(check.name, 0) + 1
    said = ", ".join(f"{name} ({count / len(quiet):.0%})" for name, count in sorted(withheld.items()))
    print(f"Withheld by: {said}.")


def draw(days: list[Day], folder: Path, plan: SeriesPlan) -> None:
    from facelab import plots
    from facelab.plots.trend import trend

    charts = day_charts([day_rates(day.measured, CAMERA) for day in days], quiet=20, growing=5)
    for name in ("fpir", f"fnir_{CAMERA}"):
        events = {plan.altered_from: "camera out of focus"} | ({GROWN: "watchlist: 560"} if name == "fpir" else {})
        ax = trend(charts[name], verdicts=[day.verdict.verdict for day in days], events=events)
        plots.save(ax, folder, name.partition("_")[0] + "_trend")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--sigma", type=float, default=2.5)
    parser.add_argument("--workspace", default="")
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--mlflow", action="store_true", help="log the first series and its days to MLflow")
    options = parser.parse_args()
    started = time.process_time()
    series = Series(pool_of(options.workspace, options.sigma), SeriesPlan(), LIMITS, FLOOR)
    champion = series.champion()
    point = champion.point
    print(f"champion: T = {champion.threshold:.4f}, {point.fpir!r}, {point.fnir!r}; pool made in "
          f"{time.process_time() - started:.0f} s of processor time\n")  # fmt: skip
    all_days = [series.run(np.random.default_rng(seed), champion) for seed in range(options.series)]
    tail = (1 - LIMITS.confidence) / checks_asked(all_days[0])
    checks = watched(series, champion, tail)
    tell(all_days, checks)
    plan = replace(series.plan, altered_from=series.plan.days, list_last=series.plan.list_first)
    calm = replace(series, plan=plan)
    quiet = [calm.run(np.random.default_rng(1000 + seed), champion) for seed in range(max(options.series // 2, 1))]
    tell_gate(all_days, quiet, series.plan.altered_from)
    if options.figures:
        draw(all_days[0], options.figures, series.plan)
    if options.mlflow:
        begun = time.monotonic()
        run = log_series(
            series, all_days[0], champion, open_study("demo", workspace=options.workspace).workspace.folder
        )
        print(f"\nMLflow run {run}: the first series and its days, logged in {time.monotonic() - begun:.1f} s")
    print(f"\n{options.series} series of {series.plan.days} days, {checks_asked(all_days[0])} checks a day; "
          f"{time.process_time() - started:.0f} s of processor time in all")  # fmt: skip


if __name__ == "__main__":
    main()

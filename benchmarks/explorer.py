"""How soon the threshold explorer answers on a million searches.

    ./run python benchmarks/explorer.py [--searches 1000000] [--thresholds 200] [--references 8]

Made-up scores: a tenth of the searches is of 3,000 enrolled people, the rest of 300,000 strangers, at ten cameras. What
is timed is everything that a moved slider makes the kernel do (`ThresholdPanel._moved`): rates with person-level
intervals, alerts a day, the rates of ten groups, the searches that flip, and the tables as HTML. Wall-clock and
processor time, median and 95th percentile over thresholds drawn at random; beside them the same rates counted over all
searches again (`OpenSetCurve.at`), and what opening the panel costs once. The goal is 100 ms.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.experiments.study import Study

GOAL_MS = 100.0


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` returns, its wall-clock time and its processor time, s."""
    wall, cpu = time.perf_counter(), time.process_time()
    value = work()
    return value, time.perf_counter() - wall, time.process_time() - cpu


def made_up_study(searches: int, references: int, folder: Path) -> Study:
    """A study whose reporting half is so many searches."""
    import numpy as np

    from facelab.config import Floor
    from facelab.experiments import open_study
    from facelab.experiments.study import Halves
    from facelab.stats.openset import OpenSetCurve, open_set_curve
    from facelab.types import Comparisons

    rng = np.random.default_rng(0)
    mated = rng.random(searches) < 0.1
    who = np.where(mated, rng.integers(0, 3_000, searches), 3_000 + rng.integers(0, 300_000, searches))
    enrolled = np.array([f"w{i:04d}" for i in range(3_000)])
    subject = np.where(mated, enrolled[np.minimum(who, 2_999)], np.char.add("u", who.astype(np.str_)))
    owner = enrolled[:references]
    score = rng.normal(0.2, 0.06, (searches, references)).astype(np.float32)
    own = subject[:, None] == owner[None, :]
    score[own] = rng.normal(0.55, 0.12, int(own.sum()))
    camera = np.char.add("camera ", rng.integers(0, 10, searches).astype(np.str_))
    names = np.char.add("p", np.arange(searches).astype(np.str_))
    study = open_study("demo", workspace=folder)
    floor = Floor(passengers_a_day=40_000, prevalence=1e-4, assumptions=("made up",))
    study.scenario = study.scenario.model_copy(update={"floor": floor, "targets_fpir": (0.01,)})
    comparisons = Comparisons(
        score, names, subject, np.char.add(owner, "/1"), owner, enrolled, {"camera": camera}, {}, "a" * 64, True
    )
    found = open_set_curve(comparisons).searches  # of the few references; the other enrolled people's are drawn here
    mate = np.where(found.mated, rng.normal(0.55, 0.12, searches), np.nan)
    curve = OpenSetCurve(replace(found, mate_score=mate, rank=found.mated.astype(np.int64)))
    study.__dict__.update(comparisons=comparisons, halves=Halves(curve, curve))
    return study


def main() -> None:
    import numpy as np

    from facelab.experiments.explorer import Explorer
    from facelab.experiments.explorer_panel import ThresholdPanel

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--searches", type=int, default=1_000_000)
    parser.add_argument("--thresholds", type=int, default=200)
    parser.add_argument("--references", type=int, default=8)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        study = made_up_study(given.searches, given.references, Path(folder))
        panel, wall, cpu = timed(lambda: ThresholdPanel(Explorer(study), "never"))
        print(
            f"{given.searches:,} searches on {os.cpu_count()} cores; opening the panel: {wall:.1f} s ({cpu:.1f} s cpu)"
        )
        _, wall, cpu = timed(lambda: setattr(panel.attribute, "value", "camera"))
        print(f"the first look at ten groups: {wall:.1f} s ({cpu:.1f} s cpu)")
        rng = np.random.default_rng(1)
        drawn = rng.uniform(*panel.explorer.range, given.thresholds)
        taken = np.array([timed(lambda t=t: setattr(panel.threshold, "value", float(t)))[1:] for t in drawn]) * 1e3
        for name, column in zip(("wall", "cpu"), taken.T, strict=True):
            median, late = np.median(column), np.quantile(column, 0.95)
            print(f"a moved slider, {name}: median {median:.1f} ms, 95 % below {late:.1f} ms, goal {GOAL_MS:.0f} ms")
        again = [timed(lambda t=t: study.halves.report.at(float(t)))[2] * 1e3 for t in drawn[:10]]
        print(f"the rates alone, counted over all searches again: median {np.median(again):.0f} ms cpu")


if __name__ == "__main__":
    main()

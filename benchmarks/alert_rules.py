"""Confirmation rules at the same FPIR, with the faces that a live system could have embedded and with hindsight.

The notebook replays ``m of n frames`` on the faces of the templates, which were picked when a track had ended. Here the
footage is read once more, the best face of every `--every` seconds of a track is embedded when they are over, and the
same table is made of them: the difference is what hindsight flatters.

    python benchmarks/alert_rules.py demo --every 0.8 --workspace results/demo
"""

from __future__ import annotations

import argparse
import time

from facelab.experiments import open_study
from facelab.experiments.alert_study import AlertStudy, NoAlerts, alert_study
from facelab.pipeline.track_faces import live_faces


def table(study: AlertStudy) -> str:
    """The rules of a study as Markdown."""
    rows = [outcome.row() for outcome in study.outcomes]
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(row[name]) for name in head) + " |" for row in rows])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", default="demo")
    parser.add_argument("--workspace", default="")
    parser.add_argument("--every", type=float, default=0.4)
    asked = parser.parse_args()
    study = open_study(asked.scenario, workspace=asked.workspace)
    hindsight = alert_study(study)
    if isinstance(hindsight, NoAlerts):
        raise SystemExit(hindsight.reason)
    print("Faces of the templates (hindsight):", table(hindsight), sep="\n\n", flush=True)
    start = time.process_time()
    faces = live_faces(study.footage, study.passages, study.pack, asked.every, study.scenario.pipeline.quality)
    took = time.process_time() - start
    live = AlertStudy(study, hindsight.thresholds, hindsight.target, faces)
    print(f"\nBest face of every {asked.every:g} s, embedded live ({len(faces):,} faces, {took:.0f} s of a core):")
    print("", table(live), sep="\n")


if __name__ == "__main__":
    main()

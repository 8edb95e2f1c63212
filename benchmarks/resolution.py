"""Which faces a pack can be trusted with: the study of small and bad faces at full size, on real and generated people.

Real: the members of Congress who have two portraits, about ten years apart (research data, read from where it lies; no
picture leaves it). Generated: every passenger, their enrolment photograph or first picture against the `middle` one.

    python benchmarks/resolution.py congress --detect
    python benchmarks/resolution.py synthetic --pack edgeface --fmr 1e-3 --margin 0.05

Prints a Markdown table, a row a condition, and the sentences of the report; ``--json FILE`` keeps all of it.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.research import congress_portraits
from facelab.experiments.degradation_study import FacePair, degraded_scores
from facelab.pipeline.degradations import MANY
from facelab.pipeline.packs import load_pack
from facelab.stats.degradation import DegradationReport, degradation_report


def congress_pairs() -> list[FacePair]:
    """Everybody with a portrait of both years: the later one is made worse."""
    own = defaultdict(list)
    for portrait in congress_portraits().photographs:
        own[portrait.subject_id].append(portrait.path)
    return [FacePair(who, paths[0], paths[-1]) for who, paths in sorted(own.items()) if len(paths) > 1]


def synthetic_pairs() -> list[FacePair]:
    """Every generated passenger: two of their pictures, or their enrolment photograph and one."""
    people = SyntheticPeople(default_people_folder())
    enrolled = people.watchlist(0)
    pairs = []
    for who in (*people.wanted, *people.unknown):
        pictures = sorted(people.pictures(who), key=lambda p: (p.kind != "middle", p.kind != "smile_light"))
        photographs = enrolled.get(who) or ((pictures[1].path,) if len(pictures) > 1 else ())
        if photographs:
            pairs.append(FacePair(who, photographs[0], pictures[0].path))
    return pairs


def markdown(report: DegradationReport) -> str:
    """The table."""
    head = (
        "| condition | missed | 95 % interval | FMR | score 5 / 50 / 95 % | quality | trusted |\n| --- "
        + "| --- " * 6
        + "|\n"
    )
    rows = []
    for r in report.results:
        ends = r.missed.interval()
        trusted = r is report.full or r.level in report.trusted(r.kind)
        rows.append(
            f"| {r.kind} {r.level:g} | {r.missed.errors}/{r.missed.trials} = {100 * r.missed.value:.2g} % "
            f"| {100 * ends.low:.2g} to {100 * ends.high:.2g} % | {100 * r.fmr.value:.2g} % "
            f"| {' / '.join(f'{q:.2f}' for q in r.score)} | {r.quality[1]:.2f} | {'yes' if trusted else 'no'} |"
        )
    return head + "\n".join(rows)


def main() -> None:
    """Run one study and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", choices=("congress", "synthetic"))
    parser.add_argument("--pack", default="scrfd-mbf")
    parser.add_argument("--fmr", type=float, default=1e-3)
    parser.add_argument("--margin", type=float, default=0.05)
    parser.add_argument("--limit", type=int, help="at most so many people")
    parser.add_argument("--detect", action="store_true", help="the face has to be found again")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    pairs = (congress_pairs() if asked.people == "congress" else synthetic_pairs())[: asked.limit]
    scores = degraded_scores(pairs, load_pack(asked.pack), MANY, detect=asked.detect)
    report = degradation_report(scores, fmr=asked.fmr, margin=asked.margin)
    print(markdown(report), *report.sentences(), sep="\n\n")
    if asked.json:
        asked.json.write_text(json.dumps(report.to_dict(), indent=1))


if __name__ == "__main__":
    main()

"""Which faces a pack can be trusted with: the study of small and bad faces at full size, on real and generated people.

Real: the members of Congress who have two portraits, about ten years apart (research data, read from where it lies; no
picture leaves it). Generated: every passenger, their enrolment photograph or first picture against the `middle` one.

    python benchmarks/resolution.py congress --detect
    python benchmarks/resolution.py chokepoint
    python benchmarks/resolution.py synthetic --pack edgeface --fmr 1e-3 --margin 0.05

The third is of faces that are small by themselves: every labelled face of the ChokePoint sequence before the last
second of its passage, alone, against the template of that second (the eight best faces, pooled), by the width at which
it was found. The threshold is where the widest faces keep the FMR against the Congress portraits, who are others.

Prints a Markdown table, a row a condition, and the sentences of the report; ``--json FILE`` keeps all of it.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from labelled_faces import chosen, labelled_faces

from facelab.data.people import SyntheticPeople, default_people_folder
from facelab.data.research import chokepoint, congress_portraits
from facelab.experiments.degradation_study import FacePair, degraded_scores
from facelab.gallery import enrol_photographs
from facelab.pipeline.degradations import MANY
from facelab.pipeline.packs import load_pack
from facelab.pipeline.templates import pooled
from facelab.stats.degradation import DegradationReport, degradation_report
from facelab.stats.dyadic import PeopleTrials, person_codes, rate_of

if TYPE_CHECKING:
    from facelab.pipeline.packs import Pack

REFERENCE_S = 1.0
WIDTHS = (16, 20, 24, 28, 32, 40, 48, 64)
WIDE_PX = 48


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


def naturally_small(pack: Pack, fmr: float) -> str:
    """The table of ChokePoint's faces by their own width."""
    faces = labelled_faces(chokepoint(), pack)
    others = enrol_photographs(congress_portraits(), pack).templates
    portraits = others.embedding[~others.failed]
    score, alone = np.full(len(faces.width), np.nan), faces.embedding @ portraits.T
    for passage in np.unique(faces.passage):
        rows = np.flatnonzero(faces.passage == passage)
        late = faces.time_s[rows] > faces.time_s[rows[-1]] - REFERENCE_S
        best = chosen(faces, rows[late], 8)
        reference, _ = pooled(faces.embedding[best], faces.combined[best], "quality_weighted")
        score[rows[~late]] = faces.embedding[rows[~late]] @ reference
    early = np.isfinite(score)
    wide = alone[early & (faces.width >= WIDE_PX)].ravel()
    # the smallest threshold that at most fmr of these reach
    threshold = float(np.nextafter(np.sort(wide)[::-1][int(fmr * wide.size)], np.float32(np.inf)))
    lines = [
        f"T = {threshold:.4f}: FMR {fmr:g} of faces of {WIDE_PX} px and wider against {len(portraits):,} portraits.",
        "",
        "| width, px | faces | people | missed | 95 % interval | FMR | score 5 / 50 / 95 % | quality |",
        "| --- " * 8 + "|",
    ]
    for low, high in zip(WIDTHS, (*WIDTHS[1:], np.inf)):
        rows = np.flatnonzero(early & (faces.width >= low) & (faces.width < high))
        if not len(rows):
            continue
        missed = rate_of(PeopleTrials(person_codes(faces.subject[rows])), score[rows] < threshold, "missed")
        ends, quantiles = missed.interval(), np.quantile(score[rows], [0.05, 0.5, 0.95])
        name = f"{low} to {high:g}" if np.isfinite(high) else f"{low} and more"
        lines.append(
            f"| {name} | {len(rows):,} | {missed.people} | {missed.errors} = {100 * missed.value:.2g} % "
            f"| {100 * ends.low:.2g} to {100 * ends.high:.2g} % | {100 * np.mean(alone[rows] >= threshold):.2g} % "
            f"| {' / '.join(f'{q:.2f}' for q in quantiles)} | {np.median(faces.combined[rows]):.2f} |"
        )
    return "\n".join(lines)


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
    parser.add_argument("people", choices=("congress", "synthetic", "chokepoint"))
    parser.add_argument("--pack", default="scrfd-mbf")
    parser.add_argument("--fmr", type=float, default=1e-3)
    parser.add_argument("--margin", type=float, default=0.05)
    parser.add_argument("--limit", type=int, help="at most so many people")
    parser.add_argument("--detect", action="store_true", help="the face has to be found again")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.people == "chokepoint":
        print(naturally_small(load_pack(asked.pack), asked.fmr))
        return
    pairs = (congress_pairs() if asked.people == "congress" else synthetic_pairs())[: asked.limit]
    scores = degraded_scores(pairs, load_pack(asked.pack), MANY, detect=asked.detect)
    report = degradation_report(scores, fmr=asked.fmr, margin=asked.margin)
    print(markdown(report), *report.sentences(), sep="\n\n")
    if asked.json:
        asked.json.write_text(json.dumps(report.to_dict(), indent=1))


if __name__ == "__main__":
    main()

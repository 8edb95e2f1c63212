"""Which tracker, and what mending its tracks is worth: errors in the words of a site, and HOTA, IDF1, MOTA.

    python benchmarks/tracking.py [--unknown 60 --wanted 30 --seeds 20261101 7]

On the ChokePoint sequence (where the research data is there) and on synthetic terminals, one for each seed; the models
run once for each picture. The rules of mending were settled on ChokePoint, the crowd and the terminal of the first
seed; every other seed is another choreography that they had not seen. The table is markdown (docs/tracking.md).
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remembering import Remembering

from facelab.config import Mending, PipelineSettings, TerminalFootage, Tracking
from facelab.data.research import chokepoint, research_folder
from facelab.data.terminal import render_terminal
from facelab.pipeline.assembly import Recogniser, assembled
from facelab.pipeline.clip import clip_passages
from facelab.pipeline.packs import load_pack
from facelab.pipeline.track_errors import TrackErrors, track_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.footage import Footage

AS_TRACKED = Mending(split_score=None, rejoin_s=0)
MENDINGS = {
    "none": AS_TRACKED,
    "split": Mending(rejoin_s=0),
    "re-join": Mending(split_score=None),
    "both": Mending(),
}
TRACKERS = (
    Tracking(method="sort"),
    Tracking(method="sort", reach=0.25),
    Tracking(method="bytetrack"),
    Tracking(method="bytetrack", lost_s=0.5),
    Tracking(method="bytetrack", reach=0.25),
    Tracking(method="ocsort"),
    Tracking(method="ocsort", reach=0.5),
)
HEAD = "| tracker | mending | tracks a passage | broken | mixed | unseen | of nobody | HOTA | IDF1 | MOTA | embedded |"


@dataclass(frozen=True)
class Row:
    """One line of a table: the settings, their errors, and how many faces were embedded."""

    tracking: Tracking
    mending: str
    errors: TrackErrors
    embedded: int

    def __str__(self) -> str:
        e, chosen = self.errors, self.tracking.model_dump(exclude_defaults=True, exclude={"method"})
        said = ", ".join([self.tracking.method, *(f"{name} {value:g}" for name, value in chosen.items())])
        return (
            f"| {said} | {self.mending} | {e.fragments_a_passage:.3f} | {e.broken} | {e.mixed} | {e.unseen} "
            f"| {e.unmatched} | {e.hota:.3f} | {e.idf1:.3f} | {e.mota:.3f} | {self.embedded:,} |"
        )


def rows(footage: Footage, pack: Remembering) -> Iterator[Row]:
    """The line of every tracker and mending."""
    for tracking in TRACKERS:
        settings = PipelineSettings(tracking=tracking)
        pack.embedded = 0
        found = [clip_passages(clip.source, pack, settings) for clip in footage.clips]
        for name, mending in MENDINGS.items():
            told = settings.model_copy(update={"mending": mending})
            passages = assembled(footage, found, Recogniser(pack.fingerprint, pack.dimension), told)
            yield Row(tracking, name, track_errors(passages.tracks, footage.truth), pack.embedded)


def main() -> None:
    """Print a table for each footage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unknown", type=int, default=60)
    parser.add_argument("--wanted", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20261101, 7])
    asked = parser.parse_args()
    pack = load_pack("scrfd-mbf")
    with tempfile.TemporaryDirectory() as folder:
        footages = [chokepoint()] if research_folder() else []
        for seed in asked.seeds:
            terminal = TerminalFootage(unknown=asked.unknown, wanted=asked.wanted, seed=seed)
            footages.append(render_terminal(terminal, Path(folder) / str(seed)))
        for footage, name in zip(
            footages[::-1], [f"terminal, seed {seed}" for seed in asked.seeds[::-1]] + ["chokepoint"]
        ):
            people = len(footage.truth.passages)
            print(f"\n{name}: {people} passages\n\n{HEAD}\n{'| --- ' * (HEAD.count('|') - 1)}|", flush=True)
            for row in rows(footage, Remembering(pack)):
                print(row, flush=True)


if __name__ == "__main__":
    main()

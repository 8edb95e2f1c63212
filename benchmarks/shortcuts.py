"""What each shortcut of the pipeline costs in errors, beside what it gains in time.

    python benchmarks/shortcuts.py [--footage terminal|chokepoint] [--folder FOLDER] [--only VARIANT ...]

The same footage is tracked under every settings of `VARIANTS`, nothing cached, on one thread; the first of them looks
at every frame on InsightFace's canvas and embeds every face. `terminal` is the demo's synthetic terminal (300 people,
560 enrolled subjects; rendered into FOLDER unless it is there): FNIR at the same FPIR with person-level intervals, and
its difference to the first settings on the same people (paired subject bootstrap, both thresholds chosen anew).
`chokepoint` is real (24 people, research data): fragments, mixed and unseen passages, and counts at the threshold that
its scenario states.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.config import PipelineSettings, Runtime
from facelab.data.truth import Truth
from facelab.experiments.scenario import load_scenario
from facelab.experiments.sources import enrolled_watchlist, open_scenario_footage
from facelab.matching import match
from facelab.pipeline.packs import load_pack
from facelab.pipeline.run import track_footage
from facelab.pipeline.tables import write_templates
from facelab.stats.openset import open_set_curve
from facelab.stats.paired_targets import difference_at_fpir

if TYPE_CHECKING:
    from facelab.config import Scenario
    from facelab.data.footage import Footage
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.stats.openset import OpenSetCurve
    from facelab.stats.points import OperatingPoint
    from facelab.types import Comparisons

SQUARE = {"canvas": "pack"}
VARIANTS = {
    "every face, square canvas": {"detection": SQUARE, "pooling": {"faces": 100_000}},
    "best faces, square canvas": {"detection": SQUARE},
    "default": {},
    "480 px": {"detection": {"input_size": 480}},
    "960 px": {"detection": {"input_size": 960}},
    "15 looks a second": {"detection": {"per_second": 15}},
    "10 looks a second": {"detection": {"per_second": 10}},
    "6 looks a second": {"detection": {"per_second": 6.25}},
    "6 looks a second, reach": {"detection": {"per_second": 6.25}, "tracking": {"reach": 0.3}},
    "still frames repeated": {"detection": {"still": 6}},
    "fast": {"profile": "fast"},
    "fast, 480 px": {"profile": "fast", "detection": {"input_size": 480}},
}
TARGETS = (0.1, 0.05)


def tracked(footage: Footage, pack: Pack, settings: PipelineSettings) -> tuple[Passages, float]:
    """The passages, and the processor time that they took, s; the cache is an empty one."""
    before = os.environ.get("FACELAB_CACHE")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["FACELAB_CACHE"] = cache
        try:
            started = time.process_time()
            passages = track_footage(footage, pack, settings, runtime=Runtime(workers=1), progress=False)
            return passages, time.process_time() - started
        finally:
            del os.environ["FACELAB_CACHE"]
            if before is not None:
                os.environ["FACELAB_CACHE"] = before


def of_camera(footage: Footage, camera: str | None) -> Footage:
    """What `camera` sees of `footage`; all of it unless one is named."""
    if camera is None or footage.truth is None:
        return footage
    seen = footage.truth.camera == camera
    truth = Truth(**{one.name: getattr(footage.truth, one.name)[seen] for one in fields(Truth)})
    return replace(footage, clips=tuple(clip for clip in footage.clips if clip.camera == camera), truth=truth)


def shown(name: str, passages: Passages, seconds: float, base: float) -> None:
    counts = passages.counts
    print(
        f"{name:27} {base / seconds:5.2f} x   {counts.passages:5} passages  {counts.missed:4} unseen  "
        f"{counts.broken:4} broken  {counts.mixed:4} mixed  {passages.templates.n_faces.sum():7} faces embedded",
        flush=True,
    )


def rates(point: OperatingPoint) -> str:
    between = point.fnir.interval(0.95)
    return f"FPIR {point.fpir.value:.2%}: FNIR {point.fnir.value:.2%} ({between.low:.2%} to {between.high:.2%})"


def compared(curve: OpenSetCurve) -> str:
    return "   ".join(rates(curve.threshold_at_fpir(target)) for target in TARGETS)


def by_passage(comparisons: Comparisons) -> Comparisons:
    """The comparisons in the order of their passages: what two settings have in common."""
    return comparisons.take(np.argsort(comparisons.probe_id, kind="stable"))


def differences(first: OpenSetCurve, second: OpenSetCurve) -> str:
    """FNIR minus that of the first settings, at the same FPIR and on the same people."""
    said = []
    for target in TARGETS:
        found = difference_at_fpir(first.searches, second.searches, target, rng=np.random.default_rng(1))
        between = found.interval(0.95)
        said.append(f"FPIR {target:.0%}: FNIR {found.value:+.2%} ({between.low:+.2%} to {between.high:+.2%})")
    return "against the first  " + "   ".join(said)


def counted(scenario: Scenario, curve: OpenSetCurve) -> str:
    point = curve.at(scenario.site_threshold or 0.0)
    return (
        f"at {point.threshold:.3f}: {point.fnir.errors} of {point.fnir.trials} enrolled missed, "
        f"{point.fpir.errors} of {point.fpir.trials} strangers raise an alert"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--footage", choices=("terminal", "chokepoint"), default="chokepoint")
    parser.add_argument("--folder", type=Path, help="where the terminal's footage is, or is rendered to")
    parser.add_argument("--camera", help="of the terminal, only this one")
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--keep", type=Path, help="folder for the templates of each variant, as parquet")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    scenario = load_scenario("demo" if given.footage == "terminal" else "chokepoint")
    pack = load_pack(scenario.pack)
    with tempfile.TemporaryDirectory() as place:
        footage = of_camera(open_scenario_footage(scenario, given.folder or Path(place) / "footage"), given.camera)
        first: tuple[float, Passages] | None = None
        base: OpenSetCurve | None = None
        for name in given.only:
            settings = PipelineSettings.model_validate(VARIANTS[name])
            passages, seconds = tracked(footage, pack, settings)
            if given.keep is not None:
                write_templates(given.keep / f"{given.footage}, {name}.parquet", passages.templates, settings=settings)
            first = first or (seconds, passages)
            shown(name, passages, seconds, first[0])
            plain = scenario.model_copy(update={"pipeline": PipelineSettings()})
            enrolled = enrolled_watchlist(plain, passages, footage, pack)
            curve = open_set_curve(by_passage(match(enrolled.probes or passages, enrolled.gallery)), rank=1)
            print(f"{'':27} {compared(curve) if given.footage == 'terminal' else counted(scenario, curve)}", flush=True)
            if base is not None and given.footage == "terminal":
                print(f"{'':27} {differences(base, curve)}", flush=True)
            base = base or curve


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

"""Draw the gallery of figures, docs/figures.md and docs/figures/*.png, from a workspace of the demo.

    ./run facelab evaluate demo
    ./run python docs/make_figures.py results/demo

Everybody in the demo was generated. Each figure is drawn by the function that the notebooks call, from what they left
in the workspace, in a folder of its own: the workspace stays as it is. The pictures have a palette of 64 colours, which
keeps each below 60 KB. What needs more than one evaluation is drawn from parts of the demo, and says so: two runs are
the scores as they are and the scores less each reference's middle one, days are draws of its searches.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from facelab.experiments.study import Study

HERE = Path(__file__).resolve().parent
COLOURS, MOST_BYTES, SEED = 64, 60_000, 1
PARTS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "From footage to passages": (
        "01",
        (
            ("passage_outcomes", "What became of everyone who walked past, by camera."),
            ("face_widths", "How wide the faces are, which says what can be asked of a camera."),
            ("quality", "The quality of each passage's template."),
        ),
    ),
    "The watchlist": (
        "02",
        (
            ("enrolment", "Who was enrolled, and why the others were not."),
            ("nearest_strangers", "For each reference the most similar other subject: where false alerts come from."),
            ("closest_pairs", "Pairs of different names that are more alike than chance makes them."),
        ),
    ),
    "Error rates": (
        "03 and 04",
        (
            ("score_distributions", "Scores of strangers and of enrolled people."),
            ("error_rates", "Both errors against the threshold, with intervals by person."),
            ("det_curve", "One error against the other, on normal-deviate axes."),
            ("verification_det", "1:1: down to the false-match rates that large watchlists need."),
            ("fpir_by_gallery", "How false alerts grow with the number of enrolled people."),
            ("wrong_labels", "What wrong labels would do to both rates."),
        ),
    ),
    "The threshold": (
        "05",
        (
            ("det", "The DET curve with the thresholds that were chosen on the other half of the people."),
            ("thresholds", "Where those thresholds lie on both error rates."),
            ("alerts_a_day", "What each threshold means on the floor."),
            ("thresholds_by_camera", "One threshold for all cameras, or one each."),
            ("alerts_over_time", "Alerts as they would have been raised."),
            ("time_to_alert", "How soon each rule of confirmation alerts, all at the same FPIR."),
        ),
    ),
    "Groups and quality": (
        "06",
        (
            ("fpir_by_camera", "FPIR by camera, with what would have shown."),
            ("fnir_by_camera", "FNIR by camera."),
            ("fpir_by_face_width", "FPIR by the width of the face."),
            ("fnir_by_face_width", "FNIR by the width of the face."),
            ("fpir_by_skin_tone", "FPIR by skin tone."),
            ("fnir_by_skin_tone", "FNIR by skin tone."),
            ("error_versus_discard", "What discarding templates of low quality would win."),
            ("missed_by_width", "How narrow a face may be, measured on faces made narrower."),
            ("scores_by_condition", "What blur, compression, light and masks cost."),
            ("false_alerts_by_reference", "References that alert on many people."),
        ),
    ),
    "Two runs, and day after day": (
        "08 and `facelab status`",
        (
            ("det_of_two", "Two systems on the same people."),
            ("fnir_differences", "Where they differ, camera by camera."),
            ("trend", "A rate day after day with its control limits."),
        ),
    ),
}


def drawn(study: Study) -> None:
    """Draws every figure of the notebooks into the workspace's folder of figures."""
    from facelab import plots
    from facelab.experiments import floor, measured_points
    from facelab.experiments.alert_study import alert_study
    from facelab.experiments.camera_study import camera_study
    from facelab.experiments.doubt import label_errors_figure
    from facelab.experiments.face_trust import face_trust
    from facelab.experiments.group_study import CAMERA, TONE, WIDTH, group_study
    from facelab.experiments.one_to_one import verification_figure
    from facelab.stats.openset import open_set_curve

    curve, measured = study.halves.report, measured_points(study.points)
    found, alerts, trust = group_study(study), alert_study(study), face_trust(study)
    axes: dict[str, Callable[[], Axes]] = {
        "passage_outcomes": lambda: plots.passage_outcomes(study.passages),
        "face_widths": lambda: plots.face_widths(study.passages),
        "quality": lambda: plots.quality(study.passages),
        "enrolment": lambda: plots.enrolment(study.gallery),
        "nearest_strangers": lambda: plots.nearest_strangers(study.gallery),
        "score_distributions": lambda: plots.score_distributions(open_set_curve(study.comparisons), points=measured),
        "error_rates": lambda: plots.error_rates(curve),
        "det_curve": lambda: plots.det(curve),
        "det": lambda: plots.det(curve, points=measured),
        "thresholds": lambda: plots.error_rates(curve, points=measured),
    }
    for name, draw in axes.items():
        study.figure(draw(), name)
    for make in (verification_figure, floor.gallery_figure, floor.alerts_figure, label_errors_figure):
        make(study)
    camera_study(study).figure()
    alerts.timeline_figure()
    alerts.latency_figure()
    for by in (CAMERA, WIDTH, TONE):
        found.figure(by, "FPIR")
        found.figure(by, "FNIR")
    found.discard_figure()
    trust.width_figure()
    trust.condition_figure()
    _audited(study)
    _two_runs(study)
    _days(study)


def _audited(study: Study) -> None:
    """The figures of the watchlist's audit."""
    from facelab import plots
    from facelab.experiments.gallery_audit.of_study import reference_alerts_figure, study_audit

    audit = study_audit(study)
    study.figure(plots.closest_pairs(audit.scores, audit.tail), "closest_pairs")
    reference_alerts_figure(study)


def _two_runs(study: Study) -> None:
    """Scores as they are against scores less each reference's middle one, which takes some of the hubs away."""
    from dataclasses import replace

    from facelab.plots.comparison import det_of_two, paired_differences
    from facelab.stats.openset import OpenSetCurve, open_set_curve
    from facelab.stats.paired_targets import difference_at_fpir

    all_of, first = study.comparisons, study.halves.report
    of_report = all_of.take(np.isin(all_of.probe_id, first.searches.probe_id))
    moved = of_report.score - np.nanmedian(all_of.score[~all_of.mated], axis=0)
    second = open_set_curve(replace(of_report, score=moved), first.rank)
    rng = np.random.default_rng(SEED)

    def compared(a: OpenSetCurve, b: OpenSetCurve) -> Any:
        return difference_at_fpir(a.searches, b.searches, 0.05, rng=rng)

    names = ("as they are", "less each reference's middle score")
    study.figure(det_of_two(first, second, names=names, at_fpir=compared(first, second), target=0.05), "det_of_two")
    camera, rows = of_report.probe_attributes["camera"], []
    for name in sorted(set(camera.tolist())):
        own = camera == name
        rows.append((name, compared(*(OpenSetCurve(c.searches.take(own), c.rank) for c in (first, second)))))
    study.figure(paired_differences(rows), "fnir_differences")


def _days(study: Study) -> None:
    """Forty days, each a draw of the demo's enrolled searches; from day 30 on those at the narrowest faces only."""
    from facelab.experiments.floor import speaking_point
    from facelab.plots.trend import trend
    from facelab.stats.control import control_chart

    point, found = speaking_point(study), study.halves.report.searches
    if point is None:
        return
    rng, mated = np.random.default_rng(SEED), found.mated
    missed = ~(np.nan_to_num(found.mate_score[mated], nan=-np.inf) >= point.threshold)
    width = study.comparisons.probe_attributes["width_px"][np.isin(study.comparisons.probe_id, found.probe_id)][mated]
    narrow = np.flatnonzero(width <= np.nanquantile(width, 0.4))
    errors = [int(missed[rng.choice(narrow if day >= 30 else len(missed), 100)].sum()) for day in range(40)]
    chart = control_chart("FNIR", errors, [100] * 40, baseline=20)
    ax = trend(chart, events={30: "only narrow faces"}, dates=[str(day) for day in range(40)])
    study.figure(ax, "trend")


def packed(source: Path, target: Path) -> int:
    """Writes a picture with an indexed palette, and says how many bytes it has."""
    from PIL import Image

    with Image.open(source) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(target, optimize=True)
    return target.stat().st_size


def page(folder: Path, figures: Path) -> str:
    """The page of the gallery; `figures` holds what was drawn, `folder` gets the packed pictures."""
    said = [
        "# The figures",
        "",
        "Drawn from the demo, in which every person is generated, by `./run python docs/make_figures.py results/demo`.",
        "The colours are those of Okabe and Ito, which colour-blind people can tell apart; where lines cross they"
        " differ in their dashes too. Every title is computed from the data, and so are the words under each figure,"
        " which screen readers get.",
    ]
    for title, (notebook, entries) in PARTS.items():
        said += ["", f"## {title}", "", f"Notebook {notebook}." if notebook[0] == "0" else f"{notebook}."]
        for name, about in entries:
            source = figures / f"{name}.png"
            if not source.is_file():
                sys.stderr.write(f"{name}: not drawn from this workspace\n")
                continue
            size = packed(source, folder / f"{name}.png")
            if size > MOST_BYTES:
                sys.stderr.write(f"{name}: {size:,} bytes, above {MOST_BYTES:,}\n")
            words = source.with_suffix(".txt").read_text(encoding="utf-8").strip()
            alt = words.split(". ")[0].replace("]", ")").replace("[", "(")
            said += ["", f"### {about.rstrip('.')}", "", f"![{alt}](figures/{name}.png)", "", words]
    return "\n".join(said) + "\n"


def main() -> None:
    """Read the workspace that is named on the command line and write the gallery."""
    import shutil

    from facelab.experiments import open_study

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workspace", type=Path)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "demo"
        shutil.copytree(given.workspace, copy, ignore=shutil.ignore_patterns("figures", "notebooks"))
        study = open_study("demo", workspace=copy)
        drawn(study)
        (HERE / "figures").mkdir(exist_ok=True)
        (HERE / "figures.md").write_text(page(HERE / "figures", study.workspace.figures), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The report of an evaluation: one page with the finding, the table, the figures and what it was measured with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.experiments.figures import page_figures
from facelab.experiments.sites.kept import kept_answer
from facelab.report import site_page
from facelab.report.page import Report, report_page
from facelab.report.rows import html_rows

if TYPE_CHECKING:
    from facelab.experiments.evaluation import Evaluation
    from facelab.experiments.workspace import Workspace
    from facelab.report.site_answer import SiteAnswer

ORDER = ("det", "thresholds", "score_distributions", "passage_outcomes", "face_widths", "quality", "enrolment")


def write_report(evaluation: Evaluation) -> None:
    """Write the report of `evaluation` to its workspace."""
    place, scenario = evaluation.workspace, evaluation.scenario
    answer = kept_answer(place)
    report = Report(
        scenario.title,
        scenario.question,
        (*evaluation.finding, *evaluation.more_data),
        table=html_rows(evaluation.table, _caption(evaluation)),
        figures=[figure for _, figure in page_figures(place.figures, ORDER)],
        notes=scenario.notes,
        facts=_facts(evaluation),
        **({} if answer is None else _parts(place, answer)),
    )
    place.report.write_text(report_page(report), encoding="utf-8")


def _parts(place: Workspace, answer: SiteAnswer) -> dict[str, str]:
    """What a site's answer adds to the report."""
    pictures = site_page.figures_html(page_figures(place.figures, site_page.figure_names(answer)))
    return {
        "answer": site_page.one_page(answer),
        "evidence": site_page.evidence(answer, pictures),
        "style": site_page.STYLE,
    }


def _caption(evaluation: Evaluation) -> str:
    level = f"{100 * evaluation.scenario.confidence:g} %"
    if evaluation.scenario.counts_only:
        return "Counts: errors of trials"
    return (
        f"Rates as share (errors/trials) [{level} interval, %]; chosen on one half of the people, measured on the other"
    )


def _facts(evaluation: Evaluation) -> dict[str, str]:
    evidence, people = evaluation.measured["evidence"], evaluation.measured["reported_on"]
    names = {name: name.replace("non_mated", "non-mated").replace("_", " ") for name in people}
    who = ", ".join(f"{people[name]:,} {words}" for name, words in names.items())
    lost = f"{evidence['missed']:,} not seen, {evidence['failed']:,} without a usable face"
    return {
        "Footage": f"{evidence['footage']}, {evidence['frames']:,} frames, cameras {', '.join(evidence['cameras'])}",
        "Passages": f"{evidence['passages']:,}; {lost}",
        "Watchlist": f"{evidence['enrolled']:,} subjects, {evidence['failed_to_enrol']:,} failed to enrol",
        "Reported on": who,
        "Model pack": f"{evidence['pack']} ({evidence['pack_fingerprint'][:12]}); {evidence['pack_licence']}",
        "Evidence": "synthetic" if evaluation.synthetic else "real",
        "MLflow run": evaluation.run_id,
    }

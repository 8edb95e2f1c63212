"""The answer of a site in a notebook: the one page, the evidence with its figures, the protocol, the assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.report import site_page

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.report.site_answer import SiteAnswer


def one_page_shown(answer: SiteAnswer) -> Any:
    """The one page."""
    return _html(f"<style>{site_page.STYLE}</style>{site_page.one_page(answer)}")


def evidence_shown(study: Study, answer: SiteAnswer) -> Any:
    """What the one page rests on, with its figures."""
    from facelab.experiments.figures import page_figures

    figures = site_page.figures_html(page_figures(study.workspace.figures, site_page.figure_names(answer)))
    return _html("".join(site_page.section_html(section, figures) for section in answer.sections))


def protocol_shown(answer: SiteAnswer) -> Any:
    """How the site can measure itself."""
    return _html(site_page.table_html(site_page.protocol_table(answer)))


def assumptions_shown(answer: SiteAnswer) -> Any:
    """Every number that was assumed, with its source."""
    return _html(site_page.table_html(site_page.assumption_table(answer)))


def _html(text: str) -> Any:
    from IPython.display import HTML

    return HTML(text)  # type: ignore[no-untyped-call]  # IPython

"""The answer of a site as HTML: the one page that stands at the top of a report, and the evidence that follows it.

Each statement carries what it rests on as a small label, so that an assumption never reads as a measurement.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from facelab.report.site_answer import HEADINGS, Line, Section, SiteAnswer, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from facelab.report.page import PageFigure

STYLE = """
.answer { border: 1px solid #bbb; border-radius: 6px; padding: .4rem 1.1rem .8rem; margin: 1rem 0; }
.answer h2 { margin: 1rem 0 .2rem; font-size: 1.05rem; } .answer p { margin: .35rem 0; }
.kind { font-size: .75rem; color: #444; background: #eee; border-radius: 3px; padding: 0 .35rem; white-space: nowrap; }
.kind.unknown { background: #fdf3ec; color: #8a3d00; }
@media print { .answer { break-after: page; border: none; padding: 0; } }
"""


def one_page(answer: SiteAnswer) -> str:
    """The one page of `answer` as HTML."""
    parts = [f"<h2>{heading}</h2>" + "".join(_line(line) for line in answer.under(heading)) for heading in HEADINGS]
    return f'<section class="answer">{"".join(parts)}</section>'


def evidence(answer: SiteAnswer, figures: Mapping[str, str]) -> str:
    """The evidence, the protocol and the assumptions as HTML; `figures` are their HTML by name."""
    body = "".join(section_html(section, figures) for section in answer.sections)
    if answer.protocol:
        body += "<h2>How this site can measure itself</h2>" + table_html(protocol_table(answer))
    if answer.assumptions:
        body += "<h2>What was assumed</h2>" + table_html(assumption_table(answer))
    return body


def section_html(section: Section, figures: Mapping[str, str]) -> str:
    """One piece of evidence as HTML."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)
    table = "" if section.table is None else table_html(section.table)
    return f"<h2>{escape(section.title)}</h2>{said}{table}" + "".join(figures.get(name, "") for name in section.figures)


def table_html(table: Table) -> str:
    """A table of words as HTML, that is swiped where it is too wide."""
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def protocol_table(answer: SiteAnswer) -> Table:
    """By what a site can measure itself."""
    rows = tuple((row.claim, row.volunteers, row.passages, row.days, row.why) for row in answer.protocol)
    return Table(("to claim", "volunteers", "passages", "days", "because"), rows)


def assumption_table(answer: SiteAnswer) -> Table:
    """What was assumed, and from where it is."""
    rows = tuple((row.name.replace("_", " "), row.value, row.source) for row in answer.assumptions)
    return Table(("assumed", "value", "source"), rows)


def figure_names(answer: SiteAnswer) -> tuple[str, ...]:
    """The names of the figures that the evidence shows, in its order."""
    return tuple(name for section in answer.sections for name in section.figures)


def figures_html(figures: Iterable[tuple[str, PageFigure]]) -> dict[str, str]:
    """The HTML of figures by their name."""
    from facelab.report.page import figure_html

    return {name: figure_html(figure) for name, figure in figures}


def _line(line: Line) -> str:
    kind = "kind unknown" if line.kind == "cannot tell" else "kind"
    return f'<p>{escape(line.text)} <span class="{kind}">{escape(line.kind)}</span></p>'

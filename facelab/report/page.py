"""HTML pages that need no network: readable on a phone and on paper, figures with alternative text.

Two kinds: the report of an evaluation, and an executed notebook as a page. Both carry their style and pictures inside.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #1b1b1b; background: #fff;
       max-width: 60rem; margin: 0 auto; padding: 1.2rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .4rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
a { color: #0072B2; } img, svg { max-width: 100%; height: auto; } figure { margin: 1.2rem 0; }
figcaption, caption, .quiet { color: #555; font-size: .88rem; text-align: left; }
.lead { font-size: 1.08rem; } .warning { border-left: .3rem solid #D55E00; padding: .3rem .8rem; background: #fdf3ec; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; margin: .6rem 0; }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { background: #f4f4f4; } td { font-variant-numeric: tabular-nums; }
pre { background: #f6f8fa; padding: .6rem .8rem; overflow-x: auto; font-size: .84rem; border-radius: 4px; }
.jp-InputPrompt, .jp-OutputPrompt, .prompt { color: #777; font-size: .75rem; }
details { margin: .4rem 0; } .output_subarea, figure { overflow-x: auto; } .output_subarea > p { margin-right: .3rem; }
@media screen and (max-width: 40rem) { /* a phone: code wraps; wide tables and figures are swiped */
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure img, .output_png img { max-width: none; width: 32rem; }
  figcaption { position: sticky; left: 0; max-width: calc(100vw - 2.4rem); } }
@media print { /* on paper nothing scrolls: code wraps, tables shrink, and a picture stays with its heading */
  body { max-width: none; font-size: 10.5pt; padding: 0; } .scroll, .output_subarea, figure { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8pt; } table { font-size: 8pt; }
  th, td { padding: .15rem .35rem; } h1, h2, h3 { break-after: avoid; } figure, img, tr { break-inside: avoid; }
  img { max-height: 22cm; } }
"""


@dataclass(frozen=True)
class PageFigure:
    """A figure for a page: its PNG, and what it shows in words."""

    png: bytes
    alt: str


def page(title: str, body: str, *, extra_style: str = "") -> str:
    """A whole HTML page around `body` (HTML)."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{extra_style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


@dataclass(frozen=True)
class Report:
    """What the report of an evaluation says.

    Parameters
    ----------
    title, question : str
        Of the scenario.
    sentences : sequence of str
        What was found.
    table : str
        The table of thresholds, as HTML.
    figures : sequence of PageFigure
        In the order of the page.
    notes : sequence of str
        Assumptions and warnings, shown before any number.
    facts : mapping of str to str
        What it was measured with and on.
    answer, evidence, style : str
        The one page of a site's answer, what it rests on, and how they look (HTML and CSS); empty where the scenario
        names no kind of site.
    """

    title: str
    question: str
    sentences: Sequence[str]
    table: str
    figures: Sequence[PageFigure] = ()
    notes: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    evidence: str = ""
    style: str = ""


def report_page(report: Report) -> str:
    """The report of an evaluation as an HTML page."""
    warnings = "".join(f'<p class="warning">{escape(note)}</p>' for note in report.notes)
    found = "".join(f'<p class="lead">{escape(sentence)}</p>' for sentence in report.sentences)
    pictures = "".join(figure_html(figure) for figure in report.figures)
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in report.facts.items()
    )
    return page(
        report.title,
        f"<h1>{escape(report.title)}</h1><p>{escape(report.question)}</p>{warnings}{report.answer}{found}"
        f'<h2>Thresholds</h2><div class="scroll">{report.table}</div>{report.evidence}'
        f"<h2>Figures</h2>{pictures}"
        f'<h2>Measured with</h2><div class="scroll"><table>{rows}</table></div>',
        extra_style=report.style,
    )


def figure_html(figure: PageFigure) -> str:
    """A figure as HTML, its picture inside."""
    data = base64.b64encode(figure.png).decode()
    alt = escape(figure.alt, quote=True)
    return f'<figure><img src="data:image/png;base64,{data}" alt="{alt}"><figcaption>{alt}</figcaption></figure>'

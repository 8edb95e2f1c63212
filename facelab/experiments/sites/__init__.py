"""The three kinds of site, each with its own question, answered from the same chain: departures, city, gate.

`site_answer` picks the module by the scenario's `site`; each module has `answer(study) -> SiteAnswer`.
"""

from facelab.experiments.sites.kept import kept_answer, site_answer
from facelab.experiments.sites.other import other_study
from facelab.report.site_answer import (
    HEADINGS,
    Assumption,
    Line,
    ProtocolRow,
    Section,
    SiteAnswer,
    Table,
)

__all__ = [
    "HEADINGS",
    "Assumption",
    "Line",
    "ProtocolRow",
    "Section",
    "SiteAnswer",
    "Table",
    "kept_answer",
    "other_study",
    "site_answer",
]

"""The answer of a study's site, made by the module of its kind and kept in the workspace."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from facelab.errors import BadInput
from facelab.experiments.workspace import read_json, write_json
from facelab.report.site_answer import SiteAnswer

if TYPE_CHECKING:
    from facelab.experiments.study import Study
    from facelab.experiments.workspace import Workspace


def site_answer(study: Study) -> SiteAnswer:
    """What the site of `study` is told; written to the workspace as ``site_answer.json``.

    Raises
    ------
    BadInput
        The scenario names no kind of site.
    """
    site = study.scenario.site
    if site is None:
        raise BadInput("the scenario names no kind of site (`site`: departures, city or gate)", place="site")
    kind = importlib.import_module(f"facelab.experiments.sites.{site.kind}")
    found: SiteAnswer = kind.answer(study)
    write_json(study.workspace.site_answer, found.to_dict())
    return found


def kept_answer(place: Workspace) -> SiteAnswer | None:
    """The answer that an evaluation left in the workspace; None where it left none."""
    return SiteAnswer.from_dict(read_json(place.site_answer)) if place.site_answer.is_file() else None

"""The same scenario under other settings: another airport's cameras, masked passengers, real footage.

Its workspace lies below the site's own, and templates come through the same cache, so that asking again runs nothing
again. What comes out is evidence for the site's answer, never an evaluation by itself: no MLflow run, no config.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facelab.errors import BadInput
from facelab.experiments.study import open_study
from facelab.experiments.workspace import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.experiments.study import Study

FOLDER = "sites"


def other_study(study: Study, name: str, overrides: Mapping[str, Any]) -> Study:
    """The study of the scenario of `study` with `overrides`, in the workspace ``sites/<name>`` below its own.

    Parameters
    ----------
    study : Study
        The site's own.
    name : str
        Of its folder: letters, digits, ``_`` and ``-``.
    overrides : mapping
        Settings by dotted name, as ``-p name=value`` gives them; a whole part (``footage``) may be replaced.

    Raises
    ------
    BadInput
        The name is none for a folder, or a setting is wrong.
    """
    if not name.replace("_", "").replace("-", "").isalnum():
        raise BadInput(f"{name!r} is no name for a folder", place="other study")
    place = study.workspace.folder / FOLDER / name
    base = study.workspace.folder / FOLDER / "scenario.json"
    write_json(base, study.scenario.model_dump(mode="json"))
    return open_study(base, workspace=place, overrides=dict(overrides))

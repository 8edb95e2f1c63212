"""The footage and the watchlist that a scenario names, as data: opened or rendered, enrolled, and known by digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.config import (
    FileFootage,
    FolderWatchlist,
    FootageWatchlist,
    ResearchFootage,
    ResearchWatchlist,
    Scenario,
    SyntheticWatchlist,
    TerminalFootage,
)
from facelab.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from facelab.data.footage import Footage
    from facelab.data.photographs import Photographs
    from facelab.data.terminal import PassageFacts
    from facelab.pipeline.packs import Pack
    from facelab.pipeline.passages import Passages
    from facelab.types import Gallery


@dataclass(frozen=True)
class Enrolment:
    """A watchlist as enrolled, what is left of the passages where it was enrolled from them, and its digest."""

    gallery: Gallery
    probes: Passages | None
    digest: str


def open_scenario_footage(scenario: Scenario, folder: Path) -> Footage:
    """The footage of `scenario`; a synthetic one is rendered into `folder`, once."""
    settings = scenario.footage
    if isinstance(settings, TerminalFootage):
        from facelab.data.terminal import render_terminal
        from facelab.pipeline.folders import cache_folder
        from facelab.pipeline.progress import progress_bar

        with progress_bar("terminal: drawing", None, "frame") as bar:

            def drawn(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return render_terminal(settings, folder, progress=drawn, shelf=cache_folder() / "terminal")
    if isinstance(settings, ResearchFootage):
        from facelab.data.research import open_research

        return open_research(settings)
    if isinstance(settings, FileFootage):
        from facelab.data.footage import open_footage

        return open_footage(settings)
    raise BadInput(f"unknown kind of footage {settings.kind!r}", place="footage.kind")


def rendered_facts(scenario: Scenario, folder: Path) -> PassageFacts | None:
    """What is known of each rendered passage in `folder` (site, kind, light, cover, blur, attempt, times).

    None where the footage is not rendered, or is of the first three cameras alone, which have no such table.
    `PassageFacts.attributes` puts it beside templates: ``facts.attributes(templates.attributes["passage"])``.

    Raises
    ------
    BadInput
        The table cannot be read.
    """
    from facelab.data.terminal.facts import FACTS, read_facts

    there = isinstance(scenario.footage, TerminalFootage) and (folder / FACTS).is_file()
    return read_facts(folder) if there else None


def watchlist_photographs(scenario: Scenario) -> Photographs | None:
    """The photographs that the watchlist of `scenario` is enrolled from; None where it comes from the footage alone."""
    from facelab.data.photographs import read_photographs

    settings = scenario.watchlist
    if isinstance(settings, FolderWatchlist):
        return read_photographs(settings.path)
    if isinstance(settings, SyntheticWatchlist):
        return _synthetic_photographs(settings, scenario)
    if isinstance(settings, ResearchWatchlist) or settings.distractors == "congress":
        from facelab.data.research import congress_portraits

        return congress_portraits()
    return None


def _synthetic_photographs(settings: SyntheticWatchlist, scenario: Scenario) -> Photographs:
    from facelab.data.people import SyntheticPeople, default_people_folder
    from facelab.data.photographs import Photograph, Photographs

    people = SyntheticPeople(default_people_folder())
    footage = scenario.footage
    wanted = footage.wanted if isinstance(footage, TerminalFootage) else None
    named = people.watchlist(settings.distractors, wanted=wanted)
    found = [
        Photograph(path.relative_to(people.folder).as_posix(), subject, path)
        for subject, paths in named.items()
        for path in paths
    ]
    without = tuple(subject for subject, paths in named.items() if not paths)
    return Photographs(people.folder, tuple(found), without)


def enrolled_watchlist(scenario: Scenario, passages: Passages | None, footage: Footage | None, pack: Pack) -> Enrolment:
    """The watchlist of `scenario`, enrolled with `pack`.

    Parameters
    ----------
    scenario : Scenario
        Its `watchlist` and `pipeline` apply.
    passages, footage : Passages and Footage, or None
        Needed only where people are enrolled from the footage itself.
    pack : Pack
        The model pack.
    """
    from facelab.gallery import enrol_from_footage, enrol_photographs, merged_galleries

    photographs = watchlist_photographs(scenario)
    others = None if photographs is None else enrol_photographs(photographs, pack, scenario.pipeline)
    digest = "" if photographs is None else photographs_digest(photographs)
    settings = scenario.watchlist
    if not isinstance(settings, FootageWatchlist):
        if others is None:
            raise BadInput("the watchlist has no photographs", place="watchlist")
        return Enrolment(others, None, digest)
    if passages is None or footage is None:
        raise BadInput("people are enrolled from the footage, and there is none", place="watchlist")
    own = enrol_from_footage(footage, passages, pack, settings, scenario.pipeline)
    gallery = own.gallery if others is None else merged_galleries(own.gallery, others)
    total = hashlib.sha256(f"{digest}\n{footage.digest}\n{settings.model_dump_json()}".encode())
    return Enrolment(gallery, own.passages, total.hexdigest())


def photographs_digest(photographs: Photographs) -> str:
    """SHA-256 over the photographs: their ids, whose they are, and their bytes."""
    total = hashlib.sha256()
    for photograph in photographs.photographs:
        content = hashlib.sha256(photograph.path.read_bytes()).hexdigest()
        total.update(f"{photograph.sample_id}\n{photograph.subject_id}\n{content}\n".encode())
    total.update("\n".join(photographs.without).encode())
    return total.hexdigest()

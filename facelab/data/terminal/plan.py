"""The plan of a footage: who comes, in which groups, past which camera and when; settled before anything is drawn.

Passengers come in groups of about 100. A group is one clip at each camera. The cameras of one site are one journey: a
group passes them in their order, so that a person's way runs forward in time (the entrance first, the queue next, the
gate last). Cameras of a city are a site each, and open at their own hour, so that nobody is at two of them at once.
Nothing in the plan depends on how many workers draw it.

What a scenario sets (`facelab.config.TerminalFootage`, docs/footage.md): `cameras` by name, those of one site or of
several; how many `unknown` and `wanted` passengers there are; `comers`, which of them come to which site; `passing`,
how many of those pass each site; `visits`, `second_attempts`, `masked` and `blurred`. What came of it, passage by
passage, is `facelab.data.terminal.read_facts(folder)`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.terminal.halts import halting
from facelab.data.terminal.posts import POSTS
from facelab.data.terminal.walkers import Walk, choreography
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.config import TerminalFootage
    from facelab.data.people import SyntheticPeople

GROUP = 100
BETWEEN_S = 8.0
WALK_S = 45.0
"""From one camera to the next."""
AWAY_S = 3 * 3600.0
"""From one visit to the next."""
BLURS = ("defocus", "motion")


@dataclass(frozen=True, eq=False)
class ClipPlan:
    """One clip: its file, camera, walks, number of frames, and first frame on the camera's clock."""

    file: str
    camera: str
    walks: tuple[Walk, ...]
    frames: int
    first_frame: int
    seed: tuple[int, int, int]

    @property
    def start_s(self) -> float:
        """When it starts on the common clock, s."""
        return self.first_frame / POSTS[self.camera].camera.fps


class _Crowd:
    """The passengers of a footage: in the order of their coming, and by what is special about them."""

    def __init__(self, settings: TerminalFootage, people: SyntheticPeople) -> None:
        for role, ask, have in (
            ("wanted", settings.wanted, len(people.wanted)),
            ("unknown", settings.unknown, len(people.unknown)),
        ):
            if ask > have:
                raise BadInput(f"{ask} {role} passengers are asked for, there are {have}", place=str(people.folder))
        self._settings = settings
        self._seed = settings.seed % 2**63
        self._roles = {"wanted": people.wanted[: settings.wanted], "unknown": people.unknown[: settings.unknown]}
        everybody = [*self._roles["wanted"], *self._roles["unknown"]]
        order = np.random.default_rng([self._seed, 0]).permutation(len(everybody))
        self.order = [everybody[i] for i in order]
        self.kinds = {who: frozenset(picture.kind for picture in people.pictures(who)) for who in everybody}
        self._masked = self._share(settings.masked, 1)
        blurred = self._share(settings.blurred, 2)
        self._blur = {who: BLURS[i % len(BLURS)] for i, who in enumerate(blurred)}

    def _share(self, share: float, stream: int) -> list[str]:
        """So many of each role, exactly; a larger share holds the smaller."""
        rng = np.random.default_rng([self._seed, 0, stream])
        chosen = []
        for who in self._roles.values():
            order = rng.permutation(len(who))
            chosen += [who[i] for i in order[: round(share * len(who))]]
        return chosen

    def at(self, site: str, stream: int) -> list[str]:
        """Who comes to `site`, in the order of their coming."""
        ranges = self._settings.comers.get(site)
        come: dict[str, tuple[str, ...]] = dict(self._roles)
        if ranges is not None:
            for role, (begin, end) in (("wanted", ranges.wanted), ("unknown", ranges.unknown)):
                if not begin <= end <= len(come[role]):
                    have = len(come[role])
                    raise BadInput(
                        f"{role} passengers {begin} to {end} come to {site!r}, the footage has {have}", place="comers"
                    )
                come[role] = come[role][begin:end]
        total = sum(len(who) for who in come.values())
        if total == 0:
            raise BadInput(f"nobody comes to {site!r}", place="comers")
        passing = self._settings.passing
        if passing is not None:
            if passing > total:
                raise BadInput(f"{passing} passengers are to pass {site!r}, {total} come to it", place="passing")
            rng = np.random.default_rng([self._seed, 0, 3, stream])
            wanted = round(passing * len(come["wanted"]) / total)
            for role, count in (("wanted", wanted), ("unknown", passing - wanted)):
                come[role] = tuple(come[role][i] for i in rng.permutation(len(come[role]))[:count])
        here = {person for who in come.values() for person in who}
        return [person for person in self.order if person in here]

    def marked(self, walk: Walk, visit: int) -> Walk:
        """`walk` with what is special about its person and this visit."""
        errand = walk.errand._replace(visit=visit, blur=self._blur.get(walk.subject_id, ""))
        name = walk.passage_id + (f"/visit-{visit}" if visit > 1 else "")
        cover = "mask" if walk.subject_id in self._masked else walk.cover
        return replace(walk, errand=errand, passage_id=name, cover=cover)


def plan_footage(settings: TerminalFootage, people: SyntheticPeople) -> list[ClipPlan]:
    """The clips of a footage, camera by camera.

    Raises
    ------
    BadInput
        More passengers are asked for than there are, a camera is named twice or not at all, or a site is named whose
        cameras are not there.
    """
    if not settings.cameras or len(set(settings.cameras)) != len(settings.cameras):
        raise BadInput(f"each camera is named once, and at least one: {list(settings.cameras)}", place="cameras")
    cameras: list[str] = [name for name in POSTS if name in settings.cameras]
    sites = list(dict.fromkeys(POSTS[camera].site for camera in cameras))
    strangers = sorted(set(settings.comers) - set(sites))
    if strangers:
        raise BadInput(f"no camera named is at {strangers[0]!r}, they are at {', '.join(sites)}", place="comers")
    crowd = _Crowd(settings, people)
    plans: list[ClipPlan] = []
    for site in sites:
        here = [camera for camera in cameras if POSTS[camera].site == site]
        plans += _journey(here, crowd.at(site, list(POSTS).index(here[0])), crowd, settings)
    return plans


def _journey(cameras: list[str], passengers: list[str], crowd: _Crowd, settings: TerminalFootage) -> list[ClipPlan]:
    """The clips of one site's `cameras`, which `passengers` pass in their order."""
    groups = min(max(2, ceil(len(passengers) / GROUP)), len(passengers))
    plans: list[ClipPlan] = []
    ready_s = [0.0] * groups * settings.visits  # when a group leaves the camera before
    for camera in cameras:
        post = POSTS[camera]
        clock_s = post.camera.opens_s
        for clip in range(groups * settings.visits):
            visit, group = divmod(clip, groups)
            seed = (settings.seed % 2**63, 1 + list(POSTS).index(camera), clip)
            rng = np.random.default_rng(seed)
            share = passengers[group * len(passengers) // groups : (group + 1) * len(passengers) // groups]
            order = np.argsort(np.arange(len(share)) + rng.normal(0, 6, len(share)))  # some are quicker than others
            names = [share[i] for i in order]
            if post.halt is None:
                walks, frames = choreography(camera, names, crowd.kinds, rng)
            else:
                walks, frames = halting(camera, names, crowd.kinds, rng, again=settings.second_attempts)
            earliest_s = post.camera.opens_s + visit * AWAY_S
            first = ceil(max(clock_s, ready_s[clip], earliest_s) * post.camera.fps)
            marked = tuple(crowd.marked(walk, visit + 1) for walk in walks)
            plans.append(ClipPlan(f"{camera}-{clip + 1}.mp4", camera, marked, frames, first, seed))
            clock_s = (first + frames) / post.camera.fps + BETWEEN_S
            ready_s[clip] = (first if post.halt is None else first + frames) / post.camera.fps + WALK_S
    return plans

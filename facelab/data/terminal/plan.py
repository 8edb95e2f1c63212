"""The plan of a footage: who comes, in which groups, past which camera and when; settled before anything is drawn.

Passengers come in groups of about 100. A group is one clip at each camera: the entrance first, the queue next, the gate
last, so that a person's journey runs forward in time. Nothing in the plan depends on how many workers draw it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from facelab.data.terminal.camera import CAMERAS, FPS
from facelab.data.terminal.walkers import Walk, choreography
from facelab.errors import BadInput

if TYPE_CHECKING:
    from facelab.config import TerminalFootage
    from facelab.data.people import SyntheticPeople

GROUP = 100
BETWEEN_S = 8.0
WALK_S = 45.0
"""From one camera to the next."""


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
        return self.first_frame / FPS


def _passengers(settings: TerminalFootage, people: SyntheticPeople) -> list[str]:
    """Who comes, in the order of their coming."""
    for role, ask, have in (
        ("wanted", settings.wanted, len(people.wanted)),
        ("unknown", settings.unknown, len(people.unknown)),
    ):
        if ask > have:
            raise BadInput(f"{ask} {role} passengers are asked for, there are {have}", place=str(people.folder))
    everybody = [*people.wanted[: settings.wanted], *people.unknown[: settings.unknown]]
    order = np.random.default_rng([settings.seed % 2**63, 0]).permutation(len(everybody))
    return [everybody[i] for i in order]


def plan_footage(settings: TerminalFootage, people: SyntheticPeople) -> list[ClipPlan]:
    """The clips of a footage, camera by camera.

    Raises
    ------
    BadInput
        More passengers are asked for than there are, or a camera is named twice or not at all.
    """
    if not settings.cameras or len(set(settings.cameras)) != len(settings.cameras):
        raise BadInput(f"each camera is named once, and at least one: {list(settings.cameras)}", place="cameras")
    passengers = _passengers(settings, people)
    kinds = {person: frozenset(picture.kind for picture in people.pictures(person)) for person in passengers}
    groups = min(max(2, ceil(len(passengers) / GROUP)), len(passengers))
    plans: list[ClipPlan] = []
    ready_s = [0.0] * groups  # when a group leaves the camera before
    for camera in (name for name in CAMERAS if name in settings.cameras):
        clock_s = 0.0
        for group in range(groups):
            seed = (settings.seed % 2**63, 1 + list(CAMERAS).index(camera), group)
            rng = np.random.default_rng(seed)
            share = passengers[group * len(passengers) // groups : (group + 1) * len(passengers) // groups]
            order = np.argsort(np.arange(len(share)) + rng.normal(0, 6, len(share)))  # some are quicker than others
            walks, frames = choreography(camera, [share[i] for i in order], kinds, rng)
            first = ceil(max(clock_s, ready_s[group]) * FPS)
            plans.append(ClipPlan(f"{camera}-{group + 1}.mp4", camera, tuple(walks), frames, first, seed))
            clock_s = (first + frames) / FPS + BETWEEN_S
            ready_s[group] = first / FPS + WALK_S
    return plans

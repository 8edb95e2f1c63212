"""The pool that a simulated series of days is drawn from: passages of a terminal, and of one camera out of focus.

Nothing is rendered twice: the passages are those of an evaluated scenario, and only the altered camera is looked at
anew, its frames blurred as a lens out of focus blurs them. Both go against the same gallery.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.data.footage import Clip, Footage, Source
    from facelab.data.losses import Losses
    from facelab.experiments.study import Study
    from facelab.stats.searches import Searches
    from facelab.types import Bools, Comparisons, Floats, Frame, Image, Ints, Strings

ALTERED = "altered"


@dataclass(frozen=True)
class OutOfFocus:
    """A source whose frames are blurred: a lens that has come out of focus.

    Parameters
    ----------
    source : Source
        What the camera would have seen.
    sigma_px : float
        Standard deviation of the blur, px of the frame.
    """

    source: Source
    sigma_px: float

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.source.camera

    @property
    def digest(self) -> str | None:
        """SHA-256 over the source's digest and the blur; None where the source is live."""
        known = self.source.digest
        return None if known is None else hashlib.sha256(f"{known} blur {self.sigma_px:g}".encode()).hexdigest()

    @property
    def frames_expected(self) -> int | None:
        """As the source."""
        return self.source.frames_expected

    def check(self) -> None:
        """As the source."""
        self.source.check()

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The source's frames, blurred."""
        import cv2

        for frame in self.source.frames(losses):
            blurred: Image = cv2.GaussianBlur(frame.image, (0, 0), self.sigma_px).astype(np.uint8, copy=False)
            yield replace(frame, image=blurred)


def out_of_focus(footage: Footage, camera: str, sigma_px: float) -> Footage:
    """The clips of one camera of `footage`, out of focus, with their truth.

    Raises
    ------
    BadInput
        There is no such camera, or the blur is none.
    """
    if camera not in footage.cameras:
        raise BadInput(f"the cameras are {', '.join(footage.cameras)}, not {camera!r}", place="camera")
    if not sigma_px > 0:
        raise BadInput(f"must be above 0, it is {sigma_px:g}", place="sigma_px")
    clips: list[Clip] = [clip for clip in footage.clips if clip.camera == camera]
    blurred = tuple(replace(clip, source=OutOfFocus(clip.source, sigma_px)) for clip in clips)
    truth = None if footage.truth is None else footage.truth.take(footage.truth.camera == camera)
    return replace(footage, name=f"{footage.name}, {camera} out of focus", clips=blurred, truth=truth)


def altered_comparisons(study: Study, camera: str, sigma_px: float) -> Comparisons:
    """The passages past `camera`, out of focus, against the gallery of `study`."""
    from facelab.matching import match
    from facelab.pipeline.run import track_footage

    blurred = out_of_focus(study.footage, camera, sigma_px)
    return match(track_footage(blurred, study.pack, study.scenario.pipeline), study.gallery)


@dataclass(frozen=True, eq=False)
class Pool:
    """Passages to draw days from.

    Parameters
    ----------
    normal : Comparisons
        Everybody past every camera.
    altered : Comparisons
        The same people past one camera that is altered.
    camera : str
        Which.
    """

    normal: Comparisons
    altered: Comparisons
    camera: str

    @cached_property
    def together(self) -> Comparisons:
        """Both, the altered passages behind the normal ones."""
        from facelab.types import Comparisons

        one, two = self.normal, self.altered
        if not np.array_equal(one.reference_id, two.reference_id):
            raise BadInput("normal and altered passages were matched with different galleries", place="pool")
        shared = set(one.probe_attributes) & set(two.probe_attributes)

        def joined(name: str) -> Any:
            return np.concatenate([getattr(one, name), getattr(two, name)])

        attributes = {
            key: np.concatenate([one.probe_attributes[key], two.probe_attributes[key]]) for key in sorted(shared)
        }
        attributes[ALTERED] = np.repeat([False, True], [len(one), len(two)])
        ids = np.concatenate([one.probe_id, np.char.add(two.probe_id, " (altered)")])
        return Comparisons(
            joined("score"), ids, joined("probe_subject"), one.reference_id, one.reference_subject, one.enrolled,
            attributes, one.reference_attributes, one.pack, one.synthetic,
        )  # fmt: skip

    @cached_property
    def mates(self) -> Strings:
        """The enrolled people who walk by, sorted."""
        return np.unique(self.normal.probe_subject[self.normal.mated])

    @cached_property
    def strangers(self) -> Strings:
        """The people who walk by and are not enrolled, sorted."""
        return np.unique(self.normal.probe_subject[~self.normal.mated])

    @cached_property
    def _list_order(self) -> Ints:
        """The references, those of the people who walk by first: a list of n subjects is the first of them."""
        names = np.unique(self.normal.reference_subject)
        walking = np.isin(names, self.mates)
        ordered = np.concatenate([names[walking], np.random.default_rng(0).permutation(names[~walking])])
        place = {name: k for k, name in enumerate(ordered.tolist())}
        return np.array([place[name] for name in self.normal.reference_subject.tolist()])

    def searches(self, subjects: int) -> Searches:
        """All passages, normal and altered, searched for among the first `subjects` of the watchlist."""
        from facelab.stats.searches import searches
        from facelab.types import Comparisons

        if not len(self.mates) <= subjects <= len(self.normal.enrolled):
            raise BadInput(
                f"a watchlist has {len(self.mates)} to {len(self.normal.enrolled)} subjects here, not {subjects}",
                place="subjects",
            )
        whole, kept = self.together, self._list_order < subjects
        listed = np.union1d(whole.reference_subject[kept], self.mates)
        part = Comparisons(
            whole.score[:, kept], whole.probe_id, whole.probe_subject, whole.reference_id[kept],
            whole.reference_subject[kept], listed, whole.probe_attributes, {}, whole.pack, whole.synthetic,
        )  # fmt: skip
        return searches(part)

    @cached_property
    def cameras(self) -> Strings:
        """(p,) the camera of each passage of `together`."""
        return np.asarray(self.together.probe_attributes["camera"], dtype=np.str_)

    @cached_property
    def is_altered(self) -> Bools:
        """(p,) whether each passage of `together` is an altered one."""
        return np.asarray(self.together.probe_attributes[ALTERED], dtype=np.bool_)

    @cached_property
    def quality(self) -> Floats:
        """(p,) of each passage's template."""
        return np.asarray(self.together.probe_attributes["quality"], dtype=np.float64)

    def rows(self, *, altered: bool) -> Bools:
        """(p,) the passages that a day can show: with the camera altered, or as it was."""
        at_camera = self.cameras == self.camera
        return np.asarray(np.where(self.is_altered, altered, ~at_camera | (not altered)))

"""Footage: clips of one or several cameras on a common clock, with what is known of who is in them.

A path becomes footage by this rule, and by no other: an address with ``://`` and a device number (``0``) are cameras; a
folder is a folder of frames; ``.csv``, ``.yaml`` and ``.yml`` are manifests; anything else is a video file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facelab.config import FileFootage
    from facelab.data.losses import Losses
    from facelab.data.truth import Truth
    from facelab.types import Frame

MANIFEST_SUFFIXES = frozenset({".csv", ".yaml", ".yml"})


class Source(Protocol):
    """One recording, or one live camera: whatever gives frames in the order of time."""

    @property
    def camera(self) -> str:
        """The camera's name."""
        ...

    @property
    def digest(self) -> str | None:
        """SHA-256 over the content; None where it is live."""
        ...

    @property
    def frames_expected(self) -> int | None:
        """How many frames there will be, as far as known before reading: for progress only."""
        ...

    def check(self) -> None:
        """Raise `BadInput` where it can be seen, before any frame is read, that there is nothing to read."""
        ...

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frames, one by one; what cannot be read is counted in `losses`."""
        ...


@dataclass(frozen=True)
class Clip:
    """A source on the footage's clock.

    Parameters
    ----------
    source : Source
        Where the frames come from.
    start_s : float
        When it starts on the common clock, s.
    first_frame : int
        Added to the source's frame index, so that several clips of one camera never give one index twice.
    subject_id : str
        The one person whom the whole clip shows, where that is known and no boxes are; else empty.
    """

    source: Source
    start_s: float = 0.0
    first_frame: int = 0
    subject_id: str = ""

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.source.camera

    @property
    def frames_expected(self) -> int | None:
        """How many frames there will be, as far as known before reading: for progress only."""
        return self.source.frames_expected

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The source's frames with their time and index on the footage's clock."""
        for frame in self.source.frames(losses):
            yield replace(frame, index=frame.index + self.first_frame, time_s=frame.time_s + self.start_s)


@dataclass(frozen=True)
class Footage:
    """Clips of one or several cameras, and what is known of who is in them.

    Parameters
    ----------
    name : str
        What reports call it.
    clips : tuple of Clip
        In the order in which they are read.
    truth : Truth or None
        The boxes of known people; None where nobody is known.
    synthetic : bool
        True where it was generated: said in every report.

    Raises
    ------
    BadInput
        There is no clip, or two clips of one camera have the same first frame, or the truth names a camera that is not
        there.
    """

    name: str
    clips: tuple[Clip, ...]
    truth: Truth | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        if not self.clips:
            raise BadInput("a footage needs at least one clip, there is none", place=self.name)
        starts = Counter((clip.camera, clip.first_frame) for clip in self.clips)
        (camera, first), count = starts.most_common(1)[0]
        if count > 1:
            raise BadInput(f"{count} clips of camera {camera!r} have the first frame {first}", place=self.name)
        unknown = set() if self.truth is None else set(self.truth.camera.tolist()) - set(self.cameras)
        if unknown:
            raise BadInput(
                f"the truth names camera {min(unknown)!r}, the footage has {', '.join(self.cameras)}", place=self.name
            )

    @property
    def cameras(self) -> tuple[str, ...]:
        """The cameras' names, each once, in the order of the clips."""
        return tuple(dict.fromkeys(clip.camera for clip in self.clips))

    @property
    def frames_expected(self) -> int | None:
        """How many frames there will be, as far as known before reading: for progress only."""
        counts = [clip.frames_expected for clip in self.clips]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def pictures_digest(self) -> str | None:
        """SHA-256 over the pictures and their clock, whoever is in them; None where a clip is live."""
        total = hashlib.sha256()
        for clip in self.clips:
            content = clip.source.digest
            if content is None:
                return None
            total.update(f"{clip.camera}\n{clip.start_s!r}\n{clip.first_frame}\n{content}\n".encode())
        return total.hexdigest()

    @property
    def digest(self) -> str | None:
        """SHA-256 over the pictures, their clock and all that is known of them; None where a clip is live."""
        pictures = self.pictures_digest
        if pictures is None:
            return None
        known = "" if self.truth is None else self.truth.digest
        people = "\n".join(clip.subject_id for clip in self.clips)
        return hashlib.sha256(f"{pictures}\n{known}\n{people}\n{self.synthetic}".encode()).hexdigest()


def open_footage(settings: FileFootage) -> Footage:
    """The footage at ``settings.path``, told apart by the rule at the top of this module, checked, with its truth.

    Raises
    ------
    BadInput
        Something named is missing, empty or cannot be read, a folder of frames has no frame rate, or the truth does not
        fit.
    """
    from facelab.data.manifest import read_manifest
    from facelab.data.truth import read_truth

    path = Path(settings.path)
    if _kind(settings.path) == "manifest":
        footage = read_manifest(path)
    else:
        clip = Clip(_source(settings))
        clip.source.check()
        footage = Footage(path.stem if _kind(settings.path) != "camera" else settings.camera, (clip,))
    if settings.truth is None:
        return footage
    if footage.truth is not None:
        raise BadInput("the manifest has a truth of its own, another is given", place=str(settings.truth))
    return replace(footage, truth=read_truth(settings.truth))


def _kind(path: str) -> str:
    if "://" in path or path.isdigit():
        return "camera"
    if Path(path).is_dir():
        return "folder"
    return "manifest" if Path(path).suffix.lower() in MANIFEST_SUFFIXES else "video"


def _source(settings: FileFootage) -> Source:
    from facelab.data.sources import FrameFolder, LiveCamera, VideoFile

    kind = _kind(settings.path)
    if kind == "camera":
        return LiveCamera(settings.path, settings.camera)
    if kind == "video":
        return VideoFile(Path(settings.path), settings.camera)
    if settings.fps is None:
        raise BadInput("a folder of frames needs its frame rate, fps is not given", place=settings.path)
    return FrameFolder(Path(settings.path), settings.fps, settings.camera)

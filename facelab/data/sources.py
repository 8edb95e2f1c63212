"""Where frames come from: a video file, a folder of frames; a live camera is in `facelab.data.live`.

Each source has a `camera`, a `digest` (SHA-256 over the content; None where it is live), `frames_expected` (for
progress) and ``frames(losses)``, which hands out one frame after the other: memory stays flat whatever the length. What
cannot be read is counted in `losses` and never ends the rest; a source that gives no frame at all is `BadInput`.
``check()`` finds what can be found before any frame is read. Times start at 0.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.data.decoding import decoded, frames_promised, length_s, opened
from facelab.data.images import is_picture, natural_key, read_image
from facelab.data.live import LiveCamera
from facelab.data.losses import Losses
from facelab.data.watching import watched
from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from facelab.types import Frame, Image

__all__ = ["FrameFolder", "LiveCamera", "Losses", "VideoFile"]

CUT_S = 0.5
"""A video that ends so much before the length that its header promises counts as cut off, s."""

_FILE_ONLY = {"protocol_whitelist": "file"}  # a playlist disguised as a video must not reach for the network


@dataclass(frozen=True)
class VideoFile:
    """A video file, decoded through PyAV, with real timestamps.

    Parameters
    ----------
    path : Path
        The file.
    camera : str
        The camera's name.
    threads : int
        Decoding threads; the frames are the same whatever their number.
    """

    path: Path
    camera: str = "camera"
    threads: int = 1

    def check(self) -> None:
        """Raise `BadInput` where the file is missing, empty, cut off before its index, or holds no video."""
        if not self.path.exists():
            raise BadInput("there is no such video", place=str(self.path))
        if self.path.is_dir():
            raise BadInput("a video file is needed, this is a folder", place=str(self.path))
        if self.path.stat().st_size == 0:
            raise BadInput("the video is empty (0 bytes)", place=str(self.path))
        with opened(f"file:{self.path}", place=str(self.path), options=_FILE_ONLY):
            pass

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the file's bytes."""
        self._state  # noqa: B018  (notes it)
        return _file_digest(self.path, "video")

    @cached_property
    def _state(self) -> tuple[int, int]:
        """Size in bytes and time of the last change, in ns, when the file was first looked into."""
        return _state_of(self.path)

    @property
    def changed(self) -> bool:
        """Whether the file is no longer the one that was first looked into: it grows, or was written anew."""
        return _state_of(self.path) != self._state

    @cached_property
    def frames_expected(self) -> int | None:
        """How many frames the file's header lets one expect: for progress only."""
        self.check()
        with opened(f"file:{self.path}", place=str(self.path), options=_FILE_ONLY) as (container, stream):
            return frames_promised(container, stream)

    def frames(self, losses: Losses, wanted: Callable[[float], bool] | None = None) -> Iterator[Frame]:
        """The frames, one by one; what cannot be decoded is counted in `losses`.

        Parameters
        ----------
        losses : Losses
            What is counted into.
        wanted : callable, optional
            Told the time of each frame, s; a frame to which it says no has an empty picture, which costs less, and is
            not looked at for what is wrong with pictures.

        Raises
        ------
        BadInput
            As for `check`, or not a single frame can be decoded.
        """
        self.check()
        place, size = str(self.path), self._state[0]
        with opened(f"file:{place}", place=place, options=_FILE_ONLY, threads=self.threads) as (container, stream):
            promised, before, last_s, cuts = length_s(container, stream), losses.frames_read, 0.0, losses.clips_cut
            pictures = decoded(container, stream, place=place, losses=losses, wanted=wanted)
            for frame in watched(pictures, self.camera, place, losses):
                last_s = frame.time_s
                yield frame
            if losses.frames_read == before:
                raise BadInput("not one frame of the video can be decoded: it is damaged or cut off", place=place)
            if promised is not None and last_s + CUT_S < promised and losses.clips_cut == cuts:
                losses.clips_cut += 1
                losses.name(f"{place}: it ends at {last_s:.1f} s, its header promises {promised:.1f} s: cut off?")
        if self.changed:
            losses.clips_changed += 1
            now = _state_of(self.path)[0]
            losses.name(
                f"{place}: it changed while it was read ({size:,} bytes, now {now:,}): is it still being recorded?"
            )


@dataclass(frozen=True)
class FrameFolder:
    """A folder of pictures, one a frame, in the natural order of their names.

    Where every name is the same text and then a number (``00000012.jpg``, ``frame-12.png``), the number is the frame's
    index, and numbers missing in between are counted; else the position is. A frame's time is its distance from the
    first, divided by `fps`. What lies in subfolders is not read.

    Parameters
    ----------
    folder : Path
        The folder.
    fps : float
        Frames a second.
    camera : str
        The camera's name.
    """

    folder: Path
    fps: float
    camera: str = "camera"

    def check(self) -> None:
        """Raise `BadInput` where the folder is missing or holds no picture."""
        self._numbered  # noqa: B018  (reads the names)

    @cached_property
    def _numbered(self) -> list[tuple[int, str]]:
        """Index and name of each picture, in order."""
        if not self.folder.is_dir():
            what = "a folder of frames is needed, this is a file" if self.folder.exists() else "there is no such folder"
            raise BadInput(what, place=str(self.folder))
        names = sorted((path.name for path in self.folder.iterdir() if is_picture(path)), key=natural_key)
        if not names:
            raise BadInput("there is no picture in the folder", place=str(self.folder))
        numbers = _numbers(names)
        return sorted(zip(range(len(names)) if numbers is None else numbers, names))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names, the pictures' bytes and the frame rate."""
        self._state  # noqa: B018  (notes it)
        total = hashlib.sha256(f"{self.fps!r}\n".encode())
        for _, name in self._numbered:
            total.update(f"{name}\n{_file_digest(self.folder / name, 'frame')}\n".encode())
        return total.hexdigest()

    @cached_property
    def _state(self) -> tuple[int, int]:
        """Size and time of the last change of the folder, when it was first looked into."""
        return _state_of(self.folder)

    @property
    def changed(self) -> bool:
        """Whether pictures were added to the folder or taken away since it was first looked into."""
        return _state_of(self.folder) != self._state

    @property
    def frames_expected(self) -> int:
        """How many pictures there are."""
        return len(self._numbered)

    def frames(self, losses: Losses) -> Iterator[Frame]:
        """The frames, one by one; a picture that cannot be read and a number that is missing are counted in `losses`.

        Raises
        ------
        BadInput
            The folder is missing, holds no picture, or none that can be read.
        """
        self._state  # noqa: B018  (notes it)
        numbered, before = self._numbered, losses.frames_read
        first, last = numbered[0][0], numbered[-1][0]
        losses.frames_missing += last - first + 1 - len(numbered)
        yield from watched(self._pictures(losses), self.camera, str(self.folder), losses)
        if losses.frames_read == before:
            raise BadInput(f"none of the {len(numbered):,} pictures can be read", place=str(self.folder))
        if self.changed:
            losses.clips_changed += 1
            losses.name(f"{self.folder}: pictures came or went while it was read: is it still being recorded?")

    def _pictures(self, losses: Losses) -> Iterator[tuple[int, float, Image]]:
        first = self._numbered[0][0]
        for index, name in self._numbered:
            try:
                picture = read_image(self.folder / name)
            except BadInput as error:
                losses.frames_lost += 1
                losses.name(str(error))
                continue
            yield index, (index - first) / self.fps, picture


def _numbers(names: list[str]) -> list[int] | None:
    """The number at the end of each name, where all begin alike and no number stands twice; else None."""
    found = [re.fullmatch(r"(.*?)(\d+)", Path(name).stem) for name in names]
    matches = [match for match in found if match is not None]
    numbers = [int(match[2]) for match in matches]
    alike = len({match[1] for match in matches}) == 1
    return numbers if alike and len(set(numbers)) == len(names) else None


def _state_of(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return (0, 0)
    return (state.st_size, state.st_mtime_ns)


def _file_digest(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"the {what} cannot be read: {error.strerror}", place=str(path)) from None

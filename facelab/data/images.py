"""Pictures from files: uint8 (H, W, 3) in BGR, upright, whatever the file held.

OpenCV decodes from memory. Against Pillow, its conversions of CMYK (with and without Adobe's marker), 16-bit, grey,
palette and alpha pictures and of all eight EXIF orientations agree within 1 of 255, in JPEG, PNG, TIFF and WebP.
Reading by file name does not (it fails on turned TIFFs) and is slower. An alpha channel is dropped, not blended. Of a
JPEG that was cut off OpenCV gives the upper part on a grey ground, without an error: this module refuses it. Damage
inside a JPEG that leaves its structure whole cannot be seen.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from facelab.types import Image

IMAGE_SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".tif",
        ".tiff",
        ".webp",
        ".jp2",
        ".avif",
        ".gif",
        ".ppm",
        ".pgm",
    }
)
"""Names that end so are taken for pictures that can be read."""

UNREADABLE_SUFFIXES = frozenset({".heic", ".heif", ".cr2", ".nef", ".arw", ".dng", ".svg", ".psd"})
"""Names that end so are pictures too, of a kind that is not read: refused by name, not passed over."""

_JPEG, _END_OF_IMAGE, _START_OF_SCAN = b"\xff\xd8\xff", b"\xff\xd9", 0xDA


def is_picture(path: Path) -> bool:
    """True where the name at the end of `path` is a picture's, and not a hidden file's."""
    return not path.name.startswith(".") and path.suffix.lower() in IMAGE_SUFFIXES | UNREADABLE_SUFFIXES


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts ``frame9`` before ``frame10``."""
    return tuple((0, int(part), part) if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part)


def read_image(path: Path) -> Image:
    """The picture in the file at `path`: (H, W, 3) uint8, BGR, turned upright as its EXIF data says.

    Raises
    ------
    BadInput
        The file is missing, empty, a folder, cut off, of a kind that is not read, or no picture at all.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput("there is no such picture", place=str(path)) from None
    except IsADirectoryError:
        raise BadInput("a picture is needed, this is a folder", place=str(path)) from None
    except OSError as error:
        raise BadInput(f"the picture cannot be read: {error.strerror}", place=str(path)) from None
    try:
        return decoded_image(data)
    except BadInput as error:
        raise BadInput(str(error), place=str(path)) from None


def decoded_image(data: bytes) -> Image:
    """The picture in `data`, the bytes of a picture file: (H, W, 3) uint8, BGR, upright.

    Raises
    ------
    BadInput
        As for `read_image`, without the place.
    """
    if not data:
        raise BadInput("the picture is empty (0 bytes)")
    if data.startswith(_JPEG) and _is_cut_off(data):
        raise BadInput("the JPEG is cut off: it has no end")
    try:
        with quiet_opencv():
            image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadInput(f"the picture cannot be decoded: {_cause(error)}") from None
    if image is None:
        raise BadInput(f"the picture cannot be decoded: {_kind(data)}")
    return cast("Image", image)


def _is_cut_off(data: bytes) -> bool:
    """True where a JPEG's compressed data has no end marker behind it (an embedded thumbnail's does not count)."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return data.rfind(_END_OF_IMAGE, at) < 0
        alone = marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD7
        at += (1 if marker == 0xFF else 2) if alone else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at + 4 > len(data)


def _kind(data: bytes) -> str:
    """The likely reason why `data` is not read."""
    if data[4:8] == b"ftyp" and data[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return "it is HEIC, which is not read; save it as JPEG or PNG"
    starts = (_JPEG, b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
    if data.startswith(starts):
        return "it is damaged, cut off or of an unusual kind"
    return "it is no picture of a known kind"


def _cause(error: cv2.error) -> str:
    """OpenCV's reason in one line."""
    text = " ".join(str(error).split())
    if "CV_IO_MAX_IMAGE" in text:
        return "it is too large"
    return text.split("error: ", 1)[-1][:120]


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV's own log lines kept off the terminal meanwhile: the error that is raised says it in one line."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)

"""Media made for the tests: small videos and folders of frames whose pictures tell which frame they are."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from facelab.data.people import COLUMNS, SyntheticPeople

POINTS = {"left_eye": (96, 118), "right_eye": (160, 118), "nose": (128, 150), "mouth_left": (104, 180)}


def _painted(number: int, width: int, height: int) -> np.ndarray:
    """A picture whose blocks spell `number` in binary (robust against lossy coding), with texture below."""
    image = np.zeros((height, width, 3), np.uint8)
    for bit in range(8):
        image[: height // 2, bit * width // 8 : (bit + 1) * width // 8] = 255 * (number >> bit & 1)
    texture = np.random.default_rng(number).integers(0, 255, (height // 8, width // 4, 3), dtype=np.uint8)
    image[height // 2 :] = cv2.resize(texture, (width, height - height // 2))
    return image


class Media:
    """Writes media below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def painted(number: int, width: int = 160, height: int = 120) -> np.ndarray:
        return _painted(number, width, height)

    @staticmethod
    def number(image: np.ndarray) -> int:
        """The number that `_painted` wrote into the picture."""
        height, width = image.shape[:2]
        return sum(int(image[height // 4, (2 * bit + 1) * width // 16].mean() > 128) << bit for bit in range(8))

    def video(self, name: str, *, frames: int = 50, codec: str = "mpeg4", times_ms=None, options=None, container=None):
        """A video of painted frames at 25 frames a second, or at `times_ms`."""
        path = self.folder / name
        base = Fraction(1, 1000)
        with av.open(str(path), "w", options=container or {}) as out:
            stream = out.add_stream(codec, rate=25)
            stream.width, stream.height = 160, 120
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.options = options or {}
            stream.codec_context.time_base = base
            for i in range(frames):
                frame = av.VideoFrame.from_ndarray(_painted(i, 160, 120), format="bgr24")
                frame.pts, frame.time_base = (i * 40 if times_ms is None else times_ms[i]), base
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        return path

    def damaged(self, path: Path, *packets: int) -> Path:
        """A copy of the video at `path` with the bytes of some packets zeroed (positions in decoding order)."""
        with av.open(str(path)) as file:
            data = [bytes(packet) for packet in file.demux(video=0) if packet.size]
        content = bytearray(path.read_bytes())
        for packet in packets:
            at = content.find(data[packet])
            assert at > 0
            content[at : at + len(data[packet])] = bytes(len(data[packet]))
        copy = path.with_name(f"damaged-{path.name}")
        copy.write_bytes(content)
        return copy

    def frames(self, name: str, numbers, *, pattern: str = "{:06d}.jpg", size=(160, 120)) -> Path:
        """A folder of painted frames with these numbers in their names."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for number in numbers:
            assert cv2.imwrite(str(folder / pattern.format(number)), _painted(number % 256, *size))
        return folder


@pytest.fixture
def media(tmp_path: Path) -> Media:
    return Media(tmp_path)


def _passenger(folder: Path, person: str, role: str) -> list[dict[str, Any]]:
    home = folder / "passengers" / person
    home.mkdir(parents=True)
    picture, mask = np.full((256, 256, 3), 128, np.uint8), np.zeros((256, 256), np.uint8)
    for canvas, colour in ((picture, (235, 30, 235)), (mask, (255, 255, 255))):
        cv2.ellipse(canvas, (128, 140), (72, 98), 0, 0, 360, colour, -1, cv2.LINE_AA)
    small = cv2.resize(mask, (128, 128), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(home / "masks.png"), np.hstack([small, small]))
    rows = []
    for index, (kind, shift) in enumerate((("middle", 0), ("yaw_left", -10))):
        name = f"passengers/{person}/{index:02d}.jpg"
        cv2.imwrite(str(folder / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        row = {"person_id": person, "role": role, "file": name, "kind": kind, "mask": f"passengers/{person}/masks.png"}
        points = POINTS | {"nose": (128 + shift, 150), "mouth_right": (152, 180)}
        marks = {f"{point}_{axis}": at[i] for point, at in points.items() for i, axis in enumerate("xy")}
        rows.append(row | {"mask_index": index, "yaw": 2 * shift, "pitch": 0, "face_width": 132} | marks)
    return rows


@pytest.fixture(scope="session")
def drawn_people(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str], Sequence[str]], SyntheticPeople]:
    """Makes people drawn here, wanted and unknown ones of these names: magenta ovals, so that pixels tell a face."""

    def drawn(wanted: Sequence[str], unknown: Sequence[str]) -> SyntheticPeople:
        folder = tmp_path_factory.mktemp("people")
        rows = [row for person in wanted for row in _passenger(folder, person, "passenger_wanted")]
        rows += [row for person in unknown for row in _passenger(folder, person, "passenger_unknown")]
        with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return SyntheticPeople(folder)

    return drawn

"""Media made for the tests: small videos and folders of frames whose pictures tell which frame they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest


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

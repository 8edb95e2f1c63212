"""What happens between the light and the file: glare, exposure that hunts, noise, and H.264."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from facelab.data.terminal.camera import FPS, FRAME_SIZE, Array, Sensor

if TYPE_CHECKING:
    from pathlib import Path

TILE = 1.25


class Sensing:
    """A sensor at work: turns drawn frames (BGR) into noisy YUV 4:2:0 planes, one after the other."""

    def __init__(self, sensor: Sensor, rng: np.random.Generator, size: tuple[int, int] = FRAME_SIZE) -> None:
        self.sensor, self.size = sensor, size
        self._rng = rng
        self._waves = [(float(rng.uniform(0.15, 0.6)), float(rng.uniform(0, 6.3))) for _ in range(3)]
        w, h = size
        grain = rng.standard_normal((int(h * TILE), int(w * TILE))).astype(np.float32)
        grain = 0.75 * grain + 0.6 * cv2.GaussianBlur(grain, (0, 0), 0.8)
        self._luma = np.clip(128 + sensor.noise * grain, 0, 255).astype(np.uint8)
        stain = cv2.GaussianBlur(rng.standard_normal((int(h * TILE), int(w * TILE / 2))), (0, 0), 0.7)
        self._chroma = np.clip(128 + 0.9 * sensor.noise * stain, 0, 255).astype(np.uint8)
        x = np.linspace(-1, 1, w, dtype=np.float32)
        y = np.linspace(-1, 1, h, dtype=np.float32) * h / w
        self._vignette = (255 / (1 + 0.16 * (x[None] ** 2 + y[:, None] ** 2)) ** 2).astype(np.uint8)

    def exposure(self, time_s: float) -> float:
        """Exposure at a time, log2 steps from the middle one."""
        hunt = sum(float(np.sin(2 * np.pi * rate * time_s + phase)) for rate, phase in self._waves)
        return self.sensor.swing * hunt * float(np.sqrt(2 / 3))

    def _curve(self, time_s: float) -> Array:
        """(256,) what the sensor makes of each luminance."""
        drawn = (np.arange(256) / 255) ** 2.2
        bright = np.clip(1 - (drawn - 0.7) / 0.3, 0.004, 1)
        light = np.where(drawn < 0.7, drawn, 0.7 - 0.3 * np.log(bright))  # as it was before `tone_mapped`
        light = 0.012 + light * self.sensor.exposure * 2 ** self.exposure(time_s)
        held = np.where(light < 0.75, light, 0.75 + 0.25 * (1 - np.exp(-(light - 0.75) / 0.25)))
        return np.asarray(np.clip(255 * held ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8))

    def planes(self, picture: Array, time_s: float) -> Array:
        """(3 h / 2, w) planes Y, U, V of the frame `picture` (h, w, 3)."""
        w, h = self.size
        yuv = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        luma = cv2.multiply(yuv[:h], self._vignette, scale=1 / 255)
        luma = cv2.LUT(luma, self._curve(time_s))
        dy, dx = (int(self._rng.integers(0, int(side * (TILE - 1)))) for side in (h, w))
        yuv[:h] = cv2.addWeighted(luma, 1, self._luma[dy : dy + h, dx : dx + w], 1, -128)
        dy, dx = (int(self._rng.integers(0, int(side * (TILE - 1)))) for side in (h, w // 2))
        chroma = yuv[h:].reshape(h, w // 2)
        stain = self._chroma[dy : dy + h, dx : dx + w // 2]
        cv2.addWeighted(chroma, 1, stain, 1, -128, chroma)
        return np.asarray(yuv)


@lru_cache(maxsize=8)
def caption(camera: str, clock_s: int) -> tuple[Array, Array]:
    """What the recorder writes into the picture: camera and time of day; its brightness and its weight (24, 330)."""
    begin = 6 * 3600 + 30 * 60
    hours, rest = divmod(begin + clock_s, 3600)
    text = f"{camera.upper()}  2026-11-01 {hours % 24:02d}:{rest // 60:02d}:{rest % 60:02d}"
    ink = np.zeros((24, 330), dtype=np.uint8)
    cv2.putText(ink, text, (5, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255,), 1, cv2.LINE_AA)
    return ink, np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)))


def stamp(planes: Array, ink: Array, weight: Array) -> None:
    """Write a caption into the lower left corner of planes (3 H / 2, W)."""
    h, w = ink.shape
    foot = planes.shape[0] * 2 // 3 - 6
    spot = planes[foot - h : foot, 8 : 8 + w]
    spot[:] = cv2.max(cv2.multiply(spot, cv2.bitwise_not(weight), scale=1 / 255), ink)


class Film:
    """A video file in the making; used with ``with``."""

    def __init__(self, path: Path, crf: int, size: tuple[int, int] = FRAME_SIZE, fps: float = FPS) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"}, format="mp4")
        rate = Fraction(fps).limit_denominator(1000)
        self._stream: Any
        if "libx264" in av.codecs_available:
            options = {"preset": "ultrafast", "crf": str(crf), "tune": "zerolatency"}
            self._stream = self._container.add_stream("libx264", rate=rate, options=options)
            self._stream.codec_context.gop_size = 50
        else:
            self._stream = self._container.add_stream("mpeg4", rate=rate)
            self._stream.bit_rate = 2_500_000
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.time_base = 1 / rate
        self._count = 0

    def __enter__(self) -> Film:
        return self

    def add(self, planes: Array) -> None:
        """Append a frame of planes (3 h / 2, w)."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._count, self._stream.codec_context.time_base
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

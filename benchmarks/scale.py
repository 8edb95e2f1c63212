"""What a day of many cameras costs in processor cores, computed from what one frame and one face cost on this machine.

    python benchmarks/scale.py [--cameras 200 --fps 25 --hours 24 --passages 3000 --busy 0.5 ...]

Measured, in milliseconds of processor time of one core: decoding a frame of H.264 video of two sizes, finding its faces
(standard and fast settings), embedding a face, and the whole pipeline over a video, whose remainder is what tracking,
alignment and quality cost. The footage is ChokePoint's (research data), encoded anew as video. The smallest of several
rounds counts: whatever else a machine does only adds. Also, what share of its time a clip takes again when the run was
killed and its detections were kept.

Computed, for a day of one camera and of all: frames x decoding + looks x detection + faces looked at x the remainder +
passages x faces a template x embedding, through the day divided by the share of a core that can be used. What is
assumed is an option, and printed. GPUs are not computed: on this machine there is none to measure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2

from facelab.config import PipelineSettings, Runtime
from facelab.data.losses import Losses
from facelab.data.research import CHOKEPOINT_SEQUENCE, research_folder
from facelab.data.sources import VideoFile
from facelab.pipeline.attention import Attention, Verdict
from facelab.pipeline.checkpoints import checkpoints
from facelab.pipeline.clip import clip_passages
from facelab.pipeline.packs import Pack, load_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from facelab.types import Frame

SIZES = ((800, 600), (1920, 1080))
PROFILES = {"standard": PipelineSettings(), "fast": PipelineSettings(profile="fast")}
FPS = 25


@dataclass(frozen=True)
class Costs:
    """What one of each costs, ms of one core, for one size of frame and one profile.

    `resumed` is the share of the time of a clip that it takes again when its detections were kept.
    """

    size: str
    profile: str
    decode: float
    attend: float
    detect: float
    embed: float
    face: float
    resumed: float

    @property
    def words(self) -> str:
        """One row of a table."""
        return (
            f"| {self.size} | {self.profile} | {self.decode:.2f} | {self.attend:.2f} | {self.detect:.2f} "
            f"| {self.face:.2f} | {self.embed:.2f} | {100 * self.resumed:.0f} % |"
        )


def video(folder: Path, size: tuple[int, int], frames: int) -> Path:
    """The frames 100 and after of the sequence, scaled to `size`, as H.264 of 25 frames a second."""
    source = research_folder()
    if source is None:
        sys.exit("no research data: set FACELAB_RESEARCH_DATA")
    path = folder / f"{size[0]}.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": "23", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for i, picture in enumerate(sorted((source / "chokepoint" / CHOKEPOINT_SEQUENCE).glob("*.jpg"))[100:][:frames]):
            image = cv2.resize(cv2.imread(str(picture)), size)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def least_ms(work: Callable[[], object], times: int, rounds: int) -> float:
    """The smallest processor time of `work`, ms, divided by `times`, the things in it."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return 1000 * min(found) / times


def costs(path: Path, pack: Pack, profile: str, rounds: int) -> Costs:
    """What is measured of one video and one profile."""
    settings, source = PROFILES[profile], VideoFile(path)
    frames = list(source.frames(Losses()))
    looked = looks(frames, settings)
    images = [frame.image for frame in looked]
    faces = sum(len(pack.detect(image, settings.detection)) for image in images)
    decode = least_ms(lambda: sum(1 for _ in source.frames(Losses())), len(frames), rounds)
    attend = least_ms(lambda: looks(frames, settings), len(frames), rounds)
    detect = least_ms(lambda: [pack.detect(image, settings.detection) for image in images], len(images), rounds)
    kept = lambda: checkpoints(source.digest, source, pack, settings.detection)  # noqa: E731
    found = clip_passages(source, pack, settings, checkpoints=kept())
    again = least_ms(lambda: clip_passages(source, pack, settings, checkpoints=kept()), 1, rounds)
    whole = least_ms(lambda: clip_passages(source, pack, settings), 1, rounds)
    crops = images[0][:112, :112][None].repeat(settings.pooling.faces, axis=0)
    embed = least_ms(lambda: [pack.embed_aligned(crops) for _ in range(10)], 10 * len(crops), rounds)
    rest = whole - (decode + attend) * len(frames) - detect * len(images) - embed * len(found.embedding)
    size = f"{frames[0].image.shape[1]}x{frames[0].image.shape[0]}"
    return Costs(size, profile, decode, attend, detect, embed, max(rest, 0.0) / faces, again / whole)


def looks(frames: list[Frame], settings: PipelineSettings) -> list[Frame]:
    """The frames that are looked at."""
    attention = Attention(settings.detection)
    return [frame for frame in frames if attention.verdict(frame) is Verdict.LOOK]


def core_seconds(cost: Costs, given: argparse.Namespace) -> dict[str, float]:
    """Seconds of one core for a day of one camera, by what they are spent on."""
    settings = PROFILES[cost.profile]
    frames = given.fps * 3600 * given.hours
    rate = min(given.fps, settings.detection.per_second or given.fps)
    looked = rate * 3600 * given.hours * (given.busy if settings.detection.still else 1.0)
    faces = min(given.passages * given.seconds, 3600 * given.hours * given.faces) * rate
    return {
        "decoding": frames * (cost.decode + cost.attend) / 1000,
        "detection": looked * cost.detect / 1000,
        "tracking": faces * cost.face / 1000,
        "embedding": given.passages * settings.pooling.faces * cost.embed / 1000,
    }


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--fps", type=float, default=25.0, help="frames a second of each camera")
    parser.add_argument("--hours", type=float, default=24.0, help="hours a day that are worked on")
    parser.add_argument("--passages", type=int, default=3000, help="passages a camera and day")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a passage is in sight, s")
    parser.add_argument("--faces", type=float, default=4.0, help="faces a frame, at most, on average over the day")
    parser.add_argument("--busy", type=float, default=0.5, help="share of the day in which something moves (fast only)")
    parser.add_argument("--use", type=float, default=0.8, help="share of a core that is used, over the day")
    parser.add_argument("--frames", type=int, default=250, help="frames measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    given = options()
    cv2.setNumThreads(1)
    pack = load_pack("scrfd-mbf", Runtime(workers=1))
    found = []
    with tempfile.TemporaryDirectory() as place:
        os.environ["FACELAB_CACHE"] = place
        for size in SIZES:
            path = video(Path(place), size, given.frames)
            found += [costs(path, pack, profile, given.rounds) for profile in PROFILES]
    if given.json:
        rows = [vars(cost) | {"core_seconds": core_seconds(cost, given)} for cost in found]
        print(json.dumps({"assumed": vars(given), "measured": rows}, indent=2))
        return
    print(f"{platform.machine()}, {cpu()}; ms of one core; scrfd-mbf; {given.frames} frames of ChokePoint as H.264\n")
    print("| frame | profile | decode, a frame | attend, a frame | detect, a look | track, a face | embed | resumed |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(cost.words for cost in found))
    assumed = ", ".join(f"{name} {vars(given)[name]:g}" for name in ("cameras", "fps", "hours", "passages", "seconds"))
    print(f"\nassumed: {assumed}, faces {given.faces:g}, busy {given.busy:g} (fast only), use {given.use:g}\n")
    print("| frame | profile | decoding | detection | tracking | embedding | core hours a camera | cores, all |")
    print("|---|---|---|---|---|---|---|---|")
    for cost in found:
        parts = core_seconds(cost, given)
        total = sum(parts.values())
        shares = " | ".join(f"{100 * part / total:.0f} %" for part in parts.values())
        cores = given.cameras * total / 86_400 / given.use
        print(f"| {cost.size} | {cost.profile} | {shares} | {total / 3600:.2f} | {cores:.0f} |")
    print("\nGPU: not measured, there is none here.")


def cpu() -> str:
    """What the processor calls itself."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


if __name__ == "__main__":
    main()

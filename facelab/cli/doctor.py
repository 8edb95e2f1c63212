"""`facelab doctor`: what is installed, which providers there are, where the caches lie, and that telemetry is off."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import typer

from facelab import __version__
from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

NAMED = (
    "jupyterlab",
    "papermill",
    "insightface",
    "onnxruntime",
    "scikit-learn",
    "matplotlib",
    "mlflow",
    "opencv-python",
    "numpy",
    "scipy",
    "av",
    "trackers",
)
TELEMETRY_OFF = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass(frozen=True)
class Finding:
    """One line of the examination: what was looked at, what was found, and whether that is well."""

    what: str
    found: str
    well: bool


def installed() -> list[Finding]:
    """A finding for Python, facelab and each library that facelab stands on."""
    python = sys.version_info[:2]
    supported = (3, 11) <= python <= (3, 13)
    findings = [
        Finding("python", f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores", supported),
        Finding("facelab", __version__, True),
    ]
    for name in NAMED:
        try:
            findings.append(Finding(name, metadata.version(name), True))
        except metadata.PackageNotFoundError:
            findings.append(Finding(name, "not installed", False))
    return findings


def opencv_distributions() -> Finding:
    """Exactly one distribution of OpenCV may be installed: a second one breaks `cv2` when it is removed."""
    names = {str(d.metadata["Name"]).lower() for d in metadata.distributions()}
    found = sorted(name for name in names if name.startswith("opencv-"))
    return Finding("OpenCV distributions", ", ".join(found) or "none", len(found) == 1)


def opencv_loads() -> Finding:
    """OpenCV needs system libraries that slim machines lack."""
    try:
        import cv2
    except ImportError as error:
        fix = "on Debian: apt-get install libgl1 libglib2.0-0 libxcb1 libx11-6"
        return Finding("OpenCV loads", f"{error}; {fix}", False)
    return Finding("OpenCV loads", str(cv2.__version__), True)


def providers() -> Finding:
    """The providers of ONNX Runtime, most wanted first."""
    import onnxruntime

    found = onnxruntime.get_available_providers()
    return Finding("ONNX Runtime providers", ", ".join(found), "CPUExecutionProvider" in found)


def telemetry() -> list[Finding]:
    """That the variables that keep telemetry off are set."""
    return [
        Finding(
            f"telemetry: {name}", os.environ.get(name, "not set"), os.environ.get(name, "").lower() in ("1", "true")
        )
        for name in TELEMETRY_OFF
    ]


def folders() -> list[Finding]:
    """Where packs and templates are cached, and whether there is room."""
    from facelab.pipeline.folders import cache_folder

    folder = cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = os.statvfs(existing)
    free = usage.f_bavail * usage.f_frsize / 1e9
    writable = os.access(existing, os.W_OK)
    return [
        Finding("cache", f"{folder} ({free:.0f} GB free{'' if writable else ', not writable'})", writable and free > 1)
    ]


def research() -> Finding:
    """Whether the research data is there; it is not needed."""
    folder = os.environ.get("FACELAB_RESEARCH_DATA", "../shared/data")
    return Finding("research data", folder if Path(folder).is_dir() else "absent (not needed)", True)


def examination() -> list[Finding]:
    """Every finding, in the order in which they are shown."""
    return [
        *installed(),
        opencv_distributions(),
        opencv_loads(),
        providers(),
        *telemetry(),
        *folders(),
        research(),
    ]


def doctor(json: Json = False) -> None:
    """What is installed, which providers, where the caches are, and that telemetry is off.

    Example: facelab doctor --json
    """
    findings = examination()
    well = all(finding.well for finding in findings)
    if json:
        answer_json({"well": well, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(f.what, f.found, "ok" if f.well else "NOT WELL") for f in findings]
        answer_table("facelab doctor", ("what", "found", ""), rows)
    if not well:
        message("something is not well: see above")
        raise typer.Exit(12)

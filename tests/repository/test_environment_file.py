"""environment.yml and the hashed lock must describe the same environment."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

NAMED = {
    "jupyterlab",
    "papermill",
    "insightface",
    "onnxruntime",
    "scikit-learn",
    "matplotlib",
    "mlflow",
    "opencv-python",
}


def locked(root: Path) -> dict[str, str]:
    """Package -> version of the lock (the first where markers give several)."""
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (root / "requirements.lock").read_text(), flags=re.MULTILINE)
    return {name.lower(): version for name, version in reversed(pins)}


def pip_block(root: Path) -> list[str]:
    dependencies = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    return next(d["pip"] for d in dependencies if isinstance(d, dict))


def test_every_pin_of_the_environment_file_is_the_locks(root: Path) -> None:
    lock = locked(root)
    pins = dict(line.split("==") for line in pip_block(root) if "==" in line)
    assert set(pins) == NAMED
    assert pins == {name: lock[name] for name in pins}


def test_the_environment_file_keeps_the_constraints_and_turns_telemetry_off(root: Path) -> None:
    lines = pip_block(root)
    assert {"python-dateutil<3", "scikit-image<2.2", "-e ."} <= set(lines)
    variables = yaml.safe_load((root / "environment.yml").read_text())["variables"]
    assert variables["ORT_DISABLE_TELEMETRY"] == "1"
    assert variables["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_every_locked_file_has_a_hash(root: Path) -> None:
    blocks = re.split(r"\n(?=[a-zA-Z])", (root / "requirements.lock").read_text())
    bare = [b.splitlines()[0] for b in blocks if "==" in b.splitlines()[0] and "--hash=sha256:" not in b]
    assert bare == []


def test_every_direct_dependency_is_in_the_lock(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[A-Za-z0-9_.-]+", line).group().lower() for line in wanted}  # type: ignore[union-attr]
    assert names <= set(locked(root))


def test_no_second_opencv_and_no_registry_in_the_lock(root: Path) -> None:
    text = (root / "requirements.lock").read_text()
    assert "headless" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text

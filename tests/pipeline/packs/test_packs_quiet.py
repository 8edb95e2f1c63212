"""Packs import fast and quietly, and nothing that runs them phones home or writes where it should not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def _run(code: str, home: Path, *arguments: str, warnings: str = "error") -> subprocess.CompletedProcess[str]:
    keep = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "OMP_NUM_THREADS") if key in os.environ}
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-W", warnings, "-c", code, *arguments],
        env=keep | {"HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_is_silent_and_loads_no_model_runtime(tmp_path):
    code = (
        "import sys, facelab.pipeline.packs\n"
        "heavy = {'onnxruntime', 'onnx', 'insightface', 'skimage', 'pandas', 'torch', 'requests'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = _run(code, tmp_path / "home")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_running_a_pack_writes_nothing_into_the_home(tmp_path, stated):
    """onnxruntime reports its use and leaves files in the home, unless it is told not to before it is imported."""
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from facelab.pipeline import packs\n"
        "pack = packs.load_pack(Path(sys.argv[1]))\n"
        "image = np.full((64, 64, 3), 255, np.uint8)\n"
        "assert len(pack.embed(image, pack.detect(image).landmarks))\n"
    )
    home = tmp_path / "home"
    done = _run(code, home, str(stated))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []


def test_reading_a_folder_through_insightface_is_silent(tmp_path, raw):
    code = "import sys, pathlib\nfrom facelab.pipeline import packs\npacks.load_pack(pathlib.Path(sys.argv[1]))\n"
    home = tmp_path / "home"
    done = _run(code, home, str(raw))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []

"""The statistics half stands alone, and is light to import."""

from __future__ import annotations

import subprocess
import sys

import facelab.stats


def test_importing_the_statistics_loads_numpy_and_nothing_heavier():
    heavy = ("scipy", "pandas", "pyarrow", "matplotlib", "mlflow", "cv2", "onnxruntime", "insightface", "sklearn")
    code = f"import sys, facelab.stats; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented():
    for name in facelab.stats.__all__:
        assert getattr(facelab.stats, name).__doc__

"""What importing facelab and asking for help may load: nothing heavy, and nothing that phones home."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "onnxruntime",
    "insightface",
    "cv2",
    "pandas",
    "mlflow",
    "matplotlib",
    "scipy.stats",
    "papermill",
    "av",
    "pyarrow",
)


def loaded_by(code: str) -> set[str]:
    """The heavy modules that a fresh Python has loaded after `code`."""
    script = f"import sys\n{code}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_facelab_loads_no_model_runtime_and_no_plotting() -> None:
    assert loaded_by("import facelab") == set()


def test_the_command_line_loads_them_only_when_a_command_needs_them() -> None:
    assert loaded_by("import facelab.cli.app") == set()


def test_the_statistics_half_needs_neither_pandas_nor_a_model() -> None:
    assert loaded_by("import facelab.stats") <= {"scipy.stats"} - {"scipy.stats"}


def test_importing_facelab_turns_telemetry_off_and_leaves_a_users_choice_alone() -> None:
    code = "import os; os.environ.pop('ORT_DISABLE_TELEMETRY', 0); os.environ['MLFLOW_DISABLE_TELEMETRY'] = 'mine'; "
    code += "import facelab; print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['MLFLOW_DISABLE_TELEMETRY'])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["1", "mine"]


def test_importing_facelab_writes_and_prints_nothing(tmp_path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import facelab, facelab.stats"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": ""},
    )
    assert (result.stdout, result.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []

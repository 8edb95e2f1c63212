"""A notebook that fails names its cell and its reason, keeps what it came to, and leaves no kernel behind."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import nbformat
import pytest

from facelab.errors import BadInput, NotMeasured, UnattainableTarget
from facelab.experiments.notebook_run import NotebookFailed, NotebookRun, NotebookStopped, _as_facelab
from facelab.experiments.progress import Step


def _run(source: Path, **options) -> NotebookRun:
    output = source.parent.parent / "out" / source.name
    return NotebookRun(source, output, options.pop("parameters", {}), **options)


def _executed(run: NotebookRun) -> nbformat.NotebookNode:
    return nbformat.read(run.output, 4)


def test_a_notebook_runs_in_its_own_environment_and_tells_its_bars(notebook, tmp_path: Path) -> None:
    steps: list[Step] = []
    bars = "from tqdm import tqdm\nfor _ in tqdm(range(3), desc='work', mininterval=0): pass"
    source = notebook("a", bars, "import os\nprint(os.environ['GIVEN'], scenario, os.getcwd())")
    run = _run(source, parameters={"scenario": "x"}, environment=lambda: {"GIVEN": "here"}, progress=steps.append)
    before = Path.cwd()
    run.execute()
    outputs = [output for cell in _executed(run).cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs] == [f"here x {run.output.parent}\n"]
    assert Step("a", 3, 3, "work") in steps
    assert steps[-1].seconds == run.seconds > 0
    assert Path.cwd() == before
    assert "GIVEN" not in os.environ
    assert not run.output.with_suffix(".log").exists()


def test_a_variable_that_comes_up_later_reaches_the_kernel(notebook) -> None:
    """The id of the MLflow run, which is still being made when the first kernel starts."""
    given: dict[str, str] = {}
    source = notebook("late", "1", "import os\nprint(os.environ['MLFLOW_RUN_ID'])")

    def tell(step: Step) -> None:
        given["MLFLOW_RUN_ID"] = "r7"

    run = _run(source, environment=lambda: dict(given), progress=tell)
    run.execute()
    assert _executed(run).cells[-1].outputs[0].text == "r7\n"


FAILURES = [
    ("NotMeasured", "no face", NotMeasured, 11),
    ("BadInput", "a.csv: odd", BadInput, 12),
    ("UnattainableTarget", "FPIR 0.001 cannot be resolved", UnattainableTarget, 11),
    ("OSError", "[Errno 28] No space left on device: 'x'", NotMeasured, 11),
    ("OSError", "[Errno 5] Input/output error", NotebookFailed, 1),
    ("ZeroDivisionError", "division by zero", NotebookFailed, 1),
    ("Any", "a name that the module happens to have", NotebookFailed, 1),
]


@pytest.mark.parametrize(("name", "text", "kind", "code"), FAILURES)
def test_an_error_of_the_kernel_is_facelabs_own_with_its_exit_code(name, text, kind, code) -> None:
    error = _as_facelab(name, text)
    assert type(error) is kind
    assert error.exit_code == code
    assert text in str(error)


def test_a_failed_cell_of_facelabs_own_error_keeps_its_words_and_its_place(notebook) -> None:
    cell = "from facelab.errors import UnattainableTarget\nraise UnattainableTarget('FPIR', .001, have=3, needed=1000)"
    run = _run(notebook("broken", cell, "never = True"), parameters={"scenario": "x"})
    with pytest.raises(UnattainableTarget, match=r"^FPIR 0.001 cannot be resolved"):
        run.execute()
    assert str(run.failure).startswith("broken, In [3]: FPIR 0.001")
    assert _executed(run).cells[-1].execution_count is None


def test_a_failed_cell_of_any_other_error_is_told_with_its_place(notebook) -> None:
    run = _run(notebook("broken", "1 / 0"))
    with pytest.raises(NotebookFailed, match=r"^broken, In \[2\]: division by zero"):
        run.execute()


def test_a_cell_that_takes_too_long_ends_the_notebook(notebook) -> None:
    run = _run(notebook("slow", "print('so far')", "import time; time.sleep(60)"), timeout_s=1)
    with pytest.raises(NotebookStopped, match=r"slow, In \[3\]: the cell took longer than 1 s"):
        run.execute()
    assert _executed(run).cells[1].outputs[0].text == "so far\n"


def test_a_dead_kernel_ends_the_notebook(notebook) -> None:
    run = _run(notebook("dead", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(NotebookStopped, match=r"dead, In \[2\]: the kernel died; did the machine run out of memory"):
        run.execute()


def test_a_notebook_can_be_stopped_from_another_thread(notebook) -> None:
    source = notebook("long", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    run = _run(source)
    begun = threading.Event()
    run.progress = lambda step: begun.set() if step.done == 1 else None
    ended: list[BaseException] = []

    def execute() -> None:
        try:
            run.execute()
        except NotebookStopped as error:
            ended.append(error)

    thread = threading.Thread(target=execute)
    started = time.monotonic()
    thread.start()
    assert begun.wait(30)
    run.stop()
    thread.join(20)
    assert ended
    assert time.monotonic() - started < 40
    assert run.failure is not None
    assert run.failure.reason == "stopped"

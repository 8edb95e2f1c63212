"""The chain runs what does not wait for each other side by side, and ends everything when one fails or Ctrl-C comes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from facelab.errors import BadInput, NotMeasured
from facelab.experiments import chain
from facelab.experiments.chain import Chain, Terminated, waves
from facelab.experiments.notebook_run import NotebookFailed, NotebookRun
from facelab.experiments.scenario import load_scenario
from facelab.experiments.workspace import Workspace

MEET = """
import pathlib, time
(pathlib.Path(workspace) / '{0}').write_text('')
for _ in range(300):
    if (pathlib.Path(workspace) / '{1}').exists():
        break
    time.sleep(0.1)
else:
    raise RuntimeError('alone')
"""


def _chain(project: Path, **options) -> Chain:
    return Chain(Workspace(project / "results" / "demo"), {"scenario": "demo"}, **options)


def test_every_notebook_of_a_scenario_is_run_once_and_in_order() -> None:
    demo = [name for wave in waves(load_scenario("demo")) for name in wave]
    assert demo == sorted(demo)
    assert demo[0].startswith("01")
    assert demo[-1].startswith("07")


def test_a_watchlist_out_of_the_footage_waits_for_the_tracks() -> None:
    first, second, *_ = waves(load_scenario("chokepoint"))
    assert (first, second) == ((chain.TRACKS,), (chain.WATCHLIST,))


def test_where_people_are_few_nothing_is_exported() -> None:
    assert chain.EXPORT not in [name for wave in waves(load_scenario("crowd")) for name in wave]


def test_notebooks_of_one_wave_run_side_by_side(notebook, project: Path) -> None:
    """Each waits for a file that the other writes: one after the other would never end."""
    notebook(chain.TRACKS, MEET.format("a", "b"))
    notebook(chain.WATCHLIST, MEET.format("b", "a"))
    links = _chain(project)
    links.parameters = {"scenario": "demo", "workspace": str(project)}
    done: list[str] = []
    links.execute([(chain.TRACKS, chain.WATCHLIST)], lambda run: done.append(run.name))
    assert sorted(done) == [chain.TRACKS, chain.WATCHLIST]


def test_the_first_failure_ends_the_others(notebook, project: Path) -> None:
    notebook(chain.TRACKS, "import time; time.sleep(60)")
    notebook(chain.WATCHLIST, "raise ValueError('broken list')")
    links = _chain(project)
    with pytest.raises(NotebookFailed, match=r"02_watchlist, In \[3\]: broken list"):
        links.execute([(chain.TRACKS, chain.WATCHLIST)], lambda run: None)
    assert links.failure == "02_watchlist, In [3]: broken list"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where a shell that runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_ends_the_kernels_at_once(notebook, project: Path, number: int, kind: type[BaseException]) -> None:
    notebook(chain.MATCH, "import time; time.sleep(60)")
    begun: list[threading.Timer] = []

    def tell(step) -> None:
        if step.done == 1 and not begun:
            begun.append(threading.Timer(0.5, os.kill, (os.getpid(), number)))
            begun[0].start()

    links = _chain(project, progress=tell)
    with pytest.raises(kind):
        links.execute([(chain.MATCH,)], lambda run: None)
    assert all(run.stopped for run in links.runs)


def test_parameters_are_checked_before_any_kernel_starts(notebook, project: Path) -> None:
    source = notebook(chain.MATCH, "1")
    links = _chain(project, extra={chain.MATCH: {"scenaro": "x"}})
    with pytest.raises(BadInput, match="did you mean 'scenario'"):
        links.execute([(chain.MATCH,)], lambda run: None)
    assert not (links.workspace.notebooks / source.name).exists()


def test_a_store_that_cannot_be_used_ends_the_chain_early(notebook, project: Path) -> None:
    notebook(chain.MATCH, "import time; time.sleep(60)")

    def unusable() -> str:
        raise NotMeasured("the store is down")

    with pytest.raises(NotMeasured, match="the store is down"):
        _chain(project, run_id=unusable).execute([(chain.MATCH,)], lambda run: None)


def test_without_notebooks_the_cause_is_told(project: Path) -> None:
    with pytest.raises(BadInput, match="the notebook is not there"):
        _chain(project).execute([(chain.MATCH,)], lambda run: None)
    (project / "notebooks").rmdir()
    with pytest.raises(BadInput, match="FACELAB_ROOT"):
        _chain(project).execute([(chain.MATCH,)], lambda run: None)


def test_a_page_that_cannot_be_made_is_no_secret(notebook, project: Path) -> None:
    notebook(chain.MATCH, "1")

    def fails(run: NotebookRun) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        _chain(project).execute([(chain.MATCH,)], fails)

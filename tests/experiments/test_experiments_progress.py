"""Progress: a bar in a kernel becomes a step, and what is no bar is left alone."""

from __future__ import annotations

import io

import pytest
from tqdm import tqdm

from facelab.experiments.progress import Step, TerminalProgress, without_bars


def test_real_bars_become_steps_and_leave_nothing_behind() -> None:
    stream = io.StringIO()
    for _ in tqdm(range(5), desc="terminal: tracking", file=stream, mininterval=0, ncols=80):
        pass
    kept, steps = without_bars("01", stream.getvalue())
    assert kept.strip() == ""
    assert steps[0] == Step("01", 0, 5, "terminal: tracking")
    assert steps[-1] == Step("01", 5, 5, "terminal: tracking")


def test_a_bar_of_unknown_length_becomes_steps_too() -> None:
    stream = io.StringIO()
    with tqdm(desc="reading", unit="frame", file=stream, mininterval=0) as bar:
        bar.update(3)
    _, steps = without_bars("01", stream.getvalue())
    assert steps[-1].done == 3
    assert steps[-1].total == 0


@pytest.mark.parametrize("text", ["a warning\n", "50% of people\n", "Traceback\n  line 3/4\n", "done 3/4 [x]\n"])
def test_what_is_no_bar_stays(text: str) -> None:
    assert without_bars("01", text) == (text, [])


def test_a_warning_between_bars_stays() -> None:
    kept, steps = without_bars("01", "\rx:  10%|#  | 1/10 [00:00<00:01]\ncareful\n\rx:  20%|#  | 2/10 [00:00<00:01]")
    assert kept.strip() == "careful"
    assert [step.done for step in steps] == [1, 2]


def test_large_counts_keep_their_size() -> None:
    _, steps = without_bars("01", "x:  50%|#####     | 1.5k/3.00k [00:01<00:01, 1it/s]")
    assert (steps[0].done, steps[0].total) == (1500, 3000)


def test_where_there_is_no_terminal_a_stage_is_one_line_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as tell:
        tell(Step("01", 1, 4, "tracking"))
        tell(Step("01", 1, 1, seconds=2.5))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "01 took 2.5 s" in said.err


def test_on_a_terminal_bars_are_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with TerminalProgress() as tell:
        tell(Step("01", 1, 4, "tracking"))
        tell(Step("02", 0, 0))
        tell(Step("01", 1, 1, seconds=2.5))
    assert "01" in capsys.readouterr().err

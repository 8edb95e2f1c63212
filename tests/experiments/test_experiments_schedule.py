"""Units and cron lines say what they should and hold no secret; a time limit ends what takes too long."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

from facelab.errors import BadInput
from facelab.experiments.schedule import checked_line, schedule_of, verified
from facelab.experiments.schedule_evaluation import OutOfTime, seconds_of, time_limit

COMMAND = [sys.executable, "-m", "facelab", "evaluate", "demo", "--time-limit", "2h"]


@pytest.mark.usefixtures("project")
def test_a_timer_and_its_service_are_whole_and_checked_where_systemd_is() -> None:
    found = schedule_of("demo", every="weekly", at="02:15", time_limit="2h")
    assert shlex.split(found.command) == COMMAND
    service, timer = found.files["facelab-demo.service"], found.files["facelab-demo.timer"]
    assert f"ExecStart={' '.join(COMMAND)}" in service
    assert "TimeoutStartSec=7800" in service, "the evaluation's own limit comes first"
    assert "OnCalendar=Mon *-*-* 02:15:00" in timer
    assert "Persistent=true" in timer
    there = shutil.which("systemd-analyze") is not None
    assert found.checked.startswith("checked by" if there else "not checked")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_units_that_systemd_does_not_take_are_refused() -> None:
    service = "[Service]\nType=oneshott\nExecStart=/bin/true\n"
    with pytest.raises(BadInput, match="oneshott"):
        verified({"facelab-x.service": service}, "daily")
    with pytest.raises(BadInput, match="calendar"):
        verified({"facelab-x.service": service.replace("oneshott", "oneshot")}, "at tea time")


def test_a_cron_line_runs_from_the_root_and_escapes_percent_signs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = project / "50 % more"
    odd.mkdir()
    monkeypatch.setenv("FACELAB_ROOT", str(odd))
    found = schedule_of("demo", kind="cron", at="02:15", time_limit="2h")
    line = found.files["facelab-demo.cron"].splitlines()[1]
    assert line.startswith("15 2 * * * cd ")
    assert "%" not in line.replace("\\%", "")
    words = shlex.split(line.replace("\\%", "%").split(" ", 5)[5])
    assert words[:3] == ["cd", str(odd), "&&"]
    assert words[-7:] == COMMAND


def test_a_scenario_file_is_named_by_its_whole_path(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from facelab.experiments.scenario import SHIPPED

    (project / "my site.yml").write_text((SHIPPED / "demo.yml").read_text())
    monkeypatch.chdir(project)
    command = schedule_of("my site.yml", kind="cron").command
    assert shlex.split(command)[4] == str(project / "my site.yml")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at": "25:00"}, "HH:MM"),
        ({"every": "yearly"}, "hourly, daily, weekly"),
        ({"time_limit": "soon"}, "such as 4h"),
    ],
)
def test_times_that_are_none_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        schedule_of("demo", **given)


@pytest.mark.usefixtures("project")
def test_a_password_does_not_go_into_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@db/mlflow")
    with pytest.raises(BadInput, match="password") as refused:
        schedule_of("demo")
    assert "secret" not in str(refused.value)


def test_cron_fields_are_checked() -> None:
    assert checked_line("5 4 * * 1 true").startswith("checked")
    for line in ("60 4 * * * true", "5 24 * * * true", "a 4 * * * true", "5 4 * * * echo 'open"):
        with pytest.raises(BadInput):
            checked_line(line)


def test_a_time_limit_ends_what_takes_too_long_and_leaves_no_alarm_behind() -> None:
    started = time.monotonic()
    with pytest.raises(OutOfTime, match=r"0\.2 s is over") as over, time_limit(0.2):
        time.sleep(30)
    assert time.monotonic() - started < 10
    assert over.value.exit_code == 11
    with time_limit(0.2):
        pass
    time.sleep(0.4)
    with time_limit(None):
        pass


@pytest.mark.parametrize("text", ["", "0", "-3h", "4 weeks", "h"])
def test_seconds_of_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        seconds_of(text)
    assert seconds_of("1.5h") == 5400

"""A systemd timer or a cron line that evaluates a scenario again and again, checked where it can be.

Every scheduler calls one command, ``python -m facelab evaluate SCENARIO --time-limit T``; its exit code says what
happened. Units and lines hold absolute paths and no secret: a tracking server's address with a password in it is
refused and belongs in an environment file that only its owner reads.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from facelab.errors import BadInput, NotMeasured
from facelab.experiments.scenario import load_scenario, scenario_names, scenario_path
from facelab.experiments.schedule_evaluation import seconds_of
from facelab.experiments.store import VARIABLE
from facelab.experiments.workspace import ROOT_VARIABLE, project_root, written_whole

Kind: TypeAlias = Literal["systemd", "cron"]
EVERY = {
    "hourly": ("*-*-* *:{minute:02d}:00", "{minute} * * * *"),
    "daily": ("*-*-* {hour:02d}:{minute:02d}:00", "{minute} {hour} * * *"),
    "weekly": ("Mon *-*-* {hour:02d}:{minute:02d}:00", "{minute} {hour} * * 1"),
}
GRACE_S = 600
"""How much longer than the evaluation's own time limit systemd waits before it kills."""

SPREAD_S = 300
VERIFY_S = 60


@dataclass(frozen=True)
class Schedule:
    """Files that a scheduler takes, and what checked them.

    Parameters
    ----------
    kind : {"systemd", "cron"}
        Of which scheduler.
    command : str
        The one command that it calls, as a shell takes it.
    files : mapping of str to str
        Content by file name: a timer and a service, or a crontab.
    checked : str
        What was checked, or why nothing was.
    install : tuple of str
        How it is installed.
    """

    kind: Kind
    command: str
    files: dict[str, str]
    checked: str
    install: tuple[str, ...]

    def write(self, folder: Path) -> list[Path]:
        """Write the files into `folder`, and say where."""
        paths = []
        for name, content in self.files.items():
            with written_whole(folder / name) as beside:
                beside.write_text(content, encoding="utf-8")
            paths.append(folder / name)
        return paths


def schedule_of(
    scenario: str, *, kind: Kind = "systemd", every: str = "daily", at: str = "03:30", time_limit: str = "4h"
) -> Schedule:
    """The schedule of a scenario's evaluations.

    Parameters
    ----------
    scenario : str
        A file, or a name that facelab ships.
    kind : {"systemd", "cron"}
        For which scheduler.
    every : {"hourly", "daily", "weekly"}
        How often; weekly is on Mondays.
    at : str
        Time of day as ``HH:MM``, the machine's own clock; of ``hourly`` the minutes count.
    time_limit : str
        Of one evaluation, such as ``4h``.

    Raises
    ------
    BadInput
        The scenario cannot be read, a time is none, the tracking address holds a password, or systemd refuses.
    """
    chosen = load_scenario(scenario)
    if every not in EVERY:
        raise BadInput(f"how often is one of {', '.join(EVERY)}, not {every!r}", place="--every")
    hour, minute = _time_of_day(at)
    limit = seconds_of(time_limit)
    named = (
        scenario
        if scenario in scenario_names() and not Path(scenario).exists()
        else str(scenario_path(scenario).resolve())
    )
    words = [sys.executable, "-m", "facelab", "evaluate", named, "--time-limit", time_limit.replace(" ", "")]
    calendar, cron = (form.format(hour=hour, minute=minute) for form in EVERY[every])
    command = shlex.join(words)
    if kind == "cron":
        return _cron(chosen.name, command, cron)
    return _systemd(chosen.name, words, calendar, limit)


def _time_of_day(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise BadInput(f"a time of day is HH:MM from 00:00 to 23:59, not {text!r}", place="--at")
    return int(found[1]), int(found[2])


def environment() -> dict[str, str]:
    """The variables that an evaluation needs beside the command; no secret among them.

    Raises
    ------
    BadInput
        The tracking server's address holds a password.
    """
    uri = os.environ.get(VARIABLE, "").strip()
    if "@" in uri:
        raise BadInput(
            "the address holds a password, which does not go into a unit or a crontab; unset it here and set it for "
            "the service in a file that only its owner reads (systemd: EnvironmentFile=)",
            place=VARIABLE,
        )
    kept = {ROOT_VARIABLE: str(project_root())}
    research = os.environ.get("FACELAB_RESEARCH_DATA")
    if research:
        kept["FACELAB_RESEARCH_DATA"] = str(Path(research).resolve())
    return kept | ({VARIABLE: uri} if uri else {})


def _systemd(name: str, words: list[str], calendar: str, limit_s: float) -> Schedule:
    unit = f"facelab-{name.replace('_', '-')}"
    variables = "\n".join(f"Environment={_quoted(f'{key}={value}')}" for key, value in environment().items())
    service = f"""\
# Written by facelab schedule. Exit codes: 0 fine, 10 worse, 11 cannot tell or not measured, 12 bad input.
[Unit]
Description=facelab: evaluate {name} and ask the gate

[Service]
Type=oneshot
WorkingDirectory={_escaped(str(project_root()))}
{variables}
ExecStart={" ".join(_quoted(word) for word in words)}
TimeoutStartSec={int(limit_s) + GRACE_S}
Nice=10
"""
    timer = f"""\
# Written by facelab schedule. A run that was missed while the machine was off is made up for.
[Unit]
Description=facelab: when {name} is evaluated

[Timer]
OnCalendar={calendar}
Persistent=true
RandomizedDelaySec={SPREAD_S}
Unit={unit}.service

[Install]
WantedBy=timers.target
"""
    files = {f"{unit}.service": service, f"{unit}.timer": timer}
    install = (
        f"cp {unit}.service {unit}.timer ~/.config/systemd/user/",
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {unit}.timer",
        f"systemctl --user start {unit}.service   # once, to see it run; journalctl --user -u {unit}",
    )
    return Schedule("systemd", shlex.join(words), files, verified(files, calendar), install)


def verified(files: dict[str, str], calendar: str) -> str:
    """What ``systemd-analyze`` says of units and of their calendar; that it is not installed, where it is not.

    Raises
    ------
    BadInput
        It refuses them.
    """
    import tempfile

    tool = shutil.which("systemd-analyze")
    if tool is None:
        return "not checked: systemd-analyze is not installed here"
    with tempfile.TemporaryDirectory(prefix="facelab-units-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        units = [str(Path(folder) / name) for name in files]
        for arguments in (["verify", "--man=no", *units], ["calendar", calendar]):
            done = _run([tool, *arguments])
            # what it cannot parse is a line on stderr that names the file, and exit code 0
            if done.returncode or folder in done.stderr or any(f"{name}:" in done.stderr for name in files):
                said = " ".join((done.stderr or done.stdout).replace(f"{folder}/", "").split())[:300]
                raise BadInput(f"systemd-analyze {arguments[0]} refuses it: {said}", place="schedule")
    return "checked by systemd-analyze verify and calendar"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=VERIFY_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotMeasured(f"{command[0]} could not be run: {error}") from None


def _cron(name: str, command: str, when: str) -> Schedule:
    variables = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment().items())
    root = shlex.quote(str(project_root()))
    line = f"{when} cd {root} && {variables} {command}".replace("%", "\\%")
    text = f"# facelab {name}: exit codes 0 fine, 10 worse, 11 cannot tell or not measured, 12 bad input\n{line}\n"
    file = f"facelab-{name.replace('_', '-')}.cron"
    install = (f"(crontab -l 2>/dev/null; cat {file}) | crontab -",)
    return Schedule("cron", command, {file: text}, checked_line(line), install)


def checked_line(line: str) -> str:
    """What was checked of a crontab line: five fields in their ranges, and a command that a shell can read.

    Raises
    ------
    BadInput
        A field is none, or the command is broken.
    """
    *fields, command = line.split(" ", 5)
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    for field, (low, high) in zip(fields, ranges, strict=True):
        if field != "*" and not (field.isdigit() and low <= int(field) <= high):
            raise BadInput(f"a field of a crontab line is * or {low} to {high}, not {field!r}", place="schedule")
    try:
        shlex.split(command.replace("\\%", "%"))
    except ValueError as error:
        raise BadInput(f"the command cannot be read by a shell: {error}", place="schedule") from None
    return "checked: five fields in their ranges and a command that a shell can read"


def _escaped(text: str) -> str:
    """For a unit file: % doubled."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a unit's command line or assignment: quoted where it must be, $ and % doubled."""
    plain = _escaped(word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$"))
    return plain if re.fullmatch(r"[\w@%+=:,./\-\[\]{}]+", plain) else f'"{plain}"'
